"""What `runs` shows: the newest runs of the chosen flows. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.model.plan import Address, PlanHeader
from exportctl.resources.run import Run


@dataclass(frozen=True)
class FlowRuns:
    """
    One flow and its runs, newest first.

    `address` is None for a flow that this project does not manage, `flow` is None if the export is not applied. `type`
    is the destination type's name, None for a type that exportctl does not know.
    """

    address: Address | None
    flow: str | None
    title: str
    type: str | None
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class RunsReport:
    """
    The runs of several flows.

    `since` is in seconds since 1970 UTC, `limit` the largest number of runs per flow. None means no such limit.
    """

    header: PlanHeader
    as_of: int
    since: int | None
    limit: int | None
    flows: tuple[FlowRuns, ...]
