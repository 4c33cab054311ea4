"""A small HTTP server on this machine that plays a host of code, with the faults that a network has."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


Answer = tuple[int, object]


class FakeHost(Protocol):
    def answer(self, asked: Asked) -> Answer: ...


@dataclass
class Faults:
    """
    What goes wrong next: each entry is used up by one request of its method.

    `before` answers a status with headers and does nothing. `lost` does what was asked and closes the connection; an
    entry is the begin of `METHOD /path`.
    """

    before: list[tuple[str, int, Mapping[str, str]]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)

    def methods(self) -> list[str]:
        return [asked.method for asked in self.log]


@contextmanager
def serve(host: FakeHost, faults: Faults) -> Iterator[str]:
    """Serve a host; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._handle()

        do_POST = do_PATCH = do_PUT = do_GET

        def log_message(self, *_: object) -> None:
            pass

        def _handle(self) -> None:
            asked = self._read()
            faults.log.append(asked)
            for fault in faults.before:
                if fault[0] == asked.method:
                    faults.before.remove(fault)
                    self._write(fault[1], {"message": "a fault of the test"}, fault[2])
                    return
            status, body = host.answer(asked)
            for start in faults.lost:
                if f"{asked.method} {asked.path}".startswith(start):
                    faults.lost.remove(start)
                    self.close_connection = True
                    return
            self._write(status, body, {})

        def _read(self) -> Asked:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Asked(
                self.command, unquote(url.path), dict(parse_qsl(url.query)), headers, json.loads(data) if data else None
            )

        def _write(self, status: int, body: object, headers: Mapping[str, str]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
