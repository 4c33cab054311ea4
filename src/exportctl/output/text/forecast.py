"""
The next runs as text: a table, a picture with a row per export and a column per few hours, simultaneous runs.

                          01-16      01-17      01-18
    exports.orders  ····|·●··········|·●··········|·●····
    exports.web     ·●·●|·●·●·●·●·●·●|·●·●E·······|······

A name that leaves too little room stands on a line of its own, above its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.output.wrapping import NO_LIMIT, count_cells, page_width

if TYPE_CHECKING:
    from exportctl.monitor.forecast import FlowForecast, Forecast, SimultaneousRuns

COLUMNS = (
    TableColumn("EXPORT"),
    TableColumn("SCHEDULE", wraps=2, dropped=2, narrowest=12),
    TableColumn("RUNS", dropped=4),
    TableColumn("FIRST", wraps=3, dropped=3),
    TableColumn("LAST", wraps=4, dropped=1),
    TableColumn("NOTE", wraps=1, narrowest=20),
)
TITLES = tuple(column.title for column in COLUMNS)
RUN, SEVERAL, NONE, MIDNIGHT, END = "●", "■", "·", "|", "E"
SOURCE = "Adobe's page on SFTP destinations"  # dataset-exports.md 4.3
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168, 336, 672)  # that one column stands for: the fewest that fit


def render_forecast(report: Forecast, *, color: bool = False, width: int = NO_LIMIT) -> str:
    """Return the whole report."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Forecast", report.as_of, ink), f"{basis(report)}.", ""]
    if report.flows:
        rows = [cells(report, lane) for lane in report.flows]
        lines += [*lay_out_table(COLUMNS, rows, width, ink).all_lines(), ""]
        lines += [*picture(report, page_width(width), ink), ""]
    if report.simultaneous_runs:
        lines += [ink("bold", "Simultaneous runs:"), *simultaneous_run_lines(report.simultaneous_runs, width), ""]
    if report.errors:
        lines += ["Errors:", *plan.findings(report.errors, ink), ""]
    return "\n".join([*lines, ink("bold", summary(report))]) + "\n"


def basis(report: Forecast) -> str:
    """Return the window, and the state that the forecast starts from."""
    until = f"{format_count(report.days, 'day')}, until {format_values.moment(report.until)}"
    if report.planned:
        return f"{until}, as after the next apply; what a safety check blocks stays as it is"
    return f"{until}, as the flows are now"


def label(report: Forecast, lane: FlowForecast) -> str:
    """Return the address, with the flow where an address has several."""
    several = lane.address in report.addresses_with_several
    return format_values.address(lane.address) + (f" (flow {clean_text(lane.flow)})" if several and lane.flow else "")


def note(lane: FlowForecast) -> str:
    """Return why there are no runs, and the end if it is in the window."""
    parts = [clean_text(lane.no_run_reason)] if lane.no_run_reason else []
    parts += [f"ends {format_values.moment(lane.ends)}"] if lane.ends is not None else []
    return ", ".join(parts)


def cells(report: Forecast, lane: FlowForecast) -> tuple[str, ...]:
    """Return one text per title."""
    return (
        label(report, lane),
        clean_text(lane.schedule),
        str(len(lane.runs)),
        format_values.moment(lane.runs[0]) if lane.runs else "",
        format_values.moment(lane.runs[-1]) if len(lane.runs) > 1 else "",
        note(lane),
    )


def summary(report: Forecast) -> str:
    """Return `Forecast: 42 runs of 3 exports; 1 without runs; 1 ends` as a sentence."""
    runs = sum(len(lane.runs) for lane in report.flows)
    idle = sum(not lane.runs for lane in report.flows)
    ends = sum(lane.ends is not None for lane in report.flows)
    parts = [f"{format_count(runs, 'run')} of {format_count(len(report.flows), 'flow')}"]
    parts += [f"{idle} without runs"] if idle else []
    parts += [f"{ends} {'ends' if ends == 1 else 'end'}"] if ends else []
    return f"Forecast: {'; '.join(parts)}."


# -- the picture ------------------------------------------------------------------------------------------------------


def picture(report: Forecast, width: int, ink: Paint) -> list[str]:
    """Return the dates, a row per flow, and the legend."""
    labels = [label(report, lane) for lane in report.flows]
    beside = max(map(count_cells, labels)) + 2
    is_apart = 2 * beside > width
    margin = 2 if is_apart else beside
    hours = next((hours for hours in _HOURS if _width(report, hours) <= width - margin), _HOURS[-1])
    dates = " " * margin + _dates(report, hours)
    rows: list[str] = []
    for name, lane in zip(labels, report.flows, strict=True):
        before = "" if is_apart else name
        rows += [name] if is_apart else []
        rows.append(before + " " * (margin - count_cells(before)) + "".join(_row(report, lane, hours)))
    midnight = f", {MIDNIGHT} midnight UTC" if hours < 24 else ""
    column = format_count(hours, "hour") if hours < 24 else format_count(hours // 24, "day")
    legend = f"{RUN} a run, {SEVERAL} several, {NONE} none{midnight}, {END} ends; a column is {column}"
    return [ink("dim", dates.rstrip()), *rows, ink("dim", legend)]


def _width(report: Forecast, hours: int) -> int:
    """Return the cells of a row, or of the dates above it: the last one may reach further."""
    cells = sum(2 if _is_midnight(report, start, hours) else 1 for start in _columns(report, hours))
    return max(cells, len(_dates(report, hours)))


def _columns(report: Forecast, hours: int) -> Sequence[int]:
    """Return the moments at which columns begin; the first column holds `as_of`."""
    midnight = report.as_of - report.as_of % format_values.DAY
    step = hours * format_values.HOUR
    first = midnight + (report.as_of - midnight) // step * step
    return range(first, report.until, step)


def _is_midnight(report: Forecast, start: int, hours: int) -> bool:
    """Tell whether a day begins with this column; the first column never counts."""
    return hours < 24 and start % format_values.DAY == 0 and start > report.as_of


def _row(report: Forecast, lane: FlowForecast, hours: int) -> Iterator[str]:
    step = hours * format_values.HOUR
    columns = _columns(report, hours)
    counts = [0] * len(columns)
    for run in lane.runs:
        counts[(run - columns[0]) // step] += 1
    for start, count in zip(columns, counts, strict=True):
        ends = lane.ends is not None and start <= lane.ends < start + step
        mark = END if ends else NONE if count == 0 else RUN if count == 1 else SEVERAL
        yield (MIDNIGHT if _is_midnight(report, start, hours) else "") + mark


def _dates(report: Forecast, hours: int) -> str:
    """Return `01-16` above each column that begins a day, as often as there is room."""
    line = ""
    place = 0
    for start in _columns(report, hours):
        place += _is_midnight(report, start, hours)
        begins = start % format_values.DAY == 0
        if begins and (place == 0 or len(line) < place):
            line = line.ljust(place) + format_values.moment(start)[5:10]
        place += 1
    return line


# -- together ---------------------------------------------------------------------------------------------------------


def simultaneous_run_lines(groups: Sequence[SimultaneousRuns], width: int) -> list[str]:
    """Return when, on which account and which flows; for SFTP also the connections that the server must accept."""
    lines: list[str] = []
    for one in groups:
        members = ", ".join(clean_text(member) for member in one.members)
        lines += format_values.wrapped_lines(
            f"{start_times(one)}, on {clean_text(one.account)}: {members}", width, plan.INDENT, "  "
        )
        lines += format_values.wrapped_lines(connections(one), width, plan.INDENT * 2, "  ")
    return lines


def start_times(one: SimultaneousRuns) -> str:
    """Return `7 times from 2027-01-16 02:00 UTC`."""
    first = format_values.moment(one.moments[0])
    return first if len(one.moments) == 1 else f"{len(one.moments)} times from {first}"


def connections(one: SimultaneousRuns) -> str:
    """Return how many connections an SFTP server must accept; empty for a storage without a known limit."""
    if one.min_connections is None:
        return ""
    return (
        f"{format_count(one.datasets, 'dataset')} at the same time: the server should accept as many connections, "
        f"and must accept {one.min_connections}, otherwise exports fail ({SOURCE})"
    )
