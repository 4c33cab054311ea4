"""The HTTP connections of one client, or of all clients of a run: one for this machine, and one for all other hosts."""

from __future__ import annotations

import threading
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from exportctl.errors import Error


class HttpClients:
    """HTTP clients that are opened when they are first needed; safe to use from several threads."""

    def __init__(self, transport: httpx.BaseTransport | None, timeout: float):
        self._transport = transport
        self._timeout = timeout  # seconds
        self._open: dict[bool, httpx.Client] = {}
        self._lock = threading.Lock()

    def client(self, *, inward: bool) -> httpx.Client:
        """Return the client for this machine (`inward`), which uses no proxy, or for other hosts."""
        with self._lock:
            if inward not in self._open:
                self._open[inward] = _open_client(self._transport, self._timeout, trust_env=not inward)
            return self._open[inward]

    def close(self) -> None:
        with self._lock:
            for http in self._open.values():
                http.close()
            self._open.clear()


def _open_client(transport: httpx.BaseTransport | None, timeout: float, *, trust_env: bool) -> httpx.Client:
    why = ""
    try:
        return httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            follow_redirects=False,
            trust_env=trust_env,
            # A cookie jar is not safe with several threads, and no request needs cookies.
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        )
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
        why = type(error).__name__  # the text of the error may contain a proxy's password
    raise Error(
        f"cannot set up HTTPS with the variables of the environment ({why})",
        rule="https-setup",
        hint="check HTTPS_PROXY and ALL_PROXY (http:// addresses), SSL_CERT_FILE and SSL_CERT_DIR (must exist)",
    )
