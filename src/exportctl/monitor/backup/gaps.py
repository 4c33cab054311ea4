"""Say what breaks a chain, what is lost by it and what closes it, and which rows only came with a later run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from exportctl.model.schedule import DAY, format_moment
from exportctl.monitor.backup.links import DONE, ChainFacts, Link, is_deleted_by_storage
from exportctl.monitor.backup.report import ChainState, Gap, LateRows
from exportctl.monitor.delivery.report import DeliveryResult

WORST_FIRST = (ChainState.GAP, ChainState.CHANGED, ChainState.UNPROVEN)
_FILES_BACK = (
    "bring the files back from a version or a copy of the storage; otherwise only a new full export has these rows"
)
_ONLY_NEW_EXPORT = "only a new full export has these rows: a new flow sends everything"
_NEW_EXPORT = "if the backup must have these rows for certain, make a new full export: a new flow sends everything"
_STATE_SCHEDULES = "state when it ran before, in `former_schedules` of the export; or make a new full export"
_CORRECT_SCHEDULES = "write each schedule that the flow had, and as `until` the moment of the apply that changed it"
_READ_STORAGE = "let exportctl read the storage: docs/how-to/let-verify-read-storage.md"


def unknown_runs(facts: ChainFacts) -> Iterator[Gap]:
    """Yield one gap if nothing says which runs were due at first: one that is missing and forgotten leaves no trace."""
    if facts.unknown is not None:
        when, is_stated = format_moment(facts.unknown.until), facts.unknown.is_stated
        begins = f"the schedule of the flow begins at {when}"
        seen = begins if facts.unknown.is_start else f"the run of {when} does not fit to the schedule of the flow"
        why = "`former_schedules` do not explain that" if is_stated else "it is not known which runs were due before"
        yield Gap(
            ChainState.UNPROVEN,
            after=None,
            first=facts.starts[0].moment,
            last=facts.unknown.until,
            runs=0,
            reason=f"{seen}, and {why}" if is_stated else f"{seen}, so {why}",
            lost="nothing is known to be lost",
            action=_CORRECT_SCHEDULES if is_stated else _STATE_SCHEDULES,
        )


def chain_gaps(links: Sequence[Link], facts: ChainFacts) -> Iterator[Gap]:
    """Yield what breaks the chain, neighbours of one kind together."""
    for (breaks, state, reason), same in groupby(
        links, key=lambda link: (link.breaks_chain, link.state, _gap_reason(link, facts))
    ):
        if breaks:
            yield _gap(state, reason, tuple(same), facts)


def late_rows(links: Sequence[Link], facts: ChainFacts) -> Iterator[LateRows]:
    """Yield the runs whose rows a later run has, neighbours of one kind together."""
    for (carrier, reason), same in groupby(links, key=lambda link: (link.carrier, _gap_reason(link, facts))):
        found = tuple(same)
        if carrier is not None:
            yield LateRows(found[0].due, found[-1].due, len(found), reason, carrier, found[0].settled_by)


def _gap_reason(link: Link, facts: ChainFacts) -> str:
    """Return the reason without what differs from run to run, so that neighbours share it."""
    if link.state is ChainState.WHOLE:
        return ""
    if not facts.is_storage_read and link.verdict.result in DONE:
        return "the storage was not read"
    if link.verdict.result is DeliveryResult.MISSING:
        return "a run was due and there is none"
    if link.is_lost:
        return f"{link.verdict.reason}; its rows come with no later run, by {link.settled_by}"
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
        objects=tuple(dict.fromkeys(path for link in links for path in link.verdict.objects)),
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
    if first.settled_by:
        return f"perhaps {rows}: by {first.settled_by} the next run sends them, and no complete one is known"
    if first.verdict.result in (DeliveryResult.FAILED, DeliveryResult.MISSING):
        return f"perhaps {rows}: Adobe does not document whether a later run sends them"
    return f"perhaps {rows}"


def _action(link: Link, facts: ChainFacts) -> str:
    if is_deleted_by_storage(link.verdict, link.due, facts):
        return f"export to a storage that keeps files for longer than {(facts.retention or 0) // DAY} days"
    if link.is_lost:
        return _ONLY_NEW_EXPORT
    if link.state in (ChainState.GAP, ChainState.CHANGED):
        return _FILES_BACK
    if link.verdict.result in DONE and not facts.is_storage_read:
        return _READ_STORAGE
    if link.verdict.result in (DeliveryResult.FAILED, DeliveryResult.MISSING):
        return _NEW_EXPORT
    return link.verdict.hint or _NEW_EXPORT
