"""
Fold the verdicts on all runs of a dataset into its chain. Pure.

What each run means is in `links`, and what a later run may have of it in `late_rows`. Before the start of a schedule
that is not the first one, it is not known what was due: UNPROVEN.

A later start closes what was broken before it, if it is certain that everything was sent again. Where that is open:

    before the start   after it            both together
    WHOLE              any                 as after it
    broken             WHOLE or UNPROVEN   UNPROVEN
    broken             GAP or CHANGED      as after it
    not exported yet   any                 as after it
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exportctl.frozen import dataclass
from exportctl.model.schedule import format_count
from exportctl.monitor.backup.gaps import WORST_FIRST, chain_gaps, late_rows, unknown_runs
from exportctl.monitor.backup.late_rows import settle_links
from exportctl.monitor.backup.links import ChainFacts, Link, chain_links
from exportctl.monitor.backup.report import Chain, ChainRun, ChainStart, ChainState, Gap, LateRows
from exportctl.monitor.delivery.report import Evidence, Verdict
from exportctl.monitor.delivery.verdict import ONLY_OTHER_DATASETS


@dataclass(frozen=True)
class _Segment:
    """The runs from one start to the next."""

    start: ChainStart
    links: tuple[Link, ...]

    @property
    def state(self) -> ChainState:
        states = {link.state for link in self.links if link.breaks_chain}
        return next((state for state in WORST_FIRST if state in states), ChainState.WHOLE)

    @property
    def is_before_export(self) -> bool:
        """All runs name only other datasets: this one was added later."""
        return bool(self.links) and all(link.verdict.reason == ONLY_OTHER_DATASETS for link in self.links)


def fold_chain(verdicts: Sequence[Verdict], facts: ChainFacts) -> Chain:
    """Return the chain of one dataset; `verdicts` are on all its runs since the flow was made, in order of time."""
    segments = _segments(settle_links(chain_links(verdicts, facts), facts.row_answers), facts.starts)
    links = [link for segment in segments for link in segment.links]
    whole = [link for link in links if link.state is ChainState.WHOLE]
    gaps, late = (*unknown_runs(facts), *chain_gaps(links, facts)), tuple(late_rows(links, facts))
    state = _combine_states(segments) if any(link.has_ended_well for link in links) else ChainState.NONE
    if state is ChainState.WHOLE and gaps:
        state = ChainState.UNPROVEN
    return Chain(
        dataset=verdicts[0].dataset,
        dataset_id=verdicts[0].dataset_id,
        state=state,
        reason=_reason(state, whole, gaps, late) or verdicts[-1].reason,
        starts=tuple(segment.start for segment in segments),
        covered_from=whole[0].due if whole else None,
        covered_to=whole[-1].due if whole else None,
        complete_runs=len(whole),
        rows=_sum(link.verdict.rows for link in whole),
        files=_sum(link.verdict.files for link in whole),
        size=_sum(link.verdict.size for link in whole),
        gaps=gaps,
        runs=tuple(_chain_run(link) for link in links),
        late_rows=late,
    )


def _chain_run(link: Link) -> ChainRun:
    said = link.verdict
    return ChainRun(link.due, said.run, link.state, said.rows, said.stored, link.carrier)


def no_chain(verdict: Verdict) -> Chain:
    """Return the chain of a dataset that no flow exports."""
    nothing = (None, None, 0, None, None, None)
    return Chain(verdict.dataset, verdict.dataset_id, ChainState.NONE, verdict.reason, (), *nothing, gaps=())


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


def _reason(state: ChainState, whole: Sequence[Link], gaps: Sequence[Gap], late: Sequence[LateRows]) -> str | None:
    if state is ChainState.WHOLE:
        others = sum(one.runs for one in late)
        later = f"; later runs have the rows of {others} more, by {late[0].source}" if others else ""
        return f"{format_count(len(whole), 'run')}, each with its files{_unread_contents(whole)}{later}"
    cause = next((gap for wanted in (state, *WORST_FIRST) for gap in gaps if gap.state is wanted), None)
    return cause.reason if cause else None


def _unread_contents(whole: Sequence[Link]) -> str:
    """Say so if files were only listed: a file that was cut may have no other sign of it."""
    is_read = all(link.verdict.evidence is Evidence.CONTENT for link in whole if link.verdict.files)
    return "" if is_read else "; --deep also reads them"
