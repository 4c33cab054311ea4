"""A hundred nights of `renew`, `apply`, `drift`: a pause by hand stays and is reported, every other export goes on."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.errors import RefusedError
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftGroup
from tests.workflows.nightly_pipeline import (
    EVERY,
    MIDNIGHT,
    Pause,
    assert_only_renewals,
    assert_others_run,
    assert_paused,
    live_value,
    move_start,
    nightly_config,
    nightly_exports,
    pause_flow,
    run_night,
    shorten_end,
    take_out_dataset,
)
from tests.workflows.orders_sandbox import DAY, apply_config, item, safety_checks
from tests.workflows.strategies import ACCEPTING_SETTINGS
from tests.workflows.world import START, World, config, world

NIGHTS = 100


def made_world(folder: Path, switches: Switches | None = None, content: dict[str, Any] | None = None) -> World:
    made = world(folder, switches, page_size=100)
    made.write(content or nightly_config())
    assert made.apply()[1].passed
    made.emulator.advance(700)  # all of it is listed, and what was still in use is free by now
    return made


# -- pauses -----------------------------------------------------------------------------------------------------------


@EVERY
def test_pauses_made_in_the_ui_survive_a_hundred_nights_and_are_in_every_report(tmp_path: Path, days: int) -> None:
    made = made_world(tmp_path)
    pauses: list[Pause] = []
    renewed: Counter[str] = Counter()
    for day in range(0, NIGHTS, days):
        until = range(day, day + days)
        if 3 in until:
            pauses += [pause_flow(made, "off"), pause_flow(made, "off-declared")]
        if 20 in until:
            pauses += [move_start(made, "lasting", MIDNIGHT + 300 * DAY), take_out_dataset(made, "monthly")]
        if 34 in until:  # renewed once by now: the first end was earlier than this one
            pauses.append(shorten_end(made, "cut", MIDNIGHT + 48 * DAY))
        if 60 in until:
            pauses.append(shorten_end(made, "ended", int(made.emulator.now)))
        seen = run_night(made, days)
        renewed.update(seen.due)
        assert_paused(made, seen, pauses)
        assert_only_renewals(seen)
        assert_others_run(made, pauses)
    # Of a paused flow the end goes on, so that it can be resumed; of one cut short it does not.
    assert renewed == {"off": 3, "off-declared": 6, "cut": 1, "monthly": 3, "fortnightly": 6}
    resume_one_by_one(made, pauses)


def resume_one_by_one(made: World, pauses: list[Pause]) -> None:
    """One after the other, and none but the one that is asked for."""
    left = list(pauses)
    for pause in pauses:
        flags = PlanOptions(resume=(pause.address,))
        assert [str(i.address) for i in made.plan(flags).items if i.steps] == [pause.address]
        apply_config(made, flags=flags)
        left.remove(pause)
        assert live_value(made, pause.flow, pause.field) != pause.paused_value
        seen = run_night(made)
        assert_paused(made, seen, left)
        assert_others_run(made, left)


def test_a_flow_with_datasets_taken_out_that_then_lost_its_marker_is_left_as_it_is(tmp_path: Path) -> None:
    """Its source is one of the UI, so nothing tells for sure whose the flow is: neither resumed nor renewed."""
    made = made_world(tmp_path)
    pause = take_out_dataset(made, "monthly")
    made.emulator.ui.describe("monthly", "STOPPED, incident 42")
    assert_left_to_a_person(made, pause)


def test_a_renamed_export_that_then_lost_its_marker_is_left_as_it_is_and_drift_fails(tmp_path: Path) -> None:
    """Its source bears the former name, so nothing tells for sure whose the flow is: neither resumed nor renewed."""
    made = made_world(tmp_path)
    exports = nightly_exports()
    exports["renamed"] = {**exports.pop("off"), "renamed_from": "off"}
    apply_config(made, config(exports=exports))
    pause = pause_flow(made, "renamed")
    made.emulator.ui.describe("renamed", "STOPPED, incident 42")
    assert_left_to_a_person(made, pause)


def assert_left_to_a_person(made: World, pause: Pause) -> None:
    """A plan is refused and names the way out, no renewal writes, and drift fails."""
    with pytest.raises(RefusedError, match="has no marker"):
        made.apply()
    assert safety_checks(made.plan(), pause.address) == ["look-alike"]
    assert item(made.plan(PlanOptions(renew_only=True)), pause.address).steps == ()
    report = drift.build_drift_report(made.plan(), end_warning=0)
    assert [str(e.address) for e in report.entries_of(DriftGroup.MARKER_LOST)] == [pause.address]
    assert drift.has_failures(report)
    assert live_value(made, pause.flow, pause.field) == pause.paused_value


# -- nothing happens --------------------------------------------------------------------------------------------------

MOVING = Switches(
    background_actor="writes",
    background_actor_children=True,
    default_end_time="shown",
    interval_type="string",
    template_key="folderNameTemplate",
    normalise="case",
    read_secrets="omit",
    patch_objects="merge",
)
QUIET = ("off", "fortnightly", "lasting")


@EVERY
def test_in_a_hundred_quiet_nights_nothing_is_written_but_what_is_due(tmp_path: Path, days: int) -> None:
    made = made_world(tmp_path, MOVING, nightly_config(*QUIET))
    assert run_quiet_nights(made, days) == {"off": 3, "fortnightly": 6}


def run_quiet_nights(made: World, days: int = 1) -> Counter[str]:
    """A hundred nights in which nothing happens but runs; what was renewed, by export."""
    renewed: Counter[str] = Counter()
    for _ in range(NIGHTS // days):
        seen = run_night(made, days)
        renewed.update(seen.due)
        assert not drift.has_failures(seen.drift)
        assert_only_renewals(seen)
        assert_others_run(made, ())
    return renewed


def test_a_year_of_the_usual_end_is_two_writes(tmp_path: Path) -> None:
    """180 days, renewed 30 before: the nights around those on which it is due, and one a fortnight between."""
    made = made_world(tmp_path, content=nightly_config("long"))
    renewed = []
    day = 0
    while day < 365:
        next_due = next((due for due in (150, 300) if day < due + 3), 365 + 3)
        step = max(1, min(14, next_due - 3 - day))
        day += step
        seen = run_night(made, step)
        renewed += [(int(made.emulator.now) - START) // DAY] * len(seen.due)
        assert_only_renewals(seen)
        assert_others_run(made, ())
    assert renewed == [150, 300]


def test_a_week_without_the_pipeline_neither_ends_an_export_nor_makes_a_pause_of_a_late_renewal(tmp_path: Path) -> None:
    made = made_world(tmp_path)
    run_night(made, 13)
    seen = run_night(made, 5)
    assert seen.due == ("fortnightly", "off-declared")
    assert_paused(made, seen, ())
    assert_others_run(made, ())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_a_hundred_quiet_nights_under_any_setting(tmp_path: Path, seed: int) -> None:
    drawn = Switches.draw_random(random.Random(seed)).to_json() | ACCEPTING_SETTINGS
    made = made_world(tmp_path, Switches.from_json(drawn), nightly_config(*QUIET))
    assert run_quiet_nights(made) == {"off": 3, "fortnightly": 6}
