"""Which requests are sent again: method by trouble, and how long in between."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from exportctl.client.client import Client
from exportctl.client.transport import Backoff, may_have_happened, retry_after
from exportctl.errors import NotReached, ServiceError
from tests.client.scripted import FakeTime, Reply, Script, client_of

VERBS: dict[str, Callable[[Client], object]] = {
    "list": lambda c: c.list("/flows"),
    "list_offset": lambda c: c.list_offset("/connectionSpecs/s1/configs"),
    "get": lambda c: c.get("/flows/f1"),
    "get_json": lambda c: c.get_json("/data/foundation/sandbox-management/"),
    "create": lambda c: c.create("/flows", {"name": "n"}),
    "patch": lambda c: c.patch("/flows/f1", [], '"e"'),
    "act": lambda c: c.act("/flows/f1", "enable"),
    "delete": lambda c: c.delete("/flows/f1"),
}
READS = ("list", "list_offset", "get", "get_json")
WRITES = ("create", "patch", "act", "delete")

# trouble -> (answer, requests for a read, requests for a write, whether the write may have happened)
TROUBLES: dict[str, tuple[Reply, int, int, bool]] = {
    "429": (Reply(429), 5, 5, False),
    "refused": (Reply(raises=httpx.ConnectError("[Errno 111] Connection refused")), 5, 5, False),
    "no route in time": (Reply(raises=httpx.ConnectTimeout("")), 5, 5, False),
    "no free connection": (Reply(raises=httpx.PoolTimeout("")), 5, 5, False),
    "proxy says no": (Reply(raises=httpx.ProxyError("407 Proxy Authentication Required")), 5, 5, False),
    "refused in process": (Reply(raises=ConnectionRefusedError()), 5, 5, False),
    "500": (Reply(500), 5, 1, True),
    "502": (Reply(502), 5, 1, True),
    "503": (Reply(503), 5, 1, True),
    "504": (Reply(504), 5, 1, True),
    "read timed out": (Reply(raises=httpx.ReadTimeout("")), 5, 1, True),
    "write timed out": (Reply(raises=httpx.WriteTimeout("")), 5, 1, True),
    "cut": (Reply(raises=httpx.RemoteProtocolError("peer closed connection")), 5, 1, True),
    "reset": (Reply(raises=httpx.ReadError("")), 5, 1, True),
    "unreadable encoding": (Reply(raises=httpx.DecodingError("")), 5, 1, True),
    "cut in process": (Reply(raises=ConnectionResetError()), 5, 1, True),
    "timed out in process": (Reply(raises=TimeoutError()), 5, 1, True),
    "no HTTP": (Reply(raises=httpx.LocalProtocolError("Illegal header value")), 1, 1, False),
    "400": (Reply(400), 1, 1, False),
    "401": (Reply(401), 2, 2, False),
    "403": (Reply(403), 1, 1, False),
    "404": (Reply(404), 1, 1, False),
    "408": (Reply(408), 1, 1, True),
    "409": (Reply(409), 1, 1, False),
    "412": (Reply(412), 1, 1, False),
    "302": (Reply(302, headers=(("Location", "https://evil.example/"),)), 1, 1, True),
    "501": (Reply(501), 1, 1, True),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("verb", READS)
def test_a_read_is_repeated_where_that_can_help(verb: str, trouble: str) -> None:
    reply, expected, _, _ = TROUBLES[trouble]
    script = Script([reply])

    with pytest.raises(ServiceError) as caught:
        VERBS[verb](client_of(script))

    assert (expected, False) == (len(script.seen), caught.value.wrote)


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("verb", WRITES)
def test_a_write_is_repeated_only_where_nothing_was_done(verb: str, trouble: str) -> None:
    reply, _, expected, wrote = TROUBLES[trouble]
    script = Script([reply])

    with pytest.raises(ServiceError) as caught:
        VERBS[verb](client_of(script))

    assert (expected, wrote) == (len(script.seen), caught.value.wrote)
    assert isinstance(caught.value, NotReached) == (reply.raises is not None)


@pytest.mark.parametrize(
    "reply", [Reply(429), Reply(raises=httpx.ConnectError("")), Reply(401)], ids=["429", "refused", "401"]
)
def test_a_repeated_write_sends_the_same_again(reply: Reply) -> None:
    script = Script([reply, Reply(201, {"id": "f1"})])

    client_of(script).create("/flows", {"name": "n"})

    assert len(script.seen) == 2
    assert script.seen[0].body == script.seen[1].body


@pytest.mark.parametrize("status", [300, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    script = Script([Reply(status, headers=(("Location", "https://evil.example/flows"),))])

    with pytest.raises(ServiceError, match=r"redirect to evil\.example"):
        client_of(script).list("/flows")

    assert [s.headers["host"] for s in script.seen] == ["platform.adobe.io"]


def test_waits_double_with_full_jitter() -> None:
    time = FakeTime()

    with pytest.raises(ServiceError):
        client_of(Script([Reply(503)]), time=time, random=lambda: 0.5).list("/flows")

    assert time.slept == [0.25, 0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("100", 100.0),
        ("Mon, 01 Dec 2025 10:00:09 GMT", 9.0),
        ("Monday, 01-Dec-25 10:00:09 GMT", 9.0),
        ("Mon, 01 Dec 2025 10:03:00 GMT", 180.0),
        ("Mon, 01 Dec 2025 09:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
    ],
    ids=[
        "seconds",
        "with blanks",
        "at once",
        "longer than any wait of ours",
        "date",
        "old form of a date",
        "all of the bound",
        "past",
        "junk",
        "negative",
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_in_both_forms(status: int, header: str, expected: float) -> None:
    time = FakeTime()
    script = Script([Reply(status, headers=(("Retry-After", header),)), Reply()])

    client_of(script, time=time).list("/flows")

    assert [expected] == time.slept


def test_a_retry_date_is_compared_with_this_clock_only_without_a_date_header() -> None:
    """The clock of this run stands at the first second of 1970."""
    headers = (("Date", "soon"), ("Retry-After", "Thu, 01 Jan 1970 00:15:00 GMT"))

    with pytest.raises(ServiceError, match="it asks to wait 900 s"):
        client_of(Script([Reply(429, headers=headers)])).list("/flows")


_NO_YEAR = [f"Mon, 01 Dec {'9' * 20} 10:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -0500"]


@pytest.mark.parametrize("header", ["7 \x1d", "\u2003" + "7", "7\n", "\u0667", *_NO_YEAR])
def test_a_retry_header_that_is_neither_a_number_nor_a_date_is_not_read(header: str) -> None:
    assert retry_after(header, 0.0) is None


def test_callers_that_must_wait_do_not_come_back_together() -> None:
    time = FakeTime()
    script = Script([Reply(429, headers=(("Retry-After", "7"),)), Reply()])

    client_of(script, time=time, random=lambda: 0.5).list("/flows")

    assert time.slept == [7.25]


@pytest.mark.parametrize(
    "header",
    ["181", "100000", "Mon, 01 Dec 2025 12:00:00 GMT", "9" * 10, "9" * 400, "Fri, 31 Dec 9999 12:00:00 GMT"],
    ids=["one more", "a day", "date", "ten digits", "400 digits", "the last year"],
)
@pytest.mark.parametrize("verb", ["list", "create"])
def test_a_longer_wait_than_the_bound_is_not_begun(verb: str, header: str) -> None:
    time = FakeTime()
    script = Script([Reply(429, headers=(("Retry-After", header),)), Reply(body={"items": [], "id": "x"})])
    client = client_of(script, time=time)

    with pytest.raises(ServiceError, match=r"it asks to wait (181|100000|7200|1000000000) s\b") as caught:
        VERBS[verb](client)
    with pytest.raises(NotReached, match=r"not sent, because the service asks to wait \d{3,10} s ") as later:
        client.get("/flows/f1")

    assert (time.slept, len(script.seen), caught.value.wrote) == ([], 1, False)
    assert all("run the command again in" in (error.value.hint or "") for error in (caught, later))


def test_after_the_time_that_was_asked_for_requests_are_sent_again() -> None:
    time = FakeTime()
    script = Script([Reply(429, headers=(("Retry-After", "200"),)), Reply(body={"items": []})])
    client = client_of(script, time=time)
    with pytest.raises(ServiceError):
        client.list("/flows")

    time.now += 150
    assert client.list("/flows") == []

    assert time.slept == [50.0]


def test_no_other_request_to_the_host_is_sent_while_the_service_asks_to_wait() -> None:
    time = FakeTime()
    script = Script([Reply(503, headers=(("Retry-After", "9"),)), Reply(body={"id": "x"})])
    client = client_of(script, time=time)

    with pytest.raises(ServiceError):
        client.create("/flows", {})  # a write that may have happened is not repeated
    client.create("/flows", {})

    assert time.slept == [9.0]


def test_a_wait_is_told_once() -> None:
    said: list[float] = []
    client = client_of(Script([Reply(429, headers=(("Retry-After", "9"),)), Reply(body={"items": []})]))
    client.on_wait(said.append)

    client.list("/flows")
    client.list("/flows")

    assert said == [9.0]


_PAGE = b"<html><body>Sign in</body></html>"


@pytest.mark.parametrize(
    "body", [b'{"items": [{"id": "a"}', b"", _PAGE, b"\xff\xfe"], ids=["cut", "empty", "html", "bytes"]
)
def test_a_read_without_whole_json_is_asked_again_and_a_write_is_not(body: bytes) -> None:
    whole = Reply(body={"items": [{"id": "a"}]})
    read, write = Script([Reply(body=body), whole]), Script([Reply(201, body=body), whole])

    assert client_of(read).list("/flows") == [{"id": "a"}]
    with pytest.raises(ServiceError) as caught:
        client_of(write).create("/flows", {})

    assert (len(read.seen), len(write.seen), caught.value.wrote) == (2, 1, True)


def test_no_wait_is_begun_that_ends_after_the_total() -> None:
    time = FakeTime()
    script = Script([Reply(429, headers=(("Retry-After", "60"),))])

    with pytest.raises(ServiceError):
        client_of(script, time=time, backoff=Backoff(tries=50, total=130.0)).list("/flows")

    assert (time.slept, len(script.seen)) == ([60.0, 60.0], 3)


@pytest.mark.parametrize(("status", "expected"), [(429, 5), (500, 5), (503, 5), (502, 0), (504, 0), (404, 0)])
def test_each_answer_that_throttles_is_reported(status: int, expected: int) -> None:
    calls: list[int] = []
    client = client_of(Script([Reply(status)]))
    client.on_throttle(lambda: calls.append(1))

    with pytest.raises(ServiceError):
        client.list("/flows")

    assert expected == len(calls)


def test_a_throttled_write_is_reported_although_it_is_not_repeated() -> None:
    calls: list[int] = []

    with pytest.raises(ServiceError):
        client_of(Script([Reply(503)]), on_throttle=lambda: calls.append(1)).delete("/flows/f1")

    assert calls == [1]


@pytest.mark.parametrize(
    ("status", "expected"), [(200, True), (302, True), (400, False), (408, True), (429, False), (503, True)]
)
def test_which_answers_leave_a_write_in_doubt(status: int, expected: bool) -> None:
    assert expected == may_have_happened(status)
