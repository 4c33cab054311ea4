"""
Compare the end of a flow with the end in the marker: a moment, a rolling end, none, or one that cannot be read. Pure.

An earlier end is a pause, because it stops the data of the flow. The marker holds the end itself, not a digest.
"""

from __future__ import annotations

from typing import Any

from exportctl.model import schedule
from exportctl.model.plan import Cause, FieldChange
from exportctl.plan.comparison import ComparisonInputs, difference_cause, make_change
from exportctl.resources.kinds import END, FieldRule


def end_changes(rule: FieldRule, desired: Any, live: int | None, inputs: ComparisonInputs) -> list[FieldChange]:
    """Compare the end; an end that a hand moved to an earlier moment stays a pause."""
    if inputs.unknown_end is not None:
        return _unknown_end_changes(rule, desired, inputs)
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
    return make_change(rule, live, desired, why)


def _unknown_end_changes(rule: FieldRule, desired: int | None, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    Compare an end that exportctl cannot read: it may be a pause, so it stays until a person decides.

    YAML                         last applied         result
    another moment than before   a moment, or none    conflict: a person edited `end`, and the YAML wins
    any                          -                    not comparable; with --resume: drift
    any, of a flow to adopt      -                    unknown origin, which blocks the adoption
    """
    applied, after = inputs.last_applied(END), desired
    is_known = inputs.marker is not None and not inputs.marker.damaged
    if desired is None and inputs.ours_since is not None:
        after = int(applied[-1]) if applied else schedule.default_end(inputs.ours_since)
    if inputs.ours_since is None:
        why = Cause.UNKNOWN_ORIGIN
    elif inputs.resume:
        why = Cause.DRIFT
    elif inputs.end.moment is not None and is_known and str(desired) != (applied or ("",))[0]:
        why = Cause.CONFLICT
    else:
        why = Cause.NOT_COMPARABLE
    return make_change(rule, inputs.unknown_end, after, why)


def _undeclared_end_changes(rule: FieldRule, live: int | None, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    Compare the end of an export that declares none: exportctl writes no end.

    An end before the last applied end, or before the six months of the service, is a pause, unless the flow would have
    ended by now anyway.
    """
    if live is None or inputs.ours_since is None:
        return []
    applied = inputs.last_applied(END)
    last = int(applied[-1]) if applied else schedule.default_end(inputs.ours_since)
    ours = live >= last if applied else live >= last or schedule.is_default_end(live, inputs.ours_since)
    if ours or last <= inputs.as_of:
        return []
    return make_change(rule, live, last, Cause.DRIFT if inputs.resume else Cause.PAUSED)


def _is_cut_short(why: Cause, live: int, desired: int, applied: tuple[str, ...] | None) -> bool:
    """
    Check whether a person or another tool moved the end to an earlier moment.

    Without digests every earlier end counts. If the YAML declares an even earlier end, there is no pause to keep.
    """
    if live >= desired:
        return False
    if why in (Cause.DRIFT, Cause.CONFLICT):
        return applied is not None and live < int(applied[-1])
    return why is Cause.UNKNOWN_ORIGIN


def _rolling_end_changes(rule: FieldRule, live: int | None, inputs: ComparisonInputs) -> list[FieldChange]:
    """
    Compare a rolling end with the end in the marker.

    live end                                result
    equal                                   nothing, or a renewal if it is due
    equal and past                          expired: a write, because it revives the flow
    later, or the marker is unknown         already matches, or a renewal if it is due
    earlier                                 paused, not renewed
    not in the marker, and set neither by
    exportctl nor by the service            paused, not renewed
    none                                    unknown origin: write the first end
    """
    target = schedule.first_end(inputs.end, inputs.as_of)
    assert target is not None
    applied = inputs.last_applied(END)
    if live is None:
        return make_change(rule, None, target, Cause.DRIFT if applied else Cause.UNKNOWN_ORIGIN)
    known = int(applied[-1]) if applied else None
    ours = inputs.can_be_own_end(live) or inputs.is_undeclared_default_end(live)
    if live < known if known is not None else not ours:
        return make_change(rule, live, target, Cause.DRIFT if inputs.resume else Cause.PAUSED)
    if live <= inputs.as_of < target:
        return make_change(rule, live, target, Cause.EXPIRED)
    if inputs.renew and target > live and schedule.is_renewal_due(inputs.end, live, inputs.as_of):
        return make_change(rule, live, target, Cause.RENEWAL)
    return make_change(rule, live, live, None if live == known else Cause.ALREADY_MATCHES)
