"""Exports on demand: what they write, and each of the documented refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from exportctl.emulator import AnswerLost, Fault, Switches
from tests.emulator.emulator_api import Json
from tests.emulator.export_runs import (
    AD_HOC,
    AD_HOC_TYPE,
    CLICKS,
    DAY,
    HOUR,
    ORDERS,
    Exports,
    exports,
    start_offset,
    status,
)

READY = 600


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Exports]:
    with exports(tmp_path) as found:
        yield found


@pytest.fixture
def flow(made: Exports) -> str:
    """A flow that is old enough, of two datasets with rows."""
    id = made.flow(ORDERS, CLICKS, foldernameTemplate="%DATASET_NAME%/%DATETIME(HHmm)%")
    made.ingest(5), made.ingest(3, CLICKS)
    made.emulator.advance(READY)
    return id


def written_rows(run: Json) -> int:
    return int(run["metrics"]["recordSummary"]["outputRecordCount"])


def refusal_text(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json().get("message") or answer.json()["errorMessage"])


def test_one_run_for_each_dataset_is_answered_by_its_address(made: Exports, flow: str) -> None:
    answer = made.export_on_demand(flow, ORDERS, CLICKS)

    assert answer.status_code == 200, answer.text
    (entry,) = answer.json()["destinations"]
    assert [(one["id"], one["flowId"]) for one in entry["datasets"]] == [(ORDERS, flow), (CLICKS, flow)]
    for one, count in zip(entry["datasets"], (5, 3), strict=True):
        head, _, id = one["statusURL"].rpartition("/")
        run = made.api.item(f"/runs/{id}")
        assert head.endswith("/flowservice/runs")
        assert (status(run), written_rows(run), start_offset(run)) == ("success", count, READY)
    assert {path.parent.relative_to(made.bucket).as_posix() for path in made.files()} == {
        "aep/Orders/0010",
        "aep/Clicks/0010",
    }


def test_everything_is_exported_and_the_schedule_goes_on_as_if_nothing_was(made: Exports, flow: str) -> None:
    made.emulator.advance(HOUR - READY)
    made.ingest(2)
    for _ in range(2):
        assert made.export_on_demand(flow).status_code == 200

    made.emulator.advance(6 * HOUR)

    assert [(start_offset(run) // HOUR, written_rows(run)) for run in made.runs(flow)] == [
        (1, 8),
        (1, 7),
        (1, 7),
        (7, 2),
    ]


@pytest.mark.parametrize("way", ["disabled", "parked"])
def test_a_flow_that_does_not_run_by_itself_may_be_asked(made: Exports, way: str) -> None:
    parked: Json = {"startTime": int(made.emulator.now) + 365 * DAY, "endTime": 2_000_000_000}
    flow = made.flow(**(parked if way == "parked" else {}))
    if way == "disabled":
        made.api.act(flow, "disable")
    made.ingest(4)
    made.emulator.advance(DAY)

    assert made.export_on_demand(flow).status_code == 200

    (run,) = made.runs(flow)
    assert (status(run), written_rows(run)) == ("success", 4)


def test_a_flow_is_not_ready_in_its_first_ten_minutes(made: Exports) -> None:
    flow = made.flow()
    made.emulator.advance(READY - 1)
    assert "Following order ID(s) are not ready for dataset export" in refusal_text(made.export_on_demand(flow))

    made.emulator.advance(1)

    assert made.export_on_demand(flow).status_code == 200


def test_where_it_is_not_allowed_the_flow_spec_is_named(made: Exports, flow: str) -> None:
    made.emulator.switches = Switches(ad_hoc="disabled")

    spec = made.api.item(f"/flows/{flow}")["flowSpec"]["id"]

    assert refusal_text(made.export_on_demand(flow)) == f"Adhoc run can not be executed for Flow spec={spec}"
    assert made.runs() == []


@pytest.mark.parametrize("first", ["scheduled", "on demand"])
def test_one_run_at_a_time(made: Exports, flow: str, first: str) -> None:
    made.emulator.switches = Switches(run_duration=600)
    if first == "scheduled":
        made.emulator.advance(HOUR - READY)
    else:
        assert made.export_on_demand(flow).status_code == 200
    made.emulator.advance(599)
    (running,) = made.runs(flow)

    assert refusal_text(made.export_on_demand(flow)) == f"A run already exists for the flow: {running['id']}"

    made.emulator.advance(1)
    assert made.export_on_demand(flow).status_code == 200


def test_a_dataset_of_another_flow_is_refused_and_nothing_runs(made: Exports, flow: str) -> None:
    assert (
        refusal_text(made.export_on_demand(flow, ORDERS, "c" * 24))
        == f"Dataset {'c' * 24} is not exported by flow {flow}"
    )
    assert made.runs() == []


def test_an_unknown_flow_is_not_found(made: Exports, flow: str) -> None:
    assert made.export_on_demand("none").status_code == 404


def test_a_failed_one_says_so_on_its_run(made: Exports, flow: str) -> None:
    (made.bucket / "aep").parent.mkdir(parents=True)
    (made.bucket / "aep").write_text("in the way")

    answer = made.export_on_demand(flow)

    (run,) = made.runs(flow)
    assert answer.status_code == 200
    assert (status(run), made.files("*")) == ("failed", [made.bucket / "aep"])


def test_it_leaves_its_mark_as_the_last_run_but_moves_no_etag(made: Exports, flow: str) -> None:
    before = made.api.item(f"/flows/{flow}")

    made.export_on_demand(flow)

    after = made.api.item(f"/flows/{flow}")
    assert after["lastRunDetails"]["id"] == made.runs(flow)[0]["id"]
    assert (after["etag"], after["updatedAt"]) == (before["etag"], before["updatedAt"])


def test_one_whose_answer_was_lost_has_run(made: Exports, flow: str) -> None:
    made.emulator.add_fault(Fault("lost", method="POST", path="adhocrun", when="after"))

    with pytest.raises(AnswerLost):
        made.export_on_demand(flow)

    (run,) = made.runs(flow)
    assert status(run) == "success"


@pytest.mark.parametrize(
    "info",
    [
        None,
        {},
        {"destinations": []},
        {"destinations": [{"flowId": "x"}]},
        {"destinations": [{"flowId": "x", "datasets": []}]},
        {"destinations": [{"flowId": "x", "datasets": ["y"]}]},
        {"destinations": "x"},
        {"flow": ["segment"]},
    ],
)
def test_a_body_of_another_shape_is_refused(made: Exports, info: Json | None) -> None:
    answer = made.api.call("POST", AD_HOC, json={"activationInfo": info}, headers={"Accept": AD_HOC_TYPE})

    assert "activationInfo.destinations[]" in refusal_text(answer)


@pytest.mark.parametrize("accept", ["application/json", "application/vnd.adobe.adhoc.activation+json; version=2"])
def test_only_the_variant_of_datasets_is_emulated(made: Exports, flow: str, accept: str) -> None:
    answer = made.api.call("POST", AD_HOC, json={}, headers={"Accept": accept})

    assert "dataset variant" in refusal_text(answer)


def test_it_is_a_post_of_a_client_with_the_permission(made: Exports, flow: str) -> None:
    assert made.api.call("GET", AD_HOC).status_code == 405
    made.emulator.register_client("reader", "secret", ["View Destinations"])
    made.api.http.headers.update(
        {"Authorization": f"Bearer {made.emulator.issue_token('reader')}", "x-api-key": "reader"}
    )

    assert made.export_on_demand(flow).status_code == 403
