"""A report of a drill built by hand: every result, and everything a view can show."""

from __future__ import annotations

from dataclasses import replace

from exportctl.errors import Finding
from exportctl.monitor.backup.drills import DatasetDrills, DrillResult, PastDrill
from exportctl.monitor.backup.report import BackupReport, ChainState, ExportChains
from exportctl.restore.drill import DrilledDataset, DrillReport, NotDrilled
from tests.output.sample_backups import FLOW, backup_report
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, address
from tests.output.sample_restores import restore_report

READ, BROKEN = restore_report().checks
RESTORED = DrilledDataset(
    address("orders"),
    f"Orders {EVIL}",
    "5ef3e3259ad2a1191ab7dd7d",
    FLOW,
    ChainState.WHOLE,
    AS_OF - 9 * DAY,
    AS_OF - DAY,
    "5c0d" * 16,
    DrillResult.RESTORED,
    check=READ,
    written=1_100_000,
    seconds=1.234,
)


def drill_report() -> DrillReport:
    failed = replace(
        RESTORED,
        state=ChainState.GAP,
        result=DrillResult.FAILED,
        reasons=(f"the backup is GAP: {EVIL}", f"aep/part-1 {EVIL}: it is cut short"),
        check=BROKEN,
        written=None,
        last_hash=None,
    )
    full = Finding("restore-disk", f"the disk is full {EVIL}", hint=f"choose another {EVIL}")
    error = replace(RESTORED, result=DrillResult.ERROR, reasons=(full.message,), check=None, written=None, error=full)
    reasons = ("a signal ended the drill before",)
    stopped = replace(error, result=DrillResult.INTERRUPTED, reasons=reasons, error=None, seconds=0.0)
    return DrillReport(
        HEADER,
        AS_OF,
        f"seed {EVIL}",
        9,
        4,
        (RESTORED, failed, error, replace(stopped, covered_from=None)),
        (NotDrilled(address("new"), f"Web {EVIL}", f"no flow {EVIL}"),),
        (Finding("storage-denied", f"s3://acme-lake: {EVIL}", hint=f"ask {EVIL}"),),
    )


def drilled_backups() -> BackupReport:
    """The sample of backups with an audit file: the last drill restored, failed, or there was none."""
    good = PastDrill(
        AS_OF - DAY, f"run {EVIL}", DrillResult.RESTORED, "exports.orders", FLOW, "d-1", AS_OF - 2 * DAY, 9
    )
    bad = replace(good, as_of=AS_OF, result=DrillResult.FAILED, moment=None, restored=None)
    known = (
        DatasetDrills(good, good),
        DatasetDrills(bad, good),
        DatasetDrills(bad),
        DatasetDrills(),
        DatasetDrills(former=good),
    )
    report, drills = backup_report(), iter(known)

    def drilled(one: ExportChains) -> ExportChains:
        return replace(one, chains=tuple(replace(chain, drills=next(drills)) for chain in one.chains))

    return replace(report, exports=tuple(drilled(one) for one in report.exports), audit=f"audit {EVIL}.jsonl")
