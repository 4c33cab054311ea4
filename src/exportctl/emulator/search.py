"""
The three searches: lists with their filters in a JSON body, and up to a thousand objects on a page.

In: a request that passed the gateway. Out: an answer. Source: [F]; the grammar of `queryString` is not published.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from exportctl.emulator import filters, listing, specs
from exportctl.emulator.listing import ReadFault
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.wire import Answer, Json, Request, flow_error, invalid_body_error

MAXIMUM_LIMIT = 1000
MEMBERS = {
    "connections": {"queryString", "limit", "orderby", "count"},
    "flows": {"queryString", "limit", "orderby", "count", "projectionFields"},
    "flowSpecs": {"queryString", "limit", "orderby", "count", "projectionFields", "groupByProperty"},
}


def answer(ctx: RequestContext, collection: str, request: Request, body: object, twist: ReadFault) -> Answer:
    """Return the answer to POST /{collection}/search."""
    # rule: search
    wanted = _parse_body(collection, body)
    unknown = [key for key, _ in request.query if key != "continuationToken" or collection == "flowSpecs"]
    if unknown:
        raise flow_error(1451, 400, f"Query parameter [{unknown[0]}] is not known")
    query = [*_filters(wanted), *_options(wanted), *request.query]
    if collection == "flowSpecs":
        return _search_specs(wanted)
    found = listing.answer(ctx, collection, replace(request, query=tuple(query)), twist, MAXIMUM_LIMIT)
    return _project(found, wanted.get("projectionFields"))


def _parse_body(collection: str, body: object) -> Json:
    if not isinstance(body, dict):
        raise invalid_body_error("The body must be a JSON object")
    unknown = sorted(set(body) - MEMBERS[collection])
    if unknown:
        raise invalid_body_error(f"Unrecognized field '{unknown[0]}' in the search")
    for name in ("queryString", "orderby", "projectionFields", "groupByProperty"):
        if not isinstance(body.get(name, ""), str):
            raise invalid_body_error(f"{name} must be a string")
    if type(body.get("limit", 1)) is not int or type(body.get("count", False)) is not bool:
        raise invalid_body_error("limit must be an integer, count a boolean")
    return body


def _filters(wanted: Json) -> list[tuple[str, str]]:
    """Read `queryString` as one filter, or as the query of a list: `property=…&property=…`."""
    text = wanted.get("queryString", "")
    if not text.startswith("property="):
        return [("property", text)] if text else []
    pairs = parse_qsl(text, keep_blank_values=True)
    if any(key != "property" for key, _ in pairs):
        raise flow_error(1451, 400, "queryString takes property only")
    return pairs


def _options(wanted: Json) -> list[tuple[str, str]]:
    shown = {key: str(wanted[key]).lower() if key == "count" else str(wanted[key]) for key in wanted}
    return [(key, shown[key]) for key in ("limit", "orderby", "count") if key in shown]


def _project(found: Answer, fields: str | None) -> Answer:
    """Keep only some members of each object; ids stay."""
    if not fields or not isinstance(found.body, dict) or "items" not in found.body:
        return found
    names = {"id", *(name.strip() for name in fields.split(","))}
    items = [{key: item[key] for key in item if key in names} for item in found.body["items"]]
    return replace(found, body={**found.body, "items": items})


def _search_specs(wanted: Json) -> Answer:
    conditions = [filters.parse_filter("flowSpecs", text) for _, text in _filters(wanted)]
    found = [spec for spec in specs.flow_specs().values() if all(one.accepts(spec) for one in conditions)]
    limit = wanted.get("limit", MAXIMUM_LIMIT)
    if not 1 <= limit <= MAXIMUM_LIMIT:
        raise flow_error(1454, 400, f"limit takes 1 to {MAXIMUM_LIMIT}")
    if wanted.get("count"):
        return Answer(200, {"count": len(found)})
    return _project(Answer(200, {"items": found[:limit]}), wanted.get("projectionFields"))
