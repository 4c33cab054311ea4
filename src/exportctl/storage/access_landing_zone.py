"""
How to read the data landing zone: with the credentials that the platform gives out for it.

Source: `GET /data/foundation/connectors/landingzone/credentials?type=dlz_destination`, flow-service.md 5.4. On Azure
the answer is a signature for one container, on AWS temporary keys for one folder of a bucket. The paths of exports
begin at the container or at that folder (assumed: no page says so for AWS). The plain variables of a cloud are not
used here, because they belong to the company's own accounts. Variables of the destination itself come first. Pure,
except for the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exportctl.model.secret import Secret
from exportctl.storage import access_azure
from exportctl.storage.access_types import (
    S3,
    Access,
    AwsKeys,
    Azure,
    Sas,
    StorageLocation,
    no_credentials_error,
    parse_endpoint,
    unusable_setting_error,
)
from exportctl.storage.environment import ReaderVariables

CONTAINER = "dlz-destination"  # [DLZ]
CredentialsSource = Callable[[], Mapping[str, Any] | None]
_PLATFORM_IDENTITY = "the credentials from the platform"


def caller_access(
    location: StorageLocation, variables: ReaderVariables, credentials: CredentialsSource | None
) -> Access:
    """
    Return how the caller reads the landing zone.

    Raises:
        StorageError: the answer of the platform is not understood, and no variables are set.
    """
    if variables.group(access_azure.FAMILY).prefix:
        own = access_azure.ContainerAddress(
            variables.own_value(access_azure.ACCOUNT), None, variables.own_value("AZURE_STORAGE_CONTAINER") or CONTAINER
        )
        return access_azure.caller_access(location, variables, own)
    answer = credentials() if credentials else None
    if not answer:
        hint = (
            f"the credentials of exportctl need access to the sandbox's landing zone; or set {variables.prefix}"
            f"{access_azure.ACCOUNT} and {variables.prefix}{access_azure.SAS}"
        )
        raise no_credentials_error(location, "the platform gives no credentials for its landing zone", hint)
    try:
        return _amazon_access(location, variables, answer) if "dlzPath" in answer else _azure_access(location, answer)
    except (KeyError, TypeError, AttributeError) as error:
        hint = "the answer has another form than the one documented; `reader: none` does not read this storage"
        raise unusable_setting_error(
            location, "the platform gives credentials of an unknown form for its landing zone", hint
        ) from error


def _azure_access(location: StorageLocation, answer: Mapping[str, Any]) -> Access:
    account, container = str(answer["storageAccountName"]), str(answer["containerName"])
    token = str(answer["SASToken"]).lstrip("?")
    address = str(answer.get("SASUri") or "").partition("?")[0].rstrip("/").removesuffix(f"/{container}")
    address = parse_endpoint(location, address or f"https://{account}.{access_azure.PUBLIC_DOMAIN}", "SASUri")
    return Access(
        f"az://{account}/{container}", Azure(account, container, address, Sas(Secret(token))), _PLATFORM_IDENTITY
    )


def _amazon_access(location: StorageLocation, variables: ReaderVariables, answer: Mapping[str, Any]) -> Access:
    given, path = answer["credentials"], answer["dlzPath"]
    token = given.get("awsSessionToken")
    keys = AwsKeys(
        Secret(str(given["awsAccessKeyId"])),
        Secret(str(given["awsSecretAccessKey"])),
        Secret(str(token)) if token else None,
    )
    bucket, folder = str(path["bucketName"]), str(path["dlzFolder"]).strip("/")
    region, address = variables.own_value("AWS_REGION"), variables.own_value("AWS_ENDPOINT_URL_S3")
    method = S3(
        bucket,
        region or variables.plain_value("AWS_REGION") or "us-east-1",
        parse_endpoint(location, address, f"{variables.prefix}AWS_ENDPOINT_URL_S3") if address else None,
        keys,
        prefix=folder,
    )
    return Access(f"s3://{bucket}/{folder}", method, _PLATFORM_IDENTITY)
