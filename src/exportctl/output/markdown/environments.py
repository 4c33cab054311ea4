"""
All environments in one comment: a table of them, then a section for each, within one limit.

A short section is complete; a long one gets an equal part of the room that is left, and cuts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from exportctl.output.ci_run import CiRun
from exportctl.output.environments import UNREAD, EnvironmentResult, Table
from exportctl.output.markdown import parts
from exportctl.output.markdown.marker import ALL_ENVIRONMENTS, CommentMarker, remove_marker, render_marker
from exportctl.output.markdown_escape import code, prose

T = TypeVar("T")
_RESERVE = 200  # for the line that says how much is shown
_TABLE = 4  # a table takes no more than a quarter of the room


def render_environments(
    command: str,
    sides: Sequence[EnvironmentResult[T]],
    *,
    project: str,
    summary: Callable[[T], str],
    section: Callable[[T, int], str],
    written: int,
    more: Table | None = None,
    limit: int = parts.LIMIT,
    run: CiRun | None = None,
) -> str:
    """
    Return GitHub Markdown of at most `limit` characters.

    `summary` returns one line about an environment, `section` its part of at most so many characters.
    """
    rows = [(code(s.environment), prose(UNREAD if s.result is None else summary(s.result))) for s in sides]
    marker = CommentMarker(command.replace(" ", "-"), project, ALL_ENVIRONMENTS)
    lines = [render_marker(marker), f"## exportctl {command}: {len(sides)} environments\n"]
    lines.append(parts.written_line(written, run))
    lines += _table(("environment", command), rows, limit // _TABLE)
    if more is not None:
        cells = [tuple(code(cell) for cell in row) for row in more.rows]
        lines += [f"**{prose(more.title)}**\n", *_table(more.heads, cells, limit // _TABLE)]
    text = "\n".join(lines)
    makers = [partial(_section, command, side, section) for side in sides]
    return text + _fair_parts(makers, limit - len(text) - _RESERVE)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[str]:
    """Return the table, cut at a row; no lines without rows."""
    if not rows:
        return []
    head, line, *lines = parts.table_lines(heads, rows)
    kept = parts.fit_lines(lines, room)
    cut = [] if len(kept) == len(lines) else [f"\n_{len(kept)} of {len(lines)} shown_"]
    return [head, line, *kept, *cut, ""]


def _section(command: str, side: EnvironmentResult[T], section: Callable[[T, int], str], limit: int) -> str:
    if side.result is not None:
        return "\n" + remove_marker(section(side.result, limit - 1))
    lines = [f"- {parts.finding(f)}" for f in side.errors]
    head = f"\n### exportctl {command}: environment {code(side.environment)}\n\n**Not read**\n\n"
    kept = parts.fit_lines(lines, limit - len(head) - _RESERVE)
    cut = [] if len(kept) == len(lines) else [f"\n_{len(kept)} of {len(lines)} shown_"]
    return head + "\n".join([*kept, *cut, ""])


def _fair_parts(makers: Sequence[Callable[[int], str]], room: int) -> str:
    """Return each part, as long as its share allows; a part that cannot be cut to its share is left out."""
    whole = [make(room) for make in makers]
    shares = fair_shares([len(part) for part in whole], room)
    sections = [
        part if len(part) <= share else make(share) for make, part, share in zip(makers, whole, shares, strict=True)
    ]
    kept = [part for part, share in zip(sections, shares, strict=True) if len(part) <= share]
    cut = f"\n_{len(kept)} of {len(sections)} environments shown; the text output has them all._\n"
    return "".join(kept) + (cut if len(kept) < len(sections) else "")


def fair_shares(wishes: Sequence[int], room: int) -> list[int]:
    """Return the room for each part: what it needs where an equal part allows it; the others share what is left."""
    shares = [0] * len(wishes)
    left = max(room, 0)
    for done, place in enumerate(sorted(range(len(wishes)), key=lambda n: wishes[n])):
        shares[place] = min(wishes[place], left // (len(wishes) - done))
        left -= shares[place]
    return shares
