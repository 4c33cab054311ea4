"""
Trouble with the service: every kind ends in one clear error of the right class, a plan that fails writes nothing, and
objects of a strange shape are a finding or an error, never a crash and never a wrong write.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from exportctl.emulator import Fault, Switches
from exportctl.errors import Conflict, Error, Forbidden, NotFound, NotReached, ServiceError, Unauthorized
from exportctl.model.outcome import OutcomeStatus
from tests.workflows.strategies import accepting_switches
from tests.workflows.test_interruptions import assert_exactly_once
from tests.workflows.test_laws import FEW, LISTED
from tests.workflows.transports import WatchingTransport
from tests.workflows.world import SANDBOX, World, config, world

EVERY = {"method": "*", "path": "/flowservice/", "count": 0}


class BrokenTransport(httpx.BaseTransport):
    """Raises for every request of the Flow Service that `matches`, as a network would; passes on all else."""

    def __init__(self, made: World, matches: Callable[[httpx.Request], bool], error: Callable[[], Exception]):
        self.inner = httpx.WSGITransport(app=made.emulator)
        self.matches, self.error = matches, error

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "/flowservice/" in request.url.path and self.matches(request):
            raise self.error()
        return self.inner.handle_request(request)


def gateway_error(code: str, text: str) -> dict[str, str]:
    return {"error_code": code, "message": text}


def flow_error(code: int, status: int, text: str) -> dict[str, Any]:
    return {
        "type": f"https://ns.adobe.com/aep/errors/FLOW-{code}-{status}",
        "status": status,
        "report": {"detailed-message": text, "request-id": "r-1"},
    }


# what the service does -> class, and words the message or the hint must have
TROUBLES: dict[str, tuple[dict[str, Any], type[Error], str]] = {
    "401": (
        {"effect": "status", "status": 401, "body": gateway_error("401013", "Oauth token is not valid")},
        Unauthorized,
        "AEP_CLIENT|credentials",
    ),
    "403": (
        {"effect": "status", "status": 403, "body": flow_error(2118, 403, "Permission missing")},
        Forbidden,
        "View Destinations",
    ),
    "404": (
        {"effect": "status", "status": 404, "body": flow_error(2101, 404, "Sandbox not found")},
        NotFound,
        "platform.sandbox",
    ),
    "409": ({"effect": "status", "status": 409}, Conflict, "make a new plan"),
    "412": ({"effect": "status", "status": 412}, Conflict, "make a new plan"),
    "422": ({"effect": "status", "status": 422, "body": {"message": "no version"}}, ServiceError, "no version"),
    "429": ({"effect": "throttle", "retry_after": 1.0}, ServiceError, "--parallelism"),
    "500": ({"effect": "status", "status": 500}, ServiceError, "failed or is overloaded"),
    "503": ({"effect": "html"}, ServiceError, "HTML"),
    "HTML with status 200": ({"effect": "html", "status": 200}, ServiceError, "HTML"),
    "JSON cut short": ({"effect": "cut"}, ServiceError, "incomplete JSON"),
    "no answer": ({"effect": "lost"}, NotReached, "broke before"),
}
NETWORK: dict[str, tuple[Callable[[], Exception], str]] = {
    "timed out": (lambda: httpx.ReadTimeout("slow"), "no answer within"),
    "connection refused": (lambda: httpx.ConnectError("Connection refused"), "no connection"),
    "no connection in time": (lambda: httpx.ConnectTimeout("slow"), "no connection in time"),
    "cut off": (lambda: httpx.RemoteProtocolError("cut"), "broke before"),
}
STATUSES = {"401": 401, "403": 403, "404": 404, "409": 409, "412": 412, "422": 422, "429": 429, "500": 500, "503": 503}


@pytest.mark.parametrize("collection", ["/flows", "/connections", "/connectionSpecs$", "/configs"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_plan_that_meets_trouble_fails_with_its_class_and_writes_nothing(
    small: World, trouble: str, collection: str
) -> None:
    fault, kind, words = TROUBLES[trouble]
    small.emulator.add_fault(Fault(**{**EVERY, **fault, "path": collection}))
    with pytest.raises(Error) as raised:
        small.plan()
    assert type(raised.value) is kind
    assert re.search(words, f"{raised.value} {raised.value.hint}")
    assert isinstance(raised.value, ServiceError)
    assert raised.value.status == STATUSES.get(trouble, raised.value.status)
    assert small.writes() == []


@pytest.mark.parametrize("trouble", NETWORK)
def test_a_plan_without_network_says_so_and_writes_nothing(small: World, trouble: str) -> None:
    error, words = NETWORK[trouble]
    with pytest.raises(NotReached, match=words):
        small.plan(transport=BrokenTransport(small, lambda _: True, error))
    assert small.writes() == []


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_apply_whose_writes_all_fail_accounts_for_every_step(small: World, trouble: str) -> None:
    fault, _, words = TROUBLES[trouble]
    small.emulator.add_fault(Fault(**{**EVERY, **fault, "method": "POST"}))
    outcomes, final_check = small.apply()
    if trouble == "JSON cut short":  # it was carried out: what was written is looked for and found
        assert final_check.passed
        return
    assert {o.status for o in outcomes} == {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED}
    failed = [o for o in outcomes if o.status is OutcomeStatus.FAILED]
    said = " ".join(f"{o.message} {o.hint}" for o in failed)
    assert all(o.message for o in failed)
    if trouble == "403":
        assert "Manage Destinations" in said
        assert "Manage and Activate Dataset Destinations" in said
    elif trouble in ("422", "401"):
        assert re.search(words, said)
    assert not final_check.passed
    assert small.emulator.snapshot(SANDBOX)["flows"] == []


@pytest.mark.parametrize("trouble", NETWORK)
def test_an_apply_whose_writes_meet_no_network_accounts_for_every_step(small: World, trouble: str) -> None:
    error, _ = NETWORK[trouble]
    transport = BrokenTransport(small, lambda request: request.method == "POST", error)
    outcomes, final_check = small.apply(transport=transport)
    assert {o.status for o in outcomes} == {OutcomeStatus.FAILED, OutcomeStatus.BLOCKED}
    assert not final_check.passed
    assert small.writes() == []


# -- answers that lack what we need -----------------------------------------------------------------------------------


class BendingTransport(httpx.BaseTransport):
    """Rewrites the items of every list of `collection`."""

    def __init__(self, made: World, collection: str, bend: Callable[[dict[str, Any]], Any]):
        self.inner: httpx.BaseTransport = httpx.WSGITransport(app=made.emulator)
        self.collection, self.bend = collection, bend

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if request.method != "GET" or not request.url.path.endswith(f"/flowservice/{self.collection}"):
            return response
        body = json.loads(response.read())
        body["items"] = [self.bend(item) for item in body["items"]]
        return httpx.Response(response.status_code, json=body, headers={"Date": response.headers["Date"]})


def drop_member(*path: str) -> Callable[[dict[str, Any]], Any]:
    """Take one member away."""

    def bend(item: dict[str, Any]) -> Any:
        return replace_member(item, path, GONE)

    return bend


def set_member(value: Any, *path: str) -> Callable[[dict[str, Any]], Any]:
    return lambda item: replace_member(item, path, value)


GONE = object()


def replace_member(value: Any, path: tuple[str | int, ...], by: Any) -> Any:
    """A copy with one member replaced or, by GONE, left out."""
    if not path:
        return by
    if isinstance(value, list) and isinstance(path[0], int) and path[0] < len(value):
        made_list = [replace_member(v, path[1:], by) if n == path[0] else v for n, v in enumerate(value)]
        return [v for v in made_list if v is not GONE]
    if not isinstance(value, dict):
        return value
    made = dict(value)
    inner = replace_member(made.get(str(path[0])), path[1:], by)
    if inner is GONE:
        made.pop(str(path[0]), None)
    else:
        made[str(path[0])] = inner
    return made


UNUSABLE: dict[str, tuple[str, Callable[[dict[str, Any]], Any], str]] = {
    "a flow without id": ("flows", drop_member("id"), "without id or etag"),
    "a target without id": ("targetConnections", drop_member("id"), "without id or etag"),
    "an id that is a number": ("sourceConnections", set_member(7, "id"), "without id or etag"),
    "a flow without etag": (
        "flows",
        lambda item: replace_member(replace_member(item, ("etag",), GONE), ("version",), GONE),
        "without id or etag",
    ),
    "an item that is text": ("connections", lambda item: "text", "not a list of objects"),
    "an item that is null": ("flows", lambda item: None, "not a list of objects"),
    "specs with other ids": ("connectionSpecs", set_member("else", "id"), "none of the six destination types"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_an_answer_nothing_can_be_done_with_is_an_error(applied: World, what: str) -> None:
    collection, bend, words = UNUSABLE[what]
    with pytest.raises(ServiceError, match=words):
        applied.plan(transport=BendingTransport(applied, collection, bend))
    assert applied.writes() == []


ODD: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "specs without targetSpec": ("connectionSpecs", drop_member("targetSpec")),
    "specs without authSpec": ("connectionSpecs", drop_member("authSpec")),
    "specs whose authSpec is text": ("connectionSpecs", set_member("none", "authSpec")),
    "specs whose authSpec holds text": ("connectionSpecs", set_member(["none"], "authSpec")),
    "specs whose targetSpec is a list": ("connectionSpecs", set_member([], "targetSpec")),
    "specs whose targetSpec holds text": ("connectionSpecs", set_member("x", "targetSpec", "spec")),
    "specs with an odd enum": (
        "connectionSpecs",
        set_member(7, "targetSpec", "spec", "properties", "compression", "enum"),
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_a_spec_that_says_little_refuses_nothing(small: World, what: str) -> None:
    collection, bend = ODD[what]
    plan = small.plan(transport=BendingTransport(small, collection, bend))
    assert plan.counts()["create"] == 2
    assert not plan.errors()


STRANGE: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "a flow without scheduleParams": ("flows", drop_member("scheduleParams")),
    "a flow whose interval is nonsense": ("flows", set_member("often", "scheduleParams", "interval")),
    "a flow whose interval is negative": ("flows", set_member(-1, "scheduleParams", "interval")),
    "a flow whose interval is endless": ("flows", set_member(10**30, "scheduleParams", "interval")),
    "a flow whose end is endless": ("flows", set_member(10**30, "scheduleParams", "endTime")),
    "a flow without sources": ("flows", drop_member("sourceConnectionIds")),
    "a flow without targets": ("flows", drop_member("targetConnectionIds")),
    "a flow in an unknown state": ("flows", set_member("pondering", "state")),
    "a flow of an unknown card": ("flows", set_member({"id": "unknown"}, "flowSpec")),
    "a flow whose spec is text": ("flows", set_member("text", "flowSpec")),
    "a flow without description": ("flows", drop_member("description")),
    "a source without datasets": ("sourceConnections", drop_member("params")),
    "a target without params": ("targetConnections", set_member(None, "params")),
    "a target without base": ("targetConnections", drop_member("baseConnectionId")),
    "an account without auth": ("connections", drop_member("auth")),
    "an account whose auth is text": ("connections", set_member("text", "auth")),
    "a flow of unknown age": ("flows", set_member(None, "createdAt")),
    "a flow whose age is text": ("flows", set_member("long ago", "createdAt")),
}


@pytest.mark.parametrize("what", STRANGE)
def test_an_object_of_ours_in_a_strange_shape_is_never_lost_doubled_or_paused(applied: World, what: str) -> None:
    collection, bend = STRANGE[what]
    applied.emulator.advance(LISTED)
    before = ids(applied)
    try:
        applied.apply(transport=BendingTransport(applied, collection, bend))
    except Error as error:
        assert error.message and error.rule
    assert ids(applied) == before
    assert applied.flow("orders")["state"] == "enabled"
    assert not [w for w in applied.writes() if w.startswith("DELETE")]
    finish_applies(applied)


def ids(made: World) -> dict[str, set[str]]:
    return {name: {o["id"] for o in found} for name, found in made.emulator.snapshot(SANDBOX).items()}


def finish_applies(made: World) -> None:
    for _ in range(2):
        made.emulator.advance(LISTED)
        made.apply()
    assert_exactly_once(made)


# -- laws -------------------------------------------------------------------------------------------------------------

JUNK: list[Any] = [
    GONE, None, "", "text", 0, -1, 7, 10**25, 1.5, True, [], {}, [None], ["text"], [[]], {"id": None}, {"id": 7},
    {"params": []}, "2027-01-15", "1800000000", "\x00\x1b[31m", "[exportctl/1 e acme", "é" * 300,
]  # fmt: skip
COLLECTIONS = ("connections", "sourceConnections", "targetConnections", "flows")
KEPT = ("id", "etag", "version")


def member_paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every member of a document, but those nothing can be done without."""
    members: list[tuple[str | int, Any]] = []
    if isinstance(value, Mapping):
        members = [(k, v) for k, v in value.items() if path or k not in KEPT]
    elif isinstance(value, list):
        members = [*enumerate(value)]
    for key, inner in members:
        yield (*path, key)
        yield from member_paths(inner, (*path, key))


def draw_changes(data: st.DataObject, samples: list[dict[str, Any]]) -> list[tuple[tuple[str | int, ...], Any]]:
    every = sorted({p for sample in samples for p in member_paths(sample)}, key=str)
    pair = st.tuples(st.sampled_from(every), st.sampled_from(JUNK))
    return data.draw(st.lists(pair, min_size=1, max_size=4))


def change_item(item: dict[str, Any], changes: list[tuple[tuple[str | int, ...], Any]]) -> dict[str, Any]:
    for path, value in changes:
        item = replace_member(item, path, value)
    return item


UI_DESTINATIONS = ("Amazon S3", "SFTP", "Data Landing Zone")


@FEW
@given(st.data(), accepting_switches(), st.sampled_from(COLLECTIONS))
def test_objects_of_others_in_any_shape_change_nothing_for_ours(
    data: st.DataObject, switches: Switches, collection: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        for n, card in enumerate(UI_DESTINATIONS):
            made.emulator.ui.create_flow(f"theirs {n}", ["Orders"], sandbox=SANDBOX, destination=card)
        theirs = made.emulator.snapshot(SANDBOX)[collection]
        made.write(config())
        made.apply()
        made.emulator.advance(LISTED)
        made.forget_requests()
        changes = draw_changes(data, theirs)
        note(f"{collection}: {changes}")
        known = {o["id"] for o in theirs}
        lens = BendingTransport(
            made, collection, lambda item: change_item(item, changes) if item["id"] in known else item
        )
        plan = made.plan(transport=lens)
        assert plan.is_empty
        assert plan.steps() == ()
        assert not plan.is_refused


@FEW
@given(st.data(), accepting_switches(), st.sampled_from(COLLECTIONS))
def test_an_object_of_ours_in_any_shape_is_an_error_or_a_finding_and_never_a_wrong_write(
    data: st.DataObject, switches: Switches, collection: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), switches)
        made.write(config(exports={"orders": {"datasets": ["Orders"]}, "returns": {"datasets": ["Returns"]}}))
        made.apply()
        made.emulator.advance(LISTED)
        before = ids(made)
        changes = draw_changes(data, made.emulator.snapshot(SANDBOX)[collection][:1])
        note(f"{collection}: {changes}")
        first = made.emulator.snapshot(SANDBOX)[collection][0]["id"]
        lens = BendingTransport(
            made, collection, lambda item: change_item(item, changes) if item["id"] == first else item
        )
        watch = WatchingTransport(made)
        lens.inner = watch
        try:
            made.apply(transport=lens)
        except Error as error:
            assert error.message and error.rule
        assert watch.in_use == watch.flows == []
        assert ids(made)["flows"] == before["flows"]
        finish_applies(made)
        assert ids(made)["flows"] == before["flows"]
