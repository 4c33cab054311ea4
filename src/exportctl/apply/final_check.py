"""
The final check after an apply: read again what the run can have changed, and plan again; the verdict decides.

Datasets, connection specs, and objects of a kind of which the run wrote none stay as the plan read them.

* A difference in a field that this run wrote is the service's own spelling, not drift: the marker gets both digests,
  so the next plan is empty.
* A value that a field had before this run is not taken for such a spelling before the last reading: the service may
  answer a write before its effect.
* A write that the service accepted and did not carry out later (`lastOperation`) is a failed step.
* If two runs created one flow each at the same time, the run that created the younger flow deletes it.
* Lists show new objects late, so this run's own objects are read by id. A flow that was delivered twice is in no list
  before them: the check does not pass before a list shows the flows that this run created, or all readings are used.

It does not know the planner: the caller passes `replan` and `duplicate_deletions`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import field, replace

from exportctl.apply.executor import run_steps
from exportctl.apply.existing_objects import CREATE_UNCERTAIN
from exportctl.apply.spellings import WrittenFields, spelled_changes, spelling_steps, spelling_text, written_fields
from exportctl.apply.writer import Writer
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.client.inventory import read_lagging_objects
from exportctl.clock import Clock
from exportctl.frozen import dataclass
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Action, Address, Inventory, Plan, Step
from exportctl.model.verdict import NOT_DONE, PlanVerdict, judge
from exportctl.resources.kinds import FLOW, KINDS
from exportctl.resources.last_operation import parse_last_operation

# Seconds before each reading, while something remains. After LAST_CHECK only values that this run wrote are waited
# for: a minute in all.
DELAYS = (0.0, 2.0, 5.0, 15.0, 15.0, 25.0)
LAST_CHECK = 3
NOT_STARTED = frozenset({OutcomeStatus.NOT_ATTEMPTED, OutcomeStatus.BLOCKED})
FAILED_LATER, CUT = "failed-later", "description-cut"
FINAL_FAILURES = frozenset({FAILED_LATER, CUT})


@dataclass(frozen=True)
class FinalCheck:
    """
    The result: the last `plan`, the verdict on it and on the run; `normalised` has new spellings.

    `lists_are_current`: lists show every object that this run created, and none that it deleted.
    """

    plan: Plan
    verdict: PlanVerdict
    normalised: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    lists_are_current: bool = False

    @property
    def passed(self) -> bool:
        return self.verdict.is_complete


@dataclass
class FinalChecker:
    """
    The parts of a final check: `read` the objects of some kinds again, `replan`, `writer` for markers and duplicates.
    """

    read: Callable[[frozenset[str]], Inventory]
    replan: Callable[[Inventory], Plan]
    writer: Writer
    clock: Clock
    duplicate_deletions: Callable[[Inventory, Collection[str]], Iterator[Step]]
    limit: ConcurrencyLimit
    normalised: set[str] = field(default_factory=set)
    extra: list[Outcome] = field(default_factory=list)
    lists_are_current: bool = False  # at the last reading
    kinds: frozenset[str] = frozenset({FLOW.name})  # to read: a flow can also follow a change of its connections
    is_list_late: bool = False  # the last list of flows lacks one that this run created

    def run_final_check(self, before: Plan, outcomes: Sequence[Outcome]) -> FinalCheck:
        """Read and plan until nothing remains or all delays are used."""
        created = {o.id: o.step.kind for o in outcomes if o.step.action is Action.CREATE and o.id}
        wrote = written_fields(before, outcomes)
        refused = _refused_creations(outcomes)
        self.kinds |= {o.step.kind for o in outcomes if o.status not in NOT_STARTED}
        for number, pause in enumerate(DELAYS):
            if pause:
                self.clock.sleep(pause)
            self.extra = [o for o in self.extra if o.status not in NOT_DONE]  # a new reading finds what is still to do
            live, replanned = self._read_and_replan(created, outcomes)
            late = (*_late_outcomes(live, outcomes), *self._cut_outcomes(live, outcomes))
            is_last = number == len(DELAYS) - 1
            spelled = () if late else self._spelling_steps(replanned, live, wrote, is_last_reading=is_last)
            if corrections := (*self.duplicate_deletions(live, created), *spelled):
                self._write_steps(corrections, live)
                live, replanned = self._read_and_replan(created, outcomes)
            verdict = judge(replanned, (*outcomes, *self.extra, *late))
            awaited = replace(replanned, items=tuple(i for i in replanned.items if i.address not in refused))
            can_still_come = not any(o.rule in FINAL_FAILURES for o in late) and (late or wrote.differ(awaited))
            # what was just written may be in transition; what is not listed yet may have a duplicate
            can_still_come = can_still_come or bool(corrections) or self.is_list_late or _has_uncertain(outcomes)
            has_failed = any(o.status in NOT_DONE for o in self.extra)
            settled = judge(awaited, late).is_final and not self.is_list_late and not has_failed
            if settled or (number >= LAST_CHECK and not can_still_come):
                break
        spellings, others = tuple(sorted(self.normalised)), (*self.extra, *late)
        return FinalCheck(replanned, verdict, spellings, others, self.lists_are_current)

    def _read_and_replan(self, created: dict[str, str], outcomes: Sequence[Outcome]) -> tuple[Inventory, Plan]:
        done = [o.step for o in (*outcomes, *self.extra) if o.status is OutcomeStatus.DONE]
        deleted = {step.id for step in done if step.action is Action.DELETE and step.id}
        read = self.read(self.kinds)
        listed = {o.id for kind in KINDS for o in read.objects_of_kind(kind)}
        self.lists_are_current = created.keys() <= listed and not deleted & listed
        flows = {identity for identity, kind in created.items() if kind == FLOW.name}
        self.is_list_late = not flows <= listed | deleted
        live = read_lagging_objects(
            self.writer.client, read, created, deleted, self.writer.get, self.writer.is_former_version
        )
        return live, self.replan(live)

    def _write_steps(self, steps: tuple[Step, ...], live: Inventory) -> None:
        self.writer.known_objects = {o.id: o for kind in KINDS for o in live.objects_of_kind(kind)}
        self.writer.own_writes.clear()
        self.kinds |= {step.kind for step in steps}
        self.extra += run_steps(steps, self.writer, limit=self.limit, stop=threading.Event())

    def _cut_outcomes(self, live: Inventory, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
        """Find the descriptions of which the service kept only the beginning, so that the ownership marker is lost."""
        done = {o.id: o for o in (*outcomes, *self.extra) if o.status is OutcomeStatus.DONE}
        for found in (o for kind in KINDS for o in live.objects_of_kind(kind) if o.id in done):
            sent, shown = self.writer.sent_descriptions.get(found.id), str(found.raw.get("description") or "")
            has_marker = found.marker is not None and not found.marker.damaged
            if sent is None or has_marker or not sent.startswith(shown) or sent == shown:
                continue
            yield replace(
                done[found.id],
                status=OutcomeStatus.FAILED,
                message=f"the service kept {len(shown)} of the {len(sent)} characters of the description: "
                "the ownership marker at its end is cut off",
                hint="shorten `description` or `repository`; `exportctl plan` says how much room there is",
                rule=CUT,
            )

    def _spelling_steps(
        self, replanned: Plan, live: Inventory, wrote: WrittenFields, *, is_last_reading: bool
    ) -> Iterator[Step]:
        """Write only the markers of fields that the service keeps in another spelling."""
        objects = {o.id: o for kind in KINDS for o in live.objects_of_kind(kind)}
        for item in replanned.items:
            client = self.writer.client.client_id
            if changes := spelled_changes(item, wrote, objects, client, is_last_reading=is_last_reading):
                self.normalised |= {spelling_text(item, c, objects) for c in changes}
                yield from spelling_steps(item, changes, objects)


def _refused_creations(outcomes: Sequence[Outcome]) -> frozenset[Address]:
    """
    Find the addresses at which this run only created, and a creation certainly failed or did not begin.

    Nothing there was changed, and what was created is read by id, so a later reading shows no more.
    """
    undone = {o.step.address for o in outcomes if o.status in NOT_DONE}
    written = (o for o in outcomes if o.status is OutcomeStatus.DONE and o.step.action is not Action.CREATE)
    unsure = (o for o in outcomes if o.may_have_happened)
    return frozenset(undone - {o.step.address for o in (*written, *unsure)})


def _has_uncertain(outcomes: Sequence[Outcome]) -> bool:
    """Say whether the answer to a creation was lost and no list showed the object: a later list may."""
    return any(o.rule == CREATE_UNCERTAIN for o in outcomes)


def _late_outcomes(live: Inventory, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    """Find the writes of this run that the service accepted and has not carried out."""
    done = {o.id: o for o in outcomes if o.status is OutcomeStatus.DONE and o.step.action is not Action.DELETE}
    for found in (o for kind in KINDS for o in live.objects_of_kind(kind) if o.id in done):
        last = parse_last_operation(found.raw)
        if last.is_failed:
            text = "the service accepted the change, and did not carry it out later"
            yield replace(
                done[found.id],
                status=OutcomeStatus.FAILED,
                message="\n".join((text, *last.errors)),
                hint="run apply again; if it fails again, give Adobe's support the id and these errors",
                rule=FAILED_LATER,
            )
        elif last.is_unfinished:
            yield replace(
                done[found.id],
                status=OutcomeStatus.FAILED,
                message="the service accepted the change, and has not finished it yet",
                hint="run `exportctl plan` later: it shows whether the change was carried out",
                rule="not-finished",
            )
