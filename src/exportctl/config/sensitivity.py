"""
Which class a value of the config has, by its path: who may see it, and what it may be made of.

Secret are the fields that `destination_types` says are, and the platform's credentials; every other field of an
`auth` is sensitive; the rest is plain.
"""

from __future__ import annotations

from collections.abc import Sequence

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES

_SECRET_FIELDS = frozenset(
    f.name for t in TYPES.values() for m in t.methods for f in m.fields if f.secrecy is Secrecy.SECRET
)
_OPTIONS = ("secret_version", "drop")  # of an `auth`, which are no fields of it


def secrecy(path: Sequence[str | int]) -> Secrecy:
    """The class of the value at a path such as `destinations.lake.auth.role_arn`, also inside an environment."""
    keys = [key for key in path if isinstance(key, str)]
    if keys[:1] == ["environments"]:
        keys = keys[2:]
    if keys[:2] == ["platform", "credentials"]:
        return Secrecy.SECRET
    if len(keys) > 2 and keys[0] == "destinations" and keys[2] == "auth" and not set(keys[3:4]) & set(_OPTIONS):
        return Secrecy.SECRET if set(keys[3:4]) & _SECRET_FIELDS else Secrecy.SENSITIVE
    return Secrecy.PLAIN
