"""A plan from a snapshot is the live plan, byte for byte but for its header; and it sends no request."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

from exportctl.emulator import Switches
from exportctl.errors import ConfigError, Error
from exportctl.model.plan import Cause, Plan, canonical_json
from exportctl.model.plan_options import PlanOptions
from exportctl.planfile.serialize import encode_plan
from exportctl.resources.kinds import AUTH
from exportctl.snapshot import file as document
from exportctl.snapshot.file import Snapshot
from exportctl.workflows import plan as plan_workflow
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.test_canary import CANARIES, CLIENT_SECRET, assert_no_canary, content, own_canaries
from tests.workflows.world import DATASETS, ENV, SANDBOX, START, World, config, world

LAW = settings(max_examples=5)
MANY = settings(LAW, max_examples=500)
EVERYTHING = PlanOptions(allow_deletes=100, allow_replace=("*",))


class NoNetwork(httpx.BaseTransport):
    """The first request fails the test."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.method} {request.url}")


def take_snapshot(made: World) -> Snapshot:
    """As it comes back from its file."""
    return document.load_snapshot(document.dump_snapshot(plan_workflow.take_snapshot(made.setup(), wall=lambda: START)))


def plan_from_snapshot(made: World, snapshot: Snapshot, flags: PlanOptions = PlanOptions(), **more: Any) -> Plan:  # noqa: B008
    setup = made.setup(**{"transport": NoNetwork(), "clock": None, **more})
    return plan_workflow.plan_from_snapshot(setup, flags, snapshot, wall=lambda: START).plan


def plan_text(plan: Plan) -> str:
    """All of a plan but its header, and the digests of the auth values that were read, which no snapshot has."""
    shown = {name: part for name, part in encode_plan(plan).items() if name != "header"}
    for step in (step for one in shown["items"] for step in one["steps"]):
        step["seen"].pop(AUTH, None)
    return canonical_json(shown)


@LAW
@given(configs(), configs(), accepting_switches())
def test_a_plan_from_a_snapshot_is_the_live_plan(
    first: dict[str, Any], second: dict[str, Any], switches: Switches
) -> None:
    assert_snapshot_plan_equals_live(first, second, switches)


@pytest.mark.slow
@MANY
@given(configs(), configs(), accepting_switches())
def test_a_plan_from_a_snapshot_is_the_live_plan_in_the_long_sweep(
    first: dict[str, Any], second: dict[str, Any], switches: Switches
) -> None:
    assert_snapshot_plan_equals_live(first, second, switches)


def assert_snapshot_plan_equals_live(first: dict[str, Any], second: dict[str, Any], switches: Switches) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches, page_size=100)
        made.write(first)
        made.apply(EVERYTHING)
        made.emulator.advance(61)
        for declared in (first, second):
            made.write(declared)
            live, drawn = made.plan(EVERYTHING), plan_from_snapshot(made, take_snapshot(made), EVERYTHING)
            assert plan_text(drawn) == plan_text(live)
            assert drawn.header == replace(live.header, snapshot_at=int(made.emulator.now))


def test_what_people_changed_by_hand_is_seen_with_their_names(applied: World) -> None:
    applied.emulator.ui.path("orders", "elsewhere", as_person="jane@acme.example")
    snapshot = take_snapshot(applied)

    (item,) = [i for i in plan_from_snapshot(applied, snapshot).items if i.fields]

    assert [(c.path, c.cause) for c in item.fields] == [("path", Cause.DRIFT)]
    assert item.fields[0].actor is not None
    assert item.fields[0].actor.by == "jane@AdobeID"


def test_it_needs_neither_credentials_nor_an_environment(applied: World) -> None:
    snapshot = take_snapshot(applied)
    applied.forget_requests()

    plan = plan_from_snapshot(applied, snapshot, env={})

    assert plan.is_empty
    assert not plan.errors()
    assert plan.unset == ("S3_ROLE",)
    assert applied.emulator.requests() == []


def test_the_moment_is_now_and_not_that_of_the_snapshot(applied: World) -> None:
    snapshot = take_snapshot(applied)

    assert plan_from_snapshot(applied, snapshot, now=None).as_of == START
    assert plan_from_snapshot(applied, snapshot, now=START + 86400).as_of == START + 86400


@pytest.mark.parametrize(
    "changes",
    [{"sandbox": "prod"}, {"organization": "99F91F745CA1C3310A495C2C@AdobeOrg"}, {"url": "embedded"}],
    ids=["another sandbox", "another organization", "another kind of platform"],
)
def test_a_snapshot_of_another_place_is_refused(applied: World, changes: dict[str, str]) -> None:
    snapshot = take_snapshot(applied)
    applied.write(config(platform={**config()["platform"], **changes}))

    with pytest.raises(Error) as raised:
        plan_from_snapshot(applied, snapshot)

    assert raised.value.rule == "snapshot-other-sandbox"
    assert all(name in raised.value.message for name in changes if name != "url")


def test_a_config_that_is_wrong_is_refused_as_ever(applied: World) -> None:
    snapshot = take_snapshot(applied)
    applied.write(config(exports={"orders": {"datasets": ["Orders"], "destination": "nowhere"}}))

    with pytest.raises(ConfigError):
        plan_from_snapshot(applied, snapshot)


@pytest.mark.parametrize("read", ["mask", "show", "omit"])
def test_no_secret_and_no_sensitive_value_is_in_a_snapshot(read: str, tmp_path: Path) -> None:
    env = {**CANARIES, **ENV, "AEP_CLIENT_ID": "nightingale", "AEP_CLIENT_SECRET": CLIENT_SECRET}
    made = world(tmp_path, Switches(read_secrets=read), page_size=100, env=env)
    made.emulator.register_client("nightingale", CLIENT_SECRET)
    made.write(content())
    assert made.apply()[1].passed
    stored = json.dumps(made.emulator.snapshot(SANDBOX))
    assert all(json.dumps(value)[1:-1] in stored for name, value in CANARIES.items() if name != "SFTP_KEY")

    text = document.dump_snapshot(take_snapshot(made))

    assert_no_canary({"snapshot": text}, own_canaries(made))
    assert "sftp.partner.example" in text  # plain values stay
    assert all(name in text for name in DATASETS)


def test_hidden_values_are_not_compared_but_a_change_of_the_config_is_seen(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(read_secrets="show"), page_size=100, env={**CANARIES, **ENV})
    made.write(content())
    assert made.apply()[1].passed
    snapshot = take_snapshot(made)

    assert plan_from_snapshot(made, snapshot).is_empty
    assert plan_from_snapshot(made, snapshot, env={}).is_empty
    moved = plan_from_snapshot(made, snapshot, env={**CANARIES, "SFTP_USER": "user-of-the-wryneck"})
    found = [(str(i.address), c.path, c.cause) for i in moved.items for c in i.fields]
    assert found == [
        ("destinations.sftp-key", "auth.username", Cause.PENDING),
        ("destinations.sftp-password", "auth.username", Cause.PENDING),
    ]
