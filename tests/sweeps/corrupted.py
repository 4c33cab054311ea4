"""
Answer every kind of write with every kind of corrupted answer: in place of the service, or after it did what was asked.

The apply accounts for each step and what it says is true. Later applies, without trouble, finish the rest.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.sweeps.judgement import (
    FaultKind,
    exported_state,
    finish,
    require,
    require_no_duplicates,
    require_true_verdict,
    try_apply,
)
from tests.sweeps.runner import Case
from tests.workflows.test_faults import WRITES, prepare_world
from tests.workflows.transports import WatchingTransport
from tests.workflows.world import SANDBOX, World

Corruption = Callable[[httpx.Response], httpx.Response]


def body(content: bytes | str, status: int | None = None, **headers: str) -> Corruption:
    """Answer this in place of the body; without a status with that of the answer."""
    raw = content.encode() if isinstance(content, str) else content
    shown = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return lambda answer: httpx.Response(status or answer.status_code, content=raw, headers=shown)


def reshaped(change: Callable[[bytes], bytes], **headers: str) -> Corruption:
    """Answer the changed bytes of the body; a success without a body gets one first."""
    return lambda answer: body(change(answer.read() or b'{"id": "x"}'), None, **headers)(answer)


def edited(**members: Any) -> Corruption:
    """Answer the object with other members, or without those that are None here."""

    def change(raw: bytes) -> bytes:
        try:
            shown = json.loads(raw)
        except ValueError:
            shown = {}
        made = {**(shown if isinstance(shown, dict) else {}), **members}
        return json.dumps({k: v for k, v in made.items() if v is not GONE}).encode()

    return reshaped(change)


GONE = object()
HTML = "<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>"
# Bodies that need nothing of the true answer: a gateway or a proxy can send them without asking the service.
INSTEAD: Mapping[str, Corruption] = {
    "no body": body(""),
    "white space": body(" \r\n\t "),
    "a zero byte": body(b"\x00"),
    "HTML": body(HTML, Content_Type="text/html"),
    "HTML that says it is JSON": body(HTML),
    "HTML with status 502": body(HTML, 502, Content_Type="text/html"),
    "plain text": body("OK", Content_Type="text/plain"),
    "null": body("null"),
    "a number": body("7"),
    "text": body('"done"'),
    "a list": body("[]"),
    "an empty object": body("{}"),
    "an error with a success status": body('{"type": "FLOW-1422", "title": "no", "status": 400}', 200),
    "an id that is null": body('{"id": null, "etag": null}'),
    "an id that is a number": body('{"id": 7, "etag": 7}'),
    "an empty id": body('{"id": "", "etag": ""}'),
    "an id that is a list": body('{"id": ["a"], "etag": {}}'),
    "an id that names nothing": body('{"id": "00000000-0000-4000-8000-000000000000", "etag": "\\"x\\""}'),
    "an id with a slash": body('{"id": "../connections", "etag": "\\"x\\""}'),
    "an id with a line end": body('{"id": "a\\r\\nX-Evil: 1", "etag": "\\"\\r\\n\\""}'),
    "an empty list of items": body('{"items": []}'),
    "brackets without an end": body("[" * 100_000),
    "a number without an end": body('{"id": ' + "9" * 5_000 + "}"),
    "not a number": body('{"id": NaN}'),
    "a wrong encoding": body("{}".encode("utf-16")),
    "bytes that are no text": body(b'{"id": "\xff\xfe"}'),
    "gzip that is none": body("{}", Content_Encoding="gzip"),
    "gzip that is cut": body(gzip.compress(b'{"id": "a"}')[:-9], Content_Encoding="gzip"),
    "no content": body("", 204),
    "accepted": body("", 202),
    "a redirect": body("", 302, Location="https://evil.example/"),
    "a redirect that keeps the method": body("", 307, Location="http://127.0.0.1:1/"),
    "an unknown status": body("{}", 599),
    "an error without a body": body("", 400),
    "an error that is a list": body('["no"]', 400),
    "an error of nested nothing": body('{"report": {"detailed-message": {"a": [null]}}, "errors": [[]]}', 422),
    "a wait that is no number": body("{}", 503, Retry_After="soon"),
    "a wait without an end": body("{}", 503, Retry_After="9" * 30),
    "control characters": body('{"title": "\\u001b[2J\\u0000::error::x", "status": 400}', 400),
}
# Changes of the true answer.
AFTER: Mapping[str, Corruption] = {
    "cut in half": reshaped(lambda raw: raw[: len(raw) // 2]),
    "cut by one byte": reshaped(lambda raw: raw[:-1]),
    "twice in a row": reshaped(lambda raw: raw * 2),
    "text before it": reshaped(lambda raw: b")]}',\n" + raw),
    "a byte order mark": reshaped(lambda raw: b"\xef\xbb\xbf" + raw),
    "in a list": reshaped(lambda raw: b"[" + raw + b"]"),
    "in items": reshaped(lambda raw: b'{"items": [' + raw + b"]}"),
    "named HTML": reshaped(lambda raw: raw, Content_Type="text/html"),
    "as UTF-16": reshaped(lambda raw: raw.decode().encode("utf-16")),
    "without an id": edited(id=GONE),
    "without an etag": edited(etag=GONE),
    "with an old etag": edited(etag='"00000000-0000-0000-0000-000000000000"'),
    "with two etags": edited(etag=["a", "b"]),
    "with keys twice": reshaped(lambda raw: raw.replace(b"{", b'{"id": "other", ', 1)),
    "with status 500": lambda answer: body(answer.read(), 500)(answer),
    "with status 404": lambda answer: body(answer.read(), 404)(answer),
    "with status 409": lambda answer: body(answer.read(), 409)(answer),
    "with status 412": lambda answer: body(answer.read(), 412)(answer),
}


class CorruptingTransport(httpx.BaseTransport):
    """Corrupts the answer to the first write of a kind; `arrives`: the service carries it out all the same."""

    def __init__(self, inner: httpx.BaseTransport, write: str, corrupt: Corruption, *, arrives: bool):
        self.inner, self.write, self.corrupt, self.arrives = inner, WRITES[write], corrupt, arrives
        self.is_done = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_done or not self.write.matches(request.method, request.url.path):
            return self.inner.handle_request(request)
        self.is_done = True
        answer = self.inner.handle_request(request) if self.arrives else httpx.Response(200)
        return self.corrupt(answer)


def cases(write: str, folder: Path) -> Iterator[Case]:
    """Yield one kind of write with every kind of answer."""
    for kind in (*INSTEAD, *AFTER):
        yield Case(f"{write}: {kind}", partial(corrupt_once, write, kind, True))
    for kind in INSTEAD:
        yield Case(f"{write}: {kind}, in place of the service", partial(corrupt_once, write, kind, False))


@cache
def wanted_state(write: str) -> list[Any]:
    """Return what an apply without trouble leaves."""
    with TemporaryDirectory() as folder:
        made = prepare_world(Path(folder), WRITES[write])
        made.apply()
        return exported_state(made)


def corrupt_once(write: str, kind: str, arrives: bool, folder: Path) -> None:
    """Corrupt one answer, judge what the apply says and leaves, and apply again."""
    made = prepare_world(folder, WRITES[write])
    before = flow_ids(made)
    watch = WatchingTransport(made)
    transport = CorruptingTransport(watch, write, {**INSTEAD, **AFTER}[kind], arrives=arrives)
    check = try_apply(made, transport=transport)
    require(transport.is_done, FaultKind.UNFINISHED, "no such write was sent")
    require_no_duplicates(made)
    if check is not None:
        require_true_verdict(made, check, wanted_state(write))
    if "delete" not in write:
        require(before <= flow_ids(made) and not watch.flows, FaultKind.EDIT, "a flow is gone")
        require(not watch.in_use, FaultKind.EDIT, f"sent a DELETE of what is in use: {watch.in_use}")
    finish(made, wanted_state(write))


def flow_ids(made: World) -> set[str]:
    return {flow["id"] for flow in made.emulator.snapshot(SANDBOX)["flows"]}
