"""
What a storage's own errors mean: errors and answers of S3 and Azure servers as StorageRefused. Pure.

A reason names the place and the service's own code, and nothing else of what the library or the server said: the text
of either may hold a signed address.

    server                          code of the service              word
    SeaweedFS 4.48, rclone 1.75     SignatureDoesNotMatch            denied
    SeaweedFS                       InvalidAccessKeyId               denied
    SeaweedFS                       AccessDenied                     denied
    SeaweedFS                       NoSuchBucket                     no-such-bucket
    azurite 3.35                    AuthorizationFailure             denied (wrong key, expired SAS)
    azurite                         AuthorizationPermissionMismatch  denied (SAS without the permission)
    azurite                         ContainerNotFound                no-such-bucket

Those were seen from these servers on 2026-11-25; the other codes of the table are from the services' error lists.
"""

from __future__ import annotations

import re

from exportctl.emulator.storage.sink import StorageRefused

MEANINGS = {
    "denied": "wrong or missing credentials, or they may not write there",
    "no-such-bucket": "the bucket or container is not there",
    "unreachable": "nothing answers at that address",
    "unknown-host": "the host name or the SFTP server's key is not known",
    "cut": "the connection broke after the storage had answered",
    "full": "no space, or a quota is used up",
    "read-only": "the storage takes no writes",
    "not-allowed": "the storage is not on this machine, and --allow-real-storage was not given",
    "extra-missing": "exportctl[emulator] is not installed",
    "too-large": "more rows than an export of this kind may have",
    "no-dataset": "a dataset of the flow does not exist any more",
    "failed": "anything else",
}

_WORDS = {
    "denied": (
        "AccessDenied",
        "AccountIsDisabled",
        "AuthenticationFailed",
        "AuthorizationFailure",
        "AuthorizationPermissionMismatch",
        "ExpiredToken",
        "InsufficientAccountPermissions",
        "InvalidAccessKeyId",
        "InvalidAuthenticationInfo",
        "SignatureDoesNotMatch",
    ),
    "no-such-bucket": ("NoSuchBucket", "ContainerNotFound"),
    "full": ("QuotaExceeded", "InsufficientStorage"),
    "read-only": ("AccountIsReadOnly",),
}
_BY_SERVICE_CODE = {code: word for word, codes in _WORDS.items() for code in codes}
_BY_STATUS = {401: "denied", 403: "denied", 404: "no-such-bucket", 507: "full"}

_SERVICE_CODE = re.compile(r"<Code>\s*([A-Za-z0-9.]{1,64})\s*</Code>")
_STATUS = re.compile(r"(?:non-2xx status code: |\(code: )(\d{3})")


def library_refusal(error: Exception, where: str, begun: bool) -> StorageRefused:
    """
    Return an error of obstore, which tells kinds apart only in its text; `begun`: the storage had answered before.
    """
    text = str(error)
    status = _STATUS.search(text)
    if status is not None:
        return answer_refusal(int(status[1]), text, where)
    if "kind: Connect" in text and not begun:
        if "dns error" in text:
            return StorageRefused("unknown-host", f"{where} cannot be reached: the host name is unknown")
        return StorageRefused("unreachable", f"{where} cannot be reached: it accepts no connection")
    if "kind: Timeout" in text and not begun:
        return StorageRefused("unreachable", f"{where} does not answer")
    if "HttpError" in text:
        return StorageRefused("cut", f"{where}: the connection broke in the middle")
    return StorageRefused("failed", f"{where} did not take it ({type(error).__name__})")


def answer_refusal(status: int, body: str, where: str) -> StorageRefused:
    """Return an HTTP status that is no success, and the body with the service's code, where there is one."""
    found = _SERVICE_CODE.search(body)
    if found is None:
        return StorageRefused(_BY_STATUS.get(status, "failed"), f"{where} answered {status}")
    return StorageRefused(_BY_SERVICE_CODE.get(found[1], "failed"), f"{where} refused: {found[1]}")
