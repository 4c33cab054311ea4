"""
Read from storage what `verify` needs for one export: folders, manifests and, with --deep, contents.

    reader of the destination   who reads
    caller (default)            the caller's own identity, from the environment of each cloud
    destination                 the destination's own secrets, because the config says so
    none                        storage is not read: runs only
    the embedded emulator's     its folder on this machine, if it writes to one
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from exportctl.client.client import LANDING_ZONE, Client
from exportctl.config.read_references import read_references
from exportctl.errors import Finding, ServiceError
from exportctl.frozen import dataclass
from exportctl.model.plan import DESTINATIONS, Address, LiveObject, SensitiveValue
from exportctl.model.project import Destination, Project
from exportctl.model.schedule import DAY
from exportctl.model.secret import Secret
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.delivery import path_search, stored_files
from exportctl.monitor.delivery.due_runs import DueRun
from exportctl.monitor.delivery.expectation import DeliveryExpectation
from exportctl.monitor.delivery.folder_layout import FolderLayout, folder_layout
from exportctl.monitor.delivery.stored_files import ExportFiles, Manifest, match_folders
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import AUTH, BASE_CONNECTION, LOCATION, TARGET_CONNECTION
from exportctl.storage import row_count
from exportctl.storage.access import FOLDER, is_own_folder, open_reader, storage_access
from exportctl.storage.access_types import Access, AccessInputs, LocalFolder
from exportctl.storage.address import storage_address
from exportctl.storage.reader import StorageError, StorageReader
from exportctl.storage.row_count import BadFile
from exportctl.workflows.connect import ConnectedPlatform
from exportctl.workflows.load_config import Setup

NOT_GIVEN = "storage-credentials"  # the rule of a storage without credentials: then runs only
ONE_OBJECT = "storage-read"
STORAGE_REQUIRED = "storage-required"
RUNS_ONLY = "runs only: "
EMULATOR = "the emulator"


@dataclass(frozen=True)
class StorageReading:
    """What was read for one export."""

    export_files: ExportFiles | None  # None: storage was not read
    storage: str  # names what was read, or says why nothing was
    errors: tuple[Finding, ...] = ()  # why it was not read, if it should have been
    reader: StorageReader | None = None  # open until the readers are closed
    access: Access | None = None  # how it was read
    address: StorageAddress | None = None  # where the export writes, whatever was read


def require_storage(address: Address, read: StorageReading) -> StorageReading:
    """Make an error of a storage that was left alone."""
    if read.export_files is not None or read.errors:
        return read
    why = read.storage.removeprefix(RUNS_ONLY)
    message = f"{address}: --require-storage, but its storage was not read: {why}"
    hint = "give verify an identity that reads the storage, or leave out --require-storage"
    return StorageReading(None, message, (Finding(STORAGE_REQUIRED, message, None, hint),))


class StorageReaders:
    """The storage of the destinations of a project. Each is opened at the first read and stays open."""

    def __init__(self, project: Project, platform: ConnectedPlatform, setup: Setup):
        self._project = project
        self._platform = platform
        self._setup = setup
        self._open: dict[tuple[str, str], StorageReader] = {}
        self._handed_out: list[Mapping[str, object] | None] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        for reader in self._open.values():
            reader.close()

    def local_folders(self) -> tuple[Path, ...]:
        """Return the folders on this machine that are the storage of a destination, whether it is used or not."""
        known = self._project.destinations.values()
        inputs = (AccessInputs(one.key, TYPES[one.type], {}, {}, self._setup.env) for one in known)
        given = [Path(folder).expanduser() for one in inputs if (folder := one.own_value(FOLDER))]
        root = self._platform.emulator.root if self._platform.emulator else None
        return (*given, root) if root is not None else tuple(given)

    def read_export(
        self,
        flow: DeliveryExpectation,
        target: LiveObject,
        base: LiveObject | None,
        due: Sequence[DueRun],
        *,
        deep: bool,
        others: Sequence[FolderLayout] = (),
    ) -> StorageReading:
        """
        Read what storage holds for these due runs. An error of the storage is part of the answer.

        `others` are the layouts of other flows in the same storage.
        """
        destination = self._destination(flow, base)
        if destination is None:
            return StorageReading(None, f"{RUNS_ONLY}the flow uses another account than the config says; apply first")
        if destination.reader == "none":
            return StorageReading(None, f"{RUNS_ONLY}`reader: none`")
        try:
            inputs = self._access_inputs(destination, target, base)
            access = self._access(destination, target, inputs)
            address = storage_address(inputs, access.method)
            folder = access.method.path if isinstance(access.method, LocalFolder) else None
            if access.identity == EMULATOR and folder and not folder.exists():
                return StorageReading(
                    ExportFiles(), access.label, address=address
                )  # its folder appears with the first file
            reader = self._reader(destination, access)
            files = _read_export_files(reader, flow, due, others, deep=deep)
            return StorageReading(files, access.label, reader=reader, access=access, address=address)
        except StorageError as error:
            if error.rule == NOT_GIVEN:
                return StorageReading(None, f"{RUNS_ONLY}{error.message}; {error.hint}")
            return self._build_failed_reading(error)

    def open_former(
        self,
        read: StorageReading,
        flow: DeliveryExpectation,
        target: LiveObject,
        base: LiveObject | None,
        storage: Mapping[str, str],
    ) -> StorageReading:
        """
        Open the storage of a former location, which has other fields beside the folder. Nothing is listed yet.

        It is the one of now if the fields are the same, or if that was not read.
        """
        destination = self._destination(flow, base)
        if read.reader is None or destination is None:
            return read
        inputs = self._access_inputs(destination, target, base)
        if storage.items() <= inputs.fields.items():
            return read
        inputs = replace(inputs, fields={**inputs.fields, **storage})
        try:
            access = self._access(destination, target, inputs, storage)
            if is_own_folder(access, inputs):
                return StorageReading(None, f"not read: {access.identity} holds only where it writes now")
            address = storage_address(inputs, access.method)
            return StorageReading(
                ExportFiles(), access.label, reader=self._reader(destination, access), access=access, address=address
            )
        except StorageError as error:
            if error.rule == NOT_GIVEN:
                return StorageReading(None, f"not read: {error.message}; {error.hint}")
            return self._build_failed_reading(error)

    def _reader(self, destination: Destination, access: Access) -> StorageReader:
        with self._lock:
            key = (destination.key, access.label)
            reader = self._open[key] = self._open.get(key) or open_reader(access)
        return reader

    def read_former(
        self,
        read: StorageReading,
        flow: DeliveryExpectation,
        due: Sequence[DueRun],
        *,
        deep: bool,
        others: Sequence[FolderLayout],
    ) -> StorageReading:
        """Read what an open storage holds at a former location, which `flow` has. Nothing if it is not open."""
        if read.reader is None:
            return read
        try:
            return replace(read, export_files=_read_export_files(read.reader, flow, due, others, deep=deep))
        except StorageError as error:
            return self._build_failed_reading(error)

    def search_path(
        self, read: StorageReading, flow: DeliveryExpectation, dues: Sequence[int], others: Sequence[FolderLayout]
    ) -> StorageReading:
        """
        Search the whole path of the target for folders that can hold the files of the runs that were due at `dues`.

        One listing, for runs with missing files only. An error of the storage is part of the answer.
        """
        if not dues or read.reader is None or read.export_files is None or not path_search.is_search_needed(flow):
            return read
        try:
            objects = read.reader.list(flow.prefix)
            found = path_search.add_unreadable_folders(read.export_files, objects, flow, dues, others)
        except StorageError as error:
            return self._build_failed_reading(error)
        return replace(read, export_files=found)

    def _build_failed_reading(self, error: StorageError) -> StorageReading:
        """Return the error as an answer. A server may repeat credentials in a code, and a name may hold one."""
        message = self._setup.guard.mask(error.message)
        return StorageReading(None, message, (Finding(error.rule, message, error.at, error.hint),))

    def _destination(self, flow: DeliveryExpectation, base: LiveObject | None) -> Destination | None:
        """
        Return the destination whose account the flow has now: no storage gets the credentials of another one.

        This is the declared one, unless the live account belongs to another destination of this project, or to none.
        """
        declared = self._project.destinations[flow.destination]
        account = declared.account
        owner = base.marker.name if base is not None and base.marker is not None else None
        if account.is_ours or account.of:
            fits = owner in (None, account.of or declared.key)
        else:
            fits = base is not None and (base.id == account.id or base.name == account.existing)
        if declared.type == flow.type.name and fits:
            return declared
        found = self._project.destinations.get(owner or "")
        return found if found is not None and found.type == flow.type.name else None

    def _access_inputs(self, destination: Destination, target: LiveObject, base: LiveObject | None) -> AccessInputs:
        """Return what says how to read this storage, without the destination's own credentials."""
        account = wire.read_fields(BASE_CONNECTION.name, base.raw)[AUTH] if base else {}
        plain = {name: value.value if isinstance(value, SensitiveValue) else value for name, value in account.items()}
        return AccessInputs(
            destination.key,
            TYPES[destination.type],
            wire.read_fields(TARGET_CONNECTION.name, target.raw)[LOCATION],
            account={name: value for name, value in plain.items() if type(value) is str},
            environment=self._setup.env,
            landing_zone=self._landing_zone_credentials,
        )

    def _access(
        self,
        destination: Destination,
        target: LiveObject,
        inputs: AccessInputs,
        storage: Mapping[str, str] | None = None,
    ) -> Access:
        """Return how this storage is read; `storage` has the fields of the location that are not the live ones."""
        kind = TYPES[destination.type]
        params = {f.wire: (storage or {})[f.name] for f in kind.location if f.name in (storage or {})}
        local = self._platform.emulator.folder_of(target.id, params) if self._platform.emulator else None
        if local is not None:
            return Access(f"the emulator's folder {local.name}", LocalFolder(local), EMULATOR)
        is_own = destination.reader == "destination"
        return storage_access(replace(inputs, auth=self._own_credentials(destination)) if is_own else inputs)

    def _own_credentials(self, destination: Destination) -> Mapping[str, str | Secret]:
        """Return the destination's own credentials, because the config says to use them."""
        address = f"{DESTINATIONS}.{destination.key}"
        read = read_references(self._project, self._setup.env, self._setup.folder, addresses=(address,))
        if read.unset:
            (_, name), unset = min(read.unset.items())
            message = f"{unset.variable} is not set; {address} is read with its own {name}"
            raise StorageError(message, rule="reference-unset", at=unset.at)
        self._setup.guard.hide(v.reveal() for v in read.values.values() if isinstance(v, Secret))
        return {name: value for (_, name), value in read.values.items()}

    def _landing_zone_credentials(self) -> Mapping[str, object] | None:
        """Return the credentials of the landing zone, asked for once."""
        with self._lock:
            if not self._handed_out:
                self._handed_out.append(read_landing_zone_credentials(self._platform.client))
            return self._handed_out[0]


def read_landing_zone_credentials(client: Client) -> Mapping[str, object] | None:
    """Ask the platform for credentials of the landing zone; None if refused (flow-service.md 5.4 [DLZ])."""
    try:
        given = client.get_json(f"{LANDING_ZONE}/credentials", params=[("type", "dlz_destination")])
    except ServiceError:
        return None
    client.mask_values(text for name, text in given.items() if name.startswith("SAS") and isinstance(text, str))
    return given


def _read_export_files(
    reader: StorageReader,
    flow: DeliveryExpectation,
    due: Sequence[DueRun],
    others: Sequence[FolderLayout],
    *,
    deep: bool,
) -> ExportFiles:
    first, last = min((one.due for one in due), default=0), max((one.due for one in due), default=0)
    layouts = {dataset: folder_layout(flow, dataset) for dataset in flow.datasets}
    listings = {
        dataset: stored_files.list_dataset(
            reader.list(layout.prefix),
            layout,
            first - DAY,
            last + DAY,
            [*others, *(other for one, other in layouts.items() if one != dataset)],
        )
        for dataset, layout in (layouts.items() if due else ())
    }
    found = ExportFiles(
        {dataset: listing.folders for dataset, listing in listings.items()},
        unreadable={dataset: listing.unreadable for dataset, listing in listings.items()},
    )
    found = replace(found, manifests=_read_manifests(reader, flow, due, found))
    return replace(found, rows=_count_rows(reader, flow, due, found)) if deep else found


def _read_manifests(
    reader: StorageReader, flow: DeliveryExpectation, due: Sequence[DueRun], found: ExportFiles
) -> dict[str, Manifest]:
    """Read the manifests of these runs: in their folders, or in the target's path if the service writes them there."""
    runs = [run for one in due for run in one.runs if run.has_succeeded]
    asked = {run.id for run in runs}
    near = {folder.path for folder in match_folders(flow, due, found).values()}
    every = {f.path: f for by_path in found.folders.values() for f in by_path.values()}
    wanted = {
        stored.path
        for folder in every.values()
        for stored in folder.manifests
        if folder.path in near or stored_files.manifest_run(stored.path) in asked
    }
    limit = stored_files.MANIFEST_LIMIT
    made = {path: stored_files.parse_manifest(path, reader.read(path, limit)) for path in sorted(wanted)}
    if flow.manifest:
        known = {manifest.run for manifest in made.values()}
        for run in runs:
            path = "/".join(part for part in (flow.prefix, f"manifest-{flow.flow}-{run.id}.json") if part)
            if run.id not in known and (content := _read_if_there(reader, path)) is not None:
                made[path] = stored_files.parse_manifest(path, content)
    return made


def _read_if_there(reader: StorageReader, path: str) -> bytes | None:
    try:
        return reader.read(path, stored_files.MANIFEST_LIMIT)
    except StorageError as error:
        if error.rule != ONE_OBJECT:
            raise
        return None


def _count_rows(
    reader: StorageReader, flow: DeliveryExpectation, due: Sequence[DueRun], found: ExportFiles
) -> dict[str, int | str]:
    """Count the rows of the files of these runs, or say what is wrong with a file."""
    listed = {entry.path for manifest in found.manifests.values() for entry in manifest.entries}
    files = {s.path: s for folder in match_folders(flow, due, found).values() for s in folder.files}
    for by_path in found.folders.values():
        files |= {s.path: s for folder in by_path.values() for s in folder.files if s.path in listed}
    rows: dict[str, int | str] = {}
    for path, stored in sorted(files.items()):
        try:
            rows[path] = row_count.count_rows(reader, stored, *stored_files.part_format(path))
        except BadFile as error:
            rows[path] = error.reason
    return rows
