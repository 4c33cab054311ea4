"""
Faults as data: the n-th request that matches is answered badly, before or after the service did what it was asked.

`Fault` is a value that goes to and from JSON; `count_match` finds the one that strikes; `apply_fault` is what it does
to an answer. `app.py` calls these around the service, which knows nothing of faults (but for `listing.ReadFault`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Self

from exportctl.emulator.clock import http_date
from exportctl.emulator.listing import ReadFault
from exportctl.emulator.store import Store
from exportctl.emulator.wire import Answer, Request
from exportctl.frozen import dataclass

EFFECTS = {
    "status": "answers `status` with `body` (default: a plain error body)",
    "lost": "closes the connection without an answer (in the same process, raises `AnswerLost`)",
    "slow": "answers after `delay` seconds (a manual clock moves on instead)",
    "cut": "answers half of the JSON body",
    "html": "answers `status` (default 503) with an HTML page",
    "stale": "GET answers the object, or list, as it was before its last write, once",
    "repeat-page": "a list answers its page and a next link that leads to the same page again",
    "drop-item": "a list leaves out one item that no other page holds",
    "reserved-token": "the next link of a list has a token with `=`, `&`, `%`, `+` and `#`",
    "expire-token": "the token of the request becomes invalid (401013)",
    "throttle": "answers 429050, with `retry_after` as Retry-After: seconds, a date (`retry_form`), or missing",
}
READ_FAULTS = {
    "stale": ReadFault(stale=True),
    "repeat-page": ReadFault(repeat=True),
    "drop-item": ReadFault(drop=True),
    "reserved-token": ReadFault(reserved=True),
}
SKIPPING_EFFECTS = ("status", "lost", "html", "throttle")
HTML = b"<html><head><title>Service Unavailable</title></head><body>The service is unavailable.</body></html>"


class AnswerLost(ConnectionError):
    """The connection was closed before an answer came; the write may have been done."""


@dataclass(frozen=True)
class Fault:
    """
    One fault.

    Strikes requests of `method` (`*`: any) whose path matches `path` (regular expression, searched) and whose query
    matches `query`: the `nth` match, and `count` in a row (0: all from then on). `when` is before or after the service
    acts.
    """

    effect: str
    method: str = "*"
    path: str = ""
    query: str = ""
    nth: int = 1
    count: int = 1
    when: str = "before"
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    retry_after: float | None = None
    retry_form: str = "seconds"

    def __post_init__(self) -> None:
        if self.effect not in EFFECTS:
            raise ValueError(f"no such effect: {self.effect}; there are {', '.join(EFFECTS)}")
        if self.when not in ("before", "after"):
            raise ValueError("when is before or after")
        if self.retry_form not in ("seconds", "date"):
            raise ValueError("retry_form is seconds or date")
        if self.nth < 1 or self.count < 0:
            raise ValueError("nth counts from 1, count is 0 for all")
        for name in ("path", "query"):
            _check_pattern(name, getattr(self, name))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From the form that `to_json` gives; unknown members are an error."""
        unknown = sorted(set(value) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"a fault has no member {unknown[0]}")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """All members by name."""
        return {**asdict(self), "headers": dict(self.headers)}

    def matches(self, request: Request) -> bool:
        """Whether this fault counts a request."""
        query = "&".join(f"{key}={value}" for key, value in request.query)
        named = self.method in ("*", request.method)
        return named and bool(re.search(self.path, request.path)) and bool(re.search(self.query, query))

    def strikes(self, seen: int) -> bool:
        """Whether the `seen`-th match is struck."""
        return seen >= self.nth and (self.count == 0 or seen < self.nth + self.count)

    @property
    def read_fault(self) -> ReadFault:
        """How a list or read is bent."""
        return READ_FAULTS.get(self.effect, ReadFault())

    @property
    def skips_service(self) -> bool:
        """Whether the service never sees the request."""
        return self.when == "before" and self.effect in SKIPPING_EFFECTS


def _check_pattern(name: str, text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{name} is not a regular expression") from error


def count_match(store: Store, request: Request) -> Fault | None:
    """Count a request against every fault; the oldest that strikes, if any."""
    struck: Fault | None = None
    for id, seen, doc in store.faults():
        fault = Fault.from_json(doc)
        if fault.matches(request):
            store.set_fault_count(id, seen + 1)
            if struck is None and fault.strikes(seen + 1):
                struck = fault
    return struck


def apply_fault(fault: Fault, answer: Answer, now: float) -> Answer:
    """Return what the client gets instead of the answer; raise AnswerLost if it gets nothing."""
    if fault.effect == "lost":
        raise AnswerLost("the connection was closed before an answer came")
    if fault.effect == "status":
        body = fault.body if fault.body is not None else {"message": f"fault: status {fault.status}"}
        return Answer(fault.status or 500, body, tuple(fault.headers.items()))
    if fault.effect == "html":
        return Answer(fault.status or 503, raw=HTML, content_type="text/html")
    if fault.effect == "throttle":
        return _throttle_answer(fault, now)
    if fault.effect == "cut":
        payload = answer.payload()
        return Answer(answer.status, raw=payload[: len(payload) // 2], headers=answer.headers)
    return answer


def _throttle_answer(fault: Fault, now: float) -> Answer:
    body = {"error_code": "429050", "message": "Too many requests"}
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        at = http_date(now + fault.retry_after) if fault.retry_form == "date" else str(int(fault.retry_after))
        headers["Retry-After"] = at
    return Answer(429, body, tuple(headers.items()))
