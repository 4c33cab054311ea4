"""Who owns what: flows deleted, doubled, shared, handed over; nothing of others is touched, nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    field_causes,
    findings,
    item,
    objects,
    orders,
    orders_and_other,
    other_only,
    safety_checks,
    source,
    target,
    writes_of,
)
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
REMOVAL = ["DELETE /flows", "DELETE /sourceConnections", "DELETE /targetConnections"]


def removed_section(do: str = "delete", **what: str) -> dict[str, Any]:
    return {"removed": [{**(what or {"export": "orders"}), "do": do, "reason": "no longer wanted"}]}


def load_objects(world: World, collection: str, *docs: dict[str, Any]) -> None:
    world.emulator.ui.load({collection: docs}, sandbox=SANDBOX)


def another_id(doc: dict[str, Any]) -> str:
    """An id nothing has."""
    return f"{doc['id'][:-6]}abcdef"


def duplicate_orders(world: World) -> dict[str, Any]:
    """The flow `orders` a second time with connections of its own, marker and all, as a copying tool would do it."""
    flow = {k: v for k, v in world.flow("orders").items() if k not in ("id", "etag", "version")}
    for collection, name, doc in (
        ("sourceConnections", "sourceConnectionIds", source(world)),
        ("targetConnections", "targetConnectionIds", target(world)),
    ):
        identity = another_id(doc)
        load_objects(world, collection, {**doc, "id": identity})
        flow[name] = [identity]
    identity = another_id(world.flow("orders"))
    load_objects(world, "flows", {**flow, "id": identity})
    return {**flow, "id": identity}


# -- flows deleted by hand --------------------------------------------------------------------------------------------


def test_a_flow_deleted_by_hand_within_a_day_looks_like_a_creation_begun(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.delete("orders")
    small.emulator.advance(100)
    plan = small.plan()
    assert item(plan).verb is Verb.COMPLETE
    assert findings(plan) == ["half-built"]
    assert "if you deleted the flow, remove the export" in item(plan).consequences[0].text
    apply_config(small)
    assert [len(objects(small, c)) for c in ("flows", "sourceConnections", "targetConnections")] == [1, 1, 1]


def test_a_flow_deleted_by_hand_and_removed_from_the_yaml_leaves_nothing(small: World) -> None:
    apply_config(small, orders_and_other())
    small.emulator.ui.delete("orders")
    small.emulator.advance(100)
    small.write(other_only())
    plan = small.plan()
    assert item(plan).verb is Verb.CLEAN
    assert not plan.is_empty
    assert writes_of(small) == ["DELETE /sourceConnections", "DELETE /targetConnections"]


def test_a_flow_gone_for_more_than_a_day_is_not_created_again_without_being_asked(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.delete("orders")
    small.emulator.advance(DAY + 1)
    plan = small.plan()
    assert findings(plan) == ["flow-gone"]
    assert safety_checks(plan) == ["re-creation"]
    assert item(plan).refusals[0].allow == "--allow-recreate exports.orders"
    apply_config(small, flags=PlanOptions(allow_recreate=("exports.orders",)))
    assert [len(objects(small, c)) for c in ("flows", "sourceConnections", "targetConnections")] == [1, 1, 1]
    assert item(small.plan()).verb is Verb.UNCHANGED


def test_what_a_re_creation_sends_again_is_said(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.delete("orders")
    small.emulator.advance(DAY + 1)
    plan = small.plan(PlanOptions(allow_recreate=("orders",)))
    assert safety_checks(plan) == []
    assert "full-re-export" in [c.rule for c in item(plan).consequences]


def test_orphans_older_than_a_day_are_reported_only_until_consent(small: World) -> None:
    apply_config(small, orders_and_other())
    small.emulator.ui.delete("orders")
    small.emulator.advance(DAY + 1)
    small.write(other_only())
    plan = small.plan()
    assert (item(plan).verb, findings(plan)) == (Verb.UNCHANGED, ["orphans"])
    assert writes_of(small) == []
    small.write(other_only(**removed_section()))
    assert item(small.plan()).verb is Verb.CLEAN
    assert writes_of(small) == ["DELETE /sourceConnections", "DELETE /targetConnections"]


# -- duplicates -------------------------------------------------------------------------------------------------------


def test_duplicates_block_everything_at_their_address_until_one_is_named(small: World) -> None:
    apply_config(small, orders_and_other())
    first, second = small.flow("orders")["id"], duplicate_orders(small)["id"]
    small.write(orders_and_other(subpath="new"))
    plan = small.plan()
    assert (safety_checks(plan), findings(plan)) == (["duplicates"], ["duplicates"])
    assert item(plan).steps == ()
    assert first in item(plan).refusals[0].text
    assert second in item(plan).refusals[0].text
    for keep, gone in ((first, second),):
        small.write(orders_and_other(keep=keep))
        assert writes_of(small) == REMOVAL
        assert [f["id"] for f in objects(small, "flows") if f["id"] in (first, second)] == [keep]
        assert gone not in {f["id"] for f in objects(small, "flows")}


def test_the_younger_duplicate_may_be_kept_too(small: World) -> None:
    apply_config(small, orders_and_other())
    second = duplicate_orders(small)["id"]
    small.write(orders_and_other(keep=second))
    assert writes_of(small) == REMOVAL
    assert small.flow("orders")["id"] == second


def test_an_id_that_is_no_duplicate_keeps_the_refusal(small: World) -> None:
    apply_config(small, orders_and_other())
    duplicate_orders(small)
    small.write(orders_and_other(keep=UNKNOWN_ID))
    assert safety_checks(small.plan()) == ["duplicates"]


def test_a_duplicate_that_shares_its_connections_goes_alone(small: World) -> None:
    apply_config(small, orders_and_other())
    flow = small.flow("orders")
    load_objects(small, "flows", {**flow, "id": another_id(flow)})
    assert safety_checks(small.plan()) == ["duplicates"]
    small.write(orders_and_other(keep=flow["id"]))
    outcomes, _ = small.apply()
    assert [(o.step.kind, o.step.action, o.status) for o in outcomes] == [("flow", "delete", OutcomeStatus.DONE)]
    assert small.flow("orders")["id"] == flow["id"]
    assert field_causes(small.plan()) == {}


# -- shared connections -----------------------------------------------------------------------------------------------


def share_connections(world: World, *names: str) -> None:
    """A second, unmanaged flow that points to connections of `orders`."""
    made = world.emulator.ui.create_flow("Mine", ["Loyalty Profiles"], sandbox=SANDBOX)
    flow = next(f for f in objects(world, "flows") if f["id"] == made["id"])
    load_objects(world, "flows", {**flow, **{n: world.flow("orders")[n] for n in names}})


def test_a_change_of_a_shared_target_is_refused_naming_who_else_uses_it(small: World) -> None:
    apply_config(small, orders())
    share_connections(small, "targetConnectionIds")
    small.write(orders(subpath="new"))
    plan = small.plan()
    assert safety_checks(plan) == ["shared-children"]
    assert "Mine" in item(plan).refusals[0].text


def test_a_shared_target_is_neither_marked_nor_deleted(small: World) -> None:
    apply_config(small, orders_and_other())
    share_connections(small, "targetConnectionIds")
    small.write(orders_and_other(title="Other name"))
    before = target(small)["description"]
    assert writes_of(small) == ["PATCH /flows"]
    assert target(small, "Other name")["description"] == before
    small.write(other_only(**removed_section()))
    assert writes_of(small) == ["DELETE /flows", "DELETE /sourceConnections"]
    assert target(small, "Mine")["description"] == before


def test_another_dataset_list_leaves_a_shared_source_to_the_other_flow(small: World) -> None:
    apply_config(small, orders())
    share_connections(small, "sourceConnectionIds")
    before = source(small)
    small.write(orders(datasets=["Orders", "Returns"]))
    assert writes_of(small) == ["PATCH /flows", "POST /sourceConnections"]
    assert source(small, "Mine")["id"] == before["id"]
    assert source(small)["id"] != before["id"]


@pytest.mark.parametrize("name", ["sourceConnectionIds", "targetConnectionIds"])
def test_a_flow_of_ours_with_several_connections_is_left_alone_and_can_be_handed_back(small: World, name: str) -> None:
    apply_config(small, orders_and_other())
    other = small.emulator.ui.create_flow("Mine", ["Loyalty Profiles"], sandbox=SANDBOX)
    extra = other["source" if name.startswith("source") else "target"]
    flow = small.flow("orders")
    load_objects(small, "flows", {**flow, name: [*flow[name], extra]})
    small.write(orders_and_other(title="New"))
    plan = small.plan()
    assert (safety_checks(plan), item(plan).steps, item(plan).verb) == (["not-expressible"], (), Verb.BLOCKED)
    small.write(other_only(**removed_section("release")))
    released = item(small.plan())
    assert (released.verb, safety_checks(small.plan())) == (Verb.RELEASE, [])
    assert {(s.kind, s.action, s.remove_marker) for s in released.steps} >= {("flow", "update", True)}


# -- removed ----------------------------------------------------------------------------------------------------------


def test_an_export_no_longer_declared_is_not_deleted_without_consent(small: World) -> None:
    apply_config(small, orders_and_other())
    small.write(other_only())
    plan = small.plan()
    assert (item(plan).verb, safety_checks(plan)) == (Verb.DELETE, ["deletion"])
    for allowed in (PlanOptions(allow_deletes=1), None):
        if allowed is None:
            small.write(other_only(policy={"max_deletes": 1}))
        assert safety_checks(small.plan(allowed or PlanOptions())) == []


@pytest.mark.parametrize(
    ("content", "flags"),
    [
        (other_only(**removed_section()), PlanOptions()),
        (other_only(policy={"max_deletes": 1}), PlanOptions()),
        (other_only(), PlanOptions(allow_deletes=1)),
    ],
    ids=["named in removed", "within max_deletes", "--allow-deletes 1"],
)
def test_an_export_is_deleted_with_what_is_its_own(small: World, content: dict[str, Any], flags: PlanOptions) -> None:
    apply_config(small, orders_and_other())
    small.write(content)
    assert writes_of(small, flags) == REMOVAL
    assert [f["name"] for f in objects(small, "flows")] == ["other"]
    assert len(objects(small, "connections")) == 1  # its account is declared, and used


def test_the_last_flow_goes_only_by_name(small: World) -> None:
    apply_config(small, orders_and_other())
    gone = config(exports={"new": {"datasets": ["Returns"], "subpath": "new"}})
    small.write(gone)
    plan = small.plan(PlanOptions(allow_deletes=99))
    assert (safety_checks(plan), safety_checks(plan, "exports.other")) == (["delete-all"], ["delete-all"])
    small.write({**gone, **removed_section()})
    assert (safety_checks(small.plan(PlanOptions(allow_deletes=99))), safety_checks(small.plan(), "exports.other")) == (
        [],
        ["delete-all"],
    )
    entries = [{"export": e, "do": "delete", "reason": "moved"} for e in ("orders", "other")]
    apply_config(small, {**gone, "removed": entries})
    assert [f["name"] for f in objects(small, "flows")] == ["new"]


def test_a_consent_is_inert_once_it_is_done(small: World) -> None:
    apply_config(small, orders_and_other())
    apply_config(small, other_only(**removed_section()))
    assert small.plan().steps() == ()
    assert [str(i.address) for i in small.plan().items] == ["destinations.s3-role", "exports.other"]


def test_a_released_export_runs_on_and_is_unmanaged(small: World) -> None:
    apply_config(small, orders_and_other(description="For the lake"))
    before = small.flow("orders")
    small.write(other_only(**removed_section("release")))
    plan = small.plan()
    assert (item(plan).verb, plan.is_empty, safety_checks(plan)) == (Verb.RELEASE, False, [])
    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]
    after = small.flow("orders")
    assert (after["id"], after["state"], after["description"]) == (before["id"], "enabled", "For the lake")
    assert target(small)["description"] == ""
    assert [(u.name, u.owner) for u in small.plan().other_flows] == [("orders", None)]


def test_a_released_export_can_be_adopted_again(small: World) -> None:
    apply_config(small, orders_and_other(description="For the lake"))
    apply_config(small, other_only(**removed_section("release")))
    small.write(orders_and_other(description="For the lake", adopt=small.flow("orders")["id"]))
    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]


def config_without_account(**changes: Any) -> dict[str, Any]:
    landing = {"other": {"datasets": ["Returns"], "destination": "landing"}}
    left = {k: v for k, v in DESTINATIONS.items() if k != "s3-role"}
    return config(
        exports=landing, destinations=left, defaults={**config()["defaults"], "destination": "landing"}, **changes
    )


def config_with_account() -> dict[str, Any]:
    landing = config_without_account()
    exports = {**orders_and_other()["exports"], **landing["exports"]}
    return {**landing, "destinations": DESTINATIONS, "exports": exports, "defaults": config()["defaults"]}


def test_an_account_goes_when_consented_and_no_flow_uses_it(small: World) -> None:
    apply_config(small, config_with_account())
    entries = [
        {"export": "orders", "do": "delete", "reason": "x"},
        {"destination": "s3-role", "do": "delete", "reason": "x"},
    ]
    small.write(config_without_account(removed=entries))
    assert writes_of(small) == sorted([*REMOVAL, "DELETE /connections"])


def test_an_account_no_longer_declared_is_not_deleted_without_consent(small: World) -> None:
    apply_config(small, config_with_account())
    small.write(config_without_account(**removed_section()))
    plan = small.plan()
    assert (safety_checks(plan), safety_checks(plan, "destinations.s3-role")) == ([], ["deletion"])


@pytest.mark.parametrize("audience", [False, True], ids=["a dataset flow", "an audience flow"])
def test_an_account_that_other_flows_use_stays_and_the_plan_names_them(small: World, audience: bool) -> None:
    apply_config(small, config_with_account())
    base = next(c["id"] for c in objects(small, "connections") if c["connectionSpec"]["id"].startswith("4fce"))
    small.emulator.ui.create_flow("Theirs", ["Orders"], sandbox=SANDBOX, base=base, audience=audience)
    entries = [
        {"export": "orders", "do": "delete", "reason": "x"},
        {"destination": "s3-role", "do": "delete", "reason": "x"},
    ]
    small.write(config_without_account(removed=entries))
    plan = small.plan()
    assert findings(plan, "destinations.s3-role") == ["account-in-use"]
    assert "Theirs" in item(plan, "destinations.s3-role").findings[0].message
    assert writes_of(small) == REMOVAL


def test_a_released_account_keeps_running_without_our_marker(small: World) -> None:
    apply_config(small, config_with_account())
    entries = [
        {"export": "orders", "do": "release", "reason": "x"},
        {"destination": "s3-role", "do": "release", "reason": "x"},
    ]
    small.write(config_without_account(removed=entries))
    assert writes_of(small) == ["PATCH /connections", "PATCH /flows", "PATCH /targetConnections"]
    (base,) = [c for c in objects(small, "connections") if c["connectionSpec"]["id"].startswith("4fce")]
    assert base["description"] == ""


# -- protect ----------------------------------------------------------------------------------------------------------

REFUSED_CHANGES: dict[str, dict[str, Any]] = {
    "a deletion": other_only(**removed_section()),
    "a deletion within max_deletes": other_only(policy={"max_deletes": 9}),
    "a replacement": orders_and_other(protect=True, destination="gcs"),
    "switching it off": orders_and_other(protect=True, enabled=False),
    "a dataset lost": orders_and_other(protect=True, datasets=["Returns"]),
    "an earlier end": orders_and_other(protect=True, end="2027-03-01"),
    "an earlier end and no protection any more": orders_and_other(protect=False, end="2027-03-01"),
}


@pytest.mark.parametrize("change", REFUSED_CHANGES)
def test_a_protected_flow_is_not_ended_until_the_protection_was_taken_off_before(small: World, change: str) -> None:
    apply_config(small, orders_and_other(protect=True))
    small.write(REFUSED_CHANGES[change])
    flags = PlanOptions(allow_replace=("*",), allow_deletes=9)
    assert safety_checks(small.plan(flags)) == ["protect"]
    apply_config(small, orders_and_other(protect=False))
    small.write(REFUSED_CHANGES[change])
    assert safety_checks(small.plan(flags)) == []


FREE: dict[str, dict[str, Any]] = {
    "another place": orders_and_other(protect=True, subpath="new"),
    "another format": orders_and_other(protect=True, format="json"),
    "another title": orders_and_other(protect=True, title="New"),
    "a dataset more": orders_and_other(protect=True, datasets=["Orders", "Returns"]),
    "a later end": orders_and_other(protect=True, end="2029-01-01"),
    "another interval": orders_and_other(protect=True, schedule={"every": "6 hours", "at": "02:00"}),
}


@pytest.mark.parametrize("change", FREE)
def test_a_protected_flow_may_change_otherwise(small: World, change: str) -> None:
    apply_config(small, orders_and_other(protect=True))
    apply_config(small, FREE[change])


def test_releasing_a_protected_flow_ends_nothing(small: World) -> None:
    apply_config(small, orders_and_other(protect=True))
    apply_config(small, other_only(**removed_section("release")))
    assert small.flow("orders")["state"] == "enabled"


def test_a_protection_wiped_off_with_the_marker_still_holds_while_the_yaml_declares_it(small: World) -> None:
    apply_config(small, orders_and_other(protect=True))
    small.emulator.ui.describe("orders", "")
    small.write(orders_and_other(protect=True, datasets=["Returns"]))
    assert safety_checks(small.plan()) == ["protect"]


# -- other projects ---------------------------------------------------------------------------------------------------


def test_a_flow_of_another_project_is_shown_and_never_touched(small: World) -> None:
    theirs = {**orders_and_other(), "project": "theirs"}
    apply_config(small, theirs)
    before = small.emulator.snapshot(SANDBOX)
    apply_config(
        small, config(exports={"orders": {"datasets": ["Orders"], "subpath": "ours"}}, policy={"max_deletes": 99})
    )
    assert [(u.name, u.owner) for u in small.plan().other_flows] == [("orders", "theirs"), ("other", "theirs")]
    after = small.emulator.snapshot(SANDBOX)
    for collection in ("flows", "sourceConnections", "targetConnections", "connections"):
        kept = {d["id"]: d["description"] for d in after[collection]}
        assert all(kept[d["id"]] == d["description"] for d in before[collection])
    assert len(objects(small, "connections")) == 2  # not theirs either, though it would do


def test_a_flow_that_borrowed_our_target_does_not_become_ours_when_our_flow_goes(small: World) -> None:
    apply_config(small, orders_and_other())
    share_connections(small, "targetConnectionIds")
    apply_config(small, other_only(**removed_section()))
    assert [f["name"] for f in objects(small, "flows")] == ["other", "Mine"]
    plan = small.plan()
    assert (plan.steps(), [u.name for u in plan.other_flows]) == ((), ["Mine"])
    small.write(orders_and_other())
    assert safety_checks(small.plan()) == ["look-alike"]


def test_a_flow_that_borrowed_all_our_connections_is_not_deleted_on_their_word(small: World) -> None:
    apply_config(small, orders_and_other())
    share_connections(small, "sourceConnectionIds", "targetConnectionIds")
    small.write(other_only(**removed_section()))
    outcomes, _ = small.apply()
    assert [(o.step.kind, o.step.action) for o in outcomes] == [("flow", "delete")]
    assert safety_checks(small.plan(PlanOptions(allow_deletes=9))) == ["marker-lost"]
    assert {f["name"] for f in objects(small, "flows")} == {"other", "Mine"}


def test_a_flow_with_other_datasets_and_without_its_marker_gets_no_duplicate(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.datasets("orders", ["Returns"])
    small.emulator.ui.describe("orders", "")
    assert safety_checks(small.plan()) == ["look-alike"]
    small.emulator.advance(DAY + 1)
    assert "look-alike" in safety_checks(small.plan(PlanOptions(allow_recreate=("*",))))
    apply_config(small, orders(adopt=small.flow("orders")["id"], datasets=["Returns"]))
    assert len(objects(small, "flows")) == 1


def test_a_flow_of_ours_at_the_place_of_others_is_warned_about(small: World) -> None:
    apply_config(small, {**orders(), "project": "theirs"})
    small.write(orders())
    assert "location-shared-with-others" in findings(small.plan())


# -- adopt ------------------------------------------------------------------------------------------------------------


def create_flow_by_hand(world: World, **more: Any) -> dict[str, Any]:
    """A flow made in the UI, as the YAML of `adopting` says it."""
    return world.emulator.ui.create_flow("By hand", ["Orders"], sandbox=SANDBOX, **more)


def adopting_config(flow: str, **changes: Any) -> dict[str, Any]:
    lake = {
        "type": "amazon-s3",
        "bucket": "acme-exports",
        "path": "exports",
        "account": {"existing": "By hand account"},
    }
    export = {
        "datasets": ["Orders"],
        "title": "By hand",
        "adopt": flow,
        "destination": "lake",
        "schedule": {"every": "1 day", "at": "00:00"},
        "end": "2027-04-16T00:00:00Z",
    }
    return config(
        destinations={"lake": lake}, defaults={"format": "parquet"}, exports={"orders": {**export, **changes}}
    )


def test_adopting_writes_markers_and_changes_nothing(small: World) -> None:
    made = create_flow_by_hand(small)
    before = small.flow("By hand")
    small.write(adopting_config(made["id"]))
    plan = small.plan()
    assert (item(plan).verb, safety_checks(plan), field_causes(plan)) == (Verb.ADOPT, [], {})
    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]
    after = small.flow("By hand")
    same = ("id", "name", "state", "scheduleParams", "sourceConnectionIds", "targetConnectionIds")
    assert {k: after[k] for k in same} == {k: before[k] for k in same}
    assert [c.get("description") for c in objects(small, "connections")] in ([None], [""])
    assert item(small.plan()).verb is Verb.UNCHANGED  # the key is inert afterwards


def test_adopting_a_flow_that_differs_is_refused_and_shows_how(small: World) -> None:
    made = create_flow_by_hand(small)
    small.write(adopting_config(made["id"], subpath="new", schedule={"every": "6 hours", "at": "00:00"}))
    plan = small.plan()
    assert safety_checks(plan) == ["adoption-differs"]
    assert field_causes(plan) == {"schedule.every": Cause.UNKNOWN_ORIGIN, "path": Cause.UNKNOWN_ORIGIN}


def test_adopting_a_flow_that_was_switched_off_needs_the_yaml_to_say_so(small: World) -> None:
    made = create_flow_by_hand(small)
    small.emulator.ui.disable("By hand")
    small.write(adopting_config(made["id"], enabled=True))
    assert safety_checks(small.plan()) == ["adoption-differs"]
    small.write(adopting_config(made["id"], enabled=False))
    assert safety_checks(small.plan()) == []


def test_adopting_what_another_project_owns_is_refused(small: World) -> None:
    apply_config(small, {**orders(), "project": "theirs"})
    small.write(orders(adopt=small.flow("orders")["id"]))
    plan = small.plan()
    assert safety_checks(plan) == ["other-project"]
    assert "theirs" in item(plan).refusals[0].text


def test_adopting_what_is_not_there_is_an_error(small: World) -> None:
    small.write(orders(adopt=UNKNOWN_ID))
    assert "adopt-unknown" in [f.rule for f in small.plan().errors()]


def test_adopting_into_another_account_is_refused_as_a_replacement_would_be(small: World) -> None:
    made = create_flow_by_hand(small)
    small.emulator.ui.create_flow("Second", ["Returns"], sandbox=SANDBOX)
    content = adopting_config(made["id"])
    content["destinations"]["lake"]["account"] = {"existing": "Second account"}
    small.write(content)
    plan = small.plan()
    assert safety_checks(plan) == ["adoption-differs"]
    assert "another account" in item(plan).refusals[0].text


def test_adopting_a_flow_with_several_sources_is_refused(small: World) -> None:
    made, more = create_flow_by_hand(small), small.emulator.ui.create_flow("Second", ["Returns"], sandbox=SANDBOX)
    load_objects(small, "flows", {**small.flow("By hand"), "sourceConnectionIds": [made["source"], more["source"]]})
    small.write(adopting_config(made["id"]))
    assert "not-expressible" in safety_checks(small.plan())


def test_a_flow_that_looks_like_one_to_be_created_is_not_doubled(small: World) -> None:
    made = create_flow_by_hand(small)
    content = adopting_config(made["id"])
    del content["exports"]["orders"]["adopt"]
    small.write(content)
    plan = small.plan()
    assert safety_checks(plan) == ["look-alike"]
    assert f"adopt: {made['id']}" in item(plan).refusals[0].allow
    content["exports"]["orders"] |= {"title": "Another", "subpath": "new"}
    apply_config(small, content)
    assert len(objects(small, "flows")) == 2


# -- renamed ----------------------------------------------------------------------------------------------------------


def test_a_renamed_export_keeps_its_flow_and_its_name_in_the_ui(small: World) -> None:
    apply_config(small, orders())
    before = small.flow("orders")["id"]
    small.write(config(exports={"daily": {"datasets": ["Orders"], "title": "orders", "renamed_from": "orders"}}))
    plan = small.plan()
    assert [str(i.address) for i in plan.items if i.verb is Verb.DELETE] == []
    apply_config(small)
    assert small.flow("orders")["id"] == before
    assert small.plan().steps() == ()


def test_a_renamed_destination_keeps_its_account(small: World) -> None:
    apply_config(small, orders())
    (before,) = objects(small, "connections")
    destinations = {**DESTINATIONS, "lake": {**DESTINATIONS["s3-role"], "renamed_from": "s3-role"}}
    del destinations["s3-role"]
    content = config(destinations=destinations, exports={"orders": {"datasets": ["Orders"], "destination": "lake"}})
    content["defaults"] = {**content["defaults"], "destination": "lake"}
    small.write(content)
    assert writes_of(small) == ["PATCH /connections"]
    (after,) = objects(small, "connections")
    assert (after["id"], after["auth"]) == (before["id"], before["auth"])
    assert " lake " in after["description"]
    assert small.plan().steps() == ()


# -- a narrower plan --------------------------------------------------------------------------------------------------


def test_a_target_narrows_the_plan_pulls_in_its_account_and_deletes_nothing(small: World) -> None:
    apply_config(small, orders_and_other())
    exports = {
        "new": {"datasets": ["Orders"], "destination": "gcs"},
        "newer": {"datasets": ["Orders"], "destination": "blob"},
    }
    small.write(config(exports=exports, policy={"max_deletes": 9}))
    flags = PlanOptions(targets=("exports.new",))
    plan = small.plan(flags)
    assert [str(i.address) for i in plan.items] == ["destinations.gcs", "exports.new"]
    assert plan.targeted_out == 1
    assert writes_of(small, flags) == [
        "POST /connections", "POST /flows", "POST /sourceConnections", "POST /targetConnections",
    ]  # fmt: skip
    assert sorted(f["name"] for f in objects(small, "flows")) == ["new", "orders", "other"]


# -- what is unknown here ---------------------------------------------------------------------------------------------


def test_flows_of_unknown_cards_are_listed_and_harm_nothing(small: World) -> None:
    apply_config(small, orders())
    strange: list[dict[str, Any]] = [
        {"id": "odd-1", "name": "Odd", "flowSpec": {"id": "unknown-spec", "version": "1.0"}},
        {"id": "odd-2", "name": "Odder", "flowSpec": {"id": "x"},
         "scheduleParams": {"interval": "often", "endTime": "late"},
         "sourceConnectionIds": [], "targetConnectionIds": ["gone"], "description": None},
        {"id": "odd-3", "name": "", "flowSpec": {"id": "y"}, "scheduleParams": {"interval": -3, "timeUnit": "hour"},
         "transformations": [{"name": "x"}], "sourceConnectionIds": ["a", "b"]},
        {"id": "odd-4", "name": "Odd lists", "flowSpec": {"id": "z"}, "scheduleParams": [], "inheritedAttributes":
         {"properties": {"isDestinationFlow": True}, "targetConnections": [{"baseConnection": None}]}},
    ]  # fmt: skip
    marked = [{"inheritedAttributes": {"properties": {"isDestinationFlow": True}}, **doc} for doc in strange]
    load_objects(small, "flows", *marked)
    plan = small.plan()
    assert plan.is_empty
    assert {u.id for u in plan.other_flows} == {"odd-1", "odd-2", "odd-3", "odd-4"}
    assert {u.type for u in plan.other_flows} == {None}


def test_more_than_a_hundred_destinations_are_warned_about(small: World) -> None:
    small.emulator.store.set_setting("page_size", 100)
    docs = [
        {"id": f"many-{n}", "name": f"Many {n}", "flowSpec": {"id": "x"},
         "inheritedAttributes": {"properties": {"isDestinationFlow": True}}}
        for n in range(100)
    ]  # fmt: skip
    load_objects(small, "flows", *docs[:99])
    assert [f.rule for f in small.plan().findings] == []
    load_objects(small, "flows", docs[99])
    (found,) = small.plan().findings
    assert (found.rule, found.level) == ("destination-limit", "warning")
    assert "101" in found.message


ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "a source without datasets": ("sourceConnections", {"params": {"datasets": []}}),
    "a target without params": ("targetConnections", {"params": {}}),
    "a flow without a schedule": ("flows", {"scheduleParams": {}}),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_flow_of_ours_in_a_form_that_cannot_be_read_is_left_alone(small: World, odd: str) -> None:
    apply_config(small, orders_and_other())
    collection, changed = ODD[odd]
    doc: dict[str, Callable[[str], dict[str, Any]]] = {
        "flows": small.flow,
        "sourceConnections": lambda _: source(small),
        "targetConnections": lambda _: target(small),
    }
    load_objects(small, collection, {**doc[collection]("orders"), **changed})
    plan = small.plan()
    assert (safety_checks(plan), item(plan).steps) == (["not-expressible"], ())
    assert plan.steps() == ()
