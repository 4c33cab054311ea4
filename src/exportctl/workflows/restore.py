"""
Restore datasets of an export as tables: read its chains, fetch the files, and let an engine execute the query.

    live objects, runs, storage     ->  the chain of each dataset, as `backup status` reads it
    chain and a moment              ->  the files (restore.select_files)
    the files, or their footers     ->  their columns (engines), one table (restore.table)
    table                           ->  SQL (restore.script), a check, or a folder of Parquet

Nothing is written to the service or to the storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.engines.duckdb import DuckDb, EngineError, Rows, open_duckdb
from exportctl.engines.local_files import Say, fetch_ends, fetch_files, open_work_folder
from exportctl.engines.new_folder import check_new_folder, open_new_folder
from exportctl.errors import Error
from exportctl.monitor.backup.report import BackupReport, Chain
from exportctl.resources import wire
from exportctl.resources.destinations.type import Part, Protocol
from exportctl.resources.kinds import LOCATION, TARGET_CONNECTION
from exportctl.restore import questions
from exportctl.restore.engine import Engine
from exportctl.restore.reading.statements import FileName
from exportctl.restore.report import KeyCounts, RestoreCheck, RestoreReport, TableFacts, judge_table, unreadable_table
from exportctl.restore.script import RestoreScript, build_script, query_text, script_comments
from exportctl.restore.select_files import select_source
from exportctl.restore.source import FileFormat, RestoreLocation, RestoreSource
from exportctl.restore.table import ConflictError, RestoreTable, build_table
from exportctl.restore.uris import base_uri
from exportctl.storage.access_types import S3, Azure, Google, LocalFolder
from exportctl.storage.reader import StorageReader
from exportctl.storage.row_count import BadFile
from exportctl.storage.spanning import SpanningReader
from exportctl.workflows.backup import read_backups
from exportctl.workflows.verify import VerifiedExport, Verifier

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class RestoreRequest:
    """What to restore. `dataset` is a name or an id, None: all of the export. `as_of` in seconds, None: the newest."""

    dataset: str | None = None
    as_of: int | None = None


@dataclass(frozen=True)
class OpenSource:
    """What is restored, and the reader of its storage, open until the verifier is closed."""

    source: RestoreSource
    reader: StorageReader


@dataclass(frozen=True)
class CheckOptions:
    """How a check works: its temporary folder (None: the system's), the engine's memory, and what it accepts."""

    work: Path | None = None
    memory: str = "512MB"
    accept_incomplete: bool = False


# -- the files --------------------------------------------------------------------------------------------------------


def read_sources(verifier: Verifier, asked: RestoreRequest) -> tuple[BackupReport, tuple[OpenSource, ...]]:
    """
    Return the files of each dataset that is asked for, in the order of the export.

    Raises:
        ServiceError: flows or runs could not be read.
        Error: the storage cannot be read, no dataset of the export has that name, or there is no table at that moment.
    """
    report, checked = read_backups(verifier)
    opened = [
        _open_source(one, chain, asked)
        for chains, one in zip(report.exports, checked, strict=True)
        for chain in chains.chains
        if asked.dataset in (None, chain.dataset, chain.dataset_id)
    ]
    if not opened:
        known = ", ".join(chain.dataset for chains in report.exports for chain in chains.chains)
        message = f"--dataset {asked.dataset}: the export has no dataset of this name or id"
        raise Error(message, rule="restore-dataset", hint=f"it has {known}")
    return report, tuple(opened)


def _open_source(one: VerifiedExport, chain: Chain, asked: RestoreRequest) -> OpenSource:
    if one.verdicts.errors:
        found = one.verdicts.errors[0]
        raise Error(found.message, rule=found.rule, hint=found.hint, at=found.at)
    reader, expectation = one.storage.reader, one.flow.expectation
    written = FileFormat(expectation.format, expectation.compression) if expectation else FileFormat("parquet", "gzip")
    source = select_source(one.flow.address, chain, read_location(one), written, asked.as_of)
    if reader is None:
        hint = "docs/how-to/let-verify-read-storage.md"
        raise Error(f"its storage is not read: {one.storage.storage}", rule="restore-storage", hint=hint)
    return OpenSource(source, reader)


def read_location(one: VerifiedExport) -> RestoreLocation:
    """Return where the files of an export are, without a credential."""
    live, expectation, access = one.flow.live_flow, one.flow.expectation, one.storage.access
    if live is None or live.target is None or expectation is None or access is None:
        return RestoreLocation(one.storage.storage)
    method, label, protocol = access.method, access.label, expectation.type.protocol
    if isinstance(method, S3):
        known = Protocol.GCS if protocol is Protocol.GCS else Protocol.S3
        return RestoreLocation(label, known, method.bucket, prefix=method.prefix)
    if isinstance(method, Azure):
        known = Protocol.AZURE_LAKE if protocol is Protocol.AZURE_LAKE else Protocol.AZURE_CONTAINER
        return RestoreLocation(label, known, method.container, method.account, _azure_domain(method.endpoint))
    if isinstance(method, Google):
        return RestoreLocation(label, Protocol.GCS, method.bucket)
    fields = wire.read_fields(TARGET_CONNECTION.name, live.target.raw)[LOCATION]
    container = fields.get(expectation.type.part_name(Part.CONTAINER))
    folder = str(method.path) if isinstance(method, LocalFolder) else None
    return RestoreLocation(label, protocol, container, folder=folder)


def _azure_domain(endpoint: str) -> str:
    return endpoint.partition(".blob.")[2].partition("/")[0] or RestoreLocation.domain


# -- a check ----------------------------------------------------------------------------------------------------------


def check_restore(verifier: Verifier, asked: RestoreRequest, options: CheckOptions, say: Say) -> RestoreReport:
    """
    Restore each dataset in DuckDB and count what came back.

    Raises:
        Error: as `read_sources`; DuckDB is not installed, or the disk is too small.
    """
    report, opened = read_sources(verifier, asked)
    checks = []
    for one in opened:
        with open_work_folder(options.work) as work, open_duckdb(work, options.memory) as engine:
            checks.append(_check_source(one, engine, work, options, say)[0])
    return RestoreReport(report.header, report.as_of, Engine.DUCKDB.value, tuple(checks))


def write_restore(
    verifier: Verifier, asked: RestoreRequest, to: Path, options: CheckOptions, say: Say
) -> RestoreReport:
    """
    Write the table of one dataset as Parquet into a new folder, unless its check fails.

    Raises:
        Error: as `check_restore`; the export has several datasets, or the folder cannot be the new one.
    """
    check_new_folder(to, verifier.local_folders)
    report, opened = read_sources(verifier, asked)
    one = single_source(opened)
    with open_work_folder(options.work) as work, open_duckdb(work, options.memory) as engine:
        check, script = _check_source(one, engine, work, options, say)
        if check.failures:
            return RestoreReport(report.header, report.as_of, Engine.DUCKDB.value, (check,))
        if script is None:
            raise Error(f"{one.source.dataset}: the table has no row and no column", rule="restore-nothing")
        with open_new_folder(to) as folder:
            rows = engine.write_parquet(query_text(script.query, Engine.DUCKDB), folder / "table")
            if rows != check.restored:
                message = f"{rows} of {check.restored} rows were written; nothing is left in {to}"
                raise Error(message, rule="restore-write", hint="is the disk full, or did a file change meanwhile?")
    return RestoreReport(report.header, report.as_of, Engine.DUCKDB.value, (check,), str(to))


def single_source(opened: Sequence[OpenSource]) -> OpenSource:
    """Return the one source, or raise an Error: there are several datasets."""
    if len(opened) > 1:
        known = ", ".join(one.source.dataset for one in opened)
        raise Error(
            "the export has several datasets", rule="restore-dataset", hint=f"add --dataset with one of {known}"
        )
    return opened[0]


def _check_source(
    one: OpenSource, engine: DuckDb, work: Path, options: CheckOptions, say: Say
) -> tuple[RestoreCheck, RestoreScript | None]:
    """Return the check, and the script whose statements were executed, if there is a table."""
    source, script = one.source, None
    try:
        name = fetch_files(one.reader, source.files, work, say)
        columns = engine.file_columns((file, name(file)) for file in source.files)
        table = build_table(source.dataset, list(columns))
        if table.columns:
            script = build_script(source, table, Engine.DUCKDB, name)
        facts = _read_facts(source, table, script, engine, name) if script else TableFacts({}, 0)
    except (BadFile, ConflictError, EngineError) as error:
        return unreadable_table(source, str(error), accept_incomplete=options.accept_incomplete), None
    return judge_table(source, table, facts, accept_incomplete=options.accept_incomplete), script


def _read_facts(
    source: RestoreSource, table: RestoreTable, script: RestoreScript, engine: DuckDb, name: FileName
) -> TableFacts:
    """Read every value of every file, and count; BadFile names the one that an engine cannot read."""
    for statement in script.statements:
        engine.execute(statement)
    paths = {name(file): file.path for file in source.files}
    try:
        answers = [row for read in script.tables for row in _ask(engine, questions.rows_by_file(read))]
    except EngineError as error:
        raise engine.find_bad_file(source.files, name) or error from error
    counted = {paths[row[0]]: row[1] for row in answers}
    ((restored,),) = _ask(engine, questions.count_rows(script.query))
    span = questions.time_span(script.query, table.columns)
    first, last = _ask(engine, span)[0] if span else (None, None)
    keys = _key_counts(table, script, engine) if script.key else None
    return TableFacts(counted, restored, keys, first, last)


def _key_counts(table: RestoreTable, script: RestoreScript, engine: DuckDb) -> KeyCounts:
    assert script.key is not None
    ((keys, ambiguous, without),) = _ask(engine, questions.key_counts(table, script.tables, script.key))
    return KeyCounts(keys, int(ambiguous), int(without))


def _ask(engine: DuckDb, question: exp.Expr) -> Rows:
    return engine.execute(query_text(question, Engine.DUCKDB))


# -- SQL --------------------------------------------------------------------------------------------------------------


def write_script(
    verifier: Verifier, asked: RestoreRequest, engine: Engine, work: Path | None
) -> tuple[RestoreSource, RestoreScript]:
    """
    Return the script that makes the table of one dataset in an engine, which reads the storage itself.

    Raises:
        Error: as `read_sources`; the export has several datasets, the engine cannot read this storage, a file is
            damaged, or a column has two types.
    """
    one = single_source(read_sources(verifier, asked)[1])
    _require_one_storage(one)
    base = base_uri(one.source.location, engine)
    with open_work_folder(work) as folder, open_duckdb(folder) as columns:
        ends = fetch_ends(one.reader, one.source.files, folder)
        table = build_table(one.source.dataset, list(columns.file_columns(ends)))
    if not table.columns:
        raise Error(f"{one.source.dataset}: the files have no row and no column", rule="restore-nothing")
    return one.source, build_script(one.source, table, engine, lambda file: f"{base}/{file.path}")


def _require_one_storage(one: OpenSource) -> None:
    """Raise an Error if the files are in several buckets: the statements of an engine begin with one."""
    if isinstance(one.reader, SpanningReader) and any(one.reader.is_former(file.path) for file in one.source.files):
        message = f"{one.source.dataset}: its files are in several buckets, and the SQL reads one"
        hint = "use `exportctl restore write --to FOLDER`, and load that folder"
        raise Error(message, rule="restore-location", hint=hint)


def script_parts(source: RestoreSource, script: RestoreScript, engine: Engine) -> tuple[list[str], list[str]]:
    """Return the comments of a script, and its statements with the query."""
    query = query_text(script.query, engine, pretty=True)
    return list(script_comments(source, script, engine)), [*script.statements, query]
