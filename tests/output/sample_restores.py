"""A restore report built by hand: everything a view can show."""

from __future__ import annotations

from dataclasses import replace

from exportctl.model.combine import Combine
from exportctl.monitor.backup.report import ChainState
from exportctl.restore.report import RestoreCheck, RestoreReport
from exportctl.restore.source import FileFormat, RestoreFile, RestoreLocation, RestoreRun, RestoreSource
from tests.output.sample_plans import AS_OF, DAY, EVIL, HEADER, address

PARQUET = FileFormat("parquet", "gzip")


def restore_source() -> RestoreSource:
    return RestoreSource(
        address("orders"),
        f"Orders {EVIL}",
        "5ef3e3259ad2a1191ab7dd7d",
        Combine.UPSERT,
        f"the Catalog says {EVIL}",
        f"_id{EVIL}",
        f"the schema says {EVIL}",
        AS_OF - DAY,
        ChainState.GAP,
        (f"GAP: a file is gone {EVIL}",),
        (
            RestoreRun(1, AS_OF - 2 * DAY, "r-1", ChainState.WHOLE, 5),
            RestoreRun(2, AS_OF - DAY, "r-2", ChainState.GAP, 1),
        ),
        (RestoreFile(f"aep/part-1 {EVIL}", 1200, 1, PARQUET),),
        RestoreLocation("s3://acme-lake"),
        (f"the Catalog says {EVIL}",),
    )


def restore_report() -> RestoreReport:
    read = RestoreCheck(
        replace(restore_source(), state=ChainState.WHOLE, problems=()),
        (),
        rows=6,
        restored=5,
        columns=9,
        schemas=2,
        added=(f"person.age (aep/part-2 {EVIL})",),
        keys=5,
        first_time=f"2026-11-24 {EVIL}",
        last_time="2026-11-29",
    )
    broken = RestoreCheck(restore_source(), (f"aep/part-1 {EVIL}: it is cut short",))
    return RestoreReport(HEADER, AS_OF, "duckdb", (read, broken), folder=f"/restored {EVIL}")
