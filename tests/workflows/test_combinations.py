"""How each dataset combines by the service: every answer of the emulator, refusals, and what the YAML states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Emulator, Fault, SeedDataset, Switches
from exportctl.model.combine import Combination, Combine
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.backup import read_chains
from exportctl.workflows.verify import open_verifier
from tests.workflows.orders_sandbox import apply_config, dataset
from tests.workflows.world import ENV, ORGANIZATION, SANDBOX, SECRETS, START, World, config

IDENTITY = "Schema Registry: primary identity of its schema"
EVENT, RECORD = "Catalog: dataBehavior time-series", "Catalog: dataBehavior record"
CATALOG, REGISTRY = "/data/foundation/catalog", "/data/foundation/schemaregistry"
ALL = ["App Events", "Orders", "Returns", "Order Lines"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    emulator = Emulator(clock=START, organization=ORGANIZATION)
    own = [
        SeedDataset("App Events", kind="event"),
        SeedDataset("Orders", identity="/_acme/crm/id"),
        SeedDataset("Returns", identity=""),
        SeedDataset("Order Lines", behavior="adhoc"),
    ]
    emulator.seed([SANDBOX], {SANDBOX: own})
    made = World(tmp_path, emulator)
    made.write(content())
    yield made


def content(**datasets: Any) -> dict[str, Any]:
    return config(
        exports={"all": {"datasets": ALL}, "again": {"datasets": ["Orders"], "subpath": "x"}}, datasets=datasets
    )


def combinations(world: World) -> dict[str, Combination]:
    with open_verifier(world.setup(env={**ENV, **SECRETS}), PlanOptions(), wall=lambda: START) as verifier:
        report = read_chains(verifier)
    return {c.dataset: c.combination for e in report.exports for c in e.chains if c.combination}


def asked(world: World, service: str) -> int:
    return sum(request["path"].startswith(service) for request in world.emulator.requests())


def test_the_catalog_says_how_each_dataset_combines_and_the_registry_its_key(world: World) -> None:
    apply_config(world)
    found = combinations(world)
    assert {name: (one.combine, one.key) for name, one in found.items()} == {
        "App Events": (Combine.APPEND, None),
        "Orders": (Combine.UPSERT, "_acme.crm.id"),
        "Returns": (Combine.UPSERT, None),
        "Order Lines": (Combine.UNKNOWN, None),
    }
    assert (found["App Events"].source, found["Orders"].source) == (EVENT, RECORD)
    assert found["Orders"].key_source == IDENTITY
    assert "its schema has no primary identity; state `key:`" in found["Returns"].key_source


def test_each_dataset_and_each_schema_is_asked_for_once(world: World) -> None:
    apply_config(world)
    world.forget_requests()
    combinations(world)
    assert (asked(world, CATALOG), asked(world, REGISTRY)) == (4, 2)
    assert not world.emulator.writes()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("short", (Combine.APPEND, Combine.UPSERT)),
        ("upper", (Combine.APPEND, Combine.UPSERT)),
        ("uri", (Combine.APPEND, Combine.UPSERT)),
        ("missing", (Combine.UNKNOWN, Combine.UNKNOWN)),
    ],
)
def test_every_way_to_name_a_behavior_is_read(world: World, setting: str, expected: tuple[Combine, Combine]) -> None:
    apply_config(world)
    world.emulator.switches = Switches(data_behavior=setting)
    found = combinations(world)
    assert (found["App Events"].combine, found["Orders"].combine) == expected


BROKEN = {  # the fault, the service -> how many requests it gets; a refusal may be about one dataset
    "403": (Fault("status", count=0, status=403), CATALOG, 4),
    "404": (Fault("status", count=0, status=404), CATALOG, 4),
    "no JSON": (Fault("html", count=0), CATALOG, None),
    "another form": (Fault("status", count=0, status=200, body=[]), CATALOG, None),
    "no permission for schemas": (Fault("status", count=0, status=403), REGISTRY, 2),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_service_that_refuses_is_a_reason_and_never_an_error(world: World, case: str) -> None:
    fault, service, requests = BROKEN[case]
    apply_config(world)
    world.forget_requests()
    world.emulator.add_fault(Fault(**{**fault.to_json(), "path": service}))

    found = combinations(world)

    if service == CATALOG:
        assert {one.combine for one in found.values()} == {Combine.UNKNOWN}
        assert all(one.source.startswith("the Catalog could not be read: ") for one in found.values())
        assert all(one.source.endswith("; state `combine:` of the dataset in the YAML") for one in found.values())
    else:
        assert (found["Orders"].combine, found["Orders"].key) == (Combine.UPSERT, None)
        assert "the Schema Registry could not be read: the service answered 403" in found["Orders"].key_source
    assert requests in (None, asked(world, service))


def test_the_yaml_decides_and_a_contradiction_is_a_warning(world: World) -> None:
    apply_config(world)
    stated = {"name": "Orders", "key": "_id", "combine": "snapshot"}
    world.write(content(o=stated, e={"name": "App Events", "combine": "upsert", "key": "_id"}))
    found = combinations(world)
    assert (found["Orders"].combine, found["Orders"].key, len(found["Orders"].warnings)) == (Combine.SNAPSHOT, None, 1)
    assert found["Orders"].source.startswith("stated in exports.yaml:")
    events = found["App Events"]
    assert (events.combine, events.key, len(events.warnings)) == (Combine.UPSERT, "_id", 1)


@pytest.mark.parametrize("by_id", ["again", "all"])
def test_what_one_export_says_of_a_dataset_counts_for_an_export_that_names_it_otherwise(
    world: World, by_id: str
) -> None:
    apply_config(world)
    written = content(o={"name": "Orders", "key": "_id", "combine": "upsert"})
    written["exports"][by_id]["datasets"] = [{"id": dataset(world, "Orders")}]
    world.write(written)
    assert combinations(world)["Orders"].key == "_id"


def test_what_is_said_of_rows_changes_no_plan(world: World) -> None:
    apply_config(world)
    assert world.plan().is_empty
    world.write(content(o={"name": "Orders", "key": "_id", "combine": "upsert"}))
    assert world.plan().is_empty
