"""
Add the headers and the token to every request: one organization, one sandbox, one set of credentials.

In: a request line and its parts. Out: a 2xx answer, or one ServiceError. It knows which values no error may show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from urllib.parse import quote, urlencode

from exportctl import __version__
from exportctl.client.auth import Credentials, TokenCache, Tokens
from exportctl.client.errors import RequestLine, error_of, not_reached_error
from exportctl.client.guard import SecretGuard
from exportctl.client.transport import Answer, NoAnswer, Purpose, Request, RequestSender
from exportctl.errors import Error, ServiceError
from exportctl.frozen import dataclass
from exportctl.model.masking import Mask, build_mask
from exportctl.model.urls import Url


@dataclass(frozen=True)
class RequestParts:
    """A request without method and path; `private` are values in it that an answer might repeat."""

    base: str
    params: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    private: Sequence[str] = field(default=(), repr=False)


class Session:
    """One identity that sends requests; safe to use from several threads."""

    def __init__(
        self,
        url: Url,
        ims: Url,
        exchange: RequestSender,
        *,
        organization: str,
        sandbox: str,
        credentials: Credentials,
        guard: SecretGuard,
        tokens: TokenCache | None = None,
    ):
        self._url = url
        self._exchange = exchange
        self._headers = {
            "User-Agent": f"exportctl/{__version__}",
            "x-api-key": credentials.client_id,
            "x-gw-ims-org-id": _header_value(organization, "organization"),
            "x-sandbox-name": _header_value(sandbox, "sandbox"),  # without it a request goes to prod [UD]
        }
        self.guard = guard
        if credentials.client_secret is not None:
            guard.hide([credentials.client_secret.reveal()])
        self._tokens = Tokens(credentials, ims, exchange, guard, tokens)

    def send_request(self, line: RequestLine, sending: RequestParts) -> Answer:
        """
        Send a request and return its 2xx answer; after a 401 send it once more with a new token.

        Raises:
            ServiceError: the service refused the request or did not answer.
        """
        url = f"{self._url}{sending.base}{quote(line.path, safe='/%')}"
        if sending.params:
            url += "?" + urlencode(list(sending.params), quote_via=quote, safe="")
        purpose = Purpose.WRITE if line.is_write else Purpose.READ

        def send_with_token(token: str) -> Answer | NoAnswer:
            headers = {**self._headers, **sending.headers, "Authorization": f"Bearer {token}"}
            request = Request(line.method, url, purpose, headers, sending.content)
            return self._exchange.send(request, inward=self._url.is_local)

        token = self._tokens.current_token()
        got = send_with_token(token)
        if isinstance(got, Answer) and got.status == 401 and self._tokens.is_renewable:
            got = send_with_token(self._tokens.renewed_token(token))
        if isinstance(got, NoAnswer):
            raise not_reached_error(line, self._url.netloc, got, self._mask(sending.private))
        if not 200 <= got.status < 300:
            raise self.build_error(line, got, sending.private)
        return got

    def build_error(self, line: RequestLine, answer: Answer, private: Iterable[str] = ()) -> ServiceError:
        """Build the error for an answer."""
        error = error_of(line, answer, self._mask(private))
        if answer.status == 401 and not self._tokens.is_renewable:
            error.hint = (
                "set a new AEP_ACCESS_TOKEN, or AEP_CLIENT_ID and AEP_CLIENT_SECRET instead: "
                "exportctl cannot renew an access token"
            )
        return error

    def _mask(self, private: Iterable[str]) -> Mask:
        own = build_mask(private)
        return lambda text: own(self.guard.mask(text))


def _header_value(value: str, name: str) -> str:
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise Error(
            f"platform.{name} is empty or not a name, and every request needs it",
            rule="platform",
            hint=f"set platform.{name}",
        )
    return value
