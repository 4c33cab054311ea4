"""
The emulator as a WSGI application, and as the object that tests and the command line hold.

A request goes through faults, gateway and service, and its answer out again; nothing is decided here. Every request is
one transaction, except that what was due before it is settled first, and that it is logged afterwards.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from exportctl.emulator import (
    admin_api,
    auth,
    delayed_effects,
    faults,
    ids,
    landing_zone,
    read_view,
    routes,
    run_on_demand,
    run_rows,
)
from exportctl.emulator import datasets as configs
from exportctl.emulator.clock import EmulatorClock, http_date, parse_clock
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.datasets import SeedDataset
from exportctl.emulator.faults import Fault
from exportctl.emulator.listing import ReadFault
from exportctl.emulator.read_view import Caller, RequestContext
from exportctl.emulator.routes import ServiceCall
from exportctl.emulator.run_scheduler import RunScheduler
from exportctl.emulator.storage import open as routing
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches
from exportctl.emulator.ui_edits import Ui
from exportctl.emulator.wire import Answer, ErrorReport, Json, Request, RequestRefused, message_error, parse_query

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
TOKEN_PATH = "/ims/token/v3"
SYSTEM = Caller("system@AdobeID", "system")

StartResponse = Callable[..., object]


class Emulator:
    """
    One organisation with its sandboxes, behind the addresses of the service.

    `path` None keeps everything in memory. What is left out is taken from the file, if there is one, else from the
    defaults: clock `real`, pages of 100, seed 0. `clock` may be a moment (seconds since 1970 UTC): time then stands
    still until `advance` or `set_time`. Exports without an endpoint of their own are written below `storage`, by
    default a folder beside the file; in memory alone they are carried out and not kept.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        switches: Switches | None = None,
        clock: str | float | None = None,
        page_size: int | None = None,
        seed: int | None = None,
        organization: str | None = None,
        storage: str | Path | None = None,
    ) -> None:
        self.store = Store(path)
        self.ui = Ui(self.store, self.context)
        self.root = Path(storage) if storage is not None else _default_storage_folder(path)
        self._engine = RunScheduler(self.store, lambda: self.now, self.context, self.root)
        with self.store.transaction():
            given = {
                "switches": switches and switches.to_json(),
                "clock": None if clock is None else _clock_json(parse_clock(clock)),
                "page_size": page_size,
                "seed": seed,
                "organization": organization,
            }
            for key, value in given.items():
                if value is not None:
                    self.store.set_setting(key, value)
            if not self.store.list_records("credentials"):
                auth.register_client(self.store, auth.CLIENT_ID, auth.CLIENT_SECRET)
            if not self.store.list_records("sandboxes"):
                self._add_sandbox("prod")

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    @property
    def switches(self) -> Switches:
        """The settings of the open questions; may be set at any time."""
        return Switches.from_json(self.store.get_setting("switches", {}))

    @switches.setter
    def switches(self, value: Switches) -> None:
        with self.store.transaction():
            self.store.set_setting("switches", value.to_json())

    @property
    def clock(self) -> EmulatorClock:
        """What the emulator's clock is, as a value; `now` reads it."""
        stored: dict[str, Any] = self.store.get_setting("clock", {})
        return EmulatorClock(**stored)

    @property
    def now(self) -> float:
        """The emulator's time, in seconds since 1970 UTC."""
        return self.clock.now()

    def advance(self, seconds: float) -> float:
        """Let time pass, and with it what is due, runs of exports too; the new time."""
        if seconds < 0:
            raise ValueError("time does not go back")
        return self._set_clock(lambda clock: clock.advance_by(seconds))

    def set_time(self, moment: float) -> float:
        """Move to a moment, in seconds since 1970 UTC; the new time."""
        return self._set_clock(lambda clock: clock.set_to(moment))

    def _set_clock(self, moved: Callable[[EmulatorClock], EmulatorClock]) -> float:
        with self.store.transaction():
            clock = moved(self.clock)
            self.store.set_setting("clock", _clock_json(clock))
            self._apply_due_effects()
        self._engine.execute_due_runs(wait=True)
        return clock.now()

    def _apply_due_effects(self) -> None:
        delayed_effects.apply_due_effects(self.store, self.switches, self.now)

    @property
    def organization(self) -> str:
        """The organisation all of it belongs to."""
        return str(self.store.get_setting("organization", ORGANIZATION))

    def seed(
        self, sandboxes: Iterable[str] = (), datasets: Mapping[str, Iterable[SeedDataset]] | None = None
    ) -> dict[str, dict[str, str]]:
        """Add sandboxes, and datasets per sandbox; per sandbox the ids of the datasets by name."""
        with self.store.transaction():
            for name in (*sandboxes, *(datasets or {})):
                if self.store.get("sandboxes", name) is None:
                    self._add_sandbox(name)
            return {
                name: {dataset.name: configs.seed_dataset(self.context(name), dataset) for dataset in wanted}
                for name, wanted in (datasets or {}).items()
            }

    def sandboxes(self) -> list[str]:
        """The names of the sandboxes."""
        return [record.id for record in self.store.list_records("sandboxes")]

    def datasets(self, sandbox: str) -> list[Json]:
        """The datasets of a sandbox as the listing shows them, those that cannot be exported included."""
        return [copy.deepcopy(record.doc) for record in self.store.list_records("datasets", sandbox)]

    def ingest(self, sandbox: str, dataset: str, rows: int, spread: int = 86400) -> Json:
        """
        Let rows come into a dataset, named by id or name, now; what came in: `first`, `count`, `at`, `spread`.

        Raises:
            ValueError: there is no such dataset in the sandbox, or more than one, or `rows` is no positive number.
        """
        with self.store.transaction():
            return configs.ingest(self.context(sandbox), dataset, rows, spread)

    def batches(self, sandbox: str, dataset: str) -> list[Batch]:
        """All rows of a dataset, named by id or name, in the order they came in."""
        return run_rows.batches(configs.find_dataset(self.context(sandbox), dataset))

    def folder_of(self, target: str) -> Path | None:
        """The local folder that stands for the bucket of a target connection; None: it is written elsewhere."""
        found = self.store.get("targetConnections", target)
        base = found and self.store.get("connections", str(found.doc.get("baseConnectionId")))
        if found is None or base is None:
            return None
        return routing.local_root(base.doc, found.doc, self.store.get_setting("storage", {}), self.root)

    def _add_sandbox(self, name: str) -> None:
        kind = "production" if name == "prod" else "development"
        doc = {"id": ids.uuid(self.store.draw_bytes()), "title": name.capitalize(), "type": kind}
        self.store.put(Record("sandboxes", name, name, doc))

    def register_client(
        self, client_id: str, client_secret: str, permissions: Iterable[str] = auth.PERMISSIONS
    ) -> None:
        """Let another client in, with these permissions."""
        with self.store.transaction():
            auth.register_client(self.store, client_id, client_secret, tuple(permissions))

    def issue_token(self, client_id: str = auth.CLIENT_ID, seconds: float = auth.TOKEN_SECONDS) -> str:
        """A token for a client, without asking the token endpoint."""
        with self.store.transaction():
            return auth.issue_token(self.store, client_id, self.now, seconds)

    def set_token_lifetime(self, seconds: int) -> None:
        """How long the tokens of the token endpoint live from now on."""
        with self.store.transaction():
            self.store.set_setting("token_seconds", seconds)

    def add_fault(self, fault: Fault) -> None:
        """Let a fault strike from now on."""
        with self.store.transaction():
            self.store.add_fault(self.store.draw_bytes().hex(), fault.to_json())

    def faults(self) -> list[Fault]:
        """The faults that were added, spent ones included."""
        return [Fault.from_json(doc) for _, _, doc in self.store.faults()]

    def clear_faults(self) -> None:
        """Forget all faults."""
        with self.store.transaction():
            self.store.clear_faults()

    def requests(self) -> list[Json]:
        """
        The requests so far, oldest first, without headers and bodies.

        Members: `at` (seconds), `id`, `method`, `path`, `query`, `status` (0: the answer was lost), `write`.
        """
        return self.store.logged_requests()

    def writes(self) -> list[Json]:
        """The requests that asked the Flow Service for a change, refused ones included."""
        return [entry for entry in self.requests() if entry["write"]]

    def forget_requests(self) -> None:
        """Empty the request log."""
        with self.store.transaction():
            self.store.forget_log()

    def snapshot(self, sandbox: str | None = None) -> dict[str, list[Json]]:
        """Per collection all objects that are not deleted, as stored: secrets in clear. For assertions of tests."""
        return {
            collection: [
                copy.deepcopy(r.doc)
                for r in self.store.list_records(collection, sandbox)
                if "deleted_at" not in r.hidden
            ]
            for collection in read_view.COLLECTIONS
        }

    def reset(self) -> None:
        """Forget objects, datasets, sandboxes, faults and requests; settings and credentials stay."""
        with self.store.transaction():
            kept = [record for kind in ("credentials", "tokens") for record in self.store.list_records(kind)]
            self.store.clear_objects()
            for record in kept:
                self.store.put(record)
            self._add_sandbox("prod")

    def context(self, sandbox: str = "", caller: Caller = SYSTEM) -> RequestContext:
        """What an operation in a sandbox works with."""
        found = self.store.get("sandboxes", sandbox)
        return RequestContext(
            store=self.store,
            switches=self.switches,
            now=self.now,
            organization=self.organization,
            page_size=int(self.store.get_setting("page_size", 100)),
            caller=caller,
            sandbox=sandbox,
            sandbox_id=found.doc["id"] if found else "",
        )

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with self.store.transaction():
            request = _parse_request(environ, ids.uuid(self.store.draw_bytes()))
            controlled = request.path == admin_api.PREFIX or request.path.startswith(f"{admin_api.PREFIX}/")
            fault = None if controlled else faults.count_match(self.store, request)
        if controlled:
            self._engine.execute_due_runs(wait=False)
            return self._send_answer(request, self._answer_admin_request(request, environ), start_response)
        if fault is not None and fault.effect == "slow":
            self._delay(fault.delay)
        self._engine.execute_due_runs(wait=False)
        with self.store.lock:
            answer = self._respond(request, fault, start_response)
        if request.path == routes.AD_HOC_PATH:
            self._engine.execute_due_runs(wait=False)
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
        try:
            if environ.get("exportctl.served"):
                admin_api.check_host_header(environ)
            return admin_api.answer(self, request)
        except RequestRefused as refused:
            return refused.answer

    def _send_answer(self, request: Request, answer: Answer, start_response: StartResponse) -> list[bytes]:
        payload = answer.payload()
        start_response(f"{answer.status} {_reason(answer.status)}", self._headers(request, answer, payload))
        return [payload]

    def _headers(self, request: Request, answer: Answer, payload: bytes) -> list[tuple[str, str]]:
        # rule: request-id
        headers = [("x-request-id", request.id), ("Date", http_date(self.now)), *answer.headers]
        if payload:
            headers.append(("Content-Type", answer.content_type))
        return [*headers, ("Content-Length", str(len(payload)))]

    def _log_request(self, request: Request, status: int) -> None:
        secret = request.path == TOKEN_PATH
        entry = {
            "at": self.now,
            "id": request.id,
            "method": request.method,
            "path": request.path,
            "query": [] if secret else [list(pair) for pair in request.query],
            "status": status,
            "write": request.method != "GET" and request.path.startswith(routes.FLOW_SERVICE_PATH),
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
        if path == TOKEN_PATH:
            if request.method != "POST":
                raise message_error(405, "Method not allowed")
            return auth.answer_token_request(self.store, request, self.now)
        credential = auth.authenticate(self.store, request, self.organization, self.now)
        if path.startswith(auth.SANDBOXES_PATH):
            return auth.answer_sandboxes(self.store, request)
        name = auth.find_sandbox(self.store, request).id
        if path.startswith(landing_zone.PATH):
            return landing_zone.answer(self.store, request)
        context = self.context(name, auth.caller(credential))
        call = ServiceCall(context, request, credential, fault.read_fault if fault else ReadFault())
        if path == routes.AD_HOC_PATH:
            return run_on_demand.answer(call)
        if path.startswith(f"{routes.FLOW_SERVICE_PATH}/"):
            return routes.answer(call)
        raise message_error(404, "Resource not found")


def _default_storage_folder(path: str | Path | None) -> Path | None:
    if path is None:
        return None
    file = Path(path)
    return file.with_suffix("") if file.suffix else file.with_name(f"{file.name}-storage")


def _parse_request(environ: Mapping[str, Any], id: str) -> Request:
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    headers["content-type"] = environ.get("CONTENT_TYPE") or ""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        query=parse_query(environ.get("QUERY_STRING", "")),
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
        id=id,
        peer=environ.get("REMOTE_ADDR") or "127.0.0.1",
    )


def _clock_json(clock: EmulatorClock) -> Json:
    return {"mode": clock.mode, "at": clock.at}


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
