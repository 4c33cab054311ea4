"""table."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.azure_blob import AZURE_BLOB
from exportctl.resources.destinations.azure_data_lake import AZURE_DATA_LAKE
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.resources.destinations.google_cloud_storage import GOOGLE_CLOUD_STORAGE
from exportctl.resources.destinations.sftp import SFTP
from exportctl.resources.destinations.type import DestinationType

TYPES: Mapping[str, DestinationType] = {
    t.name: t for t in (AMAZON_S3, AZURE_BLOB, AZURE_DATA_LAKE, DATA_LANDING_ZONE, GOOGLE_CLOUD_STORAGE, SFTP)
}


BY_CONNECTION_SPEC: Mapping[str, DestinationType] = {t.connection_spec: t for t in TYPES.values()}


BY_FLOW_SPEC: Mapping[str, DestinationType] = {t.flow_spec: t for t in TYPES.values()}
