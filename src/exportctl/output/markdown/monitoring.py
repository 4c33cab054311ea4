"""
Runs and status for the summary of a CI run or for a comment: the counts first, then tables.

Goes in: a RunsReport or a StatusReport. Comes out: GitHub Markdown of at most `limit` characters, cut at a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from exportctl.monitor.runs import error_hints
from exportctl.monitor.status import HealthResult
from exportctl.output.color import paint
from exportctl.output.markdown import plan
from exportctl.output.markdown_escape import code, prose
from exportctl.output.text import runs, status

if TYPE_CHECKING:
    from exportctl.monitor.runs import FlowRuns, RunsReport
    from exportctl.monitor.status import StatusReport
    from exportctl.resources.run import RunError

_CUT = "\n_This is cut; the text output is complete._\n"


def render_status(report: StatusReport, *, limit: int = plan.LIMIT) -> str:
    """Return the status report. Failed exports come first, so a cut removes healthy ones."""
    order = list(HealthResult)
    rows = [
        _row([code(cell) if cell else "" for cell in status.cells(one, report.as_of)], "; ".join(one.notes))
        for one in sorted(report.exports, key=lambda one: (order.index(one.result), one.address))
    ]
    lines = [
        *plan.head("status", report.header, report.as_of),
        f"**{status.summary(report)}**\n",
        *(f"- {plan.finding(found)}" for found in report.errors),
        *([""] if report.errors else []),
        *_titles((*status.TITLES, "NOTES")),
        *rows,
        "",
        *(f"{prose(line.strip())}\n" for line in status.other_flows(report)),
    ]
    return _cut_to_limit(lines, limit)


def render_runs(report: RunsReport, *, limit: int = plan.LIMIT) -> str:
    """Return a table per flow, with the errors of each run in its row."""
    lines = [*plan.head("runs", report.header, report.as_of), f"**{runs.summary(report)}**\n"]
    for flow in report.flows:
        lines += [f"{code(runs.headline(flow, paint(False)))}\n", *_table(flow), ""]
    return _cut_to_limit(lines, limit)


def _table(flow: FlowRuns) -> Iterator[str]:
    if not flow.runs:
        yield runs.NO_RUNS if flow.flow else runs.NOT_APPLIED
        return
    yield from _titles((*runs.TITLES, "ERRORS"))
    for run in flow.runs:
        errors = "; ".join(map(_error_text, run.errors, error_hints(run.errors, flow.type)))
        yield _row([code(cell) if cell else "" for cell in runs.cells(run)], errors)


def _error_text(error: RunError, found: str | None) -> str:
    return runs.error_text(error) + (f" (hint: {found})" if found else "")


def _titles(titles: Iterable[str]) -> list[str]:
    shown = [title.lower() for title in titles]
    return [f"| {' | '.join(shown)} |", "|" + "---|" * len(shown)]


def _row(cells: list[str], words: str) -> str:
    return f"| {' | '.join(cells)} | {prose(words)} |"


def _cut_to_limit(lines: list[str], limit: int) -> str:
    """Return as many whole lines as fit."""
    whole = "\n".join(lines) + "\n"
    if len(whole) <= limit:
        return whole
    return "\n".join(plan.fit_lines(lines, limit - len(_CUT) - 1)) + "\n" + _CUT
