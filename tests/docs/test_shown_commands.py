"""README.md and the pages of docs/ show what really happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.shown_commands import PAGES, ROOT, is_expected_output, mask_changing_parts, run_page

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_print_what_the_page_shows(name: str, tmp_path: Path) -> None:
    page = PAGES[name]
    steps = list(run_page(page, tmp_path, page.section(page.path.read_text(encoding="utf-8"))))

    assert len(steps) >= 5
    for shown, printed in steps:
        if not is_expected_output(shown.output, printed):
            assert mask_changing_parts(shown.output) == mask_changing_parts(printed), f"after: {shown.command}"


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


@pytest.mark.parametrize("name", PAGES)
def test_the_times_of_a_page_agree(name: str) -> None:
    """Each command happens at or after the one before it: the moments at which something was done never go back."""
    page = PAGES[name]
    shown = page.section(page.path.read_text(encoding="utf-8"))
    moments = re.findall(r"(?:as of|@AdobeID at) (\d{4}-\d\d-\d\d \d\d:\d\d)", shown)

    assert moments or name == "docs/getting-started.md"
    assert moments == sorted(moments)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 200
    assert len(PAGES["README.md"].section(README).splitlines()) <= 80


def test_the_requests_named_in_the_readme_are_those_counted() -> None:
    results = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    claimed = re.search(r"is (\d+) requests for 10 exports and for 90", README)
    counted = re.search(r"\| \*\*all\*\* \| (\d+) \| (\d+) \|", results)

    assert claimed and counted
    assert {claimed.group(1)} == set(counted.groups())
