"""
Execute a plan: steps in the order of their needs, independent steps in parallel, one Outcome for each.

    ready        every step that it needs is done              -> start it, at most `limit` at the same time
    blocked      a step that it needs failed                   -> report it, do not start it
    deferred     a connection is still in use                  -> leave the orphan to the next apply; not a failure
    interrupted  an interrupt, the lease is lost, or the       -> start nothing new; running steps end
                 service drops descriptions

It never decides what to write. It halves the limit whenever the service answers 429, 500 or 503.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from exportctl.apply.failures import DescriptionsLost, StillInUse
from exportctl.apply.writer import Writer
from exportctl.errors import Error, LeaseLost, RefusedError
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Action, Plan, Step
from exportctl.model.ref import Ref
from exportctl.resources.kinds import FLOW, KINDS

_HIDDEN = (
    "give this credential access to the flow that uses it, or remove the export: an access label may hide the flow; "
    "exportctl creates nothing, because that would make a duplicate"
)


class _Halted(Error):
    """The run was interrupted before this step did anything."""


class ConcurrencyLimit:
    """The number of steps that may run at the same time; `halve` reduces it, never below one."""

    def __init__(self, most: int):
        self._most = max(1, most)
        self._lock = threading.Lock()

    @property
    def maximum(self) -> int:
        return self._most

    def halve(self) -> None:
        with self._lock:
            self._most = max(1, self._most // 2)


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


class _StepRunner:
    def __init__(
        self,
        steps: tuple[Step, ...],
        writer: Writer,
        limit: ConcurrencyLimit,
        stop: threading.Event,
        on_start: Callable[[Step], None],
    ):
        self.waiting = {step.key: step for step in steps}
        self.writer = writer
        self.limit = limit
        self.stop = stop
        self.on_start = on_start
        self.ids: dict[str, str] = {}  # step key -> id of what it created
        self.done: set[str] = set()
        self.failed: set[str] = set()
        self.probe = threading.Lock()
        self.probed = False
        assert len(self.waiting) == len(steps), "two steps have one key"
        missing = {n for s in steps for n in s.needs} - self.waiting.keys()
        assert not missing, f"steps need what is not in the plan: {sorted(missing)}"

    def outcomes(self) -> Iterator[Outcome]:
        flying: dict[Future[Outcome], Step] = {}
        with ThreadPoolExecutor(self.limit.maximum) as pool:
            while self.waiting or flying:
                yield from self._block_dependents()
                if not self.stop.is_set():
                    for step in self._ready_steps(self.limit.maximum - len(flying)):
                        self.on_start(step)
                        flying[pool.submit(self._execute_step, step)] = self.waiting.pop(step.key)
                if not flying:
                    break
                finished, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in sorted(finished, key=lambda f: flying[f].key):
                    step = flying.pop(future)
                    yield self._record_outcome(step, future.result())
        for step in self.waiting.values():
            yield Outcome(step, OutcomeStatus.NOT_ATTEMPTED, message="apply stopped before this step")

    def _ready_steps(self, room: int) -> list[Step]:
        free = [s for s in self.waiting.values() if all(n in self.done for n in s.needs)]
        return free[:room]

    def _block_dependents(self) -> Iterator[Outcome]:
        """Block every step that needs a failed step, directly or through other steps."""
        while True:
            lost = [s for s in self.waiting.values() if any(n in self.failed for n in s.needs)]
            if not lost:
                return
            for step in lost:
                del self.waiting[step.key]
                self.failed.add(step.key)
                culprit = next(n for n in step.needs if n in self.failed)
                yield Outcome(step, OutcomeStatus.BLOCKED, message=f"needs the step {culprit}, which is not done")

    def _record_outcome(self, step: Step, outcome: Outcome) -> Outcome:
        if outcome.status in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED):
            self.done.add(step.key)
            if outcome.id:
                self.ids[step.key] = outcome.id
        else:
            self.failed.add(step.key)
        return outcome

    def _execute_step(self, step: Step) -> Outcome:
        try:
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
            return Outcome(step, OutcomeStatus.FAILED, step.id, error.message, error.hint, error.rule)

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
        """Create an object; read the first connection of a run again, to check that the service keeps descriptions."""
        if KINDS[step.kind] is FLOW or self.probed:
            return self.writer.create(step, ids)
        with self.probe:
            if self.stop.is_set():
                raise _Halted("apply stopped before this step")
            identity = self.writer.create(step, ids)
            if not self.probed:
                try:
                    self.writer.check_descriptions_kept(step, identity)
                except DescriptionsLost:
                    self.stop.set()  # before the next creation, which waits for this one, gets its turn
                    raise
                self.probed = True
            return identity
