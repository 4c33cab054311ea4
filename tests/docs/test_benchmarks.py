"""What the benchmarks count is what results.md says; nothing is asserted in seconds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.__main__ import PAGE, with_table
from benchmarks.goals import HEAD, Goal
from benchmarks.request_counts import creation_requests, no_change_requests

RESULTS = (Path(__file__).parents[2] / "benchmarks" / "results.md").read_text(encoding="utf-8")
KINDS = ("connections", "sourceConnections", "targetConnections", "flows")


def rows(title: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    section = RESULTS.partition(f"## {title}")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(("column", "exports", "datasets"), [(1, 10, 10), (2, 90, 90), (3, 90, 1000)])
def test_a_plan_without_changes_costs_a_handful_of_lists(column: int, exports: int, datasets: int) -> None:
    counted = no_change_requests(exports, datasets)

    assert dict(counted) == {row[0]: int(row[column]) for row in rows("A plan without changes")[:-1]}
    assert counted.total() == 6 + -(-datasets // 100)


@pytest.mark.parametrize(("exports", "accounts"), [(1, 1), (10, 3)])
def test_creating_takes_three_writes_for_a_flow_and_one_for_an_account(exports: int, accounts: int) -> None:
    counted = creation_requests(exports, accounts)
    written = [counted[f"POST /{kind}"] for kind in KINDS]

    assert written == [accounts, exports, exports, exports]
    assert [str(exports), str(accounts), *map(str, written), str(sum(written))] in rows("Creating everything")


def test_the_results_name_no_host() -> None:
    assert re.search(r"on \d+ cores, \d+ GiB, \w+ \w+, \w+ 3\.\d+\.\d+\.", RESULTS)


def test_the_page_shows_the_goals_that_the_results_have() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [f"| {' | '.join(row)} |" in page for row in rows("Goals")] == [True] * len(rows("Goals"))
    assert len(rows("Goals")) > 20


def test_a_goal_is_reached_by_what_is_at_most_as_much() -> None:
    assert [Goal("m", "9", 2.1, found).row for found in (2.1, 2.1006)] == [
        ("m", "9", "≤ 2.1", "2.100", "yes"),
        ("m", "9", "≤ 2.1", "2.101", "no"),
    ]


def test_a_new_table_of_goals_replaces_the_former_one() -> None:
    head = f"| {' | '.join(HEAD)} |\n"
    page = f"before\n\n{head}| --- |\n| old |\n\n| other |\n"

    assert with_table(page, f"{head}| new |\n") == f"before\n\n{head}| new |\n\n| other |\n"
    with pytest.raises(ValueError, match="0 tables"):
        with_table("| other |\n", head)
