"""Apply a plan: read the references that it needs, execute its steps, and run the final check."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import field, replace
from functools import partial
from urllib.parse import urlsplit

from exportctl.apply import executor as applying
from exportctl.apply import inputs
from exportctl.apply.final_check import FinalCheck, FinalChecker
from exportctl.apply.lease import Lease
from exportctl.apply.retry import SETTLE_SECONDS, Retry
from exportctl.apply.writer import Writer
from exportctl.client import inventory as live
from exportctl.client.client import FLOW_SERVICE
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.client.guard import SecretGuard
from exportctl.client.inventory import ReadSet
from exportctl.client.transport import Request
from exportctl.frozen import dataclass
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Fields, Inventory, Marker, Plan, SensitiveValue, Step
from exportctl.model.plan_options import PlanOptions
from exportctl.plan import planner
from exportctl.plan.delete import duplicate_deletions
from exportctl.plan.desired import DesiredState, build_desired_state
from exportctl.planfile import file as planfile
from exportctl.resources.kinds import KINDS
from exportctl.workflows.connect import EMBEDDED, ConnectedPlatform, platform_kind
from exportctl.workflows.load_config import Setup
from exportctl.workflows.plan import ConnectedPlan, PlanResult

FIRST_PARALLEL = 4  # steps; the answers to them, and to the lists of the plan, say how many more the service takes


@dataclass
class ApplyRun:
    """An apply under way. `execute_steps` yields outcomes, then `run_final_check` reads the sandbox again."""

    planned: PlanResult
    platform: ConnectedPlatform
    writer: Writer
    limit: ConcurrencyLimit
    flags: PlanOptions
    stop: threading.Event
    saved: planfile.SavedPlan | None = None  # what was approved; nothing else is looked for in the read-back
    lease: Lease | None = None  # the one that the plan was made under
    guard: SecretGuard = field(default_factory=SecretGuard)
    step_outcomes: list[Outcome] = field(default_factory=list)

    def execute_steps(self, on_start: Callable[[Step], None] = lambda step: None) -> Iterator[Outcome]:
        """Execute the steps and yield the outcome of each. `on_start` gets each step before its first request."""
        steps = applying.apply_plan(self.planned.plan, self.writer, limit=self.limit, stop=self.stop, on_start=on_start)
        for outcome in steps:
            self.step_outcomes.append(outcome)
            yield outcome

    def run_final_check(self) -> FinalCheck:
        """Read what the run can have changed and plan again; see final_check.py."""
        made, flags, client = self.planned, self._remaining_flags(), self.platform.client

        def replan(seen: Inventory) -> Plan:
            wanted = build_desired_state(made.project, known_sensitive_values(made.desired), seen.specs)
            again = planner.build_plan(wanted, seen, made.plan.header, flags, made.plan.as_of, made.plan.unset)
            return planfile.reduce_to_approval(self.saved, again) if self.saved else again

        prover = FinalChecker(
            read=lambda kinds: live.read_inventory(client, ReadSet(kinds), made.live),
            replan=replan,
            writer=self.writer,
            clock=self.platform.clock,
            duplicate_deletions=partial(duplicate_deletions, project=made.project.name),
            limit=self.limit,
        )
        check = prover.run_final_check(made.exact_plan, self.step_outcomes)
        if self.lease is not None:
            self.lease.lists_are_current = check.passed and check.lists_are_current
        return self.guard.mask_echoes(check)

    def _remaining_flags(self) -> PlanOptions:
        """Return the options of the final check: a rotation that was carried out is no longer part of them."""
        sent = any(o.status is OutcomeStatus.DONE and o.step.address == self.flags.rotate for o in self.step_outcomes)
        return replace(self.flags, rotate=None) if sent else self.flags


def known_sensitive_values(wanted: DesiredState) -> dict[tuple[str, str], str]:
    """Return the sensitive values that were known at plan time, by address and field."""
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
    lease: Lease | None = None,
) -> ApplyRun:
    """Prepare an apply. It reads every reference that the plan needs before a write, or raises a ConfigError."""
    invent = platform_kind(made.project) == EMBEDDED
    fill, hidden = inputs.read_values_for_apply(made.project, setup.env, setup.folder, made.plan, invent=invent)
    setup.guard.hide_in_errors(hidden)
    limit = ConcurrencyLimit(parallelism, FIRST_PARALLEL)
    client = made.platform.client
    if not client.was_refused:
        limit.count_answers(client.request_counts.reads)
    client.on_throttle(limit.halve)
    client.on_duration(lambda request, seconds: limit.note_answer(request_kind(request), seconds))
    settle = SETTLE_SECONDS if setup.settle_seconds is None else setup.settle_seconds
    writer = plan_writer(made, made.platform, fill, settle)
    return ApplyRun(made, made.platform, writer, limit, flags, stop, saved, lease, guard=setup.guard)


def request_kind(request: Request) -> str:
    """Return method and collection: such requests take about as long as each other."""
    return f"{request.method} {urlsplit(request.url).path.removeprefix(FLOW_SERVICE).split('/')[1:2]}"


def plan_writer(
    made: PlanResult,
    platform: ConnectedPlatform,
    fill: Callable[[Step], tuple[Fields, Marker | None]],
    settle: float = SETTLE_SECONDS,
) -> Writer:
    """Return the writer for the steps of a plan. `fill` fills the references in the fields of a step."""
    return Writer(
        client=platform.client,
        retry=Retry(platform.clock, settle),
        known_objects={o.id: o for kind in KINDS for o in made.live.objects_of_kind(kind)},
        repository=made.project.repository,
        fill=fill,
    )
