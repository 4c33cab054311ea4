"""
Read the runs of flows: one list for several flows, newest first, back to a given moment.

Source: `GET /runs?property=flowId==id1,id2` (any-of, flow-service.md 3.3 and 8.4), at most 100 per page, newest first
with `orderby=-createdAt`. The reader checks the filter of the service again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from exportctl.client.client import Client
from exportctl.resources import run as runs
from exportctl.resources.run import Run

NEWEST_FIRST = ("orderby", "-createdAt")
FLOWS_PER_LIST = 20  # twenty ids keep the URL below 1 KiB
MAX_PARALLEL_LISTS = 4  # the same number as for the inventory


def read_runs(client: Client, flows: Sequence[str], since: int) -> tuple[Run, ...]:
    """
    Read all runs of these flows that were created at `since` (seconds) or later, newest first.

    Raises:
        ServiceError: a list could not be read.
    """
    groups = [flows[i : i + FLOWS_PER_LIST] for i in range(0, len(flows), FLOWS_PER_LIST)]
    with ThreadPoolExecutor(MAX_PARALLEL_LISTS) as pool:
        found = [
            run for group in pool.map(lambda ids: [*_iterate_newest_runs(client, ids, since)], groups) for run in group
        ]
    return tuple(sorted(found, key=lambda run: (-run.started, run.id)))


def read_latest_runs(client: Client, flow: str, count: int) -> tuple[Run, ...]:
    """Read the newest `count` runs of one flow."""
    found: list[Run] = []
    for run in _iterate_newest_runs(client, [flow], 0):
        found.append(run)
        if len(found) == count:
            break
    return tuple(found)


def _iterate_newest_runs(client: Client, flows: Sequence[str], since: int) -> Iterator[Run]:
    wanted = set(flows)
    params = [("property", f"flowId=={','.join(flows)}"), NEWEST_FIRST]
    for page in client.pages("/runs", params=params):
        for raw in page:
            run = runs.parse_run(raw)
            if run is not None and run.flow in wanted and run.started >= since:
                yield run
        if any(0 < _created_seconds(raw) < since for raw in page):
            return


def _created_seconds(raw: dict[str, Any]) -> int:
    """Return createdAt in seconds; 0 where it is missing, which does not count as old."""
    return runs.seconds_from_ms(raw.get("createdAt")) or 0
