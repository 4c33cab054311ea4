"""A chain that spans several locations: the files of a run are looked for where it wrote, and words prove nothing."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from exportctl.emulator import Switches
from exportctl.model.next_steps import NextStep
from exportctl.monitor.backup.report import Chain, ChainState, ExportChains
from exportctl.monitor.delivery.report import DeliveryResult
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.test_backup import backup
from tests.workflows.test_read_storage import ANSWERS, FIRST, ROWS, DeliverySandbox, delivery_sandbox


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def change(scene: DeliverySandbox, tmp: Path, **orders: Any) -> None:
    """Edit the export `orders`, and apply."""
    content = json.loads((tmp / "exports.yaml").read_text())
    content["exports"]["orders"] |= orders
    scene.world.write(content)
    scene.world.apply()


def orders(scene: DeliverySandbox) -> ExportChains:
    (export,) = [one for one in backup(scene).exports if str(one.address) == "exports.orders"]
    return export


def chain_of(scene: DeliverySandbox) -> Chain:
    return orders(scene).chains[0]


def entry(until: int = FIRST + DAY + 2 * HOUR, path: str | None = None, folder: str | None = None) -> dict[str, str]:
    stated = {"until": moment(until), "path": path, "folder": folder}
    return {name: value for name, value in stated.items() if value is not None}


@pytest.mark.parametrize(
    "setting", ["as assumed", "no entities, manifests at the top", "one run per dataset, without the entities"]
)
def test_a_chain_spans_both_locations_and_shows_both(tmp_path: Path, setting: str) -> None:
    with delivery_sandbox(tmp_path, ANSWERS[setting]) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved")
        scene.pass_nights(5)
        assert chain_of(scene).state is ChainState.UNPROVEN

        change(scene, tmp_path, former_locations=[entry(path="key")])
        export = orders(scene)

        (chain,) = export.chains
        assert (chain.state, chain.complete_runs, chain.rows, chain.gaps) == (
            ChainState.WHOLE,
            5,
            (1 + 1 + 4) * ROWS,
            (),
        )
        assert chain.covered_from == FIRST
        assert export.storage.endswith("; runs due before 2027-01-17 04:00 UTC: key/%DATASET_ID%/%EXPORT_TIME%")
        assert set(scene.results(since=FIRST)) == {DeliveryResult.COMPLETE}


def test_a_file_that_is_gone_from_the_former_location_is_a_gap_there(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved", former_locations=[entry(FIRST + 2 * DAY + HOUR, path="key")])
        scene.pass_nights(5)
        lost = scene.parts()[1]
        lost.unlink()

        chain = chain_of(scene)

        (gap,) = chain.gaps
        assert (chain.state, gap.state, gap.first, gap.runs) == (ChainState.GAP, ChainState.GAP, FIRST + DAY, 1)
        assert gap.objects == (str(lost.relative_to(scene.bucket)),)


def test_files_that_were_moved_to_the_new_location_count_there(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved", former_locations=[entry(FIRST + 2 * DAY + HOUR, path="key")])
        scene.pass_nights(5)
        run = scene.parts()[0].parent
        shutil.move(run, scene.bucket / "key" / "moved" / run.parent.name / run.name)

        assert chain_of(scene).state is ChainState.WHOLE


def test_a_run_between_the_plan_and_its_apply_counts_where_its_files_are(tmp_path: Path) -> None:
    """`until` is the moment of the plan."""
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved", former_locations=[entry(FIRST + DAY + HOUR, path="key")])
        scene.pass_nights(5)
        assert chain_of(scene).state is ChainState.WHOLE

        shutil.rmtree(scene.parts()[2].parent)
        (gap,) = chain_of(scene).gaps

        assert (gap.state, gap.first) == (ChainState.UNPROVEN, FIRST + 2 * DAY)  # it may have been written elsewhere


def test_a_run_after_the_change_is_never_looked_for_at_the_former_location(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved")
        scene.pass_nights(5)
        change(scene, tmp_path, former_locations=[entry(FIRST + 4 * DAY + 1, path="key")])
        lost = next(p for p in reversed(scene.parts()) if "moved" in p.parts)
        lost.unlink()

        (gap,) = chain_of(scene).gaps

        assert (gap.state, gap.first, gap.objects) == (
            ChainState.GAP,
            FIRST + 4 * DAY,
            (str(lost.relative_to(scene.bucket)),),
        )


@pytest.mark.parametrize("wrong", [entry(path="yek"), entry(path="key", folder="%DATASET_NAME%/%EXPORT_TIME%")])
def test_an_entry_that_names_another_location_proves_nothing_and_says_so(tmp_path: Path, wrong: dict[str, str]) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved", former_locations=[wrong])
        scene.pass_nights(4)

        chain = chain_of(scene)

        assert (chain.state, chain.complete_runs) == (ChainState.UNPROVEN, 2)
        (gap,) = chain.gaps
        assert (gap.runs, "at the former location that the config states" in gap.reason) == (2, True)


def test_three_locations_in_a_row_and_back_again(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        first = entry(path="key")
        change(scene, tmp_path, subpath="moved", former_locations=[first])
        scene.pass_nights(4)
        scene.world.emulator.advance(HOUR)
        second = entry(FIRST + 3 * DAY + 2 * HOUR, folder="%DATASET_ID%/%EXPORT_TIME%")
        change(scene, tmp_path, folder="%DATASET_NAME%/%EXPORT_TIME%", former_locations=[first, second])
        scene.pass_nights(6)
        scene.world.emulator.advance(HOUR)
        third = entry(FIRST + 5 * DAY + 2 * HOUR, path="key/moved", folder="%DATASET_NAME%/%EXPORT_TIME%")
        back = {"subpath": "", "folder": "%DATASET_ID%/%EXPORT_TIME%"}
        change(scene, tmp_path, **back, former_locations=[first, second, third])
        scene.pass_nights(8)

        chain = chain_of(scene)

        assert (chain.state, chain.complete_runs, chain.rows) == (ChainState.WHOLE, 8, (1 + 1 + 3 + 5 + 7) * ROWS)
        assert len({file.path.rpartition("/exportTime")[0] for run in chain.runs for file in run.files}) == 3


def test_without_storage_nothing_is_proven_at_any_location(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, Switches()) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        change(scene, tmp_path, subpath="moved", former_locations=[entry(path="key")])
        scene.pass_nights(3)

        report = backup(scene, {"EXPORTCTL_READER_S3_KEY_FOLDER": ""})

        (export,) = [one for one in report.exports if str(one.address) == "exports.orders"]
        assert (export.chains[0].state, export.storage.startswith("runs only")) == (ChainState.UNPROVEN, True)


# -- the block that a plan prints -------------------------------------------------------------------------------------


def planned(scene: DeliverySandbox, tmp: Path, **edited: Any) -> tuple[NextStep, ...]:
    """What a plan of the edited export offers to add; the edit stays in the file."""
    content = json.loads((tmp / "exports.yaml").read_text())
    content["exports"]["orders"] |= edited
    scene.world.write(content)
    return scene.world.plan().next_steps


@pytest.mark.parametrize(
    ("edited", "stated"),
    [
        ({"subpath": "moved"}, {"path": "key"}),
        ({"folder": "%DATASET_NAME%/%EXPORT_TIME%"}, {"folder": "%DATASET_ID%/%EXPORT_TIME%"}),
        (
            {"subpath": "moved", "folder": "%DATASET_NAME%/%EXPORT_TIME%"},
            {"path": "key", "folder": "%DATASET_ID%/%EXPORT_TIME%"},
        ),
    ],
    ids=["another path", "another folder template", "both"],
)
def test_a_plan_prints_the_block_with_which_the_chain_stays_whole(
    tmp_path: Path, edited: dict[str, str], stated: dict[str, str]
) -> None:
    with delivery_sandbox(tmp_path, expect={"backup": {"max_age": "26 hours"}}) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)

        (step,) = planned(scene, tmp_path, **edited)
        (block,) = yaml.safe_load(step.yaml)["exports"]["orders"]["former_locations"]

        assert block == {"until": moment(FIRST + DAY + 2 * HOUR), **stated}
        assert planned(scene, tmp_path, former_locations=[block]) == ()
        scene.world.apply()
        scene.pass_nights(4)
        assert (chain_of(scene).state, chain_of(scene).failures) == (ChainState.WHOLE, ())


def test_a_plan_prints_no_block_where_no_backup_is_asked_for_or_nothing_moves(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(1)
        policy = {"expect": {"backup": {"max_age": "26 hours"}}}
        assert planned(scene, tmp_path, subpath="moved") == ()
        assert planned(scene, tmp_path, **policy, subpath="", title="Another name") == ()
        assert [step.yaml.splitlines()[0] for step in planned(scene, tmp_path, **policy, subpath="moved")] == [
            "exports:"
        ]


def test_a_local_folder_in_the_place_of_a_bucket_holds_no_other_bucket(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        change(
            scene,
            tmp_path,
            subpath="moved",
            former_locations=[{"until": moment(FIRST + DAY + HOUR), "bucket": "other"}],
        )
        scene.pass_nights(3)

        export = orders(scene)

        assert export.chains[0].state is ChainState.UNPROVEN
        assert export.storage.endswith("not read: EXPORTCTL_READER_S3_KEY_FOLDER holds only where it writes now")
