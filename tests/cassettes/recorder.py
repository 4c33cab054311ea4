"""How cassettes are recorded and played: what a request is matched by, and what never gets into a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import vcr

FOLDER = Path(__file__).parent
TAPES = ("spec_example.yaml", "emulator_reads.yaml", "emulator_apply.yaml")
HOST = "https://platform.adobe.io"
SECRET_HEADERS = ("authorization", "x-api-key", "x-gw-ims-org-id")
TOKEN = "/ims/token/"
ORIGINS = ("recorded from: spec example", "recorded from: emulator (proves nothing of the service)")
MATCH_ON = ("method", "path", "query", "if_match", "content_type", "body")


def recorder(mode: str) -> vcr.VCR:
    """`mode` is `none` everywhere but in `record.py`."""
    made = vcr.VCR(
        cassette_library_dir=str(FOLDER),
        record_mode=mode,
        match_on=MATCH_ON,
        filter_headers=[*SECRET_HEADERS, "user-agent", "host", "connection", "accept", "accept-encoding"],
        before_record_request=_filter_request,
        before_record_response=_filter_response,
    )
    made.register_matcher("if_match", lambda a, b: _same_header(a, b, "If-Match"))
    made.register_matcher("content_type", lambda a, b: _same_header(a, b, "Content-Type"))
    return made


def _same_header(one: Any, other: Any, name: str) -> None:
    assert one.headers.get(name) == other.headers.get(name), name


def _filter_request(request: Any) -> Any:
    """Whatever host and port were recorded, the service's; a token is asked for with nothing to be read."""
    request.uri = re.sub(r"^https?://[^/]+", HOST, request.uri)
    if TOKEN in request.uri:
        request.body = b"grant_type=client_credentials"
    elif request.body:
        request.body = json.dumps(mask_auth_params(json.loads(request.body))).encode()
    return request


def mask_auth_params(body: Any) -> Any:
    """A request body without the values of auth params; their names stay."""
    if isinstance(body, list):
        return [{**op, "value": _mask_values(op["value"])} if op.get("path") == "/auth/params" else op for op in body]
    if isinstance(body, dict) and "auth" in body:
        return {**body, "auth": {**body["auth"], "params": _mask_values(body["auth"]["params"])}}
    return body


def _mask_values(params: dict[str, Any]) -> dict[str, str]:
    return dict.fromkeys(params, "filtered")


def _filter_response(response: Any) -> Any:
    body = response["body"]["string"]
    if b"access_token" in body:
        token = {"access_token": "filtered", "token_type": "bearer", "expires_in": 86399}
        response["body"]["string"] = json.dumps(token).encode()
        response["headers"]["Content-Length"] = [str(len(response["body"]["string"]))]
    return response


def write_origin(name: str, origin: str) -> None:
    """Put the origin on top of a recorded file."""
    path = FOLDER / name
    text = path.read_text(encoding="utf-8")
    path.write_text(f"# {origin}\n{text}", encoding="utf-8")
