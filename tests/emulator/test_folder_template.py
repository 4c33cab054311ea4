"""Folder templates: every macro, patterns of Java's letters, and nothing that leads out of the target's path."""

from __future__ import annotations

import pytest

from exportctl.emulator import Switches, run_export
from exportctl.emulator.folder_names import render_folder
from tests.emulator.emulator_api import Json

MOMENT = 1768467909.5  # 2026-01-15T09:05:09.5Z
VALUES = {
    "DATASET_ID": "d1",
    "DATASET_NAME": "Web Orders",
    "DESTINATION": "Lake",
    "DESTINATION_NAME": "Lake",
    "DESTINATION_INSTANCE_ID": "f1",
    "DESTINATION_INSTANCE_NAME": "nightly",
    "SANDBOX_NAME": "dev",
    "ORGANIZATION_NAME": "ACME",
}


def folder(template: str, values: dict[str, str], moment: float) -> str:
    return render_folder(template, values, moment, Switches())


@pytest.mark.parametrize("name", VALUES)
def test_a_macro_is_filled_in(name: str) -> None:
    assert folder(f"a-%{name}%-b", VALUES, MOMENT) == f"a-{VALUES[name]}-b"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("%EXPORT_TIME%", "exportTime=202601150905"),
        ("%DATETIME(YYYYMMdd_HHmmss)%", "20260115_090509"),
        ("%DATETIME(yyyy/MM/dd)%", "2026/01/15"),
        ("%DATETIME(yy-M-d H:m:s)%", "26-1-15 9:5:9"),
        ("%DATETIME(HH.mm.ss.SSS)%", "09.05.09.000"),
        ("%DATETIME(yyyyyy)%", "002026"),
        ("%DATETIME()%", ""),
        ("%DATETIME%", "%DATETIME%"),
        ("%DATASET_ID%/%EXPORT_TIME%", "d1/exportTime=202601150905"),
        ("%DESTINATION%_%DATASET_ID%_%DATETIME(YYYYMMdd)%", "Lake_d1_20260115"),
        ("%SURPRISE%/%dataset_id%", "%SURPRISE%/%dataset_id%"),
        ("/", ""),
        ("//a///b/", "a/b"),
        ("../a/./../b", "a/b"),
        ("100%", "100%"),
    ],
)
def test_a_template_becomes_a_folder(template: str, expected: str) -> None:
    assert folder(template, VALUES, MOMENT) == expected


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("M", "1"), ("d", "15"), ("H", "9"), ("m", "5"), ("s", "9"), ("S", "0"), ("MM", "01"), ("HHH", "009")],
)
def test_a_run_of_a_letter_is_a_number_of_that_width(pattern: str, text: str) -> None:
    assert folder(f"%DATETIME({pattern})%", VALUES, MOMENT) == text


def test_a_name_with_slashes_makes_folders_and_leads_nowhere_else() -> None:
    assert folder("%DATASET_NAME%/x", {"DATASET_NAME": "../../etc"}, MOMENT) == "etc/x"


@pytest.mark.parametrize("key", ["foldernameTemplate", "folderNameTemplate"])
def test_the_template_is_read_in_either_spelling(key: str) -> None:
    assert run_export.folder_template({"scheduleParams": {key: "%DATASET_ID%"}}) == "%DATASET_ID%"


@pytest.mark.parametrize("flow", [{}, {"scheduleParams": None}, {"scheduleParams": {"interval": 6}}])
def test_without_a_template_the_default_holds(flow: Json) -> None:
    assert folder(run_export.folder_template(flow), VALUES, MOMENT) == "d1/exportTime=202601150905"


def test_text_in_quotes_is_text_and_long_months_are_names() -> None:
    assert folder("%DATETIME(yyyy-MMM-dd'T'HHmm)%", {}, 1767225600) == "2026-Jan-01T0000"
