"""
The sandbox management API, read only: what a credential may enter, and what only an administrator may list.

In: a request that passed the gateway. Out: an answer. Source: sandbox.yaml, flow-service.md 1.3, news-2026.md.
"""

from __future__ import annotations

from exportctl.emulator import auth
from exportctl.emulator.store import Record, Store
from exportctl.emulator.wire import Answer, Json, Request, RequestRefused, message_error

PATH = "/data/foundation/sandbox-management"
TYPES = ("development", "production")
ERROR_TYPES = "http://ns.adobe.com/aep/errors/"


def answer(store: Store, request: Request, credential: Record) -> Answer:
    """Return what the sandbox management API answers."""
    # rule: sandbox-management
    if request.method != "GET":
        raise message_error(405, "Method not allowed")
    path = request.path.removeprefix(PATH).strip("/")
    known = store.list_records("sandboxes")
    if path == "":
        return _list([_sandbox_json(one) for one in known if auth.may_enter(credential, one.id)])
    # rule: sandbox-admins
    if auth.ADMINISTER not in credential.doc["permissions"]:
        raise _refusal(403, "Forbidden", f"The permission {auth.ADMINISTER} is missing")
    if path == "sandboxTypes":
        return Answer(200, {"sandboxTypes": [{"id": name} for name in TYPES]})
    if path == "sandboxes":
        return _list([_admin_json(one) for one in known])
    name = path.removeprefix("sandboxes/")
    found = store.get("sandboxes", name) if path.startswith("sandboxes/") else None
    if found is None:
        raise _refusal(404, "SandboxNotFound", f"No sandbox {name}")
    return Answer(200, _admin_json(found))


def _list(shown: list[Json]) -> Answer:
    return Answer(200, {"sandboxes": shown, "_page": {"limit": 200, "count": len(shown)}, "_links": {}})


def _refusal(status: int, title: str, detail: str) -> RequestRefused:
    body = {"type": f"{ERROR_TYPES}{title}", "status": status, "title": title, "detail": detail}
    return RequestRefused(Answer(status, body))


def _sandbox_json(record: Record) -> Json:
    return {
        "name": record.id,
        "title": record.doc["title"],
        "state": "active",
        "type": record.doc["type"],
        "region": "VA7",
        "isDefault": record.doc["type"] == "production",
        "eTag": 1,
        "createdDate": "2024-01-01 00:00:00",
        "lastModifiedDate": "2024-01-01 00:00:00",
        "createdBy": "system",
        "modifiedBy": "system",
    }


def _admin_json(record: Record) -> Json:
    return {"id": record.doc["id"], **_sandbox_json(record)}
