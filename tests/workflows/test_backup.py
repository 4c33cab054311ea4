"""Whether all runs together are a backup: clean chains raise no alarm, and what is planted is named with its window."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from exportctl.emulator import Switches
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.backup.report import BackupReport, Chain, ChainState
from exportctl.workflows.backup import read_chains
from exportctl.workflows.verify import open_verifier
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.test_read_storage import ANSWERS, FIRST, ROWS, DeliverySandbox, delivery_sandbox
from tests.workflows.world import SANDBOX, START


def backup(scene: DeliverySandbox, env: Mapping[str, str] | None = None, *, deep: bool = False) -> BackupReport:
    with open_verifier(scene.world.setup(env=scene.env(**(env or {}))), PlanOptions(), wall=lambda: START) as verifier:
        return read_chains(verifier, deep=deep)


def chain_of(scene: DeliverySandbox, address: str = "exports.orders", **env: str) -> Chain:
    (export,) = [one for one in backup(scene, env).exports if str(one.address) == address]
    return export.chains[0]


@pytest.mark.parametrize("setting", ANSWERS)
def test_a_clean_chain_is_whole(tmp_path: Path, setting: str) -> None:
    with delivery_sandbox(tmp_path, ANSWERS[setting]) as scene:
        scene.pass_nights(4)

        report = backup(scene)

        assert {(c.state, c.covered_from, c.covered_to) for e in report.exports for c in e.chains} == {
            (ChainState.WHOLE, FIRST, FIRST + 3 * DAY)
        }
        orders = chain_of(scene)
        assert (orders.complete_runs, orders.rows, orders.gaps) == (4, 4 * ROWS, ())


def delete_a_file_of(night: int) -> Callable[[DeliverySandbox], None]:
    return lambda scene: scene.parts()[night].unlink()


FAULTS: dict[str, tuple[Callable[[DeliverySandbox], object], ChainState, tuple[int | None, int, int]]] = {
    "a file in the middle is deleted": (delete_a_file_of(2), ChainState.GAP, (1, 2, 2)),
    "the first full export is deleted": (
        lambda scene: shutil.rmtree(scene.parts()[0].parent),
        ChainState.GAP,
        (None, 0, 0),
    ),
    "a file is cut short": (
        lambda scene: scene.parts()[1].write_bytes(scene.parts()[1].read_bytes()[:-9]),
        ChainState.CHANGED,
        (0, 1, 1),
    ),
    "only the manifest is deleted": (lambda scene: scene.manifests()[1].unlink(), ChainState.UNPROVEN, (0, 1, 1)),
    "a file of another program": (
        lambda scene: (scene.parts()[3].parent / "part-99999.json.gz").write_bytes(b"x"),
        ChainState.CHANGED,
        (2, 3, 3),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_planted_into_a_chain_is_named_with_its_window(tmp_path: Path, fault: str) -> None:
    plant, state, (after, first, last) = FAULTS[fault]
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(5)
        plant(scene)

        chain = chain_of(scene)

        (gap,) = chain.gaps
        window = (None if after is None else FIRST + after * DAY, FIRST + first * DAY, FIRST + last * DAY)
        assert (chain.state, gap.state, gap.after, gap.first, gap.last) == (state, state, *window)
        assert gap.objects
        assert chain.covered_to == FIRST + 4 * DAY


def test_a_file_of_one_dataset_that_is_deleted_is_no_gap_of_another(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        shutil.rmtree(scene.parts("Returns")[0].parent)

        (events,) = [e for e in backup(scene).exports if e.address.name == "events"]

        assert {chain.dataset: chain.state for chain in events.chains} == {
            "App Events": ChainState.UNPROVEN,
            "Returns": ChainState.GAP,
        }


def test_a_failed_run_is_unproven_until_it_is_known_whether_the_next_run_sends_its_rows(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        aside = scene.bucket.rename(scene.bucket.with_name("aside"))
        scene.bucket.write_text("a file stands where the bucket was")
        scene.world.emulator.ingest(SANDBOX, "Orders", ROWS)
        scene.world.emulator.set_time(FIRST + 2 * DAY + HOUR)
        scene.bucket.unlink()
        aside.rename(scene.bucket)
        scene.world.emulator.set_time(FIRST + 4 * DAY + HOUR)

        chain = chain_of(scene)

        (gap,) = chain.gaps
        assert (chain.state, gap.state, gap.after, gap.first) == (
            ChainState.UNPROVEN,
            ChainState.UNPROVEN,
            FIRST + DAY,
            FIRST + 2 * DAY,
        )
        assert "Adobe does not document whether a later run sends them" in gap.lost
        assert chain.covered_to == FIRST + 4 * DAY


def test_what_the_service_no_longer_shows_is_proven_by_the_manifests_alone(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, Switches(run_retention=7)) as scene:
        scene.pass_nights(12)
        assert chain_of(scene).state is ChainState.WHOLE
        assert chain_of(scene, "exports.events").state is ChainState.UNPROVEN


def test_without_credentials_nothing_is_proven(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        chain = chain_of(scene, EXPORTCTL_READER_S3_KEY_FOLDER="")
        assert (chain.state, len(chain.gaps), chain.gaps[0].runs) == (ChainState.UNPROVEN, 1, 3)


def test_three_days_of_a_pause_are_unproven(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        ui = scene.world.emulator.ui
        ui.disable(scene.flow(), sandbox=SANDBOX)
        scene.world.emulator.set_time(FIRST + 4 * DAY + HOUR)
        ui.enable(scene.flow(), sandbox=SANDBOX)
        scene.world.emulator.set_time(FIRST + 6 * DAY + HOUR)
        chain = chain_of(scene)
        assert chain.state is ChainState.UNPROVEN
        assert [(g.first, g.last, g.runs) for g in chain.gaps] == [(FIRST + 2 * DAY, FIRST + 4 * DAY, 3)]


def test_no_run_yet_is_no_backup(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, Switches()) as scene:
        chain = chain_of(scene)
        assert (chain.state, chain.covered_to, chain.gaps) == (ChainState.NONE, None, ())


def test_files_from_before_a_change_of_the_location_are_unproven(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        scene.world.emulator.advance(HOUR)
        scene.world.emulator.ui.path(scene.flow(), "another", sandbox=SANDBOX)
        scene.pass_nights(4)

        chain = chain_of(scene)

        assert (chain.state, chain.complete_runs) == (ChainState.UNPROVEN, 2)
        assert [(gap.first, gap.runs, gap.after) for gap in chain.gaps] == [(FIRST, 2, None)]


def test_a_changed_dataset_list_may_begin_the_chain_again(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, datasets=["Orders", "Returns"], subpath="both") as scene:
        scene.pass_nights(2)
        content = json.loads((tmp_path / "exports.yaml").read_text())
        content["exports"]["orders"]["datasets"] = ["Orders", "Order Lines"]
        scene.world.write(content)
        scene.world.apply()
        scene.pass_nights(4)

        chains = {c.dataset: c for e in backup(scene).exports if e.address.name == "orders" for c in e.chains}

        assert {name: chain.state for name, chain in chains.items()} == {
            "Orders": ChainState.WHOLE,
            "Order Lines": ChainState.WHOLE,
        }
        assert [start.is_certain for start in chains["Orders"].starts] == [True, False]
        assert chains["Orders"].covered_from == FIRST
        (added,) = chains["Order Lines"].starts
        assert ("datasets changed" in added.reason, chains["Order Lines"].covered_from) == (True, FIRST + 2 * DAY)


def test_a_replacement_begins_the_chain_again_and_says_so(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        shutil.rmtree(scene.parts()[0].parent)
        content = json.loads((tmp_path / "exports.yaml").read_text())
        content["exports"]["orders"]["destination"] = "s3-role"
        scene.world.write(content)
        scene.world.apply(PlanOptions(allow_replace=("exports.orders",)))
        scene.world.emulator.advance(700)
        scene.pass_nights(4)

        chain = chain_of(scene, EXPORTCTL_READER_S3_ROLE_FOLDER=str(scene.bucket))

        assert (chain.state, chain.covered_from, chain.starts[0].reason) == (
            ChainState.WHOLE,
            FIRST + 2 * DAY,
            "a replacement made this flow",
        )


@pytest.mark.parametrize("forgotten", [False, True], ids=["all runs shown", "old runs forgotten, their files deleted"])
def test_after_a_schedule_that_began_anew_nothing_says_what_was_due_before(tmp_path: Path, forgotten: bool) -> None:
    """No false proof: the first full export can be gone without a trace."""
    with delivery_sandbox(tmp_path, Switches(run_retention=7)) as scene:
        scene.pass_nights(2)
        content = json.loads((tmp_path / "exports.yaml").read_text())
        content["exports"]["orders"]["schedule"] = {"every": "1 day", "at": "06:00"}
        scene.world.write(content)
        scene.world.apply()
        if forgotten:
            shutil.rmtree(scene.parts()[0].parent)
            shutil.rmtree(scene.parts()[0].parent)
        scene.pass_nights(12 if forgotten else 4)

        chain = chain_of(scene)

        assert chain.state is ChainState.UNPROVEN
        assert (chain.gaps[0].runs, "which runs were due before" in chain.gaps[0].reason) == (0, True)


def test_a_start_that_the_yaml_asks_for_is_the_first_one(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, schedule={"every": "1 day", "at": "02:00", "start": "2027-02-01"}) as scene:
        scene.world.emulator.set_time(FIRST + 20 * DAY)
        assert chain_of(scene).state is ChainState.WHOLE


@pytest.mark.slow
def test_a_chain_of_200_days_is_whole_and_one_lost_file_in_it_is_found(tmp_path: Path) -> None:
    schedule = {"every": "3 hours", "at": "00:00"}
    with delivery_sandbox(tmp_path, schedule=schedule, end={"rolling": "300 days", "renew_before": "30 days"}) as scene:
        for day in range(1, 201):
            scene.world.emulator.ingest(SANDBOX, "Orders", 20)
            scene.world.emulator.set_time(START + day * DAY)
        scene.world.forget_requests()

        chain = chain_of(scene)
        assert (chain.state, chain.complete_runs, chain.files) == (ChainState.WHOLE, 1600, 200)
        assert len(scene.world.emulator.requests()) < 60

        lost = scene.parts()[99]
        lost.unlink()
        (gap,) = chain_of(scene).gaps
        assert (gap.state, gap.runs) == (ChainState.GAP, 1)
        assert lost.parent.name in gap.objects[0]
