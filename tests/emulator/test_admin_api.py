"""The emulator's own addresses, and what it remembers: requests, a file, many threads."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Emulator, Fault, SeedDataset, Switches
from exportctl.emulator.admin_api import ROUTES
from exportctl.emulator.admin_bodies import BODIES
from tests.emulator.emulator_api import Api, Json


@pytest.fixture
def control(api: Api) -> Callable[..., Any]:
    """Call the control interface; the JSON of the answer."""

    def call(method: str, name: str, body: object = None, status: int = 200) -> Any:
        sent: Json = {} if body is None else {"json": body}
        answer = api.http.request(method, f"/_emulator/{name}", **sent)
        assert answer.status_code == status, answer.text
        return answer.json()

    return call


def test_it_says_that_it_is_an_emulator(control: Callable[..., Any], emulator: Emulator) -> None:
    info = control("GET", "")

    assert info["emulator"] is True
    assert info["organization"] == emulator.organization
    assert info["sandboxes"] == ["prod", "dev"]


def test_the_clock_is_read_set_and_advanced(control: Callable[..., Any], emulator: Emulator) -> None:
    assert control("GET", "clock") == {"mode": "manual", "now": 1767225600.0}
    assert control("POST", "clock", {"advance": 60})["now"] == 1767225660.0
    assert control("POST", "clock", {"set": 1800000000})["now"] == emulator.now == 1800000000.0
    assert "does not go back" in control("POST", "clock", {"advance": -1}, 400)["errorMessage"]
    control("POST", "clock", {"jump": 1}, 400)


def test_switches_are_read_and_thrown(control: Callable[..., Any], emulator: Emulator) -> None:
    assert control("GET", "switches") == Switches().to_json()
    assert control("PATCH", "switches", {"list_lag": 5})["list_lag"] == 5
    assert emulator.switches == Switches(list_lag=5)
    control("PATCH", "switches", {"surprise": 5}, 400)
    control("PATCH", "switches", {"list_lag": 500}, 400)


def test_faults_are_added_listed_and_cleared(control: Callable[..., Any], api: Api) -> None:
    fault = Fault("status", method="GET", path="/flows", status=503)

    assert control("POST", "faults", fault.to_json())["faults"] == [fault.to_json()]
    assert api.get("/flows").status_code == 503
    assert control("DELETE", "faults") == {"faults": []}
    control("POST", "faults", {"effect": "none"}, 400)


def test_the_control_interface_is_never_struck_by_a_fault(control: Callable[..., Any], emulator: Emulator) -> None:
    emulator.add_fault(Fault("lost", count=0))

    assert control("GET", "")["emulator"] is True


def test_the_log_holds_no_secret_and_no_body(control: Callable[..., Any], api: Api, emulator: Emulator) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "emulator-client",
        "client_secret": "emulator-client-secret",
        "scope": "openid",
    }
    token = api.http.post("/ims/token/v2", params=form).json()["access_token"]
    api.base()
    api.get("/flows", property="name==x")

    entries = control("GET", "requests")["requests"]

    assert [(entry["method"], entry["write"], entry["status"]) for entry in entries] == [
        ("POST", False, 200),
        ("POST", True, 201),
        ("GET", False, 200),
    ]
    assert entries[2]["query"] == [["property", "name==x"]]
    for secret in ("emulator-client-secret", token, "b" * 40):
        assert secret not in str(entries)
    assert [entry["path"].rpartition("/")[2] for entry in emulator.writes()] == ["connections"]
    assert control("DELETE", "requests") == {"requests": []}
    assert emulator.requests() == []


def test_refused_requests_are_logged_with_their_status(api: Api, emulator: Emulator) -> None:
    api.get("/flows/none")

    assert emulator.requests()[-1]["status"] == 404


def test_seeding_over_http(control: Callable[..., Any], emulator: Emulator) -> None:
    entry = {"name": "Web", "kind": "event"}

    ids = control("POST", "seed", {"sandboxes": ["stage"], "datasets": {"test": [entry]}})["datasets"]

    assert len(ids["test"]["Web"]) == 24
    assert emulator.sandboxes() == ["prod", "dev", "stage", "test"]
    control("POST", "seed", {"surprise": 1}, 400)
    control("POST", "seed", {"datasets": {"test": [{"nome": "x"}]}}, 400)


def test_rows_come_in_over_http(control: Callable[..., Any], emulator: Emulator) -> None:
    rows = {"sandbox": "dev", "dataset": "Orders", "rows": 5}
    first = control("POST", "ingest", rows)
    control("POST", "clock", {"advance": 60})
    second = control("POST", "ingest", {**rows, "dataset": "65a1b2c3d4e5f60718293a4b", "rows": 2, "spread": 10})

    shared = {"dataset": "65a1b2c3d4e5f60718293a4b"}
    assert first == {**shared, "first": 0, "rows": 5, "at": 1767225600, "spread": 86400}
    assert second == {**shared, "first": 5, "rows": 2, "at": 1767225660, "spread": 10}
    assert [(batch.first, batch.count) for batch in emulator.batches("dev", "Orders")] == [(0, 5), (5, 2)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dataset": "Ordres"}, "no dataset is called 'Ordres'; there is Orders"),
        ({"sandbox": "nowhere"}, "no dataset is called 'Orders'"),
        ({"dataset": "Same Name"}, "several datasets are called 'Same Name'"),
        ({"rows": 0}, "one of them from 1"),
        ({"rows": -1}, "ingest: rows must be at least 0"),
        ({"update": 99}, "no more of them can change"),
        ({"change": "wide"}, "ingest: change must be added or nested"),
        ({"rows": "5"}, "ingest: rows must be a whole number"),
        ({"rows": True}, "ingest: rows must be a whole number"),
        ({"spread": -1}, "ingest: spread must be at least 0"),
        ({"surprise": 1}, "ingest: unknown member surprise; it takes sandbox, dataset, rows, spread"),
    ],
)
def test_rows_that_cannot_come_in_are_refused(
    control: Callable[..., Any], emulator: Emulator, change: Json, reason: str
) -> None:
    emulator.seed(
        datasets={"dev": [SeedDataset("Same Name"), SeedDataset("Same Name")] if "Same Name" in change.values() else []}
    )
    body = {"sandbox": "dev", "dataset": "Orders", "rows": 5, **change}

    assert reason in control("POST", "ingest", body, 400)["errorMessage"]
    assert emulator.batches("dev", "Orders") == []


def test_ui_edits_over_http(control: Callable[..., Any], api: Api) -> None:
    made = control("POST", "ui/create_flow", {"name": "theirs", "sandbox": "dev", "datasets": ["Orders"]})
    flow = made["id"]

    control("POST", "ui/rename", {"flow": flow, "name": "ours", "as_person": "jane@acme.example"})
    control("POST", "ui/disable", {"flow": "ours", "sandbox": "dev"})
    control("POST", "ui/datasets", {"flow": flow, "datasets": ["0" * 24]})
    control("POST", "labels", {"collection": "flows", "id": flow, "labels": ["core/C1"]})

    item = api.item(f"/flows/{flow}")
    assert (item["name"], item["state"], item["labels"]) == ("ours", "disabled", ["core/C1"])
    assert "missing member name" in control("POST", "ui/rename", {"flow": flow}, 400)["errorMessage"]
    assert "unknown member x" in control("POST", "ui/enable", {"flow": flow, "x": 1}, 400)["errorMessage"]
    assert "no UI edit" in control("POST", "ui/_edit", {"flow": flow}, 400)["errorMessage"]
    assert "FLOW-1422-400" in control("POST", "ui/disable", {"flow": flow}, 400)["errorMessage"]


def test_loading_credentials_and_reset(control: Callable[..., Any], api: Api, emulator: Emulator) -> None:
    control("POST", "load", {"sandbox": "dev", "objects": {"connections": [{"id": "b", "name": "x", "auth": None}]}})
    control("POST", "credentials", {"client_id": "c", "client_secret": "s", "permissions": ["View Destinations"]})
    assert api.names("connections") == ["x"]
    assert emulator.issue_token("c")

    control("POST", "reset")

    assert emulator.sandboxes() == ["prod"]
    assert not any(emulator.snapshot().values())
    emulator.seed(["dev"])
    assert api.names("connections") == []


def test_what_is_asked_wrongly_is_refused(control: Callable[..., Any], api: Api) -> None:
    control("GET", "nothing", status=404)
    control("POST", "clock", [], 400)
    form = api.http.post("/_emulator/reset", content=b"{}", headers={"Content-Type": "text/plain"})
    assert form.status_code == 415


WRONG_BODIES: list[tuple[str, str, Any]] = [
    ("POST", "clock", {"advance": "x"}),
    ("POST", "clock", {"set": None}),
    ("POST", "clock", {"set": 10**12}),
    ("POST", "clock", {"set": 24 * 10**10}),
    ("PATCH", "switches", {"list_lag": []}),
    ("PATCH", "switches", {"list_lag": "five"}),
    ("POST", "faults", {}),
    ("POST", "faults", {"effect": []}),
    ("POST", "faults", {"effect": "slow", "nth": "1"}),
    ("POST", "faults", {"effect": "slow", "path": "("}),
    ("POST", "faults", {"effect": "slow", "headers": [1]}),
    ("POST", "seed", {"sandboxes": 5}),
    ("POST", "seed", {"sandboxes": "dev"}),
    ("POST", "seed", {"datasets": {"dev": [{"name": 7}]}}),
    ("POST", "seed", {"datasets": {"dev": [{}]}}),
    ("POST", "seed", {"datasets": {"dev": [{"name": "x", "kind": "y"}]}}),
    ("POST", "labels", {}),
    ("POST", "labels", {"collection": "flows", "id": "none", "labels": 5}),
    ("POST", "load", {}),
    ("POST", "load", {"sandbox": "dev", "objects": {"flows": [3]}}),
    ("POST", "load", {"sandbox": "dev", "objects": {"nothing": []}}),
    ("POST", "credentials", {}),
    ("POST", "credentials", {"client_id": "a b"}),
    ("POST", "credentials", {"client_id": "c", "permissions": ["Everything"]}),
    ("POST", "credentials", {"client_id": "c", "sandboxes": ["nowhere"]}),
    ("POST", "credentials", {"client_id": "emulator-client"}),
    ("DELETE", "credentials/nobody", None),
    ("DELETE", "credentials/emulator-client", None),
    ("POST", "ingest", {}),
    ("POST", "ui/end", {"flow": "x", "moment": "soon"}),
    ("POST", "ui/schedule", {"flow": "x", "changes": 5}),
    ("POST", "ui/create_flow", {"name": "x"}),
    ("POST", "ui/create_flow", {"name": "x", "sandbox": "dev", "datasets": 5}),
    ("POST", "ui/create_flow", {"name": "x", "sandbox": "dev", "schedule": []}),
    ("POST", "ui", {}),
    ("PATCH", "storage", {"endpoints": {"amazon-s3": {"url": 5}}}),
    ("DELETE", "storage/nothing", None),
    ("POST", "reset", {"all": True}),
]
PYTHON_TEXTS = re.compile(
    r"argument|NoneType|object is not|has no attribute|could not convert|invalid literal|unhashable|not supported "
    r"between|^'\w+'$|Traceback|indices|iterable"
)


@pytest.mark.parametrize(("method", "name", "body"), WRONG_BODIES, ids=lambda value: str(value)[:60])
def test_errors_are_in_our_words(control: Callable[..., Any], method: str, name: str, body: object) -> None:
    text = control(method, name, body, 400)["errorMessage"]

    assert len(text) > 10
    assert not PYTHON_TEXTS.search(text), text


def test_every_operation_with_a_body_has_a_schema_or_checks_its_own() -> None:
    writing = {name for method, name in ROUTES if method in ("POST", "PATCH")}

    assert writing == {operation.partition("/")[0] for operation in BODIES} | {"storage"}


def test_no_body_makes_the_control_interface_fail(control: Callable[..., Any], api: Api) -> None:
    rng = random.Random(5)
    values: list[Any] = [None, True, -1, 0.5, 10**20, "", "x", [], ["x"], [1], {}, {"x": []}]
    for operation, schema in BODIES.items():
        for name in schema.get("properties", {"list_lag": {}}):
            for value in rng.sample(values, 6):
                method = "PATCH" if operation == "switches" else "POST"
                answer = api.http.request(method, f"/_emulator/{operation}", json={name: value})
                assert answer.status_code in (200, 400), (operation, name, value)
                assert not PYTHON_TEXTS.search(answer.json().get("errorMessage", "")), answer.text


def test_a_credential_has_the_permissions_and_sandboxes_it_is_given(
    control: Callable[..., Any], api: Api, emulator: Emulator
) -> None:
    emulator.seed(["stage"])
    reader = {"client_id": "reader", "permissions": ["View Destinations"], "sandboxes": ["dev"]}

    made = control("POST", "credentials", reader)

    assert made.pop("client_secret").startswith("emulator-")
    assert made == reader
    listed = control("GET", "credentials")["credentials"]
    assert reader in listed
    assert "secret" not in str(listed)
    api.http.headers.update({"x-api-key": "reader", "Authorization": f"Bearer {emulator.issue_token('reader')}"})
    assert api.get("/flows").status_code == 200
    assert api.code(api.post("/connections", api.base_body())) == "2118-403"
    assert api.code(api.call("GET", "/flows", headers={"x-sandbox-name": "stage"})) == "2120-403"
    assert control("DELETE", "credentials/reader")["credentials"][0]["client_id"] == "emulator-client"
    assert api.get("/flows").json()["error_code"] == "401013"


def test_a_secret_that_is_given_is_not_shown(control: Callable[..., Any], api: Api) -> None:
    made = control("POST", "credentials", {"client_id": "c", "client_secret": "of-our-own"})

    assert "of-our-own" not in str(made)
    form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "of-our-own", "scope": "openid"}
    assert api.http.post("/ims/token/v2", params=form).status_code == 200


def test_the_control_interface_answers_this_machine_only(emulator: Emulator) -> None:
    import httpx

    transport = httpx.WSGITransport(app=emulator, remote_addr="10.0.0.1")

    with httpx.Client(transport=transport, base_url="http://emulator.test") as far:
        assert far.get("/_emulator/").status_code == 403


def test_everything_survives_a_restart(tmp_path: Path, connect: Callable[..., Api]) -> None:
    path = tmp_path / ".exportctl" / "org.sqlite"
    settings: Json = {
        "switches": Switches(list_lag=5),
        "clock": 1800000000,
        "page_size": 2,
        "organization": "x@AdobeOrg",
    }
    first = Emulator(path, seed=3, **settings)
    first.seed(["dev"], {"dev": [SeedDataset("Orders", "0" * 24)]})
    first.add_fault(Fault("status", path="/nowhere", status=503))
    api = connect(first)
    base, flow = api.base("early"), api.flow()
    first.advance(5)
    api.base("unlisted")
    log, objects = first.requests(), first.snapshot()
    first.close()

    second = Emulator(path)
    token = api.http.headers["Authorization"]
    api = connect(second)
    api.http.headers["Authorization"] = token

    assert (second.requests(), second.snapshot()) == (log, objects)
    assert (second.switches, second.now, second.organization) == (Switches(list_lag=5), 1800000005.0, "x@AdobeOrg")
    assert "unlisted" not in api.names("connections", limit=100)
    assert len(api.get("/connections").json()["items"]) == 2
    assert second.faults() == [Fault("status", path="/nowhere", status=503)]
    assert api.item(f"/connections/{base}")["name"] == "early"
    assert api.item(f"/flows/{flow}")["updatedClient"] == "acp_foundation_connectors"
    second.close()


def test_matches_of_a_fault_are_counted_across_a_restart(tmp_path: Path, connect: Callable[..., Api]) -> None:
    path = tmp_path / "e.sqlite"
    first = Emulator(path)
    first.add_fault(Fault("status", path="/flows", nth=2, status=503))
    api = connect(first, "prod")
    assert api.get("/flows").status_code == 200
    first.close()

    second = Emulator(path)

    assert connect(second, "prod").get("/flows").status_code == 503
    second.close()


def test_the_store_is_private_and_ignored_by_git(tmp_path: Path) -> None:
    path = tmp_path / ".exportctl" / "org.sqlite"

    Emulator(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_a_folder_of_another_program_is_not_made_to_ignore_itself(tmp_path: Path) -> None:
    Emulator(tmp_path / "org.sqlite").close()

    assert not (tmp_path / ".gitignore").exists()


def test_equal_seeds_give_equal_ids_and_other_seeds_others(connect: Callable[..., Api]) -> None:
    def ids(seed: int) -> list[str]:
        emulator = Emulator(clock="manual", seed=seed)
        made = [connect(emulator, "prod").base() for _ in range(3)]
        emulator.close()
        return made

    assert ids(1) == ids(1)
    assert not set(ids(1)) & set(ids(2))


def test_many_threads_lose_nothing(connect: Callable[..., Api]) -> None:
    emulator = Emulator()

    def work(number: int) -> str:
        api = connect(emulator, "prod")
        base = api.base(f"b{number}")
        for _ in range(3):
            assert api.replace(f"/connections/{base}", "/name", "x").status_code in (200, 412)
        return base

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(work, range(24), timeout=60))

    assert {doc["id"] for doc in emulator.snapshot()["connections"]} == set(made)
    assert len({entry["id"] for entry in emulator.requests()}) == len(emulator.requests())
    emulator.close()


def test_of_many_writes_with_one_etag_one_wins(connect: Callable[..., Api]) -> None:
    emulator = Emulator(switches=Switches(background_after_write=False))
    api = connect(emulator, "prod")
    path = f"/connections/{api.base()}"
    etag = api.item(path)["etag"]

    def write(number: int) -> int:
        operation = {"op": "replace", "path": "/name", "value": f"n{number}"}
        return connect(emulator, "prod").patch(path, operation, etag=etag).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(write, range(16), timeout=60))

    assert answers == [200] + [412] * 15
    emulator.close()


def test_two_emulators_share_a_file(tmp_path: Path, connect: Callable[..., Api]) -> None:
    path = tmp_path / "e.sqlite"
    one, two = Emulator(path), Emulator(path)

    def work(emulator: Emulator, number: int) -> str:
        return connect(emulator, "prod").base(f"b{number}")

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(work, [one, two] * 10, range(20), timeout=60))

    assert len(set(made)) == 20
    assert one.snapshot() == two.snapshot()
    one.close()
    two.close()


@pytest.mark.parametrize("clock", ["sometimes", "12"])
def test_a_clock_is_real_manual_or_a_moment(clock: str) -> None:
    with pytest.raises(ValueError, match="clock must be"):
        Emulator(clock=clock)


def test_a_real_clock_can_be_moved(connect: Callable[..., Api]) -> None:
    emulator = Emulator()
    before = emulator.now

    assert emulator.advance(3600) - before >= 3600
    assert abs(emulator.set_time(1800000000) - 1800000000) < 1
    assert connect(emulator, "prod").get("/flows").headers["Date"].startswith("Fri, 15 Jan 2027 08:00:0")
    emulator.close()


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")

    with pytest.raises(ValueError, match="another version"):
        Emulator(path)


def test_a_manual_clock_starts_at_the_moment_it_is_given() -> None:
    emulator = Emulator(clock=1800000000)

    assert emulator.now == 1800000000.0
    emulator.close()


def test_the_log_is_cut_at_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exportctl.emulator.store.LOG_LENGTH", 500)
    emulator = Emulator()
    with emulator.store.transaction():
        for number in range(1000):
            emulator.store.log_request({"number": number})

    assert [entry["number"] for entry in emulator.requests()] == list(range(500, 1000))
    emulator.close()


def test_the_rows_of_a_small_table_at_a_moment_are_shown(control: Callable[..., Any], emulator: Emulator) -> None:
    emulator.ingest("dev", "Orders", 3)
    emulator.advance(60)
    emulator.ingest("dev", "Orders", 0, update=1, remove=1)
    asked = {"sandbox": "dev", "dataset": "Orders"}

    before = control("POST", "table", {**asked, "moment": int(emulator.now) - 1})["rows"]
    now = control("POST", "table", asked)["rows"]

    assert (len(before), len(now)) == (3, 2)
    assert [json.dumps(row) for row in now] == [json.dumps(json.loads(row)) for row in emulator.table("dev", "Orders")]
    emulator.ingest("dev", "Orders", 10_000)
    assert "more than 10000 rows" in control("POST", "table", asked, 400)["errorMessage"]
