"""A saved plan is an approval of values: what was reviewed is done, or nothing."""

from __future__ import annotations

import json
import shlex
import stat

from tests.cli.command_line import CommandLine


def _save_plan(run: CommandLine) -> None:
    run.edit("path: aep", "path: elsewhere")
    assert run("plan", "--out", "plan.json").code == 0


def test_it_is_applied_without_a_question_although_runs_moved_the_etags(applied: CommandLine) -> None:
    _save_plan(applied)
    assert applied("emulator", "clock", "advance", "2 days").code == 0
    ended = applied("apply", "plan.json")
    assert ended.code == 0, ended.err
    assert "2 done" in ended.out
    assert applied("plan", "--detailed-exitcode").code == 0


def test_it_is_written_whole_and_for_its_owner_only(applied: CommandLine) -> None:
    _save_plan(applied)
    assert stat.S_IMODE((applied.folder / "plan.json").stat().st_mode) == 0o600
    assert [p.name for p in applied.folder.iterdir() if "plan" in p.name] == ["plan.json"]


def test_a_hand_edit_makes_it_stale_naming_field_and_both_values(applied: CommandLine) -> None:
    _save_plan(applied)
    assert applied("emulator", "ui", "path", "orders", "by/hand", "--as", "jane").code == 0
    before = applied.writes()
    ended = applied("apply", "plan.json")
    assert ended.code == 6
    (line,) = [line for line in ended.err.splitlines() if "exports.orders" in line]
    assert 'exports.orders `path`: approved "aep" -> "elsewhere", now "by/hand" -> "elsewhere" (changed by jane' in line
    assert max(map(len, ended.err.splitlines())) < 200
    assert applied.writes() == before

    machine = applied("apply", "plan.json", "--format", "json")
    assert machine.code == 6
    assert machine.document["kind"] == "error"
    assert [(e["rule"], e["line"] is not None) for e in machine.document["errors"]] == [("stale-plan", True)]


def test_the_next_commands_of_a_stale_plan_review_and_apply_it(applied: CommandLine) -> None:
    _save_plan(applied)
    assert applied("emulator", "ui", "path", "orders", "by/hand").code == 0
    ended = applied("apply", "plan.json")
    title, *commands = [line.strip() for line in ended.err.splitlines()][-3:]
    assert title == "Next, make and review a new plan:"
    for command in commands:
        _, *words = shlex.split(command)
        assert applied(*words).code == 0, command
    assert applied("plan", "--detailed-exitcode").code == 0


def test_a_changed_config_makes_it_stale(applied: CommandLine) -> None:
    _save_plan(applied)
    applied.edit("path: elsewhere", "path: third")
    assert applied("apply", "plan.json").code == 6


def test_another_protect_makes_it_stale(run: CommandLine) -> None:
    run.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], protect: true}")
    assert run("apply", "--auto-approve").code == 0
    _save_plan(run)
    digest = run("plan", "--format", "json").document["result"]["digest"]
    before = run.writes()
    run.edit(", protect: true", "")
    for approval in (["plan.json"], ["--only-if", digest]):
        ended = run("apply", *approval)
        assert (ended.code, run.writes()) == (6, before)
    assert "`protect`: approved: no change; now: apply removes it" in run("apply", "plan.json").err
    run.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], protect: true}")
    run.edit("returns: {datasets: [Returns]}", "returns: {datasets: [Returns], protect: true}")
    assert (run("apply", "plan.json").code, run.writes()) == (6, before)
    assert "sets `protect`" in run("plan").out


def test_orphans_are_deleted_only_with_approval(applied: CommandLine) -> None:
    assert applied("emulator", "ui", "delete", "orders").code == 0
    applied.edit("  orders: {datasets: [Orders]}\n", "")
    shown, before = applied("plan", "--detailed-exitcode", "--out", "plan.json"), applied.writes()
    assert (shown.code, "Apply will make 2 writes" in shown.out) == (2, True)
    assert "No changes but the deletion of orphans. Not as the config asks: 1 address with orphans." in shown.out
    assert (applied("apply").code, applied.writes()) == (64, before)
    digest = shown.out.partition("--only-if ")[2].split()[0]
    assert applied("apply", "--only-if", digest).code == 0
    assert applied("plan", "--detailed-exitcode").code == 0
    assert applied("apply", "plan.json").code == 6  # nothing is left to delete


def test_an_edited_file_is_refused(applied: CommandLine) -> None:
    _save_plan(applied)
    file = applied.folder / "plan.json"
    file.write_text(file.read_text().replace("elsewhere", "somewhere"))
    ended = applied("apply", "plan.json")
    assert ended.code == 1
    assert "was edited" in ended.err


def test_it_is_too_old_after_a_week(applied: CommandLine) -> None:
    _save_plan(applied)
    assert applied("emulator", "clock", "advance", "8 days").code == 0
    ended = applied("apply", "plan.json")
    assert ended.code == 6
    assert "raise --max-age, or make and review a new plan: exportctl" in ended.err
    assert ended.err.rstrip().endswith("plan --out plan.json")
    assert applied("apply", "plan.json", "--max-age", "30 days").code == 0


def test_one_that_moves_a_live_end_is_applied_later(applied: CommandLine) -> None:
    applied.edit("end: {rolling: 180 days, renew_before: 30 days}", "end: 2027-12-01")
    assert applied("plan", "--out", "plan.json").code == 0
    assert applied("emulator", "clock", "advance", "2 days").code == 0
    ended = applied("apply", "plan.json")
    assert ended.code == 0, ended.err
    assert applied("plan", "--detailed-exitcode").code == 0


def test_a_renewal_that_is_not_in_it_is_not_done(applied: CommandLine) -> None:
    _save_plan(applied)
    assert applied("emulator", "clock", "advance", "160 days").code == 0
    ended = applied("apply", "plan.json", "--max-age", "365 days")
    assert ended.code == 0, ended.err
    assert "2 done" in ended.out
    assert "2 to renew" in applied("plan").out


def test_a_refused_plan_is_not_saved(applied: CommandLine) -> None:
    applied.edit("  returns: {datasets: [Returns]}\n", "")
    ended = applied("plan", "--out", "plan.json")
    assert ended.code == 5
    assert not (applied.folder / "plan.json").exists()
    assert "plan.json is not written" in ended.err


def test_a_plan_that_would_hold_a_secret_is_not_saved(run: CommandLine) -> None:
    role = "arn:aws:iam::123456789012:role/orders"
    run.edit("orders: {datasets: [Orders]}", f"orders: {{datasets: [Orders], title: 'Orders for {role}'}}")
    ended = run("plan", "--out", "plan.json", LAKE_ROLE_ARN=role)
    assert ended.code == 1
    assert not (run.folder / "plan.json").exists()
    assert "plan.json is not written: the plan holds a secret value" in ended.err
    assert "(secret)" not in ended.out  # a reviewer sees what the config says, exactly as it is


def test_show_needs_no_config(applied: CommandLine) -> None:
    _save_plan(applied)
    (applied.folder / "exports.yaml").unlink()
    shown = applied("show", "plan.json", "--now", "2027-01-16")
    assert shown.code == 0
    assert "elsewhere" in shown.out
    assert applied("show", "plan.json", "--format", "json").document["kind"] == "show"
    assert applied("show", "absent.json").code == 1


def test_an_audit_line_says_who_what_and_how_it_ended(run: CommandLine) -> None:
    assert run("apply", "--auto-approve", "--audit", "audit.jsonl", USER="jane", GITHUB_SHA="abc123").code == 0
    run.edit("path: aep", "path: elsewhere")
    assert run("apply", "--auto-approve", "--audit", "audit.jsonl", USER="jane").code == 0
    lines = [json.loads(line) for line in (run.folder / "audit.jsonl").read_text().splitlines()]
    first, second = (line for line in lines if line["event"] == "ended")
    assert (first["who"], first["commit"], first["outcome"]) == ("jane", "abc123", "done")
    assert {o["kind"] for o in first["objects"]} >= {"flow", "target_connection"}
    assert all(o["id"] for o in first["objects"])
    assert len(second["objects"]) == 2


def test_one_for_another_sandbox_is_refused_in_one_line(applied: CommandLine) -> None:
    _save_plan(applied)
    applied.edit("sandbox: demo", "sandbox: other")
    assert applied("emulator", "seed", "--from-config").code == 0
    before = applied.writes()
    ended = applied("apply", "plan.json")
    assert ended.code == 6
    assert "saved for sandbox demo of" in ended.err
    assert "this is other of" in ended.err
    assert "exports.orders" not in ended.err
    assert len(ended.err.splitlines()) == 2
    assert applied.writes() == before
    machine = applied("apply", "plan.json", "--format", "json")
    assert machine.code == 6
    assert [e["rule"] for e in machine.document["errors"]] == ["stale-plan"]


def test_it_keeps_what_was_excluded(applied: CommandLine) -> None:
    """Also a flow that the config no longer declares: it is not deleted, and its address is no typing error."""
    applied.edit("path: aep", "path: elsewhere")
    applied.edit("  returns: {datasets: [Returns]}\n", "")
    asked = ("--exclude", "exports.returns", "--exclude", "lake")
    planned = applied("plan", "--out", "plan.json", *asked)
    assert planned.code == 0
    named = "destinations.lake, exports.orders, exports.returns"
    assert f"Left out by --exclude, with what needs it: 3 addresses: {named}." in planned.out
    assert "No changes in what --exclude leaves; the rest was not compared." in planned.out
    before = applied.writes()

    ended = applied("apply", "plan.json")

    assert (ended.code, applied.writes()) == (0, before)
    assert applied("show", "plan.json").out.count("Left out by --exclude") == 1
    assert applied("apply", "plan.json", "--exclude", "orders").code == 64


def test_a_misspelt_exclusion_plans_nothing(applied: CommandLine) -> None:
    before = applied.writes()

    ended = applied("apply", "--auto-approve", "--exclude", "exports.order")

    assert (ended.code, applied.writes()) == (64, before)
    assert "--exclude exports.order: no resource matches" in ended.err
    assert "did you mean exports.orders?" in ended.err
