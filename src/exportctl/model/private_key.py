"""
The form of private keys: from what people have to what the service expects, the base64 of a PEM. Pure.

    what people have                                       what becomes of it
    a PEM, its base64, a PEM with \\n in place of line ends   decoded, and written again in lines of 64 characters
    a PEM on one line, with blanks or nothing between         the same
    a byte order mark, quotes, `Bag Attributes`, certificates around the key   left out
    a label that belongs to another form                   the label of the key's own form
    characters without width, from a copy out of a page    left out
    a key that is cut, damaged, public, not RSA, or has a passphrase           an error with the way to fix it

All forms of one key give the same value. Source: dataset-exports.md 4.1 (RSA, no passphrase).
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator

from exportctl.errors import Error, SourcePosition
from exportctl.model.secret import Secret
from exportctl.patterns import compile_on_use

_RSA = bytes.fromhex("06092a864886f70d010101")  # the OID rsaEncryption, DER
_OPENSSH = b"openssh-key-v1\x00"
_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_MIN_RSA_NUMBERS = 9  # version, n, e, d, p, q, and three more
_LINE = 64  # characters; every reader of PEM takes lines of this length
_BOUNDARY = compile_on_use(r"-----BEGIN\s*([A-Z0-9 ]+?)\s*-----")
_PKCS1, _PKCS8, _OPENSSH_LABEL = "RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY"
_LABELS = (_PKCS1, _PKCS8, _OPENSSH_LABEL)
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_WHOLE = "pass the whole file; if lines get lost on the way, pass its base64: base64 -w0 < key"
_Problem = Callable[[str, str, str], Error]  # from a rule, the words after the reference, and a hint


def normalise_private_key(text: str, reference: str = "the private key", at: SourcePosition | None = None) -> Secret:
    """
    Return the base64 of the PEM, as the service expects it.

    Raises:
        Error: the key is cut, has a passphrase, is not RSA, or is a public key; the message names `reference` only.
    """

    def problem(rule: str, words: str, hint: str) -> Error:
        return Error(f"{reference} {words}", rule=rule, hint=hint, at=at)

    label, body = _key_block(_pem(_without_frame(text), problem), problem)
    data = _decode_body(body, problem)
    label = _checked_label(label, data, problem)
    text = base64.b64encode(data).decode("ascii")
    lines = "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))
    whole = f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
    return Secret(base64.b64encode(whole.encode("ascii")).decode("ascii"))


# -- the text ---------------------------------------------------------------------------------------------------------


def _without_frame(text: str) -> str:
    """Return a text without characters of no width, such as byte order marks, and the quotes that .env files keep."""
    bare = "".join(char for char in text if unicodedata.category(char) != "Cf").strip()
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'":
        bare = bare[1:-1].strip()
    return bare


def _pem(text: str, problem: _Problem) -> str:
    if text.startswith(("ssh-", "ecdsa-")):
        raise problem("private-key-public", "is a public key", "pass the private key: the file without .pub")
    if text.startswith("PuTTY-User-Key-File"):
        raise problem("private-key-form", "is a PuTTY key", "convert it: puttygen key.ppk -O private-openssh -o key")
    if "-----BEGIN" not in text:
        text = _decode_base64_pem(text, problem)
    for written, meant in (("\\r", ""), ("\\n", "\n"), ("\\/", "/")):  # as JSON and many .env files write them
        text = text.replace(written, meant)
    return text


def _decode_base64_pem(text: str, problem: _Problem) -> str:
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True).decode("utf-8-sig")
    except (binascii.Error, ValueError):
        decoded = ""
    if "-----BEGIN" not in decoded:
        raise problem("private-key-form", "is neither a PEM nor the base64 of a PEM", _WHOLE)
    return decoded


def _key_block(pem: str, problem: _Problem) -> tuple[str, str]:
    """Return the label and the body of the first private key; what stands around it is left out."""
    begins = list(_BOUNDARY.finditer(pem))
    if not begins:
        raise problem(
            "private-key-form", "is not a PEM", "pass a file that begins with -----BEGIN RSA PRIVATE KEY-----"
        )
    private = [found for found in begins if _label(found[1]).endswith("PRIVATE KEY")]
    begin = next((found for found in private if _label(found[1]) in _LABELS), (private or begins)[0])
    label, rest = _label(begin[1]), pem[begin.end() :]
    _check_label(label, rest, problem)
    end = re.search(rf"-----END\s*{begin[1]}\s*-----", rest)
    if end is None:
        raise problem("private-key-cut", f"is cut: its last line, -----END {label}-----, is missing", _WHOLE)
    return label, rest[: end.start()]


def _label(written: str) -> str:
    """Return a label with its blanks, which get lost where all blanks are removed."""
    bare = written.replace(" ", "")
    return next((label for label in (*_LABELS, _ENCRYPTED) if label.replace(" ", "") == bare), written)


def _check_label(label: str, rest: str, problem: _Problem) -> None:
    if "PUBLIC" in label or "CERTIFICATE" in label:
        what = "certificate" if "CERTIFICATE" in label else "public key"
        raise problem("private-key-public", f"is a {what}", "pass the private key")
    if "ENCRYPTED" in label or "4,ENCRYPTED" in rest:
        raise _passphrase_error(problem)
    if label not in _LABELS:
        raise _not_rsa_error(problem, label)


def _passphrase_error(problem: _Problem) -> Error:
    hint = "remove it from a copy: cp KEY COPY && ssh-keygen -p -N '' -f COPY; the service cannot ask for it"
    return problem("private-key-passphrase", "has a passphrase", hint)


def _not_rsa_error(problem: _Problem, what: str) -> Error:
    hint = "make one without a passphrase: ssh-keygen -t rsa -b 4096 -m PEM -N '' -f KEY"
    return problem("private-key-not-rsa", f"is not an RSA key ({what})", hint)


def _decode_body(body: str, problem: _Problem) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except ValueError as error:  # a binascii.Error is one too; another letter than ASCII is only that
        words = "is damaged: its lines between first and last are not base64"
        raise problem("private-key-cut", words, _WHOLE) from error


# -- the key ----------------------------------------------------------------------------------------------------------


def _checked_label(label: str, data: bytes, problem: _Problem) -> str:
    """Check a key, and return the label of its form: readers of PEM refuse a key under the label of another one."""
    if label == _OPENSSH_LABEL or data.startswith(_OPENSSH):
        _check_openssh(data, problem)
        return _OPENSSH_LABEL
    try:
        own_label, numbers = _rsa_numbers(data, problem)
    except (ValueError, IndexError) as error:
        raise problem("private-key-cut", "is cut: lines are missing in its middle", _WHOLE) from error
    first, second = numbers[4:6] if len(numbers) >= _MIN_RSA_NUMBERS else (0, 0)
    if min(first, second) < 2 or numbers[1] != first * second:
        raise problem("private-key-cut", "is damaged: its numbers do not belong together", _WHOLE)
    return own_label


def _rsa_numbers(data: bytes, problem: _Problem) -> tuple[str, list[int]]:
    """
    Return the label that fits an RSA key in PKCS 1 or PKCS 8, whatever label it has, and its numbers.

    Raises:
        ValueError: a value ends before the length that it states.
    """
    label, values = _PKCS1, list(_der_values(_only_value(data, _SEQUENCE)))
    if len(values) > 1 and values[1][0] == _SEQUENCE:  # PKCS 8: version, algorithm, key
        if _RSA not in values[1][1]:
            raise _not_rsa_error(problem, "another algorithm")
        inside = next(value for tag, value in values if tag == _OCTETS)
        label, values = _PKCS8, list(_der_values(_only_value(inside, _SEQUENCE)))
    return label, [int.from_bytes(value, "big") for tag, value in values if tag == _INTEGER]


def _only_value(data: bytes, tag: int) -> bytes:
    (found, value), *rest = _der_values(data)
    if found != tag or rest:
        raise ValueError("another value")
    return value


def _der_values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of each DER value; ValueError for one that is cut."""
    at = 0
    while at < len(data):
        tag, size, start = data[at], data[at + 1], at + 2
        if size >= 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start], "big")
        if start + size > len(data):
            raise ValueError("cut")
        yield tag, data[start : start + size]
        at = start + size


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
