"""The layouts of other flows: those of a search among all flows, and no search for each flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from exportctl.monitor.delivery.expectation import WrittenFolders
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.former_locations import WrittenLayouts
from tests.monitor.delivery.delivery_states import DAILY
from tests.plan.test_linear_plans import grown_steps

STORAGES = (("amazon-s3", "acme"), ("amazon-s3", "other"))
FOLDER = "%DATASET_ID%/%EXPORT_TIME%"


def written_by(flow: str, storage: tuple[str, ...], datasets: Sequence[str]) -> WrittenFolders:
    return WrittenFolders(flow, flow, (), "demo", {one: one for one in datasets}, f"aep/{flow}", FOLDER, storage)


def layouts_by_search(
    flow: str, written: Sequence[WrittenFolders], fields: Mapping[str, str]
) -> tuple[FolderLayout, ...]:
    own = next((one.storage for one in written if one.flow == flow), ())
    wanted = (own[0], fields.get("bucket", own[1])) if own else ()
    others = [one for one in written if one.flow != flow and one.storage == wanted]
    return tuple(folder_layout(one, dataset) for one in others for dataset in one.datasets)


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from(STORAGES), st.lists(st.sampled_from("xyz"), unique=True)),
        unique_by=lambda row: row[0],
    ),
    asked=st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from([{}, {"bucket": "other"}])), max_size=4),
)
def test_the_layouts_are_those_of_a_search(
    rows: list[tuple[str, tuple[str, str], list[str]]], asked: list[tuple[str, dict[str, str]]]
) -> None:
    written = [written_by(*row) for row in rows]
    layouts = WrittenLayouts(written)
    for flow, fields in asked:
        found = layouts.of_others(replace(DAILY, flow=flow), fields)
        assert found == layouts_by_search(flow, written, fields)


def test_the_steps_grow_in_a_straight_line() -> None:
    def make(size: int) -> Callable[[], object]:
        flows = [f"f-{size:02}-{number:02}" for number in range(size)]  # no layout of another size is known
        expectations = [replace(DAILY, flow=flow) for flow in flows]
        written = [written_by(flow, STORAGES[0], ["x"]) for flow in flows]

        def work() -> None:
            layouts = WrittenLayouts(written)
            assert {len(layouts.of_others(one)) for one in expectations} == {size - 1}

        return work

    assert grown_steps(make) == {}
