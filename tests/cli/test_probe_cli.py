"""`probe` at the command line: what it asks before, what it refuses, what it writes."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from exportctl.cli import exit_codes
from exportctl.emulator import Fault
from exportctl.profile.file import FILE_NAME
from tests.cli.command_line import CommandLine, Terminal, fixed_clock_command_line

CONFIG = """version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: SANDBOX, url: embedded}
destinations: {landing: {type: data-landing-zone, path: exports}}
exports: {orders: {datasets: [Orders], destination: landing, schedule: {every: 1 day, at: "02:00"}, end: 2099-01-01}}
"""


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    return fixed_clock_command_line(tmp_path, CONFIG.replace("SANDBOX", "dev"))


def objects(run: CommandLine) -> list[str]:
    with closing(run.emulator()) as emulator:
        found = emulator.snapshot("dev")
        return [str(doc["name"]) for docs in found.values() for doc in docs]


def test_it_asks_writes_the_profile_and_leaves_nothing(run: CommandLine) -> None:
    shown = run("probe", "--dataset", "Orders", stdin=Terminal("yes\n"), watched=True)

    assert shown.code == exit_codes.DONE
    assert "in sandbox dev" in shown.err
    assert "patch_objects: " in shown.out
    assert "All objects of the probe are deleted." in shown.out
    assert objects(run) == []
    assert json.loads((run.folder / FILE_NAME).read_text())["platform"] == "embedded"


def test_another_answer_than_yes_starts_nothing(run: CommandLine) -> None:
    shown = run("probe", "--dataset", "Orders", stdin=Terminal("y\n"), watched=True)

    assert shown.code == exit_codes.FAILED
    assert (run.writes(), (run.folder / FILE_NAME).exists()) == (0, False)


def test_without_a_terminal_and_consent_it_is_wrong_usage(run: CommandLine) -> None:
    shown = run("probe", "--dataset", "Orders")

    assert shown.code == exit_codes.USAGE
    assert "--auto-approve" in shown.err
    assert run.writes() == 0


def test_production_must_be_typed_out(run: CommandLine) -> None:
    run.write(CONFIG.replace("SANDBOX", "prod"))
    refused = run("probe", "--dataset", "Orders", "--auto-approve")

    assert refused.code == exit_codes.USAGE
    assert "--sandbox prod" in refused.err
    assert run.writes() == 0

    assert run("emulator", "seed", "--sandbox", "prod", "--dataset", "Orders").code == 0
    assert run("probe", "--dataset", "Orders", "--auto-approve", "--sandbox", "prod").code == exit_codes.DONE


def test_a_dataset_that_is_not_there_is_an_error_with_near_names(run: CommandLine) -> None:
    shown = run("probe", "--dataset", "Order", "--auto-approve")

    assert shown.code == exit_codes.FAILED
    assert "did you mean Orders?" in shown.err
    assert "access label" in shown.err


def test_objects_that_remain_are_exit_code_4(run: CommandLine) -> None:
    with closing(run.emulator()) as emulator:
        emulator.add_fault(Fault("status", method="DELETE", path="/targetConnections/", count=1000, status=403))
    shown = run("probe", "--dataset", "Orders", "--auto-approve", "--format", "json")

    assert shown.code == exit_codes.INCOMPLETE
    assert set(shown.document["result"]["remaining"]) == {"/connections", "/targetConnections"}

    assert run("emulator", "faults", "clear").code == 0
    assert run("probe", "--dataset", "Orders", "--auto-approve").code == exit_codes.DONE
    assert objects(run) == []


def test_the_document_holds_every_question(run: CommandLine) -> None:
    document = run("probe", "--dataset", "Orders", "--auto-approve", "--format", "json").document

    names = {question["name"] for question in document["result"]["questions"]}
    assert {"patch_objects", "list_lag", "authentication"} <= names
    assert document["result"]["remaining"] == {}


def test_the_profile_sets_the_switches_of_an_emulator(run: CommandLine) -> None:
    assert run("emulator", "switches", "set", "patch_objects=merge", "list_lag=5", "read_secrets=omit").code == 0
    assert run("probe", "--dataset", "Orders", "--auto-approve").code == exit_codes.DONE
    assert run("emulator", "switches", "set", "patch_objects=replace", "list_lag=0", "read_secrets=mask").code == 0
    shown = run("emulator", "switches", "set", "--profile", FILE_NAME, "--format", "json")

    found = json.loads(shown.out)
    assert (found["patch_objects"], found["list_lag"], found["read_secrets"]) == ("merge", 5, "omit")


def test_a_mistake_in_a_profile_is_named_with_its_line(run: CommandLine) -> None:
    assert run("probe", "--dataset", "Orders", "--auto-approve").code == exit_codes.DONE
    text = (run.folder / FILE_NAME).read_text()
    line = 1 + text[: text.index('"patch_objects"')].count("\n")
    (run.folder / FILE_NAME).write_text(text.replace('"patch_objects": "', '"patch_objects": "x'))
    shown = run("emulator", "switches", "set", "--profile", FILE_NAME)

    assert shown.code == exit_codes.FAILED
    assert f"{FILE_NAME}:{line}:5: patch_objects cannot be x" in shown.err
