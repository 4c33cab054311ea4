"""Fields that only a row of the kinds describes: each stands in the service's JSON as it stands in the YAML."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exportctl.resources import wire
from exportctl.resources.kinds import FLOW, FieldRule, Treat, add_field
from exportctl.resources.service_values import INCREMENTAL

PACE = FieldRule(
    "pace", "p", Treat.VALUE, "/scheduleParams/frequency", "how fast", "made up", default="slow", schema={"enum": []}
)


@pytest.fixture(autouse=True)
def row() -> Iterator[None]:
    """The row of this file in the table of flows, for one test."""
    add_field(FLOW, PACE)
    yield
    FLOW.fields.remove(PACE)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"scheduleParams": {"frequency": "quick"}}, "quick"),
        ({"scheduleParams": {"frequency": None}}, "slow"),
        ({"scheduleParams": {}}, "slow"),
        ({"scheduleParams": "odd"}, "slow"),
        ({}, "slow"),
    ],
    ids=["shown", "null", "left out", "no object", "no holder"],
)
def test_a_plain_field_that_the_service_does_not_show_has_its_default(raw: dict[str, object], value: str) -> None:
    assert wire.read_fields("flow", raw)["pace"] == value


def test_the_member_of_a_plain_field_is_known_in_its_holder_only() -> None:
    assert "frequency" in wire.known_schedule()
    assert "frequency" not in wire.known_params({})


def test_a_new_object_has_the_plain_fields_that_have_a_value() -> None:
    def schedule(**fields: str | None) -> object:
        given = {"schedule.every": "1 day", **fields}
        return wire.create_body("flow", "sftp", given, {}, title="T", description="D", now=0)["scheduleParams"]

    daily = {"exportMode": INCREMENTAL, "timeUnit": "day", "interval": 1}
    assert schedule(pace="quick") == {**daily, "frequency": "quick"}
    assert schedule(pace=None) == daily
    assert schedule() == daily


def test_a_patch_of_a_plain_field_keeps_the_rest_of_its_holder_and_removes_an_unset_one() -> None:
    live = {"scheduleParams": {"frequency": "slow", "interval": 1}}

    def sent(pace: str | None) -> object:
        (operation,) = wire.patch_operations("flow", "sftp", {"pace": pace}, {}, live, description=None, now=0)
        return operation["value"]

    assert sent("quick") == {"frequency": "quick", "interval": 1}
    assert sent(None) == {"interval": 1}
