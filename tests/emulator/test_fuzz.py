"""Nothing a client sends breaks the emulator: it answers with a status of the service and stays as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exportctl.emulator import Emulator, Switches
from exportctl.emulator.switches import QUESTIONS
from tests.emulator.emulator_api import Api
from tests.law_profile import examples

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
)
SLOW = settings().suppress_health_check
QUICK = settings(max_examples=examples(40), suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture])
SWITCHES = st.builds(
    Switches, **{name: st.sampled_from(values) for name, values in Switches.choices().items() if name in QUESTIONS}
)
DATA = {"format": "parquet"}
World = tuple[Api, dict[str, str]]
"""A client, and the id of an object by its collection."""
BuildWorld = Callable[..., World]


@pytest.fixture
def world(connect: Callable[..., Api]) -> BuildWorld:
    """Builds a client and one object of each collection, the same ones every time."""

    def build(switches: Switches | None = None) -> World:
        emulator = Emulator(clock="manual", page_size=2, switches=switches)
        emulator.seed(["dev"])
        api = connect(emulator)
        base, source = api.base(description="x"), api.source(data=DATA)
        target = api.target(base, data=DATA)
        flow = api.create("flows", api.flow_body(source, target))
        emulator.advance(60)
        return api, {"connections": base, "sourceConnections": source, "targetConnections": target, "flows": flow}

    return build


def json_paths(value: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, as a path."""
    yield here
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from json_paths(item, (*here, key))


def replace_at(body: Any, path: tuple[Any, ...], value: object) -> Any:
    body = copy.deepcopy(body)
    if not path:
        return value
    parent = body
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return body


@given(
    data=st.data(),
    switches=SWITCHES,
    collection=st.sampled_from(["connections", "sourceConnections", "targetConnections", "flows"]),
)
@QUICK
def test_a_create_with_anything_anywhere_is_answered(
    world: BuildWorld, data: st.DataObject, switches: Switches, collection: str
) -> None:
    api, ids = world(switches)
    body = {
        "connections": api.base_body(description="x"),
        "sourceConnections": api.source_body(data=DATA),
        "targetConnections": api.target_body(ids["connections"], data=DATA),
        "flows": api.flow_body(ids["sourceConnections"], ids["targetConnections"]),
    }[collection]
    path = data.draw(st.sampled_from(list(json_paths(body))))

    answer = api.post(f"/{collection}", replace_at(body, path, data.draw(JSON)))

    assert answer.status_code in (201, 400, 422)
    if answer.status_code == 201:
        api.emulator.advance(60)  # until then a request by id may answer 404
        assert api.item(f"/{collection}/{answer.json()['id']}")["id"] == answer.json()["id"]


@given(
    data=st.data(),
    switches=SWITCHES,
    collection=st.sampled_from(["connections", "sourceConnections", "targetConnections", "flows"]),
)
@QUICK
def test_a_patch_with_anything_anywhere_is_answered(
    world: BuildWorld, data: st.DataObject, switches: Switches, collection: str
) -> None:
    api, ids = world(switches)
    item = api.item(f"/{collection}/{ids[collection]}")
    pointer = "".join(f"/{part}" for part in data.draw(st.sampled_from(list(json_paths(item)))))
    operation = {
        "op": data.draw(st.sampled_from(["add", "replace", "remove", "test"])),
        "path": pointer + data.draw(st.sampled_from(["", "/-", "/0", "/x"])),
        "value": data.draw(JSON),
    }

    answer = api.patch(f"/{collection}/{ids[collection]}", operation)

    assert answer.status_code in (200, 400, 405, 422)
    if answer.status_code != 200:
        assert api.item(f"/{collection}/{ids[collection]}") == item
    assert api.get(f"/{collection}", limit=100).status_code == 200


@given(
    text=st.text(max_size=12)
    | st.from_regex(r"(name|createdAt|id|labels\[\]|params\.path)[=<>!~]{1,2}[a-z0-9,=]{0,4}"),
    collection=st.sampled_from(["connections", "flows", "runs"]),
    parameter=st.sampled_from(["property", "orderby", "limit", "count", "continuationToken"]),
)
@QUICK
def test_a_list_with_any_parameter_is_answered(world: BuildWorld, text: str, collection: str, parameter: str) -> None:
    api, _ = world()

    assert api.get(f"/{collection}", **{parameter: text}).status_code in (200, 400)


@given(text=st.text(min_size=1, max_size=12))
@QUICK
def test_an_object_with_any_name_is_found_by_it_and_by_no_other(world: BuildWorld, text: str) -> None:
    api, _ = world()
    answer = api.post("/connections", api.base_body(text))

    assert answer.is_success is bool(text.strip())
    if answer.is_success and "," not in text:
        found = api.get("/connections", property=f"name=={text}", limit=1)
        assert [item["name"] for item in found.json().get("items", ())] == ([text] if found.is_success else [])
