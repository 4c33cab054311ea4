"""Pages of lists: the same objects as by sorting all of them, and no more of them read than a page shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.emulator import Emulator, filters, listing, read_view
from exportctl.emulator.read_view import RequestContext
from exportctl.emulator.store import Record
from exportctl.emulator.wire import Json, Request
from tests.line_counts import count_steps

NOW = 1_800_000_000
MOMENTS = st.sampled_from([NOW - 9, NOW, NOW + 9])
ORDERS = ("", "createdAt", "-createdAt", "name", "-name,createdAt")
FILTERS = (None, "name==a", "name==a,b", "flowId==f1")


@st.composite
def records(draw: st.DrawFn, number: int, collection: str) -> Record:
    """An object, maybe not listed yet or any more, maybe shown as it was before its last write."""
    doc: Json = {
        "id": str(number),
        "name": draw(st.sampled_from("abc")),
        "createdAt": draw(st.integers(1, 3)),
        "updatedAt": draw(st.integers(3, 6)),
        "state": "enabled",
        "flowId": draw(st.sampled_from(["f1", "f2"])),
    }
    hidden: Json = {"listed_at": draw(MOMENTS)}
    if draw(st.integers(0, 3)) == 0:
        hidden["unlisted_at"] = draw(MOMENTS)
    if collection == "runs":
        doc["metrics"] = {"durationSummary": {"startedAtUTC": 1}, "statusSummary": {"status": "success"}}
        hidden["completes_at"] = draw(MOMENTS)
    elif draw(st.integers(0, 3)) == 0:
        hidden |= {"stale_until": draw(MOMENTS), "former": {**doc, "updatedAt": 2, "name": "a"}}
    return Record(collection, str(number), draw(st.sampled_from(["dev", "dev", "other"])), doc, hidden)


def sorted_rows(ctx: RequestContext, collection: str, wanted: str | None, orderby: str) -> list[str]:
    """The reference: ids of all objects as they are shown, filtered and sorted at once."""
    keep = [filters.parse_filter(collection, wanted)] if wanted else []
    rows = [
        (doc, record)
        for record in ctx.store.list_records(collection, ctx.sandbox)
        if read_view.is_listed(record, ctx)
        for doc in [read_view.view_object(record, ctx)]
        if all(one.accepts(doc) for one in keep)
    ]
    if not orderby:
        rows.sort(key=lambda row: (-row[0]["updatedAt"], -row[1].order))
    for field in reversed(orderby.split(",") if orderby else []):  # the records are in order of creation
        order = filters.parse_sort_field(collection, field)
        rows.sort(key=lambda row, order=order: filters.sort_key(row[0], order), reverse=order.descending)  # type: ignore[misc]
    return [doc["id"] for doc, _ in rows]


def read_pages(ctx: RequestContext, collection: str, **parameters: Any) -> list[str]:
    found: list[str] = []
    given_values = {name: value for name, value in parameters.items() if value}
    while True:
        query = tuple((name, str(value)) for name, value in given_values.items())
        body = listing.answer(ctx, collection, Request("GET", f"/{collection}", query, {}, b"", "1")).body
        assert isinstance(body, dict)
        found += [one["id"] for one in body["items"]]
        if "next" not in body["_links"]:
            return found
        (given_values["continuationToken"],) = parse_qs(urlsplit(body["_links"]["next"]["href"]).query)[
            "continuationToken"
        ]


@given(data=st.data(), collection=st.sampled_from(["connections", "runs"]), limit=st.integers(1, 3))
def test_the_pages_hold_what_sorting_all_objects_gives(data: st.DataObject, collection: str, limit: int) -> None:
    emulator = Emulator(clock=NOW)
    with emulator.store.transaction():
        for number in range(data.draw(st.integers(0, 7), label="objects")):
            emulator.store.put(data.draw(records(number, collection)))
        ctx = emulator.context("dev")
        for orderby in ORDERS:
            for wanted in FILTERS if collection == "runs" else FILTERS[:3]:
                expected = sorted_rows(ctx, collection, wanted, orderby)
                assert read_pages(ctx, collection, limit=limit, orderby=orderby, property=wanted) == expected


@pytest.mark.parametrize("orderby", ["", "createdAt"])
def test_a_page_costs_what_it_shows_however_many_objects_there_are(tmp_path: Path, orderby: str) -> None:
    def steps_of_page(size: int, path: str) -> int:
        """Count the lines that the first page of ten of a new process takes, in the middle of the list too."""
        with_objects = Emulator(tmp_path / path, clock=NOW)
        with with_objects.store.transaction():
            for number in range(size):
                doc = {"id": str(number), "name": "a", "createdAt": number, "updatedAt": number, "state": "enabled"}
                with_objects.store.put(Record("connections", str(number), "dev", doc, {"listed_at": NOW}))
        with_objects.close()
        emulator = Emulator(tmp_path / path)
        try:
            with emulator.store.transaction():
                ctx = emulator.context("dev")
                query = (("limit", "10"), *([("orderby", orderby)] if orderby else []))
                return count_steps(
                    lambda: listing.answer(ctx, "connections", Request("GET", "/connections", query, {}, b"", "1"))
                ).total()
        finally:
            emulator.close()

    steps_of_page(20, "first.db")  # imports and caches
    assert steps_of_page(20, "small.db") == steps_of_page(400, "large.db")
