"""
The table of verification: what was planted, the word it must get, and the object it must name. Then its laws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.destination_types import TYPES
from exportctl.runs import RunStatus
from exportctl.verification.report import Evidence, Verdict, Word
from tests.verification.situations import APP, DAILY, FLOW, WEB, Scene, at, export_time, failed, part, ran, run_id

FOLDER = f"aep/{WEB}/{export_time(at(5, 2))}"
MANIFEST = f"{FOLDER}/manifest-{FLOW}-{run_id(1)}.json"
NIGHT = at(5, 2)


def good(manifest: bool = False) -> Scene:
    """One run at 02:00 on the fifth, arrived as it should be."""
    scene = Scene(runs=[ran(1, NIGHT + 30)])
    if manifest:
        scene.watched = replace(DAILY, manifest=True)
    scene.arrived(NIGHT, manifest=1 if manifest else None)
    return scene


Plant = Callable[[Scene], object]


@dataclass(frozen=True)
class Situation:
    """`plant` disturbs a good scene; `names` must be among the objects; `fails` is what exit 9 counts."""

    word: Word
    plant: Plant
    manifest: bool = False
    names: str | None = None
    deep: bool = False
    fails: bool | None = None
    reason: str = ""


def delete(path: str) -> Plant:
    return lambda scene: scene.objects.pop(path)


def resize(path: str, size: int) -> Plant:
    return lambda scene: scene.objects.update({path: size})


def add(path: str, size: int = 7) -> Plant:
    return lambda scene: scene.objects.update({path: size})


def watching(**changes: Any) -> Plant:
    def plant(scene: Scene) -> None:
        scene.watched = replace(scene.watched, **changes)

    return plant


def runs(*found: object) -> Plant:
    return lambda scene: setattr(scene, "runs", list(found))


def nothing_arrived(scene: Scene) -> None:
    scene.objects.clear()
    scene.manifests.clear()


def both(*plants: Plant) -> Plant:
    def plant(scene: Scene) -> None:
        for one in plants:
            one(scene)

    return plant


def edited(change: Callable[[str], str]) -> Plant:
    def plant(scene: Scene) -> None:
        scene.manifests[MANIFEST] = change(scene.manifests[MANIFEST].decode()).encode()

    return plant


def moved_away(scene: Scene) -> None:
    scene.objects = {path.replace("aep/", "other/", 1): size for path, size in scene.objects.items()}


def flat(scene: Scene) -> None:
    """The same files without the folder that tells their time."""
    scene.objects = {path.replace(f"/{export_time(NIGHT)}", ""): size for path, size in scene.objects.items()}


def says(path: str, found: int | str) -> Plant:
    return lambda scene: scene.contents.update({path: found})


FIRST, SECOND = f"{FOLDER}/{part(0)}", f"{FOLDER}/{part(1)}"
LAKE_SHARED = TYPES["data-landing-zone"]

SITUATIONS = {
    "clean, by count": Situation(Word.COMPLETE, lambda s: None),
    "clean, by manifest": Situation(Word.COMPLETE, lambda s: None, manifest=True),
    "clean, by content": Situation(Word.COMPLETE, lambda s: None, deep=True),
    "clean, by manifest and content": Situation(Word.COMPLETE, lambda s: None, manifest=True, deep=True),
    "a loader left its mark": Situation(Word.COMPLETE, add(f"{FOLDER}/_SUCCESS", 0)),
    "a loader left its mark beside a manifest": Situation(Word.COMPLETE, add(f"{FOLDER}/.done", 0), manifest=True),
    "the export before lies beside it": Situation(Word.COMPLETE, lambda s: s.arrived(at(4, 2))),
    "an export on demand lies beside it": Situation(
        Word.COMPLETE,
        both(
            lambda s: s.arrived(at(5, 4, 17), rows=900, files=3),
            runs(ran(1, NIGHT + 30), ran(2, at(5, 4, 17), 900, 3)),
        ),
        deep=True,
    ),
    "failed once, then it worked": Situation(
        Word.COMPLETE, runs(failed(2, NIGHT + 30), ran(1, NIGHT + 900)), deep=True
    ),
    "failed twice": Situation(Word.FAILED, both(nothing_arrived, runs(failed(1, NIGHT + 30), failed(2, NIGHT + 900)))),
    "the run failed": Situation(
        Word.FAILED, both(nothing_arrived, runs(failed(1, NIGHT + 30, "NoSuchBucket"))), reason="NoSuchBucket"
    ),
    "done with errors": Situation(
        Word.FAILED, runs(ran(1, NIGHT + 30, status=RunStatus.PARTIAL)), reason="only a part was written"
    ),
    "a file deleted": Situation(Word.FILES_MISSING, delete(SECOND), names=FOLDER, reason="1 of 2 files"),
    "a file deleted, with a manifest": Situation(Word.FILES_MISSING, delete(SECOND), manifest=True, names=SECOND),
    "all files deleted": Situation(Word.FILES_MISSING, nothing_arrived, names=f"aep/{WEB}"),
    "the folder deleted, manifest too": Situation(Word.FILES_MISSING, nothing_arrived, manifest=True),
    "files deleted, the manifest left": Situation(
        Word.FILES_MISSING, both(delete(FIRST), delete(SECOND)), manifest=True, names=FIRST
    ),
    "the manifest deleted": Situation(Word.FILES_MISSING, delete(MANIFEST), manifest=True, names=MANIFEST),
    "a file truncated, with a manifest": Situation(Word.MISMATCH, resize(FIRST, 1999), manifest=True, names=FIRST),
    "a file truncated to nothing": Situation(Word.MISMATCH, resize(FIRST, 0), names=FIRST),
    "a file truncated, seen by its content": Situation(
        Word.MISMATCH, says(FIRST, "cut short"), deep=True, names=FIRST, reason="cut short"
    ),
    "a row lost in a file": Situation(Word.MISMATCH, says(FIRST, 49), deep=True, names=FIRST, reason="99 rows"),
    "a row more in a file": Situation(Word.MISMATCH, says(SECOND, 51), deep=True, manifest=True, names=SECOND),
    "a foreign file": Situation(Word.MISMATCH, add(f"{FOLDER}/notes.txt"), names=f"{FOLDER}/notes.txt"),
    "a foreign file, with a manifest": Situation(
        Word.MISMATCH, add(f"{FOLDER}/notes.txt"), manifest=True, names=f"{FOLDER}/notes.txt"
    ),
    "one more part": Situation(Word.MISMATCH, add(f"{FOLDER}/{part(2)}"), names=f"{FOLDER}/{part(2)}"),
    "one more part, with a manifest": Situation(
        Word.MISMATCH, add(f"{FOLDER}/{part(2)}"), manifest=True, names=f"{FOLDER}/{part(2)}"
    ),
    "the manifest lists another size": Situation(
        Word.MISMATCH, edited(lambda t: t.replace("2000", "2002")), manifest=True, names=FIRST
    ),
    "the manifest lists one file less": Situation(
        Word.MISMATCH, edited(lambda t: t.replace(part(1), part(0))), manifest=True, names=SECOND
    ),
    "the manifest is of another run": Situation(
        Word.MISMATCH, edited(lambda t: t.replace(run_id(1), run_id(9))), manifest=True, names=MANIFEST
    ),
    "the manifest is no JSON": Situation(Word.MISMATCH, edited(lambda t: t[:-5]), manifest=True, names=MANIFEST),
    "files under another prefix": Situation(Word.FILES_MISSING, moved_away, names=f"aep/{WEB}"),
    "nothing to write": Situation(Word.EMPTY, both(nothing_arrived, runs(ran(1, NIGHT + 30, 0, 0))), fails=False),
    "nothing to write, and the run says nothing": Situation(
        Word.EMPTY, both(nothing_arrived, runs(ran(1, NIGHT + 30, None, 0)))
    ),
    "nothing to write, a file without rows": Situation(
        Word.EMPTY,
        both(nothing_arrived, lambda s: s.arrived(NIGHT, rows=0, files=1), runs(ran(1, NIGHT + 30, 0, 1))),
        deep=True,
    ),
    "nothing to write, although rows are expected": Situation(
        Word.EMPTY, both(nothing_arrived, runs(ran(1, NIGHT + 30, 0, 0)), watching(non_empty=True)), fails=True
    ),
    "nothing to write, and a file all the same": Situation(Word.MISMATCH, runs(ran(1, NIGHT + 30, 0, 0)), names=FIRST),
    "the run does not count its rows": Situation(Word.COMPLETE, runs(ran(1, NIGHT + 30, None)), deep=True),
    "the run counts nothing": Situation(Word.COMPLETE, runs(ran(1, NIGHT + 30, None, None))),
    "late": Situation(Word.LATE, both(runs(ran(1, at(5, 5))), watching(within=7200)), reason="3 h 2 min"),
    "late, where nobody expects it sooner": Situation(Word.COMPLETE, runs(ran(1, at(5, 5)))),
    "late and empty": Situation(Word.LATE, both(nothing_arrived, runs(ran(1, at(5, 5), 0, 0)), watching(within=7200))),
    "running in time": Situation(
        Word.UNKNOWN, runs(ran(1, NIGHT + 30, None, None, status=RunStatus.RUNNING, completed=None)), fails=False
    ),
    "running for too long": Situation(
        Word.LATE,
        both(runs(ran(1, NIGHT + 30, None, None, status=RunStatus.RUNNING, completed=None)), watching(within=7200)),
    ),
    "no run": Situation(Word.MISSING, both(nothing_arrived, runs())),
    "no run, the grace not over": Situation(
        Word.UNKNOWN, both(nothing_arrived, runs(), watching(within=11 * 3600)), fails=False
    ),
    "no run any more, the files are there": Situation(Word.UNKNOWN, runs(), names=FOLDER, fails=False),
    "no run any more, files and manifest agree": Situation(Word.COMPLETE, runs(), manifest=True),
    "no run any more, and a file lost": Situation(Word.UNKNOWN, both(runs(), delete(FIRST)), manifest=True),
    "the flow is disabled": Situation(
        Word.UNKNOWN, both(nothing_arrived, runs(), watching(enabled=False, changed=at(4))), reason="disabled"
    ),
    "the flow was disabled after the run": Situation(Word.COMPLETE, watching(enabled=False, changed=at(5, 6))),
    "the flow has ended": Situation(Word.UNKNOWN, both(nothing_arrived, runs(), watching(end=at(4))), reason="ended"),
    "a schedule that nobody can read": Situation(
        Word.UNKNOWN, both(nothing_arrived, runs(), watching(rhythm=None)), reason="cannot be read"
    ),
    "changed since, no run": Situation(Word.UNKNOWN, both(nothing_arrived, runs(), watching(changed=at(5, 9)))),
    "the schedule was changed since, and the run arrived": Situation(
        Word.COMPLETE, watching(changed=at(5, 9), start=at(2, 17))
    ),
    "the schedule was changed since, and a file is lost": Situation(
        Word.FILES_MISSING, both(watching(changed=at(5, 9), start=at(2, 17)), delete(FIRST)), names=FOLDER
    ),
    "the place was changed since": Situation(
        Word.UNKNOWN, both(watching(moved=at(5, 9), prefix="new")), fails=False, reason="changed"
    ),
    "the landing zone deleted the files": Situation(
        Word.UNKNOWN, both(nothing_arrived, watching(type=LAKE_SHARED)), reason="7 days"
    ),
    "storage is not read": Situation(Word.COMPLETE, both(nothing_arrived, lambda s: setattr(s, "read", False))),
    "storage is not read, the run failed": Situation(
        Word.FAILED, both(runs(failed(1, NIGHT + 30)), lambda s: setattr(s, "read", False))
    ),
    "storage denies us": Situation(
        Word.UNKNOWN, lambda s: setattr(s, "unreadable", "access denied"), fails=False, reason="access denied"
    ),
    "storage denies us, the run failed": Situation(
        Word.FAILED, both(runs(failed(1, NIGHT + 30)), lambda s: setattr(s, "unreadable", "access denied"))
    ),
    "folders without a time": Situation(
        Word.COMPLETE, both(flat, watching(folder="%DATASET_ID%")), reason="not attributable"
    ),
    "folders without a time, emptied": Situation(
        Word.FILES_MISSING, both(nothing_arrived, watching(folder="%DATASET_ID%")), names=f"aep/{WEB}"
    ),
    "folders without a time, a file deleted": Situation(
        Word.FILES_MISSING, both(delete(FIRST), flat, watching(folder="%DATASET_ID%")), reason="1 files"
    ),
    "folders without a time, the manifest deleted": Situation(
        Word.FILES_MISSING,
        both(delete(MANIFEST), flat, watching(folder="%DATASET_ID%")),
        manifest=True,
        names=f"manifest-{FLOW}-{run_id(1)}.json",
    ),
    "renamed since, and the files lost": Situation(
        Word.FILES_MISSING, both(nothing_arrived, watching(changed=at(5, 9))), names=f"aep/{WEB}"
    ),
    "renewed since, and the files lost": Situation(
        Word.FILES_MISSING,
        both(nothing_arrived, lambda s: s.arrived(at(4, 2)), watching(changed=at(5, 9), refoldered=at(5, 9))),
        names=f"aep/{WEB}",
    ),
    "the folder was changed since": Situation(
        Word.UNKNOWN, both(nothing_arrived, watching(changed=at(5, 9), refoldered=at(5, 9))), reason="changed at"
    ),
    "a file too short to be one": Situation(Word.MISMATCH, resize(FIRST, 11), names=FIRST, reason="11 bytes"),
}
LATER = {"the landing zone deleted the files": at(13)}


def only(scene: Scene, situation: Situation, name: str) -> Verdict:
    found = scene.judged(deep=situation.deep, as_of=LATER.get(name, at(5, 12)))
    of_that_night = [v for v in found if v.due in (NIGHT, None)]
    assert len(of_that_night) == 1
    return of_that_night[0]


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_planted_situation_gets_its_word(name: str) -> None:
    situation = SITUATIONS[name]
    scene = good(situation.manifest)
    situation.plant(scene)

    verdict = only(scene, situation, name)

    assert (verdict.word, verdict.reason) == (situation.word, verdict.reason)
    assert situation.names is None or situation.names in verdict.objects
    assert situation.reason in verdict.reason
    failing = {Word.LATE, Word.FAILED, Word.MISSING, Word.FILES_MISSING, Word.MISMATCH}
    assert verdict.fails is (situation.word in failing if situation.fails is None else situation.fails)


# -- several datasets -------------------------------------------------------------------------------------------------

TWO = replace(DAILY, datasets={WEB: "web", APP: "app"})


def pair(rows: dict[str, int] | None = None, files: int | None = 3) -> Scene:
    """One run for two datasets: 60 rows in two files, 40 in one."""
    scene = Scene(TWO, [ran(1, NIGHT + 30, 100, files, dataset_rows=rows or {})])
    scene.arrived(NIGHT, 60, 2)
    scene.arrived(NIGHT, 40, 1, APP)
    return scene


def words(scene: Scene, deep: bool = False) -> dict[str, Word]:
    return {v.dataset: v.word for v in scene.judged(deep=deep)}


@pytest.mark.parametrize("rows", [None, {WEB: 60, APP: 40}])
@pytest.mark.parametrize("deep", [False, True])
def test_a_run_of_two_datasets_is_complete(rows: dict[str, int] | None, deep: bool) -> None:
    assert words(pair(rows), deep) == {"web": Word.COMPLETE, "app": Word.COMPLETE}


def test_the_dataset_that_lacks_its_files_is_named() -> None:
    scene = pair({WEB: 60, APP: 40}, files=None)
    scene.objects = {path: size for path, size in scene.objects.items() if APP not in path}

    assert words(scene) == {"web": Word.COMPLETE, "app": Word.FILES_MISSING}


def test_a_lost_file_is_found_even_if_nobody_says_whose_it_was() -> None:
    scene = pair()
    del scene.objects[f"{TWO.prefix}/{WEB}/{export_time(NIGHT)}/{part(1)}"]

    assert words(scene) == {"web": Word.FILES_MISSING, "app": Word.FILES_MISSING}


def test_reading_contents_tells_which_dataset_lacks_a_file() -> None:
    scene = pair({WEB: 60, APP: 40})
    del scene.objects[f"{TWO.prefix}/{WEB}/{export_time(NIGHT)}/{part(1)}"]

    assert words(scene) == {"web": Word.FILES_MISSING, "app": Word.FILES_MISSING}
    assert words(scene, deep=True) == {"web": Word.FILES_MISSING, "app": Word.COMPLETE}


def test_a_dataset_without_rows_is_empty_when_all_files_are_accounted_for() -> None:
    scene = Scene(TWO, [ran(1, NIGHT + 30, 60, 2)])
    scene.arrived(NIGHT, 60, 2)

    assert words(scene, deep=True) == {"web": Word.COMPLETE, "app": Word.EMPTY}


@pytest.mark.parametrize("named", [True, False])
def test_one_run_per_dataset_is_no_mismatch(named: bool) -> None:
    scene = pair()
    scene.runs = [
        ran(1, NIGHT + 30, 60, 2, dataset_rows={WEB: 60} if named else {}),
        ran(2, NIGHT + 40, 40, 1, dataset_rows={APP: 40} if named else {}),
    ]

    assert words(scene, deep=True) == {"web": Word.COMPLETE, "app": Word.COMPLETE}


@pytest.mark.parametrize("named", [True, False])
def test_one_run_per_dataset_of_which_one_failed(named: bool) -> None:
    scene = Scene(TWO, [ran(1, NIGHT + 30, 60, 2, dataset_rows={WEB: 60} if named else {}), failed(2, NIGHT + 40)])
    scene.arrived(NIGHT, 60, 2)

    assert words(scene) == {"web": Word.COMPLETE, "app": Word.FAILED}


def test_datasets_in_one_folder_are_counted_together() -> None:
    scene = Scene(replace(TWO, folder="%EXPORT_TIME%"), [ran(1, NIGHT + 30, 100, 3, dataset_rows={WEB: 60, APP: 40})])
    for number, rows in enumerate((30, 30, 40)):
        path = f"aep/{export_time(NIGHT)}/{part(number)}"
        scene.objects[path], scene.contents[path] = 2000, rows

    assert words(scene, deep=True) == {"web": Word.COMPLETE, "app": Word.COMPLETE}
    scene.contents[path] = 39
    assert words(scene, deep=True) == {"web": Word.MISMATCH, "app": Word.MISMATCH}


# -- several nights ---------------------------------------------------------------------------------------------------


def test_each_night_is_judged_by_itself() -> None:
    scene = Scene(runs=[ran(day, at(day, 2, 1)) for day in (3, 4, 6)])
    for day in (3, 4, 6):
        scene.arrived(at(day, 2))
    del scene.objects[f"aep/{WEB}/{export_time(at(4, 2))}/{part(0)}"]

    found = scene.judged(since=at(3), as_of=at(6, 12))

    assert [(v.due, v.word) for v in found] == [
        (at(3, 2), Word.COMPLETE),
        (at(4, 2), Word.FILES_MISSING),
        (at(5, 2), Word.MISSING),
        (at(6, 2), Word.COMPLETE),
    ]


def test_ticks_before_a_change_are_named_and_do_not_fail() -> None:
    scene = Scene(replace(DAILY, changed=at(5, 9)), [ran(6, at(6, 2, 1))])
    scene.arrived(at(6, 2))

    found = scene.judged(since=at(4), as_of=at(7, 12))

    assert [(v.due, v.word, v.fails) for v in found] == [
        (at(4, 2), Word.UNKNOWN, False),
        (at(5, 2), Word.UNKNOWN, False),
        (at(6, 2), Word.COMPLETE, False),
        (at(7, 2), Word.MISSING, True),
    ]


def test_folders_named_after_the_runs_own_time_are_found() -> None:
    scene = Scene(
        replace(DAILY, folder="%DATASET_ID%_%DATETIME(YYYYMMdd_HHmmss)%"),
        [ran(day, at(day, 2, 7)) for day in (4, 5)],
    )
    for day in (4, 5):
        for number in range(2):
            scene.objects[f"aep/{WEB}_202603{day:02d}_020731/{part(number)}"] = 2000

    assert [v.word for v in scene.judged(since=at(4))] == [Word.COMPLETE, Word.COMPLETE]


def test_without_a_time_in_the_folder_a_manifest_still_tells_whose_files_are_whose() -> None:
    scene = Scene(replace(DAILY, folder="%DATASET_ID%", manifest=True), [ran(day, at(day, 2, 1)) for day in (4, 5)])
    for day in (4, 5):
        entries = []
        for number in (day * 10, day * 10 + 1):
            path = f"aep/{WEB}/{part(number)}"
            scene.objects[path], scene.contents[path] = 2000, 50
            entries.append({"sinkPath": f"/aep/{WEB}", "name": part(number), "size": 2000})
        scene.put_manifest(f"aep/{WEB}/manifest-{FLOW}-{run_id(day)}.json", day, entries)

    assert [v.word for v in scene.judged(since=at(4), deep=True)] == [Word.COMPLETE, Word.COMPLETE]
    del scene.objects[f"aep/{WEB}/{part(41)}"]
    assert [v.word for v in scene.judged(since=at(4))] == [Word.FILES_MISSING, Word.COMPLETE]


# -- laws -------------------------------------------------------------------------------------------------------------

SCENES = st.builds(
    lambda nights, manifest, retried, delay: (nights, manifest, retried, delay),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 4)), min_size=1, max_size=6),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3000),
)


@given(SCENES, st.booleans())
def test_what_arrived_whole_is_never_called_anything_else(
    drawn: tuple[list[tuple[int, int]], bool, bool, int], deep: bool
) -> None:
    nights, manifest, retried, delay = drawn
    scene = Scene(replace(DAILY, manifest=manifest))
    for number, (rows, files) in enumerate(nights, start=1):
        due = at(number, 2)
        wrote = min(files, rows)
        if retried:
            scene.runs.append(failed(100 + number, due + 5))
        scene.runs.append(ran(number, due + 10 + delay, rows, wrote))
        if wrote:
            scene.arrived(due, rows, wrote, manifest=number if manifest else None)

    found = scene.judged(since=at(1), as_of=at(len(nights), 12), deep=deep)

    assert [v.word for v in found] == [Word.COMPLETE if rows else Word.EMPTY for rows, _ in nights]
    assert not any(v.fails for v in found)
    best = Evidence.CONTENT if deep else Evidence.MANIFEST if manifest else Evidence.FILES
    assert all(v.evidence is best for v in found if v.word is Word.COMPLETE)


@given(st.integers(1, 6), st.data())
def test_any_single_lost_file_is_noticed(files: int, data: st.DataObject) -> None:
    scene = good(manifest := data.draw(st.booleans()))
    scene.objects.clear()
    scene.runs = [ran(1, NIGHT + 30, 100, files)]
    scene.arrived(NIGHT, 100, files, manifest=1 if manifest else None)
    lost = data.draw(st.sampled_from([p for p in sorted(scene.objects) if "part-" in p]))
    del scene.objects[lost]

    (verdict,) = scene.judged()

    assert (verdict.word, verdict.fails) == (Word.FILES_MISSING, True)
    assert not manifest or verdict.objects == (lost,)


@given(st.sampled_from([*SITUATIONS]), st.booleans())
def test_reading_less_never_invents_a_failure(name: str, denied: bool) -> None:
    situation = SITUATIONS[name]
    scene = good(situation.manifest)
    situation.plant(scene)
    whole = only(scene, situation, name)
    scene.read, scene.unreadable = False, "denied" if denied else None

    less = only(scene, situation, name)

    runs_alone = {Word.FAILED, Word.MISSING, Word.LATE, Word.EMPTY}
    assert not less.fails or less.word in runs_alone
    assert not (less.fails and whole.word is Word.COMPLETE and scene.runs)
