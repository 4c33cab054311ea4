"""The client against the emulator, which shares no code with it: the same protocol read twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.client.auth import Credentials
from exportctl.client.client import SANDBOXES, Client
from exportctl.client.transport import RequestCounts
from exportctl.emulator import Emulator, Fault, SeedDataset, Switches
from exportctl.errors import Conflict, Forbidden, NotFound, NotReached, ServiceError, Unauthorized
from exportctl.model.secret import Secret
from tests.client.scripted import FakeTime, client_of
from tests.law_profile import examples

DATA_LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
CONFIGS = f"/connectionSpecs/{DATA_LAKE}/configs"
ELIGIBLE = (("outputType", "activationDatasets"), ("outputField", "datasets"))
TOTALS, HAS_NEXT = (Switches.choices()[name] for name in ("configs_total", "configs_has_next"))
NOW = 1_764_583_200.0  # 2025-12-01T10:00:00Z


@pytest.fixture
def emulator() -> Emulator:
    made = Emulator(clock=NOW, page_size=2)
    made.seed(["dev"], {"dev": [SeedDataset(name) for name in ("Orders", "Returns", "Visits")]})
    return made


def client_for(emulator: Emulator, **changes: Any) -> Client:
    known = Credentials("emulator-client", Secret("emulator-client-secret"))
    return client_of(emulator, **{"credentials": known, **changes})


def create_source(client: Client, name: str) -> str:
    datasets = client.list_offset(CONFIGS, params=ELIGIBLE)
    return client.create(
        "/sourceConnections",
        {
            "name": name,
            "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
            "params": {"datasets": [{"dataSetId": datasets[0]["id"], "name": datasets[0]["name"]}]},
        },
    ).id


def names(items: list[dict[str, Any]]) -> set[str]:
    return {item["name"] for item in items}


def test_all_pages_of_both_kinds_of_list_are_read(emulator: Emulator) -> None:
    client = client_for(emulator)
    for number in range(5):
        create_source(client, f"s{number}")

    assert names(client.list_offset(CONFIGS, params=ELIGIBLE)) == {"Orders", "Returns", "Visits"}
    assert names(client.list("/sourceConnections", params=[("orderby", "createdAt")])) == {f"s{n}" for n in range(5)}


@settings(max_examples=examples(12))
@given(count=st.integers(0, 320), total=st.sampled_from(TOTALS), has_next=st.sampled_from(HAS_NEXT))
def test_every_dataset_is_read_whatever_its_pages_say_of_the_others(count: int, total: str, has_next: str) -> None:
    wanted = {f"Dataset {number}" for number in range(count)}
    emulator = Emulator(clock=NOW, switches=Switches(configs_total=total, configs_has_next=has_next))
    emulator.seed(["dev"], {"dev": [SeedDataset(name) for name in wanted]})

    found = client_for(emulator).list_offset(CONFIGS, params=ELIGIBLE)

    assert (names(found), len(found)) == (wanted, count)


def test_an_object_is_made_read_and_deleted(emulator: Emulator) -> None:
    client = client_for(emulator)
    path = f"/sourceConnections/{create_source(client, 's')}"

    assert client.get(path)["name"] == "s"
    client.delete(path)
    emulator.advance(120)

    with pytest.raises(NotFound) as caught:
        client.get(path)
    assert caught.value.number == "1439"
    assert caught.value.request_id


def test_a_patch_needs_the_etag_of_now(emulator: Emulator) -> None:
    client = client_for(emulator)
    spec = client.list("/connectionSpecs", params=[("property", "name==Data Landing Zone")], limit=None)[0]["id"]
    made = client.create("/connections", {"name": "a", "connectionSpec": {"id": spec, "version": "1.0"}})
    emulator.advance(120)
    path, ops = f"/connections/{made.id}", [{"op": "replace", "path": "/name", "value": "b"}]

    etag = client.patch(path, ops, client.get(path)["etag"])

    assert etag != made.etag
    assert client.get(path)["name"] == "b"
    with pytest.raises(Conflict) as caught:
        client.patch(path, ops, made.etag or "")
    assert (caught.value.number, caught.value.wrote) == ("1404", False)


def test_a_token_that_expires_between_pages_goes_unnoticed(emulator: Emulator) -> None:
    client = client_for(emulator)
    for number in range(3):
        create_source(client, f"s{number}")
    emulator.add_fault(Fault("expire-token", method="GET", path="sourceConnections", nth=2))

    assert names(client.list("/sourceConnections")) == {"s0", "s1", "s2"}
    assert client.request_counts.token == 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_service_says_how_long_to_wait(emulator: Emulator, form: str) -> None:
    time, throttled = FakeTime(), []
    client = client_for(emulator, time=time, on_throttle=lambda: throttled.append(1))
    emulator.add_fault(Fault("throttle", path="/flows", retry_after=9.0, retry_form=form))

    assert client.list("/flows") == []
    assert (time.slept, throttled) == ([9.0], [1])


@pytest.mark.parametrize("effect", ["lost", "cut"])
def test_a_create_without_an_answer_happened_once(emulator: Emulator, effect: str) -> None:
    client = client_for(emulator)
    emulator.add_fault(Fault(effect, method="POST", path="sourceConnections", when="after"))

    with pytest.raises(ServiceError) as caught:
        create_source(client, "s")

    assert caught.value.wrote
    assert isinstance(caught.value, NotReached) == (effect == "lost")
    assert (client.request_counts.writes, len(emulator.snapshot("dev")["sourceConnections"])) == (1, 1)


def test_a_page_of_html_in_between_is_sat_out(emulator: Emulator) -> None:
    client = client_for(emulator)
    emulator.add_fault(Fault("html", path="/flows"))

    assert client.list("/flows") == []
    assert client.request_counts == RequestCounts(reads=2, token=1)


def test_a_page_that_comes_twice_adds_nothing(emulator: Emulator) -> None:
    client = client_for(emulator)
    for number in range(4):
        create_source(client, f"s{number}")
    emulator.add_fault(Fault("repeat-page", path="sourceConnections"))

    assert sorted(item["name"] for item in client.list("/sourceConnections")) == ["s0", "s1", "s2", "s3"]


def test_wrong_credentials_are_refused_once(emulator: Emulator) -> None:
    client = client_for(emulator, credentials=Credentials("emulator-client", Secret("not-the-secret")))

    with pytest.raises(Unauthorized):
        client.list("/flows")

    assert client.request_counts == RequestCounts(token=1)


def test_a_missing_permission_is_named(emulator: Emulator) -> None:
    emulator.register_client("reader", "reader-secret", [])

    with pytest.raises(Forbidden) as caught:
        client_for(emulator, credentials=Credentials("reader", Secret("reader-secret"))).list("/flows")

    assert "View Destinations" in (caught.value.hint or "")


def test_an_unknown_sandbox_is_named(emulator: Emulator) -> None:
    with pytest.raises(NotFound) as caught:
        client_for(emulator, sandbox="nowhere").list("/flows")

    assert "platform.sandbox" in (caught.value.hint or "")


def test_sandboxes_are_read_and_time_is_the_service_s(emulator: Emulator) -> None:
    client = client_for(emulator)

    assert {"dev", "prod"} <= names(client.get_json(f"{SANDBOXES}/")["sandboxes"])
    date = client.server_date()
    assert date is not None
    assert date.timestamp() == NOW
