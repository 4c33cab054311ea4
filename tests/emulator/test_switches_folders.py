"""How the service writes times and names into folders: each setting of these switches, seen in the storage."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.emulator.folder_names import render_folder
from tests.emulator.export_runs import HOUR, ORDERS, exports


def written_folder(storage: Path, template: str, name: str = "flow", **switches: Any) -> str:
    """The folder of the first run of a flow with this name and template, relative to the target's path."""
    with exports(storage, **switches) as made:
        base = made.api.base("Lake")
        target = made.api.create("targetConnections", made.api.target_body(base, name="acme orders target"))
        body = made.api.flow_body(made.api.source(ORDERS), target, schedule={"foldernameTemplate": template}, name=name)
        made.api.create("flows", body)
        made.ingest(6)
        made.emulator.advance(HOUR)
        (folder,) = {path.parent for path in made.files()}
        return folder.relative_to(made.bucket / "aep").as_posix()


@pytest.mark.parametrize(("setting", "folder"), [(12, "exportTime=202601010100"), (14, "exportTime=20260101010000")])
def test_export_time_digits(tmp_path: Path, setting: int, folder: str) -> None:
    assert written_folder(tmp_path, "%EXPORT_TIME%", export_time_digits=setting) == folder


@pytest.mark.parametrize(
    ("setting", "folders"),
    [
        ("calendar", ["20261231", "20270101", "20270103"]),
        ("us", ["20271231", "20270101", "20270103"]),
        ("iso", ["20261231", "20260101", "20260103"]),
    ],
)
def test_week_year(setting: str, folders: list[str]) -> None:
    """2026-12-31 is a Thursday: its week ends in 2027 in the United States, and is the last of 2026 by ISO 8601."""
    days = (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC))

    switches = Switches(week_year=setting)
    assert [render_folder("%DATETIME(YYYYMMdd)%", {}, day.timestamp(), switches) for day in days] == folders


@pytest.mark.parametrize(
    ("setting", "folder"),
    [
        ("levels", "EU/x/K\u00e4ufe today"),
        ("resolved", "x/K\u00e4ufe today"),
        ("underscore", "EU_.._x__K_ufe_today"),
        ("encoded", "EU%2F..%2Fx%2F%2FK%C3%A4ufe%20today"),
    ],
)
def test_folder_names(tmp_path: Path, setting: str, folder: str) -> None:
    found = written_folder(tmp_path, "%DESTINATION_INSTANCE_NAME%", "EU/../x//K\u00e4ufe today", folder_names=setting)

    assert found == folder


@pytest.mark.parametrize(
    ("setting", "folder"), [("target", "acme orders target"), ("base", "Lake"), ("flow", "nightly")]
)
def test_destination_macro(tmp_path: Path, setting: str, folder: str) -> None:
    assert written_folder(tmp_path, "%DESTINATION%", "nightly", destination_macro=setting) == folder
