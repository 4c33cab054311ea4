"""The commands that the hints about private keys print make a key that the service takes."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exportctl.errors import Error
from exportctl.model.private_key import normalise_private_key

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed"),
]


def printed_command(folder: Path, name: str) -> str:
    """The command of the hint about this key."""
    with pytest.raises(Error) as caught:
        normalise_private_key((folder / name).read_text())
    (command,) = re.findall(r": ((?:cp|ssh-keygen)[^;]*)", str(caught.value.hint))
    return str(command)


def pem_sent(file: Path) -> str:
    """The PEM that the service gets of this key."""
    return base64.b64decode(normalise_private_key(file.read_text()).reveal()).decode()


def run(folder: Path, command: str, answer: str = "") -> None:
    subprocess.run(command, shell=True, cwd=folder, check=True, input=answer, text=True, capture_output=True)


def test_a_passphrase_is_removed_from_a_copy(tmp_path: Path) -> None:
    run(tmp_path, "ssh-keygen -q -t rsa -b 2048 -m PEM -N canary-phrase -f KEY")
    command = printed_command(tmp_path, "KEY")

    run(tmp_path, command.replace("ssh-keygen", "ssh-keygen -P canary-phrase"))  # it would ask at a terminal

    assert "PRIVATE KEY" in pem_sent(tmp_path / "COPY")


def test_an_rsa_key_is_made_instead_of_another_one(tmp_path: Path) -> None:
    run(tmp_path, "ssh-keygen -q -t ecdsa -m PEM -N '' -f OTHER")

    run(tmp_path, printed_command(tmp_path, "OTHER"))

    assert "PRIVATE KEY" in pem_sent(tmp_path / "KEY")
