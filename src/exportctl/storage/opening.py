"""From an Access to the reader that uses it. Packages of the `storage` extra are imported when they are needed."""

from __future__ import annotations

from exportctl.storage import objects
from exportctl.storage.local import LocalReader
from exportctl.storage.methods import S3, Access, Azure, Folder, Google
from exportctl.storage.reader import Reader, StorageError

_INSTALL = "pip install 'exportctl[storage]'"


def opened(access: Access) -> Reader:
    """
    A reader of one place; `close` it.

    An SFTP server is logged in to at once, object stores are asked nothing before the first read.

    Raises:
        StorageError: it cannot be opened, or the extra is not installed.
    """
    try:
        return _opened(access)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("obstore", "asyncssh"):
            raise
        message = f"reading {access.where} needs the package {package}"
        raise StorageError(message, rule="storage-extra", hint=_INSTALL) from None


def _opened(access: Access) -> Reader:
    method = access.method
    if isinstance(method, Folder):
        return LocalReader(method.path, access.where)
    if isinstance(method, S3):
        return objects.s3(method, access.where)
    if isinstance(method, Azure):
        return objects.azure(method, access.where)
    if isinstance(method, Google):
        return objects.google(method, access.where)
    from exportctl.storage.sftp import SftpReader  # asyncio takes its time to import

    return SftpReader(method, access.where)
