"""Which dataset goes where: as the flows do it now, and as the config declares it where there is no flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from exportctl.model.plan import Address, Inventory, ListedDataset, LiveObject, Marker
from exportctl.model.project import Dataset
from exportctl.monitor.dataset_map import DatasetRoute, dataset_routes
from exportctl.plan.ownership import build_ownership
from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from tests.plan.value_builders import AT, build_desired, make_object, orders, sandbox

ORDERS = "a" * 24
RETURNS = "b" * 24
EXPORT = Address("exports", "orders")
SPEC = {"id": AMAZON_S3.connection_spec}
DECLARED = Dataset(None, "Orders", None, AT)
MARKER = Marker("acme", "e", "orders")


def flow(**more: Any) -> tuple[LiveObject, ...]:
    """A flow of two datasets: the source names one of them."""
    ids = {"sourceConnectionIds": ["s"], "targetConnectionIds": ["t"]}
    entries = {"datasets": [{"dataSetId": ORDERS, "name": "Orders, as made"}, {"dataSetId": RETURNS}]}
    location = {"mode": "Server-to-server", "bucketName": "acme-lake", "path": "by-hand"}
    return (
        make_object("flow", "f", MARKER, **{**ids, "flowSpec": {"id": AMAZON_S3.flow_spec}, **more}),
        make_object("source_connection", "s", MARKER, params=entries),
        make_object("target_connection", "t", MARKER, baseConnectionId="b", params=location, connectionSpec=SPEC),
        make_object("base_connection", "b", Marker("acme", "d", "lake")),
    )


def routes(*objects: LiveObject, listed: tuple[ListedDataset, ...] | None = None) -> tuple[DatasetRoute, ...]:
    live: Inventory = replace(sandbox(*objects), datasets=listed)
    return dataset_routes(build_desired(orders(datasets=(DECLARED,))), build_ownership(live, "acme"), live)


def test_a_flow_shows_where_its_files_go_now() -> None:
    found = routes(*flow(), listed=(ListedDataset(RETURNS, "Returns"),))

    assert [(one.dataset, one.dataset_id) for one in found] == [("Orders, as made", ORDERS), ("Returns", RETURNS)]
    assert {(one.export, one.destination, one.type, one.location, one.is_applied) for one in found} == {
        (EXPORT, "destinations.lake", "Amazon S3", "acme-lake/by-hand", True)
    }


def test_without_a_name_the_id_stands_for_the_dataset() -> None:
    assert [one.dataset for one in routes(*flow())] == [RETURNS, "Orders, as made"]


def test_without_a_flow_the_map_shows_what_the_config_declares() -> None:
    (one,) = routes()

    assert (one.export, one.destination, one.is_applied) == (EXPORT, "destinations.lake", False)
    assert (one.dataset, one.location) == ("Orders", "acme/aep")


def test_a_flow_of_a_type_that_exportctl_does_not_know_counts_as_declared() -> None:
    assert [one.is_applied for one in routes(*flow(flowSpec={"id": "x"}))] == [False]
