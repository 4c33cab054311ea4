"""An account whose description was edited by hand is known again, and one made by others is never taken for ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.model.plan import Address, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup
from tests.workflows.orders_sandbox import apply_config, findings, item, objects, safety_checks, writes_of
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

LAKE = "destinations.s3-key"


def key_account_config(**changes: Any) -> dict[str, Any]:
    """One export on the account with an access key; `changes` are of the destination."""
    destination = {**DESTINATIONS["s3-key"], **changes}
    exports = {"orders": {"datasets": ["Orders"], "destination": "s3-key"}}
    return config(exports=exports, destinations={**DESTINATIONS, "s3-key": destination})


def account(made: World) -> dict[str, Any]:
    (base,) = objects(made, "connections")
    return base


def edit_account(made: World, **changes: Any) -> None:
    """The account as a person left it after an edit in the UI."""
    made.emulator.ui.load({"connections": [{**account(made), **changes}]}, sandbox=SANDBOX)


@pytest.mark.parametrize("changes", [{}, {"title": "The partner's"}], ids=["usual name", "name of its own"])
@pytest.mark.parametrize("text", ["", "rotated by Kim"])
def test_a_marker_lost_by_an_edit_is_written_back_and_nothing_else(
    small: World, text: str, changes: dict[str, Any]
) -> None:
    apply_config(small, key_account_config(**changes))
    before = account(small)
    edit_account(small, description=text)
    plan = small.plan()
    assert (item(plan, LAKE).verb, item(plan, LAKE).id, plan.is_empty) == (Verb.MARK, before["id"], True)
    assert findings(plan, LAKE) == ["marker-lost"]
    assert [
        str(e.address) for e in drift.build_drift_report(plan, end_warning=0).entries_of(DriftGroup.MARKER_LOST)
    ] == [LAKE]
    assert writes_of(small) == ["PATCH /connections"]
    after = account(small)
    assert after["auth"] == before["auth"]
    assert after["description"] == "\n".join([text, before["description"]]).strip()
    assert small.plan().steps() == ()


def test_an_account_renamed_in_the_config_and_edited_is_known_by_its_former_name(small: World) -> None:
    apply_config(small, key_account_config())
    edit_account(small, description="")
    renamed = {**DESTINATIONS["s3-key"], "renamed_from": "s3-key"}
    others = {name: one for name, one in DESTINATIONS.items() if name != "s3-key"}
    exports = {"orders": {"datasets": ["Orders"], "destination": "lake"}}
    apply_config(small, config(exports=exports, destinations={**others, "lake": renamed}))
    assert " lake " in account(small)["description"]


def test_secrets_are_sent_again_only_when_asked_to(small: World) -> None:
    auth = {**DESTINATIONS["s3-key"]["auth"], "secret_version": "2"}
    apply_config(small, key_account_config())
    edit_account(small, description="")
    small.write(key_account_config(auth=auth))
    plan = small.plan()
    assert (item(plan, LAKE).verb, [s.secrets for s in plan.steps()]) == (Verb.MARK, [()])
    assert "exportctl rotate s3-key" in (item(plan, LAKE).findings[0].hint or "")
    again = small.plan(PlanOptions((LAKE,), rotate=Address(*LAKE.split("."))))
    assert [bool(s.secrets) for s in again.steps()] == [True]


def test_an_edited_marker_is_reported_and_rewritten(small: World) -> None:
    apply_config(small, key_account_config())
    before = account(small)["description"]
    edit_account(small, description=before.replace(" 1 ", " 2 "))
    assert findings(small.plan(), LAKE) == ["marker-damaged"]
    apply_config(small)
    assert findings(small.plan(), LAKE) == []


OTHER_CREATORS: dict[str, dict[str, Any]] = {
    "made in the UI": {"createdClient": "exc_app"},
    "made by another client": {"createdClient": "terraform"},
    "of another name": {"name": "The lake"},
    "with another project's marker": {"description": "[exportctl/1 d theirs s3-key]"},
}


@pytest.mark.parametrize("other", OTHER_CREATORS)
def test_an_account_of_others_is_not_taken_for_ours(small: World, other: str) -> None:
    apply_config(small, key_account_config())
    edit_account(small, **{"description": "", **OTHER_CREATORS[other]})
    plan = small.plan(PlanOptions(resume=("*",)))
    assert item(plan, LAKE).verb is Verb.CREATE
    assert safety_checks(plan, "exports.orders") == ["replacement"]


def test_an_account_without_a_flow_of_ours_is_not_taken_for_ours(tmp_path: Path) -> None:
    made = world(tmp_path)
    apply_config(made, key_account_config())
    edit_account(made, description="")
    flow = made.flow("orders")
    for collection in ("flows", "targetConnections"):
        docs = [{**doc, "description": ""} for doc in objects(made, collection)]
        made.emulator.ui.load({collection: docs}, sandbox=SANDBOX)
    assert item(made.plan(), LAKE).verb is Verb.CREATE
    assert safety_checks(made.plan(), "exports.orders") == ["look-alike"]
    assert made.flow("orders")["id"] == flow["id"]
