"""
What to look at when a run failed: the service's texts are often generic, so a pattern names the likely cause. Pure.

The service publishes no list of the errors of dataset exports (flow-service.md 8.3: free text), and its own samples say
no more than "Job aborted." The patterns are of the codes that storages themselves answer with, since a specific text,
where there is one, quotes them; the generic one gets the order in which to look, by destination type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exportctl.resources.destinations.amazon_s3 import AMAZON_S3
from exportctl.resources.destinations.azure_blob import AZURE_BLOB
from exportctl.resources.destinations.azure_data_lake import AZURE_DATA_LAKE
from exportctl.resources.destinations.data_landing_zone import DATA_LANDING_ZONE
from exportctl.resources.destinations.google_cloud_storage import GOOGLE_CLOUD_STORAGE
from exportctl.resources.destinations.sftp import SFTP
from exportctl.resources.run import RunError


@dataclass(frozen=True)
class ErrorHint:
    """`pattern` is searched in the code and the message, without case; the first row that fits counts."""

    pattern: str
    text: str
    source: str


HINTS: tuple[ErrorHint, ...] = (
    ErrorHint(
        r"NoSuchBucket|ContainerNotFound|FilesystemNotFound|(bucket|container|file ?system)\b.*"
        r"\b(not (be )?found|not exist)",
        "the bucket or container is missing or has another name: compare the destination's place with the storage",
        "error codes of S3, GCS and Azure Blob",
    ),
    ErrorHint(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|InvalidAuthenticationInfo|ExpiredToken"
        r"|invalid[_ ]client|AADSTS\d+|Auth(entication)? fail|login incorrect|credential"
        r"|cannot be assumed|\b(key|password|secret)\b.*\b(wrong|invalid|expired|cannot be read)"
        r"|(?<!SFTP)PermissionDenied",
        "the account's credentials are wrong, expired or withdrawn: mend them, then raise secret_version and apply",
        "error codes of S3 and Azure; dataset-exports.md 13",
    ),
    ErrorHint(
        r"AccessDenied|AuthorizationFailure|AuthorizationPermissionMismatch|InsufficientAccountPermissions"
        r"|permission ?denied|forbidden|access denied|not authori[sz]ed",
        "the account is known and lacks a permission, or Adobe's addresses are not allowed in: `exportctl doctor` "
        "lists what the storage must allow",
        "error codes of S3, GCS and Azure; dataset-exports.md 4.3",
    ),
    ErrorHint(
        r"too many (open )?connections|max(imum)?[ _]?(sessions|startups|connections)|connection (reset|refused|closed)"
        r"|kex_exchange|timed? ?out|unknown host|unreachable|cannot be reached|does not answer|connection broke"
        r"|connection ?lost",
        "the server cannot be reached, or takes too few connections at once: an SFTP server needs one per dataset "
        "exported at the same time, 30 % of that at least; `exportctl forecast` shows what starts together",
        "dataset-exports.md 4.3",
    ),
    ErrorHint(
        r"(\b1[ ,.]?000[ ,.]?000\b|\b(1|one) million\b|10 billion|record (count|limit)|too many (records|rows)).*"
        r"|uncompressed parquet",
        "a first full export of uncompressed Parquet may hold 1 million records, compressed 10 billion: set "
        "`compression: gzip`",
        "dataset-exports.md 9",
    ),
    ErrorHint(
        r"data ?set\b.*\b(not (be )?found|not exist|deleted|disabled)",
        "a dataset of the flow was deleted or is hidden: `exportctl plan` names it; take it out of the export",
        "dataset-exports.md 14",
    ),
    ErrorHint(
        r"QuotaExceeded|InsufficientStorage|no space left|disk full|AccountIsReadOnly",
        "the storage is full or read-only",
        "error codes of Azure and SFTP servers",
    ),
)

GENERIC_ERRORS = re.compile(r"ACTIVATION_BATCH-0000-FAILED|job aborted|internal|unknown error", re.IGNORECASE)

_DATA = "then whether every dataset still exists (`exportctl plan`)"
_SIZE = "and, for a first export of uncompressed Parquet, the limit of 1 million records"
CHECKS: Mapping[str, str] = {
    AMAZON_S3.name: "the role's trust or the access key, the bucket and its policy, Adobe's addresses in it",
    AZURE_BLOB.name: "the key in the connection string, the container, the account's firewall",
    AZURE_DATA_LAKE.name: "the service principal's secret and its expiry, its role on the container, the firewall",
    DATA_LANDING_ZONE.name: "nothing on your side but the licensed volume of the landing zone",
    GOOGLE_CLOUD_STORAGE.name: "the HMAC key and its service account, its role on the bucket, Adobe's addresses",
    SFTP.name: "host and port from outside, the user and its key, write permission in the folder, how many "
    "connections at once the server takes, free space",
}
"""What to look at, in this order, when the text says nothing. Source: dataset-exports.md 4.3, 12."""


def error_hints(errors: Sequence[RunError], type_name: str | None) -> tuple[str | None, ...]:
    """
    What to do about each error of one run that wrote to a destination of this type; None where nothing is known. What
    is generic gets no checks where another error of the run, or the same hint before it, names a cause already.
    """
    causes = [_cause(error) for error in errors]
    checks = None if any(causes) else _checks(type_name)
    found: list[str | None] = []
    for error, cause in zip(errors, causes, strict=True):
        one = cause or (checks if GENERIC_ERRORS.search(_error_text(error)) or not error.message else None)
        found.append(None if one in found else one)
    return tuple(found)


def _error_text(error: RunError) -> str:
    return f"{error.code} {error.message}"


def _cause(error: RunError) -> str | None:
    return next((row.text for row in HINTS if re.search(row.pattern, _error_text(error), re.IGNORECASE)), None)


def _checks(type_name: str | None) -> str | None:
    first = CHECKS.get(type_name or "")
    return f"the text names no cause; look at {first}, {_DATA}, {_SIZE}" if first else None
