"""Exit codes, what they mean to people, and which one counts when several apply. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from exportctl.errors import Error, LeaseHeld, RefusedError, StalePlan, UsageError

if TYPE_CHECKING:
    from exportctl.model.apply_report import ResultWord
    from exportctl.model.plan import Plan
    from exportctl.model.verdict import PlanVerdict

DONE, FAILED, CHANGES, DRIFT, INCOMPLETE, BLOCKED, STALE, LEASE_HELD, INTERRUPTED, UNVERIFIED, LOST_REPORT = range(11)
USAGE = 64
ORDER = (
    *(USAGE, INTERRUPTED, FAILED, LEASE_HELD, STALE, BLOCKED, INCOMPLETE, DRIFT, UNVERIFIED, LOST_REPORT),
    *(CHANGES, DONE),
)

TEXTS: Mapping[int, str] = {
    DONE: "Done, or nothing to report. `plan` without --detailed-exitcode exits with 0 even if there are changes.",
    FAILED: "Error: the config is not valid, the network or the service failed, or you declined the question. Also: a "
    "newer exportctl wrote objects of this project (`newer-marker`), or the config needs one (`minimum_version`): "
    "upgrade.",
    CHANGES: "`plan --detailed-exitcode`: there are changes, or orphans to delete. Flows left paused, renewals and "
    "marker-only writes do not count.",
    DRIFT: "`drift`, `fleet drift` or `nightly` found something that --fail-on names.",
    INCOMPLETE: "Apply is incomplete, or something remains: changes, duplicates, orphans, or what cannot be read. "
    "The report lists it. `renew`: it left a rolling end that is in the past, which only apply moves, or that it "
    "cannot renew. `probe`: objects of a probe remain in the sandbox.",
    BLOCKED: "Blocked by a safety check. The plan says the one edit or flag that allows exactly this. Nothing was "
    "written.",
    STALE: "The saved plan is stale: a value that it read or would write has changed, or the plan is too old. Nothing "
    "was written.",
    LEASE_HELD: "Another run holds the lease of this project (`policy.lease`), or took it from this run. The message "
    "names it. Run the command again when that run has ended.",
    INTERRUPTED: "Interrupted by Ctrl-C, SIGTERM or SIGHUP, also while the program was being loaded. Nothing new was "
    "started; the writes under way finished, and the report of what was written was shown. Within the first moment, "
    "before Python has started exportctl, a shell shows 130 or 143 instead: nothing has begun then.",
    UNVERIFIED: "`verify`, `fleet verify`, `nightly`, `backup check`, `backup manifest`, `backup drill` or `restore` "
    "found something that is not complete.",
    LOST_REPORT: "The command did its work, but its report could be written nowhere: stdout and stderr are full or "
    "closed. `backup drill`: the line of the drill could not be written to --audit. `nightly`: a file of its "
    "reports could not be written.",
    USAGE: "Wrong usage. Also: `apply` or `probe` must ask, there is no terminal, and --auto-approve is missing. "
    "Or `probe` was asked for a sandbox for production without --sandbox.",
}


RESULT_CODES: Mapping[str, int] = {  # result of a run -> its exit code
    "done": DONE,
    "incomplete": INCOMPLETE,
    "failed": FAILED,
    "blocked": BLOCKED,
    "stale": STALE,
    "lease-held": LEASE_HELD,
    "interrupted": INTERRUPTED,
}


def run_result(code: int) -> ResultWord:
    """Return the result of a run that an error ended with this exit code. A wrong usage counts as failed."""
    from exportctl.model.apply_report import ResultWord

    return next((ResultWord(result) for result, own in RESULT_CODES.items() if own == code), ResultWord.FAILED)


def reading_result(code: int) -> ResultWord:
    """Return the result of a command that shows what it found. What it found is no failure of the command."""
    return run_result(DONE if code in (CHANGES, DRIFT, UNVERIFIED) else code)


def pick_exit_code(*codes: int) -> int:
    """Return the code that counts among several; 0 for none."""
    return min(codes, key=ORDER.index, default=DONE)


def error_exit_code(error: Error) -> int:
    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, StalePlan):
        return STALE
    if isinstance(error, LeaseHeld):
        return LEASE_HELD
    return BLOCKED if isinstance(error, RefusedError) else FAILED


def plan_exit_code(plan: Plan, *, detailed: bool = False) -> int:
    """Return the exit code of a plan that was only shown."""
    from exportctl.model.verdict import RemainderKind, judge

    found = judge(plan)
    kinds = found.counts()
    codes = [FAILED] if RemainderKind.ERROR in kinds else []
    codes += [BLOCKED] if RemainderKind.REFUSAL in kinds else []
    codes += [CHANGES] if detailed and found.has_changes else []
    return pick_exit_code(*codes)


def apply_exit_code(found: PlanVerdict | None) -> int:
    """Return the exit code of a run that was neither interrupted nor cut by an error; None: without a final check."""
    return DONE if found is not None and found.is_complete else INCOMPLETE
