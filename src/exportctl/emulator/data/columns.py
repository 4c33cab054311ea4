"""
What the rows of a dataset are made of: the types of columns, as data, and the JSON text of one field.

A shape is the name of a plain type, a dict (a struct, its fields in order), a list of one shape, or a Map.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from time import gmtime, strftime
from typing import TypeAlias

from exportctl.frozen import dataclass

TEXT, INTEGER, NUMBER, TIME, DATE, BOOLEAN = "text", "whole", "number", "time", "date", "flag"
SMALL = "small"  # a whole number of 32 bits


@dataclass(frozen=True)
class MapType:
    """Keys are text; `values` is the shape of each value."""

    values: Shape


Shape: TypeAlias = "str | Mapping[str, Shape] | list[Shape] | MapType"
"""A list holds exactly one shape. TIME is RFC 3339 text in JSON and milliseconds UTC in Parquet."""


def json_text(value: object) -> str:
    """Compact JSON, letters beyond ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def member(name: str, value: object | None) -> str:
    """Return the field with the comma in front of it; nothing for None: an export leaves nulls out (assumed)."""
    return "" if value is None else f",{json_text(name)}:{json_text(value)}"


def rfc3339_time(ms: int) -> str:
    """Milliseconds since 1970 UTC as RFC 3339."""
    return f"{_rfc3339_second(ms // 1000)}.{ms % 1000:03d}Z"


@lru_cache(maxsize=4096)  # neighbouring rows share the second, and formatting it costs more than the rest of a field
def _rfc3339_second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))
