"""A table as a Parquet file that shows every edit before another reader sees the bytes."""

from __future__ import annotations

import random

import pytest

from exportctl.storage.sealed_parquet import EditedTable, SealedTable, dump_table, load_table

COLUMNS = {"name": "text", "due": "moment", "size": "number"}
ROWS = [("a", 1_800_000_000, 5), (f"sha256:{'0' * 64}\n", None, None), (None, 0, -1)]
TABLE = SealedTable(COLUMNS, ROWS, "exportctl.test", f'{{"sha256:{"0" * 64}": 1}}')
DATA = dump_table(TABLE)


def test_a_table_is_read_back_and_equal_rows_give_equal_bytes() -> None:
    assert load_table(DATA, COLUMNS, "exportctl.test") == (TABLE.header, ROWS)
    assert dump_table(TABLE) == DATA


def test_a_table_without_rows_is_one() -> None:
    assert load_table(dump_table(SealedTable(COLUMNS, [], "h", "x")), COLUMNS, "h") == ("x", [])


def test_every_byte_that_is_changed_and_every_cut_is_noticed() -> None:
    chosen = random.Random(1)
    for position in range(len(DATA)):
        edited = bytearray(DATA)
        edited[position] ^= 1 << chosen.randrange(8)
        with pytest.raises(EditedTable):
            load_table(bytes(edited), COLUMNS, "exportctl.test")
        with pytest.raises(EditedTable):
            load_table(DATA[:position], COLUMNS, "exportctl.test")


def test_another_table_of_exportctl_is_refused() -> None:
    other_type = SealedTable({**COLUMNS, "size": "text"}, [("a", 1, "5")], "h", "")
    for other in (SealedTable({"other": "text"}, [("x",)], "h", ""), other_type):
        with pytest.raises(EditedTable, match="other columns"):
            load_table(dump_table(other), COLUMNS, "h")
    assert load_table(DATA, COLUMNS, "another header")[0] is None
