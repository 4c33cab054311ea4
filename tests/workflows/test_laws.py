"""Laws over generated configs, under random settings of every open question. `make test-slow` draws many more."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import EXPORTS
from exportctl.model.plan_options import PlanOptions
from exportctl.planfile import file as planfile
from tests.law_profile import examples
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.world import SANDBOX, World, world

LAW = settings(max_examples=examples(6, swept=16))
FEW = settings(LAW, max_examples=examples(4, swept=10))
MANY = settings(LAW, max_examples=1250)  # four times: 5,000 in `make test-slow`
LISTED = 61  # seconds: promise 3 is about what is listed within a minute
EVERYTHING = PlanOptions(allow_deletes=100, allow_replace=("*",))


def made_world(switches: Switches, folder: str) -> World:
    return world(Path(folder), switches, page_size=2)


def apply_cleanly(made: World, content: dict[str, Any], flags: PlanOptions = EVERYTHING) -> None:
    made.write(content)
    outcomes, final_check = made.apply(flags)
    bad = [
        (o.step.key, o.status, o.message)
        for o in outcomes
        if o.status not in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED)
    ]
    remaining = [(i.address, i.verb, i.fields, i.refusals) for i in final_check.plan.items if i.steps]
    note(f"outcomes {bad}; remaining changes {remaining}")
    assert not bad
    assert final_check.passed


@LAW
@given(configs(), accepting_switches())
def test_a_plan_after_apply_is_empty(content: dict[str, Any], switches: Switches) -> None:
    assert_empty_after_apply(content, switches)


@pytest.mark.slow
@pytest.mark.parametrize("quarter", range(4))
@MANY
@given(configs(), accepting_switches())
def test_a_plan_after_apply_is_empty_in_the_long_sweep(
    quarter: int, content: dict[str, Any], switches: Switches
) -> None:
    assert_empty_after_apply(content, switches)


def assert_empty_after_apply(content: dict[str, Any], switches: Switches) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        apply_cleanly(made, content)
        made.emulator.advance(LISTED)
        made.forget_requests()
        plan = made.plan()
        assert plan.is_empty
        assert [s.key for s in plan.steps()] == []
        assert made.writes() == []


@LAW
@given(configs(), configs(), accepting_switches(), st.sampled_from([0, 3600, 3 * 86400]))
def test_one_config_after_another_ends_in_an_empty_plan_and_leaves_no_orphan(
    first: dict[str, Any], second: dict[str, Any], switches: Switches, between: int
) -> None:
    for exports in (first["exports"], second["exports"]):
        for export in exports.values():
            export.pop("protect", None)  # what it blocks has tests of its own
        exports["keeper"] = {"datasets": ["Orders"], "subpath": "keeper"}  # never all flows at once
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        apply_cleanly(made, first)
        made.emulator.advance(LISTED + between)
        second["removed"] = [
            {"export": name, "do": "delete", "reason": "law"}
            for name in first["exports"]
            if name not in second["exports"]
        ]
        apply_cleanly(made, second)
        made.emulator.advance(700)  # what was still in use is free by now
        apply_cleanly(made, second)
        assert made.plan().is_empty
        seen = made.emulator.snapshot(SANDBOX)
        assert len(seen["sourceConnections"]) == len(seen["targetConnections"]) == len(seen["flows"])


@LAW
@given(configs(), accepting_switches(), st.randoms(use_true_random=False))
def test_the_plan_ignores_the_order_of_keys(content: dict[str, Any], switches: Switches, dice: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        made.write(content)
        before = made.plan()
        made.write(_shuffle_keys(content, dice))
        after = made.plan()
        assert planfile.approval_digest(before) == planfile.approval_digest(after)
        assert before.steps() == after.steps()


def _shuffle_keys(value: Any, dice: Any) -> Any:
    if not isinstance(value, dict):
        return value
    keys = list(value)
    dice.shuffle(keys)
    return {k: _shuffle_keys(value[k], dice) for k in keys}


@LAW
@given(configs(), accepting_switches())
def test_nothing_is_deleted_without_consent(content: dict[str, Any], switches: Switches) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        apply_cleanly(made, content)
        made.emulator.advance(LISTED)
        made.write({**content, "exports": {"other": {"datasets": ["Orders"], "subpath": "other"}}})
        plan = made.plan()
        going = [i for i in plan.items if i.verb == "delete" and i.address.root == EXPORTS]
        assert going
        assert all(i.refusals for i in going)


@LAW
@given(configs(), accepting_switches())
def test_a_change_follows_all_that_it_needs(content: dict[str, Any], switches: Switches) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        made.write(content)
        outcomes, _ = made.apply()
        order = {o.step.key: n for n, o in enumerate(outcomes)}
        assert all(order[n] < order[o.step.key] for o in outcomes for n in o.step.needs)
