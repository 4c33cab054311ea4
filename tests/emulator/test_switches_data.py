"""The switches of datasets and their rows."""

from __future__ import annotations

import pytest

from exportctl.emulator import SeedDataset
from exportctl.emulator.switches import Switches
from tests.emulator.emulator_api import Api


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
