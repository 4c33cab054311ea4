"""Each switch changes what it says, and its settings are what it says they are."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.emulator import Emulator, Switches
from exportctl.emulator.switches import QUESTIONS
from tests.emulator.emulator_api import Api, Json
from tests.emulator.export_runs import CLICKS, ORDERS, RETURNS, Exports, exports, status

HOUR = 3600
SECRET = "b" * 40


def schedule(api: Api, flow: str) -> Json:
    found: Json = api.item(f"/flows/{flow}")["scheduleParams"]
    return found


def connection_ids(api: Api, flow: str) -> tuple[str, str, str]:
    """Ids of the source, target and base of a flow."""
    item = api.item(f"/flows/{flow}")
    target = item["inheritedAttributes"]["targetConnections"][0]
    return item["sourceConnectionIds"][0], target["id"], target["baseConnection"]["id"]


@pytest.mark.parametrize(("setting", "kept"), [("merge", True), ("replace", False)])
def test_patch_objects(build: Callable[..., Api], setting: str, kept: bool) -> None:
    api = build(patch_objects=setting)
    flow = api.flow()
    short = {"timeUnit": "hour", "interval": 3, "startTime": 1767229200}

    assert api.replace(f"/flows/{flow}", "/scheduleParams", short).status_code == 200

    assert ("endTime" in schedule(api, flow)) is kept
    assert ("exportMode" in schedule(api, flow)) is kept
    assert schedule(api, flow)["interval"] == 3


@pytest.mark.parametrize("setting", ["replace", "merge"])
def test_patch_objects_leaves_auth_params_to_be_replaced_whole(build: Callable[..., Api], setting: str) -> None:
    api = build(patch_objects=setting)

    assert api.replace(f"/connections/{api.base()}", "/auth/params", {"s3SecretKey": SECRET}).status_code == 400


@pytest.mark.parametrize(("setting", "shown"), [("show", SECRET), ("mask", "********"), ("omit", None)])
def test_read_secrets(build: Callable[..., Api], setting: str, shown: str | None) -> None:
    api = build(read_secrets=setting)
    base = api.base()

    params = api.item(f"/connections/{base}")["auth"]["params"]

    assert params.get("s3SecretKey") == shown
    assert params["s3AccessKey"] == "A" * 20
    assert api.get("/connections").json()["items"][0]["auth"]["params"] == params
    assert api.emulator.snapshot()["connections"][0]["auth"]["params"]["s3SecretKey"] == SECRET


def test_a_masked_role_is_masked_and_a_mask_sent_back_is_stored(build: Callable[..., Api]) -> None:
    api = build()
    base = api.base(auth={"specName": "Assumed Role", "params": {"s3Role": "arn:aws:iam::123456789012:role/x"}})
    params = api.item(f"/connections/{base}")["auth"]["params"]
    assert params["s3Role"] == "********"

    api.replace(f"/connections/{base}", "/auth/params", params)

    assert api.emulator.snapshot()["connections"][0]["auth"]["params"]["s3Role"] == "********"


@pytest.mark.parametrize(("setting", "expected"), [("keep", "mine"), ("drop", None)])
def test_child_descriptions(build: Callable[..., Api], setting: str, expected: str | None) -> None:
    api = build(child_descriptions=setting)
    base = api.base(description="mine")
    source, target = api.source(description="mine"), api.target(base, description="mine")
    flow = api.create("flows", api.flow_body(source, target, description="mine"))
    patched = api.base("other")
    assert api.patch(f"/connections/{patched}", {"op": "add", "path": "/description", "value": "mine"}).is_success

    for path in (f"/connections/{base}", f"/connections/{patched}", f"/sourceConnections/{source}"):
        assert api.item(path).get("description") == expected
    assert api.item(f"/targetConnections/{target}").get("description") == expected
    assert api.item(f"/flows/{flow}")["description"] == "mine"


@pytest.mark.parametrize(("setting", "known"), [(0, True), (5, False)])
def test_read_lag(build: Callable[..., Api], setting: int, known: bool) -> None:
    api = build(read_lag=setting, background_after_write=False)
    made = api.post("/connections", api.base_body()).json()
    path = f"/connections/{made['id']}"

    renamed = api.patch(path, {"op": "replace", "path": "/name", "value": "renamed"}, etag=made["etag"])

    assert {api.get(path).status_code, renamed.status_code} == ({200} if known else {404})
    assert api.delete(f"/connections/{api.base('other')}").is_success is known
    assert len(api.names("connections")) == (1 if known else 2)  # lists know it
    api.emulator.advance(setting)
    assert api.item(path)["id"] == made["id"]


@pytest.mark.parametrize(("setting", "kept"), [(0, 300), (256, 256), (120, 120)])
def test_description_length(build: Callable[..., Api], setting: int, kept: int) -> None:
    api = build(description_length=setting)
    base = api.base(description="x" * 300)

    assert api.item(f"/connections/{base}")["description"] == "x" * kept
    api.replace(f"/connections/{base}", "/description", "y" * 300)
    assert api.item(f"/connections/{base}")["description"] == "y" * kept


@pytest.mark.parametrize(("setting", "kept"), [("kept", "é a\nb"), ("one-line", "é a b"), ("ascii", " a\nb")])
def test_description_text(build: Callable[..., Api], setting: str, kept: str) -> None:
    api = build(description_text=setting)
    flow = api.flow()

    api.patch(f"/flows/{flow}", {"op": "add", "path": "/description", "value": "é a\nb"})

    assert api.item(f"/flows/{flow}")["description"] == kept


@pytest.mark.parametrize(("setting", "kept"), [("kept", " name "), ("trimmed", "name")])
def test_names(build: Callable[..., Api], setting: str, kept: str) -> None:
    api = build(names=setting)

    assert api.item(f"/connections/{api.base(' name ')}")["name"] == kept


@pytest.mark.parametrize("setting", [0, 5])
def test_stale_reads(build: Callable[..., Api], setting: int) -> None:
    api = build(stale_reads=setting, background_after_write=False)
    base = api.base("before")
    etag = api.item(f"/connections/{base}")["etag"]

    assert api.replace(f"/connections/{base}", "/name", "after").is_success

    shown = api.item(f"/connections/{base}")
    assert (shown["name"], shown["etag"] == etag) == (("before", True) if setting else ("after", False))
    assert api.names("connections") == [shown["name"]]
    assert api.replace(f"/connections/{base}", "/name", "again").status_code == (412 if setting else 200)
    api.emulator.advance(setting)
    assert api.item(f"/connections/{base}")["name"] == ("after" if setting else "again")


@pytest.mark.parametrize("setting", [0, 5])
def test_late_effect(build: Callable[..., Api], setting: int) -> None:
    api = build(late_effect=setting, background_after_write=False)
    flow = api.flow()
    etag = api.item(f"/flows/{flow}")["etag"]

    assert api.act(flow, "disable").is_success

    shown = api.item(f"/flows/{flow}")
    assert shown["etag"] != etag
    late = ("enabled", "inProgress") if setting else ("disabled", "completed")
    assert (shown["state"], shown["lastOperation"]["status"]["value"]) == late
    assert api.replace(f"/flows/{flow}", "/name", "renamed").is_success
    assert (api.item(f"/flows/{flow}")["name"] == "renamed") is not setting
    api.emulator.advance(setting)
    shown = api.item(f"/flows/{flow}")
    assert (shown["name"], shown["state"]) == ("renamed", "disabled")
    assert shown["lastOperation"]["status"]["value"] == "completed"


@pytest.mark.parametrize("transition", [0, 5])
@pytest.mark.parametrize(("setting", "name"), [("never", "after"), ("always", "flow")])
def test_late_failure(build: Callable[..., Api], setting: str, name: str, transition: int) -> None:
    api = build(late_failure=setting, transition=transition)
    flow = api.flow()
    api.emulator.advance(transition)

    assert api.replace(f"/flows/{flow}", "/name", "after").status_code == 200

    api.emulator.advance(transition)
    shown = api.item(f"/flows/{flow}")
    status = shown["lastOperation"]["status"]
    assert shown["name"] == name
    assert (status["value"], bool(status["errors"])) == (
        ("failed", True) if setting == "always" else ("completed", False)
    )
    assert api.act(flow, "disable").is_success


@pytest.mark.parametrize("setting", [True, False])
def test_runs_move_etags(build: Callable[..., Api], setting: bool) -> None:
    api = build(runs_move_etags=setting, background_after_write=False)
    flow = api.flow()
    before = api.item(f"/flows/{flow}")

    api.emulator.advance(HOUR)

    after = api.item(f"/flows/{flow}")
    assert (after["etag"] != before["etag"]) is setting
    assert (after["updatedClient"] == "acp_foundation_connectors") is setting


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({}, [HOUR, 6 * HOUR, 6 * HOUR]),
        ({"interval": 0, "timeUnit": "day", "exportMode": "DAILY_FULL_EXPORT"}, [HOUR]),
        ({"endTime": 1767225600 + 3 * HOUR}, [HOUR]),
        ({"startTime": 1767225600 - HOUR}, [5 * HOUR, 6 * HOUR]),
    ],
    ids=["every six hours", "once", "until the end", "begun before"],
)
def test_runs_are_at_start_plus_whole_intervals(build: Callable[..., Api], change: Json, moves: list[int]) -> None:
    api = build(background_after_write=False)
    flow = api.flow(schedule=change)
    etag = api.item(f"/flows/{flow}")["etag"]

    for seconds in moves:
        api.emulator.advance(seconds - 1)
        assert api.item(f"/flows/{flow}")["etag"] == etag
        api.emulator.advance(1)
        assert api.item(f"/flows/{flow}")["etag"] != etag
        etag = api.item(f"/flows/{flow}")["etag"]
    if len(moves) == 1:
        api.emulator.advance(100 * HOUR)
        assert api.item(f"/flows/{flow}")["etag"] == etag


def test_a_disabled_flow_does_not_run(build: Callable[..., Api]) -> None:
    api = build(background_after_write=False)
    flow = api.flow()
    api.act(flow, "disable")
    etag = api.item(f"/flows/{flow}")["etag"]

    api.emulator.advance(100 * HOUR)

    assert api.item(f"/flows/{flow}")["etag"] == etag


@pytest.mark.parametrize(("setting", "end"), [("hidden", None), ("shown", 1782864000)])
def test_default_end_time(build: Callable[..., Api], setting: str, end: int | None) -> None:
    api = build(default_end_time=setting)
    body = api.flow_body(api.source(), api.target())
    del body["scheduleParams"]["endTime"]
    flow = api.create("flows", body)

    assert schedule(api, flow).get("endTime") == end  # 2026-07-01, six months after 2026-01-01
    assert "endTime" not in api.emulator.snapshot()["flows"][0]["scheduleParams"]


@pytest.mark.parametrize("sent", ["foldernameTemplate", "folderNameTemplate"])
@pytest.mark.parametrize("setting", ["foldernameTemplate", "folderNameTemplate", "as-sent"])
def test_template_key(build: Callable[..., Api], setting: str, sent: str) -> None:
    api = build(template_key=setting)
    body = api.flow_body(api.source(), api.target())
    body["scheduleParams"][sent] = body["scheduleParams"].pop("foldernameTemplate")
    flow = api.create("flows", body)
    shown = sent if setting == "as-sent" else setting

    assert [key for key in schedule(api, flow) if key.lower() == "foldernametemplate"] == [shown]


@pytest.mark.parametrize("setting", ["foldernameTemplate", "folderNameTemplate", "as-sent"])
@pytest.mark.parametrize("merge", ["replace", "merge"])
def test_a_patch_with_the_other_spelling_takes_the_place_of_the_first(
    build: Callable[..., Api], setting: str, merge: str
) -> None:
    api = build(template_key=setting, patch_objects=merge)
    flow = api.flow()
    for key in ("folderNameTemplate", "foldernameTemplate"):
        changed = {k: v for k, v in schedule(api, flow).items() if "emplate" not in k} | {key: f"%DATASET_ID%/{key}"}

        assert api.replace(f"/flows/{flow}", "/scheduleParams", changed).status_code == 200

        assert [v for k, v in schedule(api, flow).items() if "emplate" in k] == [f"%DATASET_ID%/{key}"]


@pytest.mark.parametrize(("setting", "shown"), [("integer", 6), ("string", "6")])
def test_interval_type(build: Callable[..., Api], setting: str, shown: int | str) -> None:
    api = build(interval_type=setting)
    flow = api.flow()

    assert schedule(api, flow)["interval"] == shown
    assert api.replace(f"/flows/{flow}", "/scheduleParams", schedule(api, flow)).status_code == 200
    assert schedule(api, flow)["interval"] == shown


def test_list_lag(build: Callable[..., Api]) -> None:
    api = build(list_lag=60)
    base = api.base()
    assert api.item(f"/connections/{base}")
    assert api.names("connections") == api.names("connections", property=f"id=={base}") == []

    api.emulator.advance(60)
    assert api.names("connections") == ["account"]

    api.delete(f"/connections/{base}")
    assert api.get(f"/connections/{base}").status_code == 404
    assert api.names("connections") == ["account"]
    api.emulator.advance(60)
    assert api.names("connections") == []


@pytest.mark.parametrize(("setting", "status"), [("allowed", 200), ("405", 405)])
def test_source_patch(build: Callable[..., Api], setting: str, status: int) -> None:
    api = build(source_patch=setting)

    assert api.replace(f"/sourceConnections/{api.source()}", "/name", "new").status_code == status


@pytest.mark.parametrize("seconds", [0, 600])
def test_old_source_in_use(build: Callable[..., Api], seconds: int) -> None:
    api = build(old_source_in_use=seconds)
    flow = api.flow()
    old = connection_ids(api, flow)[0]
    api.replace(f"/flows/{flow}", "/sourceConnectionIds", [api.source()])

    if seconds:
        assert api.code(api.delete(f"/sourceConnections/{old}")) == "1447-400"
        api.emulator.advance(seconds)
    assert api.delete(f"/sourceConnections/{old}").status_code == 202


@pytest.mark.parametrize(("setting", "accepted"), [("accepted", True), ("rejected", False)])
def test_manifest(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(manifest=setting)
    spec = api.item("/connectionSpecs/4fce964d-3f37-408f-9778-e597338a21ee")

    answer = api.post("/targetConnections", api.target_body(api.base(), params={"includeFileManifest": True}))

    assert ("includeFileManifest" in spec["targetSpec"]["spec"]["properties"]) is accepted
    assert answer.is_success is accepted


@pytest.mark.parametrize(("setting", "accepted"), [("accepted", True), ("rejected", False)])
def test_json_uncompressed(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(json_uncompressed=setting)
    base = api.base()
    plain = {"datasetFileType": "JSON", "compression": "NONE"}

    assert api.post("/targetConnections", api.target_body(base, params=plain)).is_success is accepted
    assert api.replace(f"/targetConnections/{api.target(base)}", "/params/compression", "NONE").is_success


@pytest.mark.parametrize(("setting", "accepted"), [("accepted", True), ("rejected", False)])
def test_past_start(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(past_start=setting)
    past = {"startTime": 1767225600 - 1}

    assert api.post("/flows", api.flow_body(api.source(), api.target(), schedule=past)).is_success is accepted
    flow = api.flow("other")
    api.emulator.advance(2 * HOUR)
    begun = schedule(api, flow)
    assert api.replace(f"/flows/{flow}", "/scheduleParams", {**begun, "interval": 3}).is_success
    assert api.replace(f"/flows/{flow}", "/scheduleParams", {**begun, **past}).is_success is accepted


def is_interval_accepted(api: Api, **schedule: object) -> bool:
    return api.post("/flows", api.flow_body(api.source(), api.target(), schedule=schedule)).is_success


ACCEPTED_OR_REJECTED = pytest.mark.parametrize(("setting", "accepted"), [("accepted", True), ("rejected", False)])


@ACCEPTED_OR_REJECTED
def test_one_hour(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    assert is_interval_accepted(build(one_hour=setting), interval=1) is accepted


@ACCEPTED_OR_REJECTED
def test_eight_hours(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    assert is_interval_accepted(build(eight_hours=setting), interval=8) is accepted


@ACCEPTED_OR_REJECTED
def test_nine_hours(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    assert is_interval_accepted(build(nine_hours=setting), interval=9) is accepted


@ACCEPTED_OR_REJECTED
def test_other_intervals(build: Callable[..., Api], setting: str, accepted: bool) -> None:
    api = build(other_intervals=setting)

    assert is_interval_accepted(api, interval=5) is accepted
    assert is_interval_accepted(api, timeUnit="day", interval=2) is accepted
    assert not is_interval_accepted(api, interval=0)
    assert is_interval_accepted(api, interval=6)


@pytest.mark.parametrize(("setting", "status"), [("visible", 200), ("hidden", 404)])
def test_labelled(build: Callable[..., Api], setting: str, status: int) -> None:
    api = build(labelled=setting)
    flow = api.flow()
    source = connection_ids(api, flow)[0]

    api.emulator.ui.label("flows", flow, ["core/C12"])

    assert api.get(f"/flows/{flow}").status_code == status
    assert bool(api.names("flows")) is (status == 200)
    assert api.code(api.delete(f"/sourceConnections/{source}")) == "1447-400"
    api.emulator.ui.label("flows", flow, [])
    assert api.names("flows") == ["flow"]


@pytest.mark.parametrize(
    ("setting", "params", "template"),
    [
        ("none", ("aep/", "PARQUET", "acme"), "%DATASET_ID%/"),
        ("trailing-slash", ("aep", "PARQUET", "acme"), "%DATASET_ID%"),
        ("case", ("aep/", "parquet", "acme"), "%DATASET_ID%/"),
    ],
)
def test_normalise(build: Callable[..., Api], setting: str, params: tuple[str, ...], template: str) -> None:
    api = build(normalise=setting)
    target = api.target(params={"path": "aep/", "bucketName": "acme"})
    flow = api.create("flows", api.flow_body(api.source(), target, schedule={"foldernameTemplate": "%DATASET_ID%/"}))

    shown = api.item(f"/targetConnections/{target}")["params"]

    assert (shown["path"], shown["datasetFileType"], shown["bucketName"]) == params
    assert schedule(api, flow)["foldernameTemplate"] == template
    assert api.replace(f"/targetConnections/{target}", "/params", shown).status_code == 200
    assert api.item(f"/targetConnections/{target}")["params"] == shown


def test_a_lone_slash_is_not_normalised_away(build: Callable[..., Api]) -> None:
    api = build(normalise="trailing-slash")

    assert schedule(api, api.flow(schedule={"foldernameTemplate": "/"}))["foldernameTemplate"] == "/"


@pytest.mark.parametrize("status", [202, 204])
def test_delete_status(build: Callable[..., Api], status: int) -> None:
    api = build(delete_status=status)

    assert api.delete(f"/connections/{api.base()}").status_code == status


@pytest.mark.parametrize(("setting", "members"), [("id-etag", {"id", "etag"}), ("items", {"items"})])
def test_child_patch_answer(build: Callable[..., Api], setting: str, members: set[str]) -> None:
    api = build(child_patch_answer=setting)
    flow = api.flow()
    source, target, base = connection_ids(api, flow)

    assert set(api.replace(f"/targetConnections/{target}", "/name", "x").json()) == members
    assert set(api.replace(f"/sourceConnections/{source}", "/name", "x").json()) == members
    assert set(api.replace(f"/connections/{base}", "/name", "x").json()) == {"id", "etag"}
    assert set(api.replace(f"/flows/{flow}", "/name", "x").json()) == {"id", "etag"}


def test_transition(build: Callable[..., Api]) -> None:
    api = build(transition=10)
    flow = api.flow()
    source, target, base = connection_ids(api, flow)
    kinds = {"connections": base, "sourceConnections": source, "targetConnections": target, "flows": flow}
    codes = {"connections": 1416, "sourceConnections": 1457, "targetConnections": 1457, "flows": 1420}

    operation = api.item(f"/flows/{flow}")["lastOperation"]
    assert (operation["percentCompleted"], operation["status"]["value"]) == (0, "inProgress")
    assert api.item(f"/targetConnections/{target}")["state"] == "inProgress"
    for kind, id in kinds.items():
        assert api.code(api.replace(f"/{kind}/{id}", "/name", "x")) == f"{codes[kind]}-400"
        deleted = 1416 if kind == "connections" else 1458
        assert api.code(api.delete(f"/{kind}/{id}")) == f"{deleted}-400"
    assert api.code(api.act(flow, "disable")) == "1421-400"

    api.emulator.advance(10)
    assert api.item(f"/flows/{flow}")["lastOperation"]["status"]["value"] == "completed"
    for kind, id in kinds.items():
        assert api.replace(f"/{kind}/{id}", "/name", "x").status_code == 200
    assert api.item(f"/targetConnections/{target}")["state"] == "updating"


@pytest.mark.parametrize("seconds", [0, 10])
def test_delete_lag(build: Callable[..., Api], seconds: int) -> None:
    api = build(delete_lag=seconds)
    flow = api.flow()

    api.delete(f"/flows/{flow}")

    if seconds:
        assert api.item(f"/flows/{flow}")["state"] == "delete-finalizing"
        assert api.names("flows") == ["flow"]
        api.emulator.advance(seconds)
    assert api.get(f"/flows/{flow}").status_code == 404
    assert api.names("flows") == []


@pytest.mark.parametrize(("setting", "accepted"), [(False, True), (True, False)])
def test_name_unique(build: Callable[..., Api], setting: bool, accepted: bool) -> None:
    api = build(name_unique=setting)
    first, other = api.base("same"), api.base("other")

    assert api.post("/connections", api.base_body("same")).is_success is accepted
    assert api.replace(f"/connections/{other}", "/name", "same").is_success is accepted
    assert api.replace(f"/connections/{first}", "/name", "same").is_success


@pytest.mark.parametrize("setting", [True, False])
def test_background_after_write(build: Callable[..., Api], setting: bool) -> None:
    api = build(background_after_write=setting)
    made = api.post("/connections", api.base_body()).json()
    flow = api.flow()

    item = api.item(f"/flows/{flow}")

    assert (api.item(f"/connections/{made['id']}")["etag"] != made["etag"]) is setting
    assert item["createdClient"] == "emulator-client"
    assert (item["updatedClient"] == "acp_foundation_connectors") is setting
    assert (item["updatedBy"] == "acp_foundation_connectors@AdobeID") is setting


def test_the_background_waits_for_the_end_of_a_transition(build: Callable[..., Api]) -> None:
    api = build(transition=5)
    made = api.post("/connections", api.base_body()).json()
    assert api.item(f"/connections/{made['id']}")["etag"] == made["etag"]

    api.emulator.advance(5)

    assert api.item(f"/connections/{made['id']}")["etag"] != made["etag"]


@pytest.mark.parametrize(
    ("setting", "actor"), [("runs", "jane@AdobeID"), ("writes", "acp_foundation_connectors@AdobeID")]
)
def test_background_actor(build: Callable[..., Api], setting: str, actor: str) -> None:
    api = build(background_actor=setting)
    flow = api.flow()

    api.emulator.ui.rename(flow, "new", as_person="jane@acme.example")

    assert api.item(f"/flows/{flow}")["updatedBy"] == actor
    api.emulator.advance(HOUR)
    assert api.item(f"/flows/{flow}")["updatedBy"] == "acp_foundation_connectors@AdobeID"


@pytest.mark.parametrize(("setting", "client"), [(False, "emulator-client"), (True, "acp_foundation_connectors")])
def test_background_actor_children(build: Callable[..., Api], setting: bool, client: str) -> None:
    api = build(background_actor_children=setting)

    assert api.item(f"/connections/{api.base()}")["updatedClient"] == client


@pytest.fixture
def exporting(tmp_path: Path) -> Iterator[Callable[..., Exports]]:
    """A flow of two datasets, of which one has rows, under given switches; an hour later, when it has run."""
    with ExitStack() as stack:

        def run(**switches: Any) -> Exports:
            made = stack.enter_context(exports(tmp_path, **switches))
            made.flow(ORDERS, RETURNS, params={"includeFileManifest": True})
            made.ingest(6)
            made.emulator.advance(HOUR)
            return made

        yield run


@pytest.mark.parametrize(("setting", "counts"), [("flow", [6]), ("dataset", [6, 0])])
def test_run_scope(exporting: Callable[..., Exports], setting: str, counts: list[int]) -> None:
    made = exporting(run_scope=setting)

    assert [run["metrics"]["recordSummary"]["outputRecordCount"] for run in made.runs()] == counts


@pytest.mark.parametrize("seconds", [0, 600])
def test_run_duration(exporting: Callable[..., Exports], seconds: int) -> None:
    made = exporting(run_duration=seconds)

    assert (status(made.runs()[0]) == "Processing") is bool(seconds)
    made.emulator.advance(seconds)
    (run,) = made.runs()
    took = run["metrics"]["durationSummary"]
    assert took["completedAtUTC"] - took["startedAtUTC"] == seconds * 1000
    assert status(run) == "success"


@pytest.mark.parametrize(("setting", "shown"), [("shown", [ORDERS, RETURNS]), ("hidden", None)])
def test_run_entities(exporting: Callable[..., Exports], setting: str, shown: list[str] | None) -> None:
    (run,) = exporting(run_entities=setting).runs()

    for side in ("sourceSummaries", "targetSummaries"):
        (summary,) = run["metrics"]["recordSummary"][side]
        entities = summary.get("entitySummaries")
        assert (entities and [entity["id"].partition(":")[2] for entity in entities]) == shown


@pytest.mark.parametrize("setting", [True, False])
def test_manifest_last(exporting: Callable[..., Exports], setting: bool) -> None:
    made = exporting(manifest_last=setting)

    (manifest,) = made.files("manifest-*")
    written = [path.stat().st_mtime_ns for path in made.files()]
    assert (manifest.stat().st_mtime_ns > max(written)) is setting
    assert (manifest.stat().st_mtime_ns < min(written)) is not setting


@pytest.mark.parametrize(("setting", "folder"), [("folder", f"aep/{ORDERS}/exportTime=202601010100"), ("path", "aep")])
def test_manifest_location(exporting: Callable[..., Exports], setting: str, folder: str) -> None:
    made = exporting(manifest_location=setting)

    (manifest,) = made.files("manifest-*")
    assert manifest.parent.relative_to(made.bucket).as_posix() == folder


@pytest.mark.parametrize(("setting", "left"), [("nothing", []), ("folder", [""]), ("file", ["manifest", "part"])])
def test_empty_run(exporting: Callable[..., Exports], setting: str, left: list[str]) -> None:
    made = exporting(empty_run=setting)

    folder = made.bucket / "aep" / RETURNS / "exportTime=202601010100"
    assert folder.is_dir() is bool(left)
    assert sorted(path.name.partition("-")[0] for path in folder.glob("*")) == [name for name in left if name]


@pytest.mark.parametrize("setting", [False, True])
def test_empty_manifest(exporting: Callable[..., Exports], setting: bool) -> None:
    made = exporting(empty_manifest=setting)

    assert {path.parent.parent.name for path in made.files("manifest-*")} == (
        {ORDERS, RETURNS} if setting else {ORDERS}
    )


@pytest.mark.parametrize(("setting", "times"), [("new-only", 1), ("restart", 2)])
def test_dataset_change(exporting: Callable[..., Exports], setting: str, times: int) -> None:
    made = exporting(dataset_change=setting)
    made.emulator.ui.datasets("flow", [ORDERS, CLICKS])

    made.emulator.advance(6 * HOUR)

    assert set(made.row_counts().values()) == {times}


@pytest.mark.parametrize(("setting", "times"), [("continue", 1), ("restart", 2)])
def test_schedule_change(exporting: Callable[..., Exports], setting: str, times: int) -> None:
    made = exporting(schedule_change=setting)
    made.emulator.ui.schedule("flow", {"interval": 3})

    made.emulator.advance(6 * HOUR)

    assert set(made.row_counts().values()) == {times}


@pytest.mark.parametrize(("setting", "old", "new"), [("continue", 1, 1), ("restart", 2, 1), ("never", 1, 0)])
def test_revival(exporting: Callable[..., Exports], setting: str, old: int, new: int) -> None:
    made = exporting(revival=setting)
    first = set(made.row_counts())
    made.emulator.ui.end("flow", int(made.emulator.now) + HOUR)
    made.emulator.advance(24 * HOUR)
    made.ingest(5)
    runs = len(made.runs())
    made.emulator.ui.end("flow", int(made.emulator.now) + 30 * 24 * HOUR)

    made.emulator.advance(7 * HOUR)

    arrived = made.row_counts()
    assert {arrived[row] for row in first} == {old}
    assert sum(arrived[row] for row in arrived if row not in first) == 5 * new
    assert len(made.runs()) - runs == new  # what was missed is not caught up


def test_an_end_moved_on_in_time_is_no_revival(exporting: Callable[..., Exports]) -> None:
    made = exporting(revival="restart")
    made.emulator.ui.end("flow", int(made.emulator.now) + 24 * HOUR)
    made.emulator.ui.end("flow", int(made.emulator.now) + 48 * HOUR)

    made.emulator.advance(12 * HOUR)

    assert set(made.row_counts().values()) == {1}


@pytest.mark.parametrize(("setting", "accepted"), [("enabled", True), ("disabled", False)])
def test_ad_hoc(exporting: Callable[..., Exports], setting: str, accepted: bool) -> None:
    made = exporting(ad_hoc=setting)
    (flow,) = made.emulator.snapshot("dev")["flows"]

    answer = made.export_on_demand(flow["id"])

    assert answer.is_success is accepted
    assert len(made.runs()) == 1 + accepted


def test_every_switch_has_its_question_and_its_test() -> None:
    files = Path(__file__).parent.glob("test_switches*.py")
    tests = {name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}

    assert list(Switches().to_json()) == list(QUESTIONS)
    assert {f"test_{name}" for name in QUESTIONS} <= tests
    assert all(question.text.endswith((".", "?")) and question.source for question in QUESTIONS.values())


def test_the_default_is_the_first_choice_and_every_choice_is_allowed() -> None:
    for name, values in Switches.choices().items():
        assert values[0] == getattr(Switches(), name)
        assert len(values) > 1
        for value in values:
            chosen: Json = {name: value}
            assert getattr(Switches(**chosen), name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patch_objects", "both"),
        ("runs_move_etags", 1),
        ("delete_status", True),
        ("list_lag", 61),
        ("list_lag", -1),
        ("list_lag", True),
        ("transition", "1"),
    ],
)
def test_a_setting_that_is_not_offered_is_refused(name: str, value: bool | int | str) -> None:
    chosen: Json = {name: value}
    with pytest.raises(ValueError, match=name):
        Switches(**chosen)


def test_switches_go_to_json_and_back() -> None:
    drawn = Switches.draw_random(random.Random(7))

    assert Switches.from_json(drawn.to_json()) == drawn
    assert drawn != Switches()
    with pytest.raises(ValueError, match="no such switch: surprise"):
        Switches.from_json({"surprise": 1})


def test_switches_can_be_thrown_at_any_time(api: Api, emulator: Emulator) -> None:
    base = api.base()

    emulator.switches = Switches(read_secrets="show")

    assert api.item(f"/connections/{base}")["auth"]["params"]["s3SecretKey"] == SECRET


@pytest.mark.parametrize("number", range(20))
def test_a_whole_life_goes_well_under_any_settings(number: int, connect: Callable[..., Api]) -> None:
    """Create, patch, switch datasets, disable, delete: a client that waits and reads back gets through."""
    emulator = Emulator(switches=Switches.draw_random(random.Random(number)), clock="manual", page_size=2)
    emulator.seed(["dev"])
    api = connect(emulator)

    def step(answer: httpx.Response) -> None:
        assert answer.is_success, answer.text
        emulator.advance(61)

    def create(collection: str, body: Json) -> str:
        answer = api.post(f"/{collection}", body)
        step(answer)
        return str(answer.json()["id"])

    data = {"format": "parquet"}
    base = create("connections", api.base_body())
    target = create("targetConnections", api.target_body(base, data=data))
    source = create("sourceConnections", api.source_body(data=data))
    flow = create("flows", api.flow_body(source, target))
    step(api.replace(f"/flows/{flow}", "/scheduleParams", {**schedule(api, flow), "interval": 3}))
    item = api.item(f"/targetConnections/{target}")
    step(api.replace(f"/targetConnections/{target}", "/params", {**item["params"], "path": "other"}))
    other = create("sourceConnections", {**api.source_body("0" * 24), "name": "other", "data": data})
    step(api.replace(f"/flows/{flow}", "/sourceConnectionIds", [other]))
    step(api.call("POST", f"/flows/{flow}/action", params={"op": "disable", "subOp": "APPLY"}))
    shown = api.item(f"/flows/{flow}")["state"]
    assert api.names("flows", property=f"state=={shown}") == ["flow"]
    step(api.delete(f"/flows/{flow}"))
    emulator.advance(600)
    for path in (f"/sourceConnections/{source}", f"/sourceConnections/{other}", f"/targetConnections/{target}"):
        step(api.delete(path))
    step(api.delete(f"/connections/{base}"))
    assert not any(emulator.snapshot().values())
    emulator.close()
