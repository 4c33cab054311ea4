"""
The emulator's own HTTP interface under /_emulator: what tests and people do to it that no client of the service can.

Answers only to this machine, and never shows a body, a header or a secret of a request it served.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from exportctl.emulator import admin_bodies, wire
from exportctl.emulator.admin_bodies import UI_VERBS
from exportctl.emulator.auth import PERMISSIONS, is_json
from exportctl.emulator.datasets import SeedDataset
from exportctl.emulator.faults import Fault
from exportctl.emulator.state import EmulatedOrganization
from exportctl.emulator.storage.settings import StorageSettings, parse_settings
from exportctl.emulator.storage.sink import StorageRefused
from exportctl.emulator.switches import Switches
from exportctl.emulator.ui_edits import EditRefused
from exportctl.emulator.wire import Answer, Json, Request, invalid_body_error, message_error, parse_json

PREFIX = wire.ADMIN_PREFIX
MOST_ROWS_SHOWN = 10_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def answer(emulator: EmulatedOrganization, request: Request) -> Answer:
    """Return what the control interface answers; what is asked wrongly is refused with 400."""
    if request.peer not in LOOPBACK:
        raise message_error(403, "the control interface answers on this machine only")
    path = request.path.removeprefix(PREFIX).strip("/")
    name, _, rest = path.partition("/")
    operation = ROUTES.get((request.method, name))
    if operation is None:
        raise message_error(404, f"no control operation {request.method} {request.path}")
    body = _parse_body(request)
    try:
        if request.method in ("POST", "PATCH"):
            admin_bodies.check_body(path if name == "ui" else name, body)
        return Answer(200, operation(emulator, rest, body))
    except (ValueError, EditRefused, StorageRefused) as error:
        raise invalid_body_error(str(error)) from error


def _parse_body(request: Request) -> Json:
    if request.method in ("GET", "DELETE"):
        return {}
    # A page in a browser can send a form across origins, but not JSON.
    if request.body and not is_json(request):
        raise message_error(415, "Content-Type must be application/json")
    body = parse_json(request.body) if request.body else {}
    if not isinstance(body, dict):
        raise invalid_body_error("the body must be an object")
    return body


def _show_info(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    info = {"organization": emulator.organization, "now": emulator.now, "sandboxes": emulator.sandboxes()}
    return {"emulator": True, **info}


def _move_clock(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    if "set" in body:
        emulator.set_time(float(body["set"]))
    if "advance" in body:
        emulator.advance(float(body["advance"]))
    return {"mode": emulator.clock.mode, "now": emulator.now}


def _set_switches(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    emulator.switches = Switches.from_json({**emulator.switches.to_json(), **body})
    return emulator.switches.to_json()


def _show_faults(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    return {"faults": [fault.to_json() for fault in emulator.faults()]}


def _add_fault(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    emulator.add_fault(Fault.from_json(body))
    return _show_faults(emulator, rest, body)


def _clear_faults(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    emulator.clear_faults()
    return _show_faults(emulator, rest, body)


def _forget_requests(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    emulator.forget_requests()
    return {"requests": []}


def _seed_datasets(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    wanted: Mapping[str, list[Json]] = body.get("datasets", {})
    datasets = {sandbox: [SeedDataset(**entry) for entry in entries] for sandbox, entries in wanted.items()}
    return {"datasets": emulator.seed(body.get("sandboxes", ()), datasets)}


def _change_storage(emulator: EmulatedOrganization, change: Callable[[StorageSettings], StorageSettings]) -> Json:
    with emulator.store.transaction():
        settings = change(_stored_settings(emulator))
        emulator.store.set_setting("storage", settings.to_json())
    return settings.masked_json()


def _stored_settings(emulator: EmulatedOrganization) -> StorageSettings:
    return parse_settings(emulator.store.get_setting("storage", {}))


def _edit_in_ui(emulator: EmulatedOrganization, verb: str, body: Json) -> Json:
    if verb not in UI_VERBS:
        raise ValueError(f"no UI edit {verb!r}; there are {', '.join(UI_VERBS)}")
    edit: Callable[..., Json] = getattr(emulator.ui, verb)
    return edit(**body)


def _load_objects(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    emulator.ui.load(body["objects"], sandbox=body["sandbox"])
    return {}


def _show_credentials(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    return {"credentials": emulator.credentials()}


def _add_credential(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    """Add a credential; a secret that the emulator makes up is in this answer and in no other."""
    if any(known["client_id"] == body["client_id"] for known in emulator.credentials()):
        raise ValueError(f"there is a credential {body['client_id']}: remove it first")
    secret = body.get("client_secret") or f"emulator-{secrets.token_urlsafe(24)}"
    emulator.register_client(
        body["client_id"], secret, body.get("permissions", PERMISSIONS), sandboxes=body.get("sandboxes")
    )
    made = next(known for known in emulator.credentials() if known["client_id"] == body["client_id"])
    return made if "client_secret" in body else {**made, "client_secret": secret}


def _remove_credential(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    emulator.remove_client(rest)
    return _show_credentials(emulator, rest, body)


def _reset_emulator(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    emulator.reset()
    return {}


def _ingest_rows(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    wanted = {key: value for key, value in body.items() if key != "sandbox"}
    return emulator.ingest(body["sandbox"], **wanted)


def _show_table(emulator: EmulatedOrganization, rest: str, body: Json) -> Json:
    """Return the rows of a small table at a moment, as a restored table should have them."""
    lines = emulator.table(body["sandbox"], body["dataset"], body.get("moment"))
    rows = list(islice(lines, MOST_ROWS_SHOWN + 1))
    if len(rows) > MOST_ROWS_SHOWN:
        raise ValueError(f"the dataset has more than {MOST_ROWS_SHOWN} rows; more are not shown")
    return {"rows": [json.loads(row) for row in rows]}


Operation = Callable[[EmulatedOrganization, str, Json], Json]
ROUTES: dict[tuple[str, str], Operation] = {
    ("GET", ""): _show_info,
    ("GET", "clock"): _move_clock,
    ("POST", "clock"): _move_clock,
    ("GET", "switches"): lambda emulator, rest, body: emulator.switches.to_json(),
    ("PATCH", "switches"): _set_switches,
    ("GET", "faults"): _show_faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "requests"): lambda emulator, rest, body: {"requests": emulator.requests()},
    ("DELETE", "requests"): _forget_requests,
    ("POST", "seed"): _seed_datasets,
    ("GET", "storage"): lambda emulator, rest, body: _stored_settings(emulator).masked_json(),
    ("PATCH", "storage"): lambda emulator, rest, body: _change_storage(
        emulator, lambda stored: stored.merge(parse_settings(body))
    ),
    ("DELETE", "storage"): lambda emulator, type, body: _change_storage(
        emulator, lambda stored: stored.remove_endpoint(type)
    ),
    ("POST", "ui"): _edit_in_ui,
    ("POST", "labels"): lambda emulator, rest, body: emulator.ui.label(body["collection"], body["id"], body["labels"]),
    ("POST", "load"): _load_objects,
    ("GET", "credentials"): _show_credentials,
    ("POST", "credentials"): _add_credential,
    ("DELETE", "credentials"): _remove_credential,
    ("POST", "reset"): _reset_emulator,
    ("POST", "ingest"): _ingest_rows,
    ("POST", "table"): _show_table,
}


def check_host_header(environ: Mapping[str, Any]) -> None:
    """Keep other origins away from a served control interface: a name that resolves to this machine is not enough."""
    host = str(environ.get("HTTP_HOST", "")).rpartition(":")[0] or str(environ.get("HTTP_HOST", ""))
    if host.strip("[]") not in LOOPBACK:
        raise message_error(403, "the control interface answers to loopback host names only")
