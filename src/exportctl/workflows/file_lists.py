"""
Make and read lists of the files of a backup: what storage holds now becomes a list, and a list becomes bytes and back.

    read of one export   ->  FileList  ->  bytes of a JSON or a Parquet file
    bytes of such a file ->  FileList

A file is read as Parquet if it begins as Parquet does. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.errors import Error
from exportctl.monitor.backup import file_list_table
from exportctl.monitor.backup.file_list import ChainToList, FileList, build_file_list
from exportctl.monitor.backup.file_list_json import dump_file_list, file_list_error, load_file_list
from exportctl.monitor.backup.report import Chain, ExportChains
from exportctl.storage import sealed_parquet
from exportctl.storage.sealed_parquet import EditedTable, SealedTable
from exportctl.workflows.backup import read_backups
from exportctl.workflows.read_storage import RUNS_ONLY
from exportctl.workflows.verify import VerifiedExport, Verifier


def list_files(verifier: Verifier, *, dataset: str | None = None, deep: bool = False) -> FileList:
    """
    Return the list of the one export that the verifier is for.

    `dataset` is a name or an id: only its chain is listed.

    Raises:
        Error: its storage could not be read, it does not export this dataset, no run of it is complete, or its datasets
            share files.
        ServiceError: flows or runs could not be read.
    """
    report, (read,) = read_backups(verifier, deep=deep)
    (export,) = report.exports
    for finding in export.errors:
        raise Error(f"{export.address}: {finding.message}", rule=finding.rule, hint=finding.hint)
    listed = build_file_list(report.header, export.address, tuple(_chains_to_list(export, read)))
    chosen = tuple(one for one in listed.chains if dataset in (None, one.dataset, one.dataset_id))
    if not any(one.runs for one in chosen):
        _refuse_empty_list(export, dataset)
    return FileList(**{**vars(listed), "chains": chosen})


def _chains_to_list(export: ExportChains, read: VerifiedExport) -> Iterator[ChainToList]:
    flow, address = read.flow.expectation, read.storage.address
    if flow is not None and address is not None:
        for chain in export.chains:
            yield ChainToList(chain, flow.flow, flow.format, flow.compression, address, flow.prefix)


def _refuse_empty_list(export: ExportChains, dataset: str | None) -> None:
    known = [chain for chain in export.chains if dataset in (None, chain.dataset, chain.dataset_id)]
    if not known:
        names = ", ".join(chain.dataset for chain in export.chains)
        message = f"{export.address} does not export the dataset {dataset}"
        raise Error(message, rule="unknown-dataset", hint=f"choose one of {names}")
    message = f"{export.address} has no complete run, so there is nothing to list: {_reason(export, known[0])}"
    hint = f"what the chain lacks: exportctl backup status --target {export.address}"
    raise Error(message, rule="file-list-empty", hint=hint)


def _reason(export: ExportChains, chain: Chain) -> str:
    return f"{chain.reason} ({export.storage})" if export.storage.startswith(RUNS_ONLY) else chain.reason


def require_parquet() -> None:
    """Raise an Error if the extra that writes and reads Parquet is not installed."""
    sealed_parquet.require_extra()


def dump_parquet(listed: FileList) -> bytes:
    """Return the bytes of a Parquet file, or raise an Error: the extra is not installed."""
    rows, header = file_list_table.file_list_rows(listed), file_list_table.file_list_header(listed)
    return sealed_parquet.dump_table(SealedTable(file_list_table.COLUMNS, rows, file_list_table.HEADER, header))


def dump_json(listed: FileList) -> bytes:
    return dump_file_list(listed).encode()


def load_list(data: bytes, name: str) -> FileList:
    """
    Read a list in either form; `name` is that of the file.

    Raises:
        Error: it is no list of files, of another format version, or was edited; or the extra is not installed.
    """
    if data.startswith(sealed_parquet.MAGIC):
        try:
            header, rows = sealed_parquet.load_table(data, file_list_table.COLUMNS, file_list_table.HEADER)
        except EditedTable as error:
            message = f"was edited or cut, or another program wrote it: {error}"
            raise file_list_error(name, "edited", message) from error
        return file_list_table.read_file_list_rows(header, rows, name)
    try:
        return load_file_list(data.decode("ascii"), name)
    except UnicodeDecodeError as error:
        raise file_list_error(name, "json", "is not JSON that exportctl wrote") from error
