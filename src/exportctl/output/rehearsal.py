"""What a rehearsal adds to its plan, as text, Markdown and JSON. None: a safety check blocked the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from exportctl.errors import Finding
from exportctl.model.json_form import Json
from exportctl.model.schedule import format_count
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan as text_view

if TYPE_CHECKING:
    from exportctl.workflows.rehearse import Rehearsal

TITLE = "Rehearsal in an emulator: nothing reached the platform."
BLOCKED = "Not rehearsed: apply would refuse this plan."
PASSED = "All steps are done there, and a second plan has no changes."
REMAINING = "Not everything is done there: something remains in a second plan."


class RehearsalView(NamedTuple):
    """What a rehearsal adds to its plan: a part of each output, and errors."""

    text: str = ""
    markdown: str = ""
    members: Mapping[str, Json | None] = {}
    errors: tuple[Finding, ...] = ()


NO_REHEARSAL = RehearsalView()


def render_rehearsal(shown: Rehearsal | None, *, color: bool, width: int) -> RehearsalView:
    """Return what a requested rehearsal adds. None: apply would refuse the plan, so there was none."""
    from exportctl.output.json.envelope import REHEARSAL  # every plan imports this module, and few are rehearsed

    document = None if shown is None else REHEARSAL.encode(shown)
    errors = shown.refused if shown else ()
    return RehearsalView(_text(shown, paint(color), width), _markdown(shown), {"rehearsal": document}, errors)


def _text(shown: Rehearsal | None, ink: Paint, width: int) -> str:
    """Return what failed with the line of the config, then numbers, then what a second plan would change."""
    if shown is None:
        return f"\n{ink('warning', BLOCKED)}\n"
    lines = ["", ink("bold", TITLE), *text_view.findings(shown.refused, ink), *_summary_lines(shown)]
    for item in () if shown.verdict.is_complete else shown.remaining_plan.items:
        if item.steps or item.refusals:
            # a refusal above says why; without one, the fields say it
            lines += (
                [text_view.headline(item, ink)]
                if shown.refused
                else ["", *text_view.block(item, shown.remaining_plan.as_of, ink, width)]
            )
    return "\n".join(lines) + "\n"


def _summary_lines(shown: Rehearsal) -> list[str]:
    from exportctl.output.text import apply

    writes = ", ".join(f"{number} {clean_text(what)}" for what, number in shown.writes.items())
    total = format_count(sum(shown.writes.values()), "write")
    calls = f"{format_count(shown.reads, 'read')}, {total}{f': {writes}' if writes else ''}."
    return [apply.summary(shown.outcomes), calls, PASSED if shown.verdict.is_complete else REMAINING]


def _markdown(shown: Rehearsal | None) -> str:
    """Return the part that follows the plan's own."""
    if shown is None:
        return f"\n**{BLOCKED}**\n"
    from exportctl.output.markdown import parts
    from exportctl.output.markdown_escape import prose

    lines = [*map(parts.finding, shown.refused), *map(prose, _summary_lines(shown))]
    return "\n".join(["", f"**{TITLE}**\n", *(f"- {line}" for line in lines), ""])
