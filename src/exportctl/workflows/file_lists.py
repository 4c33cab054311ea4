"""
Make and read lists of the files of a backup: what storage holds now becomes a list, and a list becomes bytes and back.

    read of one export   ->  FileList  ->  bytes of a JSON or a Parquet file
    bytes of such a file ->  FileList

A file is read as Parquet if it begins as Parquet does. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.model.plan import Address, PlanHeader
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.backup import file_list_table
from exportctl.monitor.backup.compare_list import ListSubject, common_folder, compare_chain
from exportctl.monitor.backup.file_list import ChainToList, FileList, ListedChain, build_file_list
from exportctl.monitor.backup.file_list_json import dump_file_list, file_list_error, load_file_list
from exportctl.monitor.backup.list_report import StoredNow
from exportctl.monitor.backup.report import BackupReport, Chain, ExportChains
from exportctl.storage import sealed_parquet
from exportctl.storage.reader import StorageError, StorageReader, StoredFile
from exportctl.storage.row_count import BadFile, count_rows
from exportctl.storage.sealed_parquet import EditedTable, SealedTable
from exportctl.workflows.backup import read_backups
from exportctl.workflows.read_storage import RUNS_ONLY, StorageReading
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


def newest_hashes(header: PlanHeader, export: ExportChains, read: VerifiedExport) -> Mapping[str, str]:
    """
    Return the hash of the newest complete run of each chain by dataset id, as a list without `deep` has it.

    Nothing is returned of an export whose datasets share files: no list can be made of it.
    """
    try:
        listed = build_file_list(header, export.address, tuple(_chains_to_list(export, read)))
    except Error:
        return {}
    return {chain.dataset_id: listed.last_hash(chain) for chain in listed.chains if chain.runs}


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


# -- compare ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NamedList:
    """A list, and the name of its file."""

    file: str
    listed: FileList


def compare_lists(
    lists: Sequence[NamedList],
    verifier: Verifier,
    report: BackupReport,
    checked: Sequence[VerifiedExport],
    *,
    deep: bool,
) -> BackupReport:
    """
    Return the report with a comparison of each chain of each list.

    Raises:
        Error: a list is of another sandbox, or of an export or a dataset that is not in the report.
    """
    reads = {export.address: read for export, read in zip(report.exports, checked, strict=True)}
    made = tuple(
        compare_chain(chain, _subject(one, chain, report, reads, verifier, deep=deep))
        for one in lists
        for chain in one.listed.chains
    )
    return replace(report, comparisons=made)


def _subject(
    one: NamedList,
    listed: ListedChain,
    report: BackupReport,
    reads: Mapping[Address, VerifiedExport],
    verifier: Verifier,
    *,
    deep: bool,
) -> ListSubject:
    export = _listed_export(one, report)
    chain = next((found for found in export.chains if found.dataset_id == listed.dataset_id), None)
    if chain is None and export.flow is not None:
        message = f"{one.file} is a list of {listed.dataset}, which {export.address} does not export"
        raise _other_list_error(message, "check it with the config and the sandbox that it was made from")
    reading = reads[export.address].storage
    counted = {stored.path: stored.rows for run in chain.runs for stored in run.files} if chain else {}
    known = {path: rows for path, rows in counted.items() if rows is not None}
    now = _read_stored_files(listed, reading, known, verifier, deep=deep)
    return ListSubject(one.file, export.address, export.flow, chain, now)


def _listed_export(one: NamedList, report: BackupReport) -> ExportChains:
    """Return the export of a list: the one with its flow, else the one with its address."""
    listed, header = one.listed, report.header
    if (listed.platform, listed.organization, listed.sandbox) != (header.platform, header.organization, header.sandbox):
        of = f"sandbox {listed.sandbox} of {listed.organization} ({listed.platform})"
        here = f"sandbox {header.sandbox} of {header.organization} ({header.platform})"
        raise _other_list_error(
            f"{one.file} is a list of {of}, and this is {here}", "choose its environment with --env"
        )
    flows = {chain.flow for chain in listed.chains}
    found = [export for export in report.exports if export.flow in flows]
    found += [export for export in report.exports if str(export.address) == listed.export]
    if not found:
        message = f"{one.file} is a list of {listed.export}, which is not among the exports that were checked"
        raise _other_list_error(message, "leave out --target, or use the config that declares it")
    return found[0]


def _other_list_error(message: str, hint: str) -> Error:
    return Error(message, rule="file-list-other", hint=hint)


def _read_stored_files(
    listed: ListedChain, reading: StorageReading, known: Mapping[str, int], verifier: Verifier, *, deep: bool
) -> StoredNow:
    """Return what storage holds of the listed files: one listing, and with `deep` the rows that are not `known` yet."""
    if reading.export_files is None:
        return StoredNow(reading.address, unread=reading.storage.removeprefix(RUNS_ONLY))
    if reading.reader is None or reading.address is None:  # the emulator's folder appears with the first file
        return StoredNow(reading.address)
    located = {one.path: reading.address.locate(one.uri) for one in listed.files}
    here = {path for path in located.values() if path is not None}
    folders = _folders_to_list(here, reading.address)
    try:
        stored = {one.path: one for folder in folders for one in reading.reader.list(folder) if one.path in here}
        files = {path: stored[own] for path, own in located.items() if own in stored}
        rows = _count_rows(reading.reader, files, listed, known) if deep else {}
    except StorageError as error:
        return StoredNow(reading.address, unread=verifier.mask(error.message))
    return StoredNow(reading.address, files, rows)


def _folders_to_list(paths: Collection[str], address: StorageAddress) -> tuple[str, ...]:
    """Return the folder that holds all these files, for the storage of now and for each former one."""
    grouped: dict[StorageAddress | None, list[str]] = {}
    for path in paths:
        grouped.setdefault(address.former_of(path), []).append(path)
    return tuple(common_folder(tuple(own)) for own in grouped.values())


def _count_rows(
    reader: StorageReader, files: Mapping[str, StoredFile], listed: ListedChain, known: Mapping[str, int]
) -> dict[str, int | str]:
    rows: dict[str, int | str] = {}
    for path, stored in sorted(files.items()):
        try:
            own = stored.path
            rows[path] = known[own] if own in known else count_rows(reader, stored, listed.format, listed.compression)
        except BadFile as error:
            rows[path] = error.reason
    return rows
