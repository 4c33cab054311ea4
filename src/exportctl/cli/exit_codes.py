"""
Exit codes, and which one counts when several apply. Pure.

In: what a run found. Out: one number. `TEXTS` is the table that `exportctl explain` and docs/cli.md show.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.errors import Error, RefusedError, StalePlan, UsageError
from exportctl.model.plan import Plan

DONE, FAILED, CHANGES, DRIFT, INCOMPLETE, BLOCKED, STALE, LEASE_HELD, INTERRUPTED, UNVERIFIED = range(10)
USAGE = 64
ORDER = (USAGE, INTERRUPTED, FAILED, LEASE_HELD, STALE, BLOCKED, INCOMPLETE, DRIFT, UNVERIFIED, CHANGES, DONE)

TEXTS: Mapping[int, str] = {
    DONE: "Done, or nothing to report. `plan` without --detailed-exitcode ends so whatever changes it finds.",
    FAILED: "Error: the config is not valid, the network or the service failed, the question was declined, or a newer "
    "exportctl wrote objects of this project (`newer-marker`) or is asked for (`minimum_version`): upgrade.",
    CHANGES: "`plan --detailed-exitcode`: there are changes. Held stops, renewals and marker-only writes do not count.",
    DRIFT: "`drift` found something of a class that --fail-on names.",
    INCOMPLETE: "Apply is incomplete or did not converge: the report says what is left. Apply again, or look at it. "
    "`renew`: a rolling end is over, and only an apply moves that on.",
    BLOCKED: "A gate refused. The plan says the one edit or flag that allows exactly this; nothing was written.",
    STALE: "The saved plan is stale: what it read or would write has moved, or it is too old. Nothing was written.",
    LEASE_HELD: "Another apply holds the lease.",
    INTERRUPTED: "Interrupted: nothing new was started, what was in flight has finished, the report was written.",
    UNVERIFIED: "`verify` found something that is not complete.",
    USAGE: "Wrong usage. Also: no terminal to ask on, and no --auto-approve.",
}


def pick_exit_code(*codes: int) -> int:
    """The code that counts among several; 0 for none."""
    return min(codes, key=ORDER.index, default=DONE)


def error_exit_code(error: Error) -> int:
    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, StalePlan):
        return STALE
    return BLOCKED if isinstance(error, RefusedError) else FAILED


def plan_exit_code(plan: Plan, *, detailed: bool = False) -> int:
    """What a plan that was only shown ends in."""
    codes = [DONE]
    codes += [FAILED] if plan.errors() else []
    codes += [BLOCKED] if plan.is_refused else []
    codes += [CHANGES] if detailed and not plan.is_empty else []
    return pick_exit_code(*codes)
