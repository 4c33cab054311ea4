"""What a check of a restore needs of an engine. Values and a protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

Rows = list[tuple[Any, ...]]


class EngineError(Exception):
    """What an engine says of a statement, without the statement; `whole` is all of it, to look for names of files."""

    def __init__(self, message: str, whole: str = ""):
        super().__init__(message)
        self.whole = whole


class SqlEngine(Protocol):
    """Executes statements in its own dialect."""

    def execute(self, statement: str) -> Rows:
        """Execute one statement and return its rows, or raise EngineError."""

    def write_parquet(self, query: str, folder: Path) -> int:
        """Write the rows of a query as Parquet files into a new folder, and return how many these files hold."""
