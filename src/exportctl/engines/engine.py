"""What a check of a restore needs of an engine. Values and a protocol."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

Rows = list[tuple[Any, ...]]


class EngineError(Exception):
    """What an engine says of a statement, without the statement; `whole` is all of it, to look for names of files."""

    def __init__(self, message: str, whole: str = ""):
        super().__init__(message)
        self.whole = whole


_BEFORE_VALUE = re.compile(  # what DuckDB and Spark say before they repeat a value of a row
    r"(?s)(Could not (?:convert|cast)|Failed to (?:cast|transform)|invalid \w+ field format|but got \w+|with value"
    r"|The value|record parsing|Malformed (?:JSON|records?)).*"
)


def hide_values(text: str) -> str:
    """Return what an engine says, up to the first value of a row: a report may be public."""
    return _BEFORE_VALUE.sub(r"\1 …", text)


class SqlEngine(Protocol):
    """Executes statements in its own dialect."""

    def execute(self, statement: str) -> Rows:
        """Execute one statement and return its rows, or raise EngineError."""

    def write_parquet(self, query: str, folder: Path) -> int:
        """Write the rows of a query as Parquet files into a new folder, and return how many these files hold."""
