"""
From a plan that may be applied to an exit code: ask, carry out under a progress bar, read back, report.

An interrupt (Ctrl-C, SIGTERM) lets nothing new start; what is in flight finishes, the report is written, exit 8.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from exportctl.cli import exit_codes, plan
from exportctl.cli.ci_reports import publish_plan
from exportctl.cli.context import JSON, CommandContext
from exportctl.cli.files import append_audit_record, check_audit
from exportctl.cli.progress import show_progress
from exportctl.errors import Error, Finding, UsageError
from exportctl.model.plan import Outcome, Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.output import format_values, phrases
from exportctl.output.json import documents
from exportctl.output.text import apply
from exportctl.output.text import plan as text_plan

WEEK = 7 * 86400


if TYPE_CHECKING:
    from exportctl.planfile.file import SavedPlan
    from exportctl.workflows.apply import ApplyRun
    from exportctl.workflows.load_config import Setup
    from exportctl.workflows.plan import ConnectedPlan


PRODUCTION = "prod"  # what a request goes to that names no sandbox [UD]


@dataclass
class ApplyReport:
    """How an apply ended. `residue` is what the read-back left, None if nothing was read back."""

    outcomes: tuple[Outcome, ...] = ()
    remaining_plan: Plan | None = None
    final_check_passed: bool = False
    interrupted: bool = False
    normalised: tuple[str, ...] = ()
    errors: tuple[Finding, ...] = ()

    def exit_code(self, succeeded: bool) -> int:
        codes = [exit_codes.INTERRUPTED] if self.interrupted else []
        codes += [exit_codes.FAILED] if self.errors else []
        codes += [] if succeeded and self.final_check_passed else [exit_codes.INCOMPLETE]
        return exit_codes.pick_exit_code(*codes)


@dataclass
class Interrupt:
    """Set by a signal."""

    received: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.received = True
        self.stop.set()


@contextmanager
def handle_signals(interrupt: Interrupt) -> Iterator[None]:
    """Signals set it while this is open; only the main thread can listen to them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class ApplyResult:
    """`code` is the exit code, `outcomes` what became of each step; without any, nothing was begun."""

    exit_code: int
    outcomes: tuple[Outcome, ...] = ()


def confirm_and_apply(call: CommandContext, setup: Setup, order: ApplyRequest, made: ConnectedPlan) -> ApplyResult:
    """Ask if somebody must be asked, then apply `made`, which is neither refused nor in error."""
    from exportctl.workflows import apply as apply_workflow

    check_audit(call, order.audit)
    if not made.plan.steps() or (order.is_renewal and not order.auto_approve):
        return ApplyResult(_show_nothing_to_apply(call, order, made))
    if call.format != JSON and not order.is_renewal:
        plan.show_plan(call, made)
    interrupt = Interrupt()
    under_way = apply_workflow.start_apply(
        made, setup, order.flags, parallelism=order.parallelism, stop=interrupt.stop, saved=order.saved
    )
    if not _ask_approval(call, order, made.plan):
        call.screen.say("Not applied.")
        return ApplyResult(exit_codes.FAILED)
    with handle_signals(interrupt):
        ending = _run_and_check(call, under_way, interrupt)
        code = exit_codes.pick_exit_code(
            ending.exit_code(under_way.has_succeeded()), _unrenewed_exit_code(order, made.plan)
        )
        append_audit_record(call, order.audit, made, ending.outcomes, _RESULTS.get(code, "failed"))
        _show_report(call, order, made, ending)
        publish_plan(call, made.plan, made.findings)
    return ApplyResult(code, ending.outcomes)


_RESULTS = {exit_codes.DONE: "done", exit_codes.INCOMPLETE: "incomplete", exit_codes.INTERRUPTED: "interrupted"}


def _show_nothing_to_apply(call: CommandContext, order: ApplyRequest, made: ConnectedPlan) -> int:
    """Nothing to write, or only to show: no question, no read-back."""
    if call.format == JSON:
        call.screen.write_document(
            documents.render_renewals(made.plan)
            if order.is_renewal
            else documents.render_apply_report(made.plan, (), remaining=made.plan)
        )
    elif order.is_renewal:
        call.screen.show(text_plan.render_renewals(made.plan, color=call.screen.color, width=call.screen.width))
    else:
        plan.show_plan(call, made)
        call.screen.show("Nothing to do.\n")
    publish_plan(call, made.plan, made.findings)
    return _unrenewed_exit_code(order, made.plan)


def _unrenewed_exit_code(order: ApplyRequest, shown: Plan) -> int:
    """`renew` leaves a rolling end that is over, or not its to move: whoever watches must hear of it."""
    left = any(item.is_expired for item in shown.items) or phrases.not_renewed_findings(shown)
    return exit_codes.INCOMPLETE if order.is_renewal and left else exit_codes.DONE


def _ask_approval(call: CommandContext, order: ApplyRequest, shown: Plan) -> bool:
    """
    A saved plan, a digest, --auto-approve, or a plan that changes nothing people declared: no question. For the
    sandbox prod its name is the answer, as typed: a `yes` meant for another terminal must not reach it.

    Raises:
        UsageError: somebody must be asked and there is no terminal.
    """
    if order.auto_approve or order.saved or order.only_if or shown.is_empty:
        return True
    screen = call.screen
    if not screen.is_interactive:
        saved = ", or apply a saved plan: exportctl plan --out plan.json; exportctl apply plan.json"
        hint = f"add --auto-approve{'' if 'rotate' in shown.options else saved}"
        raise UsageError("there is no terminal to ask on, and no --auto-approve", rule="no-terminal", hint=hint)
    if call.format == JSON:
        screen.say(text_plan.render_plan(shown, color=screen.err_color, width=screen.width))
    sandbox = format_values.clean_text(shown.header.sandbox)
    if shown.header.sandbox == PRODUCTION:
        return screen.ask(f"This is sandbox {sandbox}. Type its name to apply this to it: ") == PRODUCTION
    return screen.ask(f"Apply this to sandbox {sandbox}? Only `yes` is a yes: ") == "yes"


def _run_and_check(call: CommandContext, under_way: ApplyRun, interrupt: Interrupt) -> ApplyReport:
    with show_progress(call.screen, len(under_way.connected_plan.plan.steps())) as tell:
        for outcome in under_way.execute_steps():
            tell(outcome)
    ending = ApplyReport(tuple(under_way.step_outcomes), interrupted=interrupt.received)
    if interrupt.received:
        return ending
    try:
        proof = under_way.run_final_check()
    except Error as error:
        ending.errors = error.findings()
        return ending
    ending.outcomes += proof.outcomes
    ending.remaining_plan, ending.final_check_passed, ending.normalised = proof.plan, proof.passed, proof.normalised
    ending.interrupted = interrupt.received
    return ending


def _show_report(call: CommandContext, order: ApplyRequest, made: ConnectedPlan, ending: ApplyReport) -> None:
    screen = call.screen
    if call.format == JSON:
        screen.write_document(_document(order, made, ending))
        return
    for line in ending.normalised:
        screen.say(f"normalised by the service: {format_values.clean_text(line)}")
    if order.is_renewal:
        screen.show(text_plan.render_renewals(made.plan, color=screen.color, width=screen.width))
    screen.show(
        apply.render_apply_report(
            ending.outcomes,
            remaining=ending.remaining_plan,
            interrupted=ending.interrupted,
            color=screen.color,
            width=screen.width,
        )
    )
    if ending.errors:
        screen.say("\n".join(str(f) for f in ending.errors))


def _document(order: ApplyRequest, made: ConnectedPlan, ending: ApplyReport) -> str:
    if order.is_renewal:
        return documents.render_renewals(made.plan, ending.outcomes, errors=ending.errors)
    return documents.render_apply_report(
        made.plan,
        ending.outcomes,
        remaining=ending.remaining_plan,
        interrupted=ending.interrupted,
        errors=ending.errors,
    )


@dataclass(frozen=True)
class ApplyRequest:
    """How an apply is to be done. `saved` or `only_if` is the approval; without one somebody is asked."""

    flags: PlanOptions
    saved: SavedPlan | None = None
    only_if: str | None = None
    auto_approve: bool = False
    max_age: int = WEEK
    parallelism: int = 4
    audit: Path | None = None
    is_renewal: bool = False
