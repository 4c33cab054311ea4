"""What exports.yaml must come to, written down independently of it: where which rows arrive, when, in what form."""

from __future__ import annotations

from dataclasses import dataclass

from tests.real.deliveries import DAY, HOUR, START, every

DATASETS = WEB, ORDERS, LINES, PROFILES = ("Web Events", "Orders", "Order Lines", "Loyalty Profiles")
END = START + 3 * DAY
ADDED = ({WEB: 700, ORDERS: 35, LINES: 90, PROFILES: 11}, {WEB: 1, ORDERS: 2500, PROFILES: 1})  # after day 1, day 2

FREQUENT = every(3 * HOUR, 0, END)
NIGHTLY = every(DAY, 2 * HOUR, END)
NOON = [START + 4 * HOUR]


@dataclass(frozen=True)
class Feed:
    """An export as it must arrive: `path` is the destination's, `root` what rclone calls that which the path is in."""

    export: str
    root: str
    path: str
    datasets: tuple[str, ...]
    ticks: list[int]
    extension: str
    manifest: bool = False

    @property
    def place(self) -> str:
        return f"{self.root}{self.path}"


FEEDS = (
    Feed("web-to-lake", "s3:acme-exports/", "aep/key", (WEB, ORDERS), FREQUENT, "parquet", manifest=True),
    Feed("orders-by-role", "s3:acme-exports/", "aep/role", (ORDERS,), NIGHTLY, "gz.parquet"),
    Feed("web-to-blob", "blobacct:exports/", "aep", (WEB,), NIGHTLY, "json.gz", manifest=True),
    Feed("sales-to-gen2", "lakeacct:raw/", "aep", (ORDERS, LINES), NIGHTLY, "gz.parquet", manifest=True),
    Feed("profiles-to-shared", "landing:dlz-destination/", "exports", (PROFILES,), NOON, "gz.parquet"),
    Feed("web-to-analytics", "gcs:acme-analytics/", "aep", (WEB,), FREQUENT, "json.gz"),
    Feed("sales-to-partner", "partner:", "incoming", (ORDERS, LINES), NIGHTLY, "json.gz", manifest=True),
    Feed("profiles-to-warehouse", "warehouse:", "incoming/aep", (PROFILES,), NIGHTLY, "parquet"),
)
