"""
Who reads a storage, and how: from a place, the environment and the destination's own credentials to an Access. Pure.

    EXPORTCTL_READER_<DESTINATION>_FOLDER    a local folder that holds the bucket's content: comes before all else
    by_caller                                the identity of whoever runs this, from the usual variables of each cloud
    by_destination                           what the destination itself logs in with, where the config says so

Nothing is opened and nobody is asked, but for the landing zone, whose credentials the platform hands out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from exportctl.storage import amazon, azure, google, landing_zone, ssh
from exportctl.storage.landing_zone import Credentials
from exportctl.storage.methods import Access, Auth, Folder, Place
from exportctl.storage.variables import Variables

_FOLDER = "FOLDER"  # only ever with the destination's prefix in front

_BY_CALLER: Mapping[str, Callable[[Place, Variables], Access]] = {
    "amazon-s3": amazon.by_caller,
    "azure-blob": azure.blob_by_caller,
    "azure-data-lake": azure.lake_by_caller,
    "google-cloud-storage": google.by_caller,
    "sftp": ssh.by_caller,
}
_BY_DESTINATION: Mapping[str, Callable[[Place, Auth, Variables], Access]] = {
    "amazon-s3": amazon.by_destination,
    "azure-blob": azure.blob_by_destination,
    "azure-data-lake": azure.lake_by_destination,
    "google-cloud-storage": google.by_destination,
    "sftp": ssh.by_destination,
}
_LANDING_ZONE = "data-landing-zone"


def by_caller(place: Place, environment: Mapping[str, str], credentials: Credentials | None = None) -> Access:
    """
    How the caller reads a place. `credentials` asks the platform for those of its landing zone; None: it has none.

    Raises:
        StorageError: nothing says how (`storage-credentials`, the hint lists the variables), or an address must not
            be given credentials (`storage-endpoint`).
    """
    variables = Variables(environment, place.destination)
    if folder := variables.own(_FOLDER):
        return _in_folder(variables, folder)
    if place.type == _LANDING_ZONE:
        return landing_zone.by_caller(place, variables, credentials)
    return _BY_CALLER[place.type](place, variables)


def by_destination(
    place: Place,
    auth: Auth,
    environment: Mapping[str, str],
    credentials: Credentials | None = None,
) -> Access:
    """
    How a place is read with what the destination itself logs in with: `auth` by its names in YAML.

    Regions, endpoints and known hosts still come from the environment: the config has no words for them.

    Raises:
        StorageError: as `by_caller`, and where the destination's credentials are of no use to anybody but Adobe.
    """
    variables = Variables(environment, place.destination)
    if folder := variables.own(_FOLDER):
        return _in_folder(variables, folder)
    if place.type == _LANDING_ZONE:
        return landing_zone.by_caller(place, variables, credentials)
    return _BY_DESTINATION[place.type](place, auth, variables)


def _in_folder(variables: Variables, path: str) -> Access:
    return Access(path, Folder(Path(path)), variables.prefix + _FOLDER)
