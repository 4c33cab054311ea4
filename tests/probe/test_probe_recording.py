"""The cassettes of a probe: vcrpy plays them, and they hold nothing that belongs to the user."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Event

import httpx
import pytest
import vcr

from exportctl.errors import Error
from exportctl.probe.recording import CassetteRecorder, RecordedExchange
from exportctl.workflows.probe import ProbeRequest, open_probe
from tests.probe.probe_runs import probe_world
from tests.workflows.world import ENV, ORGANIZATION, SANDBOX, SECRETS, World


def record(made: World) -> dict[str, str]:
    with open_probe(made.setup(now=None), ProbeRequest("Orders"), int(made.emulator.now)) as probe:
        recorder = probe.recorder([ENV["AEP_CLIENT_ID"], ENV["AEP_CLIENT_SECRET"]])
        probe.run(Event(), lambda line: None, recorder)
        return recorder.cassettes()


def canaries(made: World) -> list[str]:
    """What belongs to the user: secrets, ids, and the names of everything that the probe did not make."""
    found = made.emulator.snapshot(SANDBOX)
    objects = [str(doc[key]) for docs in found.values() for doc in docs for key in ("id", "name", "etag", "createdBy")]
    datasets = [str(doc[key]) for doc in made.emulator.datasets(SANDBOX) for key in ("id", "name")]
    token = [made.emulator.issue_token()]
    return [*objects, *datasets, *token, *SECRETS.values(), *ENV.values(), ORGANIZATION, ORGANIZATION[:24]]


def test_no_cassette_holds_what_belongs_to_the_user(tmp_path: Path) -> None:
    made = probe_world(tmp_path, read_secrets="show")
    made.apply()
    before = canaries(made)
    text = "".join(record(made).values())

    assert [canary for canary in before if canary.strip('"') in text] == []


def test_no_id_of_the_service_is_kept_and_equal_ids_stay_equal(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    cassettes = record(made)
    sent = {entry["path"].rpartition("/")[2] for entry in made.emulator.requests() if entry["method"] == "PATCH"}

    assert sent
    assert [id for id in sent if id in "".join(cassettes.values())] == []
    creation = json.loads(cassettes["accounts-and-target-connections"])["interactions"]
    account = json.loads(creation[0]["response"]["body"]["string"])["id"]
    target = next(one for one in creation if one["request"]["uri"].endswith("/targetConnections"))
    assert json.loads(target["request"]["body"])["baseConnectionId"] == account


def test_vcrpy_plays_a_cassette(tmp_path: Path) -> None:
    cassettes = record(probe_world(tmp_path))
    for name, text in cassettes.items():
        (tmp_path / f"{name}.json").write_text(text)
    name = "accounts-and-target-connections"
    first = json.loads(cassettes[name])["interactions"][0]

    with vcr.use_cassette(str(tmp_path / f"{name}.json"), serializer="json", record_mode="none") as played:
        answer = httpx.post(first["request"]["uri"], content=first["request"]["body"])

    assert answer.status_code == first["response"]["status"]["code"]
    assert answer.json() == json.loads(first["response"]["body"]["string"])
    assert len(played) == len(json.loads(cassettes[name])["interactions"])


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://h/data/foundation/flowservice/flows?continuationToken=CANARY-TOKEN", b"{}"),
        ("https://h/data/foundation/flowservice/flows", b'{"items": [{"name": "CANARY-FLOW"}], "_links": {}}'),
        ("https://h/data/foundation/flowservice/flows/1", b'{"items": [{"name": "exportctl-probe-1", "x": "CANARY"}]}'),
        ("https://h/data/foundation/flowservice/flows/1", b"<html>CANARY</html>"),
    ],
)
def test_an_unknown_value_is_hidden(url: str, body: bytes) -> None:
    recorder = CassetteRecorder([])
    recorder.record(RecordedExchange("GET", url, None, None, 200, body))

    assert "CANARY" not in recorder.cassettes()["probe"]


def test_the_credentials_of_the_landing_zone_are_in_no_cassette() -> None:
    recorder = CassetteRecorder([])
    body = b'{"credentials": {"awsSecretAccessKey": "/CANARY"}, "dlzPath": {"dlzFolder": "/CANARY"}}'
    url = "https://h/data/foundation/connectors/landingzone/credentials?type=dlz_destination"
    recorder.record(RecordedExchange("GET", url, None, None, 200, body))

    assert recorder.cassettes() == {}


def test_a_private_value_that_got_through_is_an_error() -> None:
    recorder = CassetteRecorder(["application/json"])
    recorder.record(RecordedExchange("GET", "https://h/data/foundation/flowservice/flows", None, None, 200, b"{}"))

    with pytest.raises(Error, match="private value"):
        recorder.cassettes()
