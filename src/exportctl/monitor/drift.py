"""
What a plan says about the sandbox rather than about the config: entries sorted into groups, and whether they fail.

In: a Plan, and how early to warn of an end. Out: a DriftReport. Nothing is read or printed here.

    group            what it means                                             fails by default
    drift            the sandbox changed since the last apply                  yes
    conflict         the sandbox and the YAML changed                          yes
    unknown-origin   the value last applied, or the live value, is unknown     yes
    paused           disabled, ended early, begun late or cut by hand          yes
    gone             the flow was deleted, or this credential cannot see it    yes
    half-built       a creation or a replacement was interrupted               yes
    duplicates       several flows at one address                              yes
    marker-lost      the description of a flow or an account lost its marker    yes
    pending          the YAML changed and is not applied                       with --fail-on
    ending           ends within the warning                                   with --fail-on
    orphans          connections of ours that no flow uses                     with --fail-on
    expired          has ended                                                 with --fail-on ending
    unmanaged        a flow that no config declares                            with --fail-on
    other-project    a flow of another project                                 with --fail-on
    accepted         an `accept` entry covers it                               never
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace
from enum import StrEnum

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import Address, Cause, FieldChange, Plan, PlanHeader, PlanItem, Verb
from exportctl.model.verdict import ORPHAN_DELETED, ORPHANS_RULE, PlanVerdict, judge


class DriftGroup(StrEnum):
    """In the order they are shown."""

    DRIFT = "drift"
    CONFLICT = "conflict"
    UNKNOWN_ORIGIN = "unknown-origin"
    PAUSED = "paused"
    GONE = "gone"
    HALF_BUILT = "half-built"
    DUPLICATES = "duplicates"
    MARKER_LOST = "marker-lost"
    ORPHANS = "orphans"
    EXPIRED = "expired"
    ENDING = "ending"
    PENDING = "pending"
    ACCEPTED = "accepted"
    UNMANAGED = "unmanaged"
    OTHER_PROJECT = "other-project"


FAIL_ON: frozenset[str] = frozenset(DriftGroup) - {DriftGroup.EXPIRED, DriftGroup.ACCEPTED}
DEFAULT_FAILING: frozenset[str] = FAIL_ON - {
    DriftGroup.ORPHANS,
    DriftGroup.PENDING,
    DriftGroup.ENDING,
    DriftGroup.UNMANAGED,
    DriftGroup.OTHER_PROJECT,
}
_CAUSES = {  # each has a group of its own name
    cause: DriftGroup[cause.name]
    for cause in (Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN_ORIGIN, Cause.PAUSED, Cause.PENDING, Cause.ACCEPTED)
}
_CAUSES[Cause.NOT_COMPARABLE] = DriftGroup.UNKNOWN_ORIGIN
_CAUSES[Cause.OLDER_CONFIG] = DriftGroup.PENDING
_RULES = {
    ORPHANS_RULE: DriftGroup.ORPHANS,
    "flow-gone": DriftGroup.GONE,
    "half-built": DriftGroup.HALF_BUILT,
    "duplicates": DriftGroup.DUPLICATES,
    "marker-lost": DriftGroup.MARKER_LOST,
    "not-comparable": DriftGroup.UNKNOWN_ORIGIN,
    "flow-state": DriftGroup.UNKNOWN_ORIGIN,
}
_ENDS = frozenset({str(DriftGroup.EXPIRED), str(DriftGroup.ENDING)})  # rules of the planner that have entries here
_WHOLE_CHANGES = frozenset({Verb.CREATE, Verb.COMPLETE, Verb.REPLACE, Verb.DELETE, Verb.ADOPT, Verb.MOVE, Verb.RELEASE})


@dataclass(frozen=True)
class DriftEntry:
    """One thing that drift found. Only the fields that its group needs are set."""

    group: DriftGroup
    address: Address | None = None
    id: str | None = None
    field: FieldChange | None = None  # drift, conflict, unknown origin, paused, accepted, pending changes of fields
    finding: Finding | None = None  # gone, half-built, duplicates, marker-lost; expired: how to continue
    verb: Verb | None = None  # a pending change of a whole export
    ends: int | None = None  # ending and expired, in seconds since 1970 UTC
    renewal_due: bool = False
    flow: OtherFlow | None = None  # unmanaged flows and those of other projects
    at: SourcePosition | None = None  # the line of the YAML: of the field, else of the address; for display only


@dataclass(frozen=True)
class DriftReport:
    """What drift found in one sandbox."""

    header: PlanHeader
    as_of: int
    entries: tuple[DriftEntry, ...]  # by group, then in plan order
    notes: tuple[Finding, ...] = ()  # the other findings of the plan
    errors: tuple[Finding, ...] = ()  # those that keep the plan from being applied, wherever else they are shown
    verdict: PlanVerdict = field(default_factory=lambda: PlanVerdict(()))  # on the plan
    addresses: tuple[Address, ...] = ()  # all that were compared, in plan order

    def entries_of(self, group: DriftGroup) -> tuple[DriftEntry, ...]:
        return tuple(entry for entry in self.entries if entry.group is group)

    def counts(self) -> Mapping[str, int]:
        """Return the number of entries of every group, zeros included."""
        return {group.value: len(self.entries_of(group)) for group in DriftGroup}


def build_drift_report(plan: Plan, *, end_warning: int) -> DriftReport:
    """Sort what a plan found. `end_warning` is in seconds before an end."""
    found = [
        replace(entry, at=(entry.field.at if entry.field else None) or item.at)
        for item in plan.items
        for entry in _item_entries(item, plan.as_of, end_warning)
    ]
    found += [DriftEntry(_RULES[f.rule], finding=f) for f in plan.findings if f.rule in _RULES]
    for flow in plan.other_flows:
        group = DriftGroup.OTHER_PROJECT if flow.owner else DriftGroup.UNMANAGED
        found.append(DriftEntry(group, id=flow.id, ends=flow.ends, flow=flow))
    order = list(DriftGroup)
    notes = (*plan.findings, *(f for item in plan.items for f in item.findings))
    return DriftReport(
        header=plan.header,
        as_of=plan.as_of,
        entries=tuple(sorted(found, key=lambda entry: order.index(entry.group))),
        notes=tuple(dict.fromkeys(f for f in notes if f.rule not in _RULES and f.rule not in _ENDS)),
        errors=plan.errors(),
        verdict=judge(plan),
        addresses=tuple(item.address for item in plan.items),
    )


def has_failures(report: DriftReport, classes: Collection[str] = DEFAULT_FAILING) -> bool:
    """Say whether the report has an entry of one of the groups. An expired export counts as `ending`."""
    return bool(failures(report, classes))


def failures(report: DriftReport, classes: Collection[str] = DEFAULT_FAILING) -> tuple[DriftEntry, ...]:
    wanted = {*classes, DriftGroup.EXPIRED} if DriftGroup.ENDING in classes else set(classes)
    return tuple(entry for entry in report.entries if entry.group in wanted)


def _item_entries(item: PlanItem, as_of: int, end_warning: int) -> Iterator[DriftEntry]:
    for change in item.fields:
        if change.cause in _CAUSES:
            yield DriftEntry(_CAUSES[change.cause], item.address, item.id, field=change)
    ruled = [f for f in item.findings if f.rule in _RULES]
    for finding in ruled:
        yield DriftEntry(_RULES[finding.rule], item.address, item.id, finding=finding)
    for note in (c for c in item.consequences if c.rule == ORPHAN_DELETED and item.verb is not Verb.COMPLETE):
        found = Finding(ORPHANS_RULE, f"{item.address}: the next apply {note.text}", level=Level.NOTE)
        yield DriftEntry(DriftGroup.ORPHANS, item.address, item.id, finding=found)
    ruled = [f for f in ruled if f.rule != ORPHANS_RULE]
    if (
        item.verb in _WHOLE_CHANGES
        and not ruled
        and not any(_CAUSES.get(f.cause) is DriftGroup.PENDING for f in item.fields)
    ):
        yield DriftEntry(DriftGroup.PENDING, item.address, item.id, verb=item.verb)
    yield from _end_entries(item, as_of, end_warning)


def _end_entries(item: PlanItem, as_of: int, end_warning: int) -> Iterator[DriftEntry]:
    ends = _live_end(item)
    if ends is None or ends - as_of > end_warning:
        return
    if ends > as_of:
        yield DriftEntry(DriftGroup.ENDING, item.address, item.id, ends=ends, renewal_due=item.has_renewal)
        return
    found = next((f for f in item.findings if f.rule == DriftGroup.EXPIRED), None)
    yield DriftEntry(DriftGroup.EXPIRED, item.address, item.id, finding=found, ends=ends)


def _live_end(item: PlanItem) -> int | None:
    """Return when the export ends in the sandbox, before the plan; None without a flow."""
    if item.verb in (Verb.CREATE, Verb.COMPLETE):
        return None
    moved = [f.before for f in item.fields if f.field == "end" and not isinstance(f.before, str)]  # str: unreadable
    end = moved[0] if moved else item.ends
    return end if isinstance(end, int) else None
