"""Chains and sources built by hand."""

from __future__ import annotations

from exportctl.model.combine import Combination, Combine
from exportctl.model.plan import Address
from exportctl.monitor.backup.report import Chain, ChainRun, ChainStart, ChainState, Gap
from exportctl.monitor.delivery.report import DeliveredFile
from exportctl.restore.source import FileFormat, RestoreFile, RestoreLocation, RestoreRun, RestoreSource

START = 1_790_000_000
DAY = 86400
ORDERS = Address("exports", "orders")
PARQUET, LINES = FileFormat("parquet", "gzip"), FileFormat("json", "gzip")
HERE = RestoreLocation("the emulator's folder", folder="/bucket")
UPSERT = Combination(Combine.UPSERT, "stated in exports.yaml:3:9", "_id", "stated in exports.yaml:3:9")
APPEND = Combination(Combine.APPEND, "Catalog: dataBehavior time-series")
SNAPSHOT = Combination(Combine.SNAPSHOT, "stated in exports.yaml:3:9")

WHOLE, GAP, UNPROVEN = ChainState.WHOLE, ChainState.GAP, ChainState.UNPROVEN


def chain_of(*states: ChainState, combination: Combination | None = APPEND) -> Chain:
    """A chain with a run a day in these states, two files each."""
    runs = tuple(ChainRun(START + day * DAY, f"r-{day}", state, 20, files_of(day)) for day, state in enumerate(states))
    gaps = tuple(
        Gap(run.state, None, run.due, run.due, 1, f"run {run.run}", "rows", "act")
        for run in runs
        if run.state is not WHOLE
    )
    whole = [run for run in runs if run.state is WHOLE]
    return Chain(
        "Orders",
        "5ef3e3259ad2a1191ab7dd7d",
        next((s for s in (GAP, UNPROVEN) if s in states), WHOLE) if whole else ChainState.NONE,
        "because",
        (ChainStart(START, "this flow was made"),),
        whole[0].due if whole else None,
        whole[-1].due if whole else None,
        len(whole),
        rows=None,
        files=None,
        size=None,
        gaps=gaps,
        runs=runs,
        combination=combination,
    )


def files_of(day: int) -> tuple[DeliveredFile, ...]:
    return tuple(DeliveredFile(f"aep/exportTime={day}/part-{n}.gz.parquet", 100 + n) for n in (1, 0))


def source_of(
    *files: RestoreFile, combination: Combination = APPEND, location: RestoreLocation = HERE, runs: int = 3
) -> RestoreSource:
    return RestoreSource(
        ORDERS,
        "Orders",
        "5ef3e3259ad2a1191ab7dd7d",
        combination.combine,
        combination.source,
        combination.key,
        combination.key_source,
        START,
        WHOLE,
        (),
        tuple(RestoreRun(number, START + number * DAY, f"r-{number}", WHOLE, None) for number in range(1, runs + 1)),
        files,
        location,
    )
