"""
Where an export is written: the storage that an endpoint names, else a local folder, else nowhere.

    root/amazon-s3/<bucket>                     root/data-landing-zone/dlz-destination
    root/azure-blob/<container>                 root/google-cloud-storage/<bucket>
    root/azure-data-lake/<container@account>    root/sftp/<host>_<port>

In: a base connection and a target connection as stored, secrets in clear; the setting `storage`.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from exportctl.emulator import specs
from exportctl.emulator.storage import accounts
from exportctl.emulator.storage.local import LocalSink, NullSink
from exportctl.emulator.storage.settings import Endpoint, parse_settings
from exportctl.emulator.storage.sink import Sink, StorageRefused
from exportctl.emulator.wire import Json


def open_sink(connection: Json, target: Json, settings: Json, root: Path | None) -> Sink:
    """
    Return the sink that a target connection writes to; keys are relative to its bucket, container or account.

    Raises:
        StorageRefused: the settings do not allow the host, or the credentials are refused already.
    """
    endpoint = _endpoint(connection, settings)
    if endpoint is not None:
        return accounts.open_sink(endpoint, connection.get("auth") or {}, target["params"])
    folder = local_root(connection, target, settings, root)
    return NullSink() if folder is None else LocalSink(folder)


def target_folder(target: Json) -> str:
    """Return the folder of a target, without slashes around it and doubled ones inside; empty for the root."""
    # rule: storage-paths
    folder = target["params"].get(_card(target).folder_param, "")
    return "/".join(part for part in folder.split("/") if part)


def local_root(connection: Json, target: Json, settings: Json, root: Path | None) -> Path | None:
    """Return the folder that stands for the bucket, container or account, if that is where it is written."""
    card = _card(connection)
    if root is None or card.storage in settings.get("endpoints", {}):
        return None
    params = (connection.get("auth") or {}).get("params", {})
    return root / card.storage / folder_name(card.folder_name(params, target["params"]))


def _endpoint(connection: Json, settings: Json) -> Endpoint | None:
    try:
        return parse_settings(settings).endpoint(_card(connection).storage)
    except ValueError as error:
        raise StorageRefused("failed", f"the emulator's storage settings are wrong: {error}") from error


def _card(document: Json) -> specs.DestinationSpec:
    return specs.BY_CONNECTION_SPEC[document["connectionSpec"]["id"]]


def folder_name(text: str) -> str:
    """
    Return a file name for a bucket, container or host; different texts have different names.

    Letters, digits, `-`, `_`, `.`, `~` and `@` stay, all else is percent-encoded.
    """
    name = quote(text, safe="@")
    return name.replace(".", "%2E") if not name.strip(".") else name
