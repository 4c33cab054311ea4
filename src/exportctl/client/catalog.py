"""
Read what the Catalog says of datasets, and the primary identities of their schemas in the Schema Registry.

One request for each dataset, and one for each schema whose primary identity is asked for, a few at a time. Both
services need permissions that an export does not need. So what cannot be read is a problem in the answer, never an
error; and after an error that is not about one dataset, no further one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from threading import Event
from typing import Any, TypeVar

from exportctl.client.client import CATALOG, MAX_READERS, SCHEMA_REGISTRY, Client
from exportctl.client.pages import is_object_id
from exportctl.client.reading_pool import ReadingPool
from exportctl.errors import Forbidden, NotFound, ServiceError
from exportctl.model.combine import CatalogEntry
from exportctl.resources import catalog

# A list of descriptors as whole objects, in pages [Adobe's page "Descriptors endpoint"].
_DESCRIPTORS = "application/vnd.adobe.xdm-v2+json"
_Answer = TypeVar("_Answer")
_NOT_ASKED = "it was not asked again after an error"


class CatalogReader:
    """Reads one sandbox. It keeps in mind that a service failed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._failed = {CATALOG: Event(), SCHEMA_REGISTRY: Event()}

    def read_entries(self, datasets: Iterable[str]) -> Mapping[str, CatalogEntry]:
        """Read datasets, by id, each once."""
        return _read_side_by_side(self._read_entry, datasets)

    def add_primary_identities(self, entries: Mapping[str, CatalogEntry]) -> Mapping[str, CatalogEntry]:
        """Return the entries with the primary identity of their schema, or with the reason why there is none."""
        found = _read_side_by_side(self._read_identity, {one.schema for one in entries.values() if one.schema})
        unknown = (None, "the Catalog does not say its schema")
        return {
            dataset: replace(entry, primary_identity=column, key_problem=problem)
            for dataset, entry in entries.items()
            for column, problem in [found[entry.schema] if entry.schema else unknown]
        }

    def _read_entry(self, dataset: str) -> CatalogEntry:
        if not is_object_id(dataset):
            return CatalogEntry(problem="its id is not known")
        params = [("properties", catalog.PROPERTIES)]
        body = self._ask(CATALOG, f"/dataSets/{dataset}", params)
        return CatalogEntry(problem=body) if isinstance(body, str) else catalog.parse_dataset(dataset, body)

    def _read_identity(self, schema: str) -> tuple[str | None, str]:
        params = [("property", f"xdm:sourceSchema=={schema}")]
        body = self._ask(SCHEMA_REGISTRY, "/tenant/descriptors", params, accept=_DESCRIPTORS)
        if isinstance(body, str):
            return None, f"the Schema Registry could not be read: {body}"
        return catalog.parse_primary_identity(schema, body)

    def _ask(
        self, service: str, path: str, params: list[tuple[str, str]], accept: str | None = None
    ) -> Mapping[str, Any] | str:
        """Return the answer, or why there is none."""
        failed = self._failed[service]
        if failed.is_set():
            return _NOT_ASKED
        try:
            return self._client.get_json(f"{service}{path}", params=params, accept=accept)
        except (Forbidden, NotFound) as error:
            return error.message
        except ServiceError as error:
            failed.set()
            return error.message


def _read_side_by_side(read: Callable[[str], _Answer], names: Iterable[str]) -> dict[str, _Answer]:
    wanted = sorted(set(names))
    with ReadingPool(MAX_READERS) as pool:
        return dict(zip(wanted, pool.map(read, wanted), strict=True))
