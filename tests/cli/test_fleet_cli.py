"""`fleet`: many projects and sandboxes in one run: one report, one exit code, and one failure hides no other."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import threading
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from exportctl.emulator import Emulator
from exportctl.workflows.fleet import NOT_READ, SANDBOXES_AT_ONCE
from tests.cli.command_line import CommandLine
from tests.cli.emulator_server import PATIENCE, SANDBOXES
from tests.cli.fleet_teams import COMMANDS, CREDENTIALS, NOW, Teams, add_project, rows

SHORT = "{rolling: 35 days, renew_before: 30 days}"


# -- the report -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_holds_what_the_command_alone_gives_for_each_sandbox(teams: Teams, command: str) -> None:
    teams.add("one", "dev")
    ended = teams.run("fleet", command, "teams", "--format", "json", *NOW)
    found = rows(ended.document)
    assert list(found) == ["teams/all dev", "teams/all prod", "teams/all stage", "teams/one"]
    for name, row in found.items():
        folder, _, environment = name.partition(" ")
        chosen = ("--env", environment) if environment else ()
        alone = teams.run("-C", f"{teams.run.folder}/{folder}", command, *chosen, "--format", "json", *NOW).document
        assert (row["platform"], row["as_of"], row[command]) == (alone["platform"], alone["as_of"], alone["result"])
        assert all(row[other] is None for other in COMMANDS if other != command)


def test_the_document_has_the_form_that_json_gives_it(teams: Teams) -> None:
    text = teams.run("fleet", "drift", "teams", "--format", "json", *NOW).out
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2) + "\n"


def test_every_format_names_every_sandbox_and_what_needs_attention(teams: Teams) -> None:
    teams.add("one", "dev")
    assert teams.run("-C", f"{teams.run.folder}/teams/one", "apply", "--auto-approve").code == 0
    teams.server.emulator.ui.disable("orders", sandbox="dev")
    for format in ("text", "markdown", "junit", "sarif", "json"):
        ended = teams.run("fleet", "drift", "teams", "--format", format)
        assert ended.code == 3
        assert "paused" in ended.out
        names = ("teams/one", "teams/all dev", "teams/all prod", "teams/all stage")
        assert [name for name in names if name not in ended.out] == [] or format in ("json", "sarif")
    suites = ElementTree.fromstring(teams.run("fleet", "drift", "teams", "--format", "junit").out)
    assert (len(suites), suites.get("failures")) == (4, "1")


def test_the_text_ends_with_a_table_and_one_sentence(teams: Teams) -> None:
    ended = teams.run("fleet", "drift", "teams")
    assert ended.out.splitlines()[-1] == "Fleet drift: 3 sandboxes, nothing needs attention."
    assert ended.code == 0


def test_github_actions_gets_annotations_at_files_below_the_workspace_and_outputs(teams: Teams) -> None:
    teams.add("broken", "dev")
    broken = teams.run.folder / "teams/broken/exports.yaml"
    broken.write_text(broken.read_text().replace("every: 1 day", "every: 5 minutes"))
    output = teams.run.folder / "output"
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_WORKSPACE": str(teams.run.folder)}
    ended = teams.run("fleet", "drift", "teams", env=variables)
    assert "file=teams/broken/exports.yaml,line=6" in ended.err
    assert re.search(r"unread<<\S+\n1\n", output.read_text())


def test_each_command_of_a_report_works_from_the_folder_in_which_the_run_began(teams: Teams) -> None:
    teams.add("it-s one", "dev")
    file = teams.run.folder / "teams/it-s one/exports.yaml"
    file.write_text(file.read_text().replace("project: it-s one", "project: one"))
    found = [
        shlex.split(words) for words in re.findall("To see it alone: (.*)", teams.run("fleet", "plan", "teams").out)
    ]
    assert [words[:2] for words in found] == [["exportctl", "-C"]] * 4
    for _, _, folder, *words in found:
        assert CommandLine(Path(folder), teams.run.env)(*words).code == 0


# -- one failure hides no other ---------------------------------------------------------------------------------------


def test_a_broken_config_a_missing_credential_and_a_dead_host_leave_the_other_sandboxes_read(teams: Teams) -> None:
    teams.add("broken", "dev")
    (teams.run.folder / "teams/broken/exports.yaml").write_text("version: [1", encoding="utf-8")
    teams.add("dead", "dev", "http://127.0.0.1:9")
    ended = teams.run("fleet", "drift", "teams", "--format", "json", *NOW, env={"PROD_SECRET": ""})
    found = rows(ended.document)
    assert {name for name, row in found.items() if row["read"]} == {"teams/all dev", "teams/all stage"}
    why = {name: [error["rule"] for error in row["errors"]] for name, row in found.items() if not row["read"]}
    assert why == {
        "teams/all prod": ["credentials"],
        "teams/broken": ["yaml-bracket"],
        "teams/dead": ["not-reached"],
    }
    assert ended.code == 1
    assert {name: row["platform"] and row["platform"]["sandbox"] for name, row in found.items() if not row["read"]} == {
        "teams/all prod": "prod",
        "teams/broken": None,
        "teams/dead": "dev",
    }


def test_an_environment_without_a_reference_is_one_row(teams: Teams) -> None:
    path = teams.run.folder / "teams/all/exports.yaml"
    path.write_text(path.read_text().replace("sandbox: stage,", 'sandbox: "${env:EXPORTCTL_VAR_STAGE}",'))
    found = rows(teams.run("fleet", "plan", "teams", "--format", "json", *NOW).document)
    assert [name for name, row in found.items() if not row["read"]] == ["teams/all stage"]


def test_the_exit_code_is_the_first_that_applies_to_any_sandbox(teams: Teams) -> None:
    teams.add("one", "dev")
    assert teams.run("fleet", "plan", "teams", "--detailed-exitcode").code == 2
    (teams.run.folder / "teams/one/exports.yaml").write_text("version: [1", encoding="utf-8")
    assert teams.run("fleet", "plan", "teams", "--detailed-exitcode").code == 1


@pytest.mark.parametrize("format", ["json", "text"])
def test_an_interrupt_writes_the_report_at_once_while_a_server_says_nothing(teams: Teams, format: str) -> None:
    """The server answers nothing for prod before the run has ended."""
    teams.server.barrier.expected_sandboxes = frozenset({"prod", "never-asked"})

    def interrupt() -> None:
        teams.server.barrier.wait_for("prod")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        ended = teams.run("fleet", "drift", "teams", "--format", format)
    finally:
        teams.server.barrier.release()
    thread.join()
    assert ended.code == 8
    if format == "json":
        assert ended.document["result"]["complete"] is False
        found = rows(ended.document)
        assert len(found) == 3
        assert [error["message"] for error in found["teams/all prod"]["errors"]] == [NOT_READ.message]
    else:
        assert f"{NOT_READ.message}  [interrupted]" in ended.out


def test_an_interrupt_of_renew_ends_the_wait_for_the_rate_budget_where_nothing_is_written_yet(teams: Teams) -> None:
    """Of the 12 lists of three sandboxes, 8 are asked for at once, and one in ten seconds after that."""

    def interrupt() -> None:
        until = time.monotonic() + PATIENCE
        while len(sent_lists()) < 8 and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    def sent_lists() -> list[str]:
        return [name for name in sent(teams.server.emulator, 0) if "token" not in name]

    thread = threading.Thread(target=interrupt)
    thread.start()
    ended = teams.run("fleet", "renew", "teams", "--parallel-requests", "8", "--requests-per-second", "0.1")
    thread.join()
    assert ended.code == 8
    assert 8 <= len(sent_lists()) < 12


def test_an_interrupt_of_renew_reports_and_records_every_write_that_was_made(teams: Teams) -> None:
    teams.add("one", "dev")
    apply_short_ends(teams)
    begun = len(teams.server.emulator.writes())
    teams.server.barrier.before_patch = lambda: os.kill(os.getpid(), signal.SIGINT)

    ended = teams.run("fleet", "renew", "teams", "--audit", "renewals.jsonl", "--format", "json")

    teams.server.barrier.before_patch = lambda: None
    made = len(teams.server.emulator.writes()) - begun
    lines = [json.loads(line) for line in (teams.run.folder / "renewals.jsonl").read_text().splitlines()]
    recorded = [line for line in lines if line["event"] == "step-ended" and line["status"] == "done"]
    reported = [
        step
        for row in rows(ended.document).values()
        for step in (row["renew"] or {"outcomes": []})["outcomes"]
        if step["status"] == "done"
    ]
    assert (ended.code, ended.document["result"]["complete"]) == (8, False)
    assert made >= 1
    assert (len(recorded), len(reported)) == (made, made)
    again = teams.run("fleet", "renew", "teams")
    assert (again.code, len(teams.server.emulator.writes()) - begun) == (0, 6)


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("fleet", "drift", "nothing"), 1, "nothing is not a folder"),
        (("fleet", "drift", "empty"), 1, "there is no project below empty"),
        (("fleet", "drift", "teams", "--env", "dev"), 64, "--env: leave it out"),
        (("fleet", "renew", "teams", "--dry-run", "--audit", "a.jsonl"), 64, "nothing is written"),
    ],
    ids=["no folder", "no project", "an environment", "an audit of nothing"],
)
def test_a_wrong_call_says_what_to_do(tmp_path: Path, argv: tuple[str, ...], code: int, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "teams").mkdir()
    ended = CommandLine(tmp_path)(*argv)
    assert (ended.code, message in ended.err) == (code, True)


# -- a fleet file -----------------------------------------------------------------------------------------------------


def test_a_fleet_file_chooses_projects_files_and_environments_relative_to_itself(teams: Teams) -> None:
    teams.add("one", "dev")
    folder = teams.run.folder / "teams"
    (folder / "one" / "exports.yaml").rename(folder / "one" / "one.yaml")
    file = folder / "fleet.yaml"
    file.write_text("""\
version: 1
organizations:
  0123456789ABCDEF01234567@AdobeOrg: {requests_per_second: 50, parallel_requests: 4}
projects:
  - {folder: all, environments: [dev, stage]}
  - {folder: one, files: [one.yaml]}
  - {folder: missing}
""")
    ended = teams.run("fleet", "drift", "teams/fleet.yaml", "--format", "json", *NOW)
    found = rows(ended.document)
    assert {name: row["read"] for name, row in found.items()} == {
        "teams/all dev": True,
        "teams/all stage": True,
        "teams/missing": False,
        "teams/one": True,
    }
    assert found["teams/one"]["files"] == ["one.yaml"]
    assert ended.code == 1
    text = file.read_text().replace("  - {folder: missing}\n", "").replace("[dev, stage]", "[dev, nowhere, stage]")
    file.write_text(text)
    ended = teams.run("fleet", "drift", "teams/fleet.yaml", "--format", "json", *NOW)
    assert [row["environment"] for row in rows(ended.document).values()] == ["dev", "nowhere", "stage", None]
    assert [row["environment"] for row in rows(ended.document).values() if not row["read"]] == ["nowhere"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1", 'fleet.yaml:1:1: the fleet file needs "projects"'),
        (
            "version: 1\nprojects: [{folder: a, enviroments: [dev]}]",
            'fleet.yaml:2:24: projects has no key "enviroments"',
        ),
        ("version: 1\nprojects: [{folder: a}, {folder: a}]", "fleet.yaml:2:25: a is listed twice"),
        ("version: 1\nprojects: [{folder: a}, {folder: b/../a}]", "fleet.yaml:2:25: b/../a is listed twice"),
        ("version: 1\nprojects: [{folder: a}, {folder: link}]", "fleet.yaml:2:25: link is listed twice"),
        (
            "version: 1\nprojects: [{folder: a}, {folder: a, environments: [dev]}]",
            "fleet.yaml:2:25: a is listed twice with the same environment",
        ),
        (
            "version: 1\nprojects: [{folder: a, environments: [dev, dev]}]",
            "fleet.yaml:2:12: a is listed twice with the same environment",
        ),
        (
            "version: 1\norganizations: {A: {requests_per_second: 0}}\nprojects: [{folder: a}]",
            "fleet.yaml:2:42: organizations.A.requests_per_second has a value that it cannot have",
        ),
        ("version: [1", "fleet.yaml:1:10: this [ is not closed"),
    ],
    ids=[
        "a key is missing",
        "an unknown key",
        "a project twice",
        "a project on two ways",
        "a project through a link",
        "an environment of all",
        "an environment twice",
        "a budget of nothing",
        "no YAML",
    ],
)
def test_a_mistake_in_a_fleet_file_is_said_at_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "fleet.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "link").symlink_to("a")
    ended = CommandLine(tmp_path)("fleet", "drift", "fleet.yaml")
    assert (ended.code, message in ended.err) == (1, True), ended.err


# -- renewals ---------------------------------------------------------------------------------------------------------


def apply_short_ends(teams: Teams) -> None:
    """Apply `all` and `one` with ends that are due a week later, which is now."""
    for file in (teams.run.folder / "teams").glob("*/exports.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("{rolling: 180 days, renew_before: 30 days}", SHORT), encoding="utf-8")
    for name in SANDBOXES:
        assert teams.run("-C", f"{teams.run.folder}/teams/all", "apply", "--auto-approve", "--env", name).code == 0
    assert teams.run("-C", f"{teams.run.folder}/teams/one", "apply", "--auto-approve").code == 0
    teams.server.emulator.advance(8 * 86400)


def test_renew_moves_the_ends_that_are_due_in_every_sandbox_and_records_them(teams: Teams) -> None:
    teams.add("one", "dev")
    apply_short_ends(teams)
    begun = len(teams.server.emulator.writes())
    dry = teams.run("fleet", "renew", "teams", "--dry-run")
    assert set(re.findall("To see it alone: .*(renew.*)", dry.out)) == {
        "renew --dry-run",
        *(f"renew --dry-run --env {name}" for name in SANDBOXES),
    }
    assert (dry.code, len(teams.server.emulator.writes()) - begun) == (0, 0)
    assert "1 rolling end is due." in dry.out
    assert dry.out.count("exports.orders: `end` is due: 2027-02-19 00:00 UTC -> 2027-02-27 00:00 UTC") == 4
    ended = teams.run("fleet", "renew", "teams", "--audit", "renewals.jsonl")
    assert ended.code == 0
    lines = (teams.run.folder / "renewals.jsonl").read_text().splitlines()
    done = [json.loads(line) for line in lines if '"step-ended"' in line]
    assert len(done) == len(teams.server.emulator.writes()) - begun == 6  # dev has no returns
    again = teams.run("fleet", "renew", "teams")
    assert (again.code, again.out.count("no rolling end is due")) == (0, 4)


# -- requests ---------------------------------------------------------------------------------------------------------


def test_each_list_of_each_sandbox_is_read_once_with_one_token_for_each_credential(teams: Teams) -> None:
    alone = Counter[str]()
    for name in SANDBOXES:
        begun = len(teams.server.emulator.requests())
        assert teams.run("-C", f"{teams.run.folder}/teams/all", "drift", "--env", name, *NOW).code == 0
        alone += Counter(sent(teams.server.emulator, begun))
    teams.add("one", "dev")
    teams.add("two", "dev")
    begun = len(teams.server.emulator.requests())
    assert teams.run("fleet", "drift", "teams", *NOW).code == 0
    counted = Counter(sent(teams.server.emulator, begun))
    tokens = {name: count for name, count in counted.items() if "token" in name}
    assert list(tokens.values()) == [3]  # dev, prod and stage have one each; the others use that of dev
    lists = {name: count for name, count in counted.items() if "token" not in name}
    assert lists == {name: count // 3 * 5 for name, count in alone.items() if "token" not in name}


def sent(server: Emulator, begun: int) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in server.requests()[begun:]]


# -- memory -----------------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_number_of_sandboxes(tmp_path: Path) -> None:
    peaks = {}
    for count in (10, 40):
        root = tmp_path / str(count)
        names = [f"box-{n:02}" for n in range(count)]
        for name in names:
            add_project(root, name, "embedded", name)
        run = CommandLine(root, CREDENTIALS)
        run("fleet", "plan", ".", "--format", "json")  # the emulators are made, and all modules are loaded
        tracemalloc.start()
        assert run("fleet", "drift", ".").code == 0
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[40] < 1.25 * peaks[10]
    assert SANDBOXES_AT_ONCE < 10  # else the smaller run would not fill its places
