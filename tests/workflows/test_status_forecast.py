"""Status and forecast against the emulator: they say what drift and plan say, and ask no more than a plan does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.errors import UsageError
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.forecast import FlowForecast, Forecast, forecast
from exportctl.monitor.runs import error_hints
from exportctl.monitor.status import ExportHealth, FlowState, HealthResult, StatusReport, status
from exportctl.output.text import runs as text_runs
from exportctl.plan.ownership import build_ownership
from exportctl.resources.run import RunStatus
from exportctl.workflows import list_runs
from tests.workflows.orders_sandbox import DAY, HOUR, apply_config, orders, orders_and_other, source
from tests.workflows.world import DATASETS, START, World, config, world


def make_status_report(
    small: World,
    flags: PlanOptions = PlanOptions(),  # noqa: B008
    expiring: int | None = None,
    **more: Any,
) -> StatusReport:
    with small.open_plan(flags, **more) as made:
        return status(made.plan, build_ownership(made.live, made.project.name), made.project, expiring=expiring)


def make_forecast(small: World, *, days: int = 7, planned: bool = False) -> Forecast:
    with small.open_plan() as made:
        return forecast(
            made.plan, build_ownership(made.live, made.project.name), made.desired, days=days, planned=planned
        )


def health(small: World) -> ExportHealth:
    (one,) = make_status_report(small).exports
    return one


# -- status -----------------------------------------------------------------------------------------------------------


def test_an_export_is_followed_from_declared_to_run(small: World) -> None:
    assert health(small).result is HealthResult.NOT_APPLIED
    apply_config(small)
    assert (health(small).result, health(small).next_run) == (HealthResult.WAITING, START + 18 * HOUR)
    small.emulator.advance(DAY)
    one = health(small)
    assert (one.result, one.next_run) == (HealthResult.OK, START + 42 * HOUR)
    assert one.last_run is not None
    assert (one.last_run.status, one.last_run.started) == (RunStatus.DONE, START + 18 * HOUR)


def test_a_run_that_fails_is_failed_in_status_and_explained_in_runs(small: World) -> None:
    apply_config(small)
    small.emulator.ui.load({"sourceConnections": [_source_of_gone_dataset(small)]}, sandbox="demo")
    small.emulator.advance(DAY)
    with small.open_plan() as made:
        (run,) = list_runs.read_recent_runs(made, "orders").flows[0].runs
    assert run.status is RunStatus.FAILED
    assert any("a dataset of the flow was deleted" in (one or "") for one in error_hints(run.errors, "amazon-s3"))
    assert health(small).result is HealthResult.FAILED


def _source_of_gone_dataset(small: World) -> dict[str, Any]:
    """The source of `orders` after its dataset was deleted: it still names it."""
    shown = source(small)
    entries = [{**one, "dataSetId": "f" * 24} for one in shown["params"]["datasets"]]
    return {**shown, "params": {**shown["params"], "datasets": entries}}


def test_what_was_forecast_is_what_ran(small: World) -> None:
    apply_config(small, orders(schedule={"every": "6 hours", "at": "01:00"}))
    (lane,) = make_forecast(small, days=2).flows
    small.emulator.advance(2 * DAY)
    with small.open_plan() as made:
        runs = list_runs.read_recent_runs(made, "orders").flows[0].runs
    assert len(runs) == 8
    assert [run.started for run in reversed(runs)] == list(lane.runs)


PAUSES: dict[str, Callable[[World], Any]] = {
    "switched off": lambda w: w.emulator.ui.disable("orders"),
    "the end moved earlier": lambda w: w.emulator.ui.end("orders", START + 40 * DAY),
    "the end moved earlier, and over": lambda w: (
        w.emulator.ui.end("orders", START + DAY),
        w.emulator.advance(2 * DAY),
    ),
}


@pytest.mark.parametrize("pause", PAUSES)
def test_what_drift_calls_paused_is_paused(small: World, pause: str) -> None:
    apply_config(small)
    assert health(small).result is not HealthResult.PAUSED
    PAUSES[pause](small)
    assert drift.build_drift_report(small.plan(), end_warning=0).entries_of(DriftGroup.PAUSED)
    assert (health(small).result, health(small).state) == (HealthResult.PAUSED, FlowState.PAUSED)


def test_what_drift_does_not_call_paused_is_not(small: World) -> None:
    apply_config(small, orders(enabled=False))
    assert not drift.build_drift_report(small.plan(), end_warning=0).entries_of(DriftGroup.PAUSED)
    assert health(small).result is HealthResult.DISABLED


def test_ninety_exports_cost_what_a_plan_costs(ninety: Callable[[Path], World], tmp_path: Path) -> None:
    small = ninety(tmp_path)
    small.apply()
    small.forget_requests()
    small.plan()
    asked = len(small.emulator.requests())
    small.forget_requests()
    assert len(make_status_report(small).exports) == 90
    assert len(small.emulator.requests()) == asked
    small.forget_requests()
    assert len(make_forecast(small).flows) == 90
    assert len(small.emulator.requests()) == asked


def test_a_target_leaves_the_others_out(small: World) -> None:
    apply_config(small, orders_and_other())
    assert len(make_status_report(small).exports) == 2
    assert [str(one.address) for one in make_status_report(small, PlanOptions(targets=("other",))).exports] == [
        "exports.other"
    ]


# -- forecast ---------------------------------------------------------------------------------------------------------

SCHEDULES = st.fixed_dictionaries(
    {
        "every": st.sampled_from(["1 day", "3 hours", "6 hours", "12 hours"]),
        "at": st.sampled_from(["00:00", "02:00", "13:00"]),
    }
)
EXPORTS = st.fixed_dictionaries(
    {
        "schedule": SCHEDULES,
        "end": st.sampled_from([{"rolling": "180 days", "renew_before": "30 days"}, "2027-01-18", "2028-01-01"]),
        "destination": st.sampled_from(["s3-role", "blob", "sftp-password"]),
        "datasets": st.lists(st.sampled_from(DATASETS), min_size=1, max_size=3, unique=True),
    },
    optional={"enabled": st.booleans()},
)


@settings(max_examples=12)
@given(before=EXPORTS, after=EXPORTS)
def test_the_forecast_of_a_plan_is_the_forecast_after_its_apply(
    before: dict[str, Any], after: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    small = world(tmp_path_factory.mktemp("law"))
    for content in (before, {**after, "destination": before["destination"]}):
        small.write(config(exports={"orders": {**content, "subpath": "orders"}}))
        said = make_forecast(small, planned=True)
        small.apply()
        found = make_forecast(small)
        assert [_comparable_lane(lane) for lane in said.flows] == [_comparable_lane(lane) for lane in found.flows]
        assert said.simultaneous_runs == found.simultaneous_runs


def _comparable_lane(lane: FlowForecast) -> tuple[Any, ...]:
    """All but the id that a flow gets when it is made, and words."""
    return (lane.address, lane.account, lane.type, lane.datasets, lane.runs, lane.ends, lane.no_run_reason)


# -- runs -------------------------------------------------------------------------------------------------------------


def test_runs_are_found_by_address_part_and_flow_id(small: World) -> None:
    apply_config(small)
    flow = small.flow("orders")["id"]
    with small.open_plan() as made:
        for name in ("exports.orders", "orders", flow):
            (found,) = list_runs.read_recent_runs(made, name).flows
            assert (str(found.address), found.flow, found.title, found.type) == (
                "exports.orders",
                flow,
                "orders",
                "amazon-s3",
            )


def test_runs_of_a_flow_of_others_are_found_by_its_id(small: World) -> None:
    made_by_hand = small.emulator.ui.create_flow("Loyalty export", ["Orders"], sandbox="demo")
    with small.open_plan() as made:
        (found,) = list_runs.read_recent_runs(made, made_by_hand["id"]).flows
    assert (found.address, found.title) == (None, "Loyalty export")


def test_an_export_without_a_flow_is_not_applied_and_has_no_runs(small: World) -> None:
    small.forget_requests()
    with small.open_plan() as made:
        (found,) = list_runs.read_recent_runs(made, "orders").flows
    assert (found.flow, found.runs) == (None, ())
    assert not [r for r in small.emulator.requests() if r["path"].endswith("/runs")]


def test_a_name_that_is_not_there_gets_the_nearest(small: World) -> None:
    with small.open_plan() as made:
        for name, hint in (("ordres", "did you mean exports.orders?"), ("zzz", "choose one of exports.orders")):
            with pytest.raises(UsageError, match=re.escape(f"{name}: no export")) as raised:
                list_runs.read_recent_runs(made, name)
            assert raised.value.hint == hint


class TransportWithRuns(httpx.BaseTransport):
    """The emulator, with runs as the service's samples show them (flow-service.md 8): newest first, two a page."""

    def __init__(self, small: World, days: int):
        self._rest = httpx.WSGITransport(app=small.emulator)
        flow = small.flow("orders")["id"]
        self._runs = [sample_run(flow, n) for n in range(days)]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/flowservice/runs"):
            return self._rest.handle_request(request)
        assert request.url.params["property"] == f"flowId=={self._runs[0]['flowId']}"
        first = int(request.url.params.get("continuationToken") or 0)
        more = first + 2 < len(self._runs)
        links = {"next": {"href": f"/runs?continuationToken={first + 2}"}} if more else {}
        return httpx.Response(200, json={"items": self._runs[first : first + 2], "_links": links})


def sample_run(flow: str, days_ago: int) -> dict[str, Any]:
    """One run; every third failed as the published sample did."""
    started = (START - days_ago * DAY) * 1000
    failed = days_ago % 3 == 2
    errors = [{"code": "ACTIVATION_BATCH-0000-FAILED", "message": "Job aborted."}] if failed else []
    return {
        "id": f"run-{days_ago}",
        "createdAt": started,
        "flowId": flow,
        "metrics": {
            "durationSummary": {"startedAtUTC": started, "completedAtUTC": started + 90_500},
            "sizeSummary": {"outputBytes": 4096},
            "recordSummary": {"outputRecordCount": 1200 + days_ago},
            "fileSummary": {"outputFileCount": 4},
            "statusSummary": {"status": "failed" if failed else "success", "errors": errors},
        },
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, list(range(10))),
        ({"limit": 3}, [0, 1, 2]),
        ({"since": START - 4 * DAY}, [0, 1, 2, 3, 4]),
        ({"since": START - 4 * DAY, "limit": 2}, [0, 1]),
        ({"since": START - 400 * DAY}, list(range(13))),
    ],
    ids=["ten unasked", "as many as asked", "since a moment", "both", "since long ago: all of them"],
)
def test_the_newest_runs_come_first_and_no_more_than_asked(
    applied_orders: World, asked: dict[str, Any], found: list[int]
) -> None:
    with applied_orders.open_plan(transport=TransportWithRuns(applied_orders, 13)) as made:
        (one,) = list_runs.read_recent_runs(made, "orders", **asked).flows
    assert [run.id for run in one.runs] == [f"run-{n}" for n in found]


def test_a_run_is_shown_with_its_numbers_and_its_errors(applied_orders: World) -> None:
    with applied_orders.open_plan(transport=TransportWithRuns(applied_orders, 3)) as made:
        report = list_runs.read_recent_runs(made, "orders")
    shown = text_runs.render_runs(report)
    assert "2027-01-15 08:00 UTC  1 min 30 s  done    1200  4      4.0 KiB" in shown
    assert "2027-01-13 08:00 UTC  1 min 30 s  failed  1202  4      4.0 KiB" in shown
    assert "ACTIVATION_BATCH-0000-FAILED: Job aborted." in shown
    assert "hint: the text names no cause; look at the role's trust" in shown


def test_runs_since_tomorrow_are_refused(small: World) -> None:
    with small.open_plan() as made, pytest.raises(UsageError, match="is in the future"):
        list_runs.read_recent_runs(made, "orders", since=START + 1)
