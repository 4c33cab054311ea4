"""A served emulator has a clock of its own: whatever this machine's clock says, every moment is the emulator's."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from exportctl.output import format_values
from tests.cli.emulator_server import SANDBOXES, EmulatorServer, serve_config

MINUTE, DAY, YEAR = 60, 86400, 365 * 86400
APART = {"years ahead": 4 * YEAR, "years behind": -4 * YEAR, "a day ahead": DAY, "a day behind": -DAY}


def created_flow(made: EmulatorServer) -> dict[str, Any]:
    """The only flow of the sandbox dev."""
    (flow,) = made.emulator.snapshot("dev")["flows"]
    return flow


def assert_next_run_is_ahead(made: EmulatorServer) -> int:
    """The start that apply sent is the next 02:00 of the emulator that leaves half an hour; the start."""
    flow = created_flow(made)
    start, created = flow["scheduleParams"]["startTime"], flow["createdAt"] / 1000
    assert start % DAY == 2 * 60 * MINUTE
    assert 30 * MINUTE <= start - created < DAY + 31 * MINUTE
    return int(start)


@pytest.mark.parametrize("apart", APART.values(), ids=APART)
@pytest.mark.parametrize("runs", [False, True], ids=["stands still", "runs"])
def test_apply_sends_a_start_that_lies_ahead_on_the_emulators_clock(tmp_path: Path, apart: int, runs: bool) -> None:
    moment = int(time.time()) + apart
    with serve_config(tmp_path, clock="real" if runs else moment) as made:
        if runs:
            made.emulator.set_time(moment)

        assert made.run("apply", "--env", "dev", "--auto-approve").code == 0

        assert_next_run_is_ahead(made)
        again = made.run("plan", "--env", "dev")
        assert (again.code, "No changes." in again.out) == (0, True)


def test_the_plan_shows_the_first_run_that_apply_then_makes(tmp_path: Path) -> None:
    moment = int(time.time()) + APART["years ahead"]
    with serve_config(tmp_path, clock=moment) as made:
        shown = made.run("plan", "--env", "dev").out
        assert made.run("apply", "--env", "dev", "--auto-approve").code == 0

        start = assert_next_run_is_ahead(made)
        assert f"as of {format_values.moment(moment)}" in shown
        assert f"next runs: {format_values.moment(start)}" in shown


def test_environments_planned_side_by_side_read_the_emulators_clock(tmp_path: Path) -> None:
    moment = int(time.time()) + APART["years behind"]
    with serve_config(tmp_path, clock=moment) as made:
        shown = made.run("plan", "--all-environments").out

    assert shown.count(f"as of {format_values.moment(moment)}") == len(SANDBOXES)
