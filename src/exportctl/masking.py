"""
Blotting values out of foreign texts: the service may echo what it was sent. Pure.

In: the values that must not be shown, a text. Out: the text with `(secret)` in their place.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

MAX_SHOWN_LENGTH = 500  # characters of a foreign text that are shown
_MIN_MASKED_LENGTH = 4  # shorter values are masked nowhere: they would blot out ordinary words

Mask = Callable[[str], str]
Spellings = Callable[[str], Iterable[str]]


def clean_text(text: str, mask: Mask) -> str:
    """A foreign text fit to show: one line, no control characters, masked, then cut at 500 characters."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in mask(text)).split())
    clean = mask(clean)
    return clean if len(clean) <= MAX_SHOWN_LENGTH else clean[: MAX_SHOWN_LENGTH - 1] + "…"


def build_mask(secrets: Iterable[str], spellings: Spellings = lambda _: ()) -> Mask:
    """
    A function that blots `secrets` out of a text, also escaped, URL-encoded, in base64 or line by line. `spellings` are
    further ways in which the text may hold a value.
    """
    forms = {form for secret in secrets for form in _value_forms(secret, spellings) if len(form) >= _MIN_MASKED_LENGTH}
    if not forms:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(f) for f in sorted(forms, key=lambda f: (-len(f), f))))
    return lambda text: pattern.sub("(secret)", text)


def _value_forms(secret: str, spellings: Spellings) -> Iterable[str]:
    for text in (secret, secret.strip(), " ".join(secret.split()), *(ln.strip() for ln in secret.splitlines())):
        for spelt in (text, *spellings(text)):
            yield from (spelt, json.dumps(spelt)[1:-1], json.dumps(spelt, ensure_ascii=False)[1:-1])
        yield from (quote(text), quote(text, safe=""), quote_plus(text))
        yield from (code(text.encode()).decode().rstrip("=") for code in (b64encode, urlsafe_b64encode))


def auth_values(body: object, inside: bool = False) -> list[str]:
    """The texts under `auth.params` or an `/auth…` operation of a request: an answer may echo them."""
    if isinstance(body, str):
        return [body] if inside else []
    if isinstance(body, list):
        return [text for part in body for text in auth_values(part, inside)]
    if not isinstance(body, dict):
        return []
    if str(body.get("path", "")).startswith("/auth"):
        return auth_values(body.get("value"), True)
    auth = body.get("auth")
    params = auth.get("params") if isinstance(auth, dict) else None
    own = [] if params is None else auth_values(params, True)
    return own + [text for part in body.values() for text in auth_values(part, inside)]
