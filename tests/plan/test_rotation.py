"""Sending secrets again: which account it is, why there may be none, and which flows then need a good run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import RefusedError
from exportctl.model.plan import Address, LiveObject
from exportctl.model.project import Account
from exportctl.plan.rotation import AccountFlow, account_flows, check_rotation, rotated_account_address
from tests.plan.plan_builders import SFTP, account, build_plan, build_project, export, flow, sftp_lake
from tests.plan.value_builders import NOW, lake, sandbox

LAKE = Address("destinations", "lake")
DAY = 86400


def test_the_account_of_a_destination_is_its_own_or_that_of_another() -> None:
    shared = sftp_lake("copy", account=Account(of="lake"))
    given = build_project(destinations=[sftp_lake(), shared])

    assert rotated_account_address(given, "lake") == LAKE
    assert rotated_account_address(given, "copy") == LAKE


REFUSED: dict[str, tuple[Any, str, str]] = {
    "an account by title": (
        lake(account=Account(existing="By hand")),
        'uses the account "By hand", which exportctl does not manage',
        "change its secrets in the UI",
    ),
    "an account by id": (lake(account=Account(id="b-1")), 'the account "b-1"', "change its secrets in the UI"),
    "a role": (lake(), "has no secret to send", "it authenticates with role_arn: change that in the YAML"),
    "the landing zone": (
        lake(type="data-landing-zone", account=Account()),
        "has no secret to send",
        "Adobe owns the storage and its keys",
    ),
}


@pytest.mark.parametrize("row", REFUSED)
def test_what_has_no_secret_of_ours_is_refused(row: str) -> None:
    destination, message, hint = REFUSED[row]

    with pytest.raises(RefusedError) as raised:
        rotated_account_address(build_project(destinations=[destination]), "lake")

    assert message in raised.value.message
    assert hint in str(raised.value.hint)


LIVE = account(type=SFTP, method="password", params={"domain": "sftp.acme.example", "username": "acme"})
ROTATIONS: dict[str, tuple[tuple[LiveObject, ...], str | None]] = {
    "a live account": ((LIVE,), None),
    "an account that is created": ((), "does not exist yet"),
    "an account of another type": ((account(),), "will be replaced"),
}


@pytest.mark.parametrize("row", ROTATIONS)
def test_an_account_that_apply_creates_or_replaces_cannot_be_rotated(row: str) -> None:
    live, problem = ROTATIONS[row]
    given = build_project(export("orders"), destinations=[sftp_lake()])
    plan = build_plan(given, *live, values={("destinations.lake", "username"): "acme"})

    if problem is None:
        check_rotation(plan, given, LAKE)
        return
    with pytest.raises(RefusedError, match=problem):
        check_rotation(plan, given, LAKE)


def test_an_account_that_no_export_uses_yet_cannot_be_rotated() -> None:
    given = build_project(destinations=[sftp_lake()])

    with pytest.raises(RefusedError, match="does not exist yet"):
        check_rotation(build_plan(given), given, LAKE)


def without_start(objects: tuple[LiveObject, ...]) -> tuple[LiveObject, ...]:
    source, target, live = objects
    return source, target, replace(live, raw={**live.raw, "scheduleParams": {"interval": 1, "timeUnit": "day"}})


def disabled(objects: tuple[LiveObject, ...]) -> tuple[LiveObject, ...]:
    source, target, live = objects
    return source, target, replace(live, raw={**live.raw, "state": "disabled"})


def test_every_flow_on_the_account_comes_with_its_next_run_ours_first() -> None:
    live = (
        account(),
        *flow("theirs", owner="theirs"),
        *disabled(flow("paused")),
        *without_start(flow("odd")),
        *flow("orders"),
        *flow("elsewhere", base="another"),
    )
    given = build_project(export("orders"), export("paused", ("d2",)))

    assert account_flows(sandbox(*live), given, "base", NOW - 1) == (
        AccountFlow("f-orders", "orders", Address("exports", "orders"), NOW),
        AccountFlow("f-paused", "paused", Address("exports", "paused"), None),
        AccountFlow("f-odd", "odd", None, None),
        AccountFlow("f-theirs", "theirs", None, NOW),
    )


def test_a_flow_that_has_ended_has_no_next_run() -> None:
    (found,) = account_flows(sandbox(account(), *flow("orders")), build_project(export("orders")), "base", NOW + DAY)

    assert found.next_run is None
