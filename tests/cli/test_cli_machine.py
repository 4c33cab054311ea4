"""Machine output: one document on stdout, described by its schema, errors included."""

from __future__ import annotations

import json

import pytest

from tests.cli.command_line import CommandLine


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        (("validate",), "validate"),
        (("plan",), "plan"),
        (("plan", "--explain-values"), "explain"),
        (("apply", "--auto-approve"), "apply"),
        (("drift",), "drift"),
        (("renew",), "renew"),
        (("datasets",), "datasets"),
        (("doctor",), "doctor"),
        (("explain", "exit", "5"), "explain"),
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_each_command_prints_what_its_schema_says(run: CommandLine, argv: tuple[str, ...], kind: str) -> None:
    ended = run(*argv, "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.document["kind"] == kind
    assert ended.document["errors"] == []


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("plan", "--frobnicate"), 64),
        (("frobnicate",), 64),
        (("apply",), 64),
        (("init",), 64),
        (("apply", "--only-if", "x"), 6),
        (("show", "absent.json"), 1),
        (("plan", "--env", "prod"), 1),
        (("plan", "-f", "absent.yaml"), 1),
    ],
    ids=lambda part: str(part) if isinstance(part, int) else " ".join(part),
)
def test_errors_are_one_document_too(run: CommandLine, argv: tuple[str, ...], code: int) -> None:
    ended = run(*argv, "--format", "json")
    assert ended.code == code
    assert ended.document["kind"] == "error"
    assert ended.document["errors"]


def test_an_invalid_config_is_a_result_of_validate(run: CommandLine) -> None:
    run.edit("bucket: acme-lake", "bucket: ACME")
    ended = run("validate", "--format", "json")
    assert ended.code == 1
    assert ended.document["result"]["valid"] is False
    assert ended.document["errors"][0]["file"] == "exports.yaml"


def test_an_apply_that_is_refused_prints_the_plan(applied: CommandLine) -> None:
    applied.edit("  returns: {datasets: [Returns]}\n", "")
    ended = applied("apply", "--auto-approve", "--format", "json")
    assert ended.code == 5
    assert ended.document["result"]["refused"] is True


def test_an_apply_with_failures(run: CommandLine) -> None:
    fault = {"effect": "status", "status": 400, "method": "POST", "path": "/flows$"}
    run("emulator", "faults", "add", json.dumps(fault))
    ended = run("apply", "--auto-approve", "--format", "json")
    assert ended.code == 4
    result = ended.document["result"]
    assert result["final_check_passed"] is False
    assert result["counts"]["failed"] == 1


def test_an_apply_names_the_values_that_the_service_keeps_in_another_spelling(run: CommandLine) -> None:
    run.edit("orders: {datasets: [Orders]}", 'orders: {datasets: [Orders], folder: "%DATASET_ID%/%EXPORT_TIME%/"}')
    run("emulator", "switches", "set", "normalise=trailing-slash")
    result = run("apply", "--auto-approve", "--format", "json").document["result"]
    assert result["final_check_passed"] is True
    assert result["normalised"]
    assert all(" stored as " in line for line in result["normalised"])


def test_shared_options_stand_before_or_after_the_command(run: CommandLine) -> None:
    before, after = run("--format", "json", "plan"), run("plan", "--format", "json")
    assert before.document == after.document


def test_a_plan_needs_no_secret_in_any_format(run: CommandLine) -> None:
    for form in ("text", "json", "markdown"):
        assert run("plan", "--format", form).code == 0
        assert run("drift", "--format", form).code == 0


def test_github_actions_get_annotations_outputs_and_a_summary(run: CommandLine) -> None:
    run.edit("orders: {datasets: [Orders]}", 'orders: {datasets: [Orders], folder: "%DATASET_ID%"}')
    output, summary = run.folder / "output", run.folder / "summary"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    ended = run("plan", "--format", "json", env=env)
    assert ended.document["kind"] == "plan"
    assert "::warning file=exports.yaml" in ended.err
    assert "changes<<" in output.read_text()
    assert summary.read_text().startswith("<!-- exportctl plan project=acme -->\n### exportctl plan")

    run.edit("path: aep", "path: aep, bukket: x")
    assert "::error file=exports.yaml" in run("validate", env=env).err
    assert "::error file=exports.yaml" in run("plan", env=env).err


def test_colour_is_asked_for_or_comes_with_a_terminal(run: CommandLine) -> None:
    assert "\x1b[" not in run("plan").out
    assert "\x1b[" in run("plan", FORCE_COLOR="1").out
    assert "\x1b[" not in run("plan", FORCE_COLOR="1", NO_COLOR="1").out


def test_the_summary_of_drift_knows_what_was_asked_to_fail(applied: CommandLine) -> None:
    assert applied("emulator", "ui", "rename", "orders", "Mine").code == 0
    output, summary = applied.folder / "output", applied.folder / "summary"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    assert applied("drift", "--fail-on", "paused", env=env).code == 0
    assert "Does not fail." in summary.read_text()
    summary.unlink()
    assert applied("drift", "--fail-on", "drift", env=env).code == 3
    assert "Fails because of: drift." in summary.read_text()
