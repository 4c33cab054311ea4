"""Another type, account or way to authenticate needs a new flow: with consent, said aloud, and never half of it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.resources.kinds import FLOW
from exportctl.resources.marker import format_description
from tests.workflows.orders_sandbox import (
    apply_config,
    field_causes,
    findings,
    item,
    marker_line,
    moved_orders,
    objects,
    orders,
    orders_and_other,
    safety_checks,
    source,
    writes_of,
)
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config

KEYS = {"access_key_id": "${env:S3_KEY}", "secret_access_key": "${env:S3_SECRET}"}
CONSENT = PlanOptions(allow_replace=("exports.orders",))

REPLACED: dict[str, tuple[dict[str, Any], str]] = {
    "another type": (orders(destination="gcs"), "destination type amazon-s3 -> google-cloud-storage"),
    "another account": (
        orders(destination="s3-key"),
        "another way to authenticate, or an account that does not exist yet",
    ),
    "another way to authenticate": (
        moved_orders(auth=KEYS),
        "another way to authenticate, or an account that does not exist yet",
    ),
}


@pytest.mark.parametrize("change", REPLACED)
def test_a_replacement_is_refused_until_it_is_allowed_and_says_what_it_costs(small: World, change: str) -> None:
    content, why = REPLACED[change]
    apply_config(small, orders())
    before = small.flow("orders")
    small.write(content)
    plan = small.plan()
    assert (item(plan).verb, safety_checks(plan)) == (Verb.REPLACE, ["replacement"])
    assert why in item(plan).refusals[0].text
    assert item(plan).refusals[0].allow == (
        f"write `allow_replace: {before['id']}` in exports.orders, or use --allow-replace exports.orders"
    )
    assert "full-re-export" in [c.rule for c in item(plan).consequences]


@pytest.mark.parametrize("change", REPLACED)
def test_an_allowed_replacement_leaves_one_flow_of_the_next_generation(small: World, change: str) -> None:
    apply_config(small, orders())
    before = small.flow("orders")
    apply_config(small, REPLACED[change][0], CONSENT)
    (after,) = objects(small, "flows")
    assert after["id"] != before["id"]
    assert " orders 2o " in marker_line(after["description"])
    assert [len(objects(small, c)) for c in ("sourceConnections", "targetConnections")] == [1, 1]
    assert small.plan().steps() == ()


def test_a_consent_in_the_yaml_is_for_one_flow_only(small: World) -> None:
    apply_config(small, orders())
    flow = small.flow("orders")["id"]
    small.write(orders(destination="gcs", allow_replace="00000000-0000-4000-8000-000000000000"))
    assert safety_checks(small.plan()) == ["replacement"]
    apply_config(small, orders(destination="gcs", allow_replace=flow))
    small.write(orders(destination="blob", allow_replace=flow))
    assert safety_checks(small.plan()) == ["replacement"]


def test_an_account_with_another_way_to_authenticate_is_replaced_and_the_former_one_cleaned_away(small: World) -> None:
    apply_config(small, orders())
    (before,) = objects(small, "connections")
    small.write(moved_orders(auth=KEYS))
    plan = small.plan()
    assert item(plan, "destinations.s3-role").verb is Verb.REPLACE
    assert field_causes(plan, "destinations.s3-role") == {"auth": Cause.PENDING}
    apply_config(small, flags=CONSENT)
    (after,) = objects(small, "connections")
    assert after["id"] != before["id"]
    assert after["auth"]["specName"] == "Access Key"


def test_an_account_others_still_use_stays_after_it_was_replaced(small: World) -> None:
    apply_config(small, orders())
    (before,) = objects(small, "connections")
    small.emulator.ui.create_flow("Audience", sandbox=SANDBOX, base=before["id"], audience=True)
    small.write(moved_orders(auth=KEYS))
    plan = small.plan()
    assert "Audience" in item(plan, "destinations.s3-role").consequences[0].text
    apply_config(small, flags=CONSENT)
    assert before["id"] in {c["id"] for c in objects(small, "connections")}
    assert findings(small.plan(), "destinations.s3-role") == ["account-in-use"]


def test_of_two_accounts_of_one_address_the_one_in_use_stays(small: World) -> None:
    apply_config(small, orders())
    (base,) = objects(small, "connections")
    for identity in ("00000000-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001"):
        small.emulator.ui.load({"connections": [{**base, "id": identity}]}, sandbox=SANDBOX)
    assert writes_of(small) == ["DELETE /connections", "DELETE /connections"]
    assert [c["id"] for c in objects(small, "connections")] == [base["id"]]


def test_another_account_made_by_others_replaces_too(small: World) -> None:
    made = [small.emulator.ui.create_flow(n, ["Returns"], sandbox=SANDBOX)["base"] for n in ("One", "Two")]

    def on(base: str) -> dict[str, Any]:
        lake = {"type": "amazon-s3", "bucket": "acme-ours", "path": "x", "account": {"id": base}}
        return config(destinations={"lake": lake}, defaults={**config()["defaults"], "destination": "lake"})

    apply_config(small, on(made[0]))
    small.write(on(made[1]))
    assert "another account" in item(small.plan()).refusals[0].text
    apply_config(small, flags=CONSENT)
    assert {c["id"] for c in objects(small, "connections")} == set(made)


def test_a_flow_switched_off_by_hand_is_replaced_without_being_switched_again(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.disable("orders")
    small.write(orders(destination="gcs"))
    assert [s.operation for s in small.plan(CONSENT).steps() if s.operation] == []


def test_a_replacement_by_an_unknown_dataset_does_not_begin(small: World) -> None:
    apply_config(small, orders())
    small.write(orders(destination="gcs", datasets=["Odrers"]))
    plan = small.plan(CONSENT)
    assert (item(plan).verb, item(plan).steps) == (Verb.UNCHANGED, ())
    assert [f.rule for f in plan.errors()] == ["dataset-unknown"]


def test_a_live_flow_whose_new_list_holds_an_unknown_dataset_is_left_alone(small: World) -> None:
    apply_config(small, orders_and_other())
    small.emulator.ui.path("orders", "elsewhere")
    small.write(orders_and_other(datasets=["Orders", "Odrers"]))
    plan = small.plan()
    assert (item(plan).verb, item(plan).steps, item(plan).id) == (Verb.UNCHANGED, (), small.flow("orders")["id"])


def test_a_name_in_the_folder_makes_a_new_title_a_new_folder(small: World) -> None:
    folder = "%DESTINATION_INSTANCE_NAME%/%DATASET_ID%/%EXPORT_TIME%"
    apply_config(small, orders(folder=folder))
    small.write(orders(folder=folder, title="New"))
    assert [c.rule for c in item(small.plan()).consequences] == ["later-folders", "readers-break"]


def test_another_encryption_of_a_live_account_is_said_and_not_sent(small: World) -> None:
    def encrypted(key: str) -> dict[str, Any]:
        text = base64.b64encode(f"{key} public key block".encode() * 4).decode()
        lake = {**DESTINATIONS["s3-role"], "encryption": {"public_key": text}}
        return config(destinations={**DESTINATIONS, "s3-role": lake})

    apply_config(small, encrypted("one"))
    assert findings(small.plan(), "destinations.s3-role") == []
    small.write(encrypted("two"))
    plan = small.plan()
    assert (findings(plan, "destinations.s3-role"), plan.steps()) == (["encryption-fixed"], ())


def test_a_flow_of_the_same_name_with_other_datasets_is_no_look_alike(small: World) -> None:
    small.emulator.ui.create_flow("orders", ["Returns"], sandbox=SANDBOX)
    small.write(orders())
    assert safety_checks(small.plan()) == []


def test_a_dataset_list_an_interrupted_run_left_behind_is_taken_up(small: World) -> None:
    apply_config(small, orders())
    before = source(small)
    wanted = [d for d in small.emulator.datasets(SANDBOX) if d["name"] in ("Orders", "Returns")]
    left = {
        **before,
        "id": f"{before['id'][:-6]}abcdef",
        "params": {"datasets": [{"dataSetId": d["id"], "name": d["name"]} for d in wanted]},
    }
    small.emulator.ui.load({"sourceConnections": [left]}, sandbox=SANDBOX)
    small.write(orders(datasets=["Orders", "Returns"]))
    assert writes_of(small) == ["DELETE /sourceConnections", "PATCH /flows"]
    assert source(small)["id"] == left["id"]


def test_adopting_with_an_unknown_dataset_is_an_error(small: World) -> None:
    made = small.emulator.ui.create_flow("By hand", ["Orders"], sandbox=SANDBOX)
    small.write(orders(adopt=made["id"], datasets=["Odrers"]))
    plan = small.plan()
    assert ([f.rule for f in plan.errors()], item(plan).steps) == (["dataset-unknown"], ())


def test_a_list_left_behind_that_does_not_fit_is_cleaned_away(small: World) -> None:
    apply_config(small, orders())
    left = {**source(small), "id": f"00000000{source(small)['id'][8:]}"}
    small.emulator.ui.load({"sourceConnections": [left]}, sandbox=SANDBOX)
    small.write(orders(datasets=["Orders", "Returns"]))
    assert writes_of(small) == [
        "DELETE /sourceConnections", "DELETE /sourceConnections", "PATCH /flows", "POST /sourceConnections",
    ]  # fmt: skip
    assert len(objects(small, "sourceConnections")) == 1


def test_a_flow_already_marked_as_going_is_replaced_without_asking_again(small: World) -> None:
    apply_config(small, orders())
    small.write(orders(destination="gcs"))
    with small.open_plan(CONSENT) as made:
        consent = next(s for s in made.plan.steps() if s.key.endswith("/consent"))
    assert consent.marker is not None
    assert consent.marker.being_replaced
    flow = small.flow("orders")
    text = format_description("", "https://github.com/acme/exports", consent.marker, FLOW)
    small.emulator.ui.describe("orders", text)
    plan = small.plan()
    assert (safety_checks(plan), [s.key for s in plan.steps() if s.key.endswith("/consent")]) == ([], [])
    apply_config(small)
    assert small.flow("orders")["id"] != flow["id"]
