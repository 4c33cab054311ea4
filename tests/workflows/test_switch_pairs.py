"""Every promise under pairs of settings, drawn at random; `make test-slow` plays them and prints the seed."""

from __future__ import annotations

import os
import random
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.errors import RefusedError
from exportctl.model.outcome import OutcomeStatus
from tests.law_profile import examples, law_seed
from tests.layout import ROOT
from tests.workflows.test_laws import LISTED
from tests.workflows.test_switches import CONDITIONAL, REFUSING, SMALL, WAITING, play_promises
from tests.workflows.world import SANDBOX, World, config, world

PLAYED = 4  # per part; the environment of `make test-slow` asks for many times more
Setting = tuple[str, object]
# The settings under which the loop stops, and the rule that says so.
REFUSALS: dict[Setting, str] = {
    ("child_descriptions", "drop"): "descriptions-dropped",
    ("description_length", 120): "description-cut",
    ("late_failure", "always"): "failed-later",
}


def settings() -> list[Setting]:
    """Every setting that is not the default."""
    return [(name, value) for name, values in Switches.choices().items() for value in values[1:]]


def play_pair(made: World, pair: tuple[Setting, Setting]) -> None:
    """Play all promises; under a setting that stops the loop, see that the rule of one of the two stops it."""
    rules = {REFUSALS[one] for one in pair if one in REFUSALS}
    if not rules:
        play_promises(made, can_renew=not WAITING.intersection(pair))
        return
    said: set[str | None] = set()
    for title in ("orders", "T"):
        made.write(config(exports={**SMALL, "orders": {**SMALL["orders"], "title": title}}))
        try:
            outcomes, final_check = made.apply()
        except RefusedError as error:
            assert "description" in str(error), error
            break
        assert not final_check.passed or not said & rules
        said |= {one.rule for one in (*outcomes, *final_check.outcomes) if one.status is OutcomeStatus.FAILED}
        made.emulator.advance(LISTED)
    assert said & rules
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) <= len(SMALL)


def pairs() -> list[tuple[Setting, Setting]]:
    """Every pair of settings of two switches."""
    return [(one, other) for one, other in combinations(settings(), 2) if one[0] != other[0]]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_every_promise_is_kept_under_pairs_of_settings(tmp_path: Path, part: int) -> None:
    """The seed of the laws draws the pairs: `EXPORTCTL_TEST_SEED` draws them again."""
    seed = law_seed(os.environ, ROOT)
    drawn = random.Random(f"{seed}/{part}").sample(pairs(), examples(PLAYED))
    for number, pair in enumerate(drawn):
        chosen: dict[str, Any] = dict(pair)
        sys.stdout.write(
            f"seed {seed}, part {part}, pair {number}: {chosen}" + "\n"
        )  # pytest shows it when the pair fails
        folder = tmp_path / str(number)
        folder.mkdir()
        play_pair(world(folder, Switches(**chosen), page_size=100, rows=20, storage=folder / "storage"), pair)


def test_a_sample_of_pairs_is_of_two_switches_each() -> None:
    found = pairs()

    assert len(found) > 1000
    assert all(one[0] != other[0] for one, other in found)
    assert {name for pair in found for name, _ in pair} == set(Switches.choices())
    assert REFUSALS.keys() == REFUSING - CONDITIONAL


@pytest.mark.parametrize("one", REFUSALS, ids=str)
def test_a_setting_that_stops_the_loop_stops_it_by_its_rule(tmp_path: Path, one: Setting) -> None:
    chosen: dict[str, Any] = dict([one])
    play_pair(world(tmp_path, Switches(**chosen), page_size=100), (one, ("template_key", "folderNameTemplate")))
