"""
The class of each value of the config, by its path: it decides who may see the value and what the value may contain.

The fields that `resources.destinations` marks as secret, and the platform's credentials, are secret. Every other field
of an `auth` is sensitive. All other values are plain.
"""

from __future__ import annotations

from collections.abc import Sequence

from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES

_SECRET_FIELDS = frozenset(
    f.name for t in TYPES.values() for m in t.methods for f in m.fields if f.secrecy is Secrecy.SECRET
)
_OPTIONS = ("secret_version", "drop")  # keys of an `auth` that are not fields of the account


def secrecy(path: Sequence[str | int]) -> Secrecy:
    """Return the class of the value at a path such as `destinations.lake.auth.role_arn`, also in an environment."""
    keys = [key for key in path if isinstance(key, str)]
    if keys[:1] == ["environments"]:
        keys = keys[2:]
    if keys[:2] == ["platform", "credentials"]:
        return Secrecy.SECRET
    if len(keys) > 2 and keys[0] == "destinations" and keys[2] == "auth" and not set(keys[3:4]) & set(_OPTIONS):
        return Secrecy.SECRET if set(keys[3:4]) & _SECRET_FIELDS else Secrecy.SENSITIVE
    return Secrecy.PLAIN
