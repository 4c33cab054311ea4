"""
What the flow of an export tells by itself: that somebody stopped it, when it ends, whether that end is due. Pure.

All else of an export needs its connections, its account and its datasets. It may wait for consent, name what nobody
finds, or hang on what this credential cannot see: a stop is told and an end renewed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from exportctl import schedules, wire
from exportctl.declared import Accepted
from exportctl.errors import Finding, Level
from exportctl.flags import Flags
from exportctl.kinds import ANCHOR, PLACE, Kind
from exportctl.marker import END
from exportctl.model import Cause, FieldChange, Item, Marker, Verb
from exportctl.planning import acceptance, endings, steps
from exportctl.planning.actors import actor
from exportctl.planning.diff import Side, field_changes
from exportctl.planning.expand import DesiredExport
from exportctl.planning.ownership import Holding

BLAMED = frozenset({Cause.DRIFT, Cause.CONFLICT, Cause.DIFFERS, Cause.STOPPED, Cause.ACCEPTED})


@dataclass(frozen=True)
class Terms:
    """The plan-wide input of one comparison."""

    project: str
    flags: Flags
    as_of: int
    accept: tuple[Accepted, ...]


def side(export: DesiredExport, holding: Holding, terms: Terms) -> Side:
    return Side(
        holding.flow.marker,
        terms.as_of,
        put_back=terms.flags.puts_back(export.address),
        end=export.declared.end,
        renew=terms.flags.renews(export.address),
        ours_since=holding.flow.created if holding.marker else None,
    )


def wanted_end(export: DesiredExport, terms: Terms) -> dict[str, int | None]:
    """The end that a flow made now would get, in seconds, None for none; nothing to compare for what runs once."""
    end = schedules.first_end(export.declared.end, terms.as_of)
    return {} if end is None and export.anchor["cadence"] == schedules.ONCE else {END: end}


def told(change: FieldChange, export: DesiredExport, holding: Holding, terms: Terms) -> FieldChange:
    """The same with who, where in the YAML, and whether somebody accepted it."""
    kind: Kind = PLACE if change.field in PLACE.managed else ANCHOR
    live = holding.place if kind is PLACE else holding.flow
    at = export.where.get(change.path) or export.where.get(change.field)
    names = (str(export.address), f"{export.address.root}.{export.declared.of}")
    change = acceptance.settled(change, names, terms.accept, terms.as_of)
    who = actor(kind.rule(change.field), kind, live, holding.content) if change.cause in BLAMED and live else None
    return replace(change, actor=who, at=at)


def stops(export: DesiredExport, holding: Holding, terms: Terms) -> tuple[FieldChange, ...]:
    """What somebody switched off, or ended earlier, by hand; accepted stops too."""
    return tuple(c for c in _by_flow(export, holding, terms) if is_stop(c))


def _by_flow(export: DesiredExport, holding: Holding, terms: Terms) -> tuple[FieldChange, ...]:
    wanted = {"enabled": export.anchor["enabled"], **wanted_end(export, terms)}
    live = wire.read(ANCHOR.name, holding.flow.raw)
    found = field_changes(ANCHOR, wanted, live, side(export, holding, terms))
    return tuple(told(change, export, holding, terms) for change in found)


def is_stop(change: FieldChange) -> bool:
    """Is it one that is held, or an accepted difference that is one?"""
    if change.cause is not Cause.ACCEPTED:
        return change.cause is Cause.STOPPED
    if change.field == END:
        return change.before is not None and change.after is not None and change.before < change.after
    return change.field == "enabled" and change.before is False


def live_end(holding: Holding) -> int | None:
    """When a flow ends as it is, in seconds since 1970 UTC; None after its only run."""
    return endings.effective(wire.read(ANCHOR.name, holding.flow.raw), holding.flow)


def left(item: Item, export: DesiredExport, holding: Holding, terms: Terms) -> Item:
    """The item of a flow that is left as it is, with the stop and the end that it has: nothing is put back on it."""
    held = stops(export, holding, replace(terms, flags=replace(terms.flags, put_back=())))
    return replace(
        item,
        verb=Verb.HELD if any(c.cause is Cause.STOPPED for c in held) else item.verb,
        fields=(*held, *item.fields),
        findings=(*item.findings, *over(export, holding, terms, held)),
        ends=live_end(holding),
    )


def over(
    export: DesiredExport, holding: Holding, terms: Terms, changes: tuple[FieldChange, ...]
) -> tuple[Finding, ...]:
    """That the flow has ended, unless it ran once: a one-time export is finished, not over."""
    end = live_end(holding) if export.anchor["cadence"] != schedules.ONCE else None
    return endings.over(export.declared, end, terms.as_of, changes)


# -- renew ------------------------------------------------------------------------------------------------------------


def renewal(export: DesiredExport, holding: Holding, terms: Terms) -> Item:
    """One PATCH that moves the end on if that is due, and nothing else. Stops and ends that are over are told."""
    changes = _by_flow(export, holding, terms)
    found = tuple(c for c in changes if c.cause in (Cause.RENEWAL, Cause.LAPSED, Cause.STOPPED))
    due = next((c for c in found if c.cause is Cause.RENEWAL), None)
    held = any(c.cause is Cause.STOPPED for c in found)
    item = Item(
        export.address,
        Verb.RENEW if due else Verb.HELD if held else Verb.NONE,
        holding.flow.id,
        fields=found,
        findings=over(export, holding, terms, changes),
        ends=due.after if due else live_end(holding),
        at=export.declared.at,
    )
    if due is None:
        why = _unknown(export, holding, terms)
        return passed_over(item, export, f"flow {holding.flow.id} {why}") if why else item
    live_type = wire.destination_type(holding.flow.raw) or export.type
    return replace(
        item,
        steps=(
            steps.update(
                ANCHOR,
                export.address,
                holding.flow,
                type_name=live_type.name,
                fields={END: due.after},
                marker=_remembering(holding.flow.marker, due.after),
            ),
        ),
    )


def _unknown(export: DesiredExport, holding: Holding, terms: Terms) -> str | None:
    """Why there is no end to be moved on, though the flow needs one."""
    if not wire.members(holding.flow.raw.get("scheduleParams")):
        return "has no scheduleParams"
    end = live_end(holding)
    given = wire.read(ANCHOR.name, holding.flow.raw)[END]
    if given is None and end is not None and schedules.renewal_due(export.declared.end, end, terms.as_of):
        return (
            f"shows no end; six months after its creation, {schedules.shown(end)}, are assumed: apply writes the first"
        )
    return None


def _remembering(marker: Marker | None, end: int) -> Marker | None:
    """The marker with the new end. One that is lost or damaged is left to `apply`: only it knows what else to say."""
    if marker is None or marker.damaged:
        return None
    return replace(marker, applied={**marker.applied, END: (str(end),)})


def passed_over(item: Item, export: DesiredExport, why: str) -> Item:
    """The same, with the finding that `renew` does not look after a rolling end."""
    if export.declared.end.rolling is None:
        return item
    text = f"{export.address}: its end is not looked after: {why}"
    hint = "see what `exportctl plan` says of it"
    finding = Finding("not-renewed", text, export.declared.at, hint, Level.WARNING)
    return replace(item, findings=(*item.findings, finding))
