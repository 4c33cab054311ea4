"""Take a snapshot of a sandbox, and plan against one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exportctl.apply import inputs
from exportctl.client import inventory as live
from exportctl.model.plan import Inventory, PlanHeader
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.plan import planner
from exportctl.plan.desired import build_desired_state
from exportctl.resources.kinds import KINDS
from exportctl.snapshot import file as snapshots
from exportctl.snapshot.file import Snapshot
from exportctl.workflows.connect import EMBEDDED, open_platform, platform_kind
from exportctl.workflows.load_config import Setup, read_project, require_references
from exportctl.workflows.plan import PlanResult, header


def plan_from_snapshot(setup: Setup, flags: PlanOptions, snapshot: Snapshot, *, wall: Callable[[], int]) -> PlanResult:
    """
    Plan against a snapshot, without network and credentials. `wall` is the clock if --now is not given.

    Raises:
        ConfigError: the config has an error, or a reference is not set.
        Error: the snapshot is of another sandbox or environment than the config names.
    """
    as_of = setup.now if setup.now is not None else wall()
    project, findings = read_project(setup, as_of)
    require_references(project)
    kind, named = platform_kind(project), project.platform
    head = PlanHeader(named.organization, named.sandbox, project.environment, project.name, kind, snapshot.taken_at)
    snapshots.check_header(snapshot, head)
    known = inputs.read_values_for_plan(project, setup.env, setup.folder, invent=kind == EMBEDDED)
    seen = inventory_from_snapshot(snapshot)
    wanted = build_desired_state(project, known.values, seen.specs)
    plan = planner.build_plan(wanted, seen, head, flags, as_of, known.unset)
    return PlanResult(plan, seen, wanted, project, findings, known.uses_placeholders)


@dataclass(frozen=True)
class SandboxSnapshot:
    """A snapshot, and the project that it was taken for."""

    snapshot: Snapshot
    project: Project


def take_snapshot(setup: Setup, *, wall: Callable[[], int]) -> SandboxSnapshot:
    """
    Take a snapshot of the sandbox, with the lists that a plan reads.

    Raises:
        ConfigError: the config has an error, or a reference is not set.
        ServiceError: the service refused a request or did not answer.
        Error: the sandbox or a file has another problem, which the message names.
    """
    project, _ = read_project(setup, setup.now or wall())
    require_references(project)
    with open_platform(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        seen = live.read_inventory(platform.client)
        return SandboxSnapshot(snapshots.build_snapshot(header(project, platform), seen, platform.as_of()), project)


def inventory_from_snapshot(snapshot: Snapshot) -> Inventory:
    """Return what was read when the snapshot was taken, as the planner takes it."""
    objects = {
        name: tuple(live.live_object(kind, raw) for raw in snapshot.objects[name]) for name, kind in KINDS.items()
    }
    return Inventory(objects, snapshot.datasets, snapshot.specs)
