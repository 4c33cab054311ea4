"""
One function per verb: read files, read live, plan, apply, prove. Effects meet here and in `cli`, nowhere else.

Goes in: a `Setup` (where, which files, which environment, which variables) and flags. Comes out: values for views.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from exportctl import apply as applying
from exportctl import config, config_files, live, planfile, planner, references, rules
from exportctl.apply import Limit
from exportctl.clock import Clock
from exportctl.declared import Project
from exportctl.errors import ConfigError, Finding, Level, StalePlan
from exportctl.expand import Desired, desired
from exportctl.flags import Flags
from exportctl.kinds import KINDS
from exportctl.model import Header, Live, Outcome, Plan, Status
from exportctl.platforms import EMBEDDED, Platform, kind_of, opened
from exportctl.proof import Proof, Prover
from exportctl.protocols import SETTLE, Writer


@dataclass(frozen=True)
class Setup:
    """
    `folder` the working folder, `files` what `-f` named, `env` the process environment, `now` what `--now` said.
    `transport`, `clock` and `settle` (seconds to wait for what lags) are for embedding and tests.
    """

    folder: Path
    files: tuple[str, ...] = ()
    environment: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    now: int | None = None
    transport: httpx.BaseTransport | None = None
    clock: Clock | None = None
    settle: float = SETTLE


@dataclass(frozen=True)
class Planned:
    """A plan and what it was made from: enough to apply it, and to make it again."""

    plan: Plan
    live: Live
    desired: Desired
    project: Project
    platform: Platform
    findings: tuple[Finding, ...]
    made_up: bool


# -- config -----------------------------------------------------------------------------------------------------------


def parsed(setup: Setup) -> config.Parsed:
    """Every file of the project, read."""
    return config.parse(config_files.read(setup.folder, setup.files))


def validated(setup: Setup, as_of: int) -> tuple[Finding, ...]:
    """All findings over all environments: the language first, then the rules, in file order. Reads no network."""
    whole = parsed(setup)
    projects, findings = config.projects(whole, setup.env)
    return (*findings, *rules.check(tuple(projects.values()), as_of=as_of))


def project_of(setup: Setup, as_of: int) -> tuple[Project, tuple[Finding, ...]]:
    """
    The chosen environment's project, checked with all others, and the findings that are no errors.

    Raises:
        ConfigError: there is at least one error.
    """
    whole = parsed(setup)
    made, findings = config.project(whole, setup.environment, setup.env)
    projects, others = config.projects(whole, setup.env)
    found = tuple(dict.fromkeys((*findings, *others)))
    if made is not None and not any(f.level is Level.ERROR for f in found):
        found = (*found, *rules.check(tuple(projects.values()), as_of=as_of))
    if made is None or any(f.level is Level.ERROR for f in found):
        raise ConfigError(found)
    return made, found


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
    invent = kind_of(project) == EMBEDDED
    known = references.for_plan(project, setup.env, setup.folder, invent=invent, leave_unset=leave_unset)
    with opened(project, setup.env, setup.folder, setup.transport, setup.clock) as platform:
        platform.client.guard(known.values.values())
        seen = live.read(platform.client)
        wanted = desired(project, known.values, seen.specs)
        as_of = setup.now if setup.now is not None else platform.as_of()
        header = _header(project, platform)
        plan = planner.plan(wanted, seen, header, flags, as_of, known.unset)
        yield Planned(plan, seen, wanted, project, platform, findings, known.made_up)


def _header(project: Project, platform: Platform) -> Header:
    return Header(
        organization=project.platform.organization,
        sandbox=project.platform.sandbox,
        environment=project.environment,
        project=project.name,
        platform=platform.kind,
    )


# -- apply ------------------------------------------------------------------------------------------------------------


@dataclass
class Applying:
    """An apply under way: `outcomes()` yields as steps end, `prove()` reads back."""

    planned: Planned
    writer: Writer
    limit: Limit
    flags: Flags
    stop: threading.Event
    done: list[Outcome] = field(default_factory=list)

    def outcomes(self) -> Iterator[Outcome]:
        for outcome in applying.apply(self.planned.plan, self.writer, limit=self.limit, stop=self.stop):
            self.done.append(outcome)
            yield outcome

    def prove(self) -> Proof:
        """Read back and plan again; see proof.py."""
        made = self.planned

        def replan(seen: Live) -> Plan:
            wanted = desired(made.project, _values(made.desired), seen.specs)
            return planner.plan(wanted, seen, made.plan.header, self.flags, made.plan.as_of, made.plan.unset)

        prover = Prover(
            read=lambda: live.read(made.platform.client),
            replan=replan,
            writer=self.writer,
            clock=made.platform.clock,
            project=made.project.name,
            limit=self.limit,
        )
        return prover.prove(made.plan, self.done)

    def succeeded(self) -> bool:
        return all(o.status in (Status.DONE, Status.LEFT) for o in self.done)


def _values(wanted: Desired) -> dict[tuple[str, str], str]:
    from exportctl.model import Sensitive

    return {
        (str(account.address), name): value.value
        for account in wanted.accounts.values()
        for name, value in account.auth.items()
        if isinstance(value, Sensitive)
    }


def begun(made: Planned, setup: Setup, flags: Flags, *, parallelism: int, stop: threading.Event) -> Applying:
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
        settle=setup.settle,
    )
    return Applying(made, writer, limit, flags, stop)


def still_approved(saved: planfile.Saved, made: Planned) -> None:
    """
    Is the plan just made the one that was approved?

    Raises:
        StalePlan: another sandbox, or a value moved; names object and field.
    """
    header = made.plan.header
    if (saved.header.organization, saved.header.sandbox) != (header.organization, header.sandbox):
        raise StalePlan(
            f"the plan was saved for sandbox {saved.header.sandbox} of {saved.header.organization}, "
            f"this is {header.sandbox} of {header.organization}",
            rule="stale-plan",
        )
    moved = planfile.differences(saved, made.plan)
    if moved:
        lines = "\n".join(f"  {d.address} {d.path}: was {d.saved}, now {d.now}" for d in moved)
        raise StalePlan(
            f"what was reviewed is not what would be applied:\n{lines}",
            rule="stale-plan",
            hint="make and review a new plan",
        )
