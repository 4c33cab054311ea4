"""What has no consent does not happen by a detour: a rename, a replacement, a typed reason, an old entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exportctl.emulator import Switches
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.planfile import file as planfile
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    field_causes,
    item,
    orders,
    orders_and_other,
    safety_checks,
)
from tests.workflows.test_scenarios_owners import duplicate_orders
from tests.workflows.world import DATASETS, DESTINATIONS, SANDBOX, World, config, world

REPLACE = PlanOptions(allow_replace=("exports.orders",))


def test_a_duplicate_that_goes_is_a_change_which_names_it(small: World) -> None:
    apply_config(small, orders_and_other(protect=True))
    kept, duplicate = small.flow("orders")["id"], duplicate_orders(small)["id"]
    before = planfile.approval_digest(small.plan())
    small.write(orders_and_other(protect=True, keep=kept))
    plan = small.plan()
    assert not plan.is_empty
    assert item(plan).verb is Verb.UPDATE
    assert [f.before for f in item(plan).fields if f.path == "flow"] == [f'{duplicate} "orders"']
    assert any(duplicate in c.text for c in item(plan).consequences)
    assert planfile.approval_digest(plan) != before


def test_a_hidden_flow_is_not_made_again_under_a_new_name(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(labelled="hidden"))
    apply_config(made, orders())
    made.emulator.ui.label("flows", made.flow("orders")["id"], ["core/C12"])
    made.emulator.advance(2 * DAY)
    made.write(config(exports={"daily": {"datasets": ["Orders"], "title": "orders", "renamed_from": "orders"}}))
    assert safety_checks(made.plan(), "exports.daily") == ["re-creation"]
    made.apply(PlanOptions(allow_recreate=("exports.daily",)))
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1


def test_connections_from_before_a_rename_are_cleaned_away_with_the_new_flow(small: World) -> None:
    apply_config(small, orders_and_other())
    small.emulator.ui.delete("orders")
    small.emulator.advance(2 * DAY)
    exports: dict[str, Any] = {**orders_and_other()["exports"]}
    exports["daily"] = {**exports.pop("orders"), "renamed_from": "orders"}
    apply_config(small, config(exports=exports), PlanOptions(allow_recreate=("exports.daily",)))
    seen = small.emulator.snapshot(SANDBOX)
    assert len(seen["sourceConnections"]) == len(seen["targetConnections"]) == len(seen["flows"]) == 2


def test_a_replacement_does_not_start_what_was_paused(applied_orders: World) -> None:
    applied_orders.emulator.ui.disable("orders")
    applied_orders.write(orders(destination="gcs"))
    assert safety_checks(applied_orders.plan(REPLACE)) == ["paused"]
    applied_orders.write(orders(destination="gcs", enabled=False))
    assert safety_checks(applied_orders.plan(REPLACE)) == []
    applied_orders.write(orders(destination="gcs"))
    resuming = PlanOptions(allow_replace=("exports.orders",), resume=("exports.orders",))
    apply_config(applied_orders, flags=resuming)
    assert applied_orders.flow("orders")["state"] == "enabled"


def test_a_replacement_does_not_undo_an_end_cut_short(applied_orders: World) -> None:
    applied_orders.emulator.ui.end("orders", int(applied_orders.emulator.now) + 7 * DAY)
    applied_orders.write(orders(destination="gcs"))
    assert safety_checks(applied_orders.plan(REPLACE)) == ["paused"]


def test_a_pause_with_a_reason_typed_over_the_marker_is_still_a_pause(applied_orders: World) -> None:
    applied_orders.emulator.ui.disable("orders")
    applied_orders.emulator.ui.describe("orders", "stopped: legal")
    for _ in range(3):
        assert field_causes(applied_orders.plan())["enabled"] is Cause.PAUSED
        applied_orders.apply()
    assert applied_orders.flow("orders")["state"] == "disabled"


def test_an_end_cut_short_whose_reason_was_typed_over_the_marker_is_not_renewed(applied_orders: World) -> None:
    cut = int(applied_orders.emulator.now) + 7 * DAY
    applied_orders.emulator.ui.end("orders", cut)
    applied_orders.emulator.ui.describe("orders", "ends in a week: legal")
    for flags in (PlanOptions(), PlanOptions(renew_only=True), PlanOptions()):
        assert field_causes(applied_orders.plan(flags))["end"] is Cause.PAUSED
        applied_orders.apply(flags)
    assert applied_orders.flow("orders")["scheduleParams"]["endTime"] == cut


def test_a_destination_of_another_type_leaves_no_account_behind(applied_orders: World) -> None:
    gcs = {**DESTINATIONS["gcs"]}
    apply_config(applied_orders, config(destinations={**DESTINATIONS, "s3-role": gcs}), REPLACE)
    bases = applied_orders.emulator.snapshot(SANDBOX)["connections"]
    assert [b["connectionSpec"]["id"] for b in bases] == ["c5d93acb-ea8b-4b14-8f53-02138444ae99"]


def test_an_old_entry_for_a_key_is_no_consent_for_a_part_of_it(small: World) -> None:
    split = {"datasets": list(DATASETS[:3]), "split_by": "dataset"}
    old = [{"export": "sales", "do": "delete", "reason": "was one flow once"}]
    apply_config(small, config(exports={"sales": split}, removed=old))
    small.write(config(exports={"sales": {**split, "datasets": list(DATASETS[:2])}}, removed=old))
    assert safety_checks(small.plan(), "exports.sales/returns") == ["deletion"]


def test_protect_refuses_a_schedule_that_ends_the_export(small: World) -> None:
    apply_config(small, orders(protect=True))
    small.write(orders(protect=True, schedule={"every": "once", "at": "02:00"}, end="2028-01-01"))
    assert "protect" in safety_checks(small.plan())


def test_switching_off_in_the_yaml_for_the_first_time_is_pending(applied_orders: World) -> None:
    applied_orders.write(orders(enabled=False))
    assert field_causes(applied_orders.plan()) == {"enabled": Cause.PENDING}
