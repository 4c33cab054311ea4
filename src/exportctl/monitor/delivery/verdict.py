"""
One result per dataset and due run: runs first, then what storage holds against what the run says. Pure.

    runs for this time          storage                                      result
    none, still in time         -                                            UNKNOWN
    none                        a manifest of ours, and all that it lists    COMPLETE
    none                        files                                        UNKNOWN
    none                        nothing                                      MISSING
    none, and no older run      nothing, for more than RUNS_SHOWN            UNKNOWN: how long runs are shown is open
    all failed                  -                                            FAILED
    under way                   -                                            UNKNOWN, LATE after `expect.within`
    succeeded                   see compare_files                            COMPLETE EMPTY FILES-MISSING MISMATCH
    succeeded, after `within`   as it should be                              LATE
    succeeded                   files in a folder that cannot be read        UNKNOWN, never FILES-MISSING
    succeeded                   not read, or runs cannot be distinguished       by the run alone
    succeeded, names no dataset nothing, and the datasets were changed later     UNKNOWN: perhaps not of this dataset
    one succeeded, one failed   not read, and no run names its dataset       UNKNOWN
    succeeded                   denied                                       UNKNOWN, and an error
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.monitor.delivery.compare_files import (
    DatasetDelivery,
    compare_files,
    compare_with_manifest,
    delivered_files,
    run_result,
)
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import folder_layout
from exportctl.monitor.delivery.report import FAILING_RESULTS, DeliveryResult, Evidence, Verdict
from exportctl.monitor.delivery.stored_files import ExportFiles, FolderByRun, match_folders
from exportctl.resources.flow_states import state_phrase
from exportctl.resources.run import Run, RunStatus

RUNS_SHOWN = 7 * schedule.DAY  # every service shows runs for so long (assumed): an older missing one proves nothing
ONLY_OTHER_DATASETS = "the run for this time names only other datasets"
_STATE_FORMER = "state where it wrote before, in `former_locations` of the export: docs/how-to/prove-a-backup.md"
FAILED_STATUSES = (RunStatus.FAILED, RunStatus.PARTIAL)


@dataclass(frozen=True)
class VerdictInput:
    """One dataset of one due run, with all that it is judged by. `files` None: storage was not read."""

    expectation: DeliveryExpectation
    dataset: str
    due_run: DueRun
    files: ExportFiles | None
    folders: FolderByRun
    read_error: str | None
    as_of: int

    def verdict(self, word: DeliveryResult, reason: str, run: Run | None = None) -> Verdict:
        return Verdict(
            dataset=self.expectation.datasets[self.dataset],
            dataset_id=self.dataset,
            due=self.due_run.due,
            result=word,
            reason=reason,
            evidence=Evidence.RUNS if run else Evidence.NONE,
            run=run.id if run else None,
            completed=run.completed if run else None,
        )


def verdicts(
    watched: DeliveryExpectation,
    occasions: Sequence[DueRun],
    stored: ExportFiles | None,
    *,
    as_of: int,
    since: int,
    unreadable: str | None = None,
) -> tuple[Verdict, ...]:
    """
    Judge every dataset of every due run. Without any due run, return one UNKNOWN per dataset.

    `stored` None means that storage was not read. `unreadable` says why it could not be read although it should.
    """
    folders = match_folders(watched, occasions, stored) if stored else {}
    found = [
        _adjust_verdict(case, _judge_run(case))
        for occasion in occasions
        for dataset in watched.datasets
        for case in [VerdictInput(watched, dataset, occasion, stored, folders, unreadable, as_of)]
    ]
    if not occasions:
        reason = nothing_due_reason(watched, since, as_of)
        found = [Verdict(name, one, None, DeliveryResult.UNKNOWN, reason) for one, name in watched.datasets.items()]
    return tuple(sorted(found, key=lambda v: (v.dataset, v.dataset_id, v.due or 0)))


def dues_with_missing_files(found: Iterable[Verdict]) -> tuple[int, ...]:
    """Return the moments at which runs were due whose files are missing."""
    return tuple(sorted({v.due for v in found if v.result is DeliveryResult.FILES_MISSING and v.due is not None}))


def forgotten_dues(found: Iterable[Verdict], as_of: int) -> tuple[int, ...]:
    """Return the moments of missing runs that the service may have shown once and shows no more."""
    missing = {v.due for v in found if v.result is DeliveryResult.MISSING and v.due is not None}
    return tuple(sorted(due for due in missing if as_of - due > RUNS_SHOWN))


def excuse_forgotten_runs(found: Sequence[Verdict], oldest: Run, as_of: int) -> tuple[Verdict, ...]:
    """Return UNKNOWN instead of MISSING for runs that are older than the oldest one that the service still shows."""
    forgotten = {due for due in forgotten_dues(found, as_of) if due < oldest.started}
    reason = (
        f"no run; the oldest run that the service shows is of {schedule.format_moment(oldest.started)}, and Adobe does "
        "not document how long it shows runs"
    )
    return tuple(
        replace(v, result=DeliveryResult.UNKNOWN, reason=reason, hint=None, fails=False)
        if v.result is DeliveryResult.MISSING and v.due in forgotten
        else v
        for v in found
    )


def nothing_due_reason(watched: DeliveryExpectation, since: int, as_of: int) -> str:
    """Say why no run was expected in the window."""
    state = watched.state(as_of)
    if as_of < watched.created:
        return f"the flow was made at {schedule.format_moment(watched.created)}"
    if watched.every is None or watched.start is None:
        shown = watched.unknown_schedule
        return f'exportctl cannot read its schedule "{shown}"' if shown else "its schedule cannot be read"
    if state == "finished":
        return f"a one-time export, which was due at {schedule.format_moment(watched.start or 0)}, before the window"
    if watched.enabled is None and watched.end > as_of:
        return f"the flow is {state_phrase(watched.shown_state)}: exportctl does not know whether a run was due"
    if state == "expired":
        return f"the flow ended at {schedule.format_moment(watched.end)}: no run was due"
    if state == "disabled":
        return "the flow is disabled: no run was due; `exportctl drift` says whether it was paused by hand"
    upcoming = schedule.next_runs(watched.every, watched.start, watched.end, as_of, count=1)
    if upcoming and watched.step and upcoming[0] - as_of > watched.step:
        far = f"the next run is due at {schedule.format_moment(upcoming[0])}, further away than one interval"
        return f"no run was due: {far}; `exportctl drift` says whether it was paused by hand"
    later = f"; the next run is due at {schedule.format_moment(upcoming[0])}" if upcoming else ""
    return f"no run was due since {schedule.format_moment(max(since, watched.changed))}{later}"


def _judge_run(case: VerdictInput) -> Verdict:
    runs = [r for r in case.due_run.runs if case.dataset in r.dataset_rows or not r.dataset_rows]
    if not case.due_run.runs:
        return _verdict_without_run(case)
    if not runs:
        return case.verdict(DeliveryResult.UNKNOWN, ONLY_OTHER_DATASETS, case.due_run.runs[-1])
    done = [r for r in runs if r.has_succeeded]
    if done:  # the run that wrote this dataset, or all that may have, if the service does not name their datasets
        own = [r for r in done if case.dataset in r.dataset_rows]
        return _successful_verdict(case, own[:1] or done, [r for r in runs if r.status in FAILED_STATUSES])
    under_way = [r for r in runs if not r.is_finished]
    if under_way:
        return _running_verdict(case, under_way[-1])
    return _failed_verdict(case, runs[-1])


def _verdict_without_run(case: VerdictInput) -> Verdict:
    due, grace = case.due_run.due, case.expectation.grace
    if not case.due_run.expected:
        moment = schedule.format_moment(case.expectation.changed)
        reason = f"no run; it is not known whether one was due, because the flow was changed at {moment}"
        return replace(case.verdict(DeliveryResult.UNKNOWN, reason), is_before_change=True)
    if case.expectation.unknown_end is not None:
        reason = f'no run; exportctl cannot read the end of the flow, "{case.expectation.unknown_end}"'
        return case.verdict(DeliveryResult.UNKNOWN, reason)
    if case.as_of <= due + grace:
        return case.verdict(DeliveryResult.UNKNOWN, f"no run yet; expected by {schedule.format_moment(due + grace)}")
    folder = case.folders.get((case.dataset, due))
    if folder is not None and case.files is not None:
        known = (case.files.manifests.get(stored.path) for stored in folder.manifests)
        manifest = next((m for m in known if m is not None and m.flow == case.expectation.flow), None)
        if manifest is not None:
            checked = compare_with_manifest(case.verdict(DeliveryResult.UNKNOWN, ""), [manifest], folder)
            if checked.result is DeliveryResult.COMPLETE:
                reason = "the service shows no run, but the manifest and the files agree"
                stored = delivered_files(folder.files, case.files.rows)
                return replace(checked, reason=reason, run=manifest.run, stored=stored)
        if folder.files:
            reason = f"the service shows no run; {schedule.format_count(len(folder.files), 'file')} in its folder"
            stored = delivered_files(folder.files, case.files.rows)
            unknown = case.verdict(DeliveryResult.UNKNOWN, reason)
            return replace(unknown, folder=folder.path, objects=(folder.path,), stored=stored)
    return replace(
        case.verdict(DeliveryResult.MISSING, f"no run since it was due, {duration_text(case.as_of - due)} ago"),
        hint="`exportctl status` shows whether the flow is enabled; the next run should also send these rows",
    )


def _running_verdict(case: VerdictInput, run: Run) -> Verdict:
    result = DeliveryResult.LATE if _is_late(case, case.as_of) else DeliveryResult.UNKNOWN
    return case.verdict(result, f"running since {schedule.format_moment(run.started)}", run)


def _failed_verdict(case: VerdictInput, run: Run) -> Verdict:
    said = "; ".join(f"{e.code} {e.message}".strip() for e in run.errors) or "the service gives no reason"
    is_partial = run.status is RunStatus.PARTIAL
    partly = "only a part was written: " if is_partial else ""
    return replace(case.verdict(DeliveryResult.FAILED, f"{partly}{said}", run), is_partial=is_partial)


def _successful_verdict(case: VerdictInput, done: Sequence[Run], failed: Sequence[Run]) -> Verdict:
    run = done[-1]
    if case.read_error is not None:
        reason = f"the run succeeded; its files could not be read: {case.read_error}"
        return case.verdict(DeliveryResult.UNKNOWN, reason, run)
    arrival = DatasetDelivery(
        case.expectation,
        case.dataset,
        case.due_run,
        tuple(done),
        case.files or ExportFiles(),
        case.folders,
        case.verdict(DeliveryResult.COMPLETE, "the run succeeded", run),
    )
    if case.files is None:
        checked = run_result(arrival, "the run succeeded; its files were not checked")
    else:
        checked = compare_files(arrival)
    return _count_failed_run(case, _doubt_empty_run(case, checked, done), done[0], failed)


def _doubt_empty_run(case: VerdictInput, verdict: Verdict, done: Sequence[Run]) -> Verdict:
    """Return UNKNOWN instead of EMPTY if the run may have been of other datasets: the flow got another list later."""
    changed = case.expectation.datasets_changed
    is_named = any(case.dataset in run.dataset_rows for run in done)
    if verdict.result is not DeliveryResult.EMPTY or is_named or case.due_run.due >= changed:
        return verdict
    moment = schedule.format_moment(changed)
    reason = f"no file, and the run does not name its datasets, which were changed at {moment}: was this one of them?"
    return replace(verdict, result=DeliveryResult.UNKNOWN, reason=reason)


def _count_failed_run(case: VerdictInput, checked: Verdict, done: Run, failed: Sequence[Run]) -> Verdict:
    """Let a failed run count for a dataset that shows no files, if it can be the one that should have written them."""
    is_own_run_known = len(case.expectation.datasets) == 1 or case.dataset in done.dataset_rows
    can_be_own = any(not r.dataset_rows for r in failed) and failed[-1].started >= done.started
    if is_own_run_known or not can_be_own or checked.files:
        return checked
    if case.files is None:
        reason = "a run failed, and it does not name its dataset; the files were not checked"
        return case.verdict(DeliveryResult.UNKNOWN, reason, failed[-1])
    return _failed_verdict(case, failed[-1])


def _adjust_verdict(case: VerdictInput, verdict: Verdict) -> Verdict:
    """Adjust a result for time: lateness, files that storage deletes, locations that have changed since."""
    watched, due = case.expectation, case.due_run.due
    verdict = _excuse_unreadable_folders(case, verdict)
    nothing_there = verdict.result is DeliveryResult.FILES_MISSING and not verdict.files
    if nothing_there and watched.retention is not None and case.as_of - due > watched.retention:
        reason = f"{watched.type.label} keeps files for {watched.retention // schedule.DAY} days only"
        verdict = replace(verdict, result=DeliveryResult.UNKNOWN, reason=reason)
    elif nothing_there and _can_be_elsewhere(case):
        verdict = replace(verdict, result=DeliveryResult.UNKNOWN, reason=_elsewhere_reason(watched), hint=_STATE_FORMER)
    if verdict.result in (DeliveryResult.COMPLETE, DeliveryResult.EMPTY) and _is_late(case, verdict.completed):
        reason = f"complete only {duration_text((verdict.completed or due) - due)} after it was due, not within "
        reason += duration_text(watched.within or 0)
        verdict = replace(verdict, result=DeliveryResult.LATE, reason=reason)
    empty = verdict.result is DeliveryResult.EMPTY and watched.non_empty
    if empty:
        verdict = replace(verdict, reason=f"{verdict.reason}, and `expect.non_empty` asks for rows")
    return replace(verdict, fails=empty or verdict.result in FAILING_RESULTS)


def _excuse_unreadable_folders(case: VerdictInput, verdict: Verdict) -> Verdict:
    """
    Return UNKNOWN instead of FILES-MISSING if the files can be in a folder that exportctl cannot read.

    The service writes one folder per dataset and run, so no other folder excuses a dataset that has its own.
    """
    due, found = case.due_run.due, case.folders.get((case.dataset, case.due_run.due))
    if verdict.result is not DeliveryResult.FILES_MISSING or (found and verdict.evidence is Evidence.MANIFEST):
        return verdict
    paths = sorted(
        {
            folder.path
            for dataset in case.expectation.datasets
            if case.files and (dataset, due) not in case.folders
            for folder in case.files.unreadable.get(dataset, ())
            if folder.can_hold(due, folder_layout(case.expectation, dataset).resolution)
        }
    )
    if not paths:
        return _add_search_limit(case, verdict)
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return replace(
        verdict,
        result=DeliveryResult.UNKNOWN,
        reason=f"the run's files may be in a folder that exportctl cannot read: {paths[0]}{more}",
        objects=tuple(paths),
        hint=f"its name does not fit the folder template {case.expectation.folder}; if these are other files, move "
        "them away",
    )


def _add_search_limit(case: VerdictInput, verdict: Verdict) -> Verdict:
    """Say that only a part of the path was searched, if the run's folder is missing."""
    searched = case.files.searched if case.files else None
    if searched is None or (case.dataset, case.due_run.due) in case.folders:
        return verdict
    path = case.expectation.prefix or "the bucket"
    limit = f"exportctl searched only {searched:,} objects of {path} for folders that it cannot read"
    return replace(verdict, reason=f"{verdict.reason}; {limit}")


def _elsewhere_reason(watched: DeliveryExpectation) -> str:
    moment = schedule.format_moment(max(watched.folder_changed, watched.location_changed))
    if watched.former_until is not None:
        return f"no file of the time before {moment} is at the former location that the config states"
    return f"not where the export writes now; it was changed at {moment}, later than this run"


def _can_be_elsewhere(case: VerdictInput) -> bool:
    """Say whether the location or the folders have changed since, and no file of that time is in the new ones."""
    last = max(case.expectation.folder_changed, case.expectation.location_changed)
    known = case.files.folders.get(case.dataset, {}).values() if case.files else ()
    has_old_files = any(folder.files and folder.moment is not None and folder.moment < last for folder in known)
    return case.due_run.due < last and not has_old_files


def _is_late(case: VerdictInput, moment: int | None) -> bool:
    within = case.expectation.within
    if within is None or moment is None or not case.due_run.expected:
        return False
    return moment > case.due_run.due + within


def duration_text(seconds: int) -> str:
    """Return `3 h`, `2 h 15 min` or `40 min`."""
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes or not hours else [])])
