"""`fleet merge` and `fleet matrix`: the reports of CI runners are together the report of one run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from exportctl import __version__
from tests.cli.command_line import CommandLine
from tests.cli.fleet_teams import COMMANDS, NOW, Teams, rows
from tests.output.sarif_documents import check_sarif, positions

Texts = dict[str, str]


def write_shards(run: CommandLine, command: str, count: int, into: Path, *words: str) -> list[str]:
    """Write the reports of all shards of `teams`, and return their paths."""
    files = []
    for index in range(1, count + 1):
        ended = run("fleet", command, "teams", "--shard", f"{index}/{count}", "--format", "json", *words, *NOW)
        assert ended.document["result"]["shard"] == f"{index}/{count}"
        files.append(into / f"{index}.json")
        files[-1].write_text(ended.out)
    return list(map(str, files))


def show_all(run: CommandLine, formats: Sequence[str], *words: str) -> tuple[Texts, set[int]]:
    """Return what a command shows in each format, without the moment at which it ended, and its exit codes."""
    ended = {format: run(*words, "--format", format) for format in formats}
    shown = {name: re.sub(r'Ended .*|"ended": \d+', "", one.out) for name, one in ended.items()}
    return shown, {one.code for one in ended.values()}


def add_one_of_each(teams: Teams) -> None:
    """Have a sandbox in which something was found, one with a broken config, and one without a credential."""
    teams.add("one", "dev")
    assert teams.run("-C", f"{teams.run.folder}/teams/one", "apply", "--auto-approve").code == 0
    teams.server.emulator.ui.disable("orders", sandbox="dev")
    teams.add("broken", "dev")
    broken = teams.run.folder / "teams/broken/exports.yaml"
    broken.write_text(broken.read_text().replace("every: 1 day", "every: 5 minutes"))
    teams.run.env["PROD_SECRET"] = ""


# -- the report -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_merged_shards_are_the_report_of_one_run(teams: Teams, command: str) -> None:
    add_one_of_each(teams)
    files = write_shards(teams.run, command, 2, teams.run.folder)
    formats = ("text", "json", "markdown", "junit", "sarif") if command == "drift" else ("text", "json")
    whole, codes = show_all(teams.run, formats, "fleet", command, "teams", *NOW)
    assert (whole, codes) == show_all(teams.run, formats, "fleet", "merge", *reversed(files))
    assert codes == {1}


def test_alerts_are_the_same_from_any_folder_of_any_checkout_and_name_files_from_its_root(teams: Teams) -> None:
    """One checkout for each shard, another for the whole run from a folder of it, and none for the merge."""
    add_one_of_each(teams)
    (teams.run.folder / ".git").mkdir()
    whole = CommandLine(teams.run.folder / "teams", teams.run.env)("fleet", "drift", ".", "--format", "sarif", *NOW)
    files = []
    for number in range(2):
        other = teams.run.folder.parent / f"{teams.run.folder.name}-runner-{number}" / "work"
        shutil.copytree(teams.run.folder, other)
        files.append(write_shards(CommandLine(other, teams.run.env), "drift", 2, other)[number])
    elsewhere = teams.run.folder.parent / f"{teams.run.folder.name}-report"
    elsewhere.mkdir()
    merged = CommandLine(elsewhere)("fleet", "merge", *files, "--format", "sarif")

    run, other_run = check_sarif(whole.out), check_sarif(merged.out)
    assert positions(other_run) == positions(run)
    assert [rule for rule, _, _ in positions(run)][:3] == ["credentials", "bad-schedule", "paused"]
    assert {file for _, file, _ in positions(run)} == {
        f"teams/{name}/exports.yaml" for name in ("all", "broken", "one")
    }
    assert [one["partialFingerprints"] for one in other_run["results"]] == [
        one["partialFingerprints"] for one in run["results"]
    ]
    assert all(
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        for one in other_run["results"]
    )
    assert str(teams.run.folder) not in merged.out
    notes = other_run["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"].partition(": ")[0] for note in notes] == ["teams/all prod", "teams/broken"]


def test_only_alerts_of_drift_become_sarif(teams: Teams) -> None:
    files = write_shards(teams.run, "status", 1, teams.run.folder)
    ended = teams.run("fleet", "merge", *files, "--format", "sarif")
    assert ended.code == 64
    (note,) = check_sarif(ended.out)["invocations"][0]["toolExecutionNotifications"]
    assert "only fleet drift has alerts, and these are reports of fleet status" in note["message"]["text"]


def test_a_project_of_two_folders_in_one_sandbox_is_an_error_of_the_run_and_of_the_merge(teams: Teams) -> None:
    """Each folder would delete what the other declares."""
    for name in ("one", "two"):
        teams.add(name, "dev")
        file = teams.run.folder / "teams" / name / "exports.yaml"
        file.write_text(file.read_text().replace(f"project: {name}", "project: same"))
    whole, codes = show_all(teams.run, ("json", "text"), "fleet", "status", "teams", *NOW)
    assert codes == {1}
    assert "teams/two is project same in sandbox dev, and so is teams/one  [project-twice]" in whole["text"]
    files = write_shards(teams.run, "status", 2, teams.run.folder)
    assert show_all(teams.run, ("json", "text"), "fleet", "merge", *files) == (whole, codes)


# -- what cannot be merged --------------------------------------------------------------------------------------------


def test_a_shard_without_a_report_is_a_failure(teams: Teams) -> None:
    for index in (1, 3):
        ended = teams.run("fleet", "drift", "teams", "--shard", f"{index}/3", "--format", "json", *NOW)
        (teams.run.folder / f"{index}.json").write_text(ended.out)
    (teams.run.folder / "broken.json").write_text("{")
    ended = teams.run("fleet", "merge", "1.json", "3.json", "broken.json", "none.json", "1.json", "--format", "json")
    assert ended.code == 1
    assert ended.document["result"]["complete"] is False
    assert len(rows(ended.document)) == 2
    assert [error["message"] for error in ended.document["errors"]] == [
        "broken.json is not JSON",
        f"the report {teams.run.folder}/none.json cannot be read: no such file or directory",
        "1.json is shard 1/3, and so is 1.json",
        "shard 2/3 has no report",
    ]
    assert "shard 2/3 has no report" in teams.run("fleet", "merge", "1.json", "3.json").out


def edit_first(run: CommandLine, file: str, **members: Any) -> str:
    """Return what a merge of an edited report says."""
    document = json.loads(Path(file).read_text())
    document["result"].update(members)
    for name in [name for name, value in members.items() if value is None and name not in ("shard", "members_digest")]:
        del document["result"][name]
    Path(file).write_text(json.dumps(document))
    ended = run("fleet", "merge", file, "--format", "json")
    assert ended.code == 1
    return str(ended.document["errors"][0]["message"])


OTHER_VERSION = f"1.json cannot be merged: it is of exportctl 0.1.9, and this is exportctl {__version__}"
EDITED = "1.json cannot be merged: it was edited"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"exportctl": "0.1.9", "members_digest": None}, "shard 2/2 has no report"),
        ({"exportctl": "0.1.9", "complete": None}, OTHER_VERSION),
        ({"exportctl": "0.1.9", "later": 1}, OTHER_VERSION),
        (
            {"exportctl": None},
            OTHER_VERSION.replace("exportctl 0.1.9", "another version"),
        ),
        ({"exit_code": 77}, EDITED),
        ({"shard": "3/2"}, EDITED),
        ({"shard": "1/99999"}, EDITED),
        ({"shard": "one"}, EDITED),
    ],
    ids=[
        "another version with the same members",
        "an older version",
        "a later version",
        "a version that did not say its own",
        "no exit code",
        "no part",
        "too many parts",
        "no number",
    ],
)
def test_a_report_that_is_not_one_of_this_version_says_which_it_is(
    teams: Teams, members: dict[str, Any], message: str
) -> None:
    (file, _) = write_shards(teams.run, "status", 2, teams.run.folder)
    assert edit_first(teams.run, file, **members).endswith(message)


def test_a_shard_whose_run_failed_says_why(teams: Teams) -> None:
    (file, _) = write_shards(teams.run, "drift", 2, teams.run.folder)
    failed = teams.run("fleet", "drift", "nothing", "--shard", "2/2", "--format", "json")
    (teams.run.folder / "2.json").write_text(failed.out)
    ended = teams.run("fleet", "merge", file, "2.json")
    assert ended.code == 1
    assert "2.json holds no result, because its run failed: nothing is not a folder" in ended.out


def test_shards_of_two_commits_are_no_run(teams: Teams) -> None:
    """A project more moves each sandbox after it to another shard: one is read twice, and one never."""
    first = write_shards(teams.run, "drift", 2, teams.run.folder)[0]
    teams.add("aaa", "dev")
    (teams.run.folder / "later").mkdir()
    second = write_shards(teams.run, "drift", 2, teams.run.folder / "later")[1]
    ended = teams.run("fleet", "merge", first, second, "--format", "json")
    assert (ended.code, ended.document["result"]["complete"]) == (1, False)
    assert f"{second} is a part of other sandboxes than {first}" in ended.document["errors"][0]["message"]


# -- the matrix -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("github", '{"shard": ["1/2", "2/2"]}\n'),
        ("azure", '{"shard_1": {"FLEET_SHARD": "1/2"}, "shard_2": {"FLEET_SHARD": "2/2"}}\n'),
        ("gitlab", '.fleet:\n  parallel:\n    matrix:\n      - FLEET_SHARD: ["1/2", "2/2"]\n'),
    ],
)
def test_the_matrix_names_every_shard(teams: Teams, system: str, expected: str) -> None:
    assert teams.run("fleet", "matrix", "teams", "--for", system, "--shards", "2").out == expected


def test_a_matrix_has_no_more_jobs_than_sandboxes_and_counts_a_broken_project(teams: Teams) -> None:
    teams.add("broken", "dev")
    (teams.run.folder / "teams/broken/exports.yaml").write_text("version: [1", encoding="utf-8")
    shards = json.loads(teams.run("fleet", "matrix", "teams", "--for", "github").out)["shard"]
    assert shards == ["1/4", "2/4", "3/4", "4/4"]
    last = teams.run("fleet", "drift", "teams", "--shard", "4/4", "--format", "json")
    assert (last.code, list(rows(last.document))) == (1, ["teams/broken"])


@pytest.mark.parametrize("shard", ["0/2", "3/2", "2", "a/b"])
def test_a_shard_that_is_none_is_wrong_usage(teams: Teams, shard: str) -> None:
    assert teams.run("fleet", "drift", "teams", "--shard", shard).code == 64
