"""
The Flow Service and the ad hoc API: which path and method leads to which operation, and who may call it.

In: a request that passed the gateway. Out: an answer. What an operation does is in `writes.py` and `listing.py`.
"""

from __future__ import annotations

from typing import NoReturn

from exportctl.emulator import (
    actions,
    auth,
    connection_checks,
    datasets,
    filters,
    listing,
    read_view,
    run_scheduler,
    search,
    specs,
    wire,
    writes,
)
from exportctl.emulator.listing import ReadFault
from exportctl.emulator.read_view import COLLECTIONS, RequestContext, find_object
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Answer, Json, Request, RequestRefused, flow_error, message_error, not_found_error
from exportctl.frozen import dataclass

FLOW_SERVICE_PATH = "/data/foundation/flowservice"
AD_HOC_PATH = "/data/core/activation/disflowprovider/adhocrun"
AD_HOC_MEDIA_TYPE = "application/vnd.adobe.adhoc.dataset.activation+json"
READY_AFTER = 600  # seconds after its creation that a flow can be exported on demand [NB]
WITH_LOCATION_HEADER = ("connections", "flows")  # collections whose create answers a Location header


@dataclass(frozen=True)
class ServiceCall:
    """A request with all it takes to answer it."""

    ctx: RequestContext
    request: Request
    credential: Record
    read_fault: ReadFault

    def require_permission(self, permission: str) -> None:
        # rule: permissions
        if permission not in self.credential.doc["permissions"]:
            raise flow_error(2118, 403, f"Permission missing: {permission}")

    def body(self) -> object:
        """Return the JSON body, None when there is none."""
        # rule: content-type
        if not self.request.body:
            return None
        if not auth.is_json(self.request):
            raise wire.bad_request_error("Content-Type must be application/json")
        return wire.parse_json(self.request.body)


def answer(call: ServiceCall) -> Answer:
    """Return what the Flow Service answers."""
    parts = call.request.path.removeprefix(FLOW_SERVICE_PATH).strip("/").split("/")
    collection, rest = parts[0], parts[1:]
    if collection in ("connectionSpecs", "flowSpecs"):
        return _answer_specs(call, collection, rest)
    if collection == "runs":
        return _answer_runs(call, rest)
    if collection in ("connections", "flows") and rest == ["search"]:
        return _answer_search(call, collection)
    if collection == "connections" and rest[1:] in (["test"], ["explore"]):
        return _answer_connection_check(call, *rest)
    if collection in COLLECTIONS and len(rest) == 0:
        return _answer_collection(call, collection)
    if collection in COLLECTIONS and len(rest) == 1:
        return _answer_object(call, collection, rest[0])
    if collection in COLLECTIONS and rest[1:] == ["action"]:
        return _answer_action(call, collection, rest[0])
    raise _unknown_path_error()


def _unknown_path_error() -> RequestRefused:
    # rule: unknown-path
    return message_error(404, "Resource not found")


def _wrong_method_error() -> RequestRefused:
    # rule: wrong-method
    return message_error(405, "Method not allowed")


def _write_permission(collection: str) -> str:
    return auth.MANAGE if collection == "connections" else auth.ACTIVATE


def _answer_collection(call: ServiceCall, collection: str) -> Answer:
    if call.request.method == "GET":
        call.require_permission(auth.VIEW)
        return listing.answer(call.ctx, collection, call.request, call.read_fault)
    if call.request.method != "POST":
        raise _wrong_method_error()
    call.require_permission(_write_permission(collection))
    record = writes.create(call.ctx, collection, call.body(), is_draft=_is_draft(call))
    location = ("Location", f"{FLOW_SERVICE_PATH}/{collection}/{record.id}")
    return Answer(201, writes.receipt(record), (location,) if collection in WITH_LOCATION_HEADER else ())


def _is_draft(call: ServiceCall) -> bool:
    # rule: draft-mode
    _check_query(call, ("mode",))
    mode = call.request.value("mode")
    if mode not in (None, "draft"):
        raise flow_error(1454, 400, "mode takes draft")
    return mode == "draft"


def _check_query(call: ServiceCall, allowed: tuple[str, ...] = ()) -> None:
    unknown = [key for key, _ in call.request.query if key not in allowed]
    if unknown:
        raise flow_error(1451, 400, f"Query parameter [{unknown[0]}] is not known")


def _answer_object(call: ServiceCall, collection: str, id: str) -> Answer:
    _check_query(call)
    method = call.request.method
    if method == "GET":
        call.require_permission(auth.VIEW)
        return Answer(200, {"items": [_read_object(call, collection, id)]})
    if method not in ("PATCH", "DELETE"):
        raise _wrong_method_error()
    call.require_permission(_write_permission(collection))
    if method == "DELETE":
        writes.delete(call.ctx, find_object(call.ctx, collection, id))
        # rule: delete-status
        return Answer(call.ctx.switches.delete_status)
    return _patch_object(call, collection, id)


def _read_object(call: ServiceCall, collection: str, id: str) -> Json:
    if not call.read_fault.stale:
        return read_view.view_object(find_object(call.ctx, collection, id), call.ctx)
    record = call.ctx.store.get(collection, id)
    previous = record.hidden.get("previous") if record and record.sandbox == call.ctx.sandbox else None
    if previous is None:
        raise not_found_error(collection, id, call.ctx.switches.not_found_status)
    return read_view.view_document(collection, previous, call.ctx.switches)


def _patch_object(call: ServiceCall, collection: str, id: str) -> Answer:
    # rule: source-patch
    if collection == "sourceConnections" and call.ctx.switches.source_patch == "405":
        raise _wrong_method_error()
    record = find_object(call.ctx, collection, id)
    record = writes.patch(call.ctx, record, call.request.headers.get("if-match"), call.body())
    # rule: child-patch-answer
    if collection in writes.FLOW_LINKS and call.ctx.switches.child_patch_answer == "items":
        return Answer(200, {"items": [read_view.view_document(collection, record.doc, call.ctx.switches)]})
    return Answer(200, writes.receipt(record))


def _answer_action(call: ServiceCall, collection: str, id: str) -> Answer:
    if call.request.method != "POST":
        raise _wrong_method_error()
    call.require_permission(_write_permission(collection))
    _check_query(call, actions.PARAMETERS)
    return Answer(200, writes.receipt(actions.act(call.ctx, collection, id, call.request)))


def _answer_search(call: ServiceCall, collection: str) -> Answer:
    if call.request.method != "POST":
        raise _wrong_method_error()
    call.require_permission(auth.VIEW)
    return search.answer(call.ctx, collection, call.request, call.body(), call.read_fault)


def _answer_connection_check(call: ServiceCall, id: str, check: str) -> Answer:
    if call.request.method != "GET":
        raise _wrong_method_error()
    call.require_permission(auth.VIEW)
    if check == "explore":
        return connection_checks.answer_explore(call.ctx, id, call.request)
    _check_query(call)
    return connection_checks.answer_test(call.ctx, id)


def _answer_runs(call: ServiceCall, rest: list[str]) -> Answer:
    call.require_permission(auth.VIEW)
    if rest[1:] == ["action"] and call.request.method == "POST":
        call.require_permission(auth.ACTIVATE)
        _check_query(call, actions.PARAMETERS)
        return Answer(200, read_view.view_object(actions.act_on_run(call.ctx, rest[0], call.request), call.ctx))
    # rule: runs-read-only
    if call.request.method == "PUT" and len(rest) == 1:
        _refuse_run_update(call, rest[0])
    if call.request.method == "POST" and not rest:
        raise flow_error(1427, 400, "The user token is unauthorized to create/update flow runs.")
    if call.request.method != "GET":
        raise _wrong_method_error()
    if len(rest) == 1:
        _check_query(call)
        return Answer(200, {"items": [read_view.view_object(find_object(call.ctx, "runs", rest[0]), call.ctx)]})
    if rest:
        raise _unknown_path_error()
    return listing.answer(call.ctx, "runs", call.request, call.read_fault)


def _refuse_run_update(call: ServiceCall, id: str) -> NoReturn:
    """Refuse PUT /runs/{id}, which only the provider of a flow may do; what is wrong with the request comes first."""
    # rule: run-update
    run, if_match = find_object(call.ctx, "runs", id), call.request.headers.get("if-match")
    if if_match is None:
        raise flow_error(1403, 400, "If-Match header is missing")
    writes.check_if_match(run, if_match)
    if not isinstance(call.body(), dict):
        raise flow_error(1405, 400, "Request body is empty")
    raise flow_error(1427, 400, "The user token is unauthorized to create/update flow runs.")


def _answer_specs(call: ServiceCall, collection: str, rest: list[str]) -> Answer:
    if collection == "flowSpecs" and rest == ["search"]:
        return _answer_search(call, collection)
    # rule: specs-read-only
    if call.request.method != "GET":
        raise flow_error(1426, 400, "Specs are read only for this token")
    if collection == "connectionSpecs" and rest[1:] == ["configs"]:
        call.require_permission(auth.VIEW_DATASETS)
        return datasets.answer(call.ctx, rest[0], call.request)
    call.require_permission(auth.VIEW)
    served = collection == "connectionSpecs"
    known = specs.connection_specs(call.ctx.switches) if served else specs.flow_specs()
    if len(rest) > 1:
        raise _unknown_path_error()
    if rest and rest[0] not in known:
        raise not_found_error(collection, rest[0])
    if rest:
        return Answer(200, {"items": [known[rest[0]]]})
    _check_query(call, ("property",))
    wanted = [filters.parse_filter(collection, text) for text in call.request.values("property")]
    return Answer(200, {"items": [spec for spec in known.values() if all(one.accepts(spec) for one in wanted)]})


def answer_on_demand(call: ServiceCall) -> Answer:
    """
    Order a run per flow and dataset: `POST …/disflowprovider/adhocrun` with the media type of datasets.

    Source: flow-service.md 9.2 [DD] [AE] [NB]. That such a run exports everything, and leaves the increments of the
    schedule as they are, is assumed.
    """
    # rule: ad-hoc
    if call.request.method != "POST":
        raise _wrong_method_error()
    call.require_permission(auth.ACTIVATE)
    if call.request.headers.get("accept", "").partition(";")[0].strip() != AD_HOC_MEDIA_TYPE:
        raise message_error(400, "Only the dataset variant of ad hoc activation is emulated")
    wanted = [(find_object(call.ctx, "flows", flow), ids) for flow, ids in _parse_activation_info(call.body())]
    for flow, ids in wanted:
        _check_export_allowed(call.ctx, flow, ids)
    made: list[Json] = []
    for flow, id in ((flow, id) for flow, ids in wanted for id in ids):
        run = run_scheduler.create_run(call.ctx, flow, [id], call.ctx.now, on_demand=True)
        # rule: status-url
        url = f"{call.request.origin}{FLOW_SERVICE_PATH}/runs/{run.id}"
        made.append({"id": id, "statusURL": url, "flowId": flow.id})
    return Answer(200, {"destinations": [{"datasets": made}]})


def _parse_activation_info(body: object) -> list[tuple[str, list[str]]]:
    info = body.get("activationInfo") if isinstance(body, dict) else None
    entries = info.get("destinations") if isinstance(info, dict) else None
    try:
        found = [(str(e["flowId"]), [str(d["id"]) for d in e["datasets"]]) for e in entries or []]
    except (KeyError, TypeError):
        found = []
    if not found or not all(ids for _, ids in found):
        raise wire.invalid_body_error("activationInfo.destinations[] with flowId and datasets[].id is required")
    return found


def _check_export_allowed(ctx: RequestContext, flow: Record, wanted: list[str]) -> None:
    if ctx.switches.ad_hoc == "disabled":
        raise message_error(400, f"Adhoc run can not be executed for Flow spec={flow.doc['flowSpec']['id']}")
    if ctx.now - flow.doc["createdAt"] / 1000 < READY_AFTER:
        text = "Following order ID(s) are not ready for dataset export, please wait for 10 minutes and retry"
        raise message_error(400, text)
    strange = [id for id in wanted if id not in run_scheduler.datasets_of(ctx, flow)]
    if strange:
        raise message_error(400, f"Dataset {strange[0]} is not exported by flow {flow.id}")
    for run in ctx.store.list_records("runs", ctx.sandbox):
        if run.doc["flowId"] == flow.id and ("claimed" in run.hidden or ctx.now < run.hidden["completes_at"]):
            raise message_error(400, f"A run already exists for the flow: {run.id}")
