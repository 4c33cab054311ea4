"""
Decide whether a later run has the rows of a run that sent none, by the answers of a service profile. Pure.

    run                                             the profile says   the next run        the run is
    failed                                          nothing            any                 UNPROVEN
    failed                                          lost               any                 GAP
    failed                                          next_run           WHOLE               closed
    failed                                          next_run           broken, or none yet UNPROVEN
    failed after a part was written                 any                any                 UNPROVEN
    none, and the flow was changed later            as for a failed run, by the answer on a disabled flow
    the same, but no older run is shown             any                any                 UNPROVEN
    none, and the flow was not changed since        any                any                 UNPROVEN

The next run is the first one whose own rows do not come later. That a run is missing because the flow was disabled is
read from a later change of the flow, because the service keeps no record of it (assumed). A service that shows no older
run may have forgotten this one. A service that makes up for missed runs shows them as runs, so a run that is missing
there is not one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from exportctl.monitor.backup.links import Link, RowAnswers
from exportctl.monitor.backup.report import ChainState
from exportctl.monitor.delivery.report import DeliveryResult

NEXT_RUN, LOST = "next_run", "lost"
_CAUGHT_UP, _RESTART = "caught-up", "restart"


def row_answers(switches: Mapping[str, object], source: str) -> RowAnswers:
    """Return the answers among the switches of a profile."""
    failed, missed = switches.get("failed_run_rows"), switches.get("missed_run_rows")
    if switches.get("missed_runs") == _CAUGHT_UP:
        missed = None
    datasets, schedule = (
        None if (change := switches.get(name)) is None else change == _RESTART
        for name in ("dataset_change", "schedule_change")
    )
    return RowAnswers(source, str(failed) if failed else None, str(missed) if missed else None, datasets, schedule)


def settle_links(links: Sequence[Link], answers: RowAnswers) -> list[Link]:
    """Return the links with what the answers say: lost rows are a gap, rows that a later run has are closed."""
    first_shown = next((number for number, link in enumerate(links) if link.verdict.run), len(links))
    made: list[Link] = []
    carrier: Link | None = None
    for number, link in reversed([*enumerate(links)]):
        answer = _answer_to(link, is_older_shown=number > first_shown, answers=answers)
        made.append(_link_by_answer(link, answer, carrier, answers.source))
        carrier = carrier if answer == NEXT_RUN else made[-1]
    return made[::-1]


def _answer_to(link: Link, *, is_older_shown: bool, answers: RowAnswers) -> str | None:
    """Return what the profile says of the rows of a run; None for a run that it says nothing of."""
    if link.state is not ChainState.UNPROVEN:
        return None
    if link.verdict.result is DeliveryResult.FAILED:
        return None if link.verdict.is_partial else answers.failed
    return answers.missed if link.verdict.is_before_change and is_older_shown else None


def _link_by_answer(link: Link, answer: str | None, carrier: Link | None, source: str) -> Link:
    if answer == LOST:
        return replace(link, state=ChainState.GAP, settled_by=source)
    if answer == NEXT_RUN and carrier is not None and carrier.state is ChainState.WHOLE:
        return replace(link, carrier=carrier.due, settled_by=source)
    return replace(link, settled_by=source) if answer else link
