"""
The emulator's own HTTP interface under /_emulator: what tests and people do to it that no client of the service can.

Answers only to this machine, and never shows a body, a header or a secret of a request it served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from exportctl.emulator.configs import Dataset
from exportctl.emulator.faults import Fault
from exportctl.emulator.gateway import is_json
from exportctl.emulator.sinks import settings as storage
from exportctl.emulator.sinks.sink import StorageRefused
from exportctl.emulator.switches import Switches
from exportctl.emulator.ui import EditRefused
from exportctl.emulator.wire import Answer, Json, Refused, Request, invalid, message, parse_json

if TYPE_CHECKING:
    from exportctl.emulator.app import Emulator

PREFIX = "/_emulator"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
UI_VERBS: dict[str, tuple[str, ...]] = {
    "enable": ("flow",),
    "disable": ("flow",),
    "end": ("flow", "moment"),
    "path": ("flow", "path"),
    "datasets": ("flow", "datasets"),
    "schedule": ("flow", "changes"),
    "rename": ("flow", "name"),
    "describe": ("flow", "text"),
    "delete": ("flow",),
    "create_flow": ("name",),
}
UI_OPTIONS = ("sandbox", "as_person")
CREATE_OPTIONS = ("datasets", "destination", "schedule", "params", "audience", "base", "description")


def answer(emulator: Emulator, request: Request) -> Answer:
    """What the control interface answers; what is asked wrongly is refused with 400."""
    if request.peer not in LOOPBACK:
        raise message(403, "the control interface answers on this machine only")
    path = request.path.removeprefix(PREFIX).strip("/")
    operation = ROUTES.get((request.method, path.partition("/")[0]))
    if operation is None:
        raise message(404, f"no control operation {request.method} {request.path}")
    try:
        return Answer(200, operation(emulator, path.partition("/")[2], _body(request)))
    except (ValueError, TypeError, KeyError, EditRefused, StorageRefused) as error:
        raise invalid(str(error)) from error


def _body(request: Request) -> Json:
    if request.method in ("GET", "DELETE"):
        return {}
    # A page in a browser can send a form across origins, but not JSON.
    if request.body and not is_json(request):
        raise message(415, "Content-Type must be application/json")
    body = parse_json(request.body) if request.body else {}
    if not isinstance(body, dict):
        raise invalid("the body must be an object")
    return body


def _info(emulator: Emulator, rest: str, body: Json) -> Json:
    return {
        "emulator": True,
        "organization": emulator.organization,
        "now": emulator.now,
        "sandboxes": emulator.sandboxes(),
    }


def _clock(emulator: Emulator, rest: str, body: Json) -> Json:
    if set(body) - {"advance", "set"}:
        raise ValueError("the clock takes advance or set, in seconds")
    if "set" in body:
        emulator.set_time(float(body["set"]))
    if "advance" in body:
        emulator.advance(float(body["advance"]))
    return {"mode": emulator.clock.mode, "now": emulator.now}


def _show_switches(emulator: Emulator, rest: str, body: Json) -> Json:
    return emulator.switches.to_json()


def _set_switches(emulator: Emulator, rest: str, body: Json) -> Json:
    emulator.switches = Switches.from_json({**emulator.switches.to_json(), **body})
    return emulator.switches.to_json()


def _show_faults(emulator: Emulator, rest: str, body: Json) -> Json:
    return {"faults": [fault.to_json() for fault in emulator.faults()]}


def _add_fault(emulator: Emulator, rest: str, body: Json) -> Json:
    emulator.add_fault(Fault.from_json(body))
    return _show_faults(emulator, rest, body)


def _clear_faults(emulator: Emulator, rest: str, body: Json) -> Json:
    emulator.clear_faults()
    return _show_faults(emulator, rest, body)


def _requests(emulator: Emulator, rest: str, body: Json) -> Json:
    return {"requests": emulator.requests()}


def _forget_requests(emulator: Emulator, rest: str, body: Json) -> Json:
    emulator.forget_requests()
    return {"requests": []}


def _seed(emulator: Emulator, rest: str, body: Json) -> Json:
    if set(body) - {"sandboxes", "datasets"}:
        raise ValueError("seed takes sandboxes and datasets")
    wanted: Mapping[str, list[Json]] = body.get("datasets", {})
    datasets = {sandbox: [Dataset(**entry) for entry in entries] for sandbox, entries in wanted.items()}
    return {"datasets": emulator.seed(body.get("sandboxes", ()), datasets)}


def _show_storage(emulator: Emulator, rest: str, body: Json) -> Json:
    return storage.parsed(emulator.store.setting("storage", {})).shown()


def _set_storage(emulator: Emulator, rest: str, body: Json) -> Json:
    with emulator.store.transaction():
        settings = storage.parsed(emulator.store.setting("storage", {})).with_added(storage.parsed(body))
        emulator.store.set_setting("storage", settings.to_json())
    return settings.shown()


def _forget_storage(emulator: Emulator, type: str, body: Json) -> Json:
    with emulator.store.transaction():
        settings = storage.parsed(emulator.store.setting("storage", {})).without(type)
        emulator.store.set_setting("storage", settings.to_json())
    return settings.shown()


def _ui(emulator: Emulator, verb: str, body: Json) -> Json:
    if verb not in UI_VERBS:
        raise ValueError(f"no UI edit {verb!r}; there are {', '.join(UI_VERBS)}")
    options = UI_OPTIONS + (CREATE_OPTIONS if verb == "create_flow" else ())
    missing = [name for name in UI_VERBS[verb] if name not in body]
    unknown = sorted(set(body) - {*UI_VERBS[verb], *options})
    if missing or unknown:
        raise ValueError(f"{verb}: {'missing' if missing else 'unknown'} member {(missing or unknown)[0]}")
    edit: Callable[..., Json] = getattr(emulator.ui, verb)
    return edit(*(body[name] for name in UI_VERBS[verb]), **{name: body[name] for name in options if name in body})


def _labels(emulator: Emulator, rest: str, body: Json) -> Json:
    return emulator.ui.label(body["collection"], body["id"], body["labels"])


def _load(emulator: Emulator, rest: str, body: Json) -> Json:
    emulator.ui.load(body["objects"], sandbox=body["sandbox"])
    return {}


def _credentials(emulator: Emulator, rest: str, body: Json) -> Json:
    emulator.register(**body)
    return {}


def _reset(emulator: Emulator, rest: str, body: Json) -> Json:
    emulator.reset()
    return {}


def _ingest(emulator: Emulator, rest: str, body: Json) -> Json:
    if set(body) - {"sandbox", "dataset", "rows", "spread"}:
        raise ValueError("ingest takes sandbox, dataset, rows and spread")
    return emulator.ingest(body["sandbox"], body["dataset"], body["rows"], body.get("spread", 86400))


Operation = Callable[[Any, str, Json], Json]
ROUTES: dict[tuple[str, str], Operation] = {
    ("GET", ""): _info,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("GET", "switches"): _show_switches,
    ("PATCH", "switches"): _set_switches,
    ("GET", "faults"): _show_faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget_requests,
    ("POST", "seed"): _seed,
    ("GET", "storage"): _show_storage,
    ("PATCH", "storage"): _set_storage,
    ("DELETE", "storage"): _forget_storage,
    ("POST", "ui"): _ui,
    ("POST", "labels"): _labels,
    ("POST", "load"): _load,
    ("POST", "credentials"): _credentials,
    ("POST", "reset"): _reset,
    ("POST", "ingest"): _ingest,
}


def refuse_foreign_host(environ: Mapping[str, Any]) -> None:
    """Keep other origins away from a served control interface: a name that resolves to this machine is not enough."""
    host = str(environ.get("HTTP_HOST", "")).rpartition(":")[0] or str(environ.get("HTTP_HOST", ""))
    if host.strip("[]") not in LOOPBACK:
        raise Refused(Answer(403, {"message": "the control interface answers to loopback host names only"}))
