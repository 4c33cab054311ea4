"""The choice of a drill, what an audit file says of former drills, and the policy that asks for one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.model.plan import EXPORTS, Address
from exportctl.model.project import BackupPolicy
from exportctl.model.schedule import DAY, HOUR
from exportctl.monitor.backup.drill_choice import drawn_order
from exportctl.monitor.backup.drills import DatasetDrills, DrillResult, PastDrill, read_drill_log
from exportctl.monitor.backup.policy import policy_failures
from exportctl.monitor.backup.report import ChainState
from tests.output.sample_backups import chain
from tests.output.sample_plans import AS_OF, HEADER

# -- the choice -------------------------------------------------------------------------------------------------------

Name = tuple[Address, str, str]
NAMES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")).map(
        lambda n: (Address(EXPORTS, n[0]), n[1], n[0] + n[1])
    ),
    unique=True,
    min_size=1,
)


def draw(names: list[Name], seed: str) -> tuple[Name, ...]:
    return drawn_order(names, seed, lambda name: name)


@given(NAMES, st.text(), st.randoms())
def test_the_same_seed_chooses_the_same_whatever_the_order(names: list[Name], seed: str, random: Any) -> None:
    mixed = list(names)
    random.shuffle(mixed)

    assert draw(names, seed) == draw(mixed, seed)
    assert sorted(draw(names, seed)) == sorted(names)


@given(NAMES, st.text(), st.integers(min_value=0))
def test_a_dataset_that_goes_does_not_change_the_place_of_another(names: list[Name], seed: str, which: int) -> None:
    gone = names[which % len(names)]

    assert draw([n for n in names if n != gone], seed) == tuple(n for n in draw(names, seed) if n != gone)


def test_every_dataset_has_the_same_chance() -> None:
    names: list[Name] = [(Address(EXPORTS, f"e{n}"), "Orders", f"id{n}") for n in range(10)]

    first = Counter(str(draw(names, f"seed {number}")[0][0]) for number in range(1000))

    assert set(first) == {f"exports.e{n}" for n in range(10)}
    assert all(60 < count < 140 for count in first.values())  # 100 each; four standard deviations are 38


# -- the audit file ---------------------------------------------------------------------------------------------------

ORDERS = Address(EXPORTS, "orders")
DATASET = {"address": "exports.orders", "flow": "f-1", "dataset_id": "d-1", "result": "RESTORED"}
LINE: dict[str, Any] = {
    "event": "drill",
    "run": "r-1",
    "as_of": AS_OF - DAY,
    "platform": HEADER.platform,
    "organization": HEADER.organization,
    "sandbox": HEADER.sandbox,
    "project": HEADER.project,
    "datasets": [{**DATASET, "moment": AS_OF - 2 * DAY, "restored": 5}],
}
WRONG: tuple[Any, ...] = (None, 1, [], {"a": 1})
FOUND = PastDrill(AS_OF - DAY, "r-1", DrillResult.RESTORED, "exports.orders", "f-1", "d-1", AS_OF - 2 * DAY, 5)


def read_lines(*lines: object) -> DatasetDrills:
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return read_drill_log(data, HEADER, AS_OF).of_dataset(ORDERS, "f-1", "d-1")


def with_dataset(**members: object) -> dict[str, Any]:
    return {**LINE, "datasets": [{**LINE["datasets"][0], **members}]}


def test_the_last_drill_counts_and_the_last_one_that_restored() -> None:
    failed = {**with_dataset(result="FAILED", restored=None, moment=None), "as_of": AS_OF, "run": "r-2"}
    old = {**LINE, "as_of": AS_OF - 9 * DAY}

    found = read_lines(failed, LINE, old)

    assert found.restored == FOUND
    assert found.last == replace(FOUND, as_of=AS_OF, run="r-2", result=DrillResult.FAILED, moment=None, restored=None)


def test_a_drill_counts_after_a_rename() -> None:
    assert read_lines(with_dataset(address="exports.renamed")).restored == replace(FOUND, address="exports.renamed")


def test_a_drill_of_a_former_flow_says_nothing_of_the_chain_that_a_replacement_began() -> None:
    assert read_lines(with_dataset(flow="before")) == DatasetDrills(former=replace(FOUND, flow="before"))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe",
        b'{"event": "drill"',
        b'["drill"]',
        b'"drill"',
        b'{"drill": ' + b"[" * 100_000,
        b'{"event": "drill", "as_of": ' + b"9" * 5000 + b"}",
        *({**LINE, name: "other"} for name in ("event", "platform", "organization", "sandbox", "project")),
        *({k: v for k, v in LINE.items() if k != name} for name in LINE),
        {**LINE, "as_of": AS_OF + 2 * HOUR},  # it has not been yet
        {**LINE, "as_of": -1},
        {**LINE, "as_of": True},
        {**LINE, "as_of": 1e300},
        {**LINE, "datasets": {"a": DATASET}},
        {**LINE, "datasets": [None, 1, "Orders", []]},
        *(with_dataset(**{name: value}) for name in DATASET for value in WRONG),
        with_dataset(result="restored"),
        with_dataset(dataset_id="d-2"),
        with_dataset(address="exports.a", flow="f-2"),
        with_dataset(moment=10**20),
        with_dataset(restored="5"),
    ],
)
def test_a_line_that_is_no_drill_of_this_dataset_is_left_out(line: object) -> None:
    assert read_lines(line) == DatasetDrills()
    assert read_lines(line, LINE, line).last == FOUND


@given(st.lists(st.binary(max_size=60)))
def test_no_bytes_of_others_hide_a_drill_or_end_the_reading(noise: list[bytes]) -> None:
    assert read_lines(*noise, LINE, *noise).last == FOUND


# -- the policy -------------------------------------------------------------------------------------------------------

POLICY = BackupPolicy(drilled_within=8 * DAY)


@pytest.mark.parametrize(
    ("drills", "said"),
    [
        (None, ["no drill is known"]),
        (DatasetDrills(), ["no drill has restored it yet"]),
        (DatasetDrills(last=replace(FOUND, result=DrillResult.FAILED)), ["no drill has restored it yet"]),
        (DatasetDrills(FOUND, FOUND), []),
        (DatasetDrills(FOUND, replace(FOUND, as_of=AS_OF - 8 * DAY)), []),
        (DatasetDrills(FOUND, replace(FOUND, as_of=AS_OF - 8 * DAY - 1)), ["the last drill that restored it was"]),
    ],
)
def test_a_policy_asks_for_a_drill_that_restored_the_dataset(drills: DatasetDrills | None, said: list[str]) -> None:
    failures = policy_failures(replace(chain("Orders", ChainState.WHOLE), drills=drills), POLICY, AS_OF)

    assert all(failure.startswith(words) for failure, words in zip(failures, said, strict=True))
