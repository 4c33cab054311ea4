"""
What `-v` and `-vv` show of a request: its line, its status, how long it took, its request id; and the bodies.

What is shown of a body is listed: other texts of it, and what stands in other parameters, are `(hidden)`, because an
unknown member could hold a secret. The rest passes the masks of the run too. A token request and the credentials of
the landing zone have no body at all here, and no header is ever shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from exportctl.client.client import LANDING_ZONE
from exportctl.client.transport import Answer, NoAnswer, Purpose, Request
from exportctl.model.masking import Mask, clean_text
from exportctl.patterns import compile_on_use
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import KINDS

HIDDEN = "(hidden)"
_ID = compile_on_use(r"[A-Za-z0-9._-]{1,80}")
_SHOWN_PARAMETERS = frozenset(
    ("property", "limit", "orderby", "op", "subOp", "outputType", "outputField", "properties", "start", "count")
)
# Members of the service whose texts are no secrets: ids, times, states, and values out of lists that Adobe publishes.
_SHOWN_MEMBERS = frozenset(
    {
        *("id", "name", "etag", "version", "description", "state", "status", "createdAt", "updatedAt", "createdBy"),
        *("updatedBy", "createdClient", "updatedClient", "sandboxId", "sandboxName", "imsOrgId", "op", "path"),
        *("compression", "datasetFileType", "exportMode", "timeUnit", "interval", "startTime", "endTime", "specName"),
        *(
            "type",
            "format",
            "operation",
            "foldernameTemplate",
            "folderNameTemplate",
            "error_code",
            "errorCode",
            "title",
        ),
        *("errorMessage", "message", "detail", "baseConnectionId", "flowSpec", "connectionSpec", "sourceConnectionIds"),
        *("targetConnectionIds", "dataSetId", "datasetId", "flowId", "code", "providerRefId"),
    }
    | {field.wire for row in TYPES.values() for field in row.location}
)
_NAMES = {"configs": "datasets", **{kind.path.strip("/"): f"{kind.label}s" for kind in KINDS.values()}}


def activity_text(request: Request) -> str:
    """Return what a request does, in words: `reading flows`."""
    if request.purpose is Purpose.TOKEN:
        return "asking for a token"
    names = [part for part in urlsplit(request.url).path.split("/") if part.isascii() and part.isalpha()]
    last = names[-1] if names else "the service"
    words = _NAMES.get(last) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last).lower()
    return f"{'writing' if request.purpose is Purpose.WRITE else 'reading'} {words}"


def request_text(request: Request, got: Answer | NoAnswer, seconds: float, mask: Mask) -> str:
    """Return `GET /data/…/flows?limit=100: 200 in 0.12 s, request id 3f2a…` in one line."""
    line = f"{request.method} {_shown_url(request, mask)}"
    if isinstance(got, NoAnswer):
        return f"{line}: {clean_text(got.why, mask)} after {seconds:.2f} s"
    found = _ID.fullmatch(got.headers.get("x-request-id", ""))
    note = f", request id {mask(found[0])}" if found else ""
    return f"{line}: {got.status} in {seconds:.2f} s{note}"


def body_texts(request: Request, got: Answer | NoAnswer, mask: Mask) -> list[str]:
    """Return what was sent and what came back, one line each; nothing where no body may be shown."""
    if request.purpose is Purpose.TOKEN or urlsplit(request.url).path.startswith(LANDING_ZONE):
        return ["bodies of this request are never shown: they hold credentials"]
    texts = [f"sent {_shown_body(request.content, mask)}"] if request.content else []
    return texts + ([f"got {_shown_body(got.body, mask)}"] if isinstance(got, Answer) and got.body.strip() else [])


def _shown_url(request: Request, mask: Mask) -> str:
    url = urlsplit(request.url)
    if request.purpose is Purpose.TOKEN:
        return f"the token endpoint at {url.netloc}"
    shown = [f"{name}={value if name in _SHOWN_PARAMETERS else HIDDEN}" for name, value in parse_qsl(url.query)]
    return clean_text(url.path + (f"?{'&'.join(shown)}" if shown else ""), mask)


def _shown_body(body: bytes, mask: Mask) -> str:
    try:
        return mask(json.dumps(_shown_value("", json.loads(body), mask), ensure_ascii=True))
    except ValueError:
        return f"{len(body)} bytes that are not JSON"
    except RecursionError:
        return f"{len(body)} bytes, nested too deeply"


def _shown_value(member: str, value: Any, mask: Mask) -> Any:
    """Return JSON with the texts that are not listed hidden; nothing below `auth` is shown but names of members."""
    if isinstance(value, Mapping):
        hidden = str(value.get("path", "")).startswith("/auth")  # an operation of JSON Patch
        return {
            mask(str(name)): _hidden_texts(part)
            if name == "auth" or (hidden and name == "value")
            else _shown_value(str(name), part, mask)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_shown_value(member, part, mask) for part in value]
    if isinstance(value, str):
        return mask(value) if member in _SHOWN_MEMBERS else HIDDEN
    return value


def _hidden_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _hidden_texts(part) for name, part in value.items()}
    return [_hidden_texts(part) for part in value] if isinstance(value, list) else HIDDEN
