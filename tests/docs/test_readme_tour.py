"""The README shows what really happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.readme_tour import ROOT, is_expected_output, mask_changing_parts, run_command, tour

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tour_prints_what_the_readme_shows(tmp_path: Path) -> None:
    shutil.copy(ROOT / "exports.yaml", tmp_path)
    steps = list(tour(README))

    assert len(steps) > 8
    for shown in steps:
        printed = run_command(shown, tmp_path)
        if not is_expected_output(shown.output, printed):
            assert mask_changing_parts(printed) == mask_changing_parts(shown.output), f"after: {shown.command}"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (("a", "b"), ("a", "b"), True),
        (("a", "b"), ("a", "c"), False),
        (("…", "b"), ("a", "a", "b"), True),
        (("…", "b"), ("a", "b", "c"), False),
        (("as of 2026-11-22 05:30 UTC",), ("as of 2030-01-01 00:00 UTC",), True),
    ],
)
def test_the_comparison_sees_what_it_should(shown: tuple[str, ...], printed: tuple[str, ...], same: bool) -> None:
    assert is_expected_output(shown, printed) is same


def test_the_requests_named_in_the_readme_are_those_counted() -> None:
    results = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    claimed = re.search(r"is (\d+) requests for 10 exports and for 90", README)
    counted = re.search(r"\| \*\*all\*\* \| (\d+) \| (\d+) \|", results)

    assert claimed and counted
    assert {claimed.group(1)} == set(counted.groups())
