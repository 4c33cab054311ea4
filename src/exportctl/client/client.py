"""
The Flow Service over HTTP: one method per verb, with paging, retry, the token and errors. It knows no kind and no plan.

In: collection paths (`/flows`, `/flows/{id}`) and JSON bodies in wire form. Out: JSON objects, ids, etags, or one
ServiceError. Safe to use from several threads. It logs and prints nothing. No error contains a token, a secret or a
request body. The parts: `urls` decides which host may get the token, `auth` gets the token, `session` adds the headers,
`transport` uses the network and decides what is sent again, `errors` and `secret` clean the texts, `pages` reads
the JSON around objects.

The client repeats a write only when the service certainly did nothing. After any other failure the error says
`wrote=True`: the caller reads what it wrote before it writes again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from random import random as dice
from types import TracebackType
from typing import Self

import httpx

from exportctl.client import pages as paging
from exportctl.client.auth import Credentials
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.client.errors import RequestLine, describe_body, json_object, unusable_answer_error
from exportctl.client.guard import SecretGuard
from exportctl.client.offset_pages import EndlessList, OffsetPage, page_total, read_offset_pages
from exportctl.client.pages import Json, Objects, Params
from exportctl.client.session import RequestParts, Session
from exportctl.client.shared_access import SharedAccess
from exportctl.client.transport import Answer, Backoff, Request, RequestCounts, RequestObserver, RequestSender
from exportctl.clock import Clock, system_clock
from exportctl.errors import NotFound, ServiceError
from exportctl.frozen import dataclass
from exportctl.model.secret import auth_values
from exportctl.model.urls import IMS_TOKEN_URL, parse_service_url

FLOW_SERVICE = "/data/foundation/flowservice"
SANDBOXES = "/data/foundation/sandbox-management"
LANDING_ZONE = "/data/foundation/connectors/landingzone"
CATALOG = "/data/foundation/catalog"
SCHEMA_REGISTRY = "/data/foundation/schemaregistry"
PARAMETER_MISSING = "2119"  # the request lacks a query parameter [FE]
MAX_READERS = 16  # lists and pages read at the same time: six lists, and the ten pages of 1,000 datasets
PAGE_SIZE = 100  # the most one call may ask for; the default is not documented [D] [F]


@dataclass(frozen=True)
class CreatedObject:
    """The answer to a POST; `etag` is None if the answer has none."""

    id: str
    etag: str | None


class Client:
    """One organization, one sandbox, one set of credentials."""

    def __init__(
        self,
        url: str,
        *,
        organization: str,
        sandbox: str,
        credentials: Credentials,
        ims_url: str = IMS_TOKEN_URL,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
        random: Callable[[], float] = dice,
        timeout: float = 30.0,
        backoff: Backoff | None = None,
        guard: SecretGuard | None = None,
        shared: SharedAccess | None = None,
        readers: ConcurrencyLimit | None = None,
    ):
        """
        Open a session. `check_host` has accepted `url` and `check_token_url` has accepted `ims_url`.

        `embedded` needs a transport. `clock` is by default this machine's, and `now` of it is used only where an answer
        has no Date header. `timeout` is in seconds. `guard` holds the values that no text of the service may repeat.
        `shared` gives the connections (with their transport and timeout), the tokens and the rate budget of a run with
        several clients.
        `readers` limits the parallel requests for lists, of several clients if they share it.

        Raises:
            Error: a URL is neither https nor on this machine, or a header would be empty or malformed.
        """
        inside = transport is not None and not isinstance(transport, httpx.HTTPTransport)
        platform_url, ims = parse_service_url(url, in_process=inside), parse_service_url(ims_url, in_process=inside)
        self._exchange = RequestSender(
            transport=transport,
            inward={platform_url.is_local, ims.is_local},
            clock=clock or system_clock(),
            random=random,
            timeout=timeout,
            backoff=backoff or Backoff(),
            http=shared.http if shared else None,
            budget=shared.budget(platform_url.netloc, organization) if shared else None,
        )
        self._readers = readers or ConcurrencyLimit(MAX_READERS)
        self._exchange.on_throttle.append(self._readers.halve)
        self.client_id = credentials.client_id  # the service records it as the last editor of what this run writes [D]
        self._session = Session(
            platform_url,
            ims,
            self._exchange,
            organization=organization,
            sandbox=sandbox,
            credentials=credentials,
            guard=guard or SecretGuard(),
            tokens=shared.tokens if shared else None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._exchange.close()

    @property
    def request_counts(self) -> RequestCounts:
        """The number of requests that were sent, repeats included."""
        return self._exchange.request_counts()

    @property
    def was_refused(self) -> bool:
        """Whether the service answered 429, 500 or 503 to a client with these readers."""
        return self._readers.maximum < self._readers.upper_limit

    def on_throttle(self, call: Callable[[], None]) -> None:
        """Call this too for each 429, 500 and 503 of the platform from now on, in the thread that got the answer."""
        self._exchange.on_throttle.append(call)

    def on_duration(self, call: Callable[[Request, float], None]) -> None:
        """Call this too with the seconds of each other answer of the platform from now on, in its thread."""
        self._exchange.on_duration.append(call)

    def on_wait(self, call: Callable[[float], None]) -> None:
        """Call this with the seconds whenever the service asks to wait and exportctl does so."""
        self._exchange.on_wait = call

    def on_answer(self, call: Callable[[Request, Answer], None]) -> None:
        """Call this for each answer of the platform from now on, with the request as it was sent; not for tokens."""
        self._exchange.on_answer = call

    def observe(self, observer: RequestObserver | None) -> None:
        """Tell an observer of every request from now on, token requests and repeats included."""
        self._exchange.observer = observer

    def before_request(self, call: Callable[[Request], None] | None) -> None:
        """
        Call this right before each request is sent, repeats and tokens included, in its thread.

        An Error that it raises takes the place of the request.
        """
        self._exchange.before_send = call

    def server_date(self) -> datetime | None:
        """Return the Date header of the last answer, in UTC; None before the first answer."""
        return self._exchange.server_date()

    def mask_values(self, secrets: Iterable[str]) -> None:
        """Mask these values from now on in every text of the service."""
        self._session.guard.hide(secrets)

    def list(self, path: str, *, params: Params = (), limit: int | None = PAGE_SIZE) -> Objects:
        """
        List all items of a collection, in the order of the service, each id once (as read last).

        With `limit` None the request has no limit: `/connectionSpecs` and `/flowSpecs` know only `property` [F].

        Raises:
            ServiceError: the service refused or did not answer, or the pages do not end: a token came twice, or a next
                page has no token.
        """
        found: dict[str, Json] = {}
        for page in self.pages(path, params=params, limit=limit):
            paging.merge_page(found, page)
        return [*found.values()]

    def pages(self, path: str, *, params: Params = (), limit: int | None = PAGE_SIZE) -> Iterator[Objects]:
        """Yield a collection page by page, for readers that stop early. An id may come twice. Errors: see `list`."""
        line = RequestLine("GET", path)
        own = [*params, *([("limit", str(limit))] if limit is not None else [])]
        token: str | None = None
        seen: set[str] = set()
        while True:
            answer = self._send_list(line, [*own, *([("continuationToken", token)] if token is not None else [])])
            body = self._parse_object(line, answer)
            yield paging.page_items(line, answer, body)
            token = paging.next_page_token(line, answer, body)
            if token is None:
                return
            if token in seen:
                raise unusable_answer_error(line, answer, "its list does not end: a continuation token came twice")
            seen.add(token)

    def first_page(self, path: str, *, params: Params = ()) -> tuple[Objects, bool]:
        """Read the first page of a collection with one request, and whether there is a next one. Errors: see `list`."""
        line = RequestLine("GET", path)
        answer = self._send_list(line, [*params, ("limit", str(PAGE_SIZE))])
        body = self._parse_object(line, answer)
        return paging.page_items(line, answer, body), paging.next_page_token(line, answer, body) is not None

    def list_offset(self, path: str, *, params: Params = ()) -> Objects:
        """List all items with pages by `start`, as `/connectionSpecs/{id}/configs` has them; see offset_pages.py."""
        line, last = RequestLine("GET", path), None

        def read_page(start: int) -> OffsetPage:
            nonlocal last
            last = answer = self._send_list(line, [*params, ("start", str(start)), ("limit", str(PAGE_SIZE))])
            body = self._parse_object(line, answer)
            items, info = paging.page_items(line, answer, body), body.get("pageInfo")
            return OffsetPage(items, page_total(info), paging.has_more_pages(info), len(items) >= PAGE_SIZE)

        try:
            return read_offset_pages(read_page)
        except EndlessList:
            assert last is not None
            why = "its list does not end: a page without a new item says that more follow"
            raise unusable_answer_error(line, last, why) from None

    def get(self, path: str) -> Json:
        """Get one object, without the envelope of the service."""
        line = RequestLine("GET", paging.object_path(path))
        answer = self._send_read(line, ())
        items = paging.page_items(line, answer, self._parse_object(line, answer))
        if not items:
            raise NotFound(
                f"the service answered {answer.status} to {line}, but the answer contains no object",
                status=answer.status,
                rule="not-found",
                hint="the object does not exist (any more), or an access label hides it from this credential",
            )
        return items[0]

    def get_json(self, path: str, *, params: Params = (), accept: str | None = None) -> Json:
        """Get the JSON object at a full path of another service (`SANDBOXES + "/"`), unchanged."""
        line, headers = RequestLine("GET", path), {} if accept is None else {"Accept": accept}
        return self._parse_object(line, self._session.send_request(line, RequestParts("", params, headers)))

    def create(self, path: str, body: Json, *, params: Params = ()) -> CreatedObject:
        """POST a new object; return its id and etag."""
        line = RequestLine("POST", path)
        answer = self._send_write(line, body=body, params=params)
        made = self._parse_object(line, answer)
        if not paging.is_object_id(made.get("id")):
            raise unusable_answer_error(line, answer, "its answer names no id")
        return CreatedObject(str(made["id"]), paging.etag_of(made))

    def patch(self, path: str, ops: Sequence[Json], etag: str) -> str | None:
        """
        PATCH with If-Match; return the new etag, None if the answer has none.

        `etag` may come with or without quotes: the header has them exactly once (without quotes: 412 [TR]).

        Raises:
            Conflict: the object has another etag now.
        """
        line = RequestLine("PATCH", paging.object_path(path))
        return self._new_etag(line, self._send_write(line, body=[*ops], etag=etag))

    def act(self, path: str, op: str, *, etag: str | None = None) -> str | None:
        """
        POST the action `op` (enable, disable) on an object, without a body; return the new etag if there is one.

        [F] calls `subOp` required, the tutorial leaves it out [UD]: it is sent to a service that misses a parameter.
        """
        line, params = RequestLine("POST", f"{paging.object_path(path)}/action"), [("op", op)]
        try:
            answer = self._send_write(line, params=params, etag=etag)
        except ServiceError as error:
            if error.wrote or error.number != PARAMETER_MISSING:
                raise
            answer = self._send_write(line, params=[*params, ("subOp", "APPLY")], etag=etag)
        return self._new_etag(line, answer)

    def delete(self, path: str) -> None:
        """DELETE an object. It may still exist for some time; at the end a GET answers 404 [D] [DF]."""
        self._send_write(RequestLine("DELETE", paging.object_path(path)))

    def exchange(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        body: Json | Objects | None = None,
        etag: str | None = None,
    ) -> Answer:
        """Send one request and return its 2xx answer as it is, for a reader of status and form."""
        line = RequestLine(method, path)
        if line.is_write:
            return self._send_write(line, body=body, params=params, etag=etag)
        return self._send_read(line, params)

    def _send_list(self, line: RequestLine, params: Params) -> Answer:
        with self._readers:
            return self._send_read(line, params)

    def _send_read(self, line: RequestLine, params: Params) -> Answer:
        return self._session.send_request(line, RequestParts(FLOW_SERVICE, params))

    def _send_write(
        self, line: RequestLine, *, body: Json | Objects | None = None, params: Params = (), etag: str | None = None
    ) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if etag is not None:
            headers["If-Match"] = paging.quote_etag(etag)
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        return self._session.send_request(line, RequestParts(FLOW_SERVICE, params, headers, content, auth_values(body)))

    def _parse_object(self, line: RequestLine, answer: Answer) -> Json:
        body = json_object(answer)
        if body is None:
            raise unusable_answer_error(line, answer, f"with {describe_body(answer)}")
        if paging.is_error_body(body):
            raise self._session.build_error(line, answer)
        self._session.guard.note(body)
        return body

    def _new_etag(self, line: RequestLine, answer: Answer) -> str | None:
        """Read the etag from both documented answers to a PATCH: `{id, etag}`, or the object in `items`."""
        if not answer.body.strip():
            return None
        body = self._parse_object(line, answer)
        items = paging.page_items(line, answer, body)
        return paging.etag_of(items[0] if items else body)
