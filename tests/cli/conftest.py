from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine, copied_command_line, fixed_clock_command_line
from tests.cli.fleet_teams import Teams, serve_teams


@pytest.fixture(scope="session")
def seeded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixed_clock_command_line(tmp_path_factory.mktemp("seeded")).folder


@pytest.fixture(scope="session")
def applied_folder(seeded_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("applied")
    assert copied_command_line(seeded_folder, folder)("apply", "--auto-approve").code == 0
    return folder


@pytest.fixture
def run(seeded_folder: Path, tmp_path: Path) -> CommandLine:
    """A small config, nothing applied yet."""
    return copied_command_line(seeded_folder, tmp_path)


@pytest.fixture
def applied(applied_folder: Path, tmp_path: Path) -> CommandLine:
    """The same, applied."""
    return copied_command_line(applied_folder, tmp_path)


@pytest.fixture
def teams(tmp_path: Path) -> Iterator[Teams]:
    """A project of three environments, and room for more."""
    with serve_teams(tmp_path) as made:
        yield made
