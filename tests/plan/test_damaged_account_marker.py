"""An account with a marker that a person edited: what the plan says, and what to run where secrets may have changed."""

from __future__ import annotations

from dataclasses import replace

from exportctl.errors import Finding
from exportctl.model.plan import LiveObject
from exportctl.model.project import Destination
from tests.plan.plan_builders import SFTP, account, build_plan, build_project, export, item, sftp_lake
from tests.plan.value_builders import lake

APPLY = "run `exportctl apply`: it writes the marker again"
SFTP_PARAMS = {"domain": "sftp.acme.example", "username": "acme"}


def damaged(base: LiveObject) -> LiveObject:
    assert base.marker is not None
    return replace(base, marker=replace(base.marker, damaged=True, applied={}))


def finding(destination: Destination, base: LiveObject) -> Finding:
    """What the plan says about the account; it also writes the marker again."""
    given = build_project(export("orders"), destinations=[destination])
    values = {("destinations.lake", "role_arn"): "arn:aws:iam::123456789012:role/exports"}
    planned = item(build_plan(given, damaged(base), values=values), "destinations.lake")
    assert planned.steps[0].marker is not None
    (found,) = planned.findings
    return found


def test_an_account_without_a_secret_needs_only_an_apply() -> None:
    found = finding(lake(), account())

    assert (found.rule, found.hint) == ("marker-damaged", APPLY)


def test_an_account_with_a_secret_may_need_a_rotation_too() -> None:
    found = finding(sftp_lake(), account(type=SFTP, method="password", params=SFTP_PARAMS))

    assert found.rule == "marker-damaged"
    assert found.hint == f"{APPLY}; if you changed a secret, run `exportctl rotate lake` too"
