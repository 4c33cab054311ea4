"""Every row of the kind table against the emulator: read what is missing, create, read, patch each field, delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from exportctl.client.client import Client
from exportctl.client.inventory import live_object
from exportctl.emulator import Switches
from exportctl.errors import NotFound
from exportctl.model.plan import Marker, SensitiveValue
from exportctl.resources import wire
from exportctl.resources.kinds import (
    AUTH,
    BASE_CONNECTION,
    BASE_ID,
    FLOW,
    KINDS,
    SOURCE_CONNECTION,
    SOURCE_IDS,
    TARGET_CONNECTION,
    TARGET_IDS,
    Kind,
    Treat,
)
from exportctl.resources.marker import format_description
from tests.workflows.world import SANDBOX, START, World

TYPE = "amazon-s3"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
ARN, OTHER = "arn:aws:iam::123456789012:role/one", "arn:aws:iam::123456789012:role/two"
DAILY = {"every": "1 day", "at": 7200, "not_before": None}
FORM = {"type": "parquet", "compression": "gzip", "manifest": False}

# What no reading shows under the field's own name: why
WRITTEN_ONLY = {"auth.secret_version", "description", "datasets"}  # marker only; the text; the source's
WITHOUT_READING = (AUTH, "schedule.start")  # read as something else than was sent
# Fields that no PATCH changes: how they change instead
RULED = {Treat.WRITE_ONLY, Treat.BY_ACTION, Treat.REPOINT}


@pytest.fixture
def client(small: World) -> Iterator[Client]:
    with small.open_plan() as made:
        yield made.platform.client


class CreatedObjects:
    """One object of each kind, made through the wire form."""

    def __init__(self, small: World, client: Client):
        self.client = client
        ids = [str(d["id"]) for d in small.emulator.datasets(SANDBOX)]
        self.fields: dict[str, dict[str, Any]] = {
            BASE_CONNECTION.name: {"method": "role", "auth": {"role_arn": ARN}},
            SOURCE_CONNECTION.name: {"datasets": [[ids[0], "Orders"]]},
            TARGET_CONNECTION.name: {"location": {"bucket": "acme-lake", "path": "a"}, "format": FORM},
            FLOW.name: {
                "title": "T",
                "schedule.every": "1 day",
                "folder": "%DATASET_ID%",
                "schedule.start": DAILY,
                "end": START + 86400 * 90,
            },
        }
        self.ids: dict[str, str] = {}
        for kind in KINDS.values():
            self.ids[kind.name] = self.create(kind)

    def create(self, kind: Kind) -> str:
        every: dict[str, dict[str, Any]] = {
            TARGET_CONNECTION.name: {BASE_ID: self.ids.get(BASE_CONNECTION.name)},
            FLOW.name: {
                SOURCE_IDS: [self.ids.get(SOURCE_CONNECTION.name)],
                TARGET_IDS: [self.ids.get(TARGET_CONNECTION.name)],
            },
        }
        refs = every.get(kind.name, {})
        body = wire.create_body(
            kind.name, TYPE, self.fields[kind.name], refs, title="T", description=f"of {kind.label}", now=START
        )
        return self.client.create(kind.path, body).id

    def raw(self, kind: Kind) -> dict[str, Any]:
        return dict(self.client.get(f"{kind.path}/{self.ids[kind.name]}"))

    def patch(self, kind: Kind, fields: dict[str, Any], description: str | None = None) -> None:
        raw = self.raw(kind)
        ops = wire.patch_operations(kind.name, TYPE, fields, {}, raw, description=description, now=START)
        self.client.patch(f"{kind.path}/{self.ids[kind.name]}", ops, live_object(kind, raw).etag)


@pytest.fixture
def made(small: World, client: Client) -> CreatedObjects:
    return CreatedObjects(small, client)


every_kind = pytest.mark.parametrize("kind", [*KINDS.values()], ids=lambda k: k.label)


@every_kind
def test_what_is_not_there_is_not_found(client: Client, kind: Kind) -> None:
    with pytest.raises(NotFound):
        client.get(f"{kind.path}/{UNKNOWN_ID}")
    assert list(client.list(kind.path, params=kind.filters)) == []


@every_kind
def test_what_was_created_is_listed_by_its_filters_and_read_as_it_was_meant(
    small: World, made: CreatedObjects, kind: Kind
) -> None:
    assert [o["id"] for o in made.client.list(kind.path, params=kind.filters)] == [made.ids[kind.name]]
    raw = made.raw(kind)
    read = wire.read_fields(kind.name, raw)
    sent = made.fields[kind.name]
    if kind is SOURCE_CONNECTION:
        assert read["datasets"] == [i for i, _ in sent["datasets"]]
    else:
        expected = {name: value for name, value in sent.items() if name in read and name not in WITHOUT_READING}
        assert {name: read[name] for name in expected} == expected
    live = live_object(kind, raw)
    assert (live.text, live.marker) == (f"of {kind.label}", None)
    assert all(wire.ids(raw, name) for name in kind.refs)


@every_kind
def test_every_managed_field_is_read_or_known_to_be_written_only(made: CreatedObjects, kind: Kind) -> None:
    read = wire.read_fields(kind.name, made.raw(kind))
    assert {name for name in kind.managed_fields if name not in read} == set(kind.managed_fields) & WRITTEN_ONLY


@every_kind
def test_every_rule_says_why_and_where_it_is_from(kind: Kind) -> None:
    assert all(rule.why and rule.source and rule.pointer.startswith("/") for rule in kind.fields)
    assert [kind.field_rule(name) for name in kind.managed_fields] == list(kind.fields)


PATCHES: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {
    (BASE_CONNECTION.name, "auth"): (
        {"method": "role", "auth": {"role_arn": OTHER}},
        {"role_arn": SensitiveValue(OTHER)},
    ),
    (TARGET_CONNECTION.name, "location"): (
        {"location": {"bucket": "acme-other", "path": "b"}},
        {"bucket": "acme-other", "path": "b"},
    ),
    (TARGET_CONNECTION.name, "format"): ({"format": {**FORM, "type": "json"}}, {**FORM, "type": "json"}),
    (FLOW.name, "title"): ({"title": "New"}, "New"),
    (FLOW.name, "schedule.every"): ({"schedule.every": "6 hours"}, "6 hours"),
    (FLOW.name, "schedule.at"): ({"schedule.start": {**DAILY, "at": 3600}}, 3600),
    (FLOW.name, "folder"): ({"folder": "%EXPORT_TIME%"}, "%EXPORT_TIME%"),
    (FLOW.name, "end"): ({"end": START + 86400 * 99}, START + 86400 * 99),
}
SENT_WITH_OTHERS = ("description", "schedule.start")  # with the marker, and with the time of day
PATCHED = [
    (k, rule)
    for k in KINDS.values()
    for rule in k.fields
    if rule.treat not in RULED and rule.name not in SENT_WITH_OTHERS
]


@pytest.mark.parametrize(("kind", "rule"), PATCHED, ids=lambda x: x.name)
def test_every_settable_field_is_patched_alone(small: World, made: CreatedObjects, kind: Kind, rule: Any) -> None:
    small.emulator.switches = Switches(read_secrets="show")
    fields, expected = PATCHES[(kind.name, rule.name)]
    before = wire.read_fields(kind.name, made.raw(kind))
    made.patch(kind, fields)
    after = wire.read_fields(kind.name, made.raw(kind))
    assert after[rule.name] == expected
    follows = {"schedule.every": {"schedule.at"}, "schedule.at": {"schedule.start"}}.get(rule.name, set())
    assert {n for n in before if before[n] != after[n]} <= {rule.name, *follows}


def test_a_field_that_no_patch_changes_has_a_way_of_its_own() -> None:
    ruled = {rule.name for kind in KINDS.values() for rule in kind.fields if rule.treat in RULED}
    assert ruled == {"auth.secret_version", "datasets", "enabled"}


@pytest.mark.parametrize("kind", [BASE_CONNECTION, TARGET_CONNECTION, FLOW], ids=lambda k: k.label)
def test_a_marker_is_patched_alone_and_read_again(made: CreatedObjects, kind: Kind) -> None:
    marker = Marker("acme", kind.letter, "orders", applied={})
    before = wire.read_fields(kind.name, made.raw(kind))
    made.patch(kind, {}, format_description("mine", None, marker, kind))
    live = live_object(kind, made.raw(kind))
    assert (live.text, live.marker) == ("mine", marker)
    assert wire.read_fields(kind.name, live.raw) == before


def test_a_flow_is_switched_by_an_action(made: CreatedObjects) -> None:
    path = f"{FLOW.path}/{made.ids[FLOW.name]}"
    for operation, on in (("disable", False), ("enable", True)):
        made.client.act(path, operation)
        assert wire.read_fields(FLOW.name, made.raw(FLOW))["enabled"] is on


def test_another_dataset_list_is_another_source_the_flow_points_to(made: CreatedObjects) -> None:
    second = made.create(SOURCE_CONNECTION)
    raw = made.raw(FLOW)
    ops = wire.patch_operations(FLOW.name, TYPE, {}, {SOURCE_IDS: [second]}, raw, description=None, now=START)
    made.client.patch(f"{FLOW.path}/{made.ids[FLOW.name]}", ops, live_object(FLOW, raw).etag)
    assert wire.ids(made.raw(FLOW), SOURCE_IDS) == (second,)


def test_what_is_deleted_in_the_reverse_order_of_creation_is_gone(small: World, made: CreatedObjects) -> None:
    for kind in reversed([*KINDS.values()]):
        path = f"{kind.path}/{made.ids[kind.name]}"
        made.client.delete(path)
        small.emulator.advance(5)
        with pytest.raises(NotFound):
            made.client.get(path)
    assert all(not objects for objects in small.emulator.snapshot(SANDBOX).values())
