"""The newest runs of flows as text: a table per flow; below a failed run its errors, each with what to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportctl.model.schedule import format_count
from exportctl.monitor.runs import error_hints
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.output.wrapping import NO_LIMIT
from exportctl.resources.run import RunStatus

if TYPE_CHECKING:
    from exportctl.monitor.runs import FlowRuns, RunsReport
    from exportctl.resources.run import Run, RunError

COLUMNS = (
    TableColumn("STARTED"),
    TableColumn("TOOK", dropped=3),
    TableColumn("STATUS"),
    TableColumn("ROWS", dropped=4),
    TableColumn("FILES", dropped=1),
    TableColumn("SIZE", dropped=2),
)
TITLES = tuple(column.title for column in COLUMNS)
NOT_APPLIED = "not applied: no flow in this sandbox"
NO_RUNS = "no runs"
_STYLES = {RunStatus.DONE: "good", RunStatus.FAILED: "error", RunStatus.PARTIAL: "error", RunStatus.RUNNING: "warning"}


def render_runs(report: RunsReport, *, color: bool = False, width: int = NO_LIMIT) -> str:
    """Return the whole report, in the order of addresses."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Runs", report.as_of, ink), ""]
    for flow in report.flows:
        lines += [headline(flow, ink), *_table(flow, ink, width), ""]
    return "\n".join([*lines, ink("bold", summary(report))]) + "\n"


def headline(flow: FlowRuns, ink: Paint) -> str:
    """Return the address or title of a flow, and its id."""
    name = str(flow.address) if flow.address else f'"{flow.title}"'
    return ink("bold", clean_text(name)) + (f"  (flow {clean_text(flow.flow)})" if flow.flow else "")


def _table(flow: FlowRuns, ink: Paint, width: int) -> list[str]:
    if not flow.runs:
        return [plan.INDENT + (NO_RUNS if flow.flow else NOT_APPLIED)]
    rows, styles = [cells(run) for run in flow.runs], [_STYLES[run.status] for run in flow.runs]
    laid = lay_out_table(COLUMNS, rows, width, ink, indent=plan.INDENT, colored="STATUS", styles=styles)
    lines = [*laid.head]
    for run, row in zip(flow.runs, laid.rows, strict=True):
        lines += row
        for error, found in zip(run.errors, error_hints(run.errors, flow.type), strict=True):
            lines += _error_lines(error, found, width)
    return [*lines, *laid.notes]


def cells(run: Run) -> tuple[str, ...]:
    """Return one text per title."""
    return (
        format_values.moment(run.started),
        "" if run.completed is None else run_duration(run.completed - run.started),
        run.status.value,
        "" if run.rows is None else str(run.rows),
        "" if run.files is None else str(run.files),
        "" if run.size is None else format_values.size(run.size),
    )


def run_duration(seconds: int) -> str:
    """Return `1 h 02 min`, `3 min 20 s`, `45 s`."""
    minutes, rest = divmod(max(seconds, 0), format_values.MINUTE)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def error_text(error: RunError) -> str:
    """Return `ACTIVATION_BATCH-0000-FAILED: Job aborted.`, in the service's words."""
    return ": ".join(part for part in (error.code, error.message) if part) or "an error without code and message"


def _error_lines(error: RunError, found: str | None, width: int) -> list[str]:
    return [
        line
        for part in (error_text(error), f"hint: {found}" if found else "")
        for line in format_values.wrapped_lines(part, width, plan.INDENT * 2, "  ")
    ]


def summary(report: RunsReport) -> str:
    """Return `Runs: 9 done, 1 failed; newest first, at most 10 runs of each flow` as a sentence."""
    words = [run.status for flow in report.flows for run in flow.runs]
    counted = ", ".join(f"{words.count(word)} {word.value}" for word in RunStatus if word in words) or "none"
    limits = [f"since {format_values.moment(report.since)}"] if report.since is not None else []
    limits += [f"at most {format_count(report.limit, 'run')} of each flow"] if report.limit is not None else []
    return f"Runs: {counted}; newest first, {', '.join(limits)}."
