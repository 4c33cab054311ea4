"""
How every export fares, as one table: the word, the state, the last run, the next one, the days that are left.

Goes in: a StatusReport. Comes out: text that ends with the words counted. What the word leaves out stands below a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from exportctl.health.status import Word
from exportctl.schedules import age
from exportctl.views import text, text_lists, values, wording
from exportctl.views.paint import Paint, paint

if TYPE_CHECKING:
    from exportctl.health.status import ExportHealth, StatusReport
    from exportctl.model import Unmanaged

TITLES = ("EXPORT", "HEALTH", "STATE", "LAST RUN", "NEXT RUN", "DAYS LEFT")
_STYLES: Mapping[Word, str] = {
    Word.OK: "good",
    Word.FINISHED: "good",
    Word.WAITING: "dim",
    Word.DISABLED: "dim",
    Word.ENDING: "warning",
    Word.NOT_APPLIED: "warning",
    Word.UNKNOWN: "warning",
}


def status(report: StatusReport, *, color: bool = False) -> str:
    """The whole report; a long address makes a wide table, it is never cut."""
    ink = paint(color)
    lines = [*text.header(report.header, "Status", report.as_of, ink), ""]
    if report.exports:
        head, *rows = text_lists.table(TITLES, [cells(one, report.as_of) for one in report.exports], ink)
        lines.append(head)
        for one, row in zip(report.exports, rows, strict=True):
            lines.append(_painted(one, row, ink))
            lines += [f"{text.INDENT}{values.clean(note)}" for note in one.notes]
        lines.append("")
    if report.errors:
        lines += ["Errors:", *text.findings(report.errors, ink), ""]
    lines += [ink("bold", summary(report)), *strangers(report)]
    return "\n".join(lines) + "\n"


def cells(one: ExportHealth, as_of: int) -> tuple[str, ...]:
    """One text per title; what is not known is empty."""
    return (
        values.address(one.address),
        one.word.value,
        one.state.value,
        _last(one, as_of),
        "" if one.next_run is None else values.moment(one.next_run),
        days_left(one, as_of),
    )


def _painted(one: ExportHealth, row: str, ink: Paint) -> str:
    """The word in its colour; it stands behind the address, which may hold the same letters."""
    start = row.index(one.word.value, len(values.address(one.address)))
    end = start + len(one.word.value)
    return row[:start] + ink(_STYLES.get(one.word, "error"), row[start:end]) + row[end:]


def _last(one: ExportHealth, as_of: int) -> str:
    """`2027-01-15 02:00 UTC done, 6 hours ago`."""
    if one.last is None:
        return ""
    started = one.last.started
    ago = f"{age(as_of - started)} ago" if started <= as_of else "just now"
    return f"{values.moment(started - started % values.MINUTE)} {one.last.status.value}, {ago}"


def days_left(one: ExportHealth, as_of: int) -> str:
    """Whole days; `0` on the last one and after it."""
    return "" if one.ends is None else str(max(0, (one.ends - as_of) // values.DAY))


def summary(report: StatusReport) -> str:
    """`Status: 1 failed, 3 ok.`; words that nobody has are left out."""
    counted = [f"{count} {word.lower()}" for word, count in report.counts().items() if count]
    return f"Status: {', '.join(counted) or 'no export to look at'}."


def strangers(report: StatusReport) -> list[str]:
    """How many flows are not of this config, and those that end soon if they were asked for."""
    if not report.unmanaged:
        return []
    count = wording.number(report.unmanaged, "flow")
    if report.ending is None:
        return [f"{count} in the sandbox not of this config; `--expiring 30d` lists those that end within 30 days."]
    ending = f"{len(report.ending)} of them end" if len(report.ending) != 1 else "1 of them ends"
    within = values.duration(report.warning)
    return [
        f"{count} in the sandbox not of this config; {ending} within {within}{':' if report.ending else '.'}",
        *(f"{text.INDENT}{stranger(one)}" for one in report.ending),
    ]


def stranger(flow: Unmanaged) -> str:
    """`"Loyalty feed" (flow 1a2b…) ends 2026-12-01 00:00 UTC`."""
    owner = f", owned by project {values.clean(flow.owner)}" if flow.owner else ""
    ends = values.moment(flow.ends or 0) + (" (assumed)" if flow.assumed_end else "")
    return f"{values.quoted(flow.name)} (flow {values.clean(flow.id)}){owner} ends {ends}"
