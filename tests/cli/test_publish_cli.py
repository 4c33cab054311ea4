"""`publish` through the command line: what it prints, what it refuses, and that nothing shows the token."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine
from tests.code_hosts.fake_hosts import TOKEN, FakeGitHub
from tests.code_hosts.fake_server import Faults, serve

MARKER = "<!-- exportctl nightly project=acme environment=* -->"
DOCUMENT = f"{MARKER}\n### A night\n"


@dataclass
class Job:
    """A job of GitHub for pull request 7."""

    run: CommandLine
    played: FakeGitHub
    faults: Faults


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    played, faults = FakeGitHub(), Faults()
    with serve(played, faults) as address:
        run = CommandLine(tmp_path, {**played.env, "GITHUB_API_URL": address})
        run.write(DOCUMENT, "night.md")
        yield Job(run, played, faults)


def test_a_comment_is_created_and_then_replaced(job: Job) -> None:
    first = job.run("publish", "comment", "night.md")
    again = job.run("publish", "comment", "-", stdin=io.StringIO(f"{MARKER}\nnews\n"))

    assert (first.code, again.code) == (0, 0)
    assert first.out.startswith("Comment on GitHub: created: https://github.com/acme/aep-exports/pull/7#")
    assert again.out.startswith("Comment on GitHub: updated: https://github.com/acme/aep-exports/pull/7#")
    assert job.played.comments() == [f"{MARKER}\nnews\n"]


def test_the_number_of_the_pull_request_can_be_given(job: Job) -> None:
    on_main = {"GITHUB_REF": "refs/heads/main"}
    refused = job.run("publish", "comment", "night.md", env=on_main)
    given = job.run("publish", "comment", "night.md", "--number", "7", env=on_main)

    assert (refused.code, given.code) == (1, 0)
    assert "--number" in refused.err


def test_a_closed_pull_request_event_names_its_number(job: Job) -> None:
    job.run.write('{"pull_request": {"number": 7}}', "event.json")
    event = str(job.run.folder / "event.json")
    done = job.run("publish", "comment", "night.md", env={"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": event})

    assert done.code == 0


def test_an_issue_lives_as_long_as_something_is_found(job: Job) -> None:
    opened = job.run("publish", "issue", "night.md")
    closed = job.run("publish", "issue", "night.md", "--state", "closed")
    nothing = job.run("publish", "issue", "night.md", "--state", "closed")

    assert [one.code for one in (opened, closed, nothing)] == [0, 0, 0]
    assert opened.out.startswith("Issue on GitHub: created: ")
    assert closed.out.startswith("Issue on GitHub: closed: ")
    assert nothing.out == "Issue on GitHub: nothing to close\n"
    assert job.played.issues() == [("closed", "exportctl nightly: acme, all environments", DOCUMENT)]
    assert job.played.remarks() == ["Closed by exportctl: the last run of nightly found nothing that needs attention."]


def test_a_copied_marker_is_a_warning_with_a_clean_name(job: Job) -> None:
    job.played.add_comment(DOCUMENT, own=False)
    job.played.items[0]["user"]["login"] = "mal\x1b[31mlory"
    done = job.run("publish", "comment", "night.md")

    assert done.code == 0
    assert "warning: mal" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize(
    ("argv", "env", "code", "message"),
    [
        (("comment", "absent.md"), {}, 1, "absent.md cannot be read"),
        (("comment", "plain.md"), {}, 1, "does not begin with a marker"),
        (("comment", "secret.md"), {}, 1, "holds a secret"),
        (("comment", "night.md"), {"GITHUB_ACTIONS": ""}, 64, "no CI system is recognised"),
        (("comment", "night.md", "--on", "gitea"), {}, 64, "--on gitea"),
        (("issue", "night.md", "--state", "done"), {}, 64, "--state done"),
    ],
)
def test_what_cannot_be_published_is_refused_before_a_request(
    job: Job, argv: tuple[str, ...], env: dict[str, str], code: int, message: str
) -> None:
    job.run.write("# no marker\n", "plain.md")
    job.run.write(f"{DOCUMENT}\nsecret: {TOKEN}\n", "secret.md")
    done = job.run("publish", *argv, env=env)

    assert (done.code, job.faults.log) == (code, [])
    assert message in done.err


def test_the_token_is_in_no_output(job: Job) -> None:
    job.faults.before += [("GET", 500, {})] * 9
    failed = job.run("publish", "comment", "night.md", "--format", "text")

    assert failed.code == 1
    assert TOKEN not in failed.out + failed.err
