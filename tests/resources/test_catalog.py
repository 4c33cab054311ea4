"""What the answers of the Catalog and of the Schema Registry say; another form says nothing and is no error."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.model.combine import CatalogEntry
from exportctl.resources.catalog import parse_dataset, parse_primary_identity

SCHEMA = "https://ns.adobe.com/acme/schemas/1"
NOT_THERE = CatalogEntry(problem="its answer does not contain the dataset")


def dataset(**entry: Any) -> dict[str, Any]:
    return {"d-1": entry}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            dataset(classification={"dataBehavior": "time-series", "managedBy": "CUSTOMER"}, schemaRef={"id": SCHEMA}),
            CatalogEntry("time-series", "CUSTOMER", SCHEMA),
        ),
        (dataset(classification={"dataBehavior": "https://ns.adobe.com/xdm/data/record"}), CatalogEntry("record")),
        (dataset(classification={"dataBehavior": "RECORD", "managedBy": "system"}), CatalogEntry("record", "SYSTEM")),
        (dataset(classification=[], schemaRef="x"), CatalogEntry()),
        (dataset(classification={"dataBehavior": 7}, schemaRef={"id": ""}), CatalogEntry()),
        ({"d-2": {"classification": {"dataBehavior": "record"}}}, NOT_THERE),
        ({"d-1": ["record"]}, NOT_THERE),
        ({}, NOT_THERE),
    ],
)
def test_a_dataset_is_read_as_far_as_its_form_is_known(body: dict[str, Any], expected: CatalogEntry) -> None:
    assert parse_dataset("d-1", body) == expected


def identity(path: object = "/_acme/crm/id", **other: Any) -> dict[str, Any]:
    found = {"@type": "xdm:descriptorIdentity", "xdm:sourceSchema": SCHEMA, "xdm:sourceProperty": path}
    return {**found, "xdm:isPrimary": True, **other}


SECOND = {"xdm:isPrimary": False}
NO_COLUMN = "its schema has no single primary identity that is a column"
IDENTITIES: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "a page": ({"results": [identity("/phone", **SECOND), identity()]}, "_acme.crm.id", ""),
    "by type": ({"xdm:descriptorIdentity": [identity("/_id")], "xdm:descriptorLabel": ["x"]}, "_id", ""),
    "names of standard XDM": ({"results": [identity("/xdm:email/xdm:address")]}, "email.address", ""),
    "the same twice": ({"results": [identity(), identity()]}, "_acme.crm.id", ""),
    "two": ({"results": [identity(), identity("/_id")]}, None, NO_COLUMN),
    "no path": ({"results": [identity("_id")]}, None, NO_COLUMN),
    "an empty level": ({"results": [identity("/_acme//id")]}, None, NO_COLUMN),
    "a dot in a name": ({"results": [identity("/a.b")]}, None, NO_COLUMN),
    "no text": ({"results": [identity(7)]}, None, NO_COLUMN),
    "of another schema": (
        {"results": [identity(**{"xdm:sourceSchema": "other"})]}, None, "its schema has no primary identity"),
    "of another type": (
        {"results": [identity(**{"@type": "xdm:descriptorLabel"})]}, None, "its schema has no primary identity"),
    "the text true": ({"results": [identity(**{"xdm:isPrimary": "true"})]}, None, "its schema has no primary identity"),
    "an unfinished list": (
        {"results": [identity(**SECOND)], "_page": {"next": "x"}},
        None,
        "the Schema Registry listed only some of the identities of its schema",
    ),
    "found before the end": ({"results": [identity()], "_page": {"next": "x"}}, "_acme.crm.id", ""),
    "nothing": ({}, None, "its schema has no primary identity"),
}  # fmt: skip


@pytest.mark.parametrize("case", IDENTITIES)
def test_the_primary_identity_is_one_column_of_the_schema(case: str) -> None:
    body, column, problem = IDENTITIES[case]
    assert parse_primary_identity(SCHEMA, body) == (column, problem)
