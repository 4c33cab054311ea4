"""Who may get the token."""

from __future__ import annotations

import httpx
import pytest

from exportctl.client.auth import Credentials
from exportctl.client.client import Client
from exportctl.errors import Error
from exportctl.model.secret import Secret
from exportctl.model.urls import IMS_TOKEN_URL, PRODUCTION, allowed_hosts, check_host, check_token_url, is_loopback
from tests.client.scripted import Script, client_of

LISTED = allowed_hosts("platform-stage.adobe.io, mock.example:8443\nOther.Example")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://platform.adobe.io", PRODUCTION),
        ("https://platform.adobe.io/", PRODUCTION),
        ("HTTPS://Platform.Adobe.IO:443", PRODUCTION),
        ("embedded", "embedded"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://127.8.9.10", "https://127.8.9.10"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://platform-stage.adobe.io", "https://platform-stage.adobe.io"),
        ("https://mock.example:8443", "https://mock.example:8443"),
        ("https://other.example", "https://other.example"),
    ],
)
def test_these_hosts_get_the_token(url: str, expected: str) -> None:
    assert expected == check_host(url, LISTED)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://platform.adobe.io.evil.example",
        "https://platform.adobe.io.",
        "https://platform.adobe.io:8443",
        "https://platform-va7.adobe.io",
        "https://mock.example",
        "https://other.example:444",
        "http://platform.adobe.io",
        "http://platform-stage.adobe.io",
        "http://localhost.evil.example",
        "https://127.0.0.1.evil.example",
        "http://0.0.0.0",
        "http://127.1",
        "http://0177.0.0.1",
        "http://2130706433",
        "http://[::ffff:127.0.0.1]",
        "http://10.0.0.1",
    ],
)
def test_these_hosts_do_not(url: str) -> None:
    with pytest.raises(Error) as caught:
        check_host(url, LISTED)

    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "platform.adobe.io",
        "ftp://platform.adobe.io",
        "https://",
        "https://user:pw@platform.adobe.io",
        "https://platform.adobe.io@evil.example",
        "https://platform.adobe.io\\@evil.example",
        "https://platform.adobe.io/data",
        "https://platform.adobe.io?x=1",
        "https://platform.adobe.io#x",
        "https://platform.adobe.io\n",
        "https://plat\tform.adobe.io",
        " https://platform.adobe.io",
        "https://platf\u043erm.adobe.io",
        "https://platform.adobe.io:99999",
        "EMBEDDED",
    ],
)
def test_anything_but_a_plain_address_is_refused(url: str) -> None:
    with pytest.raises(Error, match="is not an address") as caught:
        check_host(url, LISTED)

    assert "pw@" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_list_only_adobe_and_this_machine_are_allowed() -> None:
    with pytest.raises(Error, match="not allowed") as caught:
        check_host("https://platform-stage.adobe.io", allowed_hosts(None))

    assert "EXPORTCTL_ALLOWED_HOSTS=platform-stage.adobe.io" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (IMS_TOKEN_URL, IMS_TOKEN_URL),
        ("https://ims-na1-stg1.adobelogin.com/ims/token/v3", "https://ims-na1-stg1.adobelogin.com/ims/token/v3"),
        ("http://127.0.0.1:9/ims/token/v3", "http://127.0.0.1:9/ims/token/v3"),
    ],
)
def test_the_token_url_is_https_or_this_machine(url: str, expected: str) -> None:
    assert expected == check_token_url(url)


@pytest.mark.parametrize("url", ["http://ims.example/t", "ims.example", "https://u:p@ims.example/t", "https://h/t?a=b"])
def test_the_client_secret_goes_nowhere_else(url: str) -> None:
    with pytest.raises(Error, match="token URL"):
        check_token_url(url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.0.1", "[::1]", "::1"])
def test_these_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("transport", [None, httpx.HTTPTransport()], ids=["none", "network"])
@pytest.mark.parametrize(
    "urls", [("http://a.example", IMS_TOKEN_URL), (PRODUCTION, "http://a.example/t"), ("embedded", IMS_TOKEN_URL)]
)
def test_a_client_sends_no_token_in_the_clear(urls: tuple[str, str], transport: httpx.BaseTransport | None) -> None:
    with pytest.raises(Error, match="must be https"):
        Client(
            urls[0], organization="o", sandbox="s", credentials=Credentials("c", Secret("s")), ims_url=urls[1],
            transport=transport,
        )  # fmt: skip


def test_inside_this_process_the_clear_is_no_danger() -> None:
    script = Script()
    client = Client(
        "embedded", organization="o", sandbox="s", credentials=Credentials("c", Secret("s")),
        ims_url="http://embedded/ims/token/v3", transport=httpx.WSGITransport(app=script),
    )  # fmt: skip

    client.list("/flows")

    assert script.seen[0].headers["host"] == "embedded"
    assert client_of(Script()).list("/flows") == []
