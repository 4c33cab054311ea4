"""Whatever the service shows, an import says it exactly or leaves the flow out: it neither fails nor approximates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.errors import ServiceError
from exportctl.importing.importer import ConfigContext, import_flows
from exportctl.importing.result import Selection
from exportctl.model.plan import PlanHeader
from tests.importing.one_flow import NOW, Docs, documents, live_sandbox
from tests.law_profile import examples

CONFIG = b"""\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo}
"""
TEXTS = ["", " ", "x", "b", "t", "/", "a//b", "%", "\n", "${env:X}", "\ud800", "\u2028", "json", "NONE", "2027-01-01"]
VALUES: list[Any] = [*TEXTS, None, True, False, 0, 1, -1, 7, 2**70, 1.5, [], ["t"], {}, {"id": "x"}, [[]], NOW + 17]
MARKERS = ["[exportctl/1 e acme x 1o 0 0000]", "[exportctl/1 e other x 1o 0 0000]", "Managed in Git: me"]
MemberPath = tuple[Any, ...]


def member_paths(value: Any, above: MemberPath = ()) -> Iterator[MemberPath]:
    """The way to every member of a document, those inside others too."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield (*above, key)
        yield from member_paths(inner, (*above, key))


NEEDED = ("id", "etag")  # without these no object is read at all
EVERYWHERE = [
    place for place in member_paths(documents()) if len(place) > 1 and place[1:] not in [(name,) for name in NEEDED]
]


def set_value(docs: Docs, place: MemberPath, value: Any) -> None:
    """Put a value there, if that place is still there."""
    holder: Any = docs
    for key in place[:-1]:
        try:
            holder = holder[key]
        except (KeyError, IndexError, TypeError):
            return
    last = place[-1]
    if isinstance(holder, dict) or (isinstance(holder, list) and isinstance(last, int) and last < len(holder)):
        holder[place[-1]] = value


def is_imported(docs: Docs) -> bool:
    ground = ConfigContext(
        files={"exports.yaml": CONFIG},
        new_file="(stdout)",
        environment=None,
        variables={},
        values={},
        unset=(),
        live=live_sandbox(docs),
        header=PlanHeader("o", "demo", None, "acme", "service"),
        as_of=NOW,
    )
    made = import_flows(ground, Selection())  # proves itself, or raises
    assert len(made.exports) + len(made.left_out) == 1
    return bool(made.exports)


def test_the_flow_as_it_is_can_be_taken() -> None:
    assert is_imported(documents())


@pytest.mark.parametrize("place", EVERYWHERE, ids=lambda place: ".".join(map(str, place)))
def test_any_value_anywhere_is_said_exactly_or_left_out(place: MemberPath) -> None:
    for value in (*VALUES, *MARKERS):
        docs = documents()
        set_value(docs, place, value)
        is_imported(docs)


@settings(max_examples=examples(30, swept=80))
@given(st.lists(st.tuples(st.sampled_from(EVERYWHERE), st.sampled_from(VALUES)), min_size=2, max_size=4))
def test_several_odd_values_at_once_are_no_harder(odd: list[tuple[MemberPath, Any]]) -> None:
    docs = documents()
    for place, value in odd:
        set_value(docs, place, value)

    is_imported(docs)


def test_an_object_without_id_is_not_read_at_all() -> None:
    docs = documents()
    del docs["flow"]["id"]

    with pytest.raises(ServiceError, match="without id or etag"):
        live_sandbox(docs)
