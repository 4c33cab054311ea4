"""Rows follow from a dataset's id and a number; batches are cut without losing or moving one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator.data.columns import BOOLEAN, DATE, INTEGER, NUMBER, TEXT, TIME, MapType, Shape
from exportctl.emulator.data.rows import (
    COLUMNS,
    EVENT,
    RECORD,
    Batch,
    lines,
    row_count,
    split_batches,
    trim_events,
)
from tests.emulator.emulator_api import Json
from tests.emulator.export_runs import exported_row

DATASET = "65a1b2c3d4e5f60718293a4b"
AT = 1767225600
KINDS = pytest.mark.parametrize("kind", [EVENT, RECORD])
BATCH = st.builds(
    Batch,
    first=st.integers(0, 10**10),
    count=st.integers(0, 300),
    at=st.integers(1_600_000_000, 1_900_000_000),
    spread=st.integers(1, 400 * 86400),
    lead=st.integers(0, 50),
    tail=st.integers(0, 50),
)


def sample_rows(kind: str, count: int = 2000, **changes: Any) -> list[Json]:
    return [json.loads(line) for line in lines(DATASET, kind, Batch(0, count, AT, **changes))]


def seconds(text: str) -> float:
    assert text.endswith("Z") and len(text) == len("2026-01-01T00:00:00.000Z")
    return datetime.fromisoformat(text).timestamp()


def row_moments(batches: Iterable[Batch]) -> list[tuple[int, int, int]]:
    """Every row as number, moment, time of ingestion."""
    return [(b.first + place, b.moment(place), b.at) for b in batches for place in range(b.count)]


def has_shape(value: Any, shape: Shape) -> bool:
    """The value has the shape and nothing beside it; fields may be absent, never null."""
    match shape:
        case MapType():
            return all(has_shape(inner, shape.values) for inner in value.values())
        case [inner]:
            return isinstance(value, list) and all(has_shape(each, inner) for each in value)
        case dict():
            return value.keys() <= shape.keys() and all(has_shape(value[key], shape[key]) for key in value)
        case str():
            return type(value) is {TEXT: str, TIME: str, DATE: str, INTEGER: int, NUMBER: float, BOOLEAN: bool}[shape]
    raise AssertionError(f"no such shape: {shape}")


def field_paths(value: object, above: str = "") -> set[str]:
    """Every field that is there, in dots; what is inside lists and maps counts as one."""
    if not isinstance(value, dict):
        return {above}
    return {above} | {path for key in value for path in field_paths(value[key], f"{above}.{key}")}


@KINDS
def test_a_row_is_its_line_wherever_the_batch_is_cut(kind: str) -> None:
    batch = Batch(100, 50, AT)
    all_rows = [json.loads(line) for line in lines(DATASET, kind, batch)]

    assert [exported_row(DATASET, kind, number, batch) for number in range(100, 150)] == all_rows
    assert [exported_row(DATASET, kind, number, batch.piece(7, 20)) for number in range(107, 120)] == all_rows[7:20]


@pytest.mark.parametrize("number", [99, 150, -1])
def test_a_row_outside_its_batch_is_an_error(number: int) -> None:
    with pytest.raises(ValueError, match=f"row {number} is not in"):
        exported_row(DATASET, EVENT, number, Batch(100, 50, AT))


@KINDS
def test_rows_fit_the_columns_and_every_column_is_filled_somewhere(kind: str) -> None:
    found = sample_rows(kind)

    assert all(has_shape(each, COLUMNS[kind]) for each in found)
    assert field_paths(COLUMNS[kind]) - set().union(*(field_paths(each) for each in found)) == set()


@KINDS
def test_a_field_comes_in_the_order_of_the_columns(kind: str) -> None:
    order = list(COLUMNS[kind])

    assert all(list(each) == [name for name in order if name in each] for each in sample_rows(kind, 100))


@KINDS
def test_ids_are_unique_and_tell_the_number(kind: str) -> None:
    ids = [each["_id"] for each in sample_rows(kind)]

    assert [int(id.removeprefix(f"{DATASET}-")) for id in ids] == list(range(2000))
    assert len(set(ids)) == 2000


@KINDS
def test_datasets_differ_in_more_than_the_id(kind: str) -> None:
    one, two = (exported_row(dataset, kind, 3, Batch(0, 9, AT)) for dataset in (DATASET, "0" * 24))

    assert one | {"_id": ""} != two | {"_id": ""}


def test_a_dataset_id_may_hold_what_json_escapes() -> None:
    assert exported_row('a"\\b', EVENT, 0, Batch(0, 1, AT))["_id"] == 'a"\\b-000000000000'


def test_events_lie_evenly_and_rising_before_their_ingestion() -> None:
    times = [seconds(each["timestamp"]) for each in sample_rows(EVENT, 100, spread=1000)]

    assert times == [AT - 1000 + 10 * place for place in range(100)]


def test_events_are_of_several_types_and_only_purchases_have_an_order() -> None:
    found = sample_rows(EVENT)

    assert {each["eventType"] for each in found} == {
        "application.launch",
        "web.webpagedetails.pageViews",
        "commerce.productViews",
        "commerce.productListAdds",
        "commerce.purchases",
    }
    assert all(("order" in each.get("commerce", {})) == (each["eventType"] == "commerce.purchases") for each in found)


def test_pages_are_viewed_in_browsers_alone() -> None:
    found = sample_rows(EVENT)

    assert all(("web" in each) == (each["environment"]["type"] == "browser") for each in found)
    assert all("web" in each for each in found if each["eventType"] == "web.webpagedetails.pageViews")


def test_an_order_costs_what_its_items_cost() -> None:
    bought = [each for each in sample_rows(EVENT) if each["eventType"] == "commerce.purchases"]

    assert {len(each["productListItems"]) for each in bought} == {1, 2, 3, 4}
    for each in bought:
        assert each["commerce"]["order"]["priceTotal"] == pytest.approx(
            sum(item["priceTotal"] for item in each["productListItems"])
        )


def test_events_and_profiles_join_on_identities() -> None:
    event = next(each for each in sample_rows(EVENT) if "Email" in each["identityMap"])
    person = int(event["identityMap"]["CRMID"][0]["id"].removeprefix("C-"))

    profile: Json = exported_row("1" * 24, RECORD, person, Batch(person, 1, AT))

    assert profile["identityMap"] == event["identityMap"]
    assert profile["personalEmail"]["address"] == event["identityMap"]["Email"][0]["id"]


def test_no_two_people_share_an_identity() -> None:
    found = [each["identityMap"] for each in sample_rows(RECORD)]

    for namespace in ("ECID", "Email", "CRMID"):
        assert len({each[namespace][0]["id"] for each in found}) == len(found)


def test_a_profile_that_comes_again_differs_only_in_when_it_was_modified() -> None:
    both: list[Json] = [exported_row(DATASET, RECORD, 5, Batch(0, 9, at)) for at in (AT, AT + 86400)]
    before, after = both

    assert seconds(before["_repo"].pop("modifyDate")) == AT
    assert seconds(after["_repo"].pop("modifyDate")) == AT + 86400
    assert before == after


@KINDS
def test_letters_beyond_ascii_are_there_and_not_escaped(kind: str) -> None:
    text = "".join(lines(DATASET, kind, Batch(0, 100, AT)))

    assert not text.isascii()
    assert "\\u" not in text


@given(BATCH)
def test_moments_rise_within_the_spread(batch: Batch) -> None:
    moments = [batch.moment(place) for place in range(batch.count)]

    assert moments == sorted(moments)
    assert all(1000 * (batch.at - batch.spread) <= moment < 1000 * batch.at for moment in moments)


@given(BATCH, st.integers(0, 300), st.integers(0, 300))
def test_a_piece_has_the_rows_and_moments_of_the_whole(batch: Batch, one: int, other: int) -> None:
    start, stop = sorted((min(one, batch.count), min(other, batch.count)))

    assert row_moments([batch.piece(start, stop)]) == row_moments([batch])[start:stop]


@given(BATCH, st.floats(-0.5, 1.5))
def test_trimming_keeps_exactly_the_rows_that_are_young_enough(batch: Batch, share: float) -> None:
    oldest = batch.at - batch.spread * share

    kept = trim_events(batch, oldest)

    assert kept is None or kept.count > 0
    assert row_moments([kept] if kept else []) == [each for each in row_moments([batch]) if each[1] >= 1000 * oldest]


@given(st.lists(BATCH, max_size=5), st.integers(1, 40))
def test_parts_hold_every_row_once_and_in_order(batches: list[Batch], files: int) -> None:
    made = split_batches(batches, files)

    assert [each for part in made for each in row_moments(part)] == row_moments(batches)
    assert len(made) == min(files, row_count(batches))


@given(st.lists(BATCH, max_size=5), st.integers(1, 40))
def test_parts_are_even_and_none_is_empty(batches: list[Batch], files: int) -> None:
    sizes = [row_count(part) for part in split_batches(batches, files)]

    assert all(sizes)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1
