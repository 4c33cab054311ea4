"""Orphans of ours: listed by plan and doctor, cleared by apply; those of others are neither listed nor touched."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.emulator.faults import Fault
from exportctl.model.outcome import Check, CheckStatus, OutcomeStatus
from exportctl.model.plan import Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.output.json import documents
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.text import plan as text_plan
from exportctl.output.text import tables
from exportctl.workflows import doctor
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    findings,
    item,
    objects,
    orders_and_other,
    other_only,
    writes_of,
)
from tests.workflows.strategies import accepting_switches
from tests.workflows.test_interruptions import kill_apply_after
from tests.workflows.test_laws import FEW, LISTED
from tests.workflows.world import DESTINATIONS, SANDBOX, START, World, config, world

REMOVED = {"removed": [{"export": "orders", "do": "delete", "reason": "no longer wanted"}]}
CHILDREN = ["DELETE /sourceConnections", "DELETE /targetConnections"]
COLLECTIONS = ("flows", "sourceConnections", "targetConnections", "connections")


def orphan_checks(world: World) -> tuple[Check, ...]:
    """What doctor says of orphans."""
    checks, _ = doctor.run_checks(world.setup(), START)
    assert [c.message for c in checks if c.status is CheckStatus.FAILED] == []
    return tuple(c for c in checks if c.name == "orphans")


def unused_ids(world: World) -> set[str]:
    """Ids of sources and targets that no flow uses."""
    flows = objects(world, "flows")
    used = {i for f in flows for name in ("sourceConnectionIds", "targetConnectionIds") for i in f[name]}
    every = {c["id"] for name in ("sourceConnections", "targetConnections") for c in objects(world, name)}
    return every - used


# -- an interrupted apply ---------------------------------------------------------------------------------------------


def test_what_an_interrupted_apply_left_is_cleared_by_the_next_one_once_its_export_is_withdrawn(tmp_path: Path) -> None:
    died, calls, cleared = True, 0, 0
    while died:
        made = interrupt_creation(tmp_path, calls)
        died = made is not None
        if made is not None and "orders" not in {f["name"] for f in objects(made, "flows")}:
            left = unused_ids(made)
            assert {one for one in left if any(one in c.message for c in orphan_checks(made))} == left
            apply_config(made)
            assert unused_ids(made) == set()
            assert [c.status for c in orphan_checks(made)] == [CheckStatus.OK]
            cleared += bool(left)
        calls += 1
    assert cleared >= 3


def interrupt_creation(folder: Path, calls: int) -> World | None:
    """A world in which the creation of `orders` was cut off and `orders` withdrawn; None where nothing was cut off."""
    below = folder / str(calls)
    below.mkdir()
    made = world(below, page_size=100)
    apply_config(made, other_only())
    made.write(orders_and_other())
    if not kill_apply_after(made, calls, arrives=calls % 2 == 0, parallelism=1):
        return None
    made.emulator.advance(LISTED)
    made.write(other_only())
    return made


def test_what_is_left_for_more_than_a_day_is_cleared_with_consent_only(tmp_path: Path) -> None:
    made = next(
        w
        for calls in range(99)
        if (w := interrupt_creation(tmp_path, calls)) and len(unused_ids(w)) == 2 and not w.plan().is_refused
    )
    made.emulator.advance(DAY + 1)
    left = unused_ids(made)
    assert findings(made.plan()) == ["orphans"]
    assert all(one in item(made.plan()).findings[0].message for one in left)
    for check in orphan_checks(made):
        assert check.status is CheckStatus.WARNING
        entry = "`removed: [{export: orders, do: delete, reason: …}]`"
        assert check.fix == f"if its flow was deleted, write {entry}; then `exportctl apply` deletes it"
    assert writes_of(made) == []
    made.write(other_only(**REMOVED))
    assert writes_of(made) == CHILDREN
    assert (unused_ids(made), [c.status for c in orphan_checks(made)]) == (set(), [CheckStatus.OK])


# -- plan and doctor --------------------------------------------------------------------------------------------------


def withdraw_orders(world: World, age: int = 100) -> set[str]:
    """The flow of `orders` was deleted by hand and its export taken out; ids of what is left."""
    apply_config(world, orders_and_other())
    world.emulator.ui.delete("orders")
    world.emulator.advance(age)
    world.write(other_only())
    return unused_ids(world)


def test_a_plan_lists_every_orphan_with_kind_and_id_in_every_form(small: World) -> None:
    left = withdraw_orders(small)
    plan = small.plan()
    assert (item(plan).verb, plan.is_empty, len(left)) == (Verb.CLEAN, False, 2)
    for shown in (text_plan.render_plan(plan, width=999), markdown_plan.render_plan(plan), documents.render_plan(plan)):
        for identity in left:
            assert f"connection {identity} of 2027-01-15 08:00 UTC" in shown
        assert "deletes source connection " in shown
        assert "no flow uses it, because a run was interrupted or the flow was deleted" in shown


def test_doctor_lists_them_with_one_remedy_each_and_writes_nothing(small: World) -> None:
    left = withdraw_orders(small)
    small.forget_requests()
    checks = orphan_checks(small)
    assert [(c.status, c.fix) for c in checks] == [(CheckStatus.WARNING, "`exportctl apply` deletes it")] * 2
    assert {i for i in left if any(f"connection {i} of" in c.message for c in checks)} == left
    assert small.writes() == []
    assert all(
        identity in tables.render_checks(checks) and identity in documents.render_checks(checks) for identity in left
    )


def test_doctor_finds_none_where_none_are(small: World) -> None:
    apply_config(small, orders_and_other())
    found = [(c.status, c.message) for c in orphan_checks(small)]
    assert found == [(CheckStatus.OK, "none of acme, as far as this credential sees")]


def test_doctor_says_that_what_an_export_needs_is_taken_up(small: World) -> None:
    apply_config(small, orders_and_other())
    small.emulator.ui.delete("orders")
    small.emulator.advance(100)
    remedies = sorted(str(c.fix) for c in orphan_checks(small))
    assert remedies == ["`exportctl apply` deletes it", "`exportctl apply` uses it"]


def test_doctor_says_what_a_flow_that_is_gone_waits_for(small: World) -> None:
    apply_config(small, orders_and_other())
    small.emulator.ui.delete("orders")
    small.emulator.advance(DAY + 1)
    assert {c.fix for c in orphan_checks(small)} == {"allow the change first: --allow-recreate exports.orders"}


def test_without_a_config_no_owner_of_orphans_is_known(small: World) -> None:
    withdraw_orders(small)
    (small.folder / "exports.yaml").unlink()
    env = {**small.env, "AEP_ORG_ID": "0123456789ABCDEF01234567@AdobeOrg", "AEP_SANDBOX": SANDBOX}
    checks, _ = doctor.run_checks(small.setup(env=env), START)
    assert [(c.status, c.message) for c in checks if c.name == "orphans"] == [
        (CheckStatus.SKIPPED, "without a config there is no project to look for")
    ]


def test_no_orphans_are_looked_for_where_the_set_up_does_not_work(small: World) -> None:
    withdraw_orders(small)
    setup = small.setup(env={k: v for k, v in small.env.items() if k != "AEP_CLIENT_SECRET"})
    checks, _ = doctor.run_checks(setup, START)
    assert CheckStatus.FAILED in {c.status for c in checks}
    assert [c for c in checks if c.name == "orphans"] == []


def test_no_orphans_are_looked_for_while_something_else_has_failed(small: World) -> None:
    withdraw_orders(small)
    place = {**DESTINATIONS["s3-role"], "bucket": "${env:EXPORTCTL_VAR_BUCKET}"}
    small.write({**other_only(), "destinations": {**DESTINATIONS, "s3-role": place}})
    checks, _ = doctor.run_checks(small.setup(), START)
    assert [(c.status, c.message) for c in checks if c.name == "orphans"] == [
        (CheckStatus.SKIPPED, "not checked, because a check above has failed")
    ]


def test_orphans_that_cannot_be_listed_are_skipped_with_the_reason(small: World) -> None:
    withdraw_orders(small)
    small.emulator.add_fault(Fault("status", "GET", path="/connections", status=403, count=0))
    plan, orphans = doctor.run_checks(small.setup(), START)[0][-2:]
    assert (plan.name, plan.status) == ("plan", CheckStatus.FAILED)
    assert plan.message.startswith("no plan can be made: ")
    assert (orphans.status, orphans.message) == (CheckStatus.SKIPPED, "not checked, because there is no plan")


def test_a_source_still_in_use_after_a_change_is_left_listed_and_cleared(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(old_source_in_use=300))
    apply_config(made, orders_and_other())
    made.write(orders_and_other(datasets=["Orders", "Loyalty Profiles"]))
    outcomes, _ = made.apply()
    assert OutcomeStatus.DEFERRED in {o.status for o in outcomes}
    made.emulator.advance(600)
    (left,) = unused_ids(made)
    (check,) = orphan_checks(made)
    assert f"source connection {left} of" in check.message
    assert "no flow uses it; the flow of exports.orders uses another one" in check.message
    assert item(made.plan()).verb is Verb.CLEAN
    assert writes_of(made) == ["DELETE /sourceConnections"]
    assert unused_ids(made) == set()


def test_an_account_that_was_replaced_is_cleared_once_nothing_uses_it(small: World) -> None:
    apply_config(small, orders_and_other())
    (before,) = (c["id"] for c in objects(small, "connections"))
    theirs = small.emulator.ui.create_flow("Theirs", ["Orders"], sandbox=SANDBOX, base=before)
    keys = {"access_key_id": "${env:S3_KEY}", "secret_access_key": "${env:S3_SECRET}"}
    moved = {**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], "auth": keys}}
    apply_config(small, {**orders_and_other(), "destinations": moved}, PlanOptions(allow_replace=("*",)))
    assert [c.status for c in orphan_checks(small)] == [CheckStatus.OK]  # another flow is still on it
    (after,) = (c["id"] for c in objects(small, "connections") if c["id"] != before)
    target = next(t for t in objects(small, "targetConnections") if t["id"] == theirs["target"])
    small.emulator.ui.load({"targetConnections": [{**target, "baseConnectionId": after}]}, sandbox=SANDBOX)
    (check,) = orphan_checks(small)
    assert f"base connection {before} of" in check.message
    assert check.message.endswith("no flow uses it, and another one replaced it")
    assert writes_of(small) == ["DELETE /connections"]
    assert [c.status for c in orphan_checks(small)] == [CheckStatus.OK]


# -- never others' ----------------------------------------------------------------------------------------------------


@FEW
@given(
    accepting_switches(),
    st.sampled_from([100, DAY + 1]),
    st.booleans(),
    st.sampled_from(["nothing", "the target", "the source", "both"]),
    st.booleans(),
)
def test_nothing_of_others_is_listed_or_deleted(
    switches: Switches, age: int, consent: bool, borrowed: str, gone: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        add_others_connections(made)
        made.write(orders_and_other())
        made.apply()
        made.emulator.advance(700)
        borrow_connections(made, borrowed)
        if gone:
            made.emulator.ui.delete("orders")
        made.emulator.advance(age)
        made.write(other_only(**(REMOVED if consent else {})))
        before = others_descriptions(made)
        listed = " ".join(c.message for c in orphan_checks(made))
        assert [i for i in before if i in listed] == []
        if not made.plan().is_refused:
            made.apply(PlanOptions(allow_deletes=99))
        made.emulator.advance(700)
        after = {d["id"]: d.get("description") for name in COLLECTIONS for d in objects(made, name)}
        assert {i: after.get(i, "deleted") for i in before} == before


def add_others_connections(made: World) -> None:
    """Connections of another project without a flow, and some that carry no marker at all."""
    theirs = {"theirs": {"datasets": ["Returns"], "subpath": "theirs"}}
    made.write({**config(exports=theirs), "project": "theirs"})
    made.apply()
    made.emulator.advance(700)
    made.emulator.ui.delete("theirs")
    for name in ("sourceConnections", "targetConnections"):
        (doc,) = objects(made, name)
        bare = {**doc, "id": f"{doc['id'][:-6]}abcdef", "description": "made by hand"}
        made.emulator.ui.load({name: [bare]}, sandbox=SANDBOX)


def borrow_connections(made: World, what: str) -> None:
    """A person points a flow of their own at connections of `orders`."""
    names = {"nothing": [], "the target": ["target"], "the source": ["source"], "both": ["source", "target"]}[what]
    if not names:
        return
    mine = made.emulator.ui.create_flow("Mine", ["Loyalty Profiles"], sandbox=SANDBOX)
    flow = next(f for f in objects(made, "flows") if f["id"] == mine["id"])
    ours = made.flow("orders")
    ids = {f"{name}ConnectionIds": ours[f"{name}ConnectionIds"] for name in names}
    made.emulator.ui.load({"flows": [{**flow, **ids}]}, sandbox=SANDBOX)


def others_descriptions(made: World) -> dict[str, Any]:
    """Id -> description of whatever is not ours, or used by a flow that is not."""
    every = [d for name in COLLECTIONS for d in objects(made, name)]
    strangers = [d for d in every if " acme " not in str(d.get("description"))]
    used = {i for f in strangers for name in ("sourceConnectionIds", "targetConnectionIds") for i in f.get(name, ())}
    return {d["id"]: d.get("description") for d in every if d in strangers or d["id"] in used}
