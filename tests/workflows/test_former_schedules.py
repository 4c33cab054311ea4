"""After a change of the schedule a backup is proven only if the YAML states the former one, as the runs show it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from exportctl.emulator import Switches
from exportctl.monitor.backup.report import Chain, ChainState
from tests.workflows.orders_sandbox import DAY, HOUR
from tests.workflows.test_backup import chain_of
from tests.workflows.test_read_storage import FIRST, ROWS, DeliverySandbox, delivery_sandbox
from tests.workflows.world import SANDBOX

NIGHTLY = {"every": "1 day", "at": "02:00"}


def change(scene: DeliverySandbox, **orders: Any) -> None:
    path = scene.world.folder / "exports.yaml"
    content = json.loads(path.read_text())
    content["exports"]["orders"] |= orders
    scene.world.write(content)


def change_schedule(scene: DeliverySandbox, **schedule: str) -> dict[str, str]:
    """Apply another schedule; return the moment of that."""
    change(scene, schedule=schedule)
    moment = datetime.fromtimestamp(scene.world.emulator.now, UTC)
    scene.world.apply()
    return {"until": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def run_until(scene: DeliverySandbox, days: int) -> None:
    scene.world.emulator.ingest(SANDBOX, "Orders", ROWS)
    scene.world.emulator.set_time(FIRST + days * DAY + HOUR)


CHANGES = [{"every": "1 day", "at": "06:00"}, {"every": "3 hours", "at": "00:00"}, {"every": "12 hours", "at": "02:00"}]


@pytest.mark.parametrize("now", CHANGES, ids=str)
def test_a_chain_is_whole_across_schedules_that_are_stated(tmp_path: Path, now: dict[str, str]) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        until = change_schedule(scene, **now)
        run_until(scene, 4)
        assert chain_of(scene).state is ChainState.UNPROVEN

        change(scene, former_schedules=[{**until, **NIGHTLY}])
        chain = chain_of(scene)

    assert (chain.state, chain.covered_from, chain.gaps) == (ChainState.WHOLE, FIRST, ())
    assert "when it ran before is stated in exports.yaml:" in chain.starts[0].reason
    assert [start.is_certain for start in chain.starts] == [True, False]  # whether all is sent again is not known
    assert chain.rows == 4 * ROWS


def test_the_block_that_a_plan_prints_is_enough(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, expect={"backup": {"max_age": "26 hours"}}) as scene:
        scene.pass_nights(3)
        change(scene, schedule={"every": "6 hours", "at": "04:00"})
        (step,) = scene.world.plan().next_steps
        scene.world.apply()
        run_until(scene, 4)
        change(scene, **yaml.safe_load(step.yaml)["exports"]["orders"])
        assert chain_of(scene).state is ChainState.WHOLE


def test_several_former_schedules_follow_each_other(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        first = change_schedule(scene, every="6 hours", at="00:00")
        run_until(scene, 5)
        second = change_schedule(scene, every="1 day", at="06:00")
        run_until(scene, 8)
        change(scene, former_schedules=[{**first, **NIGHTLY}, {**second, "every": "6 hours", "at": "00:00"}])

        assert chain_of(scene).state is ChainState.WHOLE


def chain_without_the_first_runs(scene: DeliverySandbox) -> Chain:
    """The chain after the service forgot the first runs, and their files are gone."""
    until = change_schedule(scene, every="1 day", at="06:00")
    for _ in range(2):
        shutil.rmtree(scene.parts()[0].parent)
    run_until(scene, 12)
    change(scene, former_schedules=[{**until, **NIGHTLY}])
    return chain_of(scene)


def test_a_run_that_left_no_trace_is_named(tmp_path: Path) -> None:
    with delivery_sandbox(tmp_path, Switches(run_retention=7)) as scene:
        scene.pass_nights(2)
        chain = chain_without_the_first_runs(scene)
    (gap,) = [gap for gap in chain.gaps if gap.first == FIRST]
    assert (chain.state, gap.state, gap.last, gap.runs) == (ChainState.UNPROVEN, ChainState.UNPROVEN, FIRST + DAY, 2)


WRONG = {
    "another time of day": {"every": "1 day", "at": "03:00"},
    "another interval": {"every": "2 days", "at": "02:00"},
    "too early an end": {**NIGHTLY, "until": "2027-01-16T12:00:00Z"},
    "too late an end": {**NIGHTLY, "until": "2027-01-19T04:00:00Z"},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_to_the_flow_and_its_runs_proves_nothing(tmp_path: Path, case: str) -> None:
    with delivery_sandbox(tmp_path) as scene:
        scene.pass_nights(3)
        until = change_schedule(scene, every="1 day", at="02:30")
        run_until(scene, 4)
        change(scene, former_schedules=[{**until, **WRONG[case]}])
        chain = chain_of(scene)
    assert chain.state is ChainState.UNPROVEN
    assert any("`former_schedules` do not explain that" in gap.reason for gap in chain.gaps)


def test_runs_of_a_schedule_that_left_no_start_behind_are_noticed(tmp_path: Path) -> None:
    """An interval that is twice as long keeps the start, and a run that never came would leave no trace."""
    with delivery_sandbox(tmp_path, schedule={"every": "12 hours", "at": "02:00"}) as scene:
        scene.pass_nights(3)
        until = change_schedule(scene, every="1 day", at="14:00")
        run_until(scene, 5)
        (gap,) = chain_of(scene).gaps
        assert (gap.runs, gap.last) == (0, FIRST + 2 * DAY)
        assert "does not fit to the schedule of the flow" in gap.reason

        change(scene, former_schedules=[{**until, "every": "12 hours", "at": "02:00"}])
        assert chain_of(scene).state is ChainState.WHOLE
