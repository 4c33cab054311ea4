"""README.md and the pages of docs/ show what really happens: every console block runs and is compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.console_blocks import (
    ROOT,
    is_expected_output,
    mask_differing_parts,
    new_output,
    run_page,
    shown_commands,
)
from tests.docs.shown_commands import NOT_RUN, SCENES

README = (ROOT / "README.md").read_text(encoding="utf-8")
NOT_RUN_AT_MOST = 12  # only ever less
PAGES = sorted(("README.md", *(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md"))))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCENES)
def test_the_commands_print_what_the_page_shows(name: str, tmp_path: Path) -> None:
    for shown, printed in run_page(read(name), SCENES[name], tmp_path, NOT_RUN.get(name, {})):
        if shown.is_compared and not is_expected_output(shown.output, printed):
            assert mask_differing_parts(shown.output) == mask_differing_parts(printed), f"after: {shown.command}"


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_a_page_runs_or_is_in_the_table_of_those_that_cannot(name: str) -> None:
    commands = [shown.command for shown in shown_commands(read(name))]
    beginnings = NOT_RUN.get(name, {})

    has_scene = name in SCENES or all(command.startswith(tuple(beginnings)) for command in commands)
    assert has_scene, "add what its commands start from to SCENES in tests/docs/shown_commands.py"
    assert [beginning for beginning in beginnings if not any(c.startswith(beginning) for c in commands)] == []


def test_the_table_of_commands_that_cannot_run_only_shrinks_and_names_tests_that_exist() -> None:
    reasons = [reason for page in NOT_RUN.values() for reason in page.values()]

    assert len(reasons) <= NOT_RUN_AT_MOST
    assert [name for name in re.findall(r"tests/[\w/.]*\w", "\n".join(reasons)) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (("a", "b"), ("a", "b"), True),
        (("a", "b"), ("a", "c"), False),
        (("…", "b"), ("a", "a", "b"), True),
        (("…", "b"), ("a", "b", "c"), False),
        (("a", "…"), ("a", "b", "c"), True),
        (("a", "…", "c"), ("a", "c"), True),
        (("Orders  12.0 KiB",), ("Orders  9.0 KiB",), True),
        (("as of 2026-11-22 05:30 UTC",), ("as of 2030-01-01 00:00 UTC",), False),
    ],
)
def test_the_comparison_sees_what_it_should(shown: tuple[str, ...], printed: tuple[str, ...], same: bool) -> None:
    assert is_expected_output(shown, printed) is same


def test_a_new_output_keeps_the_lines_that_are_like_those_it_showed() -> None:
    printed = ("Plan for sandbox demo", "", "+ exports.orders", "+ exports.web", "Plan: 2 to create.")

    assert new_output(("…", "Plan: 1 to create."), printed) == ("…", "Plan: 2 to create.")
    assert new_output(("…", "+ exports.order", "…"), printed) == ("…", "+ exports.orders", "…")
    assert new_output(("Plan: 1 to create.",), printed) == printed
    assert new_output(("…", "Plan: 2 to create."), printed) == ("…", "Plan: 2 to create.")


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 200


def test_the_requests_named_in_the_readme_are_those_counted() -> None:
    results = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    claimed = re.search(r"is (\d+) requests for 10 exports and for 90", README)
    counted = re.search(r"\| \*\*all\*\* \| (\d+) \| (\d+) \|", results)

    assert claimed and counted
    assert {claimed.group(1)} == set(counted.groups())
