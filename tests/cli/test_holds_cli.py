"""A freeze and a run nearby keep an apply from writing, until a person names exactly this."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.command_line import CommandLine

POLICY = "policy: {freeze: [{name: year-end, from: 2027-01-10, until: 2027-01-20, reason: closing of the books}]}\n"
LATER = POLICY.replace("2027-01-10", "2027-01-16")  # the clock stands at 2027-01-15 08:00
BLOCKED = (
    "Apply is blocked: freeze year-end lasts until 2027-01-21 00:00 UTC: closing of the books. "
    "To allow it: --allow-freeze year-end"
)


def move(run: CommandLine, policy: str) -> None:
    """A change that is not applied yet, under a policy."""
    run.edit("path: aep", "path: elsewhere")
    run.edit("exports:\n", f"{policy}exports:\n")


def test_a_plan_says_that_a_freeze_blocks_and_apply_writes_nothing(applied: CommandLine) -> None:
    move(applied, POLICY)
    before = applied.writes()

    planned, ended = applied("plan"), applied("apply", "--auto-approve")

    assert (planned.code, ended.code, applied.writes()) == (0, 5, before)
    assert BLOCKED in planned.out and BLOCKED in ended.out
    (hold,) = applied("plan", "--format", "json").document["result"]["holds"]
    assert (hold["safety_check"], hold["subject"], hold["until"]) == ("freeze", "year-end", 1_800_489_600)
    assert applied("apply", "--auto-approve", "--format", "json").document["result"]["holds"] == [hold]


def test_a_freeze_is_annotated_at_its_entry_in_the_policy(applied: CommandLine) -> None:
    move(applied, POLICY)
    lines = (applied.folder / "exports.yaml").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if "name: year-end" in line)

    ended = applied("apply", "--auto-approve", GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(applied.folder))

    errors = [line for line in ended.err.splitlines() if "title=freeze::" in line]
    assert len(errors) == 1 and errors[0].startswith(f"::error file=exports.yaml,line={number},col="), ended.err


def test_the_named_override_is_said_and_written_into_the_audit_file(applied: CommandLine) -> None:
    move(applied, POLICY)

    ended = applied("apply", "--auto-approve", "--allow-freeze", "year-end", "--audit", "audit.jsonl")

    assert ended.code == 0
    assert "Allowed by --allow-freeze year-end: freeze year-end lasts until 2027-01-21 00:00 UTC" in ended.err
    assert "Apply is blocked" not in ended.out
    lines = [json.loads(line) for line in (applied.folder / "audit.jsonl").read_text().splitlines()]
    assert {str(line.get("allowed")) for line in lines if line["event"] in ("started", "ended")} == {
        "['--allow-freeze year-end']"
    }


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        (("--allow-freeze", "yearend"), 'did you mean "year-end"?'),
        (("--allow-freeze", "zzz"), "choose one of year-end"),
        (("--allow-near-run", "exports.ordrs"), "did you mean exports.orders?"),
    ],
)
def test_an_override_of_nothing_is_refused(applied: CommandLine, option: tuple[str, str], hint: str) -> None:
    move(applied, POLICY)

    ended = applied("apply", "--auto-approve", *option)

    assert (ended.code, hint in ended.err) == (64, True), ended.err


def test_a_plan_that_was_approved_before_a_freeze_is_blocked_in_it_and_free_after_it(applied: CommandLine) -> None:
    move(applied, LATER)
    planned = applied("plan", "--out", "plan.json")
    assert (planned.code, "Apply is blocked" in planned.out) == (0, False)
    before = applied.writes()

    applied("emulator", "clock", "advance", "2 days")
    ended = applied("apply", "plan.json")
    assert (ended.code, applied.writes(), BLOCKED in ended.out) == (5, before, True)

    applied("emulator", "clock", "advance", "4 days")
    assert applied("apply", "plan.json").code == 0


def test_a_plan_that_was_made_in_a_freeze_needs_the_override_only_while_it_lasts(applied: CommandLine) -> None:
    move(applied, POLICY)
    applied("plan", "--out", "plan.json")
    assert BLOCKED in applied("show", "plan.json").out

    assert applied("apply", "plan.json").code == 5
    assert applied("apply", "plan.json", "--allow-freeze", "year-end").code == 0


def test_renewals_go_on_in_a_freeze(applied: CommandLine) -> None:
    applied.edit(
        "exports:\n", "policy: {freeze: [{name: all-year, from: 2027-01-01, until: 2027-12-31, reason: x}]}\nexports:\n"
    )
    for command in (("renew",), ("apply", "--auto-approve")):
        applied("emulator", "clock", "advance", "155 days")
        before = applied.writes()
        ended = applied(*command)
        assert (ended.code, applied.writes() > before, "Apply is blocked" in ended.out) == (0, True, False), ended.out


def test_a_change_near_a_run_waits_or_is_named(applied: CommandLine) -> None:
    """Both exports run at 02:00; it is 01:45 the next day."""
    move(applied, "policy: {run_distance: 30 minutes}\n")
    applied("emulator", "clock", "advance", "17 hours")
    applied("emulator", "clock", "advance", "45 minutes")
    before = applied.writes()

    ended = applied("apply", "--auto-approve", GITHUB_ACTIONS="true")

    assert (ended.code, applied.writes()) == (5, before)
    errors = [line for line in ended.err.splitlines() if line.startswith("::error")]
    assert len([line for line in errors if re.match(r"::error file=[^,]+,line=\d+,.*title=near-run::", line)]) == 2
    assert (
        "is due 2027-01-16 02:00 UTC, which is within 30 minutes of now; free again from 2027-01-16 02:30 UTC"
        in ended.out
    )
    assert applied("apply", "--auto-approve", "--allow-near-run", "exports.orders").code == 5
    allowed = applied("apply", "--auto-approve", "--allow-near-run", "exports.orders", "--allow-near-run", "returns")
    assert allowed.code == 0, allowed.out + allowed.err


def test_the_moment_of_a_hold_is_the_one_that_the_plan_names(applied: CommandLine) -> None:
    move(applied, "policy: {run_distance: 30 minutes}\n")

    assert applied("apply", "--auto-approve", "--now", "2027-01-16T02:29:59Z").code == 5
    assert applied("apply", "--auto-approve", "--now", "2027-01-16T02:30:00Z").code == 0


@pytest.mark.parametrize("form", ["markdown", "junit"])
def test_every_format_of_a_blocked_apply_says_it(applied: CommandLine, form: str) -> None:
    move(applied, POLICY)

    planned, ended = applied("plan", "--format", "markdown"), applied("apply", "--auto-approve", "--format", form)

    assert (planned.code, ended.code) == (0, 5)
    for shown in (planned.out, ended.out):
        plain = shown.replace("\\", "").replace("`", "")
        assert "freeze year-end lasts until 2027-01-21 00:00 UTC: closing of the books" in plain
        assert "--allow-freeze year-end" in plain
    assert "blocked" in ended.out
