"""
List what the export of a probe wrote to the landing zone.

    embedded emulator                  its folder on this machine
    EXPORTCTL_READER_PROBE_FOLDER      a local folder that holds what the landing zone holds
    else                               the credentials that the platform gives to who holds its token
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.client.client import Client
from exportctl.probe.files import StorageListing
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.storage.access import open_reader, storage_access
from exportctl.storage.access_types import Access, AccessInputs, LocalFolder
from exportctl.storage.reader import StorageReader
from exportctl.workflows.connect import ConnectedPlatform
from exportctl.workflows.read_storage import read_landing_zone_credentials

KEY = "probe"  # stands for the key of a destination in the names of variables


class ProbeStorage:
    """The landing zone of one sandbox. It is opened at the first listing and stays open."""

    def __init__(self, platform: ConnectedPlatform, environment: Mapping[str, str]) -> None:
        self._platform = platform
        self._environment = environment
        self._reader: StorageReader | None = None

    def __call__(self, target: str, folder: str) -> StorageListing:
        """
        List a folder of a target connection; one that no run has written to is empty.

        Raises:
            StorageError: the storage cannot be read.
        """
        if self._reader is None:
            access = self._access(target)
            if isinstance(access.method, LocalFolder) and not access.method.path.exists():
                return StorageListing()  # a local folder appears with the first file
            self._reader = open_reader(access)
        return StorageListing(tuple(self._reader.list(folder)), tuple(self._reader.folders(folder)))

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def _access(self, target: str) -> Access:
        emulator = self._platform.emulator
        local = emulator.folder_of(target) if emulator else None
        if local is not None:
            return Access("the emulator's folder", LocalFolder(local), KEY)
        client: Client = self._platform.client
        return storage_access(
            AccessInputs(
                KEY,
                DATA_LANDING_ZONE,
                {},
                environment=self._environment,
                landing_zone=lambda: read_landing_zone_credentials(client),
            )
        )
