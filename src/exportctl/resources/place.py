"""
Where an export writes, and what, each as one text for people: what the target itself says, without the account. Pure.

    S3, Google Cloud Storage   s3://BUCKET/PATH, gs://BUCKET/PATH
    Blob                       az://CONTAINER/PATH
    else                       LABEL PATH, because only the account names the storage
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.resources.destinations.type import DestinationType, Part, Protocol

NO_COMPRESSION = "none"
SCHEMES = {Protocol.S3: "s3", Protocol.GCS: "gs", Protocol.AZURE_CONTAINER: "az"}


def place_phrase(type: DestinationType | None, location: Mapping[str, Any]) -> str:
    """Return the location in one text; the keys and values as they are if the type is unknown, nothing if both are."""
    if type is None or not location:
        return ", ".join(f"{key} {value}" for key, value in sorted(location.items()))
    container = location.get(type.part_name(Part.CONTAINER) or "")
    folder = str(location.get(type.folder_key) or "")
    scheme = SCHEMES.get(type.protocol)
    if scheme and container:
        return f"{scheme}://{container}" + (f"/{folder.strip('/')}" if folder.strip("/") else "")
    return " ".join(str(part) for part in (type.label, container, folder) if part)


def format_phrase(form: Mapping[str, Any]) -> str:
    """Return `parquet, gzip`, and `json` without a compression."""
    shown = (form.get("type"), form.get("compression"))
    return ", ".join(str(part) for part in shown if part and part != NO_COMPRESSION)
