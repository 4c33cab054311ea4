"""The address of a storage as other tools know it, and the URI of each object in it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class StorageAddress:
    """
    Where the paths of a storage begin: `s3://bucket`, `sftp://host:22`. It holds no credential.

    The tools of the clouds take keys as they are after `s3://`, `gs://` and `abfss://`. In an address of the web, such
    as `https://` and `sftp://`, what RFC 3986 reserves `is_escaped`.
    """

    root: str
    is_escaped: bool = False

    def uri(self, path: str) -> str:
        """Return the URI of an object, or of a folder."""
        return f"{self.root}/{quote(path, errors='surrogateescape') if self.is_escaped else path}"
