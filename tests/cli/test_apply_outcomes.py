"""How an apply ended, for people and programs: each exit code with its word, numbers, annotations and documents."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from xml.etree import ElementTree

import pytest

from exportctl.cli import exit_codes
from exportctl.cli.apply_request import ApplyRequest
from exportctl.cli.next_commands import option_words, override_words
from exportctl.cli.overrides import Overrides
from exportctl.model.plan_options import PlanOptions
from exportctl.output.markdown.marker import parse_marker
from tests.cli.command_line import CommandLine, CommandResult
from tests.cli.workflow_steps import in_actions

REJECTED = json.dumps({"effect": "status", "status": 400, "method": "POST", "path": "/flows$", "count": 1})
APPLY = ("apply", "--auto-approve", "--parallelism", "1")


def nothing(run: CommandLine) -> None:
    """Nothing is to be prepared."""


def applied(run: CommandLine) -> None:
    assert run("apply", "--auto-approve").code == 0


def reject_a_flow(run: CommandLine) -> None:
    assert run("emulator", "faults", "add", REJECTED).code == 0


def reject_an_account(run: CommandLine) -> None:
    assert run("emulator", "faults", "add", REJECTED.replace("/flows$", "/connections$")).code == 0


def fail_the_final_check(run: CommandLine) -> None:
    """The list of target connections is read by the plan and by the final check; the second reading is refused."""
    fault = {"effect": "status", "status": 400, "method": "GET", "path": "/targetConnections$", "nth": 2, "count": 0}
    assert run("emulator", "faults", "add", json.dumps(fault)).code == 0


def break_the_config(run: CommandLine) -> None:
    run.edit("type: amazon-s3", "type: amazon-s4")


def drop_an_export(run: CommandLine) -> None:
    applied(run)
    run.edit("  returns: {datasets: [Returns]}\n", "")


def save_and_drift(run: CommandLine) -> None:
    applied(run)
    run.edit("path: aep", "path: elsewhere")
    assert run("plan", "--out", "p.json").code == 0
    assert run("emulator", "ui", "path", "orders", "by/hand", "--as", "jane").code == 0


# exit code -> prepare, command, (result, done, failed, left)
OUTCOMES: dict[str, tuple[Callable[[CommandLine], None], tuple[str, ...], int, tuple[str, str, str, str]]] = {
    "done": (nothing, APPLY, exit_codes.DONE, ("done", "3", "0", "0")),
    "nothing to do": (applied, APPLY, exit_codes.DONE, ("done", "0", "0", "0")),
    "one export failed": (reject_a_flow, APPLY, exit_codes.INCOMPLETE, ("incomplete", "2", "1", "0")),
    "two exports need what failed": (reject_an_account, APPLY, exit_codes.INCOMPLETE, ("incomplete", "0", "1", "2")),
    "an error of the config": (break_the_config, APPLY, exit_codes.FAILED, ("failed", "0", "0", "")),
    "no final check": (fail_the_final_check, APPLY, exit_codes.FAILED, ("failed", "3", "0", "0")),
    "blocked": (drop_an_export, APPLY, exit_codes.BLOCKED, ("blocked", "0", "0", "1")),
    "stale": (save_and_drift, ("apply", "p.json"), exit_codes.STALE, ("stale", "0", "0", "2")),
    "another digest": (nothing, ("apply", "--only-if", "0" * 64), exit_codes.STALE, ("stale", "0", "0", "3")),
    "no terminal": (nothing, ("apply",), exit_codes.USAGE, ("failed", "0", "0", "3")),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_outcome_is_in_outputs_summary_and_annotations(run: CommandLine, name: str) -> None:
    prepare, command, code, expected = OUTCOMES[name]
    prepare(run)

    ended, log, outputs, summary = in_actions(run, *command)

    assert ended == code, log
    assert tuple(outputs[n] for n in ("result", "done", "failed", "left")) == expected
    marker, title = summary.splitlines()[:2]
    assert marker.startswith("<!-- exportctl apply")
    assert title.startswith(f"### exportctl apply: {expected[0]}")
    assert ("::error" in log) == (code != exit_codes.DONE)


def test_an_interrupted_run_says_what_is_left(run: CommandLine) -> None:
    code, log, outputs, summary = in_actions(run, *APPLY, interrupt_at="[1/")

    assert code == exit_codes.INTERRUPTED, log
    assert (outputs["result"], outputs["failed"]) == ("interrupted", "0")
    assert int(outputs["done"]) + int(outputs["left"]) == 3
    assert int(outputs["left"]) > 0
    assert "Interrupted" in summary
    assert f"exportctl -C {run.folder} apply --auto-approve" in log


def test_an_interrupt_before_the_first_write_has_an_outcome_too(run: CommandLine) -> None:
    run.edit("defaults:", "policy: {lease: true}\ndefaults:")
    code, log, outputs, _ = in_actions(run, *APPLY, interrupt_at="Plan: 3 to create")

    assert code == exit_codes.INTERRUPTED, log
    assert outputs["result"] == "interrupted"
    assert run.writes() == 0


def test_a_failed_resource_is_an_error_at_its_line_with_the_fix_and_the_next_command(run: CommandLine) -> None:
    reject_a_flow(run)

    code, log, outputs, summary = in_actions(run, *APPLY)

    assert code == exit_codes.INCOMPLETE
    (error,) = [line for line in log.splitlines() if line.startswith("::error")]
    assert re.match(r"::error file=\S*exports.yaml,line=1[12],col=3,title=service::exports\.\w+: failed: create", error)
    assert outputs["summary"] == "apply: incomplete: 2 done, 1 failed"
    assert (outputs["remaining"], "1 change remains" in summary) == ("1", True)  # not the failed step too
    assert "**Failed**" in summary
    assert "**Done**" in summary
    again = f"exportctl -C {run.folder} apply --auto-approve"
    assert again in log
    assert again in html.unescape(summary)
    assert run(*again.split()[1:]).code == exit_codes.DONE


def one_document(ended: CommandResult, form: str) -> None:
    """Check that stdout is one whole document of this format."""
    if form == "junit":
        assert ElementTree.fromstring(ended.out).tag == "testsuites"
    elif form == "json":
        assert ended.document
    else:
        marker = parse_marker(ended.out)
        assert marker is not None
        assert marker.kind == "apply"
        assert ended.out.count("<!-- exportctl") == 1


@pytest.mark.parametrize("form", ["json", "markdown", "junit"])
@pytest.mark.parametrize("name", OUTCOMES)
def test_a_machine_format_prints_one_document(run: CommandLine, name: str, form: str) -> None:
    prepare, command, code, (result, *_) = OUTCOMES[name]
    prepare(run)

    ended = run(*command, "--format", form)

    assert ended.code == code
    one_document(ended, form)
    if form == "markdown":
        assert f"apply: {result}" in ended.out
    if form == "junit":
        found = ElementTree.fromstring(ended.out)
        assert bool(list(found.iter("failure")) or list(found.iter("error"))) == (code != exit_codes.DONE)


def test_renew_is_titled_as_the_renewal_that_it_is(run: CommandLine) -> None:
    applied(run)
    assert run("emulator", "clock", "advance", "160 days").code == 0

    code, log, outputs, summary = in_actions(run, "renew")

    assert code == exit_codes.DONE, log
    assert (outputs["result"], outputs["done"], outputs["summary"]) == ("done", "2", "renew: done: 2 done")
    assert summary.splitlines()[1].startswith("### exportctl renew: done: 2 done")
    assert "Plan:" not in summary
    assert "every due end was moved" in summary


def test_a_rotation_is_titled_as_the_rotation_that_it_is(run: CommandLine) -> None:
    sftp = "lake: {type: sftp, host: sftp.partner.example, path: /in, auth: {username: acme, password: '${env:KEY}'}}"
    text = (run.folder / "exports.yaml").read_text(encoding="utf-8")
    run.write(re.sub(r"lake: \{type.*", sftp, text))
    run.env["KEY"] = "s3cr3t-of-the-lake"
    applied(run)

    code, log, outputs, summary = in_actions(run, "rotate", "lake", "--auto-approve")

    assert code == exit_codes.DONE, log
    assert outputs["summary"] == "rotate: done: 1 done"
    assert summary.splitlines()[1].startswith("### exportctl rotate: done: 1 done")
    assert "s3cr3t" not in log + summary

    for form in ("junit", "markdown"):
        one_kind = run("rotate", "lake", "--dry-run", "--format", form)
        assert one_kind.code == exit_codes.DONE
        assert "Dry run: nothing was written." in one_kind.out
        assert "Plan:" not in one_kind.out


def test_a_dry_renewal_says_how_many_ends_are_due(run: CommandLine) -> None:
    applied(run)
    assert run("emulator", "clock", "advance", "160 days").code == 0

    code, _, outputs, summary = in_actions(run, "renew", "--dry-run")

    assert code == exit_codes.DONE
    assert (outputs["summary"], outputs["left"]) == ("renew: dry run: 2 left", "2")
    assert "Dry run: nothing was written." in summary


NOT_IN_COMMANDS = {"renewals", "renew_only", "rotate", "committed_at"}


@pytest.mark.parametrize("name", sorted({field.name for field in fields(PlanOptions)} - NOT_IN_COMMANDS))
def test_the_next_command_has_the_options_of_the_run(name: str) -> None:
    values: dict[type, Any] = {tuple: ("exports.*",), int: 2, bool: True}
    given = PlanOptions(**{name: values[type(getattr(PlanOptions(), name))]})

    assert option_words(given)
    assert override_words(ApplyRequest(given, overrides=Overrides(("xmas",), ("exports.a",)))) == (
        *("--allow-freeze", "xmas"),
        *("--allow-near-run", "exports.a"),
    )
    assert option_words(PlanOptions()) == ()


def test_a_hand_edit_is_outside_any_fold_in_markdown(run: CommandLine) -> None:
    applied(run)
    assert run("emulator", "ui", "path", "orders", "by/hand", "--as", "jane").code == 0
    assert run("emulator", "ui", "disable", "returns", "--as", "jane").code == 0

    _, log, _, summary = in_actions(run, "drift")

    before_folds = summary.partition("<details>")[0]
    assert re.search(r'- `exports.orders` `path`: live `"by/hand"`, config `"aep"`; drift: changed by', before_folds)
    assert "- `exports.returns` `enabled`: live `off`, config `on`; paused: disabled by" in before_folds
    resume = "exportctl apply --resume exports.returns"
    assert f"resume it with `{resume}`" in log
    assert run(*resume.split()[1:], "--auto-approve").code == exit_codes.DONE
