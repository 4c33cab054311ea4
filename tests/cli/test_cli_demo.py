"""The loop of the README: declare, plan, apply, edit by hand, see it, repair it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command_line import northwind


def test_the_config_of_this_repository_goes_once_round(tmp_path: Path) -> None:
    run = northwind(tmp_path)

    assert run("validate").code == 0
    first = run("plan", "--detailed-exitcode")
    assert first.code == 2
    assert "EMULATOR: nothing reaches Adobe" in first.out
    assert "Unset variables use placeholder values" in first.out
    assert "9 to create" in first.out
    assert "placeholder" not in run("plan", LAKE_ROLE_ARN="arn:aws:iam::123456789012:role/lake").out

    made = run("apply", "--auto-approve")
    assert made.code == 0
    assert "Final check: no changes." in made.out
    assert run("plan", "--detailed-exitcode").code == 0
    assert run("drift").code == 0

    edited = run("emulator", "ui", "path", "exports.web-to-lake", "by/hand", "--as", "jane@acme.example")
    assert edited.code == 0
    drift = run("drift")
    assert drift.code == 3
    for words in ("exports.web-to-lake", "path: ", '"by/hand"', '"aep"', "jane@", "2027-01-15", "exc_app"):
        assert words in drift.out

    assert run("apply", "--auto-approve").code == 0
    assert run("drift").code == 0


def test_a_flow_paused_by_hand_stays_paused_until_it_is_resumed(tmp_path: Path) -> None:
    run = northwind(tmp_path)
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "ui", "disable", "web-to-lake").code == 0

    drift = run("drift")
    assert drift.code == 3
    assert "Paused: left paused" in drift.out

    before = run.writes()
    ended = run("apply", "--auto-approve")
    assert ended.code == 0
    assert "Nothing to do." in ended.out
    assert run.writes() == before

    plan = run("plan", "--detailed-exitcode")
    assert plan.code == 0
    assert "1 left paused" in plan.out

    assert run("apply", "--auto-approve", "--resume", "exports.web-to-lake").code == 0
    assert run("drift").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
