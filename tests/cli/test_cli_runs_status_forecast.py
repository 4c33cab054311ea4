"""`status`, `runs` and `forecast` at the command line: formats, exit codes, environments, a drawing in a file."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.command_line import SMALL, CommandLine

ENVIRONMENTS = (
    SMALL.replace(", sandbox: demo, url: embedded}", "}")
    + "environments: {dev: {platform: {url: embedded, sandbox: dev}}, prod: {platform: {sandbox: prod}}}\n"
)


def test_status_ends_in_zero_whatever_it_shows(run: CommandLine) -> None:
    shown = run("status")
    assert shown.code == 0
    assert "exports.orders   NOT APPLIED  not applied" in shown.out
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "ui", "disable", "orders").code == 0
    shown = run("status")
    assert shown.code == 0
    assert "exports.orders   PAUSED   paused by hand" in shown.out
    assert "Status: 1 paused, 1 waiting." in shown.out


def test_status_says_the_same_in_every_format(applied: CommandLine) -> None:
    document = applied("status", "--format", "json").document
    assert document["kind"] == "status"
    assert [one["result"] for one in document["result"]["exports"]] == ["WAITING", "WAITING"]
    assert applied("status", "--format", "markdown").out.count("`WAITING`") == 2
    assert applied("status").out.count("WAITING") == 2


def test_status_of_an_export_that_cannot_be_planned_is_an_error(applied: CommandLine) -> None:
    applied.edit('auth: {role_arn: "${env:LAKE_ROLE_ARN}"}', "account: {existing: Gone}")
    shown = applied("status")
    assert shown.code == 1
    assert "Gone" in shown.out
    assert "exports.orders   WAITING" in shown.out
    assert applied("status", "--format", "json").document["errors"]
    assert applied("forecast").code == 1
    alone = applied("forecast", "--svg", "-")
    assert (alone.code, alone.out[:4]) == (1, "<svg")
    assert "Gone" in alone.err


def test_status_and_forecast_leave_the_names_of_datasets_to_the_plan(applied: CommandLine) -> None:
    applied.edit("datasets: [Returns]", "datasets: [Retruns]")
    assert [applied(command).code for command in ("status", "forecast", "plan")] == [0, 0, 1]


def test_status_asks_earlier_for_ends(applied: CommandLine) -> None:
    assert "Status: 2 waiting." in applied("status", "--expiring", "30d").out
    assert "Status: 2 ending." in applied("status", "--expiring", "200 days").out
    assert applied("status", "--expiring", "soon").code == 64


def test_status_of_all_environments(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(ENVIRONMENTS)
    shown = run("status", "--all-environments")
    assert shown.code == 1
    assert "environment prod:" in shown.err
    assert shown.out.splitlines()[-2:] == ["dev          2 not applied.", "prod         not read: see the error"]
    document = run("status", "--all-environments", "--format", "json").document
    assert document["kind"] == "status-environments"
    assert [bool(one["result"]) for one in document["result"]["environments"]] == [True, False]
    comment = run("status", "--all-environments", "--format", "markdown").out
    assert "| `prod` | not read: see the error |" in comment
    assert "**Not read**" in comment


def test_status_of_all_environments_needs_some(run: CommandLine) -> None:
    assert run("status", "--all-environments").code == 64


@pytest.mark.parametrize("command", ["status", "forecast"])
def test_a_target_that_is_not_there_is_wrong_usage(run: CommandLine, command: str) -> None:
    ended = run(command, "--target", "ordres")
    assert ended.code == 64
    assert "did you mean exports.orders?" in ended.err


def test_runs_of_an_export(applied: CommandLine) -> None:
    shown = applied("runs", "orders")
    assert shown.code == 0
    assert "    no runs\n" in shown.out
    document = applied("runs", "exports.orders", "--since", "7d", "--format", "json").document["result"]
    assert (document["limit"], document["flows"][0]["runs"]) == (None, [])
    assert applied("runs", "orders", "--format", "json").document["result"]["limit"] == 10
    assert "no runs" in applied("runs", "orders", "--format", "markdown").out


def test_runs_of_an_export_without_a_flow_say_so(run: CommandLine) -> None:
    shown = run("runs", "orders")
    assert shown.code == 0
    assert "not applied: no flow in this sandbox" in shown.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("ordres",), "did you mean exports.orders?"),
        (("orders", "--since", "2099-01-01"), "is in the future"),
        (("orders", "--since", "yesterday"), "--since"),
        (("orders", "--limit", "0"), "--limit"),
        ((), "EXPORT"),
    ],
    ids=["unknown export", "since tomorrow", "no moment", "no run at all", "no export"],
)
def test_runs_that_cannot_be_asked_for_are_wrong_usage(applied: CommandLine, argv: tuple[str, ...], said: str) -> None:
    ended = applied("runs", *argv)
    assert ended.code == 64
    assert said in ended.err
    assert applied("runs", *argv, "--format", "json").document["kind"] == "error"


def test_forecast_of_the_sandbox_and_of_the_plan(run: CommandLine) -> None:
    assert "Forecast: 0 runs of 2 flows; 2 without runs." in run("forecast").out
    assert "Forecast: 14 runs of 2 flows." in run("forecast", "--planned").out
    assert run("apply", "--auto-approve").code == 0
    shown = run("forecast")
    assert shown.code == 0
    assert "7 times from 2027-01-16 02:00 UTC, on destinations.lake: exports.orders, exports.returns" in shown.out
    assert run("forecast", "--days", "2", "--format", "json").document["result"]["days"] == 2


def test_forecast_is_drawn_into_a_file_or_to_stdout(applied: CommandLine) -> None:
    ended = applied("forecast", "--svg", "runs.svg")
    assert "Forecast: 14 runs" in ended.out
    assert "Wrote runs.svg." in ended.err
    drawn = (applied.folder / "runs.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(drawn).get("role") == "img"
    alone = applied("forecast", "--svg", "-")
    assert (alone.out, alone.err) == (drawn, "")
    both = applied("forecast", "--svg", "runs.svg", "--format", "json")
    assert both.document["kind"] == "forecast"


def test_a_drawing_that_cannot_be_written_is_an_error_and_nothing_else(applied: CommandLine) -> None:
    ended = applied("forecast", "--svg", "nowhere/runs.svg")
    assert (ended.code, ended.out) == (1, "")
    assert "nowhere/runs.svg cannot be written" in ended.err
    assert list(applied.folder.glob("**/*.svg")) == []


@pytest.mark.parametrize(
    "argv", [("--svg", "-", "--format", "json"), ("--format", "markdown"), ("--days", "0"), ("--days", "367")]
)
def test_forecasts_that_cannot_be_made_are_wrong_usage(applied: CommandLine, argv: tuple[str, ...]) -> None:
    assert applied("forecast", *argv).code == 64


@pytest.mark.parametrize("argv", [("status",), ("runs", "orders"), ("forecast",), ("forecast", "--svg", "-")])
def test_equal_input_gives_equal_output(applied: CommandLine, argv: tuple[str, ...]) -> None:
    now = ("--now", "2027-01-20T12:00:00Z")
    assert applied(*argv, *now).out == applied(*argv, *now).out
    assert "2027-01-20 12:00 UTC" in applied(*argv, *now).out


def test_looking_writes_nothing(applied: CommandLine) -> None:
    before = applied.writes()
    for argv in (("status",), ("runs", "orders"), ("forecast", "--planned")):
        assert applied(*argv).code == 0
    assert applied.writes() == before
