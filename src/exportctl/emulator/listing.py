"""
Lists: filters, order, pages, counts, and the continuation tokens that lead from page to page.

A token says after which object the next page begins (in the order asked for), not at which offset: an object that is
updated between two pages of the default order moves to the front and is missed. Tokens mean nothing to clients.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cmp_to_key
from hashlib import blake2b
from itertools import islice
from typing import Any
from urllib.parse import quote

from exportctl.emulator import filters, read_view
from exportctl.emulator.filters import SortField
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.store import ListOrder, Record
from exportctl.emulator.wire import Answer, Json, Request, flow_error
from exportctl.frozen import dataclass

PARAMETERS = {"property", "limit", "orderby", "continuationToken", "count"}
MAXIMUM_LIMIT = 100
CHECKSUM_LENGTH = 12  # of the characters that a continuation token begins with
_STORED_ORDERS = {(): ListOrder.CHANGE, (SortField(("createdAt",), descending=False),): ListOrder.CREATION}
_OF_FLOW = (("flowId", False),)
RESERVED_HEAD, RESERVED_END = "RID:~", "=&RT:%2B+1#"  # around a token that a fault gives reserved characters


@dataclass(frozen=True)
class Query:
    """What a list was asked for; `orders` is what `orderby` says."""

    filters: tuple[filters.Filter, ...]
    orderby: str
    limit: int
    count: bool
    token: str | None
    orders: tuple[SortField, ...]


@dataclass(frozen=True)
class ReadFault:
    """How a fault bends one page: given twice, without an item, before the last write, or with another token."""

    repeat: bool = False
    drop: bool = False
    stale: bool = False
    reserved: bool = False


def answer(
    ctx: RequestContext,
    collection: str,
    request: Request,
    twist: ReadFault | None = None,
    maximum_limit: int = MAXIMUM_LIMIT,
) -> Answer:
    """Return the answer to a GET of a collection; a search is one with a greater limit."""
    twist = twist or ReadFault()
    query = _parse_list_query(collection, request, maximum_limit, ctx.switches.default_limit)
    if query.count:
        return Answer(200, {"count": len(_all_rows(ctx, collection, query, twist.stale))})
    start = _position(ctx, collection, query) if query.token else None
    return _page(ctx, collection, query, start, _rows_after(ctx, collection, query, start, twist.stale), twist)


def _rows_after(
    ctx: RequestContext, collection: str, query: Query, start: _ListedRow | None, stale: bool
) -> Iterator[_ListedRow]:
    """Yield the rows of the next pages: one by one where the store has them in this order, else from a list of all."""
    order = _STORED_ORDERS.get(query.orders)
    if order is None or stale or not _is_order_stored(ctx, collection, order):
        rows = _all_rows(ctx, collection, query, stale)
        first = 0
        if start is not None:
            key = _row_key(query.orders)
            first = bisect_right(rows, key(start), key=key)
        return islice(rows, first, None)
    return _walk_rows(ctx, collection, query, order, start)


def _is_order_stored(ctx: RequestContext, collection: str, order: ListOrder) -> bool:
    """Say whether the moments by which a list is sorted are shown as they are stored: no delayed effect is open."""
    return order is ListOrder.CREATION or ctx.store.is_settled(collection, ctx.sandbox, ctx.now, of="shown_moment")


def _walk_rows(
    ctx: RequestContext, collection: str, query: Query, order: ListOrder, start: _ListedRow | None
) -> Iterator[_ListedRow]:
    after = None
    if start is not None and order is ListOrder.CHANGE:
        after = (start.doc["updatedAt"], start.order)
    elif start is not None:
        after = (start.doc["createdAt"], start.seq)
    flows = [one.values[0] for one in query.filters if one.path == _OF_FLOW and one.is_one_value]
    for record in ctx.store.walk_records(collection, ctx.sandbox, order, after, next(iter(flows), None)):
        if read_view.is_listed(record, ctx):
            doc = read_view.view_object(record, ctx)
            if all(one.accepts(doc) for one in query.filters):
                yield _ListedRow(doc, (), record.seq, record.order)  # in order already: no keys to compare


def _all_rows(ctx: RequestContext, collection: str, query: Query, stale: bool) -> list[_ListedRow]:
    """Return every row in order; the next page finds them again, as long as nothing changes what lists show."""
    is_timeless = collection != "runs" and ctx.store.is_settled(collection, ctx.sandbox, ctx.now)
    now = None if is_timeless else ctx.now
    key = (ctx.sandbox, ctx.switches, now, collection, query.filters, query.orders, stale)
    return ctx.store.remember(key, lambda: _ordered_rows(ctx, collection, query, stale))


@dataclass(frozen=True)
class _ListedRow:
    """A document as shown, where it stands in the order asked for, and the tie-breakers of its record."""

    doc: Json
    keys: tuple[tuple[int, float | str], ...]
    seq: int
    order: int


def _parse_list_query(collection: str, request: Request, maximum_limit: int, default_limit: int) -> Query:
    # rule: unknown-query-parameter
    unknown = [key for key, _ in request.query if key not in PARAMETERS]
    if unknown:
        raise flow_error(1451, 400, f"Query parameter [{unknown[0]}] is not known")
    repeated = [key for key in PARAMETERS - {"property"} if len(request.values(key)) > 1]
    if repeated:
        raise flow_error(1454, 400, f"Query parameter [{repeated[0]}] is given twice")
    count = (request.value("count") or "false").lower()
    if count not in ("true", "false"):
        raise flow_error(1454, 400, "count takes true or false")
    # rule: limit-with-count
    if count == "true" and request.value("limit") is not None:
        raise flow_error(1401, 400, "limit and count cannot be used together")
    orderby = request.value("orderby") or ""
    return Query(
        tuple(filters.parse_filter(collection, text) for text in request.values("property")),
        orderby,
        _parse_limit(request.value("limit"), maximum_limit, default_limit),
        count == "true",
        request.value("continuationToken"),
        tuple(filters.parse_sort_field(collection, text) for text in orderby.split(",")) if orderby else (),
    )


def _parse_limit(text: str | None, maximum: int, default: int) -> int:
    # rule: list-limit
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= maximum:
        raise flow_error(1454, 400, f"limit takes 1 to {maximum}")
    return int(text)


def _ordered_rows(ctx: RequestContext, collection: str, query: Query, stale: bool) -> list[_ListedRow]:
    records = ctx.store.list_records(collection, ctx.sandbox)
    shown = _records_before_last_write(records) if stale else [r for r in records if read_view.is_listed(r, ctx)]
    documents = ((read_view.view_object(record, ctx), record) for record in shown)
    rows = [
        _row(doc, record.seq, record.order, query.orders)
        for doc, record in documents
        if all(one.accepts(doc) for one in query.filters)
    ]
    rows.sort(key=_row_key(query.orders))
    return rows


def _row(doc: Json, seq: int, order: int, orders: Sequence[SortField]) -> _ListedRow:
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


def _row_key(orders: Sequence[SortField]) -> Callable[[_ListedRow], Any]:
    def compare(a: _ListedRow, b: _ListedRow) -> int:
        return _compare_rows(a, b, orders)

    return cmp_to_key(compare)


def _compare_rows(a: _ListedRow, b: _ListedRow, orders: Sequence[SortField]) -> int:
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
    start: _ListedRow | None,
    left: Iterator[_ListedRow],
    twist: ReadFault,
) -> Answer:
    # rule: page-size
    size = min(query.limit, ctx.page_size)
    page = list(islice(left, size + 1))
    page, more = page[:size], len(page) > size
    items = [row.doc for row in page]
    if twist.drop and items:
        del items[len(items) // 2]
    links: Json = {}
    if twist.repeat:
        links = _next_link(ctx, collection, query, start, twist.reserved)
    elif more:
        links = _next_link(ctx, collection, query, page[-1], twist.reserved)
    # rule: empty-list
    if ctx.switches.empty_list == "bare":
        return Answer(200, {**({"items": items} if items else {}), **({"_links": links} if links else {})})
    return Answer(200, {"items": items, "_links": links})


def _next_link(ctx: RequestContext, collection: str, query: Query, last: _ListedRow | None, has_reserved: bool) -> Json:
    # rule: next-link
    names = {"updatedAt", *(field.path[0] for field in query.orders)}
    at = last and {"doc": {n: last.doc[n] for n in names if n in last.doc}, "seq": last.seq, "order": last.order}
    state = {"in": f"{ctx.sandbox}/{collection}", "by": query.orderby, "at": at, "n": ctx.store.draw_bytes().hex()}
    text = base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")
    token = f"{_checksum(text)}{text}"
    if has_reserved:  # it must be percent-encoded, and cannot be cut at an equals sign
        token = f"{RESERVED_HEAD}{token}{RESERVED_END}"
    return {"next": {"href": f"/{collection}?continuationToken={quote(token, safe='')}"}}


def _checksum(text: str) -> str:
    return blake2b(text.encode(), digest_size=CHECKSUM_LENGTH // 2).hexdigest()


def _position(ctx: RequestContext, collection: str, query: Query) -> _ListedRow | None:
    # rule: token-belongs-to-list
    token = query.token or ""
    if token.startswith(RESERVED_HEAD) and token.endswith(RESERVED_END):
        token = token[len(RESERVED_HEAD) : -len(RESERVED_END)]
    check, text = token[:CHECKSUM_LENGTH], token[CHECKSUM_LENGTH:]
    valid = bool(text) and check == _checksum(text)
    state = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if valid else None
    if state is None or state["in"] != f"{ctx.sandbox}/{collection}" or state["by"] != query.orderby:
        raise flow_error(1454, 400, "continuationToken is not valid for this list")
    at = state["at"]
    return None if at is None else _row(at["doc"], at["seq"], at["order"], query.orders)
