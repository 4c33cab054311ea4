"""Runs as the service shows them: the object, lists of them, and the last one on its flow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from exportctl.emulator import Fault, Switches
from tests.emulator.export_runs import CLICKS, DAY, HOUR, ORDERS, START, Exports, Json, exports, start_offset, status

OPENAPI = Path(__file__).parent.parent / "openapi"
SCHEMAS = {"destinations": "Flow_Run", "flow-service": "FlowRunItemDTO"}
# What the documents draw otherwise than their own samples (flow-service.md 8.2, 8.3).
KNOWN = {("metrics.statusSummary.status", "enum"), ("metrics.statusSummary.errors.code", "pattern")}


@pytest.fixture
def made() -> Iterator[Exports]:
    with exports(None) as found:
        yield found


def failed_and_good_runs(made: Exports) -> tuple[Json, Json]:
    """Two flows at one time: a run that succeeded and one that failed."""
    good, bad = made.flow(), made.flow("f" * 24)
    made.ingest(5)
    made.emulator.advance(HOUR)
    found = {run["flowId"]: run for run in made.runs()}
    return found[good], found[bad]


@pytest.mark.parametrize("document", SCHEMAS)
def test_runs_differ_from_the_published_schema_only_where_we_know(made: Exports, document: str) -> None:
    made.emulator.switches = Switches(run_duration=60)
    published = yaml.load((OPENAPI / f"{document}.yaml").read_text(), Loader=yaml.CSafeLoader)
    registry = Registry().with_resource("urn:published", DRAFT7.create_resource(published))
    schema = {"$ref": f"urn:published#/components/schemas/{SCHEMAS[document]}"}
    running = failed_and_good_runs(made)
    made.emulator.advance(60)
    validator = Draft7Validator(schema, registry=registry)

    found = {
        (".".join(part for part in error.absolute_path if isinstance(part, str)), error.validator)
        for run in (*running, *made.runs())
        for error in validator.iter_errors(run)
    }

    assert found == (KNOWN if document == "destinations" else set())


def test_a_run_that_succeeded_says_what_it_read_and_wrote(made: Exports) -> None:
    run, _ = failed_and_good_runs(made)
    flow = made.api.item(f"/flows/{run['flowId']}")

    read = dict.fromkeys(("inputRecordCount", "createdRecordCount", "outputRecordCount"), 5)
    counts = {**read, "skippedRecordCount": 0, "failedRecordCount": 0}
    summary = run["metrics"]["recordSummary"]
    assert {key: summary[key] for key in counts} == counts
    entity = [{"id": f"dataset:{ORDERS}", **counts}]
    ends = {"source": flow["sourceConnectionIds"][0], "target": flow["targetConnectionIds"][0]}
    for end, id in ends.items():
        assert summary[f"{end}Summaries"] == [{"id": id, **counts, "entitySummaries": entity}]
    assert run["metrics"]["durationSummary"] == dict.fromkeys(("startedAtUTC", "completedAtUTC"), (START + HOUR) * 1000)
    processor = run["activities"][0]
    assert run["metrics"]["statusSummary"] == {"status": "success", "errors": [], "activityRefs": [processor["id"]]}
    assert processor["statusSummary"] == {"status": "success", "errors": [], "extensions": {}}
    assert processor["latencySummary"] == {}
    files = run["metrics"]["fileSummary"]
    assert files["inputFileCount"] == files["outputFileCount"] > 0
    assert (run["createdClient"], run["flowSpec"]) == ("aep_activation_batch", flow["flowSpec"])
    assert (run["sandboxName"], run["imsOrgId"]) == ("dev", made.emulator.organization)
    assert len(run["providerRefId"]) == 32
    assert [activity["name"].split()[-2] for activity in run["activities"]] == ["XdmProcessor", "Publisher"]


def test_a_run_that_failed_says_the_general_and_then_the_reason(made: Exports) -> None:
    _, run = failed_and_good_runs(made)

    summary = run["metrics"]["statusSummary"]
    assert summary["status"] == "failed"
    assert [error["code"] for error in summary["errors"]] == ["ACTIVATION_BATCH-0000-FAILED", "CONNECTOR-3106-404"]
    assert run["metrics"]["recordSummary"]["targetSummaries"][0]["id"]
    assert all(activity["statusSummary"]["errors"] == summary["errors"] for activity in run["activities"])


def test_ids_and_etags_of_runs_are_their_own(made: Exports) -> None:
    made.flow(interval=3), made.flow(interval=3)
    made.emulator.advance(2 * DAY)

    runs = made.runs()

    for key in ("id", "etag", "providerRefId"):
        assert len({run[key] for run in runs}) == len(runs) == 32


# -- lists ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(made: Exports) -> list[str]:
    """Three flows, three runs each, at 1, 4 and 7 hours."""
    flows = [made.flow(interval=3) for _ in range(3)]
    made.emulator.advance(8 * HOUR)
    return flows


def list_runs(made: Exports, **query: Any) -> list[Json]:
    answer = made.api.get("/runs", **query)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


def hour(number: int) -> int:
    return (START + number * HOUR) * 1000


def test_all_runs_are_listed_page_by_page_the_newest_first(made: Exports, three: list[str]) -> None:
    first = made.api.get("/runs", limit=4).json()

    assert [start_offset(run) // HOUR for run in first["items"]] == [7, 7, 7, 4]
    assert "next" in first["_links"]
    assert len({run["id"] for run in made.runs()}) == 9


@pytest.mark.parametrize("wanted", [[0], [0, 2], [0, 1, 2]])
def test_runs_of_any_of_several_flows(made: Exports, three: list[str], wanted: list[int]) -> None:
    flows = [three[i] for i in wanted]

    found = list_runs(made, property=f"flowId=={','.join(flows)}", limit=100)

    assert {run["flowId"] for run in found} <= set(flows)
    assert made.api.get("/runs", property=f"flowId=={','.join(flows)}", count="true").json() == {
        "count": 3 * len(flows)
    }


@pytest.mark.parametrize(
    ("filters", "hours"),
    [
        (["createdAt>={4}"], [7, 4]),
        (["createdAt>{4}"], [7]),
        (["metrics.durationSummary.startedAtUTC<={1}"], [1]),
        (["metrics.durationSummary.startedAtUTC>{1}", "metrics.durationSummary.startedAtUTC<{7}"], [4]),
        (["metrics.durationSummary.completedAtUTC<{7}"], [4, 1]),
        (["metrics.statusSummary.status==success"], [7, 4, 1]),
        (["metrics.statusSummary.status==Failed"], []),
    ],
)
def test_windows_of_time(made: Exports, three: list[str], filters: list[str], hours: list[int]) -> None:
    texts = [text.format(*map(hour, range(8))) for text in filters]

    found = list_runs(made, property=[f"flowId=={three[1]}", *texts])

    assert [start_offset(run) // HOUR for run in found] == hours


@pytest.mark.parametrize(("order", "hours"), [("+createdAt", [1, 4, 7]), ("-createdAt", [7, 4, 1])])
@pytest.mark.parametrize("field", ["createdAt", "metrics.durationSummary.startedAtUTC"])
def test_order(made: Exports, three: list[str], order: str, hours: list[int], field: str) -> None:
    found = list_runs(made, property=f"flowId=={three[0]}", orderby=order.replace("createdAt", field))

    assert [start_offset(run) // HOUR for run in found] == hours


def test_a_run_is_got_by_its_id_and_is_not_written(made: Exports, three: list[str]) -> None:
    run = made.runs()[0]

    assert made.api.item(f"/runs/{run['id']}") == run
    assert made.api.get("/runs/none").status_code == 404
    assert made.api.get(f"/runs/{run['id']}/x").status_code == 404
    assert made.api.post("/runs", {"flowId": three[0]}).status_code == 400
    assert made.api.delete(f"/runs/{run['id']}").status_code == 405


def test_a_stale_list_lacks_the_newest_run(made: Exports) -> None:
    made.flow(interval=3)
    made.emulator.advance(8 * HOUR)
    made.emulator.add_fault(Fault("stale", method="GET", path="/runs"))

    found = list_runs(made)

    assert [start_offset(run) // HOUR for run in found] == [4, 1]


# -- while it runs ----------------------------------------------------------------------------------------------------


def test_a_run_under_way_says_only_that(made: Exports) -> None:
    made.emulator.switches = Switches(run_duration=600)
    flow = made.flow()
    made.ingest(3)
    made.emulator.advance(HOUR + 599)

    (run,) = made.runs(flow)
    begun = {"startedAtUTC": hour(1)}
    assert run["metrics"] == {"durationSummary": begun, "statusSummary": {"status": "Processing"}}
    assert run["activities"] == []
    assert run["updatedAt"] == run["createdAt"] == hour(1)
    assert made.api.item(f"/runs/{run['id']}") == run
    assert list_runs(made, property="metrics.statusSummary.status==Processing") == [run]
    assert list_runs(made, property="metrics.durationSummary.completedAtUTC>0") == []

    made.emulator.advance(1)

    (over,) = made.runs(flow)
    assert (over["id"], status(over)) == (run["id"], "success")
    assert over["updatedAt"] == over["metrics"]["durationSummary"]["completedAtUTC"] == hour(1) + 600_000
    assert over["metrics"]["recordSummary"]["outputRecordCount"] == 3


@pytest.mark.parametrize("scope", ["flow", "dataset"])
def test_a_flow_shows_its_last_run_once_that_is_over(made: Exports, scope: str) -> None:
    made.emulator.switches = Switches(run_duration=600, run_scope=scope)
    flow = made.flow(ORDERS, CLICKS)

    def shown() -> Any:
        return made.api.item(f"/flows/{flow}").get("lastRunDetails", "none")

    assert shown() == "none"
    made.emulator.advance(HOUR)
    assert shown() == "none"
    made.emulator.advance(600)
    first = made.runs(flow)[-1]
    assert shown() == {
        "id": first["id"],
        "state": "success",
        "startedAtUTC": hour(1),
        "completedAtUTC": hour(1) + 600_000,
    }
    made.emulator.advance(6 * HOUR - 1)
    assert shown()["id"] == first["id"]
    made.emulator.advance(1)
    assert shown()["startedAtUTC"] == hour(7)


def test_the_last_run_may_have_failed(made: Exports) -> None:
    flow = made.flow("f" * 24)
    made.emulator.advance(HOUR)

    assert made.api.item(f"/flows/{flow}")["lastRunDetails"]["state"] == "failed"


def test_the_last_run_stands_in_the_list_of_flows_too(made: Exports) -> None:
    flow = made.flow()
    made.emulator.advance(HOUR)

    (item,) = made.api.get("/flows").json()["items"]

    assert item["lastRunDetails"]["id"] == made.runs(flow)[0]["id"]


# -- how long they are kept -------------------------------------------------------------------------------------------


def test_only_the_newest_runs_of_each_flow_are_kept(made: Exports) -> None:
    with made.emulator.store.transaction():
        made.emulator.store.set_setting("runs_kept", 100)
    busy, other = made.flow(interval=3), made.flow(interval=12)
    api, hours = made.api, 3 * 104 + 1
    for flow in (busy, other):
        schedule = {**api.item(f"/flows/{flow}")["scheduleParams"], "endTime": START + 10 * hours * HOUR}
        assert api.replace(f"/flows/{flow}", "/scheduleParams", schedule).is_success

    made.emulator.advance(hours * HOUR)

    kept = [run for run in made.emulator.store.list_records("runs") if run.doc["flowId"] == busy]
    begun = sorted(start_offset(run.doc) // HOUR for run in kept)
    assert len(begun) == 100
    assert begun == list(range(1 + 3 * 5, hours + 1, 3))
    every_12 = len(range(1, hours + 1, 12))
    assert made.api.get("/runs", property=f"flowId=={other}", count="true").json() == {"count": every_12}
