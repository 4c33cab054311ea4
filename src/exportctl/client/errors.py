"""
From what came back to the error that says it: every body shape of the service, one message.

In: an `Answer` or `Lost`, what was asked, and the values that must not be shown. Out: a ServiceError, not raised.
The shapes are those of flow-service.md 11.1: gateway, Flow Service current and older, other services, no JSON at all.

    status     class          status     class
    401        Unauthorized   404        NotFound
    403        Forbidden      409, 412   Conflict       anything else: ServiceError; no answer: NotReached

Texts of the service may echo what was sent. They are cleaned of control characters, masked, and only then cut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from exportctl.client.retry import may_have_happened
from exportctl.client.transport import Answer, NoAnswer
from exportctl.errors import Conflict, Forbidden, NotFound, NotReached, ServiceError, Unauthorized
from exportctl.model.secret import Mask, clean_text

_VIEW = "View Destinations"
_ACCOUNTS = "View Destinations and Manage Destinations"
_EXPORTS = "View Destinations, View Datasets and Manage and Activate Dataset Destinations"
# (reads?, collection) -> permissions the role lacks one of. Source: dataset-exports.md 2.3 [doc]; that deleting a flow
# needs Manage Destinations too is assumed there.
_PERMISSIONS: Mapping[tuple[str, str], str] = {
    ("GET", "flows"): _VIEW,
    ("GET", "runs"): _VIEW,
    ("GET", "connections"): _VIEW,
    ("GET", "sourceConnections"): "View Destinations and View Datasets",
    ("GET", "targetConnections"): _VIEW,
    ("GET", "connectionSpecs"): "View Destinations and View Datasets",
    ("GET", "flowSpecs"): _VIEW,
    ("WRITE", "connections"): _ACCOUNTS,
    ("WRITE", "targetConnections"): _ACCOUNTS,
    ("WRITE", "sourceConnections"): _EXPORTS,
    ("WRITE", "flows"): _EXPORTS,
    ("DELETE", "flows"): f"{_EXPORTS}, and probably Manage Destinations",
}
# Gateway codes that say more than their status [TR].
_GATEWAY = {
    "400003": "the organisation header is empty: set platform.organization",
    "403000": "the client id is missing: set AEP_CLIENT_ID",
    "403003": "the client id is not known: check AEP_CLIENT_ID",
    "403010": "the token is missing on arrival: a proxy may strip it",
    "403025": "this credential is not entitled for the organisation: check AEP_CLIENT_ID and platform.organization",
    "403027": "check platform.organization, and that the credential has a product profile in the Admin Console",
}
_NO_SANDBOX = frozenset({"2100", "2101", "2103", "2106"})  # [FE]


class RequestLine(NamedTuple):
    """What was asked for; `path` without query."""

    method: str
    path: str

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class ErrorBody:
    """What an error body says, whatever its shape; empty texts where it says nothing."""

    message: str = ""
    code: str | None = None
    request_id: str | None = None


def error_of(line: RequestLine, answer: Answer, mask: Mask) -> ServiceError:
    """The error an answer without success is."""
    body, status = _body(answer), answer.status
    code = _unmasked_text(body.code, mask)
    request_id = _unmasked_text(body.request_id or _plain_code(answer.headers.get("x-request-id")), mask)
    notes = [*([code] if code else []), *([f"request id {request_id}"] if request_id else [])]
    text = clean_text(body.message, mask) or _unreadable_phrase(answer)
    error = _error_class(status)(
        f"the service answered {status} to {line}: {text}" + (f" ({', '.join(notes)})" if notes else ""),
        status=status,
        code=code,
        request_id=request_id,
        wrote=line.is_write and may_have_happened(status),
    )
    error.rule = _rule(error)
    error.hint = _hint(line, error)
    return error


def unusable_answer_error(line: RequestLine, answer: Answer, why: str) -> ServiceError:
    """The error of a 2xx answer that is not what was agreed; a write then did happen."""
    return ServiceError(
        f"the service answered {answer.status} to {line}, but {why}",
        status=answer.status,
        request_id=_plain_code(answer.headers.get("x-request-id")),
        wrote=line.is_write,
        hint="a proxy may be in between, or the service has changed; `exportctl doctor` shows more",
    )


def not_reached_error(line: RequestLine, host: str, lost: NoAnswer, mask: Mask) -> NotReached:
    """The error of a request that got no answer."""
    wrote = line.is_write and not lost.unsent
    after = "it may have happened: a new plan looks first" if wrote else "check the network, HTTPS_PROXY and NO_PROXY"
    return NotReached(
        f"{line} at {host}: {clean_text(lost.why, mask)}", wrote=wrote, hint=lost.hint or after, rule="not-reached"
    )


def json_object(answer: Answer) -> dict[str, object] | None:
    """The body as a JSON object, or None if it is anything else."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def describe_body(answer: Answer) -> str:
    """A body that is no JSON object, in words; never the body itself."""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    start = answer.body.lstrip()[:1]
    if not start:
        return "an empty body"
    if start == b"<" or "html" in kind:
        return "a page of HTML, not JSON"
    if start in (b"{", b"["):
        complete = _is_json(answer.body)
        return "JSON that is not an object" if complete else f"JSON that breaks off ({len(answer.body)} bytes)"
    return "JSON that is not an object" if _is_json(answer.body) else "text that is not JSON"


def _body(answer: Answer) -> ErrorBody:
    found = json_object(answer) or {}
    report = found.get("report")
    inner: Mapping[str, object] = report if isinstance(report, dict) else {}
    texts = (inner.get("detailed-message"), *(found.get(k) for k in ("errorMessage", "detail", "message", "title")))
    message = next((t for t in texts if isinstance(t, str) and t.strip()), "")
    kind = found.get("type")
    suffix = kind.rstrip("/").rsplit("/", 1)[-1] if isinstance(kind, str) and "/" in kind else None
    return ErrorBody(
        message, _plain_code(suffix) or _plain_code(found.get("error_code")), _plain_code(inner.get("request-id"))
    )


def _plain_code(value: object) -> str | None:
    """A code or id, if it looks like one: no place for a text to slip through unmasked."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if re.fullmatch(r"[A-Za-z0-9_.:-]{1,100}", text) else None


def _unmasked_text(value: str | None, mask: Mask) -> str | None:
    return value if value is not None and mask(value) == value else None


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _unreadable_phrase(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        to = urlsplit(answer.headers.get("location", "")[:200]).hostname or "somewhere else"
        return f"a redirect to {clean_text(to, lambda text: text)}; it is not followed, the token goes to no other host"
    return "no reason given" if json_object(answer) is not None else describe_body(answer)


def _error_class(status: int) -> type[ServiceError]:
    classes: dict[int, type[ServiceError]] = {
        401: Unauthorized,
        403: Forbidden,
        404: NotFound,
        409: Conflict,
        412: Conflict,
    }
    return classes.get(status, ServiceError)


def _rule(error: ServiceError) -> str:
    names: dict[type[ServiceError], str] = {
        Unauthorized: "unauthorized",
        Forbidden: "forbidden",
        NotFound: "not-found",
        Conflict: "conflict",
    }
    return names.get(type(error), "service")


def _hint(line: RequestLine, error: ServiceError) -> str | None:
    """What to do about it."""
    if error.code in _GATEWAY:
        return _GATEWAY[error.code]
    if error.number in _NO_SANDBOX:
        return "there is no such sandbox, or the credential may not see it: check platform.sandbox"
    match error.status:
        case 401:
            return "the token is expired, or not for this organisation: check the credentials and platform.organization"
        case 403:
            return _permission_hint(line)
        case 404:
            return "it does not exist (any more), or an access label hides it from this credential"
        case 409 | 412:
            return "it changed since it was read; make a new plan"
        case 429:
            return "too many requests: wait a minute, or lower --parallelism"
        case int(status) if status >= 500 and error.wrote:
            return "it may have happened all the same: a new plan looks first"
        case 500:
            return "an internal error or overload: try again later, with a lower --parallelism"
        case 502 | 503 | 504:
            return "the service or a gateway is not available: try again later"
    return None


def _permission_hint(line: RequestLine) -> str:
    collection = line.path.strip("/").split("/")[0]
    verb = "GET" if line.method == "GET" else "WRITE"
    needed = _PERMISSIONS.get((line.method, collection)) or _PERMISSIONS.get((verb, collection))
    if needed is None:
        return "the role of this credential lacks a permission, or does not include this sandbox"
    return f"the role of this credential needs {needed}, for this sandbox"
