"""What a comparison of one object needs beside the values, and the cause of a difference by the digests. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.plan import Cause, FieldChange, Marker, UnknownValue
from exportctl.model.project import End, Variables
from exportctl.resources.kinds import END, FieldRule

NO_END = End()
LATE_RENEWAL_WINDOW = 3 * schedule.DAY  # a renewal may be late: for example over a weekend


@dataclass(frozen=True)
class ComparisonInputs:
    """What one comparison needs beside the values."""

    marker: Marker | None
    as_of: int
    resume: bool = False
    end: End = NO_END
    renew: bool = True
    ours_since: int | None = None  # creation of an object of ours, in seconds; None for one to adopt
    first_start: int | None = None  # the run time that exportctl would choose now; None: the start is not compared
    is_over: bool = False  # disabled only after its last run, which stops no data
    is_off_by_exportctl: bool = False  # the marker proves that exportctl itself disabled the flow
    is_action_missing: bool = False  # exportctl wrote that it would disable or enable the flow, and was interrupted
    latest_start: int = 0  # the last moment at which a flow begins that no hand moved
    unknown_end: str | None = None  # the live end in the words of the service, if exportctl cannot read it

    @property
    def is_last_applied_unknown(self) -> bool:
        """The object is ours, but the last applied values are unknown."""
        return self.ours_since is not None and (self.marker is None or self.marker.damaged)

    def can_be_own_end(self, end: int) -> bool:
        """
        Check whether exportctl can have written a rolling end, when the marker does not say so.

        It can have written the end of the last timely renewal, or a later one. It can also have written the end before,
        if that renewal was late or is due now. An earlier end was set by a person or another tool.
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
        """Check that no end was applied yet, and that the live end is the one that the service sets itself."""
        known = self.marker is not None and not self.marker.damaged and END not in self.marker.applied
        return known and self.ours_since is not None and schedule.is_default_end(live, self.ours_since)

    def last_applied(self, name: str) -> tuple[str, ...] | None:
        """Return the digests of the last applied value of a field, None if they are unknown."""
        return None if self.marker is None or self.marker.damaged else self.marker.applied.get(name)


def difference_cause(equal: bool, desired: Any, live: Any, applied: tuple[str, ...] | None) -> Cause | None:
    """Decide the cause by the table of this module, with digests. None: no change."""
    if applied is None:
        return Cause.ALREADY_MATCHES if equal else Cause.UNKNOWN_ORIGIN
    ours = desired == applied[0]
    if equal:
        return None if ours else Cause.ALREADY_MATCHES
    if ours:
        return Cause.NORMALISED if live in applied[1:] else Cause.DRIFT
    return Cause.PENDING if live in applied else Cause.CONFLICT


def name_variables(change: FieldChange, variables: Variables) -> FieldChange:
    """
    Say which variables can have changed a value since the last apply.

    The marker has a digest of the value. So it cannot tell an edit of the YAML from a new value of a variable in it. Of
    several values with one digest, a value that the service hides may be one that did not change.
    """
    if change.cause not in (Cause.PENDING, Cause.CONFLICT):
        return change
    name = change.field if change.before is UnknownValue.HIDDEN or change.path not in variables else change.path
    named = dict.fromkeys(variables.get(name, ()))
    words = [f"the {'variable' if one.startswith('${env:') else 'file'} {one}" for one in named]
    return replace(change, note=f"the value to send changed (the YAML, or {', or '.join(words)})") if words else change


def make_change(rule: FieldRule, before: Any, after: Any, why: Cause | None) -> list[FieldChange]:
    """Return the change of a whole field; none without a cause."""
    return [FieldChange(rule.name, rule.name, before, after, why)] if why else []
