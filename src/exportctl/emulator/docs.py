"""
The emulator described from its own tables, as Markdown: rules, switches, faults. Pure; docs/emulator.md is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.emulator import promises_docs
from exportctl.emulator.admin_api import ROUTES, UI_VERBS
from exportctl.emulator.assumptions import RULES
from exportctl.emulator.faults import EFFECTS
from exportctl.emulator.promises_docs import PROMISES
from exportctl.emulator.storage.errors import MEANINGS
from exportctl.emulator.storage.settings import OPTIONS
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


def emulator_markdown() -> str:
    """docs/emulator.md."""
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(PROMISES, 1))
    table = promises_docs.table(Switches.choices())
    return f"{_INTRODUCTION}\n## Promises under each setting\n\n{numbered}\n\n{table}\n\n{tables_markdown()}"


def tables_markdown() -> str:
    """All tables, each under a heading of its own."""
    sections = {
        "Rules": _table(("rule", "what the emulator does", "status", "source"), _rule_rows()),
        "Switches": _table(("switch", "question", "settings (default first)", "source"), _switch_rows()),
        "Faults": _table(("effect", "what the client meets"), EFFECTS.items()),
        "Storage": _storage_section(),
        "Control": _table(("method", "address"), ((method, f"`/_emulator/{name}`") for method, name in sorted(ROUTES))),
        "UI edits": _table(("edit", "members"), ((verb, ", ".join(members)) for verb, members in UI_VERBS.items())),
    }
    return "\n".join(f"## {title}\n\n{table}" for title, table in sections.items())


def _rule_rows() -> Iterable[tuple[str, ...]]:
    return ((f"`{rule.id}`", rule.text, rule.status, rule.source) for rule in RULES.values())


def _switch_rows() -> Iterable[tuple[str, ...]]:
    choices = Switches.choices()
    for name, question in QUESTIONS.items():
        yield f"`{name}`", question.text, _settings_text(question, choices[name]), question.source


def _settings_text(question: OpenQuestion, choices: tuple[object, ...]) -> str:
    if question.span is not None:
        return f"{choices[0]} ({question.span[0]} to {question.span[1]} seconds)"
    return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in choices)


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
