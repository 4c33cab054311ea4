"""
The parts that the Markdown documents share: head, lists that are cut at an entry, tables, findings, values of fields.

GitHub Markdown of at most LIMIT characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from exportctl.errors import Finding
from exportctl.model.plan import Cause, FieldChange, PlanHeader
from exportctl.output import format_values, phrases
from exportctl.output.markdown_escape import code, prose

LIMIT = 65_536  # characters GitHub takes in a comment or a step summary's section
SHARE = 8  # no section before the details takes more than an eighth of the room
_RESERVE = 200  # for the line that says how much is shown


def head(title: str, header: PlanHeader, as_of: int) -> list[str]:
    """Return the title, with a warning where nothing reaches Adobe or a snapshot was read."""
    where = [f"sandbox {code(header.sandbox)}"]
    where += [f"environment {code(header.environment)}"] if header.environment else []
    lines = [f"### exportctl {title}: {', '.join(where)}\n"]
    if phrases.is_emulated(header):
        lines.append(f"> **{phrases.EMULATOR}**\n")
    snapshot = phrases.snapshot_note(header, as_of)
    if snapshot:
        lines.append(f"> **{snapshot}**\n")
    lines.append(f"Organization {code(header.organization)}, as of {format_values.moment(as_of)}.\n")
    profile = phrases.profile_note(header)
    return [*lines, *([f"{prose(profile)}\n"] if profile else [])]


def join_within_limit(parts: Sequence[str], makers: Sequence[Callable[[], str]], limit: int) -> str:
    """Join the parts, as many collapsed ones as fit, and the number of those."""
    start = "\n".join(parts)
    room = limit - len(start) - _RESERVE
    kept: list[str] = []
    for make in makers:
        part = "\n" + make()
        if len(part) > room:
            break
        room -= len(part)
        kept.append(part)
    cut = f"\n_{len(kept)} of {len(makers)} resources shown; the text output has them all._\n"
    return start + "".join(kept) + (cut if len(kept) < len(makers) else "")


def section(title: str, lines: Sequence[str], share: int) -> list[str]:
    """Return a list under a title, cut at an entry."""
    if not lines:
        return []
    kept = fit_lines(lines, share)
    kept += [f"_{len(kept)} of {len(lines)} shown_"] if len(kept) < len(lines) else []
    return [f"**{title}**\n", *(f"- {line}" for line in kept), ""]


def fit_lines(lines: Sequence[str], room: int) -> list[str]:
    """Return as many whole lines as fit, each with room for its end and a sign before it."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 3
        if room < 0:
            break
        kept.append(line)
    return kept


def finding(shown: Finding) -> str:
    """Return one finding as a line."""
    where = f"{code(shown.at)}: " if shown.at else ""
    hint = f" ({prose(shown.hint)})" if shown.hint else ""
    return f"{shown.level.value}: {where}{prose(shown.message)}{hint} {code(shown.rule)}"


def table(fields: Sequence[FieldChange]) -> list[str]:
    """Return both values of each field and why they differ."""
    if not fields:
        return []
    return [*table_lines(("field", "live", "config", "why"), map(_field_cells, fields)), ""]


def _field_cells(change: FieldChange) -> tuple[str, ...]:
    before = "" if change.cause is Cause.CREATE else code(format_values.value(change.path, change.before))
    why = prose(phrases.cause(change) or change.cause.value)
    where = f" {code(change.at)}" if change.at else ""
    return code(change.path), before, code(format_values.value(change.path, change.after)), why + where


def table_lines(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a table of cells that are Markdown already, with its titles in lower case."""
    head = [title.lower() for title in titles]
    return [_row(head), "|" + "---|" * len(head), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
