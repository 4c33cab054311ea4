"""
The emulator described from its own tables, as Markdown: rules, switches, faults. Pure; docs/emulator.md is made of it.

Only the promises that a setting weakens stand here. A test plays the whole loop under every setting and compares: a
promise that is not named holds, and a setting under which exportctl refuses names the step and the rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exportctl.emulator.admin_api import ROUTES, UI_VERBS
from exportctl.emulator.assumptions import RULES
from exportctl.emulator.faults import EFFECTS
from exportctl.emulator.storage.settings import OPTIONS
from exportctl.emulator.storage.sink import MEANINGS
from exportctl.emulator.switches import QUESTIONS, OpenQuestion, Switches

_INTRODUCTION = """\
# The emulator

`url: embedded` runs every command against this emulator of the AEP Flow Service, in the same process;
`exportctl emulator serve` offers it to other clients on this machine. It shares no code with exportctl's client.
The developers cannot reach the
real service, so each rule says where it is from: `spec` (Adobe's published material), `assumed` (our reading of it) or
`verified` (seen live; none yet). Every question that the material leaves open is a switch, and the promises of the
README are tested under every setting of every switch.

This page is made from the emulator's own tables by `make docs`.
"""

_STORAGE = """\
Exports are written to a folder for each bucket, container or account, beside the emulator's own file. With an
endpoint with `exportctl emulator storage set`, the emulator writes to that storage instead. The credentials are always
those of the base connection, so a wrong key makes a failed run. Where a cloud's identity service would check them, a
table of the endpoint does: roles for AWS STS, principals for Entra ID. A host beyond this machine is written to only
with `--allow-real-storage HOST`, and never by plain http.

A run that the storage refuses fails, and says one of these words and the service's own code.
"""

PROMISES = (
    "No state file",
    "A plan needs no destination secret",
    "Kill it anywhere, run it again",
    "What was reviewed is what is applied",
    "Drift is not pending change",
    "Lists, not look-ups",
    "Nothing re-sends a dataset unasked",
    "An apply proves itself",
    "Exports do not end silently",
    "Files, not flags",
)


@dataclass(frozen=True)
class DegradedPromise:
    """
    A promise that is weaker under one setting: `promise` is its number, `effect` says what becomes of it.

    `refusal` names the step and the rule at which the loop stops. None: the loop continues.
    """

    switch: str
    setting: object
    promise: int
    effect: str
    refusal: str | None = None

    def __str__(self) -> str:
        refusal = f", **refuses** at: {self.refusal}" if self.refusal else ""
        return f"{self.promise} ({PROMISES[self.promise - 1]}): {self.effect}{refusal}"


_HIDDEN_TEXT = "a hidden flow counts as gone: it is not re-created, not deleted, and its connections are left alone"
_DROPPED_TEXT = (
    "without descriptions ownership cannot be written: the first connection is deleted again, nothing follows"
)

DEGRADED_PROMISES = (
    DegradedPromise(
        "child_descriptions", "drop", 1, _DROPPED_TEXT, "apply, first connection created: descriptions-dropped"
    ),
    DegradedPromise("labelled", "hidden", 3, _HIDDEN_TEXT, "apply, completing a young creation: hidden-flow"),
    DegradedPromise("labelled", "hidden", 7, _HIDDEN_TEXT, "plan, a flow hidden for a day: re-creation"),
    DegradedPromise(
        "manifest",
        "rejected",
        8,
        "`manifest: true` is not sent and the plan says so; `manifest: force` meets the service's 400",
        "apply, creating or patching the target with `manifest: force`: service",
    ),
    DegradedPromise(
        "past_start",
        "rejected-always",
        9,
        "a schedule patch sends the live start unchanged; once it lies in the past the service refuses, renewals too",
        "apply or renew, patching the schedule of a flow that has started: service",
    ),
    DegradedPromise("old_source_in_use", 30, 8, "the apply waits until the old source connection is let go"),
    DegradedPromise("old_source_in_use", 600, 8, "the old source connection is an orphan that a later apply deletes"),
    DegradedPromise(
        "list_lag", 60, 3, "holds from a minute on: what is not listed yet is read by id by the run that made it"
    ),
    DegradedPromise(
        "runs_move_etags", True, 5, 'after a run, who changed the flow is "not recorded"; the cause is still known'
    ),
    DegradedPromise("background_actor", "writes", 5, 'who changed the flow in the UI is "not recorded"'),
    DegradedPromise("background_actor_children", True, 5, 'who changed the location or the format is "not recorded"'),
    DegradedPromise("read_secrets", "mask", 5, "a role changed by hand is not seen where the service hides roles"),
    DegradedPromise("read_secrets", "omit", 5, "a role changed by hand is not seen where the service hides roles"),
    DegradedPromise(
        "default_end_time", "hidden", 9, "the end of a flow made without one is shown as creation + 6 months"
    ),
    DegradedPromise("normalise", "trailing-slash", 8, "said once; the marker then holds both spellings"),
    DegradedPromise("normalise", "case", 8, "said once; the marker then holds both spellings"),
    DegradedPromise("dataset_change", "restart", 7, "a change of datasets sends all again; the plan warns of it"),
    DegradedPromise(
        "schedule_change", "restart", 7, "a change of mode or interval sends all again; the plan warns of it"
    ),
    DegradedPromise(
        "revival", "restart", 7, "reviving an ended flow sends all again: `renew` does not, a plan warns of it"
    ),
    DegradedPromise(
        "revival", "never", 9, "an ended flow exports nothing although its end was moved on: `verify` tells"
    ),
    DegradedPromise(
        "manifest", "rejected", 10, "without manifests files are counted and, with --deep, read, but not named"
    ),
    DegradedPromise("run_entities", "hidden", 10, "rows of several datasets in one flow are compared in sum"),
)


def emulator_markdown() -> str:
    """docs/emulator.md."""
    return f"{_INTRODUCTION}\n## Promises under each setting\n\n{_promises_section()}\n{tables_markdown()}"


def _promises_section() -> str:
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(PROMISES, 1))
    settings = ((switch, setting) for switch, values in Switches.choices().items() for setting in values)
    rows = ((f"`{switch}`", f"`{setting}`", _effects_text(switch, setting)) for switch, setting in settings)
    return f"{numbered}\n\n{_table(('switch', 'setting', 'promises'), rows)}"


def _effects_text(switch: str, setting: object) -> str:
    found = [promise for promise in DEGRADED_PROMISES if (promise.switch, promise.setting) == (switch, setting)]
    return "; ".join(map(str, found)) or "all kept"


def tables_markdown() -> str:
    """All tables, each under a heading of its own."""
    rules = ((f"`{rule.id}`", rule.text, rule.status, rule.source) for rule in RULES.values())
    switches = ((f"`{name}`", asked.text, _settings_text(asked), asked.source) for name, asked in QUESTIONS.items())
    sections = {
        "Rules": _table(("rule", "what the emulator does", "status", "source"), rules),
        "Switches": _table(("switch", "question", "settings (default first)", "source"), switches),
        "Faults": _table(("effect", "what the client meets"), EFFECTS.items()),
        "Storage": _storage_section(),
        "Control": _table(("method", "address"), ((method, f"`/_emulator/{name}`") for method, name in sorted(ROUTES))),
        "UI edits": _table(("edit", "members"), ((verb, ", ".join(members)) for verb, members in UI_VERBS.items())),
    }
    return "\n".join(f"## {title}\n\n{table}" for title, table in sections.items())


def _settings_text(question: OpenQuestion) -> str:
    if question.span is not None:
        return f"{question.values[0]} ({question.span[0]} to {question.span[1]} seconds)"
    return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in question.values)


def _storage_section() -> str:
    words = _table(("word", "what happened"), ((f"`{word}`", text) for word, text in MEANINGS.items()))
    options = _table(("type", "option", "meaning"), _option_rows())
    return f"{_STORAGE}\n{words}\n{options}"


def _option_rows() -> Iterable[tuple[str, ...]]:
    for type, options in OPTIONS.items():
        for option in options:
            needed = "; required" if option.required else ""
            members = f": each with {' and '.join(option.members)}" if option.members else ""
            yield type, f"`{option.name}`", f"{option.text}{members}{needed}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
