"""No output and no file that a run leaves behind holds a secret; the emulator's own store is the one exception."""

from __future__ import annotations

from pathlib import Path

from command_line import SMALL, still

PASSWORD = "canary-of-the-partner"
ROLE = "arn:aws:iam::123456789012:role/canary"
PARTNER = """\
  partner:
    type: sftp
    host: sftp.partner.example
    path: /in
    auth: {username: acme, password: "${env:PARTNER_PASSWORD}"}
exports:
  partner: {datasets: [Orders], destination: partner, format: json}
"""


def test_secrets_stay_secret(tmp_path: Path) -> None:
    secrets = {"PARTNER_PASSWORD": PASSWORD, "LAKE_ROLE_ARN": ROLE}
    run = still(tmp_path, SMALL.replace("exports:\n", PARTNER), secrets)
    for form, path in (("text", "/in"), ("json", "/other")):
        run.edit("path: /in", f"path: {path}")
        commands = [
            ("validate",),
            ("plan", "--out", f"{form}.json"),
            ("apply", "--auto-approve", "--audit", "audit.jsonl"),
            ("drift",),
            ("doctor",),
        ]
        for argv in commands:
            ended = run(*argv, "--format", form)
            assert ended.code == 0, ended.err
            for secret in (PASSWORD, ROLE):
                assert secret not in ended.out + ended.err
    for file in tmp_path.iterdir():
        assert not file.is_file() or not any(secret in file.read_text() for secret in (PASSWORD, ROLE))
    assert (tmp_path / "audit.jsonl").read_text().count("\n") == 2


def test_a_missing_secret_is_named_before_anything_is_written(tmp_path: Path) -> None:
    run = still(tmp_path, SMALL.replace("exports:\n", PARTNER))
    run.edit("url: embedded", 'url: "http://127.0.0.1:1"')
    ended = run("apply", "--auto-approve")
    assert ended.code == 1
    assert "AEP_CLIENT_ID" in ended.err
