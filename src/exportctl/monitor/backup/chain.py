"""
Fold the verdicts on all runs of a dataset into its chain. Pure.

    verdict on a run                                       link of the chain
    COMPLETE, EMPTY or late, with files or a manifest      whole
    the same, by the run's own word alone                  UNPROVEN
    FILES-MISSING; nothing there and the storage deletes   GAP
    FILES-MISSING, but only the manifest                   UNPROVEN
    FILES-MISSING, of this or of another dataset           UNPROVEN
    MISMATCH                                               CHANGED
    FAILED, MISSING                                        UNPROVEN: whether a later run sends these rows is open
    UNKNOWN                                                UNPROVEN
    still under way, or not due for long                   none yet
    before the start of a schedule that is not the first   as above, and what was due is not known: UNPROVEN

A later start closes what was broken before it, if it is certain that everything was sent again. Where that is open:

    before the start   after it            both together
    WHOLE              any                 as after it
    broken             WHOLE or UNPROVEN   UNPROVEN
    broken             GAP or CHANGED      as after it
    not exported yet   any                 as after it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from exportctl.model.schedule import DAY, format_count, format_moment
from exportctl.monitor.backup.report import Chain, ChainRun, ChainStart, ChainState, Gap
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, Verdict
from exportctl.monitor.delivery.stored_files import manifest_run
from exportctl.monitor.delivery.verdict import ONLY_OTHER_DATASETS

_WORST_FIRST = (ChainState.GAP, ChainState.CHANGED, ChainState.UNPROVEN)
_DONE = (DeliveryResult.COMPLETE, DeliveryResult.EMPTY, DeliveryResult.LATE)
_FILES_BACK = (
    "bring the files back from a version or a copy of the storage; otherwise only a new full export has these rows"
)
_NEW_EXPORT = "if the backup must have these rows for certain, make a new full export: a new flow sends everything"
_READ_STORAGE = "let exportctl read the storage: docs/how-to/let-verify-read-storage.md"


@dataclass(frozen=True)
class ChainFacts:
    """What the fold needs beside the verdicts. `starts` are in order of time, at least one; seconds."""

    starts: tuple[ChainStart, ...]
    grace: int  # a run that is not there yet may still come
    retention: int | None  # how long the storage keeps files; None: for ever
    as_of: int
    is_storage_read: bool = True
    unknown_before: int | None = None  # before this moment another schedule may have applied: what was due is not known


@dataclass(frozen=True)
class Link:
    """One run of the chain: whole, or broken in some way."""

    verdict: Verdict
    due: int
    state: ChainState
    after: int | None  # when the run before it was due

    @property
    def has_ended_well(self) -> bool:
        """The run was complete once, at least by the word of the service, or ended and nothing more is known of it."""
        said = self.verdict
        is_open = said.result is DeliveryResult.UNKNOWN and bool(said.completed) and said.reason != ONLY_OTHER_DATASETS
        return self.state is not ChainState.UNPROVEN or said.result in _DONE or is_open


@dataclass(frozen=True)
class _Segment:
    """The runs from one start to the next."""

    start: ChainStart
    links: tuple[Link, ...]

    @property
    def state(self) -> ChainState:
        states = {link.state for link in self.links}
        return next((state for state in _WORST_FIRST if state in states), ChainState.WHOLE)

    @property
    def is_before_export(self) -> bool:
        """All runs name only other datasets: this one was added later."""
        return bool(self.links) and all(link.verdict.reason == ONLY_OTHER_DATASETS for link in self.links)


def fold_chain(verdicts: Sequence[Verdict], facts: ChainFacts) -> Chain:
    """Return the chain of one dataset; `verdicts` are on all its runs since the flow was made, in order of time."""
    segments = _segments(_links(verdicts, facts), facts.starts)
    links = [link for segment in segments for link in segment.links]
    whole = [link for link in links if link.state is ChainState.WHOLE]
    gaps = (*_unknown_runs(facts), *_gaps(links, facts))
    state = _combine_states(segments) if any(link.has_ended_well for link in links) else ChainState.NONE
    if state is ChainState.WHOLE and gaps:
        state = ChainState.UNPROVEN
    return Chain(
        dataset=verdicts[0].dataset,
        dataset_id=verdicts[0].dataset_id,
        state=state,
        reason=_reason(state, whole, gaps) or verdicts[-1].reason,
        starts=tuple(segment.start for segment in segments),
        covered_from=whole[0].due if whole else None,
        covered_to=whole[-1].due if whole else None,
        complete_runs=len(whole),
        rows=_sum(link.verdict.rows for link in whole),
        files=_sum(link.verdict.files for link in whole),
        size=_sum(link.verdict.size for link in whole),
        gaps=gaps,
        runs=tuple(_chain_run(link) for link in links),
    )


def _chain_run(link: Link) -> ChainRun:
    said = link.verdict
    return ChainRun(link.due, said.run, link.state, said.rows, said.stored)


def no_chain(verdict: Verdict) -> Chain:
    """Return the chain of a dataset that no flow exports."""
    nothing = (None, None, 0, None, None, None)
    return Chain(verdict.dataset, verdict.dataset_id, ChainState.NONE, verdict.reason, (), *nothing, gaps=())


def _links(verdicts: Sequence[Verdict], facts: ChainFacts) -> list[Link]:
    made: list[Link] = []
    before: int | None = None
    for verdict in verdicts:
        if verdict.due is not None and not _is_under_way(verdict, verdict.due, facts):
            made.append(Link(verdict, verdict.due, _link_state(verdict, verdict.due, facts), before))
            before = verdict.due
    return made


def _is_under_way(verdict: Verdict, due: int, facts: ChainFacts) -> bool:
    """Check whether the run goes on, or may still come: the chain ends before it."""
    if verdict.result is DeliveryResult.LATE:
        return verdict.completed is None
    waits = verdict.run is None and facts.as_of <= due + facts.grace
    return verdict.result is DeliveryResult.UNKNOWN and (waits or (verdict.run is not None and not verdict.completed))


def _link_state(verdict: Verdict, due: int, facts: ChainFacts) -> ChainState:
    if verdict.result in _DONE:
        is_empty = verdict.result is DeliveryResult.EMPTY or verdict.rows == 0  # nothing to prove
        by_word = verdict.evidence in (Evidence.NONE, Evidence.RUNS) and not is_empty
        return ChainState.UNPROVEN if by_word or not facts.is_storage_read else ChainState.WHOLE
    if verdict.result is DeliveryResult.FILES_MISSING:
        only_manifest = bool(verdict.objects) and all(manifest_run(path) for path in verdict.objects)
        return ChainState.UNPROVEN if only_manifest or verdict.of_several else ChainState.GAP
    if _is_deleted_by_storage(verdict, due, facts):
        return ChainState.GAP
    return ChainState.CHANGED if verdict.result is DeliveryResult.MISMATCH else ChainState.UNPROVEN


def _is_deleted_by_storage(verdict: Verdict, due: int, facts: ChainFacts) -> bool:
    is_over = facts.retention is not None and facts.as_of - due > facts.retention
    return is_over and verdict.result is DeliveryResult.UNKNOWN and not verdict.files


def _segments(links: Sequence[Link], starts: Sequence[ChainStart]) -> list[_Segment]:
    """Return the runs by the start that they follow: from the last certain start on, without what was before export."""
    bounds = [*(start.moment for start in starts[1:]), None]
    made, rest = list[_Segment](), list(links)
    for start, bound in zip(starts, bounds, strict=True):
        own = [link for link in rest if bound is None or link.due < bound]
        rest = rest[len(own) :]
        made.append(_Segment(start, tuple(own)))
    while len(made) > 1 and (made[1].start.is_certain or made[0].is_before_export):
        made.pop(0)
    return made


def _combine_states(segments: Sequence[_Segment]) -> ChainState:
    first, *others = [segment.state for segment in segments if segment.links] or [ChainState.NONE]
    state = first
    for later in others:
        opens = later in (ChainState.WHOLE, ChainState.UNPROVEN)
        state = ChainState.UNPROVEN if state is not ChainState.WHOLE and opens else later
    return state


def _sum(counts: Iterable[int | None]) -> int | None:
    """Return the sum of what was counted; None if some of it was not."""
    known = list(counts)
    return None if None in known or not known else sum(one or 0 for one in known)


def _reason(state: ChainState, whole: Sequence[Link], gaps: Sequence[Gap]) -> str | None:
    if state is ChainState.WHOLE:
        return f"{format_count(len(whole), 'run')}, each with its files"
    cause = next((gap for wanted in (state, *_WORST_FIRST) for gap in gaps if gap.state is wanted), None)
    return cause.reason if cause else None


# -- gaps -------------------------------------------------------------------------------------------------------------


def _unknown_runs(facts: ChainFacts) -> Iterator[Gap]:
    """Yield one gap if nothing says which runs were due at first: one that is missing and forgotten leaves no trace."""
    if facts.unknown_before is not None:
        when = format_moment(facts.unknown_before)
        yield Gap(
            ChainState.UNPROVEN,
            after=None,
            first=facts.starts[0].moment,
            last=facts.unknown_before,
            runs=0,
            reason=f"the schedule of the flow begins at {when}, so it is not known which runs were due before",
            lost="nothing is known to be lost",
            action=_NEW_EXPORT,
        )


def _gaps(links: Sequence[Link], facts: ChainFacts) -> Iterator[Gap]:
    """Yield what breaks the chain, neighbours of one kind together."""
    for (state, reason), same in groupby(links, key=lambda link: (link.state, _gap_reason(link, facts))):
        if state is not ChainState.WHOLE:
            yield _gap(state, reason, tuple(same), facts)


def _gap_reason(link: Link, facts: ChainFacts) -> str:
    """Return the reason without what differs from run to run, so that neighbours share it."""
    if link.state is ChainState.WHOLE:
        return ""
    if not facts.is_storage_read and link.verdict.result in _DONE:
        return "the storage was not read"
    if link.verdict.result is DeliveryResult.MISSING:
        return "a run was due and there is none"
    return link.verdict.reason


def _gap(state: ChainState, reason: str, links: Sequence[Link], facts: ChainFacts) -> Gap:
    first, last = links[0], links[-1]
    return Gap(
        state=state,
        after=first.after,
        first=first.due,
        last=last.due,
        runs=len(links),
        reason=reason,
        lost=_lost_rows(first, last),
        action=_action(first, facts),
        run=first.verdict.run,
        objects=tuple(path for link in links for path in link.verdict.objects),
    )


def _lost_rows(first: Link, last: Link) -> str:
    until = format_moment(last.due)
    rows = (
        f"all rows that the dataset had at {until}"
        if first.after is None
        else f"the rows that came between {format_moment(first.after)} and {until}"
    )
    if first.state in (ChainState.GAP, ChainState.CHANGED):
        return rows
    if first.verdict.result in (DeliveryResult.FAILED, DeliveryResult.MISSING):
        return f"perhaps {rows}: Adobe does not document whether a later run sends them"
    return f"perhaps {rows}"


def _action(link: Link, facts: ChainFacts) -> str:
    if _is_deleted_by_storage(link.verdict, link.due, facts):
        return f"export to a storage that keeps files for longer than {(facts.retention or 0) // DAY} days"
    if link.state in (ChainState.GAP, ChainState.CHANGED):
        return _FILES_BACK
    if link.verdict.result in _DONE and not facts.is_storage_read:
        return _READ_STORAGE
    if link.verdict.result in (DeliveryResult.FAILED, DeliveryResult.MISSING):
        return _NEW_EXPORT
    return link.verdict.hint or _NEW_EXPORT
