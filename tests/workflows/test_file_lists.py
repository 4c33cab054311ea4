"""Lists of the files of exports that the emulator ran: what later happens in storage and in the flow is found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from exportctl.emulator import Switches
from exportctl.errors import Error
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.backup.file_list import FileList
from exportctl.monitor.backup.list_report import ListComparison, ListFaultKind
from exportctl.workflows.backup import read_backups
from exportctl.workflows.file_lists import NamedList, compare_lists, dump_json, dump_parquet, list_files, load_list
from exportctl.workflows.verify import open_verifier
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.test_former_locations import change, entry
from tests.workflows.test_read_storage import ANSWERS, FIRST, ROWS, DeliverySandbox, delivery_sandbox
from tests.workflows.world import START


def make_list(scene: DeliverySandbox, export: str = "exports.orders", *, deep: bool = False) -> FileList:
    with open_verifier(scene.world.setup(env=scene.env()), PlanOptions(targets=(export,)), wall=lambda: START) as made:
        return list_files(made, deep=deep)


def compare(
    scene: DeliverySandbox, *listed: FileList, deep: bool = False, env: Mapping[str, str] | None = None
) -> tuple[ListComparison, ...]:
    lists = [NamedList(f"{number}.json", one) for number, one in enumerate(listed)]
    with open_verifier(scene.world.setup(env=scene.env(**(env or {}))), PlanOptions(), wall=lambda: START) as verifier:
        report, checked = read_backups(verifier, deep=deep)
        return compare_lists(lists, verifier, report, checked, deep=deep).comparisons


@pytest.mark.parametrize("setting", ANSWERS)
@pytest.mark.parametrize("export", ["exports.orders", "exports.events"])
def test_a_clean_chain_is_as_listed_and_later_runs_only_follow(tmp_path: Path, setting: str, export: str) -> None:
    with delivery_sandbox(tmp_path, ANSWERS[setting]) as scene:
        scene.pass_nights(3)
        older, again = make_list(scene, export), make_list(scene, export)
        assert dump_json(older) == dump_json(again)
        assert dump_parquet(older) == dump_parquet(again)
        assert load_list(dump_parquet(older), "it") == load_list(dump_json(older), "it") == older
        scene.pass_nights(5)

        later = make_list(scene, export)

        for before, after in zip(older.chains, later.chains, strict=True):
            assert (len(before.runs), len(after.runs)) == (3, 5)
            assert after.runs[:3] == before.runs
        made = compare(scene, older, later)
        assert [one.faults for one in made] == [()] * 2 * len(older.chains)
        assert all(one.by_size == one.files for one in made)


def replace_by_equal_size(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


PLANTS: dict[str, tuple[Callable[[Path], object], ListFaultKind]] = {
    "deleted": (Path.unlink, ListFaultKind.DELETED),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-9]), ListFaultKind.SIZE),
    "damaged at equal size": (replace_by_equal_size, ListFaultKind.DAMAGED),
}


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize("export", ["orders", "events"])
def test_a_file_in_the_middle_is_named_with_its_run(tmp_path: Path, name: str, export: str) -> None:
    plant, kind = PLANTS[name]
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(5)
        listed = make_list(scene, f"exports.{export}")
        path = scene.parts("Orders" if export == "orders" else "App Events")[2]
        plant(path)

        chains = {one.dataset: one for one in compare(scene, listed, deep=kind is ListFaultKind.DAMAGED)}

        (fault,) = chains.pop("Orders" if export == "orders" else "App Events").faults
        assert (fault.kind, fault.due, fault.after) == (kind, FIRST + 2 * DAY, FIRST + DAY)
        assert path.as_posix().endswith(fault.path or "nothing")
        assert not any(one.faults for one in chains.values())


def test_without_etags_an_equal_size_shows_nothing_and_is_counted_as_such(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        listed = make_list(scene)
        replace_by_equal_size(scene.parts()[1])
        (made,) = compare(scene, listed)
        assert (made.faults, made.by_etag, made.by_size) == ((), 0, 2)


def test_a_file_of_another_program_makes_a_listed_run_changed(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        listed = make_list(scene)
        (scene.parts()[1].parent / "part-99999.json.gz").write_bytes(b"x")
        (fault,) = compare(scene, listed)[0].faults
        assert (fault.kind, fault.due, "not in the manifest" in fault.reason) == (
            ListFaultKind.CHANGED,
            FIRST + DAY,
            True,
        )


def test_runs_that_the_service_forgot_keep_their_entries_by_their_manifests(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, Switches(run_retention=7)) as scene:
        scene.pass_nights(3)
        orders, events = make_list(scene), make_list(scene, "exports.events")
        scene.pass_nights(14)

        assert [one.faults for one in compare(scene, orders, events)] == [()] * 3
        later = make_list(scene).chains[0]
        assert later.state == "WHOLE"
        assert [(one.due, one.run, one.files) for one in later.runs[:3]] == [
            (one.due, one.run, one.files) for one in orders.chains[0].runs
        ]


def test_a_changed_schedule_and_forgotten_runs_are_no_difference_from_a_list(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, Switches(run_retention=7)) as scene:
        scene.pass_nights(3)
        listed = make_list(scene)
        change(scene, tmp_path, schedule={"every": "1 day", "at": "06:00"})
        scene.pass_nights(14)
        assert compare(scene, listed)[0].faults == ()


def test_a_replacement_begins_the_chain_again_and_the_old_files_are_still_compared(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        listed = make_list(scene)
        content = json.loads((tmp_path / "exports.yaml").read_text())
        content["exports"]["orders"]["destination"] = "s3-role"
        scene.world.write(content)
        scene.world.apply(PlanOptions(allow_replace=("exports.orders",)))
        scene.world.emulator.advance(700)
        scene.pass_nights(3)
        reader = {"EXPORTCTL_READER_S3_ROLE_FOLDER": str(scene.bucket)}

        (fault,) = compare(scene, listed, env=reader)[0].faults
        assert (fault.kind, fault.due) == (ListFaultKind.NOT_IN_CHAIN, None)

        shutil.rmtree(scene.parts()[0].parent)
        again, gone = compare(scene, listed, env=reader)[0].faults
        assert (again.kind, gone.kind, gone.due) == (fault.kind, ListFaultKind.DELETED, FIRST)


def test_a_new_folder_in_the_same_bucket_is_no_fault_and_a_renamed_export_is_found_by_its_flow(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        listed = make_list(scene)
        content = json.loads((tmp_path / "exports.yaml").read_text())
        content["exports"]["renamed"] = {**content["exports"].pop("orders"), "renamed_from": "orders"}
        content["exports"]["renamed"]["subpath"] = "another"
        scene.world.write(content)
        scene.world.apply()
        (made,) = compare(scene, listed)
        assert (str(made.export), made.faults, made.by_size) == ("exports.renamed", (), 2)


def test_a_stated_former_location_keeps_the_older_list_as_the_beginning(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        older = make_list(scene)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved", former_locations=[entry(path="key")])
        scene.pass_nights(4)

        (later,) = make_list(scene).chains

        assert (later.state, later.runs[:2]) == ("WHOLE", older.chains[0].runs)
        assert [("/moved/" in one.uri) for one in later.files] == [False, False, True, True]
        assert compare(scene, older)[0].faults == ()


def test_without_credentials_nothing_is_compared_and_the_reason_is_said(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(1)
        listed = make_list(scene)
        (fault,) = compare(scene, listed, env={"EXPORTCTL_READER_S3_KEY_FOLDER": ""})[0].faults
        assert (fault.kind, "nothing says how to read its bucket" in fault.reason) == (ListFaultKind.NOT_READ, True)


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("sandbox", "other", "is a list of sandbox other of"),
        ("organization", "other@AdobeOrg", "of other@AdobeOrg"),
        ("platform", "service", r"\(service\), and this is sandbox"),
    ],
)
def test_a_list_of_another_place_is_an_error(tmp_path: Path, part: str, value: str, said: str) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(1)
        listed = make_list(scene)
        with pytest.raises(Error, match=said) as caught:
            compare(scene, FileList(**{**vars(listed), part: value}))
        assert caught.value.rule == "file-list-other"


def test_a_list_of_another_dataset_is_an_error(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(1)
        events = make_list(scene, "exports.events")
        foreign = FileList(**{**vars(make_list(scene)), "chains": events.chains[:1]})
        other = FileList(**{**vars(events), "export": "exports.gone", "chains": ()})
        with pytest.raises(Error, match=r"exports\.gone, which is not among the exports that were checked"):
            compare(scene, FileList(**{**vars(other), "chains": ()}), _unknown_flow(events, "exports.gone"))
        assert compare(scene, foreign)[0].export.name == "events"  # its flow says whose it is
        with pytest.raises(Error, match=r"is a list of App Events, which exports\.orders does not export"):
            compare(scene, _unknown_flow(foreign, "exports.orders"))


def _unknown_flow(listed: FileList, export: str) -> FileList:
    chains = tuple(replace(one, flow="00000000-0000-4000-8000-000000000000") for one in listed.chains)
    return FileList(**{**vars(listed), "export": export, "chains": chains})


def test_deep_lists_hold_the_rows_of_each_file(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        listed = make_list(scene, deep=True)
        assert [one.rows for one in listed.chains[0].files] == [ROWS, ROWS]
        (made,) = compare(scene, listed, deep=True)
        assert (made.faults, made.by_rows) == ((), 2)
