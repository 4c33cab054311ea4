"""
How each engine spells the address of a file. Pure.

    storage              duckdb       spark      databricks   snowflake   bigquery   trino
    S3                   s3://        s3a://     s3://        s3://       s3://      s3://
    Google               gs://        gs://      gs://        gcs://      gs://      gs://
    container of Azure   abfss://     wasbs://   abfss://     azure://    azure://   wasbs://
    lake of Azure        abfss://     abfss://   abfss://     azure://    azure://   abfss://
    SFTP                 no engine reads it
    local folder         the path     file://    the address of the storage behind it, where it is known

Sources: the pages on external data of each engine. No address holds a credential.
"""

from __future__ import annotations

from exportctl.errors import Error
from exportctl.resources.destinations.type import Protocol
from exportctl.restore.engine import Engine
from exportctl.restore.source import RestoreLocation

_BUCKET = {
    (Protocol.S3, Engine.SPARK): "s3a",
    (Protocol.GCS, Engine.SNOWFLAKE): "gcs",
}
_SCHEMES = {Protocol.S3: "s3", Protocol.GCS: "gs"}
_ON_THIS_MACHINE = (Engine.DUCKDB, Engine.SPARK)
_AZURE = (Protocol.AZURE_CONTAINER, Protocol.AZURE_LAKE)


def base_uri(location: RestoreLocation, engine: Engine) -> str:
    """
    Return the address in front of every path, without a slash at its end.

    Raises:
        Error: the engine cannot read this storage, or it is not known which account has it.
    """
    if location.folder is not None and engine in _ON_THIS_MACHINE:
        return location.folder if engine is Engine.DUCKDB else f"file://{location.folder}"
    if location.protocol in _SCHEMES and location.container:
        scheme = _BUCKET.get((location.protocol, engine), _SCHEMES[location.protocol])
        return "/".join(part for part in (f"{scheme}://{location.container}", location.prefix) if part)
    if location.protocol in _AZURE and location.container and location.account:
        return _azure_uri(location, location.account, engine)
    if location.protocol in _AZURE:
        hint = "read the storage itself: docs/how-to/let-verify-read-storage.md"
        message = f"{engine}: it is not known which storage account has {location.label}"
        raise Error(message, rule="restore-location", hint=hint)
    hint = "use `exportctl restore write --to FOLDER`, and load that folder"
    raise Error(f"{engine} cannot read {location.label}", rule="restore-location", hint=hint)


def _azure_uri(location: RestoreLocation, account: str, engine: Engine) -> str:
    container, domain = location.container, location.domain
    if engine in (Engine.SNOWFLAKE, Engine.BIGQUERY):
        return f"azure://{account}.blob.{domain}/{container}"
    if engine is Engine.DUCKDB:
        return f"abfss://{account}.dfs.{domain}/{container}"
    if location.protocol is Protocol.AZURE_CONTAINER and engine is not Engine.DATABRICKS:
        return f"wasbs://{container}@{account}.blob.{domain}"
    return f"abfss://{container}@{account}.dfs.{domain}"
