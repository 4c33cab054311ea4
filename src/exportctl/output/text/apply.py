"""The result of an apply: a line for each outcome as it comes, the report at the end, the steps after a rotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exportctl.errors import Level
from exportctl.model.apply_report import ApplyReport, ResourceState
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Action, Plan, PlanHeader, Step
from exportctl.model.verdict import DECIDED, PlanVerdict, is_open_finding
from exportctl.output import format_values, phrases
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan
from exportctl.resources.kinds import KINDS

if TYPE_CHECKING:
    from exportctl.plan.rotation import AccountFlow

_STYLES: Mapping[OutcomeStatus, str] = {
    OutcomeStatus.DONE: "good",
    OutcomeStatus.FAILED: "error",
    OutcomeStatus.BLOCKED: "error",
    OutcomeStatus.DEFERRED: "warning",
    OutcomeStatus.NOT_ATTEMPTED: "warning",
}


def outcome(shown: Outcome, number: int, total: int, *, color: bool = False) -> str:
    """Return `[3/7] done: update target connection tc-1 of exports.web-to-lake`, with message and hint below."""
    ink = paint(color)
    width = len(str(total))
    head = f"[{number:>{width}}/{total}] {ink(_STYLES[shown.status], shown.status.value)}: {step(shown.step, shown.id)}"
    lines = [head]
    lines += [plan.INDENT + clean_text(line) for line in _words(shown)]
    return "\n".join(lines) + "\n"


def step(shown: Step, made: str | None = None) -> str:
    """Return `create flow f-1 of exports.web-to-lake`; an ACT has the name of its operation."""
    verb = shown.operation if shown.action is Action.ACT and shown.operation else shown.action.value
    kind = KINDS[shown.kind].label
    ident = made or shown.id
    return f"{verb} {kind}{' ' + clean_text(ident) if ident else ''} of {format_values.address(shown.address)}"


def _words(shown: Outcome) -> list[str]:
    words = [line for part in (shown.message, shown.hint) if part for line in part.split("\n")]
    if shown.rule and words:
        words[0] += f"  [{shown.rule}]"
    return words


def render_apply_report(
    outcomes: Sequence[Outcome],
    *,
    remaining: Plan | None,
    verdict: PlanVerdict | None,
    normalised: Sequence[str] = (),
    interrupted: bool = False,
    color: bool = False,
    width: int = 120,
) -> str:
    """
    Return the end of an apply: numbers, steps that are not done, and the final check.

    After an interrupt it names only failed steps: a person who stops a run knows that the others were not sent.
    `remaining` is the plan that the final check made, `verdict` what it found; None: there was no final check.
    `normalised` lists values that the service keeps in another spelling.
    """
    ink = paint(color)
    is_cut, lines = interrupted and verdict is None, []
    for shown in outcomes:
        if shown.status is OutcomeStatus.FAILED or not (is_cut or shown.status is OutcomeStatus.DONE):
            lines.append(f"{ink(_STYLES[shown.status], shown.status.value)}: {step(shown.step, shown.id)}")
            lines += [plan.INDENT + clean_text(line) for line in _words(shown)]
    lines += [""] if lines else []
    if interrupted:
        lines.append(ink("warning", "Interrupted: no new request was sent; the requests in progress have finished."))
    lines.append(ink("bold", summary(outcomes)) + (" No final check." if is_cut else ""))
    if is_cut:
        return "\n".join(lines) + "\n"
    lines += [f"The service keeps another spelling: {clean_text(name)}" for name in normalised]
    lines.append(phrases.final_check(verdict))
    if remaining is not None:
        lines += plan.paused_lines(remaining, ink, width)
    if remaining is not None and verdict is not None and not verdict.is_complete:
        lines += _remaining_lines(remaining, verdict, ink, width)
    return "\n".join(lines) + "\n"


def _remaining_lines(remaining: Plan, verdict: PlanVerdict, ink: Paint, width: int) -> list[str]:
    """Return each address at which something remains, and the findings that say what to do."""
    open_subjects = {one.subject for one in verdict.remaining if one.kind not in DECIDED}
    lines: list[str] = []
    for item in (i for i in remaining.items if str(i.address) in open_subjects and phrases.is_listed(i)):
        lines += ["", *plan.block(item, remaining.as_of, ink, width)]
    found = (f for f in phrases.plan_findings(remaining) if f.level is Level.ERROR or is_open_finding(f))
    return lines + plan.findings(tuple(found), ink)


def render_next_commands(report: ApplyReport) -> str:
    """Return what to do after a run that is not done."""
    if report.interrupted and report.verdict is None:
        return f"Next: {clean_text(report.next_commands[0])}\n"
    title = "Next, fix what failed, then run:" if report.of_state(ResourceState.FAILED) else "Next:"
    return "\n".join([title, *(plan.INDENT + clean_text(command) for command in report.next_commands), ""])


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return `Apply: 6 done, 1 failed, 2 blocked.`; a status without steps is left out, except `done`."""
    counted = tally(outcomes)
    words = [f"{number} {status}" for status, number in counted.items() if number or status == OutcomeStatus.DONE]
    unfinished = sum(counted.values()) != counted[OutcomeStatus.DONE.value]
    return f"Apply: {', '.join(words)}." + (" Nothing was rolled back." if unfinished else "")


def tally(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Count the outcomes by status, zeros included."""
    return {status.value: sum(o.status is status for o in outcomes) for status in OutcomeStatus}


def render_next_steps(shown: Sequence[AccountFlow], header: PlanHeader, since: int, *, color: bool = False) -> str:
    """Return the steps after a rotation. `since`: when the new secrets were in place; earlier runs prove nothing."""
    if not shown:
        return "No flow uses this account, so nothing uses the old secrets.\n"
    ink = paint(color)
    head = "Keep the old secrets valid until each of these flows has written files with the new secrets:"
    lines = [ink("warning", head), *(plan.INDENT + _account_flow(one) for one in shown)]
    lines += ["Check after they have run:", *(plan.INDENT + call for call in follow_up_commands(shown, header, since))]
    return "\n".join(lines) + "\n"


def _account_flow(one: AccountFlow) -> str:
    name = str(one.address) if one.address else f'"{clean_text(one.name)}", not in this config'
    return f"{name}: " + (
        f"next run {format_values.moment(one.next_run)}" if one.next_run is not None else "next run unknown"
    )


def follow_up_commands(shown: Sequence[AccountFlow], header: PlanHeader, since: int) -> list[str]:
    """Return one `verify` for all declared flows, and one `runs` for each other flow."""
    moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = f" --env {header.environment}" if header.environment else ""
    targets = "".join(f" --target {one.address}" for one in shown if one.address)
    found = [f"exportctl verify{where}{targets} --since {moment}"] if targets else []
    return found + [f"exportctl runs {one.flow}{where} --since {moment}" for one in shown if not one.address]
