"""
Verify deliveries: read flows, runs and storage, and give them to monitor.delivery, which judges.

    lists of live objects, runs since a moment   ->  what was due, and what the service says about it
    storage of each destination                  ->  what is there, with the caller's own identity
    both                                         ->  a VerifyReport

Storage is read per export, several side by side. If the storage of an export cannot be read, the report says so, and
the others continue. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from exportctl.client import inventory
from exportctl.client.client import Client
from exportctl.client.reading_pool import ReadingPool
from exportctl.clock import Clock
from exportctl.errors import Finding, ServiceError, UsageError
from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.plan import EXPORTS, Address, Inventory, LiveObject
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Export, Project
from exportctl.model.schedule import DAY, format_moment
from exportctl.monitor.delivery import verdict as judging
from exportctl.monitor.delivery.due_runs import DueRun, due_runs
from exportctl.monitor.delivery.expectation import (
    DeliveryExpectation,
    WrittenFolders,
    delivery_expectation,
    written_folders,
)
from exportctl.monitor.delivery.former_locations import WrittenLayouts
from exportctl.monitor.delivery.report import DeliveryResult, ExportVerdicts, Verdict, VerifyReport
from exportctl.plan.grouping import group_by_key
from exportctl.plan.ownership import LiveFlow, Ownership, build_ownership
from exportctl.resources.run import Run
from exportctl.workflows.connect import ConnectedPlatform, open_platform, plan_header
from exportctl.workflows.former_locations import FormerLocations, LiveLocation
from exportctl.workflows.load_config import Setup, read_project, require_references
from exportctl.workflows.read_storage import (
    STORAGE_REQUIRED,
    StorageReaders,
    StorageReading,
    require_storage,
)

WINDOW = DAY  # how far back to look by default
NOTHING_TO_READ = "nothing to read"  # the storage of an export without a flow
MAX_PARALLEL = 4  # exports whose storage is read side by side
UNDECIDED = (DeliveryResult.UNKNOWN, DeliveryResult.MISSING, DeliveryResult.FILES_MISSING)  # they can still change


@dataclass(frozen=True)
class VerifyRequest:
    """What to verify."""

    since: int | None = None  # in seconds since 1970 UTC; None: a day before now
    deep: bool = False  # read contents
    runs_only: bool = False  # do not read storage
    require_storage: bool = False  # storage that is not read is an error
    newest_only: bool = False  # check only the run that was due last
    whole: bool = False  # check every run since the flow was made, whatever `since` is


class Verifier:
    """Verifies each time it is called. The connection stays open in between."""

    def __init__(
        self,
        setup: Setup,
        flags: PlanOptions,
        project: Project,
        findings: tuple[Finding, ...],
        platform: ConnectedPlatform,
    ):
        self.setup = setup
        self.project = project
        self.findings = findings
        self.clock: Clock = platform.clock
        self.mask = setup.guard.mask
        self._platform = platform
        exports = {Address(EXPORTS, key): export for key, export in project.exports.items()}
        self._exports = {address: export for address, export in exports.items() if flags.is_targeted(address)}
        self._stores = StorageReaders(project, platform, setup)

    def close(self) -> None:
        self._stores.close()

    @property
    def client(self) -> Client:
        return self._platform.client

    @property
    def local_folders(self) -> tuple[Path, ...]:
        """Return the folders on this machine that are the storage of a destination."""
        return self._stores.local_folders()

    def __call__(self, question: VerifyRequest) -> VerifyReport:
        """Verify once; the errors are those of `read`."""
        return self.read(question)[0]

    def read(self, question: VerifyRequest) -> tuple[VerifyReport, tuple[VerifiedExport, ...]]:
        """
        Verify once; also return the flow and the storage of each export, in the order of the report.

        The storage stays open until the verifier is closed.

        Raises:
            UsageError: `since` is in the future.
            ServiceError: flows or runs could not be read.
        """
        seen = inventory.read_inventory(self._platform.client, inventory.OBJECTS)
        return self.read_objects(seen, question, self._platform.as_of())

    def read_objects(
        self, seen: Inventory, question: VerifyRequest, as_of: int
    ) -> tuple[VerifyReport, tuple[VerifiedExport, ...]]:
        """Verify as `read` with objects that were read already, as of the moment of the caller."""
        since = as_of - WINDOW if question.since is None else question.since
        if since > as_of:
            now = format_moment(as_of)
            raise UsageError(f"--since {format_moment(since)} is in the future: it is {now}", rule="usage")
        ownership = build_ownership(seen, self.project.name)
        found = [self._find_flow(address, export, ownership) for address, export in sorted(self._exports.items())]
        written = WrittenLayouts(self._written_folders(ownership))
        if question.whole:
            since = min((one.expectation.created for one in found if one.expectation), default=since)
        flows = [one.live_flow.flow.id for one in found if one.live_flow]
        watched = [one.expectation for one in found if one.expectation and question.newest_only]
        earliest = min([since, *(_newest_tick(flow, as_of) for flow in watched)])
        read = inventory.read_runs(self._platform.client, flows, earliest) if flows else ()
        runs = group_by_key(read, lambda run: run.flow)
        with ReadingPool(MAX_PARALLEL) as pool:
            checked = tuple(pool.map(lambda one: self._check_export(one, runs, written, question, since, as_of), found))
        exports = tuple(one.verdicts for one in checked)
        return VerifyReport(plan_header(self.project), as_of, since, question.deep, exports), checked

    def _find_flow(self, address: Address, export: Export, ownership: Ownership) -> ExportFlow:
        live_flow, made = _find_live_flow(address, export, ownership), None
        base = ownership.base_connections.get(live_flow.base_id or "") if live_flow is not None else None
        if live_flow is not None and live_flow.source is not None and live_flow.target is not None:
            objects = (live_flow.flow, live_flow.source, live_flow.target, base)
            made = delivery_expectation(export, *objects, sandbox=self.project.platform.sandbox)
        return ExportFlow(address, export, live_flow, made, base)

    def _written_folders(self, ownership: Ownership) -> Iterator[WrittenFolders]:
        """Yield where each flow of the sandbox writes, whoever owns it: its folders are no other flow's."""
        for one in ownership.flows:
            if one.source is not None and one.target is not None:
                base = ownership.base_connections.get(one.base_id or "")
                made = written_folders(one.flow, one.source, one.target, base, sandbox=self.project.platform.sandbox)
                if made is not None:
                    yield made

    def _check_export(
        self,
        one: ExportFlow,
        runs: Mapping[str, Sequence[Run]],
        written: WrittenLayouts,
        question: VerifyRequest,
        since: int,
        as_of: int,
    ) -> VerifiedExport:
        flow, target = one.expectation, one.live_flow.target if one.live_flow else None
        if flow is None or target is None:
            return VerifiedExport(one, _result_without_flow(one), StorageReading(None, NOTHING_TO_READ))
        since = min(since, _newest_tick(flow, as_of)) if question.newest_only else since
        due = due_runs(flow, runs.get(flow.flow, ()), since, as_of)
        due = due[-1:] if question.newest_only else due
        others = () if question.runs_only else written.of_others(flow)
        former = FormerLocations(self._stores, LiveLocation(flow, target, one.base, written), one.export, due)
        others = (*others, *former.layouts())
        if question.runs_only:
            looked = StorageReading(None, "runs only: --runs-only")
        else:
            looked = self._stores.read_export(flow, target, one.base, due, deep=question.deep, others=others)
            looked = require_storage(one.address, looked) if question.require_storage else looked
        found = _judge(flow, due, looked, since, as_of)
        searched = self._stores.search_path(looked, flow, judging.dues_with_missing_files(found), others)
        if searched is not looked:
            looked, found = searched, _judge(flow, due, searched, since, as_of)
        looked, found = former.judge(looked, found, since=since, as_of=as_of, deep=question.deep)
        found = self._excuse_forgotten_runs(flow.flow, found, as_of)
        verdicts = ExportVerdicts(one.address, flow.flow, flow.state(as_of), looked.storage, found, looked.errors)
        return VerifiedExport(one, verdicts, looked)

    def _excuse_forgotten_runs(self, flow: str, found: tuple[Verdict, ...], as_of: int) -> tuple[Verdict, ...]:
        """Ask for the oldest run only if a run is missing for so long that the service may have forgotten it."""
        asks = judging.forgotten_dues(found, as_of)
        oldest = inventory.read_oldest_run(self._platform.client, flow) if asks else None
        return judging.excuse_forgotten_runs(found, oldest, as_of) if oldest else found


def _judge(
    flow: DeliveryExpectation, due: Sequence[DueRun], looked: StorageReading, since: int, as_of: int
) -> tuple[Verdict, ...]:
    unreadable = looked.storage if looked.errors else None
    return judging.verdicts(flow, due, looked.export_files, as_of=as_of, since=since, unreadable=unreadable)


@dataclass(frozen=True)
class ExportFlow:
    """A declared export and its flow, if it has one."""

    address: Address
    export: Export
    live_flow: LiveFlow | None
    expectation: DeliveryExpectation | None
    base: LiveObject | None


@dataclass(frozen=True)
class VerifiedExport:
    """A declared export with its verdicts and what was read of its storage."""

    flow: ExportFlow
    verdicts: ExportVerdicts
    storage: StorageReading


@contextmanager
def open_verifier(setup: Setup, flags: PlanOptions, *, wall: Callable[[], int]) -> Iterator[Verifier]:
    """Open a platform, to verify once or several times; the errors are those of `open_plan`."""
    project, findings = read_project(setup, setup.now or wall())
    with open_project_verifier(project, findings, setup, flags) as look:
        yield look


@contextmanager
def open_project_verifier(
    project: Project, findings: tuple[Finding, ...], setup: Setup, flags: PlanOptions
) -> Iterator[Verifier]:
    """Open as `open_verifier` for a given project, which can be of another environment than `setup` names."""
    require_references(project)
    with (
        open_platform(project, setup) as platform,
        closing(Verifier(setup, flags, project, findings, platform)) as look,
    ):
        yield look


def wait_for_delivery(
    look: Callable[[VerifyRequest], VerifyReport],
    question: VerifyRequest,
    seconds: int,
    poll: int,
    clock: Clock,
    on_look: Callable[[VerifyReport], None],
) -> VerifyReport:
    """
    Verify every `poll` seconds until the run that was due last has a final result, for `seconds` at most.

    A result that is still open then fails: a job that waits for files must not continue. After an error of the service
    the next attempt follows.

    Raises:
        ServiceError: the last attempt failed too.
    """
    asked = replace(question, newest_only=True)
    deadline = clock.monotonic() + seconds
    while True:
        left = deadline - clock.monotonic()
        try:
            report = look(asked)
        except ServiceError:
            if left <= 0:
                raise
        else:
            on_look(report)
            if not _has_undecided(report):
                return report
            if left <= 0:
                return replace(report, exports=tuple(_mark_late(one) for one in report.exports))
        clock.sleep(max(0, min(poll, left)))


def _has_undecided(report: VerifyReport) -> bool:
    """Say whether a result can still change: LATE while the run is under way, but not LATE after it."""
    verdicts = [verdict for one in report.exports for verdict in one.verdicts]
    if any(finding.rule == STORAGE_REQUIRED for finding in report.errors()):
        return False  # no wait brings credentials
    running = any(v.result is DeliveryResult.LATE and v.completed is None for v in verdicts)
    return running or any(v.result in UNDECIDED for v in verdicts) or bool(report.errors())


def _mark_late(one: ExportVerdicts) -> ExportVerdicts:
    verdicts = tuple(
        replace(v, result=DeliveryResult.LATE, reason=f"not complete at the end of the wait: {v.reason}", fails=True)
        if v.result is DeliveryResult.UNKNOWN
        else v
        for v in one.verdicts
    )
    return replace(one, verdicts=verdicts)


def _find_live_flow(address: Address, export: Export, ownership: Ownership) -> LiveFlow | None:
    """Return the flow of an address with the highest generation, also before a rename or an adoption is applied."""
    flows = ownership.own_flows.get(address, ())
    if not flows and export.renamed_from:
        flows = ownership.own_flows.get(Address(EXPORTS, export.renamed_from), ())
    if not flows and export.adopt:
        adopted = ownership.flow_by_id(export.adopt)
        flows = (adopted,) if adopted else ()
    return max(flows, key=lambda h: (h.marker.generation if h.marker else 0, h.flow.created_at), default=None)


def _newest_tick(flow: DeliveryExpectation, as_of: int) -> int:
    """Return the last moment at which a run was due, at or before `as_of`; `as_of` without any."""
    if flow.start is None or flow.every is None:
        return as_of
    last = schedule.last_run_time(flow.every, flow.start, flow.end, as_of)
    return as_of if last is None else last


def _result_without_flow(one: ExportFlow) -> ExportVerdicts:
    """Judge an export without a flow: MISSING; or UNKNOWN if its connections cannot be read."""
    if one.live_flow is not None:
        reason = "its source or target connection cannot be read"
        word, state = DeliveryResult.UNKNOWN, "unknown"
    elif one.export.enabled is False:
        word, state, reason = DeliveryResult.UNKNOWN, "not applied", "no flow in this sandbox, and `enabled: false`"
    else:
        word, state, reason = DeliveryResult.MISSING, "not applied", "no flow in this sandbox: apply creates it"
    verdicts = tuple(
        Verdict(d.name or d.alias or d.id or "", d.id or "", None, word, reason, fails=word is DeliveryResult.MISSING)
        for d in one.export.datasets
    )
    flow = one.live_flow.flow.id if one.live_flow else None
    return ExportVerdicts(one.address, flow, state, NOTHING_TO_READ, verdicts)
