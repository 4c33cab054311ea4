"""Whether a report says of a planted fault what is true, and nothing else."""

from __future__ import annotations

from typing import Any

from tests.backup_faults.bucket import Location
from tests.backup_faults.faults import WHOLE, StorageFault


def check_chain(chain: Any, fault: StorageFault, runs: list[int], path: str | None, location: Location) -> None:
    """
    Compare the chain of a JSON report with what was planted.

    `runs` are the moments at which the runs of the chain were due. `path` is the file that the report must name.
    """
    expected = [(state, runs[first], runs[last]) for state, first, last in fault.alarms]
    found = [(gap["state"], gap["first"], gap["last"]) for gap in chain["gaps"]]
    assert (chain["state"], found) == (fault.chain_state, expected), chain
    before = [runs.index(first) for _, first, _ in expected]
    assert [gap["after"] for gap in chain["gaps"]] == [runs[place - 1] if place else None for place in before]
    assert all(gap["lost"] and gap["action"] for gap in chain["gaps"])
    if path is not None and fault.alarms:
        named = [one for gap in chain["gaps"] for one in gap["objects"]]
        assert [one for one in named if path == one or path.startswith(f"{one}/")], (path, named)
    broken = sum(gap["runs"] for gap in chain["gaps"])
    assert chain["complete_runs"] == len(runs) - broken
    if fault.chain_state == WHOLE:
        assert (chain["covered_from"], chain["covered_to"]) == (runs[0], runs[-1])
