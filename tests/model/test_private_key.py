"""
Private keys: every way to write one key is one value, which a library that has no code of ours can read; what the
service could not use is refused.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from exportctl.errors import Error
from exportctl.model.private_key import normalise_private_key
from exportctl.model.secret import Secret


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


EC_OID = bytes.fromhex("06072a8648ce3d0201")
KEY = rsa.generate_private_key(65537, 1024)
FORMATS = {
    "PKCS 1": PrivateFormat.TraditionalOpenSSL,
    "PKCS 8": PrivateFormat.PKCS8,
    "OpenSSH": PrivateFormat.OpenSSH,
}
DER = KEY.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
KEYS = {name: KEY.private_bytes(Encoding.PEM, form, NoEncryption()).decode() for name, form in FORMATS.items()}
PKCS1, OPENSSH = KEYS["PKCS 1"], KEYS["OpenSSH"]
BAG = "\ufeffBag Attributes\n    friendlyName: acme\nKey Attributes: <No Attributes>\n"
CERTIFICATE = pem("CERTIFICATE", b"x" * 99)


def load(sent: Secret) -> object:
    """The numbers of the key that the service gets, as a library reads them that has no code of ours."""
    content = base64.b64decode(sent.reveal())
    reader = load_ssh_private_key if b"OPENSSH" in content else load_pem_private_key
    found = reader(content, password=None)
    assert isinstance(found, rsa.RSAPrivateKey)
    assert max(map(len, content.splitlines())) <= 64
    return found.private_numbers()


WAYS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "without the last line end": str.strip,
    "in blanks": lambda key: f"\n  {key}\n",
    "with the line ends of Windows": lambda key: key.replace("\n", "\r\n"),
    "as JSON writes line ends": lambda key: key.replace("\n", "\\n"),
    "as JSON writes line ends of Windows, with one at the end": lambda key: key.replace("\n", "\\r\\n") + "\n",
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 in lines": lambda key: base64.encodebytes(key.encode()).decode(),
    "base64 of the line ends of Windows": lambda key: base64.b64encode(key.replace("\n", "\r\n").encode()).decode(),
    "base64 of a file with a byte order mark": lambda key: base64.b64encode(f"\ufeff{key}".encode()).decode(),
    "on one line": lambda key: key.replace("\n", ""),
    "on one line, with blanks": lambda key: key.replace("\n", " "),
    "base64 of one line": lambda key: base64.b64encode(key.replace("\n", "").encode()).decode(),
    "without any blank": lambda key: "".join(key.split()),
    "in quotes": lambda key: f'"{key}"',
    "with a byte order mark": lambda key: f"\ufeff{key}",
    "as openssl writes it out of a PKCS 12 file": lambda key: f"{BAG}{key}Bag Attributes\n{CERTIFICATE}",
    "after a certificate": lambda key: f"{CERTIFICATE}{key}",
    "with blanks of no width, as out of a web page": lambda key: key.replace("\n", "\u200b\n\ufeff"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", KEYS)
def test_every_way_to_write_one_key_is_one_key_that_can_be_read(name: str, way: str) -> None:
    sent = normalise_private_key(WAYS[way](KEYS[name]))

    assert sent == normalise_private_key(KEYS[name])
    assert load(sent) == KEY.private_numbers()


def test_a_key_under_the_label_of_another_form_is_sent_under_its_own() -> None:
    named_wrongly = [(PKCS1, "RSA PRIVATE", "PRIVATE"), (KEYS["PKCS 8"], "PRIVATE", "RSA PRIVATE")]

    for key, own, other in [*named_wrongly, (OPENSSH, "OPENSSH PRIVATE", "PRIVATE")]:
        assert normalise_private_key(key.replace(f"{own} KEY", f"{other} KEY")) == normalise_private_key(key)


def swap_lines(key: str) -> str:
    lines = key.splitlines()
    return "\n".join([*lines[:3], lines[4], lines[3], *lines[5:]])


def drop_middle_line(key: str) -> str:
    lines = key.splitlines()
    return "\n".join([*lines[:2], *lines[3:]])


BAD = {
    "cut at the end": (PKCS1[:120], "private-key-cut"),
    "a line lost in the middle": (drop_middle_line(PKCS1), "private-key-cut"),
    "two lines in each other's place": (swap_lines(PKCS1), "private-key-cut"),
    "numbers that are no key": (pem("RSA PRIVATE KEY", der(b"\x02\x01\x00" * 9, b"\x02\x01\x01")), "private-key-cut"),
    "too few numbers": (pem("RSA PRIVATE KEY", der(b"\x02\x01\x00" * 3)), "private-key-cut"),
    "a line lost in the middle of an OpenSSH key": (drop_middle_line(OPENSSH), "private-key-cut"),
    "a value that is no sequence": (pem("RSA PRIVATE KEY", der(b"k" * 99, tag=4)), "private-key-cut"),
    "more behind the key": (pem("RSA PRIVATE KEY", der(b"\x02\x01\x00") * 2), "private-key-cut"),
    "more behind a whole key": (pem("RSA PRIVATE KEY", DER + b"\x02\x01\x00"), "private-key-cut"),
    "a whole key that is no sequence": (pem("RSA PRIVATE KEY", b"\x31" + DER[1:]), "private-key-cut"),
    "nothing inside": (pem("RSA PRIVATE KEY", b""), "private-key-cut"),
    "nothing inside an OpenSSH key": (pem("OPENSSH PRIVATE KEY", b""), "private-key-cut"),
    "no base64 inside": (PKCS1[:60] + "!" + PKCS1[60:], "private-key-cut"),
    "a letter of another alphabet inside": (PKCS1[:60] + "\u0430" + PKCS1[60:], "private-key-cut"),
    "a short length that lies": (pem("RSA PRIVATE KEY", b"\x30\x40abc"), "private-key-cut"),
    "a passphrase": (pem("ENCRYPTED PRIVATE KEY", b"x" * 99), "private-key-passphrase"),
    "a passphrase, behind a certificate": (
        f"{CERTIFICATE}{pem('ENCRYPTED PRIVATE KEY', b'x' * 99)}",
        "private-key-passphrase",
    ),
    "an old passphrase": (
        pem("RSA PRIVATE KEY", b"x" * 99, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
        "private-key-passphrase",
    ),
    "a passphrase of OpenSSH": (pem("OPENSSH PRIVATE KEY", openssh(b"aes256-ctr")), "private-key-passphrase"),
    "an elliptic key": (pem("EC PRIVATE KEY", b"x" * 99), "private-key-not-rsa"),
    "an elliptic key of PKCS 8": (
        pem("PRIVATE KEY", der(b"\x02\x01\x00", der(EC_OID), der(b"k" * 99, tag=4))),
        "private-key-not-rsa",
    ),
    "an Ed25519 key": (pem("OPENSSH PRIVATE KEY", openssh(kind=b"ssh-ed25519")), "private-key-not-rsa"),
    "a public key": (pem("PUBLIC KEY", b"x" * 99), "private-key-public"),
    "a public key of OpenSSH": ("ssh-rsa AAAAB3Nza me@here", "private-key-public"),
    "an elliptic public key of OpenSSH": ("ecdsa-sha2-nistp256 AAAAE2Vj me@here", "private-key-public"),
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
