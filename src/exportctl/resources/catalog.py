"""
Read the answers of the Catalog and of the Schema Registry about a dataset. Pure.

    GET /dataSets/{id}         {id: {classification: {dataBehavior, managedBy}, schemaRef: {id}}}
    GET /tenant/descriptors    {results: [descriptor …], _page: {next}}, or a list per type of descriptor

Sources: the Catalog API (`datasetPatchRequestV2.classification`, `schemaRef`); a sample answer of GET in Adobe's
tutorials has `dataBehavior: time-series`. That the other words are those of the behaviors in the Schema Registry
(`record`, `adhoc`), in any case and perhaps with their URI, is assumed. Descriptors: Adobe's page "Descriptors
endpoint", which also says that a schema has only one primary identity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exportctl.model.combine import CatalogEntry

PROPERTIES = "classification,schemaRef"  # of a dataset, as a query
_IDENTITY = "xdm:descriptorIdentity"
_PREFIX = "xdm:"  # of field names in standard XDM; the service's own names and its files have none


def parse_dataset(dataset_id: str, body: Mapping[str, Any]) -> CatalogEntry:
    """Return what the Catalog says of a dataset; an answer of another form is a problem, never an error."""
    entry = body.get(dataset_id)
    if not isinstance(entry, Mapping):
        return CatalogEntry(problem="its answer does not contain the dataset")
    classification, schema = _part(entry, "classification"), _part(entry, "schemaRef")
    return CatalogEntry(
        behavior=(_text(classification, "dataBehavior") or "").rsplit("/", 1)[-1].lower() or None,
        manager=(_text(classification, "managedBy") or "").upper() or None,
        schema=_text(schema, "id"),
    )


def parse_primary_identity(schema: str, body: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the column of a schema's primary identity, and why there is none; the list may hold other schemas too."""
    found = {_column(one) for one in _descriptors(body) if _is_primary_identity(one, schema)}
    if len(found) == 1 and None not in found:
        return found.pop(), ""
    if found:
        return None, "its schema has no single primary identity that is a column"
    if _part(body, "_page").get("next") is not None:
        return None, "the Schema Registry listed only some of the identities of its schema"
    return None, "its schema has no primary identity"


def _descriptors(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the descriptors of both documented forms of a list."""
    results = body.get("results")
    lists = [results] if isinstance(results, list) else [one for one in body.values() if isinstance(one, list)]
    yield from (item for items in lists for item in items if isinstance(item, Mapping))


def _is_primary_identity(descriptor: Mapping[str, Any], schema: str) -> bool:
    return (
        descriptor.get("@type") == _IDENTITY
        and descriptor.get("xdm:isPrimary") is True
        and descriptor.get("xdm:sourceSchema") == schema
    )


def _column(descriptor: Mapping[str, Any]) -> str | None:
    """Return the column of `/_acme/crm/id`; None for what is no path."""
    path = _text(descriptor, "xdm:sourceProperty") or ""
    levels = [level.removeprefix(_PREFIX) for level in path.removeprefix("/").split("/")]
    return ".".join(levels) if path.startswith("/") and all(levels) and "." not in path else None


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(body: Mapping[str, Any], key: str) -> str | None:
    found = body.get(key)
    return found if isinstance(found, str) and found else None
