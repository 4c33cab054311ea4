"""
Read the config and a sandbox, and build the plan; or take a snapshot of the sandbox, and plan against that.

In: a Setup (folder, files, environment, variables) and options. Out: values for output, with the open connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from exportctl.apply import inputs
from exportctl.client import inventory as live
from exportctl.client.guard import SecretGuard
from exportctl.client.inventory import EVERYTHING, ReadSet
from exportctl.errors import Error, Finding
from exportctl.frozen import dataclass
from exportctl.model.plan import EXPORTS, Inventory, ListedDataset, Plan, PlanHeader
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.plan import planner
from exportctl.plan.desired import DesiredState, build_desired_state
from exportctl.resources.kinds import KINDS
from exportctl.snapshot import file as snapshots
from exportctl.snapshot.file import Snapshot
from exportctl.workflows.commit_time import read_commit_time
from exportctl.workflows.connect import EMBEDDED, ConnectedPlatform, open_platform, plan_header, platform_kind
from exportctl.workflows.load_config import Setup, hidden_values, read_project, require_references
from exportctl.workflows.reads import lists_of_plan, needs_datasets


@dataclass(frozen=True)
class PlanResult:
    """A plan and what it was made from: enough to show it, and to make it again."""

    plan: Plan
    live: Inventory
    desired: DesiredState
    project: Project
    findings: tuple[Finding, ...]
    uses_placeholders: bool
    exact_plan: Plan  # with the texts of the service as they are, for the final check; `plan` is for people


@dataclass(frozen=True)
class ConnectedPlan(PlanResult):
    """A plan with the open connection to the platform: enough to apply it."""

    platform: ConnectedPlatform
    lists: ReadSet | None = None  # None: those that a plan to apply needs


@contextmanager
def open_plan(
    setup: Setup, flags: PlanOptions, *, wall: Callable[[], int], leave_unset: tuple[str, ...] = ()
) -> Iterator[ConnectedPlan]:
    """
    Read the config and the sandbox, and plan. The connection stays open until the end of the `with`.

    `wall` is this machine's clock, for rules that need the time before a platform is open.

    Raises:
        ConfigError: the config has an error, or a reference is not set.
        ServiceError: the service refused a request or did not answer.
        Error: the sandbox or a file has another problem, which the message names.
    """
    project, findings = read_project(setup, setup.now or wall())
    with open_project_plan(project, findings, setup, flags, leave_unset=leave_unset) as made:
        yield made


@contextmanager
def open_project_plan(
    project: Project,
    findings: tuple[Finding, ...],
    setup: Setup,
    flags: PlanOptions,
    *,
    leave_unset: tuple[str, ...] = (),
    lists: ReadSet | None = None,
) -> Iterator[ConnectedPlan]:
    """
    Plan as `open_plan` for a given project, which can be of another environment than the one that `setup` names.

    `lists` are those that the caller needs of the sandbox, None for what a plan to apply needs. With fewer, the plan
    shows only what these lists can show, and is not to be applied.
    """
    require_references(project)
    known = _read_known_values(project, setup, leave_unset)
    with open_platform(project, setup) as platform:
        _check_sandbox(project, platform)
        asked = _add_commit_time(flags, project, setup)
        yield _read_and_plan(platform, project, findings, asked, known, setup.guard, lists)


def plan_with_lists(
    platform: ConnectedPlatform, project: Project, findings: tuple[Finding, ...], setup: Setup, read: Inventory
) -> ConnectedPlan:
    """Plan with lists of an open platform that were read already: everything that a plan can need."""
    require_references(project)
    known = _read_known_values(project, setup, ())
    _check_sandbox(project, platform)
    asked = _add_commit_time(PlanOptions(), project, setup)
    return _plan(platform, project, findings, asked, known, setup.guard, read, EVERYTHING)


def _read_known_values(project: Project, setup: Setup, leave_unset: tuple[str, ...]) -> inputs.KnownValues:
    invent = platform_kind(project) == EMBEDDED
    known = inputs.read_values_for_plan(project, setup.env, setup.folder, invent=invent, leave_unset=leave_unset)
    setup.guard.hide_in_errors(known.values.values())
    return known


def plan_again(
    made: ConnectedPlan, setup: Setup, flags: PlanOptions, *, leave_unset: tuple[str, ...] = ()
) -> ConnectedPlan:
    """Read the sandbox of an open plan once more, and plan as before."""
    known = _read_known_values(made.project, setup, leave_unset)
    asked = _add_commit_time(flags, made.project, setup)
    return _read_and_plan(made.platform, made.project, made.findings, asked, known, setup.guard, made.lists)


def plan_from_read_lists(
    made: ConnectedPlan, setup: Setup, flags: PlanOptions, as_of: int, *, leave_unset: tuple[str, ...] = ()
) -> Plan:
    """Plan once more with other options and as of another moment, from the lists of an open plan. Sends no request."""
    invent = platform_kind(made.project) == EMBEDDED
    known = inputs.read_values_for_plan(made.project, setup.env, setup.folder, invent=invent, leave_unset=leave_unset)
    wanted = build_desired_state(made.project, known.values, made.live.specs)
    asked = _add_commit_time(flags, made.project, setup)
    plan = planner.build_plan(wanted, made.live, plan_header(made.project), asked, as_of, known.unset)
    return setup.guard.mask_echoes(plan)


def _read_and_plan(
    platform: ConnectedPlatform,
    project: Project,
    findings: tuple[Finding, ...],
    flags: PlanOptions,
    known: inputs.KnownValues,
    guard: SecretGuard,
    lists: ReadSet | None,
) -> ConnectedPlan:
    read = live.read_inventory(platform.client, lists or lists_of_plan(project, flags))
    if lists is None and needs_datasets(project, flags, read):
        read = live.read_inventory(platform.client, live.DATASETS, read)
    return _plan(platform, project, findings, flags, known, guard, read, lists)


def _plan(
    platform: ConnectedPlatform,
    project: Project,
    findings: tuple[Finding, ...],
    flags: PlanOptions,
    known: inputs.KnownValues,
    guard: SecretGuard,
    read: Inventory,
    lists: ReadSet | None,
) -> ConnectedPlan:
    seen = live.list_flows_until_settled(platform.client, read, platform.clock, project.name)
    wanted = build_desired_state(project, known.values, seen.specs)
    plan = planner.build_plan(wanted, seen, plan_header(project), flags, platform.as_of(), known.unset)
    shown = guard.mask_echoes(plan)
    return ConnectedPlan(shown, seen, wanted, project, findings, known.uses_placeholders, plan, platform, lists)


def _add_commit_time(flags: PlanOptions, project: Project, setup: Setup) -> PlanOptions:
    """Return the options with the commit time of the config; a saved plan has its own, and `renew` needs none."""
    if flags.committed_at is not None or flags.renew_only:
        return flags
    file = setup.folder / project.files[0] if project.files else None
    return replace(flags, committed_at=read_commit_time(file, setup.env))


def _check_sandbox(project: Project, platform: ConnectedPlatform) -> None:
    """Check that the emulator has the sandbox: it may have been seeded before the config named it."""
    sandbox = project.platform.sandbox
    if platform.emulator is not None and sandbox not in platform.emulator.sandboxes():
        hint = "add what the config names: exportctl emulator seed --from-config, with --env if there are environments"
        raise Error(f"the emulator has no sandbox {sandbox}", rule="no-such-sandbox", hint=hint)


# -- snapshots --------------------------------------------------------------------------------------------------------


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
    header = plan_header(project, snapshot.taken_at)
    snapshots.check_header(snapshot, header)
    invent = platform_kind(project) == EMBEDDED
    known = inputs.read_values_for_plan(project, setup.env, setup.folder, invent=invent)
    setup.guard.hide(hidden_values(project, setup))
    setup.guard.note(snapshot.objects)
    objects = {
        name: tuple(live.live_object(kind, raw) for raw in snapshot.objects[name]) for name, kind in KINDS.items()
    }
    seen = Inventory(objects, snapshot.datasets, snapshot.specs)
    wanted = build_desired_state(project, known.values, seen.specs)
    flags = _add_commit_time(flags, project, setup)
    plan = planner.build_plan(wanted, seen, header, flags, as_of, known.unset)
    return PlanResult(setup.guard.mask_echoes(plan), seen, wanted, project, findings, known.uses_placeholders, plan)


def take_snapshot(setup: Setup, *, wall: Callable[[], int]) -> Snapshot:
    """
    Take a snapshot of the sandbox, with the lists that a plan reads.

    The errors are those of `open_plan`.
    """
    project, _ = read_project(setup, setup.now or wall())
    require_references(project)
    with open_platform(project, setup) as platform:
        seen = live.read_inventory(platform.client)
        return snapshots.build_snapshot(plan_header(project), seen, platform.clock.now())


# -- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExportableDatasets:
    """What can be exported from one sandbox, and the addresses that export it, by dataset id."""

    datasets: tuple[ListedDataset, ...]
    used_by: Mapping[str, tuple[str, ...]]
    header: PlanHeader
    as_of: int


def list_exportable_datasets(setup: Setup, *, wall: Callable[[], int]) -> ExportableDatasets:
    """Return the datasets that can be exported, from one list; the errors are those of `open_plan`."""
    project, _ = read_project(setup, setup.now or wall())
    require_references(project)
    with open_platform(project, setup) as platform:
        listed = live.list_datasets(platform.client)
        used_by = _exports_by_dataset(project, listed)
        return ExportableDatasets(setup.guard.mask_echoes(listed), used_by, plan_header(project), platform.as_of())


def _exports_by_dataset(project: Project, listed: tuple[ListedDataset, ...]) -> dict[str, tuple[str, ...]]:
    users: dict[tuple[str | None, str | None], set[str]] = {}
    for export in project.exports.values():
        for one in export.datasets:
            users.setdefault((one.id, one.name if one.id is None else None), set()).add(f"{EXPORTS}.{export.key}")
    none: set[str] = set()
    return {d.id: tuple(sorted(users.get((d.id, None), none) | users.get((None, d.name), none))) for d in listed}
