"""
The emulator described from its own tables, as Markdown: rules, switches, faults. Pure; docs/emulator.md is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.emulator import promises
from exportctl.emulator.control import ROUTES, UI_VERBS
from exportctl.emulator.faults import EFFECTS
from exportctl.emulator.promises import PROMISES
from exportctl.emulator.rules import RULES
from exportctl.emulator.switches import QUESTIONS, Question, Switches

_INTRODUCTION = """\
# The emulator

`url: embedded` runs every command against this emulator of the AEP Flow Service, in the same process;
`exportctl emulator serve` offers it to other clients on this machine. It shares no code with exportctl's client.
Nobody here can reach the
real service, so each rule says where it is from: `spec` (Adobe's published material), `assumed` (our reading of it) or
`verified` (seen live; none yet). Every question that the material leaves open is a switch, and the promises of the
README are tested under every setting of every switch.

This page is made from the emulator's own tables by `make docs`.
"""


def page() -> str:
    """docs/emulator.md."""
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(PROMISES, 1))
    table = promises.table(Switches.choices())
    return f"{_INTRODUCTION}\n## Promises under each setting\n\n{numbered}\n\n{table}\n\n{markdown()}"


def markdown() -> str:
    """All tables, each under a heading of its own."""
    sections = {
        "Rules": _table(("rule", "what the emulator does", "status", "source"), _rule_rows()),
        "Switches": _table(("switch", "question", "settings (default first)", "source"), _switch_rows()),
        "Faults": _table(("effect", "what the client meets"), EFFECTS.items()),
        "Control": _table(("method", "address"), ((method, f"`/_emulator/{name}`") for method, name in sorted(ROUTES))),
        "UI edits": _table(("edit", "members"), ((verb, ", ".join(members)) for verb, members in UI_VERBS.items())),
    }
    return "\n".join(f"## {title}\n\n{table}" for title, table in sections.items())


def _rule_rows() -> Iterable[tuple[str, ...]]:
    return ((f"`{rule.id}`", rule.text, rule.status, rule.source) for rule in RULES.values())


def _switch_rows() -> Iterable[tuple[str, ...]]:
    choices = Switches.choices()
    for name, question in QUESTIONS.items():
        yield f"`{name}`", question.text, _settings(question, choices[name]), question.source


def _settings(question: Question, choices: tuple[object, ...]) -> str:
    if question.span is not None:
        return f"{choices[0]} ({question.span[0]} to {question.span[1]} seconds)"
    return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in choices)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
