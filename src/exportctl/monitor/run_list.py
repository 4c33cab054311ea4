"""What `runs` shows: the newest runs of the flows somebody asked for. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.model.plan import Address, PlanHeader
from exportctl.resources.run import Run


@dataclass(frozen=True)
class FlowRuns:
    """
    One flow and its runs, newest first. `address` is None for a flow of somebody else; `flow` None: not applied.
    `type` is the destination type's name, None for a card that is not ours to know.
    """

    address: Address | None
    flow: str | None
    title: str
    type: str | None
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class RunsReport:
    """`since` in seconds since 1970 UTC; `limit` runs of each flow at most. None: not limited so."""

    header: PlanHeader
    as_of: int
    since: int | None
    limit: int | None
    flows: tuple[FlowRuns, ...]
