"""How a service may repeat what was sent to it: every way that masks must know."""

from __future__ import annotations

import base64
import html
import json
import textwrap
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _utf16(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2)]


TRANSFORMED: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "in JSON": _json,
    "in JSON in JSON": lambda text: _json(json.dumps({"sent": text})),
    "in HTML": html.escape,
    "in URLs": lambda text: quote(text, safe=""),
    "in upper case": str.upper,
    "in lower case": str.lower,
    "split by line ends": lambda text: "\n  ".join(text[i : i + 9] for i in range(0, len(text), 9)),
    "inside longer base64": lambda text: _base64(f"user:{text}:x"),
    "with a backslash before each sign": lambda text: "".join(c if c.isalnum() else f"\\{c}" for c in text),
    # and more of the same kinds
    "inside base64, one later": lambda text: _base64(f"users:{text}:x"),
    "inside base64, two later": lambda text: _base64(f"a user:{text}:x"),
    "in the base64 of JSON": lambda text: _base64(json.dumps({"sent": text})),
    "in base64 of URLs, in lines": lambda text: textwrap.fill(base64.urlsafe_b64encode(text.encode()).decode(), 20),
    "in the base64 of base64": lambda text: _base64(_base64(text)),
    "as numbers of HTML": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "in HTML in HTML": lambda text: html.escape(html.escape(text)),
    "as a form": quote_plus,
    "in URLs in URLs": lambda text: quote(quote(text, safe=""), safe=""),
    "in URLs in upper case": lambda text: quote(text, safe="").upper(),
    "as \\u": lambda text: "".join(f"\\u{code:04x}" for code in _utf16(text)),
    "as \\u in JSON": lambda text: _json("".join(f"\\u{code:04x}" for code in _utf16(text))),
    "split by \\n": lambda text: _json("\n".join(text[i : i + 11] for i in range(0, len(text), 11))),
    "in hex": lambda text: text.encode().hex(),
    "cut": lambda text: text[: max(16, len(text) * 2 // 3)],
}
TEN = tuple(TRANSFORMED)[:10]
