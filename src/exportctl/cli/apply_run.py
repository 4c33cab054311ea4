"""
Apply a plan: ask, write under a progress bar, run the final check, and report.

After an interrupt (Ctrl-C, SIGTERM) nothing new starts. The requests under way finish, and the report is written.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from exportctl.cli import exit_codes, plan
from exportctl.cli.apply_output import show_apply_report
from exportctl.cli.apply_request import ApplyRequest
from exportctl.cli.audit import AuditLog
from exportctl.cli.context import TEXT, CommandContext, Interrupted, handle_signals
from exportctl.cli.holds import check_no_hold
from exportctl.cli.screen import Screen
from exportctl.errors import Error, StalePlan, UsageError
from exportctl.frozen import dataclass
from exportctl.model.apply_report import ApplyReport, ResultWord
from exportctl.model.outcome import Outcome, OutcomeStatus, final_outcomes
from exportctl.model.plan import Plan
from exportctl.model.verdict import judge
from exportctl.output.format_values import clean_text
from exportctl.output.text import apply
from exportctl.output.text import plan as text_plan

if TYPE_CHECKING:
    from exportctl.workflows.apply import ApplyRun
    from exportctl.workflows.lease import LeasedPlan
    from exportctl.workflows.load_config import Setup
    from exportctl.workflows.plan import ConnectedPlan

PRODUCTION = "prod"  # the sandbox of a request that names none [UD]


@dataclass
class Interrupt:
    """A signal handler that stops an apply."""

    received: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.received = True
        self.stop.set()


@dataclass(frozen=True)
class ApplyResult:
    """The exit code, and how each step ended. Without outcomes, no step was started."""

    exit_code: int
    outcomes: tuple[Outcome, ...] = ()


def confirm_and_apply(call: CommandContext, setup: Setup, order: ApplyRequest, made: ConnectedPlan) -> ApplyResult:
    """Ask if needed, then apply `made`, which has no errors and no refusals."""
    from exportctl.workflows import apply as apply_workflow

    if not made.plan.steps() or (order.is_renewal and not order.auto_approve):
        return ApplyResult(_show_nothing_to_apply(call, order, made))
    if call.format == TEXT and not order.is_renewal:
        plan.show_plan(call, made)
    interrupt = Interrupt()
    start = partial(
        apply_workflow.start_apply,
        setup=setup,
        flags=order.flags,
        parallelism=order.parallelism,
        stop=interrupt.stop,
        saved=order.saved,
    )
    under_way = start(made)  # a reference that is not set must fail before the question
    if not _ask_approval(call, order, made.plan):
        call.screen.tell("Not applied.")
        return ApplyResult(exit_codes.FAILED)
    with handle_signals(interrupt, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with _lease_and_plan(call, setup, order, made, interrupt) as leased:
            if leased.lease is not None:
                made, under_way = leased.made, start(leased.made, lease=leased.lease)
            call.screen.must_report = True
            audit = AuditLog(call, order.audit, made, order.overridden)
            audit.start(len(made.plan.steps()))
            ending = _run_and_check(call, under_way, interrupt, audit)
        audit.end(ending.outcomes, _AUDITED.get(ending.result, ending.result.value))
        show_apply_report(call, order, ending, made.findings)
    return ApplyResult(exit_codes.RESULT_CODES[ending.result], ending.outcomes)


_AUDITED = {ResultWord.LEASE_HELD: "incomplete"}  # the words of the audit file


def _show_nothing_to_apply(call: CommandContext, order: ApplyRequest, made: ConnectedPlan) -> int:
    """Show a plan without writes, or the dry run of a renewal. No question, no final check."""
    found = judge(made.plan)
    if call.format == TEXT and not order.is_renewal:
        plan.show_plan(call, made)
    ending = ApplyReport(made.plan, remaining_plan=made.plan, verdict=found, was_started=False)
    show_apply_report(call, order, ending, made.findings)
    return exit_codes.RESULT_CODES[ending.result]


def _ask_approval(call: CommandContext, order: ApplyRequest, shown: Plan) -> bool:
    """
    Ask whether to apply, unless the plan is approved or changes nothing that the config declares.

    For the sandbox prod the answer is its name: a `yes` that was meant for another terminal must not reach it.

    Raises:
        UsageError: an answer is needed and there is no terminal.
    """
    if order.auto_approve or order.saved or order.only_if or not judge(shown).has_changes:
        return True
    screen = call.screen
    if not screen.is_interactive:
        saved = ", or apply a saved plan: exportctl plan --out plan.json; exportctl apply plan.json"
        hint = f"add --auto-approve{'' if 'rotate' in shown.options else saved}"
        raise UsageError("apply must ask, and there is no terminal", rule="no-terminal", hint=hint)
    if call.format != TEXT:
        screen.tell(text_plan.render_plan(shown, color=screen.err_color, width=screen.width))
    sandbox = clean_text(shown.header.sandbox)
    if shown.header.sandbox == PRODUCTION:
        return screen.ask(f"This is sandbox {sandbox}. To apply, type its name: ") == PRODUCTION
    return screen.ask(f"Apply this to sandbox {sandbox}? Type `yes` to apply: ") == "yes"


@contextmanager
def _lease_and_plan(
    call: CommandContext, setup: Setup, order: ApplyRequest, made: ConnectedPlan, interrupt: Interrupt
) -> Iterator[LeasedPlan]:
    """Take the lease, if the config asks for one, and check that the plan under it is the approved one."""
    from exportctl.workflows.lease import take_lease

    unset = order.saved.unset if order.saved else ()
    try:
        with take_lease(made, setup, order.flags, stop=interrupt.stop, leave_unset=unset) as leased:
            if leased.lease is not None:
                leased = replace(leased, made=_check_approved_plan(call, order, made.plan, leased.made))
                check_no_hold(call, order.overrides, leased.made)
            yield leased
    except Error as error:
        if interrupt.received and error.rule == "interrupted":
            raise Interrupted(error.message, rule=error.rule) from None
        raise


def _check_approved_plan(call: CommandContext, order: ApplyRequest, before: Plan, made: ConnectedPlan) -> ConnectedPlan:
    """
    Compare the plan under the lease with the one `before` it, which the user saw.

    Raises:
        StalePlan: another run changed what was approved.
    """
    from exportctl.planfile import file as planfile

    if order.saved:
        made = replace(made, plan=planfile.reduce_to_approval(order.saved, made.plan))
    if planfile.approval_digest(made.plan) == planfile.approval_digest(before):
        return made
    text = "the sandbox changed while this run waited for the lease"
    if not order.auto_approve:
        hint = "another run wrote in between: make and review a new plan"
        raise StalePlan(f"{text}; nothing was written", rule="stale-plan", hint=hint)
    call.screen.tell(f"{text[0].upper()}{text[1:]}. The plan is now:")
    if call.format == TEXT:
        plan.show_plan(call, made)
    return made


def _run_and_check(call: CommandContext, under_way: ApplyRun, interrupt: Interrupt, audit: AuditLog) -> ApplyReport:
    total = len(under_way.planned.plan.steps())
    with _show_progress(call.screen, total) as print_line:
        for number, outcome in enumerate(under_way.execute_steps(audit.start_step), 1):
            audit.end_step(outcome)
            is_said = outcome.status is OutcomeStatus.FAILED or not interrupt.received
            print_line(apply.outcome(outcome, number, total, color=call.screen.err_color) if is_said else None)
    ending = ApplyReport(under_way.planned.plan, tuple(under_way.step_outcomes), interrupted=interrupt.received)
    if interrupt.received:
        return ending
    try:
        check = under_way.run_final_check()
    except Error as error:
        return replace(ending, errors=error.findings())
    for outcome in check.outcomes:
        audit.end_step(outcome)
    return replace(
        ending,
        outcomes=final_outcomes(ending.outcomes, check.outcomes),
        remaining_plan=check.plan,
        verdict=check.verdict,
        normalised=check.normalised,
        interrupted=interrupt.received,
    )


@contextmanager
def _show_progress(screen: Screen, total: int) -> Iterator[Callable[[str | None], None]]:
    """Yield the function that counts a step and prints its line, if any, on stderr: above the bar of a terminal."""
    with screen.progress.count_steps(total) as count:

        def print_line(line: str | None) -> None:
            if line is not None:
                screen.say(line)
            count()

        yield print_line
