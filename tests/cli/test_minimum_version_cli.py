"""A config for a later exportctl, as an older one meets it on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl import __version__
from tests.cli.command_line import SMALL, CommandLine, copied_command_line

NEWER = SMALL.replace("version: 1\n", "version: 1\nminimum_version: '99.0'\nleases: {on: true}\n")
SAID = f"exports.yaml:2:18: this config needs exportctl 99.0 or later; this is {__version__}  [minimum-version]"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate",),
    ("plan",),
    ("plan", "--explain-values"),
    ("plan", "--rehearse"),
    ("apply", "--auto-approve"),
    ("apply", "plan.json"),
    ("drift",),
    ("drift", "--patch"),
    ("renew",),
    ("status",),
    ("forecast",),
    ("runs", "orders"),
    ("verify", "--runs-only"),
    ("import", "--all"),
    ("snapshot", "--out", "sandbox.json"),
    ("datasets",),
    ("rotate", "lake"),
)


@pytest.fixture(scope="module")
def newer_folder(applied_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copied_command_line(applied_folder, tmp_path_factory.mktemp("newer"))
    assert made("plan", "--out", "plan.json").code == 0
    made.write(NEWER)
    return made.folder


@pytest.fixture
def newer(newer_folder: Path, tmp_path: Path) -> CommandLine:
    return copied_command_line(newer_folder, tmp_path)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_that_reads_the_config_says_that_and_only_that(
    newer: CommandLine, command: tuple[str, ...]
) -> None:
    before = newer.writes()
    ended = newer(*command)
    said = ended.out + ended.err
    assert (ended.code, newer.writes()) == (1, before)
    assert SAID in said
    assert "upgrade exportctl" in said
    assert "leases" not in said
    assert said.count("  [") == 1


@pytest.mark.parametrize("command", ["validate", "plan", "drift"])
def test_the_machine_form_holds_one_finding(newer: CommandLine, command: str) -> None:
    document = newer(command, "--format", "json").document
    assert [(e["rule"], e["file"], e["line"], e["column"]) for e in document["errors"]] == [
        ("minimum-version", "exports.yaml", 2, 18)
    ]


def test_doctor_says_it_too(newer: CommandLine) -> None:
    ended = newer("doctor")
    assert (ended.code, "this config needs exportctl 99.0 or later" in ended.out) == (1, True)


def test_a_config_that_asks_for_this_version_is_applied(applied: CommandLine) -> None:
    applied.write(SMALL.replace("version: 1\n", f'version: 1\nminimum_version: "{__version__}"\n'))
    assert applied("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("topic", ["minimum-version", "minimum_version", "newer-marker"])
def test_explain_knows_it(applied: CommandLine, topic: str) -> None:
    assert applied("explain", topic).code == 0
