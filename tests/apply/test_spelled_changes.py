"""Which differences after a run are spellings of the service, and not edits by a person."""

from __future__ import annotations

from dataclasses import replace

from exportctl.apply.spellings import WrittenFields, spelled_changes, written_fields
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Action, Address, Cause, FieldChange, LiveObject, Marker, PlanItem, Step, Verb, digest
from exportctl.resources.kinds import END, FOLDER, LOCATION, TITLE
from tests.planfile.approval_plans import plan

ORDERS = Address("exports", "orders")
WROTE = WrittenFields(frozenset({(ORDERS, TITLE), (ORDERS, FOLDER)}), frozenset(), frozenset())


def change(field: str, cause: Cause = Cause.DRIFT) -> FieldChange:
    return FieldChange(field, field, "stored", "sent", cause)


def spelled(*changes: FieldChange, wrote: WrittenFields = WROTE, is_last_reading: bool = True) -> list[str]:
    item = PlanItem(ORDERS, Verb.UPDATE, id="F1", fields=changes)
    return [one.field for one in spelled_changes(item, wrote, {}, "our-client", is_last_reading=is_last_reading)]


def test_what_this_run_wrote_and_the_service_stores_otherwise_is_a_spelling() -> None:
    assert spelled(change(TITLE), change(FOLDER)) == [TITLE, FOLDER]


def test_the_value_from_before_the_run_is_a_spelling_only_at_the_last_reading() -> None:
    shown_late = replace(WROTE, former=frozenset({(ORDERS, TITLE, digest("stored"))}))

    assert spelled(change(TITLE), wrote=shown_late, is_last_reading=False) == []
    assert spelled(change(TITLE), wrote=shown_late, is_last_reading=True) == [TITLE]
    assert spelled(change(TITLE), is_last_reading=False) == [TITLE]


def test_an_end_that_a_person_took_away_is_no_spelling() -> None:
    wrote = WrittenFields(frozenset({(ORDERS, END)}), frozenset(), frozenset())
    marker = Marker("acme", "e", "orders", applied={END: ("1800000000",)})
    live = {"F1": LiveObject("flow", "F1", "e1", "Orders", "", marker, {})}
    ends = {before: FieldChange(END, END, before, 1800000000, Cause.DRIFT) for before in (None, 1800000001)}

    found = {
        before: spelled_changes(
            PlanItem(ORDERS, Verb.UPDATE, id="F1", fields=(one,)), wrote, live, "our-client", is_last_reading=True
        )
        for before, one in ends.items()
    }

    assert found == {None: [], 1800000001: [ends[1800000001]]}


def test_a_run_wrote_the_fields_that_it_sent_at_the_addresses_that_succeeded() -> None:
    changes = (change(TITLE, Cause.PENDING), change(FOLDER, Cause.PAUSED))
    item = PlanItem(ORDERS, Verb.UPDATE, id="F1", fields=changes)
    step = Step("exports.orders/flow/update", Action.UPDATE, "flow", ORDERS, id="F1")
    done, failed = (Outcome(step, status) for status in (OutcomeStatus.DONE, OutcomeStatus.FAILED))

    wrote = written_fields(plan(item), [done])

    assert set(wrote.fields) == {(ORDERS, TITLE)}
    assert set(wrote.former) == {(ORDERS, TITLE, digest("stored"))}
    assert written_fields(plan(item), [failed]).fields == frozenset()


def test_beside_an_edit_by_a_person_nothing_is_a_spelling() -> None:
    assert spelled(change(TITLE), change(LOCATION)) == []


def test_a_value_that_already_matches_beside_it_is_no_edit() -> None:
    assert spelled(change(TITLE), change(LOCATION, Cause.ALREADY_MATCHES)) == [TITLE]
