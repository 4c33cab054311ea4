"""
Signatures that the storage library does not offer: an Azure container SAS, and the headers of one S3 request. Pure.

Sources: Microsoft, "Create a service SAS" (version 2020-12-06); AWS, "Signature Version 4 signing process".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

AZURE_VERSION = "2020-12-06"
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def container_sas(account: str, key: str, container: str, permissions: str, expires: float) -> str:
    """
    Return the query string that opens a container until `expires` (seconds since 1970 UTC).

    `permissions` are letters in the order that Azure prescribes: r, a, c, w, d, l.

    Raises:
        ValueError: the account key is not base64.
    """
    expiry = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    start = identifier = ip = snapshot = scope = protocol = ""
    overridden = ("",) * 5  # rscc, rscd, rsce, rscl, rsct
    fields = (permissions, start, expiry, f"/blob/{account}/{container}", identifier, ip, protocol, AZURE_VERSION)
    text = "\n".join((*fields, "c", snapshot, scope, *overridden))
    digest = hmac.new(decode_account_key(key), text.encode(), hashlib.sha256).digest()
    query = {"sv": AZURE_VERSION, "se": expiry, "sr": "c", "sp": permissions, "sig": base64.b64encode(digest).decode()}
    return urlencode(query)


def decode_account_key(text: str) -> bytes:
    """Decode an account key; the ValueError of a text that is not base64 does not repeat it."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the account key is not base64") from None


def s3_headers(method: str, url: str, region: str, access_key: str, secret_key: str, now: float) -> dict[str, str]:
    """Sign an S3 request without body and query; `url` is percent-encoded, `now` in seconds since 1970 UTC."""
    parts = urlsplit(url)
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": parts.netloc, "x-amz-content-sha256": _EMPTY_SHA256, "x-amz-date": moment}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join((method, parts.path, "", lines, names, _EMPTY_SHA256))
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{secret_key}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    )
    return headers


def quote_key(key: str) -> str:
    """Return a key as it stands in an address."""
    return quote(key, safe="/~")
