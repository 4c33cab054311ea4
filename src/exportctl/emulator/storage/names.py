"""
Keys of files and names of folders that stand for buckets: what may become a path. Pure.

A target's path is free text where no pattern is published, so none may lead out of its root.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from exportctl.emulator.storage.sink import StorageRefused

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def segments(key: str) -> list[str]:
    """
    Return the parts of a key between its slashes.

    Raises:
        StorageRefused: a part is empty, `.` or `..`, or holds a control character.
    """
    parts = key.split("/")
    if any(part in ("", ".", "..") or _CONTROL.search(part) for part in parts):
        raise StorageRefused(
            "failed", f"the path {_CONTROL.sub('?', key)!r} cannot be written: it has a part that is no name"
        )
    return parts


def folder_name(text: str) -> str:
    """
    Return a file name for a bucket, container or host; different texts have different names.

    Letters, digits, `-`, `_`, `.`, `~` and `@` stay, all else is percent-encoded.
    """
    name = quote(text, safe="@")
    return name.replace(".", "%2E") if not name.strip(".") else name
