"""Destinations and names of new YAML: what is put together can be taken apart again, and nothing is said twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.config.scalars import NAME, parse_moment
from exportctl.importing.destinations import shared_folder, subpath_below
from exportctl.importing.existing_config import MAX_KEY_LENGTH, FreeKeys
from exportctl.importing.shared_settings import last_day
from exportctl.model.plan import MAX_TIMESTAMP


@pytest.mark.parametrize(
    ("path", "folder", "subpath"),
    [
        ("aep", "aep", ""),
        ("aep/orders", "aep", "orders"),
        ("aep/a/b", "aep", "a/b"),
        ("/in/orders", "/in", "orders"),
        ("orders", "", "orders"),
        ("", "", ""),
        ("aep/", "aep/", ""),
        ("aepx/orders", "aep", None),
        ("aep", "aep/orders", None),
        ("/orders", "", None),
        ("aep/orders/", "aep", None),
        ("aep//orders", "aep", None),
        ("aep/orders", "aep/", None),
    ],
)
def test_a_subpath_is_what_lies_below_a_folder(path: str, folder: str, subpath: str | None) -> None:
    assert subpath_below(path, folder) == subpath


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["aep/orders", "aep/web/raw"], "aep"),
        (["aep", "aep/orders"], "aep"),
        (["aep/orders", "aep/orders"], "aep/orders"),
        (["/in/a/x", "/in/a/y"], "/in/a"),
        (["aep/or", "aep/orders"], "aep"),
    ],
)
def test_flows_share_the_longest_folder_level_by_level(paths: list[str], folder: str) -> None:
    assert shared_folder(paths) == folder


@given(st.lists(st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=4).map("/".join), min_size=1))
def test_every_path_lies_below_the_folder_it_shares(paths: list[str]) -> None:
    paths = [f"root/{path}" for path in paths]
    folder = shared_folder(paths)

    assert ["/".join(part for part in (folder, subpath_below(path, folder)) if part) for path in paths] == paths


@pytest.mark.parametrize(
    ("titles", "taken", "key"),
    [
        (["Orders to the lake"], [], "orders-to-the-lake"),
        (["Orders"], ["orders"], "orders-2"),
        (["Orders"], ["orders", "orders-2", "orders-3"], "orders-4"),
        (["Orders", "Orders in the lake"], ["orders"], "orders-in-the-lake"),
        (["Orders", "Orders in the lake"], ["orders", "orders-in-the-lake"], "orders-2"),
        (["\N{ROCKET}", "sftp"], [], "sftp"),
        (["x" * 60], [], "x" * 48),
        (["x" * 60], ["x" * 48], "x" * 46 + "-2"),
        (["x" * 47 + " y"], [], "x" * 47),
    ],
)
def test_a_key_is_the_first_slug_that_is_free(titles: list[str], taken: list[str], key: str) -> None:
    assert FreeKeys(taken).take_key(titles) == key


@given(st.lists(st.text(), max_size=30))
def test_keys_are_names_and_no_two_are_equal(titles: list[str]) -> None:
    import re

    free = FreeKeys(())
    keys = [free.take_key([title, "flow"]) for title in titles]

    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(NAME, key) and len(key) <= MAX_KEY_LENGTH for key in keys)


@given(st.lists(st.sampled_from(["orders", "orders-2", "o" * 60]), max_size=12), st.sets(st.sampled_from(["orders-3"])))
def test_a_key_given_later_is_the_one_of_a_search_from_the_start(titles: list[str], taken: set[str]) -> None:
    free, given = FreeKeys(taken), [*taken]
    for title in titles:
        given.append(FreeKeys(given).take_key([title]))
        assert free.take_key([title]) == given[-1]


@given(st.integers(0, MAX_TIMESTAMP) | st.integers(0, MAX_TIMESTAMP // 86400).map(lambda day: day * 86400))
def test_an_end_reads_back_as_the_same_second(end: int) -> None:
    assert parse_moment(last_day(end), inclusive=True) == end


def test_an_end_at_midnight_is_the_day_before_inclusive() -> None:
    assert last_day(1_811_808_000) == "2027-05-31"
    assert last_day(1_811_808_001) == "2027-06-01T00:00:01Z"
