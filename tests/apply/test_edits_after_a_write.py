"""A value that another client wrote after this run is an edit, and no spelling of the service."""

from __future__ import annotations

from exportctl.apply.spellings import WrittenFields, spelled_changes
from exportctl.model.plan import Actor, Address, Cause, FieldChange, PlanItem, Verb
from exportctl.resources.kinds import LOCATION, TITLE

ORDERS = Address("exports", "orders")
WROTE = frozenset({(ORDERS, TITLE), (ORDERS, LOCATION)})
OURS = "our-client"


def spelled(
    field: str, actor: Actor | None = None, acted: frozenset[str] = frozenset(), stored: object = "stored"
) -> list[str]:
    change = FieldChange(field, field, stored, "Sent — by us/", Cause.DRIFT, actor)
    item = PlanItem(ORDERS, Verb.UPDATE, id="F1", fields=(change,))
    wrote = WrittenFields(WROTE, frozenset(), acted)
    return [one.field for one in spelled_changes(item, wrote, {}, OURS, is_last_reading=True)]


def test_what_the_service_records_as_written_by_this_client_is_a_spelling() -> None:
    assert spelled(LOCATION, Actor("tech", OURS, 1)) == [LOCATION]


def test_what_the_service_records_as_written_by_another_client_is_an_edit() -> None:
    assert spelled(LOCATION, Actor("a person", "exc_app", 1)) == []


def test_a_later_patch_that_names_the_field_and_has_no_marker_is_an_edit_whoever_wrote_last() -> None:
    assert spelled(TITLE, Actor(None, None, 1, "not recorded")) == []
    assert spelled(TITLE, Actor(None, None, None, "not recorded")) == [TITLE]


def test_an_action_of_this_run_hides_an_edit_before_it_so_only_a_likely_spelling_is_one() -> None:
    acted = frozenset({"F1"})

    assert spelled(TITLE, acted=acted) == spelled(TITLE, acted=acted, stored=7) == []
    assert spelled(LOCATION, acted=acted) == [LOCATION]
    for stored in ("sent — by us", "Sent by us/", "Sent  by us"):
        assert spelled(TITLE, acted=acted, stored=stored) == [TITLE]
