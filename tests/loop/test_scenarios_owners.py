"""Who owns what: flows deleted, doubled, shared, handed over; nothing of others is touched, nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.flags import Flags
from exportctl.model import Cause, Status, Verb
from tests.loop.scenes import (
    DAY,
    applied,
    both,
    changes,
    findings,
    gates,
    item,
    objects,
    orders,
    source,
    target,
    without_orders,
    writes_of,
)
from tests.loop.world import DESTINATIONS, SANDBOX, World, config

NOBODY = "00000000-0000-4000-8000-000000000000"
REMOVAL = ["DELETE /flows", "DELETE /sourceConnections", "DELETE /targetConnections"]


def removed(do: str = "delete", **what: str) -> dict[str, Any]:
    return {"removed": [{**(what or {"export": "orders"}), "do": do, "reason": "no longer wanted"}]}


def load(world: World, collection: str, *docs: dict[str, Any]) -> None:
    world.emulator.ui.load({collection: docs}, sandbox=SANDBOX)


def another(doc: dict[str, Any]) -> str:
    """An id nothing has."""
    return f"{doc['id'][:-6]}abcdef"


def doubled(world: World) -> dict[str, Any]:
    """The flow `orders` a second time with connections of its own, marker and all, as a copying tool would do it."""
    flow = {k: v for k, v in world.flow("orders").items() if k not in ("id", "etag", "version")}
    for collection, name, doc in (
        ("sourceConnections", "sourceConnectionIds", source(world)),
        ("targetConnections", "targetConnectionIds", target(world)),
    ):
        identity = another(doc)
        load(world, collection, {**doc, "id": identity})
        flow[name] = [identity]
    identity = another(world.flow("orders"))
    load(world, "flows", {**flow, "id": identity})
    return {**flow, "id": identity}


# -- flows deleted by hand --------------------------------------------------------------------------------------------


def test_a_flow_deleted_by_hand_within_a_day_looks_like_a_creation_begun(small: World) -> None:
    applied(small, orders())
    small.emulator.ui.delete("orders")
    small.emulator.advance(100)
    plan = small.plan()
    assert item(plan).verb is Verb.COMPLETE
    assert findings(plan) == ["half-built"]
    assert "if you deleted the flow, remove the export" in item(plan).consequences[0].text
    applied(small)
    assert [len(objects(small, c)) for c in ("flows", "sourceConnections", "targetConnections")] == [1, 1, 1]


def test_a_flow_deleted_by_hand_and_removed_from_the_yaml_leaves_nothing(small: World) -> None:
    applied(small, both())
    small.emulator.ui.delete("orders")
    small.emulator.advance(100)
    small.write(without_orders())
    plan = small.plan()
    assert item(plan).verb is Verb.CLEAN
    assert plan.empty
    assert writes_of(small) == ["DELETE /sourceConnections", "DELETE /targetConnections"]


def test_a_flow_gone_for_more_than_a_day_is_not_created_again_without_being_asked(small: World) -> None:
    applied(small, orders())
    small.emulator.ui.delete("orders")
    small.emulator.advance(DAY + 1)
    plan = small.plan()
    assert findings(plan) == ["flow-gone"]
    assert gates(plan) == ["re-creation"]
    assert item(plan).refusals[0].allow == "--allow-recreate exports.orders"
    applied(small, flags=Flags(allow_recreate=("exports.orders",)))
    assert [len(objects(small, c)) for c in ("flows", "sourceConnections", "targetConnections")] == [1, 1, 1]
    assert item(small.plan()).verb is Verb.NONE


def test_what_a_re_creation_sends_again_is_said(small: World) -> None:
    applied(small, orders())
    small.emulator.ui.delete("orders")
    small.emulator.advance(DAY + 1)
    plan = small.plan(Flags(allow_recreate=("orders",)))
    assert gates(plan) == []
    assert "full-export" in [c.rule for c in item(plan).consequences]


def test_leftovers_older_than_a_day_are_reported_only_until_consent(small: World) -> None:
    applied(small, both())
    small.emulator.ui.delete("orders")
    small.emulator.advance(DAY + 1)
    small.write(without_orders())
    plan = small.plan()
    assert (item(plan).verb, findings(plan)) == (Verb.NONE, ["leftovers"])
    assert writes_of(small) == []
    small.write(without_orders(**removed()))
    assert item(small.plan()).verb is Verb.CLEAN
    assert writes_of(small) == ["DELETE /sourceConnections", "DELETE /targetConnections"]


# -- twins ------------------------------------------------------------------------------------------------------------


def test_twins_stop_everything_at_their_address_until_one_is_named(small: World) -> None:
    applied(small, both())
    first, second = small.flow("orders")["id"], doubled(small)["id"]
    small.write(both(subpath="new"))
    plan = small.plan()
    assert (gates(plan), findings(plan)) == (["twins"], ["twins"])
    assert item(plan).steps == ()
    assert first in item(plan).refusals[0].text
    assert second in item(plan).refusals[0].text
    for keep, gone in ((first, second),):
        small.write(both(keep=keep))
        assert writes_of(small) == REMOVAL
        assert [f["id"] for f in objects(small, "flows") if f["id"] in (first, second)] == [keep]
        assert gone not in {f["id"] for f in objects(small, "flows")}


def test_the_younger_twin_may_be_kept_too(small: World) -> None:
    applied(small, both())
    second = doubled(small)["id"]
    small.write(both(keep=second))
    assert writes_of(small) == REMOVAL
    assert small.flow("orders")["id"] == second


def test_a_name_that_is_no_twin_keeps_the_refusal(small: World) -> None:
    applied(small, both())
    doubled(small)
    small.write(both(keep=NOBODY))
    assert gates(small.plan()) == ["twins"]


def test_a_twin_that_shares_its_connections_goes_alone(small: World) -> None:
    applied(small, both())
    flow = small.flow("orders")
    load(small, "flows", {**flow, "id": another(flow)})
    assert gates(small.plan()) == ["twins"]
    small.write(both(keep=flow["id"]))
    outcomes, _ = small.apply()
    assert [(o.step.kind, o.step.action, o.status) for o in outcomes] == [("flow", "delete", Status.DONE)]
    assert small.flow("orders")["id"] == flow["id"]
    assert changes(small.plan()) == {}


# -- shared connections -----------------------------------------------------------------------------------------------


def shared(world: World, *names: str) -> None:
    """A second flow, nobody's, that points to connections of `orders`."""
    made = world.emulator.ui.create_flow("Mine", ["Loyalty Profiles"], sandbox=SANDBOX)
    flow = next(f for f in objects(world, "flows") if f["id"] == made["id"])
    load(world, "flows", {**flow, **{n: world.flow("orders")[n] for n in names}})


def test_a_change_of_a_shared_target_is_refused_naming_who_else_uses_it(small: World) -> None:
    applied(small, orders())
    shared(small, "targetConnectionIds")
    small.write(orders(subpath="new"))
    plan = small.plan()
    assert gates(plan) == ["shared-children"]
    assert "Mine" in item(plan).refusals[0].text


def test_a_shared_target_is_neither_marked_nor_deleted(small: World) -> None:
    applied(small, both())
    shared(small, "targetConnectionIds")
    small.write(both(title="Other name"))
    before = target(small)["description"]
    assert writes_of(small) == ["PATCH /flows"]
    assert target(small, "Other name")["description"] == before
    small.write(without_orders(**removed()))
    assert writes_of(small) == ["DELETE /flows", "DELETE /sourceConnections"]
    assert target(small, "Mine")["description"] == before


def test_another_dataset_list_leaves_a_shared_source_to_the_other_flow(small: World) -> None:
    applied(small, orders())
    shared(small, "sourceConnectionIds")
    before = source(small)
    small.write(orders(datasets=["Orders", "Returns"]))
    assert writes_of(small) == ["PATCH /flows", "POST /sourceConnections"]
    assert source(small, "Mine")["id"] == before["id"]
    assert source(small)["id"] != before["id"]


@pytest.mark.parametrize("name", ["sourceConnectionIds", "targetConnectionIds"])
def test_a_flow_of_ours_with_several_connections_is_left_alone_and_can_be_handed_back(small: World, name: str) -> None:
    applied(small, both())
    other = small.emulator.ui.create_flow("Mine", ["Loyalty Profiles"], sandbox=SANDBOX)
    extra = other["source" if name.startswith("source") else "target"]
    flow = small.flow("orders")
    load(small, "flows", {**flow, name: [*flow[name], extra]})
    small.write(both(title="New"))
    plan = small.plan()
    assert (gates(plan), item(plan).steps, item(plan).verb) == (["not-expressible"], (), Verb.HELD)
    small.write(without_orders(**removed("release")))
    released = item(small.plan())
    assert (released.verb, gates(small.plan())) == (Verb.RELEASE, [])
    assert {(s.kind, s.action, s.unmark) for s in released.steps} >= {("flow", "update", True)}


# -- removed ----------------------------------------------------------------------------------------------------------


def test_an_export_no_longer_declared_is_not_deleted_without_consent(small: World) -> None:
    applied(small, both())
    small.write(without_orders())
    plan = small.plan()
    assert (item(plan).verb, gates(plan)) == (Verb.DELETE, ["deletion"])
    for allowed in (Flags(allow_deletes=1), None):
        if allowed is None:
            small.write(without_orders(policy={"max_deletes": 1}))
        assert gates(small.plan(allowed or Flags())) == []


@pytest.mark.parametrize(
    ("content", "flags"),
    [
        (without_orders(**removed()), Flags()),
        (without_orders(policy={"max_deletes": 1}), Flags()),
        (without_orders(), Flags(allow_deletes=1)),
    ],
    ids=["named in removed", "within max_deletes", "--allow-deletes 1"],
)
def test_an_export_is_deleted_with_what_is_its_own(small: World, content: dict[str, Any], flags: Flags) -> None:
    applied(small, both())
    small.write(content)
    assert writes_of(small, flags) == REMOVAL
    assert [f["name"] for f in objects(small, "flows")] == ["other"]
    assert len(objects(small, "connections")) == 1  # its account is declared, and used


def test_the_last_flow_goes_only_by_name(small: World) -> None:
    applied(small, both())
    gone = config(exports={"new": {"datasets": ["Returns"], "subpath": "new"}})
    small.write(gone)
    plan = small.plan(Flags(allow_deletes=99))
    assert (gates(plan), gates(plan, "exports.other")) == (["delete-all"], ["delete-all"])
    small.write({**gone, **removed()})
    assert (gates(small.plan(Flags(allow_deletes=99))), gates(small.plan(), "exports.other")) == ([], ["delete-all"])
    entries = [{"export": e, "do": "delete", "reason": "moved"} for e in ("orders", "other")]
    applied(small, {**gone, "removed": entries})
    assert [f["name"] for f in objects(small, "flows")] == ["new"]


def test_a_consent_is_inert_once_it_is_done(small: World) -> None:
    applied(small, both())
    applied(small, without_orders(**removed()))
    assert small.plan().steps() == ()
    assert [str(i.address) for i in small.plan().items] == ["destinations.s3-role", "exports.other"]


def test_a_released_export_runs_on_and_belongs_to_nobody(small: World) -> None:
    applied(small, both(description="For the lake"))
    before = small.flow("orders")
    small.write(without_orders(**removed("release")))
    plan = small.plan()
    assert (item(plan).verb, plan.empty, gates(plan)) == (Verb.RELEASE, False, [])
    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]
    after = small.flow("orders")
    assert (after["id"], after["state"], after["description"]) == (before["id"], "enabled", "For the lake")
    assert target(small)["description"] == ""
    assert [(u.name, u.owner) for u in small.plan().unmanaged] == [("orders", None)]


def test_a_released_export_can_be_adopted_again(small: World) -> None:
    applied(small, both(description="For the lake"))
    applied(small, without_orders(**removed("release")))
    small.write(both(description="For the lake", adopt=small.flow("orders")["id"]))
    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]


def without_account(**changes: Any) -> dict[str, Any]:
    landing = {"other": {"datasets": ["Returns"], "destination": "landing"}}
    left = {k: v for k, v in DESTINATIONS.items() if k != "s3-role"}
    return config(
        exports=landing, destinations=left, defaults={**config()["defaults"], "destination": "landing"}, **changes
    )


def with_account() -> dict[str, Any]:
    landing = without_account()
    exports = {**both()["exports"], **landing["exports"]}
    return {**landing, "destinations": DESTINATIONS, "exports": exports, "defaults": config()["defaults"]}


def test_an_account_goes_when_consented_and_nobody_uses_it(small: World) -> None:
    applied(small, with_account())
    entries = [
        {"export": "orders", "do": "delete", "reason": "x"},
        {"destination": "s3-role", "do": "delete", "reason": "x"},
    ]
    small.write(without_account(removed=entries))
    assert writes_of(small) == sorted([*REMOVAL, "DELETE /connections"])


def test_an_account_no_longer_declared_is_not_deleted_without_consent(small: World) -> None:
    applied(small, with_account())
    small.write(without_account(**removed()))
    plan = small.plan()
    assert (gates(plan), gates(plan, "destinations.s3-role")) == ([], ["deletion"])


@pytest.mark.parametrize("audience", [False, True], ids=["a dataset flow", "an audience flow"])
def test_an_account_somebody_else_uses_stays_and_the_plan_names_them(small: World, audience: bool) -> None:
    applied(small, with_account())
    base = next(c["id"] for c in objects(small, "connections") if c["connectionSpec"]["id"].startswith("4fce"))
    small.emulator.ui.create_flow("Theirs", ["Orders"], sandbox=SANDBOX, base=base, audience=audience)
    entries = [
        {"export": "orders", "do": "delete", "reason": "x"},
        {"destination": "s3-role", "do": "delete", "reason": "x"},
    ]
    small.write(without_account(removed=entries))
    plan = small.plan()
    assert findings(plan, "destinations.s3-role") == ["account-in-use"]
    assert "Theirs" in item(plan, "destinations.s3-role").findings[0].message
    assert writes_of(small) == REMOVAL


def test_a_released_account_keeps_running_without_our_marker(small: World) -> None:
    applied(small, with_account())
    entries = [
        {"export": "orders", "do": "release", "reason": "x"},
        {"destination": "s3-role", "do": "release", "reason": "x"},
    ]
    small.write(without_account(removed=entries))
    assert writes_of(small) == ["PATCH /connections", "PATCH /flows", "PATCH /targetConnections"]
    (base,) = [c for c in objects(small, "connections") if c["connectionSpec"]["id"].startswith("4fce")]
    assert base["description"] == ""


# -- protect ----------------------------------------------------------------------------------------------------------

STOPS: dict[str, dict[str, Any]] = {
    "a deletion": without_orders(**removed()),
    "a deletion within max_deletes": without_orders(policy={"max_deletes": 9}),
    "a replacement": both(protect=True, destination="gcs"),
    "switching it off": both(protect=True, enabled=False),
    "a dataset lost": both(protect=True, datasets=["Returns"]),
    "an earlier end": both(protect=True, end="2027-03-01"),
    "an earlier end and no protection any more": both(protect=False, end="2027-03-01"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_protected_flow_is_not_stopped_until_the_protection_was_taken_off_before(small: World, stop: str) -> None:
    applied(small, both(protect=True))
    small.write(STOPS[stop])
    flags = Flags(allow_replace=("*",), allow_deletes=9)
    assert gates(small.plan(flags)) == ["protect"]
    applied(small, both(protect=False))
    small.write(STOPS[stop])
    assert gates(small.plan(flags)) == []


FREE: dict[str, dict[str, Any]] = {
    "another place": both(protect=True, subpath="new"),
    "another format": both(protect=True, format="json"),
    "another title": both(protect=True, title="New"),
    "a dataset more": both(protect=True, datasets=["Orders", "Returns"]),
    "a later end": both(protect=True, end="2029-01-01"),
    "another cadence": both(protect=True, schedule={"every": "6 hours", "at": "02:00"}),
}


@pytest.mark.parametrize("change", FREE)
def test_a_protected_flow_may_change_otherwise(small: World, change: str) -> None:
    applied(small, both(protect=True))
    applied(small, FREE[change])


def test_releasing_a_protected_flow_stops_nothing(small: World) -> None:
    applied(small, both(protect=True))
    applied(small, without_orders(**removed("release")))
    assert small.flow("orders")["state"] == "enabled"


def test_a_protection_wiped_off_with_the_marker_still_holds_while_the_yaml_declares_it(small: World) -> None:
    applied(small, both(protect=True))
    small.emulator.ui.describe("orders", "")
    small.write(both(protect=True, datasets=["Returns"]))
    assert gates(small.plan()) == ["protect"]


# -- other projects ---------------------------------------------------------------------------------------------------


def test_a_flow_of_another_project_is_shown_and_never_touched(small: World) -> None:
    theirs = {**both(), "project": "theirs"}
    applied(small, theirs)
    before = small.emulator.snapshot(SANDBOX)
    applied(small, config(exports={"orders": {"datasets": ["Orders"], "subpath": "ours"}}, policy={"max_deletes": 99}))
    assert [(u.name, u.owner) for u in small.plan().unmanaged] == [("orders", "theirs"), ("other", "theirs")]
    after = small.emulator.snapshot(SANDBOX)
    for collection in ("flows", "sourceConnections", "targetConnections", "connections"):
        kept = {d["id"]: d["description"] for d in after[collection]}
        assert all(kept[d["id"]] == d["description"] for d in before[collection])
    assert len(objects(small, "connections")) == 2  # not theirs either, though it would do


def test_a_flow_that_borrowed_our_target_does_not_become_ours_when_our_flow_goes(small: World) -> None:
    applied(small, both())
    shared(small, "targetConnectionIds")
    applied(small, without_orders(**removed()))
    assert [f["name"] for f in objects(small, "flows")] == ["other", "Mine"]
    plan = small.plan()
    assert (plan.steps(), [u.name for u in plan.unmanaged]) == ((), ["Mine"])
    small.write(both())
    assert gates(small.plan()) == ["look-alike"]


def test_a_flow_that_borrowed_all_our_connections_is_not_deleted_on_their_word(small: World) -> None:
    applied(small, both())
    shared(small, "sourceConnectionIds", "targetConnectionIds")
    small.write(without_orders(**removed()))
    outcomes, _ = small.apply()
    assert [(o.step.kind, o.step.action) for o in outcomes] == [("flow", "delete")]
    assert gates(small.plan(Flags(allow_deletes=9))) == ["marker-lost"]
    assert {f["name"] for f in objects(small, "flows")} == {"other", "Mine"}


def test_a_flow_with_other_datasets_and_without_its_marker_gets_no_twin(small: World) -> None:
    applied(small, orders())
    small.emulator.ui.datasets("orders", ["Returns"])
    small.emulator.ui.describe("orders", "")
    assert gates(small.plan()) == ["look-alike"]
    small.emulator.advance(DAY + 1)
    assert "look-alike" in gates(small.plan(Flags(allow_recreate=("*",))))
    applied(small, orders(adopt=small.flow("orders")["id"], datasets=["Returns"]))
    assert len(objects(small, "flows")) == 1


def test_a_flow_of_ours_at_the_place_of_others_is_warned_about(small: World) -> None:
    applied(small, {**orders(), "project": "theirs"})
    small.write(orders())
    assert "place-shared-with-others" in findings(small.plan())


# -- adopt ------------------------------------------------------------------------------------------------------------


def by_hand(world: World, **more: Any) -> dict[str, Any]:
    """A flow made in the UI, as the YAML of `adopting` says it."""
    return world.emulator.ui.create_flow("By hand", ["Orders"], sandbox=SANDBOX, **more)


def adopting(flow: str, **changes: Any) -> dict[str, Any]:
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
    made = by_hand(small)
    before = small.flow("By hand")
    small.write(adopting(made["id"]))
    plan = small.plan()
    assert (item(plan).verb, gates(plan), changes(plan)) == (Verb.ADOPT, [], {})
    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]
    after = small.flow("By hand")
    same = ("id", "name", "state", "scheduleParams", "sourceConnectionIds", "targetConnectionIds")
    assert {k: after[k] for k in same} == {k: before[k] for k in same}
    assert [c.get("description") for c in objects(small, "connections")] in ([None], [""])
    assert item(small.plan()).verb is Verb.NONE  # the key is inert afterwards


def test_adopting_a_flow_that_differs_is_refused_and_shows_how(small: World) -> None:
    made = by_hand(small)
    small.write(adopting(made["id"], subpath="new", schedule={"every": "6 hours", "at": "00:00"}))
    plan = small.plan()
    assert gates(plan) == ["adoption-differs"]
    assert changes(plan) == {"cadence": Cause.DIFFERS, "place.path": Cause.DIFFERS}


def test_adopting_a_flow_that_was_switched_off_needs_the_yaml_to_say_so(small: World) -> None:
    made = by_hand(small)
    small.emulator.ui.disable("By hand")
    small.write(adopting(made["id"], enabled=True))
    assert gates(small.plan()) == ["adoption-differs"]
    small.write(adopting(made["id"], enabled=False))
    assert gates(small.plan()) == []


def test_adopting_what_another_project_owns_is_refused(small: World) -> None:
    applied(small, {**orders(), "project": "theirs"})
    small.write(orders(adopt=small.flow("orders")["id"]))
    plan = small.plan()
    assert gates(plan) == ["foreign-owner"]
    assert "theirs" in item(plan).refusals[0].text


def test_adopting_what_is_not_there_is_an_error(small: World) -> None:
    small.write(orders(adopt=NOBODY))
    assert "adopt-unknown" in [f.rule for f in small.plan().errors()]


def test_adopting_into_another_account_is_refused_as_a_replacement_would_be(small: World) -> None:
    made = by_hand(small)
    small.emulator.ui.create_flow("Second", ["Returns"], sandbox=SANDBOX)
    content = adopting(made["id"])
    content["destinations"]["lake"]["account"] = {"existing": "Second account"}
    small.write(content)
    plan = small.plan()
    assert gates(plan) == ["adoption-differs"]
    assert "another account" in item(plan).refusals[0].text


def test_adopting_a_flow_with_several_sources_is_refused(small: World) -> None:
    made, more = by_hand(small), small.emulator.ui.create_flow("Second", ["Returns"], sandbox=SANDBOX)
    load(small, "flows", {**small.flow("By hand"), "sourceConnectionIds": [made["source"], more["source"]]})
    small.write(adopting(made["id"]))
    assert "not-expressible" in gates(small.plan())


def test_a_flow_that_looks_like_one_to_be_created_is_not_doubled(small: World) -> None:
    made = by_hand(small)
    content = adopting(made["id"])
    del content["exports"]["orders"]["adopt"]
    small.write(content)
    plan = small.plan()
    assert gates(plan) == ["look-alike"]
    assert f"adopt: {made['id']}" in item(plan).refusals[0].allow
    content["exports"]["orders"] |= {"title": "Another", "subpath": "new"}
    applied(small, content)
    assert len(objects(small, "flows")) == 2


# -- renamed ----------------------------------------------------------------------------------------------------------


def test_a_renamed_export_keeps_its_flow_and_its_name_in_the_ui(small: World) -> None:
    applied(small, orders())
    before = small.flow("orders")["id"]
    small.write(config(exports={"daily": {"datasets": ["Orders"], "title": "orders", "renamed_from": "orders"}}))
    plan = small.plan()
    assert [str(i.address) for i in plan.items if i.verb is Verb.DELETE] == []
    applied(small)
    assert small.flow("orders")["id"] == before
    assert small.plan().steps() == ()


def test_a_renamed_destination_keeps_its_account(small: World) -> None:
    applied(small, orders())
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
    applied(small, both())
    exports = {
        "new": {"datasets": ["Orders"], "destination": "gcs"},
        "newer": {"datasets": ["Orders"], "destination": "blob"},
    }
    small.write(config(exports=exports, policy={"max_deletes": 9}))
    flags = Flags(targets=("exports.new",))
    plan = small.plan(flags)
    assert [str(i.address) for i in plan.items] == ["destinations.gcs", "exports.new"]
    assert plan.targeted_out == 1
    assert writes_of(small, flags) == [
        "POST /connections", "POST /flows", "POST /sourceConnections", "POST /targetConnections",
    ]  # fmt: skip
    assert sorted(f["name"] for f in objects(small, "flows")) == ["new", "orders", "other"]


# -- what nobody here knows -------------------------------------------------------------------------------------------


def test_flows_of_unknown_cards_are_listed_and_harm_nothing(small: World) -> None:
    applied(small, orders())
    strange: list[dict[str, Any]] = [
        {"id": "odd-1", "name": "Odd", "flowSpec": {"id": "nobody-knows", "version": "1.0"}},
        {"id": "odd-2", "name": "Odder", "flowSpec": {"id": "x"},
         "scheduleParams": {"interval": "often", "endTime": "late"},
         "sourceConnectionIds": [], "targetConnectionIds": ["gone"], "description": None},
        {"id": "odd-3", "name": "", "flowSpec": {"id": "y"}, "scheduleParams": {"interval": -3, "timeUnit": "hour"},
         "transformations": [{"name": "x"}], "sourceConnectionIds": ["a", "b"]},
        {"id": "odd-4", "name": "Odd lists", "flowSpec": {"id": "z"}, "scheduleParams": [], "inheritedAttributes":
         {"properties": {"isDestinationFlow": True}, "targetConnections": [{"baseConnection": None}]}},
    ]  # fmt: skip
    marked = [{"inheritedAttributes": {"properties": {"isDestinationFlow": True}}, **doc} for doc in strange]
    load(small, "flows", *marked)
    plan = small.plan()
    assert plan.empty
    assert {u.id for u in plan.unmanaged} == {"odd-1", "odd-2", "odd-3", "odd-4"}
    assert {u.type for u in plan.unmanaged} == {None}


def test_more_than_a_hundred_destinations_are_warned_about(small: World) -> None:
    small.emulator.store.set_setting("page_size", 100)
    docs = [
        {"id": f"many-{n}", "name": f"Many {n}", "flowSpec": {"id": "x"},
         "inheritedAttributes": {"properties": {"isDestinationFlow": True}}}
        for n in range(100)
    ]  # fmt: skip
    load(small, "flows", *docs[:99])
    assert [f.rule for f in small.plan().findings] == []
    load(small, "flows", docs[99])
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
    applied(small, both())
    collection, changed = ODD[odd]
    doc: dict[str, Callable[[str], dict[str, Any]]] = {
        "flows": small.flow,
        "sourceConnections": lambda _: source(small),
        "targetConnections": lambda _: target(small),
    }
    load(small, collection, {**doc[collection]("orders"), **changed})
    plan = small.plan()
    assert (gates(plan), item(plan).steps) == (["not-expressible"], ())
    assert plan.steps() == ()
