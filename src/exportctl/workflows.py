"""
One function per verb: read files, read live, plan, apply, prove. Effects meet here and in `cli`, nowhere else.

Goes in: a `Setup` (where, which files, which environment, which variables) and flags. Comes out: values for views.
What needs no network is in `offline`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from exportctl.apply import executor as applying
from exportctl.apply import inputs
from exportctl.apply.executor import ConcurrencyLimit
from exportctl.apply.final_check import FinalCheck, FinalChecker
from exportctl.apply.writer import SETTLE_SECONDS, Writer
from exportctl.client import inventory as live
from exportctl.errors import Error, Finding
from exportctl.model.plan import EXPORTS, Inventory, ListedDataset, Outcome, OutcomeStatus, Plan, PlanHeader
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Project
from exportctl.model.secret import MIN_SECRET_LENGTH
from exportctl.offline import Setup, read_project, require_references
from exportctl.plan import planner
from exportctl.plan.desired import DesiredState, build_desired_state
from exportctl.planfile import file as planfile
from exportctl.platforms import EMBEDDED, ConnectedPlatform, open_platform, platform_kind
from exportctl.resources.kinds import KINDS
from exportctl.snapshot import file as snapshots
from exportctl.snapshot.file import Snapshot


@dataclass(frozen=True)
class PlanResult:
    """A plan and what it was made from: enough to show it, and to make it again."""

    plan: Plan
    live: Inventory
    desired: DesiredState
    project: Project
    findings: tuple[Finding, ...]
    uses_placeholders: bool


@dataclass(frozen=True)
class ConnectedPlan(PlanResult):
    """The same with the open platform that was read: enough to apply it."""

    platform: ConnectedPlatform


# -- plan -------------------------------------------------------------------------------------------------------------


@contextmanager
def open_plan(
    setup: Setup, flags: PlanOptions, *, wall: Callable[[], int], leave_unset: tuple[str, ...] = ()
) -> Iterator[ConnectedPlan]:
    """
    Read the config and the sandbox, and plan. The connection stays open until the end of the `with`.

    `wall` is this machine's clock, for rules that need today before a platform is open.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
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
) -> Iterator[ConnectedPlan]:
    """
    The same for a project at hand, whose environment need not be the one `setup` names.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    require_references(project)
    invent = platform_kind(project) == EMBEDDED
    known = inputs.read_values_for_plan(project, setup.env, setup.folder, invent=invent, leave_unset=leave_unset)
    with open_platform(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        _check_sandbox(project, platform)
        platform.client.mask_values(
            v for v in known.values.values() if len(v) >= MIN_SECRET_LENGTH
        )  # "acme" is no secret
        seen = live.read_inventory(platform.client)
        wanted = build_desired_state(project, known.values, seen.specs)
        as_of = setup.now if setup.now is not None else platform.as_of()
        plan = planner.build_plan(wanted, seen, header(project, platform), flags, as_of, known.unset)
        yield ConnectedPlan(plan, seen, wanted, project, findings, known.uses_placeholders, platform)


def _check_sandbox(project: Project, platform: ConnectedPlatform) -> None:
    """
    Raises:
        Error: the embedded emulator was seeded before the config named this sandbox.
    """
    sandbox = project.platform.sandbox
    if platform.emulator is not None and sandbox not in platform.emulator.sandboxes():
        hint = "add what the config names: exportctl emulator seed --from-config, with --env if there are environments"
        raise Error(f"the emulator has no sandbox {sandbox}", rule="no-such-sandbox", hint=hint)


def plan_from_snapshot(setup: Setup, flags: PlanOptions, snapshot: Snapshot, *, wall: Callable[[], int]) -> PlanResult:
    """
    Plan against a snapshot: no network, no credentials. Without `--now` it is made for `wall`, this machine's clock.

    Raises:
        ConfigError, Error: as their makers say; the snapshot is of another place than the config names.
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
    """A snapshot, and the project whose config said of what."""

    snapshot: Snapshot
    project: Project


def take_snapshot(setup: Setup, *, wall: Callable[[], int]) -> SandboxSnapshot:
    """
    A snapshot of the sandbox, read with the lists of a plan.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    project, _ = read_project(setup, setup.now or wall())
    require_references(project)
    with open_platform(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        seen = live.read_inventory(platform.client)
        return SandboxSnapshot(snapshots.build_snapshot(header(project, platform), seen, platform.as_of()), project)


def inventory_from_snapshot(snapshot: Snapshot) -> Inventory:
    """What was read when the snapshot was taken, as a planner wants it."""
    objects = {
        name: tuple(live.live_object(kind, raw) for raw in snapshot.objects[name]) for name, kind in KINDS.items()
    }
    return Inventory(objects, snapshot.datasets, snapshot.specs)


def header(project: Project, platform: ConnectedPlatform) -> PlanHeader:
    """What every view says first."""
    return PlanHeader(
        organization=project.platform.organization,
        sandbox=project.platform.sandbox,
        environment=project.environment,
        project=project.name,
        platform=platform.kind,
    )


# -- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExportableDatasets:
    """What can be exported from one sandbox, and the addresses that export it, by dataset id."""

    datasets: tuple[ListedDataset, ...]
    used_by: Mapping[str, tuple[str, ...]]
    header: PlanHeader
    as_of: int


def list_exportable_datasets(setup: Setup, *, wall: Callable[[], int]) -> ExportableDatasets:
    """
    The datasets that can be exported, by one list.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    project, _ = read_project(setup, setup.now or wall())
    require_references(project)
    with open_platform(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        listed = live.list_datasets(platform.client)
        as_of = setup.now if setup.now is not None else platform.as_of()
        return ExportableDatasets(listed, _exports_by_dataset(project, listed), header(project, platform), as_of)


def _exports_by_dataset(project: Project, listed: tuple[ListedDataset, ...]) -> dict[str, tuple[str, ...]]:
    pairs = [(d, f"{EXPORTS}.{e.key}") for e in project.exports.values() for d in e.datasets]
    return {
        one.id: tuple(sorted({who for d, who in pairs if d.id == one.id or (d.id is None and d.name == one.name)}))
        for one in listed
    }


# -- apply ------------------------------------------------------------------------------------------------------------


@dataclass
class ApplyRun:
    """An apply under way: `outcomes()` yields as steps end, `prove()` reads back."""

    connected_plan: ConnectedPlan
    writer: Writer
    limit: ConcurrencyLimit
    flags: PlanOptions
    stop: threading.Event
    saved: planfile.SavedPlan | None = None  # what was approved; nothing else is looked for in the read-back
    step_outcomes: list[Outcome] = field(default_factory=list)

    def execute_steps(self) -> Iterator[Outcome]:
        for outcome in applying.apply_plan(self.connected_plan.plan, self.writer, limit=self.limit, stop=self.stop):
            self.step_outcomes.append(outcome)
            yield outcome

    def run_final_check(self) -> FinalCheck:
        """Read back and plan again; see proof.py."""
        made, flags = self.connected_plan, self._remaining_flags()

        def replan(seen: Inventory) -> Plan:
            wanted = build_desired_state(made.project, known_sensitive_values(made.desired), seen.specs)
            again = planner.build_plan(wanted, seen, made.plan.header, flags, made.plan.as_of, made.plan.unset)
            return planfile.reduce_to_approval(self.saved, again) if self.saved else again

        prover = FinalChecker(
            read=lambda: live.read_inventory(made.platform.client),
            replan=replan,
            writer=self.writer,
            clock=made.platform.clock,
            project=made.project.name,
            limit=self.limit,
        )
        return prover.run_final_check(made.plan, self.step_outcomes)

    def _remaining_flags(self) -> PlanOptions:
        """A rotation is an order: once carried out it is no part of what should be there, until then it is."""
        sent = any(o.status is OutcomeStatus.DONE and o.step.address == self.flags.rotate for o in self.step_outcomes)
        return replace(self.flags, rotate=None) if sent else self.flags

    def has_succeeded(self) -> bool:
        return all(o.status in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED) for o in self.step_outcomes)


def known_sensitive_values(wanted: DesiredState) -> dict[tuple[str, str], str]:
    """The sensitive values that were known when it was made, by address and field."""
    from exportctl.model.plan import SensitiveValue

    return {
        (str(account.address), name): value.value
        for account in wanted.accounts.values()
        for name, value in account.auth.items()
        if isinstance(value, SensitiveValue)
    }


def start_apply(
    made: ConnectedPlan,
    setup: Setup,
    flags: PlanOptions,
    *,
    parallelism: int,
    stop: threading.Event,
    saved: planfile.SavedPlan | None = None,
) -> ApplyRun:
    """
    Make ready to apply: every reference this plan needs is read now, before the first write.

    Raises:
        ConfigError: one of them is not set.
    """
    invent = made.platform.kind == EMBEDDED
    fill, hidden = inputs.read_values_for_apply(made.project, setup.env, setup.folder, made.plan, invent=invent)
    made.platform.client.mask_values(hidden)
    limit = ConcurrencyLimit(parallelism)
    made.platform.client.on_throttle = limit.halve
    writer = Writer(
        client=made.platform.client,
        clock=made.platform.clock,
        known_objects={o.id: o for kind in KINDS for o in made.live.objects_of_kind(kind)},
        repository=made.project.repository,
        fill=fill,
        settle=SETTLE_SECONDS if setup.settle_seconds is None else setup.settle_seconds,
    )
    return ApplyRun(made, writer, limit, flags, stop, saved)
