"""`backup drill` from its words to its exit code: what is restored, what is written down, and that nothing is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine
from tests.cli.test_restore_cli import run_twice_with_files


@pytest.fixture
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


def audit_lines(run: CommandLine, name: str = "audit.jsonl") -> list[dict[str, object]]:
    return [json.loads(line) for line in (run.folder / name).read_text(encoding="utf-8").splitlines()]


def test_a_whole_backup_is_restored_and_written_down_and_nothing_is_left(applied: CommandLine, work: Path) -> None:
    files, before = run_twice_with_files(applied), applied.writes()

    ended = applied("backup", "drill", "--target", "orders", "--work", str(work), "--audit", "audit.jsonl")
    print(ended.out, ended.err)

    assert (ended.code, "Drill: 1 restored." in ended.out, ended.err) == (0, True, "")
    (line,) = audit_lines(applied)
    (dataset,) = line["datasets"]
    print(line)
    assert (line["event"], line["sandbox"], line["failing"]) == ("drill", "demo", False)
    assert (dataset["result"], dataset["state"], dataset["files"]) == ("RESTORED", "WHOLE", len(files))
    assert (list(work.iterdir()), applied.writes()) == ([], before)
