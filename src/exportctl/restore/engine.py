"""The engines that SQL is written for."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """Who reads the files. Each is a dialect of sqlglot too."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    DATABRICKS = "databricks"
    SNOWFLAKE = "snowflake"
    BIGQUERY = "bigquery"
    TRINO = "trino"


WAS_EXECUTED = (Engine.DUCKDB, Engine.SPARK)  # by our tests; the others were only parsed
CAN_CHECK = (Engine.DUCKDB, Engine.SPARK)  # what `restore check` and `restore write` run
