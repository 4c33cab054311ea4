"""
How much an export of a dataset would send, as far as earlier runs in the sandbox say. Only reads.

The Flow Service does not know the size of a dataset. The largest run of a flow with this dataset alone is the best
estimate that it has.
"""

from __future__ import annotations

from exportctl.client.client import Client
from exportctl.client.inventory import read_runs
from exportctl.frozen import dataclass
from exportctl.probe import bodies
from exportctl.probe.bodies import FLOWS, SOURCES
from exportctl.probe.question_group import NamedDataset


@dataclass(frozen=True)
class DatasetVolume:
    """The largest known run of a dataset; None: no run is known."""

    dataset: NamedDataset
    rows: int | None = None
    size: int | None = None  # bytes


def read_volume(client: Client, dataset: NamedDataset) -> DatasetVolume:
    """Look for the largest successful run of the flows that export this dataset and no other one."""
    sources = {str(doc.get("id")) for doc in client.list(SOURCES) if bodies.dataset_ids_of(doc) == [dataset.id]}
    flows = [str(doc["id"]) for doc in client.list(FLOWS) if sources & {*bodies.source_ids_of(doc)}]
    runs = [run for run in read_runs(client, flows, 0) if run.has_succeeded and run.rows] if flows else []
    largest = max(runs, key=lambda run: run.rows or 0, default=None)
    return DatasetVolume(dataset, largest.rows, largest.size) if largest else DatasetVolume(dataset)
