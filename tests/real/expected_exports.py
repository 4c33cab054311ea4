"""What exports.yaml must come to, written down independently of it: where which rows arrive, when, in what form."""

from __future__ import annotations

from dataclasses import dataclass

from tests.real.deliveries import DAY, HOUR, START, schedule_ticks

DATASETS = WEB, ORDERS, LINES, PROFILES = ("Web Events", "Orders", "Order Lines", "Loyalty Profiles")
END = START + 3 * DAY
ADDED_ROWS = (
    {WEB: 700, ORDERS: 35, LINES: 90, PROFILES: 11},
    {WEB: 1, ORDERS: 2500, PROFILES: 1},
)  # after day 1, day 2

FREQUENT_TICKS = schedule_ticks(3 * HOUR, 0, END)
NIGHTLY_TICKS = schedule_ticks(DAY, 2 * HOUR, END)
NOON = [START + 4 * HOUR]


@dataclass(frozen=True)
class ExpectedExport:
    """An export as it must arrive: `path` is the destination's, `root` what rclone calls that which the path is in."""

    export: str
    root: str
    path: str
    datasets: tuple[str, ...]
    ticks: list[int]
    extension: str
    manifest: bool = False

    @property
    def location(self) -> str:
        return f"{self.root}{self.path}"


EXPECTED_EXPORTS = (
    ExpectedExport(
        "web-to-lake", "s3:acme-exports/", "aep/key", (WEB, ORDERS), FREQUENT_TICKS, "parquet", manifest=True
    ),
    ExpectedExport("orders-by-role", "s3:acme-exports/", "aep/role", (ORDERS,), NIGHTLY_TICKS, "gz.parquet"),
    ExpectedExport("web-to-blob", "blobacct:exports/", "aep", (WEB,), NIGHTLY_TICKS, "json.gz", manifest=True),
    ExpectedExport(
        "sales-to-gen2", "lakeacct:raw/", "aep", (ORDERS, LINES), NIGHTLY_TICKS, "gz.parquet", manifest=True
    ),
    ExpectedExport("profiles-to-shared", "landing:dlz-destination/", "exports", (PROFILES,), NOON, "gz.parquet"),
    ExpectedExport("web-to-analytics", "gcs:acme-analytics/", "aep", (WEB,), FREQUENT_TICKS, "json.gz"),
    ExpectedExport(
        "sales-to-partner", "partner:", "incoming", (ORDERS, LINES), NIGHTLY_TICKS, "json.gz", manifest=True
    ),
    ExpectedExport("profiles-to-warehouse", "warehouse:", "incoming/aep", (PROFILES,), NIGHTLY_TICKS, "parquet"),
)
