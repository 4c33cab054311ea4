"""A folder template and the folders that come of it: what is found, what is left to others, which moment is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator import Switches, folder_names
from exportctl.monitor.delivery.folder_layout import PathMatch, folder_layout
from tests.monitor.delivery.delivery_states import DAILY, FLOW, WEB, timestamp

NAME = "part-00000-tid-1-x-1-1-c000.json.gz"


def find_folder(template: str, path: str, prefix: str = "aep") -> PathMatch | None:
    return folder_layout(replace(DAILY, folder=template, prefix=prefix), WEB).match_path(path)


def only_moment(found: PathMatch) -> int:
    """The moment by the calendar."""
    (moment,) = found.moments[0]
    return moment


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        ("%DATASET_ID%/%EXPORT_TIME%", f"{WEB}/exportTime=202603050200"),
        ("%DATASET_NAME%/%EXPORT_TIME%", "web/exportTime=202603050200"),
        ("%DESTINATION_INSTANCE_ID%/%EXPORT_TIME%/", f"{FLOW}/exportTime=202603050200"),
        ("%DESTINATION_INSTANCE_NAME%/%EXPORT_TIME%", "Web to lake/exportTime=202603050200"),
        ("%SANDBOX_NAME%/x/%EXPORT_TIME%", "prod/x/exportTime=202603050200"),
        ("%DESTINATION%_%DATASET_ID%_%DATETIME(YYYYMMdd_HHmmss)%", f"S3 (x)_{WEB}_20260305_020000"),
        ("%ORGANIZATION_NAME%/%DATETIME(yyyy/MM/dd/HH-mm)%", "Acme/2026/03/05/02-00"),
        ("%DATETIME(yyyy-M-d_H)%", "2026-3-5_2"),
        ("%DATETIME(yyyyMMdd'T'HHmm)%", "20260305T0200"),
        ("%DATASET_ID%//x/%EXPORT_TIME%/", f"{WEB}/x/exportTime=202603050200"),
        ("dt=%DATETIME(yyyyMMdd)%.hour=%DATETIME(HH)%", "dt=20260305.hour=02"),
    ],
)
def test_the_folder_of_a_run_is_found_and_its_moment_read(template: str, folder: str) -> None:
    found = find_folder(template, f"aep/{folder}/{NAME}")

    assert found is not None
    assert (found.folder, only_moment(found), found.name) == (f"aep/{folder}", timestamp(5, 2), NAME)


@pytest.mark.parametrize(
    "path",
    [
        f"aep/{WEB}/exportTime=202603050200/deeper/{NAME}",
        f"other/{WEB}/exportTime=202603050200/{NAME}",
        f"aep/{WEB[:-1]}e/exportTime=202603050200/{NAME}",
        f"aep/{WEB}/exportTime=2026030502/{NAME}",
        f"aep/{WEB}/{NAME}",
        NAME,
    ],
)
def test_files_of_others_are_left_to_them(path: str) -> None:
    assert find_folder("%DATASET_ID%/%EXPORT_TIME%", path) is None


@pytest.mark.parametrize("macro", ["%DATETIME%", "%NEXT_YEAR(yyyyMMdd)%"])
def test_a_macro_that_is_no_time_with_a_pattern_stands_for_any_level(macro: str) -> None:
    found = find_folder(f"{macro}/%EXPORT_TIME%", f"aep/anything/exportTime=202603050200/{NAME}")

    assert found is not None and len(found.moments) == 1


def test_a_folder_that_names_no_real_moment_has_none() -> None:
    found = find_folder("%EXPORT_TIME%", f"aep/exportTime=202613450200/{NAME}")

    assert found is not None and found.moments == ()


@pytest.mark.parametrize("written", ["web/events", "web%2Fevents", "web_events", "web:events"])
def test_a_slash_in_a_name_is_found_however_it_is_written(written: str) -> None:
    watched = replace(DAILY, folder="%DATASET_NAME%/%EXPORT_TIME%", datasets={WEB: "web/events"})

    assert folder_layout(watched, WEB).match_path(f"aep/{written}/exportTime=202603050200/{NAME}") is not None


def test_the_text_of_a_template_is_no_pattern() -> None:
    assert find_folder("a.c/%EXPORT_TIME%", f"aep/abc/exportTime=202603050200/{NAME}") is None


def test_the_root_of_a_bucket_is_a_place_too() -> None:
    found = find_folder("/", NAME, prefix="")

    assert found is not None and (found.folder, found.moments) == ("", ())


@pytest.mark.parametrize(
    ("template", "prefix"),
    [
        ("%DATASET_ID%/%EXPORT_TIME%", f"aep/{WEB}"),
        ("x%EXPORT_TIME%", "aep"),
        ("%DESTINATION%/%DATASET_ID%", "aep"),
        ("%DATASET_NAME%", "aep/web"),
        ("/", "aep"),
    ],
)
def test_only_the_folders_before_the_first_unknown_are_listed(template: str, prefix: str) -> None:
    assert folder_layout(replace(DAILY, folder=template), WEB).prefix == prefix


@pytest.mark.parametrize(
    ("template", "step", "apart"),
    [
        ("%EXPORT_TIME%", 3 * 3600, True),
        ("%DATETIME(yyyyMMdd)%", 86400, True),
        ("%DATETIME(yyyyMMdd)%", 3 * 3600, False),
        ("%DATETIME(yyyyMMddHH)%", 3 * 3600, True),
        ("%DATETIME(HHmm)%", 86400, False),
        ("%DATETIME(MMdd)%", 86400, False),
        ("%DATETIME(yyyyMM)%", 0, False),
        ("%DATASET_ID%", 86400, False),
        ("%EXPORT_TIME%", 0, True),
    ],
)
def test_runs_are_distinguished_by_what_the_time_macro_resolves(template: str, step: int, apart: bool) -> None:
    assert folder_layout(replace(DAILY, folder=template), WEB).can_tell_runs_apart(step) is apart


PATTERNS = ("YYYYMMdd_HHmmss", "yyyy-M-d_H-m-s", "yyyyMMdd'T'HHmmss", "yy/MM/dd/HH'h'mm'm'ss", "yyyyMMddHHmmssSSS")


@given(st.sampled_from(PATTERNS), st.integers(timestamp(1), timestamp(1) + 10 * 366 * 86400))
def test_the_moment_of_a_folder_is_read_as_it_was_written(pattern: str, moment: int) -> None:
    template = f"%DATASET_ID%/%DATETIME({pattern})%"
    folder = folder_names.render_folder(template, {"DATASET_ID": WEB}, moment, Switches())

    found = find_folder(template, f"aep/{folder}/{NAME}")

    assert found is not None and only_moment(found) == moment
