"""Parsed JSON in which equal parts are one value is the JSON that the standard library parses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.model.shared_json import load_shared

TEXTS = st.sampled_from(["", "a", "b", "enabled", "true", "1"])
SCALARS = st.none() | st.booleans() | st.sampled_from([0, 1, 2, 0.0, 1.0, 2**70]) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(value=VALUES)
def test_the_values_are_those_of_the_standard_library(value: Any) -> None:
    text = json.dumps({"once": value, "twice": value})
    assert json.dumps(load_shared(text)) == text  # as text, since True == 1 in Python


def test_equal_texts_and_small_objects_are_one_value() -> None:
    schedule = {"unit": "day", "interval": 1, "spec": {"id": "x"}, "errors": []}
    first, second, third = load_shared(json.dumps([{"id": n, "state": "on", "s": schedule} for n in "abc"]))
    assert (first["state"] is second["state"], second["s"] is third["s"]) == (True, True)
    assert second["s"]["spec"] is third["s"]["spec"]


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}x'])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        load_shared(text)
