"""
The section of deliveries: what `verify` found on each of the last days, what runs on the next ones, and why.

A day has a letter for the worst result, and how many have it; its title says it in words. The color only repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from exportctl.model.schedule import format_count
from exportctl.monitor.delivery.report import DeliveryResult, ExportVerdicts, Verdict, VerifyReport
from exportctl.monitor.report import SandboxReport
from exportctl.monitor.timeline import SEVERITY, DayOfExport, Timeline, TimelineRow
from exportctl.output import format_values
from exportctl.output.color import paint
from exportctl.output.html.element import Element, element
from exportctl.output.html.parts import (
    PageColumn,
    SectionContext,
    badge,
    capital_first,
    cell,
    data_table,
    export_name,
    note,
    plain_name,
    row_head,
    scroll_region,
    section,
)
from exportctl.output.text import forecast as text_forecast
from exportctl.output.text import verify

LETTERS: Mapping[DeliveryResult, str] = {
    DeliveryResult.COMPLETE: "C",
    DeliveryResult.EMPTY: "E",
    DeliveryResult.LATE: "L",
    DeliveryResult.FAILED: "F",
    DeliveryResult.MISSING: "M",
    DeliveryResult.FILES_MISSING: "N",
    DeliveryResult.MISMATCH: "X",
    DeliveryResult.UNKNOWN: "?",
}
_MEANINGS: Mapping[DeliveryResult, str] = {
    DeliveryResult.COMPLETE: "complete",
    DeliveryResult.EMPTY: "empty",
    DeliveryResult.LATE: "late",
    DeliveryResult.FAILED: "failed",
    DeliveryResult.MISSING: "missing: no run",
    DeliveryResult.FILES_MISSING: "files missing",
    DeliveryResult.MISMATCH: "mismatch",
    DeliveryResult.UNKNOWN: "unknown",
}
KINDS: Mapping[DeliveryResult, str] = {
    DeliveryResult.COMPLETE: "good",
    DeliveryResult.EMPTY: "quiet",
    DeliveryResult.UNKNOWN: "warn",
}
_COLUMNS = (
    PageColumn("Export"),
    PageColumn("Due"),
    PageColumn("Result"),
    PageColumn("Dataset"),
    PageColumn("Why"),
)
_LEGEND = "legend"
_DEEP = "exportctl verify --deep"
MAX_ROWS = 200  # of the table of reasons; `exportctl verify` shows all


def deliveries_section(context: SectionContext, report: SandboxReport) -> Element:
    """Return the timeline, its legend, and the results that are not good."""
    if not report.timeline.rows:
        return section(context, "deliveries", "Deliveries", note("The config declares no exports."))
    found = report.delivered
    head = verify.summary(found) if found else "Deliveries were not checked: --no-verify."
    return section(
        context,
        "deliveries",
        "Deliveries",
        note(capital_first(head.removeprefix("Verify: "))),
        *(note(line) for line in (verify.coverage_lines(found, paint(False), _DEEP) if found else ())),
        _legend(context, is_verified=found is not None),
        _timeline_table(context, report.timeline),
        *(_reasons(context, found) if found else ()),
        *_simultaneous_runs(report),
    )


# -- the timeline -----------------------------------------------------------------------------------------------------


def _timeline_table(context: SectionContext, timeline: Timeline) -> Element:
    """Return a row per export, those with a failure first, and a column per day."""
    ordered = sorted(timeline.rows, key=lambda row: (not _has_failed(row), row.address))
    past, coming = timeline.today, len(timeline.days) - timeline.today - 1
    groups = element(
        "tr",
        element("th", "Export", scope="col", rowspan="2"),
        element("th", f"Last {past} days", scope="colgroup", colspan=str(past)),
        element("th", "Today", scope="colgroup", colspan="1", class_="today"),
        element("th", f"Next {coming} days", scope="colgroup", colspan=str(coming)),
    )
    heads = (_day_head(day, number == timeline.today) for number, day in enumerate(timeline.days))
    caption = "Deliveries of the last days and runs of the next days, by day UTC"
    table = element(
        "table",
        element("caption", caption),
        element("colgroup", element("col", class_="name"), *(element("col") for _ in timeline.days)),
        element("thead", groups, element("tr", *heads)),
        element("tbody", *(_row(row, timeline) for row in ordered)),
        class_="list days",
        data_list="days",
        aria_describedby=context.id(_LEGEND),
    )
    return scroll_region(caption, table)


def _day_head(day: int, is_today: bool) -> Element:
    at = datetime.fromtimestamp(day, UTC)
    return element(
        "th",
        at.strftime("%a"),
        element("br"),
        element("time", at.strftime("%m-%d"), datetime=at.date().isoformat()),
        scope="col",
        class_="today" if is_today else None,
    )


def _row(row: TimelineRow, timeline: Timeline) -> Element:
    words = element("div", row.note, class_="note") if row.note else None
    cells = (_day_cell(timeline.days[number], day, number == timeline.today) for number, day in enumerate(row.days))
    return element("tr", row_head(plain_name(row.address), words), *cells, data_attention=_has_failed(row))


def _has_failed(row: TimelineRow) -> bool:
    return any(day.has_failed for day in row.days)


def _day_cell(moment: int, day: DayOfExport, is_today: bool) -> Element:
    """Return one day: the worst result with its number, then how many runs are still to come."""
    marks = [*_result_marks(day), *_run_marks(day)]
    words = [*(f"{count} {_MEANINGS[result]}" for result, count in day.results), *_run_words(day)]
    date = format_values.moment(moment)[:10]
    classes = " ".join(filter(None, (_day_kind(day), "today" if is_today else None)))
    return element("td", *marks, class_=classes or None, title=f"{date}: {'; '.join(words)}" if words else None)


def _day_kind(day: DayOfExport) -> str | None:
    if day.has_failed:
        return "bad"
    return KINDS.get(day.results[0][0], "bad") if day.results else None


def _result_marks(day: DayOfExport) -> Iterator[Element | str]:
    if not day.results:
        return
    worst, count = day.results[0]
    total = sum(number for _, number in day.results)
    yield element("strong", LETTERS[worst])
    if total > 1:
        yield element("small", str(count) if count == total else f"{count}/{total}")


def _run_marks(day: DayOfExport) -> Iterator[Element | str]:
    if day.runs:
        yield element("span", f"+{day.runs}" if day.results else str(day.runs), class_="runs")
    if day.has_first_full_run:
        yield element("small", "full", class_="mark")
    if day.ends is not None:
        yield element("small", "ends", class_="mark end")


def _run_words(day: DayOfExport) -> Iterator[str]:
    if day.runs:
        yield f"{format_count(day.runs, 'run')} to come"
    if day.has_first_full_run:
        yield "the first one exports everything"
    if day.ends is not None:
        yield f"ends {format_values.moment(day.ends)}"


def _legend(context: SectionContext, *, is_verified: bool) -> Element:
    """Return what letters and numbers mean."""
    letters = [
        element("span", badge(LETTERS[result], KINDS.get(result, "bad")), f" {_MEANINGS[result]}")
        for result in (reversed(SEVERITY) if is_verified else ())
    ]
    numbers = [
        element("span", element("span", "8", class_="runs"), " runs to come"),
        element("span", element("small", "full", class_="mark"), " first full run"),
        element("span", element("small", "ends", class_="mark end"), " the flow ends"),
    ]
    words = "Each day shows its worst result, and how many of the day have it. "
    return element("p", words, *letters, *numbers, class_="legend", id=context.id(_LEGEND))


# -- reasons ----------------------------------------------------------------------------------------------------------


def _reasons(context: SectionContext, report: VerifyReport) -> Iterator[Element]:
    """Yield the results that fail, then those that say nothing, which are folded."""
    groups = [(export, same) for export in report.exports for same in verify.group_rows(export.verdicts)]
    failing = [(export, same) for export, same in groups if same[0].fails]
    unknown = [
        (export, same)
        for export, same in groups
        if not same[0].fails and same[0].result is DeliveryResult.UNKNOWN and same[0].due is not None
    ]
    if failing:
        yield _reason_table(context, "Deliveries that fail", failing)
    if unknown:
        table = _reason_table(context, "Deliveries of which nothing can be said", unknown)
        summary = f"{format_count(sum(len(same) for _, same in unknown), 'result')} UNKNOWN, and why"
        yield element("details", element("summary", summary), table)


def _reason_table(
    context: SectionContext, caption: str, groups: Sequence[tuple[ExportVerdicts, Sequence[Verdict]]]
) -> Element:
    rows = [_reason_row(context, export, same) for export, same in islice(groups, MAX_ROWS)]
    if len(groups) <= MAX_ROWS:
        return data_table(caption, _COLUMNS, rows)
    return element(
        "div",
        data_table(caption, _COLUMNS, rows),
        note(f"{MAX_ROWS} of {len(groups)} rows. `exportctl verify` shows all."),
    )


def _reason_row(context: SectionContext, export: ExportVerdicts, same: Sequence[Verdict]) -> Element:
    due, result, dataset, *_ = verify.cells(same)
    first = same[0]
    details = [*verify.objects(first), *verify.origin(first)] if first.fails else []
    hint = element("div", f"hint: {first.hint}", class_="note") if first.hint else None
    return element(
        "tr",
        row_head(export_name(context, export.address)),
        cell(due, sort=first.due or 0),
        cell(badge(result, "bad" if first.fails else "warn")),
        cell(dataset),
        cell(first.reason, *(element("div", line, class_="note") for line in details), hint),
    )


def _simultaneous_runs(report: SandboxReport) -> Iterator[Element]:
    """Yield the runs that start together, folded."""
    groups = report.expected.simultaneous_runs
    if groups:
        items = (
            element(
                "li",
                f"{text_forecast.start_times(one)}, on {one.account}: {', '.join(one.members)}",
                element("div", text_forecast.connections(one), class_="note") if one.min_connections else None,
            )
            for one in groups
        )
        summary = element("summary", f"Simultaneous runs: {format_count(len(groups), 'group')}")
        yield element("details", summary, element("ul", *items))
