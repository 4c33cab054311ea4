"""A service that answers from a list: a WSGI application, so nothing leaves this process and nothing is faked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

from exportctl.client.auth import Credentials
from exportctl.client.client import Client
from exportctl.client.transport import Backoff
from exportctl.clock import Clock
from exportctl.model.secret import Secret

TOKEN = "token-one-that-stays-hidden"
SECRET = "client-secret-that-stays-hidden"
DATE = "Mon, 01 Dec 2025 10:00:00 GMT"
FLOWS = "/data/foundation/flowservice/flows"


@dataclass(frozen=True)
class Reply:
    """One scripted answer; `raises` instead of an answer stands for a connection that fails."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    raises: Exception | None = None

    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class SeenRequest:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def params(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


def token_reply(token: str = TOKEN, expires_in: object = 86399) -> Reply:
    return Reply(200, {"access_token": token, "token_type": "bearer", "expires_in": expires_in})


@dataclass
class Script:
    """Answers in order, the last one for ever; the token endpoint has a list of its own."""

    replies: Sequence[Reply | Callable[[SeenRequest], Reply]] = (Reply(),)
    tokens: Sequence[Reply] = (token_reply(),)
    seen: list[SeenRequest] = field(default_factory=list)
    token_requests: list[SeenRequest] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = _seen_request(environ)
        with self._lock:
            token = request.path.endswith("/ims/token/v3")
            log, replies = (self.token_requests, self.tokens) if token else (self.seen, self.replies)
            reply = replies[min(len(log), len(replies) - 1)]
            log.append(request)
        answer = reply if isinstance(reply, Reply) else reply(request)
        if answer.raises is not None:
            raise answer.raises
        headers = {"Date": DATE, "Content-Type": "application/json", **dict(answer.headers)}
        start(f"{answer.status} Scripted", list(headers.items()))
        return [answer.bytes()]


class FakeTime:
    """A clock that moves only when the client sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: 0, lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client_of(script: Any, **changes: Any) -> Client:
    """A client of `script` that never sleeps and throws no dice."""
    time = changes.pop("time", None) or FakeTime()
    settings: dict[str, Any] = {
        "organization": "0123456789ABCDEF01234567@AdobeOrg",
        "sandbox": "dev",
        "credentials": Credentials("my-client", Secret(SECRET)),
        "transport": httpx.WSGITransport(app=script),
        "clock": time.clock,
        "random": lambda: 0.0,
        "backoff": Backoff(),
    }
    on_throttle = changes.pop("on_throttle", None)
    client = Client(changes.pop("url", "https://platform.adobe.io"), **{**settings, **changes})
    if on_throttle is not None:
        client.on_throttle(on_throttle)
    return client


def _seen_request(environ: dict[str, Any]) -> SeenRequest:
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return SeenRequest(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers, body)
