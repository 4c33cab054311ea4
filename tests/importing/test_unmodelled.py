"""What a flow has that no config describes is named, never shown: one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.importing.unmodelled import unmodelled
from exportctl.planning.ownership import survey
from tests.importing.one_flow import Docs, documents, live

PARTS = ("flow", "target", "source")
BEFORE = {"flow": "", "target": "target ", "source": "source "}
BY_SERVICE: dict[str, Any] = {  # flow-service.md 2.1 to 2.5
    "createdAt": 1,
    "updatedAt": 1,
    "createdBy": "x",
    "updatedBy": "x",
    "createdClient": "exc_app",
    "updatedClient": "acp_foundation_connectors",
    "sandboxId": "x",
    "sandboxName": "demo",
    "imsOrgId": "x@AdobeOrg",
    "state": "enabled",
    "version": "e",
    "etag": "e",
    "inheritedAttributes": {"properties": {"isDestinationFlow": True}},
    "providerRefId": "x",
    "runs": "/runs?property=flowId==f",
    "lastOperation": {"operation": "create"},
    "lastRunDetails": {"id": "r"},
}


def named(edit: Callable[[Docs], object] = lambda docs: None) -> tuple[str, ...]:
    docs = documents()
    edit(docs)
    return unmodelled(survey(live(docs), "acme").holdings[0])


def put(part: str, *place: str, value: Any) -> Callable[[Docs], object]:
    """A value at a place of one of the documents."""

    def edit(docs: Docs) -> None:
        holder = docs[part]
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = value

    return edit


def test_a_flow_that_the_config_describes_whole_has_nothing_to_name() -> None:
    assert named() == ()


FOUND = {
    "labels": put("flow", "labels", value=["core/C12"]),
    "policy": put("flow", "policy", value={"enforcementRefs": ["/dulepolicy/marketingActions/x"]}),
    "transformations": put("flow", "transformations", value=[{"name": "x"}]),
    "somethingNew": put("flow", "somethingNew", value=False),
    "scheduleParams.frequency": put("flow", "scheduleParams", "frequency", value="hour"),
    "scheduleParams.timezone": put("flow", "scheduleParams", "timezone", value="CET"),
    "target labels": put("target", "labels", value=["core/C12"]),
    "target data": put("target", "data", value={"format": "json"}),
    "target params.csvOptions": put("target", "params", "csvOptions", value={"delimiter": ","}),
    "target params.fileType": put("target", "params", "fileType", value="CSV"),
    "target params.appendSegmentId": put("target", "params", "appendSegmentId", value=False),
    "target params.remotePath": put("target", "params", "remotePath", value="/in"),
    "source data": put("source", "data", value={"format": "parquet"}),
    "source typeInfo": put("source", "typeInfo", value={"type": "x"}),
    "source params.filter": put("source", "params", "filter", value=0),
    "source params.datasets[].x": put("source", "params", "datasets", value=[{"dataSetId": "d", "x": 1}] * 2),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_no_config_describes_is_named(name: str) -> None:
    assert named(FOUND[name]) == (name,)


def test_several_things_are_named_in_the_order_of_the_objects() -> None:
    def edit(docs: Docs) -> None:
        for one in reversed(FOUND.values()):
            one(docs)

    assert named(edit)[:5] == ("labels", "policy", "somethingNew", "transformations", "scheduleParams.frequency")
    assert sorted(named(edit)) == sorted(FOUND)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("key", BY_SERVICE)
def test_what_the_service_sets_by_itself_is_not_named(part: str, key: str) -> None:
    assert named(put(part, key, value=BY_SERVICE[key])) == ()


@pytest.mark.parametrize("value", [None, "", [], {}, [[]], {"enforcementRefs": []}], ids=repr)
@pytest.mark.parametrize(
    "place",
    [("flow", "policy"), ("flow", "scheduleParams", "x"), ("target", "params", "x"), ("source", "x")],
    ids=".".join,
)
def test_what_holds_nothing_is_not_named(place: tuple[str, ...], value: Any) -> None:
    assert named(put(*place, value=value)) == ()


KNOWN = [
    put("flow", "scheduleParams", "exportMode", value="FIRST_FULL_THEN_INCREMENTAL"),
    put("flow", "scheduleParams", "foldernameTemplate", value="x"),
    put("flow", "scheduleParams", "folderNameTemplate", value="x"),
    put("flow", "transformations", value=[]),
    put("target", "params", "mode", value="Server-to-server"),
    put("target", "params", "includeFileManifest", value=True),
    put("source", "baseConnectionId", value="b"),
]


@pytest.mark.parametrize("edit", KNOWN)
def test_what_is_described_or_the_same_for_every_flow_is_not_named(edit: Callable[[Docs], object]) -> None:
    assert named(edit) == ()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a b", "'a b'"),
        ("a, labels", "'a, labels'"),
        ("x\x1b[31m\x7f", "'x\\x1b[31m\\x7f'"),
        ("\u202eabc", "'\\u202eabc'"),
        ("half \ud83d", "'half \\ud83d'"),
        ("line\nother: 1", "'line\\nother: 1'"),
        ("", "''"),
        ("k" * 41, "'" + "k" * 40 + "...'"),
    ],
)
@pytest.mark.parametrize("part", PARTS)
def test_a_name_by_others_is_one_line_of_ascii(part: str, key: str, name: str) -> None:
    assert named(put(part, key, value=1)) == (BEFORE[part] + name,)


def test_no_value_is_in_a_name() -> None:
    def edit(docs: Docs) -> None:
        for part in PARTS:
            docs[part]["odd"] = {"inner": "canary"}

    assert "canary" not in " ".join(named(edit))
    assert "inner" not in " ".join(named(edit))
