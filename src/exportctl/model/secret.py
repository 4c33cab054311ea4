"""
Secret values, masks for texts that may contain them, and the form of private keys.

A `Secret` shows as `(secret)` wherever it is printed, formatted, dumped, copied or pickled. Only the code that sends
the value calls `reveal`. Pure: `config/read_references` reads the values.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from enum import StrEnum
from urllib.parse import quote, quote_plus

from exportctl.errors import Error, SourcePosition

MASKED_TEXT = "(secret)"
MIN_SECRET_LENGTH = 8  # characters; a shorter value cannot be a secret
_RSA = bytes.fromhex("06092a864886f70d010101")  # the OID rsaEncryption, DER
_OPENSSH = b"openssh-key-v1\x00"


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
    """Check that a value has one line, as no service accepts more. The error names the reference, never the value."""
    if any(end in secret.reveal() for end in "\r\n"):
        message = f"the value of {reference} contains a line end; no key, password or name has one"
        hint = "write it with printf '%s' instead of echo, and save an .env file without Windows line ends"
        raise Error(message, rule="value-line-end", hint=hint, at=at)


def normalise_private_key(text: str, reference: str = "the private key", at: SourcePosition | None = None) -> Secret:
    """
    Return the base64 of the PEM, as the service expects it, from a PEM or its base64.

    Both forms of one key give the same value. Source: dataset-exports.md 4.1 (RSA, no passphrase).

    Raises:
        Error: the key is cut, has a passphrase, is not RSA, or is a public key; the message names `reference` only.
    """

    def problem(rule: str, words: str, hint: str) -> Error:
        return Error(f"{reference} {words}", rule=rule, hint=hint, at=at)

    pem = _pem(text.strip(), problem)
    found = re.search(r"-----BEGIN ([A-Z0-9 ]+)-----", pem)
    if not found:
        hint = "pass a file that begins with -----BEGIN RSA PRIVATE KEY-----"
        raise problem("private-key-form", "is not a PEM", hint)
    label = found.group(1)
    _check_label(label, pem, problem)
    end = f"-----END {label}-----"
    if end not in pem:
        raise problem("private-key-cut", f"is cut: its last line, {end}, is missing", _WHOLE)
    body = pem[found.end() : pem.index(end)]
    _check_der(label, _decode_body(body, problem), problem)
    whole = pem[found.start() : pem.index(end) + len(end)] + "\n"
    return Secret(base64.b64encode(whole.encode("utf-8")).decode("ascii"))


_WHOLE = "pass the whole file; if lines get lost on the way, pass its base64: base64 -w0 < key"


_Problem = Callable[[str, str, str], Error]  # from a rule, the words after the reference, and a hint


def _pem(text: str, problem: _Problem) -> str:
    if text.startswith(("ssh-", "ecdsa-")):
        raise problem("private-key-public", "is a public key", "pass the private key: the file without .pub")
    if text.startswith("PuTTY-User-Key-File"):
        raise problem("private-key-form", "is a PuTTY key", "convert it: puttygen key.ppk -O private-openssh -o key")
    if not text.startswith("-----BEGIN"):
        text = _decode_base64_pem(text, problem)
    if "\n" not in text.strip() and "\\n" in text:
        text = text.replace("\\n", "\n")  # as JSON and many .env files write line ends
    return text.replace("\r\n", "\n").strip()


def _decode_base64_pem(text: str, problem: _Problem) -> str:
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        decoded = ""
    if not decoded.lstrip().startswith("-----BEGIN"):
        raise problem("private-key-form", "is neither a PEM nor the base64 of a PEM", _WHOLE)
    return decoded.strip()


def _check_label(label: str, pem: str, problem: _Problem) -> None:
    if "PUBLIC" in label or "CERTIFICATE" in label:
        what = "certificate" if "CERTIFICATE" in label else "public key"
        raise problem("private-key-public", f"is a {what}", "pass the private key")
    if label == "ENCRYPTED PRIVATE KEY" or "4,ENCRYPTED" in pem:
        raise _passphrase_error(problem)
    if label not in ("RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY"):
        raise _not_rsa_error(problem, label)


def _passphrase_error(problem: _Problem) -> Error:
    hint = "write a copy without it: ssh-keygen -p -N '' -f COPY; the service cannot ask for a passphrase"
    return problem("private-key-passphrase", "has a passphrase", hint)


def _not_rsa_error(problem: _Problem, what: str) -> Error:
    hint = "make one: ssh-keygen -t rsa -b 4096 -m PEM -f key"
    return problem("private-key-not-rsa", f"is not an RSA key ({what})", hint)


def _decode_body(body: str, problem: _Problem) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        words = "is damaged: its lines between first and last are not base64"
        raise problem("private-key-cut", words, _WHOLE) from error


def _check_der(label: str, data: bytes, problem: _Problem) -> None:
    if label == "OPENSSH PRIVATE KEY":
        _check_openssh(data, problem)
        return
    if len(data) < 4 or data[0] != 0x30 or len(data) < _der_length(data):
        raise problem("private-key-cut", "is cut: lines are missing in its middle", _WHOLE)
    if label == "PRIVATE KEY" and _RSA not in data[:40]:
        raise _not_rsa_error(problem, "another algorithm")


def _der_length(data: bytes) -> int:
    """Return the length that the outermost DER value states, in bytes with its head."""
    if data[1] < 0x80:
        return 2 + data[1]
    size = data[1] & 0x7F
    return 2 + size + int.from_bytes(data[2 : 2 + size], "big")


def _check_openssh(data: bytes, problem: _Problem) -> None:
    """Check an OpenSSH key: after the head come cipher, kdf, kdf options, a count, public key, private part."""
    fields, rest = [], data.removeprefix(_OPENSSH)
    for number in range(6):
        if number == 3:
            rest = rest[4:]
            continue
        size = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + size:
            raise problem("private-key-cut", "is cut: lines are missing in its middle", _WHOLE)
        fields.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    cipher, _, _, public, _ = fields
    if cipher != b"none":
        raise _passphrase_error(problem)
    if public[4:11] != b"ssh-rsa":
        kind = public[4 : 4 + int.from_bytes(public[:4], "big")]
        raise _not_rsa_error(problem, kind.decode("ascii", "replace"))


class Secrecy(StrEnum):
    """Who may see a value: PLAIN is shown, SENSITIVE is masked, SECRET stands in the YAML only as a reference."""

    PLAIN = "plain"
    SENSITIVE = "sensitive"
    SECRET = "secret"


MAX_SHOWN_LENGTH = 500  # characters of a text from outside
_MIN_MASKED_LENGTH = 4  # shorter values are not masked: that would mask ordinary words

Mask = Callable[[str], str]
Spellings = Callable[[str], Iterable[str]]


def clean_text(text: str, mask: Mask) -> str:
    """Make a text from outside fit to show: one line, no control characters, masked, then cut at 500 characters."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in mask(text)).split())
    clean = mask(clean)
    return clean if len(clean) <= MAX_SHOWN_LENGTH else clean[: MAX_SHOWN_LENGTH - 1] + "…"


def build_mask(secrets: Iterable[str], spellings: Spellings = lambda _: ()) -> Mask:
    """
    Build a function that masks `secrets` in a text, also escaped, URL-encoded, in base64 or line by line.

    `spellings` gives more forms in which the text may contain a value.
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
