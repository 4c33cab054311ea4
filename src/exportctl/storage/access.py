"""
How to read a storage: from a location, the environment and the destination's own credentials to an Access. Pure.

    EXPORTCTL_READER_<DESTINATION>_FOLDER    a local folder that holds the bucket's content: comes before all else
    caller_access                            the identity of the caller, from the usual variables of each cloud
    destination_access                       the credentials of the destination itself, if the config says so

Nothing is opened and no service is asked, except the platform for the credentials of its landing zone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from exportctl.resources.destinations.type import Protocol
from exportctl.storage import access_azure, access_gcs, access_landing_zone, access_s3, access_sftp
from exportctl.storage.access_landing_zone import CredentialsSource
from exportctl.storage.access_types import Access, AuthValues, LocalFolder, StorageLocation
from exportctl.storage.environment import ReaderVariables

_FOLDER = "FOLDER"  # only ever with the destination's prefix in front

_CALLER_ACCESS: Mapping[Protocol, Callable[[StorageLocation, ReaderVariables], Access]] = {
    Protocol.S3: access_s3.caller_access,
    Protocol.AZURE_CONTAINER: access_azure.blob_caller_access,
    Protocol.AZURE_LAKE: access_azure.lake_caller_access,
    Protocol.GCS: access_gcs.caller_access,
    Protocol.SFTP: access_sftp.caller_access,
}
_DESTINATION_ACCESS: Mapping[Protocol, Callable[[StorageLocation, AuthValues, ReaderVariables], Access]] = {
    Protocol.S3: access_s3.destination_access,
    Protocol.AZURE_CONTAINER: access_azure.blob_destination_access,
    Protocol.AZURE_LAKE: access_azure.lake_destination_access,
    Protocol.GCS: access_gcs.destination_access,
    Protocol.SFTP: access_sftp.destination_access,
}


def caller_access(
    location: StorageLocation, environment: Mapping[str, str], credentials: CredentialsSource | None = None
) -> Access:
    """
    Return how the caller reads a location. `credentials` gets those of the landing zone from the platform.

    Raises:
        StorageError: no credentials are given (`storage-credentials`; the hint lists the variables), or an address must
            not get credentials (`storage-endpoint`).
    """
    variables = ReaderVariables(environment, location.destination)
    if folder := variables.own_value(_FOLDER):
        return _folder_access(variables, folder)
    if location.type.protocol is Protocol.LANDING_ZONE:
        return access_landing_zone.caller_access(location, variables, credentials)
    return _CALLER_ACCESS[location.type.protocol](location, variables)


def destination_access(
    location: StorageLocation,
    auth: AuthValues,
    environment: Mapping[str, str],
    credentials: CredentialsSource | None = None,
) -> Access:
    """
    Return how a location is read with the credentials of the destination: `auth`, with its names in YAML.

    Regions, endpoints and known hosts still come from the environment: the config has no keys for them.

    Raises:
        StorageError: as `caller_access`, or only Adobe can use the credentials of the destination.
    """
    variables = ReaderVariables(environment, location.destination)
    if folder := variables.own_value(_FOLDER):
        return _folder_access(variables, folder)
    if location.type.protocol is Protocol.LANDING_ZONE:
        return access_landing_zone.caller_access(location, variables, credentials)
    return _DESTINATION_ACCESS[location.type.protocol](location, auth, variables)


def _folder_access(variables: ReaderVariables, path: str) -> Access:
    return Access(path, LocalFolder(Path(path)), variables.prefix + _FOLDER)
