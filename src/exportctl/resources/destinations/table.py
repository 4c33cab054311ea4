"""
The destination types by name and by spec id.

A type is one file in this folder and one entry of the tuple below. Some modules read the table when they are imported
(the schema of the config, the filters of the kinds), so a process that needs one more type, as a test of this very
promise does, calls `add_type` before it imports the rest of exportctl.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.azure_blob import AZURE_BLOB
from exportctl.resources.destinations.azure_data_lake import AZURE_DATA_LAKE
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.resources.destinations.google_cloud_storage import GOOGLE_CLOUD_STORAGE
from exportctl.resources.destinations.sftp import SFTP
from exportctl.resources.destinations.type import DestinationType

_TYPES = {t.name: t for t in (AMAZON_S3, AZURE_BLOB, AZURE_DATA_LAKE, DATA_LANDING_ZONE, GOOGLE_CLOUD_STORAGE, SFTP)}
TYPES: Mapping[str, DestinationType] = MappingProxyType(_TYPES)


def add_type(new: DestinationType) -> None:
    """Add a type to the table of this process."""
    _TYPES[new.name] = new


def type_by_connection_spec(spec: str) -> DestinationType | None:
    return next((t for t in _TYPES.values() if t.connection_spec == spec), None)


def type_by_flow_spec(spec: str) -> DestinationType | None:
    return next((t for t in _TYPES.values() if t.flow_spec == spec), None)


def storage_fields() -> tuple[str, ...]:
    """Return the fields of the locations of all types but the folder: what names a bucket or container."""
    return tuple(dict.fromkeys(f.name for t in _TYPES.values() for f in t.location if f.name != t.folder_key))


def folder_of(type_name: str, location: Mapping[str, str]) -> str:
    """Return the folder in a location of this type; empty where it has none."""
    return location.get(TYPES[type_name].folder_key, "")
