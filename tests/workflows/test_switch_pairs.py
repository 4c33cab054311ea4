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
from tests.law_profile import examples, law_seed
from tests.layout import ROOT
from tests.workflows.strategies import ACCEPTING_SETTINGS
from tests.workflows.test_switches import play_promises
from tests.workflows.world import world

PLAYED = 4  # per part; the environment of `make test-slow` asks for many times more


def settings() -> list[tuple[str, object]]:
    """Every setting that is not the default, and under which nothing has to be refused."""
    choices = Switches.choices()
    return [(name, value) for name, values in choices.items() if name not in ACCEPTING_SETTINGS for value in values[1:]]


def pairs() -> list[tuple[tuple[str, object], tuple[str, object]]]:
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
        play_promises(world(folder, Switches(**chosen), page_size=100))


def test_a_sample_of_pairs_is_of_two_switches_each() -> None:
    found = pairs()

    assert len(found) > 1000
    assert all(one[0] != other[0] for one, other in found)
    assert {name for pair in found for name, _ in pair} == set(Switches.choices()) - set(ACCEPTING_SETTINGS)
