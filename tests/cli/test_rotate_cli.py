"""`rotate` as it is typed: it asks, writes once, says what is left to do, and never says a secret."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, CommandLine, Terminal, fixed_clock_command_line

FIRST, SECOND = "canary-of-the-partner", "canary-of-the-second-day"
PARTNER = """\
  partner: {type: sftp, host: sftp.partner.example, path: /in, auth: {username: acme, password: "${env:PASSWORD}"}}
  zone: {type: data-landing-zone, path: x}
exports:
  to-partner: {datasets: [Orders], destination: partner, format: json}
"""
DUE = "2027-01-16 02:00 UTC"


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """An account with a password, applied, and the password changed since."""
    made = fixed_clock_command_line(tmp_path, SMALL.replace("exports:\n", PARTNER), {"PASSWORD": FIRST})
    assert made("apply", "--auto-approve").code == 0
    made.env["PASSWORD"] = SECOND
    return made


def test_it_writes_once_and_says_what_must_run_well_before_the_former_secret_may_go(run: CommandLine) -> None:
    before = run.writes()
    ended = run("rotate", "partner", "--auto-approve", "--audit", "audit.jsonl")
    assert (ended.code, run.writes() - before) == (0, 1)
    assert f"exports.to-partner: next run {DUE}" in ended.out
    assert "exportctl verify --target exports.to-partner --since 2027-01-15T08:00:00Z" in ended.out
    assert (run.folder / "audit.jsonl").read_text(encoding="utf-8").count('"ended"') == 1
    assert run("plan", "--detailed-exitcode").code == 0


def test_it_waits_for_the_end_of_a_freeze_unless_a_person_names_it(run: CommandLine) -> None:
    freeze = "{name: year-end, from: 2027-01-10, until: 2027-01-20, reason: closing of the books}"
    run.edit("exports:\n", f"policy: {{freeze: [{freeze}]}}\nexports:\n")
    before = run.writes()

    dry, ended = run("rotate", "partner", "--dry-run"), run("rotate", "partner", "--auto-approve")

    assert (dry.code, ended.code, run.writes()) == (0, 5, before)
    assert "Apply is blocked: freeze year-end lasts until 2027-01-21 00:00 UTC" in dry.out
    assert run("rotate", "partner", "--auto-approve", "--allow-freeze", "year-end").code == 0


def test_the_calls_it_prints_tell_the_runs_after_it_and_none_before(run: CommandLine) -> None:
    emulator = run.emulator()
    (base,) = (c for c in emulator.snapshot("demo")["connections"] if "partner" in c["name"])
    emulator.ui.create_flow("Audience", sandbox="demo", base=base["id"], audience=True, destination="SFTP")
    emulator.close()
    assert run("emulator", "clock", "advance", "1 day").code == 0
    ended = run("rotate", "partner", "--auto-approve")
    verify, runs = [line.split()[1:] for line in ended.out.splitlines() if line.startswith("    exportctl ")]
    assert '"Audience", not in this config: next run unknown' in ended.out
    assert verdicts(run, verify) == ["UNKNOWN"]  # the good run of this morning does not count
    assert run("emulator", "ingest", "Orders", "50").code == 0
    assert run("emulator", "clock", "advance", "1 day").code == 0
    assert verdicts(run, verify) == ["COMPLETE"]
    assert run(*runs, "--format", "json").document["result"]["flows"][0]["title"] == "Audience"


def verdicts(run: CommandLine, verify: list[str]) -> list[str]:
    result = run(*verify, "--runs-only", "--format", "json").document["result"]
    return [verdict["result"] for export in result["exports"] for verdict in export["verdicts"]]


def test_a_rehearsal_of_it_shows_the_plan_and_writes_nothing(run: CommandLine) -> None:
    before = run.writes()
    ended = run("rotate", "destinations.partner", "--dry-run")
    assert (ended.code, run.writes()) == (0, before)
    assert '"to-partner"' in ended.out
    assert run("rotate", "partner", "--dry-run", "--format", "json").document["kind"] == "plan"


def test_without_a_terminal_it_does_not_guess(run: CommandLine) -> None:
    before = run.writes()
    assert run("rotate", "partner").code == 64
    assert run.writes() == before


def test_anything_but_yes_is_no(run: CommandLine) -> None:
    before = run.writes()
    assert run("rotate", "partner", stdin=_terminal("y\n"), watched=True).code == 1
    assert run.writes() == before
    assert run("rotate", "partner", stdin=_terminal("yes\n"), watched=True).code == 0
    assert run.writes() == before + 1


def _terminal(text: str) -> io.StringIO:
    return Terminal(text)


def test_its_document_is_that_of_an_apply_and_the_rest_goes_beside_it(run: CommandLine) -> None:
    ended = run("rotate", "partner", "--auto-approve", "--format", "json")
    assert ended.document["kind"] == "apply"
    assert ended.document["result"]["counts"]["done"] == 1
    assert "exportctl verify --target exports.to-partner" in ended.err


def add_fault(run: CommandLine, **fault: object) -> None:
    assert run("emulator", "faults", "add", json.dumps({"effect": "status", **fault})).code == 0


def test_a_refused_rotation_passes_no_final_check_and_claims_no_new_secret(run: CommandLine) -> None:
    add_fault(run, status=400, method="PATCH", path="/connections/", count=9)
    ended = run("rotate", "partner", "--auto-approve")
    assert ended.code == 4
    assert "Final check: 1 change remains." in ended.out
    assert "Keep the old secrets" not in ended.out
    assert (
        run("rotate", "partner", "--auto-approve", "--format", "json").document["result"]["final_check_passed"] is False
    )


def test_the_old_secret_is_remembered_although_the_final_check_fails(run: CommandLine) -> None:
    add_fault(run, status=403, method="GET", path="/connections$", nth=2, count=99)
    before = run.writes()
    ended = run("rotate", "partner", "--auto-approve")
    assert (ended.code, run.writes() - before) == (1, 1)
    assert "Keep the old secrets valid" in ended.out


REFUSED = {"lake": "it authenticates with role_arn", "zone": "Adobe owns the storage"}


@pytest.mark.parametrize("key", REFUSED)
def test_what_has_no_secret_is_refused_with_the_reason(run: CommandLine, key: str) -> None:
    before = run.writes()
    ended = run("rotate", key, "--auto-approve")
    assert (ended.code, run.writes()) == (5, before)
    assert REFUSED[key] in ended.err


def test_an_unknown_destination_is_wrong_usage_and_the_nearest_is_named(run: CommandLine) -> None:
    ended = run("rotate", "patner", "--auto-approve")
    assert ended.code == 64
    assert "did you mean partner?" in ended.err


def test_a_live_key_the_config_lacks_refuses_it_and_the_plan_says_how_to_go_on(run: CommandLine) -> None:
    emulator = run.emulator()
    (base,) = (c for c in emulator.snapshot("demo")["connections"] if "partner" in c["name"])
    auth = {**base["auth"], "params": {**base["auth"]["params"], "hostKey": "x"}}
    emulator.ui.load({"connections": [{**base, "auth": auth}]}, sandbox="demo")
    emulator.close()
    before = run.writes()
    ended = run("rotate", "partner", "--auto-approve")
    assert (ended.code, run.writes()) == (5, before)
    assert "drop: [hostKey]" in ended.out


def test_no_output_and_no_file_holds_a_secret(run: CommandLine) -> None:
    said = []
    for form in ("text", "json"):
        for more in (("--dry-run",), ("--auto-approve", "--audit", "audit.jsonl")):
            ended = run("rotate", "partner", *more, "--format", form)
            assert ended.code == 0
            said.append(ended.out + ended.err)
    said += [path.read_text(encoding="utf-8") for path in run.folder.iterdir() if path.is_file()]
    emulator = run.emulator()
    assert SECOND in str(emulator.snapshot("demo"))
    emulator.close()
    assert not [words for words in said if FIRST in words or SECOND in words]
