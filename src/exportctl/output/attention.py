"""What needs attention in one sandbox, one line each: for reports that hold many sandboxes or several commands."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from exportctl.model.apply_report import ApplyReport, ResourceState
from exportctl.model.plan import Cause, Plan
from exportctl.monitor import drift
from exportctl.monitor.delivery.report import VerifyReport
from exportctl.monitor.drift import DriftReport
from exportctl.monitor.status import HealthResult, StatusReport
from exportctl.output import apply_outcome, format_values, phrases
from exportctl.output.color import paint
from exportctl.output.text import drift as text_drift
from exportctl.output.text import plan as text_plan
from exportctl.output.text import status as text_status
from exportctl.output.text import verify as text_verify

_NO_WRAP = 10_000  # columns
_QUIET = (
    HealthResult.WAITING,
    HealthResult.DISABLED,
    HealthResult.FINISHED,
    HealthResult.OK,
)


def plan_lines(shown: Plan) -> Iterator[str]:
    """Yield one line for each resource that the plan lists."""
    yield from (text_plan.headline(item, paint(False)) for item in shown.items if phrases.is_listed(item))


def renewal_lines(report: ApplyReport) -> Iterator[str]:
    """Yield one line for each end that was not moved."""
    if report.was_started:
        for one in report.resources:
            if one.state is not ResourceState.DONE:
                yield f"{one.address}: {'; '.join(apply_outcome.reasons(one, report.verdict))}"


def due_lines(shown: Plan) -> Iterator[str]:
    """Yield one line for each rolling end that is due, with the end now and the end to write."""
    for item in shown.items:
        for one in item.fields:
            if one.cause is Cause.RENEWAL:
                before, after = (format_values.value(one.path, value) for value in (one.before, one.after))
                yield f"{item.address}: `{one.path}` is due: {before} -> {after}"


def drift_lines(report: DriftReport, fail_on: Collection[str]) -> Iterator[str]:
    """Yield one line for each entry of drift that counts."""
    for entry in drift.failures(report, fail_on):
        words = text_drift.entry_lines(entry, report.as_of, paint(False), _NO_WRAP)
        yield f"{entry.group.value}: {' '.join(' '.join(words).split())}"


def verify_lines(report: VerifyReport) -> Iterator[str]:
    """Yield one line for each verdict that fails."""
    for export in report.exports:
        yield from (
            f"{export.address}: {text_verify.sentence(verdict)}" for verdict in export.verdicts if verdict.fails
        )


def status_lines(report: StatusReport) -> Iterator[str]:
    """Yield one line for each export that is not well."""
    for one in report.exports:
        if one.result not in _QUIET:
            end = "" if one.ends is None else f", {text_status.days_left(one, report.as_of)} days left"
            yield f"{format_values.address(one.address)}: {one.result.value}{end}"
