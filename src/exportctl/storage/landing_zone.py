"""
How the data landing zone is read: by the credentials that the platform itself hands out for it.

Source: `GET /data/foundation/connectors/landingzone/credentials?type=dlz_destination`, flow-service.md 5.4. On Azure
the answer is a signature for one container, on AWS temporary keys for one folder of a bucket; the paths of exports
begin at the container or that folder (assumed: no page says so for AWS). The plain variables of a cloud are left alone
here, for they are of the company's own accounts; variables of the destination itself come first. Pure but for asking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from exportctl.secret import Secret
from exportctl.storage import azure
from exportctl.storage.methods import S3, Access, AwsKeys, Azure, Place, Sas, endpoint, not_given, unusable
from exportctl.storage.variables import Variables

CONTAINER = "dlz-destination"  # [DLZ]
Credentials = Callable[[], Mapping[str, Any] | None]
_HANDED_OUT = "the credentials that the platform hands out"


def by_caller(place: Place, variables: Variables, credentials: Credentials | None) -> Access:
    """
    Raises:
        StorageError: the platform hands out nothing that we understand, and nothing else is given.
    """
    if variables.family(azure.FAMILY).prefix:
        own = azure.Where(variables.own(azure.ACCOUNT), None, variables.own("AZURE_STORAGE_CONTAINER") or CONTAINER)
        return azure.by_caller(place, variables, own)
    answer = credentials() if credentials else None
    if not answer:
        hint = (
            f"the credentials of exportctl need access to the sandbox's landing zone; or set {variables.prefix}"
            f"{azure.ACCOUNT} and {variables.prefix}{azure.SAS}"
        )
        raise not_given(place, "the platform hands out no credentials for its landing zone", hint)
    try:
        return _amazon(place, variables, answer) if "dlzPath" in answer else _azure(place, answer)
    except (KeyError, TypeError, AttributeError) as error:
        hint = "the answer has another form than the one documented; `reader: none` leaves this storage unread"
        raise unusable(place, "what the platform hands out for its landing zone is not understood", hint) from error


def _azure(place: Place, answer: Mapping[str, Any]) -> Access:
    account, container = str(answer["storageAccountName"]), str(answer["containerName"])
    token = str(answer["SASToken"]).lstrip("?")
    address = str(answer.get("SASUri") or "").partition("?")[0].rstrip("/").removesuffix(f"/{container}")
    address = endpoint(place, address or f"https://{account}.{azure.PUBLIC}", "SASUri")
    return Access(f"az://{account}/{container}", Azure(account, container, address, Sas(Secret(token))), _HANDED_OUT)


def _amazon(place: Place, variables: Variables, answer: Mapping[str, Any]) -> Access:
    given, path = answer["credentials"], answer["dlzPath"]
    token = given.get("awsSessionToken")
    keys = AwsKeys(
        Secret(str(given["awsAccessKeyId"])),
        Secret(str(given["awsSecretAccessKey"])),
        Secret(str(token)) if token else None,
    )
    bucket, folder = str(path["bucketName"]), str(path["dlzFolder"]).strip("/")
    region, address = variables.own("AWS_REGION"), variables.own("AWS_ENDPOINT_URL_S3")
    method = S3(
        bucket,
        region or variables.plain("AWS_REGION") or "us-east-1",
        endpoint(place, address, f"{variables.prefix}AWS_ENDPOINT_URL_S3") if address else None,
        keys,
        prefix=folder,
    )
    return Access(f"s3://{bucket}/{folder}", method, _HANDED_OUT)
