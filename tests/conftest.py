"""
What holds for all tests: the profile of every law, how many workers `-n auto` starts, and that compiled code is kept.

Some images set PYTHONDONTWRITEBYTECODE. Then each run compiles all tests again, and each process that a test starts
compiles all that it imports.
"""

import os
import sys

import pytest

from tests.law_profile import (
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_report_header,
    pytest_runtest_makereport,
    pytest_terminal_summary,
)

__all__ = [
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_report_header",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
]

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: some tests wait for another process or for a timer."""
    return (os.cpu_count() or 1) + 1
