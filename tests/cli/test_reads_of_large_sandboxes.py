"""In a sandbox with three pages of datasets, a command that needs none of them sends no request for them."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from exportctl.emulator import Emulator, SeedDataset
from tests.cli.command_line import SMALL, STATE, CommandLine
from tests.cli.test_reads_cli import OBJECTS, OF_PLAN, TOKEN, requests_of

PAGES = 3
OF_LARGE_PLAN = Counter({**Counter(OF_PLAN), "datasets": PAGES})
READS = {
    "plan": OF_LARGE_PLAN,
    "drift": OF_LARGE_PLAN,
    "datasets": Counter({TOKEN: 1, "datasets": PAGES}),
    "renew": Counter((TOKEN, *OBJECTS)),
    "status": Counter((TOKEN, *OBJECTS)),
    "forecast": Counter((TOKEN, *OBJECTS)),
    "runs exports.orders": Counter((TOKEN, "flow", "runs")),
    "verify --runs-only": Counter((TOKEN, *OBJECTS, "runs")),
}


@pytest.fixture
def large(applied: CommandLine) -> CommandLine:
    with closing(Emulator(applied.folder / STATE)) as emulator:
        there = len(list(emulator.store.list_records("datasets", "demo")))
        emulator.seed(["demo"], {"demo": [SeedDataset(f"Dataset {n}") for n in range(201 - there)]})
    return applied


@pytest.mark.parametrize("command", READS)
def test_a_command_pages_datasets_only_if_it_needs_them(large: CommandLine, command: str) -> None:
    assert requests_of(large, *command.split()) == READS[command]


def test_an_apply_pages_datasets_once(large: CommandLine) -> None:
    large.write(SMALL.replace("{datasets: [Orders]}", "{datasets: [Orders], title: Daily orders}"))

    sent = requests_of(large, "apply", "--auto-approve")

    assert sent == OF_LARGE_PLAN + Counter(("PATCH /flows/{id}", "flow"))
