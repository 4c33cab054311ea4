"""
The Schema Registry's list of descriptors, read only: which fields of a schema are identities, and which one is primary.

In: a request that passed the gateway. Out: an answer, in the form that the header Accept asks for. Source: [SR].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha1

from exportctl.emulator import auth
from exportctl.emulator.data.rows import EVENT
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Answer, Json, Request, RequestRefused, message_error, problem_error

PATH = "/data/foundation/schemaregistry"
DESCRIPTORS_PATH = f"{PATH}/tenant/descriptors"
IDENTITY = "xdm:descriptorIdentity"
PRIMARY = "/personalEmail/address"  # of datasets that are seeded without an identity of their own
PARAMETERS = {"property", "orderby", "limit", "start"}
LONGEST_PAGE = 500
PAGED = "application/vnd.adobe.xdm-v2+json"
_NAMESPACES = {PRIMARY: "Email", "/mobilePhone/number": "Phone"}
_FORMS: Mapping[str, Callable[[Json], object]] = {
    "application/vnd.adobe.xdm-id+json": lambda one: one["@id"],
    "application/vnd.adobe.xdm-link+json": lambda one: f"/tenant/descriptors/{one['@id']}",
    "application/vnd.adobe.xdm+json": lambda one: one,
}


def answer(ctx: RequestContext, request: Request, credential: Record) -> Answer:
    """Return what the Schema Registry answers."""
    if request.path.rstrip("/") != DESCRIPTORS_PATH:
        raise message_error(404, "Resource not found")
    if request.method != "GET":
        raise message_error(405, "Method not allowed")
    # rule: descriptors-permission
    if auth.VIEW_SCHEMAS not in credential.doc["permissions"]:
        raise _refusal(403, "Forbidden", f"The permission {auth.VIEW_SCHEMAS} is missing")
    found = [one for one in _descriptors(ctx) if _matches(one, request)]
    accept = request.headers.get("accept", "").replace(" ", "")
    if accept == PAGED:
        return _answer_page(found, request, ctx)
    # rule: descriptors-forms
    if accept not in _FORMS:
        raise _refusal(406, "NotAcceptable", f"Accept must be {' or '.join((*_FORMS, PAGED))}")
    by_type: dict[str, list[object]] = {}
    for one in found:
        by_type.setdefault(one["@type"], []).append(_FORMS[accept](one))
    return Answer(200, by_type)


def _refusal(status: int, title: str, detail: str) -> RequestRefused:
    return problem_error("XDM", status, title, detail)


def _matches(descriptor: Json, request: Request) -> bool:
    """Say whether a descriptor has all values that the request asks for."""
    # rule: descriptors-filter
    unknown = [key for key, _ in request.query if key not in PARAMETERS]
    if unknown:
        raise _refusal(400, "BadRequest", f"The emulator's registry does not know the parameter {unknown[0]}")
    for filter in request.values("property"):
        name, operator, value = filter.partition("==")
        if not operator:
            raise _refusal(400, "BadRequest", "The emulator's registry only filters by ==")
        known = descriptor.get(name)
        if value != (str(known).lower() if isinstance(known, bool) else known):
            return False
    return True


def _answer_page(found: list[Json], request: Request, ctx: RequestContext) -> Answer:
    """Return a page. It is longer than the limit rather than ending between two descriptors with the same value."""
    # rule: descriptors-pages
    order, limit, start = _parse_paging(request)
    name, descending = order.lstrip("+-"), order.startswith("-")
    rows = sorted(found, key=lambda one: str(one.get(name)), reverse=descending)
    rest = [one for one in rows if start is None or _is_after(str(one.get(name)), start, descending)]
    length = min(limit, ctx.page_size)
    while 0 < length < len(rest) and rest[length].get(name) == rest[length - 1].get(name):
        length += 1
    following = str(rest[length - 1].get(name)) if length < len(rest) else None
    page = rest[:length]
    return Answer(200, {"results": page, "_page": {"orderby": order, "next": following, "count": len(page)}})


def _is_after(value: str, start: str, descending: bool) -> bool:
    return value < start if descending else value > start


def _parse_paging(request: Request) -> tuple[str, int, str | None]:
    order, text, start = request.value("orderby"), request.value("limit"), request.value("start")
    if order is None and (text is not None or start is not None):
        raise _refusal(400, "BadRequest", "limit and start need orderby")
    limit = LONGEST_PAGE if text is None else int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 0 < limit <= LONGEST_PAGE:
        raise _refusal(400, "BadRequest", f"limit is a number from 1 to {LONGEST_PAGE}")
    return order or "updated", limit, start


def _descriptors(ctx: RequestContext) -> list[Json]:
    """Return the descriptors of every schema that a dataset of the sandbox has."""
    found = {}
    for dataset in ctx.store.list_records("datasets", ctx.sandbox):
        for path, is_primary in _identities(dataset):
            made = _descriptor(ctx, dataset, path, is_primary)
            found[made["@id"]] = made
    return list(found.values())


def _identities(dataset: Record) -> list[tuple[str, bool]]:
    """Return the identity fields of a dataset's schema, and which one is primary. Events have identityMap instead."""
    # rule: descriptors-identities
    own = dataset.hidden.get("identity")
    if own is not None:
        return [(own, True)] if own else []
    return [] if dataset.hidden.get("kind") == EVENT else [(PRIMARY, True), ("/mobilePhone/number", False)]


def _descriptor(ctx: RequestContext, dataset: Record, path: str, is_primary: bool) -> Json:
    schema = dataset.doc["schemaRef"]["id"]
    return {
        "@id": sha1(f"{schema} {path}".encode(), usedforsecurity=False).hexdigest(),
        "@type": IDENTITY,
        "xdm:sourceSchema": schema,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": path,
        "xdm:namespace": _NAMESPACES.get(path, "Key"),
        "xdm:property": "xdm:code",
        "xdm:isPrimary": is_primary,
        "imsOrg": ctx.organization,
        "meta:containerId": "tenant",
        "created": dataset.doc["created"],
        "updated": dataset.doc["created"],
    }
