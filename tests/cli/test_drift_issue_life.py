"""The life of one hand edit: a night finds it, an issue says so, the config accepts it, and the issue is closed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.cli.command_line import CommandLine, CommandResult, fixed_clock_command_line
from tests.code_hosts.fake_hosts import FakeGitHub
from tests.code_hosts.fake_server import Faults, serve

DAY = 86_400


def run_night(run: CommandLine, env: dict[str, str]) -> CommandResult:
    """Run nightly, then publish as the workflow of examples/ci does."""
    done = run("nightly", "--out-dir", "reports", "--audit", "audit.jsonl")
    state = "closed" if done.code == 0 else "open"
    assert run("publish", "issue", "reports/nightly.md", "--state", state, env=env).code == 0
    with closing(run.emulator()) as emulator:
        emulator.advance(DAY)
    return done


def test_a_hand_edit_opens_an_issue_that_lives_until_the_config_accepts_it(tmp_path: Path) -> None:
    run, played, faults = fixed_clock_command_line(tmp_path), FakeGitHub(), Faults()
    assert run("apply", "--auto-approve").code == 0
    with serve(played, faults) as address:
        env = {**played.env, "GITHUB_API_URL": address}

        quiet = run_night(run, env)
        assert (quiet.code, played.issues()) == (0, [])

        assert run("emulator", "ui", "path", "exports.orders", "elsewhere", "--as", "jane").code == 0
        found = run_night(run, env)
        ((state, title, first),) = played.issues()
        assert (found.code, state, title) == (3, "open", "exportctl nightly: acme")
        assert "elsewhere" in first.partition("<details>")[0]
        assert "jane" in first

        again = run_night(run, env)
        ((state, _, second),) = played.issues()
        assert (again.code, state) == (3, "open")
        assert second != first
        assert "elsewhere" in second

        assert run("drift", "--patch", "--write").code == 0
        assert run("plan", "--detailed-exitcode").code == 0
        applied = run("apply", "--auto-approve")
        assert applied.code == 0
        writes = run.writes()

        last = run_night(run, env)
        ((state, _, third),) = played.issues()
        assert (last.code, state) == (0, "closed")
        assert "nothing needs attention" in third
        assert played.remarks() == ["Closed by exportctl: the last run of nightly found nothing that needs attention."]
        assert run.writes() == writes  # a night that finds nothing writes nothing to the platform

        assert [asked.method for asked in faults.log].count("POST") == 2  # the issue and the reason for closing it
