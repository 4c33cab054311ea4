"""Indented JSON is the same as that of the standard library, byte for byte."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exportctl.model.indented_json import document_parts, indented_json
from exportctl.model.json_form import JsonObject, json_object, listing, nullable, number, optional, text

TEXTS = st.text(max_size=4)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
INDENTS = st.integers(0, 4)
FORM = JsonObject[Any](
    "anything",
    name=text("a text", lambda v: v["name"]),
    items=listing("items", json_object("an item"), lambda v: v["items"]),
    maybe=nullable(listing("items or nothing", number("a number"), lambda v: v["maybe"])),
    rare=optional(listing("rare items", text("a text"), lambda v: v["rare"]), lambda v: "rare" in v),
)


@given(value=VALUES, indent=INDENTS)
def test_a_value(value: Any, indent: int) -> None:
    assert indented_json(value, indent) == json.dumps(value, sort_keys=True, indent=indent, ensure_ascii=True)


@given(value=st.dictionaries(TEXTS, VALUES, max_size=3), indent=INDENTS)
def test_a_document_in_parts(value: dict[str, Any], indent: int) -> None:
    expected = json.dumps(value, sort_keys=True, indent=indent, ensure_ascii=True)
    assert "".join(document_parts(value, indent)) == expected


@given(
    lists=st.dictionaries(TEXTS, st.lists(VALUES, max_size=3), max_size=2),
    deep=st.dictionaries(TEXTS, VALUES, max_size=2),
    indent=INDENTS,
)
def test_a_document_with_one_line_for_each_item(lists: dict[str, Any], deep: dict[str, Any], indent: int) -> None:
    lines: dict[str, str] = {}

    def one_line(value: Any) -> str:
        name = f"line {len(lines)} of them"
        lines[f'"{name}"'] = json.dumps(value, sort_keys=True)
        return name

    marked: dict[str, Any] = {"a": {"b": {key: [one_line(item) for item in items] for key, items in lists.items()}}}
    marked |= {"c": {"d": {key: one_line(value) for key, value in deep.items() if not isinstance(value, list)}}}
    value = {"a": {"b": lists}, "c": {"d": {key: one for key, one in deep.items() if not isinstance(one, list)}}}
    expected = json.dumps(marked, sort_keys=True, indent=indent)
    for name, line in lines.items():
        expected = expected.replace(name, line)
    assert "".join(document_parts(value, indent, has_one_line_items=True)) == expected


@given(
    owner=st.fixed_dictionaries(
        {
            "name": TEXTS,
            "items": st.lists(st.dictionaries(TEXTS, SCALARS, max_size=2), max_size=2),
            "maybe": st.none() | st.lists(st.integers(), max_size=2),
        },
        optional={"rare": st.lists(TEXTS, max_size=2)},
    ),
    indent=INDENTS,
)
def test_an_object_in_parts(owner: dict[str, Any], indent: int) -> None:
    expected = json.dumps(FORM.encode(owner), sort_keys=True, indent=indent, ensure_ascii=True)
    assert "".join(FORM.parts(owner, indent, 0)) == expected
