"""One line for each resource: `plan --short`, also of all environments, and `show --short`."""

from __future__ import annotations

from tests.cli.command_line import CommandLine


def test_a_short_plan_has_one_line_for_each_resource(applied: CommandLine) -> None:
    applied.edit("path: aep", "path: aep-v2")
    applied.edit("{datasets: [Returns]}", "{datasets: [Returns], schedule: {every: 3 hours}}")

    lines = applied("plan", "--short", "--out", "plan.json").out.splitlines()

    assert '~   exports.orders   path: "aep" -> "aep-v2"  [warning]' in lines
    assert (
        '~   exports.returns  schedule.every: "1 day" -> "3 hours", path: "aep" -> "aep-v2"  [cost, warning]' in lines
    )
    assert "Apply will make 3 writes." in lines
    shown = applied("show", "--short", "plan.json").out.splitlines()
    assert {line for line in lines if line.startswith("~")} == {line for line in shown if line.startswith("~")}


def test_a_short_plan_shows_errors_in_full(applied: CommandLine) -> None:
    applied.edit("[Returns]", "[Nowhere]")

    ended = applied("plan", "--short")

    assert ended.code == 1
    assert "Errors:\n    error: exports.yaml:13:" in ended.out


def test_only_text_is_short(applied: CommandLine) -> None:
    for argv in (("plan",), ("show", "plan.json")):
        ended = applied(*argv, "--short", "--format", "json")
        assert (ended.code, ended.document["errors"][0]["rule"]) == (64, "usage")
