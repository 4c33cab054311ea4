"""`verify` on the command line: what it takes, what it ends in, and what it tells whom."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from exportctl.cli.main import main
from exportctl.output import format_values
from exportctl.output.markdown.marker import remove_marker
from tests.cli.command_line import START, CommandLine

HOUR = 3600


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--format", "sarif"), "--format sarif"),
        (("--since", "yesterday"), "--since"),
        (("--since", "2026-11-24T02:00:00"), "has no time zone"),
        (("--wait", "soon", "--target", "orders"), "--wait"),
        (("--wait", "2 hours", "--poll", "often", "--target", "orders"), "--poll"),
        (("--wait", "2 hours", "--poll", "0 minutes", "--target", "orders"), "use at least one second"),
        (("--wait", "2 hours", "--since", "1 day", "--target", "orders"), "--since"),
        (("--poll", "1 minute"), "add --wait"),
        (("--deep", "--runs-only"), "use one of them"),
        (("--require-storage", "--runs-only"), "use one of them"),
        (("--wait", "2 hours"), "exactly one --target, not 0"),
        (("--wait", "2 hours", "--target", "orders", "--target", "returns"), "exactly one --target, not 2"),
        (("--wait", "2 hours", "--target", "exports.*"), "exports.* names 2"),
        (("--target", "exports.ordrs"), "did you mean exports.orders?"),
        (("--target", "destinations.lake"), "verify checks only exports"),
        (("frobnicate",), "unexpected extra argument"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_64_wrong_usage(run: CommandLine, argv: tuple[str, ...], said: str) -> None:
    ended = run("verify", *argv)

    assert ended.code == 64
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert said in ended.err


def test_64_a_window_that_begins_in_the_future_and_what_time_it_is(run: CommandLine) -> None:
    ended = run("verify", "--runs-only", "--since", str(START + 60))

    assert ended.code == 64
    assert f"is in the future: it is {format_values.moment(START)}" in ended.err


def test_the_other_commands_do_not_take_junit(run: CommandLine) -> None:
    ended = run("plan", "--format", "junit")

    assert ended.code == 64
    assert "--format junit: this command has" in ended.err


def test_9_an_export_that_was_never_applied(run: CommandLine) -> None:
    ended = run("verify")

    assert ended.code == 9
    assert "Verify: 2 missing since" in ended.out
    assert "Exit 9: 2 of 2 fail." in ended.out


def test_0_nothing_was_due_yet_and_nothing_is_written(applied: CommandLine) -> None:
    before = applied.writes()

    ended = applied("verify", "--runs-only")

    assert ended.code == 0
    assert "Verify: 2 unknown since" in ended.out
    assert "RUNS ONLY: storage was not read" in ended.out
    assert applied.writes() == before


def fail_run_requests(applied: CommandLine) -> None:
    fault = '{"effect": "status", "status": 403, "method": "GET", "path": "/runs$", "count": 0}'
    assert applied("emulator", "faults", "add", fault).code == 0


def test_1_the_service_does_not_show_its_runs(applied: CommandLine) -> None:
    fail_run_requests(applied)

    ended = applied("verify", "--runs-only")

    assert ended.code == 1
    assert "403" in ended.err
    assert ended.out == ""


def test_a_reader_of_junit_gets_a_document_when_nothing_could_be_verified(applied: CommandLine) -> None:
    fail_run_requests(applied)

    for code, argv in ((1, ("--runs-only",)), (64, ("--wait", "1 hour"))):
        ended = applied("verify", *argv, "--format", "junit")

        root = ElementTree.fromstring(ended.out)
        assert ended.code == code
        assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")
        assert ended.err.startswith("error: ")


def test_targets_narrow_what_is_looked_at(run: CommandLine) -> None:
    result = run("verify", "--target", "returns", "--format", "json").document["result"]

    assert [e["address"] for e in result["exports"]] == ["exports.returns"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, START - 24 * HOUR),
        ("6 hours", START - 6 * HOUR),
        ("2027-01-14", START - START % (24 * HOUR) - 24 * HOUR),
        ("2027-01-15T08:30:00+01:00", START - HOUR // 2),
        (str(START), START),
    ],
    ids=["a day if nothing is said", "a duration", "a date", "a moment with an offset", "seconds"],
)
def test_a_window_begins(run: CommandLine, since: str | None, expected: int) -> None:
    document = run("verify", *(("--since", since) if since else ()), "--format", "json").document

    assert (document["as_of"], document["result"]["since"]) == (START, expected)


def test_a_duration_counts_back_from_now(run: CommandLine) -> None:
    now = START + 3 * 24 * HOUR

    document = run("verify", "--now", str(now), "--since", "6 hours", "--format", "json").document

    assert document["result"]["since"] == now - 6 * HOUR


def test_a_wait_that_is_over_fails_although_nothing_was_due(applied: CommandLine) -> None:
    ended = applied("verify", "--runs-only", "--target", "orders", "--wait", "2 hours", "--poll", "1 hour")

    assert ended.code == 9
    assert "Verify: 1 late since" in ended.out
    assert "not complete at the end of the wait: no run was due" in " ".join(ended.out.split())
    assert "UNKNOWN Orders: no run was due since" in ended.err


def test_a_wait_says_what_it_sees_only_when_it_is_something_else(run: CommandLine) -> None:
    ended = run("verify", "--target", "orders", "--wait", "4 hours", "--poll", "1 hour")

    lines = [line for line in ended.err.splitlines() if "no flow in this sandbox" in line]
    assert ended.code == 9
    assert len(lines) == 1


class InterruptingTerminal(io.StringIO):
    """A person who presses Ctrl-C once at the line that says what the wait is for."""

    def write(self, text: str) -> int:
        if "UNKNOWN Orders" in text and not self.getvalue():
            super().write(text)
            raise KeyboardInterrupt
        return super().write(text)


def test_8_a_wait_that_a_person_ends(applied: CommandLine) -> None:
    out, err = io.StringIO(), InterruptingTerminal()
    argv = ["-C", str(applied.folder), "verify", "--runs-only", "--target", "orders", "--wait", "2 hours"]

    assert main(argv, {}, stdin=io.StringIO(), out=out, err=err) == 8
    assert out.getvalue() == ""
    assert "interrupted; nothing was being written" in err.getvalue()


def test_1_storage_that_should_have_been_read_and_could_not_be(applied: CommandLine) -> None:
    assert applied("emulator", "storage", "set", "amazon-s3", "http://127.0.0.1:1").code == 0
    env = {"EXPORTCTL_READER_LAKE_FOLDER": str(applied.folder / "nowhere")}

    ended = applied("verify", env=env)

    assert ended.code == 1
    assert "Exit 1: 2 exports could not be checked completely." in ended.out
    document = applied("verify", "--format", "json", env=env).document
    assert [e["rule"] for e in document["errors"]] == ["storage-missing", "storage-missing"]
    root = ElementTree.fromstring(applied("verify", "--format", "junit", env=env).out)
    assert root.attrib["errors"] == "2"


def test_1_storage_is_required_and_no_identity_is_given_also_in_a_wait(applied: CommandLine) -> None:
    assert applied("emulator", "storage", "set", "amazon-s3", "http://127.0.0.1:1").code == 0
    assert applied("verify").code == 0

    ended = applied("verify", "--require-storage")

    assert ended.code == 1
    assert "exports.orders: --require-storage, but its storage was not read: " in ended.out
    waited = applied("verify", "--require-storage", "--target", "orders", "--wait", "1 hour")
    assert waited.code == 1  # at once: no wait brings an identity


def run_once_with_files(applied: CommandLine) -> Path:
    """Lets the flow of `orders` run once, with rows; one of the files it wrote."""
    with closing(applied.emulator()) as emulator:
        emulator.ingest("demo", "Orders", 50)
        emulator.advance(24 * HOUR)
    with closing(applied.emulator()) as emulator:
        target = next(t for t in emulator.snapshot("demo")["targetConnections"] if "orders" in t["name"])
        folder = emulator.folder_of(target["id"])
        orders = next(d["id"] for d in emulator.datasets("demo") if d["name"] == "Orders")
    assert folder is not None
    return min(folder.joinpath(target["params"]["path"], orders).rglob("part-*"))


def test_0_the_files_are_there_and_9_when_one_is_taken_away(applied: CommandLine) -> None:
    file = run_once_with_files(applied)

    there = applied("verify", "--deep", "--target", "orders")
    assert (there.code, there.err) == (0, "")
    assert "COMPLETE" in there.out
    assert "contents too (--deep)" in there.out

    file.unlink()
    gone = applied("verify", "--target", "orders")
    assert gone.code == 9
    assert "FILES-MISSING" in gone.out


def test_a_wait_ends_when_the_run_does(applied: CommandLine) -> None:
    assert applied("emulator", "switches", "set", "run_duration=600").code == 0
    run_once_with_files(applied)
    assert applied("emulator", "clock", "set", format_values.moment(START + 42 * HOUR).replace(" UTC", "Z")).code == 0

    ended = applied("verify", "--target", "orders", "--wait", "1 hour", "--poll", "5 minutes")

    assert ended.code == 0
    assert "UNKNOWN Orders, due 2027-01-17 02:00 UTC: running since" in ended.err
    assert ended.err.splitlines()[-1].startswith("2027-01-17 02:10 UTC: ")


def test_every_format_says_the_same(run: CommandLine) -> None:
    assert "Verify: 2 missing since" in run("verify", "--format", "markdown").out
    root = ElementTree.fromstring(run("verify", "--format", "junit").out)
    assert [s.attrib["name"] for s in root] == ["exports.orders", "exports.returns"]
    assert root.attrib["failures"] == "2"
    result = run("verify", "--format", "json").document["result"]
    assert (result["failing"], result["counts"]["MISSING"]) == (True, 2)


def test_under_github_actions_there_are_annotations_outputs_and_a_summary(run: CommandLine, tmp_path: Path) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}

    ended = run("verify", "--format", "json", env=env)

    assert ended.code == 9
    assert ended.document["result"]["failing"] is True
    assert ended.err.count("::error file=exports.yaml,line=") == 2
    assert "title=verify-missing::exports.orders: Orders: no flow in this sandbox" in ended.err
    assert "failing<<" in output.read_text()
    assert remove_marker(summary.read_text()).startswith("### exportctl verify: sandbox `demo`")


@pytest.mark.parametrize("format", ["json", "junit"])
def test_there_is_one_document_although_the_outputs_cannot_be_written(run: CommandLine, format: str) -> None:
    ended = run("verify", "--format", format, GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(run.folder / "no" / "file"))

    assert ended.code == 9  # of what it found
    assert "warning: GITHUB_OUTPUT" in ended.err
    if format == "json":
        assert ended.document["kind"] == "verify"
    else:
        assert ElementTree.fromstring(ended.out).attrib["errors"] == "0"
