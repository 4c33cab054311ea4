"""Lists: every page, every item once, an end in every case."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.client import inventory
from exportctl.errors import ServiceError
from tests.client.scripted import FakeTime, Reply, Script, client_of, token_reply


def page(*ids: str, href: str | None = None, **more: Any) -> Reply:
    body = {"items": [{"id": i} for i in ids], **more}
    return Reply(200, {**body, "_links": {"next": {"href": href}} if href else {}})


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("abc", "abc"),
        ("YWJj==", "YWJj=="),
        ("a%3Db%26c%25d", "a=b&c%d"),
        ("a%253D", "a%3D"),
        ("a+b/c", "a+b/c"),
        ("a%2Bb%20c", "a+b c"),
    ],
    ids=["plain", "raw equals signs", "encoded", "encoded twice is decoded once", "base64", "encoded plus and blank"],
)
def test_the_token_of_the_next_page_is_decoded_once_and_sent_back(written: str, meant: str) -> None:
    script = Script([page("a", href=f"/flows?limit=100&continuationToken={written}&x=1"), page("b")])

    assert ids(client_of(script).list("/flows")) == ["a", "b"]
    assert ("continuationToken", meant) in script.seen[1].params


def test_every_page_is_asked_for_with_all_own_parameters() -> None:
    own = [("property", "a[]==x,y"), ("property", "name==Größe & Co+1"), ("orderby", "+createdAt")]
    script = Script([page("a", href="/flows?continuationToken=t"), page("b")])

    client_of(script).list("/flows", params=own)

    assert [*own, ("limit", "100")] == script.seen[0].params
    assert [*own, ("limit", "100"), ("continuationToken", "t")] == script.seen[1].params
    assert "%2BcreatedAt" in script.seen[0].query
    assert "%20%26%20Co%2B1" in script.seen[0].query


def test_a_limit_is_left_out_where_a_collection_knows_none() -> None:
    script = Script([page("a")])

    client_of(script).list("/flowSpecs", params=[("property", "name==x")], limit=None)

    assert script.seen[0].params == [("property", "name==x")]


def test_the_link_never_changes_where_requests_go() -> None:
    script = Script([page("a", href="https://evil.example/steal?continuationToken=t"), page("b")])

    client_of(script).list("/flows")

    assert [seen.headers["host"] for seen in script.seen] == ["platform.adobe.io"] * 2
    assert script.seen[0].path == script.seen[1].path


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"_links": {}},
        {"items": None},
        {"items": []},
        {"items": [], "_links": None},
        {"items": [], "_links": {"next": None}},
        {"items": [], "_links": {"next": {}}},
        {"items": [], "_links": {"next": {"href": ""}}},
    ],
    ids=str,
)
def test_an_empty_list_has_many_spellings(body: object) -> None:
    assert client_of(Script([Reply(200, body)])).list("/flows") == []


def test_a_list_with_a_report_beside_it_is_a_list() -> None:
    script = Script([Reply(200, {"items": [{"id": "a"}], "report": {"detailed-message": "slow today"}})])

    assert client_of(script).list("/flows") == [{"id": "a"}]


def test_an_item_met_twice_counts_once_as_last_read() -> None:
    first = Reply(
        200, {"items": [{"id": "a", "n": 1}, {"id": "b"}], "_links": {"next": {"href": "?continuationToken=t"}}}
    )
    script = Script([first, Reply(200, {"items": [{"id": "a", "n": 2}, {"id": "c"}]})])

    assert client_of(script).list("/flows") == [{"id": "a", "n": 2}, {"id": "b"}, {"id": "c"}]


def test_items_without_an_id_are_all_kept() -> None:
    assert client_of(Script([Reply(200, {"items": [{"n": 1}, {"n": 1}]})])).list("/flows") == [{"n": 1}, {"n": 1}]


def test_a_token_that_comes_twice_ends_the_list_with_an_error() -> None:
    script = Script([page("a", href="?continuationToken=t"), page("b", href="?continuationToken=t")])

    with pytest.raises(ServiceError, match="twice"):
        client_of(script).list("/flows")

    assert len(script.seen) == 2


@pytest.mark.parametrize("href", ["/flows?start=100", "/flows", 7, "/flows?continuationToken="], ids=str)
def test_a_next_page_without_a_token_is_an_error_and_no_short_list(href: object) -> None:
    with pytest.raises(ServiceError, match="continuation token"):
        client_of(Script([Reply(200, {"items": [], "_links": {"next": {"href": href}}})])).list("/flows")


@pytest.mark.parametrize("items", [{}, "x", [1], [["a"]]], ids=str)
def test_items_that_are_no_objects_are_an_error(items: object) -> None:
    with pytest.raises(ServiceError, match="not a list of objects"):
        client_of(Script([Reply(200, {"items": items})])).list("/flows")


def test_a_token_that_expires_between_pages_is_renewed_and_the_page_repeated() -> None:
    refused = Reply(401, {"error_code": "401013", "message": "Oauth token is not valid"})
    script = Script(
        [page("a", href="?continuationToken=t"), refused, page("b")],
        tokens=[token_reply("first"), token_reply("second")],
    )

    assert ids(client_of(script).list("/flows")) == ["a", "b"]
    assert [s.headers["authorization"] for s in script.seen] == ["Bearer first", "Bearer first", "Bearer second"]
    assert script.seen[1].query == script.seen[2].query


def test_trouble_between_pages_repeats_that_page_only() -> None:
    time = FakeTime()
    script = Script([page("a", href="?continuationToken=t"), Reply(429), Reply(503), page("b")])

    assert ids(client_of(script, time=time).list("/flows")) == ["a", "b"]
    assert len(script.seen) == 4


def offset_page(*ids: str, more: bool) -> Reply:
    return Reply(200, {"items": [{"id": i} for i in ids], "pageInfo": {"hasNext": more}})


def test_an_offset_list_goes_on_where_the_page_ended() -> None:
    script = Script([offset_page("a", "b", more=True), offset_page("c", more=False)])
    own = [("outputType", "activationDatasets"), ("outputField", "datasets")]

    found = client_of(script).list_offset("/connectionSpecs/s1/configs", params=own)

    assert ids(found) == ["a", "b", "c"]
    assert [[*own, ("start", "0"), ("limit", "100")], [*own, ("start", "2"), ("limit", "100")]] == [
        s.params for s in script.seen
    ]


@pytest.mark.parametrize("body", [{}, {"items": [{"id": "a"}]}, {"items": [], "pageInfo": None}], ids=str)
def test_an_offset_list_without_page_info_is_one_page(body: dict[str, Any]) -> None:
    assert body.get("items", []) == client_of(Script([Reply(200, body)])).list_offset("/x")


def test_an_offset_list_that_does_not_move_ends_with_an_error() -> None:
    script = Script([offset_page("a", more=True), offset_page(more=True)])

    with pytest.raises(ServiceError, match="its list does not end: a page without a new item says that more follow"):
        client_of(script).list_offset("/x")


@pytest.mark.parametrize(("of_ours", "found"), [((20, 30), 20), ((), None)], ids=["shown", "none is shown"])
def test_the_oldest_run_of_a_flow_is_the_first_that_is_its_own(of_ours: tuple[int, ...], found: int | None) -> None:
    others = [{"id": "r-0", "flowId": "other", "createdAt": 10_000}, {"id": "r-1"}]
    ours = [{"id": f"r-{at}", "flowId": "ours", "createdAt": at * 1000} for at in of_ours]
    script = Script([Reply(200, {"items": [*others, *ours]})])

    oldest = inventory.read_oldest_run(client_of(script), "ours")

    assert (oldest.started if oldest else None) == found
    assert script.seen[0].params == [("property", "flowId==ours"), ("orderby", "createdAt"), ("limit", "100")]
