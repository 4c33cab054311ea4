"""The values of a plan: what is counted, and what a digest is made of."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from exportctl.model.plan import Address, Cause, FieldChange, PlanItem, SensitiveValue, Verb, canonical_json, digest


def test_equal_values_have_equal_json_whatever_holds_them() -> None:
    assert canonical_json(MappingProxyType({"b": 1, "a": SensitiveValue("x")})) == '{"a":"x","b":1}'
    assert canonical_json({"a": "x", "b": 1}) == '{"a":"x","b":1}'


def test_a_digest_has_four_hex_digits_and_a_sensitive_value_counts_as_it_is() -> None:
    assert digest(SensitiveValue("role-1")) == digest("role-1")
    assert digest("role-1") != digest("role-2")
    assert len(digest("role-1")) == 4


def test_a_text_with_half_a_character_has_a_digest() -> None:
    assert digest("Orders \ud83d") != digest("Orders \ud83c")


def test_a_value_that_json_cannot_hold_has_no_digest() -> None:
    with pytest.raises(TypeError, match="cannot make a digest of a set"):
        digest({"datasets": {"a", "b"}})


@pytest.mark.parametrize(
    ("cause", "states"),
    [
        (Cause.PAUSED, (True, False, False)),
        (Cause.RENEWAL, (False, True, False)),
        (Cause.EXPIRED, (False, False, True)),
        (Cause.PENDING, (False, False, False)),
    ],
)
def test_the_causes_of_its_changes_say_in_what_state_an_export_is(
    cause: Cause, states: tuple[bool, bool, bool]
) -> None:
    changes = (FieldChange("title", "title", "A", "B", Cause.DRIFT), FieldChange("end", "end", 1, 2, cause))
    item = PlanItem(Address("exports", "orders"), Verb.UPDATE, fields=changes)

    assert (item.is_paused, item.has_renewal, item.is_expired) == states
