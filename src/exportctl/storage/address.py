"""
The address of the storage that an export writes to, by what its live objects say and not by how it is read. Pure.

So two machines give one address, also if one of them reads a copy or a mount of the bucket, or reaches an SFTP server
by another name. No object shows the account of a Blob container: it comes from the caller's own credentials.

    S3                     s3://BUCKET
    Google Cloud Storage   gs://BUCKET
    Blob                   https://ACCOUNT.blob.core.windows.net/CONTAINER; az://CONTAINER where a folder is read
    data lake              abfss://CONTAINER@ACCOUNT.dfs.core.windows.net
    SFTP                   sftp://HOST:PORT; sftp://HOST:PORT/~ where paths begin in the home folder of the user
    landing zone           as Blob or S3, by the platform's credentials
    else                   TYPE:, which names no storage
"""

from __future__ import annotations

import re

from exportctl.model.storage_address import StorageAddress
from exportctl.resources.destinations.type import Part, Protocol
from exportctl.resources.place import SCHEMES
from exportctl.storage.access_azure import is_lake_url
from exportctl.storage.access_sftp import DEFAULT_PORT
from exportctl.storage.access_types import S3, AccessInputs, Azure, Method, Sftp

_HOST = re.compile(r"[\w.:-]+")  # what else a person typed there is not shown: it may be a password


def storage_address(inputs: AccessInputs, method: Method) -> StorageAddress:
    """Return the address; `method` is how the storage is read."""
    return (
        _lake_address(inputs)
        or _sftp_address(inputs, method)
        or _azure_address(method)
        or _bucket_address(inputs)
        or _zone_address(method)
        or StorageAddress(f"{inputs.type.name}:")
    )


def _bucket_address(inputs: AccessInputs) -> StorageAddress | None:
    scheme = SCHEMES.get(inputs.type.protocol)
    container = inputs.fields.get(inputs.type.part_name(Part.CONTAINER) or "")
    return StorageAddress(f"{scheme}://{container}") if scheme and container else None


def _azure_address(method: Method) -> StorageAddress | None:
    if not isinstance(method, Azure):
        return None
    return StorageAddress(f"{method.endpoint}/{method.container}", is_escaped=True)


def _zone_address(method: Method) -> StorageAddress | None:
    """Return the address of a landing zone on AWS: a folder of a bucket."""
    if not isinstance(method, S3):
        return None
    return StorageAddress("/".join(part for part in (f"s3://{method.bucket}", method.prefix) if part))


def _lake_address(inputs: AccessInputs) -> StorageAddress | None:
    url = inputs.account_value(Part.ENDPOINT) or ""
    is_lake = inputs.type.protocol is Protocol.AZURE_LAKE and is_lake_url(url)
    return StorageAddress(url.rstrip("/")) if is_lake else None


def _sftp_address(inputs: AccessInputs, method: Method) -> StorageAddress | None:
    if inputs.type.protocol is not Protocol.SFTP:
        return None
    host, port = inputs.account_value(Part.HOST), inputs.account_value(Part.PORT) or DEFAULT_PORT
    if host is None:
        host, port = (method.host, str(method.port)) if isinstance(method, Sftp) else ("", port)
    if not _HOST.fullmatch(host) or not port.isdigit():
        return None
    shown = f"[{host}]" if ":" in host else host
    is_absolute = inputs.fields.get(inputs.type.part_name(Part.FOLDER) or "", "").startswith("/")  # as for reading
    return StorageAddress(f"sftp://{shown}:{port}{'' if is_absolute else '/~'}", is_escaped=True)
