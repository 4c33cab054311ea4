"""
The Flow Service and the ad hoc API: which path and method leads to which operation, and who may call it.

In: a request that passed the gateway. Out: an answer. What an operation does is in `writes.py` and `listing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from exportctl.emulator import configs, filters, gateway, listing, objects, specs, writes
from exportctl.emulator.listing import Twist
from exportctl.emulator.objects import COLLECTIONS, Context, find
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Answer, Json, Refused, Request, bad_request, flow, message, not_found
from exportctl.emulator.wire import parse_json as parse

FLOW_SERVICE = "/data/foundation/flowservice"
AD_HOC = "/data/core/activation/disflowprovider/adhocrun"
LOCATED = ("connections", "flows")  # collections whose create answers a Location header


@dataclass(frozen=True)
class Call:
    """A request with all it takes to answer it."""

    ctx: Context
    request: Request
    credential: Record
    twist: Twist

    def permit(self, permission: str) -> None:
        gateway.require(self.credential, permission)

    def body(self) -> object:
        """The JSON body, None when there is none."""
        # rule: content-type
        if not self.request.body:
            return None
        if not gateway.is_json(self.request):
            raise bad_request("Content-Type must be application/json")
        return parse(self.request.body)


def answer(call: Call) -> Answer:
    """What the Flow Service answers."""
    parts = call.request.path.removeprefix(FLOW_SERVICE).strip("/").split("/")
    collection, rest = parts[0], parts[1:]
    if collection in ("connectionSpecs", "flowSpecs"):
        return _spec(call, collection, rest)
    if collection == "runs":
        return _runs(call, rest)
    if collection in COLLECTIONS and len(rest) == 0:
        return _collection(call, collection)
    if collection in COLLECTIONS and len(rest) == 1:
        return _object(call, collection, rest[0])
    if collection == "flows" and rest[1:] == ["action"]:
        return _action(call, rest[0])
    raise _unknown_path()


def _unknown_path() -> Refused:
    # rule: unknown-path
    return message(404, "Resource not found")


def _wrong_method() -> Refused:
    # rule: wrong-method
    return message(405, "Method not allowed")


def _write_permission(collection: str) -> str:
    return gateway.MANAGE if collection == "connections" else gateway.ACTIVATE


def _collection(call: Call, collection: str) -> Answer:
    if call.request.method == "GET":
        call.permit(gateway.VIEW)
        return listing.answer(call.ctx, collection, call.request, call.twist)
    if call.request.method != "POST":
        raise _wrong_method()
    call.permit(_write_permission(collection))
    # rule: no-draft-mode
    _no_query(call)
    record = writes.create(call.ctx, collection, call.body())
    headers = (("Location", f"{FLOW_SERVICE}/{collection}/{record.id}"),) if collection in LOCATED else ()
    return Answer(201, _receipt(record), headers)


def _receipt(record: Record) -> Json:
    return {"id": record.id, "etag": record.doc["etag"]}


def _no_query(call: Call, allowed: tuple[str, ...] = ()) -> None:
    unknown = [key for key, _ in call.request.query if key not in allowed]
    if unknown:
        raise flow(1451, 400, f"Query parameter [{unknown[0]}] is not known")


def _object(call: Call, collection: str, id: str) -> Answer:
    _no_query(call)
    method = call.request.method
    if method == "GET":
        call.permit(gateway.VIEW)
        return Answer(200, {"items": [_read(call, collection, id)]})
    if method not in ("PATCH", "DELETE"):
        raise _wrong_method()
    call.permit(_write_permission(collection))
    if method == "DELETE":
        writes.delete(call.ctx, find(call.ctx, collection, id))
        # rule: delete-status
        return Answer(call.ctx.switches.delete_status)
    return _patch(call, collection, id)


def _read(call: Call, collection: str, id: str) -> Json:
    if not call.twist.stale:
        return objects.view(find(call.ctx, collection, id), call.ctx)
    record = call.ctx.store.get(collection, id)
    previous = record.hidden.get("previous") if record and record.sandbox == call.ctx.sandbox else None
    if previous is None:
        raise not_found(collection, id)
    return objects.show(collection, previous, call.ctx.switches)


def _patch(call: Call, collection: str, id: str) -> Answer:
    # rule: source-patch
    if collection == "sourceConnections" and call.ctx.switches.source_patch == "405":
        raise _wrong_method()
    record = find(call.ctx, collection, id)
    record = writes.patch(call.ctx, record, call.request.headers.get("if-match"), call.body())
    # rule: child-patch-answer
    if collection in writes.FLOW_LINKS and call.ctx.switches.child_patch_answer == "items":
        return Answer(200, {"items": [objects.view(record, call.ctx)]})
    return Answer(200, _receipt(record))


def _action(call: Call, id: str) -> Answer:
    if call.request.method != "POST":
        raise _wrong_method()
    call.permit(gateway.ACTIVATE)
    _no_query(call, ("op", "subOp"))
    op = call.request.value("op")
    if op is None:
        raise flow(2119, 400, "Query parameter [op] is required")
    record = writes.act(call.ctx, find(call.ctx, "flows", id), op, call.request.headers.get("if-match"))
    return Answer(200, _receipt(record))


def _runs(call: Call, rest: list[str]) -> Answer:
    # rule: runs-read-only
    call.permit(gateway.VIEW)
    if call.request.method == "POST":
        raise flow(1427, 400, "Runs are read only for this token")
    if call.request.method != "GET":
        raise _wrong_method()
    if len(rest) == 1:
        _no_query(call)
        return Answer(200, {"items": [objects.view(find(call.ctx, "runs", rest[0]), call.ctx)]})
    if rest:
        raise _unknown_path()
    return listing.answer(call.ctx, "runs", call.request, call.twist)


def _spec(call: Call, collection: str, rest: list[str]) -> Answer:
    # rule: specs-read-only
    if call.request.method != "GET":
        raise flow(1426, 400, "Specs are read only for this token")
    if collection == "connectionSpecs" and rest[1:] == ["configs"]:
        call.permit(gateway.VIEW_DATASETS)
        return configs.answer(call.ctx, rest[0], call.request)
    call.permit(gateway.VIEW)
    manifest = call.ctx.switches.manifest == "accepted"
    known = specs.connection_specs(manifest) if collection == "connectionSpecs" else specs.flow_specs()
    if len(rest) > 1:
        raise _unknown_path()
    if rest and rest[0] not in known:
        raise not_found(collection, rest[0])
    if rest:
        return Answer(200, {"items": [known[rest[0]]]})
    _no_query(call, ("property",))
    wanted = [filters.parse_filter(collection, text) for text in call.request.values("property")]
    return Answer(200, {"items": [spec for spec in known.values() if all(one.accepts(spec) for one in wanted)]})
