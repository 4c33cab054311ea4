"""
One word per dataset and occasion: runs first, then what storage holds against what the run says. Pure.

    runs of the tick            storage                                      word
    none, still in time         -                                            UNKNOWN
    none                        a manifest of ours, and all it lists         COMPLETE
    none                        files                                        UNKNOWN
    none                        nothing                                      MISSING
    all failed                  -                                            FAILED
    under way                   -                                            UNKNOWN, LATE after `expect.within`
    succeeded                   see files.py                                 COMPLETE EMPTY FILES-MISSING MISMATCH
    succeeded, after `within`   as it should be                              LATE
    succeeded                   not read, or cannot be told apart            by the run alone
    succeeded                   denied                                       UNKNOWN, and an error beside it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exportctl import schedules
from exportctl.runs import Run, RunStatus
from exportctl.verification import files
from exportctl.verification.evidence import Holdings
from exportctl.verification.files import Arrival, Checked
from exportctl.verification.matching import Chosen, chosen
from exportctl.verification.occasions import Occasion
from exportctl.verification.report import FAILING, Evidence, Verdict, Word
from exportctl.verification.watched import Watched

BAD = (RunStatus.FAILED, RunStatus.PARTIAL)


@dataclass(frozen=True)
class Case:
    """One dataset of one occasion, with all there is to judge it by. `holdings` None: storage was not read."""

    watched: Watched
    dataset: str
    occasion: Occasion
    holdings: Holdings | None
    folders: Chosen
    unreadable: str | None
    as_of: int

    def verdict(self, word: Word, reason: str, run: Run | None = None) -> Verdict:
        return Verdict(
            dataset=self.watched.datasets[self.dataset],
            dataset_id=self.dataset,
            due=self.occasion.due,
            word=word,
            reason=reason,
            evidence=Evidence.RUNS if run else Evidence.NONE,
            run=run.id if run else None,
            completed=run.completed if run else None,
        )

    def found(self, checked: Checked, run: Run | None = None) -> Verdict:
        return replace(
            self.verdict(checked.word, checked.reason, run),
            evidence=checked.evidence,
            objects=checked.objects,
            folder=checked.folder,
            rows=checked.rows,
            files=checked.files,
            size=checked.size,
        )


def verdicts(
    watched: Watched,
    occasions: Sequence[Occasion],
    holdings: Holdings | None,
    *,
    as_of: int,
    since: int,
    unreadable: str | None = None,
) -> tuple[Verdict, ...]:
    """
    Every dataset of every occasion, and one UNKNOWN per dataset if there was no occasion at all.

    `holdings` None means that storage was not read; `unreadable` says why it could not be, although it should.
    """
    folders = chosen(watched, occasions, holdings) if holdings else {}
    found = [
        _settled(case, _judged(case))
        for occasion in occasions
        for dataset in watched.datasets
        for case in [Case(watched, dataset, occasion, holdings, folders, unreadable, as_of)]
    ]
    if not occasions:
        reason = nothing_due(watched, since, as_of)
        found = [Verdict(name, one, None, Word.UNKNOWN, reason) for one, name in watched.datasets.items()]
    return tuple(sorted(found, key=lambda v: (v.dataset, v.dataset_id, v.due or 0)))


def nothing_due(watched: Watched, since: int, as_of: int) -> str:
    """Why no run was expected in the window."""
    state = watched.state(as_of)
    if as_of < watched.created:
        return f"the flow was made at {schedules.shown(watched.created)}"
    if state == "unknown":
        return "its schedule cannot be read"
    if state == "finished":
        return f"a one-time export, which was due at {schedules.shown(watched.start or 0)}, before the window"
    if state == "expired":
        return f"the flow ended at {schedules.shown(watched.end)}: no run was due"
    if state == "disabled":
        return "the flow is disabled: no run was due; `exportctl drift` says whether somebody stopped it"
    upcoming = schedules.next_runs(watched.rhythm or "", watched.start or 0, watched.end, as_of, count=1)
    later = f"; the next run is due at {schedules.shown(upcoming[0])}" if upcoming else ""
    return f"no run was due since {schedules.shown(max(since, watched.changed))}{later}"


def _judged(case: Case) -> Verdict:
    runs = [r for r in case.occasion.runs if case.dataset in r.dataset_rows or not r.dataset_rows]
    if not case.occasion.runs:
        return _without_run(case)
    if not runs:
        return case.verdict(Word.UNKNOWN, "the run of this tick names other datasets only", case.occasion.runs[-1])
    done = _successes(case, runs)
    if done:
        return _arrived(case, done, [r for r in runs if r.status in BAD])
    under_way = [r for r in runs if not r.over]
    if under_way:
        return _under_way(case, under_way[-1])
    return _failed(case, runs[-1])


def _successes(case: Case, runs: Sequence[Run]) -> list[Run]:
    """The run that wrote this dataset, or all that may have, where the service does not say whose each is."""
    done = [r for r in runs if r.succeeded]
    own = [r for r in done if case.dataset in r.dataset_rows]
    return own[:1] or done


def _without_run(case: Case) -> Verdict:
    due, grace = case.occasion.due, case.watched.grace
    if not case.occasion.expected:
        moment = schedules.shown(case.watched.changed)
        return case.verdict(Word.UNKNOWN, f"no run; whether one was due is not known: the flow was changed at {moment}")
    if case.as_of <= due + grace:
        return case.verdict(Word.UNKNOWN, f"no run yet; expected by {schedules.shown(due + grace)}")
    folder = case.folders.get((case.dataset, due))
    if folder is not None and case.holdings is not None:
        manifest = files.manifest_in(folder, case.watched, case.holdings)
        if manifest is not None:
            checked = files.against_manifest([manifest], folder, case.holdings)
            if checked.word is Word.COMPLETE:
                reason = "the service shows no run, but the manifest and the files agree"
                return case.found(replace(checked, reason=reason))
        if folder.files:
            reason = f"the service shows no run; {len(folder.files)} files are in its folder"
            return replace(case.verdict(Word.UNKNOWN, reason), folder=folder.path, objects=(folder.path,))
    return replace(
        case.verdict(Word.MISSING, f"no run since it was due, {_ago(case.as_of - due)} ago"),
        hint="`exportctl status` shows whether the flow is on; the next run should carry these rows too",
    )


def _under_way(case: Case, run: Run) -> Verdict:
    reason = f"running since {schedules.shown(run.started)}"
    within = case.watched.within
    late = within is not None and case.occasion.expected and case.as_of > case.occasion.due + within
    return case.verdict(Word.LATE if late else Word.UNKNOWN, reason, run)


def _failed(case: Case, run: Run) -> Verdict:
    said = "; ".join(f"{e.code} {e.message}".strip() for e in run.errors) or "the service gives no reason"
    partly = "only a part was written: " if run.status is RunStatus.PARTIAL else ""
    return case.verdict(Word.FAILED, f"{partly}{said}", run)


def _arrived(case: Case, done: Sequence[Run], failed: Sequence[Run]) -> Verdict:
    run = done[-1]
    if case.unreadable is not None:
        reason = f"the run succeeded; its files could not be read: {case.unreadable}"
        return case.verdict(Word.UNKNOWN, reason, run)
    arrival = Arrival(case.watched, case.dataset, case.occasion, tuple(done))
    if case.holdings is None:
        checked = files.by_runs(arrival, "the run succeeded; its files were not looked at")
    else:
        checked = files.checked(arrival, case.holdings, case.folders)
    several = len(case.watched.datasets) > 1 and any(not r.dataset_rows for r in failed)
    if several and case.holdings is not None and not checked.files and failed[-1].started >= done[0].started:
        return _failed(case, failed[-1])
    return case.found(checked, run)


def _settled(case: Case, verdict: Verdict) -> Verdict:
    """What time does to a word: lateness, files that storage itself deletes, places that were others before."""
    watched, due = case.watched, case.occasion.due
    nothing_there = verdict.word is Word.FILES_MISSING and not verdict.files
    if nothing_there and watched.retention is not None and case.as_of - due > watched.retention:
        days = watched.retention // schedules.DAY
        verdict = replace(verdict, word=Word.UNKNOWN, reason=f"{watched.type.label} keeps files for {days} days only")
    elif nothing_there and _may_lie_elsewhere(case):
        moment = schedules.shown(max(watched.refoldered, watched.moved))
        reason = f"not where the export writes now; it was changed at {moment}, later than this run"
        verdict = replace(verdict, word=Word.UNKNOWN, reason=reason)
    if verdict.word in (Word.COMPLETE, Word.EMPTY) and _late(case, verdict.completed):
        reason = f"complete only {_ago((verdict.completed or due) - due)} after it was due, not within "
        reason += _ago(watched.within or 0)
        verdict = replace(verdict, word=Word.LATE, reason=reason)
    empty = verdict.word is Word.EMPTY and watched.non_empty
    if empty:
        verdict = replace(verdict, reason=f"{verdict.reason}, and `expect.non_empty` asks for rows")
    return replace(verdict, fails=empty or verdict.word in FAILING)


def _may_lie_elsewhere(case: Case) -> bool:
    """The place or the folders may have been others then, and nothing of that time lies where they are now."""
    watched, due = case.watched, case.occasion.due
    if due >= max(watched.refoldered, watched.moved):
        return False
    known = case.holdings.folders.get(case.dataset, {}).values() if case.holdings else ()
    last = max(watched.refoldered, watched.moved)
    return not any(folder.files and folder.moment is not None and folder.moment < last for folder in known)


def _late(case: Case, completed: int | None) -> bool:
    within = case.watched.within
    return (
        within is not None
        and case.occasion.expected
        and completed is not None
        and completed > case.occasion.due + within
    )


def _ago(seconds: int) -> str:
    """`3 h`, `2 h 15 min`, `40 min`: how long, for people."""
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes or not hours else [])])
