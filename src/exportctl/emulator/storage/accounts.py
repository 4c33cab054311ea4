"""
Whose storage a connection opens: from the credentials of a base connection and an endpoint to a sink.

The credentials are always those of the base connection, so that wrong ones make a run fail. Where a cloud's identity
service would stand in between, a table of the endpoint stands in for it: roles for AWS STS, principals for Entra ID.
The data lake is written over the Blob API of the same account, which sees the same files as the dfs API.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

from exportctl.emulator.storage import object_store, signing
from exportctl.emulator.storage.addresses import LANDING_ZONE, SFTP_PORT, parse_lake_url
from exportctl.emulator.storage.object_store import ObjectSink
from exportctl.emulator.storage.settings import Endpoint
from exportctl.emulator.storage.sink import Sink, StorageRefused
from exportctl.emulator.wire import Json

DAY = 86400


def open_sink(endpoint: Endpoint, auth: Json, place: Json) -> Sink:
    """
    Return the sink behind an endpoint: `auth` is the base connection's, `place` the target's params.

    Raises:
        StorageRefused: the credentials are refused before any storage is asked, or SFTP does not let them in.
    """
    return _OPENERS[endpoint.type](endpoint, auth, place)


def _open_amazon_s3(endpoint: Endpoint, auth: Json, place: Json) -> Sink:
    params = auth["params"]
    if auth["specName"] == "Assumed Role":
        # rule: storage-roles
        role = endpoint.values.get("roles", {}).get(params["s3Role"])
        if role is None:
            raise StorageRefused("denied", "the role cannot be assumed: the endpoint's roles do not list it")
        return _open_s3(endpoint, place["bucketName"], role["access_key_id"], role["secret_access_key"], "us-east-1")
    return _open_s3(endpoint, place["bucketName"], params["s3AccessKey"], params["s3SecretKey"], "us-east-1")


def _open_google_cloud_storage(endpoint: Endpoint, auth: Json, place: Json) -> Sink:
    params = auth["params"]
    return _open_s3(endpoint, place["bucketName"], params["accessKeyId"], params["secretAccessKey"], "auto")


def _open_s3(endpoint: Endpoint, bucket: str, access_key: str, secret_key: str, region: str) -> Sink:
    url = endpoint.values["url"].rstrip("/")
    region = endpoint.values.get("region", region)
    login = (region, access_key, secret_key)

    def folder_request(key: str) -> tuple[str, Mapping[str, str]]:
        address = f"{url}/{bucket}/{signing.quote_key(key)}"
        return address, signing.s3_headers("PUT", address, *login, now=time.time())

    return ObjectSink(object_store.s3_store(url, bucket, *login), f"bucket {bucket} at {url}", folder_request)


def _open_azure_blob(endpoint: Endpoint, auth: Json, place: Json) -> Sink:
    params = auth["params"]
    if "connectionString" not in params:
        return _open_azure_with_principal(endpoint, params, place["container"])
    account, key = parse_connection_string(params["connectionString"])
    return _open_azure_with_key(endpoint, account, key, place["container"])


def _open_azure_with_principal(endpoint: Endpoint, params: Json, container: str) -> Sink:
    """Open a container for the service principal of a Blob account; Adobe publishes no names of its params."""
    account = str(params.get("accountName") or params["url"]).removeprefix("https://").partition(".")[0]
    client, key = (
        (params.get("clientId") or params["servicePrincipalId"]),
        (params.get("clientSecret") or params["servicePrincipalKey"]),
    )
    principal = endpoint.values.get("principals", {}).get(client)
    if principal is None or principal["key"] != key:
        raise StorageRefused("denied", f"account {account} refused the service principal: unknown, or its key is wrong")
    return _open_azure_with_key(endpoint, account, principal["account_key"], container)


def parse_connection_string(text: str) -> tuple[str, str]:
    """Return account name and key of an Azure connection string; the endpoint's address replaces its own."""
    pairs = (part.partition("=") for part in text.split(";"))
    members = {name.strip().lower(): value.strip() for name, _, value in pairs}
    for name in ("AccountName", "AccountKey"):
        if not members.get(name.lower()):
            raise StorageRefused("denied", f"the connection string has no {name}")
    return members["accountname"], members["accountkey"]


def _open_azure_data_lake(endpoint: Endpoint, auth: Json, place: Json) -> Sink:
    params = auth["params"]
    container, account = parse_lake_url(params["url"])
    # rule: storage-principals
    principal = endpoint.values.get("principals", {}).get(params["servicePrincipalId"])
    if principal is None or principal["key"] != params["servicePrincipalKey"]:
        raise StorageRefused("denied", f"account {account} refused the service principal: unknown, or its key is wrong")
    return _open_azure_with_key(endpoint, account, principal["account_key"], container)


def _open_azure_with_key(endpoint: Endpoint, account: str, key: str, container: str) -> Sink:
    sas = _sign_sas(account, key, container)  # a key that is no key is refused here
    return _open_azure(endpoint, account, container, {"access_key": key}, sas)


def _open_landing_zone(endpoint: Endpoint, auth: Json, place: Json) -> Sink:
    # rule: landing-zone-storage
    values, container = endpoint.values, endpoint.values.get("container", LANDING_ZONE)
    account = values["account"]
    sas = values["sas"].removeprefix("?") if "sas" in values else _sign_sas(account, values["account_key"], container)
    return _open_azure(endpoint, account, container, {"sas_token": sas}, sas)


def _open_azure(endpoint: Endpoint, account: str, container: str, credential: Mapping[str, str], sas: str) -> Sink:
    url = endpoint.values["url"].rstrip("/")

    def folder_request(key: str) -> tuple[str, Mapping[str, str]]:
        headers = {"x-ms-version": signing.AZURE_VERSION, "x-ms-blob-type": "BlockBlob"}
        return f"{url}/{container}/{signing.quote_key(key)}?{sas}", headers

    store = object_store.azure_store(url, container, account, credential)
    return ObjectSink(store, f"container {container} at {url}", folder_request)


def _sign_sas(account: str, key: str, container: str) -> str:
    """For one run, by the time of this machine: the storage's clock is a real one."""
    try:
        return signing.container_sas(account, key, container, "rcwdl", time.time() + DAY)
    except ValueError as error:
        raise StorageRefused("denied", f"account {account}: {error}") from None


def _open_sftp(endpoint: Endpoint, auth: Json, place: Json) -> Sink:
    try:
        from exportctl.emulator.storage.sftp import SftpSink  # asyncio, which few commands need
    except ImportError:
        reason = "writing to SFTP needs another package: pip install 'exportctl[emulator]'"
        raise StorageRefused("extra-missing", reason) from None
    # rule: storage-sftp-root
    values, params = endpoint.values, auth["params"]
    port = values.get("port") or params.get("port", SFTP_PORT)
    if not re.fullmatch(r"[0-9]{1,5}", str(port)):
        raise StorageRefused("failed", "the port of the SFTP account is not a number")
    return SftpSink(
        endpoint.host,
        int(port),
        params["username"],
        "/" if place["remotePath"].startswith("/") else "",
        password=params.get("password"),
        private_key=params.get("sshKey"),
        known_hosts=values.get("known_hosts"),
        accept_any_host_key=endpoint.is_loopback,
    )


_OPENERS: Mapping[str, Callable[[Endpoint, Json, Json], Sink]] = {
    "amazon-s3": _open_amazon_s3,
    "azure-blob": _open_azure_blob,
    "azure-data-lake": _open_azure_data_lake,
    "data-landing-zone": _open_landing_zone,
    "google-cloud-storage": _open_google_cloud_storage,
    "sftp": _open_sftp,
}
