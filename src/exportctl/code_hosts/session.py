"""
Send requests with the token of a CI job to the one API that the CI names, and turn answers into JSON or an error.

    GET, and a PATCH or PUT that sets a whole value     repeated like a read: twice is the same as once
    POST                                                never repeated, unless the host refused it or it was not sent

The token goes in one header, to this one address. No redirect is followed, and the address of a next page is built
here: an address in an answer is never called. No error contains the token.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode

from exportctl import __version__
from exportctl.client.transport import Answer, NoAnswer, Purpose, Request, RequestSender, may_have_happened
from exportctl.code_hosts.post import UncertainWrite
from exportctl.errors import Error, Forbidden, NotFound, ServiceError, Unauthorized
from exportctl.model.masking import Mask, clean_text
from exportctl.model.urls import Url, parse_url

PAGE = 100  # items; the most that GitHub and GitLab give at once
MAX_PAGES = 100
RATE_LIMIT_WAIT = 60.0  # seconds that exportctl waits for a limit which is said in a 403
_JSON = "application/json"
_CLASSES: Mapping[int, type[ServiceError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound}
Params = Sequence[tuple[str, str]]


class HostSession:
    """The API of one host with one token."""

    def __init__(self, name: str, base: Url, headers: Mapping[str, str], sender: RequestSender, mask: Mask):
        self.name = name
        self._base = base
        self._headers = {"User-Agent": f"exportctl/{__version__}", **headers}
        self._sender = sender
        self._mask = mask

    def get(self, path: str, params: Params = ()) -> object:
        """Return the JSON value of an answer, or raise a ServiceError."""
        return self._send("GET", path, params, None, Purpose.READ)

    def set_value(self, method: str, path: str, body: object, params: Params = (), kind: str = _JSON) -> object:
        """Send a whole new value, again if the answer is lost."""
        return self._send(method, path, params, (body, kind), Purpose.READ)

    def ask(self, path: str, body: object, params: Params = ()) -> object:
        """Send a query by POST: it changes nothing, so it is repeated like a read."""
        return self._send("POST", path, params, (body, _JSON), Purpose.READ)

    def create(self, path: str, body: object, params: Params = (), kind: str = _JSON) -> object:
        """
        Send a POST that creates something.

        Raises:
            UncertainWrite: it may exist.
            ServiceError: it does not exist.
        """
        return self._send("POST", path, params, (body, kind), Purpose.WRITE)

    def pages(self, path: str, params: Params = ()) -> Iterator[Mapping[str, object]]:
        """
        Yield the items of every page of a list.

        Raises:
            Error: there are more pages than any real list has.
        """
        for number in range(1, MAX_PAGES + 1):
            page = self.get(path, (*params, ("per_page", str(PAGE)), ("page", str(number))))
            items = page if isinstance(page, list) else []
            yield from (item for item in items if isinstance(item, dict))
            if len(items) < PAGE:
                return
        raise Error(f"{self.name} lists more than {MAX_PAGES * PAGE} items at {path}", rule="code-host")

    def _send(
        self, method: str, path: str, params: Params, content: tuple[object, str] | None, purpose: Purpose
    ) -> object:
        url = f"{self._base}{quote(path, safe='/%$')}" + (f"?{urlencode(list(params))}" if params else "")
        headers, data = dict(self._headers), None
        if content is not None:
            data, headers["Content-Type"] = json.dumps(content[0]).encode("utf-8"), content[1]
        request = Request(method, url, purpose, headers, data)
        got = self._sender.send(request, inward=self._base.is_local)
        wait = _rate_limit_wait(got)
        if wait is not None:
            self._sender.clock.sleep(wait)
            got = self._sender.send(request, inward=self._base.is_local)
        if isinstance(got, Answer) and 200 <= got.status < 300 and got.is_json:
            return got.document
        raise self._error(f"{method} {path}", got, creates=purpose is Purpose.WRITE)

    def _error(self, line: str, got: Answer | NoAnswer, *, creates: bool) -> ServiceError:
        if isinstance(got, NoAnswer):
            kind = UncertainWrite if creates and not got.unsent else ServiceError
            return kind(f"{line} at {self.name}: {clean_text(got.why, self._mask)}", hint=got.hint, rule="not-reached")
        if 300 <= got.status < 400:
            text = "it points to another address, where exportctl does not send the token"
        else:
            text = clean_text(_message(got), self._mask) or "without a reason"
        uncertain = creates and may_have_happened(got.status) and not 300 <= got.status < 400
        kind = UncertainWrite if uncertain else _CLASSES.get(got.status, ServiceError)
        return kind(
            f"{self.name} answered {got.status} to {line}: {text}",
            status=got.status,
            hint=_HINTS.get(got.status),
            rule="code-host",
        )


_HINTS: Mapping[int, str] = {
    401: "check the token: it is missing, expired or of another host",
    403: "give the token the right to write comments and issues (GitHub: `pull-requests: write`, `issues: write`)",
    404: "check that the token may see this repository and its pull request",
}


def _rate_limit_wait(got: Answer | NoAnswer) -> float | None:
    """
    Return the seconds to wait if a 403 is a rate limit that ends soon; None else.

    GitHub refuses with 403 or 429 and says `retry-after` for its secondary limits. A 403 did nothing, so it is safe to
    send the request again. Source: docs.github.com, "Rate limits for the REST API".
    """
    if isinstance(got, NoAnswer) or got.status != 403:
        return None
    text = got.headers.get("retry-after", "")
    return float(text) if text.isdecimal() and int(text) <= RATE_LIMIT_WAIT else None


def _message(got: Answer) -> str:
    """Return what an error body says: `message` on GitHub and Azure DevOps, `message` or `error` on GitLab."""
    body = got.document if isinstance(got.document, dict) else {}
    for key in ("message", "error_description", "error"):
        found = body.get(key)
        if found:
            return found if isinstance(found, str) else json.dumps(found)
    return ""


def api_url(variable: str, text: str | None) -> Url:
    """
    Parse the address of an API from a variable of the CI.

    Raises:
        Error: it is not set, or is neither https nor this machine: the token would travel unencrypted.
    """
    if not text:
        raise Error(f"{variable} is not set", rule="code-host", hint="run this in a job of that CI system, or set it")
    found = parse_url(text.rstrip("/"))
    if found is None or not (found.scheme == "https" or found.is_local):
        raise Error(f"{variable} is not an https address", rule="code-host", hint="the token is sent there")
    return found


def require_label(host: str, made: object, label: str, number: str) -> None:
    """
    Check that a new issue has its label, by which the next run finds it.

    Raises:
        Error: the host dropped it without a word, as GitHub does for a token without the right.
    """
    labels = made.get("labels") if isinstance(made, dict) else None
    names = [text_of(one, "name") if isinstance(one, dict) else str(one) for one in labels or []]
    if label not in names:
        hint = f"add the label {label} to the issue, and give the token the right to set labels"
        raise Error(f"{host} opened issue {number} without the label {label}", rule="code-host", hint=hint)


def text_of(item: object, *names: str) -> str:
    """Return a text or a number at a path of nested JSON objects; empty if there is none."""
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return str(item) if isinstance(item, str | int) and not isinstance(item, bool) else ""
