"""
Get the access token: OAuth server-to-server against Adobe's identity service (IMS). The token stays in memory.

In: `Credentials` and a sender of requests. Out: a valid token. One thread asks for it, the other threads wait.
A refusal is final: the same credentials would be refused again, and IMS throttles too many requests [IMS guide].
The error texts of the token endpoint are not documented (flow-service.md 13, U1), so exportctl never shows them.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import field
from urllib.parse import urlencode

from exportctl.client.errors import again_hint, wait_phrase
from exportctl.client.guard import SecretGuard
from exportctl.client.transport import Answer, NoAnswer, Purpose, Request, RequestSender
from exportctl.errors import Error, NotReached, ServiceError, Unauthorized
from exportctl.frozen import dataclass
from exportctl.model.masking import clean_text
from exportctl.model.secret import Secret
from exportctl.model.urls import Url

DEFAULT_SCOPES = ("openid", "AdobeID", "read_organizations", "additional_info.projectedProductContext", "session")
MARGIN = 500.0  # seconds before the end at which a token is renewed; aepp's figure [AE connector.py]
LONGEST_LIFE = 172_800.0  # above this, expires_in can only be the old form in milliseconds [inf]
PATIENCE = 30.0  # seconds before clients of one run ask a token endpoint again that did not answer
ASSUMED_LIFE = 3_600.0  # where expires_in is missing: assumed, a 401 renews the token anyway


@dataclass(frozen=True)
class Credentials:
    """
    The identity of the caller: `client_id` with a `client_secret`, or with an `access_token` that cannot be renewed.

    With both, exportctl uses the access token. One text of `scopes` may hold several, separated by commas or blanks.
    """

    client_id: str
    client_secret: Secret | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    access_token: Secret | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _is_sendable(self.client_id):
            raise Error("the client id is empty or contains blanks", rule="credentials", hint="set AEP_CLIENT_ID")
        if self.client_secret is None and self.access_token is None:
            raise Error(
                "the credentials contain neither a client secret nor an access token",
                rule="credentials",
                hint="set AEP_CLIENT_SECRET (from the Developer Console), or AEP_ACCESS_TOKEN",
            )


@dataclass(frozen=True)
class _CachedToken:
    token: str = field(repr=False)
    until: float  # on the monotonic clock; infinite for a token that was given as such


@dataclass
class TokenSlot:
    """
    The token of one set of credentials. The thread that has `lock` asks for one, the others wait.

    For `patience` seconds after a token endpoint did not answer, `failure` takes the place of another request.
    """

    patience: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    held: _CachedToken | None = field(default=None, repr=False)
    refused: str | None = None
    failure: Error | None = None
    failed_until: float = 0.0


class TokenCache:
    """The tokens of a run with several clients: one for each set of credentials and token endpoint."""

    def __init__(self, patience: float = PATIENCE):
        self._patience = patience
        self._slots: dict[tuple[str, Credentials], TokenSlot] = {}
        self._lock = threading.Lock()

    def slot(self, credentials: Credentials, url: Url) -> TokenSlot:
        with self._lock:
            return self._slots.setdefault((str(url), credentials), TokenSlot(self._patience))


class Tokens:
    """The source of the current token; safe to use from several threads."""

    def __init__(
        self,
        credentials: Credentials,
        url: Url,
        exchange: RequestSender,
        guard: SecretGuard,
        cache: TokenCache | None = None,
    ):
        """Prepare the tokens of `url`. `guard` gets each token, so that no error shows one. `cache` shares them."""
        self._credentials = credentials
        self._url = url
        self._exchange = exchange
        self._guard = guard
        self._slot = cache.slot(credentials, url) if cache else TokenSlot()
        self._hidden: str | None = None
        given = self._given_token()
        self._slot.held = given or self._slot.held

    @property
    def is_renewable(self) -> bool:
        return self._credentials.access_token is None

    def current_token(self) -> str:
        """
        Return a token that stays valid for some minutes.

        Raises:
            Unauthorized: IMS refused the credentials.
            NotReached: the token endpoint did not answer.
            ServiceError: the answer contains no token.
        """
        with self._slot.lock:
            held = self._slot.held
            if held is None or self._exchange.clock.monotonic() >= held.until:
                held = self._slot.held = self._fetch_token()
            return self._hide_token(held)

    def renewed_token(self, refused: str) -> str:
        """Return another token than `refused`; threads that were refused with the same token cause one request."""
        with self._slot.lock:
            held = self._slot.held
            if held is None or held.token == refused:
                held = self._slot.held = self._fetch_token()
            return self._hide_token(held)

    def _hide_token(self, held: _CachedToken) -> str:
        if held.token != self._hidden:  # another client may have asked for it
            self._guard.hide([held.token])
            self._hidden = held.token
        return held.token

    def _given_token(self) -> _CachedToken | None:
        if self._credentials.access_token is None:
            return None
        token = self._credentials.access_token.reveal().strip()
        if not _is_sendable(token):
            raise Unauthorized(
                "the access token is empty or contains characters that no token has",
                rule="credentials",
                hint="set AEP_ACCESS_TOKEN to the token only, without `Bearer` and line breaks",
            )
        self._guard.hide([token])
        return _CachedToken(token, float("inf"))

    def _fetch_token(self) -> _CachedToken:
        slot, now = self._slot, self._exchange.clock.monotonic()
        if slot.failure is not None and now < slot.failed_until:
            raise slot.failure
        try:
            return self._request_token()
        except (NotReached, ServiceError) as error:
            slot.failure, slot.failed_until = error, self._exchange.clock.monotonic() + slot.patience
            raise

    def _request_token(self) -> _CachedToken:
        if self._slot.refused is not None:
            raise _refusal(self._slot.refused)
        asked_at, host = self._exchange.clock.monotonic(), f"the token endpoint at {self._url.netloc}"
        answer = self._exchange.send(self._token_request(), inward=self._url.is_local)
        if isinstance(answer, NoAnswer):
            raise NotReached(
                f"got no token: {host}: {clean_text(answer.why, self._guard.mask)}",
                rule="not-reached",
                hint=answer.hint or "check the network, HTTPS_PROXY and AEP_IMS_URL",
            )
        if 400 <= answer.status < 500 and answer.status != 429:
            self._slot.refused = f"got no token: {host} answered {answer.status}"
            raise _refusal(self._slot.refused, answer.status)
        token, life = _token(answer)
        if token is None:
            raise _missing_token_error(host, answer)
        return _CachedToken(token, asked_at + life - min(MARGIN, life / 10))

    def _token_request(self) -> Request:
        secret = self._credentials.client_secret
        assert secret is not None  # a given token is never fetched
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": secret.reveal(),
            # Commas, without the blanks that Adobe's pages print [IMS] [AE configs.py].
            "scope": ",".join(re.findall(r"[^,\s]+", " ".join(self._credentials.scopes))),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request("POST", str(self._url), Purpose.TOKEN, headers, urlencode(form).encode())


def _missing_token_error(host: str, answer: Answer) -> ServiceError:
    asked = answer.asked_wait
    why = ", but without a token" if answer.status < 300 else wait_phrase(asked)
    hint = "check AEP_IMS_URL, or try again later"
    if asked:
        hint = again_hint(asked)
    elif answer.status == 429:
        hint = "wait a minute: too many tokens were requested"
    return ServiceError(f"got no token: {host} answered {answer.status}{why}", status=answer.status, hint=hint)


def lifetime(expires_in: object) -> float:
    """
    Return the lifetime of a token in seconds.

    Source: seconds by [IMS]; the retired JWT flow answered milliseconds [AU]. The size tells which [inf].
    """
    text = str(expires_in) if isinstance(expires_in, int | float | str) else ""
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", text):
        return ASSUMED_LIFE
    seconds = float(text)
    return seconds / 1000 if seconds > LONGEST_LIFE else seconds


def _token(answer: Answer) -> tuple[str | None, float]:
    try:
        found = json.loads(answer.body) if 200 <= answer.status < 300 else None
    except (ValueError, RecursionError):
        found = None
    token = found.get("access_token") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(token, str) or not _is_sendable(token):
        return None, 0.0
    return token, lifetime(found.get("expires_in"))


def _is_sendable(text: str) -> bool:
    """Check that a header can carry the text: otherwise the HTTP library would print it in its error."""
    return re.fullmatch(r"[\x21-\x7e]+", text) is not None


def _refusal(text: str, status: int | None = None) -> Unauthorized:
    return Unauthorized(
        f"{text}: the client id, the client secret or the scopes are wrong",
        status=status,
        rule="unauthorized",
        hint="compare AEP_CLIENT_ID, AEP_CLIENT_SECRET and AEP_SCOPES with the project in the Developer Console",
    )
