"""The address of a storage as other tools know it, and the URI of each object in it. Values only."""

from __future__ import annotations

from urllib.parse import quote, unquote

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class StorageAddress:
    """
    Where the paths of a storage begin: `s3://bucket`, `sftp://host:22`. It holds no credential.

    The tools of the clouds take keys as they are after `s3://`, `gs://` and `abfss://`. In an address of the web, such
    as `https://` and `sftp://`, what RFC 3986 reserves `is_escaped`.
    """

    root: str
    is_escaped: bool = False
    former: tuple[StorageAddress, ...] = ()  # other storage with files of the same export, whose paths are URIs

    def uri(self, path: str) -> str:
        """Return the URI of an object, or of a folder."""
        if self.former_of(path):
            return path
        return f"{self.root}/{quote(path, errors='surrogateescape') if self.is_escaped else path}"

    def path_of(self, uri: str) -> str | None:
        """Return the path of an object by its URI; None if it is in another storage."""
        root, begin = f"{self.root}/", uri[: len(self.root) + 1]
        if begin != root:
            return None
        rest = uri.removeprefix(root)
        return unquote(rest, errors="surrogateescape") if self.is_escaped else rest

    def former_of(self, uri: str) -> StorageAddress | None:
        """Return the former storage that an object is in, by its URI; None for any other text."""
        return next((one for one in self.former if one.path_of(uri) is not None), None)

    def locate(self, uri: str) -> str | None:
        """Return the path by which an object is read: its own, or its URI in a former storage; None: elsewhere."""
        own = self.path_of(uri)
        return uri if own is None and self.former_of(uri) else own
