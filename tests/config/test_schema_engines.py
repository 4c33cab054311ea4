"""jsonschema-rs finds a mistake exactly where jsonschema, the reference, finds one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from exportctl.config.schema.root import SCHEMA
from exportctl.config.schema_check import is_schema_met
from tests.config.example_config import EXAMPLE

_REFERENCE = Draft202012Validator(SCHEMA)
_VALUES: list[Any] = [None, True, False, 0, -1, 1.5, 10**30, "", "a", "A b", "${env:X}", [], ["a"], [1], {}, {"a": 1}]
_ODD: list[Any] = [float("nan"), float("inf"), "\ud800", "\x00", {"": None}, {"x" * 49: {}}, "é" * 48]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in entries:
        yield from _places(below, (*path, key))


_EXAMPLE: dict[str, Any] = yaml.safe_load(EXAMPLE)
_PLACES = [path for path in _places(_EXAMPLE) if path]


def _edited(path: tuple[Any, ...], value: Any, key: str | None) -> Any:
    """Return the example with a value at a place replaced; with a key, the value is added beside it."""
    whole = copy.deepcopy(_EXAMPLE)
    above: Any = whole
    for step in path[:-1]:
        above = above[step]
    if key is not None and isinstance(above, dict):
        above[key] = value
    else:
        above[path[-1]] = value
    return whole


def test_the_example_is_valid_for_both() -> None:
    assert _REFERENCE.is_valid(_EXAMPLE) and is_schema_met(_EXAMPLE)


@given(
    st.sampled_from(_PLACES),
    st.one_of(st.sampled_from(_VALUES + _ODD), st.text(max_size=60), st.integers()),
    st.one_of(st.none(), st.text(max_size=8)),
)
def test_both_find_a_mistake_or_none(path: tuple[Any, ...], value: Any, key: str | None) -> None:
    edited = _edited(path, value, key)
    met = is_schema_met(edited)
    assert met <= _REFERENCE.is_valid(edited)  # what it passes has no mistake
    if value is None or isinstance(value, str | bool):
        assert met == _REFERENCE.is_valid(edited)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 10**30, "\ud800"], ids=repr)
def test_a_value_that_json_lacks_never_passes_unseen(odd: object) -> None:
    edited = {**_EXAMPLE, "version": odd}
    assert not is_schema_met(edited)
