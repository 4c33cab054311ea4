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

from exportctl.apply.executor import ConcurrencyLimit, run_steps
from exportctl.apply.writer import Writer, replace_digests
from exportctl.client.inventory import read_lagging_objects
from exportctl.clock import Clock
from exportctl.model.plan import (
    WRITE_CAUSES,
    Action,
    Address,
    Cause,
    FieldChange,
    Inventory,
    Marker,
    Outcome,
    OutcomeStatus,
    Plan,
    PlanItem,
    Step,
    Verb,
    digest,
)
from exportctl.plan.create import deletion_steps
from exportctl.plan.ownership import LiveFlow, build_ownership
from exportctl.resources.kinds import KINDS

CHECK_DELAYS = (0.0, 2.0, 5.0, 15.0)  # seconds between readings while anything still moves


@dataclass(frozen=True)
class FinalCheck:
    """`plan` is the last one made; `proved`: it is empty; `normalised`: fields whose spelling the service changed."""

    plan: Plan
    passed: bool
    normalised: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


@dataclass
class FinalChecker:
    """What proving needs: `read` the sandbox, `replan` what was read, `writer` for markers and twins."""

    read: Callable[[], Inventory]
    replan: Callable[[Inventory], Plan]
    writer: Writer
    clock: Clock
    project: str
    limit: ConcurrencyLimit
    normalised: set[str] = field(default_factory=set)
    extra: list[Outcome] = field(default_factory=list)

    def run_final_check(self, before: Plan, outcomes: Sequence[Outcome]) -> FinalCheck:
        """Read back until the plan is empty or the pauses are used up."""
        created = {o.id: o.step.kind for o in outcomes if o.step.action is Action.CREATE and o.id}
        wrote = _written_fields(before, outcomes)
        replanned: Plan | None = None
        for pause in CHECK_DELAYS:
            if pause:
                self.clock.sleep(pause)
            live, replanned = self._read_and_replan(created, outcomes)
            if _settle_steps := [
                *self._duplicate_deletions(live, replanned, created),
                *self._normalised_marker_steps(replanned, wrote),
            ]:
                self._write_steps(tuple(_settle_steps), live)
                live, replanned = self._read_and_replan(created, outcomes)
            if _is_settled(replanned):
                return FinalCheck(replanned, True, tuple(sorted(self.normalised)), tuple(self.extra))
        assert replanned is not None
        return FinalCheck(replanned, False, tuple(sorted(self.normalised)), tuple(self.extra))

    def _read_and_replan(self, created: dict[str, str], outcomes: Sequence[Outcome]) -> tuple[Inventory, Plan]:
        every = (*outcomes, *self.extra)
        deleted = {
            o.step.id for o in every if o.step.action is Action.DELETE and o.status is OutcomeStatus.DONE and o.step.id
        }
        live = read_lagging_objects(self.writer.client, self.read(), created, deleted)
        return live, self.replan(live)

    def _write_steps(self, steps: tuple[Step, ...], live: Inventory) -> None:
        self.writer.known_objects = {o.id: o for kind in KINDS for o in live.objects_of_kind(kind)}
        self.writer.own_writes.clear()
        self.extra += run_steps(steps, self.writer, limit=self.limit, stop=threading.Event())

    def _duplicate_deletions(self, live: Inventory, replanned: Plan, created: dict[str, str]) -> Iterator[Step]:
        """Two runs made one flow each at the same moment: the younger goes, by the hand that made it."""
        ownership = build_ownership(live, self.project)
        for address, live_flows in sorted(ownership.own_flows.items()):
            newest = max(h.marker.generation for h in live_flows if h.marker)
            rivals = sorted((h for h in live_flows if h.marker and h.marker.generation == newest), key=_age)
            for live_flow in rivals[1:]:
                if live_flow.flow.id in created:
                    yield from deletion_steps(address, live_flow, needs=[])

    def _normalised_marker_steps(self, replanned: Plan, wrote: frozenset[tuple[Address, str]]) -> Iterator[Step]:
        """Marker-only writes for fields the service keeps otherwise than we sent them."""
        for item in replanned.items:
            ours = [c for c in item.fields if c.cause is Cause.DRIFT and (item.address, c.field) in wrote]
            if ours and all(c in ours for c in item.fields if c.cause in WRITE_CAUSES):
                self.normalised |= {f"{item.address} {c.path}: sent {c.after}, kept as {c.before}" for c in ours}
                yield from _two_digest_steps(item, ours)


def _age(live_flow: LiveFlow) -> tuple[int, str]:
    return live_flow.flow.created_at_ms, live_flow.flow.id


def _two_digest_steps(item: PlanItem, changes: Sequence[FieldChange]) -> Iterator[Step]:
    """Marker-only steps holding, per field, the digest of what was sent and of what is kept."""
    for step in item.steps:
        if step.action is not Action.UPDATE or step.marker is None:
            continue
        pairs = {c.field: _digest_pair(step.marker, step, c) for c in changes if c.field in step.marker.applied}
        if pairs:
            yield replace(
                step, fields={}, refs={}, needs=(), secrets=(), text=None, marker=replace_digests(step.marker, pairs)
            )


def _digest_pair(owner: Marker, step: Step, change: FieldChange) -> tuple[str, str]:
    kept = digest(change.before) if change.path == change.field else step.seen[change.field]
    return owner.applied[change.field][0], kept


def _written_fields(plan: Plan, outcomes: Sequence[Outcome]) -> frozenset[tuple[Address, str]]:
    """(address, field) that this run wrote and heard to be done."""
    done = {o.step.address for o in outcomes if o.status is OutcomeStatus.DONE}
    wrote: set[tuple[Address, str]] = set()
    for item in plan.items:
        if item.address not in done:
            continue
        if item.verb in (Verb.CREATE, Verb.COMPLETE, Verb.REPLACE):
            wrote |= {(item.address, name) for kind in KINDS.values() for name in kind.managed_fields}
        wrote |= {(item.address, c.field) for c in item.fields if c.cause in WRITE_CAUSES}
    return frozenset(wrote)


def _is_settled(plan: Plan) -> bool:
    return plan.is_empty and not any(s.action is not Action.DELETE for s in plan.steps())


def remaining_items(plan: Plan) -> tuple[PlanItem, ...]:
    """What is still to be done."""
    return tuple(i for i in plan.items if i.steps or i.refusals)
