"""
What health and next runs need to know about a flow: schedule, end, account, last run. Values only.

In: a live flow. Out: a FlowView. What the service does not show is None, never an error.
"""

from __future__ import annotations

from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.monitor.delivery.expectation import last_change
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources import wire
from exportctl.resources.kinds import EVERY, FLOW, SOURCE_CONNECTION, START
from exportctl.resources.last_run import LastRun, last_run
from exportctl.resources.run import RunStatus
from exportctl.resources.unknown_schedule import unknown_schedule


@dataclass(frozen=True)
class FlowView:
    """The facts of one flow. Moments are in seconds since 1970 UTC."""

    flow: str | None  # None for a flow that a plan would create
    title: str
    type: str | None  # a destination type's name
    account: str | None  # names the base connection for people
    datasets: int
    enabled: bool | None  # None: its state says neither
    every: str | None  # None, as `start`: the schedule cannot be read
    start: int | None
    end: int | None  # when the flow stops by itself
    assumed_end: bool = False  # the service does not show the end
    created: int = 0
    changed: int = 0  # the last write by anyone but the service, creation included
    last_run: LastRun | None = None
    state: str = ""  # as the service shows it
    unknown_schedule: str | None = None  # as the service shows it, where exportctl cannot read it
    unknown_end: str | None = None  # the same

    def has_run_once(self) -> bool:
        """Say whether this is a one-time export after its run, whatever its outcome."""
        if self.every != schedule.ONCE or self.start is None or self.last_run is None:
            return False
        return self.last_run.started >= self.start and self.last_run.status is not RunStatus.RUNNING

    @property
    def is_readable(self) -> bool:
        """Say whether schedule and state tell when it runs."""
        is_schedule_known = self.every is not None and self.start is not None and self.unknown_end is None
        return is_schedule_known and self.enabled is not None

    def has_ended(self, as_of: int) -> bool:
        return self.end is not None and self.end <= as_of and not self.has_run_once()


def flow_view(live_flow: LiveFlow, ownership: Ownership) -> FlowView:
    """Return the facts of one live flow."""
    flow, content = live_flow.flow, live_flow.source
    fields = wire.read_fields(FLOW.name, flow.raw)
    kind = wire.destination_type(flow.raw)
    assumed = fields["end"] is None and live_flow.unknown_end is None and fields[EVERY] != schedule.ONCE
    return FlowView(
        flow=flow.id,
        title=flow.name,
        type=kind.name if kind else None,
        account=account_label(live_flow.base_id, ownership),
        datasets=len(wire.read_fields(SOURCE_CONNECTION.name, content.raw)["datasets"]) if content else 0,
        enabled=fields["enabled"],
        every=fields[EVERY],
        start=fields[START],
        end=schedule.default_end(flow.created_at) if assumed else fields["end"],
        assumed_end=assumed,
        created=flow.created_at,
        changed=max(flow.created_at, content.created_at if content else 0, last_change(flow.raw)),
        last_run=last_run(flow.raw),
        state=live_flow.state,
        unknown_schedule=unknown_schedule(flow.raw),
        unknown_end=live_flow.unknown_end,
    )


def account_label(base: str | None, ownership: Ownership) -> str | None:
    """Return the address of a managed account, else its title and id."""
    found = ownership.base_connections.get(base or "")
    if found is None:
        return base
    if found.marker and found.marker.project == ownership.project:
        return str(found.marker.address)
    return f'"{found.name}" ({found.id})'
