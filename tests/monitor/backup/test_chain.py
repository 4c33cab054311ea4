"""The chain of a dataset, from verdicts built by hand: what each one means for it, and what a later start closes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from

from exportctl.model.project import BackupPolicy
from exportctl.model.schedule import DAY, HOUR
from exportctl.monitor.backup.chain import fold_chain, no_chain
from exportctl.monitor.backup.late_rows import row_answers
from exportctl.monitor.backup.links import ChainFacts, RowAnswers
from exportctl.monitor.backup.policy import policy_failures
from exportctl.monitor.backup.report import Chain, ChainStart, ChainState
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, Verdict
from exportctl.monitor.delivery.verdict import ONLY_OTHER_DATASETS

FIRST = 1_800_000_000
MADE = ChainStart(FIRST - HOUR, "this flow was made")
CHANGED = ChainStart(FIRST + 3 * DAY - HOUR, "its datasets changed", is_certain=False)
FACTS = ChainFacts((MADE,), grace=2 * HOUR, retention=None, as_of=FIRST + 5 * DAY + 12 * HOUR)
MANIFEST = "aep/manifest-1a2b3c4d-0000-4000-8000-000000000001-1a2b3c4d-0000-4000-8000-000000000002.json"

WHOLE = Verdict(
    "Orders", "d-1", FIRST, DeliveryResult.COMPLETE, "2 files", Evidence.FILES, "r", 1, rows=10, files=2, size=99
)
LOST = replace(
    WHOLE, result=DeliveryResult.FILES_MISSING, reason="not there: part-1", objects=("aep/part-1",), rows=None
)
OTHER = replace(WHOLE, result=DeliveryResult.MISMATCH, reason="99 bytes", objects=("aep/part-1",))
FAILED = replace(WHOLE, result=DeliveryResult.FAILED, reason="refused", evidence=Evidence.RUNS)
UNKNOWN = replace(WHOLE, result=DeliveryResult.UNKNOWN, reason="in a folder that cannot be read")
BEFORE = replace(UNKNOWN, reason=ONLY_OTHER_DATASETS)


def chain(*verdicts: Verdict, facts: ChainFacts = FACTS) -> Chain:
    """The chain of daily runs."""
    return fold_chain([replace(v, due=FIRST + n * DAY) for n, v in enumerate(verdicts)], facts)


RUNS: dict[str, tuple[Verdict, ChainState]] = {
    "complete": (WHOLE, ChainState.WHOLE),
    "complete by its manifest": (replace(WHOLE, evidence=Evidence.MANIFEST), ChainState.WHOLE),
    "complete, but too late": (replace(WHOLE, result=DeliveryResult.LATE), ChainState.WHOLE),
    "nothing to write": (replace(WHOLE, result=DeliveryResult.EMPTY, evidence=Evidence.RUNS), ChainState.WHOLE),
    "nothing to write, and late": (
        replace(WHOLE, result=DeliveryResult.LATE, evidence=Evidence.RUNS, rows=0),
        ChainState.WHOLE,
    ),
    "complete by its own word": (replace(WHOLE, evidence=Evidence.RUNS), ChainState.UNPROVEN),
    "files missing": (LOST, ChainState.GAP),
    "only the manifest missing": (replace(LOST, objects=(MANIFEST,)), ChainState.UNPROVEN),
    "files of one of several datasets missing": (replace(LOST, of_several=True), ChainState.UNPROVEN),
    "other files": (OTHER, ChainState.CHANGED),
    "failed": (FAILED, ChainState.UNPROVEN),
    "missing": (replace(FAILED, result=DeliveryResult.MISSING, run=None, completed=None), ChainState.UNPROVEN),
    "not known": (UNKNOWN, ChainState.UNPROVEN),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_in_the_middle_decides_what_the_chain_is(name: str) -> None:
    verdict, state = RUNS[name]
    made = chain(WHOLE, verdict, WHOLE)
    assert made.state is state
    assert [(gap.state, gap.after, gap.first, gap.runs) for gap in made.gaps] == (
        [] if state is ChainState.WHOLE else [(state, FIRST, FIRST + DAY, 1)]
    )
    assert (made.covered_from, made.covered_to) == (FIRST, FIRST + 2 * DAY)
    assert all(gap.lost and gap.action for gap in made.gaps)


WAITING: dict[str, Verdict] = {
    "not there yet": replace(UNKNOWN, run=None, completed=None),
    "under way": replace(UNKNOWN, completed=None),
    "under way, and late": replace(UNKNOWN, result=DeliveryResult.LATE, completed=None),
}


@pytest.mark.parametrize("name", WAITING)
def test_a_run_that_may_still_come_is_no_link_of_the_chain(name: str) -> None:
    facts = replace(FACTS, as_of=FIRST + 2 * DAY + HOUR)
    made = chain(WHOLE, WHOLE, WAITING[name], facts=facts)
    assert (made.state, made.covered_to, made.complete_runs) == (ChainState.WHOLE, FIRST + DAY, 2)
    assert chain(WAITING[name], facts=replace(facts, as_of=FIRST + HOUR)).state is ChainState.NONE


def test_a_run_that_is_overdue_is_a_link() -> None:
    assert chain(WHOLE, WAITING["not there yet"]).state is ChainState.UNPROVEN


WORST: dict[str, tuple[tuple[Verdict, ...], ChainState]] = {
    "a gap before all": ((UNKNOWN, OTHER, LOST, WHOLE), ChainState.GAP),
    "a change before what is not proven": ((WHOLE, OTHER, UNKNOWN), ChainState.CHANGED),
    "all files gone": ((LOST, LOST), ChainState.GAP),
    "no run succeeded": ((FAILED, FAILED), ChainState.NONE),
    "succeeded by word alone": ((replace(WHOLE, evidence=Evidence.RUNS),), ChainState.UNPROVEN),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_run_counts(name: str) -> None:
    verdicts, state = WORST[name]
    assert chain(*verdicts).state is state


# before the start, after it -> without and with certainty that everything was sent again
STARTS: dict[str, tuple[Verdict, Verdict, ChainState, ChainState]] = {
    "whole, whole": (WHOLE, WHOLE, ChainState.WHOLE, ChainState.WHOLE),
    "whole, gap": (WHOLE, LOST, ChainState.GAP, ChainState.GAP),
    "whole, unproven": (WHOLE, UNKNOWN, ChainState.UNPROVEN, ChainState.UNPROVEN),
    "gap, whole": (LOST, WHOLE, ChainState.UNPROVEN, ChainState.WHOLE),
    "gap, unproven": (LOST, FAILED, ChainState.UNPROVEN, ChainState.UNPROVEN),
    "gap, changed": (LOST, OTHER, ChainState.CHANGED, ChainState.CHANGED),
    "changed, whole": (OTHER, WHOLE, ChainState.UNPROVEN, ChainState.WHOLE),
    "unproven, whole": (UNKNOWN, WHOLE, ChainState.UNPROVEN, ChainState.WHOLE),
    "not exported, whole": (BEFORE, WHOLE, ChainState.WHOLE, ChainState.WHOLE),
    "not exported, gap": (BEFORE, LOST, ChainState.GAP, ChainState.GAP),
}


@pytest.mark.parametrize("is_certain", [False, True], ids=["perhaps", "certain"])
@pytest.mark.parametrize("name", STARTS)
def test_a_later_start_closes_what_was_broken_only_if_it_is_certain(name: str, is_certain: bool) -> None:
    before, after, perhaps, certain = STARTS[name]
    facts = replace(FACTS, starts=(MADE, replace(CHANGED, is_certain=is_certain)))
    made = chain(before, before, before, after, WHOLE, facts=facts)
    assert made.state is (certain if is_certain else perhaps)
    begins_anew = is_certain or before is BEFORE
    assert [start.moment for start in made.starts] == [CHANGED.moment] if begins_anew else [MADE.moment, CHANGED.moment]
    assert not begins_anew or all(gap.first >= CHANGED.moment for gap in made.gaps)


def test_neighbours_that_are_broken_alike_are_one_gap() -> None:
    missing = RUNS["missing"][0]
    made = chain(WHOLE, *(replace(missing, reason=f"no run, {n} days ago") for n in range(3)), WHOLE)
    (gap,) = made.gaps
    assert (gap.after, gap.first, gap.last, gap.runs) == (FIRST, FIRST + DAY, FIRST + 3 * DAY, 3)
    assert "between 2027-01-15 08:00 UTC and 2027-01-18 08:00 UTC" in gap.lost


def test_what_the_storage_deletes_is_a_gap_and_not_only_unproven() -> None:
    gone = replace(UNKNOWN, files=None)
    made = chain(gone, WHOLE, facts=replace(FACTS, retention=2 * DAY))
    assert (made.state, made.gaps[0].action) == (
        ChainState.GAP,
        "export to a storage that keeps files for longer than 2 days",
    )


def test_without_a_look_into_the_storage_nothing_is_proven() -> None:
    made = chain(WHOLE, WHOLE, facts=replace(FACTS, is_storage_read=False))
    assert (made.state, made.reason, len(made.gaps)) == (ChainState.UNPROVEN, "the storage was not read", 1)


def test_counts_are_only_given_where_each_run_was_counted() -> None:
    assert (chain(WHOLE, WHOLE).rows, chain(WHOLE, replace(WHOLE, rows=None)).rows, chain(LOST).rows) == (
        20,
        None,
        None,
    )


def test_a_dataset_that_no_flow_exports_has_no_backup() -> None:
    made = no_chain(replace(UNKNOWN, reason="no flow in this sandbox", due=None))
    assert (made.state, made.reason, made.starts) == (ChainState.NONE, "no flow in this sandbox", ())


TOO_LATE = "the first complete run was due 2027-01-15 08:00 UTC; `covered_from` asks for one before"
POLICIES: dict[str, tuple[BackupPolicy, tuple[Verdict, ...], list[str]]] = {
    "fulfilled": (BackupPolicy(max_age=5 * DAY, covered_from=FIRST + 1), (WHOLE, WHOLE), []),
    "too old": (
        BackupPolicy(max_age=26 * HOUR),
        (WHOLE, WHOLE),
        ["the newest complete run was due 2027-01-16 08:00 UTC, 108 h ago; `max_age` is 26 h"],
    ),
    "just old enough": (BackupPolicy(max_age=4 * DAY + 12 * HOUR), (WHOLE, WHOLE), []),
    "begins too late": (BackupPolicy(covered_from=FIRST), (WHOLE,), [f"{TOO_LATE} 2027-01-15 08:00 UTC"]),
    "not whole": (BackupPolicy(max_age=9 * DAY), (WHOLE, LOST), ["the backup is GAP: not there: part-1"]),
    "none": (BackupPolicy(max_age=9 * DAY, covered_from=FIRST), (FAILED,), ["the backup is NONE: refused"]),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_each_reason(name: str) -> None:
    policy, verdicts, expected = POLICIES[name]
    assert list(policy_failures(chain(*verdicts), policy, FACTS.as_of)) == expected


# -- what a service profile says of rows that a run did not send ------------------------------------------------------

PROFILE = "service-profile.json of 2026-11-29"
PARTIAL = replace(FAILED, is_partial=True)
PAUSED = replace(UNKNOWN, reason="no run; the flow was changed", run=None, completed=None, is_before_change=True)
MISSING, NOTHING = RUNS["missing"][0], RUNS["nothing to write"][0]
BY_WORD = replace(WHOLE, evidence=Evidence.RUNS)
NEXT, GONE = "next_run", "lost"
ROWS: dict[str, tuple[dict[str, str | None], tuple[Verdict, ...], ChainState, dict[int, int]]] = {
    # the answers, the runs -> the state, and which runs a later one closes
    "failed, nothing known": ({}, (WHOLE, FAILED, WHOLE), ChainState.UNPROVEN, {}),
    "failed, known of pauses only": ({"missed": NEXT}, (WHOLE, FAILED, WHOLE), ChainState.UNPROVEN, {}),
    "failed, and the next is whole": ({"failed": NEXT}, (WHOLE, FAILED, WHOLE), ChainState.WHOLE, {1: 2}),
    "failed, and the next had nothing": ({"failed": NEXT}, (WHOLE, FAILED, NOTHING), ChainState.WHOLE, {1: 2}),
    "the first failed": ({"failed": NEXT}, (FAILED, WHOLE), ChainState.WHOLE, {0: 1}),
    "failed twice": ({"failed": NEXT}, (WHOLE, FAILED, FAILED, WHOLE), ChainState.WHOLE, {1: 3, 2: 3}),
    "failed, and no later run": ({"failed": NEXT}, (WHOLE, FAILED), ChainState.UNPROVEN, {}),
    "failed, and the next is gone": ({"failed": NEXT}, (WHOLE, FAILED, LOST, WHOLE), ChainState.GAP, {}),
    "failed, and the next is another": ({"failed": NEXT}, (WHOLE, FAILED, OTHER, WHOLE), ChainState.CHANGED, {}),
    "failed, and the next is not proven": ({"failed": NEXT}, (WHOLE, FAILED, BY_WORD, WHOLE), ChainState.UNPROVEN, {}),
    "failed, and then none": ({"failed": NEXT}, (WHOLE, FAILED, MISSING, WHOLE), ChainState.UNPROVEN, {}),
    "failed, and then paused": ({"failed": NEXT}, (WHOLE, FAILED, PAUSED, WHOLE), ChainState.UNPROVEN, {}),
    "failed and paused, all known": (
        {"failed": NEXT, "missed": NEXT}, (WHOLE, FAILED, PAUSED, WHOLE), ChainState.WHOLE, {1: 3, 2: 3}),
    "failed after a part": ({"failed": NEXT}, (WHOLE, PARTIAL, WHOLE), ChainState.UNPROVEN, {}),
    "failed after a part, lost": ({"failed": GONE}, (WHOLE, PARTIAL, WHOLE), ChainState.UNPROVEN, {}),
    "failed, and lost": ({"failed": GONE}, (WHOLE, FAILED, WHOLE), ChainState.GAP, {}),
    "all failed, and lost": ({"failed": GONE}, (FAILED, FAILED), ChainState.NONE, {}),
    "paused, nothing known": ({"failed": NEXT}, (WHOLE, PAUSED, WHOLE), ChainState.UNPROVEN, {}),
    "paused, and the next is whole": ({"missed": NEXT}, (WHOLE, PAUSED, PAUSED, WHOLE), ChainState.WHOLE, {1: 3, 2: 3}),
    "paused, and the next failed": ({"missed": NEXT}, (WHOLE, PAUSED, FAILED, WHOLE), ChainState.UNPROVEN, {}),
    "paused, the next failed and lost": (
        {"missed": NEXT, "failed": GONE}, (WHOLE, PAUSED, FAILED, WHOLE), ChainState.GAP, {}),
    "paused, and lost": ({"missed": GONE}, (WHOLE, PAUSED, WHOLE), ChainState.GAP, {}),
    "no run before it is shown": ({"missed": NEXT}, (PAUSED, WHOLE), ChainState.UNPROVEN, {}),
    "no run before it is shown, lost": ({"missed": GONE}, (PAUSED, WHOLE), ChainState.UNPROVEN, {}),
    "missing without a change": ({"missed": NEXT, "failed": NEXT}, (WHOLE, MISSING, WHOLE), ChainState.UNPROVEN, {}),
    "complete by word": ({"missed": NEXT, "failed": NEXT}, (WHOLE, BY_WORD, WHOLE), ChainState.UNPROVEN, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_profile_settles_what_becomes_of_rows_that_a_run_did_not_send(name: str) -> None:
    answers, verdicts, state, closed = ROWS[name]
    known = RowAnswers(PROFILE, answers.get("failed"), answers.get("missed"))
    made = chain(*verdicts, facts=replace(FACTS, row_answers=known))
    assert made.state is state
    carriers = {n: (run.carrier - FIRST) // DAY for n, run in enumerate(made.runs) if run.carrier is not None}
    assert carriers == closed
    assert sum(late.runs for late in made.late_rows) == len(closed)
    assert all(late.source == PROFILE for late in made.late_rows)
    assert (made.gaps == ()) is (state is ChainState.WHOLE)
    assert not closed or PROFILE in made.reason


def test_lost_rows_say_who_knows_it_and_that_only_a_new_export_has_them() -> None:
    made = chain(WHOLE, FAILED, WHOLE, facts=replace(FACTS, row_answers=RowAnswers(PROFILE, failed=GONE)))
    (gap,) = made.gaps
    assert gap.reason == f"refused; its rows come with no later run, by {PROFILE}"
    assert gap.action == "only a new full export has these rows: a new flow sends everything"
    assert gap.lost == "the rows that came between 2027-01-15 08:00 UTC and 2027-01-16 08:00 UTC"


@pytest.mark.parametrize(
    ("switches", "failed", "missed"),
    [
        ({}, None, None),
        ({"failed_run_rows": "lost", "missed_run_rows": "next_run"}, "lost", "next_run"),
        ({"missed_runs": "skipped", "missed_run_rows": "lost"}, None, "lost"),
        ({"missed_runs": "caught-up", "missed_run_rows": "next_run"}, None, None),
        ({"missed_runs": "skipped"}, None, None),
    ],
)
def test_the_answers_are_those_of_the_profile(
    switches: dict[str, object], failed: str | None, missed: str | None
) -> None:
    assert row_answers(switches, PROFILE) == RowAnswers(PROFILE, failed, missed)


@given(
    runs=lists(sampled_from([WHOLE, FAILED, PARTIAL, PAUSED, MISSING, LOST, OTHER, BY_WORD, NOTHING]), max_size=8),
    failed=sampled_from([None, NEXT, GONE]),
    missed=sampled_from([None, NEXT, GONE]),
)
def test_a_chain_is_whole_only_if_each_run_is_or_has_its_rows_in_the_next_whole_one(
    runs: list[Verdict], failed: str | None, missed: str | None
) -> None:
    made = chain(*(runs or [WHOLE]), facts=replace(FACTS, row_answers=RowAnswers(PROFILE, failed, missed)))
    states = {run.due: run.state for run in made.runs}
    for run in made.runs:
        if run.carrier is not None:
            between = [one for one in made.runs if run.due < one.due < run.carrier]
            assert states[run.carrier] is ChainState.WHOLE
            assert all(one.carrier == run.carrier for one in between)
    broken = [run for run in made.runs if run.state is not ChainState.WHOLE and run.carrier is None]
    assert (made.state is ChainState.WHOLE) == (not broken and ChainState.WHOLE in states.values())
    assert sum(gap.runs for gap in made.gaps) == len(broken)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence.CONTENT, "2 runs, each with its files"),
        (Evidence.MANIFEST, "2 runs, each with its files; --deep also reads them"),
        (Evidence.FILES, "2 runs, each with its files; --deep also reads them"),
    ],
)
def test_a_whole_chain_says_whether_its_files_were_read(evidence: Evidence, reason: str) -> None:
    assert chain(replace(WHOLE, evidence=Evidence.CONTENT), replace(WHOLE, evidence=evidence)).reason == reason
