"""How the runs of a dataset come together as one table, and who says so. Values only."""

from __future__ import annotations

from enum import StrEnum

from exportctl.frozen import dataclass


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


@dataclass(frozen=True)
class CatalogEntry:
    """
    What the service says of a dataset; None: it says nothing.

    `problem` is why nothing is known, and `key_problem` why no primary identity is; both empty otherwise.
    """

    behavior: str | None = None  # of its schema, in lower case: time-series, record …
    manager: str | None = None  # CUSTOMER, or SYSTEM
    schema: str | None = None  # the id of its schema, a URI
    primary_identity: str | None = None  # a column, with dots between levels
    problem: str = ""
    key_problem: str = ""


@dataclass(frozen=True)
class Combination:
    """
    How a dataset combines, and from which source; for people, `source` and `key_source` are complete phrases.

    `key` is the column that identifies a row, for an upsert only. Where it is None, `key_source` says why.
    """

    combine: Combine
    source: str
    key: str | None = None
    key_source: str = ""
    warnings: tuple[str, ...] = ()
    is_time_series: bool = False  # the Catalog says that its rows are events
