"""The probe finds what becomes of the rows of runs that sent none, and says so if nothing shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Emulator, SeedDataset, Switches
from exportctl.probe.late_rows import NO_ROWS
from exportctl.profile.file import ServiceProfile
from tests.probe.probe_runs import NEW_ROWS, objects_in_sandbox, run_probe
from tests.workflows.world import ORGANIZATION, SANDBOX, START, World, config

MISSED, FAILED = NEW_ROWS


class GrowingEmulator(Emulator):
    """While time passes, some of its datasets get a row for each minute."""

    growing: tuple[str, ...] = ("Returns",)

    def advance(self, seconds: float) -> float:
        for name in self.growing if seconds >= 60 else ():
            self.ingest(SANDBOX, name, int(seconds // 60))
        return super().advance(seconds)


def growing_world(folder: Path, growing: tuple[str, ...] = ("Returns",), **settings: Any) -> World:
    emulator = GrowingEmulator(
        switches=Switches(**settings), clock=START, page_size=2, organization=ORGANIZATION, storage=folder / "files"
    )
    emulator.growing = growing
    emulator.seed([SANDBOX], {SANDBOX: [SeedDataset(name, rows=500) for name in ("Orders", "Returns")]})
    made = World(folder, emulator)
    made.write(config())
    return made


def probed(made: World, **more: Any) -> ServiceProfile:
    result, profile = run_probe(made, growing="Returns", **more)
    assert (result.remaining, objects_in_sandbox(made)) == ({}, [])
    return profile


@pytest.mark.parametrize("setting", ["next_run", "lost"])
@pytest.mark.parametrize("more", [{}, {"run_duration": 600, "run_scope": "dataset", "past_start": "rejected-always"}])
def test_the_rows_of_runs_that_sent_none_are_followed(tmp_path: Path, setting: str, more: dict[str, Any]) -> None:
    other = "lost" if setting == "next_run" else "next_run"
    made = growing_world(tmp_path, missed_run_rows=setting, failed_run_rows=other, one_hour="rejected", **more)

    profile = probed(made)

    assert {name: profile.switches.get(name) for name in NEW_ROWS} == {MISSED: setting, FAILED: other}


def test_a_service_that_makes_up_for_missed_runs_does_not_show_what_becomes_of_their_rows(tmp_path: Path) -> None:
    profile = probed(growing_world(tmp_path, missed_runs="caught-up", failed_run_rows="lost"))

    assert profile.unanswered[MISSED] == "the service makes up for the run that the flow missed"
    assert profile.switches[FAILED] == "lost"


def test_a_dataset_without_new_rows_answers_nothing(tmp_path: Path) -> None:
    profile = probed(growing_world(tmp_path, growing=()))

    assert {profile.unanswered[name] for name in NEW_ROWS} == {NO_ROWS}


def test_only_the_datasets_that_are_named_are_exported(tmp_path: Path) -> None:
    made = growing_world(tmp_path)
    run_probe(made)

    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
