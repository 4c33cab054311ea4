"""Every shape of bad news becomes one error that says what to do and shows nothing secret."""

from __future__ import annotations

import json
import ssl
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from exportctl.client.auth import Credentials
from exportctl.client.client import Client
from exportctl.errors import Conflict, Error, Forbidden, NotFound, NotReached, ServiceError, Unauthorized
from exportctl.model.secret import Secret, auth_values
from tests.client.scripted import SECRET, TOKEN, Reply, Script, client_of, token_reply

REPORT = {
    "type": "https://ns.adobe.com/aep/errors/FLOW-1439-404",
    "title": "Resource not found",
    "status": 404,
    "report": {"detailed-message": "flow f1 is not there", "id": "f1", "request-id": "req-1", "type": "flows"},
    "errorMessage": "same again",
    "errorDetails": "same again",
}


def raised_error(
    reply: Reply, call: Callable[[Client], object] = lambda c: c.get("/flows/f1"), **changes: Any
) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        call(client_of(Script([reply]), **changes))
    return caught.value


@pytest.mark.parametrize(
    ("body", "message", "code", "request_id"),
    [
        ({"error_code": "403003", "message": "Api Key is invalid"}, "Api Key is invalid", "403003", None),
        (REPORT, "flow f1 is not there", "FLOW-1439-404", "req-1"),
        ({**REPORT, "report": {"request-id": "req-1"}}, "same again", "FLOW-1439-404", "req-1"),
        ({"errorMessage": "older", "errorDetails": "d"}, "older", None, None),
        ({"message": "Please provide a valid spec id"}, "Please provide a valid spec id", None, None),
        ({"type": "about:blank", "status": 400, "title": "BadRequestError", "detail": "wrong"}, "wrong", None, None),
        ({"title": "only a title"}, "only a title", None, None),
        ({"detail": " ", "message": 7, "title": "the last resort"}, "the last resort", None, None),
        ({"report": "no object", "message": "m"}, "m", None, None),
        ({"report": {"tenantInfo": {}}, "error-chain": [{}], "title": "t"}, "t", None, None),
        ({}, "the answer gives no reason", None, None),
        ({"type": 7, "error_code": 429050, "message": "Too many requests"}, "Too many requests", "429050", None),
    ],
    ids=[
        "gateway", "current", "current without detail", "older", "message", "title and detail", "title",
        "wrong types", "report is a text", "other services", "empty object", "code is a number",
    ],
)  # fmt: skip
def test_every_body_shape_gives_message_code_and_request_id(
    body: object, message: str, code: str | None, request_id: str | None
) -> None:
    error = raised_error(Reply(400, body))

    assert f"the service answered 400 to GET /flows/f1: {message}" == str(error).split(" (")[0]
    assert (400, code, request_id) == (error.status, error.code, error.request_id)


def test_code_and_request_id_stand_behind_the_message() -> None:
    assert str(raised_error(Reply(404, REPORT))).endswith("flow f1 is not there (FLOW-1439-404, request id req-1)")


def test_the_request_id_may_come_as_a_header() -> None:
    assert raised_error(Reply(400, {}, (("X-Request-Id", "abc-1"),))).request_id == "abc-1"


@pytest.mark.parametrize(
    "text", ["two words", "a\nb", "x" * 101, f"{TOKEN}"], ids=["words", "lines", "long", "a token"]
)
def test_an_id_that_looks_like_none_is_dropped(text: str) -> None:
    error = raised_error(Reply(400, {"error_code": text, "report": {"request-id": text}}))

    assert (error.code, error.request_id) == (None, None)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"<html><body>Service Unavailable</body></html>", "text/html", "a page of HTML, not JSON"),
        (b"", "application/json", "an empty body"),
        (b" \n", "application/json", "an empty body"),
        (b'{"items": [{"id": "f1"', "application/json", "incomplete JSON (22 bytes)"),
        (b'[{"id": "f1"}]', "application/json", "JSON that is not an object"),
        (b'"text"', "application/json", "JSON that is not an object"),
        (b"null", "application/json", "JSON that is not an object"),
        (b"upstream connect error", "text/plain", "text that is not JSON"),
        (b"\xff\xfe\x00", "application/json", "text that is not JSON"),
        (b"[" * 100_000, "application/json", "incomplete JSON (100000 bytes)"),
    ],
    ids=["HTML", "empty", "blank", "truncated", "a list", "a text", "null", "plain text", "no text", "too deep"],
)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_a_body_that_is_no_object_is_described_and_not_shown(status: int, body: bytes, kind: str, words: str) -> None:
    error = raised_error(Reply(status, body, (("Content-Type", kind),)))

    assert words in str(error)
    assert (status, False) == (error.status, error.wrote)


def test_a_write_with_an_unreadable_answer_may_have_happened() -> None:
    assert raised_error(Reply(201, b"<html>"), lambda c: c.create("/flows", {})).wrote


def test_an_error_that_comes_with_200_is_an_error() -> None:
    assert raised_error(Reply(200, REPORT)).code == "FLOW-1439-404"
    assert raised_error(Reply(200, REPORT), lambda c: c.list("/flows")).code == "FLOW-1439-404"


@pytest.mark.parametrize(
    ("status", "kind", "rule", "hint"),
    [
        (401, Unauthorized, "unauthorized", "credentials"),
        (403, Forbidden, "forbidden", "View Destinations"),
        (404, NotFound, "not-found", "access label"),
        (409, Conflict, "conflict", "new plan"),
        (412, Conflict, "conflict", "new plan"),
        (429, ServiceError, "service", "--parallelism"),
        (500, ServiceError, "service", "--parallelism"),
        (502, ServiceError, "service", "try again later"),
        (503, ServiceError, "service", "try again later"),
        (504, ServiceError, "service", "try again later"),
    ],
)
def test_each_status_has_its_class_and_says_what_to_do(
    status: int, kind: type[ServiceError], rule: str, hint: str
) -> None:
    error = raised_error(Reply(status))

    assert (kind, rule) == (type(error), error.rule)
    assert hint in (error.hint or "")


@pytest.mark.parametrize("status", [500, 503])
def test_a_write_in_doubt_says_so(status: int) -> None:
    assert "may have happened" in (raised_error(Reply(status), lambda c: c.delete("/flows/f1")).hint or "")


MANAGE = "Manage Destinations"
ACTIVATE = "Manage and Activate Dataset Destinations"


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda c: c.list("/flows"), "View Destinations"),
        (lambda c: c.list("/runs"), "View Destinations"),
        (lambda c: c.list_offset("/connectionSpecs/s/configs"), "View Datasets"),
        (lambda c: c.create("/connections", {}), MANAGE),
        (lambda c: c.patch("/targetConnections/t", [], "e"), MANAGE),
        (lambda c: c.create("/sourceConnections", {}), ACTIVATE),
        (lambda c: c.create("/flows", {}), ACTIVATE),
        (lambda c: c.act("/flows/f1", "disable"), ACTIVATE),
        (lambda c: c.delete("/flows/f1"), MANAGE),
        (lambda c: c.get_json("/data/foundation/sandbox-management/"), "this sandbox"),
    ],
    ids=["flows", "runs", "datasets", "account", "place", "source", "flow", "disable", "delete", "sandboxes"],
)
def test_403_names_the_permission_that_is_missing(call: Callable[[Client], object], named: str) -> None:
    assert named in (raised_error(Reply(403), call).hint or "")


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("403000", "AEP_CLIENT_ID"),
        ("403003", "AEP_CLIENT_ID"),
        ("403025", "has no access to the organization"),
        ("403027", "product profile"),
    ],
)
def test_a_gateway_code_says_more_than_a_permission(code: str, named: str) -> None:
    assert named in (raised_error(Reply(403, {"error_code": code, "message": "m"})).hint or "")


def test_an_unknown_sandbox_is_distinguished_from_an_unknown_object() -> None:
    error = raised_error(Reply(404, {"type": "https://ns.adobe.com/aep/errors/FLOW-2100-404", "title": "t"}))

    assert "platform.sandbox" in (error.hint or "")


def test_no_answer_names_the_host_and_the_reason() -> None:
    error = raised_error(Reply(raises=httpx.ConnectError("[Errno -2] Name or service not known")))

    assert isinstance(error, NotReached)
    assert str(error) == "GET /flows/f1 at platform.adobe.io: no connection ([Errno -2] Name or service not known)"
    assert (error.status, error.rule) == (None, "not-reached")


def test_an_untrusted_certificate_is_not_tried_again() -> None:
    failure = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    failure.__cause__ = ssl.SSLCertVerificationError()
    script = Script([Reply(raises=failure)])

    with pytest.raises(NotReached, match="not trusted") as caught:
        client_of(script).list("/flows")

    assert "SSL_CERT_FILE" in (caught.value.hint or "")
    assert len(script.seen) == 1


def test_the_number_of_the_code_says_that_an_object_is_not_found_whatever_the_status_is() -> None:
    assert isinstance(raised_error(Reply(400, REPORT)), NotFound)


def test_a_write_that_met_an_untrusted_certificate_was_not_sent() -> None:
    failure = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    failure.__cause__ = ssl.SSLCertVerificationError()

    with pytest.raises(NotReached) as caught:
        client_of(Script([Reply(raises=failure)])).create("/flows", {})

    assert not caught.value.wrote


def test_a_long_text_is_cut_after_it_is_masked() -> None:
    text = "x" * 485 + " " + TOKEN + " tail"

    error = str(raised_error(Reply(400, {"message": text})))

    assert "(secret)" in error
    assert len(error) < 560
    assert TOKEN[:6] not in error


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "a [31m b c" in str(raised_error(Reply(400, {"message": "a\x1b[31m\r\nb\u202e c"})))


PEM = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA75\nabcdefghijklmnop==\n-----END KEY-----\n"
ECHOES = [
    SECRET, TOKEN, PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", " "), "MIIEowIBAAKCAQEA75",
    "pass/word+1 \u00fc", "pass%2Fword%2B1%20%C3%BC", "pass/word%2B1%20%C3%BC", "AKIA-guarded", "sent-in-the-body",
    "patched-value",
]  # fmt: skip
PARTS = [
    SECRET,
    TOKEN,
    "MIIEow",
    "abcdefghij",
    "pass/word",
    "pass%2Fword",
    "AKIA-guarded",
    "sent-in-the-body",
    "patched-value",
]
BODY = {
    "name": "n",
    "auth": {"specName": "Access Key", "params": {"s3SecretKey": "sent-in-the-body", "deep": [{"x": 7}]}},
}
OPS = [{"op": "replace", "path": "/auth/params", "value": {"password": "patched-value"}}]


def error_text(error: BaseException) -> str:
    """Everything a log, a crash report or a debugger's summary would show."""
    chain: list[BaseException] = [error]
    while before := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(before)
    shown = ["".join(traceback.format_exception(error))]
    for one in chain:
        shown += [str(one), repr(one), repr(one.args), repr(vars(one))]
    return "\n".join(shown)


@pytest.mark.parametrize("echo", ECHOES, ids=range(len(ECHOES)))
@pytest.mark.parametrize("status", [400, 401, 403, 404, 412, 422, 429, 500, 503])
def test_no_error_shows_what_the_service_echoes(status: int, echo: str) -> None:
    reply = Reply(status, {"message": f"bad value [{echo}]", "error_code": echo, "report": {"request-id": echo}})
    client = client_of(Script([reply]))
    client.mask_values([PEM, "pass/word+1 \u00fc", "AKIA-guarded"])
    # The two last stand for what one request itself sends.
    client.mask_values(
        ["patched-value"] if echo == "sent-in-the-body" else ["sent-in-the-body"] if echo == "patched-value" else []
    )

    calls: list[Callable[[], object]] = [lambda: client.create("/connections", BODY)]
    if echo != "sent-in-the-body":
        calls = [lambda: client.patch("/connections/c", OPS, "e")]
    for call in calls:
        with pytest.raises(ServiceError) as caught:
            call()
        assert not [part for part in PARTS if part in error_text(caught.value)]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError(f"no route for {TOKEN}"),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"),
        httpx.RemoteProtocolError(f"cut after {SECRET}"),
        httpx.ReadTimeout(TOKEN),
        ConnectionResetError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_failure_of_the_transport_shows_a_secret_or_keeps_the_request(failure: Exception) -> None:
    error = raised_error(Reply(raises=failure), lambda c: c.create("/connections", BODY))

    assert not [part for part in PARTS if part in error_text(error)]
    assert (error.__cause__, error.__context__) == (None, None)


def test_no_error_of_the_token_endpoint_shows_a_secret() -> None:
    for reply in (
        Reply(400, {"error": SECRET}),
        Reply(500, {"error": SECRET}),
        Reply(raises=httpx.ReadTimeout(SECRET)),
    ):
        with pytest.raises(Error) as caught:
            client_of(Script(tokens=[reply])).list("/flows")
        assert SECRET not in error_text(caught.value)


def test_a_secret_that_is_no_json_is_no_way_out() -> None:
    with pytest.raises(TypeError) as caught:
        client_of(Script()).create("/connections", {"auth": {"params": {"p": Secret(SECRET)}}})

    assert SECRET not in error_text(caught.value)


def test_nothing_shows_a_secret_by_itself() -> None:
    credentials = Credentials("my-client", Secret(SECRET), access_token=Secret(TOKEN))
    client = client_of(Script(tokens=[token_reply()]))
    client.list("/flows")

    shown = f"{credentials!r}{client!r}{vars(client)!r}{client.request_counts!r}"

    assert not [part for part in (SECRET, TOKEN) if part in shown]


def test_what_a_request_says_under_auth_is_its_own_secret() -> None:
    assert auth_values(BODY) == ["sent-in-the-body"]
    assert auth_values(OPS) == ["patched-value"]
    assert auth_values([{"op": "replace", "path": "/params", "value": {"path": "x"}}]) == []
    assert auth_values(json.loads('{"name": "n", "params": {"bucketName": "b"}}')) == []
