"""Who names an object: the index gives what a search of everything gives, after every write and from every process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.emulator.store import Record, Store
from tests.emulator.emulator_api import Api
from tests.law_profile import examples
from tests.line_counts import count_steps

IDS, NAMED = "abcd", "xyz"
OPERATIONS = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["put", "put", "remove", "undo", "clear"]),
    st.sampled_from(IDS),
    st.lists(st.sampled_from(NAMED), max_size=2),
)


def change_store(store: Store, operation: str, id: str, named: list[str]) -> None:
    with store.transaction():
        if operation == "remove":
            store.remove("flows", id)
        elif operation == "clear":
            store.clear_objects()
        else:
            store.put(Record("flows", id, "dev", {"links": named, "name": id}))
        if operation == "undo":
            raise LookupError


@settings(max_examples=examples(10, swept=200))
@given(st.lists(OPERATIONS, max_size=12))
def test_the_index_finds_what_a_search_finds(operations: list[tuple[int, str, str, list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stores = [Store(Path(folder) / "emulator.db") for _ in range(2)]
        for number, operation, id, named in operations:
            if operation == "undo":
                with pytest.raises(LookupError):
                    change_store(stores[number], operation, id, named)
            else:
                change_store(stores[number], operation, id, named)
            for store in stores:
                every = store.list_records("flows")
                for one in NAMED:
                    found = [record.id for record in store.list_references("flows", "links", one)]
                    assert found == sorted(record.id for record in every if one in record.doc["links"])
                named_a = [record.id for record in store.list_references("flows", "name", "a")]
                assert named_a == [record.id for record in every if record.id == "a"]
        for store in stores:
            store.close()


def test_a_deletion_costs_the_same_however_many_flows_there_are(build: Callable[..., Api]) -> None:
    def steps_of_deletion(size: int) -> int:
        api = build()
        base = api.base()
        sources = [api.source() for _ in range(size)]
        for source in sources:
            api.create("flows", api.flow_body(source, api.target(base)))
        assert api.delete(f"/sourceConnections/{sources[0]}").status_code == 400
        refused: list[int] = []
        steps = count_steps(lambda: refused.append(api.delete(f"/sourceConnections/{sources[1]}").status_code))
        assert refused == [400]
        return steps.total()

    steps_of_deletion(3)
    assert steps_of_deletion(3) == steps_of_deletion(30)
