"""
Desired vs live vs last applied, one object at a time -> FieldChanges with a cause. Comparison is by value; the digest
of what was last applied only names the cause.

    YAML = live   last applied was   cause        plan           drift
    yes           that value         -
    yes           other, unknown     converged    marker only
    no            live               pending      update         counted
    no            YAML               drift        put back       reported
    no            neither            conflict     update         reported
    no            unknown            differs      update         reported
    no            the pair of both   normalised   nothing

A stop made by hand (switched off, or an earlier end) is `stopped` and held, whatever the rest says. deepdiff is used
here only, to name the leaves of an object that differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exportctl import schedules
from exportctl.declared import End
from exportctl.kinds import FieldRule, Kind, Treat
from exportctl.marker import END
from exportctl.model import Cause, FieldChange, Fields, Marked, Marker, Sensitive, digest

NO_END = End()
LATE = 3 * schedules.DAY  # how long a renewal may wait: over a weekend


@dataclass(frozen=True)
class Side:
    """What one comparison needs beside the values: the marker, the clock, and what may be put back."""

    marker: Marker | None
    as_of: int
    put_back: bool = False
    end: End = NO_END
    renew: bool = True
    ours_since: int | None = None  # creation, in seconds, of an object that is ours; None for one to be adopted

    @property
    def unsure(self) -> bool:
        """The object is ours, but what was last applied is not known."""
        return self.ours_since is not None and (self.marker is None or self.marker.damaged)

    def may_have_written(self, end: int) -> bool:
        """
        Can a rolling end be one of ours, when the marker does not say? The last that a renewal in time has written, or
        a later one; or the one before it, if it was written late, or is due and waits. An earlier one is somebody's.
        """
        if self.ours_since is None or self.end.rolling is None:
            return True
        ahead = self.end.renew_before or 0
        *past, last = schedules.renewed_ends(self.end, self.ours_since, self.as_of)
        late = min(LATE, ahead)
        spelled = (end - self.end.rolling) % schedules.DAY == 0  # ours are so many days after a midnight
        waits = spelled and self.as_of - (end - ahead) <= late
        return end >= last or bool(past and waits and past[-1] <= end <= past[-1] + late * (len(past) - 1))

    def undeclared_end(self, live: int) -> bool:
        """So far nobody declared an end, and the live one is what the service gives a flow without one."""
        known = self.marker is not None and not self.marker.damaged and END not in self.marker.applied
        return known and self.ours_since is not None and schedules.given_by_service(live, self.ours_since)

    def applied(self, name: str) -> tuple[str, ...] | None:
        return None if self.marker is None or self.marker.damaged else self.marker.applied.get(name)


def field_changes(kind: Kind, desired: Fields, live: Fields, side: Side) -> tuple[FieldChange, ...]:
    """
    Every managed field of `desired` that differs from `live`, or is equal but not as last applied. Fields are compared
    in the kind's order. Without actor and place: the caller knows those.
    """
    changes: list[FieldChange] = []
    for rule in kind.fields:
        if rule.name in desired:
            changes += _COMPARE[rule.treat](rule, desired[rule.name], live.get(rule.name), side)
    return tuple(changes)


def cause(equal: bool, desired: Any, live: Any, applied: tuple[str, ...] | None) -> Cause | None:
    """The table of this module's docstring, on digests. None: nothing to say."""
    if applied is None:
        return Cause.CONVERGED if equal else Cause.DIFFERS
    ours, theirs = desired == applied[0], live == applied[-1] or live == applied[0]
    if equal:
        return None if ours else Cause.CONVERGED
    if ours and len(applied) == 2 and live == applied[1]:
        return Cause.NORMALISED
    if ours:
        return Cause.DRIFT
    return Cause.PENDING if theirs else Cause.CONFLICT


def _value(rule: FieldRule, desired: Any, live: Any, side: Side) -> list[FieldChange]:
    if isinstance(desired, Mapping):
        return _mapping(rule, desired, live or {}, side)
    why = cause(desired == live, digest(desired), digest(live), side.applied(rule.name))
    return [FieldChange(rule.name, rule.name, live, desired, why)] if why else []


def _unordered(rule: FieldRule, desired: Any, live: Any, side: Side) -> list[FieldChange]:
    return _value(rule, sorted(desired), sorted(live or ()), side)


def _mapping(rule: FieldRule, desired: Mapping[str, Any], live: Mapping[str, Any], side: Side) -> list[FieldChange]:
    """Unset references and values the service hides are taken from the other side: they are not compared."""
    applied = side.applied(rule.name)
    filled = {k: live.get(k) if v is Marked.UNSET else v for k, v in desired.items()}
    hidden = [k for k, v in live.items() if v is Marked.HIDDEN]
    trusted = applied is None or digest(filled) == applied[0]
    shown = {k: (filled.get(k) if k in hidden and trusted else v) for k, v in live.items()}
    why = cause(filled == shown, digest(filled), digest(shown), applied)
    if why is Cause.CONFLICT and hidden:
        why = Cause.PENDING  # the YAML moved for sure; whether the hidden side did too, nobody can say
    if why is Cause.CONVERGED and any(v is Marked.UNSET for v in desired.values()):
        return []  # not all of it could be compared, so the marker must not say that it was
    if why in (None, Cause.CONVERGED):
        return [FieldChange(rule.name, rule.name, shown, shown, why)] if why else []
    return [FieldChange(f"{rule.name}.{k}", rule.name, b, a, why) for k, b, a in leaves(shown, filled)]


def leaves(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The leaves that differ, by dotted path, sorted. deepdiff's own types go no further than here."""
    from deepdiff import DeepDiff

    # threshold 0: objects with hardly a key in common are still told leaf by leaf
    plain = DeepDiff(_plain(before), _plain(after), view="tree", threshold_to_diff_deeper=0)
    keys = sorted(
        {".".join(str(p) for p in level.path(output_format="list")) for found in plain.values() for level in found}
    )
    return [(key, before.get(key), after.get(key)) for key in keys]


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: v.value if isinstance(v, Sensitive) else str(v) if isinstance(v, Marked) else v for k, v in value.items()
    }


def _write_only(rule: FieldRule, desired: Any, live: Any, side: Side) -> list[FieldChange]:
    """Unknown counts as sent: a damaged marker is no reason to send secrets again."""
    applied = side.applied(rule.name)
    if applied is None:
        return [FieldChange(rule.name, rule.name, desired, desired, Cause.CONVERGED)]
    if applied[0] == digest(desired):
        return []
    return [FieldChange(rule.name, rule.name, Marked.HIDDEN, desired, Cause.PENDING)]


def _by_action(rule: FieldRule, desired: Any, live: Any, side: Side) -> list[FieldChange]:
    """
    YAML     live   last applied   seen on   result
    any      off    on, unknown    -         stopped, held (YAML off: converged)
    on       off    off            -         pending: we switched it off
    absent   off    -              yes       stopped, held; so too when the marker was lost or damaged
    absent   off    -              no        -
    absent   on     -              -         -

    While nothing was declared, what was seen last stands for what was applied last.
    """
    applied = side.applied(rule.name)
    if applied is None and side.marker is not None and not side.marker.damaged:
        applied = (digest(side.marker.seen_on),)
    stopped = not live and desired is not False
    if desired is None:
        stopped = stopped and (side.unsure or (side.marker is not None and side.marker.seen_on))
        if not stopped:
            return []
    elif stopped and applied and applied[0] == digest(False):
        stopped = False
    if stopped:
        return [FieldChange(rule.name, rule.name, False, True, Cause.DRIFT if side.put_back else Cause.STOPPED)]
    why = cause(desired == live, digest(desired), digest(live), applied)
    if why is None and side.applied(rule.name) is None:
        why = Cause.CONVERGED  # declared for the first time, and so already: the marker learns it
    return [FieldChange(rule.name, rule.name, live, desired, why)] if why else []


def _ending(rule: FieldRule, desired: Any, live: int | None, side: Side) -> list[FieldChange]:
    if side.end.rolling is not None:
        return _rolling(rule, live, side)
    if desired is None:
        return _not_given(rule, live, side)
    applied = side.applied(END)
    why = cause(desired == live, str(desired), str(live), applied)
    if why is Cause.DIFFERS and live is not None and side.undeclared_end(live):
        why = Cause.PENDING
    if why and live is not None and _cut_short(why, live, desired, applied) and not side.put_back:
        why = Cause.STOPPED
    return [FieldChange(rule.name, rule.name, live, desired, why)] if why else []


def _not_given(rule: FieldRule, live: int | None, side: Side) -> list[FieldChange]:
    """
    Where the YAML gives no end none is written. One that is earlier than the last we wrote, or than the six months of
    the service, is a stop all the same, unless the flow would have ended by now without it.
    """
    if live is None or side.ours_since is None:
        return []
    applied = side.applied(END)
    last = int(applied[-1]) if applied else schedules.default_end(side.ours_since)
    ours = live >= last if applied else live >= last or schedules.given_by_service(live, side.ours_since)
    if ours or last <= side.as_of:
        return []
    return [FieldChange(rule.name, rule.name, live, last, Cause.DRIFT if side.put_back else Cause.STOPPED)]


def _cut_short(why: Cause, live: int, desired: int, applied: tuple[str, ...] | None) -> bool:
    """
    Somebody else moved the end to an earlier moment; without digests an earlier end is taken for that. A YAML that
    wants a still earlier one undoes no stop.
    """
    if live >= desired:
        return False
    if why in (Cause.DRIFT, Cause.CONFLICT):
        return applied is not None and live < int(applied[-1])
    return why is Cause.DIFFERS


def _rolling(rule: FieldRule, live: int | None, side: Side) -> list[FieldChange]:
    """
    live vs marker's end   result
    equal                  nothing, or renewal when due
    equal and over         lapsed: an ordinary write, since a flow that has ended is revived by it
    later, marker unknown  converged (and renewal when due)
    earlier                stopped, not renewed
    marker silent, and no end that we can have written, nor the service's own: stopped
    live has no end        differs: the first end is written
    """
    target = schedules.first_end(side.end, side.as_of)
    assert target is not None
    applied = side.applied(END)
    if live is None:
        return [FieldChange(rule.name, rule.name, None, target, Cause.DRIFT if applied else Cause.DIFFERS)]
    known = int(applied[-1]) if applied else None
    ours = side.may_have_written(live) or side.undeclared_end(live)
    if live < known if known is not None else not ours:
        why = Cause.DRIFT if side.put_back else Cause.STOPPED
        return [FieldChange(rule.name, rule.name, live, target, why)]
    if live <= side.as_of < target:
        return [FieldChange(rule.name, rule.name, live, target, Cause.LAPSED)]
    if side.renew and target > live and schedules.renewal_due(side.end, live, side.as_of):
        return [FieldChange(rule.name, rule.name, live, target, Cause.RENEWAL)]
    return [] if live == known else [FieldChange(rule.name, rule.name, live, live, Cause.CONVERGED)]


_COMPARE: Mapping[Treat, Callable[[FieldRule, Any, Any, Side], list[FieldChange]]] = {
    Treat.VALUE: _value,
    Treat.DEFAULTED: _value,
    Treat.UNORDERED: _unordered,
    Treat.REPOINT: _unordered,
    Treat.WRITE_ONLY: _write_only,
    Treat.BY_ACTION: _by_action,
    Treat.ENDING: _ending,
}


def applied_after(
    kind: Kind,
    desired: Fields,
    live: Fields,
    changes: tuple[FieldChange, ...],
    side: Side,
    written: Callable[[FieldChange], bool],
) -> dict[str, tuple[str, ...]]:
    """
    The digests a marker should hold once `changes` are carried out: of what is written or already equal the desired
    value's; of what is held, accepted or left alone whatever was there; a normalised pair stays a pair.
    """
    before = {} if side.marker is None or side.marker.damaged else dict(side.marker.applied)
    by_field = {c.field: c for c in changes}
    after: dict[str, tuple[str, ...]] = {}
    for rule in kind.fields:
        change = by_field.get(rule.name)
        kept = before.get(rule.name)
        if rule.name not in desired or (desired[rule.name] is None and rule.treat is Treat.BY_ACTION):
            continue
        if change is None or not (change.cause is Cause.CONVERGED or written(change)):
            if kept:
                after[rule.name] = kept
            continue
        after[rule.name] = (_stored(rule, desired[rule.name], live.get(rule.name), change),)
    return after


def _stored(rule: FieldRule, desired: Any, live: Any, change: FieldChange) -> str:
    if rule.treat is Treat.ENDING:
        return str(change.after)
    if isinstance(desired, Mapping):
        live = live or {}
        desired = {k: live.get(k) if v is Marked.UNSET else v for k, v in desired.items()}
    if rule.treat in (Treat.REPOINT, Treat.UNORDERED):
        desired = sorted(desired)
    return digest(desired)
