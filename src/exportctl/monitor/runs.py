"""
What `runs` shows: the newest runs of the chosen flows, and what to check when one failed. Pure.

The service's texts are often generic, so a pattern names the likely cause. The service publishes no list of the errors
of dataset exports (flow-service.md 8.3: free text), and its own samples say only "Job aborted." The patterns are the
codes that storages answer with, because a specific text quotes them. For a generic text the hint gives the order in
which to check, by destination type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from exportctl.frozen import dataclass
from exportctl.model.plan import Address, PlanHeader
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.run import Run, RunError


@dataclass(frozen=True)
class FlowRuns:
    """One flow and its runs, newest first."""

    address: Address | None  # None for a flow that this project does not manage
    flow: str | None  # None if the export is not applied
    title: str
    type: str | None  # a destination type's name, None for a type that exportctl does not know
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True)
class RunsReport:
    """The runs of several flows."""

    header: PlanHeader
    as_of: int
    since: int | None  # in seconds since 1970 UTC; None: no such limit
    limit: int | None  # the most runs per flow; None: no such limit
    flows: tuple[FlowRuns, ...]


@dataclass(frozen=True)
class ErrorHint:
    """One row. `pattern` is searched in the code and the message, without case. The first row that matches counts."""

    pattern: str
    text: str
    source: str


HINTS: tuple[ErrorHint, ...] = (
    ErrorHint(
        r"EMULATOR-EXTRA-MISSING",
        "the emulator needs its extra to write files: run pip install 'exportctl[emulator]'; the next run writes them",
        "emulator/storage/sink.py",
    ),
    ErrorHint(
        r"NoSuchBucket|ContainerNotFound|FilesystemNotFound|(bucket|container|file ?system)\b.*"
        r"\b(not (be )?found|not exist)",
        "the bucket or container is missing or has another name: compare the destination's location with the storage",
        "error codes of S3, GCS and Azure Blob",
    ),
    ErrorHint(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|AuthenticationFailed|InvalidAuthenticationInfo|ExpiredToken"
        r"|invalid[_ ]client|AADSTS\d+|Auth(entication)? fail|login incorrect|credential"
        r"|cannot be assumed|\b(key|password|secret)\b.*\b(wrong|invalid|expired|cannot be read)"
        r"|(?<!SFTP)PermissionDenied",
        "the account's credentials are wrong, expired or withdrawn: fix them, then change secret_version and apply",
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
        "exported at the same time, 30 % of that at least; `exportctl forecast` shows simultaneous runs",
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


def error_hints(errors: Sequence[RunError], type_name: str | None) -> tuple[str | None, ...]:
    """
    Return a hint for each error of one run that wrote to this destination type; None if nothing is known.

    A generic error gets no hint if another error of the run names a cause, or if the same hint comes before it.
    """
    causes = [_cause(error) for error in errors]
    kind = TYPES.get(type_name or "")
    first = kind.failure_checks if kind and not any(causes) else None
    checks = f"the text names no cause; look at {first}, {_DATA}, {_SIZE}" if first else None
    found: list[str | None] = []
    for error, cause in zip(errors, causes, strict=True):
        one = cause or (checks if GENERIC_ERRORS.search(_error_text(error)) or not error.message else None)
        found.append(None if one in found else one)
    return tuple(found)


def _error_text(error: RunError) -> str:
    return f"{error.code} {error.message}"


def _cause(error: RunError) -> str | None:
    return next((row.text for row in HINTS if re.search(row.pattern, _error_text(error), re.IGNORECASE)), None)
