"""
Lists: filters, order, pages, counts, and the continuation tokens that lead from page to page.

A token says after which object the next page begins (in the order asked for), not at which offset: an object that is
updated between two pages of the default order moves to the front and is missed. Tokens mean nothing to clients.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from exportctl.emulator import filters, read_view
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Answer, Json, Request, flow_error

PARAMETERS = {"property", "limit", "orderby", "continuationToken", "count"}
DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 100


@dataclass(frozen=True)
class Query:
    """What a list was asked for."""

    filters: tuple[filters.Filter, ...]
    orderby: str
    limit: int
    count: bool
    token: str | None


@dataclass(frozen=True)
class ReadFault:
    """How a fault bends one page: given twice, without an item, or as it was before the last write."""

    repeat: bool = False
    drop: bool = False
    stale: bool = False


def answer(ctx: RequestContext, collection: str, request: Request, twist: ReadFault | None = None) -> Answer:
    """Return the answer to a GET of a collection."""
    twist = twist or ReadFault()
    query = _parse_list_query(collection, request)
    orders = filters.parse_orderby(collection, query.orderby) if query.orderby else ()
    rows = _rows(ctx, collection, twist.stale, orders)
    rows = [row for row in rows if all(one.accepts(row.doc) for one in query.filters)]
    if query.count:
        return Answer(200, {"count": len(rows)})
    rows.sort(key=cmp_to_key(lambda a, b: _compare_rows(a, b, orders)))
    return _page(ctx, collection, query, rows, orders, twist)


@dataclass(frozen=True)
class _ListedRow:
    """A document as shown, where it stands in the order asked for, and the tie-breakers of its record."""

    doc: Json
    keys: tuple[tuple[int, float | str], ...]
    seq: int
    order: int


def _parse_list_query(collection: str, request: Request) -> Query:
    # rule: unknown-query-parameter
    unknown = [key for key, _ in request.query if key not in PARAMETERS]
    if unknown:
        raise flow_error(1451, 400, f"Query parameter [{unknown[0]}] is not known")
    repeated = [key for key in PARAMETERS - {"property"} if len(request.values(key)) > 1]
    if repeated:
        raise flow_error(1454, 400, f"Query parameter [{repeated[0]}] is given twice")
    count = _parse_boolean(request.value("count"))
    # rule: limit-with-count
    if count and request.value("limit") is not None:
        raise flow_error(1401, 400, "limit and count cannot be used together")
    return Query(
        tuple(filters.parse_filter(collection, text) for text in request.values("property")),
        request.value("orderby") or "",
        _parse_limit(request.value("limit")),
        count,
        request.value("continuationToken"),
    )


def _parse_boolean(text: str | None) -> bool:
    if (text or "false").lower() not in ("true", "false"):
        raise flow_error(1454, 400, "count takes true or false")
    return (text or "").lower() == "true"


def _parse_limit(text: str | None) -> int:
    # rule: list-limit
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MAXIMUM_LIMIT:
        raise flow_error(1454, 400, f"limit takes 1 to {MAXIMUM_LIMIT}")
    return int(text)


def _rows(ctx: RequestContext, collection: str, stale: bool, orders: Sequence[filters.SortField]) -> list[_ListedRow]:
    records = ctx.store.list_records(collection, ctx.sandbox)
    shown = _records_before_last_write(records) if stale else [r for r in records if read_view.is_listed(r, ctx)]
    return [_row(read_view.view_object(record, ctx), record.seq, record.order, orders) for record in shown]


def _row(doc: Json, seq: int, order: int, orders: Sequence[filters.SortField]) -> _ListedRow:
    return _ListedRow(doc, tuple(filters.sort_key(doc, one) for one in orders), seq, order)


def _records_before_last_write(records: list[Record]) -> list[Record]:
    """Return the collection as it was before the last write: that object at its previous version, or not there."""
    latest = max(records, key=lambda record: int(record.hidden.get("written", 0)), default=None)
    kept = []
    for record in records:
        if record is not latest:
            kept += [] if "deleted_at" in record.hidden else [record]
        elif record.hidden.get("previous") is not None:
            kept.append(replace(record, doc=record.hidden["previous"], hidden={}))
    return kept


def _compare_rows(a: _ListedRow, b: _ListedRow, orders: Sequence[filters.SortField]) -> int:
    for order, left, right in zip(orders, a.keys, b.keys, strict=True):
        if left != right:
            return 1 if (left < right) is order.descending else -1
    if orders:
        return a.seq - b.seq
    # rule: default-order
    return (b.doc["updatedAt"] - a.doc["updatedAt"]) or (b.order - a.order)


def _page(
    ctx: RequestContext,
    collection: str,
    query: Query,
    rows: list[_ListedRow],
    orders: Sequence[filters.SortField],
    twist: ReadFault,
) -> Answer:
    start: _ListedRow | None = _position(ctx, collection, query, orders) if query.token else None
    left = [row for row in rows if start is None or _compare_rows(start, row, orders) < 0]
    # rule: page-size
    size = min(query.limit, ctx.page_size)
    page, more = left[:size], len(left) > size
    items = [row.doc for row in page]
    if twist.drop and items:
        del items[len(items) // 2]
    links: Json = {}
    if twist.repeat:
        links = _next_link(ctx, collection, query, start)
    elif more:
        links = _next_link(ctx, collection, query, page[-1])
    return Answer(200, {"items": items, "_links": links})


def _next_link(ctx: RequestContext, collection: str, query: Query, last: _ListedRow | None) -> Json:
    # rule: next-link
    at = None if last is None else {"doc": _sort_fields(last.doc, query.orderby), "seq": last.seq, "order": last.order}
    state = {"in": f"{ctx.sandbox}/{collection}", "by": query.orderby, "at": at, "n": ctx.store.draw_bytes().hex()}
    token = _encode_token(state)
    return {"next": {"href": f"/{collection}?continuationToken={quote(token, safe='')}"}}


def _sort_fields(doc: Json, orderby: str) -> Json:
    names = {name.lstrip("+-").split(".")[0] for name in orderby.split(",")} | {"updatedAt"}
    return {name: doc[name] for name in names if name in doc}


def _encode_token(state: Json) -> str:
    """Return a token that must be percent-encoded, and cannot be cut at an equals sign."""
    text = base64.b64encode(json.dumps(state).encode()).decode()
    return f"RID:~{_checksum(text)}=={text}=&RT:%2B+1#"


def _checksum(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _position(
    ctx: RequestContext, collection: str, query: Query, orders: Sequence[filters.SortField]
) -> _ListedRow | None:
    # rule: token-belongs-to-list
    state = _decode_token(query.token or "")
    if state is None or state["in"] != f"{ctx.sandbox}/{collection}" or state["by"] != query.orderby:
        raise flow_error(1454, 400, "continuationToken is not valid for this list")
    at = state["at"]
    return None if at is None else _row(at["doc"], at["seq"], at["order"], orders)


def _decode_token(token: str) -> Any:
    head, end = "RID:~", "=&RT:%2B+1#"
    check, _, text = token.removeprefix(head).removesuffix(end).partition("==")
    if not token.startswith(head) or not token.endswith(end) or check != _checksum(text):
        return None
    return json.loads(base64.b64decode(text))
