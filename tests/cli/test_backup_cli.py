"""`backup` from its words to its exit code: what is whole, what breaks it, and what the YAML asks for."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.cli.command_line import CommandLine
from tests.cli.test_verify_cli import run_once_with_files

POLICY = "defaults:\n  expect: {backup: {max_age: 26 hours, covered_from: 2099-01-01}}"


def expect_backup(run: CommandLine) -> None:
    run.edit("defaults:", POLICY)


def test_a_backup_is_whole_until_a_file_of_it_is_deleted(applied: CommandLine) -> None:
    file, before = run_once_with_files(applied), applied.writes()

    whole = applied("backup", "status", "--target", "orders")
    file.unlink()
    broken = applied("backup", "status", "--target", "orders")

    assert (whole.code, "Backup: 1 whole." in whole.out, whole.err) == (0, True, "")
    assert (broken.code, "Backup: 1 gap." in broken.out) == (0, True)
    said = " ".join(broken.out.split())
    assert all(
        word in said for word in ("lost: all rows that the dataset had at", "action: bring", file.parent.parent.name)
    )
    assert applied.writes() == before


def test_what_was_never_applied_has_no_backup(run: CommandLine) -> None:
    (orders, *_) = run("backup", "status", "--format", "json").document["result"]["exports"]
    assert [(c["state"], c["reason"]) for c in orders["chains"]] == [
        ("NONE", "no flow in this sandbox: apply creates it")
    ]


def test_9_when_a_backup_does_not_fulfil_the_yaml(applied: CommandLine) -> None:
    file = run_once_with_files(applied)
    expect_backup(applied)
    argv = ("backup", "check", "--target", "orders")

    assert applied(*argv).code == 0
    file.unlink()
    ended = applied(*argv)

    assert (ended.code, "policy: the backup is GAP" in ended.out) == (9, True)
    document = applied(*argv, "--format", "json").document
    assert (document["kind"], document["result"]["failing"]) == ("backup", True)
    (case,) = ElementTree.fromstring(applied(*argv, "--format", "junit").out).iter("testcase")
    assert [node.attrib["type"] for node in case] == ["GAP"]


def test_without_a_policy_there_is_nothing_to_check_and_the_hint_says_what_to_write(applied: CommandLine) -> None:
    run_once_with_files(applied)

    ended = applied("backup", "check", "--target", "orders", "--format", "junit")
    assert (ended.code, "[no-backup-policy]" in ended.err) == (1, True)
    assert "write `defaults: {expect: {backup: {max_age: 26 hours}}}`" in ended.err
    assert ElementTree.fromstring(ended.out).attrib["errors"] == "1"

    applied.edit("defaults:", "defaults:\n  expect: {backup: {max_age: 26 hours}}")
    assert applied("backup", "check", "--target", "orders").code == 0


@pytest.mark.parametrize("wrong", ["{max_age: soon}", "{covered_from: 2026-13-01}", "{age: 1 day}", "{}"])
def test_a_policy_that_cannot_be_read_is_found_at_its_place(run: CommandLine, wrong: str) -> None:
    run.edit("defaults:", f"defaults:\n  expect: {{backup: {wrong}}}")
    ended = run("validate")
    assert ended.code == 1
    assert "exports.yaml:" in ended.err + ended.out
