"""The sandbox called prod: a person at a terminal types its name, and nothing else will do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, CommandLine, CommandResult, Terminal, fixed_clock_command_line

PARTNER = """\
  partner: {type: sftp, host: sftp.partner.example, path: /in, auth: {username: acme, password: "${env:PASSWORD}"}}
exports:
  to-partner: {datasets: [Orders], destination: partner, format: json}
"""
QUESTION = "This is sandbox prod. To apply, type its name: "


@pytest.fixture
def prod(tmp_path: Path) -> CommandLine:
    return fixed_clock_command_line(tmp_path, SMALL.replace("sandbox: demo", "sandbox: prod"))


def run_with_input(run: CommandLine, words: str, *argv: str) -> CommandResult:
    return run(*(argv or ("apply",)), stdin=Terminal(f"{words}\n"), watched=True, TERM="xterm")


def test_its_name_is_the_answer(prod: CommandLine) -> None:
    ended = run_with_input(prod, "prod")
    assert ended.code == 0
    assert ended.err.startswith(QUESTION)
    assert prod("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("words", ["yes", "y", "Prod", "PROD", "prod.", "prod prod", "production", "", "`prod`"])
def test_anything_else_declines_and_writes_nothing(prod: CommandLine, words: str) -> None:
    ended = run_with_input(prod, words)
    assert (ended.code, prod.writes()) == (1, 0)
    assert "Not applied." in ended.err


@pytest.mark.parametrize("sandbox", ["demo", "production", "prod-eu", "dev"])
def test_every_other_sandbox_is_asked_for_as_ever_and_its_name_is_no_answer(tmp_path: Path, sandbox: str) -> None:
    run = fixed_clock_command_line(tmp_path, SMALL.replace("sandbox: demo", f"sandbox: {sandbox}"))
    declined = run_with_input(run, sandbox)
    assert (declined.code, run.writes()) == (1, 0)
    assert f"Apply this to sandbox {sandbox}? Type `yes` to apply: " in declined.err
    assert run_with_input(run, "yes").code == 0


def test_an_environment_called_prod_on_another_sandbox_is_not_meant(tmp_path: Path) -> None:
    text = SMALL.replace(", sandbox: demo", "") + "environments: {prod: {platform: {sandbox: live}}}\n"
    run = CommandLine(tmp_path)
    run.write(text)
    assert "Type `yes` to apply" in run_with_input(run, "no", "apply", "--env", "prod").err


def test_without_a_prompt_nothing_is_new(prod: CommandLine) -> None:
    assert prod("apply").code == 64
    assert prod("plan", "--out", "plan.json").code == 0
    assert prod("apply", "plan.json").code == 0
    prod.edit("path: aep", "path: elsewhere")
    digest = prod("plan", "--format", "json").document["result"]["digest"]
    assert prod("apply", "--only-if", digest).code == 0
    prod.edit("path: elsewhere", "path: aep")
    assert prod("apply", "--auto-approve").code == 0


def test_a_plan_that_changes_nothing_asks_nothing_and_renew_never_does(prod: CommandLine) -> None:
    assert prod("apply", "--auto-approve").code == 0
    assert run_with_input(prod, "").err == ""
    assert prod("emulator", "clock", "advance", "151 days").code == 0
    assert run_with_input(prod, "", "renew").code == 0
    assert "No rolling end is due" in prod("renew").out


def test_a_rotation_asks_for_it_too(tmp_path: Path) -> None:
    run = fixed_clock_command_line(
        tmp_path,
        SMALL.replace("sandbox: demo", "sandbox: prod").replace("exports:\n", PARTNER),
        {"PASSWORD": "canary-of-the-partner"},
    )
    assert run("apply", "--auto-approve").code == 0
    before = run.writes()
    assert (run_with_input(run, "yes", "rotate", "partner").code, run.writes()) == (1, before)
    assert (run_with_input(run, "prod", "rotate", "partner").code, run.writes()) == (0, before + 1)


def test_with_a_machine_format_the_question_stands_beside_the_document(prod: CommandLine) -> None:
    ended = run_with_input(prod, "prod", "apply", "--format", "json")
    assert ended.document["kind"] == "apply"
    assert QUESTION in ended.err
