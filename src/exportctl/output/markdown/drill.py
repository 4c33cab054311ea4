"""A drill for a CI summary: what was not restored first, then a table of all, then what could not be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.output import format_values
from exportctl.output.markdown import parts
from exportctl.output.markdown_escape import code, prose
from exportctl.output.text import drill

if TYPE_CHECKING:
    from exportctl.restore.drill import DrilledDataset, DrillReport

_TITLES = ("EXPORT", "DATASET", "RESULT", "BACKUP", "TABLE AT", "FILES", "SIZE", "ROWS RESTORED")


def render_drill_report(report: DrillReport, *, limit: int = parts.LIMIT) -> str:
    """Return the whole report, as far as it fits."""
    failing = [
        f"**{one.result}** {code(one.address)} {code(one.dataset)}: {prose('; '.join(one.reasons))}"
        for one in report.drilled
        if one.reasons
    ]
    unread = [parts.finding(finding) for finding in report.unread]
    others = [prose(drill.not_drilled_text(one)) for one in report.not_drilled]
    lines = [
        *parts.head("backup drill", report.header, report.as_of),
        f"**{drill.summary(report)}** {prose(drill.choice_text(report))}\n",
        *parts.section("Not restored", failing, limit // 4),
        *parts.section("Could not be read", unread, limit // 8),
    ]
    rows = parts.table_lines(_TITLES, [_cells(one) for one in report.drilled]) if report.drilled else []
    kept = parts.fit_lines([f"{line}\n" for line in rows], limit // 4)
    return "\n".join([*lines, "".join(kept), *parts.section("Could not be chosen", others, limit // 8)])


def _cells(one: DrilledDataset) -> list[str]:
    check = one.check
    return [
        code(one.address),
        code(one.dataset),
        code(one.result),
        code(one.state),
        "" if one.moment is None else format_values.moment(one.moment),
        "" if check is None else str(len(check.source.files)),
        "" if check is None else format_values.size(check.source.size),
        "" if one.restored_rows is None else str(one.restored_rows),
    ]
