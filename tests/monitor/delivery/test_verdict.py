"""
The table of verification: what was planted, the word it must get, and the object it must name. Then its laws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.emulator.folder_names import render_folder
from exportctl.monitor.delivery.folder_layout import folder_layout
from exportctl.monitor.delivery.report import DeliveryResult, Evidence, ExportVerdicts, Verdict
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.run import RunStatus
from tests.monitor.delivery.delivery_states import (
    APP,
    DAILY,
    FLOW,
    WEB,
    DeliveryState,
    export_time,
    failed_run,
    part_name,
    run_id,
    succeeded_run,
    timestamp,
)

FOLDER = f"aep/{WEB}/{export_time(timestamp(5, 2))}"
ANOTHER_FLOW = "99999999-2222-4333-8444-555555555555"
MANIFEST = f"{FOLDER}/manifest-{FLOW}-{run_id(1)}.json"
NIGHT = timestamp(5, 2)


def good_delivery(manifest: bool = False) -> DeliveryState:
    """One run at 02:00 on the fifth, arrived as it should be."""
    scene = DeliveryState(runs=[succeeded_run(1, NIGHT + 30)])
    if manifest:
        scene.expectation = replace(DAILY, manifest=True)
    scene.put_files(NIGHT, manifest=1 if manifest else None)
    return scene


Plant = Callable[[DeliveryState], object]


@dataclass(frozen=True)
class VerdictCase:
    """`plant` disturbs a good scene; `names` must be among the objects; `fails` is what exit 9 counts."""

    result: DeliveryResult
    plant: Plant
    manifest: bool = False
    names: str | None = None
    deep: bool = False
    fails: bool | None = None
    reason: str = ""


def delete_object(path: str) -> Plant:
    return lambda scene: scene.objects.pop(path)


def resize_object(path: str, size: int) -> Plant:
    return lambda scene: scene.objects.update({path: size})


def add_object(path: str, size: int = 7) -> Plant:
    return lambda scene: scene.objects.update({path: size})


def change_expectation(**changes: Any) -> Plant:
    def plant(scene: DeliveryState) -> None:
        scene.expectation = replace(scene.expectation, **changes)

    return plant


def set_runs(*found: object) -> Plant:
    return lambda scene: setattr(scene, "runs", list(found))


def delete_all_files(scene: DeliveryState) -> None:
    scene.objects.clear()
    scene.manifests.clear()


def plant_both(*plants: Plant) -> Plant:
    def plant(scene: DeliveryState) -> None:
        for one in plants:
            one(scene)

    return plant


def edit_manifest(change: Callable[[str], str]) -> Plant:
    def plant(scene: DeliveryState) -> None:
        scene.manifests[MANIFEST] = change(scene.manifests[MANIFEST].decode()).encode()

    return plant


def give_manifest_to_another_flow(scene: DeliveryState) -> None:
    path = MANIFEST.replace(FLOW, ANOTHER_FLOW)
    scene.manifests[path], scene.objects[path] = scene.manifests.pop(MANIFEST), scene.objects.pop(MANIFEST)


def move_files_away(scene: DeliveryState) -> None:
    scene.objects = {path.replace("aep/", "other/", 1): size for path, size in scene.objects.items()}


def flatten_folders(scene: DeliveryState) -> None:
    """The same files without the folder that tells their time."""
    scene.objects = {path.replace(f"/{export_time(NIGHT)}", ""): size for path, size in scene.objects.items()}


def rename_folder(name: str) -> Plant:
    """The same files in another folder of the same dataset, or below another path of the bucket."""
    whole = name if "aep/" in name else f"aep/{WEB}/{name}"

    def plant(scene: DeliveryState) -> None:
        scene.objects = {path.replace(FOLDER, whole): size for path, size in scene.objects.items()}
        scene.contents = {path.replace(FOLDER, whole): said for path, said in scene.contents.items()}

    return plant


def add_other_flow(folder: str) -> Plant:
    """Another flow writes the same dataset below the same path."""
    other = replace(DAILY, flow=ANOTHER_FLOW, folder=folder)
    return lambda scene: setattr(scene, "others", (folder_layout(other, WEB),))


def add_twin_flow(scene: DeliveryState) -> None:
    """Another flow reads the same folders as ours, and one more writes elsewhere."""
    folders = (scene.expectation.folder, "elsewhere/%EXPORT_TIME%")
    twins = [replace(scene.expectation, flow=ANOTHER_FLOW, folder=folder) for folder in folders]
    scene.others = tuple(folder_layout(twin, WEB) for twin in twins)


def set_content(path: str, found: int | str) -> Plant:
    return lambda scene: scene.contents.update({path: found})


FIRST, SECOND = f"{FOLDER}/{part_name(0)}", f"{FOLDER}/{part_name(1)}"
LAKE_SHARED = TYPES["data-landing-zone"]

SITUATIONS = {
    "clean, by count": VerdictCase(DeliveryResult.COMPLETE, lambda s: None),
    "clean, by manifest": VerdictCase(DeliveryResult.COMPLETE, lambda s: None, manifest=True),
    "clean, by content": VerdictCase(DeliveryResult.COMPLETE, lambda s: None, deep=True, reason="with 100 rows"),
    "clean, by manifest and content": VerdictCase(DeliveryResult.COMPLETE, lambda s: None, manifest=True, deep=True),
    "a loader left its mark": VerdictCase(DeliveryResult.COMPLETE, add_object(f"{FOLDER}/_SUCCESS", 0)),
    "a loader left its mark beside a manifest": VerdictCase(
        DeliveryResult.COMPLETE, add_object(f"{FOLDER}/.done", 0), manifest=True
    ),
    "the export before lies beside it": VerdictCase(DeliveryResult.COMPLETE, lambda s: s.put_files(timestamp(4, 2))),
    "an export on demand lies beside it": VerdictCase(
        DeliveryResult.COMPLETE,
        plant_both(
            lambda s: s.put_files(timestamp(5, 4, 17), rows=900, files=3),
            set_runs(succeeded_run(1, NIGHT + 30), succeeded_run(2, timestamp(5, 4, 17), 900, 3)),
        ),
        deep=True,
    ),
    "failed once, then it worked": VerdictCase(
        DeliveryResult.COMPLETE, set_runs(failed_run(2, NIGHT + 30), succeeded_run(1, NIGHT + 900)), deep=True
    ),
    "failed twice": VerdictCase(
        DeliveryResult.FAILED,
        plant_both(delete_all_files, set_runs(failed_run(1, NIGHT + 30), failed_run(2, NIGHT + 900))),
    ),
    "the run failed": VerdictCase(
        DeliveryResult.FAILED,
        plant_both(delete_all_files, set_runs(failed_run(1, NIGHT + 30, "NoSuchBucket"))),
        reason="NoSuchBucket",
    ),
    "done with errors": VerdictCase(
        DeliveryResult.FAILED,
        set_runs(succeeded_run(1, NIGHT + 30, status=RunStatus.PARTIAL)),
        reason="only a part was written",
    ),
    "a file deleted": VerdictCase(
        DeliveryResult.FILES_MISSING, delete_object(SECOND), names=FOLDER, reason="1 of 2 files"
    ),
    "a file deleted, with a manifest": VerdictCase(
        DeliveryResult.FILES_MISSING, delete_object(SECOND), manifest=True, names=SECOND
    ),
    "all files deleted": VerdictCase(DeliveryResult.FILES_MISSING, delete_all_files, names=f"aep/{WEB}"),
    "the folder deleted, manifest too": VerdictCase(DeliveryResult.FILES_MISSING, delete_all_files, manifest=True),
    "files deleted, the manifest left": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_object(FIRST), delete_object(SECOND)),
        manifest=True,
        names=FIRST,
    ),
    "the manifest deleted": VerdictCase(
        DeliveryResult.FILES_MISSING, delete_object(MANIFEST), manifest=True, names=MANIFEST
    ),
    "a file truncated, with a manifest": VerdictCase(
        DeliveryResult.MISMATCH, resize_object(FIRST, 1999), manifest=True, names=FIRST
    ),
    "a file truncated to nothing": VerdictCase(DeliveryResult.MISMATCH, resize_object(FIRST, 0), names=FIRST),
    "a file truncated, seen by its content": VerdictCase(
        DeliveryResult.MISMATCH, set_content(FIRST, "cut short"), deep=True, names=FIRST, reason="cut short"
    ),
    "a row lost in a file": VerdictCase(
        DeliveryResult.MISMATCH, set_content(FIRST, 49), deep=True, names=FIRST, reason="99 rows"
    ),
    "a row more in a file": VerdictCase(
        DeliveryResult.MISMATCH, set_content(SECOND, 51), deep=True, manifest=True, names=SECOND
    ),
    "a file of another program": VerdictCase(
        DeliveryResult.MISMATCH, add_object(f"{FOLDER}/notes.txt"), names=f"{FOLDER}/notes.txt"
    ),
    "a file of another program, with a manifest": VerdictCase(
        DeliveryResult.MISMATCH, add_object(f"{FOLDER}/notes.txt"), manifest=True, names=f"{FOLDER}/notes.txt"
    ),
    "one more part": VerdictCase(
        DeliveryResult.MISMATCH,
        add_object(f"{FOLDER}/{part_name(2)}"),
        names=f"{FOLDER}/{part_name(2)}",
        reason="3 files, the run wrote 2",
    ),
    "one more part, with a manifest": VerdictCase(
        DeliveryResult.MISMATCH, add_object(f"{FOLDER}/{part_name(2)}"), manifest=True, names=f"{FOLDER}/{part_name(2)}"
    ),
    "the manifest lists another size": VerdictCase(
        DeliveryResult.MISMATCH, edit_manifest(lambda t: t.replace("2000", "2002")), manifest=True, names=FIRST
    ),
    "the manifest lists one file less": VerdictCase(
        DeliveryResult.MISMATCH,
        edit_manifest(lambda t: t.replace(part_name(1), part_name(0))),
        manifest=True,
        names=SECOND,
    ),
    "the manifest is of another run": VerdictCase(
        DeliveryResult.MISMATCH, edit_manifest(lambda t: t.replace(run_id(1), run_id(9))), manifest=True, names=MANIFEST
    ),
    "the manifest is a list": VerdictCase(
        DeliveryResult.MISMATCH, edit_manifest(lambda t: f"[{t}]"), manifest=True, names=MANIFEST
    ),
    "the manifest is no JSON": VerdictCase(
        DeliveryResult.MISMATCH, edit_manifest(lambda t: t[:-5]), manifest=True, names=MANIFEST
    ),
    "files under another prefix": VerdictCase(DeliveryResult.FILES_MISSING, move_files_away, names=f"aep/{WEB}"),
    "nothing to write": VerdictCase(
        DeliveryResult.EMPTY, plant_both(delete_all_files, set_runs(succeeded_run(1, NIGHT + 30, 0, 0))), fails=False
    ),
    "nothing to write, and the run says nothing": VerdictCase(
        DeliveryResult.EMPTY, plant_both(delete_all_files, set_runs(succeeded_run(1, NIGHT + 30, None, 0)))
    ),
    "nothing to write, a file without rows": VerdictCase(
        DeliveryResult.EMPTY,
        plant_both(
            delete_all_files,
            lambda s: s.put_files(NIGHT, rows=0, files=1),
            set_runs(succeeded_run(1, NIGHT + 30, 0, 1)),
        ),
        deep=True,
    ),
    "nothing to write, although rows are expected": VerdictCase(
        DeliveryResult.EMPTY,
        plant_both(delete_all_files, set_runs(succeeded_run(1, NIGHT + 30, 0, 0)), change_expectation(non_empty=True)),
        fails=True,
    ),
    "nothing to write, and a file all the same": VerdictCase(
        DeliveryResult.MISMATCH, set_runs(succeeded_run(1, NIGHT + 30, 0, 0)), names=FIRST
    ),
    "the run does not count its rows": VerdictCase(
        DeliveryResult.COMPLETE, set_runs(succeeded_run(1, NIGHT + 30, None)), deep=True
    ),
    "the run counts nothing": VerdictCase(DeliveryResult.COMPLETE, set_runs(succeeded_run(1, NIGHT + 30, None, None))),
    "late": VerdictCase(
        DeliveryResult.LATE,
        plant_both(set_runs(succeeded_run(1, timestamp(5, 5))), change_expectation(within=7200)),
        reason="3 h 2 min",
    ),
    "late, where it is not expected sooner": VerdictCase(
        DeliveryResult.COMPLETE, set_runs(succeeded_run(1, timestamp(5, 5)))
    ),
    "late and empty": VerdictCase(
        DeliveryResult.LATE,
        plant_both(
            delete_all_files, set_runs(succeeded_run(1, timestamp(5, 5), 0, 0)), change_expectation(within=7200)
        ),
    ),
    "running in time": VerdictCase(
        DeliveryResult.UNKNOWN,
        set_runs(succeeded_run(1, NIGHT + 30, None, None, status=RunStatus.RUNNING, completed=None)),
        fails=False,
    ),
    "running for too long": VerdictCase(
        DeliveryResult.LATE,
        plant_both(
            set_runs(succeeded_run(1, NIGHT + 30, None, None, status=RunStatus.RUNNING, completed=None)),
            change_expectation(within=7200),
        ),
    ),
    "no run": VerdictCase(DeliveryResult.MISSING, plant_both(delete_all_files, set_runs())),
    "no run, the grace not over": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(delete_all_files, set_runs(), change_expectation(within=11 * 3600)),
        fails=False,
    ),
    "no run any more, the files are there": VerdictCase(DeliveryResult.UNKNOWN, set_runs(), names=FOLDER, fails=False),
    "no run any more, files and manifest agree": VerdictCase(DeliveryResult.COMPLETE, set_runs(), manifest=True),
    "no run any more, the manifest is of another flow": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(set_runs(), give_manifest_to_another_flow),
        manifest=True,
        fails=False,
    ),
    "no run any more, the manifest is no JSON": VerdictCase(
        DeliveryResult.UNKNOWN, plant_both(set_runs(), edit_manifest(lambda t: t[:-5])), manifest=True, fails=False
    ),
    "no run any more, and a file lost": VerdictCase(
        DeliveryResult.UNKNOWN, plant_both(set_runs(), delete_object(FIRST)), manifest=True
    ),
    "the flow is disabled": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(delete_all_files, set_runs(), change_expectation(enabled=False, changed=timestamp(4))),
        reason="disabled",
    ),
    "the flow was disabled after the run": VerdictCase(
        DeliveryResult.COMPLETE, change_expectation(enabled=False, changed=timestamp(5, 6))
    ),
    "the flow has ended": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(delete_all_files, set_runs(), change_expectation(end=timestamp(4))),
        reason="ended",
    ),
    "a schedule that cannot be read": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(delete_all_files, set_runs(), change_expectation(every=None)),
        reason="cannot be read",
    ),
    "changed since, no run": VerdictCase(
        DeliveryResult.UNKNOWN, plant_both(delete_all_files, set_runs(), change_expectation(changed=timestamp(5, 9)))
    ),
    "the schedule was changed since, and the run arrived": VerdictCase(
        DeliveryResult.COMPLETE, change_expectation(changed=timestamp(5, 9), start=timestamp(2, 17))
    ),
    "the schedule was changed since, and a file is lost": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(change_expectation(changed=timestamp(5, 9), start=timestamp(2, 17)), delete_object(FIRST)),
        names=FOLDER,
    ),
    "the place was changed since": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(change_expectation(location_changed=timestamp(5, 9), prefix="new")),
        fails=False,
        reason="changed",
    ),
    "the landing zone deleted the files": VerdictCase(
        DeliveryResult.UNKNOWN, plant_both(delete_all_files, change_expectation(type=LAKE_SHARED)), reason="7 days"
    ),
    "the landing zone lost one of two files": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_object(FIRST), change_expectation(type=LAKE_SHARED)),
        reason="1 of 2 files",
    ),
    "storage is not read": VerdictCase(
        DeliveryResult.COMPLETE, plant_both(delete_all_files, lambda s: setattr(s, "read", False))
    ),
    "storage is not read, the run failed": VerdictCase(
        DeliveryResult.FAILED, plant_both(set_runs(failed_run(1, NIGHT + 30)), lambda s: setattr(s, "read", False))
    ),
    "storage denies us": VerdictCase(
        DeliveryResult.UNKNOWN, lambda s: setattr(s, "unreadable", "access denied"), fails=False, reason="access denied"
    ),
    "storage denies us, the run failed": VerdictCase(
        DeliveryResult.FAILED,
        plant_both(set_runs(failed_run(1, NIGHT + 30)), lambda s: setattr(s, "unreadable", "access denied")),
    ),
    "folders without a time": VerdictCase(
        DeliveryResult.COMPLETE,
        plant_both(flatten_folders, change_expectation(folder="%DATASET_ID%")),
        reason="not attributable",
    ),
    "folders without a time, emptied": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_all_files, change_expectation(folder="%DATASET_ID%")),
        names=f"aep/{WEB}",
    ),
    "folders without a time, a file deleted": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_object(FIRST), flatten_folders, change_expectation(folder="%DATASET_ID%")),
        reason="1 file in ",
    ),
    "folders without a time, the manifest deleted": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_object(MANIFEST), flatten_folders, change_expectation(folder="%DATASET_ID%")),
        manifest=True,
        names=f"manifest-{FLOW}-{run_id(1)}.json",
    ),
    "renamed since, and the files lost": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_all_files, change_expectation(changed=timestamp(5, 9))),
        names=f"aep/{WEB}",
    ),
    "renewed since, and the files lost": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(
            delete_all_files,
            lambda s: s.put_files(timestamp(4, 2)),
            change_expectation(changed=timestamp(5, 9), folder_changed=timestamp(5, 9)),
        ),
        names=f"aep/{WEB}",
    ),
    "the folder was changed since": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(delete_all_files, change_expectation(changed=timestamp(5, 9), folder_changed=timestamp(5, 9))),
        reason="changed at",
    ),
    "a gzip file of nothing but its frame, as a writer without rows leaves it": VerdictCase(
        DeliveryResult.COMPLETE, plant_both(change_expectation(format="json"), resize_object(FIRST, 20))
    ),
    "a file too short to be one": VerdictCase(
        DeliveryResult.MISMATCH, resize_object(FIRST, 11), names=FIRST, reason="11 bytes"
    ),
}
ELSEWHERE = {"sinkPath": f"/aep/{WEB}/2026", "name": part_name(0), "size": 2000}
NAMED = "%DESTINATION%_%DATASET_ID%_%DATETIME(yyyyMMdd_HHmmss)%"
READINGS = {
    "a time of 14 digits": VerdictCase(DeliveryResult.COMPLETE, rename_folder("exportTime=20260305020000"), deep=True),
    "a time of 14 digits, a file deleted": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_object(SECOND), rename_folder("exportTime=20260305020000")),
        names=f"aep/{WEB}/exportTime=20260305020000",
    ),
    "a name with a slash, as levels": VerdictCase(
        DeliveryResult.COMPLETE,
        plant_both(
            change_expectation(folder=NAMED, destination_names=("v/e target",)),
            rename_folder(f"aep/v/e target_{WEB}_20260305_020000"),
        ),
    ),
    "a name with a slash, encoded": VerdictCase(
        DeliveryResult.COMPLETE,
        plant_both(
            change_expectation(folder=NAMED, destination_names=("v/e target",)),
            rename_folder(f"aep/v%2Fe%20target_{WEB}_20260305_020000"),
        ),
    ),
    "a name with a blank, and another program writes to a similar folder": VerdictCase(
        DeliveryResult.COMPLETE,
        plant_both(
            change_expectation(folder="%DATASET_NAME%/%EXPORT_TIME%", datasets={WEB: "web events"}),
            rename_folder(f"aep/web events/{export_time(NIGHT)}"),
            *(
                add_object(f"aep/web_events/{export_time(timestamp(5, 3))}/{part_name(number)}", 2000)
                for number in range(3)
            ),
        ),
    ),
    "a name with a blank, encoded, beside a flow with the same name": VerdictCase(
        DeliveryResult.COMPLETE,
        plant_both(
            change_expectation(folder="%DATASET_NAME%/%EXPORT_TIME%", datasets={WEB: "web events"}),
            add_twin_flow,
            rename_folder(f"aep/web%20events/{export_time(NIGHT)}"),
        ),
    ),
    "a destination of an unknown name": VerdictCase(
        DeliveryResult.COMPLETE,
        plant_both(change_expectation(folder=NAMED), rename_folder(f"aep/S3/eu_{WEB}_20260305_020000")),
    ),
    "a form of time that is not known": VerdictCase(
        DeliveryResult.UNKNOWN,
        rename_folder("exportTime=2026-03-05T02:00Z"),
        names=f"aep/{WEB}/exportTime=2026-03-05T02:00Z",
        reason=f"a folder that exportctl cannot read: aep/{WEB}/exportTime=2026-03-05T02:00Z",
    ),
    "a time that does not exist": VerdictCase(
        DeliveryResult.UNKNOWN, rename_folder("exportTime=202613050200"), reason="cannot read"
    ),
    "one level more": VerdictCase(
        DeliveryResult.UNKNOWN, rename_folder("exportTime=202603050200/country=de"), reason="cannot read"
    ),
    "no level for the time": VerdictCase(DeliveryResult.UNKNOWN, rename_folder(f"aep/{WEB}"), reason="cannot read"),
    "an unknown form in a flow without time macro": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(change_expectation(folder="%DATASET_ID%"), rename_folder("2026")),
        reason="cannot read",
    ),
    "an unknown form below the path of all": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(change_expectation(folder=NAMED), rename_folder(f"aep/{WEB}_2026")),
        reason="cannot read",
    ),
    "an unknown form of another dataset": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(change_expectation(folder=NAMED), rename_folder(f"aep/{APP}_2026")),
    ),
    "moved away, and its time is that of another run": VerdictCase(
        DeliveryResult.FILES_MISSING, rename_folder("old/exportTime=202603040200")
    ),
    "moved away, and its time is that of the run": VerdictCase(
        DeliveryResult.UNKNOWN, rename_folder("old/exportTime=202603050200"), reason="cannot read"
    ),
    "moved to a folder that readers skip": VerdictCase(DeliveryResult.FILES_MISSING, rename_folder("_old/2026")),
    "the dataset's name in place of its id": VerdictCase(
        DeliveryResult.UNKNOWN,
        rename_folder("aep/Web Events/exportTime=202603050200"),
        names="aep/Web Events/exportTime=202603050200",
        reason="a folder that exportctl cannot read: aep/Web Events/exportTime=202603050200",
    ),
    "another form beside the dataset's folder": VerdictCase(
        DeliveryResult.UNKNOWN, rename_folder("aep/other-form/5-March"), names="aep/other-form/5-March"
    ),
    "right below the path": VerdictCase(DeliveryResult.UNKNOWN, rename_folder("aep/2026"), names="aep/2026"),
    "another form, and its time is that of another run": VerdictCase(
        DeliveryResult.FILES_MISSING, rename_folder("aep/other-form/exportTime=202603040200")
    ),
    "another form that names another dataset by its id": VerdictCase(
        DeliveryResult.FILES_MISSING, rename_folder(f"aep/old/{APP}/exportTime=202603050200")
    ),
    "below the path, in a folder that readers skip": VerdictCase(
        DeliveryResult.FILES_MISSING, rename_folder("aep/_old/exportTime=202603050200")
    ),
    "below the path, the folder of another flow": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(
            add_other_flow("hourly/%DATASET_ID%/%EXPORT_TIME%"),
            rename_folder(f"aep/hourly/{WEB}/exportTime=202603050200"),
        ),
    ),
    "below the path, files that no export writes": VerdictCase(
        DeliveryResult.FILES_MISSING, plant_both(delete_all_files, add_object("aep/other/readme.txt"))
    ),
    "other files in a folder that is not read": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_all_files, add_object(f"aep/{WEB}/notes/readme.txt")),
    ),
    "the folder of another flow": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(
            add_other_flow("%DATASET_ID%/hourly/%EXPORT_TIME%"), rename_folder("hourly/exportTime=202603050200")
        ),
    ),
    "a copy in a folder that is not read, and the run's folder": VerdictCase(
        DeliveryResult.COMPLETE, add_object(f"aep/{WEB}/copy/{part_name(0)}", 2000)
    ),
    "a copy in a folder that is not read, and a file deleted": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_object(SECOND), add_object(f"aep/{WEB}/copy/{part_name(1)}", 2001)),
        manifest=True,
        names=SECOND,
    ),
    "a manifest that spells the folder in another way": VerdictCase(
        DeliveryResult.COMPLETE,
        edit_manifest(lambda t: t.replace("/aep/", "s3://acme-lake/aep/")),
        manifest=True,
        reason="as the manifest lists them",
    ),
    "a manifest that spells the folder in another way, a file deleted": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(
            delete_object(SECOND), edit_manifest(lambda t: t.replace(export_time(NIGHT), f"{export_time(NIGHT)}00"))
        ),
        manifest=True,
        reason=part_name(1),
    ),
    "a manifest that names the bucket, a file deleted": VerdictCase(
        DeliveryResult.FILES_MISSING,
        plant_both(delete_object(SECOND), edit_manifest(lambda t: t.replace("/aep/", "s3://acme-lake/aep/"))),
        manifest=True,
        reason=part_name(1),
    ),
    "a manifest that spells the folder in another way, a file truncated": VerdictCase(
        DeliveryResult.MISMATCH,
        plant_both(resize_object(FIRST, 1999), edit_manifest(lambda t: t.replace("/aep/", "/x/aep/"))),
        manifest=True,
        names=FIRST,
    ),
    "a manifest that lists another folder": VerdictCase(
        DeliveryResult.UNKNOWN,
        plant_both(
            lambda s: s.put_manifest(f"aep/manifest-{FLOW}-{run_id(1)}.json", 1, [ELSEWHERE]),
            rename_folder("2026"),
        ),
        reason="cannot read",
    ),
}
SITUATIONS |= READINGS
LATER = dict.fromkeys(("the landing zone deleted the files", "the landing zone lost one of two files"), timestamp(13))


def only_verdict(scene: DeliveryState, situation: VerdictCase, name: str) -> Verdict:
    found = scene.build_verdicts(deep=situation.deep, as_of=LATER.get(name, timestamp(5, 12)))
    of_that_night = [v for v in found if v.due in (NIGHT, None)]
    assert len(of_that_night) == 1
    return of_that_night[0]


def test_a_run_that_does_not_say_how_many_files_it_wrote_is_judged_by_the_runs_alone() -> None:
    scene = good_delivery()
    scene.runs = [replace(scene.runs[0], files=None)]

    (found,) = [v for v in scene.build_verdicts() if v.due == NIGHT]

    assert (found.result, found.evidence) == (DeliveryResult.COMPLETE, Evidence.RUNS)


@pytest.mark.parametrize(
    ("changed", "result"), [(timestamp(1), DeliveryResult.LATE), (timestamp(5, 8), DeliveryResult.COMPLETE)]
)
def test_a_run_under_an_earlier_schedule_is_never_late(changed: int, result: DeliveryResult) -> None:
    scene = good_delivery()
    scene.expectation = replace(scene.expectation, changed=changed, within=60)  # seconds; the run takes two minutes

    (found,) = [v for v in scene.build_verdicts() if v.due == NIGHT]

    assert found.result is result


@pytest.mark.parametrize("unread", ["every", "start"])
def test_a_flow_of_which_a_part_of_the_schedule_cannot_be_read_is_in_an_unknown_state(unread: str) -> None:
    changes: dict[str, Any] = {unread: None}

    assert replace(DAILY, **changes).state(timestamp(5)) == "unknown"


@pytest.mark.parametrize("fails", [(), (False,), (True, False)], ids=["nothing due", "all fine", "one of two fails"])
def test_an_export_has_failed_if_one_verdict_fails(fails: tuple[bool, ...]) -> None:
    (found,) = [v for v in good_delivery().build_verdicts() if v.due == NIGHT]
    judged = tuple(replace(found, fails=one) for one in fails)

    assert ExportVerdicts(DAILY.address, FLOW, "enabled", "s3://acme", judged).has_failed is (True in fails)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_planted_situation_gets_its_word(name: str) -> None:
    situation = SITUATIONS[name]
    scene = good_delivery(situation.manifest)
    situation.plant(scene)

    verdict = only_verdict(scene, situation, name)

    assert (verdict.result, verdict.reason) == (situation.result, verdict.reason)
    assert situation.names is None or situation.names in verdict.objects
    assert situation.reason in verdict.reason
    failing = {
        DeliveryResult.LATE,
        DeliveryResult.FAILED,
        DeliveryResult.MISSING,
        DeliveryResult.FILES_MISSING,
        DeliveryResult.MISMATCH,
    }
    assert verdict.fails is (situation.result in failing if situation.fails is None else situation.fails)


# -- several datasets -------------------------------------------------------------------------------------------------

TWO = replace(DAILY, datasets={WEB: "web", APP: "app"})


def two_dataset_delivery(rows: dict[str, int] | None = None, files: int | None = 3) -> DeliveryState:
    """One run for two datasets: 60 rows in two files, 40 in one."""
    scene = DeliveryState(TWO, [succeeded_run(1, NIGHT + 30, 100, files, dataset_rows=rows or {})])
    scene.put_files(NIGHT, 60, 2)
    scene.put_files(NIGHT, 40, 1, APP)
    return scene


def results_by_dataset(scene: DeliveryState, deep: bool = False) -> dict[str, DeliveryResult]:
    return {v.dataset: v.result for v in scene.build_verdicts(deep=deep)}


@pytest.mark.parametrize("rows", [None, {WEB: 60, APP: 40}])
@pytest.mark.parametrize("deep", [False, True])
def test_a_run_of_two_datasets_is_complete(rows: dict[str, int] | None, deep: bool) -> None:
    assert results_by_dataset(two_dataset_delivery(rows), deep) == {
        "web": DeliveryResult.COMPLETE,
        "app": DeliveryResult.COMPLETE,
    }


def test_the_dataset_that_lacks_its_files_is_named() -> None:
    scene = two_dataset_delivery({WEB: 60, APP: 40}, files=None)
    scene.objects = {path: size for path, size in scene.objects.items() if APP not in path}

    assert results_by_dataset(scene) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.FILES_MISSING}


def test_a_lost_file_is_found_even_if_its_run_is_unknown() -> None:
    scene = two_dataset_delivery()
    del scene.objects[f"{TWO.prefix}/{WEB}/{export_time(NIGHT)}/{part_name(1)}"]

    assert results_by_dataset(scene) == {"web": DeliveryResult.FILES_MISSING, "app": DeliveryResult.FILES_MISSING}


def test_reading_contents_tells_which_dataset_lacks_a_file() -> None:
    scene = two_dataset_delivery({WEB: 60, APP: 40})
    del scene.objects[f"{TWO.prefix}/{WEB}/{export_time(NIGHT)}/{part_name(1)}"]

    assert results_by_dataset(scene) == {"web": DeliveryResult.FILES_MISSING, "app": DeliveryResult.FILES_MISSING}
    assert results_by_dataset(scene, deep=True) == {"web": DeliveryResult.FILES_MISSING, "app": DeliveryResult.COMPLETE}


def test_a_dataset_without_rows_is_empty_when_all_files_are_accounted_for() -> None:
    scene = DeliveryState(TWO, [succeeded_run(1, NIGHT + 30, 60, 2)])
    scene.put_files(NIGHT, 60, 2)

    assert results_by_dataset(scene, deep=True) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.EMPTY}


def test_files_of_a_run_that_is_not_shown_any_more_are_known_for_a_restore() -> None:
    scene = good_delivery()
    scene.runs = []
    (verdict,) = scene.build_verdicts()
    assert (verdict.result, [one.path for one in verdict.stored]) == (DeliveryResult.UNKNOWN, sorted(scene.objects))


def test_a_run_that_names_no_dataset_may_not_have_exported_one_that_was_away_from_the_flow() -> None:
    """The datasets of the flow were changed there and back: nothing else tells that `app` was none of them."""
    scene = DeliveryState(replace(TWO, datasets_changed=NIGHT + 3600), [succeeded_run(1, NIGHT + 30, 60, 2)])
    scene.put_files(NIGHT, 60, 2)

    assert results_by_dataset(scene) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.UNKNOWN}
    scene.runs = [succeeded_run(1, NIGHT + 30, 60, 2, dataset_rows={WEB: 60, APP: 0})]
    assert results_by_dataset(scene) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.EMPTY}


@pytest.mark.parametrize("named", [True, False])
def test_one_run_per_dataset_is_no_mismatch(named: bool) -> None:
    scene = two_dataset_delivery()
    scene.runs = [
        succeeded_run(1, NIGHT + 30, 60, 2, dataset_rows={WEB: 60} if named else {}),
        succeeded_run(2, NIGHT + 40, 40, 1, dataset_rows={APP: 40} if named else {}),
    ]

    assert results_by_dataset(scene, deep=True) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.COMPLETE}


@pytest.mark.parametrize("named", [True, False])
def test_one_run_per_dataset_of_which_one_failed(named: bool) -> None:
    scene = DeliveryState(
        TWO, [succeeded_run(1, NIGHT + 30, 60, 2, dataset_rows={WEB: 60} if named else {}), failed_run(2, NIGHT + 40)]
    )
    scene.put_files(NIGHT, 60, 2)

    assert results_by_dataset(scene) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.FAILED}


def test_of_one_run_per_dataset_an_empty_one_counts_no_files_of_the_others() -> None:
    scene = DeliveryState(
        TWO, [succeeded_run(1, NIGHT + 30, 60, 2, dataset_rows={WEB: 60}), succeeded_run(2, NIGHT + 40, 0, 0)]
    )
    scene.put_files(NIGHT, 60, 2)

    assert [(v.dataset, v.result, v.run) for v in scene.build_verdicts()] == [
        ("app", DeliveryResult.EMPTY, run_id(2)),
        ("web", DeliveryResult.COMPLETE, run_id(1)),
    ]


def test_an_empty_run_that_names_its_dataset_is_no_failure_of_another_run() -> None:
    scene = DeliveryState(TWO, [succeeded_run(1, NIGHT + 30, 0, 0, dataset_rows={WEB: 0}), failed_run(2, NIGHT + 40)])

    assert results_by_dataset(scene) == {"web": DeliveryResult.EMPTY, "app": DeliveryResult.FAILED}


def test_without_files_it_is_unknown_whose_run_failed_if_no_run_names_its_dataset() -> None:
    scene = DeliveryState(TWO, [succeeded_run(1, NIGHT + 30, 60, 2), failed_run(2, NIGHT + 40)], read=False)

    assert results_by_dataset(scene) == {"web": DeliveryResult.UNKNOWN, "app": DeliveryResult.UNKNOWN}
    scene.runs[0] = replace(scene.runs[0], dataset_rows={WEB: 60})
    assert results_by_dataset(scene) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.FAILED}


def listed_in_one_manifest() -> DeliveryState:
    """The delivery of two datasets, with the files of both in one manifest, which lies in the folder of one."""
    scene = two_dataset_delivery()
    scene.expectation = replace(TWO, manifest=True)
    entries = [
        {"sinkPath": f"/{path.rpartition('/')[0]}", "name": path.rpartition("/")[2], "size": size}
        for path, size in scene.objects.items()
    ]
    scene.put_manifest(MANIFEST, 1, entries)
    return scene


def test_one_manifest_of_two_datasets_is_compared_dataset_by_dataset() -> None:
    scene = listed_in_one_manifest()
    assert results_by_dataset(scene) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.COMPLETE}

    del scene.objects[FIRST]
    assert results_by_dataset(scene) == {"web": DeliveryResult.FILES_MISSING, "app": DeliveryResult.COMPLETE}


def hide_app_files(scene: DeliveryState) -> None:
    """Move the files of the second dataset to a folder whose name holds no time that exportctl can read."""
    folder = f"aep/{APP}/{export_time(NIGHT)}"
    scene.objects = {path.replace(folder, f"aep/{APP}/5-March"): size for path, size in scene.objects.items()}


def test_a_folder_that_cannot_be_read_excuses_what_was_only_counted_and_no_file_that_a_manifest_lists() -> None:
    counted = two_dataset_delivery()
    hide_app_files(counted)
    assert results_by_dataset(counted) == {"web": DeliveryResult.UNKNOWN, "app": DeliveryResult.UNKNOWN}

    listed = listed_in_one_manifest()
    hide_app_files(listed)
    del listed.objects[FIRST]
    assert results_by_dataset(listed) == {"web": DeliveryResult.FILES_MISSING, "app": DeliveryResult.UNKNOWN}


def test_datasets_in_one_folder_are_counted_together() -> None:
    scene = DeliveryState(
        replace(TWO, folder="%EXPORT_TIME%"), [succeeded_run(1, NIGHT + 30, 100, 3, dataset_rows={WEB: 60, APP: 40})]
    )
    for number, rows in enumerate((30, 30, 40)):
        path = f"aep/{export_time(NIGHT)}/{part_name(number)}"
        scene.objects[path], scene.contents[path] = 2000, rows

    assert results_by_dataset(scene, deep=True) == {"web": DeliveryResult.COMPLETE, "app": DeliveryResult.COMPLETE}
    assert [one.rows for one in scene.build_verdicts(deep=True)] == [40, 60]
    scene.contents[path] = 39
    assert results_by_dataset(scene, deep=True) == {"web": DeliveryResult.MISMATCH, "app": DeliveryResult.MISMATCH}


# -- several nights ---------------------------------------------------------------------------------------------------


def test_each_night_is_judged_by_itself() -> None:
    scene = DeliveryState(runs=[succeeded_run(day, timestamp(day, 2, 1)) for day in (3, 4, 6)])
    for day in (3, 4, 6):
        scene.put_files(timestamp(day, 2))
    del scene.objects[f"aep/{WEB}/{export_time(timestamp(4, 2))}/{part_name(0)}"]

    found = scene.build_verdicts(since=timestamp(3), as_of=timestamp(6, 12))

    assert [(v.due, v.result) for v in found] == [
        (timestamp(3, 2), DeliveryResult.COMPLETE),
        (timestamp(4, 2), DeliveryResult.FILES_MISSING),
        (timestamp(5, 2), DeliveryResult.MISSING),
        (timestamp(6, 2), DeliveryResult.COMPLETE),
    ]


def test_ticks_before_a_change_are_named_and_do_not_fail() -> None:
    scene = DeliveryState(replace(DAILY, changed=timestamp(5, 9)), [succeeded_run(6, timestamp(6, 2, 1))])
    scene.put_files(timestamp(6, 2))

    found = scene.build_verdicts(since=timestamp(4), as_of=timestamp(7, 12))

    assert [(v.due, v.result, v.fails) for v in found] == [
        (timestamp(4, 2), DeliveryResult.UNKNOWN, False),
        (timestamp(5, 2), DeliveryResult.UNKNOWN, False),
        (timestamp(6, 2), DeliveryResult.COMPLETE, False),
        (timestamp(7, 2), DeliveryResult.MISSING, True),
    ]


def test_a_run_from_before_a_change_that_began_minutes_late_is_the_one_that_was_due() -> None:
    scene = DeliveryState(replace(DAILY, changed=timestamp(5, 9)), [succeeded_run(1, timestamp(5, 2, 7))])
    scene.put_files(NIGHT)

    assert [(v.due, v.result) for v in scene.build_verdicts()] == [(NIGHT, DeliveryResult.COMPLETE)]


def test_folders_named_after_the_runs_own_time_are_found() -> None:
    scene = DeliveryState(
        replace(DAILY, folder="%DATASET_ID%_%DATETIME(YYYYMMdd_HHmmss)%"),
        [succeeded_run(day, timestamp(day, 2, 7)) for day in (4, 5)],
    )
    for day in (4, 5):
        for number in range(2):
            scene.objects[f"aep/{WEB}_202603{day:02d}_020731/{part_name(number)}"] = 2000

    assert [v.result for v in scene.build_verdicts(since=timestamp(4))] == [
        DeliveryResult.COMPLETE,
        DeliveryResult.COMPLETE,
    ]


def test_without_a_time_in_the_folder_a_manifest_still_tells_whose_files_are_whose() -> None:
    scene = DeliveryState(
        replace(DAILY, folder="%DATASET_ID%", manifest=True),
        [succeeded_run(day, timestamp(day, 2, 1)) for day in (4, 5)],
    )
    for day in (4, 5):
        entries = []
        for number in (day * 10, day * 10 + 1):
            path = f"aep/{WEB}/{part_name(number)}"
            scene.objects[path], scene.contents[path] = 2000, 50
            entries.append({"sinkPath": f"/aep/{WEB}", "name": part_name(number), "size": 2000})
        scene.put_manifest(f"aep/{WEB}/manifest-{FLOW}-{run_id(day)}.json", day, entries)

    assert [v.result for v in scene.build_verdicts(since=timestamp(4), deep=True)] == [
        DeliveryResult.COMPLETE,
        DeliveryResult.COMPLETE,
    ]
    del scene.objects[f"aep/{WEB}/{part_name(41)}"]
    assert [v.result for v in scene.build_verdicts(since=timestamp(4))] == [
        DeliveryResult.FILES_MISSING,
        DeliveryResult.COMPLETE,
    ]


# -- laws -------------------------------------------------------------------------------------------------------------

DELIVERIES = st.builds(
    lambda nights, manifest, retried, delay: (nights, manifest, retried, delay),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 4)), min_size=1, max_size=6),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3000),
)


@given(DELIVERIES, st.booleans())
def test_what_arrived_whole_is_never_called_anything_else(
    drawn: tuple[list[tuple[int, int]], bool, bool, int], deep: bool
) -> None:
    nights, manifest, retried, delay = drawn
    scene = DeliveryState(replace(DAILY, manifest=manifest))
    for number, (rows, files) in enumerate(nights, start=1):
        due = timestamp(number, 2)
        wrote = min(files, rows)
        if retried:
            scene.runs.append(failed_run(100 + number, due + 5))
        scene.runs.append(succeeded_run(number, due + 10 + delay, rows, wrote))
        if wrote:
            scene.put_files(due, rows, wrote, manifest=number if manifest else None)

    found = scene.build_verdicts(since=timestamp(1), as_of=timestamp(len(nights), 12), deep=deep)

    assert [v.result for v in found] == [
        DeliveryResult.COMPLETE if rows else DeliveryResult.EMPTY for rows, _ in nights
    ]
    assert not any(v.fails for v in found)
    best = Evidence.CONTENT if deep else Evidence.MANIFEST if manifest else Evidence.FILES
    assert all(v.evidence is best for v in found if v.result is DeliveryResult.COMPLETE)


@given(st.integers(1, 6), st.data())
def test_any_single_lost_file_is_noticed(files: int, data: st.DataObject) -> None:
    scene = good_delivery(manifest := data.draw(st.booleans()))
    scene.objects.clear()
    scene.runs = [succeeded_run(1, NIGHT + 30, 100, files)]
    scene.put_files(NIGHT, 100, files, manifest=1 if manifest else None)
    lost = data.draw(st.sampled_from([p for p in sorted(scene.objects) if "part-" in p]))
    del scene.objects[lost]

    (verdict,) = scene.build_verdicts()

    assert (verdict.result, verdict.fails) == (DeliveryResult.FILES_MISSING, True)
    assert not manifest or verdict.objects == (lost,)


@given(st.sampled_from([*SITUATIONS]), st.booleans())
def test_reading_less_never_invents_a_failure(name: str, denied: bool) -> None:
    situation = SITUATIONS[name]
    scene = good_delivery(situation.manifest)
    situation.plant(scene)
    whole = only_verdict(scene, situation, name)
    scene.read, scene.unreadable = False, "denied" if denied else None

    less = only_verdict(scene, situation, name)

    runs_alone = {DeliveryResult.FAILED, DeliveryResult.MISSING, DeliveryResult.LATE, DeliveryResult.EMPTY}
    assert not less.fails or less.result in runs_alone
    assert not (less.fails and whole.result is DeliveryResult.COMPLETE and scene.runs)


# -- the year of the week ---------------------------------------------------------------------------------------------


def new_year_state(week_year: str) -> DeliveryState:
    """A daily flow from 2026-12-30 to 2027-01-04, in the folders of the emulator; the year before lies beside."""
    first = int(datetime(2026, 12, 30, 2, tzinfo=UTC).timestamp())
    template = "%DATASET_ID%/%DATETIME(YYYYMMdd)%"
    watched = replace(
        DAILY, folder=template, start=first, created=first - 60, changed=first - 60, end=first + 90 * 86400
    )
    state = DeliveryState(watched, since=first - 86400, until=first + 6 * 86400)
    for night in range(6):
        due = first + night * 86400
        state.runs.append(succeeded_run(night + 1, due + 30))
        for moment in (due, due - 365 * 86400):
            folder = render_folder(template, {"DATASET_ID": WEB}, moment, Switches(week_year=week_year))
            for number in range(2):
                state.objects[f"aep/{folder}/{part_name(number)}"] = 2000 + number
    return state


@pytest.mark.parametrize("week_year", ["calendar", "us", "iso"])
def test_the_nights_around_new_year_are_read_in_every_way_to_count_a_year(week_year: str) -> None:
    state = new_year_state(week_year)
    first = state.runs[0].started - 30

    found = state.build_verdicts(since=first, as_of=first + 5 * 86400 + 3600)

    assert [v.result for v in found] == [DeliveryResult.COMPLETE] * 6
    assert len({v.folder for v in found}) == 6
