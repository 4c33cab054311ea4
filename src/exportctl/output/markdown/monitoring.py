"""Status, runs and verdicts for a CI summary or a comment: the counts first, then tables, all within a limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from exportctl.monitor.runs import error_hints
from exportctl.monitor.status import HealthResult
from exportctl.output.color import paint
from exportctl.output.markdown import parts
from exportctl.output.markdown_escape import code, html_code, html_prose, prose
from exportctl.output.text import runs, status, verify

if TYPE_CHECKING:
    from exportctl.monitor.delivery.report import ExportVerdicts, Verdict, VerifyReport
    from exportctl.monitor.runs import FlowRuns, RunsReport
    from exportctl.monitor.status import StatusReport
    from exportctl.resources.run import RunError

_RESERVE = 200  # characters for the lines that say how much is shown
_CUT = "\n_This is cut; the text output is complete._\n"


def render_status(report: StatusReport, *, limit: int = parts.LIMIT) -> str:
    """Return the status report. Failed exports come first, so a cut removes healthy ones."""
    order = list(HealthResult)
    rows = [
        _cells(status.cells(one, report.as_of), "; ".join(one.notes))
        for one in sorted(report.exports, key=lambda one: (order.index(one.result), one.address))
    ]
    lines = [
        *parts.head("status", report.header, report.as_of),
        f"**{status.summary(report)}**\n",
        *(f"- {parts.finding(found)}" for found in report.errors),
        *([""] if report.errors else []),
        *parts.table_lines((*status.TITLES, "NOTES"), rows),
        "",
        *(f"{prose(line.strip())}\n" for line in (*status.orphan_lines(report), *status.other_flows(report))),
    ]
    return _cut_to_limit(lines, limit)


def render_runs(report: RunsReport, *, limit: int = parts.LIMIT) -> str:
    """Return a table per flow, with the errors of each run in its row."""
    lines = [*parts.head("runs", report.header, report.as_of), f"**{runs.summary(report)}**\n"]
    for flow in report.flows:
        lines += [f"{code(runs.headline(flow, paint(False)))}\n", *_table(flow), ""]
    return _cut_to_limit(lines, limit)


def _table(flow: FlowRuns) -> list[str]:
    if not flow.runs:
        return [runs.NO_RUNS if flow.flow else runs.NOT_APPLIED]
    rows = []
    for run in flow.runs:
        errors = map(_error_text, run.errors, error_hints(run.errors, flow.type))
        rows.append(_cells(runs.cells(run), "; ".join(errors)))
    return parts.table_lines((*runs.TITLES, "ERRORS"), rows)


def _error_text(error: RunError, found: str | None) -> str:
    return runs.error_text(error) + (f" (hint: {found})" if found else "")


def _cells(values: Iterable[str], words: str) -> list[str]:
    """Return values as code, and words as prose in the last cell."""
    return [*(code(value) if value else "" for value in values), prose(words)]


def _cut_to_limit(lines: list[str], limit: int) -> str:
    """Return as many whole lines as fit."""
    whole = "\n".join(lines) + "\n"
    if len(whole) <= limit:
        return whole
    return "\n".join(parts.fit_lines(lines, limit - len(_CUT) - 1)) + "\n" + _CUT


def render_verify_report(report: VerifyReport, *, limit: int = parts.LIMIT) -> str:
    """Return the whole report, as far as it fits; failures take at most half of the room."""
    failing = [_failed_verdict(e, v) for e in report.exports for v in e.verdicts if v.fails]
    unread = [f"{code(e.address)} {parts.finding(f)}" for e in report.exports for f in e.errors]
    sections = [
        *_verify_head(report),
        *parts.section("Could not be read", unread, limit // 4),
        *parts.section("Failed", failing, limit // 4),
    ]
    head = "\n".join(sections)
    ordered = sorted(report.exports, key=lambda e: not (e.has_failed or e.errors))
    details = [_verdict_table(e) for e in ordered]
    kept = parts.fit_lines(details, limit - len(head) - _RESERVE)
    cut = f"\n_{len(kept)} of {len(details)} exports shown; the text output has them all._\n"
    return head + "".join(kept) + (cut if len(kept) < len(details) else "")


def _verify_head(report: VerifyReport) -> list[str]:
    fails = "Fails." if report.has_failed else "Nothing fails."
    return [
        *parts.head("verify", report.header, report.as_of),
        f"**{verify.summary(report)}** {'Not all could be read.' if report.errors() else fails}\n",
        *(f"{prose(line)}\n" for line in verify.coverage_lines(report, paint(False))),
    ]


def _failed_verdict(export: ExportVerdicts, verdict: Verdict) -> str:
    about = "".join(f"\n  - {code(path)}" for path in verify.objects(verdict))
    where = f"{code(export.address)} {code(verify.subject(verdict))}"
    return f"**{verdict.result}** {where}: {prose(verdict.reason)}{about}"


def _verdict_table(export: ExportVerdicts) -> str:
    rows = [_cells(verify.cells(same), same[0].reason) for same in verify.group_rows(export.verdicts)]
    state = "" if export.state == "enabled" else f"{export.state}, "
    lines = [
        f"\n<details><summary>{html_code(export.address)} {html_prose(state + export.storage)}</summary>\n",
        *parts.table_lines((*verify.TITLES, "WHY"), rows),
        "\n</details>\n",
    ]
    return "\n".join(lines)
