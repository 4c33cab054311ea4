"""`report` at the command line: one page that says what status, verify and drift say, from one read of the lists."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, CommandLine

ENVIRONMENTS = (
    SMALL.replace(", sandbox: demo, url: embedded}", "}")
    + "environments: {dev: {platform: {url: embedded, sandbox: dev}}, prod: {platform: {sandbox: prod}}}\n"
)


def page(run: CommandLine, *argv: str, code: int = 0) -> str:
    ended = run("report", "-o", "report.html", *argv)
    assert ended.code == code, ended.err
    assert ended.out == ""
    return (run.folder / "report.html").read_text(encoding="utf-8")


def test_the_page_shows_every_export_and_only_its_owner_can_read_it(applied: CommandLine) -> None:
    shown = page(applied)

    assert shown.count(">WAITING<") == 2
    assert ">exports.orders<" in shown
    assert "Nothing needs attention." in shown
    assert stat.S_IMODE((applied.folder / "report.html").stat().st_mode) == 0o600


def test_the_page_goes_to_stdout_if_asked(applied: CommandLine) -> None:
    ended = applied("report", "-o", "-")

    assert ended.code == 0
    assert ended.out.startswith("<!doctype html>\n<html")


def test_the_page_of_the_same_moment_is_the_same(applied: CommandLine) -> None:
    assert page(applied) == page(applied)


def test_what_a_person_changed_is_in_the_page_with_who_and_when(applied: CommandLine) -> None:
    assert applied("emulator", "ui", "path", "orders", "/by-hand", "--as", "jane").code == 0

    shown = page(applied)

    assert "changed by jane@AdobeID at 2027-01-15 08:00 UTC" in shown
    assert "1 difference in the sandbox: drift" in shown
    assert "acme-lake/by-hand" in shown  # the map shows where the files go now


def test_a_day_is_shown_by_the_result_of_verify(applied: CommandLine) -> None:
    assert applied("emulator", "clock", "advance", "2 days").code == 0

    shown = page(applied, "--runs-only")

    assert re.search(r'<td class="[a-z]+" title="2027-01-16: 1 (complete|empty)">', shown)
    assert "RUNS ONLY" in shown


def test_without_verify_no_run_is_read_and_the_page_says_so(applied: CommandLine) -> None:
    assert applied("emulator", "clock", "advance", "2 days").code == 0
    shown = page(applied, "--no-verify")

    assert "Deliveries were not checked: --no-verify." in shown
    assert "2027-01-16: 1" not in shown


def test_an_export_that_cannot_be_planned_is_an_error_in_the_page(applied: CommandLine) -> None:
    applied.edit("datasets: [Returns]", "datasets: [Retruns]")

    shown = page(applied, code=1)

    assert "Retruns" in shown
    assert "Retruns" in applied("report", "-o", "-").err  # so that the log of a job says why it fails
    assert "1 error: not everything could be read or planned" in shown


def test_one_page_shows_all_environments_and_the_one_that_failed(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(ENVIRONMENTS)

    shown = page(run, "--all-environments", code=1)

    assert "Dataset exports: 2 environments" in shown
    assert "This environment could not be read." in shown
    assert shown.count(">NOT APPLIED<") == 2
    assert "environment prod:\nerror: " in run("report", "--all-environments", "-o", "-").err


def test_ids_of_a_page_are_unique(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(ENVIRONMENTS.replace("{platform: {sandbox: prod}}", "{platform: {url: embedded, sandbox: prod}}"))

    ids = re.findall(r' id="([^"]*)"', page(run, "--all-environments"))

    assert len(ids) == len(set(ids)) > 10


def test_an_address_links_to_its_line_in_the_repository(applied: CommandLine) -> None:
    applied.edit("project: acme\n", "project: acme\nrepository: https://github.com/acme/exports\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "exports.yaml"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *command], cwd=applied.folder, check=True, capture_output=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], cwd=applied.folder, check=True, capture_output=True, text=True)

    assert f'href="https://github.com/acme/exports/blob/{head.stdout.strip()}/exports.yaml#L' in page(applied)


@pytest.mark.parametrize(
    "argv",
    [
        ("report",),
        ("report", "-o", "a.html", "--no-verify", "--runs-only"),
        ("report", "-o", "a.html", "--format", "json"),
        ("report", "-o", "a.html", "--target", "ordres"),
        ("report", "-o", "a.html", "--all-environments"),
    ],
    ids=["no file", "both", "no JSON", "unknown target", "no environments"],
)
def test_wrong_usage_writes_no_page(applied: CommandLine, argv: tuple[str, ...]) -> None:
    assert applied(*argv).code == 64
    assert not (applied.folder / "a.html").exists()


# -- a saved plan -----------------------------------------------------------------------------------------------------


def test_a_saved_plan_that_still_holds_is_shown_with_its_age(run: CommandLine) -> None:
    assert run("plan", "--out", "plan.json").code == 0
    assert run("emulator", "clock", "advance", "2 hours").code == 0

    shown = page(run, "--plan", "plan.json")

    assert "No approved value has changed since the plan was made" in shown
    assert "2 hours old" in shown
    assert "Plan: 3 to create" in shown


def test_a_saved_plan_that_no_longer_holds_says_what_differs(applied: CommandLine) -> None:
    applied.edit("path: aep", "path: elsewhere")
    assert applied("plan", "--out", "plan.json").code == 0
    applied.edit("path: elsewhere", "path: third")

    shown = page(applied, "--plan", "plan.json")

    assert "The plan no longer holds: apply refuses it" in shown
    assert 'exports.orders `path`: approved "aep" -&gt; "elsewhere", now "aep" -&gt; "third"' in shown
    assert applied("apply", "plan.json", "--auto-approve").code == 6  # as the page says


def test_a_saved_plan_of_another_sandbox_says_so(applied: CommandLine) -> None:
    assert applied("plan", "--out", "plan.json").code == 0
    applied.edit("project: acme", "project: other")

    shown = page(applied, "--plan", "plan.json")

    assert "This plan is of project acme" in shown
    assert "the saved plan no longer holds" in shown


def test_a_plan_of_one_environment_stands_there_and_one_of_none_at_the_end(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(ENVIRONMENTS.replace("{platform: {sandbox: prod}}", "{platform: {url: embedded, sandbox: prod}}"))
    assert run("plan", "--all-environments").code == 0  # seeds both sandboxes
    assert run("plan", "--env", "prod", "--out", "plan.json").code == 0

    shown = page(run, "--all-environments", "--plan", "plan.json")
    assert re.findall(r'id="([a-z0-9-]*plan)"', shown) == ["e1-plan"]

    run.edit("project: acme", "project: other")
    shown = page(run, "--all-environments", "--plan", "plan.json")
    assert re.findall(r'id="([a-z0-9-]*plan)"', shown) == ["plan"]
    assert "Plan of another sandbox" in shown


def test_a_file_that_is_no_plan_writes_no_page(applied: CommandLine) -> None:
    (applied.folder / "plan.json").write_text("{}", encoding="utf-8")

    assert applied("report", "-o", "a.html", "--plan", "plan.json").code == 1
    assert not (applied.folder / "a.html").exists()


def test_a_target_limits_every_part_of_the_page(applied: CommandLine) -> None:
    shown = page(applied, "--target", "orders")

    assert ">exports.orders<" in shown
    assert ">exports.returns<" not in shown  # it is still named where it starts together with this one
