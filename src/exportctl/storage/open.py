"""From an Access to the reader that uses it. Packages of the `storage` extra are imported only when needed."""

from __future__ import annotations

from exportctl.storage import object_store
from exportctl.storage.access_types import S3, Access, Azure, Google, LocalFolder
from exportctl.storage.local import LocalReader
from exportctl.storage.reader import StorageError, StorageReader

_INSTALL = "pip install 'exportctl[storage]'"


def open_reader(access: Access) -> StorageReader:
    """
    Open a reader of one location. Close it after use.

    An SFTP server is logged in to at once. Object stores get no request before the first read.

    Raises:
        StorageError: it cannot be opened, or the extra is not installed.
    """
    try:
        return _create_reader(access)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("obstore", "asyncssh"):
            raise
        message = f"reading {access.label} needs the package {package}"
        raise StorageError(message, rule="storage-extra", hint=_INSTALL) from None


def _create_reader(access: Access) -> StorageReader:
    method = access.method
    if isinstance(method, LocalFolder):
        return LocalReader(method.path, access.label)
    if isinstance(method, S3):
        return object_store.open_s3(method, access.label)
    if isinstance(method, Azure):
        return object_store.open_azure(method, access.label)
    if isinstance(method, Google):
        return object_store.open_google(method, access.label)
    from exportctl.storage.sftp import SftpReader  # asyncio takes its time to import

    return SftpReader(method, access.label)
