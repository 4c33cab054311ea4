"""Filters, order, pages, counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from exportctl.emulator import Emulator, Fault
from tests.emulator.emulator_api import Api, Json

LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
S3 = "4fce964d-3f37-408f-9778-e597338a21ee"
START = 1767225600000


@pytest.fixture
def five(api: Api, emulator: Emulator) -> Api:
    """Connections a to e, made a second apart."""
    for name in "abcde":
        api.base(name, description=f"about {name}")
        emulator.advance(1)
    return api


def pages(api: Api, collection: str, **params: Any) -> list[list[str]]:
    """Names by page, following the next links as a careful client does."""
    found = []
    while True:
        answer = api.get(f"/{collection}", **params).json()
        found.append([item["name"] for item in answer["items"]])
        link = answer.get("_links", {}).get("next")
        if link is None:
            return found
        params["continuationToken"] = httpx.URL(link["href"]).params["continuationToken"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["name==a"], "a"),
        (["name==a,c"], "ca"),
        (["description==about b"], "b"),
        (["state==enabled", "name==d"], "d"),
        (["state==disabled"], ""),
        ([f"connectionSpec.id=={S3}", "name==e,b"], "eb"),
        ([f"createdAt>={START + 3000}"], "ed"),
        ([f"createdAt>{START + 3000}"], "e"),
        ([f"createdAt<={START + 1000}"], "ba"),
        ([f"createdAt<{START + 1000}"], "a"),
        ([f"createdAt>{START}", f"createdAt<{START + 2000}"], "b"),
        (["name==a=b"], ""),
    ],
)
def test_a_filter_finds(five: Api, filters: list[str], names: str) -> None:
    assert "".join(five.names("connections", property=filters)) == names


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("sourceConnectionIds[]=={source}", True),
        ("targetConnectionIds[]=={source}", False),
        ("inheritedAttributes.targetConnections[].connectionSpec.id==" + S3, True),
        ("inheritedAttributes.sourceConnections[].connectionSpec.id==" + LAKE, True),
        ("inheritedAttributes.properties.isDestinationFlow==true", True),
        ("inheritedAttributes.properties.isDestinationFlow==false", False),
        ("scheduleParams.endTime==1770825600", True),
        ("scheduleParams.interval==6", True),
        ("flowSpec.id==269ba276-16fc-47db-92b0-c1049a3c131f", True),
    ],
)
def test_a_filter_reaches_into_flows(api: Api, path: str, found: bool) -> None:
    source = api.source()
    api.create("flows", api.flow_body(source, api.target()))

    assert bool(api.names("flows", property=path.format(source=source))) is found


@pytest.mark.parametrize(
    ("filter", "code"),
    [
        ("id~x", 1440),
        ("createdAt>1,2", 1443),
        ("createdAt<=1,2", 1443),
        ("id>=x", 1448),
        ("nonsense==x", 1449),
        ("sourceConnectionIds==x", 1449),
        ("name[]==x", 1449),
        ("name!>x", 1450),
        ("name!=x", 1450),
        ("name=x", 1450),
        ("name", 1450),
        ("createdAt==x", 1452),
        ("inheritedAttributes.properties.isDestinationFlow==maybe", 1452),
        ("name==", 1453),
        ("name==a,", 1453),
    ],
)
def test_a_bad_filter_has_its_code(api: Api, filter: str, code: int) -> None:
    answer = api.get("/flows", property=filter)

    assert api.code(answer) == f"{code}-400"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 0}, 1454),
        ({"limit": 101}, 1454),
        ({"limit": "x"}, 1454),
        ({"count": "maybe"}, 1454),
        ({"limit": [1, 2]}, 1454),
        ({"limit": 10, "count": "true"}, 1401),
        ({"orderby": "*name"}, 1432),
        ({"orderby": "nonsense"}, 1433),
        ({"orderBy": "name"}, 1451),
        ({"continuationToken": "x"}, 1454),
    ],
)
def test_a_bad_list_parameter_has_its_code(api: Api, params: Json, code: int) -> None:
    assert api.code(api.get("/connections", **params)) == f"{code}-400"


def test_a_false_count_goes_with_a_limit(five: Api) -> None:
    assert len(five.names("connections", limit=1, count="False")) == 1


def test_a_count_counts_what_the_filters_leave(five: Api) -> None:
    assert five.get("/connections", count="true", property="name==a,b,x").json() == {"count": 2}


@pytest.mark.parametrize(
    ("orderby", "names"),
    [("name", "ab"), ("+name", "ab"), ("-name", "ed"), ("state,-createdAt", "ed"), ("-createdAt,name", "ed")],
)
def test_orderby_sorts(five: Api, orderby: str, names: str) -> None:
    assert "".join(five.names("connections", orderby=orderby)) == names


def test_an_unencoded_plus_is_a_bad_prefix(five: Api) -> None:
    assert five.code(five.call("GET", "/connections?orderby=+name")) == "1432-400"


def test_pages_hold_everything_once_in_order_of_creation(five: Api) -> None:
    assert pages(five, "connections", orderby="createdAt", limit=100) == [["a", "b"], ["c", "d"], ["e"]]


def test_equal_times_do_not_disturb_the_pages(api: Api) -> None:
    for name in "abcde":
        api.base(name)

    assert pages(api, "connections", orderby="createdAt") == [["a", "b"], ["c", "d"], ["e"]]
    assert pages(api, "connections") == [["e", "d"], ["c", "b"], ["a"]]


def test_the_last_page_has_no_next_link(five: Api) -> None:
    assert five.get("/connections", property="name==a").json()["_links"] == {}


def test_a_page_is_no_longer_than_the_limit(five: Api) -> None:
    assert [len(page) for page in pages(five, "connections", limit=1)] == [1, 1, 1, 1, 1]


def test_in_the_default_order_an_updated_object_moves_out_of_a_later_page(five: Api, emulator: Emulator) -> None:
    first = five.get("/connections").json()
    token = httpx.URL(first["_links"]["next"]["href"]).params["continuationToken"]
    (a,) = five.get("/connections", property="name==a").json()["items"]
    five.replace(f"/connections/{a['id']}", "/description", "new")

    rest = five.get("/connections", continuationToken=token).json()
    last = httpx.URL(rest["_links"]["next"]["href"]).params["continuationToken"] if rest["_links"] else None

    assert [item["name"] for item in first["items"]] == ["e", "d"]
    assert [item["name"] for item in rest["items"]] == ["c", "b"]
    assert last is None


def test_a_token_survives_a_client_that_cuts_it_at_an_equals_sign_and_encodes_nothing(five: Api) -> None:
    href = five.get("/connections").json()["_links"]["next"]["href"]

    assert re.fullmatch(r"/connections\?continuationToken=[A-Za-z0-9_-]+", href)
    cut = href.split("=")[1]
    assert [item["name"] for item in five.call("GET", f"/connections?continuationToken={cut}").json()["items"]] == [
        "c",
        "b",
    ]


def test_a_fault_gives_a_token_that_needs_encoding_and_cannot_be_cut(five: Api) -> None:
    five.emulator.add_fault(Fault("reserved-token", path="/connections"))
    href = five.get("/connections").json()["_links"]["next"]["href"]
    token = httpx.URL(href).params["continuationToken"]

    assert {"=", "&", "%", "+", "#"} <= set(token)
    assert token not in href
    assert five.get("/connections", continuationToken=token.split("=")[0]).status_code == 400
    assert five.names("connections", continuationToken=token) == ["c", "b"]


@pytest.mark.parametrize(
    ("collection", "params"),
    [("flows", {}), ("connections", {"orderby": "name"})],
    ids=["another collection", "another order"],
)
def test_a_token_belongs_to_its_list(five: Api, collection: str, params: Json) -> None:
    token = httpx.URL(five.get("/connections").json()["_links"]["next"]["href"]).params["continuationToken"]

    assert five.code(five.get(f"/{collection}", continuationToken=token, **params)) == "1454-400"


def test_a_token_does_not_keep_the_filters(five: Api) -> None:
    href = five.get("/connections", property="name==a,b,c", orderby="createdAt").json()["_links"]["next"]["href"]
    token = httpx.URL(href).params["continuationToken"]

    assert five.names("connections", continuationToken=token, orderby="createdAt", property="name==a,b,c") == ["c"]
    assert five.names("connections", continuationToken=token, orderby="createdAt") == ["c", "d"]


def test_without_a_limit_a_list_holds_twenty(build: Callable[..., Api], connect: Callable[..., Api]) -> None:
    from exportctl.emulator import Emulator

    emulator = Emulator(clock="manual")
    emulator.seed(["dev"])
    api = connect(emulator)
    for number in range(25):
        api.base(f"b{number}")

    assert len(api.names("connections")) == 20
    assert len(api.names("connections", limit=100)) == 25
    emulator.close()


@pytest.mark.parametrize("collection", ["connections", "sourceConnections", "targetConnections", "flows", "runs"])
def test_an_empty_list_has_items_and_no_next(api: Api, collection: str) -> None:
    assert api.get(f"/{collection}", property="id==none").json() == {"items": [], "_links": {}}
