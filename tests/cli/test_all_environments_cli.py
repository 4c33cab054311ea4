"""`--all-environments`: all are read at the same time and reported one by one, and one failure ends no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path

import pytest

from exportctl.cli.environments import MAX_PARALLEL
from exportctl.emulator import SeedDataset
from exportctl.output.markdown.marker import remove_marker
from tests.cli.command_line import START, CommandLine
from tests.cli.emulator_server import CONFIG, PATIENCE, SANDBOXES, VARIABLES, EmulatorServer, serve_config

NOW = ("--now", "2027-01-15T08:00:00Z")
COMMANDS = ("plan", "drift", "status")
PAGE = (Path(__file__).parents[2] / "docs/how-to/use-several-environments.md").read_text(encoding="utf-8")
EMBEDDED = CONFIG.replace('"URL"', "embedded")


@pytest.fixture
def three(tmp_path: Path) -> Iterator[EmulatorServer]:
    """dev, prod and stage behind one server, nothing applied."""
    with serve_config(tmp_path) as made:
        yield made


def tables(text: str) -> dict[str, str]:
    """Environment -> what the table at the end says of it."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("ENVIRONMENT"))
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[start + 1 :]}


# -- what is printed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_printed_is_what_each_environment_alone_prints_in_the_order_of_names(
    three: EmulatorServer, command: str
) -> None:
    alone = [three.run(command, "--env", name, *NOW).out for name in sorted(SANDBOXES)]
    together = three.run(command, "--all-environments", *NOW)
    assert (together.code, together.err) == (0, "")
    assert together.out.startswith("".join(f"{text}\n" for text in alone) + "ENVIRONMENT")
    assert list(tables(together.out)) == sorted(SANDBOXES)
    assert three.run(command, "--all-environments", *NOW) == together


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_holds_what_each_alone_gives(three: EmulatorServer, command: str) -> None:
    document = three.run(command, "--all-environments", "--format", "json", *NOW).document
    assert document["kind"] == f"{command}-environments"
    for one in document["result"]["environments"]:
        alone = three.run(command, "--env", one["environment"], "--format", "json", *NOW).document
        assert {name: one[name] for name in ("platform", "as_of", "result", "errors")} == {
            name: alone[name] for name in ("platform", "as_of", "result", "errors")
        }


@pytest.mark.parametrize("command", COMMANDS)
def test_the_comment_begins_with_a_table_and_holds_a_section_for_each(three: EmulatorServer, command: str) -> None:
    comment = three.run(command, "--all-environments", "--format", "markdown", *NOW).out
    assert remove_marker(comment).startswith(f"## exportctl {command}: 3 environments\n\nWritten ")
    assert f".\n\n| environment | {command} |\n" in comment
    whole = [three.run(command, "--env", name, "--format", "markdown", *NOW).out for name in sorted(SANDBOXES)]
    alone = [remove_marker(text) for text in whole]
    assert [comment.index(text) for text in alone] == sorted(comment.index(text) for text in alone)


def test_warnings_of_the_config_are_said_once(three: EmulatorServer) -> None:
    three.run.edit("orders: {datasets: [Orders]}", 'orders: {datasets: [Orders], folder: "%DATASET_ID%"}')
    ended = three.run("plan", "--all-environments")
    assert ended.err.count("[folder-without-time]") == 1
    assert ended.code == 0


def test_an_invalid_config_is_reported_once_and_no_request_is_sent(three: EmulatorServer) -> None:
    three.run.edit("every: 3 hours", "every: 5 minutes")
    for command in COMMANDS:
        ended = three.run(command, "--all-environments")
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.count("[bad-schedule]") == 1
    assert three.barrier.clients == {}


# -- at the same time -------------------------------------------------------------------------------------------------


def test_environments_are_read_at_the_same_time(three: EmulatorServer) -> None:
    three.barrier.expected_sandboxes = frozenset(
        SANDBOXES
    )  # each waits for the others: one after another none would be answered
    assert three.run("plan", "--all-environments").code == 0
    assert frozenset(SANDBOXES) in three.barrier.concurrent_sandboxes


def test_no_more_than_a_few_are_read_at_once(tmp_path: Path) -> None:
    names = [f"team-{n:02}" for n in range(2 * MAX_PARALLEL + 1)]
    overlays = "".join(f"  {name}: {{platform: {{sandbox: {name}}}}}\n" for name in names)
    text = CONFIG.partition("  dev:\n")[0] + overlays
    client = {"AEP_CLIENT_ID": "emulator-client", "AEP_CLIENT_SECRET": "emulator-client-secret"}
    with serve_config(tmp_path, text, names, **client) as many:
        many.barrier.expected_sandboxes = frozenset(names[:MAX_PARALLEL])
        ended = many.run("plan", "--all-environments")
        assert (ended.code, list(tables(ended.out))) == (0, names)
        assert max(map(len, many.barrier.concurrent_sandboxes)) == MAX_PARALLEL


def test_environments_of_the_embedded_emulator_are_read_too_and_its_first_use_knows_all_of_them(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(EMBEDDED)
    ended = run("plan", "--all-environments")
    assert ended.code == 0, ended.err
    assert list(tables(ended.out)) == sorted(SANDBOXES)
    with_one_more = EMBEDDED + "  test: {platform: {sandbox: test}}\n"
    run.write(with_one_more)
    ended = run("plan", "--all-environments")
    assert ended.code == 1
    assert tables(ended.out)["test"] == "not read: see the error"
    assert "exportctl emulator seed --from-config" in ended.err
    assert run("--env", "test", "emulator", "seed", "--from-config").code == 0
    assert run("plan", "--all-environments").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_with_the_requests_that_are_under_way(tmp_path: Path, number: signal.Signals) -> None:
    asked: list[str] = []
    waiting, sent = threading.Semaphore(0), threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            waiting.release()
            sent.wait(PATIENCE)
            time.sleep(0.2)  # so that the signal is there first
            self.send_error(503)  # which would be tried again, five times

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (tmp_path / "exports.yaml").write_text(CONFIG.replace("URL", f"http://127.0.0.1:{server.server_port}"))
        begin = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from exportctl.cli import run"
        with subprocess.Popen(
            [sys.executable, "-c", f"{begin}; run()", "plan", "--all-environments", "--format", "json"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **VARIABLES},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            for _ in SANDBOXES:
                assert waiting.acquire(timeout=PATIENCE)
            process.send_signal(number)
            sent.set()
            out, err = process.communicate(timeout=PATIENCE)
        server.shutdown()
    assert process.returncode == 8, err
    assert [e["rule"] for e in json.loads(out)["errors"]] == ["interrupted"]
    assert len(asked) == len(SANDBOXES)


# -- one that fails ---------------------------------------------------------------------------------------------------


def test_a_dataset_that_is_missing_or_double_is_an_error_there_and_the_others_plan(three: EmulatorServer) -> None:
    three.run.edit("returns: {datasets: [Returns]}", "returns: {datasets: [Refunds]}")
    three.emulator.seed(["prod"], {"prod": [SeedDataset("Refunds"), SeedDataset("Refunds")]})
    three.emulator.seed(["stage"], {"stage": [SeedDataset("Refund")]})
    ended = three.run("plan", "--all-environments", "--detailed-exitcode")
    assert ended.code == 1
    double = next(line for line in ended.out.splitlines() if "[dataset-ambiguous]" in line)
    assert 'exports.yaml:17:24: exports.returns: 2 datasets have the name "Refunds": ' in double
    assert double.partition("Refunds")[0] in PAGE
    ids = sorted(d["id"] for d in three.emulator.datasets("prod") if d["name"] == "Refunds")
    assert all(one in double for one in ids)
    assert 'did you mean "Refund"' in ended.out
    assert tables(ended.out)["dev"].startswith("2 to create")
    assert "error" not in tables(ended.out)["dev"]
    assert tables(ended.out)["prod"].endswith("1 error.")
    assert tables(ended.out)["stage"].endswith("1 error.")


def test_an_environment_that_cannot_be_read_stands_in_every_form(three: EmulatorServer) -> None:
    three.run.edit("sandbox: stage", "sandbox: stgae")
    for command in COMMANDS:
        ended = three.run(command, "--all-environments")
        assert ended.code == 1
        assert ended.err.startswith("environment stage:\nerror: the service answered 404")
        assert tables(ended.out)["stage"] == "not read: see the error"
        document = three.run(command, "--all-environments", "--format", "json").document
        assert [e["rule"] for e in document["errors"]] == ["not-found"]
        assert document["result"]["environments"][2]["errors"] == document["errors"]
        comment = three.run(command, "--all-environments", "--format", "markdown").out
        assert "environment `stage`\n\n**Not read**\n\n- error: the service answered 404" in comment


def test_a_variable_that_one_environment_lacks_fails_that_one(three: EmulatorServer) -> None:
    three.run.edit("sandbox: stage,", 'sandbox: "${env:EXPORTCTL_VAR_STAGE}",')
    ended = three.run("plan", "--all-environments")
    assert ended.code == 1
    assert "environment stage:\nerror: exports.yaml:27:25: the variable EXPORTCTL_VAR_STAGE is not set" in ended.err
    assert tables(ended.out)["prod"].startswith("3 to create")
    assert three.run("plan", "--all-environments", EXPORTCTL_VAR_STAGE="stage").code == 0


def test_a_file_that_cannot_be_read_fails_its_environment(three: EmulatorServer) -> None:
    three.run.edit("access_key_id: AKIAEXAMPLEEXAMPLEBB", 'access_key_id: "${file:key}"')  # a plan compares it
    (three.run.folder / "key").mkdir()
    ended = three.run("plan", "--all-environments")
    assert ended.code == 1
    assert "environment prod:\nerror: ${file:key} cannot be read" in ended.err
    assert tables(ended.out)["stage"].startswith("3 to create")


# -- exit codes and options -------------------------------------------------------------------------------------------


def test_the_code_is_the_one_that_counts_among_all(three: EmulatorServer) -> None:
    run = three.run
    assert run("plan", "--all-environments").code == 0
    assert run("plan", "--all-environments", "--detailed-exitcode").code == 2
    for name in SANDBOXES:
        assert run("apply", "--env", name, "--auto-approve").code == 0
    assert run("plan", "--all-environments", "--detailed-exitcode").code == 0
    run.edit("  returns: {datasets: [Returns]}\n", "")  # a deletion that nothing allows, in two of them
    run.edit("exports: {returns: null}", "exports: {}")
    assert run("plan", "--all-environments", "--detailed-exitcode").code == 5
    assert run("plan", "--all-environments", "--detailed-exitcode", "--allow-deletes", "1").code == 2
    assert run("plan", "--all-environments", DEV_SECRET="").code == 1
    three.emulator.ui.rename("orders", "Mine", sandbox="prod")
    assert run("drift", "--all-environments").code == 3
    assert run("drift", "--all-environments", DEV_SECRET="").code == 1


@pytest.mark.parametrize(
    "more",
    [
        ("--out", "plan.json"),
        ("--refresh-from", "snapshot.json"),
        ("--rehearse",),
        ("--rehearse", "--rehearse-switch", "list_lag=1"),
        ("--explain-values",),
        ("--env", "dev"),
        ("--target", "exports.odrers"),
    ],
    ids=" ".join,
)
def test_what_is_of_one_environment_is_wrong_usage(three: EmulatorServer, more: tuple[str, ...]) -> None:
    ended = three.run("plan", "--all-environments", *more)
    assert (ended.code, ended.out) == (64, "")
    assert ended.err.startswith("error: --")
    assert three.barrier.clients == {}


def test_the_variable_that_chooses_an_environment_has_no_effect(three: EmulatorServer) -> None:
    assert list(tables(three.run("plan", "--all-environments", EXPORTCTL_ENV="dev").out)) == sorted(SANDBOXES)


def test_a_config_without_environments_says_so(run: CommandLine) -> None:
    for command in COMMANDS:
        ended = run(command, "--all-environments")
        assert (ended.code, "has no environments" in ended.err) == (64, True)


def test_a_target_narrows_every_plan(three: EmulatorServer) -> None:
    ended = three.run("plan", "--all-environments", "--target", "returns")
    assert ended.code == 0
    assert "Left out by --target: 1 address." in ended.out
    assert tables(ended.out)["dev"].startswith("0 to create")


def test_each_plan_says_how_exactly_it_is_applied(three: EmulatorServer) -> None:
    shown = three.run("plan", "--all-environments").out
    commands = [line.partition("exportctl ")[2] for line in shown.splitlines() if "--only-if" in line]
    assert [command.split()[2] for command in commands] == sorted(SANDBOXES)
    for command in commands:
        assert three.run(*command.split()).code == 0
    assert three.run("plan", "--all-environments", "--detailed-exitcode").code == 0


# -- credentials and secrets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_each_environment_is_asked_with_its_own_credentials(three: EmulatorServer, command: str) -> None:
    assert three.run(command, "--all-environments").code == 0
    assert three.barrier.clients == {name: {f"{name}-client"} for name in SANDBOXES}


def test_one_environment_alone_uses_its_own_credentials_for_reading_and_writing(three: EmulatorServer) -> None:
    assert three.run("apply", "--env", "stage", "--auto-approve").code == 0
    assert three.barrier.clients == {"stage": {"stage-client"}}
    (flow, _) = three.emulator.snapshot("stage")["flows"]
    assert flow["createdClient"] == "stage-client"


@pytest.mark.parametrize("command", COMMANDS)
def test_credentials_that_are_not_set_fail_their_environment_only_with_the_line_of_its_overlay(
    three: EmulatorServer, command: str
) -> None:
    ended = three.run(command, "--all-environments", PROD_SECRET="")
    assert ended.code == 1
    assert "environment prod:\nerror: exports.yaml:23:89: PROD_SECRET is not set" in ended.err
    assert three.barrier.clients == {name: {f"{name}-client"} for name in ("dev", "stage")}


def test_credentials_that_are_wrong_fail_their_environment_only_and_are_not_shown(three: EmulatorServer) -> None:
    ended = three.run("plan", "--all-environments", STAGE_SECRET="a-secret-that-is-wrong")
    assert ended.code == 1
    assert "environment stage:" in ended.err
    assert "a-secret-that-is-wrong" not in ended.out + ended.err
    assert three.barrier.clients == {name: {f"{name}-client"} for name in ("dev", "prod")}


def test_the_secret_of_one_environment_is_hidden_in_the_output_of_every_other(three: EmulatorServer) -> None:
    secret = VARIABLES["PROD_LAKE_KEY"]
    for name in SANDBOXES:
        assert three.run("apply", "--env", name, "--auto-approve").code == 0
        three.emulator.ui.rename("orders", f"Orders {secret}", sandbox=name)
        three.emulator.ui.end(f"Orders {secret}", START + 86400, sandbox=name)
    for command, form in product(COMMANDS, ("text", "json", "markdown")):
        ended = three.run(command, "--all-environments", "--format", form)
        assert secret not in ended.out + ended.err, (command, form)
        assert command == "status" or ended.out.count("(secret)") >= len(SANDBOXES), (command, form)


# -- GitHub Actions ---------------------------------------------------------------------------------------------------


def test_under_actions_there_is_one_set_of_outputs_one_summary_and_each_annotation_once(three: EmulatorServer) -> None:
    three.run.edit("sandbox: stage,", "sandbox: stgae,")
    three.run.edit("returns: {datasets: [Returns]}", "returns: {datasets: [Refunds]}")
    folder = three.run.folder
    actions = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(folder / "out"),
        "GITHUB_STEP_SUMMARY": str(folder / "md"),
    }
    ended = three.run("plan", "--all-environments", env=actions)
    assert ended.code == 1
    annotations = [line for line in ended.err.splitlines() if line.startswith("::")]
    assert len(annotations) == len(set(annotations)) == 2
    assert any(
        "file=exports.yaml,line=17,col=24,title=dataset-unknown::prod: exports.returns" in a for a in annotations
    )
    assert any(a.startswith("::error title=not-found::stage: ") for a in annotations)
    outputs = (folder / "out").read_text()
    names = [line.partition("<<")[0] for line in outputs.splitlines() if "<<exportctl_" in line]
    assert len(names) == len(set(names))
    assert {"changes", "create", "refused", "unread", "writes", "summary"} <= set(names)
    assert "digest" not in names
    assert "dev: Plan: 2 to create" in outputs
    assert remove_marker((folder / "md").read_text()).startswith("## exportctl plan: 3 environments")


def test_drift_under_actions_says_that_it_fails_though_the_last_environment_does_not(three: EmulatorServer) -> None:
    assert three.run("apply", "--env", "dev", "--auto-approve").code == 0
    three.emulator.ui.rename("orders", "Mine", sandbox="dev")
    file = three.run.folder / "out"
    assert three.run("drift", "--all-environments", GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(file)).code == 3
    outputs = file.read_text().splitlines()
    assert outputs[next(n for n, line in enumerate(outputs) if line.startswith("failing<<")) + 1] == "true"


def test_status_under_actions_annotates_what_could_not_be_read(three: EmulatorServer) -> None:
    ended = three.run("status", "--all-environments", GITHUB_ACTIONS="true", DEV_SECRET="")
    assert "title=credentials::dev: DEV_SECRET is not set" in ended.err
