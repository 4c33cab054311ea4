"""`backup drill` from its words to its exit code: what is restored, what is written down, and that nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from exportctl.output.markdown.marker import remove_marker
from tests.cli.command_line import CommandLine
from tests.cli.test_restore_cli import run_twice_with_files
from tests.cli.test_verify_cli import run_once_with_files

DRILL = ("backup", "drill", "--target", "orders", "--audit", "audit.jsonl")
PATIENCE = 60  # seconds


@pytest.fixture
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


def audit_lines(run: CommandLine) -> list[Any]:
    return [json.loads(line) for line in (run.folder / "audit.jsonl").read_text(encoding="utf-8").splitlines()]


def last_drills(run: CommandLine) -> tuple[Any, Any]:
    document = run("backup", "status", "--target", "orders", "--audit", "audit.jsonl", "--format", "json").document
    (chain,) = document["result"]["exports"][0]["chains"]
    return chain["last_drill"], chain["last_restored"]


def test_a_whole_backup_is_restored_and_written_down_and_nothing_is_left(applied: CommandLine, work: Path) -> None:
    files, before = run_twice_with_files(applied), applied.writes()

    ended = applied(*DRILL, "--work", str(work))

    assert (ended.code, "Drill: 1 restored." in ended.out, ended.err) == (0, True, "")
    (line,) = audit_lines(applied)
    (dataset,) = line["datasets"]
    assert (line["event"], line["sandbox"], line["seed"]) == ("drill", "demo", "2027-01-17")
    assert (dataset["result"], dataset["state"], dataset["files"], dataset["restored"]) == (
        "RESTORED",
        "WHOLE",
        len(files),
        1100,
    )
    listed = applied("backup", "manifest", "orders", "-o", "orders.json")
    assert f"last hash {dataset['last_hash']}" in listed.err
    assert (list(work.iterdir()), applied.writes()) == ([], before)


def test_status_answers_when_it_was_last_restored(applied: CommandLine) -> None:
    file = run_twice_with_files(applied)[1]
    assert applied(*DRILL).code == 0
    kept = file.read_bytes()
    file.unlink()
    failed = applied(*DRILL, "--format", "json")

    last, restored = last_drills(applied)
    shown = applied("backup", "status", "--audit", "audit.jsonl").out
    file.write_bytes(kept)

    assert (failed.code, failed.document["result"]["datasets"][0]["state"]) == (9, "GAP")
    assert (last["result"], restored["result"], restored["restored"]) == ("FAILED", "RESTORED", 1100)
    assert "last drill: 2027-01-17 08:00 UTC, 0 seconds ago: FAILED" in shown
    assert "last restored: 2027-01-17 08:00 UTC" in shown
    assert "last drill: never" in shown  # returns
    assert "last drill" not in applied("backup", "status").out


def test_an_audit_file_that_is_not_there_is_an_error_and_foreign_lines_are_not(applied: CommandLine) -> None:
    run_once_with_files(applied)
    missing = applied("backup", "status", "--audit", "drills.jsonl")
    (applied.folder / "drills.jsonl").write_bytes(b'\xff "drill"\n{"event": "drill"\n{"event": "ended"}\n')
    foreign = applied("backup", "status", "--audit", "drills.jsonl")

    assert (missing.code, "drills.jsonl does not exist" in missing.err) == (1, True)
    assert (foreign.code, foreign.out.count("last drill: never")) == (0, 2)


def test_a_policy_asks_for_a_drill(applied: CommandLine) -> None:
    run_twice_with_files(applied)
    applied.edit("defaults:", "defaults:\n  expect: {backup: {drilled_within: 8 days}}")
    asked = ("backup", "check", "--target", "orders")
    (applied.folder / "audit.jsonl").write_text("", encoding="utf-8")

    without, never = applied(*asked), applied(*asked, "--audit", "audit.jsonl")
    assert applied(*DRILL).code == 0
    drilled = applied(*asked, "--audit", "audit.jsonl")

    assert (without.code, "name it with --audit FILE" in " ".join(without.out.split())) == (9, True)
    assert (never.code, "no drill has restored it yet" in never.out) == (9, True)
    assert (drilled.code, "The policy is fulfilled." in applied(*asked, "--audit", "audit.jsonl").out) == (0, False)


def test_9_with_a_file_that_holds_other_rows_than_its_run_wrote(applied: CommandLine, work: Path) -> None:
    _, second = run_twice_with_files(applied)
    second.write_bytes(b"x" * second.stat().st_size)

    ended = applied(*DRILL, "--work", str(work), "--format", "junit")

    (failure,) = ElementTree.fromstring(ended.out).iter("failure")
    assert (ended.code, failure.attrib["type"], second.name in (failure.text or "")) == (9, "FAILED", True)
    assert list(work.iterdir()) == []


def test_what_cannot_be_drilled_is_named_with_the_reason(applied: CommandLine) -> None:
    never = applied("backup", "drill", "--format", "json")
    run_once_with_files(applied)
    once = applied("backup", "drill", "--count", "9", "--format", "json")

    assert (never.code, never.document["result"]["datasets"], never.document["result"]["failing"]) == (9, [], True)
    assert all(one["reason"] for one in never.document["result"]["not_drilled"])
    result = once.document["result"]
    assert len(result["datasets"]) == result["drillable"]


def test_1_with_a_folder_that_cannot_be_used(applied: CommandLine) -> None:
    file = run_once_with_files(applied)

    inside = applied(*DRILL, "--work", str(file.parent))
    nowhere = applied(*DRILL, "--work", str(applied.folder / "exports.yaml"))

    assert (inside.code, "which exports write to" in " ".join(inside.out.split())) == (1, True)
    assert (nowhere.code, "no temporary folder can be made" in " ".join(nowhere.out.split())) == (1, True)
    assert [line["datasets"][0]["result"] for line in audit_lines(applied)] == ["ERROR", "ERROR"]


def test_10_if_nothing_keeps_that_it_was_done(applied: CommandLine) -> None:
    run_twice_with_files(applied)
    ended = applied("backup", "drill", "--target", "orders", "--audit", "no-folder/audit.jsonl")
    assert (ended.code, "Drill: 1 restored." in ended.out, "the audit file" in ended.err) == (10, True, True)


@pytest.mark.parametrize("env", [{}, {"EXPORTCTL_READER_LAKE_FOLDER": "/nowhere"}])
def test_1_a_backup_whose_storage_is_not_read_is_chosen_all_the_same(applied: CommandLine, env: dict[str, str]) -> None:
    run_once_with_files(applied)
    assert applied("emulator", "storage", "set", "amazon-s3", "http://127.0.0.1:1").code == 0

    ended = applied(*DRILL, "--format", "json", env=env)

    (dataset,) = ended.document["result"]["datasets"]
    assert (ended.code, dataset["result"], dataset["state"]) == (1, "ERROR", "UNPROVEN")
    assert ended.document["errors"][0]["rule"] in ("restore-storage", "storage-missing")
    assert audit_lines(applied)[0]["datasets"] == [dataset]


def test_under_github_actions_the_line_of_the_export_is_annotated(applied: CommandLine, tmp_path: Path) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    run_once_with_files(applied).unlink()

    ended = applied(
        *DRILL,
        env={"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)},
    )

    assert ended.code == 9
    assert "::error file=exports.yaml,line=12,col=3,title=drill-failed::exports.orders: Orders:" in ended.err
    assert {"failing<<", "restored<<", "seed<<"} <= {
        line.partition("exportctl_")[0] for line in output.read_text().splitlines()
    }
    assert remove_marker(summary.read_text()).startswith("### exportctl backup drill: sandbox `demo`")


# -- signals ----------------------------------------------------------------------------------------------------------

SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from exportctl.engines.duckdb import DuckDb
write = DuckDb.write_parquet
def write_and_wait(self, query, folder):
    rows = write(self, query, folder)
    print("written", file=sys.stderr, flush=True)
    time.sleep(60)
    return rows
DuckDb.write_parquet = write_and_wait
from exportctl.cli import run
from exportctl.output.markdown.marker import remove_marker
run()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_8_a_signal_leaves_nothing_of_what_was_restored_and_is_written_down(
    applied: CommandLine, work: Path, number: signal.Signals
) -> None:
    run_twice_with_files(applied)
    asked = [sys.executable, "-c", SLOW, *DRILL, "--work", str(work)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        asked, cwd=applied.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None and process.stdout is not None
        assert "written" in process.stderr.readline()
        assert list(work.rglob("*.parquet"))
        process.send_signal(number)
        process.send_signal(number)
        report = process.stdout.read()
        assert process.wait(timeout=PATIENCE) == 8, process.stderr.read()

    assert "Drill: 1 interrupted." in report
    assert list(work.iterdir()) == []
    (line,) = audit_lines(applied)
    assert (line["interrupted"], line["datasets"][0]["result"]) == (True, "INTERRUPTED")
    last, restored = last_drills(applied)
    assert (last["result"], restored) == ("INTERRUPTED", None)
