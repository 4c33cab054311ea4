"""What a flow has that no config describes is named, never shown: one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exportctl.importing.kept_as_is import unmodelled_names
from exportctl.plan.ownership import build_ownership
from tests.importing.one_flow import Docs, documents, live_sandbox

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


def kept_as_is_names(edit: Callable[[Docs], object] = lambda docs: None) -> tuple[str, ...]:
    docs = documents()
    edit(docs)
    return unmodelled_names(build_ownership(live_sandbox(docs), "acme").flows[0])


def put_value(part: str, *place: str, value: Any) -> Callable[[Docs], object]:
    """A value at a place of one of the documents."""

    def edit(docs: Docs) -> None:
        holder = docs[part]
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = value

    return edit


def test_a_flow_that_the_config_describes_whole_has_nothing_to_name() -> None:
    assert kept_as_is_names() == ()


FOUND = {
    "labels": put_value("flow", "labels", value=["core/C12"]),
    "policy": put_value("flow", "policy", value={"enforcementRefs": ["/dulepolicy/marketingActions/x"]}),
    "transformations": put_value("flow", "transformations", value=[{"name": "x"}]),
    "somethingNew": put_value("flow", "somethingNew", value=False),
    "scheduleParams.frequency": put_value("flow", "scheduleParams", "frequency", value="hour"),
    "scheduleParams.timezone": put_value("flow", "scheduleParams", "timezone", value="CET"),
    "target labels": put_value("target", "labels", value=["core/C12"]),
    "target data": put_value("target", "data", value={"format": "json"}),
    "target params.csvOptions": put_value("target", "params", "csvOptions", value={"delimiter": ","}),
    "target params.fileType": put_value("target", "params", "fileType", value="CSV"),
    "target params.appendSegmentId": put_value("target", "params", "appendSegmentId", value=False),
    "target params.remotePath": put_value("target", "params", "remotePath", value="/in"),
    "source data": put_value("source", "data", value={"format": "parquet"}),
    "source typeInfo": put_value("source", "typeInfo", value={"type": "x"}),
    "source params.filter": put_value("source", "params", "filter", value=0),
    "source params.datasets[].x": put_value("source", "params", "datasets", value=[{"dataSetId": "d", "x": 1}] * 2),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_no_config_describes_is_named(name: str) -> None:
    assert kept_as_is_names(FOUND[name]) == (name,)


def test_several_things_are_named_in_the_order_of_the_objects() -> None:
    def edit(docs: Docs) -> None:
        for one in reversed(FOUND.values()):
            one(docs)

    assert kept_as_is_names(edit)[:5] == (
        "labels",
        "policy",
        "somethingNew",
        "transformations",
        "scheduleParams.frequency",
    )
    assert sorted(kept_as_is_names(edit)) == sorted(FOUND)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("key", BY_SERVICE)
def test_what_the_service_sets_by_itself_is_not_named(part: str, key: str) -> None:
    assert kept_as_is_names(put_value(part, key, value=BY_SERVICE[key])) == ()


@pytest.mark.parametrize("value", [None, "", [], {}, [[]], {"enforcementRefs": []}], ids=repr)
@pytest.mark.parametrize(
    "place",
    [("flow", "policy"), ("flow", "scheduleParams", "x"), ("target", "params", "x"), ("source", "x")],
    ids=".".join,
)
def test_what_holds_nothing_is_not_named(place: tuple[str, ...], value: Any) -> None:
    assert kept_as_is_names(put_value(*place, value=value)) == ()


KNOWN = [
    put_value("flow", "scheduleParams", "exportMode", value="FIRST_FULL_THEN_INCREMENTAL"),
    put_value("flow", "scheduleParams", "foldernameTemplate", value="x"),
    put_value("flow", "scheduleParams", "folderNameTemplate", value="x"),
    put_value("flow", "transformations", value=[]),
    put_value("target", "params", "mode", value="Server-to-server"),
    put_value("target", "params", "includeFileManifest", value=True),
    put_value("source", "baseConnectionId", value="b"),
]


@pytest.mark.parametrize("edit", KNOWN)
def test_what_is_described_or_the_same_for_every_flow_is_not_named(edit: Callable[[Docs], object]) -> None:
    assert kept_as_is_names(edit) == ()


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
    assert kept_as_is_names(put_value(part, key, value=1)) == (BEFORE[part] + name,)


def test_no_value_is_in_a_name() -> None:
    def edit(docs: Docs) -> None:
        for part in PARTS:
            docs[part]["odd"] = {"inner": "canary"}

    assert "canary" not in " ".join(kept_as_is_names(edit))
    assert "inner" not in " ".join(kept_as_is_names(edit))
