"""
Which hosts may be given the token: pure rules over URLs, no network, no environment.

In: a URL as text and the list from EXPORTCTL_ALLOWED_HOSTS. Out: the same URL in one spelling, or an Error.
YAML may only choose among hosts that the person who holds the credentials allowed: anybody who can open a pull
request can write YAML, and whoever gets the token can do what it can.

    URL                             allowed
    https://platform.adobe.io       always
    embedded                        always: the emulator in this process
    http(s)://loopback              always: never leaves this machine
    https://other                   only if listed
    http://other                    never: the token would travel in the clear

A URL is judged by one pattern that must match all of it, so no two parsers can disagree about the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from exportctl.errors import Error

PRODUCTION = "https://platform.adobe.io"
EMBEDDED = "embedded"
IMS_TOKEN_URL = "https://ims-na1.adobelogin.com/ims/token/v3"

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/[A-Za-z0-9._/-]*)?",
    re.IGNORECASE,
)
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True)
class Url:
    """The parts of a URL without user, query or fragment; `port` is empty where it is the scheme's own."""

    scheme: str
    host: str
    port: str
    path: str

    @property
    def netloc(self) -> str:
        """`host` or `host:port`, as it stands in a list of allowed hosts."""
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def is_local(self) -> bool:
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def parse_url(url: str) -> Url | None:
    """The parts of `url`, or None if it is anything but a plain http(s) address."""
    found = _URL.fullmatch(url)
    if found is None or int(found["port"] or "0") > 65535:
        return None
    scheme, port = found["scheme"].lower(), (found["port"] or "").lstrip("0")
    return Url(scheme, found["host"].lower(), "" if port == _PORTS[scheme] else port, (found["path"] or "").rstrip("/"))


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine: localhost, ::1 or 127.0.0.0/8, and no other spelling of them."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def allowed_hosts(text: str | None) -> tuple[str, ...]:
    """What EXPORTCTL_ALLOWED_HOSTS lists: `host` or `host:port`, separated by commas or blanks."""
    return tuple(word.lower() for word in re.split(r"[,\s]+", text or "") if word)


def check_host(url: str, allowed: Iterable[str] = ()) -> str:
    """
    The platform URL in one spelling, without a slash at the end, or `embedded`.

    Raises:
        Error: the URL is malformed, not https, or its host is neither Adobe's, this machine nor in `allowed`.
    """
    if url == EMBEDDED:
        return url
    found = parse_url(url)
    if found is None or found.path:
        raise Error(
            f"platform url {_redact_url(url)} is not an address like {PRODUCTION}",
            rule="platform-url",
            hint="give scheme and host only: no user, path or query; or `embedded` for the emulator",
        )
    if found.scheme != "https" and not found.is_local:
        raise Error(
            f"platform url {found} is not https: the token would travel in the clear",
            rule="platform-url",
            hint=f"write https://{found.netloc}; plain http is for this machine only (localhost, 127.0.0.1, [::1])",
        )
    if str(found) != PRODUCTION and not found.is_local and found.netloc not in set(allowed):
        raise Error(
            f"platform url {found} is not allowed: the token goes only to {PRODUCTION}, this machine, or a listed host",
            rule="host-not-allowed",
            hint=f"if that host may have the token, set EXPORTCTL_ALLOWED_HOSTS={found.netloc} where exportctl runs",
        )
    return str(found)


def check_token_url(url: str) -> str:
    """
    The token URL in one spelling.

    Raises:
        Error: it is malformed, or neither https nor on this machine: the client secret is sent there.
    """
    found = parse_url(url)
    if found is None or not (found.scheme == "https" or found.is_local):
        raise Error(
            f"token URL {_redact_url(url)} is not an https address: the client secret is sent there",
            rule="token-url",
            hint=f"set AEP_IMS_URL to {IMS_TOKEN_URL}, or unset it",
        )
    return str(found)


def parse_service_url(url: str, *, in_process: bool) -> Url:
    """
    Where a client sends its token: https, this machine, or nowhere outside this process.

    Raises:
        Error: the token would travel in the clear, or `url` is `embedded` without anything embedded.
    """
    found = parse_url("http://embedded" if url == EMBEDDED and in_process else url)
    if found is None or not (found.scheme == "https" or found.is_local or in_process):
        raise Error(
            "a URL that gets the token must be https, or plain http on this machine",
            rule="platform-url",
            hint="check platform.url and AEP_IMS_URL",
        )
    return found


def _redact_url(url: str) -> str:
    """A malformed URL may hold a password or control characters: show only what is neither."""
    text = re.sub(r"//[^/@]*@", "//(user)@", url.split("?", 1)[0])
    return repr(text[:100])
