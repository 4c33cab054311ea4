"""Datasets as declared -> ids: every row of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from exportctl.errors import Level, SourcePosition
from exportctl.model.plan import ListedDataset
from exportctl.model.project import Dataset
from exportctl.plan.dataset_lookup import NO_ID, ListedDatasets, look_up_datasets

AT = SourcePosition("exports.yaml", 7, 3)
A, B, C = "a" * 24, "b" * 24, "c" * 24
LISTING = (ListedDataset(A, "Orders"), ListedDataset(B, "Returns"), ListedDataset(C, "Returns"))


@dataclass(frozen=True)
class LookupCase:
    declared: Dataset
    live: Mapping[str, str]
    found: tuple[tuple[str, str], ...]
    says: tuple[str, ...] = ()  # rules of errors and findings, gates of refusals
    listing: tuple[ListedDataset, ...] = LISTING


def dataset_by_id(identity: str) -> Dataset:
    return Dataset(identity, None, None, AT)


def dataset_by_name(name: str) -> Dataset:
    return Dataset(None, name, None, AT)


RENAMED = (ListedDataset(A, "Orders 2024"),)

ROWS: dict[str, LookupCase] = {
    "an id that is listed": LookupCase(dataset_by_id(A), {}, ((A, "Orders"),)),
    "an id that is listed, live under another name": LookupCase(dataset_by_id(A), {A: "Old"}, ((A, "Orders"),)),
    "an id not listed, live has it": LookupCase(
        dataset_by_id("9" * 24), {"9" * 24: "Gone"}, (("9" * 24, "Gone"),), ("dataset-gone",)
    ),
    "an id not listed, live has it without a name": LookupCase(
        dataset_by_id("9" * 24), {"9" * 24: ""}, (("9" * 24, "9" * 24),), ("dataset-gone",)
    ),
    "an unknown id": LookupCase(dataset_by_id("9" * 24), {}, (("9" * 24, "9" * 24),), ("dataset-not-eligible",)),
    "a name of one id, nothing live": LookupCase(dataset_by_name("Orders"), {}, ((A, "Orders"),)),
    "a name of one id, live the same": LookupCase(dataset_by_name("Orders"), {A: "Orders"}, ((A, "Orders"),)),
    "a name of one id, live has others": LookupCase(dataset_by_name("Orders"), {B: "Returns"}, ((A, "Orders"),)),
    "a name of one id, live exports another under it": LookupCase(
        dataset_by_name("Orders"), {"9" * 24: "Orders"}, (("9" * 24, "Orders"),), ("dataset-renamed",)
    ),
    "an unlisted name, live stores it": LookupCase(
        dataset_by_name("Gone"), {"9" * 24: "Gone"}, (("9" * 24, "Gone"),), ("dataset-gone",)
    ),
    "an unlisted name, live stores its id, which is called otherwise now": LookupCase(
        dataset_by_name("Orders"), {A: "Orders"}, ((A, "Orders"),), ("dataset-name",), RENAMED
    ),
    "an unknown name": LookupCase(dataset_by_name("Odrers"), {}, (), ("dataset-unknown",)),
    "an unlisted name, live has two of it": LookupCase(
        dataset_by_name("Gone"), {"8" * 24: "Gone", "9" * 24: "Gone"}, (), ("dataset-unknown",)
    ),
    "a name of several ids, live has one of them": LookupCase(
        dataset_by_name("Returns"), {C: "Returns"}, ((C, "Returns"),)
    ),
    "a name of several ids, live has none": LookupCase(dataset_by_name("Returns"), {}, (), ("dataset-ambiguous",)),
    "a name of several ids, live has two of them": LookupCase(
        dataset_by_name("Returns"), {B: "Returns", C: "Returns"}, (), ("dataset-ambiguous",)
    ),
    "a name of several ids, live exports another under it": LookupCase(
        dataset_by_name("Returns"), {"9" * 24: "Returns"}, (("9" * 24, "Returns"),), ("dataset-renamed",)
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_table(name: str) -> None:
    row = ROWS[name]
    looked = look_up_datasets("exports.orders", (row.declared,), ListedDatasets(row.listing), row.live)
    assert looked.datasets == row.found
    said = (*(f.rule for f in (*looked.errors, *looked.findings)), *(r.safety_check for r in looked.refusals))
    assert said == row.says
    assert all(f.level is Level.ERROR for f in looked.errors)
    assert all(f.level is Level.WARNING for f in looked.findings)
    assert all(f.at == AT for f in (*looked.errors, *looked.findings))


UNREAD: dict[str, tuple[Dataset, dict[str, str], tuple[str, str]]] = {
    "an id": (dataset_by_id(A), {}, (A, A)),
    "an id that is live": (dataset_by_id(A), {A: "Orders"}, (A, "Orders")),
    "a name that is live": (dataset_by_name("Orders"), {A: "Orders"}, (A, "Orders")),
    "a name that is not live": (dataset_by_name("Orders"), {B: "Returns"}, (f"{NO_ID}Orders", "Orders")),
}


@pytest.mark.parametrize("name", UNREAD)
def test_without_the_list_only_the_live_source_tells_the_id_of_a_name(name: str) -> None:
    declared, live, found = UNREAD[name]
    looked = look_up_datasets("exports.orders", (declared,), ListedDatasets((), is_read=False), live)
    assert (looked.datasets, looked.errors, looked.findings, looked.refusals) == ((found,), (), (), ())


def test_several_datasets_are_a_set_sorted_by_id() -> None:
    looked = look_up_datasets(
        "exports.x", (dataset_by_id(B), dataset_by_name("Orders"), dataset_by_id(A)), ListedDatasets(LISTING), {}
    )
    assert looked.datasets == ((A, "Orders"), (B, "Returns"))


def test_one_mistake_does_not_hide_the_others() -> None:
    looked = look_up_datasets(
        "exports.x",
        (dataset_by_name("Odrers"), dataset_by_name("Returns"), dataset_by_name("Orders")),
        ListedDatasets(LISTING),
        {},
    )
    assert [f.rule for f in looked.errors] == ["dataset-unknown", "dataset-ambiguous"]
    assert looked.datasets == ((A, "Orders"),)


def test_the_message_for_an_unknown_name_tells_the_nearest() -> None:
    looked = look_up_datasets("exports.x", (dataset_by_name("Odrers"),), ListedDatasets(LISTING), {})
    assert looked.errors[0].hint == (
        'did you mean "Orders"? run `exportctl datasets` to list what can be exported; '
        "an access label can hide a dataset from this credential"
    )


def test_the_message_for_a_name_unlike_any_other_guesses_nothing() -> None:
    looked = look_up_datasets("exports.x", (dataset_by_name("Zzzz"),), ListedDatasets(LISTING), {})
    assert looked.errors[0].hint == (
        "run `exportctl datasets` to list what can be exported; an access label can hide a dataset from this credential"
    )


def test_the_message_for_an_ambiguous_name_lists_the_candidates() -> None:
    looked = look_up_datasets("exports.x", (dataset_by_name("Returns"),), ListedDatasets(LISTING), {})
    assert f"{B}, {C}" in looked.errors[0].message


def test_the_refusal_for_a_name_that_moved_names_both_ids() -> None:
    refusal = look_up_datasets(
        "exports.x", (dataset_by_name("Orders"),), ListedDatasets(LISTING), {"9" * 24: "Orders"}
    ).refusals[0]
    assert A in refusal.text
    assert "9" * 24 in refusal.text
    assert refusal.allow == f"write the id that you mean: datasets: [{{id: {'9' * 24}}}] or [{{id: {A}}}]"
