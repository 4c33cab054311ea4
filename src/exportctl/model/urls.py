"""
Decide which hosts may get the token: pure rules over URLs, no network, no environment.

In: a URL as text and the list from EXPORTCTL_ALLOWED_HOSTS. Out: the same URL in one form, or an Error.
The YAML may only choose a host that the owner of the credentials allows: everyone who can open a pull request can
write YAML, and a host that gets the token can use it.

    URL                             allowed
    https://platform.adobe.io       always
    embedded                        always: the emulator in this process
    http(s)://loopback              always: the token stays on this machine
    https://other                   only if listed
    http://other                    never: the token would travel unencrypted

One pattern must match the whole URL, so no two parsers can disagree about the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.patterns import compile_on_use

PRODUCTION = "https://platform.adobe.io"
EMBEDDED = "embedded"
IMS_TOKEN_URL = "https://ims-na1.adobelogin.com/ims/token/v3"

_URL = compile_on_use(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/[A-Za-z0-9._/-]*)?",
    re.IGNORECASE,
)
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True)
class Url:
    """A URL without user, query or fragment; `port` is empty where it is the default of the scheme."""

    scheme: str
    host: str
    port: str
    path: str

    @property
    def netloc(self) -> str:
        """`host` or `host:port`, as in the list of allowed hosts."""
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def is_local(self) -> bool:
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def parse_url(url: str) -> Url | None:
    """Parse `url`; return None if it is anything but a plain http(s) address."""
    found = _URL.fullmatch(url)
    if found is None or int(found["port"] or "0") > 65535:
        return None
    scheme, port = found["scheme"].lower(), (found["port"] or "").lstrip("0")
    return Url(scheme, found["host"].lower(), "" if port == _PORTS[scheme] else port, (found["path"] or "").rstrip("/"))


def is_loopback(host: str) -> bool:
    """Check whether `host` is this machine: localhost, ::1 or 127.0.0.0/8, in no other spelling."""
    if host == "localhost":
        return True
    try:
        found = ip_address(host.strip("[]"))
    except ValueError:
        return False
    # Python 3.13 also calls ::ffff:127.0.0.1 a loopback address.
    return found.is_loopback if isinstance(found, IPv4Address) else found == IPv6Address("::1")


def allowed_hosts(text: str | None) -> tuple[str, ...]:
    """Parse EXPORTCTL_ALLOWED_HOSTS: `host` or `host:port`, separated by commas or blanks."""
    return tuple(word.lower() for word in re.split(r"[,\s]+", text or "") if word)


def check_host(url: str, allowed: Iterable[str] = ()) -> str:
    """
    Return the platform URL in one form, without a slash at the end, or `embedded`.

    Raises:
        Error: the URL is malformed or not https, or its host is not Adobe's, not this machine and not in `allowed`.
    """
    if url == EMBEDDED:
        return url
    found = parse_url(url)
    if found is None or found.path:
        message = f"platform url {_redact_url(url)} is not an address like {PRODUCTION}"
        hint = "write only scheme and host, without user, path or query; or `embedded` for the emulator"
        raise Error(message, rule="platform-url", hint=hint)
    if found.scheme != "https" and not found.is_local:
        message = f"platform url {found} is not https: the token would travel unencrypted"
        hint = f"write https://{found.netloc}; http is only for this machine (localhost, 127.0.0.1, [::1])"
        raise Error(message, rule="platform-url", hint=hint)
    if str(found) != PRODUCTION and not found.is_local and found.netloc not in set(allowed):
        where = f"{PRODUCTION}, this machine, or a listed host"
        message = f"platform url {found} is not allowed: the token goes only to {where}"
        hint = f"to give that host the token, set EXPORTCTL_ALLOWED_HOSTS={found.netloc} where exportctl runs"
        raise Error(message, rule="host-not-allowed", hint=hint)
    return str(found)


def check_token_url(url: str) -> str:
    """Return the token URL in one form; any URL but https or this machine is an Error, as the secret goes there."""
    found = parse_url(url)
    if found is None or not (found.scheme == "https" or found.is_local):
        message = f"token URL {_redact_url(url)} is not an https address, and exportctl sends the client secret there"
        raise Error(message, rule="token-url", hint=f"set AEP_IMS_URL to {IMS_TOKEN_URL}, or unset it")
    return str(found)


def parse_service_url(url: str, *, in_process: bool) -> Url:
    """Parse the URL to which a client sends its token; any but https, this machine or the emulator is an Error."""
    found = parse_url("http://embedded" if url == EMBEDDED and in_process else url)
    if found is None or not (found.scheme == "https" or found.is_local or in_process):
        message = "a URL that gets the token must be https, or http on this machine"
        raise Error(message, rule="platform-url", hint="check platform.url and AEP_IMS_URL")
    return found


def _redact_url(url: str) -> str:
    """Show a malformed URL without the password and the control characters that it may contain."""
    text = re.sub(r"//[^/@]*@", "//(user)@", url.split("?", 1)[0])
    return repr(text[:100])
