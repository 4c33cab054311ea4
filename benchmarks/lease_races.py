"""
Races of 2 to 8 applies with and without the lease: how many make duplicates, and whether the next plan says so.

`python -m benchmarks.lease_races [--races N] [--first SEED]` plays N races with the lease and N without, in turn with
lists that lag 0, 5 and 30 seconds. Each race is drawn from its seed: equal or different configs, slow requests, kills
and stops. It prints counts, and names each race that breaks a promise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.tables import table
from exportctl.apply.lease import WRITE_LIMIT
from tests.workflows.lease_runs import RaceResult, play_race

LAGS = (0, 5, 30)
COUNTED = ("races", "applies", "killed", "exit 7", "with duplicates", "not told", "one more apply does not repair")


def counts_of(found: RaceResult) -> Counter[str]:
    """What one race adds to each column."""
    refused = sum(rule in ("lease-held", "lease-lost") for rule in found.rules)
    numbers = (
        *(1, len(found.rules), found.rules.count("killed"), refused),
        *(found.duplicates > 0, not found.is_told, not found.is_repaired),
    )
    return Counter(dict(zip(COUNTED, map(int, numbers), strict=True)))


def is_broken(found: RaceResult, *, lease: bool) -> bool:
    """Say whether a race breaks what is promised with, or without, the lease."""
    if not lease:
        return not found.is_told
    return bool(found.duplicates) or not found.is_repaired or found.longest_age > WRITE_LIMIT or found.leases != 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    rows: list[tuple[object, ...]] = []
    broken = []
    for lease in (True, False):
        total: Counter[str] = Counter()
        for seed in range(asked.first, asked.first + asked.races):
            with tempfile.TemporaryDirectory() as folder:
                found = play_race(Path(folder), seed, lease=lease, list_lag=LAGS[seed % len(LAGS)])
            total += counts_of(found)
            if is_broken(found, lease=lease):
                broken.append(f"race {seed}, {'with' if lease else 'without'} the lease: {found}")
        rows.append(("with the lease" if lease else "without", *(total[name] for name in COUNTED)))
    print(table(("", *COUNTED), rows))
    sys.exit("\n".join(broken) or 0)


if __name__ == "__main__":
    main()
