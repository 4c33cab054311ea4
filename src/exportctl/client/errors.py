"""
Turn what came back into an error: one message for every form of error body.

In: an `Answer` or a `NoAnswer`, the request line, and the values to mask. Out: a ServiceError, not raised.
The forms are those of flow-service.md 11.1: gateway, Flow Service (current and older), other services, no JSON.

A text of the service may repeat what was sent. It is masked and cleaned of control characters before it is cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from exportctl.client.transport import Answer, NoAnswer, may_have_happened, seconds_text
from exportctl.errors import Conflict, Forbidden, NotFound, NotReached, ServiceError, Unauthorized
from exportctl.frozen import dataclass
from exportctl.model.masking import Mask, clean_text

_VIEW = "View Destinations"
_ACCOUNTS = "View Destinations and Manage Destinations"
_EXPORTS = "View Destinations, View Datasets and Manage and Activate Dataset Destinations"
# (method, collection) -> the permissions that the role needs. Source: dataset-exports.md 2.3 [doc]; that page assumes
# that deleting a flow needs Manage Destinations too.
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
# Codes of the gateway that say more than their status [TR].
_GATEWAY = {
    "400003": "the organization header is empty: set platform.organization",
    "403000": "the client id is missing: set AEP_CLIENT_ID",
    "403003": "the service does not know the client id: check AEP_CLIENT_ID",
    "403010": "the request arrived without a token: a proxy may remove it",
    "403025": "this credential has no access to the organization: check AEP_CLIENT_ID and platform.organization",
    "403027": "check platform.organization, and give the credential a product profile in the Admin Console",
}
_CLASSES: Mapping[int, tuple[type[ServiceError], str]] = {  # status -> class and rule; any other is a ServiceError
    401: (Unauthorized, "unauthorized"),
    403: (Forbidden, "forbidden"),
    404: (NotFound, "not-found"),
    409: (Conflict, "conflict"),
    412: (Conflict, "conflict"),
}
NOT_FOUND = "1439"
_NO_SANDBOX = frozenset({"2100", "2101", "2103", "2106"})  # [FE]


class RequestLine(NamedTuple):
    """Method and path of a request, without the query."""

    method: str
    path: str

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class ErrorBody:
    """The content of an error body, whatever its form; empty where the body says nothing."""

    message: str = ""
    code: str | None = None
    request_id: str | None = None


def error_of(line: RequestLine, answer: Answer, mask: Mask) -> ServiceError:
    """Build the error for an answer that is not a success."""
    body, status = _body(answer), answer.status
    code = _unmasked_text(body.code, mask)
    request_id = _unmasked_text(body.request_id or _plain_code(answer.headers.get("x-request-id")), mask)
    notes = [*([code] if code else []), *([f"request id {request_id}"] if request_id else [])]
    text = clean_text(body.message, mask) or _unreadable_phrase(answer)
    asked = answer.asked_wait
    text += wait_phrase(asked)
    kind, rule = _CLASSES.get(404 if _is_not_found(code) else status, (ServiceError, "service"))
    error = kind(
        f"the service answered {status} to {line}: {text}" + (f" ({', '.join(notes)})" if notes else ""),
        status=status,
        code=code,
        request_id=request_id,
        wrote=line.is_write and may_have_happened(status),
        rule=rule,
    )
    lower = ", or with a lower --parallelism" if status == 429 else ""
    error.hint = f"{again_hint(asked)}{lower}" if asked else _hint(line, error)
    return error


def wait_phrase(asked: float | None) -> str:
    """Return what to add to the text of an answer that asks to wait; nothing if it does not."""
    return f"; it asks to wait {seconds_text(asked)}" if asked else ""


def again_hint(asked: float) -> str:
    return f"run the command again in {seconds_text(asked)}"


def _is_not_found(code: str | None) -> bool:
    """Check the number of the code: Adobe's table gives it status 400, the samples 404 (C15)."""
    return code is not None and code.split("-")[1:2] == [NOT_FOUND]


def unusable_answer_error(line: RequestLine, answer: Answer, why: str) -> ServiceError:
    """Build the error for a 2xx answer of an unknown form. A write did happen then."""
    return ServiceError(
        f"the service answered {answer.status} to {line}, but {why}",
        status=answer.status,
        request_id=_plain_code(answer.headers.get("x-request-id")),
        wrote=line.is_write,
        hint="run `exportctl doctor`: a proxy may stand in between, or the service has changed",
    )


def not_reached_error(line: RequestLine, host: str, lost: NoAnswer, mask: Mask) -> NotReached:
    """Build the error for a request without an answer."""
    wrote = line.is_write and not lost.unsent
    after = "make a new plan: the write may have happened" if wrote else "check the network, HTTPS_PROXY and NO_PROXY"
    return NotReached(
        f"{line} at {host}: {clean_text(lost.why, mask)}", wrote=wrote, hint=lost.hint or after, rule="not-reached"
    )


def json_object(answer: Answer) -> dict[str, object] | None:
    """Return the body as a JSON object, None if it is anything else."""
    return answer.document if isinstance(answer.document, dict) else None


def describe_body(answer: Answer) -> str:
    """Describe a body that is not a JSON object, without its content."""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    start = answer.body.lstrip()[:1]
    if not start:
        return "an empty body"
    if start == b"<" or "html" in kind:
        return "a page of HTML, not JSON"
    if answer.is_json:
        return "JSON that is not an object"
    return f"incomplete JSON ({len(answer.body)} bytes)" if start in (b"{", b"[") else "text that is not JSON"


def _body(answer: Answer) -> ErrorBody:
    found = json_object(answer) or {}
    report = found.get("report")
    inner: Mapping[str, object] = report if isinstance(report, dict) else {}
    texts = (inner.get("detailed-message"), *(found.get(k) for k in ("errorMessage", "detail", "message", "title")))
    message = next((t for t in texts if isinstance(t, str) and t.strip()), "")
    kind = found.get("type")
    suffix = kind.rstrip("/").rsplit("/", 1)[-1] if isinstance(kind, str) and "/" in kind else None
    code = _plain_code(suffix) or _plain_code(found.get("error_code"))
    return ErrorBody(message, code, _plain_code(inner.get("request-id")))


def _plain_code(value: object) -> str | None:
    """Return a code or an id if it has that form, so that no unmasked text gets into the message."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if re.fullmatch(r"[A-Za-z0-9_.:-]{1,100}", text) else None


def _unmasked_text(value: str | None, mask: Mask) -> str | None:
    return value if value is not None and mask(value) == value else None


def _unreadable_phrase(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        to = urlsplit(answer.headers.get("location", "")[:200]).hostname or "another host"
        host = clean_text(to, lambda text: text)
        return f"a redirect to {host}; exportctl does not follow it, because the token goes to no other host"
    return "the answer gives no reason" if json_object(answer) is not None else describe_body(answer)


def _hint(line: RequestLine, error: ServiceError) -> str | None:
    """Return what to do next."""
    if error.code in _GATEWAY:
        return _GATEWAY[error.code]
    if error.number in _NO_SANDBOX:
        return "check platform.sandbox: the sandbox does not exist, or this credential has no access to it"
    match error.status:
        case 401:
            return "check the credentials and platform.organization: the token expired or is for another organization"
        case 403:
            return _permission_hint(line)
        case 404:
            return "the object does not exist (any more), or an access label hides it from this credential"
        case 409 | 412:
            return "make a new plan: the object changed after exportctl read it"
        case 429:
            return "wait a minute, or lower --parallelism: the service got too many requests"
        case int(status) if status >= 500 and error.wrote:
            return "make a new plan: the write may have happened although the service failed"
        case 500:
            return "try again later with a lower --parallelism: the service failed or is overloaded"
        case 502 | 503 | 504:
            return "try again later: the service or a gateway is not available"
    return None


def _permission_hint(line: RequestLine) -> str:
    collection = line.path.strip("/").split("/")[0]
    needed = _PERMISSIONS.get((line.method, collection)) or (line.is_write and _PERMISSIONS.get(("WRITE", collection)))
    if not needed:
        return "add the missing permission to the role of this credential, or this sandbox to the role"
    return f"give the role of this credential {needed}, for this sandbox"
