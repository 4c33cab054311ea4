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

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exportctl.model import schedule
from exportctl.model.plan import WRITE_CAUSES, Cause, FieldChange, Fields, Marker, SensitiveValue, UnknownValue, digest
from exportctl.model.project import AcceptEntry, End
from exportctl.resources.kinds import END, SCHEDULE, SCHEDULE_FIELDS, FieldRule, Kind, Treat, leaf_path

NO_END = End()
LATE_RENEWAL_WINDOW = 3 * schedule.DAY  # how long a renewal may wait: over a weekend


@dataclass(frozen=True)
class ComparisonInputs:
    """What one comparison needs beside the values: the marker, the clock, and what may be put back."""

    marker: Marker | None
    as_of: int
    resume: bool = False
    end: End = NO_END
    renew: bool = True
    ours_since: int | None = None  # creation, in seconds, of an object that is ours; None for one to be adopted

    @property
    def is_last_applied_unknown(self) -> bool:
        """The object is ours, but what was last applied is not known."""
        return self.ours_since is not None and (self.marker is None or self.marker.damaged)

    def can_be_own_end(self, end: int) -> bool:
        """
        Can a rolling end be one of ours, when the marker does not say? The last that a renewal in time has written, or
        a later one; or the one before it, if it was written late, or is due and waits. An earlier one is somebody's.
        """
        if self.ours_since is None or self.end.rolling is None:
            return True
        ahead = self.end.renew_before or 0
        *past, last = schedule.renewed_ends(self.end, self.ours_since, self.as_of)
        late = min(LATE_RENEWAL_WINDOW, ahead)
        spelled = (end - self.end.rolling) % schedule.DAY == 0  # ours are so many days after a midnight
        waits = spelled and self.as_of - (end - ahead) <= late
        return end >= last or bool(past and waits and past[-1] <= end <= past[-1] + late * (len(past) - 1))

    def is_undeclared_default_end(self, live: int) -> bool:
        """So far nobody declared an end, and the live one is what the service gives a flow without one."""
        known = self.marker is not None and not self.marker.damaged and END not in self.marker.applied
        return known and self.ours_since is not None and schedule.is_default_end(live, self.ours_since)

    def last_applied(self, name: str) -> tuple[str, ...] | None:
        return None if self.marker is None or self.marker.damaged else self.marker.applied.get(name)


def field_changes(kind: Kind, desired: Fields, live: Fields, inputs: ComparisonInputs) -> tuple[FieldChange, ...]:
    """
    Every managed field of `desired` that differs from `live`, or is equal but not as last applied. Fields are compared
    in the kind's order. Without actor and place: the caller knows those.
    """
    changes: list[FieldChange] = []
    for rule in kind.fields:
        if rule.name in desired:
            changes += _COMPARE[rule.treat](rule, desired[rule.name], live.get(rule.name), inputs)
    return tuple(changes)


def difference_cause(equal: bool, desired: Any, live: Any, applied: tuple[str, ...] | None) -> Cause | None:
    """The table of this module's docstring, on digests. None: nothing to say."""
    if applied is None:
        return Cause.ALREADY_MATCHES if equal else Cause.UNKNOWN_ORIGIN
    ours, theirs = desired == applied[0], live == applied[-1] or live == applied[0]
    if equal:
        return None if ours else Cause.ALREADY_MATCHES
    if ours and len(applied) == 2 and live == applied[1]:
        return Cause.NORMALISED
    if ours:
        return Cause.DRIFT
    return Cause.PENDING if theirs else Cause.CONFLICT


def _value_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    if isinstance(desired, Mapping):
        return _mapping_changes(rule, desired, live or {}, inputs)
    why = difference_cause(desired == live, digest(desired), digest(live), inputs.last_applied(rule.name))
    return [FieldChange(rule.name, rule.name, live, desired, why)] if why else []


def _unordered_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    return _value_changes(rule, sorted(desired), sorted(live or ()), inputs)


def _mapping_changes(
    rule: FieldRule, desired: Mapping[str, Any], live: Mapping[str, Any], inputs: ComparisonInputs
) -> list[FieldChange]:
    """Unset references and values the service hides are taken from the other side: they are not compared."""
    applied = inputs.last_applied(rule.name)
    filled = {k: live.get(k) if v is UnknownValue.UNSET else v for k, v in desired.items()}
    hidden = [k for k, v in live.items() if v is UnknownValue.HIDDEN]
    trusted = applied is None or digest(filled) == applied[0]
    shown = {k: (filled.get(k) if k in hidden and trusted else v) for k, v in live.items()}
    why = difference_cause(filled == shown, digest(filled), digest(shown), applied)
    if why is Cause.CONFLICT and hidden:
        why = Cause.PENDING  # the YAML moved for sure; whether the hidden side did too, nobody can say
    if why is Cause.ALREADY_MATCHES and any(v is UnknownValue.UNSET for v in desired.values()):
        return []  # not all of it could be compared, so the marker must not say that it was
    if why in (None, Cause.ALREADY_MATCHES):
        return [FieldChange(rule.name, rule.name, shown, shown, why)] if why else []
    return [FieldChange(leaf_path(rule.name, k), rule.name, b, a, why) for k, b, a in differing_leaves(shown, filled)]


def differing_leaves(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The leaves that differ, by dotted path, sorted. deepdiff's own types go no further than here."""
    from deepdiff import DeepDiff

    # threshold 0: objects with hardly a key in common are still told leaf by leaf
    plain = DeepDiff(_plain_values(before), _plain_values(after), view="tree", threshold_to_diff_deeper=0)
    keys = sorted(
        {".".join(str(p) for p in level.path(output_format="list")) for found in plain.values() for level in found}
    )
    return [(key, before.get(key), after.get(key)) for key in keys]


def _plain_values(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: v.value if isinstance(v, SensitiveValue) else str(v) if isinstance(v, UnknownValue) else v
        for k, v in value.items()
    }


def _write_only_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    """Unknown counts as sent: a damaged marker is no reason to send secrets again."""
    applied = inputs.last_applied(rule.name)
    if applied is None:
        return [FieldChange(rule.name, rule.name, desired, desired, Cause.ALREADY_MATCHES)]
    if applied[0] == digest(desired):
        return []
    return [FieldChange(rule.name, rule.name, UnknownValue.HIDDEN, desired, Cause.PENDING)]


def _enabled_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    YAML     live   last applied   seen on   result
    any      off    on, unknown    -         stopped, held (YAML off: converged)
    on       off    off            -         pending: we switched it off
    absent   off    -              yes       stopped, held; so too when the marker was lost or damaged
    absent   off    -              no        -
    absent   on     -              -         -

    While nothing was declared, what was seen last stands for what was applied last.
    """
    applied = inputs.last_applied(rule.name)
    if applied is None and inputs.marker is not None and not inputs.marker.damaged:
        applied = (digest(inputs.marker.last_seen_enabled),)
    is_paused = not live and desired is not False
    if desired is None:
        is_paused = is_paused and (
            inputs.is_last_applied_unknown or (inputs.marker is not None and inputs.marker.last_seen_enabled)
        )
        if not is_paused:
            return []
    elif is_paused and applied and applied[0] == digest(False):
        is_paused = False
    if is_paused:
        return [FieldChange(rule.name, rule.name, False, True, Cause.DRIFT if inputs.resume else Cause.PAUSED)]
    why = difference_cause(desired == live, digest(desired), digest(live), applied)
    if why is None and inputs.last_applied(rule.name) is None:
        why = Cause.ALREADY_MATCHES  # declared for the first time, and so already: the marker learns it
    return [FieldChange(rule.name, rule.name, live, desired, why)] if why else []


def _end_changes(rule: FieldRule, desired: Any, live: int | None, inputs: ComparisonInputs) -> list[FieldChange]:
    if inputs.end.rolling is not None:
        return _rolling_end_changes(rule, live, inputs)
    if desired is None:
        return _undeclared_end_changes(rule, live, inputs)
    applied = inputs.last_applied(END)
    why = difference_cause(desired == live, str(desired), str(live), applied)
    if why is Cause.UNKNOWN_ORIGIN and live is not None and inputs.is_undeclared_default_end(live):
        why = Cause.PENDING
    if why and live is not None and _is_cut_short(why, live, desired, applied) and not inputs.resume:
        why = Cause.PAUSED
    return [FieldChange(rule.name, rule.name, live, desired, why)] if why else []


def _undeclared_end_changes(rule: FieldRule, live: int | None, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    Where the YAML gives no end none is written. One that is earlier than the last we wrote, or than the six months of
    the service, is a stop all the same, unless the flow would have ended by now without it.
    """
    if live is None or inputs.ours_since is None:
        return []
    applied = inputs.last_applied(END)
    last = int(applied[-1]) if applied else schedule.default_end(inputs.ours_since)
    ours = live >= last if applied else live >= last or schedule.is_default_end(live, inputs.ours_since)
    if ours or last <= inputs.as_of:
        return []
    return [FieldChange(rule.name, rule.name, live, last, Cause.DRIFT if inputs.resume else Cause.PAUSED)]


def _is_cut_short(why: Cause, live: int, desired: int, applied: tuple[str, ...] | None) -> bool:
    """
    Somebody else moved the end to an earlier moment; without digests an earlier end is taken for that. A YAML that
    wants a still earlier one undoes no stop.
    """
    if live >= desired:
        return False
    if why in (Cause.DRIFT, Cause.CONFLICT):
        return applied is not None and live < int(applied[-1])
    return why is Cause.UNKNOWN_ORIGIN


def _rolling_end_changes(rule: FieldRule, live: int | None, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    live vs marker's end   result
    equal                  nothing, or renewal when due
    equal and over         lapsed: an ordinary write, since a flow that has ended is revived by it
    later, marker unknown  converged (and renewal when due)
    earlier                stopped, not renewed
    marker silent, and no end that we can have written, nor the service's own: stopped
    live has no end        differs: the first end is written
    """
    target = schedule.first_end(inputs.end, inputs.as_of)
    assert target is not None
    applied = inputs.last_applied(END)
    if live is None:
        return [FieldChange(rule.name, rule.name, None, target, Cause.DRIFT if applied else Cause.UNKNOWN_ORIGIN)]
    known = int(applied[-1]) if applied else None
    ours = inputs.can_be_own_end(live) or inputs.is_undeclared_default_end(live)
    if live < known if known is not None else not ours:
        why = Cause.DRIFT if inputs.resume else Cause.PAUSED
        return [FieldChange(rule.name, rule.name, live, target, why)]
    if live <= inputs.as_of < target:
        return [FieldChange(rule.name, rule.name, live, target, Cause.EXPIRED)]
    if inputs.renew and target > live and schedule.is_renewal_due(inputs.end, live, inputs.as_of):
        return [FieldChange(rule.name, rule.name, live, target, Cause.RENEWAL)]
    return [] if live == known else [FieldChange(rule.name, rule.name, live, live, Cause.ALREADY_MATCHES)]


_COMPARE: Mapping[Treat, Callable[[FieldRule, Any, Any, ComparisonInputs], list[FieldChange]]] = {
    Treat.VALUE: _value_changes,
    Treat.DEFAULTED: _value_changes,
    Treat.UNORDERED: _unordered_changes,
    Treat.REPOINT: _unordered_changes,
    Treat.WRITE_ONLY: _write_only_changes,
    Treat.BY_ACTION: _enabled_changes,
    Treat.ENDING: _end_changes,
}


def next_applied(
    kind: Kind,
    desired: Fields,
    live: Fields,
    changes: tuple[FieldChange, ...],
    inputs: ComparisonInputs,
    written: Callable[[FieldChange], bool],
) -> dict[str, tuple[str, ...]]:
    """
    The digests a marker should hold once `changes` are carried out: of what is written or already equal the desired
    value's; of what is held, accepted or left alone whatever was there; a normalised pair stays a pair.
    """
    before = {} if inputs.marker is None or inputs.marker.damaged else dict(inputs.marker.applied)
    by_field = {c.field: c for c in changes}
    after: dict[str, tuple[str, ...]] = {}
    for rule in kind.fields:
        change = by_field.get(rule.name)
        kept = before.get(rule.name)
        if rule.name not in desired or (desired[rule.name] is None and rule.treat is Treat.BY_ACTION):
            continue
        if change is None or not (change.cause is Cause.ALREADY_MATCHES or written(change)):
            if kept:
                after[rule.name] = kept
            continue
        after[rule.name] = (_stored_value(rule, desired[rule.name], live.get(rule.name), change),)
    return after


def _stored_value(rule: FieldRule, desired: Any, live: Any, change: FieldChange) -> str:
    if rule.treat is Treat.ENDING:
        return str(change.after)
    if isinstance(desired, Mapping):
        live = live or {}
        desired = {k: live.get(k) if v is UnknownValue.UNSET else v for k, v in desired.items()}
    if rule.treat in (Treat.REPOINT, Treat.UNORDERED):
        desired = sorted(desired)
    return digest(desired)


_COVERED = WRITE_CAUSES | {Cause.PAUSED}


def apply_accept_entries(
    change: FieldChange, names: Collection[str], accept: Sequence[AcceptEntry], as_of: int
) -> FieldChange:
    """
    Return the change, marked as accepted if an entry covers it.

    `names` are the addresses that an entry may give. An entry for `schedule` covers `schedule.every` and `schedule.at`.
    """
    fields = {change.field, change.path} | ({SCHEDULE} if change.field in SCHEDULE_FIELDS else set())
    covered = any(a.address in names and a.field in fields and as_of < a.until for a in accept)
    return replace(change, cause=Cause.ACCEPTED) if covered and change.cause in _COVERED else change
