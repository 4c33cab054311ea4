"""
Secret values, and what a value must be to be one.

A `Secret` shows as `(secret)` wherever it is printed, formatted, dumped, copied or pickled. Only the code that sends
the value calls `reveal`. Pure: `config/read_references` reads the values, `masking` finds them in texts from outside.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from exportctl.errors import Error, SourcePosition
from exportctl.model.masking import MASKED_TEXT, MIN_SECRET_LENGTH


class Secret:
    """A value that cannot be printed. Equal to a Secret of the same value."""

    __slots__ = ("_value",)

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """Return the value itself, for the request that sends it."""
        return self._value

    def __repr__(self) -> str:
        return MASKED_TEXT

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASKED_TEXT, spec)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (MASKED_TEXT,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


def check_secret_length(secret: Secret, reference: str, at: SourcePosition | None = None) -> None:
    """Check that a secret has at least 8 characters. The error names the reference and never the value."""
    if len(secret.reveal()) < MIN_SECRET_LENGTH:
        message = f"the value of {reference} has fewer than {MIN_SECRET_LENGTH} characters: too short for a secret"
        hint = "check where the variable is set: it is often empty or cut"
        raise Error(message, rule="secret-too-short", hint=hint, at=at)


def check_single_line(secret: Secret, reference: str, at: SourcePosition | None = None) -> None:
    """
    Check that a value has one line and no control character, as no service accepts more.

    The error names the reference, never the value.
    """
    if any(end in secret.reveal() for end in "\r\n"):
        message = f"the value of {reference} contains a line end; no key, password or name has one"
        hint = "write it with printf '%s' instead of echo, and save an .env file without Windows line ends"
        raise Error(message, rule="value-line-end", hint=hint, at=at)
    if odd := unsendable_character(secret.reveal()):
        message = f"the value of {reference} contains {odd}; no key, password or name has one"
        raise Error(message, rule="value-control-character", hint="write the value again, as text in UTF-8", at=at)


def unsendable_character(text: str, allowed: str = "") -> str | None:
    """Name the first control character, byte order mark or half surrogate pair in a text; None without one."""
    if text.isprintable():  # true of most texts, and false of each of these characters
        return None
    for char in text:
        code = f"U+{ord(char):04X}"
        if "\ud800" <= char <= "\udfff":
            return f"half of a surrogate pair ({code})"
        if char == "\ufeff":
            return f"a byte order mark ({code})"
        if unicodedata.category(char) == "Cc" and char not in allowed:
            return f"the control character {code}"
    return None


class Secrecy(StrEnum):
    """Who may see a value: PLAIN is shown, SENSITIVE is masked, SECRET stands in the YAML only as a reference."""

    PLAIN = "plain"
    SENSITIVE = "sensitive"
    SECRET = "secret"


def auth_values(body: object, inside: bool = False) -> list[str]:
    """Collect the texts under `auth.params` or an `/auth…` operation of a request: an answer may repeat them."""
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
