"""A value from outside is checked against the schemas that we write, part by part."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.model import json_form
from exportctl.model.json_check import MAX_DEPTH, find_problem, is_too_deep
from exportctl.model.plan import MAX_TIMESTAMP

ROW = json_form.JsonObject[Any](
    "a row",
    name=json_form.text("a name"),
    size=json_form.nullable(json_form.number("a size")),
    kind=json_form.choice("a kind", ("a", "b")),
    flags=json_form.mapping("flags", json_form.flag("a flag")),
    raw=json_form.json_object("anything"),
    of=json_form.listing("names", json_form.text("a name")),
)
GOOD: dict[str, Any] = {"name": "x", "size": 1, "kind": "a", "flags": {"f": True}, "raw": {"any": [1]}, "of": ["y"]}

# a part -> a value -> what is said
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a text": ({"name": 1}, "name is not string"),
    "a number or null": ({"size": "1"}, "size is not a whole number within the limits"),
    "true as a number": ({"size": True}, "size is not a whole number within the limits"),
    "a number without a limit": ({"size": MAX_TIMESTAMP * 1001}, "size is not a whole number within the limits"),
    "a choice": ({"kind": "c"}, "kind has an unknown value"),
    "a list as a choice": ({"kind": []}, "kind has an unknown value"),
    "a flag in a map": ({"flags": {"f": 1}}, "flags.f is not boolean"),
    "an item of a list": ({"of": ["y", None]}, "of[1] is not string"),
    "a member more": ({"more": 1}, "more is not a member of it"),
}


def test_what_fits_has_no_problem() -> None:
    assert find_problem(ROW.schema(), {}, GOOD) is None
    assert find_problem(ROW.schema(), {}, {**GOOD, "size": None}) is None
    assert find_problem({"$ref": "#/$defs/row"}, {"row": ROW.schema()}, GOOD) is None


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_named_with_its_path(name: str) -> None:
    change, words = WRONG[name]
    assert find_problem(ROW.schema(), {}, {**GOOD, **change}) == words


def test_a_missing_member_and_another_type_of_the_whole_are_named() -> None:
    assert find_problem(ROW.schema(), {}, {n: v for n, v in GOOD.items() if n != "of"}) == "of is missing"
    assert find_problem(ROW.schema(), {}, []) == "the content is not object"


@pytest.mark.parametrize(
    ("value", "fits"), [({"a": [1, "x", None]}, True), ([{"a": 1.5}], False), (float("nan"), False)]
)
def test_a_value_of_any_type_holds_no_fraction(value: object, fits: bool) -> None:
    assert (find_problem({"description": "any"}, {}, value) is None) is fits


def test_a_depth_that_no_document_has_is_seen_without_recursion() -> None:
    value: Any = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert not is_too_deep(value)
    for _ in range(10_000):
        value = {"a": value}
    assert is_too_deep(value)
