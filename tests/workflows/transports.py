"""Transports that stand between us and the emulator: they let another client in at a given request, or look on."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import httpx

from tests.workflows.world import SANDBOX, World

LINKS = {"sourceConnections": "sourceConnectionIds", "targetConnections": "targetConnectionIds"}


class InterruptingTransport(httpx.BaseTransport):
    """Before the `nth` request of `method` whose path matches, and `count` in a row, `call(id)` happens."""

    def __init__(self, made: World, method: str, path: str, call: Callable[[str], Any], nth: int = 1, count: int = 1):
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.method, self.path, self.call = method, path, call
        self.strikes = range(nth, nth + count)
        self.seen = 0
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == self.method and re.search(self.path, request.url.path):
            with self.lock:
                self.seen += 1
                if self.seen in self.strikes:
                    self.call(request.url.path.removesuffix("/action").rpartition("/")[2])
        return self.inner.handle_request(request)


class WatchingTransport(httpx.BaseTransport):
    """Notes every DELETE of what is in use when it is sent, and of every flow that is deleted."""

    def __init__(self, made: World, tick: float = 0.0):
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.made, self.tick = made, tick
        self.in_use: list[str] = []
        self.flows: list[str] = []
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            if self.tick:
                self.made.emulator.advance(self.tick)
            if request.method == "DELETE":
                self._note_delete(request.url.path)
        return self.inner.handle_request(request)

    def _note_delete(self, path: str) -> None:
        collection, identity = path.split("/")[-2:]
        seen = self.made.emulator.snapshot(SANDBOX)
        if collection == "flows":
            self.flows.append(identity)
        elif collection == "connections":
            users = [t["id"] for t in seen["targetConnections"] if t["baseConnectionId"] == identity]
            self.in_use += [identity] if users else []
        elif any(identity in f[LINKS[collection]] for f in seen["flows"]):
            self.in_use.append(identity)
