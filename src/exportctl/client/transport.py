"""
Send one request, and send it again where that is safe. Only this module and `http_clients` use the network.

In: a `Request`. Out: an `Answer` of any status, or a `NoAnswer`. Neither is an exception, so no exception contains a
request with its headers. exportctl follows no redirects and keeps no cookies.

It honours HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, except for addresses of this machine: a
token for the loopback must not go to a proxy. It does not read `.netrc`.

    result                              read and token      write
    429 too many requests               repeat              repeat: the service refused it and did nothing
    not sent (refused, no route)        repeat              repeat: nothing was sent
    500 502 503 504                     repeat              never: it may have happened
    2xx that is not whole JSON          repeat              never: it did happen
    no answer (timed out, cut off)      repeat              never: it may have happened
    401                                 repeat once with a new token (session.py): the gateway refused the token
    anything else                       never               never

A write is a POST, PATCH or DELETE. A PATCH that is repeated after a lost answer would meet its own new etag.
When a write may have happened, apply reads the object first.

`Retry-After` of a 429 or 503 holds for every request to that host: none is sent before that time. A wait that does not
fit into the bound (`Backoff.total`) is not begun: the request and all later ones to that host end at once.
"""

from __future__ import annotations

import json
import math
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from exportctl.client.http_clients import HttpClients
from exportctl.client.rate_budget import HostHolds, RateBudget
from exportctl.clock import Clock, elapsed_seconds
from exportctl.frozen import dataclass

SERVER_TROUBLE = frozenset({500, 502, 503, 504})
THROTTLING = frozenset({429, 500, 503})  # many parallel requests can cause a 500 [TR]
ASKS_TO_WAIT = frozenset({429, 503})  # the answers whose Retry-After counts
LONG_WAIT = 1e9  # seconds, 30 years; a longer wait has no figure
_UNREADABLE = object()


class Purpose(StrEnum):
    """What a request is for. A token request may be repeated like a read: a second token does no harm."""

    READ = "read"
    WRITE = "write"
    TOKEN = "token"


@dataclass(frozen=True)
class Request:
    """One HTTP request; `headers` and `content` contain secrets and are not shown."""

    method: str
    url: str
    purpose: Purpose
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """An answer of any status; `headers` by lower-case name, `received_at` in seconds since 1970."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: float

    @property
    def asked_wait(self) -> float | None:
        """The seconds for which a 429 or 503 asks to wait, from its own Date header if it has one."""
        if self.status not in ASKS_TO_WAIT:
            return None
        date = http_date(self.headers.get("date"))
        return retry_after(self.headers.get("retry-after"), date.timestamp() if date else self.received_at)

    @cached_property
    def document(self) -> object:
        """The body as a JSON value; a value of no JSON type if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return _UNREADABLE

    @property
    def is_json(self) -> bool:
        return self.document is not _UNREADABLE

    @property
    def is_cut_off(self) -> bool:
        """Whether a success with a body is not JSON: it was cut off, or a page of a proxy came in its place."""
        return 200 <= self.status < 300 and self.status != 204 and not self.is_json

    def can_repeat(self, *, writes: bool) -> bool:
        return self.status == 429 or (not writes and (self.status in SERVER_TROUBLE or self.is_cut_off))


@dataclass(frozen=True)
class NoAnswer:
    """The lack of an answer: why, whether certainly nothing was sent, and whether no repeat can help (`final`)."""

    why: str
    unsent: bool = False
    final: bool = False
    hint: str | None = None

    def can_repeat(self, *, writes: bool) -> bool:
        return not self.final and (self.unsent or not writes)


@dataclass(frozen=True)
class RequestCounts:
    """The number of requests that were sent, repeats included."""

    reads: int = 0
    writes: int = 0
    token: int = 0


@dataclass(frozen=True)
class Backoff:
    """Number of tries and waits in seconds: waits double from `first` up to `longest`, all within `total`."""

    tries: int = 5
    first: float = 0.5
    longest: float = 60.0
    total: float = 180.0

    def wait_seconds(self, tried: int, dice: float) -> float:
        """
        Return the seconds before the next try, after `tried` tries.

        The wait is random, up to the doubled wait, so that parallel callers do not return at the same time. `dice` is
        in [0, 1).
        """
        return dice * min(self.longest, self.first * 2.0 ** (tried - 1))


class RequestObserver(Protocol):
    """What sees every request, token requests and repeats included, in the thread that sends it."""

    def begin_request(self, request: Request) -> None: ...

    def end_request(self, request: Request, got: Answer | NoAnswer, seconds: float) -> None: ...


class RequestSender:
    """A sender of requests; safe to use from several threads."""

    def __init__(
        self,
        *,
        transport: httpx.BaseTransport | None,
        inward: Iterable[bool],
        clock: Clock,
        random: Callable[[], float],
        timeout: float,
        backoff: Backoff,
        http: HttpClients | None = None,
        budget: RateBudget | None = None,
    ):
        """
        Open the HTTP clients, or take those of a run that shares them.

        `inward` lists the values that `send` will get: setting up TLS takes time. `budget` is that of an organization.
        """
        self.on_throttle: list[Callable[[], None]] = []
        self.on_duration: list[Callable[[Request, float], None]] = []
        self.on_wait: Callable[[float], None] | None = None
        self.on_answer: Callable[[Request, Answer], None] | None = None
        self.before_send: Callable[[Request], None] | None = None
        self.observer: RequestObserver | None = None
        self.clock = clock
        self._random = random
        self._timeout = timeout
        self._backoff = backoff
        self._closes = http is None
        self._clients = http or HttpClients(transport, timeout)
        self._http = {way: self._clients.client(inward=way) for way in set(inward)}
        self._budget = budget
        self._lock = threading.Lock()
        self._sent: Counter[Purpose] = Counter()
        self._date: datetime | None = None
        self._holds = budget.holds if budget else HostHolds()

    def send(self, request: Request, *, inward: bool) -> Answer | NoAnswer:
        """
        Return the answer, or the last failure; `inward` requests stay on this machine and use no proxy.

        `Backoff.tries` and `Backoff.total` are the limits: it does not start a wait that would end later. A `got` of
        the loop is the answer that asked for such a wait.
        """
        deadline = self.clock.monotonic() + self._backoff.total
        host, tried = urlsplit(request.url).netloc, 0
        got: Answer | NoAnswer | None = None
        while True:
            held = self._held_seconds(host)
            if self.clock.monotonic() + held > deadline:
                return got or _refuse_to_wait(held, self._backoff.total)
            if held:
                self.clock.sleep(held + self._random() * self._backoff.first)
            tried += 1
            got, waited = self._send_in_turn(request, self._http[inward])
            deadline += waited  # for its turn: that is not the service's delay
            self._hold(host, got)
            if tried >= self._backoff.tries or not got.can_repeat(writes=request.purpose is Purpose.WRITE):
                return got
            if self._held_seconds(host):
                continue
            wait = self._backoff.wait_seconds(tried, self._random())
            if self.clock.monotonic() + wait > deadline:
                return got
            self.clock.sleep(wait)

    def request_counts(self) -> RequestCounts:
        with self._lock:
            return RequestCounts(self._sent[Purpose.READ], self._sent[Purpose.WRITE], self._sent[Purpose.TOKEN])

    def server_date(self) -> datetime | None:
        """Return the Date header of the last answer of the platform, in UTC."""
        with self._lock:
            return self._date

    def close(self) -> None:
        if self._closes:
            self._clients.close()

    def _held_seconds(self, host: str) -> float:
        return self._holds.remaining_seconds(host, self.clock.monotonic())

    def _hold(self, host: str, got: Answer | NoAnswer) -> None:
        """Keep the time for which an answer asks to wait, and tell the user of a wait that exportctl begins."""
        seconds = got.asked_wait if isinstance(got, Answer) else None
        if not seconds:
            return
        is_news = self._holds.extend(host, self.clock.monotonic() + seconds)
        if is_news and seconds <= self._backoff.total and self.on_wait is not None:
            self.on_wait(seconds)

    def _send_in_turn(self, request: Request, http: httpx.Client) -> tuple[Answer | NoAnswer, float]:
        """Send a request when the budget has a place for it; return also the seconds that it waited for its turn."""
        if self._budget is None or request.purpose is Purpose.TOKEN:
            return self._send_observed(request, http), 0.0
        with self._budget.use_place(self.clock) as waited:
            got = self._send_observed(request, http)
        self._budget.note_answer(throttled=isinstance(got, Answer) and got.status == 429)
        return got, waited

    def _send_observed(self, request: Request, http: httpx.Client) -> Answer | NoAnswer:
        if self.observer is None:
            return self._send_once(request, http)
        began = elapsed_seconds()  # of this machine: the clock of an emulator may stand still
        self.observer.begin_request(request)
        got: Answer | NoAnswer = NoAnswer("not sent", unsent=True)
        try:
            got = self._send_once(request, http)
        finally:
            self.observer.end_request(request, got, elapsed_seconds() - began)
        return got

    def _send_once(self, request: Request, http: httpx.Client) -> Answer | NoAnswer:
        if self.before_send is not None:  # nothing that can wait stands between this and the request
            self.before_send(request)
        with self._lock:
            self._sent[request.purpose] += 1
        began = elapsed_seconds()
        try:
            response = http.request(request.method, request.url, headers=dict(request.headers), content=request.content)
        # An in-process application can raise only the built-in exceptions.
        except (httpx.RequestError, ConnectionError, TimeoutError) as error:
            return _no_answer(error, self._timeout)
        headers = {k.lower(): v for k, v in response.headers.items()}
        answer = Answer(response.status_code, headers, response.content, self.clock.now())
        if request.purpose is not Purpose.TOKEN:
            self._record_answer(request, answer, elapsed_seconds() - began)
        return answer

    def _record_answer(self, request: Request, answer: Answer, seconds: float) -> None:
        date = http_date(answer.headers.get("date"))
        with self._lock:
            self._date = date or self._date
        if self.on_answer is not None:
            self.on_answer(request, answer)
        if answer.status in THROTTLING:
            for call in self.on_throttle:
                call()
        else:
            for note in self.on_duration:
                note(request, seconds)


def may_have_happened(status: int) -> bool:
    """Check whether a write with this answer may have changed something."""
    return status < 400 or status == 408 or status >= 500


def retry_after(text: str | None, now: float) -> float | None:
    """
    Return the seconds that a `Retry-After` header asks for: 0 for a past moment, None without a readable header.

    A time of `LONG_WAIT` or more is infinite: a number of any length is a wait beyond our bound.
    `now` is the time of the service in seconds since 1970 (its Date header), so a wrong local clock does no harm.
    Both forms are standard; other Adobe APIs behind this gateway document whole seconds [GW].
    """
    if text is None:
        return None
    if re.fullmatch(r"[ \t]*[0-9]+[ \t]*", text):
        seconds = float(text)
    elif at := http_date(text):
        seconds = max(0.0, at.timestamp() - now)
    else:
        return None
    return seconds if seconds < LONG_WAIT else math.inf


def seconds_text(seconds: float) -> str:
    """Return a wait for people, in few digits whatever the service asked for."""
    return f"{seconds:.0f} s" if seconds < LONG_WAIT else f"{LONG_WAIT:.0f} s or more"


def http_date(text: str | None) -> datetime | None:
    """Parse an HTTP date; return the moment in UTC, None if the text is not a date."""
    try:
        found = parsedate_to_datetime(text or "")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _refuse_to_wait(seconds: float, bound: float) -> NoAnswer:
    asked = seconds_text(seconds)
    why = f"not sent, because the service asks to wait {asked} more; exportctl waits at most {bound:.0f} s"
    return NoAnswer(why, unsent=True, final=True, hint=f"run the command again in {asked}")


def _no_answer(error: Exception, timeout: float) -> NoAnswer:
    """Describe an exception of the transport in our own words, except the system's text for a refused connection."""
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return NoAnswer("no connection in time", unsent=True)
        case httpx.ConnectError() if _is_untrusted(error):
            return NoAnswer(
                "its certificate is not trusted",
                unsent=True,
                final=True,
                hint="behind a company proxy, set SSL_CERT_FILE to the CA bundle of the proxy",
            )
        case httpx.ConnectError() | httpx.ProxyError() | ConnectionRefusedError():
            return NoAnswer(f"no connection ({error})" if str(error) else "no connection", unsent=True)
        case httpx.TimeoutException() | TimeoutError():
            return NoAnswer(f"no answer within {timeout:g} s")
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            return NoAnswer("the request is not valid HTTP", unsent=True, final=True)
    return NoAnswer("the connection broke before the answer was complete")


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
