"""Which files make a table at a moment: a truth table over combine, moment and the states of the runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.errors import Error
from exportctl.model.combine import Combination, Combine
from exportctl.monitor.backup.report import ChainStart, ChainState
from exportctl.restore.select_files import select_source
from exportctl.restore.source import RestoreSource
from tests.restore.sample_sources import (
    APPEND,
    DAY,
    GAP,
    HERE,
    LINES,
    ORDERS,
    PARQUET,
    SNAPSHOT,
    START,
    UNPROVEN,
    UPSERT,
    WHOLE,
    chain_of,
)


def select(*states: ChainState, combination: Combination | None = APPEND, day: float | None = None) -> RestoreSource:
    moment = None if day is None else START + int(day * DAY)
    return select_source(ORDERS, chain_of(*states, combination=combination), HERE, PARQUET, moment)


@pytest.mark.parametrize(
    ("states", "combination", "day", "days", "state"),
    [
        ((WHOLE, WHOLE, WHOLE), APPEND, None, [0, 1, 2], WHOLE),
        ((WHOLE, WHOLE, WHOLE), APPEND, 1, [0, 1], WHOLE),
        ((WHOLE, WHOLE, WHOLE), APPEND, 1.9, [0, 1], WHOLE),
        ((WHOLE, WHOLE, WHOLE), UPSERT, 0, [0], WHOLE),
        ((WHOLE, GAP, WHOLE), UPSERT, None, [0, 1, 2], GAP),
        ((WHOLE, GAP, WHOLE), UPSERT, 0, [0], WHOLE),
        ((WHOLE, WHOLE, UNPROVEN), APPEND, None, [0, 1], WHOLE),
        ((WHOLE, WHOLE, UNPROVEN), APPEND, 5, [0, 1, 2], UNPROVEN),
        ((WHOLE, WHOLE, WHOLE), SNAPSHOT, None, [2], WHOLE),
        ((WHOLE, GAP, WHOLE), SNAPSHOT, None, [2], WHOLE),
        ((WHOLE, WHOLE, GAP), SNAPSHOT, 2, [1], GAP),
    ],
)
def test_the_files_of_a_moment(
    states: tuple[ChainState, ...], combination: Combination, day: float | None, days: list[int], state: ChainState
) -> None:
    found = select(*states, combination=combination, day=day)

    assert [run.due for run in found.runs] == [START + one * DAY for one in days]
    assert [file.path for file in found.files] == [
        f"aep/exportTime={one}/part-{n}.gz.parquet" for one in days for n in (0, 1)
    ]
    assert (found.state, bool(found.problems)) == (state, state is not WHOLE)
    assert (found.key, [run.number for run in found.runs]) == (combination.key, list(range(1, len(days) + 1)))


@pytest.mark.parametrize(
    ("combination", "day", "is_certain", "state"),
    [
        (APPEND, None, False, UNPROVEN),
        (APPEND, 1, False, WHOLE),  # nothing was sent after it yet
        (APPEND, None, True, WHOLE),  # the chain holds nothing from before it
        (UPSERT, None, False, WHOLE),
        (SNAPSHOT, None, False, WHOLE),
    ],
)
def test_rows_that_were_perhaps_sent_again_are_twice_in_a_table_of_all_rows(
    combination: Combination, day: float | None, is_certain: bool, state: ChainState
) -> None:
    made = chain_of(WHOLE, WHOLE, WHOLE, combination=combination)
    again = ChainStart(START + int(1.5 * DAY), "its datasets changed", is_certain=is_certain)
    moment = None if day is None else START + int(day * DAY)
    found = select_source(ORDERS, replace(made, starts=(*made.starts, again)), HERE, PARQUET, moment)
    assert (found.state, any("twice" in said for said in found.problems)) == (state, state is not WHOLE)


@pytest.mark.parametrize(
    ("states", "combination", "day", "rule", "said"),
    [
        ((WHOLE,), APPEND, -1, "restore-before-chain", "choose that moment or a later one"),
        ((UNPROVEN, GAP), APPEND, None, "restore-nothing", "backup status"),
        ((WHOLE,), None, None, "restore-combine", "combine: append"),
        ((WHOLE,), Combination(Combine.UNKNOWN, "the Catalog is silent"), None, "restore-combine", "combine: append"),
        ((WHOLE,), Combination(Combine.UPSERT, "stated", None, "no key is known"), None, "restore-key", "key: _id"),
    ],
)
def test_what_makes_no_table_is_refused_with_the_next_step(
    states: tuple[ChainState, ...], combination: Combination | None, day: float | None, rule: str, said: str
) -> None:
    with pytest.raises(Error) as raised:
        select(*states, combination=combination, day=day)

    assert (raised.value.rule, said in (raised.value.hint or "")) == (rule, True)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.gz.parquet", PARQUET),
        ("a.parquet", PARQUET),
        ("a.json.gz", LINES),
        ("a.json", ("json", "none")),
        ("a", LINES),
    ],
)
def test_the_ending_of_a_name_says_the_format(name: str, format: object) -> None:
    from exportctl.restore.select_files import file_format

    found = file_format(name, LINES)
    assert format in (found, (found.type, found.compression))
