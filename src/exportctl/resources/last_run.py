"""The newest run as a flow itself shows it: no list of runs is needed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.frozen import dataclass
from exportctl.resources import run, wire
from exportctl.resources.run import RunStatus


@dataclass(frozen=True)
class LastRun:
    """The newest run as the flow itself shows it (`lastRunDetails`, flow-service.md 2.5). Moments in seconds."""

    id: str
    status: RunStatus
    started: int
    completed: int | None

    @property
    def has_failed(self) -> bool:
        return self.status in (RunStatus.FAILED, RunStatus.PARTIAL)


def last_run(flow: Mapping[str, Any]) -> LastRun | None:
    """Return the newest run in a flow's JSON; None if it shows none, or none with a time."""
    shown = wire.members(flow.get("lastRunDetails"))
    completed = run.seconds_from_ms(shown.get("completedAtUTC"))
    started = run.seconds_from_ms(shown.get("startedAtUTC")) or completed
    if started is None:
        return None
    return LastRun(str(shown.get("id") or ""), run.run_status(shown.get("state"), completed), started, completed)
