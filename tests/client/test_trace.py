"""What `-v` and `-vv` show of a request, and that an interrupt does not wait for one."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import Any

import pytest

from exportctl.client.guard import SecretGuard
from exportctl.client.reading_pool import ReadingPool
from exportctl.client.trace import HIDDEN, activity_text, body_texts, request_text
from exportctl.client.transport import Answer, NoAnswer, Purpose, Request

BASE = "https://platform.adobe.io/data/foundation"
MASK = SecretGuard(["hunter2-hunter2"]).mask


def asked(path: str, method: str = "GET", purpose: Purpose = Purpose.READ, body: Any = None) -> Request:
    return Request(method, f"{BASE}{path}", purpose, {}, None if body is None else json.dumps(body).encode())


def answered(body: bytes, **headers: str) -> Answer:
    return Answer(200, {name.replace("_", "-"): value for name, value in headers.items()}, body, 0)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked("/flowservice/flows?limit=100"), "reading flows"),
        (asked("/flowservice/targetConnections/1a2b"), "reading target connections"),
        (asked("/flowservice/connectionSpecs/2c-3d/configs"), "reading datasets"),
        (asked("/catalog/dataSets/5e3f"), "reading data sets"),
        (asked("/flowservice/flows/1a2b", "PATCH", Purpose.WRITE), "writing flows"),
        (Request("POST", "https://ims/token/v3", Purpose.TOKEN, {}), "asking for a token"),
        (Request("GET", "https://host/", Purpose.READ, {}), "reading the service"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_is_named_by_what_it_reads(request_: Request, expected: str) -> None:
    assert activity_text(request_) == expected


def test_a_line_has_status_time_and_request_id_but_no_unknown_parameter() -> None:
    line = request_text(
        asked("/flowservice/flows?limit=9&continuationToken=abc"), answered(b"", x_request_id="r-1"), 0.125, MASK
    )

    assert (
        line
        == f"GET /data/foundation/flowservice/flows?limit=9&continuationToken={HIDDEN}: 200 in 0.12 s, request id r-1"
    )


def test_a_request_without_an_answer_says_why() -> None:
    line = request_text(asked("/flowservice/flows"), NoAnswer("no answer within 30 s: hunter2-hunter2"), 30, MASK)

    assert line == "GET /data/foundation/flowservice/flows: no answer within 30 s: (secret) after 30.00 s"


def test_a_request_id_that_is_none_is_not_shown() -> None:
    assert "request id" not in request_text(asked("/x"), answered(b"", x_request_id="\x1b[2J"), 0, MASK)


def test_of_a_body_only_listed_texts_are_shown() -> None:
    sent = [
        {"op": "replace", "path": "/auth/params", "value": {"password": "a", "keys": ["b"]}},
        {"op": "replace", "path": "/name", "value": "c"},
    ]
    came = {"id": "f-1", "surprise": "d", "count": 3, "auth": {"params": {"s3Role": "e"}}, "name": "hunter2-hunter2"}

    texts = body_texts(
        asked("/flowservice/flows/f-1", "PATCH", Purpose.WRITE, sent), answered(json.dumps(came).encode()), MASK
    )

    assert [json.loads(text.partition(" ")[2]) for text in texts] == [
        [
            {"op": "replace", "path": "/auth/params", "value": {"password": HIDDEN, "keys": [HIDDEN]}},
            {"op": "replace", "path": "/name", "value": HIDDEN},
        ],
        {"id": "f-1", "surprise": HIDDEN, "count": 3, "auth": {"params": {"s3Role": HIDDEN}}, "name": "(secret)"},
    ]


def test_what_is_not_json_is_counted() -> None:
    assert body_texts(asked("/flowservice/flows"), answered(b"<html>hunter2"), MASK) == [
        "got 13 bytes that are not JSON"
    ]


@pytest.mark.parametrize(
    "request_", [asked("/connectors/landingzone/credentials"), Request("POST", "https://ims/", Purpose.TOKEN, {}, b"x")]
)
def test_bodies_with_credentials_are_never_shown(request_: Request) -> None:
    (text,) = body_texts(request_, answered(b'{"id": "a"}'), MASK)

    assert "never shown" in text


def test_what_is_nested_too_deeply_is_counted() -> None:
    body = b"[" * 900 + b"]" * 900

    assert body_texts(asked("/x"), answered(body), MASK) == ["got 1800 bytes, nested too deeply"]


def test_nothing_came_back() -> None:
    assert body_texts(asked("/flowservice/flows"), NoAnswer("cut off"), MASK) == []


def test_an_interrupt_cancels_what_has_not_begun_and_waits_for_the_rest_within_a_bound() -> None:
    begun, ended = threading.Event(), threading.Event()
    called: list[int] = []

    def read() -> None:
        begun.set()
        ended.wait(60)

    with suppress(KeyboardInterrupt), ReadingPool(1) as pool:
        pool.submit(read)
        later = pool.submit(called.append, 1)
        assert begun.wait(60)
        raise KeyboardInterrupt
    assert later.cancelled()
    ended.set()
    assert called == []
