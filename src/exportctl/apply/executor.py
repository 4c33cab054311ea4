"""
Execute a plan: steps in the order of their needs, independent steps in parallel, one Outcome for each.

    ready        every step that it needs is done              -> start it, at most `limit` at the same time
    blocked      a step that it needs failed                   -> report it, do not start it
    deferred     a connection is still in use                  -> leave the orphan to the next apply; not a failure
    interrupted  an interrupt, the lease is lost, or the       -> start nothing new; running steps end
                 service drops descriptions

The first ready step of the plan starts first, so that an interrupt leaves complete exports. When few steps are left,
those that others need start first: else the last ones wait for each other while places are free.

It never decides what to write. It halves the limit whenever the service answers 429, 500 or 503.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from heapq import heapify, heappop, heappush
from typing import Any

from exportctl.apply.failures import DescriptionsLost, StillInUse
from exportctl.apply.writer import Writer
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.errors import Error, LeaseLost, RefusedError, ServiceError
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Action, Plan, Step
from exportctl.model.ref import Ref
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, KINDS

_HIDDEN = (
    "give this credential access to the flow that uses it, or remove the export: an access label may hide the flow; "
    "exportctl creates nothing, because that would make a duplicate"
)


FEW_ROUNDS = 3  # as many steps as that fill: a flow and its two connections for each place
_LOOK_ALIKES = (BASE_CONNECTION, FLOW)  # what the writer lists once more before it creates


class _Halted(Error):
    """The run was interrupted before this step did anything."""


def apply_plan(
    plan: Plan,
    writer: Writer,
    *,
    limit: ConcurrencyLimit,
    stop: threading.Event | None = None,
    on_start: Callable[[Step], None] = lambda step: None,
) -> Iterator[Outcome]:
    """
    Execute the plan; yield one Outcome per step, in the order in which the steps end.

    `on_start` gets each step before its first request, in the thread of the caller.

    Raises:
        RefusedError: the plan contains a refusal or an error; nothing was written.
    """
    if plan.is_refused or plan.errors():
        why = [f"{i.address}: {r.text}" for i in plan.items for r in i.refusals] + [f.message for f in plan.errors()]
        rule = "blocked-by-safety-check" if plan.is_refused else "plan-errors"
        raise RefusedError("the plan cannot be applied; nothing was written\n  " + "\n  ".join(why), rule=rule)
    yield from run_steps(plan.steps(), writer, limit=limit, stop=stop or threading.Event(), on_start=on_start)


def run_steps(
    steps: tuple[Step, ...],
    writer: Writer,
    *,
    limit: ConcurrencyLimit,
    stop: threading.Event,
    on_start: Callable[[Step], None] = lambda step: None,
) -> Iterator[Outcome]:
    """Execute steps that need only each other."""
    return _StepRunner(steps, writer, limit, stop, on_start).outcomes()


class WaitingSteps:
    """
    The steps that have not started, in the order of the plan.

    A step is looked at once for each step that it needs, however many wait. `take_ready` sorts once more at the end.

    Raises:
        ValueError: two steps have one key, or a step needs a step that is not given.
    """

    def __init__(self, steps: tuple[Step, ...]):
        self._steps = {step.key: step for step in steps}
        self._positions = {step.key: n for n, step in enumerate(steps)}
        self._open_needs = {step.key: set(step.needs) for step in steps}
        self._dependents: dict[str, list[str]] = defaultdict(list)
        self._failed: set[str] = set()
        self._newly_failed: list[str] = []
        if len(self._steps) != len(steps):
            raise ValueError("two steps have one key")
        for key, needs in self._open_needs.items():
            for needed in needs:
                self._dependents[needed].append(key)
        missing = self._dependents.keys() - self._steps.keys()
        if missing:
            raise ValueError(f"steps need what is not in the plan: {sorted(missing)}")
        self._order = list(self._steps)
        self._are_few = False
        self._free = [self._rank(key) for key, needs in self._open_needs.items() if not needs]
        heapify(self._free)

    def __bool__(self) -> bool:
        return bool(self._steps)

    def take_ready(self, room: int, few: int = 0) -> list[Step]:
        """
        Remove and return the first steps, at most `room`, that need nothing that is not done.

        When no more than `few` steps are left, those that others need are the first.
        """
        if not self._are_few and len(self._steps) <= few:
            self._are_few = True
            self._free = [self._rank(self._order[position]) for _, position in self._free]
            heapify(self._free)
        count = max(0, min(room, len(self._free)))
        return [self._steps.pop(self._order[heappop(self._free)[1]]) for _ in range(count)]

    def _rank(self, key: str) -> tuple[bool, int]:
        return self._are_few and not self._dependents.get(key), self._positions[key]

    def mark_done(self, key: str) -> None:
        for dependent in self._dependents[key]:
            needs = self._open_needs[dependent]
            needs.discard(key)
            if not needs:
                heappush(self._free, self._rank(dependent))

    def mark_failed(self, key: str) -> None:
        self._failed.add(key)
        self._newly_failed.append(key)

    def take_blocked(self) -> Iterator[tuple[Step, str]]:
        """Remove and yield each step that needs a failed step, directly or through others, and what it needs."""
        while self._newly_failed:
            touched = {key for failed in self._newly_failed for key in self._dependents[failed]}
            self._newly_failed = []
            for key in sorted(touched & self._steps.keys(), key=self._positions.__getitem__):
                step = self._steps.pop(key)
                self.mark_failed(key)
                yield step, next(n for n in step.needs if n in self._failed)

    def take_all(self) -> list[Step]:
        """Remove and return what is left."""
        left, self._steps, self._free = list(self._steps.values()), {}, []
        return left


class _StepRunner:
    def __init__(
        self,
        steps: tuple[Step, ...],
        writer: Writer,
        limit: ConcurrencyLimit,
        stop: threading.Event,
        on_start: Callable[[Step], None],
    ):
        self.waiting = WaitingSteps(steps)
        self.writer = writer
        made = {step.kind for step in steps if step.action is Action.CREATE}
        self._look_alike_kinds = [*_LOOK_ALIKES] if made - {FLOW.name} else [FLOW] if made else []
        self.limit = limit
        self.stop = stop
        self.on_start = on_start
        self.ids: dict[str, str] = {}  # step key -> id of what it created
        self.probe = threading.Lock()
        self.probed = threading.Event()
        self.check_ended: Future[None] = Future()

    def outcomes(self) -> Iterator[Outcome]:
        flying: dict[Future[Outcome], Step] = {}
        with ThreadPoolExecutor(self.limit.upper_limit + len(_LOOK_ALIKES)) as pool:
            if self.limit.upper_limit > 1:
                for kind in self._look_alike_kinds:
                    pool.submit(self.writer.second_listing.objects_of_kind, kind)
            while self.waiting or flying:
                yield from self._block_dependents()
                if not self.stop.is_set():
                    places = self.limit.maximum
                    few = FEW_ROUNDS * places if self.limit.upper_limit > 1 else 0
                    for step in self.waiting.take_ready(places - len(flying), few):
                        self.on_start(step)
                        flying[pool.submit(self._execute_step, step)] = step
                if not flying:
                    break
                ended: list[Future[Any]] = [] if self.check_ended.done() else [self.check_ended]  # room for more steps
                finished, _ = wait([*flying, *ended], return_when=FIRST_COMPLETED)
                for future in sorted(finished & flying.keys(), key=lambda f: flying[f].key):
                    step = flying.pop(future)
                    yield self._record_outcome(step, future.result())
        for step in self.waiting.take_all():
            yield Outcome(step, OutcomeStatus.NOT_ATTEMPTED, message="apply stopped before this step")

    def _block_dependents(self) -> Iterator[Outcome]:
        for step, culprit in self.waiting.take_blocked():
            yield Outcome(step, OutcomeStatus.BLOCKED, message=f"needs the step {culprit}, which is not done")

    def _record_outcome(self, step: Step, outcome: Outcome) -> Outcome:
        if outcome.status in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED):
            self.waiting.mark_done(step.key)
            if outcome.id:
                self.ids[step.key] = outcome.id
        elif outcome.status is not OutcomeStatus.NOT_ATTEMPTED:  # then nothing starts any more
            self.waiting.mark_failed(step.key)
        return outcome

    def _execute_step(self, step: Step) -> Outcome:
        try:
            with self.limit:
                self._check_going_on()  # after the wait for a place: an interrupt may have come in between
                return Outcome(step, OutcomeStatus.DONE, self._write_step(step))
        except StillInUse as error:
            if step.detects_hidden_flow:
                return Outcome(step, OutcomeStatus.FAILED, step.id, error.message, _HIDDEN, "hidden-flow")
            hint = "the next apply deletes it"
            return Outcome(step, OutcomeStatus.DEFERRED, step.id, error.message, hint, error.rule)
        except _Halted as error:
            return Outcome(step, OutcomeStatus.NOT_ATTEMPTED, None, error.message)
        except (DescriptionsLost, LeaseLost) as error:
            self.stop.set()
            return Outcome(step, OutcomeStatus.FAILED, None, error.message, error.hint, error.rule)
        except Error as error:
            wrote = isinstance(error, ServiceError) and error.wrote
            return Outcome(step, OutcomeStatus.FAILED, step.id, error.message, error.hint, error.rule, wrote)

    def _check_going_on(self) -> None:
        if self.stop.is_set():
            raise _Halted("apply stopped before this step")

    def _write_step(self, step: Step) -> str | None:
        references = {name: self._resolve_id(value) for name, value in step.refs.items()}
        lists = KINDS[step.kind].refs
        ids: Mapping[str, Any] = {n: [v] if lists.get(n, ("", False))[1] else v for n, v in references.items()}
        if step.action is Action.CREATE:
            return self._create_object(step, ids)
        if step.action is Action.UPDATE:
            self.writer.update(step, ids)
        elif step.action is Action.ACT:
            self.writer.act(step, step.id or references["id"])
        else:
            self.writer.delete(step)
        return step.id or references.get("id")

    def _resolve_id(self, value: Ref | str) -> str:
        return self.ids[value.step] if isinstance(value, Ref) else value

    def _create_object(self, step: Step, ids: Mapping[str, Any]) -> str:
        """
        Create an object; read the first connection of a run again, to check that the service keeps descriptions.

        The other creations wait for this check, and for nothing else.
        """
        if KINDS[step.kind] is FLOW or self.probed.is_set():
            return self.writer.create(step, ids)
        with ExitStack() as held:
            held.enter_context(self.probe)
            self._check_going_on()
            if self.probed.is_set():
                held.close()
                return self.writer.create(step, ids)

            def check(identity: str) -> None:
                try:
                    self.writer.check_descriptions_kept(step, identity)
                except DescriptionsLost:
                    self.stop.set()  # before the next creation, which waits for this one, gets its turn
                    raise
                self.probed.set()
                self.check_ended.set_result(None)
                held.close()

            return self.writer.create(step, ids, check)
