"""Every exit code, and which one counts when several apply."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from exportctl.cli import exit_codes
from tests.cli.command_line import SMALL, CommandLine, Terminal, fixed_clock_command_line


def test_order_of_codes() -> None:
    assert exit_codes.pick_exit_code(0, 2, 9, 3, 4, 5, 6, 7, 1, 8, 64) == 64
    assert exit_codes.pick_exit_code(0, 2, 3, 5, 1) == 1
    assert exit_codes.pick_exit_code(2, 5) == 5
    assert exit_codes.pick_exit_code() == 0


def test_0_done(run: CommandLine) -> None:
    assert run("plan").code == 0


def test_1_config_invalid(run: CommandLine) -> None:
    run.edit("datasets: [Orders]", "datasets: [Orders], schedule: never")
    ended = run("plan")
    assert ended.code == 1
    assert "exports.yaml:" in ended.err
    assert ended.out == ""


def test_1_unset_plain_reference_in_a_plan_and_a_note_in_validate(run: CommandLine) -> None:
    run.edit("path: aep", 'path: "${env:EXPORTCTL_VAR_PATH}"')
    ended = run("plan")
    assert ended.code == 1
    assert "EXPORTCTL_VAR_PATH is not set" in ended.err
    assert run("validate").code == 0
    assert run("plan", EXPORTCTL_VAR_PATH="aep").code == 0


def test_1_dataset_that_does_not_exist_with_the_plan_printed(run: CommandLine) -> None:
    run.edit("datasets: [Returns]", "datasets: [Retruns]")
    ended = run("plan", "--detailed-exitcode")
    assert ended.code == 1
    assert "exports.orders" in ended.out
    assert 'did you mean "Returns"' in ended.out
    assert run("apply", "--auto-approve").code == 1
    assert run.writes() == 0


def test_1_declined_at_the_prompt(run: CommandLine) -> None:
    ended = run("apply", stdin=Terminal("no\n"), watched=True)
    assert ended.code == 1
    assert run.writes() == 0


def test_0_agreed_at_the_prompt(run: CommandLine) -> None:
    ended = run("apply", stdin=Terminal("yes\n"), watched=True, TERM="xterm")
    assert ended.code == 0
    assert "Type `yes` to apply: " in ended.err


def test_2_changes_with_detailed_exitcode(run: CommandLine) -> None:
    assert run("plan", "--detailed-exitcode").code == 2


def test_3_drift(applied: CommandLine) -> None:
    applied("emulator", "ui", "rename", "orders", "Mine")
    assert applied("drift").code == 3
    assert applied("drift", "--fail-on", "paused").code == 0


def test_4_apply_incomplete_with_what_is_left(run: CommandLine) -> None:
    fault = '{"effect": "status", "status": 400, "method": "POST", "path": "/flows$", "count": 0}'
    assert run("emulator", "faults", "add", fault).code == 0
    ended = run("apply", "--auto-approve")
    assert ended.code == 4
    assert "2 failed" in ended.out
    assert re.search(r"Final check: [1-9][0-9]* changes? remains?\.", ended.out)
    assert "exports.orders" in ended.out
    assert run("emulator", "faults", "clear").code == 0
    assert run("apply", "--auto-approve").code == 0


def test_5_refused_with_the_way_to_allow_it(applied: CommandLine) -> None:
    applied.edit("  returns: {datasets: [Returns]}\n", "")
    before = applied.writes()
    ended = applied("plan", "--detailed-exitcode")
    assert ended.code == 5
    assert "exports.returns" in ended.out
    assert "--allow-deletes" in ended.out
    assert applied("apply", "--auto-approve").code == 5
    assert applied.writes() == before
    assert applied("apply", "--auto-approve", "--allow-deletes", "1").code == 0


def test_5_a_split_until_the_edit_that_it_names_is_made(applied: CommandLine) -> None:
    applied.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], split_by: dataset}")
    before = applied.writes()
    ended = applied("plan", "--detailed-exitcode")
    assert ended.code == 5
    assert "`removed: [{export: orders, do: delete, reason: …}]`" in ended.out
    assert (applied("apply", "--auto-approve").code, applied.writes()) == (5, before)
    with (applied.folder / "exports.yaml").open("a") as file:
        file.write("removed: [{export: orders, do: delete, reason: split}]\n")
    assert applied("plan", "--detailed-exitcode", "--out", "plan.json").code == 2
    assert "from exports.orders to this flow" in applied("show", "plan.json").out
    assert applied("apply", "plan.json").code == 0
    assert applied("plan", "--detailed-exitcode").code == 0


def test_6_another_digest(run: CommandLine) -> None:
    assert run("apply", "--only-if", "0123456789abcdef").code == 6
    assert run.writes() == 0


def test_apply_with_the_digest_of_the_plan_does_not_ask(run: CommandLine) -> None:
    digest = run("plan", "--format", "json").document["result"]["digest"]
    assert run("apply", "--only-if", digest).code == 0


@pytest.mark.parametrize(
    "argv",
    [
        ("frobnicate",),
        ("plan", "--frobnicate"),
        ("plan", "--format", "yaml"),
        ("validate", "--format", "markdown"),
        ("plan", "--now", "tomorrow"),
        ("plan", "--allow-deletes", "-1"),
        ("plan", "--explain-values", "--out", "p.json"),
        ("drift", "--fail-on", "everything"),
        ("drift", "--all-environments"),
        ("schema", "nonsense"),
        ("explain", "nonsense"),
        ("completion", "tcsh"),
        ("show",),
        ("emulator", "seed"),
        ("emulator", "faults", "add", "not json"),
        ("emulator", "switches", "set", "list_lag"),
        ("-C", "no-such-folder", "plan"),
    ],
    ids=" ".join,
)
def test_64_wrong_usage(run: CommandLine, argv: tuple[str, ...]) -> None:
    ended = run(*argv)
    assert ended.code == 64
    assert ended.out == ""
    assert ended.err.startswith("error: ")


def test_64_no_terminal_and_no_auto_approve(run: CommandLine) -> None:
    ended = run("apply")
    assert ended.code == 64
    assert "--auto-approve" in ended.err
    assert run.writes() == 0


def test_64_ci_gets_no_prompt(run: CommandLine) -> None:
    assert run("apply", stdin=Terminal("yes\n"), watched=True, CI="true").code == 64


def test_64_flags_beside_a_saved_plan(run: CommandLine) -> None:
    run("plan", "--out", "plan.json")
    assert run("apply", "plan.json", "--target", "exports.orders").code == 64


def test_unexpected_failures_are_short_unless_a_traceback_is_wanted(run: CommandLine) -> None:
    class Broken(io.StringIO):
        def isatty(self) -> bool:
            raise RuntimeError("no idea")

    ended = run("apply", stdin=Broken(), LAKE_ROLE_ARN="arn:aws:iam::123456789012:role/x")
    assert ended.code == 1
    assert "RuntimeError: no idea" in ended.err
    assert "Traceback" not in ended.err
    assert "Traceback" in run("apply", stdin=Broken(), EXPORTCTL_TRACEBACK="1").err
    document = run("apply", "--format", "markdown", stdin=Broken()).out  # it replaces the comment of an earlier run
    assert "<!-- exportctl apply project=acme -->\n### exportctl apply: failed\n" in document
    assert "RuntimeError: no idea" in document


def test_renewals_and_markers_are_carried_out_without_a_question(tmp_path: Path) -> None:
    run = fixed_clock_command_line(tmp_path, SMALL.replace("rolling: 180 days", "rolling: 40 days"))
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "clock", "advance", "15 days").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    ended = run("apply")
    assert ended.code == 0
    assert "2 done" in ended.out


def test_renew_moves_rolling_ends_that_are_due_and_nothing_else(tmp_path: Path) -> None:
    run = fixed_clock_command_line(tmp_path, SMALL.replace("rolling: 180 days", "rolling: 40 days"))
    assert run("apply", "--auto-approve").code == 0
    run.edit("path: aep", "path: elsewhere")
    assert "No rolling end is due" in run("renew").out
    assert run("emulator", "clock", "advance", "15 days").code == 0
    before = run.writes()
    assert run("renew", "--dry-run").code == 0
    assert run.writes() == before
    assert run("renew").code == 0
    assert run.writes() == before + 2
    assert run("plan", "--detailed-exitcode").code == 2


def test_renew_takes_auto_approve_as_apply_does(applied: CommandLine) -> None:
    assert applied("renew", "--auto-approve").code == 0
    assert applied("renew", "--dry-run", "--auto-approve").code == 0


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (("plan", "--target", "exports.none*"), "choose one of exports.old, exports.orders, exports.returns"),
        (("plan", "--target", "exports.ordrs"), "did you mean exports.orders?"),
        (("drift", "--target", "exports.ordrs"), "did you mean exports.orders?"),
        (("renew", "--target", "ordrs"), "did you mean exports.orders?"),
        (("apply", "--auto-approve", "--target", "orders", "--target", "retruns"), "did you mean exports.returns?"),
        (("apply", "--auto-approve", "--resume", "exports.nonexist"), "choose one of exports.orders"),
        (("apply", "--auto-approve", "--allow-replace", "exports.order"), "did you mean exports.orders?"),
        (("apply", "--auto-approve", "--allow-recreate", "typo"), "choose one of exports.orders"),
        (("apply", "--auto-approve", "--allow-recreate", "exports.gone"), "choose one of exports.orders"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_64_a_flag_that_names_nothing_declared(run: CommandLine, argv: tuple[str, ...], hint: str) -> None:
    run.edit("exports:\n", "removed: [{export: old, do: delete, reason: gone}]\nexports:\n")
    ended = run(*argv)
    assert ended.code == 64
    assert ended.out == ""
    assert argv[-1] in ended.err
    assert hint in ended.err
    assert run.writes() == 0


@pytest.mark.parametrize(
    "glob", ["exports.orders", "orders", "exports.o*", "by-part", "exports.by-part/orders", "*/orders"]
)
def test_flags_name_addresses_keys_parts_and_globs(run: CommandLine, glob: str) -> None:
    parts = "  by-part: {split_by: dataset, datasets: [Orders, Returns], subpath: parts}\n"
    run.edit("exports:\n", f"exports:\n{parts}")
    for option in ("--target", "--resume", "--allow-replace", "--allow-recreate"):
        ended = run("plan", option, glob)
        assert ended.code == 0, ended.out + ended.err


def test_a_target_may_name_what_is_removed_and_a_consent_may_not(run: CommandLine) -> None:
    run.edit("exports:\n", "removed: [{export: old, do: delete, reason: gone}]\nexports:\n")
    assert run("plan", "--target", "exports.old").code == 0
    assert run("plan", "--resume", "exports.old").code == 64
