"""The wire form, pinned: what was recorded is played to our client, and a request that differs finds no answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from exportctl.client.auth import Credentials
from exportctl.client.client import Client
from exportctl.errors import Conflict, NotFound, ServiceError, Unauthorized
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.secret import Secret
from tests.cassettes.compose import LAKE, UNKNOWN, example, exchanges
from tests.cassettes.recorder import FOLDER, HOST, ORIGINS, SECRET_HEADERS, TAPES, recorder
from tests.cassettes.replay import CHANGED, FIRST, apply_config, client_at, fixed_clock, read_all
from tests.workflows.world import DATASETS, ENV, ORGANIZATION, SECRETS

COLLECTIONS = ("connections", "sourceConnections", "targetConnections", "flows")


@contextmanager
def published_examples() -> Iterator[Client]:
    """A client that hears the published examples."""
    token = Credentials("a-client", access_token=Secret("made-elsewhere"))
    with (
        recorder("none").use_cassette("spec_example.yaml"),
        Client(HOST, organization=ORGANIZATION, sandbox="prod", credentials=token) as client,
    ):
        yield client


@pytest.mark.parametrize("kind", COLLECTIONS)
def test_a_published_list_and_object_are_read(kind: str) -> None:
    with published_examples() as client:
        assert client.list(f"/{kind}") == example(f"/{kind}", "get", "200")["items"]
        one = example(f"/{kind}/{{id}}", "get", "200")["items"][0]
        assert client.get(f"/{kind}/{one['id']}") == one


@pytest.mark.parametrize("kind", COLLECTIONS)
def test_a_published_creation_answers_id_and_etag(kind: str) -> None:
    with published_examples() as client:
        made = client.create(f"/{kind}", example(f"/{kind}", "post", "req"))
        assert {"id": made.id, "etag": made.etag} == example(f"/{kind}", "post", "201")


@pytest.mark.parametrize("kind", ["connections", "flows"])
def test_a_published_patch_carries_the_etag_in_its_quotes_and_a_stale_one_is_a_conflict(kind: str) -> None:
    one = example(f"/{kind}/{{id}}", "get", "200")["items"][0]
    ops = example(f"/{kind}/{{id}}", "patch", "req")
    with published_examples() as client:
        assert client.patch(f"/{kind}/{one['id']}", ops, one["etag"]) == example(f"/{kind}", "post", "201")["etag"]
        with pytest.raises(Conflict):
            client.patch(f"/{kind}/{one['id']}", ops, "stale")


@pytest.mark.parametrize("kind", COLLECTIONS)
def test_a_published_deletion_is_accepted_and_an_unknown_id_is_not_found(kind: str) -> None:
    one = example(f"/{kind}/{{id}}", "get", "200")["items"][0]
    with published_examples() as client:
        client.delete(f"/{kind}/{one['id']}")
        with pytest.raises(NotFound):
            client.delete(f"/{kind}/{UNKNOWN}")
        with pytest.raises(NotFound, match="not found with id"):
            client.get(f"/{kind}/{UNKNOWN}")


def test_an_action_has_no_body_and_answers_an_etag() -> None:
    flow = example("/flows/{id}", "get", "200")["items"][0]
    with published_examples() as client:
        assert client.act(f"/flows/{flow['id']}", "disable") == flow["etag"]


def test_published_errors_have_their_class_and_text() -> None:
    with published_examples() as client:
        with pytest.raises(Unauthorized, match="Oauth token is not valid"):
            client.list("/flows", params=[("count", "false")])
        with pytest.raises(ServiceError, match="Please provide a valid spec id"):
            client.create("/connections", {"name": "no spec"})


def test_the_published_datasets_are_read() -> None:
    params = [("outputType", "activationDatasets"), ("outputField", "datasets"), ("properties", "name,state")]
    with published_examples() as client:
        found = client.list_offset(f"/connectionSpecs/{LAKE}/configs", params=params)
    assert found == example("/connectionSpecs/{id}/configs", "get", "200")["items"]


def test_a_sandbox_of_the_emulator_is_read() -> None:
    with recorder("none").use_cassette("emulator_reads.yaml") as tape, client_at(HOST) as client:
        seen = read_all(client)
        assert tape.all_played
    assert [len(seen.objects_of_kind(k)) for k in ("flow", "source_connection", "target_connection")] == [3, 3, 3]
    assert sorted(d.name for d in seen.datasets or ()) == sorted(DATASETS)


def test_an_apply_and_a_change_send_what_was_recorded() -> None:
    with recorder("none").use_cassette("emulator_apply.yaml") as tape, client_at(HOST) as client:
        for content in (FIRST, CHANGED):
            outcomes = apply_config(client, content, fixed_clock())
            assert outcomes
            assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
        assert tape.all_played


# -- the files --------------------------------------------------------------------------------------------------------


def test_every_cassette_says_what_it_was_recorded_from() -> None:
    assert sorted(TAPES) == sorted(p.name for p in FOLDER.glob("*.yaml"))
    for name in TAPES:
        first = (FOLDER / name).read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# {ORIGINS[name.startswith('emulator')]}"


def test_no_cassette_holds_a_secret() -> None:
    secrets = {ENV["AEP_CLIENT_SECRET"], *SECRETS.values()}
    for name in TAPES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert not re.search(r"eyJ[0-9a-f]{32}\.", text)  # the form of the emulator's tokens
        for exchange in yaml.safe_load(text)["interactions"]:
            assert not {h.lower() for h in exchange["request"]["headers"]} & set(SECRET_HEADERS)
            body = str(exchange["request"]["body"])
            assert "client_secret" not in body
        assert [s for s in secrets if s in text or json.dumps(s)[1:-1] in text] == []


def test_the_composed_cassette_is_what_the_published_files_say() -> None:
    text = (FOLDER / "spec_example.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["interactions"] == exchanges()
