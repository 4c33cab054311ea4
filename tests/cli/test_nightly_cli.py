"""`nightly`: one run does the work of four commands with fewer requests, and no failure hides another part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from exportctl.emulator import Emulator
from exportctl.emulator.faults import Fault
from exportctl.output.markdown.marker import CommentMarker, parse_marker
from tests.cli.command_line import ORGANIZATION, START, STATE, CommandLine
from tests.cli.emulator_server import (
    CONFIG,
    PATIENCE,
    SANDBOXES,
    VARIABLES,
    EmulatorServer,
    serve_config,
    serve_emulator,
)
from tests.output.document_schemas import check_document

DAY = 86_400
ALL = "--all-environments"
SHORT = CONFIG.replace("{rolling: 180 days, renew_before: 30 days}", "{rolling: 35 days, renew_before: 31 days}")


@pytest.fixture(scope="module")
def a_day_later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with serve_config(tmp_path_factory.mktemp("applied"), SHORT) as made:
        for name in SANDBOXES:
            assert made.run("apply", "--auto-approve", "--env", name).code == 0
        made.emulator.advance(DAY)
        made.emulator.forget_requests()
        yield made.emulator


@pytest.fixture
def three(a_day_later: Emulator, tmp_path: Path) -> Iterator[EmulatorServer]:
    """dev, prod and stage behind one server, applied, a day later."""
    with serve_emulator(a_day_later.copy(), tmp_path, SHORT) as made:
        yield made


def requests(three: EmulatorServer) -> int:
    """How many requests the emulator got since the last time."""
    number = len(three.emulator.requests())
    three.emulator.forget_requests()
    return number


def edit_by_hand(three: EmulatorServer, environment: str) -> None:
    three.emulator.ui.path("orders", "elsewhere", sandbox=environment)


def test_a_quiet_night_needs_no_attention_and_writes_nothing(three: EmulatorServer) -> None:
    done = three.run("nightly", ALL)

    assert done.code == 0, done.out + done.err
    assert done.out.endswith("Nightly: 3 environments, nothing needs attention.\n")
    assert three.emulator.writes() == []


def test_it_costs_clearly_less_than_the_four_commands(three: EmulatorServer) -> None:
    for command in ("renew", "drift", "status", "verify"):
        for name in SANDBOXES:
            assert three.run(command, "--env", name).code == 0
    alone = requests(three)
    assert three.run("nightly", ALL).code == 0
    together = requests(three)

    assert together <= alone * 0.4


def test_ends_are_renewed_before_drift_and_status_look(three: EmulatorServer) -> None:
    three.emulator.advance(6 * DAY)
    document = three.run("nightly", ALL, "--format", "json").document
    found = {one["environment"]: one for one in document["result"]["environments"]}

    assert len(three.emulator.writes()) == 5  # one PATCH for each flow: dev has no export `returns`
    assert {len(one["renew"]["renewals"]) for one in found.values()} == {1, 2}
    assert all(one["renew"]["final_check_passed"] for one in found.values())
    assert all(one["drift"]["counts"]["ending"] == 0 for one in found.values())
    assert {export["result"] for one in found.values() for export in one["status"]["exports"]} == {"OK"}


def test_with_no_renew_nothing_is_written_and_the_near_end_is_shown(three: EmulatorServer) -> None:
    three.emulator.advance(6 * DAY)
    done = three.run("nightly", ALL, "--no-renew", "--fail-on", "ending")

    assert done.code == 3
    assert three.emulator.writes() == []
    assert "not asked for (--no-renew)" in done.out


def test_renewals_are_in_the_audit_file(three: EmulatorServer) -> None:
    three.emulator.advance(6 * DAY)
    assert three.run("nightly", ALL, "--audit", "audit.jsonl").code == 0
    lines = [json.loads(line) for line in (three.run.folder / "audit.jsonl").read_text().splitlines()]
    ended = [line for line in lines if line["event"] == "ended"]

    assert {line["environment"] for line in ended} == set(SANDBOXES)
    assert {line["outcome"] for line in ended} == {"done"}
    assert sum(len(line["objects"]) for line in ended) == 5


def test_a_hand_edit_is_in_every_report(three: EmulatorServer) -> None:
    edit_by_hand(three, "prod")
    done = three.run("nightly", ALL, "--out-dir", "out")
    out = three.run.folder / "out"
    document = json.loads((out / "nightly.json").read_text())["result"]
    markdown = (out / "nightly.md").read_text()
    suites = {s.get("name"): s.get("failures") for s in ElementTree.parse(out / "nightly.xml").getroot()}

    assert done.code == document["exit_code"] == 3
    assert document["needs_attention"] is True
    assert {one["environment"]: one["exit_code"] for one in document["environments"]} == {
        "dev": 0,
        "prod": 3,
        "stage": 0,
    }
    assert "elsewhere" in markdown.partition("<details>")[0]
    assert parse_marker(markdown) == CommentMarker("nightly", "acme", "*")
    assert suites["prod: drift"] == "1"
    assert (
        'exportctl_drift_entries{project="acme",environment="prod",sandbox="prod",group="drift"} 1'
        in (out / "nightly.prom").read_text()
    )


def test_one_environment_alone(three: EmulatorServer) -> None:
    edit_by_hand(three, "prod")
    quiet = three.run("nightly", "--env", "dev")
    done = three.run("nightly", "--env", "prod", "--format", "markdown")

    assert (quiet.code, done.code) == (0, 3)
    assert parse_marker(done.out) == CommentMarker("nightly", "acme", "prod")


# -- failures ---------------------------------------------------------------------------------------------------------


def test_an_environment_without_credentials_does_not_hide_the_others(three: EmulatorServer) -> None:
    edit_by_hand(three, "prod")
    done = three.run("nightly", ALL, "--out-dir", "out", STAGE_ID="")
    found = json.loads((three.run.folder / "out" / "nightly.json").read_text())

    assert done.code == 1  # an error counts before drift
    assert "stage (sandbox stage): exit 1\n  not read\n" in done.out
    assert "prod (sandbox prod): exit 3" in done.out
    assert [one["exit_code"] for one in found["result"]["environments"]] == [0, 3, 1]
    assert [error["rule"] for error in found["errors"]] == ["credentials"]


def test_a_verify_that_fails_does_not_hide_the_drift(three: EmulatorServer) -> None:
    edit_by_hand(three, "prod")
    three.emulator.add_fault(Fault("status", method="GET", path="/runs", count=0, status=403))
    done = three.run("nightly", ALL)

    assert done.code == 1
    assert done.out.count("verify  failed: the service answered 403") == 3
    assert "drift: exports.orders" in done.out


def test_a_renewal_that_fails_does_not_hide_the_rest(tmp_path: Path) -> None:
    run = CommandLine(tmp_path, dict(VARIABLES))
    run.write(SHORT.replace('"URL"', "embedded"))
    Emulator(tmp_path / STATE, clock=START, organization=ORGANIZATION).close()
    for name in SANDBOXES:
        assert run("emulator", "seed", "--from-config", "--env", name).code == 0
        assert run("apply", "--auto-approve", "--env", name).code == 0
    with closing(run.emulator()) as emulator:
        emulator.advance(7 * DAY)
        emulator.add_fault(Fault("status", method="PATCH", status=403))
    document = run("nightly", ALL, "--format", "json").document
    codes = {one["environment"]: one["exit_code"] for one in document["result"]["environments"]}

    assert codes == {"dev": 4, "prod": 0, "stage": 0}
    assert document["result"]["exit_code"] == 4
    assert all(one["drift"] and one["verify"] and one["status"] for one in document["result"]["environments"])


def test_the_newest_success_of_an_environment_that_fails_tonight_stays_in_the_metrics(three: EmulatorServer) -> None:
    three.run("nightly", ALL, "--metrics", "exportctl.prom")
    before = success_lines(three)
    three.run("nightly", ALL, "--metrics", "exportctl.prom", STAGE_ID="")
    after = success_lines(three)

    assert set(before) == set(after) == {'environment="dev"', 'environment="prod"', 'environment="stage"'}
    assert after['environment="stage"'] == before['environment="stage"']


def success_lines(three: EmulatorServer) -> dict[str, str]:
    lines = (three.run.folder / "exportctl.prom").read_text().splitlines()
    found = [line for line in lines if line.startswith("exportctl_last_success_timestamp_seconds{")]
    return {line.split(",")[1]: line.split()[-1] for line in found}


def test_a_file_that_cannot_be_written_is_a_warning_and_exit_10(three: EmulatorServer) -> None:
    done = three.run("nightly", ALL, "--json", "absent/night.json", "--markdown", "night.md")

    assert done.code == 10
    assert "warning: " in done.err
    assert (three.run.folder / "night.md").exists()
    assert "nothing needs attention" in done.out


@pytest.mark.parametrize("option", ["--json", "--markdown", "--junit", "--metrics"])
def test_a_dash_is_stdout_and_no_file(option: str, three: EmulatorServer) -> None:
    done = three.run("nightly", ALL, option, "-")
    starts = {"--json": "{", "--markdown": "<!-- ", "--junit": "<?xml ", "--metrics": "# HELP "}

    assert done.code == 0, done.err
    assert done.out.startswith(starts[option])
    assert "Nightly: 3 environments, nothing needs attention.\n" not in done.out  # the text for people
    assert not (three.run.folder / "-").exists()


def test_a_run_that_fails_as_a_whole_writes_its_document_to_stdout_too(three: EmulatorServer) -> None:
    three.run.edit("schedule: {every: 1 day", "schedule: {evry: 1 day")
    done = three.run("nightly", ALL, "--json", "-", "--out-dir", "out")

    assert done.code == 1
    check_document(done.document, "nightly")
    assert (three.run.folder / "out" / "nightly.md").exists()
    assert not (three.run.folder / "-").exists()
    assert "nightly.prom was not written: no environment was read." in done.err
    assert "stays as it is" not in done.err


def test_wrong_usage_reads_nothing(three: EmulatorServer) -> None:
    for argv, message in (
        ((ALL, "--json", "-", "--markdown", "-"), "--json - and --markdown - write to stdout"),
        ((ALL, "--json", "-", "--format", "markdown"), "--json - and --format markdown write to stdout"),
        ((ALL, "--env", "prod"), "leave it out"),
        ((ALL, "--fail-on", "everything"), "unknown name"),
        ((ALL, "--since", "yesterday"), "--since"),
        ((ALL, "--no-renew", "--audit", "a.jsonl"), "nothing to record"),
    ):
        done = three.run("nightly", *argv)
        assert done.code == 64, argv
        assert message in done.err
    assert three.emulator.requests() == []


def test_an_interrupt_says_what_may_have_been_written(three: EmulatorServer) -> None:
    three.emulator.advance(6 * DAY)
    three.emulator.add_fault(Fault("throttle", method="PATCH", count=6, retry_after=1))
    env = {**os.environ, **three.run.env}
    command = [sys.executable, "-m", "exportctl", "-C", str(three.run.folder), "nightly", ALL, "--markdown", "n.md"]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + PATIENCE
        while not three.emulator.writes() and time.monotonic() < until and process.poll() is None:
            threading.Event().wait(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 8
    assert "run `exportctl renew` to finish" in err
    assert "to finish" in (three.run.folder / "n.md").read_text()


# -- a run that fails as a whole --------------------------------------------------------------------------------------


def test_a_config_that_is_not_valid_is_in_every_report(three: EmulatorServer) -> None:
    three.run("nightly", ALL, "--out-dir", "out")
    out = three.run.folder / "out"
    metrics = (out / "nightly.prom").read_text()
    three.run.edit("schedule: {every: 1 day", "schedule: {evry: 1 day")
    done = three.run("nightly", ALL, "--out-dir", "out")
    document = json.loads((out / "nightly.json").read_text())
    check_document(document, "nightly")
    markdown = (out / "nightly.md").read_text()

    assert done.code == 1
    assert "nightly.prom stays as it is: no environment was read" in done.err
    assert (out / "nightly.prom").read_text() == metrics
    assert parse_marker(markdown) == CommentMarker("nightly", "acme", "*")
    assert "`nightly` ended without a result" in markdown
    assert "evry" in markdown
    assert "<error" in (out / "nightly.xml").read_text()
    assert document["result"]["summary"].startswith("Nightly: failed before any environment was read: ")
    assert (document["result"]["project"], document["result"]["needs_attention"]) == ("acme", True)
    assert document["errors"][0]["message"] in document["result"]["summary"]
    assert three.run("nightly", ALL, "--format", "json").document["result"]["environments"] == []
