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
from types import FrameType
from typing import TYPE_CHECKING

from exportctl.cli import exits, plan
from exportctl.cli.call import JSON, Call
from exportctl.cli.progress import progress
from exportctl.cli.reports import plan_for_actions
from exportctl.cli.saving import audit, check_audit
from exportctl.errors import Error, Finding, UsageError
from exportctl.model import Outcome, Plan
from exportctl.views import json, text, text_apply, values, wording

if TYPE_CHECKING:
    from exportctl.cli.apply import Order
    from exportctl.offline import Setup
    from exportctl.workflows import Applying, Planned


PRODUCTION = "prod"  # what a request goes to that names no sandbox [UD]


@dataclass
class Ending:
    """How an apply ended. `residue` is what the read-back left, None if nothing was read back."""

    outcomes: tuple[Outcome, ...] = ()
    residue: Plan | None = None
    proved: bool = False
    interrupted: bool = False
    normalised: tuple[str, ...] = ()
    errors: tuple[Finding, ...] = ()

    def code(self, succeeded: bool) -> int:
        codes = [exits.INTERRUPTED] if self.interrupted else []
        codes += [exits.FAILED] if self.errors else []
        codes += [] if succeeded and self.proved else [exits.INCOMPLETE]
        return exits.first(*codes)


@dataclass
class Interrupt:
    """Set by a signal."""

    came: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        self.stop.set()


@contextmanager
def listening(interrupt: Interrupt) -> Iterator[None]:
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
class Carried:
    """`code` is the exit code, `outcomes` what became of each step; without any, nothing was begun."""

    code: int
    outcomes: tuple[Outcome, ...] = ()


def carry(call: Call, setup: Setup, order: Order, made: Planned) -> Carried:
    """Ask if somebody must be asked, then apply `made`, which is neither refused nor in error."""
    from exportctl import workflows

    check_audit(call, order.audit)
    if not made.plan.steps() or (order.renewing and not order.auto_approve):
        return Carried(_nothing(call, order, made))
    if call.format != JSON and not order.renewing:
        plan.shown(call, made)
    interrupt = Interrupt()
    under_way = workflows.begun(
        made, setup, order.flags, parallelism=order.parallelism, stop=interrupt.stop, saved=order.saved
    )
    if not _agreed(call, order, made.plan):
        call.screen.say("Not applied.")
        return Carried(exits.FAILED)
    with listening(interrupt):
        ending = _ended(call, under_way, interrupt)
        code = exits.first(ending.code(under_way.succeeded()), _left(order, made.plan))
        audit(call, order.audit, made, ending.outcomes, _RESULTS.get(code, "failed"))
        _report(call, order, made, ending)
        plan_for_actions(call, made.plan, made.findings)
    return Carried(code, ending.outcomes)


_RESULTS = {exits.DONE: "done", exits.INCOMPLETE: "incomplete", exits.INTERRUPTED: "interrupted"}


def _nothing(call: Call, order: Order, made: Planned) -> int:
    """Nothing to write, or only to show: no question, no read-back."""
    if call.format == JSON:
        call.screen.document(json.renew(made.plan) if order.renewing else json.apply(made.plan, (), residue=made.plan))
    elif order.renewing:
        call.screen.show(text.renew(made.plan, color=call.screen.color, width=call.screen.width))
    else:
        plan.shown(call, made)
        call.screen.show("Nothing to do.\n")
    plan_for_actions(call, made.plan, made.findings)
    return _left(order, made.plan)


def _left(order: Order, shown: Plan) -> int:
    """`renew` leaves a rolling end that is over, or not its to move: whoever watches must hear of it."""
    left = any(item.lapsed for item in shown.items) or wording.passed_over(shown)
    return exits.INCOMPLETE if order.renewing and left else exits.DONE


def _agreed(call: Call, order: Order, shown: Plan) -> bool:
    """
    A saved plan, a digest, --auto-approve, or a plan that changes nothing people declared: no question. For the
    sandbox prod its name is the answer, as typed: a `yes` meant for another terminal must not reach it.

    Raises:
        UsageError: somebody must be asked and there is no terminal.
    """
    if order.auto_approve or order.saved or order.only_if or shown.empty:
        return True
    screen = call.screen
    if not screen.watched:
        saved = ", or apply a saved plan: exportctl plan --out plan.json; exportctl apply plan.json"
        hint = f"add --auto-approve{'' if 'rotate' in shown.flags else saved}"
        raise UsageError("there is no terminal to ask on, and no --auto-approve", rule="no-terminal", hint=hint)
    if call.format == JSON:
        screen.say(text.plan(shown, color=screen.err_color, width=screen.width))
    sandbox = values.clean(shown.header.sandbox)
    if shown.header.sandbox == PRODUCTION:
        return screen.ask(f"This is sandbox {sandbox}. Type its name to apply this to it: ") == PRODUCTION
    return screen.ask(f"Apply this to sandbox {sandbox}? Only `yes` is a yes: ") == "yes"


def _ended(call: Call, under_way: Applying, interrupt: Interrupt) -> Ending:
    with progress(call.screen, len(under_way.planned.plan.steps())) as tell:
        for outcome in under_way.outcomes():
            tell(outcome)
    ending = Ending(tuple(under_way.done), interrupted=interrupt.came)
    if interrupt.came:
        return ending
    try:
        proof = under_way.prove()
    except Error as error:
        ending.errors = error.findings()
        return ending
    ending.outcomes += proof.outcomes
    ending.residue, ending.proved, ending.normalised = proof.plan, proof.proved, proof.normalised
    ending.interrupted = interrupt.came
    return ending


def _report(call: Call, order: Order, made: Planned, ending: Ending) -> None:
    screen = call.screen
    if call.format == JSON:
        screen.document(_document(order, made, ending))
        return
    for line in ending.normalised:
        screen.say(f"normalised by the service: {values.clean(line)}")
    if order.renewing:
        screen.show(text.renew(made.plan, color=screen.color, width=screen.width))
    screen.show(
        text_apply.report(
            ending.outcomes,
            residue=ending.residue,
            interrupted=ending.interrupted,
            color=screen.color,
            width=screen.width,
        )
    )
    if ending.errors:
        screen.say("\n".join(str(f) for f in ending.errors))


def _document(order: Order, made: Planned, ending: Ending) -> str:
    if order.renewing:
        return json.renew(made.plan, ending.outcomes, errors=ending.errors)
    return json.apply(
        made.plan,
        ending.outcomes,
        residue=ending.residue,
        interrupted=ending.interrupted,
        errors=ending.errors,
    )
