"""
A Spark session, local or on a cluster: it reads the storage itself, with its own credentials and connectors.

`pyspark` and Java come with the cluster or the extra `spark`; everything else is its own configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from exportctl.engines.duckdb import missing_extra_error
from exportctl.engines.engine import EngineError, Rows, hide_values
from exportctl.errors import Error

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

INSTALL = "pip install 'exportctl[spark]', with the version of the cluster"
_NAME = "exportctl restore"


class Spark:
    """One session."""

    def __init__(self, session: SparkSession):
        self._session = session

    def execute(self, statement: str) -> Rows:
        """Execute one statement and return its rows."""
        try:
            return [tuple(row) for row in self._session.sql(statement).collect()]
        except Exception as error:  # of Java or of Python: their classes differ from version to version
            raise EngineError(error_text(error), str(error)) from error

    def write_parquet(self, query: str, folder: Path) -> int:
        """Write the rows of a query as Parquet files into a new folder, and return how many these files hold."""
        where = f"file://{folder}"
        try:
            self._session.sql(query).write.parquet(where)
            return int(self._session.read.parquet(where).count())
        except Exception as error:
            raise EngineError(error_text(error), str(error)) from error


@contextmanager
def open_spark(master: str) -> Iterator[Spark]:
    """
    Open a session on a master such as `spark://host:7077` or `local[2]`.

    Raises:
        Error: pyspark is not installed, or no session can be opened.
    """
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise missing_extra_error("pyspark", INSTALL) from error
    builder = SparkSession.builder.appName(_NAME).master(master)
    try:
        session = builder.config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false").getOrCreate()
    except Exception as error:
        hint = "check --master, and that Java is installed: JAVA_HOME"
        message = f"no Spark session can be opened on {master}: {error_text(error)}"
        raise Error(message, rule="restore-engine", hint=hint) from error
    try:
        yield Spark(session)
    finally:
        session.stop()


def error_text(error: Exception) -> str:
    """Return the line of an error that says what is wrong: the others are a trace of Java."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by:")]
    return hide_values(causes[-1] if causes else lines[0] if lines else type(error).__name__)[:500]
