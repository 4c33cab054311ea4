"""What exportctl itself disabled runs again; what a person paused while exportctl worked stays paused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Cause
from exportctl.model.plan_options import PlanOptions
from tests.workflows.orders_sandbox import (
    apply_config,
    field_causes,
    item,
    objects,
    orders,
    orders_on_one_of_two,
    safety_checks,
)
from tests.workflows.test_interruptions import ProcessKilled
from tests.workflows.transports import InterruptingTransport
from tests.workflows.world import START, World

DAY = 86_400
CONSENT = PlanOptions(allow_replace=("exports.orders",))
RESUME = PlanOptions(allow_replace=("exports.orders",), resume=("exports.orders",))
TWO = {"datasets": ["Orders", "Returns"]}

PAUSES: dict[str, tuple[str, Callable[[World, str], Any]]] = {
    "disabled": ("enabled", lambda w, flow: w.emulator.ui.disable(flow)),
    "end moved earlier": ("end", lambda w, flow: w.emulator.ui.end(flow, START + 40 * DAY)),
    "start moved later": ("schedule.start", lambda w, flow: w.emulator.ui.start(flow, START + 30 * DAY)),
    "datasets taken out": ("datasets", lambda w, flow: w.emulator.ui.datasets(flow, ["Orders"])),
}


@pytest.mark.parametrize("pause", PAUSES)
def test_a_pause_of_a_flow_while_it_is_being_replaced_is_never_lost(small: World, pause: str) -> None:
    field, by_hand = PAUSES[pause]
    apply_config(small, orders(**TWO))
    former = small.flow("orders")["id"]
    small.write(orders(**TWO, destination="gcs"))
    person = InterruptingTransport(small, "POST", "/flows/.*/action", lambda flow: by_hand(small, flow))
    outcomes, check = small.apply(CONSENT, transport=person)
    assert [o.rule for o in outcomes if o.status is OutcomeStatus.FAILED] == ["stale"]
    assert ([f["id"] for f in objects(small, "flows")], check.passed) == ([former], False)
    plan = small.plan()  # the consent is in the marker: only the pause blocks it
    assert safety_checks(plan) == ["paused"]
    assert field_causes(plan)[field] is Cause.PAUSED
    apply_config(small, flags=RESUME)
    assert [f["id"] for f in objects(small, "flows")] != [former]


@pytest.mark.parametrize("pause", ["end moved earlier", "datasets taken out"])
def test_a_pause_of_the_replaced_flow_after_the_new_one_exists_blocks_its_deletion(small: World, pause: str) -> None:
    field, by_hand = PAUSES[pause]
    apply_config(small, orders(**TWO))
    former = small.flow("orders")["id"]
    small.write(orders(**TWO, destination="gcs"))
    person = InterruptingTransport(small, "POST", "/flows$", lambda _: by_hand(small, former))
    _outcomes, check = small.apply(CONSENT, transport=person)
    assert (len(objects(small, "flows")), check.passed) == (2, False)
    plan = small.plan()
    assert (safety_checks(plan), field_causes(plan)[field]) == (["paused"], Cause.PAUSED)
    apply_config(small, flags=RESUME)
    assert former not in [f["id"] for f in objects(small, "flows")]


def test_a_replacement_taken_back_leaves_a_flow_that_a_person_disabled_in_between_paused(small: World) -> None:
    apply_config(small, orders_on_one_of_two())
    small.write(orders_on_one_of_two(destination="gcs"))
    person = InterruptingTransport(small, "POST", "/flows/.*/action", small.emulator.ui.disable)
    small.apply(CONSENT, transport=person)
    small.write(orders_on_one_of_two())
    assert field_causes(small.plan()) == {"title": Cause.PENDING, "enabled": Cause.PAUSED}
    apply_config(small)
    assert (small.flow("orders")["state"], item(small.plan()).is_paused) == ("disabled", True)


def test_what_a_person_disabled_before_exportctl_did_stays_off_when_the_yaml_leaves_it_out(small: World) -> None:
    apply_config(small, orders())
    small.write(orders(enabled=False))
    person = InterruptingTransport(small, "POST", "/flows/.*/action", small.emulator.ui.disable)
    outcomes, check = small.apply(transport=person)
    assert ({o.status for o in outcomes}, check.passed) == ({OutcomeStatus.DONE}, True)
    small.write(orders())
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}


def test_a_new_flow_that_a_person_disables_before_exportctl_does_is_as_the_yaml_says(small: World) -> None:
    small.write(orders(enabled=False))
    person = InterruptingTransport(small, "POST", "/flows/.*/action", small.emulator.ui.disable)
    outcomes, check = small.apply(transport=person)
    assert ({o.status for o in outcomes}, check.passed) == ({OutcomeStatus.DONE}, True)


def kill_before_action(made: World, flags: PlanOptions = PlanOptions()) -> None:  # noqa: B008
    """Apply, and die with the action on its way: the intent is written, and nothing else happened."""
    counting = InterruptingTransport(made, "POST", "/action", lambda _flow: (_ for _ in ()).throw(ProcessKilled()))
    with pytest.raises(ProcessKilled):
        made.apply(flags, transport=counting)


def test_a_pause_that_reads_show_late_stops_a_replacement_that_an_earlier_run_began(small: World) -> None:
    apply_config(small, orders())
    former = small.flow("orders")["id"]
    small.write(orders(destination="gcs"))
    kill_before_action(small, CONSENT)
    small.emulator.switches = Switches(stale_reads=30)
    end = START + 40 * DAY
    person = InterruptingTransport(small, "POST", "/flows/.*/action", lambda flow: small.emulator.ui.end(flow, end))
    outcomes, _ = small.apply(transport=person)
    assert [o.rule for o in outcomes if o.status is OutcomeStatus.FAILED] == ["stale"]
    assert [f["id"] for f in objects(small, "flows")] == [former]


@pytest.mark.parametrize("before", [True, False], ids=["enabled", "disabled"])
def test_an_action_that_did_not_happen_is_a_pending_change_and_no_drift(small: World, before: bool) -> None:
    apply_config(small, orders(enabled=before))
    small.write(orders(enabled=not before))
    kill_before_action(small)
    assert field_causes(small.plan()) == {"enabled": Cause.PENDING}
    apply_config(small)
    assert small.flow("orders")["state"] == ("disabled" if before else "enabled")


PROTECTED = {"enabled": False, "protect": True}


@pytest.mark.parametrize("first", [None, {}, {"enabled": True}], ids=["created", "without enabled", "enabled"])
def test_a_begun_disable_of_a_protected_flow_is_finished_without_asking(
    small: World, first: dict[str, Any] | None
) -> None:
    """`protect` did not stop it when it began: the flow was new, or the same change protects it."""
    if first is not None:
        apply_config(small, orders(**first))
    small.write(orders(**PROTECTED))
    kill_before_action(small)
    assert (safety_checks(small.plan()), small.flow("orders")["state"]) == ([], "enabled")
    apply_config(small)
    assert small.flow("orders")["state"] == "disabled"


def test_a_begun_disable_opens_no_other_door_of_a_protected_flow(small: World) -> None:
    small.write(orders(**PROTECTED, **TWO))
    kill_before_action(small)
    small.write(orders(**PROTECTED))  # one dataset less
    assert safety_checks(small.plan()) == ["protect"]
    small.write(orders(protect=True, **TWO))  # taken back before it happened: the next disable is a new decision
    apply_config(small)
    small.write(orders(**PROTECTED, **TWO))
    assert safety_checks(small.plan()) == ["protect"]


def test_a_person_who_disables_after_an_interrupted_enable_is_heard(small: World) -> None:
    apply_config(small, orders(enabled=False))
    small.write(orders(enabled=True))
    kill_before_action(small)
    small.emulator.ui.enable("orders")
    small.emulator.ui.disable("orders")
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}


def test_a_person_who_enables_what_the_yaml_disabled_makes_drift(small: World) -> None:
    apply_config(small, orders(enabled=False))
    small.emulator.ui.enable("orders")
    assert field_causes(small.plan()) == {"enabled": Cause.DRIFT}


def test_the_renewal_of_a_paused_flow_revives_no_old_intent(small: World) -> None:
    apply_config(small, orders(enabled=False))
    apply_config(small, orders(enabled=True))
    small.emulator.ui.disable("orders")
    small.emulator.advance(155 * DAY)
    small.apply(PlanOptions(renew_only=True))
    assert field_causes(small.plan()) == {"enabled": Cause.PAUSED}


def test_the_renewal_of_a_flow_keeps_an_action_that_is_still_to_do(small: World) -> None:
    apply_config(small, orders(enabled=False))
    small.write(orders(enabled=True))
    kill_before_action(small)
    small.emulator.advance(155 * DAY)
    small.apply(PlanOptions(renew_only=True))
    assert field_causes(small.plan()) == {"enabled": Cause.PENDING}
