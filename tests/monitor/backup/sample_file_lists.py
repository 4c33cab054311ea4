"""Chains and lists of their files, built by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exportctl.model.plan import Address, PlanHeader
from exportctl.model.schedule import DAY
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.backup.file_list import ChainToList, FileList, build_file_list
from exportctl.monitor.backup.report import Chain, ChainRun, ChainStart, ChainState
from exportctl.monitor.delivery.report import DeliveredFile

FIRST = 1_800_000_000
HEADER = PlanHeader("0123456789ABCDEF01234567@AdobeOrg", "demo", None, "acme", "service")
ORDERS = Address("exports", "orders")
LAKE = StorageAddress("s3://acme-lake")
FLOW = "1a2b3c4d-0000-4000-8000-000000000001"


def stored_file(day: int, number: int = 0, dataset: str = "d-1") -> DeliveredFile:
    path = f"aep/{dataset}/exportTime={day:04}/part-{number:05}.gz.parquet"
    return DeliveredFile(path, 100 + day, f'"etag-{day}-{number}"', 7)


def chain_run(day: int, state: ChainState = ChainState.WHOLE, files: int = 2, dataset: str = "d-1") -> ChainRun:
    found = tuple(stored_file(day, number, dataset) for number in range(files))
    return ChainRun(FIRST + day * DAY, f"run-{day}", state, 7 * files, found)


def chain_of(*runs: ChainRun, dataset: str = "Orders", dataset_id: str = "d-1") -> Chain:
    states = {run.state for run in runs}
    state = ChainState.WHOLE if states <= {ChainState.WHOLE} else max(states - {ChainState.WHOLE})
    starts = (ChainStart(FIRST - 60, "this flow was made"),)
    return Chain(dataset, dataset_id, state, "a reason", starts, None, None, 0, None, None, None, (), runs)


def file_list(*chains: Chain, flow: str = FLOW, storage: StorageAddress = LAKE, folder: str = "aep") -> FileList:
    return build_file_list(HEADER, ORDERS, [ChainToList(c, flow, "parquet", "gzip", storage, folder) for c in chains])


def list_of_days(days: int, files: int = 2) -> FileList:
    return file_list(chain_of(*(chain_run(day, files=files) for day in range(days))))


def mix_files(chain: Chain, order: Sequence[int]) -> Chain:
    """The same chain, its files in another order."""
    return replace(chain, runs=tuple(replace(run, files=tuple(run.files[n] for n in order)) for run in chain.runs))
