"""The section of ends: what has ended, what ends soon, and how many end later."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.schedule import format_count
from exportctl.monitor.status import ExportHealth, HealthResult, StatusReport
from exportctl.output import format_values
from exportctl.output.html.element import Element, element
from exportctl.output.html.parts import (
    PageColumn,
    SectionContext,
    cell,
    data_table,
    export_name,
    moment,
    note,
    row_head,
    section,
)
from exportctl.output.text import status

_COLUMNS = (
    PageColumn("Export"),
    PageColumn("Ends (UTC)"),
    PageColumn("Days left", is_number=True),
    PageColumn("What to do"),
)


def ends_section(context: SectionContext, report: StatusReport) -> Element:
    """Return the ends within the warning, soonest first."""
    soon = sorted(ends_within_warning(report), key=lambda one: (one.ends or 0, one.address))
    within = format_values.duration(report.warning)
    rows = [_row(context, one, report.as_of) for one in soon]
    table = data_table(f"Exports that have ended or end within {within}", _COLUMNS, rows) if rows else None
    later = " ".join(_later_words(report, within))
    return section(context, "ends", "Ends", table or note(f"No export ends within {within}."), note(later))


def ends_within_warning(report: StatusReport) -> Iterator[ExportHealth]:
    """Yield the exports that have ended, or that end within the warning."""
    for one in report.exports:
        if one.ends is not None and one.ends - report.as_of <= report.warning:
            yield one


def _later_words(report: StatusReport, within: str) -> Iterator[str]:
    later = sorted((one.ends, one.address) for one in report.exports if one.ends is not None)
    later = [(end, address) for end, address in later if end - report.as_of > report.warning]
    if later:
        first, address = later[0]
        days = (first - report.as_of) // format_values.DAY
        yield f"{format_count(len(later), 'export')} {'ends' if len(later) == 1 else 'end'} later than that;"
        yield f"the next one is {format_values.address(address)}, in {format_count(days, 'day')}."
    endless = sum(one.ends is None and one.flow is not None for one in report.exports)
    if endless:
        yield f"{format_count(endless, 'export')} without an end to come."


def _row(context: SectionContext, one: ExportHealth, as_of: int) -> Element:
    assert one.ends is not None
    is_over = one.ends <= as_of
    return element(
        "tr",
        row_head(export_name(context, one.address)),
        cell(moment(one.ends), status.assumed_note(one), sort=one.ends),
        cell(status.days_left(one, as_of), is_number=True, kind="bad" if is_over else "warn"),
        cell("; ".join(one.notes) or _advice(one)),
    )


def _advice(one: ExportHealth) -> str:
    if one.result is HealthResult.PAUSED:
        return f"exportctl apply --resume {format_values.address(one.address)}, or declare this end"
    return "exportctl plan says how to continue" if one.result is HealthResult.EXPIRED else "move its end in the config"
