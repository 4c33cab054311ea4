"""
The emulator as a WSGI application: authentication, faults, routes, the admin API and the log of requests.

Tests mount it with `httpx.WSGITransport`; `server` puts it behind a real server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from http.client import responses as REASONS
from typing import Any
from urllib.parse import parse_qsl

from exportctl.emulator import auth, catalog, faults, landing_zone, routes, sandbox_management, schema_registry
from exportctl.emulator.clock import http_date
from exportctl.emulator.faults import Fault
from exportctl.emulator.listing import ReadFault
from exportctl.emulator.rate_limit import count_request
from exportctl.emulator.routes import ServiceCall
from exportctl.emulator.state import EmulatedOrganization
from exportctl.emulator.wire import ADMIN_PREFIX, Answer, ErrorReport, Request, RequestRefused, message_error

TOKEN_PATHS = ("/ims/token/v3", "/ims/token/v2")  # the second one with everything in the query [PM]

StartResponse = Callable[..., object]


class Emulator(EmulatedOrganization):
    """One organization behind the addresses of the service."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with self.store.transaction():
            request = _parse_request(environ, self.store.new_id())
            controlled = request.path == ADMIN_PREFIX or request.path.startswith(f"{ADMIN_PREFIX}/")
            fault = None if controlled else faults.count_match(self.store, request)
        if controlled:
            self._scheduler.execute_due_runs(wait=False)
            return self._send_answer(request, self._answer_admin_request(request, environ), start_response)
        if fault is not None and fault.effect == "slow":
            self._delay(fault.delay)
        self._scheduler.execute_due_runs(wait=False)
        with self.store.lock:
            answer = self._respond(request, fault, start_response)
        if request.path == routes.AD_HOC_PATH or (request.method == "POST" and "/runs/" in request.path):
            self._scheduler.execute_due_runs(wait=False)
        return answer

    def _delay(self, seconds: float) -> None:
        if self.clock.mode == "manual":
            self.advance(seconds)
        else:
            time.sleep(seconds)

    def _respond(self, request: Request, fault: Fault | None, start_response: StartResponse) -> list[bytes]:
        status = 0
        try:
            answer = Answer(0) if fault and fault.skips_service else self._serve_request(request, fault)
            if fault is not None:
                answer = faults.apply_fault(fault, answer, self.now)
            status = answer.status
        finally:
            self._log_request(request, status)
        return self._send_answer(request, answer, start_response)

    def _answer_admin_request(self, request: Request, environ: Mapping[str, Any]) -> Answer:
        from exportctl.emulator import admin_api  # a client of the service never asks it

        try:
            if environ.get("exportctl.served"):
                admin_api.check_host_header(environ)
            return admin_api.answer(self, request)
        except RequestRefused as refused:
            return refused.answer

    def _send_answer(self, request: Request, answer: Answer, start_response: StartResponse) -> list[bytes]:
        payload = answer.payload()
        # rule: request-id
        headers = [("x-request-id", request.id), ("Date", http_date(self.now)), *answer.headers]
        if payload:
            headers.append(("Content-Type", answer.content_type))
        headers.append(("Content-Length", str(len(payload))))
        start_response(f"{answer.status} {REASONS.get(answer.status, 'Unknown')}", headers)
        return [payload]

    def _log_request(self, request: Request, status: int) -> None:
        secret = request.path in TOKEN_PATHS
        entry = {
            "at": self.now,
            "id": request.id,
            "method": request.method,
            "path": request.path,
            "query": [] if secret else [list(pair) for pair in request.query],
            "status": status,
            "write": request.method != "GET" and _is_of_flow_service(request.path),
        }
        with self.store.transaction():
            self.store.log_request(entry)

    def _serve_request(self, request: Request, fault: Fault | None) -> Answer:
        with self.store.transaction():
            self._apply_due_effects()
            if fault is not None and fault.effect == "expire-token":
                auth.forget_token(self.store, request)
        try:
            with self.store.transaction():
                return self._route_request(request, fault)
        except RequestRefused as refused:
            answer = refused.answer
            if isinstance(answer.body, ErrorReport):
                return Answer(answer.status, answer.body.body(request.id), answer.headers)
            return answer

    def _route_request(self, request: Request, fault: Fault | None) -> Answer:
        path = request.path
        if path in TOKEN_PATHS:
            if request.method != "POST":
                raise message_error(405, "Method not allowed")
            # rule: token-endpoint-v2
            return auth.answer_token_request(self.store, request, self.now)
        credential = auth.authenticate(self.store, request, self.organization, self.now)
        count_request(self.store, self.switches.rate_limit, self.now)
        if path.startswith(sandbox_management.PATH):
            return sandbox_management.answer(self.store, request, credential)
        name = auth.find_sandbox(self.store, request, credential).id
        if path.startswith(landing_zone.PATH):
            return landing_zone.answer(self.store, request)
        context = self.context(name, auth.caller(credential))
        if path.startswith(f"{catalog.PATH}/"):
            return catalog.answer(context, request, credential)
        if path.startswith(f"{schema_registry.PATH}/"):
            return schema_registry.answer(context, request, credential)
        call = ServiceCall(context, request, credential, fault.read_fault if fault else ReadFault())
        if path == routes.AD_HOC_PATH:
            return routes.answer_on_demand(call)
        if path.startswith(f"{routes.FLOW_SERVICE_PATH}/"):
            return routes.answer(call)
        raise message_error(404, "Resource not found")


def _is_of_flow_service(path: str) -> bool:
    """Whether a request that is not a GET may change something there; a search does not."""
    return path.startswith(routes.FLOW_SERVICE_PATH) and not path.endswith("/search")


def _parse_request(environ: Mapping[str, Any], id: str) -> Request:
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE") or ""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        query=tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
        id=id,
        peer=environ.get("REMOTE_ADDR") or "127.0.0.1",
        origin=f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', 'localhost')}",
    )
