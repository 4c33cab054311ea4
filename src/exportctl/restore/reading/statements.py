"""
What the readings of all engines have in common: statements of SQL, and the table of files with their runs. Pure.

A statement here is finished text of one dialect. Every value in it is a literal that sqlglot made: a name of a dataset
may hold any character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from exportctl.frozen import dataclass
from exportctl.restore.source import RestoreFile
from exportctl.restore.sql import FILE, FILES, PLACE, RUN, ReadTable
from exportctl.restore.table import FileGroup

READ = "exportctl_read"  # a number follows
PATH = "exportctl_path"  # the column of the file, as the engine spells it
_ROWS_AT_ONCE = 1000  # in one INSERT

FileName = Callable[[RestoreFile], str]


@dataclass(frozen=True)
class Reading:
    """Statements that make plain tables of files, the tables, and what a person must know or fill in."""

    statements: tuple[str, ...]
    tables: tuple[ReadTable, ...]
    notes: tuple[str, ...] = ()


def text_literal(text: str, dialect: str) -> str:
    return exp.Literal.string(text).sql(dialect)


def text_literals(texts: Iterable[str], dialect: str) -> str:
    """Return literals with commas in between; one generator makes all, because there may be 100,000."""
    generator = Dialect.get_or_raise(dialect).generator()
    return ", ".join(generator.generate(exp.Literal.string(text), copy=False) for text in texts)


@dataclass(frozen=True)
class FilesTable:
    """The table of files: its name with its columns, their types, and a row of literals for each file."""

    head: str
    definition: str
    rows: tuple[str, ...]


def files_table(files: Sequence[RestoreFile], name: FileName, dialect: str) -> FilesTable:
    """Return how the engine spells each file, its place in the order of runs, and its run."""
    text, number = (exp.DataType.build(type).sql(dialect) for type in ("TEXT", "INT"))
    generator = Dialect.get_or_raise(dialect).generator()
    rows = (
        f"({generator.generate(exp.Literal.string(name(one)), copy=False)}, {place}, {one.run})"
        for place, one in enumerate(files, start=1)
    )
    head = f"{FILES} ({FILE}, {PLACE}, {RUN})"
    return FilesTable(head, f"{FILES} ({FILE} {text}, {PLACE} {number}, {RUN} {number})", tuple(rows))


def create_files_table(made: FilesTable, create: str) -> Iterator[str]:
    """Yield the statements that create the table of files and fill it."""
    yield f"{create} {made.definition}"
    for first in range(0, len(made.rows), _ROWS_AT_ONCE):
        yield f"INSERT INTO {FILES} VALUES {', '.join(made.rows[first : first + _ROWS_AT_ONCE])}"


def present_columns(group: FileGroup) -> FileGroup:
    """Return a group without the columns that none of its files has."""
    columns = tuple(one for one in group.columns if one.name in group.present)
    return FileGroup(group.format, columns, group.files, group.present)
