"""The result of an apply: a line for each outcome as it comes, the report at the end, the steps after a rotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import CHANGE_VERBS, Action, Plan, PlanHeader, PlanItem, Step
from exportctl.output import format_values, phrases
from exportctl.output.color import paint
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


_FINAL_CHECKS: Mapping[bool | None, str] = {
    None: "No final check: make a new plan to see the state of the sandbox.",
    True: "Final check: no changes.",
}
_NO_CHANGE_REMAINS = "something remains that is no change. Run `exportctl plan`."
_ENDS_RENEWED = "Final check: every due end was moved."


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
    proved: bool | None = None,
    normalised: Sequence[str] = (),
    interrupted: bool = False,
    color: bool = False,
    width: int = 120,
) -> str:
    """
    Return the end of an apply: numbers, steps that are not done, and the final check.

    `remaining` is the plan that the final check made; None: there was no final check. `proved` overrules whether that
    plan counts as empty. `normalised` lists values that the service keeps in another spelling.
    """
    ink = paint(color)
    lines = []
    for shown in outcomes:
        if shown.status is not OutcomeStatus.DONE:
            lines.append(f"{ink(_STYLES[shown.status], shown.status.value)}: {step(shown.step, shown.id)}")
            lines += [plan.INDENT + clean_text(line) for line in _words(shown)]
    lines += [""] if lines else []
    if interrupted:
        lines.append(ink("warning", "Interrupted: no new request was sent; the requests in progress have finished."))
    lines.append(ink("bold", summary(outcomes)))
    lines += [f"The service keeps another spelling: {clean_text(name)}" for name in normalised]
    proof = has_passed_final_check(remaining, proved)
    left = _unrenewed_ends(remaining) if remaining else []
    if proof is False and remaining is not None:
        count = len(_remaining_items(remaining)) + len(remaining.errors())
        changes = "1 change remains." if count == 1 else f"{count} changes remain."
        lines.append(f"Final check: {changes if count else _NO_CHANGE_REMAINS}")
    else:
        lines.append(" ".join([_ENDS_RENEWED, *left]) if proof and left else _FINAL_CHECKS[proof])
    if remaining is not None:
        lines += plan.paused_lines(remaining, ink, width)
    if remaining is not None and not proof:
        for item in _remaining_items(remaining):
            lines += ["", *plan.block(item, remaining.as_of, ink, width)]
        lines += plan.findings((*remaining.errors(), *remaining.unknown_values()), ink)
    return "\n".join(lines) + "\n"


def _remaining_items(remaining: Plan) -> list[PlanItem]:
    """Return the addresses that an apply has not finished."""
    return [item for item in remaining.items if item.steps or item.refusals or item.verb in CHANGE_VERBS]


def _unrenewed_ends(remaining: Plan) -> list[str]:
    """Return a sentence for each kind of rolling end that a renewal leaves as it is."""
    over = [item for item in remaining.items if item.is_expired and not item.steps]
    unsure = [item for item in remaining.items if phrases.item_not_renewed_findings(item)]
    each = (("Expired, and left to an apply", over), ("Not renewed", unsure))
    return [f"{what}: {', '.join(format_values.address(i.address) for i in items)}." for what, items in each if items]


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return `Apply: 6 done, 1 failed, 2 blocked.`; a status without steps is left out, except `done`."""
    counted = tally(outcomes)
    words = [f"{number} {status}" for status, number in counted.items() if number or status == OutcomeStatus.DONE]
    unfinished = sum(counted.values()) != counted[OutcomeStatus.DONE.value]
    return f"Apply: {', '.join(words)}." + (" Nothing was rolled back." if unfinished else "")


def tally(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Count the outcomes by status, zeros included."""
    return {status.value: sum(o.status is status for o in outcomes) for status in OutcomeStatus}


def has_passed_final_check(remaining: Plan | None, proved: bool | None) -> bool | None:
    """Tell whether the final check made an empty plan; None: there was no final check."""
    if remaining is None or proved is not None:
        return proved
    return remaining.is_empty and not remaining.errors() and not remaining.unknown_values()


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
