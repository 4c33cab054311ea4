"""A project is renamed, or gives exports to another one: flows move by their markers, and none is created twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exportctl.emulator import Switches
from exportctl.errors import Error
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.monitor.status import FlowState
from exportctl.monitor.status import status as build_status
from exportctl.plan.ownership import build_ownership
from exportctl.planfile import file as planfile
from exportctl.resources.kinds import FLOW
from exportctl.resources.marker import parse_marker
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    field_causes,
    findings,
    item,
    objects,
    orders,
    safety_checks,
    target,
    writes_of,
)
from tests.workflows.test_interruptions import kill_apply_after, telling_deaths
from tests.workflows.test_scenarios_owners import UNKNOWN_ID, share_connections
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

Content = dict[str, Any]
THREE = {
    "orders": {"datasets": ["Orders"]},
    "web": {"datasets": ["App Events"], "schedule": {"every": "3 hours", "at": "00:00"}, "protect": True},
    "partner": {"datasets": ["Orders"], "destination": "sftp-key"},
}
MOVED = ["PATCH /connections"] * 2 + ["PATCH /flows"] * 3 + ["PATCH /targetConnections"] * 3


def three(project: str = "acme", **changes: Any) -> Content:
    """Three exports on two accounts."""
    return config(**{"project": project, "exports": THREE, **changes})


def pasted(made: World, content: Content) -> Content:
    """The config with the block that its plan offers."""
    made.write(content)
    (step,) = made.plan().next_steps
    block = yaml.safe_load(step.yaml)
    entries = block["move_from"] if isinstance(block, Mapping) else [*content["move_from"], *block]
    return {**content, "move_from": entries}


def entry(made: World, project: str, key: str = "orders", **more: str) -> dict[str, str]:
    return {"project": project, "export": key, "flow": made.flow(key)["id"], "reason": "handed over", **more}


def owners(made: World) -> dict[str, str]:
    """The project that owns each flow, by the name of the flow."""
    found = {}
    for flow in made.emulator.snapshot(SANDBOX)["flows"]:
        _, marker = parse_marker(flow["description"], FLOW)
        found[flow["name"]] = marker.project if marker else ""
    return found


def without_markers(made: World) -> Content:
    """The whole sandbox but descriptions, and what every write moves."""
    moving = ("description", "etag", "version", "updatedAt", "updatedBy", "updatedClient", "lastOperation")
    seen = made.emulator.snapshot(SANDBOX)
    kinds = ("connections", "sourceConnections", "targetConnections", "flows")
    return {kind: [{k: v for k, v in doc.items() if k not in moving} for doc in seen[kind]] for kind in kinds}


# -- a renamed project ------------------------------------------------------------------------------------------------


def test_a_renamed_project_creates_nothing_twice_and_moves_by_the_block_that_its_plan_prints(small: World) -> None:
    apply_config(small, three())
    before = without_markers(small)
    small.write(three("acme-exports"))
    blocked = small.plan()
    assert [safety_checks(blocked, f"exports.{key}") for key in THREE] == [["exported-by-other-project"]] * 3

    small.write(pasted(small, three("acme-exports")))

    assert {str(i.address): i.verb for i in small.plan().items} == {
        **{f"exports.{key}": Verb.MOVE for key in THREE},
        "destinations.s3-role": Verb.MOVE,
        "destinations.sftp-key": Verb.MOVE,
    }
    assert writes_of(small) == MOVED
    assert without_markers(small) == before
    assert (small.plan().steps(), owners(small)) == ((), dict.fromkeys(THREE, "acme-exports"))
    assert small.plan(PlanOptions(targets=("exports.web",))).steps() == ()


def test_entries_have_no_effect_afterwards_even_if_the_flow_was_removed(small: World) -> None:
    apply_config(small, three())
    moved = pasted(small, three("acme-exports"))
    apply_config(small, moved)
    left = {key: value for key, value in THREE.items() if key != "orders"}
    entries = [{"export": "orders", "do": "delete", "reason": "done"}]

    apply_config(small, {**moved, "exports": left, "removed": entries})

    plan = small.plan()
    assert (plan.steps(), plan.errors()) == ((), ())
    assert set(owners(small)) == set(left)


def test_a_flow_that_no_entry_lists_stays_where_it_is(small: World) -> None:
    apply_config(small, three())
    some = pasted(small, three("acme-exports"))
    some["move_from"] = [e for e in some["move_from"] if e["export"] != "orders"]
    small.write(some)

    plan = small.plan()
    with pytest.raises(Error):
        small.apply()

    assert safety_checks(plan) == ["exported-by-other-project"]
    assert owners(small) == dict.fromkeys(THREE, "acme")
    apply_config(small, pasted(small, some))
    assert owners(small) == dict.fromkeys(THREE, "acme-exports")


def test_the_former_name_neither_creates_nor_deletes_and_says_where_the_exports_are(small: World) -> None:
    apply_config(small, three())
    apply_config(small, pasted(small, three("acme-exports")))
    small.write(three())
    with small.open_plan() as made:
        plan, live, project = made.plan, made.live, made.desired.project
    states = build_status(plan, build_ownership(live, "acme"), project).exports
    report = drift.build_drift_report(plan, end_warning=0)

    assert {str(i.address): safety_checks(plan, str(i.address)) for i in plan.items} == {
        f"exports.{key}": ["moved"] for key in THREE
    }
    assert plan.steps() == ()
    assert "remove exports.orders from this config, or move the flow back" in item(plan).refusals[0].allow
    assert {row.state for row in states} == {FlowState.MOVED}
    assert all("moved to project acme-exports" in row.notes[0] for row in states)
    assert drift.failures(report) == ()
    assert [e.flow.moved_from for e in report.entries if e.flow] == [f"exports.{key}" for key in sorted(THREE)]

    apply_config(small, {**three(exports={"x": {"datasets": ["Returns"], "subpath": "x"}})})
    assert owners(small) == {**dict.fromkeys(THREE, "acme-exports"), "x": "acme"}


def test_the_flows_move_back_by_the_block_that_the_former_name_prints(small: World) -> None:
    apply_config(small, three())
    apply_config(small, pasted(small, three("acme-exports")))

    small.write(pasted(small, three()))

    assert writes_of(small) == MOVED
    assert owners(small) == dict.fromkeys(THREE, "acme")


# -- two projects -----------------------------------------------------------------------------------------------------


def shared_account(made: World, **exports: Any) -> Content:
    """The other project, with the account of the first one."""
    there = {key: value for key, value in DESTINATIONS["s3-role"].items() if key != "auth"}
    account = {"id": target(made, "orders")["baseConnectionId"]}
    return config(project="theirs", exports=exports, destinations={"s3-role": {**there, "account": account}})


def test_one_export_moves_to_another_project_under_another_key_and_the_account_stays(small: World) -> None:
    apply_config(small, three())
    content = shared_account(small, **{"their-orders": {"datasets": ["Orders"], "title": "orders"}})
    content["move_from"] = [entry(small, "acme", to="their-orders")]
    small.write(content)

    assert writes_of(small) == ["PATCH /flows", "PATCH /targetConnections"]

    assert owners(small) == {"orders": "theirs", "web": "acme", "partner": "acme"}
    rest = {key: value for key, value in THREE.items() if key != "orders"}
    release = [{"export": "orders", "do": "release", "reason": "theirs now"}]
    small.write(three(exports=rest, removed=release))
    plan = small.plan()
    assert (findings(plan), plan.steps(), plan.is_empty) == (["moved"], (), True)
    assert "has no effect" in item(plan).findings[0].message


def test_a_move_that_needs_the_account_of_the_former_project_names_it(small: World) -> None:
    apply_config(small, three())
    small.write(config(project="theirs", move_from=[entry(small, "acme")]))

    (refusal,) = item(small.plan()).refusals

    assert refusal.safety_check == "move-differs"
    base = target(small)["baseConnectionId"]
    assert f"`account: {{id: {base}}}`" in refusal.allow
    assert f'is used by {small.flow("web")["id"]} "web"' in refusal.text


def test_a_target_that_other_flows_use_is_not_patched(small: World) -> None:
    apply_config(small, orders())
    share_connections(small, "targetConnectionIds")
    small.write({**orders(), "project": "theirs", "move_from": [entry(small, "acme")]})

    assert [s.kind for s in item(small.plan()).steps] == ["flow"]


WRONG: dict[str, tuple[Callable[[World], dict[str, str]], str]] = {
    "flow": (lambda w: {**entry(w, "acme"), "flow": UNKNOWN_ID}, "exports.orders of project acme has the flow"),
    "project": (lambda w: entry(w, "acne"), "is exports.orders of project acme, not exports.orders of project acne"),
    "unknown project": (lambda w: {**entry(w, "x"), "flow": UNKNOWN_ID}, "flows of other projects here: acme"),
    "export": (lambda w: {**entry(w, "acme"), "export": "web"}, "is exports.orders of project acme, not exports.web"),
    "other flow": (lambda w: {**entry(w, "acme"), "flow": w.flow("web")["id"]}, "is exports.web of project acme"),
    "to": (lambda w: entry(w, "acme", to="nowhere"), "moves exports.orders of project acme to exports.nowhere"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_entry_is_an_error_that_says_what_was_found(small: World, wrong: str) -> None:
    make, words = WRONG[wrong]
    apply_config(small, three())
    small.write({**orders(), "project": "theirs", "move_from": [make(small)]})

    plan = small.plan()

    assert [f.rule for f in plan.errors()] == ["move-unknown"]
    assert words in f"{plan.errors()[0].message}; {plan.errors()[0].hint}"
    with pytest.raises(Error):
        small.apply()
    assert owners(small) == dict.fromkeys(THREE, "acme")


def test_the_former_project_hears_of_a_wrong_entry_and_may_adopt_another_flow_under_the_key(small: World) -> None:
    apply_config(small, orders())
    apply_config(small, pasted(small, {**orders(), "project": "theirs"}))
    small.write({**orders(), "move_from": [entry(small, "acne")]})
    assert [f.rule for f in small.plan().errors()] == ["move-unknown"]

    made = small.emulator.ui.create_flow("By hand", ["Returns"], sandbox=SANDBOX)
    small.write(orders(datasets=["Returns"], adopt=made["id"]))

    assert item(small.plan()).verb is Verb.ADOPT


def test_a_flow_without_a_marker_is_not_moved(small: World) -> None:
    apply_config(small, orders())
    small.emulator.ui.describe("orders", "mine")
    small.write({**orders(), "project": "theirs", "move_from": [entry(small, "acme")]})

    assert "has no ownership marker" in small.plan().errors()[0].message


def test_an_export_with_a_flow_of_its_own_takes_over_no_second_one(small: World) -> None:
    apply_config(small, orders())
    apply_config(small, config(project="theirs", exports={"orders": {"datasets": ["Orders"], "subpath": "theirs"}}))
    flow = next(f for f in objects(small, "flows") if "acme orders" in f["description"])
    move = {**entry(small, "acme"), "flow": flow["id"]}
    small.write(
        config(project="theirs", exports={"orders": {"datasets": ["Orders"], "subpath": "theirs"}}, move_from=[move])
    )

    assert "already has the flow" in small.plan().errors()[0].message


# -- what a move carries over -----------------------------------------------------------------------------------------


def test_pauses_stay_pauses_and_drift_stays_drift(small: World) -> None:
    apply_config(small, three())
    small.emulator.ui.disable("orders")
    small.emulator.ui.path("web", "elsewhere")
    small.emulator.ui.end("partner", small.flow("partner")["scheduleParams"]["endTime"] - 3 * DAY)
    before = without_markers(small)
    small.write(pasted(small, three("acme-exports")))

    plan = small.plan()
    assert (field_causes(plan), field_causes(plan, "exports.partner")) == (
        {"enabled": Cause.PAUSED},
        {"end": Cause.PAUSED},
    )
    assert "the YAML differs from the live values: path" in item(plan, "exports.web").consequences[1].text
    _, check = small.apply()

    assert without_markers(small) == before
    assert field_causes(check.plan, "exports.web") == {"path": Cause.DRIFT}
    assert (check.passed, item(check.plan).verb) == (False, Verb.PAUSED)
    assert item(check.plan, "exports.partner").verb is Verb.PAUSED


@pytest.mark.parametrize(("by_hand", "verb"), [(False, Verb.UPDATE), (True, Verb.MARK)], ids=["exportctl", "a person"])
def test_after_a_move_exportctl_enables_only_what_it_disabled_itself(small: World, by_hand: bool, verb: Verb) -> None:
    """The write of the move is the last one then, so it must not look like the disable of exportctl."""
    off = orders(enabled=False)
    apply_config(small, off)
    if by_hand:
        small.emulator.ui.enable("orders")
        small.emulator.ui.disable("orders")
    apply_config(small, pasted(small, {**off, "project": "acme-exports"}))

    small.write({**orders(), "project": "acme-exports"})

    assert item(small.plan()).verb is verb


def test_a_protected_flow_moves_and_stays_protected(small: World) -> None:
    apply_config(small, three())
    apply_config(small, pasted(small, three("acme-exports")))
    left = {key: value for key, value in THREE.items() if key != "web"}
    removal = [{"export": "web", "do": "delete", "reason": "no longer wanted"}]
    small.write(three("acme-exports", exports=left, removed=removal))

    assert safety_checks(small.plan(), "exports.web") == ["protect"]


def test_both_flows_of_a_replacement_move_and_the_new_project_finishes_it(small: World) -> None:
    apply_config(small, orders())
    other = {**orders(), "destinations": {**DESTINATIONS, "s3-role": {**DESTINATIONS["sftp-key"]}}}
    small.write(other)
    flags = PlanOptions(allow_replace=("*",))
    created = next(n for n in range(60) if _dies_between_flows(small, n, flags))
    assert created
    moved = pasted(small, {**other, "project": "acme-exports"})
    assert len(moved["move_from"]) == 2
    small.write(moved)

    _, check = small.apply()
    small.emulator.advance(100)
    apply_config(small, flags=flags)

    assert check.plan.errors() == ()
    assert owners(small) == {"orders": "acme-exports"}


def _dies_between_flows(made: World, calls: int, flags: PlanOptions) -> bool:
    kill_apply_after(made, calls, True, flags)
    made.emulator.advance(100)
    return len(objects(made, "flows")) == 2


def test_an_approval_binds_the_flows_that_move(small: World) -> None:
    apply_config(small, three())
    moved = pasted(small, three("acme-exports"))
    small.write(moved)
    saved = planfile.saved_plan(small.plan())
    assert planfile.stale_values(saved, small.plan()) == ()

    small.write({**moved, "move_from": moved["move_from"][1:]})

    assert planfile.stale_values(saved, small.plan()) != ()


def test_an_apply_of_the_former_project_that_is_under_way_takes_nothing_back(small: World) -> None:
    apply_config(small, orders())
    former = small.folder / "former"
    former.mkdir()
    late = World(former, small.emulator)
    late.write(orders(title="New"))
    small.write(pasted(small, {**orders(), "project": "acme-exports"}))

    outcomes, _ = late.apply(transport=InterruptingTransport(late, "PATCH", "/flows/", lambda _: small.apply()))

    assert [(o.step.kind, o.status) for o in outcomes] == [("flow", OutcomeStatus.FAILED)]
    assert owners(small) == {"orders": "acme-exports"}


# -- interruptions ----------------------------------------------------------------------------------------------------


TWO = {key: THREE[key] for key in ("orders", "web")}


def two(project: str = "acme") -> Content:
    """Two exports on one account: a move has five writes."""
    return three(project, exports=TWO)


def assert_owned_once(made: World, project: str) -> None:
    kinds = ("connections", "flows", "targetConnections", "sourceConnections")
    assert owners(made) == dict.fromkeys(TWO, project)
    assert [len(objects(made, kind)) for kind in kinds] == [1, 2, 2, 2]
    assert made.plan().steps() == ()


def dead_move(folder: Path, calls: int, switches: Switches | None = None) -> tuple[World, Content]:
    """A move that was killed after some requests."""
    made = world(folder, switches)
    apply_config(made, two())
    moved = pasted(made, two("acme-exports"))
    made.write(moved)
    kill_apply_after(made, calls, True, PlanOptions())
    made.emulator.advance(100)
    return made, moved


def deaths(folder: Path) -> range:
    made = world(folder)
    apply_config(made, two())
    made.write(pasted(made, two("acme-exports")))
    return telling_deaths(made, PlanOptions())


def test_a_move_killed_at_any_request_is_finished_by_the_next_apply(tmp_path: Path) -> None:
    (tmp_path / "count").mkdir()
    for calls in deaths(tmp_path / "count"):
        folder = tmp_path / f"on-{calls}"
        folder.mkdir()
        made, _ = dead_move(folder, calls)
        apply_config(made)
        assert_owned_once(made, "acme-exports")


def test_a_move_killed_at_any_request_goes_back_by_the_block_that_the_former_config_prints(tmp_path: Path) -> None:
    (tmp_path / "count").mkdir()
    for calls in deaths(tmp_path / "count"):
        folder = tmp_path / f"back-{calls}"
        folder.mkdir()
        made, _ = dead_move(folder, calls)
        gone = [name for name, owner in owners(made).items() if owner != "acme"]
        made.write(two())
        assert [name for name in TWO if safety_checks(made.plan(), f"exports.{name}") == ["moved"]] == sorted(
            gone, key=list(TWO).index
        )
        apply_config(made, pasted(made, two()) if gone else two())
        assert_owned_once(made, "acme")


@pytest.mark.parametrize(
    "switches",
    [
        Switches(name_unique=True),
        Switches(list_lag=30.0),
        Switches(stale_reads=5.0),
        Switches(description_text="ascii"),
    ],
    ids=["unique names", "list lag", "stale reads", "descriptions in ASCII"],
)
def test_a_project_is_renamed_under_every_setting_that_touches_names_and_lists(
    tmp_path: Path, switches: Switches
) -> None:
    made = world(tmp_path, switches)
    made.write(two())
    made.apply()
    made.emulator.advance(100)
    made.write(pasted(made, two("acme-exports")))

    made.apply()
    made.emulator.advance(100)

    assert_owned_once(made, "acme-exports")


def test_a_marker_that_the_service_cuts_off_in_a_move_leaves_one_owner_and_makes_no_second_flow(tmp_path: Path) -> None:
    cut = world(tmp_path, Switches(description_length=256))
    plain = orders(description="x")
    apply_config(cut, plain)
    room = 256 - len(cut.flow("orders")["description"])
    full = orders(description="x" * (room + 1))
    apply_config(cut, full)
    renamed = pasted(cut, {**full, "project": "acme-exports"})
    cut.write(renamed)
    _, check = cut.apply()
    assert not check.passed

    for content in (full, renamed):
        cut.write(content)
        assert item(cut.plan()).verb is not Verb.CREATE or safety_checks(cut.plan())
    cut.write({key: value for key, value in renamed.items() if key != "repository"})
    cut.apply()

    assert owners(cut) == {"orders": "acme-exports"}
    assert item(cut.plan()).verb is Verb.UNCHANGED


def test_a_move_renews_nothing_and_says_that_a_renewal_is_due(small: World) -> None:
    """The final check then names the renewal (exit 4), and the next apply does it."""
    apply_config(small, orders())
    small.emulator.advance(155 * DAY)
    small.write({**orders(), "project": "new", "move_from": [entry(small, "acme")]})
    ends = small.flow("orders")["scheduleParams"]["endTime"]

    plan = small.plan()
    _, check = small.apply()

    assert (plan.counts()["renew"], item(plan).ends, item(plan).verb) == (0, ends, Verb.MOVE)
    assert "the rolling end is due; the next apply or `renew` moves it" in [c.text for c in item(plan).consequences]
    assert [one.kind.value for one in check.verdict.remaining if one.subject == "exports.orders"] == ["renewal"]
    small.emulator.advance(61)
    assert small.apply()[1].passed
