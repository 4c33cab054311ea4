"""Ends as they are met on the command line: days left, flows that have ended, and what a saved plan may not revive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, START, CommandLine, copied_command_line, fixed_clock_command_line
from tests.cli.emulator_server import EmulatorServer, serve_config

DAY = 86400
SHORT = SMALL.replace("rolling: 180 days", "rolling: 40 days")  # from 2027-01-15: to 2027-02-24
ENDED = "the flow ended 2027-02-24 00:00 UTC, 4 days ago and exports nothing now"

ENDS_ONLY = "Final check: every due end was moved and read back; nothing else was compared."


@pytest.fixture(scope="module")
def due_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = fixed_clock_command_line(tmp_path_factory.mktemp("due"), SHORT)
    assert made("apply", "--auto-approve").code == 0
    assert made("emulator", "clock", "advance", "31 days").code == 0
    return made.folder


@pytest.fixture
def run(due_folder: Path, tmp_path: Path) -> CommandLine:
    """Applied, and nine days from its end; a renewal is due."""
    return copied_command_line(due_folder, tmp_path)


@pytest.fixture(scope="module")
def over_folder(due_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copied_command_line(due_folder, tmp_path_factory.mktemp("over"))
    assert made("emulator", "clock", "advance", "13 days").code == 0
    return made.folder


@pytest.fixture
def over(over_folder: Path, tmp_path: Path) -> CommandLine:
    """The same, four days after its end."""
    return copied_command_line(over_folder, tmp_path)


def test_a_plan_says_how_many_days_are_left_in_both_forms_for_people(run: CommandLine) -> None:
    assert "    ends: 2027-03-27 00:00 UTC, in 39 days\n" in run("plan").out
    assert "ends: 2027-03-27 00:00 UTC, in 39 days" in run("plan", "--format", "markdown").out


def test_renew_moves_what_is_due_and_ends_in_0(run: CommandLine) -> None:
    ended = run("renew", "--format", "json")
    assert ended.code == 0
    assert (len(ended.document["result"]["renewals"]), ended.document["result"]["expired"]) == (2, [])


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_renew_leaves_what_has_ended_names_it_and_ends_in_4(over: CommandLine, more: tuple[str, ...]) -> None:
    before = over.writes()
    ended = over("renew", *more)
    assert (ended.code, over.writes()) == (4, before)
    assert f"exports.orders: {ENDED}  [expired]" in ended.out
    assert "to revive it, run `exportctl apply`" in ended.out
    expired = over("renew", *more, "--format", "json").document["result"]["expired"]
    assert [(one["address"], one["ended"]) for one in expired] == [
        ("exports.orders", 1_803_427_200),
        ("exports.returns", 1_803_427_200),
    ]


def test_renew_says_the_command_that_moves_what_has_ended(over: CommandLine) -> None:
    shown, document = over("renew"), over("renew", "--format", "markdown").out
    command = "apply --target exports.orders --target exports.returns"

    assert shown.out.endswith(f"{command}\n")
    assert f"{command}\n```" in document
    assert "**Nothing that renew can do, but 2 expired ends remain.**" in document
    assert over(*command.split(), "--auto-approve").code == 0
    assert over("renew").code == 0


def test_the_command_after_renew_names_no_export_where_it_would_become_too_long(tmp_path: Path) -> None:
    names = [f"one-of-many-exports-{n}" for n in range(9)]
    declared = "".join(f"  {name}: {{datasets: [Orders], subpath: {name}}}\n" for name in names)
    run = fixed_clock_command_line(tmp_path, f"{SHORT.partition('exports:')[0]}exports:\n{declared}")
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "clock", "advance", "44 days").code == 0

    ended = run("renew")

    assert (ended.code, ended.out.splitlines()[-1].split()[-1]) == (4, "apply")
    assert run("apply", "--auto-approve").code == 0


def test_renew_moves_the_others_and_does_not_say_that_all_is_well(tmp_path: Path) -> None:
    run = fixed_clock_command_line(
        tmp_path, SMALL.replace("[Orders]}", "[Orders], end: {rolling: 40 days, renew_before: 9 days}}")
    )
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "clock", "advance", "155 days").code == 0
    before = run.writes()
    ended = run("renew")
    assert (ended.code, run.writes() - before) == (4, 1)
    assert "1 done" in ended.out
    assert f"{ENDS_ONLY} Expired, and left to an apply: exports.orders.\n" in ended.out
    assert "Final check: no changes." not in ended.out


@pytest.fixture
def unsure(tmp_path: Path) -> CommandLine:
    """The end of `orders` was never given, so the service shows none, and its six months are nearly over."""
    run = fixed_clock_command_line(
        tmp_path, SMALL.replace("[Orders]}", "[Orders], end: none, allow: [{rule: missing-end, reason: new}]}")
    )
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "clock", "advance", "155 days").code == 0
    run.edit(", end: none", "")
    return run


def test_renew_names_what_it_cannot_look_after_and_ends_in_4(unsure: CommandLine) -> None:
    looked = unsure("renew", "--dry-run", "--format", "json")
    (entry,) = looked.document["result"]["not_renewed"]
    assert (looked.code, entry["rule"]) == (4, "not-renewed")
    before = unsure.writes()
    ended = unsure("renew")
    assert (ended.code, unsure.writes() - before) == (4, 1)
    assert "exports.orders: renew cannot move its end: the flow" in ended.out
    assert f"{ENDS_ONLY} Not renewed: exports.orders.\n" in ended.out
    assert "Final check: no changes." not in ended.out
    assert unsure("renew").code == 4


def test_that_renew_cannot_look_after_an_end_cannot_be_silenced(unsure: CommandLine) -> None:
    unsure.edit("exports:\n", "rules: {not-renewed: {level: off, reason: known}}\nexports:\n")
    assert "rule not-renewed cannot be lowered" in unsure("renew").err


def test_renew_says_so_too_where_the_config_silences_the_finding(over: CommandLine) -> None:
    over.edit("exports:\n", "rules: {expired: {level: off, reason: known}}\nexports:\n")
    ended = over("renew")
    assert ended.code == 4
    assert "exports.orders: its rolling end is in the past" in ended.out


def test_a_revival_is_asked_for_as_any_change_and_counts_for_the_exit_code(over: CommandLine) -> None:
    shown = over("plan", "--detailed-exitcode")
    assert shown.code == 2
    assert "cost: revives the flow, which ended 2027-02-24 00:00 UTC, 4 days ago" in shown.out
    assert over("apply").code == 64  # no terminal, and this is no renewal
    assert over("apply", "--auto-approve").code == 0
    assert over("plan", "--detailed-exitcode").code == 0
    assert over("renew").code == 0


def test_drift_and_status_say_it_in_the_words_of_the_plan(over: CommandLine) -> None:
    for command in ("drift", "status"):
        for form in ("text", "markdown"):
            shown = over(command, "--format", form)
            assert shown.code == 0
            assert ENDED in shown.out, (command, form)
            assert "retire it" in shown.out


def test_a_saved_plan_revives_nothing_that_ended_since(run: CommandLine) -> None:
    run.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], end: 2027-12-31}")
    assert run("plan", "--out", "plan.json").code == 0
    assert run("emulator", "clock", "advance", "13 days").code == 0
    before = run.writes()
    ended = run("apply", "plan.json", "--max-age", "30 days")
    assert (ended.code, run.writes()) == (6, before)
    assert "these flows have ended since the plan was made" in ended.err
    assert "exports.orders" in ended.err
    document = run("apply", "plan.json", "--max-age", "30 days", "--format", "json").document
    assert [e["rule"] for e in document["errors"]] == ["stale-plan"]


def test_a_renewal_in_a_saved_plan_is_no_consent_to_a_revival(run: CommandLine) -> None:
    run.edit("returns: {datasets: [Returns]}", "returns: {datasets: [Returns], title: Refunds}")
    assert run("plan", "--out", "plan.json").code == 0
    assert run("emulator", "clock", "advance", "6 days").code == 0
    assert run("show", "plan.json").code == 0
    assert run("emulator", "clock", "advance", "3 days").code == 0  # one day past the end
    before = run.writes()
    assert (run("apply", "plan.json", "--max-age", "30 days").code, run.writes()) == (6, before)


def test_a_saved_plan_that_moves_no_end_is_applied_after_one_has_passed(run: CommandLine) -> None:
    assert run("renew").code == 0
    run.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], title: All orders}")
    assert run("plan", "--out", "plan.json").code == 0
    assert run("emulator", "clock", "advance", "60 days").code == 0
    ended = run("apply", "plan.json", "--max-age", "90 days")
    assert ended.code == 0, ended.err
    assert "1 done" in ended.out
    assert "exports.orders" in run("renew").out


def test_a_saved_plan_is_applied_after_a_renewal_became_due(tmp_path: Path) -> None:
    run = fixed_clock_command_line(tmp_path, SHORT)
    assert run("apply", "--auto-approve").code == 0
    run.edit("path: aep", "path: elsewhere")
    assert run("plan", "--out", "plan.json").code == 0
    digest = run("plan", "--format", "json").document["result"]["digest"]
    assert run("emulator", "clock", "advance", "12 days").code == 0
    due = run("plan", "--format", "json").document["result"]
    assert (due["counts"]["renew"], due["digest"]) == (2, digest)
    ended = run("apply", "plan.json", "--max-age", "30 days")
    assert ended.code == 0, ended.err
    assert run("plan", "--detailed-exitcode").code == 0
    assert "2 to renew" in run("plan").out


# -- what ends soon, of whoever, everywhere ---------------------------------------------------------------------------

SIX_MONTHS = 1_815_638_400  # 2027-07-15 08:00 UTC: of a flow made at START and given no end


@pytest.fixture
def many(tmp_path: Path) -> Iterator[EmulatorServer]:
    """
    Ours in dev until 2027-07-14; in prod a flow of the UI without an end, one that ends sooner, one of another project
    and one that has ended; stage is not to be read.
    """
    with serve_config(tmp_path) as made:
        assert made.run("apply", "--env", "dev", "--auto-approve").code == 0
        other = (tmp_path / "exports.yaml").read_text().replace("project: acme", "project: theirs")
        made.run.write(other, "theirs.yaml")
        assert made.run("-f", "theirs.yaml", "apply", "--env", "prod", "--auto-approve", "--target", "orders").code == 0
        made.emulator.ui.end("orders", START + 40 * DAY, sandbox="prod")
        for title, end in (("Forever", None), ("Soon", START + 9 * DAY), ("Over", START + 3 * DAY)):
            made.emulator.ui.create_flow(title, sandbox="prod", datasets=["Orders"])
            made.emulator.ui.schedule(title, {"endTime": end}, sandbox="prod")
        made.emulator.set_time(START + 4 * DAY)
        yield made


UNREAD = {"STAGE_SECRET": ""}
ALL = ("status", "--all-environments")
SORTED = [
    ("2027-01-24 08:00 UTC, in 5 days", "prod", '"Soon" (flow'),
    ("2027-02-24 08:00 UTC, in 36 days", "prod", '"orders" (flow'),
    ("2027-07-14 00:00 UTC, in 175 days", "dev", "exports.orders"),
    ("2027-07-15 08:00 UTC, in 177 days (assumed)", "prod", '"Forever" (flow'),
]


def test_what_ends_soon_stands_in_one_list_over_all_environments_by_its_end(many: EmulatorServer) -> None:
    shown = many.run(*ALL, "--expiring", "200 days", env=UNREAD)
    assert shown.code == 1  # stage
    table = shown.out.partition("Ends within 200 days, or has expired:\n")[2].splitlines()
    rows = [re.split(r"  +", line) for line in table[1:]]
    assert [(end, environment) for end, environment, _ in rows] == [row[:2] for row in SORTED]
    assert all(what.startswith(begins) for (_, _, what), (_, _, begins) in zip(rows, SORTED, strict=True))
    assert "owned by project theirs" in rows[1][2]


def test_flows_of_others_are_listed_in_every_form_and_those_that_ended_are_counted(many: EmulatorServer) -> None:
    shown = many.run("status", "--env", "prod", "--expiring", "200 days").out
    assert "4 flows in the sandbox not managed by this config; 3 of them end within 200 days, 1 ended before:" in shown
    listed = [line.strip().partition(" (flow ")[0] for line in shown.splitlines() if line.startswith('    "')]
    assert listed == ['"Soon"', '"orders"', '"Forever"']
    comment = many.run(*ALL, "--expiring", "200 days", "--format", "markdown", env=UNREAD).out
    assert "**Ends within 200 days, or has expired:**\n\n| ends | environment | what |" in comment
    places = [comment.index(f"`{end}` | `{environment}`") for end, environment, _ in SORTED]
    assert places == sorted(places)
    document = many.run(*ALL, "--expiring", "200 days", "--format", "json", env=UNREAD).document
    dev, prod, stage = document["result"]["environments"]
    assert (dev["result"]["ending"], dev["result"]["expired"], stage["result"]) == ([], 0, None)
    assert prod["result"]["expired"] == 1
    assert [(u["name"], u["ends"], u["assumed_end"], u["owner"]) for u in prod["result"]["ending"]] == [
        ("Soon", START + 9 * DAY, False, None),
        ("orders", START + 40 * DAY, False, "theirs"),
        ("Forever", SIX_MONTHS, True, None),
    ]


def test_a_shorter_time_lists_less_and_none_asked_for_lists_nothing(many: EmulatorServer) -> None:
    shown = many.run(*ALL, "--expiring", "10d", env=UNREAD).out
    assert "Soon" in shown
    assert "Forever" not in shown
    unread = many.run(*ALL, "--expiring", "1 day", env=UNREAD).out
    assert "Nothing ends within 1 day in the environments that were read." in unread
    assert "Nothing ends within 1 day.\n" in many.run(*ALL, "--expiring", "1 day").out
    assert "Ends within" not in many.run(*ALL, env=UNREAD).out
