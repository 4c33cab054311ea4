"""Every change makes exactly the writes of its list, ends in an empty plan, and leaves no orphan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from tests.workflows.world import DATASETS, DESTINATIONS, SANDBOX, World, config


def assert_no_orphans(world: World) -> None:
    """Every connection of the sandbox is used by a flow, every base by a target."""
    seen = world.emulator.snapshot(SANDBOX)
    sources = {i for f in seen["flows"] for i in f["sourceConnectionIds"]}
    targets = {i for f in seen["flows"] for i in f["targetConnectionIds"]}
    assert {s["id"] for s in seen["sourceConnections"]} == sources
    assert {t["id"] for t in seen["targetConnections"]} == targets
    assert {c["id"] for c in seen["connections"]} == {t["baseConnectionId"] for t in seen["targetConnections"]}


def test_every_destination_and_way_to_authenticate_is_three_posts_and_one_per_account(small: World) -> None:
    small.write(config(exports={f"to-{d}": {"datasets": ["Orders"], "destination": d} for d in DESTINATIONS}))
    outcomes, final_check = small.apply()
    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert final_check.passed
    assert small.writes() == sorted(
        ["POST /connections", "POST /sourceConnections", "POST /targetConnections", "POST /flows"] * len(DESTINATIONS)
    )
    assert_no_orphans(small)


def orders(**changes: Any) -> Mapping[str, Any]:
    return config(exports={"orders": {"datasets": ["Orders"], **changes}})


def moved_orders(**changes: Any) -> Mapping[str, Any]:
    return config(destinations={**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], **changes}})


CHANGES: dict[str, tuple[Mapping[str, Any], list[str]]] = {
    "another path is one patch of the target": (orders(subpath="x"), ["PATCH /targetConnections"]),
    "another bucket is one patch of the target": (moved_orders(bucket="acme-other"), ["PATCH /targetConnections"]),
    "another format is one patch of the target": (orders(format="json"), ["PATCH /targetConnections"]),
    "place and format together are one patch": (orders(format="json", subpath="x"), ["PATCH /targetConnections"]),
    "another title is one patch of the flow": (orders(title="Orders to lake"), ["PATCH /flows"]),
    "a description is one patch of the flow": (orders(description="For the lake"), ["PATCH /flows"]),
    "another interval is one patch of the flow": (
        orders(schedule={"every": "6 hours", "at": "02:00"}),
        ["PATCH /flows"],
    ),
    "another time of day is one patch of the flow": (
        orders(schedule={"every": "1 day", "at": "04:30"}),
        ["PATCH /flows"],
    ),
    "another folder is one patch of the flow": (orders(folder="%DATASET_NAME%/%EXPORT_TIME%"), ["PATCH /flows"]),
    "a fixed end is one patch of the flow": (orders(end="2028-06-01"), ["PATCH /flows"]),
    "schedule, folder, title and end together are one patch": (
        orders(
            schedule={"every": "3 hours", "at": "01:00"},
            folder="%EXPORT_TIME%/%DATASET_ID%",
            title="All new",
            end="2028-06-01",
        ),
        ["PATCH /flows"],
    ),
    "other datasets are post, patch, delete": (
        orders(datasets=["Orders", "Returns"]),
        ["DELETE /sourceConnections", "PATCH /flows", "POST /sourceConnections"],
    ),
    "datasets and title together are post, patch, delete": (
        orders(datasets=["Returns"], title="Other"),
        ["DELETE /sourceConnections", "PATCH /flows", "POST /sourceConnections"],
    ),
    "switching off is post and patch": (orders(enabled=False), ["PATCH /flows", "POST /flows"]),
    "protect is one patch of the flow": (orders(protect=True), ["PATCH /flows"]),
    "another role is one patch of the account": (
        moved_orders(auth={"role_arn": "arn:aws:iam::123456789012:role/other"}),
        ["PATCH /connections"],
    ),
    "a secret version is one patch of the account": (
        moved_orders(auth={"role_arn": "${env:S3_ROLE}", "secret_version": "2"}),
        ["PATCH /connections"],
    ),
    "a renamed export is one patch of flow and of target": (
        config(exports={"orders-daily": {"datasets": ["Orders"], "title": "orders", "renamed_from": "orders"}}),
        ["PATCH /flows", "PATCH /targetConnections"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_exactly_its_writes(applied: World, change: str) -> None:
    after, writes = CHANGES[change]
    applied.write(after)
    outcomes, final_check = applied.apply()
    assert [(o.status, o.message) for o in outcomes if o.status is not OutcomeStatus.DONE] == []
    assert applied.writes() == sorted(writes)
    assert final_check.passed
    assert applied.plan().is_empty
    assert_no_orphans(applied)


def test_a_removal_reads_the_flow_and_deletes_flow_target_and_source(applied: World) -> None:
    applied.write(
        config(
            exports={"returns": {"datasets": ["Returns"]}},
            removed=[{"export": "orders", "do": "delete", "reason": "no longer wanted"}],
        )
    )
    _, final_check = applied.apply()
    assert final_check.passed
    assert applied.writes() == sorted(
        [
            *("DELETE /flows", "DELETE /targetConnections", "DELETE /sourceConnections"),
            *("POST /flows", "POST /targetConnections", "POST /sourceConnections"),
        ]
    )
    flow = next(w["path"] for w in applied.emulator.writes() if w["method"] == "DELETE" and "/flows/" in w["path"])
    before = [r["method"] for r in applied.emulator.requests() if r["path"] == flow]
    assert before[:2] == ["GET", "DELETE"]
    assert_no_orphans(applied)


def test_a_replacement_needs_consent_and_then_sends_everything_again(applied: World) -> None:
    applied.write(orders(destination="gcs"))
    plan = applied.plan()
    assert [r.safety_check for i in plan.items for r in i.refusals] == ["replacement"]
    assert applied.writes() == []
    _, final_check = applied.apply(PlanOptions(allow_replace=("exports.orders",), allow_deletes=1))
    assert final_check.passed
    assert applied.writes() == sorted(
        [
            *("POST /connections", "POST /sourceConnections", "POST /targetConnections", "POST /flows"),
            *("PATCH /flows", "POST /flows"),  # consent written, then switched off
            *("DELETE /flows", "DELETE /targetConnections", "DELETE /sourceConnections"),
        ]
    )


def test_another_way_to_authenticate_replaces_account_and_flow(applied: World) -> None:
    key = {"access_key_id": "${env:S3_KEY}", "secret_access_key": "${env:S3_SECRET}"}
    applied.write(moved_orders(auth=key))
    assert [r.safety_check for i in applied.plan().items for r in i.refusals] == ["replacement"]
    _, final_check = applied.apply(PlanOptions(allow_replace=("exports.orders",)))
    assert final_check.passed
    assert_no_orphans(applied)


def test_ninety_exports_are_three_writes_each_and_a_plan_without_change_costs_ten_requests(
    tmp_path: Any, ninety: Callable[[Any], World]
) -> None:
    made = ninety(tmp_path)
    _, final_check = made.apply()
    assert final_check.passed
    assert len(made.writes()) == 3 * 90 + len(DESTINATIONS)
    made.forget_requests()
    plan = made.plan()
    assert plan.is_empty
    assert plan.counts()["unchanged"] == 90 + len(DESTINATIONS)
    asked = [r for r in made.emulator.requests() if "/flowservice/" in r["path"]]
    pages = [r for r in asked if r["path"].endswith("/configs")]
    assert len(asked) - len(pages) <= 10
    assert len(pages) == 1 + len(DATASETS) // 100
