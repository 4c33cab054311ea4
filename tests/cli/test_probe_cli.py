"""`probe` at the command line: what it asks before, what it refuses, what it writes."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from exportctl.cli import exit_codes
from exportctl.emulator import Fault, Switches
from exportctl.profile.file import FILE_NAME
from exportctl.workflows.load_config import Setup
from exportctl.workflows.service_profile import use_profile
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
    assert 'did you mean "Orders"?' in shown.err
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


def probed(run: CommandLine, *settings: str) -> None:
    """Probe an emulator with these settings, and set the switches that the probe asks about to their defaults."""
    assert run("emulator", "switches", "set", *settings).code == 0
    assert run("probe", "--dataset", "Orders", "--auto-approve").code == exit_codes.DONE
    defaults = [f"{name.partition('=')[0]}={json.dumps(default_setting(name))}" for name in settings]
    assert run("emulator", "switches", "set", *defaults).code == 0


def default_setting(setting: str) -> object:
    return Switches.choices()[setting.partition("=")[0]][0]


def test_a_rehearsal_plays_the_service_of_the_profile(run: CommandLine) -> None:
    assert run("plan", "--rehearse").code == exit_codes.DONE
    probed(run, "child_descriptions=drop")
    rehearsed = run("plan", "--rehearse")

    assert rehearsed.code == exit_codes.INCOMPLETE
    assert "Service profile: service-profile.json (probed on 2027-01-15" in rehearsed.out
    assert "description" in rehearsed.out
    assert run("plan", "--rehearse", "--rehearse-switch", "child_descriptions=keep").code == exit_codes.DONE


def test_plan_does_not_warn_of_what_the_profile_answers(run: CommandLine) -> None:
    run.edit("every: 1 day", "every: 8 hours")
    assert "schedule-8-hours" in run("plan").err
    probed(run, "eight_hours=rejected")
    assert "schedule-8-hours" in run("plan").err
    probed(run, "eight_hours=accepted")
    assert "schedule-8-hours" not in run("plan").err


def test_doctor_lists_the_promises_that_the_probed_service_weakens(run: CommandLine) -> None:
    assert "not probed" in run("doctor").out
    probed(run, "child_descriptions=drop", "list_lag=60")
    shown = run("doctor")

    assert "warning  service-profile: child_descriptions is drop: weaker promise 1 (No state file)" in shown.out
    assert "warning  service-profile: list_lag is 60: weaker promise 3" in shown.out
    assert "ok       service-profile: child_descriptions" not in shown.out
    assert shown.out.splitlines()[-1].endswith(f" {shown.out.count('warning  service-profile')} warnings.")


def test_every_output_of_a_plan_names_the_profile_and_no_saved_plan_does(run: CommandLine) -> None:
    assert "profile" not in run("plan", "--format", "json").document["platform"]
    probed(run, "list_lag=60")

    named = run("plan", "--format", "json").document["platform"]["profile"]
    digest = run("plan", "--format", "json").document["result"]["digest"]

    assert (named["file"], named["probed_on"]) == (FILE_NAME, "2027-01-15")
    assert named["answered"] > named["weaker"] > 0
    assert "service-profile.json (probed on 2027-01-15" in run("plan", "--format", "markdown").out
    run("plan", "--out", "plan.json")
    assert "service-profile" not in (run.folder / "plan.json").read_text()
    (run.folder / FILE_NAME).unlink()
    assert run("plan", "--format", "json").document["result"]["digest"] == digest


def test_a_profile_of_an_emulator_counts_for_no_other_service(run: CommandLine) -> None:
    probed(run, "child_descriptions=drop")
    setup = Setup(run.folder)

    assert use_profile(setup, "service") is None
    assert use_profile(setup, "embedded") is not None
    assert use_profile(setup, "service", Path(FILE_NAME)) is not None


def test_an_export_shows_its_volume_before_it_is_asked_for(run: CommandLine) -> None:
    assert run("emulator", "ingest", "Orders", "1200").code == 0
    options = ("--dataset", "Orders", "--with-export", "Orders")
    unknown = run("probe", *options, stdin=Terminal("no\n"), watched=True)
    assert "Orders: size not known here" in unknown.err
    assert unknown.code == exit_codes.FAILED

    assert run("apply", "--auto-approve").code == exit_codes.DONE
    assert run("emulator", "clock", "advance", "1 day").code == 0
    known = run("probe", *options, stdin=Terminal("no\n"), watched=True)
    assert "Orders: 2,200 rows" in known.err
    assert "counts as export volume" in known.err


def test_a_dataset_with_new_rows_is_announced_as_an_export(run: CommandLine) -> None:
    options = ("--dataset", "Orders", "--with-new-rows", "Orders")
    shown = run("probe", *options, stdin=Terminal("no\n"), watched=True)

    assert shown.code == exit_codes.FAILED
    assert "two flows EXPORT this dataset" in shown.err
    assert "Orders: size not known here" in shown.err
    assert "Choose datasets that get no new rows" not in shown.err


def test_three_datasets_to_export_are_wrong_usage(run: CommandLine) -> None:
    three = [part for name in ("A", "B", "C") for part in ("--with-export", name)]

    assert run("probe", "--dataset", "Orders", *three).code == exit_codes.USAGE
