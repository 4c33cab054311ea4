"""How the increments of a dataset come together as one table."""

from __future__ import annotations

from enum import StrEnum


class Combine(StrEnum):
    """
    What a table at a moment is, by the runs up to then.

        append      every row of every run: events
        upsert      per key the row of the newest run: records
        snapshot    the rows of the newest complete run: each run is a whole copy
        unknown     nothing says it
    """

    APPEND = "append"
    UPSERT = "upsert"
    SNAPSHOT = "snapshot"
    UNKNOWN = "unknown"
