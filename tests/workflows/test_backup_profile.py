"""What a service profile settles of a backup is what the service does: WHOLE only where its files have all rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exportctl.emulator import Switches
from exportctl.errors import ConfigError
from exportctl.model.plan import PLATFORMS
from exportctl.monitor.backup.late_rows import row_answers
from exportctl.monitor.backup.report import Chain, ChainState
from exportctl.profile.file import FILE_NAME, ServiceProfile, dump_profile
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.test_backup import chain_of
from tests.workflows.test_read_storage import FIRST, ROWS, DeliverySandbox, delivery_sandbox
from tests.workflows.world import SANDBOX

SOURCE = "service-profile.json of 2026-11-29"


def write_profile(folder: Path, platform: str = PLATFORMS[0], **switches: str) -> None:
    made = ServiceProfile(platform, "2026-11-29", "0.2.0", switches, {}, {})
    (folder / FILE_NAME).write_text(dump_profile(made), encoding="utf-8")


def ingest_and_wait(scene: DeliverySandbox, nights: int) -> None:
    scene.world.emulator.ingest(SANDBOX, "Orders", ROWS)
    scene.world.emulator.set_time(FIRST + nights * DAY + HOUR)


def let_a_run_fail(scene: DeliverySandbox) -> None:
    aside = scene.bucket.rename(scene.bucket.with_name("aside"))
    scene.bucket.write_text("a file stands where the bucket was")
    ingest_and_wait(scene, 2)
    scene.bucket.unlink()
    aside.rename(scene.bucket)


def pause_for_a_night(scene: DeliverySandbox) -> None:
    ui = scene.world.emulator.ui
    ui.disable(scene.flow(), sandbox=SANDBOX)
    ingest_and_wait(scene, 2)
    ui.enable(scene.flow(), sandbox=SANDBOX)


CASES: dict[str, tuple[str, Callable[[DeliverySandbox], None]]] = {
    "a failed run": ("failed_run_rows", let_a_run_fail),
    "a pause": ("missed_run_rows", pause_for_a_night),
}


@pytest.mark.parametrize("setting", ["next_run", "lost"])
@pytest.mark.parametrize("case", CASES)
def test_the_state_is_what_the_service_does(tmp_path: Path, case: str, setting: str) -> None:
    switch, happen = CASES[case]
    with delivery_sandbox(tmp_path, Switches.from_json({switch: setting})) as scene:
        scene.pass_nights(2)
        happen(scene)
        ingest_and_wait(scene, 3)
        assert chain_of(scene).state is ChainState.UNPROVEN

        write_profile(tmp_path, **{switch: setting})
        chain = chain_of(scene)

    had_all = chain.rows == 4 * ROWS
    assert chain.state is (ChainState.WHOLE if had_all else ChainState.GAP)
    assert had_all is (setting == "next_run")
    assert SOURCE in chain.reason
    assert window(chain) == (FIRST + 2 * DAY, 1)


def window(chain: Chain) -> tuple[int, int]:
    (found,) = [*((one.first, one.runs) for one in chain.gaps), *((one.first, one.runs) for one in chain.late_rows)]
    return found


@pytest.mark.parametrize(
    ("setting", "starts", "covered_from"), [("new-only", [True], FIRST), ("restart", [True], FIRST + 2 * DAY)]
)
def test_what_a_change_of_datasets_sends_again(
    tmp_path: Path, setting: str, starts: list[bool], covered_from: int
) -> None:
    with delivery_sandbox(tmp_path, Switches.from_json({"dataset_change": setting})) as scene:
        scene.pass_nights(2)
        scene.world.emulator.ui.datasets(scene.flow(), ["Orders", "Returns"], sandbox=SANDBOX)
        ingest_and_wait(scene, 3)
        before = chain_of(scene)
        write_profile(tmp_path, dataset_change=setting)
        after = chain_of(scene)

    assert [start.is_certain for start in before.starts] == [True, False]
    assert ([start.is_certain for start in after.starts], after.covered_from) == (starts, covered_from)
    assert (SOURCE in after.starts[0].reason) is (setting == "restart")


@pytest.mark.parametrize(
    ("setting", "known"), [({}, None), ({"schedule_change": "continue"}, False), ({"schedule_change": "restart"}, True)]
)
def test_what_a_change_of_the_schedule_sends_again(setting: dict[str, str], known: bool | None) -> None:
    assert row_answers(setting, SOURCE).schedule_restarts is known


def test_rows_of_a_failed_run_are_not_proven_before_the_next_run(tmp_path: Path) -> None:
    write_profile(tmp_path, failed_run_rows="next_run")
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(2)
        let_a_run_fail(scene)
        chain = chain_of(scene)
        assert (chain.state, chain.covered_to) == (ChainState.UNPROVEN, FIRST + DAY)
        assert f"by {SOURCE} the next run sends them, and no complete one is known" in chain.gaps[0].lost


def test_a_profile_that_cannot_be_read_is_an_error_with_its_line(tmp_path: Path) -> None:
    write_profile(tmp_path, failed_run_rows="perhaps")
    with delivery_sandbox(tmp_path) as scene, pytest.raises(ConfigError, match="failed_run_rows cannot be perhaps"):
        chain_of(scene)
