"""
How each engine spells the address of a file. Pure.

    storage              duckdb       spark      databricks   snowflake   bigquery   trino
    S3                   s3://        s3a://     s3://        s3://       s3://      s3://
    Google               gs://        gs://      gs://        gcs://      gs://      gs://
    container of Azure   abfss://     wasbs://   abfss://     azure://    azure://   wasbs://
    lake of Azure        abfss://     abfss://   abfss://     azure://    azure://   abfss://
    SFTP                 no engine reads it
    local folder         the path     file://    the address of the storage behind it

The address of the storage comes from `storage.address` and holds no credential. Sources: the pages on external data of
each engine; only the local folder was tried.
"""

from __future__ import annotations

import re

from exportctl.errors import Error
from exportctl.restore.engine import Engine
from exportctl.restore.source import RestoreLocation

_BUCKET = re.compile(r"(?P<scheme>s3|gs)://(?P<path>.+)")
_CONTAINER = re.compile(r"https://(?P<account>[a-z0-9]+)(?P<zone>\.z\d+)?\.blob\.(?P<domain>[^/]+)/(?P<container>.+)")
_LAKE = re.compile(r"abfss?://(?P<container>[^@/]+)@(?P<account>[a-z0-9]+)(?P<zone>\.z\d+)?\.dfs\.(?P<domain>[^/]+)")
_SCHEMES = {("s3", Engine.SPARK): "s3a", ("gs", Engine.SNOWFLAKE): "gcs"}
_ON_THIS_MACHINE = (Engine.DUCKDB, Engine.SPARK)


def base_uri(location: RestoreLocation, engine: Engine) -> str:
    """
    Return the address in front of every path, without a slash at its end.

    Raises:
        Error: the engine cannot read this storage, or it is not known which account has it.
    """
    if location.folder is not None and engine in _ON_THIS_MACHINE:
        return location.folder if engine is Engine.DUCKDB else f"file://{location.folder}"
    if found := _BUCKET.fullmatch(location.root):
        return f"{_SCHEMES.get((found['scheme'], engine), found['scheme'])}://{found['path']}"
    if found := _CONTAINER.fullmatch(location.root):
        return _azure_uri(found, engine, lake=False)
    if found := _LAKE.fullmatch(location.root):
        return _azure_uri(found, engine, lake=True)
    if location.root.startswith("az://"):
        message = f"{engine}: it is not known which storage account has {location.root}"
        hint = "read the container itself, not a copy: docs/how-to/let-verify-read-storage.md"
        raise Error(message, rule="restore-location", hint=hint)
    hint = "use `exportctl restore write --to FOLDER`, and load that folder"
    raise Error(f"{engine} cannot read {location.root or location.label}", rule="restore-location", hint=hint)


def _azure_uri(found: re.Match[str], engine: Engine, *, lake: bool) -> str:
    account, domain, container = f"{found['account']}{found['zone'] or ''}", found["domain"], found["container"]
    if engine in (Engine.SNOWFLAKE, Engine.BIGQUERY):
        return f"azure://{account}.blob.{domain}/{container}"
    if engine is Engine.DUCKDB:
        return f"abfss://{account}.dfs.{domain}/{container}"
    if not lake and engine is not Engine.DATABRICKS:
        return f"wasbs://{container}@{account}.blob.{domain}"
    return f"abfss://{container}@{account}.dfs.{domain}"


def hadoop_uri(uri: str) -> str:
    """
    Return a URI as `input_file_name()` of Spark shows it: percent-encoded where Java's URI is.

    Java leaves letters of other alphabets as they are (java.net.URI, "quote").
    """
    scheme, _, path = uri.partition("://")
    encoded = "".join(char if char in _PLAIN or ord(char) > 127 else f"%{ord(char):02X}" for char in path)
    return f"{scheme}://{encoded}"


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + "-_.!~*'()" + "/:@&=+$," + ";")
