"""The state of every export as one table: health, state, last run, next run, days left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from exportctl.model.schedule import format_age, format_count
from exportctl.monitor.status import FlowState, HealthResult
from exportctl.output import format_values
from exportctl.output.color import paint
from exportctl.output.environments import EnvironmentResult, Table
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.output.wrapping import NO_LIMIT

if TYPE_CHECKING:
    from exportctl.model.other_flow import OtherFlow
    from exportctl.monitor.status import ExportHealth, StatusReport

COLUMNS = (
    TableColumn("EXPORT"),
    TableColumn("HEALTH"),
    TableColumn("STATE", dropped=1),
    TableColumn("LAST RUN", wraps=1, dropped=4, narrowest=20),
    TableColumn("NEXT RUN", wraps=2, dropped=2),
    TableColumn("DAYS LEFT", dropped=3),
)
TITLES = tuple(column.title for column in COLUMNS)
_STYLES: Mapping[HealthResult, str] = {
    HealthResult.OK: "good",
    HealthResult.FINISHED: "good",
    HealthResult.WAITING: "dim",
    HealthResult.DISABLED: "dim",
    HealthResult.ENDING: "warning",
    HealthResult.NOT_APPLIED: "warning",
    HealthResult.MOVED: "warning",
    HealthResult.UNKNOWN: "warning",
}


def render_status(report: StatusReport, *, color: bool = False, width: int = NO_LIMIT) -> str:
    """Return the whole report."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Status", report.as_of, ink), ""]
    if report.exports:
        rows = [cells(one, report.as_of) for one in report.exports]
        styles = [_STYLES.get(one.result, "error") for one in report.exports]
        laid = lay_out_table(COLUMNS, rows, width, ink, colored="HEALTH", styles=styles)
        lines += laid.head
        for one, row in zip(report.exports, laid.rows, strict=True):
            lines += [*row, *(f"{plan.INDENT}{clean_text(note)}" for note in one.notes)]
        lines += [*laid.notes, ""]
    if report.errors:
        lines += ["Errors:", *plan.findings(report.errors, ink), ""]
    lines += [ink("bold", summary(report)), *orphan_lines(report), *other_flows(report)]
    return "\n".join(lines) + "\n"


def cells(one: ExportHealth, as_of: int) -> tuple[str, ...]:
    """Return one text per title; an unknown value is empty."""
    return (
        format_values.address(one.address),
        one.result.value,
        state_word(one),
        _last_run(one, as_of),
        "" if one.next_run is None else format_values.moment(one.next_run),
        days_left(one, as_of),
    )


def state_word(one: ExportHealth) -> str:
    """Return the state; where exportctl does not know what it means, as the service shows it."""
    shown = clean_text(one.service_state) if one.state is FlowState.UNKNOWN else ""
    return shown or one.state.value


def _last_run(one: ExportHealth, as_of: int) -> str:
    """Return `2027-01-15 02:00 UTC done, 6 hours ago`."""
    if one.last_run is None:
        return ""
    started = one.last_run.started
    ago = f"{format_age(as_of - started)} ago" if started <= as_of else "just now"
    return f"{format_values.moment(started - started % format_values.MINUTE)} {one.last_run.status.value}, {ago}"


def days_left(one: ExportHealth, as_of: int) -> str:
    """Return whole days; `0` on the last day and after it."""
    return "" if one.ends is None else str(max(0, (one.ends - as_of) // format_values.DAY))


def summary(report: StatusReport) -> str:
    """Return `Status: 1 failed, 3 ok.`; a result without exports is left out."""
    counted = [f"{count} {word.lower()}" for word, count in report.counts().items() if count]
    return f"Status: {', '.join(counted) or 'no exports'}."


def orphan_lines(report: StatusReport) -> list[str]:
    """Return the connections of this project that no flow uses, one line for each address."""
    if not report.orphans:
        return []
    return ["Orphans, which no flow uses:", *(plan.INDENT + clean_text(one) for one in report.orphans)]


def other_flows(report: StatusReport) -> list[str]:
    """Count the flows that this config does not manage, and list those that end soon if a user asks for them."""
    if not report.unmanaged:
        return []
    count = format_count(report.unmanaged, "flow")
    if report.ending is None:
        return [
            f"{count} in the sandbox not managed by this config; `--expiring 30d` lists those that end within 30 days."
        ]
    ending = f"{len(report.ending)} of them end" if len(report.ending) != 1 else "1 of them ends"
    within = format_values.duration(report.warning)
    over = f", {report.expired} ended before" if report.expired else ""
    return [
        f"{count} in the sandbox not managed by this config; "
        f"{ending} within {within}{over}{':' if report.ending else '.'}",
        *(
            f"{plan.INDENT}{other_flow(u)} {format_values.end_text(u.ends or 0, report.as_of)}{assumed_note(u)}"
            for u in report.ending
        ),
    ]


def other_flow(flow: OtherFlow) -> str:
    """Return `"Loyalty flow" (flow 1a2b…), owned by project theirs`."""
    owner = f", owned by project {clean_text(flow.owner)}" if flow.owner else ""
    return f"{format_values.quote_text(flow.name)} (flow {clean_text(flow.id)}){owner}"


def assumed_note(shown: OtherFlow | ExportHealth) -> str:
    """Return a note for an end that the service does not show."""
    return " (assumed)" if shown.assumed_end else ""


def end_table(sides: Sequence[EnvironmentResult[StatusReport]]) -> Table | None:
    """Return what ends within the warning in all environments, soonest first; None if no user asks for it."""
    read = [(side.environment, side.result) for side in sides if side.result is not None]
    if not any(report.ending is not None for _, report in read):
        return None
    rows = sorted((row for name, report in read for row in _rows(name, report)), key=lambda row: (row[0], *row[2:]))
    within = format_values.duration(read[0][1].warning)
    nothing = f"Nothing ends within {within}" + (
        " in the environments that were read." if len(read) < len(sides) else "."
    )
    title = f"Ends within {within}, or has expired:" if rows else nothing
    return Table(title, ("ENDS", "ENVIRONMENT", "WHAT"), [row[1:] for row in rows])


def _rows(environment: str, report: StatusReport) -> Iterator[tuple[int, str, str, str]]:
    """Yield the moment to sort by, then a text per column."""
    shown: list[tuple[ExportHealth | OtherFlow, str]] = [(o, format_values.address(o.address)) for o in report.exports]
    shown += [(other, other_flow(other)) for other in report.ending or ()]
    for one, what in shown:
        if one.ends is not None and one.ends <= report.as_of + report.warning:
            words = format_values.end_text(one.ends, report.as_of).partition(" ")[2]
            yield one.ends, words + assumed_note(one), environment, what
