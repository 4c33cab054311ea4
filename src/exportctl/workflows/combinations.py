"""Read how each dataset of some exports combines: from the config, the Catalog and the Schema Registry. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exportctl.client.catalog import CatalogReader
from exportctl.client.client import Client
from exportctl.model.combine import Combination
from exportctl.model.project import Dataset, Export
from exportctl.monitor.backup.combination import asks_for_identity, combination
from exportctl.monitor.delivery.report import Verdict


def read_combinations(client: Client, declared: Mapping[str, Dataset]) -> Mapping[str, Combination]:
    """Return how each dataset combines, by id. What cannot be read is said in the value; it is no error."""
    reader = CatalogReader(client)
    entries = dict(reader.read_entries(declared))
    asked = {one: entry for one, entry in entries.items() if asks_for_identity(declared[one], entry)}
    entries |= reader.add_primary_identities(asked)
    return {one: combination(declared[one], entry) for one, entry in entries.items()}


def declared_datasets(exports: Iterable[tuple[Export, Iterable[Verdict]]]) -> dict[str, Dataset]:
    """
    Return what the config declares of each dataset that the verdicts are on, by id.

    One export may name a dataset by its id and another one by its name: what either says of its rows counts. A dataset
    that a flow has and the config has not (yet) is declared by its id and name alone. One without an id is exported by
    no flow.
    """
    found: dict[str, Dataset] = {}
    for export, verdicts in exports:
        for verdict in verdicts:
            one, known = _declared_dataset(export, verdict), found.get(verdict.dataset_id)
            if verdict.dataset_id and (known is None or not (known.key or known.combine)):
                found[verdict.dataset_id] = one
    return found


def _declared_dataset(export: Export, verdict: Verdict) -> Dataset:
    by_id = [one for one in export.datasets if one.id and one.id == verdict.dataset_id]
    by_name = [one for one in export.datasets if not one.id and one.name == verdict.dataset]
    return next(iter([*by_id, *by_name]), Dataset(verdict.dataset_id, verdict.dataset, None, export.at))
