"""The token: asked for once, renewed in time, never asked for in vain."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from exportctl.client.auth import ASSUMED_LIFE, DEFAULT_SCOPES, Credentials, lifetime
from exportctl.errors import Error, NotReached, ServiceError, Unauthorized
from exportctl.model.secret import Secret
from tests.client.scripted import SECRET, FakeTime, Reply, Script, SeenRequest, client_of, token_reply

REFUSED = Reply(401, {"error_code": "401013", "message": "Oauth token is not valid"})


def test_the_token_is_asked_for_as_a_form() -> None:
    script = Script()
    credentials = Credentials("my-client", Secret(SECRET), ("openid, AdobeID", " session "))

    client_of(script, credentials=credentials).list("/flows")

    asked = script.token_requests[0]
    assert (asked.method, asked.path, asked.query) == ("POST", "/ims/token/v3", "")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (
        f"grant_type=client_credentials&client_id=my-client&client_secret={SECRET}&scope=openid%2CAdobeID%2Csession"
        == asked.body.decode()
    )
    assert not {"authorization", "x-api-key"} & asked.headers.keys()


def test_the_usual_scopes_are_the_default() -> None:
    assert Credentials("c", Secret("s")).scopes == DEFAULT_SCOPES


def test_a_token_is_used_until_shortly_before_its_end() -> None:
    time, script = FakeTime(), Script(tokens=[token_reply("one", 86399), token_reply("two", 86399)])
    client = client_of(script, time=time)

    client.list("/flows")
    time.now += 86399 - 501
    client.list("/flows")
    time.now += 2
    client.list("/flows")

    assert [s.headers["authorization"] for s in script.seen] == ["Bearer one", "Bearer one", "Bearer two"]
    assert client.request_counts.token == 2


def test_the_margin_leaves_a_short_lived_token_of_use() -> None:
    time, script = FakeTime(), Script(tokens=[token_reply("one", 60), token_reply("two", 60)])
    client = client_of(script, time=time)

    client.list("/flows")
    time.now += 53
    client.list("/flows")
    time.now += 2
    client.list("/flows")

    assert len(script.token_requests) == 2


@pytest.mark.parametrize(
    ("expires_in", "expected"),
    [
        (86399, 86399.0),
        ("86399", 86399.0),
        (172800, 172800.0),
        (172801, 172.801),
        (86399999, 86399.999),
        (0, 0.0),
        (None, ASSUMED_LIFE),
        (True, ASSUMED_LIFE),
        (-1, ASSUMED_LIFE),
        ("soon", ASSUMED_LIFE),
        ([], ASSUMED_LIFE),
        (float("nan"), ASSUMED_LIFE),
    ],
    ids=str,
)
def test_a_lifetime_is_in_seconds_unless_it_can_only_be_milliseconds(expires_in: object, expected: float) -> None:
    assert expected == lifetime(expires_in)


def test_sixteen_threads_ask_for_one_token() -> None:
    script, ready = Script(), threading.Barrier(16)
    client = client_of(script)

    def read(_: int) -> object:
        ready.wait()
        return client.list("/flows")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(read, range(16)))

    assert (len(script.token_requests), len(script.seen)) == (1, 16)


def test_sixteen_threads_refused_with_the_same_token_renew_it_once() -> None:
    ready = threading.Barrier(16)

    def answer(seen: SeenRequest) -> Reply:
        if seen.headers["authorization"] == "Bearer one":
            ready.wait()
            return REFUSED
        return Reply()

    script = Script([answer], tokens=[token_reply("one"), token_reply("two"), token_reply("three")])
    client = client_of(script)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: client.list("/flows"), range(16)))

    assert (len(script.token_requests), len(script.seen)) == (2, 32)


@pytest.mark.parametrize("verb", ["create", "list"])
def test_a_second_401_is_final(verb: str) -> None:
    script = Script([REFUSED])
    client = client_of(script)

    with pytest.raises(Unauthorized) as caught:
        client.create("/flows", {}) if verb == "create" else client.list("/flows")

    assert (len(script.seen), len(script.token_requests)) == (2, 2)
    assert (caught.value.code, caught.value.wrote) == ("401013", False)


def test_a_token_given_as_such_is_used_and_never_asked_for() -> None:
    script = Script()

    client_of(script, credentials=Credentials("my-client", access_token=Secret(" given\n"))).list("/flows")

    assert script.seen[0].headers["authorization"] == "Bearer given"
    assert script.token_requests == []


def test_a_token_given_as_such_cannot_be_renewed() -> None:
    script = Script([REFUSED])

    with pytest.raises(Unauthorized) as caught:
        client_of(script, credentials=Credentials("my-client", access_token=Secret("given"))).list("/flows")

    assert "cannot renew" in (caught.value.hint or "")
    assert (len(script.seen), len(script.token_requests)) == (1, 0)


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak", "t\u00f6ken"])
def test_a_token_that_no_header_can_carry_is_refused_unshown(token: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        client_of(Script(), credentials=Credentials("my-client", access_token=Secret(token)))

    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_of_the_token_endpoint_is_final_and_its_body_unshown(status: int) -> None:
    script = Script(tokens=[Reply(status, {"error": "invalid_client", "error_description": f"bad {SECRET}"})])
    client = client_of(script)

    for _ in range(2):
        with pytest.raises(Unauthorized, match="client secret or the scopes are wrong") as caught:
            client.list("/flows")
        assert "invalid_client" not in f"{caught.value}{caught.value.hint}"

    assert (len(script.token_requests), len(script.seen)) == (1, 0)


@pytest.mark.parametrize(
    "reply",
    [Reply(429), Reply(500), Reply(503), Reply(raises=httpx.ReadTimeout("")), Reply(raises=httpx.ConnectError(""))],
    ids=["429", "500", "503", "timed out", "refused"],
)
def test_trouble_with_the_token_endpoint_is_sat_out(reply: Reply) -> None:
    script = Script(tokens=[reply, reply, token_reply()])

    client_of(script).list("/flows")

    assert (len(script.token_requests), len(script.seen)) == (3, 1)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(503), ServiceError),
        (Reply(429), ServiceError),
        (Reply(200, b"<html>login</html>"), ServiceError),
        (Reply(200, None), ServiceError),
        (Reply(200, []), ServiceError),
        (Reply(200, {"access_token": ""}), ServiceError),
        (Reply(200, {"access_token": "a\r\nb"}), ServiceError),
        (Reply(200, {"access_token": 7}), ServiceError),
        (Reply(302), ServiceError),
        (Reply(raises=httpx.ReadTimeout("")), NotReached),
    ],
    ids=["503", "429", "page", "empty", "list", "no text", "line break", "number", "redirect", "timed out"],
)
def test_without_a_token_nothing_is_sent_to_the_platform(reply: Reply, kind: type[ServiceError]) -> None:
    script = Script(tokens=[reply])

    with pytest.raises(kind, match="no token") as caught:
        client_of(script).create("/flows", {})

    assert (script.seen, caught.value.wrote) == ([], False)


def test_a_token_endpoint_that_asks_to_wait_longer_than_the_bound_is_not_asked_again() -> None:
    script = Script(tokens=[Reply(429, headers=(("Retry-After", "900"),)), token_reply()])
    time = FakeTime()

    with pytest.raises(ServiceError, match="answered 429; it asks to wait 900 s") as caught:
        client_of(script, time=time).list("/flows")

    assert caught.value.hint == "run the command again in 900 s"
    assert (time.slept, len(script.token_requests)) == ([], 1)


def test_trouble_with_the_token_endpoint_is_no_reason_to_slow_down_the_platform() -> None:
    calls: list[int] = []

    client_of(Script(tokens=[Reply(429), token_reply()]), on_throttle=lambda: calls.append(1)).list("/flows")

    assert calls == []


@pytest.mark.parametrize("client_id", ["", "two words", "line\n"])
def test_a_client_id_must_be_one_word(client_id: str) -> None:
    with pytest.raises(Error, match="client id"):
        Credentials(client_id, Secret("s"))


def test_credentials_need_a_secret_or_a_token() -> None:
    with pytest.raises(Error, match="neither"):
        Credentials("my-client")
