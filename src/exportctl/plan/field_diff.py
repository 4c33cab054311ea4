"""
Compare one object: desired, live and last applied -> FieldChanges with a cause.

Values decide whether a field differs. The digest of the last applied value only names the cause.

    YAML = live   last applied value   cause             plan           drift
    yes           the same             -
    yes           other, unknown       already matches   marker only
    no            = live               pending change    update         counted
    no            = YAML               drift             revert         reported
    no            neither              conflict          update         reported
    no            unknown              unknown origin    update         reported
    no            pair of both         normalised        nothing

A pause stays paused in all these cases: a person or another tool disabled the flow, moved its end earlier, moved its
start into the future, or took datasets out. Only this module uses deepdiff: it names the leaves of an object that
differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

from exportctl.frozen import dataclass
from exportctl.model.digests import is_known_other
from exportctl.model.plan import WRITE_CAUSES, Cause, FieldChange, Fields, Marker, SensitiveValue, UnknownValue, digest
from exportctl.model.project import AcceptEntry
from exportctl.model.schedule import format_moment
from exportctl.plan.comparison import ComparisonInputs, difference_cause, make_change
from exportctl.plan.end_diff import end_changes
from exportctl.plan.grouping import group_by_key
from exportctl.resources.kinds import SCHEDULE, SCHEDULE_FIELDS, FieldRule, Kind, Treat, leaf_path

_LEAF = str | int | float | None
KeyPath: TypeAlias = tuple[Any, ...]
"""The keys and indexes that lead to a value in an object."""
_MARKED = WRITE_CAUSES | {Cause.RENEWAL, Cause.ALREADY_MATCHES}


def field_changes(kind: Kind, desired: Fields, live: Fields, inputs: ComparisonInputs) -> tuple[FieldChange, ...]:
    """
    Compare every managed field of `desired` with `live`, in the order of the kind's fields.

    Returns fields that differ, and fields that match but were not last applied so. The caller adds editor and position.
    """
    return tuple(
        change
        for rule in kind.fields
        if rule.name in desired
        for change in _COMPARE[rule.treat](rule, desired[rule.name], live.get(rule.name), inputs)
    )


def _value_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    if isinstance(desired, Mapping):
        return _mapping_changes(rule, desired, live or {}, inputs)
    why = difference_cause(desired == live, digest(desired), digest(live), inputs.last_applied(rule.name))
    return make_change(rule, live, desired, why)


def _unordered_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    return _value_changes(rule, sorted(desired), sorted(live or ()), inputs)


def _dataset_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    Compare the datasets; a flow from which a hand took datasets stays paused.

    live datasets                 last applied             result
    a proper subset of the YAML   the YAML's, unknown      paused
    any other difference          the YAML's               drift
    any difference                neither                  conflict: the plan refuses it without --resume
    any difference                the live ones            pending change
    """
    changes = _unordered_changes(rule, desired, live, inputs)
    return [_pause_taken_out(c, inputs) for c in changes]


def _pause_taken_out(change: FieldChange, inputs: ComparisonInputs) -> FieldChange:
    unknown = change.cause is Cause.UNKNOWN_ORIGIN and inputs.ours_since is not None
    is_taken_out = set(change.before or ()) < set(change.after) and (unknown or change.cause is Cause.DRIFT)
    return replace(change, cause=Cause.PAUSED) if is_taken_out and not inputs.resume else change


def _mapping_changes(
    rule: FieldRule, desired: Mapping[str, Any], live: Mapping[str, Any], inputs: ComparisonInputs
) -> list[FieldChange]:
    """Compare objects, without unset variables and values that the service hides."""
    applied = inputs.last_applied(rule.name)
    filled = _fill_unset(desired, live)
    hidden = [k for k, v in live.items() if v is UnknownValue.HIDDEN]
    is_other = is_known_other(inputs.marker, rule.name, filled)
    trusted = applied is None or (digest(filled) == applied[0] and not is_other)
    shown = {k: (filled.get(k) if k in hidden and trusted else v) for k, v in live.items()}
    mine = None if is_other and filled != shown else digest(filled)
    why = difference_cause(filled == shown, mine, digest(shown), applied)
    if why is Cause.CONFLICT and hidden:
        why = Cause.PENDING  # the YAML changed for certain; whether the hidden value changed is unknown
    if why is Cause.ALREADY_MATCHES and any(v is UnknownValue.UNSET for v in desired.values()):
        return []  # one part was not compared, so the marker must not say that all of it matches
    if why in (None, Cause.ALREADY_MATCHES):
        return make_change(rule, shown, shown, why)
    return [FieldChange(leaf_path(rule.name, k), rule.name, b, a, why) for k, b, a in differing_leaves(shown, filled)]


def _fill_unset(desired: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Replace unset variables by the live values."""
    return {k: live.get(k) if v is UnknownValue.UNSET else v for k, v in desired.items()}


def differing_leaves(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the leaves that differ, sorted by dotted path. A side that has no such leaf gives None."""
    one, other = _plain_values(before), _plain_values(after)
    is_flat = all(isinstance(value, _LEAF) for value in (*one.values(), *other.values()))
    paths = _differing_keys(one, other) if is_flat else _differing_paths(one, other)
    named = {".".join(map(str, path)): path for path in paths}
    return [(name, _value_at(before, path), _value_at(after, path)) for name, path in sorted(named.items())]


def _value_at(value: Any, path: KeyPath) -> Any:
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        else:
            value = value[key] if isinstance(value, list) and key < len(value) else None
    return value


def _differing_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[KeyPath]:
    """Return the keys of different values. A key of one side alone differs, and so does `1` from `True`."""
    both = one.keys() & other.keys()
    different = {key for key in both if one[key] != other[key] or type(one[key]) is not type(other[key])}
    return {(key,) for key in different | (one.keys() ^ other.keys())}


def _differing_paths(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[KeyPath]:
    """Return the paths of different values; no type of deepdiff leaves this function."""
    from deepdiff import DeepDiff  # its import costs more than those of typer and httpx together

    # threshold 0: compare objects with few common keys leaf by leaf too
    found = DeepDiff(one, other, view="tree", threshold_to_diff_deeper=0)
    return {tuple(level.path(output_format="list")) for levels in found.values() for level in levels}


def _plain_values(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: v.value if isinstance(v, SensitiveValue) else str(v) if isinstance(v, UnknownValue) else v
        for k, v in value.items()
    }


def _write_only_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    """Compare a value that the service never returns; unknown counts as sent, because secrets are not sent twice."""
    applied = inputs.last_applied(rule.name)
    if applied is None:
        return make_change(rule, desired, desired, Cause.ALREADY_MATCHES)
    is_changed = applied[0] != digest(desired) or is_known_other(inputs.marker, rule.name, desired)
    return make_change(rule, UnknownValue.HIDDEN, desired, Cause.PENDING if is_changed else None)


def _enabled_changes(rule: FieldRule, desired: Any, live: Any, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    Compare `enabled`; a flow that was disabled by hand stays paused.

    YAML     live       last applied       last seen enabled   result
    any      disabled   enabled, unknown   -                   paused (YAML disabled: already matches)
    enabled  disabled   disabled           -                   pending change: the YAML disabled it before
    absent   disabled   -                  yes                 paused; also with a lost or damaged marker
    absent   disabled   -                  no                  -
    absent   enabled    -                  -                   -
    not disabled, and exportctl itself disabled the flow: pending change
    other than live, and exportctl was interrupted before it did that: pending change
    other    disabled after its end, or in another state than enabled and disabled: not compared

    While the YAML declares nothing, the state that was seen last counts as last applied.
    """
    if live is None or (inputs.is_over and desired is not False):
        return []
    if (desired is not False) is not live and (inputs.is_off_by_exportctl or inputs.is_action_missing):
        return make_change(rule, live, not live, Cause.PENDING)
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
        return make_change(rule, False, True, Cause.DRIFT if inputs.resume else Cause.PAUSED)
    why = difference_cause(desired == live, digest(desired), digest(live), applied)
    if why is None and inputs.last_applied(rule.name) is None:
        why = Cause.ALREADY_MATCHES  # declared for the first time and already so: write it into the marker
    return make_change(rule, live, desired, why)


def _start_changes(
    rule: FieldRule, desired: int | None, live: int | None, inputs: ComparisonInputs
) -> list[FieldChange]:
    """
    Compare the start; a flow with a start that a hand moved into the future stays paused.

    `desired` is the `start` of the YAML, None without one.

    live start                        `start` last applied   result
    past                              -                      already matches: the flow has begun
    later than `latest_start`         the YAML's, unknown    paused; of a flow to adopt: unknown origin
    later than `latest_start`         other                  pending change
    earlier than the YAML's `start`   the YAML's             drift: the flow would begin before it may
    earlier than the YAML's `start`   other, unknown         pending change, unknown origin
    between the two                   other, unknown         already matches

    The second digest is that of a later live start that exportctl kept when it wrote a shorter interval.
    """
    first, applied = inputs.first_start, inputs.last_applied(rule.name)
    if live is None or first is None:
        return []
    is_known = applied is not None and applied[0] == digest(desired)
    is_kept = applied is not None and digest(live) in applied[1:]
    if live > max(inputs.latest_start, inputs.as_of) and not (is_known and is_kept):
        return make_change(rule, live, first, _late_start_cause(is_known or applied is None, inputs))
    if desired is not None and inputs.as_of < live < desired:
        cause = Cause.DRIFT if is_known else Cause.PENDING if applied else Cause.UNKNOWN_ORIGIN
        return make_change(rule, live, first, cause)
    is_news = not is_known and (applied is not None or (desired is not None and live > inputs.as_of))
    return make_change(rule, live, live, Cause.ALREADY_MATCHES if is_news else None)


def _late_start_cause(is_moved: bool, inputs: ComparisonInputs) -> Cause:
    """Decide why a flow begins later than the YAML says; `is_moved`: the YAML did not move its start."""
    if not is_moved:
        return Cause.PENDING
    if inputs.ours_since is None:
        return Cause.UNKNOWN_ORIGIN
    return Cause.DRIFT if inputs.resume else Cause.PAUSED


_COMPARE: Mapping[Treat, Callable[[FieldRule, Any, Any, ComparisonInputs], list[FieldChange]]] = {
    Treat.VALUE: _value_changes,
    Treat.DEFAULTED: _value_changes,
    Treat.UNORDERED: _unordered_changes,
    Treat.REPOINT: _dataset_changes,
    Treat.WRITE_ONLY: _write_only_changes,
    Treat.BY_ACTION: _enabled_changes,
    Treat.STARTING: _start_changes,
    Treat.ENDING: end_changes,
}


def applied_digests(
    kind: Kind, desired: Fields, live: Fields, changes: Sequence[FieldChange], marker: Marker | None
) -> dict[str, tuple[str, ...]]:
    """
    Return the digests for the marker after `changes`.

    A field that is written or already matches gets the digest of its desired value. A field that stays paused, accepted
    or unchanged keeps its digests, also a normalised pair.
    """
    before = {} if marker is None or marker.damaged else marker.applied
    moved = {c.field: c for c in changes if c.cause in _MARKED}
    after: dict[str, tuple[str, ...]] = {}
    for rule in kind.fields:
        name = rule.name
        if name not in desired or (desired[name] is None and rule.treat is Treat.BY_ACTION):
            continue
        if name in moved:
            after[name] = (_stored_value(rule, desired[name], live.get(name), moved[name]),)
        elif before.get(name):
            after[name] = before[name]
    return after


def _stored_value(rule: FieldRule, desired: Any, live: Any, change: FieldChange) -> str:
    if rule.treat is Treat.ENDING:
        return str(change.after)
    if isinstance(desired, Mapping):
        return digest(_fill_unset(desired, live or {}))
    return digest(sorted(desired) if rule.treat in (Treat.REPOINT, Treat.UNORDERED) else desired)


@dataclass(frozen=True)
class AcceptEntries:
    """The `accept` entries of a config, in their order."""

    entries: tuple[AcceptEntry, ...] = ()

    def of(self, addresses: Collection[str]) -> Iterator[AcceptEntry]:
        """Yield the entries of some addresses."""
        places = {n for address in addresses for n in self._places.get(address, ())}
        return (self.entries[n] for n in sorted(places))

    @cached_property
    def _places(self) -> Mapping[str, Sequence[int]]:
        return group_by_key(range(len(self.entries)), lambda n: self.entries[n].address)


def apply_accept_entries(change: FieldChange, names: Collection[str], accept: AcceptEntries, as_of: int) -> FieldChange:
    """
    Return the change, marked as accepted if an entry covers it.

    `names` are the addresses that an entry may give. An entry for `schedule` covers all of its keys.
    """
    fields = {change.field, change.path} | ({SCHEDULE} if change.field in SCHEDULE_FIELDS else set())
    entry = next((a for a in accept.of(names) if a.field in fields and a.is_in_force(as_of)), None)
    can_accept = change.cause in (Cause.PAUSED, Cause.NOT_COMPARABLE) or change.cause in WRITE_CAUSES
    if entry is None or not can_accept:
        return change
    limit = "for good" if entry.until is None else f"until {format_moment(entry.until)}"
    return replace(change, cause=Cause.ACCEPTED, note=f"{limit}, by {entry.owner}: {entry.reason}")
