"""A sample of each sweep on every commit; `python -m tests.sweeps NAME` plays it in full."""

from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.law_profile import law_seed
from tests.sweeps.__main__ import SWEEPS
from tests.sweeps.corrupted import AFTER, INSTEAD
from tests.sweeps.judgement import BrokenPromise, FaultKind
from tests.sweeps.runner import Case, find_fault, run_cases

SAMPLES = {"kills": 2, "corrupted": 4, "edits": 3}  # scenarios, with one case of each


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_of_the_sweep_has_no_fault(name: str, tmp_path: Path) -> None:
    random = Random(zlib.crc32(law_seed({}, Path(__file__).parent).encode()))
    scenarios, cases = SWEEPS[name]
    chosen = [random.choice([*cases(one, tmp_path)]) for one in random.sample(scenarios, SAMPLES[name])]

    faults = {case.name: fault for case in chosen if (fault := find_fault(case))}

    assert faults == {}, f"python -m tests.sweeps {name} --only '{next(iter(faults))}'"


def test_the_sweeps_have_the_scenarios_and_kinds_that_their_figures_name() -> None:
    assert len(SWEEPS["kills"][0]) >= 17
    assert len({*INSTEAD, *AFTER}) >= 29
    assert len(SWEEPS["corrupted"][0]) == 12


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BrokenPromise(FaultKind.PAUSE, "it runs again"), FaultKind.PAUSE),
        (KeyError("id"), FaultKind.TRACEBACK),
        (AssertionError("inside"), FaultKind.TRACEBACK),
    ],
)
def test_a_sweep_counts_each_fault_by_its_kind_and_fails(
    error: Exception, kind: FaultKind, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [Case("good", lambda folder: None), Case("bad", lambda folder: _raise(error))]
    expected = Counter([kind])

    assert run_cases("kills", cases, "seed 1") == 1

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "kills: seed 1, 2 cases: " + ", ".join(f"{expected[k]} {k}" for k in FaultKind)
