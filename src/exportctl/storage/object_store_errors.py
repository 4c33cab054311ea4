"""
Turn the text of an object store's error into a StorageError in plain words. Pure.

The text itself is never shown: it holds whole requests, and with a shared access signature the URL is the credential.
Only the status, the store's own code and the kind of network failure are taken from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from exportctl.storage.reader import StorageError

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>|\"error\":\s*\"(\w{1,60})\"")  # S3, Azure, Google; their token services
_NAME = re.compile(r"Path \"(.+?)\" contained empty|Error parsing Path \"(.+?)\": ")
_MALFORMED = re.compile(r"credential provider: \w|Error reading federated token file")
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound", "InvalidBucketName", "InvalidResourceName", "AccountNotFound"}
_WRONG_REGION = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"}
_TOKEN_ERRORS = {"invalid_client", "invalid_grant", "unauthorized_client", "invalid_request"}  # RFC 6749 5.2
_EXPIRED = {"ExpiredToken", "RequestTimeTooSkewed", "InvalidToken"}
_NOT_FOUND = re.compile(r"^Object at location .* not found")
_NO_RANGE = re.compile(r"non-partial response")
_NETWORK_ERRORS = (  # on the way there, in this order; words of the HTTP client
    (re.compile(r"dns error|failed to lookup|Name or service not known", re.I), "its name is not known (DNS)"),
    (re.compile(r"ConnectionRefused|connection refused", re.I), "connection refused"),
    (re.compile(r"certificate|InvalidCertificate|UnknownIssuer", re.I), "its TLS certificate is not trusted"),
    (re.compile(r"kind: Timeout|timed ?out", re.I), "no answer in time"),
    (re.compile(r"HTTP error|kind: (Connect|Request|Interrupted)|connection (closed|reset)", re.I), "no connection"),
)


@dataclass(frozen=True)
class StorageRequest:
    """What was requested: `cannot {verb} {what}`. `single`: one object, not a listing."""

    verb: str
    what: str
    single: bool = False


def storage_error(asked: StorageRequest, text: str) -> StorageError:
    """Return the StorageError for an answer. The codes are those of the S3, Blob and OAuth references."""
    if name := _first_match(_NAME, text):
        words = f"the object's name {name[:200]!r} has an empty part, `.` or `..`, which cannot be read"
        return _error(asked, words, "storage-read", "rename or move it; exports give no such names")
    if _MALFORMED.search(text):
        return _error(asked, "the credentials are malformed or cut", "storage-setup", "copy them again, completely")
    status, code = _first_match(_STATUS, text), _first_match(_CODE, text)
    said = f"{code} ({status})" if code and status else code or status or ""
    if code in _WRONG_REGION or "redirect without LOCATION" in text:
        return _error(asked, "the bucket is in another region", "storage-unreachable", "set AWS_REGION to its region")
    if code in _NO_BUCKET:
        return _error(asked, said, "storage-missing", "it was deleted, or is one of another account or endpoint")
    if status in ("401", "403") or code in _TOKEN_ERRORS | _EXPIRED:
        return _error(asked, said, "storage-denied", _denied_hint(code))
    if status == "416":
        return _error(asked, "it is shorter than it was when it was listed", "storage-read", None)
    if status == "404" or _NOT_FOUND.search(text):
        if asked.single:
            return _error(asked, "it is not there (any more)", "storage-read", None)
        return _error(asked, said, "storage-missing", "check the bucket and the endpoint")
    if status:
        rule = "storage-unreachable" if status >= "500" else "storage-read"
        return _error(asked, said, rule, None)
    if _NO_RANGE.search(text):
        return _error(asked, "the server does not send a part of an object", "storage-read", None)
    way = next((words for pattern, words in _NETWORK_ERRORS if pattern.search(text)), None)
    if way:
        return _error(asked, way, "storage-unreachable", "check the endpoint, the network and any proxy")
    return _error(asked, "the answer has an unknown form", "storage-read", None)


def _denied_hint(code: str | None) -> str:
    if code in ("SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthenticationFailed", *_TOKEN_ERRORS):
        return "the credentials are wrong, cut, or expired"
    if code == "AuthorizationFailure":  # Azure uses this code for several problems
        return "the credentials are wrong or expired, or the account's network rules keep this machine out"
    if code in _EXPIRED:
        return "the credentials have expired, or this machine's clock is wrong"
    return "reading needs listing and getting objects: docs/how-to/let-verify-read-storage.md has the policies to paste"


def _first_match(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return next(group for group in found.groups() if group) if found else None


def _error(asked: StorageRequest, words: str, rule: str, hint: str | None) -> StorageError:
    return StorageError(f"cannot {asked.verb} {asked.what}: {words}", rule=rule, hint=hint)
