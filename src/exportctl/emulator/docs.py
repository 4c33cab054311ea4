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
from exportctl.emulator.questions.question import OpenQuestion
from exportctl.emulator.storage.settings import OPTIONS
from exportctl.emulator.storage.sink import MEANINGS
from exportctl.emulator.switches import QUESTIONS, Switches

_INTRODUCTION = """\
# The emulator

The emulator answers as the AEP Flow Service does. `url: embedded` runs every command against it, in the same process.
`exportctl emulator serve` offers it to other clients on this machine. It shares no code with exportctl's client.

We could not try anything on the real service. So each rule below has a status: `spec` (Adobe publishes it), `assumed`
(our reading of what Adobe publishes) or `verified` (seen on the real service; none yet). Each question that Adobe's
material leaves open is a switch. Tests check the promises of the [README](../README.md#what-it-promises) under every
setting of every switch.

This page is generated from the emulator's own tables by `make docs`.
"""

_SOURCES = """\
The column *source* names what a rule or a switch is based on. A tag in brackets links to the published page. [D] and
[F] are Adobe's API descriptions of destinations and of the Flow Service, [S] that of sandboxes. [XD-new] is the API
tutorial for dataset exports, [UI] the guide to the same in the UI. [AE] is Adobe's Python client.

Some sources have no link. `[IMS]` is the reference of Adobe's identity service, `[LB]` a tutorial on access labels,
`[BD]` a tutorial on batch destinations, `[NB]` an Adobe notebook, and `[sample]` Adobe's sample of a manifest. `[inf]`
means that a rule follows from documented facts. Numbers such as 3.2, C15 (sources contradict each other) and U2 (no
source says it), and names such as `flow-service.md`, refer to the developers' notes. The repository does not contain
these notes.
"""

_EXPERIENCE_LEAGUE = "https://experienceleague.adobe.com/en/docs/experience-platform/"
_API_DESCRIPTIONS = "https://github.com/AdobeDocs/experience-platform-apis"
_LINKS = {
    "D": _API_DESCRIPTIONS,
    "F": _API_DESCRIPTIONS,
    "S": _API_DESCRIPTIONS,
    "XD-new": f"{_EXPERIENCE_LEAGUE}destinations/api/export-datasets",
    "UI": f"{_EXPERIENCE_LEAGUE}destinations/ui/activate/export-datasets",
    "AS": f"{_EXPERIENCE_LEAGUE}destinations/api/activate-segments-file-based-destinations",
    "DA": f"{_EXPERIENCE_LEAGUE}destinations/api/delete-destination-account",
    "DF": f"{_EXPERIENCE_LEAGUE}destinations/api/delete-destination-dataflow",
    "ED": f"{_EXPERIENCE_LEAGUE}destinations/api/edit-destination",
    "UD": f"{_EXPERIENCE_LEAGUE}destinations/api/update-destination-dataflows",
    "GR": f"{_EXPERIENCE_LEAGUE}destinations/guardrails",
    "S3P": f"{_EXPERIENCE_LEAGUE}destinations/catalog/cloud-storage/amazon-s3",
    "DLZ": f"{_EXPERIENCE_LEAGUE}destinations/catalog/cloud-storage/data-landing-zone",
    "DD": f"{_EXPERIENCE_LEAGUE}query-service/data-distiller/ml-feature-pipelines/export-data",
    "FE": f"{_EXPERIENCE_LEAGUE}sources/errors/flow-service-errors",
    "SF": f"{_EXPERIENCE_LEAGUE}dataflows/api/sort-and-filter",
    "TR": f"{_EXPERIENCE_LEAGUE}landing/troubleshooting",
    "AE": "https://github.com/adobe/aepp",
}  # tag of a source -> its public page

_STORAGE = """\
The emulator writes exports to a folder for each bucket, container or account, beside its own file. After
`exportctl emulator storage set`, it writes to that storage instead. The credentials are always those of the base
connection, so a wrong key causes a failed run. A table of the endpoint replaces the identity service of a cloud:
`roles` for AWS STS, `principals` for Entra ID. The emulator writes to a host other than this machine only with
`--allow-real-storage HOST`, and never by plain http.

If the storage refuses, the run fails. Its error has one of these words and the storage's own code.
"""

PROMISES = (
    "No state file",
    "A plan needs no destination secret",
    "Kill it at any point and run it again",
    "What was reviewed is what is applied",
    "Drift is not pending change",
    "Lists, not look-ups",
    "No full re-export unless you ask for it",
    "Every apply proves its result",
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
        refusal = f" (**stops** at: {self.refusal})" if self.refusal else ""
        return f"{self.promise} ({PROMISES[self.promise - 1]}): {self.effect}{refusal}"


_HIDDEN_TEXT = (
    "a hidden flow counts as gone: exportctl neither creates it again nor deletes it, and leaves its connections alone"
)
_DROPPED_TEXT = "without descriptions exportctl cannot write ownership: it deletes the first connection again and stops"

DEGRADED_PROMISES = (
    DegradedPromise("child_descriptions", "drop", 1,
        _DROPPED_TEXT, "apply, first connection created: descriptions-dropped"),
    DegradedPromise("labelled", "hidden", 3, _HIDDEN_TEXT, "apply, completing a young creation: hidden-flow"),
    DegradedPromise("labelled", "hidden", 7, _HIDDEN_TEXT, "plan, a flow hidden for a day: re-creation"),
    DegradedPromise("manifest", "rejected", 8,
        "exportctl does not send `manifest: true`; the plan says so; the service refuses `manifest: force` with 400",
        "apply, creating or patching the target with `manifest: force`: service"),
    DegradedPromise("past_start", "rejected-always", 9,
        "a patch of the schedule sends the live start unchanged; if it is past, the service refuses, renewals too",
        "apply or renew, patching the schedule of a flow that has started: service"),
    DegradedPromise("old_source_in_use", 30, 8, "the apply waits until the old source connection can be deleted"),
    DegradedPromise("old_source_in_use", 600, 8, "the old source connection is an orphan that a later apply deletes"),
    DegradedPromise("list_lag", 60, 3,
        "holds after a minute; the run that creates an object reads it by id until it is listed"),
    DegradedPromise("runs_move_etags", True, 5,
        'after a run, drift says "not recorded" for who changed the flow; it still knows the cause'),
    DegradedPromise("background_actor", "writes", 5, 'drift says "not recorded" for who changed the flow in the UI'),
    DegradedPromise("background_actor_children", True, 5,
        'drift says "not recorded" for who changed the location or the format'),
    DegradedPromise("read_secrets", "mask", 5,
        "exportctl cannot see that a role was changed by hand, because the service hides roles"),
    DegradedPromise("read_secrets", "omit", 5,
        "exportctl cannot see that a role was changed by hand, because the service hides roles"),
    DegradedPromise("default_end_time", "hidden", 9,
        "if a flow was created without an end, exportctl shows its creation plus six months"),
    DegradedPromise("normalise", "trailing-slash", 8,
        "exportctl reports the other spelling once; then the marker holds both"),
    DegradedPromise("normalise", "case", 8, "exportctl reports the other spelling once; then the marker holds both"),
    DegradedPromise("dataset_change", "restart", 7,
        "a change of datasets causes a full re-export; the plan warns of it"),
    DegradedPromise("schedule_change", "restart", 7,
        "a change of mode or interval causes a full re-export; the plan warns of it"),
    DegradedPromise("revival", "restart", 7,
        "a later end of an expired flow causes a full re-export; `renew` never does this, and the plan warns of it"),
    DegradedPromise("revival", "never", 9,
        "an expired flow exports nothing, even after its end was moved; `verify` reports it"),
    DegradedPromise("manifest", "rejected", 10,
        "without manifests, `verify` counts files and, with --deep, reads them; it cannot compare their names"),
    DegradedPromise("run_entities", "hidden", 10,
        "`verify` compares only the sum of the rows of all datasets of a flow"),
)  # fmt: skip


def emulator_markdown() -> str:
    """Return docs/emulator.md."""
    links = "".join(f"[{tag}]: {url}\n" for tag, url in _LINKS.items())
    promises = f"## Promises under each setting\n\n{_promises_section()}"
    return f"{_INTRODUCTION}\n{promises}\n## Sources\n\n{_SOURCES}\n{tables_markdown()}\n{links}"


def _promises_section() -> str:
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(PROMISES, 1))
    settings = ((switch, setting) for switch, values in Switches.choices().items() for setting in values)
    rows = ((f"`{switch}`", _setting_text(setting), _effects_text(switch, setting)) for switch, setting in settings)
    return f"{numbered}\n\n{_table(('switch', 'setting', 'how the promises hold'), rows)}"


def _effects_text(switch: str, setting: object) -> str:
    found = [promise for promise in DEGRADED_PROMISES if (promise.switch, promise.setting) == (switch, setting)]
    return "; ".join(map(str, found)) or "kept"


def tables_markdown() -> str:
    """All tables, each under a heading of its own."""
    rules = ((f"`{rule.id}`", rule.text, rule.status, rule.source) for rule in RULES.values())
    switches = ((f"`{name}`", asked.text, _settings_text(asked), asked.source) for name, asked in QUESTIONS.items())
    sections = {
        "Rules": _table(("rule", "what the emulator does", "status", "source"), rules),
        "Switches": _table(("switch", "question", "settings (default first)", "source"), switches),
        "Faults": _table(("effect", "what the client meets"), EFFECTS.items()),
        "Storage": _storage_section(),
        "Control": _table(("method", "path"), ((method, f"`/_emulator/{name}`") for method, name in sorted(ROUTES))),
        "UI edits": _table(("edit", "members"), ((verb, ", ".join(members)) for verb, members in UI_VERBS.items())),
    }
    return "\n".join(f"## {title}\n\n{table}" for title, table in sections.items())


def _settings_text(question: OpenQuestion) -> str:
    if question.span is not None:
        return f"{question.values[0]} ({question.span[0]} to {question.span[1]} seconds)"
    return ", ".join(map(_setting_text, question.values))


def _setting_text(setting: object) -> str:
    return f"`{str(setting).lower() if isinstance(setting, bool) else setting}`"


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
