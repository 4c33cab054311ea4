"""
Find what the datasets of an export are restored from, and write the SQL that makes each a table.

    live objects, runs, storage     ->  the chain of each dataset, as `backup status` reads it
    chain and a moment              ->  the files (restore.select_files)
    the files, or their footers     ->  their columns (engines), one table (restore.table), SQL (restore.script)

`restore_check` executes the SQL. Nothing is written to the service or to the storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exportctl.engines.duckdb import open_duckdb
from exportctl.engines.local_files import fetch_ends, open_work_folder
from exportctl.errors import Error, UsageError
from exportctl.frozen import dataclass
from exportctl.model.schedule import format_moment
from exportctl.monitor.backup.report import BackupReport, Chain
from exportctl.monitor.delivery.report import Verdict
from exportctl.restore.engine import Engine
from exportctl.restore.report import unusable_key
from exportctl.restore.request import RestoreRequest
from exportctl.restore.script import RestoreScript, build_script, query_text, script_comments
from exportctl.restore.select_files import select_source
from exportctl.restore.source import FileFormat, RestoreLocation, RestoreSource
from exportctl.restore.table import build_table
from exportctl.restore.uris import base_uri
from exportctl.storage.access_types import LocalFolder
from exportctl.storage.reader import StorageReader
from exportctl.storage.spanning import SpanningReader
from exportctl.workflows.backup import read_backups
from exportctl.workflows.read_storage import StorageReading
from exportctl.workflows.verify import VerifiedExport, Verifier

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class OpenSource:
    """What is restored, and the reader of its storage, open until the verifier is closed."""

    source: RestoreSource
    reader: StorageReader


def read_sources(verifier: Verifier, asked: RestoreRequest) -> tuple[BackupReport, tuple[OpenSource, ...]]:
    """
    Return the files of each dataset that is asked for, in the order of the export.

    Raises:
        ServiceError: flows or runs could not be read.
        UsageError: the moment is in the future.
        Error: the storage cannot be read, no dataset of the export has that name, there is no table at that moment, or
            nothing says which rows are of the dataset.
    """
    report, checked = read_backups(verifier)
    if asked.as_of is not None and asked.as_of > report.as_of:
        moment, now = format_moment(asked.as_of), format_moment(report.as_of)
        raise UsageError(f"--as-of {moment} is in the future: it is {now}", rule="usage")
    opened = [
        open_source(one, chain, asked)
        for chains, one in zip(report.exports, checked, strict=True)
        for chain in chains.chains
        if asked.dataset in (None, chain.dataset, chain.dataset_id)
    ]
    if not opened:
        known = ", ".join(chain.dataset for chains in report.exports for chain in chains.chains)
        message = f"--dataset {asked.dataset}: the export has no dataset of this name or id"
        raise Error(message, rule="restore-dataset", hint=f"it has {known}")
    return report, tuple(opened)


def open_source(one: VerifiedExport, chain: Chain, asked: RestoreRequest) -> OpenSource:
    """Return the files of one chain; the errors are those of `read_sources`."""
    if one.verdicts.errors:
        found = one.verdicts.errors[0]
        raise Error(found.message, rule=found.rule, hint=found.hint, at=found.at)
    reader, expectation = one.storage.reader, one.flow.expectation
    written = FileFormat(expectation.format, expectation.compression) if expectation else FileFormat("parquet", "gzip")
    source = select_source(one.flow.address, chain, _location(one.storage), written, asked.as_of)
    _check_owner(source, one.verdicts.verdicts)
    if reader is None:
        hint = "docs/how-to/let-verify-read-storage.md"
        raise Error(f"its storage is not read: {one.storage.storage}", rule="restore-storage", hint=hint)
    return OpenSource(source, reader)


def _check_owner(source: RestoreSource, verdicts: Sequence[Verdict]) -> None:
    """Raise an Error if two datasets have one file: its rows may be of both."""
    paths = {file.path for file in source.files}
    others = (one for one in verdicts if one.dataset_id != source.dataset_id)
    other = next((one for one in others if any(stored.path in paths for stored in one.stored)), None)
    if other is not None:
        message = f"{source.dataset}: its files may hold rows of {other.dataset} too"
        hint = "nothing says which dataset a file is of: write %DATASET_ID% into `folder`, and make a new full export"
        raise Error(message, rule="restore-shared", hint=hint)


def _location(one: StorageReading) -> RestoreLocation:
    method = one.access.method if one.access else None
    folder = str(method.path.expanduser().resolve()) if isinstance(method, LocalFolder) else None
    return RestoreLocation(one.storage, one.address.root if one.address else "", folder)


def single_source(opened: Sequence[OpenSource]) -> OpenSource:
    """Return the one source, or raise an Error: there are several datasets."""
    if len(opened) > 1:
        known = ", ".join(one.source.dataset for one in opened)
        raise Error(
            "the export has several datasets", rule="restore-dataset", hint=f"add --dataset with one of {known}"
        )
    return opened[0]


def write_script(
    verifier: Verifier, asked: RestoreRequest, engine: Engine, work: str | None
) -> tuple[RestoreSource, RestoreScript]:
    """
    Return the script that makes the table of one dataset in an engine, which reads the storage itself.

    Raises:
        Error: as `read_sources`; the export has several datasets, the engine cannot read this storage, a file is
            damaged, a column has two types, or the key is no column.
    """
    one = single_source(read_sources(verifier, asked)[1])
    require_one_storage(one)
    base = base_uri(one.source.location, engine)
    with open_work_folder(work) as folder, open_duckdb(folder) as columns:
        ends = fetch_ends(one.reader, one.source.files, folder)
        table = build_table(one.source.dataset, list(columns.file_columns(ends)))
    if not table.columns:
        raise Error(f"{one.source.dataset}: the files have no row and no column", rule="restore-nothing")
    script = build_script(one.source, table, engine, lambda file: f"{base}/{file.path}")
    if one.source.key is not None and script.key is None:
        message = f"{one.source.dataset}: {unusable_key(one.source, table.columns)}"
        raise Error(message, rule="restore-key", hint="state `key:` of the dataset: a column, with dots between levels")
    return one.source, script


def require_one_storage(one: OpenSource) -> None:
    """Raise an Error if the files are in several buckets: the statements of an engine begin with one."""
    if isinstance(one.reader, SpanningReader) and any(one.reader.is_former(file.path) for file in one.source.files):
        message = f"{one.source.dataset}: its files are in several buckets, and the SQL reads one"
        hint = "use `exportctl restore write --to FOLDER`, and load that folder"
        raise Error(message, rule="restore-location", hint=hint)


def script_parts(source: RestoreSource, script: RestoreScript, engine: Engine) -> tuple[list[str], list[str]]:
    """Return the comments of a script, and its statements with the query."""
    query = query_text(script.query, engine, pretty=True)
    return list(script_comments(source, script, engine)), [*script.statements, query]
