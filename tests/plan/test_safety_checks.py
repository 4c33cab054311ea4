"""What may be ended or deleted: the two truth tables, and the late start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.plan import Address, Cause, FieldChange, Marker, PlanItem, Refusal, Verb
from exportctl.model.project import Schedule
from exportctl.plan.create import late_start_findings
from exportctl.plan.safety_checks import add_deletion_refusals, protect_consequences, protect_refusals
from tests.plan.value_builders import AT, NOW, desired_export

GUARDED = Marker("acme", "e", "orders", protected=True)
OPEN = replace(GUARDED, protected=False)


def change(field: str, before: Any, after: Any, cause: Cause = Cause.PENDING) -> FieldChange:
    return FieldChange(field, field, before, after, cause)


PROTECTED: dict[str, tuple[Verb, tuple[FieldChange, ...], str | None]] = {
    "a deletion": (Verb.DELETE, (), "deletes it"),
    "a replacement": (Verb.REPLACE, (), "replaces it"),
    "switching it off": (Verb.UPDATE, (change("enabled", True, False),), "disables it"),
    "switching it on": (Verb.UPDATE, (change("enabled", False, True),), None),
    "a dataset lost": (Verb.UPDATE, (change("datasets", ["a", "b"], ["a"]),), "removes datasets from it"),
    "one dataset for another": (Verb.UPDATE, (change("datasets", ["a"], ["b"]),), "removes datasets from it"),
    "a dataset more": (Verb.UPDATE, (change("datasets", ["a"], ["a", "b"]),), None),
    "an earlier end": (Verb.UPDATE, (change("end", NOW + 9, NOW),), "ends it earlier, at 2027-01-15 08:00 UTC"),
    "an end where there was none": (
        Verb.UPDATE,
        (change("end", None, NOW),),
        "ends it earlier, at 2027-01-15 08:00 UTC",
    ),
    "a later end": (Verb.UPDATE, (change("end", NOW, NOW + 9),), None),
    "an end taken away": (Verb.UPDATE, (change("end", NOW, None),), None),
    "another place": (Verb.UPDATE, (change("location", "a", "b"),), None),
    "an earlier end only written back": (Verb.UPDATE, (change("end", NOW + 9, NOW, Cause.DRIFT),), None),
    "a dataset only written back": (Verb.UPDATE, (change("datasets", ["a", "b"], ["a"], Cause.DRIFT),), None),
    "switching off only written back": (Verb.UPDATE, (change("enabled", True, False, Cause.DRIFT),), None),
    "an earlier end after both moved it": (
        Verb.UPDATE,
        (change("end", NOW + 9, NOW, Cause.CONFLICT),),
        "ends it earlier, at 2027-01-15 08:00 UTC",
    ),
    "an accepted pause": (Verb.UPDATE, (change("enabled", True, False, Cause.ACCEPTED),), None),
}


def test_a_plan_says_that_it_sets_or_removes_protect() -> None:
    found = [protect_consequences(m, declared) for m in (GUARDED, OPEN, None) for declared in (True, False)]
    assert [[(c.rule, c.level) for c in one] for one in found] == [
        [],
        [("protect-removed", "warning")],
        [("protect-set", "info")],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize("row", PROTECTED)
def test_a_protected_flow_is_never_disabled_or_ended(row: str) -> None:
    verb, changes, reason = PROTECTED[row]
    refusals = protect_refusals(GUARDED, verb, changes)
    assert [r.text for r in refusals] == ([f"exports.orders is protected, but this change {reason}"] if reason else [])
    assert all(
        r
        == Refusal(
            "protect", r.text, "write `protect: false` into exports.orders and apply that first, then apply this change"
        )
        for r in refusals
    )


@pytest.mark.parametrize("row", PROTECTED)
@pytest.mark.parametrize("marker", [OPEN, None], ids=["not protected", "without a marker"])
def test_any_other_flow_may_be(row: str, marker: Marker | None) -> None:
    verb, changes, _ = PROTECTED[row]
    assert protect_refusals(marker, verb, changes) == ()


def test_each_change_that_ends_the_flow_is_refused_by_itself() -> None:
    both = (change("enabled", True, False), change("datasets", ["a"], []))
    assert len(protect_refusals(GUARDED, Verb.UPDATE, both)) == 2


# -- deletions --------------------------------------------------------------------------------------------------------


def address(name: str) -> Address:
    return Address("destinations" if name.startswith("lake") else "exports", name)


# deleted, of those named in `removed`, our live flows, allowed -> gates by address
DELETED: dict[str, tuple[str, str, str, int, dict[str, str]]] = {
    "nothing goes": ("", "", "a b", 0, {}),
    "named, nothing allowed beside": ("a", "a", "a b", 0, {}),
    "not named, nothing allowed": ("a", "", "a b", 0, {"a": "deletion"}),
    "not named, one allowed": ("a", "", "a b", 1, {}),
    "two not named, one allowed": ("a b", "", "a b c", 1, {"a": "deletion", "b": "deletion"}),
    "one named and one not, one allowed": ("a b", "a", "a b c", 1, {}),
    "one named and one not, nothing allowed": ("a b", "a", "a b c", 0, {"b": "deletion"}),
    "all flows, each named": ("a b", "a b", "a b", 0, {}),
    "all flows, none named, any number allowed": ("a b", "", "a b", 99, {"a": "delete-all", "b": "delete-all"}),
    "all flows, some not named": ("a b", "a", "a b", 99, {"b": "delete-all"}),
    "the only flow, not named": ("a", "", "a", 99, {"a": "delete-all"}),
    "an account not named": ("lake", "", "a", 0, {"lake": "deletion"}),
    "an account named": ("lake", "lake", "a", 0, {}),
    "an account allowed": ("lake", "", "a", 1, {}),
    "an account beside all flows": ("a lake", "a", "a", 1, {}),
    "an account not named beside all flows not named": ("a lake", "", "a", 2, {"a": "delete-all"}),
}


@pytest.mark.parametrize("row", DELETED)
def test_nothing_is_deleted_beyond_consent(row: str) -> None:
    going, named, live, allowed, gates = DELETED[row]
    items = [PlanItem(address(n), Verb.DELETE) for n in going.split()] + [PlanItem(address("kept"), Verb.UPDATE)]
    gated = add_deletion_refusals(
        items, frozenset(map(address, named.split())), frozenset(map(address, live.split())), allowed
    )
    assert {i.address.name: r.safety_check for i in gated for r in i.refusals} == gates


def test_the_refusal_says_the_entry_that_allows_exactly_this() -> None:
    (item,) = add_deletion_refusals([PlanItem(address("a"), Verb.DELETE)], frozenset(), frozenset({address("b")}), 0)
    assert item.refusals[0].allow == (
        "write `removed: [{export: a, do: delete, reason: …}]`, or use --allow-deletes 1,"
        " or write `do: release` to keep it running"
    )


# -- a one-time export ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "late"),
    [
        (Schedule("once", 0, 0, NOW - 1), True),
        (Schedule("once", 0, 0, NOW), False),
        (Schedule("once", 0, 0, None), False),
        (Schedule("day", 1, 0, NOW - 1), False),
    ],
    ids=["once, a start past", "once, a start now", "once, no start", "daily, a start past"],
)
def test_a_one_time_export_whose_start_is_past_is_an_error(schedule: Schedule, late: bool) -> None:
    found = late_start_findings(desired_export(schedule=schedule), NOW)
    assert [(f.rule, f.at) for f in found] == ([("start-in-past", AT)] if late else [])
