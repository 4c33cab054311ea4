"""
The life of a pull request, from the branch to the night after its merge, as the jobs of `init --ci` run it.

One story, because each part needs the one before: findings for code scanning, a comment that is replaced in place, a
saved plan that is applied after the merge, its outcome, a hand edit that the night finds, and an issue that ends when
the config accepts it. The emulator stands for Adobe, a played server for GitHub.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import CommandLine, CommandResult, fixed_clock_command_line
from tests.code_hosts.fake_hosts import FakeGitHub
from tests.code_hosts.fake_server import Faults, serve
from tests.examples.test_ci_examples import outputs
from tests.output.sarif_documents import check_sarif

DAY = 86_400
COMMIT = "4f2a9c1d7e8b0a3c5d6e7f8091a2b3c4d5e6f708"


@dataclass
class Team:
    """A repository at GitHub: `pull` is what a job of the pull request has as its environment, `main` one of main."""

    run: CommandLine
    github: FakeGitHub
    pull: dict[str, str]
    main: dict[str, str]

    def publish(self, kind: str, text: str, *more: str, env: dict[str, str]) -> CommandResult:
        self.run.write(text, "document.md")
        done = self.run("publish", kind, "document.md", *more, env=env)
        assert done.code == 0, done.err
        return done

    def plan(self) -> tuple[int, str]:
        """Plan as the job of the pull request does: the document becomes the comment, also of a plan that fails."""
        done = self.run("plan", "--detailed-exitcode", "--out", "plan.json", "--format", "markdown", env=self.pull)
        self.publish("comment", done.out, env=self.pull)
        return done.code, done.out

    def sarif(self) -> list[tuple[str, int]]:
        """What code scanning shows: the rule and the line of each result."""
        done = self.run("validate", "--format", "sarif", env=self.pull)
        document: Any = json.loads(done.out)
        check_sarif(done.out)
        return [
            (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
            for result in document["runs"][0]["results"]
        ]

    def night(self) -> CommandResult:
        done = self.run("nightly", "--out-dir", "night", "--audit", "audit.jsonl", env=self.main)
        text = (self.run.folder / "night" / "nightly.md").read_text(encoding="utf-8")
        self.publish("issue", text, "--state", "closed" if done.code == 0 else "open", env=self.main)
        with closing(self.run.emulator()) as emulator:
            emulator.advance(DAY)
        return done


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    github = FakeGitHub()
    run = fixed_clock_command_line(tmp_path)
    assert run("apply", "--auto-approve").code == 0
    with serve(github, Faults()) as address:
        job = {**github.env, "GITHUB_API_URL": address, "GITHUB_SHA": COMMIT}
        yield Team(run, github, job, {**job, "GITHUB_REF": "refs/heads/main"})


def test_a_pull_request_lives_from_its_branch_to_the_night_after_its_merge(team: Team) -> None:
    run, github = team.run, team.github

    # the branch: a mistake is a finding at its line, and nothing is planned
    run.edit("orders: {datasets: [Orders]}", "orders: {dataset: [Orders], subpath: sales}")
    assert team.sarif() == [("unknown-key", 12)]
    code, failed = team.plan()
    assert code == 1
    assert "exports.yaml:12:" in failed

    # the mistake is corrected: the comment is replaced in place, and says what the merge changes
    run.edit("dataset: [Orders]", "datasets: [Orders]")
    assert team.sarif() == []
    code, planned = team.plan()
    assert code == 2
    assert "sales" in planned.partition("<details>")[0]
    assert COMMIT[:7] in planned
    assert github.comments() == [planned]

    # a later commit breaks it again: the good plan does not stay
    run.edit("orders: {datasets", "orders: {dataset")
    code, failed = team.plan()
    assert (code, github.comments()) == (1, [failed])
    run.edit("orders: {dataset", "orders: {datasets")
    code, planned = team.plan()
    assert (code, github.comments()) == (2, [planned])

    # the merge: exactly the saved plan is applied, and the outcome is in the summary, the outputs and a comment
    (run.folder / "output").touch()
    (run.folder / "summary").touch()
    files = {
        name: str(run.folder / file) for name, file in (("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary"))
    }
    applied = run("apply", "plan.json", "--audit", "audit.jsonl", "--format", "markdown", env=team.main | files)
    team.publish("comment", applied.out, "--number", "7", env=team.main)
    summary = (run.folder / "summary").read_text(encoding="utf-8")
    assert applied.code == 0, applied.err
    assert outputs((run.folder / "output").read_text(encoding="utf-8"))["result"] == "done"
    assert "exports.orders" in summary
    assert github.comments() == [planned, applied.out]

    # the night finds nothing, then what a person edited by hand
    assert team.night().code == 0
    assert github.issues() == []
    assert run("emulator", "ui", "path", "exports.returns", "elsewhere", "--as", "jane").code == 0
    assert team.night().code == 3
    ((state, _, issue),) = github.issues()
    assert state == "open"
    assert "elsewhere" in issue.partition("<details>")[0]
    assert "jane" in issue

    # the config accepts it: nothing is left to do, and the issue is closed
    assert run("drift", "--patch", "--write").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    assert run("apply", "--auto-approve").code == 0
    assert team.night().code == 0
    ((state, _, _),) = github.issues()
    assert state == "closed"
    assert len(github.remarks()) == 1
