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

from exportctl import drift_report, watching
from exportctl.drift_report import Group
from exportctl.errors import UsageError
from exportctl.flags import Flags
from exportctl.health.forecast import Forecast, Lane, forecast
from exportctl.health.run_hints import hints
from exportctl.health.status import ExportHealth, State, StatusReport, Word, status
from exportctl.planning.ownership import survey
from exportctl.runs import RunStatus
from exportctl.views import text_runs
from tests.loop.scenes import DAY, HOUR, applied, both, orders, source
from tests.loop.world import DATASETS, START, World, config, world


def looked(small: World, flags: Flags = Flags(), expiring: int | None = None, **more: Any) -> StatusReport:  # noqa: B008
    with small.planned(flags, **more) as made:
        return status(made.plan, survey(made.live, made.project.name), made.project, expiring=expiring)


def foreseen(small: World, *, days: int = 7, planned: bool = False) -> Forecast:
    with small.planned() as made:
        return forecast(made.plan, survey(made.live, made.project.name), made.desired, days=days, planned=planned)


def health(small: World) -> ExportHealth:
    (one,) = looked(small).exports
    return one


# -- status -----------------------------------------------------------------------------------------------------------


def test_an_export_is_followed_from_declared_to_run(small: World) -> None:
    assert health(small).word is Word.NOT_APPLIED
    applied(small)
    assert (health(small).word, health(small).next_run) == (Word.WAITING, START + 18 * HOUR)
    small.emulator.advance(DAY)
    one = health(small)
    assert (one.word, one.next_run) == (Word.OK, START + 42 * HOUR)
    assert one.last is not None
    assert (one.last.status, one.last.started) == (RunStatus.DONE, START + 18 * HOUR)


def test_a_run_that_fails_is_failed_in_status_and_explained_in_runs(small: World) -> None:
    applied(small)
    small.emulator.ui.load({"sourceConnections": [_without_dataset(small)]}, sandbox="demo")
    small.emulator.advance(DAY)
    with small.planned() as made:
        (run,) = watching.recent_runs(made, "orders").flows[0].runs
    assert run.status is RunStatus.FAILED
    assert any("a dataset of the flow was deleted" in (one or "") for one in hints(run.errors, "amazon-s3"))
    assert health(small).word is Word.FAILED


def _without_dataset(small: World) -> dict[str, Any]:
    """The source of `orders` after its dataset was deleted: it still names it."""
    shown = source(small)
    entries = [{**one, "dataSetId": "f" * 24} for one in shown["params"]["datasets"]]
    return {**shown, "params": {**shown["params"], "datasets": entries}}


def test_what_was_forecast_is_what_ran(small: World) -> None:
    applied(small, orders(schedule={"every": "6 hours", "at": "01:00"}))
    (lane,) = foreseen(small, days=2).lanes
    small.emulator.advance(2 * DAY)
    with small.planned() as made:
        runs = watching.recent_runs(made, "orders").flows[0].runs
    assert len(runs) == 8
    assert [run.started for run in reversed(runs)] == list(lane.runs)


STOPS: dict[str, Callable[[World], Any]] = {
    "switched off": lambda w: w.emulator.ui.disable("orders"),
    "the end moved earlier": lambda w: w.emulator.ui.end("orders", START + 40 * DAY),
    "the end moved earlier, and over": lambda w: (
        w.emulator.ui.end("orders", START + DAY),
        w.emulator.advance(2 * DAY),
    ),
}


@pytest.mark.parametrize("stop", STOPS)
def test_what_drift_calls_stopped_is_stopped(small: World, stop: str) -> None:
    applied(small)
    assert health(small).word is not Word.STOPPED
    STOPS[stop](small)
    assert drift_report.drift(small.plan(), end_warning=0).of(Group.STOPPED)
    assert (health(small).word, health(small).state) == (Word.STOPPED, State.STOPPED)


def test_what_drift_does_not_call_stopped_is_not(small: World) -> None:
    applied(small, orders(enabled=False))
    assert not drift_report.drift(small.plan(), end_warning=0).of(Group.STOPPED)
    assert health(small).word is Word.DISABLED


def test_ninety_exports_cost_what_a_plan_costs(ninety: Callable[[Path], World], tmp_path: Path) -> None:
    small = ninety(tmp_path)
    small.apply()
    small.forget()
    small.plan()
    asked = len(small.emulator.requests())
    small.forget()
    assert len(looked(small).exports) == 90
    assert len(small.emulator.requests()) == asked
    small.forget()
    assert len(foreseen(small).lanes) == 90
    assert len(small.emulator.requests()) == asked


def test_a_target_leaves_the_others_out(small: World) -> None:
    applied(small, both())
    assert len(looked(small).exports) == 2
    assert [str(one.address) for one in looked(small, Flags(targets=("other",))).exports] == ["exports.other"]


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
        said = foreseen(small, planned=True)
        small.apply()
        found = foreseen(small)
        assert [_same(lane) for lane in said.lanes] == [_same(lane) for lane in found.lanes]
        assert said.together == found.together


def _same(lane: Lane) -> tuple[Any, ...]:
    """All but the id that a flow gets when it is made, and words."""
    return (lane.address, lane.account, lane.type, lane.datasets, lane.runs, lane.ends, lane.why)


# -- runs -------------------------------------------------------------------------------------------------------------


def test_runs_are_found_by_address_part_and_flow_id(small: World) -> None:
    applied(small)
    flow = small.flow("orders")["id"]
    with small.planned() as made:
        for name in ("exports.orders", "orders", flow):
            (found,) = watching.recent_runs(made, name).flows
            assert (str(found.address), found.flow, found.title, found.type) == (
                "exports.orders",
                flow,
                "orders",
                "amazon-s3",
            )


def test_runs_of_a_flow_of_others_are_found_by_its_id(small: World) -> None:
    made_by_hand = small.emulator.ui.create_flow("Loyalty feed", ["Orders"], sandbox="demo")
    with small.planned() as made:
        (found,) = watching.recent_runs(made, made_by_hand["id"]).flows
    assert (found.address, found.title) == (None, "Loyalty feed")


def test_an_export_without_a_flow_is_not_applied_and_has_no_runs(small: World) -> None:
    small.forget()
    with small.planned() as made:
        (found,) = watching.recent_runs(made, "orders").flows
    assert (found.flow, found.runs) == (None, ())
    assert not [r for r in small.emulator.requests() if r["path"].endswith("/runs")]


def test_a_name_that_is_not_there_gets_the_nearest(small: World) -> None:
    with small.planned() as made:
        for name, hint in (("ordres", "did you mean exports.orders?"), ("zzz", "there is exports.orders")):
            with pytest.raises(UsageError, match=re.escape(f"{name}: no export")) as raised:
                watching.recent_runs(made, name)
            assert raised.value.hint == hint


class WithRuns(httpx.BaseTransport):
    """The emulator, with runs as the service's samples show them (flow-service.md 8): newest first, two a page."""

    def __init__(self, small: World, days: int):
        self._rest = httpx.WSGITransport(app=small.emulator)
        flow = small.flow("orders")["id"]
        self._runs = [sample(flow, n) for n in range(days)]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/flowservice/runs"):
            return self._rest.handle_request(request)
        assert request.url.params["property"] == f"flowId=={self._runs[0]['flowId']}"
        first = int(request.url.params.get("continuationToken") or 0)
        more = first + 2 < len(self._runs)
        links = {"next": {"href": f"/runs?continuationToken={first + 2}"}} if more else {}
        return httpx.Response(200, json={"items": self._runs[first : first + 2], "_links": links})


def sample(flow: str, days_ago: int) -> dict[str, Any]:
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
    with applied_orders.planned(transport=WithRuns(applied_orders, 13)) as made:
        (one,) = watching.recent_runs(made, "orders", **asked).flows
    assert [run.id for run in one.runs] == [f"run-{n}" for n in found]


def test_a_run_is_told_with_its_numbers_and_its_errors(applied_orders: World) -> None:
    with applied_orders.planned(transport=WithRuns(applied_orders, 3)) as made:
        report = watching.recent_runs(made, "orders")
    shown = text_runs.runs(report)
    assert "2027-01-15 08:00 UTC  1 min 30 s  done    1200  4      4.0 KiB" in shown
    assert "2027-01-13 08:00 UTC  1 min 30 s  failed  1202  4      4.0 KiB" in shown
    assert "ACTIVATION_BATCH-0000-FAILED: Job aborted." in shown
    assert "hint: the text names no cause; look at the role's trust" in shown


def test_runs_since_tomorrow_are_refused(small: World) -> None:
    with small.planned() as made, pytest.raises(UsageError, match="lies in the future"):
        watching.recent_runs(made, "orders", since=START + 1)
