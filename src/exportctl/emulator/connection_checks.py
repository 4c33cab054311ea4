"""
What a base connection says of itself beyond GET: whether it works, and which folders it writes to.

In: a stored connection. Out: an answer. Source: [F], drawn for sources; what destinations answer is assumed.
"""

from __future__ import annotations

from exportctl.emulator import specs
from exportctl.emulator.read_view import MASK, RequestContext, existing_users, find_object
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Answer, Json, Request, flow_error

OBJECT_TYPES = ("root", "table", "file", "folder", "rest")
EXPLORE_PARAMETERS = ("objectType", "object", "FileType", "fileType", "CompressionType")


def answer_test(ctx: RequestContext, id: str) -> Answer:
    """Say whether the credentials of a connection can work: those that hold the mask of GET cannot."""
    # rule: connection-test
    record = find_object(ctx, "connections", id)
    params = (record.doc.get("auth") or {}).get("params", {})
    return Answer(200, {"result": record.doc["state"] == "enabled" and MASK not in params.values()})


def answer_explore(ctx: RequestContext, id: str, request: Request) -> Answer:
    """List the folders that the target connections of a connection write to."""
    # rule: connection-explore
    record = find_object(ctx, "connections", id)
    kind = (request.value("objectType") or "root").lower()
    if kind not in OBJECT_TYPES:
        raise flow_error(1454, 400, f"objectType takes {', '.join(OBJECT_TYPES)}")
    unknown = [key for key, _ in request.query if key not in EXPLORE_PARAMETERS]
    if unknown:
        raise flow_error(1451, 400, f"Query parameter [{unknown[0]}] is not known")
    return Answer(200, _folders(ctx, record) if kind in ("root", "folder") else [])


def _folders(ctx: RequestContext, base: Record) -> list[Json]:
    card = specs.BY_CONNECTION_SPEC.get(base.doc["connectionSpec"]["id"])
    targets = existing_users(ctx, "targetConnections", "baseConnectionId", base.id)
    paths = {str(one.doc["params"].get(card.folder_param, "")) for one in targets} if card else set()
    return [
        {"type": "folder", "name": path.strip("/"), "path": path, "canPreview": False, "canFetchSchema": False}
        for path in sorted(paths)
    ]
