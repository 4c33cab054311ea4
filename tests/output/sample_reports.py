"""A verify report built by hand: every word, every kind of evidence, and everything a view can show."""

from __future__ import annotations

from exportctl.errors import Finding
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, ExportVerdicts, Verdict, VerifyReport
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, address

HOUR = 3600
DUE = AS_OF - 12 * HOUR
FLOW = "1a2b3c4d-0000-4000-8000-000000000001"
ORDERS, WEB = "5ef3e3259ad2a1191ab7dd7d", "65a1b2c3d4e5f60718293a4b"
FOLDER = f"aep/{WEB}/exportTime=202611211400"
HIDDEN = "storage&<secret>'value"


def part(number: int) -> str:
    return f"{FOLDER}/part-{number:05d}-tid-1-61111111-2222-4333-8444-555555555555-{number}-1-c000.gz.parquet"


def orders() -> ExportVerdicts:
    """What does not fail."""
    verdicts = (
        Verdict(
            "Orders",
            ORDERS,
            DUE - 3 * HOUR,
            DeliveryResult.COMPLETE,
            "2 files, as the manifest lists them",
            Evidence.MANIFEST,
            run="r-1",
            completed=DUE - 3 * HOUR + 120,
            folder="aep/orders",
            rows=1200,
            files=2,
            size=4_300_000,
        ),
        Verdict(
            "Orders", ORDERS, DUE, DeliveryResult.EMPTY, "the run had nothing to write", Evidence.FILES, "r-2", rows=0
        ),
        Verdict(
            "Orders", ORDERS, DUE + 3 * HOUR, DeliveryResult.UNKNOWN, "no run yet; expected by 2026-11-21 19:00 UTC"
        ),
    )
    return ExportVerdicts(address("orders"), FLOW, "enabled", "s3://acme-lake/aep", verdicts)


def web() -> ExportVerdicts:
    """What fails, in every way."""
    listed = "not there: 1 of 3 files that the manifest lists: part-00001-tid-1.gz.parquet"
    verdicts = (
        Verdict(
            "Web, all channels",
            WEB,
            DUE - 9 * HOUR,
            DeliveryResult.LATE,
            "complete only 3 h after it was due, not within 2 h",
            Evidence.FILES,
            "r-3",
            DUE - 6 * HOUR,
            rows=10,
            files=1,
            size=812,
            fails=True,
        ),
        Verdict(
            "Web, all channels",
            WEB,
            DUE - 6 * HOUR,
            DeliveryResult.FAILED,
            "ACTIVATION_BATCH-0000-FAILED Job aborted.",
            Evidence.RUNS,
            "r-4",
            DUE - 6 * HOUR + 60,
            fails=True,
        ),
        Verdict(
            "Web, all channels",
            WEB,
            DUE - 3 * HOUR,
            DeliveryResult.MISSING,
            "no run since it was due, 15 h ago",
            fails=True,
            hint="`exportctl status` shows whether the flow is on; the next run should carry these rows too",
        ),
        Verdict(
            "Web, all channels",
            WEB,
            DUE,
            DeliveryResult.FILES_MISSING,
            listed,
            Evidence.MANIFEST,
            "r-5",
            DUE + 300,
            objects=(part(1),),
            folder=FOLDER,
            rows=300,
            files=2,
            size=5000,
            fails=True,
        ),
        Verdict(
            "Web, all channels",
            WEB,
            DUE + 3 * HOUR,
            DeliveryResult.MISMATCH,
            "the files hold 299 rows, the run wrote 300",
            Evidence.CONTENT,
            "r-6",
            DUE + 3 * HOUR + 300,
            objects=tuple(part(n) for n in range(25)),
            rows=299,
            files=25,
            size=52_000_000_000,
            fails=True,
        ),
        Verdict(
            "Web, all channels",
            WEB,
            DUE + 6 * HOUR,
            DeliveryResult.EMPTY,
            "the run had nothing to write, and `expect.non_empty` asks for rows",
            Evidence.RUNS,
            "r-7",
            rows=0,
            fails=True,
        ),
    )
    return ExportVerdicts(address("web-to-lake"), FLOW, "disabled", "s3://acme-lake/aep", verdicts)


def partner() -> ExportVerdicts:
    said = (
        Verdict("Orders", ORDERS, DUE, DeliveryResult.COMPLETE, "the run succeeded", Evidence.RUNS, "r-8", DUE + 60),
    )
    return ExportVerdicts(address("partner"), FLOW, "enabled", "runs only: no credentials for sftp.example", said)


def denied_export() -> ExportVerdicts:
    reason = "the run succeeded; its files could not be read: access denied"
    error = Finding("storage-denied", "gs://acme: access denied", hint="grant storage.objects.list")
    verdict = Verdict("Orders", ORDERS, DUE, DeliveryResult.UNKNOWN, reason, Evidence.RUNS, "r-9", DUE + 60)
    return ExportVerdicts(address("denied"), FLOW, "enabled", error.message, (verdict,), (error,))


def absent_export() -> ExportVerdicts:
    reason = "no flow in this sandbox: apply creates it"
    verdict = Verdict("Returns", "", None, DeliveryResult.MISSING, reason, fails=True)
    return ExportVerdicts(address("absent"), None, "not applied", "nothing to read", (verdict,))


def evil_export() -> ExportVerdicts:
    """Everything written by others is hostile."""
    said = f"{EVIL}\ufffe\uffff"
    verdict = Verdict(
        said, said, DUE, DeliveryResult.FAILED, said, Evidence.RUNS, said, DUE, (said,), said, hint=said, fails=True
    )
    return ExportVerdicts(address("evil"), said, said, said, (verdict,), (Finding("storage", said, hint=said),))


def report(*exports: ExportVerdicts, deep: bool = False) -> VerifyReport:
    return VerifyReport(HEADER, AS_OF, AS_OF - DAY, deep, exports)


def full_report() -> VerifyReport:
    return report(absent_export(), denied_export(), orders(), partner(), web(), deep=True)
