"""A list of a hundred thousand files: what it takes does not run away."""

from __future__ import annotations

import tracemalloc

import pytest

from exportctl.workflows.file_lists import dump_json, dump_parquet, load_list
from tests.monitor.backup.sample_file_lists import list_of_days

DAYS, FILES = 1000, 100
MEBIBYTE = 2**20


@pytest.mark.slow
def test_a_list_of_a_hundred_thousand_files_is_written_and_read_in_bounded_memory() -> None:
    tracemalloc.start()
    try:
        listed = list_of_days(DAYS, FILES)
        data = {dump: dump(listed) for dump in (dump_json, dump_parquet)}
        assert all(load_list(one, "it") == listed for one in data.values())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(data[dump_json]) < 32 * MEBIBYTE > 20 * len(data[dump_parquet])
    assert most < 400 * MEBIBYTE
