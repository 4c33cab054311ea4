"""
Where an export is written: the storage that an endpoint names, else a local folder, else nowhere.

    root/amazon-s3/<bucket>                     root/data-landing-zone/dlz-destination
    root/azure-blob/<container>                 root/google-cloud-storage/<bucket>
    root/azure-data-lake/<container@account>    root/sftp/<host>_<port>

In: a base connection and a target connection as stored, secrets in clear; the setting `storage`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from exportctl.emulator import specs
from exportctl.emulator.storage import accounts, names
from exportctl.emulator.storage.local import LocalSink, NullSink
from exportctl.emulator.storage.settings import Endpoint, parse_settings
from exportctl.emulator.storage.sink import Sink, StorageRefused
from exportctl.emulator.wire import Json

TYPES = {
    "Amazon S3": "amazon-s3",
    "Azure Blob Storage": "azure-blob",
    "Azure Data Lake Gen2": "azure-data-lake",
    "Data Landing Zone": "data-landing-zone",
    "Google Cloud Storage": "google-cloud-storage",
    "SFTP": "sftp",
}


def open_sink(connection: Json, target: Json, settings: Json, root: Path | None) -> Sink:
    """
    The sink that a target connection writes to; keys are relative to its bucket, container or account.

    Raises:
        StorageRefused: the settings do not allow the host, or the credentials are refused already.
    """
    endpoint = _endpoint(connection, settings)
    if endpoint is not None:
        return accounts.open_sink(endpoint, connection.get("auth") or {}, target["params"])
    folder = local_root(connection, target, settings, root)
    return NullSink() if folder is None else LocalSink(folder)


def target_folder(target: Json) -> str:
    """
    The folder of a target, without slashes around it and doubled ones inside; empty for the root.

    rule: storage-paths
    """
    params = target["params"]
    return "/".join(part for part in params.get("path", params.get("remotePath", "")).split("/") if part)


def local_root(connection: Json, target: Json, settings: Json, root: Path | None) -> Path | None:
    """The folder that stands for the bucket, container or account, if that is where it is written."""
    type = _type(connection)
    if root is None or type in settings.get("endpoints", {}):
        return None
    params = (connection.get("auth") or {}).get("params", {})
    return root / type / names.folder_name(_FOLDER_NAMES[type](params, target["params"]))


def _endpoint(connection: Json, settings: Json) -> Endpoint | None:
    try:
        return parse_settings(settings).endpoint(_type(connection))
    except ValueError as error:
        raise StorageRefused("failed", f"the emulator's storage settings are wrong: {error}") from error


def _type(connection: Json) -> str:
    return TYPES[specs.BY_CONNECTION_SPEC[connection["connectionSpec"]["id"]].name]


def _lake_folder_name(auth: Json, place: Json) -> str:
    try:
        return "@".join(accounts.parse_lake_url(auth["url"]))
    except StorageRefused:
        return str(auth["url"])  # any address will do to tell folders apart


_FOLDER_NAMES: Mapping[str, Callable[[Json, Json], str]] = {
    "amazon-s3": lambda auth, place: place["bucketName"],
    "azure-blob": lambda auth, place: place["container"],
    "azure-data-lake": _lake_folder_name,
    "data-landing-zone": lambda auth, place: accounts.LANDING_ZONE,
    "google-cloud-storage": lambda auth, place: place["bucketName"],
    "sftp": lambda auth, place: f"{auth['domain'].lower()}_{auth.get('port', accounts.SFTP_PORT)}",
}
