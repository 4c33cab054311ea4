"""
What each run means for its chain. Pure.

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

What a service profile says of the rows of a run that sent none is in `late_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence

from exportctl.frozen import dataclass
from exportctl.monitor.backup.report import ChainStart, ChainState
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, Verdict
from exportctl.monitor.delivery.stored_files import manifest_run
from exportctl.monitor.delivery.verdict import ONLY_OTHER_DATASETS

DONE = (DeliveryResult.COMPLETE, DeliveryResult.EMPTY, DeliveryResult.LATE)


@dataclass(frozen=True)
class RowAnswers:
    """
    What becomes of rows that a run did not send: they come with the `next_run`, or are `lost`. None: not known.

    `source` says who answered, for people.
    """

    source: str
    failed: str | None = None  # the rows of a failed run
    missed: str | None = None  # the rows of the runs that a disabled flow missed
    sends_all_again: bool | None = None  # after a change of the datasets; None: not known
    schedule_restarts: bool | None = None  # the same after a change of the schedule


NO_ANSWERS = RowAnswers("")


@dataclass(frozen=True)
class UnknownDues:
    """Before the moment `until`, in seconds, another schedule may have applied: what was due is not known."""

    until: int
    is_start: bool  # it is the start of the schedule; else that of the last run that does not fit to it
    is_stated: bool  # the config states former schedules, and they do not explain it


@dataclass(frozen=True)
class ChainFacts:
    """What the fold needs beside the verdicts. `starts` are in order of time, at least one; seconds."""

    starts: tuple[ChainStart, ...]
    grace: int  # a run that is not there yet may still come
    retention: int | None  # how long the storage keeps files; None: for ever
    as_of: int
    is_storage_read: bool = True
    unknown: UnknownDues | None = None
    row_answers: RowAnswers = NO_ANSWERS


@dataclass(frozen=True)
class Link:
    """One run of the chain: whole, or broken in some way."""

    verdict: Verdict
    due: int
    state: ChainState
    after: int | None  # when the run before it was due
    carrier: int | None = None  # when the later run was due that has its rows: then it breaks nothing
    settled_by: str = ""  # who says what becomes of its rows

    @property
    def has_ended_well(self) -> bool:
        """The run was complete once, at least by the word of the service, or ended and nothing more is known of it."""
        said = self.verdict
        is_open = said.result is DeliveryResult.UNKNOWN and bool(said.completed) and said.reason != ONLY_OTHER_DATASETS
        has_written = self.state is not ChainState.UNPROVEN and not self.is_lost
        return has_written or said.result in DONE or is_open

    @property
    def is_lost(self) -> bool:
        """Its rows come with no run, by whoever settled it."""
        return self.state is ChainState.GAP and bool(self.settled_by)

    @property
    def breaks_chain(self) -> bool:
        return self.state is not ChainState.WHOLE and self.carrier is None


def chain_links(verdicts: Sequence[Verdict], facts: ChainFacts) -> list[Link]:
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
    if verdict.result in DONE:
        is_empty = verdict.result is DeliveryResult.EMPTY or verdict.rows == 0  # nothing to prove
        by_word = verdict.evidence in (Evidence.NONE, Evidence.RUNS) and not is_empty
        return ChainState.UNPROVEN if by_word or not facts.is_storage_read else ChainState.WHOLE
    if verdict.result is DeliveryResult.FILES_MISSING:
        only_manifest = bool(verdict.objects) and all(manifest_run(path) for path in verdict.objects)
        return ChainState.UNPROVEN if only_manifest or verdict.of_several else ChainState.GAP
    if is_deleted_by_storage(verdict, due, facts):
        return ChainState.GAP
    return ChainState.CHANGED if verdict.result is DeliveryResult.MISMATCH else ChainState.UNPROVEN


def is_deleted_by_storage(verdict: Verdict, due: int, facts: ChainFacts) -> bool:
    is_over = facts.retention is not None and facts.as_of - due > facts.retention
    return is_over and verdict.result is DeliveryResult.UNKNOWN and not verdict.files
