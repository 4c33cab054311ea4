"""Exports without an end on purpose (`end: none`), beside what the flow, the defaults and people say of ends."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.errors import Level
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.schedule import default_end
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.status import HealthResult
from exportctl.workflows.load_config import validate_config
from tests.workflows.orders_sandbox import DAY, apply_config, field_causes, findings, item, orders
from tests.workflows.test_status_forecast import health, make_forecast
from tests.workflows.world import START, World

ALLOW = [{"rule": "missing-end", "reason": "it shall stop by itself"}]
SIX_MONTHS = default_end(START)
RENEW = PlanOptions(renew_only=True)


def endless_orders(**changes: Any) -> dict[str, Any]:
    """`orders` without an end, in a config whose defaults give one."""
    return orders(end="none", allow=ALLOW, **changes)


def params(world: World) -> dict[str, Any]:
    return dict(world.flow("orders")["scheduleParams"])


def test_a_new_flow_gets_no_end_and_the_plan_says_when_it_will_end(small: World) -> None:
    small.write(endless_orders())
    plan = small.plan()
    assert "end" not in {c.path for c in item(plan).fields}
    assert item(plan).ends == SIX_MONTHS

    apply_config(small)

    assert "endTime" not in params(small)
    assert (item(small.plan()).ends, findings(small.plan())) == (SIX_MONTHS, [])
    assert small.plan(RENEW).steps() == ()


@pytest.mark.parametrize(("allow", "levels"), [([], [Level.ERROR]), (ALLOW, [])], ids=["not allowed", "allowed"])
def test_it_breaks_the_rule_about_ends_at_the_line_that_says_none(
    small: World, allow: list[Any], levels: list[Level]
) -> None:
    small.write(orders(end="none", allow=allow))

    found = [f for f in validate_config(small.setup(), START).findings if f.rule == "missing-end"]

    assert [f.level for f in found] == levels
    for one in found:
        assert "has no end (`end: none`)" in one.message
        assert one.at is not None
        assert '"end": "none"' in (small.folder / one.at.file).read_text().splitlines()[one.at.line - 1]


def test_the_forecast_of_a_new_flow_ends_where_the_flow_will(small: World) -> None:
    small.write(endless_orders())
    (planned,) = make_forecast(small, days=400, planned=True).flows
    apply_config(small)
    (live,) = make_forecast(small, days=400).flows

    assert planned.ends == live.ends == SIX_MONTHS
    assert planned.runs == live.runs
    assert live.runs[-1] < SIX_MONTHS


@pytest.mark.parametrize("shown", ["hidden", "shown"])
def test_the_end_that_the_service_gives_is_neither_drift_nor_a_finding(small: World, shown: str) -> None:
    small.emulator.switches = Switches(default_end_time=shown)
    apply_config(small, endless_orders())

    assert (small.plan().steps(), field_causes(small.plan()), findings(small.plan())) == ((), {}, [])
    assert health(small).ends == SIX_MONTHS


def test_an_end_that_the_flow_has_stays_and_is_said(small: World) -> None:
    apply_config(small, orders(end="2028-06-01T00:00:17Z"))
    before = params(small)
    small.write(endless_orders())
    plan = small.plan()

    assert (item(plan).verb, field_causes(plan), findings(plan)) == (Verb.UNCHANGED, {}, ["undeclared-end"])
    (said,) = item(plan).findings
    assert "2028-06-01 00:00:17 UTC" in said.message
    assert plan.is_empty

    apply_config(small)

    assert params(small) == before
    assert findings(small.plan()) == ["undeclared-end"]
    apply_config(small, endless_orders(schedule={"every": "6 hours", "at": "02:00"}))
    assert params(small)["endTime"] == before["endTime"]


def test_the_finding_may_be_allowed(small: World) -> None:
    apply_config(small, orders(end="2028-06-01"))
    apply_config(small, orders(end="none", allow=[*ALLOW, {"rule": "undeclared-end", "reason": "known"}]))

    assert findings(small.plan()) == []


@pytest.mark.parametrize("described", ["marker there", "marker wiped"])
def test_an_end_set_by_hand_is_a_pause_that_is_never_undone_and_is_in_every_report(
    small: World, described: str
) -> None:
    apply_config(small, endless_orders())
    small.emulator.ui.end("orders", START + 3 * DAY)
    if described == "marker wiped":
        small.emulator.ui.describe("orders", "STOPPED, incident 42")

    for _ in range(5):
        assert field_causes(small.plan())["end"] is field_causes(small.plan(RENEW))["end"] is Cause.PAUSED
        assert "undeclared-end" not in findings(small.plan())
        assert drift.has_failures(drift.build_drift_report(small.plan(), end_warning=0), {DriftGroup.PAUSED})
        assert health(small).result is HealthResult.PAUSED
        small.apply()
        small.apply(RENEW)
        small.emulator.advance(DAY / 2)
        assert params(small)["endTime"] == START + 3 * DAY
    small.emulator.advance(DAY)

    assert (findings(small.plan()), health(small).result) == (["expired"], HealthResult.PAUSED)


def test_an_end_set_by_hand_is_resumed_to_the_six_months_of_the_service(small: World) -> None:
    apply_config(small, endless_orders())
    small.emulator.ui.end("orders", START + 3 * DAY)

    apply_config(small, flags=PlanOptions(resume=("exports.orders",)))

    assert params(small)["endTime"] == SIX_MONTHS
    assert (field_causes(small.plan()), findings(small.plan())) == ({}, [])


def test_an_end_that_was_applied_once_and_is_moved_earlier_is_resumed_to_that(small: World) -> None:
    apply_config(small, orders(end="2028-06-01T00:00:17Z"))
    before = params(small)
    apply_config(small, endless_orders())
    small.emulator.ui.end("orders", before["endTime"] - DAY)

    assert field_causes(small.plan()) == {"end": Cause.PAUSED}
    apply_config(small, flags=PlanOptions(resume=("exports.orders",)))

    assert params(small) == before
    assert findings(small.plan()) == ["undeclared-end"]


@pytest.mark.parametrize("end", [SIX_MONTHS + 30 * DAY, SIX_MONTHS - 60])
def test_a_later_end_set_by_hand_or_the_services_own_is_no_pause(small: World, end: int) -> None:
    apply_config(small, endless_orders())
    small.emulator.ui.end("orders", end)

    assert field_causes(small.plan()) == {}


def test_a_flow_that_would_have_ended_by_now_anyway_was_not_paused(small: World) -> None:
    apply_config(small, endless_orders())
    small.emulator.ui.end("orders", START + 3 * DAY)
    small.emulator.set_time(SIX_MONTHS + 1)

    assert (field_causes(small.plan()), findings(small.plan())) == ({}, ["expired"])


def test_an_end_comes_back_with_the_yaml(small: World) -> None:
    apply_config(small, endless_orders())
    small.write(orders())
    assert field_causes(small.plan()) == {"end": Cause.UNKNOWN_ORIGIN}

    apply_config(small)

    assert params(small)["endTime"] == START - START % DAY + 180 * DAY


def test_a_one_time_export_may_say_none_too(small: World) -> None:
    apply_config(small, orders(end="none", schedule={"every": "once", "at": "05:00"}))

    assert "endTime" not in params(small)
    assert (item(small.plan()).ends, findings(small.plan())) == (None, [])


@pytest.mark.parametrize("shown", ["shown", "hidden"])
@pytest.mark.parametrize("end", ["2028-03-01", {"rolling": "300 days"}], ids=["a date", "rolling"])
def test_a_later_end_than_the_services_own_is_declared_and_no_pause_is_in_its_way(
    small: World, end: Any, shown: str
) -> None:
    small.emulator.switches = Switches(default_end_time=shown)
    apply_config(small, endless_orders())
    small.emulator.advance(DAY)

    apply_config(small, orders(end=end))

    assert not item(small.plan()).is_paused
    assert small.plan().is_empty
    if isinstance(end, str):
        assert params(small)["endTime"] > SIX_MONTHS


def test_a_flow_with_the_services_own_end_may_be_replaced(small: World) -> None:
    small.emulator.switches = Switches(default_end_time="shown")
    apply_config(small, endless_orders())

    apply_config(small, orders(end="2028-03-01", destination="gcs"), PlanOptions(allow_replace=("exports.orders",)))


def test_an_earlier_end_by_hand_is_a_pause_though_none_was_declared(small: World) -> None:
    apply_config(small, endless_orders())
    small.emulator.ui.end("orders", START + 40 * DAY)

    small.write(orders(end="2028-03-01"))

    assert field_causes(small.plan())["end"] is Cause.PAUSED
