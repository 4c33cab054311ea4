"""Reports for the page: of any number of exports, and one in which every text is an attack."""

from __future__ import annotations

from dataclasses import replace

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.plan import Actor, Address, Cause, FieldChange, PlanHeader
from exportctl.model.schedule import midnight
from exportctl.model.source_commit import SourceCommit
from exportctl.monitor.dataset_map import DatasetRoute
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, ExportVerdicts, Verdict, VerifyReport
from exportctl.monitor.drift import DriftEntry, DriftGroup, DriftReport, build_drift_report
from exportctl.monitor.forecast import PAUSED, FlowForecast, Forecast
from exportctl.monitor.given_plan import GivenPlan
from exportctl.monitor.report import SandboxReport
from exportctl.monitor.status import ExportHealth, FlowState, HealthResult, StatusReport
from exportctl.monitor.timeline import DAYS, build_timeline, first_moment
from exportctl.output.environments import EnvironmentResult
from exportctl.planfile import file as planfile
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.signature import SignatureState
from exportctl.planfile.staleness import StaleValue
from exportctl.resources.last_run import LastRun
from exportctl.resources.run import RunStatus
from tests.output.sample_monitoring import evil_reports, forecast_report, status_report
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, JANE, address, evil_plan, full_plan

HOUR = 3600
NOW = AS_OF + 7 * HOUR  # 2026-11-22 09:00 UTC: a part of the day is over
COMMIT = SourceCommit("0123456789abcdef0123456789abcdef01234567", "aep")
SINCE = first_moment(NOW)
TEAMS = ("sales", "web", "loyalty", "finance", "stores")
ABORTED = "ACTIVATION_BATCH-0000-FAILED Job aborted.; CONNECTOR-3101-403 the bucket refuses this role"
ATTACK = '</script><img src=x onerror=alert(1)>" onload="alert(1)'


def sample_report(count: int) -> SandboxReport:
    """A sandbox of `count` exports: most are fine, some run every three hours, each fault is there from ten on."""
    header = replace(HEADER, repository="https://github.com/acme/exports")
    expected = Forecast(header, NOW, NOW + (DAYS + 1) * DAY, False, tuple(_lane(n) for n in range(count)), ())
    delivered = VerifyReport(header, NOW, SINCE, False, tuple(_verdicts(n) for n in range(count)))
    return SandboxReport(
        status=StatusReport(header, NOW, 30 * DAY, tuple(_health(n) for n in range(count)), 2, None),
        drift=DriftReport(header, NOW, tuple(_drift(n) for n in range(3, count, 10))),
        expected=expected,
        delivered=delivered,
        timeline=build_timeline(delivered, expected),
        routes=tuple(_route(n) for n in range(count)),
        unused_datasets=4,
        positions={export_address(n): SourcePosition("exports/all.yaml", 10 + 3 * n, 3) for n in range(count)},
        commit=COMMIT,
    )


def export_address(number: int) -> Address:
    return address(f"{TEAMS[number % len(TEAMS)]}-feed-{number:04}")


def _interval(number: int) -> int:
    return 3 * HOUR if number % 5 == 1 else DAY


def _ticks(number: int, begin: int, end: int) -> range:
    first = midnight(begin) + (0 if number % 5 == 1 else 2 * HOUR)
    step = _interval(number)
    return range(first + max(0, -(-(begin - first) // step)) * step, end, step)


def _lane(number: int) -> FlowForecast:
    name, lane = export_address(number), "destinations.lake"
    if number % 10 == 4:
        return FlowForecast(name, f"flow-{number}", "every 1 day at 02:00 UTC", lane, None, 1, no_run_reason=PAUSED)
    ends = NOW + 3 * DAY + HOUR if number % 10 == 5 else None
    runs = tuple(_ticks(number, NOW + 1, ends or NOW + (DAYS + 1) * DAY))
    first = runs[0] if number % 10 == 6 else None
    return FlowForecast(name, f"flow-{number}", "every 1 day at 02:00 UTC", lane, None, 1, runs, ends, None, first)


def _verdicts(number: int) -> ExportVerdicts:
    found = tuple(_verdict(number, due) for due in _ticks(number, SINCE, NOW)) if number % 10 != 6 else ()
    return ExportVerdicts(export_address(number), f"flow-{number}", "enabled", "s3://acme-lake/aep", found)


def _verdict(number: int, due: int) -> Verdict:
    results = {2: DeliveryResult.FAILED, 7: DeliveryResult.EMPTY, 8: DeliveryResult.MISMATCH, 9: DeliveryResult.LATE}
    is_odd = (due // DAY + number) % 5 == 0
    result = results.get(number % 10, DeliveryResult.COMPLETE) if is_odd else DeliveryResult.COMPLETE
    reason = ABORTED if result is DeliveryResult.FAILED else "2 files, as the manifest lists them"
    fails = result not in (DeliveryResult.COMPLETE, DeliveryResult.EMPTY)
    return Verdict(
        f"Dataset {number}", f"{number:024x}", due, result, reason, Evidence.MANIFEST, f"run-{number}-{due}",
        due + 600, fails=fails,
    )  # fmt: skip


def _health(number: int) -> ExportHealth:
    last = LastRun(f"run-{number}", RunStatus.DONE, NOW - 7 * HOUR, NOW - 7 * HOUR + 600)
    following = next(iter(_ticks(number, NOW + 1, NOW + 2 * DAY)))
    one = ExportHealth(
        export_address(number), f"flow-{number}", FlowState.ENABLED, HealthResult.OK, last, following, NOW + 170 * DAY
    )
    if number % 10 == 2:
        failed = replace(last, status=RunStatus.FAILED)
        notes = (f"the last run failed: see exportctl runs {one.address}",)
        return replace(one, result=HealthResult.FAILED, last_run=failed, notes=notes)
    if number % 10 == 4:
        return replace(one, state=FlowState.PAUSED, result=HealthResult.PAUSED, next_run=None)
    if number % 10 == 5:
        return replace(one, state=FlowState.ENDING, result=HealthResult.ENDING, ends=NOW + 3 * DAY + HOUR)
    return replace(one, result=HealthResult.WAITING, last_run=None) if number % 10 == 6 else one


def _drift(number: int) -> DriftEntry:
    at = SourcePosition("exports/all.yaml", 11 + 3 * number, 5)
    changed = FieldChange("path", "location", f"by-hand/{number}", f"aep/{number}", Cause.DRIFT, JANE, at)
    return DriftEntry(DriftGroup.DRIFT, export_address(number), f"flow-{number}", changed)


def _route(number: int) -> DatasetRoute:
    team = TEAMS[number % len(TEAMS)]
    return DatasetRoute(
        f"Dataset {number}", f"{number:024x}", export_address(number), f"destinations.{team}", "Amazon S3",
        f"acme-{team}/aep/{number}", is_applied=True,
    )  # fmt: skip


def planned_report() -> SandboxReport:
    """Ten exports, with a saved plan that no longer holds."""
    saved = planfile.saved_plan(full_plan())
    shown = decode_plan(saved.content)
    moved = (StaleValue("exports.orders", "verb", "create", "update", ("verb",)),)
    given = GivenPlan(saved, shown, SignatureState.UNSIGNED, shown, moved, ("exports.old",))
    return replace(sample_report(10), plan=given)


def full_report() -> SandboxReport:
    """Every health, every group of drift, simultaneous runs, and a saved plan of another sandbox."""
    plan, status = full_plan(), status_report()
    given = GivenPlan(planfile.saved_plan(plan), plan, SignatureState.VALID)
    orphan = DriftEntry(DriftGroup.ORPHANS, finding=Finding("orphans", "a connection that no flow uses"))
    found = build_drift_report(plan, end_warning=200 * DAY)
    return replace(
        sample_report(1),
        status=replace(status, header=replace(status.header, platform="embedded"), as_of=AS_OF),
        drift=replace(found, entries=(*found.entries, orphan)),
        expected=forecast_report(),
        plan=given,
    )


def evil_report(text: str = EVIL) -> SandboxReport:
    """Every text that others write, written by an attacker."""
    _, status, expected = evil_reports()
    plan = evil_plan()
    saved = planfile.saved_plan(plan)
    given = GivenPlan(
        saved, plan, SignatureState.UNSIGNED, plan, (StaleValue(text, text, text, text, (text,)),), (text,)
    )
    verdict = Verdict(
        text, text, NOW - HOUR, DeliveryResult.FAILED, text, Evidence.FILES, text, NOW, (text,), hint=text, fails=True
    )
    unknown = replace(verdict, result=DeliveryResult.UNKNOWN, fails=False)
    broken = (Finding("storage-read", text, SourcePosition(text), text),)
    exports = (ExportVerdicts(address(text), text, text, text, (verdict, unknown), broken),)
    delivered = VerifyReport(status.header, NOW, SINCE, False, exports)
    changed = FieldChange(text, "path", text, [text], Cause.DRIFT, Actor(text, text, NOW, text), SourcePosition(text))
    notes = (Finding(text, text, SourcePosition(text), text, Level.NOTE),)
    found = replace(build_drift_report(plan, end_warning=30 * DAY), notes=notes)
    where = PlanHeader(text, text, text, text, "service", url=text, repository=text)
    return SandboxReport(
        status=replace(status, header=where, orphans=(text,)),
        drift=replace(found, entries=(*found.entries, DriftEntry(DriftGroup.DRIFT, address(text), text, changed))),
        expected=expected,
        delivered=delivered,
        timeline=build_timeline(delivered, replace(expected, as_of=NOW)),
        routes=(DatasetRoute(text, text, address(text), text, text, text, is_applied=False),),
        positions={address(text): SourcePosition(text)},
        commit=SourceCommit(text, text),
        plan=given,
    )


def two_environments() -> tuple[EnvironmentResult[SandboxReport], ...]:
    """dev as it was read, and prod, which was not."""
    unread = (Finding("credentials", "AEP_CLIENT_ID is not set", hint="set it where exportctl runs"),)
    return EnvironmentResult("dev", planned_report()), EnvironmentResult("prod", None, unread)
