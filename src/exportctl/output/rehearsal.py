"""What a rehearsal adds to its plan, as text, Markdown and JSON. None: a safety check blocked the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.errors import Finding
from exportctl.model.json_form import Json
from exportctl.model.schedule import format_count
from exportctl.output.color import paint
from exportctl.output.format_values import clean_text
from exportctl.output.json.forms import REHEARSAL
from exportctl.output.markdown import plan
from exportctl.output.markdown_escape import prose
from exportctl.output.text import apply
from exportctl.output.text import plan as text_view

if TYPE_CHECKING:
    from exportctl.workflows.rehearse import Rehearsal

TITLE = "Rehearsal in an emulator: nothing reached the platform."
BLOCKED = "Not rehearsed: apply would refuse this plan."
PASSED = "All steps are done there, and a second plan has no changes."
REMAINING = "Not all steps are done there; a second plan still has changes."


def text_part(shown: Rehearsal | None, *, color: bool = False, width: int = 120) -> str:
    """Return what failed with the line of the config, then numbers, then what a second plan would change."""
    ink = paint(color)
    if shown is None:
        return f"\n{ink('warning', BLOCKED)}\n"
    lines = ["", ink("bold", TITLE), *text_view.findings(shown.refused, ink), *_summary_lines(shown)]
    for item in () if shown.passed else shown.remaining_plan.items:
        if item.steps or item.refusals:
            # a refusal above says why; without one, the fields say it
            lines += (
                [text_view.headline(item, ink)]
                if shown.refused
                else ["", *text_view.block(item, shown.remaining_plan.as_of, ink, width)]
            )
    return "\n".join(lines) + "\n"


def _summary_lines(shown: Rehearsal) -> list[str]:
    writes = ", ".join(f"{number} {clean_text(what)}" for what, number in shown.writes.items())
    total = format_count(sum(shown.writes.values()), "write")
    calls = f"{format_count(shown.reads, 'read')}, {total}{f': {writes}' if writes else ''}."
    return [apply.summary(shown.outcomes), calls, PASSED if shown.passed else REMAINING]


def markdown_part(shown: Rehearsal | None) -> str:
    """Return the part that follows the plan's own."""
    if shown is None:
        return f"\n**{BLOCKED}**\n"
    lines = [*map(plan.finding, shown.refused), *map(prose, _summary_lines(shown))]
    return "\n".join(["", f"**{TITLE}**\n", *(f"- {line}" for line in lines), ""])


def document(shown: Rehearsal | None) -> Json | None:
    """Return the member `rehearsal` of a plan's result."""
    return None if shown is None else REHEARSAL.encode(shown)


def errors(shown: Rehearsal | None) -> tuple[Finding, ...]:
    """Return the errors that the envelope adds to those of the plan."""
    return shown.refused if shown else ()
