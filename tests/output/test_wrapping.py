"""Lines that fit a terminal, and tables whose columns wrap and are dropped in their stated order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from exportctl.output.color import paint
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.output.wrapping import NO_LIMIT, break_words, count_cells, wrap_line, wrap_text

PLAIN = paint(False)
COLUMNS = (
    TableColumn("EXPORT"),
    TableColumn("HEALTH"),
    TableColumn("STATE", dropped=1),
    TableColumn("LAST RUN", wraps=1, narrowest=20),
    TableColumn("DAYS", dropped=2, right=True),
)
ROWS = [
    ("exports.orders", "OK", "enabled", "2027-01-15 02:00 UTC done, 6 hours ago", "180"),
    ("exports.web", "ENDING", "enabled", "", "3"),
]


@pytest.mark.parametrize(
    "text", ["Orders", "表格", "한글", "e\u0301te\u0301", "❤️ ✓ 🎉", "\x1b[1;31mred\x1b[0m", "한", "🇩🇪"]
)
def test_cells_are_counted_as_a_terminal_shows_them(text: str) -> None:
    assert count_cells(text) == cell_len(text.replace("\x1b[1;31m", "").replace("\x1b[0m", ""))


@pytest.mark.parametrize(
    ("line", "width", "expected"),
    [
        ("  a line that is too long", 14, ["  a line that", "    is too", "    long"]),
        ("it ends 2026-12-01 00:00 UTC, soon", 28, ["it ends", "  2026-12-01 00:00 UTC, soon"]),
        ("2026-12-01 00:00 UTC", 18, ["2026-12-01", "  00:00 UTC"]),
        ("  s3://acme-lake/a/very/long/path and more", 20, ["  s3://acme-lake/a/very/long/path", "    and more"]),
        (
            "  exportctl verify --env prod --target exports.a",
            30,
            ["  exportctl verify --env \\", "    prod --target exports.a"],
        ),
        ("To apply: exportctl apply --env prod", 30, ["To apply:", "  exportctl apply --env prod"]),
        (
            """  exportctl emulator faults add '{"a": 1}'""",
            34,
            ["  exportctl emulator faults add \\", """    '{"a": 1}'"""],
        ),
        ("  exportctl plan  # what it would do", 24, ["  exportctl plan", "    # what it would do"]),
        ("  exportctl plan  # a b c d", 20, ["  exportctl plan", "    # a b c d"]),
        ("two  columns  stay  apart", 20, ["two  columns  stay", "  apart"]),
        ("表格 表格 表格", 10, ["表格 表格", "  表格"]),
    ],
    ids=[
        "hanging",
        "a moment is one word",
        "a narrow moment",
        "a path is never cut",
        "a command can be pasted",
        "a command has its own line",
        "quotes",
        "a comment",
        "a short comment",
        "blanks",
        "wide",
    ],
)
def test_a_line_is_broken_at_blanks(line: str, width: int, expected: list[str]) -> None:
    assert wrap_line(line, width) == expected


def test_nothing_is_broken_without_a_terminal() -> None:
    assert wrap_text("x " * 500, NO_LIMIT) == "x " * 500


@given(st.text("ab表é ", max_size=120), st.integers(4, 60))
def test_only_a_single_word_is_wider_than_the_width(line: str, width: int) -> None:
    parts = wrap_line(line, width)

    assert [p for p in parts if count_cells(p) > width and " " in p.strip(" ")] == []
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")


@given(st.text("a_表", min_size=1, max_size=40), st.integers(3, 12))
def test_a_broken_word_shows_where_it_was_broken(word: str, width: int) -> None:
    *parts, last = break_words(word, width).split(" ")

    assert all(part.endswith("\\") and count_cells(part) <= width for part in parts)
    assert "".join(part[:-1] for part in parts) + last == word


def _table(width: int) -> str:
    return "\n".join(lay_out_table(COLUMNS, ROWS, width, PLAIN).all_lines())


def test_a_table_is_whole_without_a_terminal() -> None:
    assert _table(NO_LIMIT) == (
        "EXPORT          HEALTH  STATE    LAST RUN                                DAYS\n"
        "exports.orders  OK      enabled  2027-01-15 02:00 UTC done, 6 hours ago   180\n"
        "exports.web     ENDING  enabled                                             3"
    )


def test_a_column_that_wraps_wraps_before_one_is_dropped() -> None:
    assert _table(66) == (
        "EXPORT          HEALTH  STATE    LAST RUN                    DAYS\n"
        "exports.orders  OK      enabled  2027-01-15 02:00 UTC done,   180\n"
        "                                 6 hours ago\n"
        "exports.web     ENDING  enabled                                 3"
    )


def test_columns_are_dropped_in_their_order_and_named() -> None:
    assert _table(54) == (
        "EXPORT          HEALTH  LAST RUN              DAYS\n"
        "exports.orders  OK      2027-01-15 02:00 UTC   180\n"
        "                        done, 6 hours ago\n"
        "exports.web     ENDING                           3\n"
        "not shown at 54 columns: STATE; --format json has all"
    )


def test_a_table_that_cannot_fit_has_a_line_for_each_cell() -> None:
    assert _table(30) == (
        "exports.orders\n"
        "  HEALTH: OK\n"
        "  STATE: enabled\n"
        "  LAST RUN: 2027-01-15 02:00 UTC done, 6 hours ago\n"
        "  DAYS: 180\n"
        "exports.web\n"
        "  HEALTH: ENDING\n"
        "  STATE: enabled\n"
        "  DAYS: 3"
    )


def test_a_long_name_stands_above_its_row_and_costs_no_column() -> None:
    rows = [("exports.orders-to-the-partner-of-the-shop", *ROWS[0][1:]), ROWS[1]]

    assert "\n".join(lay_out_table(COLUMNS, rows, 60, PLAIN).all_lines()) == (
        "EXPORT\n"
        "  HEALTH  STATE    LAST RUN                            DAYS\n"
        "exports.orders-to-the-partner-of-the-shop\n"
        "  OK      enabled  2027-01-15 02:00 UTC done, 6 hours   180\n"
        "                   ago\n"
        "exports.web\n"
        "  ENDING  enabled                                         3"
    )


def test_color_takes_no_cells() -> None:
    colored = lay_out_table(COLUMNS, ROWS, 54, paint(True), colored="HEALTH", styles=["good", "warning"]).all_lines()

    assert "\x1b[32mOK\x1b[0m" in colored[1]
    assert [count_cells(line) for line in colored] == [count_cells(line) for line in _table(54).split("\n")]


def test_a_line_in_color_is_broken_where_the_same_line_without_it_is() -> None:
    for line in (
        f"{' ' * 10}{'part-' * 20}: 1000 bytes",
        "    policy: the backup is CHANGED",
        "  run: exportctl plan -v",
    ):
        colored = wrap_line(paint(True)("error", line), 24)

        assert [re.sub(r"\x1b\[[0-9;]*m", "", part) for part in colored] == wrap_line(line, 24)


@given(st.integers(20, 200), st.lists(st.text("ab 表", max_size=30), min_size=1, max_size=4))
def test_every_row_of_a_table_fits_or_stands_in_lines_of_its_own(width: int, names: list[str]) -> None:
    columns = (TableColumn("NAME", wraps=1, breaks=True), TableColumn("STATE", dropped=1))
    laid = lay_out_table(columns, [(name, "enabled") for name in names], width, PLAIN)

    assert max(count_cells(line) for row in (laid.head, *laid.rows) for line in row) <= width
