"""What the shells complete: names of the config, topics and fixed words; without network, errors, or code that runs."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exportctl.cli.completion import declared_names, scan_names
from exportctl.cli.main import main
from tests.cli.command_line import SMALL, CommandLine

BROKEN = SMALL.replace(
    "  returns: {datasets: [Returns]}", '  returns: {datasets: [Returns}\n  "last-one":\n    path: a'
)
HOSTILE = """\
exports:
  orders: {}
  "$(touch ran)": {}
  "`touch ran`": {}
  "a b; touch ran": {}
  "'; touch ran; '": {}
  "*": {}
environments: {"dev": {}, "prod;touch ran": {}}
"""
COMPLETING = "_EXPORTCTL_COMPLETE"


def completed(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What bash gets for the last of these words."""
    line = {"COMP_WORDS": " ".join(("exportctl", *words)), "COMP_CWORD": str(len(words)), COMPLETING: "complete_bash"}
    out = io.StringIO()
    with monkeypatch.context() as patched, pytest.raises(SystemExit) as ended:
        for name, value in line.items():
            patched.setenv(name, value)  # Typer reads them from the process
        patched.chdir(folder)
        main([], line, stdin=io.StringIO(), out=out, err=io.StringIO())
    assert ended.value.code == 0
    return out.getvalue().split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("plan", "--target", "exports."), ["exports.orders", "exports.returns"]),
        (("plan", "--target", "dest"), ["destinations.lake"]),
        (("plan", "--env", ""), ["dev", "prod"]),
        (("-e", "p"), ["prod"]),
        (("plan", "--format", "j"), ["json", "junit"]),
        (("apply", "--resume", "exports.o"), ["exports.orders"]),
        (("runs", "o"), ["orders"]),
        (("rotate", ""), ["lake"]),
        (("import", "--update", "ret"), ["returns"]),
        (("emulator", "ui", "disable", "ord"), ["orders"]),
        (("diff-environments", "dev", ""), ["dev", "prod"]),
        (("explain", "paused"), ["paused", "paused-by-hand"]),
        (("explain", "folder-without-t"), ["folder-without-time"]),
        (("drift", "--fail-on", "drift,pau"), ["drift,paused"]),
        (("restore", "sql", "orders", "--engine", "d"), ["databricks", "duckdb"]),
        (("schema", "saved"), ["saved-plan"]),
        (("completion", "f"), ["fish"]),
        (("emulator", "storage", "set", "az"), ["azure-blob", "azure-data-lake"]),
        (("init", "--ci", "g"), ["github", "gitlab"]),
        (("dri",), ["drift"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_word_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], expected: list[str]
) -> None:
    CommandLine(tmp_path).write(SMALL + "environments: {dev: {}, prod: {}}\n")

    assert completed(tmp_path, monkeypatch, *words) == expected


def test_a_topic_that_is_completed_is_one_that_explain_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    topics = completed(tmp_path, monkeypatch, "explain", "p")

    assert len(topics) > 5
    assert [topic for topic in topics if CommandLine(tmp_path)("explain", topic).code != 0] == []


def test_the_options_of_the_command_line_choose_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    CommandLine(tmp_path / "there").write(SMALL, "other.yaml")

    there = ("-C", "there", "plan", "-f", "other.yaml", "--target", "exports.o")
    assert completed(tmp_path, monkeypatch, *there) == ["exports.orders"]
    assert completed(tmp_path, monkeypatch, "plan", "--target", "exports.o") == []
    assert completed(tmp_path, monkeypatch, "-C", "nowhere", "plan", "--target", "") == []


def test_a_broken_file_completes_what_can_be_read(tmp_path: Path) -> None:
    CommandLine(tmp_path).write(BROKEN)

    assert declared_names(tmp_path, ())["exports"] == ("last-one", "orders", "returns")


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"", b"- 1\n", b"exports: 3\n", b"exports: {", b"a: &a [*a]\n"], ids=repr
)
def test_nothing_in_a_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "exports.yaml").write_bytes(data)

    assert declared_names(tmp_path, ())["exports"] == ()


def test_names_are_found_one_level_below_their_section() -> None:
    text = "exports:\n    a:\n        b: 1\n    c: {\nother:\n    d: 1\ndestinations:\n  e: 2\n"

    assert scan_names(text) == {"exports": ("a", "c"), "destinations": ("e",), "environments": ()}


def test_a_name_that_a_shell_could_run_is_not_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CommandLine(tmp_path).write(HOSTILE)

    assert completed(tmp_path, monkeypatch, "plan", "--target", "") == ["exports.orders"]
    assert completed(tmp_path, monkeypatch, "plan", "--env", "") == ["dev"]


def test_completing_imports_no_network_and_checks_nothing(tmp_path: Path) -> None:
    CommandLine(tmp_path).write(SMALL)
    program = (
        "import sys\nfrom exportctl.cli.main import main\ntry:\n    main([])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('httpx', 'deepdiff', 'rich.console', 'jsonschema') if m in sys.modules])"
    )
    line = {"COMP_WORDS": "exportctl plan --target exports.o", "COMP_CWORD": "3", COMPLETING: "complete_bash"}
    asked = [sys.executable, "-c", program]
    ended = subprocess.run(asked, cwd=tmp_path, env=os.environ | line, capture_output=True, text=True, check=True)

    assert ended.stdout.split() == ["exports.orders", "[]"]


# -- real shells ------------------------------------------------------------------------------------------------------

BASH = """\
source <(exportctl completion bash)
COMP_WORDS=(exportctl plan --target "")
COMP_CWORD=3
_exportctl_completion exportctl
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """\
autoload -U compinit
compinit -u -d dump
source <(exportctl completion zsh)
_arguments() { print -r -- "$@" }
words=(exportctl plan --target "")
CURRENT=4
_exportctl_completion
"""
FISH = """\
exportctl completion fish | source
complete --do-complete "exportctl plan --target "
"""


def _in_shell(shell: str, script: str, folder: Path) -> str:
    """What a real shell completes, in a folder in which a hostile config lies."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (folder / "bin").mkdir()
    program = folder / "bin" / "exportctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from exportctl.cli import run; run()" "$@"\n')
    program.chmod(0o755)
    CommandLine(folder).write(HOSTILE)
    env = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder)}
    asked = [shell, "-c", script]
    ended = subprocess.run(asked, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == ""
    assert not (folder / "ran").exists()
    return ended.stdout


def test_bash_completes_and_runs_nothing(tmp_path: Path) -> None:
    assert _in_shell("bash", BASH, tmp_path).split() == ["exports.orders"]


@pytest.mark.ecosystem
def test_zsh_completes_and_runs_nothing(tmp_path: Path) -> None:
    assert _in_shell("zsh", ZSH, tmp_path).strip() == '*: :(("exports.orders"))'


@pytest.mark.ecosystem
def test_fish_completes_and_runs_nothing(tmp_path: Path) -> None:
    assert _in_shell("fish", FISH, tmp_path).split() == ["exports.orders"]
