"""
The emulator described from its own tables, as Markdown: rules, switches, faults. Pure; docs/emulator.md is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.emulator.control import ROUTES, UI_VERBS
from exportctl.emulator.faults import EFFECTS
from exportctl.emulator.rules import RULES
from exportctl.emulator.switches import QUESTIONS, Question, Switches


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
