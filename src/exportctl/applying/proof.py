"""
An apply proves itself: the sandbox is read back, planned again, and must need nothing more.

A difference in a field that this very run wrote is the service's own spelling, not drift: said once, and the marker
then holds both digests. Twins this run made are settled by their maker: the younger goes. What lists lag behind on is
read by id. Everything else that is left is the residue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from exportctl.applying.apply import Limit, run
from exportctl.applying.protocols import Writer, marked
from exportctl.clock import Clock
from exportctl.kinds import KINDS
from exportctl.model import (
    WRITES,
    Action,
    Address,
    Cause,
    FieldChange,
    Item,
    Live,
    Marker,
    Outcome,
    Plan,
    Status,
    Step,
    Verb,
    digest,
)
from exportctl.planning.creation import removal
from exportctl.planning.ownership import Holding, survey
from exportctl.service.live import settled

PAUSES = (0.0, 2.0, 5.0, 15.0)  # seconds between readings while anything still moves


@dataclass(frozen=True)
class Proof:
    """`plan` is the last one made; `proved`: it is empty; `normalised`: fields whose spelling the service changed."""

    plan: Plan
    proved: bool
    normalised: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


@dataclass
class Prover:
    """What proving needs: `read` the sandbox, `replan` what was read, `writer` for markers and twins."""

    read: Callable[[], Live]
    replan: Callable[[Live], Plan]
    writer: Writer
    clock: Clock
    project: str
    limit: Limit
    normalised: set[str] = field(default_factory=set)
    extra: list[Outcome] = field(default_factory=list)

    def prove(self, before: Plan, outcomes: Sequence[Outcome]) -> Proof:
        """Read back until the plan is empty or the pauses are used up."""
        created = {o.id: o.step.kind for o in outcomes if o.step.action is Action.CREATE and o.id}
        wrote = _written(before, outcomes)
        again: Plan | None = None
        for pause in PAUSES:
            if pause:
                self.clock.sleep(pause)
            live, again = self._again(created, outcomes)
            if _settle_steps := [*self._twins(live, again, created), *self._spellings(again, wrote)]:
                self._carry_out(tuple(_settle_steps), live)
                live, again = self._again(created, outcomes)
            if _proved(again):
                return Proof(again, True, tuple(sorted(self.normalised)), tuple(self.extra))
        assert again is not None
        return Proof(again, False, tuple(sorted(self.normalised)), tuple(self.extra))

    def _again(self, created: dict[str, str], outcomes: Sequence[Outcome]) -> tuple[Live, Plan]:
        every = (*outcomes, *self.extra)
        deleted = {o.step.id for o in every if o.step.action is Action.DELETE and o.status is Status.DONE and o.step.id}
        live = settled(self.writer.client, self.read(), created, deleted)
        return live, self.replan(live)

    def _carry_out(self, steps: tuple[Step, ...], live: Live) -> None:
        self.writer.known = {o.id: o for kind in KINDS for o in live.of(kind)}
        self.writer.touched.clear()
        self.extra += run(steps, self.writer, limit=self.limit, stop=threading.Event())

    def _twins(self, live: Live, again: Plan, created: dict[str, str]) -> Iterator[Step]:
        """Two runs made one flow each at the same moment: the younger goes, by the hand that made it."""
        estate = survey(live, self.project)
        for address, holdings in sorted(estate.ours.items()):
            newest = max(h.marker.generation for h in holdings if h.marker)
            rivals = sorted((h for h in holdings if h.marker and h.marker.generation == newest), key=_age)
            for holding in rivals[1:]:
                if holding.flow.id in created:
                    yield from removal(address, holding, needs=[])

    def _spellings(self, again: Plan, wrote: frozenset[tuple[Address, str]]) -> Iterator[Step]:
        """Marker-only writes for fields the service keeps otherwise than we sent them."""
        for item in again.items:
            ours = [c for c in item.fields if c.cause is Cause.DRIFT and (item.address, c.field) in wrote]
            if ours and all(c in ours for c in item.fields if c.cause in WRITES):
                self.normalised |= {f"{item.address} {c.path}: sent {c.after}, kept as {c.before}" for c in ours}
                yield from _both(item, ours)


def _age(holding: Holding) -> tuple[int, str]:
    return holding.flow.created_ms, holding.flow.id


def _both(item: Item, changes: Sequence[FieldChange]) -> Iterator[Step]:
    """Marker-only steps holding, per field, the digest of what was sent and of what is kept."""
    for step in item.steps:
        if step.action is not Action.UPDATE or step.marker is None:
            continue
        pairs = {c.field: _pair(step.marker, step, c) for c in changes if c.field in step.marker.applied}
        if pairs:
            yield replace(
                step, fields={}, refs={}, needs=(), secrets=(), text=None, marker=marked(step.marker, **pairs)
            )


def _pair(owner: Marker, step: Step, change: FieldChange) -> tuple[str, str]:
    kept = digest(change.before) if change.path == change.field else step.seen[change.field]
    return owner.applied[change.field][0], kept


def _written(plan: Plan, outcomes: Sequence[Outcome]) -> frozenset[tuple[Address, str]]:
    """(address, field) that this run wrote and heard to be done."""
    done = {o.step.address for o in outcomes if o.status is Status.DONE}
    wrote: set[tuple[Address, str]] = set()
    for item in plan.items:
        if item.address not in done:
            continue
        if item.verb in (Verb.CREATE, Verb.COMPLETE, Verb.REPLACE):
            wrote |= {(item.address, name) for kind in KINDS.values() for name in kind.managed}
        wrote |= {(item.address, c.field) for c in item.fields if c.cause in WRITES}
    return frozenset(wrote)


def _proved(plan: Plan) -> bool:
    return plan.empty and not any(s.action is not Action.DELETE for s in plan.steps())


def residue(plan: Plan) -> tuple[Item, ...]:
    """What is still to be done."""
    return tuple(i for i in plan.items if i.steps or i.refusals)
