"""`snapshot`, `plan --refresh-from` and `plan --rehearse` on the command line."""

from __future__ import annotations

import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from exportctl.snapshot import file as document
from tests.cli.command_line import SMALL, START, CommandLine, CommandResult, fixed_clock_command_line

LATER = ("--now", str(START + 3 * 3600))
SAID = "SNAPSHOT of 2027-01-15 08:00 UTC, 3 hours old"


@pytest.fixture
def taken(applied: CommandLine) -> CommandLine:
    """A small config, applied, its sandbox in `s.json`."""
    assert applied("snapshot", "--out", "s.json").code == 0
    return applied


def test_a_snapshot_is_written_for_its_owner_and_says_what_it_holds(applied: CommandLine) -> None:
    ended = applied("snapshot", "--out", "s.json")

    assert ended.code == 0, ended.err
    assert ended.out == ""
    assert "Saved to s.json: 7 objects, 2 datasets." in ended.err
    assert stat.S_IMODE((applied.folder / "s.json").stat().st_mode) == 0o600


def test_equal_sandboxes_give_equal_files(taken: CommandLine) -> None:
    assert taken("snapshot", "--out", "again.json").code == 0

    assert (taken.folder / "again.json").read_bytes() == (taken.folder / "s.json").read_bytes()


def test_nothing_is_written_where_the_sandbox_holds_a_known_secret(applied: CommandLine) -> None:
    role = "arn:aws:iam::123456789012:role/siskin"
    with closing(applied.emulator()) as emulator:
        emulator.ui.rename("orders", f"orders for {role}")

    ended = applied("snapshot", "--out", "s.json", LAKE_ROLE_ARN=role)

    assert ended.code == 1
    assert "secret-in-snapshot" in ended.err
    assert role not in ended.err
    assert not (applied.folder / "s.json").exists()


def test_a_plan_from_a_snapshot_says_so_with_its_age(taken: CommandLine) -> None:
    taken.edit("path: aep", "path: other")

    text, markdown, machine = (
        taken("plan", "--refresh-from", "s.json", *LATER, "--format", form) for form in ("text", "markdown", "json")
    )

    assert SAID in text.out
    assert SAID in markdown.out
    assert machine.document["platform"]["snapshot_at"] == START
    assert machine.document["as_of"] == START + 3 * 3600


def test_it_says_what_the_live_plan_says_but_approves_nothing(taken: CommandLine) -> None:
    taken.edit("path: aep", "path: other")
    live, drawn = taken("plan"), taken("plan", "--refresh-from", "s.json", "--now", str(START))
    machine = [taken("plan", "--format", "json", *more).document["result"] for more in ((), _snapshot_options(START))]

    mine = [line for line in drawn.out.splitlines() if not line.startswith("SNAPSHOT")]
    theirs = [line for line in live.out.splitlines() if not line.startswith("To apply exactly this")]
    assert mine == theirs
    assert "--only-if" in live.out
    assert machine[0].pop("digest") != machine[1].pop("digest")
    assert machine[0] == machine[1]


def _snapshot_options(now: int) -> tuple[str, ...]:
    return ("--refresh-from", "s.json", "--now", str(now))


def test_a_digest_from_a_snapshot_is_no_approval(taken: CommandLine) -> None:
    taken.edit("path: aep", "path: other")
    digest = taken("plan", *_snapshot_options(START), "--format", "json").document["result"]["digest"]

    assert taken("apply", "--only-if", digest).code == 6


@pytest.mark.parametrize(
    ("argv", "words"),
    {
        "saved": (("--refresh-from", "s.json", "--out", "p.json"), "cannot use a plan from a snapshot"),
        "explained": (("--explain-values", "--rehearse"), "it makes no plan"),
        "a switch alone": (("--rehearse-switch", "list_lag=1"), "--rehearse-switch: add --rehearse"),
        "no such switch": (("--rehearse", "--rehearse-switch", "speed=1"), "no such switch: speed"),
        "a wrong setting": (("--rehearse", "--rehearse-switch", "list_lag=600"), "it takes 0 to 60 seconds"),
        "no setting": (("--rehearse", "--rehearse-switch", "manifest"), "NAME=VALUE"),
    }.values(),
)
def test_options_without_a_meaning_are_wrong_usage(taken: CommandLine, argv: tuple[str, ...], words: str) -> None:
    ended = taken("plan", *argv)

    assert ended.code == 64
    assert words in ended.err
    assert not (taken.folder / "p.json").exists()


def test_a_file_that_is_no_snapshot_or_was_edited_is_an_error(taken: CommandLine) -> None:
    text = (taken.folder / "s.json").read_text(encoding="utf-8")
    taken.write(text.replace('"Orders"', '"Other"'), "edited.json")

    edited, missing = (taken("plan", "--refresh-from", name) for name in ("edited.json", "nowhere.json"))

    assert (edited.code, missing.code) == (1, 1)
    assert "snapshot-edited" in edited.err
    assert "the snapshot" in missing.err


# -- rehearsals -------------------------------------------------------------------------------------------------------

MORE = SMALL.replace(
    "exports:\n", "exports:\n  late: {datasets: [Orders], subpath: late, schedule: {every: 8 hours}}\n"
)
SWITCH = ("--rehearse-switch", "eight_hours=rejected")


def test_a_rehearsal_writes_nothing_and_says_what_apply_would_do(run: CommandLine) -> None:
    before = run.writes()

    text, machine = (run("plan", "--rehearse", "--format", form) for form in ("text", "json"))

    assert text.code == 0, text.err
    assert "Rehearsal in an emulator: nothing reached the platform." in text.out
    assert "7 writes: 1 POST connections, 2 POST flows, 2 POST sourceConnections, 2 POST targetConnections." in text.out
    assert "a second plan has no changes" in text.out
    rehearsal = machine.document["result"]["rehearsal"]
    assert rehearsal["passed"]
    assert rehearsal["writes"]["POST flows"] == 2
    assert rehearsal["refused"] == []
    assert run("plan", "--rehearse", "--detailed-exitcode").code == 2
    assert run.writes() == before == 0


def test_what_the_emulator_refuses_ends_in_4_and_names_the_line(taken: CommandLine) -> None:
    taken.write(MORE)
    argv = ("plan", "--refresh-from", "s.json", "--rehearse", *SWITCH)

    text, markdown, machine = (taken(*argv, "--format", form) for form in ("text", "markdown", "json"))

    place = f"exports.yaml:{_line_number(MORE, 'late:')}:"
    message = "exports.late: cannot create the flow in the emulator: "
    assert (text.code, markdown.code, machine.code) == (4, 4, 4)
    assert place in text.out
    assert message in text.out
    assert "interval 8 is not supported" in text.out
    assert place in markdown.out
    (error,) = machine.document["errors"]
    assert (error["rule"], error["file"], error["line"]) == ("rehearsal", "exports.yaml", _line_number(MORE, "late:"))
    assert error["message"].startswith(message)
    result = machine.document["result"]["rehearsal"]
    assert result["refused"] == [error]
    assert result["counts"]["failed"] == 1
    assert [i["address"] for i in result["remaining_plan"]["items"]] == ["exports.late"]
    assert taken(*argv, "--detailed-exitcode").code == 4
    assert taken("plan", "--refresh-from", "s.json", "--rehearse").code == 0  # accepted by default


def _line_number(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def test_a_refused_plan_is_not_rehearsed(taken: CommandLine) -> None:
    taken.edit("  returns: {datasets: [Returns]}\n", "")

    text, machine = (
        taken("plan", "--refresh-from", "s.json", "--rehearse", "--format", form) for form in ("text", "json")
    )

    assert (text.code, machine.code) == (5, 5)
    assert "Not rehearsed: apply would refuse this plan." in text.out
    assert machine.document["result"]["rehearsal"] is None


def test_github_actions_gets_an_annotation_and_a_summary(taken: CommandLine, tmp_path: Path) -> None:
    taken.write(MORE)
    summary = tmp_path / "summary.md"

    ended = taken("plan", "--rehearse", *SWITCH, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))

    assert f"::error file=exports.yaml,line={_line_number(MORE, 'late:')}," in ended.err
    assert "Rehearsal in an emulator" in summary.read_text(encoding="utf-8")


# -- no network, no credentials ----------------------------------------------------------------------------------------

WITHOUT_NETWORK = """
import sys

def watch(event, args):
    if event.startswith("socket.") and event != "socket.__new__":
        raise SystemExit(f"network: {event} {args}")

sys.addaudithook(watch)
from exportctl.cli.main import main
sys.exit(main(sys.argv[1:], {}))
"""


def test_neither_network_nor_credentials_are_needed(tmp_path: Path) -> None:
    """In a process where the first name that is looked up, and the first connection, end it."""
    run = fixed_clock_command_line(tmp_path)
    assert run("apply", "--auto-approve").code == 0
    assert run("snapshot", "--out", "s.json").code == 0
    mark_as_service(tmp_path / "s.json")
    run.edit(", url: embedded", "")

    asked = run_without_network(tmp_path, "plan")
    drawn = run_without_network(tmp_path, "plan", "--refresh-from", "s.json", "--rehearse", "--now", str(START))

    assert asked.code == 1
    assert "credentials" in asked.err
    assert drawn.code == 0, drawn.err
    assert "No changes." in drawn.out
    assert "EMULATOR" not in drawn.out
    assert "a second plan has no changes" in drawn.out


def mark_as_service(file: Path) -> None:
    """The same as if the service had been read."""
    found = document.load_snapshot(file.read_text(encoding="utf-8"))
    place = {**found.header, "platform": "service"}
    file.write_text(document.dump_snapshot(replace(found, header=place)), encoding="utf-8")


def run_without_network(folder: Path, *argv: str) -> CommandResult:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, "-C", str(folder), *argv], capture_output=True, text=True, check=False
    )
    return CommandResult(ended.returncode, ended.stdout, ended.stderr)


def test_the_watch_sees_a_connection(tmp_path: Path) -> None:
    """So the test above can fail."""
    fixed_clock_command_line(tmp_path).edit("url: embedded", 'url: "http://127.0.0.1:1"')
    tried = WITHOUT_NETWORK.replace(
        ", {}))", ", {'AEP_CLIENT_ID': 'unknown-id', 'AEP_CLIENT_SECRET': 'unknown-secret'}))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", tried, "-C", str(tmp_path), "plan"], capture_output=True, text=True, check=False
    )

    assert "network: socket." in ended.stderr
