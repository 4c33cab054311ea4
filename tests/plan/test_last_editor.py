"""Who moved the live side: the table of fields, and what the service no longer says."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.model.plan import Actor, Marker
from exportctl.plan.last_editor import BACKGROUND, UI, actor, is_last_write_with_marker
from exportctl.resources import marker
from exportctl.resources.kinds import FLOW, TARGET_CONNECTION
from tests.plan.value_builders import make_object

MISSING = "not recorded: a background client of the service wrote last"


def flow(**raw: Any) -> Any:
    return make_object("flow", "f", **{"updatedBy": "jo", "updatedClient": UI, "updatedAt": 2_500, **raw})


SOURCE = make_object("source_connection", "s", createdBy="kim", createdClient=UI, createdAt=7_000)
LAST = {"ops": [{"op": "replace", "path": "/scheduleParams"}], "updated": 9_000}
NOT_RECORDED_TEXT = "not recorded: exportctl wrote last and did not change this field"
MARKER = Marker("acme", "e", "orders")
OURS: dict[str, Any] = {
    "updatedClient": "script",
    "updatedAt": 9_000,
    "lastOperation": {
        "ops": [
            {"op": "replace", "path": "/scheduleParams", "value": {}},
            {"op": "add", "path": "/description", "value": marker.marker_line(MARKER, FLOW)},
        ],
        "updated": 9_000,
    },
}

ROWS: dict[str, tuple[str, dict[str, Any], Actor]] = {
    "datasets: who created the live source": ("datasets", {}, Actor("kim", UI, 7)),
    "title: who updated the flow": ("title", {}, Actor("jo", UI, 2)),
    "a run came between": ("title", {"updatedClient": BACKGROUND}, Actor(None, None, None, MISSING)),
    "a run came between, the last operation names the field": (
        "end",
        {"updatedClient": BACKGROUND, "lastOperation": LAST},
        Actor(None, None, 9, MISSING),
    ),
    "a run came between, the last operation names another field": (
        "title",
        {"updatedClient": BACKGROUND, "lastOperation": LAST},
        Actor(None, None, None, MISSING),
    ),
    "the last operation is below the field": (
        "schedule.every",
        {
            "updatedClient": BACKGROUND,
            "lastOperation": {**LAST, "ops": [{"path": "/scheduleParams/interval"}, "odd"]},
        },
        Actor(None, None, 9, MISSING),
    ),
    "exportctl wrote last": ("end", OURS, Actor(None, None, None, NOT_RECORDED_TEXT)),
    "exportctl wrote last, and the background finished it": (
        "end",
        {**OURS, "updatedClient": BACKGROUND},
        Actor(None, None, None, MISSING),
    ),
    "exportctl wrote, then a client switched it off": (
        "enabled",
        {**OURS, "updatedAt": 99_000},
        Actor("jo", "script", 99),
    ),
    "a person edited text before the marker": ("description", {**OURS, "updatedClient": UI}, Actor("jo", UI, 9)),
    "the client is not shown": ("title", {"updatedClient": None}, Actor(None, None, None, MISSING)),
    "the time is not shown": ("title", {"updatedAt": None}, Actor("jo", UI, None)),
    "the person is not shown": ("title", {"updatedBy": None}, Actor(None, UI, 2)),
    "an operation without ops": (
        "end",
        {"updatedClient": BACKGROUND, "lastOperation": {}},
        Actor(None, None, None, MISSING),
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_actor_behind_a_field_of_the_flow(row: str) -> None:
    field, raw, expected = ROWS[row]
    assert actor(FLOW.field_rule(field), FLOW, flow(**raw), SOURCE) == expected


def test_the_actor_behind_a_place_is_the_targets() -> None:
    target = make_object("target_connection", "t", updatedBy="lee", updatedClient=UI, updatedAt=3_000)
    assert actor(TARGET_CONNECTION.field_rule("location"), TARGET_CONNECTION, target, SOURCE) == Actor("lee", UI, 3)


def test_without_a_visible_source_the_flow_answers_for_the_datasets() -> None:
    assert actor(FLOW.field_rule("datasets"), FLOW, flow(), None) == Actor("jo", UI, 2)


RENAME = {"op": "replace", "path": "/name", "value": "B"}
LAST_WRITES: dict[str, tuple[dict[str, Any], bool]] = {
    "the PATCH with this marker": (OURS["lastOperation"], True),
    "the creation": ({"operation": "create", "updated": 9_000}, True),
    "an edit of a flow that still counts as created": ({"operation": "create", "ops": [RENAME]}, False),
    "an edit": ({"operation": "update", "ops": [RENAME]}, False),
    "not shown": ({}, False),
}


@pytest.mark.parametrize(("last", "ours"), LAST_WRITES.values(), ids=LAST_WRITES)
def test_whether_a_client_wrote_a_flow_after_its_marker(last: dict[str, Any], ours: bool) -> None:
    live = make_object("flow", "f", MARKER, updatedClient=BACKGROUND, lastOperation=last)

    assert is_last_write_with_marker(live) is ours
