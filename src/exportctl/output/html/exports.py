"""The section of every export: health, last and next run, and when it ends. What needs attention comes first."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.model.schedule import format_age, format_count
from exportctl.monitor.status import ExportHealth, HealthResult, StatusReport
from exportctl.output import format_values
from exportctl.output.html.element import Element, element
from exportctl.output.html.parts import (
    PageColumn,
    SectionContext,
    badge,
    cell,
    data_table,
    export_name,
    moment,
    note,
    row_head,
    section,
)
from exportctl.output.text import status
from exportctl.resources.kinds import FLOW

KINDS: Mapping[HealthResult, str] = {
    HealthResult.OK: "good",
    HealthResult.FINISHED: "good",
    HealthResult.WAITING: "quiet",
    HealthResult.DISABLED: "quiet",
    HealthResult.ENDING: "warn",
    HealthResult.NOT_APPLIED: "warn",
    HealthResult.MOVED: "warn",
    HealthResult.UNKNOWN: "warn",
}
_COLUMNS = (
    PageColumn("Export"),
    PageColumn("Health"),
    PageColumn("Last run (UTC)"),
    PageColumn("Next run (UTC)"),
    PageColumn("Ends (UTC)"),
    PageColumn("Days left", is_number=True),
)


def is_attention_needed(result: HealthResult) -> bool:
    """Tell whether a person should look at an export with this result."""
    return KINDS.get(result, "bad") in ("bad", "warn")


def exports_section(context: SectionContext, report: StatusReport) -> Element:
    """Return the table of all exports."""
    order = list(HealthResult)
    ordered = sorted(report.exports, key=lambda one: (order.index(one.result), one.address))
    rows = (_row(context, one, report.as_of) for one in ordered)
    caption = f"State of {format_count(len(ordered), 'export')}"
    other = [note(line) for line in (*status.orphan_lines(report), *_others(report))]
    table = data_table(caption, _COLUMNS, rows, name="exports") if ordered else note("The config declares no exports.")
    return section(context, "exports", "Exports", table, *other)


def _others(report: StatusReport) -> list[str]:
    count = format_count(report.unmanaged, FLOW.label)
    return [f"{count} in the sandbox not managed by this config."] if report.unmanaged else []


def _row(context: SectionContext, one: ExportHealth, as_of: int) -> Element:
    shown = status.state_word(one) if one.result is HealthResult.UNKNOWN else None
    notes = [element("div", text, class_="note") for text in one.notes]
    return element(
        "tr",
        row_head(export_name(context, one.address), *notes),
        cell(
            badge(one.result.value, KINDS.get(one.result, "bad")),
            element("div", shown, class_="note") if shown else None,
            sort=list(HealthResult).index(one.result),
        ),
        _last_run(one, as_of),
        cell(sort=0) if one.next_run is None else cell(moment(one.next_run), sort=one.next_run),
        cell(sort=0) if one.ends is None else cell(moment(one.ends), status.assumed_note(one), sort=one.ends),
        cell(status.days_left(one, as_of), is_number=True, kind=_end_kind(one, as_of)),
        data_attention=is_attention_needed(one.result),
    )


def _last_run(one: ExportHealth, as_of: int) -> Element:
    if one.last_run is None:
        return cell(sort=0)
    started = one.last_run.started
    ago = f"{format_age(as_of - started)} ago" if started <= as_of else "just now"
    words = element("span", f"{one.last_run.status.value}, {ago}", class_="sub")
    return cell(moment(started - started % format_values.MINUTE), " ", words, sort=started)


def _end_kind(one: ExportHealth, as_of: int) -> str | None:
    if one.ends is None:
        return None
    return "bad" if one.ends <= as_of else "warn" if one.result is HealthResult.ENDING else None
