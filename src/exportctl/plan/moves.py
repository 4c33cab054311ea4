"""
Move flows from other projects, or from a former name of this project: exactly those that `move_from` lists. Pure.

A move writes ownership markers and nothing else. The plan compares everything as it will be after the move, so a pause
stays a pause and drift stays drift: the new markers carry over what was last applied, the flags and the generation.

    object of a listed flow   who has it now                              what the move writes
    flow                      the project of the entry                    its marker, first
    target connection         the same; no other flow uses it             its marker, after the flow
    source connection         anybody                                     nothing: it is never patched
    base connection           the same, but no flow of it uses the        its marker, after all of these flows
                              connection any more; and the exports here
                              use a destination with `auth`

An entry whose flow is ours already has no effect. The owner of a flow is the project in the marker of the flow, so at
each moment exactly one project owns it, also after an interruption; while the entry is there, apply finishes the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.plan import (
    EXPORTS,
    WRITE_CAUSES,
    Action,
    Address,
    Cause,
    Consequence,
    LiveObject,
    Marker,
    PlanItem,
    Refusal,
    Step,
    Verb,
)
from exportctl.model.project import MoveEntry
from exportctl.plan import steps
from exportctl.plan.desired import DesiredAccount, DesiredExport, DesiredState
from exportctl.plan.own_actions import keep_intent
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources.kinds import BASE_CONNECTION, END
from exportctl.resources.marker import refuse_newer_markers, trace

_MOVED = "writes ownership markers and changes nothing else"
_LATER_CAUSES = WRITE_CAUSES | {Cause.RENEWAL}  # a move leaves them to the next plan
_WRITES_MARKERS_ONLY = frozenset({Verb.UNCHANGED, Verb.MARK, Verb.PAUSED})


@dataclass(frozen=True)
class Moves:
    """
    The moves of one plan: `ownership` as it will be after them, and the objects that each address takes over.

    Objects are as they are now; `markers` has the new ones by id.
    """

    ownership: Ownership
    flows: Mapping[Address, tuple[LiveFlow, ...]] = field(default_factory=dict)
    accounts: Mapping[Address, LiveObject] = field(default_factory=dict)
    markers: Mapping[str, Marker] = field(default_factory=dict)
    owners: Mapping[Address, str] = field(default_factory=dict)  # by address: the project that has the objects now
    errors: Mapping[Address, tuple[Finding, ...]] = field(default_factory=dict)


def plan_moves(desired: DesiredState, ownership: Ownership, chosen: Collection[Address]) -> Moves:
    """
    Find what the entries of `move_from` move to the `chosen` exports.

    Raises:
        NewerMarker: a later exportctl wrote an object to move.
    """
    entries = [e for e in desired.project.move_from if (a := _address(e)) in chosen or a not in desired.exports]
    flows: dict[Address, list[LiveFlow]] = {}
    errors: dict[Address, list[Finding]] = {}
    markers: dict[str, Marker] = {}
    owners: dict[Address, str] = {}
    for entry in entries:
        address, live_flow = _address(entry), ownership.flow_by_id(entry.flow)
        problem = _entry_problem(entry, live_flow, desired, ownership)
        if problem:
            errors.setdefault(address, []).append(Finding("move-unknown", problem[0], entry.at, problem[1]))
        moved = _new_markers(entry, live_flow, ownership) if live_flow and not problem else {}
        if live_flow and moved:
            refuse_newer_markers(o for o in (live_flow.flow, live_flow.target) if o)
            flows.setdefault(address, []).append(live_flow)
            markers |= moved
            owners[address] = entry.project
    after = _with_markers(ownership, markers)
    accounts = dict(_moved_accounts(entries, desired, after))
    markers |= {base.id: _moved_marker(base, ownership.project, at.name) for at, base in accounts.items()}
    owners |= {at: base.marker.project for at, base in accounts.items() if base.marker}
    return Moves(
        _with_markers(after, markers),
        {a: tuple(f) for a, f in flows.items()},
        accounts,
        markers,
        owners,
        {a: tuple(f) for a, f in errors.items()},
    )


def _address(entry: MoveEntry) -> Address:
    return Address(EXPORTS, entry.to)


# -- entries ----------------------------------------------------------------------------------------------------------


def _entry_problem(
    entry: MoveEntry, live_flow: LiveFlow | None, desired: DesiredState, ownership: Ownership
) -> tuple[str, str] | None:
    """Return why an entry moves nothing although it should, with what was found, and how to fix it."""
    address, wanted = _address(entry), f"{EXPORTS}.{entry.export} of project {entry.project}"
    if live_flow is None:
        if address in ownership.own_flows or address not in desired.exports:
            return None  # it moved, and was replaced or deleted since
        return f"no flow in this sandbox has the id {entry.flow} of `move_from`", _candidates_hint(entry, ownership)
    if live_flow.is_owned_by(ownership.project):
        return None
    marker = live_flow.marker
    if marker is None:
        text = f"the flow {live_flow.quoted_name} has no ownership marker, so it is not {wanted}"
        return text, f"write `adopt: {entry.flow}` in {address}, or correct the entry"
    if (marker.project, marker.address) != (entry.project, Address(EXPORTS, entry.export)):
        text = f"the flow {live_flow.quoted_name} is {marker.address} of project {marker.project}, not {wanted}"
        return text, "correct `project`, `export` or `flow` of the entry"
    if address not in desired.exports:
        return f"`move_from` moves {wanted} to {address}, which the config does not declare", (
            f"declare {address}, or write `to: KEY` with the key of an export"
        )
    named = {e.flow for e in desired.project.moves_to(entry.to)}
    others = [h.flow.id for h in ownership.own_flows.get(address, ()) if h.flow.id not in named]
    if others:
        return f"{address} already has the flow {others[0]}, so it cannot take over {live_flow.quoted_name} too", (
            "declare another export, and write its key as `to`"
        )
    return None


def _candidates_hint(entry: MoveEntry, ownership: Ownership) -> str:
    """Say which flow the entry may mean."""
    wanted = (entry.project, Address(EXPORTS, entry.export))
    owned = [h for h in ownership.flows if h.marker and h.marker.project == entry.project]
    exact = [h.quoted_name for h in owned if h.marker and (h.marker.project, h.marker.address) == wanted]
    if exact:
        return f"{EXPORTS}.{entry.export} of project {entry.project} has the flow {' and '.join(exact)}"
    found = ", ".join(f"{h.flow.id} ({h.marker.address})" for h in owned if h.marker)
    if found:
        return f"project {entry.project} has the flows {found}"
    projects = ", ".join(sorted({h.marker.project for h in ownership.flows if h.marker} - {ownership.project}))
    other = f"; flows of other projects here: {projects}" if projects else ""
    return f"project {entry.project} has no flow in this sandbox{other}"


def _new_markers(entry: MoveEntry, live_flow: LiveFlow, ownership: Ownership) -> dict[str, Marker]:
    """Return the new markers of a flow and its target, by id; none if both are ours already."""
    found: dict[str, Marker] = {}
    marker, address = live_flow.flow.marker, _address(entry)
    if marker is None or (live_flow.is_owned_by(ownership.project) and marker.address != address):
        return {}
    if marker.project == entry.project:
        # the write of the move hides who acted last, so a disable by a person must not look like our own afterwards
        moved = _moved_marker(live_flow.flow, ownership.project, entry.to)
        found[live_flow.flow.id] = moved if marker.damaged else keep_intent(moved, live_flow)
    claim = live_flow.target_marker
    if claim and live_flow.target and (claim.project, claim.name) == (entry.project, entry.export):
        found[live_flow.target.id] = _moved_marker(live_flow.target, ownership.project, entry.to)
    return found


def _moved_marker(live: LiveObject, project: str, name: str) -> Marker:
    """Carry over all but the owner; of a damaged marker nothing is known, so a disabled flow counts as paused."""
    assert live.marker is not None
    before, is_known = live.marker, not live.marker.damaged
    return replace(
        before,
        project=project,
        name=name,
        damaged=False,
        applied=before.applied if is_known else {},
        last_seen_enabled=before.last_seen_enabled or not is_known,
        disables=before.disables and is_known,
        enables=before.enables and is_known,
        committed_at=None,  # of a commit of the former project, maybe in another repository
        moved_from=trace(before.project, before.name) if live.kind != BASE_CONNECTION.name else None,
    )


# -- accounts ---------------------------------------------------------------------------------------------------------


def _moved_accounts(
    entries: Iterable[MoveEntry], desired: DesiredState, after: Ownership
) -> Iterator[tuple[Address, LiveObject]]:
    """Yield the base connections that no flow of the former project uses any more, by the address that takes each."""
    taken: dict[str, Address] = {}
    given: set[Address] = set()
    former = {base: {h.marker.project for h in flows if h.marker} for base, flows in after.flows_by_account.items()}
    for entry in entries:
        export, live_flow = desired.exports.get(_address(entry)), after.flow_by_id(entry.flow)
        if export is None or live_flow is None or not live_flow.is_owned_by(after.project):
            continue
        base = after.base_connections.get(live_flow.base_id or "")
        if base is None or base.marker is None or base.marker.project != entry.project:
            continue
        at = export.account.own
        is_free = at is not None and at not in after.own_accounts and at not in given
        if at and is_free and entry.project not in former.get(base.id, ()):
            refuse_newer_markers((base,))
            given.add(taken.setdefault(base.id, at))
            if taken[base.id] == at:
                yield at, base


# -- ownership after the moves ----------------------------------------------------------------------------------------


def _with_markers(ownership: Ownership, markers: Mapping[str, Marker]) -> Ownership:
    """Return the owners of a sandbox in which these objects have these markers."""
    if not markers:
        return ownership

    def with_marker(live: LiveObject) -> LiveObject:
        return replace(live, marker=markers[live.id]) if live.id in markers else live

    flows = tuple(
        replace(
            h,
            flow=with_marker(h.flow),
            target=with_marker(h.target) if h.target else None,
            marker=markers.get(h.flow.id, h.marker),
        )
        for h in ownership.flows
    )
    own: dict[Address, list[LiveFlow]] = {}
    for live_flow in flows:
        if live_flow.marker and live_flow.is_owned_by(ownership.project):
            own.setdefault(live_flow.marker.address, []).append(live_flow)
    bases = {i: with_marker(base) for i, base in ownership.base_connections.items()}
    accounts = {m.address: (bases[i],) for i, m in markers.items() if i in bases}
    return replace(
        ownership,
        flows=flows,
        own_flows={a: tuple(h) for a, h in own.items()},
        own_accounts={**ownership.own_accounts, **accounts},
        base_connections=bases,
    )


# -- items ------------------------------------------------------------------------------------------------------------


def move_export_item(export: DesiredExport, after: PlanItem, moves: Moves) -> PlanItem:
    """
    Make the item of an export that takes over flows.

    `after` is its item as it will be after the move: it says what stays different, and whether the flow can stay.
    """
    address, flows = export.address, moves.flows[export.address]
    finals = {s.id: s.marker for s in after.steps if s.action is Action.UPDATE and not s.fields and not s.refs}
    finals = finals if after.verb in _WRITES_MARKERS_ONLY else {}
    first = [s for h in flows for s in _marker_steps(address, h.flow, moves, finals, export.type.name)]
    needs = [s.key for s in first]
    targets = [h.target for h in flows if h.target]
    last = [s for t in targets for s in _marker_steps(address, t, moves, finals, export.type.name, needs)]
    owner = moves.owners[address]
    return replace(
        after,
        verb=Verb.MOVE,
        id=after.id or flows[0].flow.id,
        fields=tuple(c for c in after.fields if c.cause not in _LATER_CAUSES),
        steps=(*first, *last),
        ends=next((c.before for c in after.fields if c.field == END and c.cause in _LATER_CAUSES), after.ends),
        next_after=after.next_before,
        consequences=(Consequence("move", f"moves from project {owner}: {_MOVED}"), *_later_changes(after)),
        refusals=tuple(_move_refusals(export, after, flows, owner, moves)),
    )


def move_account_item(account: DesiredAccount, after: PlanItem, moves: Moves, users: Iterable[PlanItem]) -> PlanItem:
    """Make the item of an account that moves with the flows on it, after them."""
    address, base = account.address, moves.accounts[account.address]
    needs = [s.key for item in users if item.verb is Verb.MOVE for s in item.steps]
    finals = {s.id: s.marker for s in after.steps if not s.fields} if after.verb in _WRITES_MARKERS_ONLY else {}
    step = _marker_steps(address, base, moves, finals, account.type.name, needs)
    note = Consequence("move", f"moves from project {moves.owners[address]} with its flows: {_MOVED}")
    return replace(
        after,
        verb=Verb.MOVE,
        id=base.id,
        fields=tuple(c for c in after.fields if c.cause not in _LATER_CAUSES),
        steps=tuple(step),
        consequences=(note, *_later_changes(after)),
        refusals=(),
    )


def _marker_steps(
    address: Address,
    live: LiveObject,
    moves: Moves,
    finals: Mapping[str | None, Marker | None],
    type_name: str,
    needs: Iterable[str] = (),
) -> list[Step]:
    """Write the marker of one object; where the next plan would only write another marker, write that one at once."""
    carried = moves.markers.get(live.id)
    if carried is None:
        return []
    marker = replace(finals.get(live.id) or carried, moved_from=carried.moved_from)
    step = steps.update_step(
        address, live, type_name=type_name, fields={}, marker=marker, needs=sorted(needs), what=f"move-{live.id}"
    )
    return [step]


def _later_changes(after: PlanItem) -> Iterator[Consequence]:
    """Say what the next plan changes, because a move writes only markers."""
    names = sorted({c.path for c in after.fields if c.cause in WRITE_CAUSES})
    if names:
        text = f"the YAML differs from the live values: {', '.join(names)}; the next plan shows and changes this"
        yield Consequence("changes-later", text, "warning")
    if after.has_renewal:
        yield Consequence("changes-later", "the rolling end is due; the next apply or `renew` moves it", "warning")


def _move_refusals(
    export: DesiredExport, after: PlanItem, flows: Iterable[LiveFlow], owner: str, moves: Moves
) -> Iterator[Refusal]:
    """Refuse to move a flow that cannot stay: its destination type or its account is another one."""
    why = next((str(c.before) for c in after.fields if c.field == "replacement"), None)
    if why is None or any(h.is_being_replaced for h in flows):
        return
    live_flow = next(iter(flows))
    text = f"the flow {live_flow.quoted_name} of project {owner} cannot become {export.address} as it is: {why}"
    base = moves.ownership.base_connections.get(live_flow.base_id or "")
    users = [h for h in moves.ownership.flows_on(base.id) if h.is_owned_by(owner)] if base else []
    if base and live_flow.type is export.type and base.marker and base.marker.project == owner:
        named = ", ".join(h.quoted_name for h in users) or "no other flow"
        text += f"; its account {base.id} belongs to project {owner} and is used by {named}"
        allow = f"write `account: {{id: {base.id}}}` in the destination, or move these flows too"
        yield Refusal("move-differs", text, allow)
        return
    allow = f"declare the destination of the flow: its type, and `account: {{id: {live_flow.base_id}}}`"
    yield Refusal("move-differs", text, allow)
