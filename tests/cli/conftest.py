from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CommandLine, still


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """A small config, nothing applied yet."""
    return still(tmp_path)


@pytest.fixture
def applied(run: CommandLine) -> CommandLine:
    """The same, applied."""
    assert run("apply", "--auto-approve").code == 0
    return run
