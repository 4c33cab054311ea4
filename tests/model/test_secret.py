"""A secret is not seen, and a private key is one before it is sent."""

from __future__ import annotations

import base64
import copy
import json
import pickle

import pytest

from exportctl.errors import Error
from exportctl.model.secret import Secret, build_mask, check_secret_length, normalise_private_key

VALUE = "correct horse battery"


def test_a_secret_cannot_be_printed() -> None:
    secret = Secret(VALUE)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>10}", f"{[secret]}", f"{secret}", f"{secret!a}"]
    shown += [json.dumps({"a": secret}, default=str), repr({"a": (secret,)})]
    shown += [str(pickle.dumps(secret)), copy.deepcopy(secret).reveal(), copy.copy(secret).reveal()]
    assert not [text for text in shown if "horse" in text]
    assert str(pickle.loads(pickle.dumps(secret))) == "(secret)"
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_revealed_where_it_is_sent_and_compares_by_value() -> None:
    assert Secret(VALUE).reveal() == VALUE
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("other")
    assert Secret(VALUE) != VALUE
    assert {Secret(VALUE)} == {Secret(VALUE), Secret(VALUE)}


def test_a_secret_that_slipped_into_a_text_is_masked() -> None:
    assert build_mask([VALUE])(f"refused: {VALUE}!") == "refused: (secret)!"
    assert build_mask(["line one\nline two"])("line two") == "(secret)"
    assert build_mask([])("nothing") == "nothing"


def test_a_secret_has_at_least_eight_characters() -> None:
    check_secret_length(Secret("12345678"), "${env:A}")
    with pytest.raises(Error, match=r"\$\{env:A\}") as caught:
        check_secret_length(Secret("1234567"), "${env:A}")
    assert "1234567" not in str(caught.value)


def der(*parts: bytes, tag: int = 0x30) -> bytes:
    body = b"".join(parts)
    length = len(body).to_bytes(2, "big")
    return bytes([tag, 0x82]) + length + body


def pem(label: str, body: bytes, head: str = "") -> str:
    text = base64.encodebytes(body).decode()
    return f"-----BEGIN {label}-----\n{head}{text}-----END {label}-----\n"


def field(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def openssh(cipher: bytes = b"none", kind: bytes = b"ssh-rsa") -> bytes:
    public = field(kind) + field(b"n" * 40)
    head = b"openssh-key-v1\x00" + field(cipher) + field(b"none") + field(b"") + (1).to_bytes(4, "big")
    return head + field(public) + field(b"p" * 100)


RSA_OID = bytes.fromhex("06092a864886f70d010101")
EC_OID = bytes.fromhex("06072a8648ce3d0201")
PKCS1 = pem("RSA PRIVATE KEY", der(b"\x02\x01\x00" + b"n" * 300))
PKCS8 = pem("PRIVATE KEY", der(b"\x02\x01\x00", der(RSA_OID), b"k" * 300))
OPENSSH = pem("OPENSSH PRIVATE KEY", openssh())


@pytest.mark.parametrize("key", [PKCS1, PKCS8, OPENSSH], ids=["PKCS 1", "PKCS 8", "OpenSSH"])
def test_every_way_to_write_one_key_is_one_value(key: str) -> None:
    expected = Secret(base64.b64encode(key.encode()).decode())
    ways = [
        key,
        key.strip(),
        f"\n  {key}\n",
        key.replace("\n", "\r\n"),
        key.replace("\n", "\\n"),
        base64.b64encode(key.encode()).decode(),
        base64.encodebytes(key.encode()).decode(),
        base64.b64encode(key.replace("\n", "\r\n").encode()).decode(),
    ]
    assert {expected} == {normalise_private_key(way) for way in ways}


def drop_middle_line(key: str) -> str:
    lines = key.splitlines()
    return "\n".join([*lines[:2], *lines[3:]])


BAD = {
    "cut at the end": (PKCS1[:120], "private-key-cut"),
    "a line lost in the middle": (drop_middle_line(PKCS1), "private-key-cut"),
    "a line lost in the middle of an OpenSSH key": (drop_middle_line(OPENSSH), "private-key-cut"),
    "nothing inside": (pem("RSA PRIVATE KEY", b""), "private-key-cut"),
    "nothing inside an OpenSSH key": (pem("OPENSSH PRIVATE KEY", b""), "private-key-cut"),
    "no base64 inside": (PKCS1[:60] + "!" + PKCS1[60:], "private-key-cut"),
    "a short length that lies": (pem("RSA PRIVATE KEY", b"\x30\x40abc"), "private-key-cut"),
    "a passphrase": (pem("ENCRYPTED PRIVATE KEY", b"x" * 99), "private-key-passphrase"),
    "an old passphrase": (
        pem("RSA PRIVATE KEY", b"x" * 99, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
        "private-key-passphrase",
    ),
    "a passphrase of OpenSSH": (pem("OPENSSH PRIVATE KEY", openssh(b"aes256-ctr")), "private-key-passphrase"),
    "an elliptic key": (pem("EC PRIVATE KEY", b"x" * 99), "private-key-not-rsa"),
    "an elliptic key of PKCS 8": (pem("PRIVATE KEY", der(der(EC_OID), b"k" * 99)), "private-key-not-rsa"),
    "an Ed25519 key": (pem("OPENSSH PRIVATE KEY", openssh(kind=b"ssh-ed25519")), "private-key-not-rsa"),
    "a public key": (pem("PUBLIC KEY", b"x" * 99), "private-key-public"),
    "a public key of OpenSSH": ("ssh-rsa AAAAB3Nza me@here", "private-key-public"),
    "a certificate": (pem("CERTIFICATE", b"x" * 99), "private-key-public"),
    "a PuTTY key": ("PuTTY-User-Key-File-3: ssh-rsa\n", "private-key-form"),
    "a password": ("correct horse battery", "private-key-form"),
    "base64 of something else": (base64.b64encode(b"correct horse").decode(), "private-key-form"),
    "base64 of bytes": (base64.b64encode(b"\xff\xfe\xfd").decode(), "private-key-form"),
    "a broken first line": ("-----BEGIN key\nabcd\n", "private-key-form"),
    "nothing": ("", "private-key-form"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_the_service_could_not_use_is_refused_before_it_is_sent(case: str) -> None:
    text, rule = BAD[case]
    with pytest.raises(Error) as caught:
        normalise_private_key(text, "${env:KEY}")
    assert rule == caught.value.rule
    assert caught.value.message.startswith("${env:KEY} ")
    assert caught.value.hint
    assert not text or text not in f"{caught.value.message}{caught.value.hint}"
