"""A plan from a snapshot is the live plan, byte for byte but for its header; and it asks nobody for anything."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings

from exportctl import workflows
from exportctl.emulator import Switches
from exportctl.errors import ConfigError, Error
from exportctl.flags import Flags
from exportctl.model import Cause, Plan, canonical
from exportctl.saved.document import encode
from exportctl.snapshots import document
from exportctl.snapshots.document import Snapshot
from tests.loop.generated import configs, kind_switches
from tests.loop.test_canary import CANARIES, CLIENT_SECRET, content, own, silent
from tests.loop.world import DATASETS, ENV, SANDBOX, START, World, config, world

LAW = settings(max_examples=10)
MANY = settings(LAW, max_examples=500)
EVERYTHING = Flags(allow_deletes=100, allow_replace=("*",))


class Nobody(httpx.BaseTransport):
    """The first request fails the test."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.method} {request.url}")


def taken(made: World) -> Snapshot:
    """As it comes back from its file."""
    return document.load(document.dump(workflows.taken(made.setup(), wall=lambda: START).snapshot))


def refreshed(made: World, snapshot: Snapshot, flags: Flags = Flags(), **more: Any) -> Plan:  # noqa: B008
    setup = made.setup(**{"transport": Nobody(), "clock": None, **more})
    return workflows.refreshed(setup, flags, snapshot, wall=lambda: START).plan


def said(plan: Plan) -> str:
    """All of a plan but its header."""
    return canonical({name: part for name, part in encode(plan).items() if name != "header"})


@LAW
@given(configs(), configs(), kind_switches())
def test_a_plan_from_a_snapshot_is_the_live_plan(
    first: dict[str, Any], second: dict[str, Any], switches: Switches
) -> None:
    drawn_is_live(first, second, switches)


@pytest.mark.slow
@MANY
@given(configs(), configs(), kind_switches())
def test_a_plan_from_a_snapshot_is_the_live_plan_in_the_long_sweep(
    first: dict[str, Any], second: dict[str, Any], switches: Switches
) -> None:
    drawn_is_live(first, second, switches)


def drawn_is_live(first: dict[str, Any], second: dict[str, Any], switches: Switches) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches, page_size=100)
        made.write(first)
        made.apply(EVERYTHING)
        made.emulator.advance(61)
        for declared in (first, second):
            made.write(declared)
            live, drawn = made.plan(EVERYTHING), refreshed(made, taken(made), EVERYTHING)
            assert said(drawn) == said(live)
            assert drawn.header == replace(live.header, snapshot=int(made.emulator.now))


def test_what_people_changed_by_hand_is_seen_with_their_names(applied: World) -> None:
    applied.emulator.ui.path("orders", "elsewhere", as_person="jane@acme.example")
    snapshot = taken(applied)

    (item,) = [i for i in refreshed(applied, snapshot).items if i.fields]

    assert [(c.path, c.cause) for c in item.fields] == [("place.path", Cause.DRIFT)]
    assert item.fields[0].actor is not None
    assert item.fields[0].actor.by == "jane@AdobeID"


def test_it_needs_neither_credentials_nor_an_environment(applied: World) -> None:
    snapshot = taken(applied)
    applied.forget()

    plan = refreshed(applied, snapshot, env={})

    assert plan.empty
    assert not plan.errors()
    assert plan.unset == ("S3_KEY", "S3_ROLE")
    assert applied.emulator.requests() == []


def test_the_moment_is_now_and_not_that_of_the_snapshot(applied: World) -> None:
    snapshot = taken(applied)

    assert refreshed(applied, snapshot, now=None).as_of == START
    assert refreshed(applied, snapshot, now=START + 86400).as_of == START + 86400


@pytest.mark.parametrize(
    "changes",
    [{"sandbox": "prod"}, {"organization": "99F91F745CA1C3310A495C2C@AdobeOrg"}, {"url": "embedded"}],
    ids=["another sandbox", "another organisation", "another kind of platform"],
)
def test_a_snapshot_of_another_place_is_refused(applied: World, changes: dict[str, str]) -> None:
    snapshot = taken(applied)
    applied.write(config(platform={**config()["platform"], **changes}))

    with pytest.raises(Error) as raised:
        refreshed(applied, snapshot)

    assert raised.value.rule == "snapshot-place"
    assert all(name in raised.value.message for name in changes if name != "url")


def test_a_config_that_is_wrong_is_refused_as_ever(applied: World) -> None:
    snapshot = taken(applied)
    applied.write(config(exports={"orders": {"datasets": ["Orders"], "destination": "nowhere"}}))

    with pytest.raises(ConfigError):
        refreshed(applied, snapshot)


@pytest.mark.parametrize("read", ["mask", "show", "omit"])
def test_no_secret_and_no_sensitive_value_is_in_a_snapshot(read: str, tmp_path: Path) -> None:
    env = {**CANARIES, **ENV, "AEP_CLIENT_ID": "nightingale", "AEP_CLIENT_SECRET": CLIENT_SECRET}
    made = world(tmp_path, Switches(read_secrets=read), page_size=100, env=env)
    made.emulator.register("nightingale", CLIENT_SECRET)
    made.write(content())
    assert made.apply()[1].proved
    stored = json.dumps(made.emulator.snapshot(SANDBOX))
    assert all(json.dumps(value)[1:-1] in stored for name, value in CANARIES.items() if name != "SFTP_KEY")

    text = document.dump(taken(made))

    silent({"snapshot": text}, own(made))
    assert "sftp.partner.example" in text  # plain values stay
    assert all(name in text for name in DATASETS)


def test_hidden_values_are_not_compared_but_a_change_of_the_config_is_seen(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(read_secrets="show"), page_size=100, env={**CANARIES, **ENV})
    made.write(content())
    assert made.apply()[1].proved
    snapshot = taken(made)

    assert refreshed(made, snapshot).empty
    assert refreshed(made, snapshot, env={}).empty
    moved = refreshed(made, snapshot, env={**CANARIES, "SFTP_USER": "user-of-the-wryneck"})
    found = [(str(i.address), c.path, c.cause) for i in moved.items for c in i.fields]
    assert found == [
        ("destinations.sftp-key", "auth.username", Cause.PENDING),
        ("destinations.sftp-password", "auth.username", Cause.PENDING),
    ]
