"""A command that fails writes Markdown with the marker of its result: it replaces the comment of an earlier run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exportctl.output.markdown.marker import ALL_ENVIRONMENTS, CommentMarker, parse_marker
from tests.cli.command_line import SMALL, CommandLine
from tests.cli.workflow_steps import in_actions
from tests.output import markdown_reader

ENVIRONMENTS = SMALL.replace("sandbox: demo, ", "") + (
    "environments: {dev: {platform: {sandbox: dev}}, prod: {platform: {sandbox: prod}}}\n"
)
SERVICE = SMALL.replace(", url: embedded", "")


def run_in(folder: Path, config: str) -> CommandLine:
    run = CommandLine(folder)
    run.write(config)
    return run


def test_a_failed_plan_has_the_marker_of_a_plan_that_succeeds(tmp_path: Path) -> None:
    run = run_in(tmp_path, SMALL)
    good = run("plan", "--format", "markdown")
    run.edit("every: 1 day", "every: 5 minutes")

    bad = run("plan", "--format", "markdown")

    assert (good.code, bad.code) == (0, 1)
    assert parse_marker(bad.out) == parse_marker(good.out) == CommentMarker("plan", "acme")
    assert "### exportctl plan failed\n\n**`plan` ended without a result.**" in bad.out
    assert re.search(r"is not about this one \(written 20\d\d-\d\d-\d\d [0-9:]+ UTC, exit code 1\)", bad.out)
    assert "- `exports.yaml:6:21`: " in bad.out
    assert "[bad-schedule]" in bad.err  # people read it there, as with every format


@pytest.mark.parametrize(
    ("config", "argv", "marker", "code", "said"),
    [
        (SMALL.replace("exports:", "exports: ["), (), CommentMarker("plan", "acme"), 1, "yaml-bracket"),
        (SERVICE, (), CommentMarker("plan", "acme"), 1, "AEP_CLIENT_ID"),
        (ENVIRONMENTS, (), CommentMarker("plan", "acme"), 1, "environment-needed"),
        (ENVIRONMENTS, ("--env", "x--><b>"), CommentMarker("plan", "acme", "x--><b>"), 1, "unknown-environment"),
        (
            ENVIRONMENTS.replace("every: 1 day", "every: 5 minutes"),
            ("--all-environments",),
            CommentMarker("plan", "acme", ALL_ENVIRONMENTS),
            1,
            "bad-schedule",
        ),
        (SMALL, ("--target", "exports.nothing"), CommentMarker("plan", "acme"), 64, "exports.nothing"),
        (SMALL, ("-f", "missing.yaml"), CommentMarker("plan"), 1, "missing.yaml"),
    ],
    ids=["YAML", "credentials", "environment", "hostile environment", "all environments", "usage", "no file"],
)
def test_each_failure_of_a_plan_is_a_document(
    tmp_path: Path, config: str, argv: tuple[str, ...], marker: CommentMarker, code: int, said: str
) -> None:
    run = run_in(tmp_path, config)

    ended = run("plan", "--format", "markdown", *argv)

    assert (ended.code, parse_marker(ended.out)) == (code, marker)
    assert said in ended.out
    assert markdown_reader.is_harmless(ended.out)


def test_github_gets_the_failure_as_the_summary_of_the_step(tmp_path: Path) -> None:
    run = run_in(tmp_path, SMALL.replace("every: 1 day", "every: 5 minutes"))
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_SHA": "abcdef0123456789abcdef0123456789abcdef01",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/exports",
        "GITHUB_RUN_ID": "77",
    }

    for command in ("plan", "drift"):
        ended = run(command, env=env)
        assert (ended.code, ended.out) == (1, "")

    summary = (tmp_path / "summary").read_text()
    assert summary.count("ended without a result") == 2
    assert (
        " UTC, commit `abcdef012345`, [run](https://github.com/acme/exports/actions/runs/77), exit code 1)" in summary
    )


def test_a_failed_night_replaces_the_issue_of_the_night_before(tmp_path: Path) -> None:
    run = run_in(tmp_path, ENVIRONMENTS.replace("every: 1 day", "every: 5 minutes"))

    ended = run("nightly", "--all-environments", "--format", "markdown")

    assert (ended.code, parse_marker(ended.out)) == (1, CommentMarker("nightly", "acme", ALL_ENVIRONMENTS))
    assert "`nightly` ended without a result" in ended.out


def test_a_plan_that_is_blocked_is_shown_as_a_plan(tmp_path: Path) -> None:
    run = run_in(tmp_path, SMALL)
    run("apply", "--auto-approve", LAKE_ROLE_ARN="arn:aws:iam::123456789012:role/lake")
    run.edit("  returns: {datasets: [Returns]}\n", "")

    ended = run("plan", "--format", "markdown")

    assert ended.code == 5
    assert "**Plan: blocked by a safety check" in ended.out
    assert "ended without a result" not in ended.out


def test_a_failed_apply_names_its_environment(tmp_path: Path) -> None:
    run = run_in(tmp_path, ENVIRONMENTS.replace("every: 1 day", "every: 5 minutes"))

    ended = run("apply", "--env", "prod", "--auto-approve", "--format", "markdown")

    assert (ended.code, parse_marker(ended.out)) == (1, CommentMarker("apply", "acme", "prod"))
    assert "### exportctl apply: failed: environment `prod`\n" in ended.out


def test_a_blocked_apply_and_its_plan_say_what_allows_it_in_the_same_words(tmp_path: Path) -> None:
    run = run_in(tmp_path, SMALL)
    run("apply", "--auto-approve", LAKE_ROLE_ARN="arn:aws:iam::123456789012:role/lake")
    run.edit("  returns: {datasets: [Returns]}\n", "")

    planned, applied = (run(*command, "--format", "markdown") for command in (("plan",), ("apply", "--auto-approve")))

    (allowed,) = [line for line in planned.out.splitlines() if "to allow exactly this" in line]
    assert allowed.partition("to allow exactly this")[2] in applied.out
    assert applied.code == 5


WRONG = {  # what is wrong -> the kind of document that it replaces
    "an unknown option": (("plan", "--bogus"), "plan"),
    "a number that is none": (("plan", "--allow-deletes", "x"), "plan"),
    "a form that has no short one": (("plan", "--short"), "plan"),
    "a duration of apply": (("apply", "--max-age", "x"), "apply"),
    "an argument too many of renew": (("renew", "orders"), "renew"),
    "no argument of rotate": (("rotate",), "rotate"),
    "a group of drift": (("drift", "--fail-on", "zzz"), "drift"),
    "a duration of status": (("status", "--expiring", "x"), "status"),
    "an option of verify without its other one": (("verify", "--poll", "1 minute"), "verify"),
    "an import of nothing": (("import",), "import"),
    "a group of the nightly run": (("nightly", "--fail-on", "zzz"), "nightly"),
    "a command of a group": (("backup", "check", "--bogus"), "backup"),
    "an option of a drill": (("backup", "drill", "--bogus"), "backup-drill"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("shared", ["before", "after"])
def test_a_wrong_usage_replaces_the_comment_of_its_environment(tmp_path: Path, case: str, shared: str) -> None:
    run = run_in(tmp_path, ENVIRONMENTS)
    argv, kind = WRONG[case]
    options = ("--format=markdown", "--env", "prod")

    ended = run(*options, *argv) if shared == "before" else run(*argv, *options)

    assert (ended.code, parse_marker(ended.out)) == (64, CommentMarker(kind, "acme", "prod")), ended.out
    assert ended.out.count("**Errors**") == 1
    assert "[" in ended.err


@pytest.mark.parametrize("argv", [("validate", "--bogus"), ("emulator", "clock", "--bogus")])
def test_a_command_without_markdown_writes_no_document_of_a_wrong_usage(tmp_path: Path, argv: tuple[str, ...]) -> None:
    ended = run_in(tmp_path, SMALL)(*argv, "--format", "markdown")

    assert (ended.code, ended.out) == (64, "")


def test_a_wrong_usage_of_fleet_has_the_marker_of_all_projects(tmp_path: Path) -> None:
    code, _, outputs, summary = in_actions(run_in(tmp_path, SMALL), "fleet", "plan", "--bogus", ".")

    assert (code, parse_marker(summary)) == (64, CommentMarker("fleet-plan"))
    assert (outputs["result"], outputs["exit_code"], outputs["needs_attention"]) == ("failed", "64", "true")


def test_a_wrong_usage_in_a_folder_that_does_not_exist_has_a_marker_without_project(tmp_path: Path) -> None:
    ended = run_in(tmp_path, SMALL)("-C", str(tmp_path / "missing"), "plan", "--bogus", "--format", "markdown")

    assert (ended.code, parse_marker(ended.out)) == (64, CommentMarker("plan"))


FAILED = {  # a command that ends without a result -> exit code, and outputs
    "a plan of a config that is not valid": (("plan",), 1, {"result": "failed"}),
    "a plan with a wrong usage": (("plan", "--bogus"), 64, {"result": "failed"}),
    "a saved plan that cannot be written": (("plan", "--out", "no/folder/p.json"), 1, {"result": "failed"}),
    "a nightly run": (("nightly",), 1, {"result": "failed", "exit_code": "1", "needs_attention": "true"}),
    "a nightly run with a wrong usage": (
        ("nightly", "--fail-on", "zzz"),
        64,
        {"result": "failed", "exit_code": "64", "needs_attention": "true"},
    ),
    "drift": (("drift",), 1, {"result": "failed"}),
    "verify": (("verify",), 1, {"result": "failed"}),
    "an import": (("import", "--all"), 1, {"result": "failed"}),
    "an apply with a wrong usage": (
        ("apply", "--bogus"),
        64,
        {"result": "failed", "done": "0", "failed": "0", "left": ""},
    ),
}


@pytest.mark.parametrize("case", FAILED)
def test_later_steps_of_a_workflow_see_that_a_command_failed(tmp_path: Path, case: str) -> None:
    argv, code, expected = FAILED[case]
    is_valid = code == 64 or "--out" in argv
    run = run_in(tmp_path, SMALL if is_valid else SMALL.replace("every: 1 day", "every: 5 minutes"))

    ended, log, outputs, summary = in_actions(run, *argv)

    assert (ended, {name: outputs.get(name) for name in expected}) == (code, expected), log
    assert outputs["summary"].startswith(f"{argv[0]}: failed: ")
    assert summary.count("<!-- exportctl") == (2 if "--out" in argv else 1)
    assert parse_marker(summary) == CommentMarker(argv[0], "acme")


def test_outputs_say_that_a_plan_was_made_or_is_blocked(tmp_path: Path) -> None:
    run = run_in(tmp_path, SMALL)
    assert in_actions(run, "plan", "--detailed-exitcode")[2]["result"] == "done"
    run("apply", "--auto-approve", LAKE_ROLE_ARN="arn:aws:iam::123456789012:role/lake")
    run.edit("  returns: {datasets: [Returns]}\n", "")

    assert in_actions(run, "plan")[2]["result"] == "blocked"
