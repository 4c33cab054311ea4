"""`validate` and `drift` for code scanning and test reports: one document, whatever happens, and the same exit code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from exportctl.cli import exit_codes
from tests.cli.command_line import SMALL, CommandLine
from tests.cli.emulator_server import SANDBOXES, serve_config
from tests.output.sarif_documents import check_sarif, positions

NOWHERE = "http://127.0.0.1:1"


def nothing(run: CommandLine) -> None:
    """Nothing is to be prepared."""


def break_yaml(run: CommandLine) -> None:
    run.edit("exports:\n", "exports: [\n")


def misspell(run: CommandLine) -> None:
    run.edit("type: amazon-s3", "type: amazon-s4")


def drift_and_pause(run: CommandLine) -> None:
    assert run("emulator", "ui", "path", "orders", "by/hand", "--as", "jane").code == 0
    assert run("emulator", "ui", "disable", "returns", "--as", "jane").code == 0


def go_away(run: CommandLine) -> None:
    run.edit("url: embedded", f"url: {NOWHERE}")


# prepare, command, exit code, the results as (rule, file, line), whether the run was successful
CASES: dict[
    str, tuple[Callable[[CommandLine], None], tuple[str, ...], int, list[tuple[str, str, int]] | None, bool]
] = {
    "a valid config": (nothing, ("validate",), exit_codes.DONE, [], True),
    "no YAML": (break_yaml, ("validate",), exit_codes.FAILED, None, True),
    "a wrong value": (misspell, ("validate",), exit_codes.FAILED, [("unknown-value", "exports.yaml", 10)], True),
    "no drift": (nothing, ("drift",), exit_codes.DONE, [], True),
    "drift": (
        drift_and_pause,
        ("drift",),
        exit_codes.DRIFT,
        [("drift", "exports.yaml", 10), ("paused", "exports.yaml", 13)],
        True,
    ),
    "drift of no YAML": (break_yaml, ("drift",), exit_codes.FAILED, None, True),
    "a service that is away": (go_away, ("drift",), exit_codes.FAILED, [], False),
    "an unknown target": (nothing, ("drift", "--target", "exports.no"), exit_codes.USAGE, [], False),
}


@pytest.mark.parametrize("name", CASES)
def test_sarif_is_one_valid_document_with_the_exit_code_of_the_command(applied: CommandLine, name: str) -> None:
    prepare, command, code, expected, is_successful = CASES[name]
    prepare(applied)

    ended = applied(*command, "--format", "sarif")

    assert ended.code == code == applied(*command).code
    run = check_sarif(ended.out)
    assert run["invocations"][0]["executionSuccessful"] is is_successful
    assert run["automationDetails"]["id"] == f"exportctl {command[0]}/"
    if expected is None:
        assert run["results"]
        assert {file for _, file, _ in positions(run)} == {"exports.yaml"}
    else:
        assert positions(run) == expected
    assert (ended.err != "") == (code in (exit_codes.FAILED, exit_codes.USAGE) and command[0] == "drift")


@pytest.mark.parametrize("name", CASES)
def test_junit_is_one_document_that_fails_with_the_command(applied: CommandLine, name: str) -> None:
    prepare, command, code, _, _ = CASES[name]
    prepare(applied)

    ended = applied(*command, "--format", "junit")

    assert ended.code == code
    root = ElementTree.fromstring(ended.out)
    failing = [*root.iter("failure"), *root.iter("error")]
    assert bool(failing) == (code != exit_codes.DONE)
    assert list(root.iter("testcase"))


@pytest.mark.parametrize("command", ["verify", "backup check", "backup drill", "restore check orders", "drift"])
def test_junit_of_an_error_is_one_document_named_like_that_of_a_result(run: CommandLine, command: str) -> None:
    run.edit("version: 1", "version: one")

    ended = run(*command.split(), "--format", "junit")

    root = ElementTree.fromstring(ended.out)
    assert (ended.code, root.attrib["name"]) == (exit_codes.FAILED, f"exportctl {command.removesuffix(' orders')}")
    assert list(root.iter("error"))


def test_drift_has_one_case_per_address_with_a_line_per_value(applied: CommandLine) -> None:
    drift_and_pause(applied)
    assert applied("emulator", "ui", "path", "orders", "again/by/hand").code == 0

    root = ElementTree.fromstring(applied("drift", "--format", "junit").out)

    cases = {case.attrib["name"]: case.find("failure") for case in root.iter("testcase")}
    assert set(cases) == {"destinations.lake", "exports.orders", "exports.returns"}
    assert cases["destinations.lake"] is None
    assert 'exports.orders `path`: live "again/by/hand", config "aep"' in failure_text(cases["exports.orders"])


def failure_text(failure: Any) -> str:
    assert failure is not None
    return str(failure.text)


def test_files_are_named_from_the_root_of_the_repository(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "north wind"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    run = CommandLine(folder)
    run.write(SMALL.replace("amazon-s3", "amazon-s4"))

    found = check_sarif(run("validate", "--format", "sarif").out)

    assert positions(found) == [("unknown-value", "data/north%20wind/exports.yaml", 10)]
    place = found["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uriBaseId"] == "%SRCROOT%"
    assert str(tmp_path) not in json.dumps(found)


def test_all_environments_are_one_document_in_each_format(tmp_path: Path) -> None:
    with serve_config(tmp_path) as made:
        command = ("drift", "--all-environments", "--fail-on", "pending", "--now", "2027-01-15T08:00:00Z")
        ended = made.run(*command, "--format", "sarif")
        junit = ElementTree.fromstring(made.run(*command, "--format", "junit").out)
        texts = [result["message"]["text"] for result in check_sarif(ended.out)["results"]]

    assert ended.code == exit_codes.DRIFT
    assert {text.partition(":")[0] for text in texts} == set(SANDBOXES)
    assert [suite.attrib["name"] for suite in junit.iter("testsuite")] == sorted(SANDBOXES)
    assert list(junit.iter("failure"))
