"""
Tables that fit a terminal. Each table states which of its columns wrap and which are dropped, and in which order.

    1. as wide as the texts are, if that fits
    2. the columns with `wraps` become narrower, in that order, down to `narrowest` or their longest word
    3. a first column that does not wrap and takes more than half of the width stands on a line above the others
    4. the columns with `dropped` are left out, in that order, and a line names them
    5. one line for each cell, where even the rest is too wide; then none is left out

A word is never cut: a reader copies addresses and ids. Only in a column with `breaks`, for names that people gave, a
word that is too long takes several lines, with a `\\` at the end of each part. Without a terminal a table is whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exportctl.frozen import dataclass
from exportctl.output.color import Paint
from exportctl.output.wrapping import break_words, count_cells, wrap_words

_GAP = "  "


@dataclass(frozen=True)
class TableColumn:
    """
    A column of a table.

    `wraps` and `dropped` are its turn among those that wrap or are dropped, 0 for never. `narrowest` is the number of
    cells to which it may shrink. `breaks`: words longer than the column are broken, with a mark. `right` aligns
    numbers at their last digit.
    """

    title: str
    wraps: int = 0
    dropped: int = 0
    narrowest: int = 10
    breaks: bool = False
    right: bool = False


@dataclass(frozen=True)
class TableLines:
    """The lines of a table: the titles, those of each row, and what is not shown."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]

    def all_lines(self) -> list[str]:
        return [*self.head, *(line for row in self.rows for line in row), *self.notes]


def lay_out_table(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    width: int,
    ink: Paint,
    *,
    indent: str = "",
    colored: str = "",
    styles: Sequence[str] = (),
) -> TableLines:
    """Return a table that fits. `colored` is the title of the column in color, `styles` has its color in each row."""
    natural = [max(count_cells(text) for text in (c.title, *(row[n] for row in rows))) for n, c in enumerate(columns)]
    every, room = list(range(len(columns))), width - len(indent)
    firsts = [[indent + line for line in _wrapped_cell(row[0], columns[0], room)] for row in rows]
    is_long = not columns[0].wraps and 2 * natural[0] > room
    is_apart = is_long and _fitting_widths(columns, rows, natural, every, room) is None
    shown = every[1:] if is_apart else every
    below = indent + _GAP if is_apart else indent
    painted = [{n: styles[at] if c.title == colored else "" for n, c in enumerate(columns)} for at in range(len(rows))]
    while (widths := _fitting_widths(columns, rows, natural, shown, width - len(below))) is None:
        dropped = [n for n in shown if columns[n].dropped]
        if not dropped:
            below = indent + _GAP
            lined = [
                [*first, *_stacked_lines(columns, row, cells, below, ink)]
                for first, row, cells in zip(firsts, rows, painted, strict=True)
            ]
            return TableLines((), lined, ())
        shown = [n for n in shown if n != min(dropped, key=lambda n: columns[n].dropped)]
    titles = _padded_line([columns[n].title for n in shown], list(widths.values()), below)
    lined = [
        [*(first if is_apart else ()), *_row_lines(columns, row, cells, widths, below, ink)]
        for first, row, cells in zip(firsts, rows, painted, strict=True)
    ]
    head = [*([indent + ink("bold", columns[0].title)] if is_apart else []), below + ink("bold", titles.lstrip(" "))]
    left_out = [columns[n].title for n in every[is_apart:] if n not in shown]
    note = f"{indent}not shown at {width} columns: {', '.join(left_out)}; --format json has all"
    return TableLines(head, lined, [ink("dim", note)] if left_out else [])


def _fitting_widths(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    natural: Sequence[int],
    shown: Sequence[int],
    room: int,
) -> dict[int, int] | None:
    """Return the width of each shown column, None if they do not fit even where they wrap."""
    widths = {n: natural[n] for n in shown}
    excess = sum(widths.values()) + len(_GAP) * (len(shown) - 1) - room
    for n in sorted((n for n in shown if columns[n].wraps), key=lambda n: columns[n].wraps):
        if excess > 0:
            taken = min(excess, widths[n] - _narrowest(columns[n], [row[n] for row in rows], widths[n]))
            widths[n], excess = widths[n] - taken, excess - taken
    if excess > 0:
        return None
    texts = {n: (columns[n].title, *(row[n] for row in rows)) for n in shown}
    return {n: _needed_cells(columns[n], texts[n], width) for n, width in widths.items()}


def _narrowest(column: TableColumn, texts: Sequence[str], natural: int) -> int:
    """Return how narrow a column can be: its title and its longest word stay whole."""
    least = min(natural, max(column.narrowest, count_cells(column.title)))
    return max(least, _needed_cells(column, texts, least))


def _needed_cells(column: TableColumn, texts: Sequence[str], width: int) -> int:
    """Return the cells of the widest line of texts that are wrapped into a width."""
    return max((count_cells(line) for text in texts for line in _wrapped_cell(text, column, width)), default=0)


def _wrapped_cell(text: str, column: TableColumn, width: int) -> list[str]:
    if count_cells(text) <= width:
        return [text]
    return wrap_words(break_words(text, width) if column.breaks else text, width, "", "")


def _row_lines(
    columns: Sequence[TableColumn],
    row: Sequence[str],
    styles: Mapping[int, str],
    widths: Mapping[int, int],
    indent: str,
    ink: Paint,
) -> list[str]:
    """Return the cells of a row that have a width, in as many lines as the tallest has."""
    parts = {n: _cell_lines(row[n], columns[n], width) for n, width in widths.items()}
    lines = []
    for at in range(max(map(len, parts.values()))):
        texts = {n: part[at] if at < len(part) else "" for n, part in parts.items()}
        painted = [ink(styles[n], text) if styles[n] else text for n, text in texts.items()]
        lines.append(_padded_line(painted, list(widths.values()), indent))
    return lines


def _cell_lines(text: str, column: TableColumn, width: int) -> list[str]:
    lines = _wrapped_cell(text, column, width)
    return [" " * (width - count_cells(line)) + line for line in lines] if column.right else lines


def _padded_line(texts: Sequence[str], widths: Sequence[int], indent: str) -> str:
    padded = (text + " " * (width - count_cells(text)) for text, width in zip(texts, widths, strict=True))
    return (indent + _GAP.join(padded)).rstrip(" ")


def _stacked_lines(
    columns: Sequence[TableColumn], row: Sequence[str], styles: Mapping[int, str], indent: str, ink: Paint
) -> list[str]:
    """Return one line for each cell that is not empty, without the first, which is the title of the row."""
    return [
        f"{indent}{column.title}: {ink(styles[n], text) if styles[n] else text}"
        for n, (column, text) in enumerate(zip(columns, row, strict=True))
        if n and text
    ]
