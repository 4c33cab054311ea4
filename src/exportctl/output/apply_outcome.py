"""
The outcome of an apply, a renewal or a rotation, for every output: one sentence, outputs, and a finding per resource.

`apply: incomplete: 3 done, 1 failed, 2 left`: the numbers count resources, as those of a plan do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.errors import Finding
from exportctl.model.apply_report import ApplyReport, ResourceResult, ResourceState, ResultWord
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Plan, PlanItem
from exportctl.model.verdict import PlanVerdict, RemainderKind, judge
from exportctl.output import github_actions, phrases
from exportctl.output.format_values import clean_text
from exportctl.output.holds import hold_findings, hold_lines
from exportctl.output.text import apply

_DRY_RUN = "Dry run: nothing was written."
MAX_REASON = 160  # characters of one reason in a finding; the report has all of it
_REASONS = 2  # in a finding
NOT_KNOWN = ""  # in place of a number, where no plan could be made
RULES: Mapping[ResourceState, str] = {
    ResourceState.FAILED: "apply-failed",
    ResourceState.LEFT: "apply-left",
}


def sentence(report: ApplyReport) -> str:
    """Return `incomplete: 3 done, 1 failed, 2 left`; states without resources are left out, except `done`."""
    counted = report.counts()
    if report.result is ResultWord.DONE and not report.was_started:
        return f"dry run: {counted[ResourceState.LEFT]} left" if report.plan.steps() else "done: nothing to do"
    shown = [f"{number} {state}" for state, number in _in_order(counted) if number or state == ResourceState.DONE]
    return f"{report.result.value}: {', '.join(shown)}"


def unstarted_words(report: ApplyReport) -> str:
    """Return why a run sent no request."""
    if report.plan.errors():
        return phrases.NOT_PLANNED
    if report.plan.is_refused:
        return f"{phrases.BLOCKED_PLAN[0].upper()}{phrases.BLOCKED_PLAN[1:]}"
    if report.plan.holds:
        return " ".join(hold_lines(report.plan))
    return _DRY_RUN if report.plan.steps() else phrases.nothing_to_apply(report.verdict or judge(report.plan))


def _checked_number(found: PlanVerdict) -> int:
    """Return how many remain; a failed step counts only where the final check finds no change behind it."""
    return len([one for one in found.remaining if one.kind is not RemainderKind.STEP]) or len(found.remaining)


def _in_order(counted: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for state in (ResourceState.DONE, ResourceState.FAILED, ResourceState.LEFT):
        yield state.value, counted[state]


def outputs(report: ApplyReport, command: str) -> dict[str, str]:
    """Return what later steps of a workflow need: the outcome, and of the plan all but its summary."""
    plan = github_actions.plan_outputs(report.plan)
    checked = None if report.verdict is None else _checked_number(report.verdict)
    return {
        **plan,
        **({} if checked is None else {"remaining": str(checked)}),
        "result": report.result.value,
        **{state: str(number) for state, number in _in_order(report.counts())},
        "summary": f"{command}: {sentence(report)}",
    }


def outputs_of_error(result: ResultWord, found: Plan | None, command: str, message: str) -> dict[str, str]:
    """Return the outputs of a run that an error ended before it wrote: nothing is done, all of the plan is left."""
    report = ApplyReport(found, was_started=False) if found else None
    numbers = report.counts() if report else None
    left = NOT_KNOWN if numbers is None else str(numbers[ResourceState.LEFT])
    return {
        **(github_actions.plan_outputs(found) if found else {}),
        "done": "0",
        "failed": "0",
        "left": left,
        **failure_outputs(result, command, message),
    }


def failure_outputs(result: ResultWord, command: str, message: str) -> dict[str, str]:
    """Return the outputs of a command that ended without a result of its own."""
    return {"result": result.value, "summary": f"{command}: {result.value}: {clean_text(message)}"}


def findings(report: ApplyReport) -> tuple[Finding, ...]:
    """Return an error for each resource that failed or is left, where the YAML declares it, and those of the run."""
    if report.result is ResultWord.BLOCKED:
        refused = (finding for item in report.plan.items for finding in refusal_findings(item))
        return (*refused, *hold_findings(report.plan))
    if report.result is ResultWord.DONE:
        return report.errors
    left = [one for state in (ResourceState.FAILED, ResourceState.LEFT) for one in report.of_state(state)]
    return (*report.errors, *(_finding(one, report.verdict) for one in left))


def refusal_findings(item: PlanItem) -> tuple[Finding, ...]:
    """Return an error for each safety check that blocks an item, with what allows exactly this change."""
    start = f"{item.address} "  # of a text that names its address itself
    return tuple(
        Finding(
            r.safety_check,
            r.text if r.text.startswith(start) else f"{item.address}: {r.text.removeprefix(f'{item.address}: ')}",
            item.at,
            f"to allow exactly this: {r.allow}",
        )
        for r in item.refusals
    )


def _finding(one: ResourceResult, verdict: PlanVerdict | None) -> Finding:
    """Return the finding of one resource, short enough for an annotation."""
    texts = reasons(one, verdict)
    shown = [text if len(text) <= MAX_REASON else f"{text[: MAX_REASON - 1]}…" for text in texts[:_REASONS]]
    shown += [f"and {len(texts) - _REASONS} more"] if len(texts) > _REASONS else []
    return Finding(rule(one), f"{one.address}: {one.state.value}: {'; '.join(shown)}", one.at, fix(one))


def rule(one: ResourceResult) -> str:
    """Return the rule of the request that failed, or one for the state of the resource."""
    failed = _first_failed(one)
    return (failed.rule if failed else None) or RULES[one.state]


def fix(one: ResourceResult) -> str | None:
    """Return how to fix the request that failed; None if none failed, or no fix is known."""
    failed = _first_failed(one)
    return failed.hint if failed else None


def _first_failed(one: ResourceResult) -> Outcome | None:
    return next((outcome for outcome in one.outcomes if outcome.status is OutcomeStatus.FAILED), None)


def reasons(one: ResourceResult, verdict: PlanVerdict | None) -> list[str]:
    """Return why a resource is not done: the requests that failed, else what was not sent, else what remains."""
    failed = [o for o in one.outcomes if o.status is OutcomeStatus.FAILED]
    undone = [o for o in one.outcomes if o.status not in (OutcomeStatus.DONE, OutcomeStatus.FAILED)]
    texts = [_request_text(o) for o in failed or undone]
    if not texts and not one.outcomes and one.item is not None and one.item.steps:
        texts = ["no request was sent"]
    if not texts and one.remaining and verdict is not None:
        texts = [f"the final check finds {phrases.remaining_words(PlanVerdict(one.remaining))}"]
    return texts or ["not all requests were sent"]


def _request_text(outcome: Outcome) -> str:
    words = " ".join(clean_text(line) for line in (outcome.message or "").split("\n"))
    request = apply.step(outcome.step, outcome.id).removesuffix(f" of {outcome.step.address}")
    return f"{request}: {words or outcome.status.value}"
