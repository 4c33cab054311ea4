"""
Restore for a test, or into a new folder: an engine reads every value, counts, and the report judges the counts.

    duckdb   on this machine, files in place or streamed into a temporary folder
    spark    on a cluster, which reads the storage itself; only footers (of JSON: the files, one by one) come here
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.client.guard import SecretGuard
from exportctl.engines.duckdb import open_duckdb
from exportctl.engines.engine import EngineError, Rows, SqlEngine
from exportctl.engines.local_files import fetch_ends, fetch_files, open_work_folder
from exportctl.engines.new_folder import check_new_folder, open_new_folder
from exportctl.engines.spark import open_spark
from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.restore import questions
from exportctl.restore.engine import Engine
from exportctl.restore.reading.statements import FileName
from exportctl.restore.report import KeyCounts, RestoreCheck, RestoreReport, TableFacts, judge_table, unreadable_table
from exportctl.restore.request import CheckOptions, RestoreRequest
from exportctl.restore.script import RestoreScript, build_script, query_text
from exportctl.restore.source import RestoreFile
from exportctl.restore.table import ConflictError, FileColumns, RestoreTable, build_table
from exportctl.restore.uris import base_uri, hadoop_uri
from exportctl.storage.reader import StoredFile
from exportctl.storage.row_count import BadFile, count_rows
from exportctl.workflows.load_config import Setup
from exportctl.workflows.restore import OpenSource, read_sources, require_one_storage, single_source
from exportctl.workflows.verify import Verifier

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class _Files:
    """How a statement spells a file, how an answer of the engine spells it, and what columns the files have."""

    name: FileName
    named: FileName
    columns: Iterable[FileColumns]


@dataclass(frozen=True)
class _Session:
    """An open engine. `prepare` fetches what it needs of the files, or raises BadFile."""

    engine: Engine
    sql: SqlEngine
    prepare: Callable[[], _Files]

    def ask(self, question: exp.Expr) -> Rows:
        return self.sql.execute(query_text(question, self.engine))


def check_restore(verifier: Verifier, asked: RestoreRequest, options: CheckOptions) -> RestoreReport:
    """
    Restore each dataset for a test, and count what came back.

    Raises:
        Error: as `read_sources`; the engine is not installed or cannot be reached, or the disk is too small.
    """
    report, opened = read_sources(verifier, asked)
    checks = tuple(check_source(one, options, verifier.setup) for one in opened)
    return RestoreReport(report.header, report.as_of, options.engine.value, checks)


def check_source(one: OpenSource, options: CheckOptions, setup: Setup) -> RestoreCheck:
    """Restore one dataset for a test; the errors are those of `check_restore`."""
    with _open_checked(one, options, setup) as (check, _, _):
        return check


def write_restore(verifier: Verifier, asked: RestoreRequest, to: Path, options: CheckOptions) -> RestoreReport:
    """
    Write the table of one dataset as Parquet into a new folder, unless its check fails.

    Raises:
        Error: as `check_restore`; the export has several datasets, or the folder cannot be the new one.
    """
    check_new_folder(to, verifier.local_folders)
    report, opened = read_sources(verifier, asked)
    check = write_source(single_source(opened), to, options, verifier.setup)
    if not check.failures and not check.columns:
        raise Error(f"{check.source.dataset}: the table has no row and no column", rule="restore-nothing")
    return RestoreReport(
        report.header, report.as_of, options.engine.value, (check,), None if check.failures else str(to)
    )


def write_source(one: OpenSource, to: Path, options: CheckOptions, setup: Setup) -> RestoreCheck:
    """
    Write the table of one dataset into a new folder, unless its check fails or it has no column.

    Raises:
        Error: as `check_restore`; the table could not be written.
    """
    with _open_checked(one, options, setup) as (check, script, session):
        if script is not None and not check.failures:
            _write_table(check, script, session, to)
    return check


def _write_table(check: RestoreCheck, script: RestoreScript, session: _Session, to: Path) -> None:
    hint = "is the disk full, or did a file change meanwhile?"
    with open_new_folder(to) as folder:
        try:
            rows = session.sql.write_parquet(query_text(script.query, session.engine), folder / "table")
        except EngineError as error:
            raise Error(f"{to} could not be written: {error}", rule="restore-write", hint=hint) from error
        if rows != check.restored:
            message = f"{rows} of {check.restored} rows were written; nothing is left in {to}"
            raise Error(message, rule="restore-write", hint=hint)


# -- one dataset ------------------------------------------------------------------------------------------------------


@contextmanager
def _open_checked(
    one: OpenSource, options: CheckOptions, setup: Setup
) -> Iterator[tuple[RestoreCheck, RestoreScript | None, _Session]]:
    """Open an engine over the files of a dataset, and give its check and the script that it executed, if any."""
    with (
        open_work_folder(options.work) as work,
        _open_spark(one, options.master, work)
        if options.master
        else _open_duckdb(one, options, work, setup.say) as session,
    ):
        yield *_check_table(one, session, setup.guard, accept_incomplete=options.accept_incomplete), session


@contextmanager
def _open_duckdb(one: OpenSource, options: CheckOptions, work: Path, say: Callable[[str], None]) -> Iterator[_Session]:
    files = one.source.files
    with open_duckdb(work, options.memory) as engine:

        def prepare() -> _Files:
            local = fetch_files(one.reader, files, work, say)
            return _Files(local, local, engine.file_columns((file, local(file)) for file in files))

        yield _Session(Engine.DUCKDB, engine, prepare)


@contextmanager
def _open_spark(one: OpenSource, master: str, work: Path) -> Iterator[_Session]:
    require_one_storage(one)
    base, files = base_uri(one.source.location, Engine.SPARK), one.source.files
    with open_duckdb(work) as columns, open_spark(master) as engine:

        def name(file: RestoreFile) -> str:
            return f"{base}/{file.path}"

        def prepare() -> _Files:
            ends = fetch_ends(one.reader, files, work)
            return _Files(name, lambda file: hadoop_uri(name(file)), columns.file_columns(ends))

        yield _Session(Engine.SPARK, engine, prepare)


def _check_table(
    one: OpenSource, session: _Session, guard: SecretGuard, *, accept_incomplete: bool
) -> tuple[RestoreCheck, RestoreScript | None]:
    source, script = one.source, None
    try:
        files = session.prepare()
        table = build_table(source.dataset, list(files.columns))
        facts = TableFacts({}, 0)
        if table.columns:
            script = build_script(source, table, session.engine, files.name)
            facts = _read_facts(one, table, script, session, files)
    except (BadFile, ConflictError, EngineError) as error:
        return unreadable_table(source, guard.mask(str(error)), accept_incomplete=accept_incomplete), None
    return judge_table(source, table, facts, accept_incomplete=accept_incomplete), script


def _read_facts(
    one: OpenSource, table: RestoreTable, script: RestoreScript, session: _Session, files: _Files
) -> TableFacts:
    """Read every value of every file, and count; BadFile names the one that the engine cannot read."""
    try:
        for statement in script.statements:
            session.sql.execute(statement)
    except EngineError as error:
        raise _find_damaged_file(one) or error from error
    try:
        answers = [row for read in script.tables for row in session.ask(questions.rows_by_file(read, session.engine))]
    except EngineError as error:
        raise _find_bad_file(one, script, session, files) or error from error
    paths = {files.named(file): file.path for file in one.source.files}
    ((restored,),) = session.ask(questions.count_rows(script.query))
    span = questions.time_span(script.query, table.columns)
    first, last = session.ask(span)[0] if span else (None, None)
    rows = {paths.get(str(row[0]), str(row[0])): int(row[1]) for row in answers}
    return TableFacts(rows, restored, _key_counts(table, script, session), first, last)


def _key_counts(table: RestoreTable, script: RestoreScript, session: _Session) -> KeyCounts | None:
    if script.key is None:
        return None
    ((keys, ambiguous, without),) = session.ask(questions.key_counts(table, script.tables, script.key))
    return KeyCounts(keys, int(ambiguous), int(without))


def _find_bad_file(one: OpenSource, script: RestoreScript, session: _Session, files: _Files) -> BadFile | None:
    """
    Return the first file that cannot be read: by our own strict reading, else by that of the engine.

    DuckDB does not name the file, so it reads halves of the list until one file is left. Spark names it.
    """
    if damaged := _find_damaged_file(one):
        return damaged
    error, left = _reading_error(script, session, files, one.source.files), one.source.files
    while error is not None and session.engine is Engine.DUCKDB and len(left) > 1:
        half = left[: len(left) // 2]
        first = _reading_error(script, session, files, half)
        left, error = (half, first) if first else (left[len(half) :], error)
    whole = error.whole if error else ""
    named = [file for file in left if len(left) == 1 or file.path.rpartition("/")[2] in whole]
    return BadFile(named[0].path, str(error)) if named else None


def _find_damaged_file(one: OpenSource) -> BadFile | None:
    for file in one.source.files:
        try:
            stored = StoredFile(file.path, file.size)
            count_rows(one.reader, stored, file.format.type, file.format.compression)
        except BadFile as found:
            return found
    return None


def _reading_error(
    script: RestoreScript, session: _Session, files: _Files, some: Sequence[RestoreFile]
) -> EngineError | None:
    """Return what the engine says when it reads every value of some of the files; None: nothing."""
    try:
        for read in script.tables:
            session.ask(questions.rows_by_file(read, session.engine, [files.named(file) for file in some]))
    except EngineError as error:
        return error
    return None
