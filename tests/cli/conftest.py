from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine, fixed_clock_command_line


@pytest.fixture(scope="session")
def seeded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixed_clock_command_line(tmp_path_factory.mktemp("seeded")).folder


@pytest.fixture(scope="session")
def applied_folder(seeded_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("applied")
    shutil.copytree(seeded_folder, folder, dirs_exist_ok=True)
    assert CommandLine(folder)("apply", "--auto-approve").code == 0
    return folder


@pytest.fixture
def run(seeded_folder: Path, tmp_path: Path) -> CommandLine:
    """A small config, nothing applied yet."""
    shutil.copytree(seeded_folder, tmp_path, dirs_exist_ok=True)
    return CommandLine(tmp_path)


@pytest.fixture
def applied(applied_folder: Path, tmp_path: Path) -> CommandLine:
    """The same, applied."""
    shutil.copytree(applied_folder, tmp_path, dirs_exist_ok=True)
    return CommandLine(tmp_path)
