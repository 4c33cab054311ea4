"""
How to read the storage of one destination: from AccessInputs to an Access, and from an Access to its reader.

    EXPORTCTL_READER_<DESTINATION>_FOLDER    a local folder that holds the bucket's content: comes before all else
    without `auth`                           the identity of the caller, from the usual variables of each cloud
    with `auth`                              the credentials of the destination itself, if the config says so

Until a reader is opened, no service is asked, except the platform for the credentials of its landing zone. Packages of
the `storage` extra are imported only when needed.

The landing zone: `GET /data/foundation/connectors/landingzone/credentials?type=dlz_destination`, flow-service.md 5.4.
On Azure the answer is a signature for one container, on AWS temporary keys for one folder of a bucket. The paths of
exports begin at the container or at that folder (assumed: no page says so for AWS). The plain variables of a cloud are
not used for it, because they belong to the company's own accounts. Variables of the destination itself come first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Protocol
from exportctl.storage import access_azure, access_buckets, access_sftp, object_store
from exportctl.storage.access_types import S3, Access, AccessInputs, AwsKeys, Azure, Google, LocalFolder, Sas
from exportctl.storage.local import LocalReader
from exportctl.storage.reader import StorageError, StorageReader

_INSTALL = "pip install 'exportctl[storage]'"
FOLDER = "FOLDER"  # only ever with the destination's prefix in front
_CONTAINER = "dlz-destination"  # [DLZ]
_PLATFORM_IDENTITY = "the credentials from the platform"


def storage_access(inputs: AccessInputs) -> Access:
    """
    Return how a storage is read.

    Regions, endpoints and known hosts always come from the environment: the config has no keys for them.

    Raises:
        StorageError: no credentials are given, or no account that they belong to (`storage-credentials`; the hint lists
            the variables), or what is given cannot be used (`storage-setup`): half of a key, no host or user, an
            address that must not get credentials, an account of another cloud, a role that only Adobe can assume.
    """
    if folder := inputs.own_value(FOLDER):
        return Access(folder, LocalFolder(Path(folder)), inputs.prefix + FOLDER)
    return _ACCESS[inputs.type.protocol](inputs)


def is_own_folder(access: Access, inputs: AccessInputs) -> bool:
    """Check whether a local folder is read for the destination: it holds the content of one bucket."""
    return access.identity == inputs.prefix + FOLDER


def open_reader(access: Access) -> StorageReader:
    """
    Open a reader of one location. Close it after use.

    An SFTP server is logged in to at once. Object stores get no request before the first read.

    Raises:
        StorageError: it cannot be opened, or the extra is not installed.
    """
    try:
        return _create_reader(access)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("obstore", "asyncssh"):
            raise
        message = f"reading {access.label} needs the package {package}"
        raise StorageError(message, rule="storage-extra", hint=_INSTALL) from None


def _create_reader(access: Access) -> StorageReader:
    method = access.method
    if isinstance(method, LocalFolder):
        return LocalReader(method.path, access.label)
    if isinstance(method, S3):
        return object_store.open_s3(method, access.label)
    if isinstance(method, Azure):
        return object_store.open_azure(method, access.label)
    if isinstance(method, Google):
        return object_store.open_google(method, access.label)
    from exportctl.storage.sftp import SftpReader  # asyncio takes its time to import

    return SftpReader(method, access.label)


# -- the landing zone -------------------------------------------------------------------------------------------------


def _landing_zone_access(inputs: AccessInputs) -> Access:
    """Return how the landing zone is read: it has no `auth` of its own."""
    if inputs.group(access_azure.FAMILY).prefix:
        account, container = inputs.own_value(access_azure.ACCOUNT), inputs.own_value("AZURE_STORAGE_CONTAINER")
        own = access_azure.ContainerAddress(account, None, container or _CONTAINER)
        return access_azure.caller_access(inputs, own)
    answer = inputs.landing_zone() if inputs.landing_zone else None
    if not answer:
        hint = (
            f"the credentials of exportctl need access to the sandbox's landing zone; or set {inputs.prefix}"
            f"{access_azure.ACCOUNT} and {inputs.prefix}{access_azure.SAS}"
        )
        raise inputs.no_credentials_error("the platform gives no credentials for its landing zone", hint)
    try:
        return _amazon_zone_access(inputs, answer) if "dlzPath" in answer else _azure_zone_access(inputs, answer)
    except (KeyError, TypeError, AttributeError) as error:
        hint = "the answer has another form than the one documented; `reader: none` does not read this storage"
        message = "the platform gives credentials of an unknown form for its landing zone"
        raise inputs.setting_error(message, hint) from error


def _azure_zone_access(inputs: AccessInputs, answer: Mapping[str, Any]) -> Access:
    account, container = str(answer["storageAccountName"]), str(answer["containerName"])
    token = Secret(str(answer["SASToken"]).lstrip("?"))
    address = str(answer.get("SASUri") or "").partition("?")[0].rstrip("/").removesuffix(f"/{container}")
    address = inputs.parse_endpoint(address or f"https://{account}.{access_azure.PUBLIC_DOMAIN}", "SASUri")
    return Access(f"az://{account}/{container}", Azure(account, container, address, Sas(token)), _PLATFORM_IDENTITY)


def _amazon_zone_access(inputs: AccessInputs, answer: Mapping[str, Any]) -> Access:
    given, path = answer["credentials"], answer["dlzPath"]
    token = given.get("awsSessionToken")
    keys = AwsKeys(
        Secret(str(given["awsAccessKeyId"])),
        Secret(str(given["awsSecretAccessKey"])),
        Secret(str(token)) if token else None,
    )
    bucket, folder = str(path["bucketName"]), str(path["dlzFolder"]).strip("/")
    region = inputs.setting("AWS_REGION")
    address = inputs.own_value("AWS_ENDPOINT_URL_S3")
    method = S3(
        bucket,
        region[1] if region else access_buckets.DEFAULT_REGION,
        inputs.parse_endpoint(address, f"{inputs.prefix}AWS_ENDPOINT_URL_S3") if address else None,
        keys,
        prefix=folder,
    )
    return Access(f"s3://{bucket}/{folder}", method, _PLATFORM_IDENTITY)


_ACCESS: Mapping[Protocol, Callable[[AccessInputs], Access]] = {
    Protocol.S3: access_buckets.amazon_access,
    Protocol.GCS: access_buckets.google_access,
    Protocol.AZURE_CONTAINER: access_azure.blob_access,
    Protocol.AZURE_LAKE: access_azure.lake_access,
    Protocol.SFTP: access_sftp.sftp_access,
    Protocol.LANDING_ZONE: _landing_zone_access,
}
