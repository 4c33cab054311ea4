"""A sample of the fuzz sweep: no input of any kind ends in anything but a value or an Error for people."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from tests.fuzz.sweep import try_input
from tests.fuzz.targets import Sandbox, build_sandbox, build_targets
from tests.law_profile import law_seed

SAMPLE = 2000  # of a million
NAMES = ("marker", "manifest", "listing", "file-list", "answer", "plan-file", "config", "snapshot", "live")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return build_sandbox(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_inputs_ends_in_a_value_or_an_error(sandbox: Sandbox, name: str) -> None:
    weight, target = build_targets(sandbox)[name]
    seed = zlib.crc32(law_seed({}, Path(__file__).parent).encode())

    ends = {try_input(target, name, seed, number) for number in range(SAMPLE * weight // 1000)}

    assert ends <= {"value", "error"} and ends, f"python -m tests.fuzz.sweep --seed {seed} --only {name}"


def test_every_target_has_a_sample(sandbox: Sandbox) -> None:
    assert set(NAMES) == set(build_targets(sandbox))
