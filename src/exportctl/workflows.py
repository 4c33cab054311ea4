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

from exportctl.applying import apply as applying
from exportctl.applying import references
from exportctl.applying.apply import Limit
from exportctl.applying.proof import Proof, Prover
from exportctl.applying.protocols import SETTLE, Writer
from exportctl.declared import Project
from exportctl.errors import Error, Finding
from exportctl.flags import Flags
from exportctl.kinds import KINDS
from exportctl.model import EXPORTS, Header, ListedDataset, Live, Outcome, Plan, Status
from exportctl.offline import Setup, complete, parsed, project_of, validated
from exportctl.planning import planner
from exportctl.planning.expand import Desired, desired
from exportctl.platforms import EMBEDDED, Platform, kind_of, opened
from exportctl.saved import planfile
from exportctl.secret import SHORTEST
from exportctl.service import live
from exportctl.snapshots import document as snapshots
from exportctl.snapshots.document import Snapshot

__all__ = [
    "Applying", "Eligible", "Planned", "Setup", "begun", "eligible", "header", "parsed", "planned", "project_of",
    "validated",
]  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A plan and what it was made from: enough to show it, and to make it again."""

    plan: Plan
    live: Live
    desired: Desired
    project: Project
    findings: tuple[Finding, ...]
    made_up: bool


@dataclass(frozen=True)
class Planned(Draft):
    """The same with the open platform that was read: enough to apply it."""

    platform: Platform


# -- plan -------------------------------------------------------------------------------------------------------------


@contextmanager
def planned(
    setup: Setup, flags: Flags, *, wall: Callable[[], int], leave_unset: tuple[str, ...] = ()
) -> Iterator[Planned]:
    """
    Read the config and the sandbox, and plan. The connection stays open until the end of the `with`.

    `wall` is this machine's clock, for rules that need today before a platform is open.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    project, findings = project_of(setup, setup.now or wall())
    with planned_for(project, findings, setup, flags, leave_unset=leave_unset) as made:
        yield made


@contextmanager
def planned_for(
    project: Project, findings: tuple[Finding, ...], setup: Setup, flags: Flags, *, leave_unset: tuple[str, ...] = ()
) -> Iterator[Planned]:
    """
    The same for a project at hand, whose environment need not be the one `setup` names.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    complete(project)
    invent = kind_of(project) == EMBEDDED
    known = references.for_plan(project, setup.env, setup.folder, invent=invent, leave_unset=leave_unset)
    with opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        _check_sandbox(project, platform)
        platform.client.guard(v for v in known.values.values() if len(v) >= SHORTEST)  # "acme" is no secret
        seen = live.read(platform.client)
        wanted = desired(project, known.values, seen.specs)
        as_of = setup.now if setup.now is not None else platform.as_of()
        plan = planner.plan(wanted, seen, header(project, platform), flags, as_of, known.unset)
        yield Planned(plan, seen, wanted, project, findings, known.made_up, platform)


def _check_sandbox(project: Project, platform: Platform) -> None:
    """
    Raises:
        Error: the embedded emulator was seeded before the config named this sandbox.
    """
    sandbox = project.platform.sandbox
    if platform.emulator is not None and sandbox not in platform.emulator.sandboxes():
        hint = "add what the config names: exportctl emulator seed --from-config, with --env if there are environments"
        raise Error(f"the emulator has no sandbox {sandbox}", rule="no-such-sandbox", hint=hint)


def refreshed(setup: Setup, flags: Flags, snapshot: Snapshot, *, wall: Callable[[], int]) -> Draft:
    """
    Plan against a snapshot: no network, no credentials. Without `--now` it is made for `wall`, this machine's clock.

    Raises:
        ConfigError, Error: as their makers say; the snapshot is of another place than the config names.
    """
    as_of = setup.now if setup.now is not None else wall()
    project, findings = project_of(setup, as_of)
    complete(project)
    kind, named = kind_of(project), project.platform
    head = Header(named.organization, named.sandbox, project.environment, project.name, kind, snapshot.taken_at)
    snapshots.check(snapshot, head)
    known = references.for_plan(project, setup.env, setup.folder, invent=kind == EMBEDDED)
    seen = live_of(snapshot)
    wanted = desired(project, known.values, seen.specs)
    plan = planner.plan(wanted, seen, head, flags, as_of, known.unset)
    return Draft(plan, seen, wanted, project, findings, known.made_up)


@dataclass(frozen=True)
class Taken:
    """A snapshot, and the project whose config said of what."""

    snapshot: Snapshot
    project: Project


def taken(setup: Setup, *, wall: Callable[[], int]) -> Taken:
    """
    A snapshot of the sandbox, read with the lists of a plan.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    project, _ = project_of(setup, setup.now or wall())
    complete(project)
    with opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        seen = live.read(platform.client)
        return Taken(snapshots.taken(header(project, platform), seen, platform.as_of()), project)


def live_of(snapshot: Snapshot) -> Live:
    """What was read when the snapshot was taken, as a planner wants it."""
    objects = {
        name: tuple(live.live_object(kind, raw) for raw in snapshot.objects[name]) for name, kind in KINDS.items()
    }
    return Live(objects, snapshot.datasets, snapshot.specs)


def header(project: Project, platform: Platform) -> Header:
    """What every view says first."""
    return Header(
        organization=project.platform.organization,
        sandbox=project.platform.sandbox,
        environment=project.environment,
        project=project.name,
        platform=platform.kind,
    )


# -- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Eligible:
    """What can be exported from one sandbox, and the addresses that export it, by dataset id."""

    datasets: tuple[ListedDataset, ...]
    used_by: Mapping[str, tuple[str, ...]]
    header: Header
    as_of: int


def eligible(setup: Setup, *, wall: Callable[[], int]) -> Eligible:
    """
    The datasets that can be exported, by one list.

    Raises:
        ConfigError, ServiceError, Error: as their makers say.
    """
    project, _ = project_of(setup, setup.now or wall())
    complete(project)
    with opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        listed = live.datasets(platform.client)
        as_of = setup.now if setup.now is not None else platform.as_of()
        return Eligible(listed, _users(project, listed), header(project, platform), as_of)


def _users(project: Project, listed: tuple[ListedDataset, ...]) -> dict[str, tuple[str, ...]]:
    pairs = [(d, f"{EXPORTS}.{e.key}") for e in project.exports.values() for d in e.datasets]
    return {
        one.id: tuple(sorted({who for d, who in pairs if d.id == one.id or (d.id is None and d.name == one.name)}))
        for one in listed
    }


# -- apply ------------------------------------------------------------------------------------------------------------


@dataclass
class Applying:
    """An apply under way: `outcomes()` yields as steps end, `prove()` reads back."""

    planned: Planned
    writer: Writer
    limit: Limit
    flags: Flags
    stop: threading.Event
    saved: planfile.Saved | None = None  # what was approved; nothing else is looked for in the read-back
    done: list[Outcome] = field(default_factory=list)

    def outcomes(self) -> Iterator[Outcome]:
        for outcome in applying.apply(self.planned.plan, self.writer, limit=self.limit, stop=self.stop):
            self.done.append(outcome)
            yield outcome

    def prove(self) -> Proof:
        """Read back and plan again; see proof.py."""
        made, flags = self.planned, self._left()

        def replan(seen: Live) -> Plan:
            wanted = desired(made.project, comparable(made.desired), seen.specs)
            again = planner.plan(wanted, seen, made.plan.header, flags, made.plan.as_of, made.plan.unset)
            return planfile.approved(self.saved, again) if self.saved else again

        prover = Prover(
            read=lambda: live.read(made.platform.client),
            replan=replan,
            writer=self.writer,
            clock=made.platform.clock,
            project=made.project.name,
            limit=self.limit,
        )
        return prover.prove(made.plan, self.done)

    def _left(self) -> Flags:
        """A rotation is an order: once carried out it is no part of what should be there, until then it is."""
        sent = any(o.status is Status.DONE and o.step.address == self.flags.rotate for o in self.done)
        return replace(self.flags, rotate=None) if sent else self.flags

    def succeeded(self) -> bool:
        return all(o.status in (Status.DONE, Status.LEFT) for o in self.done)


def comparable(wanted: Desired) -> dict[tuple[str, str], str]:
    """The sensitive values that were known when it was made, by address and field."""
    from exportctl.model import Sensitive

    return {
        (str(account.address), name): value.value
        for account in wanted.accounts.values()
        for name, value in account.auth.items()
        if isinstance(value, Sensitive)
    }


def begun(
    made: Planned,
    setup: Setup,
    flags: Flags,
    *,
    parallelism: int,
    stop: threading.Event,
    saved: planfile.Saved | None = None,
) -> Applying:
    """
    Make ready to apply: every reference this plan needs is read now, before the first write.

    Raises:
        ConfigError: one of them is not set.
    """
    invent = made.platform.kind == EMBEDDED
    fill, hidden = references.for_apply(made.project, setup.env, setup.folder, made.plan, invent=invent)
    made.platform.client.guard(hidden)
    limit = Limit(parallelism)
    made.platform.client.on_throttle = limit.throttled
    writer = Writer(
        client=made.platform.client,
        clock=made.platform.clock,
        known={o.id: o for kind in KINDS for o in made.live.of(kind)},
        repository=made.project.repository,
        fill=fill,
        settle=SETTLE if setup.settle is None else setup.settle,
    )
    return Applying(made, writer, limit, flags, stop, saved)
