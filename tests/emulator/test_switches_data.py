"""The switches of datasets and their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import SeedDataset
from exportctl.emulator.switches import Switches
from tests.emulator.emulator_api import Api
from tests.emulator.export_runs import DAY, HOUR, ORDERS, Exports, exports


@pytest.mark.parametrize(
    ("setting", "event", "record"),
    [
        ("short", "time-series", "record"),
        ("upper", "TIME-SERIES", "RECORD"),
        ("uri", "https://ns.adobe.com/xdm/data/time-series", "https://ns.adobe.com/xdm/data/record"),
        ("missing", None, None),
    ],
)
def test_data_behavior(api: Api, setting: str, event: object, record: object) -> None:
    datasets = [SeedDataset("Clicks", kind="event"), SeedDataset("People")]
    ids = api.emulator.seed(datasets={"dev": datasets})["dev"].values()
    api.emulator.switches = Switches(data_behavior=setting)

    shown = [api.get(f"/data/foundation/catalog/dataSets/{id}").json()[id] for id in ids]
    assert [one.get("classification", {}).get("dataBehavior") for one in shown] == [event, record]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Exports]]:
    opened = []

    def build(**switches: Any) -> Exports:
        opened.append(exports(tmp_path / "storage", **switches))
        return opened[-1].__enter__()

    yield build
    for one in opened:
        one.__exit__(None, None, None)


def rows_sent(made: Exports) -> list[int]:
    return [run["metrics"]["recordSummary"]["outputRecordCount"] for run in made.runs()]


@pytest.mark.parametrize(("setting", "sent"), [("newest", [4, 4]), ("all", [8, 8])])
def test_record_versions(running: Callable[..., Exports], setting: str, sent: list[int]) -> None:
    made = running(record_versions=setting)
    made.ingest(5)
    made.ingest(0, update=5)
    made.ingest(0, remove=1)
    made.flow(ORDERS)
    made.emulator.advance(HOUR)
    for _ in range(2):
        made.ingest(0, update=5)
    made.ingest(0, remove=1)
    made.emulator.advance(6 * HOUR)

    assert rows_sent(made) == sent


@pytest.mark.parametrize(("setting", "sent"), [("next_run", [3, 0, 9]), ("lost", [3, 0, 5])])
def test_failed_run_rows(running: Callable[..., Exports], setting: str, sent: list[int]) -> None:
    made = running(failed_run_rows=setting)
    made.ingest(3)
    made.flow(ORDERS)
    made.emulator.advance(HOUR)
    made.bucket.rename(made.bucket.with_name("away"))
    made.bucket.write_text("no folder")
    made.ingest(4)
    made.emulator.advance(6 * HOUR)
    made.bucket.unlink()
    made.ingest(5)
    made.emulator.advance(6 * HOUR)

    assert rows_sent(made) == sent


@pytest.mark.parametrize(("setting", "sent"), [("next_run", [0, 3]), ("lost", [0, 0])])
def test_a_failed_full_export_is_lost_too(running: Callable[..., Exports], setting: str, sent: list[int]) -> None:
    made = running(failed_run_rows=setting)
    made.ingest(3)
    made.bucket.parent.mkdir(parents=True)
    made.bucket.write_text("no folder")
    made.flow(ORDERS)
    made.emulator.advance(HOUR)
    made.bucket.unlink()
    made.emulator.advance(6 * HOUR)

    assert rows_sent(made) == sent


@pytest.mark.parametrize(
    ("switches", "sent"),
    [
        ({}, [3, 11]),
        ({"missed_run_rows": "lost"}, [3, 6]),
        ({"missed_run_rows": "lost", "missed_runs": "caught-up"}, [3, 5, 0, 0, 0, 6]),
    ],
    ids=str,
)
def test_missed_run_rows(running: Callable[..., Exports], switches: dict[str, str], sent: list[int]) -> None:
    made = running(**switches)
    made.ingest(3)
    flow = made.flow(ORDERS)
    made.emulator.advance(2 * HOUR)
    made.api.act(flow, "disable")
    made.ingest(5)
    made.emulator.advance(DAY)
    made.ingest(6)
    made.api.act(flow, "enable")
    made.emulator.advance(6 * HOUR)

    assert rows_sent(made) == sent


def test_a_patch_of_a_disabled_flow_saves_no_rows(running: Callable[..., Exports]) -> None:
    made = running(missed_run_rows="lost")
    flow = made.flow(ORDERS)
    made.emulator.advance(2 * HOUR)
    made.api.act(flow, "disable")
    made.ingest(5)
    made.emulator.advance(DAY)
    made.api.replace(f"/flows/{flow}", "/name", "patched")
    made.api.act(flow, "enable")
    made.emulator.advance(6 * HOUR)

    assert rows_sent(made) == [0, 0]


def test_a_full_export_that_was_missed_is_sent_later(running: Callable[..., Exports]) -> None:
    made = running(missed_run_rows="lost")
    made.ingest(3)
    flow = made.flow(ORDERS)
    made.api.act(flow, "disable")
    made.emulator.advance(DAY)
    made.api.act(flow, "enable")
    made.emulator.advance(6 * HOUR)

    assert rows_sent(made) == [3]
