"""A flow gives datasets away only once others have taken them: what fails on the way ends no export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.emulator.faults import Fault
from exportctl.errors import RefusedError
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Action
from exportctl.model.plan_options import PlanOptions
from exportctl.output.text import plan as text_plan
from tests.workflows.orders_sandbox import DAY, apply_config, item, objects, source
from tests.workflows.world import DESTINATIONS, START, World, config

BOTH = {"sales": {"datasets": ["Orders", "Returns"]}}
ORDERS = {"datasets": ["Orders"]}
RETURNS = {"datasets": ["Returns"]}
OFF = {**ORDERS, "enabled": False}
SALES_GONE = [{"export": "sales", "do": "delete", "reason": "split"}]


def exports(removed: list[dict[str, Any]] | None = None, /, **declared: Mapping[str, Any]) -> dict[str, Any]:
    """Exports by key, each in a folder of its own."""
    given = {name: {"subpath": name, **export} for name, export in declared.items()}
    return config(exports=given, **({"removed": removed} if removed else {}))


def sent_datasets(made: World) -> dict[str, list[str]]:
    """Names of the datasets that each flow sends, by its title."""
    titles = [flow["name"] for flow in objects(made, "flows") if flow["state"] == "enabled"]
    return {t: sorted(d["name"] for d in source(made, t)["params"]["datasets"]) for t in titles}


def add_flow_fault(made: World, method: str, nth: int = 1) -> None:
    made.emulator.add_fault(Fault("status", method, path=r"/flows($|/)", status=400, nth=nth))


def failed_statuses(made: World, flags: PlanOptions = PlanOptions()) -> set[OutcomeStatus]:  # noqa: B008
    outcomes, final_check = made.apply(flags)
    assert not final_check.passed
    return {o.status for o in outcomes}


@pytest.mark.parametrize("nth", [1, 2])
def test_a_split_whose_creation_fails_keeps_the_flow_that_it_splits(small: World, nth: int) -> None:
    apply_config(small, exports(**BOTH))
    small.write(exports(SALES_GONE, orders=ORDERS, returns=RETURNS))
    add_flow_fault(small, "POST", nth)
    assert {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED} <= failed_statuses(small)
    assert sent_datasets(small)["sales"] == ["Orders", "Returns"]
    apply_config(small)
    assert sent_datasets(small) == {"orders": ["Orders"], "returns": ["Returns"]}


def test_a_flow_keeps_a_dataset_until_the_flow_made_for_it_exists(small: World) -> None:
    apply_config(small, exports(**BOTH))
    small.write(exports(sales=ORDERS, returns=RETURNS))
    add_flow_fault(small, "POST")
    assert {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED} <= failed_statuses(small)
    assert sent_datasets(small) == {"sales": ["Orders", "Returns"]}
    apply_config(small)
    assert sent_datasets(small) == {"sales": ["Orders"], "returns": ["Returns"]}


def test_a_join_that_fails_keeps_the_flow_that_was_to_go(small: World) -> None:
    apply_config(small, exports(sales=ORDERS, returns=RETURNS))
    gone = [{"export": "returns", "do": "delete", "reason": "joined"}]
    small.write(exports(gone, sales={"datasets": ["Orders", "Returns"]}))
    add_flow_fault(small, "PATCH")
    assert {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED} <= failed_statuses(small)
    assert sent_datasets(small) == {"sales": ["Orders"], "returns": ["Returns"]}
    apply_config(small)
    assert sent_datasets(small) == {"sales": ["Orders", "Returns"]}


def test_a_dataset_that_moves_between_two_flows_is_taken_before_it_is_given(small: World) -> None:
    apply_config(small, exports(a={"datasets": ["Orders", "Returns"]}, b={"datasets": ["App Events"]}))
    small.write(exports(a=ORDERS, b={"datasets": ["App Events", "Returns"]}))
    add_flow_fault(small, "PATCH")
    assert {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED} <= failed_statuses(small)
    assert sent_datasets(small) == {"a": ["Orders", "Returns"], "b": ["App Events"]}
    apply_config(small)
    assert sent_datasets(small) == {"a": ["Orders"], "b": ["App Events", "Returns"]}


def test_in_a_chain_of_flows_each_waits_for_the_next(small: World) -> None:
    apply_config(small, exports(a={"datasets": ["Orders", "App Events"]}, b=RETURNS, c={"datasets": ["Order Lines"]}))
    small.write(exports(a={"datasets": ["App Events"]}, b=ORDERS, c={"datasets": ["Order Lines", "Returns"]}))
    add_flow_fault(small, "PATCH")
    assert {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED} <= failed_statuses(small)
    assert sent_datasets(small) == {"a": ["App Events", "Orders"], "b": ["Returns"], "c": ["Order Lines"]}
    apply_config(small)
    assert sent_datasets(small) == {"a": ["App Events"], "b": ["Orders"], "c": ["Order Lines", "Returns"]}


def test_a_flow_that_is_replaced_goes_on_until_others_have_taken_what_it_loses(small: World) -> None:
    apply_config(small, exports(**BOTH))
    small.write(exports(sales={**ORDERS, "destination": "gcs"}, returns=RETURNS))
    consent = PlanOptions(allow_replace=("exports.sales",))
    add_flow_fault(small, "POST")
    assert {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED} <= failed_statuses(small, consent)
    assert sent_datasets(small) == {"sales": ["Orders", "Returns"]}
    apply_config(small, flags=consent)
    assert sent_datasets(small) == {"sales": ["Orders"], "returns": ["Returns"]}


def test_a_flow_is_switched_off_only_once_others_have_taken_what_it_loses(small: World) -> None:
    apply_config(small, exports(**BOTH))
    small.write(exports(sales={**ORDERS, "enabled": False}, returns=RETURNS))
    add_flow_fault(small, "POST")
    assert {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED} <= failed_statuses(small)
    assert sent_datasets(small) == {"sales": ["Orders", "Returns"]}
    apply_config(small)
    assert sent_datasets(small) == {"returns": ["Returns"]}


def pause_sales(made: World) -> None:
    made.emulator.ui.disable("sales")


def shorten_sales(made: World) -> None:
    made.emulator.ui.end("sales", START + 40 * DAY)


@pytest.mark.parametrize("pause", [pause_sales, shorten_sales])
@pytest.mark.parametrize("kept", [True, False], ids=["loses a dataset", "goes"])
def test_others_do_not_go_on_with_what_a_person_paused_unless_asked_to(
    small: World, pause: Callable[[World], None], kept: bool
) -> None:
    apply_config(small, exports(**BOTH))
    pause(small)
    before = sent_datasets(small)

    def written(**returns: Any) -> dict[str, Any]:
        taker = {**RETURNS, **returns}
        return exports(sales=ORDERS, returns=taker) if kept else exports(SALES_GONE, orders=OFF, returns=taker)

    small.write(written())
    (refusal,) = item(small.plan(), "exports.returns").refusals
    words = 'exports.sales was paused by hand, but exports.returns would send "Returns" again'
    assert (refusal.safety_check, refusal.text) == ("paused", words)
    assert words in text_plan.render_plan(small.plan())
    with pytest.raises(RefusedError):
        small.apply()
    assert sent_datasets(small) == before

    assert not small.plan(PlanOptions(resume=("exports.returns",))).is_refused
    apply_config(small, written(enabled=False))
    assert "returns" not in sent_datasets(small)


def test_nor_with_a_pause_that_is_accepted(small: World) -> None:
    accepted = {"address": "exports.sales", "field": "enabled", "reason": "x", "owner": "kim", "until": "2028-01-01"}
    apply_config(small, exports(**BOTH))
    pause_sales(small)
    small.write({**exports(sales=ORDERS, returns=RETURNS), "accept": [accepted]})
    assert [r.safety_check for r in item(small.plan(), "exports.returns").refusals] == ["paused"]


def test_two_flows_that_swap_datasets_do_not_wait_for_each_other(small: World) -> None:
    apply_config(small, exports(a=ORDERS, b=RETURNS))
    apply_config(small, exports(a=RETURNS, b=ORDERS))
    assert sent_datasets(small) == {"a": ["Returns"], "b": ["Orders"]}


def test_a_flow_whose_name_its_successor_takes_gives_it_up_before_and_is_deleted_after(small: World) -> None:
    """Names may have to be unique, and the datasets need a flow all the time."""
    small.emulator.switches = Switches(name_unique=True)
    apply_config(small, exports(a={**ORDERS, "title": "Orders"}, other=RETURNS))
    gone = [{"export": "a", "do": "delete", "reason": "renamed"}]
    small.write(exports(gone, b={**ORDERS, "title": "Orders"}, other=RETURNS))
    steps = {step.key: step for step in small.plan().steps()}
    (deletion,) = [s for s in steps.values() if (s.kind, s.action) == ("flow", Action.DELETE)]
    (creation,) = [s for s in steps.values() if (s.kind, s.action) == ("flow", Action.CREATE)]
    (renaming,) = [s for s in steps.values() if (s.kind, s.action) == ("flow", Action.UPDATE)]
    assert (renaming.id, dict(renaming.fields)) == (deletion.id, {"title": "Orders (being deleted)"})
    assert (renaming.key in creation.needs, creation.key in deletion.needs) == (True, True)
    apply_config(small)
    assert sent_datasets(small) == {"Orders": ["Orders"], "other": ["Returns"]}


LAKE = {**DESTINATIONS["s3-role"], "title": "Lake"}
NAMES_IN_USE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a flow takes the name of the one that it joins": (
        exports(a={**ORDERS, "title": "Sales"}, b=RETURNS),
        exports(b={"datasets": ["Orders", "Returns"], "title": "Sales"}),
    ),
    "two new flows change the names of two old ones": (
        exports(a={**ORDERS, "title": "One"}, b={**RETURNS, "title": "Two"}),
        exports(c={**ORDERS, "title": "Two"}, d={**RETURNS, "title": "One"}),
    ),
    "a flow takes the name that one which stays gives up": (
        exports(a={**BOTH["sales"], "title": "Sales"}),
        exports(a={**ORDERS, "title": "Other"}, b={**RETURNS, "title": "Sales"}),
    ),
    "a new account has the name of the old one": (
        {**exports(a={**ORDERS, "destination": "lake"}), "destinations": {**DESTINATIONS, "lake": LAKE}},
        {**exports(b={**ORDERS, "destination": "pond"}), "destinations": {**DESTINATIONS, "pond": LAKE}},
    ),
}


@pytest.mark.parametrize("case", NAMES_IN_USE)
def test_names_that_are_still_in_use_become_free_in_one_apply(small: World, case: str) -> None:
    """Names may have to be unique."""
    small.emulator.switches = Switches(name_unique=True)
    before, after = NAMES_IN_USE[case]
    keeper = {"keeper": {"datasets": ["Loyalty Profiles"], "subpath": "keeper"}}
    apply_config(small, {**before, "exports": {**before["exports"], **keeper}})
    small.write({**after, "exports": {**after["exports"], **keeper}})
    apply_config(small, flags=PlanOptions(allow_deletes=9))
