"""
What goes over the wire: a request as handlers see it, an answer as they give it, and the error bodies of the service.

`app.py` makes requests from a WSGI environ and bytes from answers. Nothing here knows a collection or the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from exportctl.frozen import dataclass

ADMIN_PREFIX = "/_emulator"  # paths of the control interface, which the service does not have

Json = dict[str, Any]

ERROR_TYPES = "https://ns.adobe.com/aep/errors/"

TITLES = {
    1401: "Limit and count cannot be combined",
    1402: "Operation reserved for providers",
    1403: "If-Match header missing",
    1404: "Version mismatch",
    1405: "Request body is empty",
    1410: "State is not allowed in a create request",
    1413: "Invalid spec id",
    1414: "Connection spec cannot be changed",
    1415: "Unknown auth spec",
    1416: "Connection is in transition",
    1418: "Connection is in use",
    1420: "Current state does not allow an update",
    1421: "Current state does not allow a transition",
    1422: "Action not accepted in the current state",
    1426: "Specs are read only for this token",
    1427: "Runs are read only for this token",
    1432: "Bad sort prefix",
    1433: "Bad sort field",
    1434: "Unsupported operation",
    1435: "Unsupported sub action",
    1436: "Sub operation not allowed",
    1439: "Resource not found",
    1440: "Operator not implemented",
    1443: "Operator takes one value",
    1444: "Flow is not in the expected state",
    1447: "Entity is used by active flows",
    1448: "Operator not allowed for this field",
    1449: "Bad filter field",
    1450: "Bad operator",
    1451: "Unknown query parameter",
    1452: "Bad value for the type of this field",
    1453: "Value missing",
    1454: "Bad query parameter value",
    1455: "Patch names a missing field",
    1456: "Illegal state value",
    1457: "Update not allowed in this state",
    1458: "Delete not allowed in this state",
    2000: "No access to this organization",
    2101: "Sandbox not found",
    2105: "Sandbox name missing",
    2110: "Sandbox id header not allowed",
    2118: "Permission missing",
    2119: "Query parameter missing",
    2120: "Forbidden",
}


@dataclass(frozen=True)
class Request:
    """
    One request.

    `query` keeps order and repeats; header names are lower case; `path` is decoded. `origin` is the scheme and host
    that the client asked.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    id: str
    peer: str = "127.0.0.1"
    origin: str = "http://localhost"

    def values(self, name: str) -> list[str]:
        """Every value of a query parameter, in order."""
        return [value for key, value in self.query if key == name]

    def value(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)


@dataclass(frozen=True)
class Answer:
    """Status, JSON body (None: empty) and further headers; `raw` goes out as it is instead of `body`."""

    status: int
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    content_type: str = "application/json"

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


class RequestRefused(Exception):
    """The service says no: `answer` is what it says."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True)
class ErrorReport:
    """An error body whose request id is filled in by `app.py`, which alone knows it."""

    code: int
    status: int
    text: str
    extra: Json = field(default_factory=dict)

    def body(self, request_id: str) -> Json:
        report = {"detailed-message": self.text, **self.extra, "request-id": request_id}
        return {
            "type": f"{ERROR_TYPES}FLOW-{self.code}-{self.status}",
            "title": TITLES[self.code],
            "status": self.status,
            "report": report,
            "errorMessage": self.text,
            "errorDetails": self.text,
        }


def flow_error(code: int, status: int, text: str, **extra: str) -> RequestRefused:
    """Return a refusal with a FLOW code, in the body shape of flow-service.md 11.1 no. 2."""
    return RequestRefused(Answer(status, ErrorReport(code, status, text, dict(extra))))


def not_found_error(collection: str, id: str, status: int = 404) -> RequestRefused:
    """Return the refusal of an unknown id, or of one that is hidden from the caller."""
    # rule: not-found
    return flow_error(1439, status, f"{collection} not found with id = [{id}]", id=id, type=collection)


def invalid_body_error(text: str, status: int = 400) -> RequestRefused:
    """Return a refusal for a reason that has no published code, in the older shape without a code."""
    # rule: invalid-body-shape
    return RequestRefused(Answer(status, {"errorMessage": text, "errorDetails": text}))


def gateway_error(code: str, text: str) -> RequestRefused:
    """Return the gateway's own error body; the status is the first three digits of the code."""
    # rule: gateway-errors
    return RequestRefused(Answer(int(code[:3]), {"error_code": code, "message": text}))


def message_error(status: int, text: str) -> RequestRefused:
    """Return the bare `{"message"}` body of a bad connection spec and of the ad hoc API."""
    return RequestRefused(Answer(status, {"message": text}))


def problem_error(service: str, status: int, title: str, detail: str) -> RequestRefused:
    """Return a refusal of Catalog or of the Schema Registry, whose documents draw no body."""
    # rule: problem-body
    body = {"type": f"{ERROR_TYPES}{service}/{title}", "title": title, "status": status, "detail": detail}
    return RequestRefused(Answer(status, body))


def bad_request_error(text: str) -> RequestRefused:
    """Return the gateway-side body for a missing or wrong content type (flow-service.md 11.1 no. 5)."""
    kind = f"{ERROR_TYPES}BadRequestError"
    return RequestRefused(Answer(400, {"type": kind, "status": 400, "title": "BadRequestError", "detail": text}))


def parse_json(body: bytes) -> Any:
    """Parse a body; one that is nested or numbered beyond what JSON interchange allows is refused too."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise invalid_body_error("Request body is not valid JSON") from error


def _refuse_constant(text: str) -> object:
    raise ValueError(text)
