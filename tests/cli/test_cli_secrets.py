"""No output and no file that a run leaves behind holds a secret; the emulator's own store is the one exception."""

from __future__ import annotations

import html
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, CommandLine, CommandResult, fixed_clock_command_line

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
    run = fixed_clock_command_line(tmp_path, SMALL.replace("exports:\n", PARTNER), secrets)
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
    assert (tmp_path / "audit.jsonl").read_text().count('"ended"') == 2


KEYED = """\
  keyed:
    type: amazon-s3
    bucket: acme-keyed
    path: aep
    auth: {access_key_id: "${env:KEY_ID}", secret_access_key: "${env:KEY}"}
exports:
  keyed: {datasets: [Orders], destination: keyed}
"""
SECRETS = {
    "PARTNER_PASSWORD": PASSWORD,
    "LAKE_ROLE_ARN": ROLE,
    "KEY_ID": "AKIACANARYCANARYCANA",
    "KEY": "canarysecretcanarysecretcanarysecretcana",
}
AFTER = {**SECRETS, "PARTNER_PASSWORD": "canary-of-the-second-day", "KEY": "canarysecondcanarysecondcanarysecondcana"}
COMMANDS = (
    ("plan", "--out", "plan.json"),
    ("apply", "--auto-approve", "--audit", "audit.jsonl"),
    ("rotate", "keyed", "--auto-approve", "--audit", "audit.jsonl"),
    ("rotate", "partner", "--auto-approve", "--format", "json"),
    ("snapshot", "--out", "s.json"),
    ("plan", "--refresh-from", "s.json", "--rehearse"),
    ("plan", "--rehearse", "--out", "rehearsed.json"),
    ("import", "--all", "--into", "exports/imported.yaml"),
    ("emulator", "clock", "advance", "2 days"),
    ("verify", "--runs-only", "--since", "2 days", "--format", "junit"),
    ("backup", "manifest", "orders", "--out", "files.json"),
    ("backup", "check", "--target", "orders", "--against", "files.json"),
    ("status", "--format", "markdown"),
    ("forecast", "--days", "3", "--svg", "f.svg"),
    ("report", "-o", "report.html", "--plan", "plan.json"),
    ("renew",),
    ("drift", "--format", "markdown"),
    ("doctor",),
)


@pytest.mark.parametrize("reading", ["mask", "show", "omit"])
def test_no_file_of_any_command_holds_a_secret_but_the_emulators_own_store(tmp_path: Path, reading: str) -> None:
    run = fixed_clock_command_line(tmp_path, SMALL.replace("exports:\n", PARTNER.replace("exports:\n", KEYED)), SECRETS)
    actions = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "out.txt", "GITHUB_STEP_SUMMARY": "summary.md"}
    run.env |= {n: value if value == "true" else str(tmp_path / value) for n, value in actions.items()}
    assert run("emulator", "switches", "set", f"read_secrets={reading}").code == 0
    assert run("apply", "--auto-approve").code == 0
    with closing(run.emulator()) as emulator:
        emulator.ui.create_flow("By hand", ["Orders"], sandbox="demo")
    run.edit("path: /in", "path: /other")
    run.env |= AFTER
    said = "".join(ended.out + ended.err for ended in (_run_successfully(run, argv) for argv in COMMANDS))
    canaries = {*SECRETS.values(), *AFTER.values()}
    assert [one for one in canaries if one in said] == []
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    telling = {file.name for file in files if any(one.encode() in file.read_bytes() for one in canaries)}
    assert {name.partition(".")[2].partition("-")[0] for name in telling} == {"sqlite"}
    assert {"plan.json", "s.json", "files.json", "imported.yaml", "audit.jsonl", "summary.md", "out.txt"} <= {
        f.name for f in files
    }


ODD = 'cAn8Q~ary_"\\p*ss'  # as Azure makes them, and with what text and Markdown spell otherwise


def test_a_secret_that_a_person_wrote_into_the_sandbox_is_shown_in_no_spelling(tmp_path: Path) -> None:
    run = fixed_clock_command_line(
        tmp_path, SMALL.replace("exports:\n", PARTNER), {"PARTNER_PASSWORD": ODD, "LAKE_ROLE_ARN": ROLE}
    )
    assert run("apply", "--auto-approve").code == 0
    with closing(run.emulator()) as emulator:
        emulator.ui.describe("partner", f"signs in with {ODD} at night")
    summary = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    for argv in (("plan",), ("plan", "--format", "markdown"), ("plan", "--format", "json"), ("drift",)):
        ended = run(*argv, env=summary)
        shown = html.unescape(ended.out + ended.err + (tmp_path / "summary.md").read_text())
        assert "signs in with (secret) at night" in shown
        assert "ary_" not in shown


def _run_successfully(run: CommandLine, argv: tuple[str, ...]) -> CommandResult:
    ended = run(*argv)
    assert ended.code == 0, (argv, ended.out, ended.err)
    return ended


def test_a_missing_secret_is_named_before_anything_is_written(tmp_path: Path) -> None:
    run = fixed_clock_command_line(tmp_path, SMALL.replace("exports:\n", PARTNER))
    run.edit("url: embedded", 'url: "http://127.0.0.1:1"')
    ended = run("apply", "--auto-approve")
    assert ended.code == 1
    assert "AEP_CLIENT_ID" in ended.err


def test_a_secret_in_a_file_that_cannot_be_read_is_missed_by_apply_and_by_nothing_else(tmp_path: Path) -> None:
    run = fixed_clock_command_line(
        tmp_path, SMALL.replace("exports:\n", PARTNER.replace("env:PARTNER_PASSWORD", "file:secrets"))
    )
    (tmp_path / "secrets").mkdir()
    for argv in (("plan",), ("drift",), ("snapshot", "--out", "s.json"), ("plan", "--refresh-from", "s.json")):
        assert run(*argv).code == 0
    ended = run("apply", "--auto-approve")
    assert ended.code == 1
    assert "${file:secrets} cannot be read: it is a folder" in ended.err
    assert run.writes() == 0
