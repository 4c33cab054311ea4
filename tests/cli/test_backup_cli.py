"""`backup` from its words to its exit code: what is whole, what breaks it, and what the YAML asks for."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from exportctl.output.markdown.marker import remove_marker
from tests.cli.command_line import CommandLine
from tests.cli.emulator_server import CONFIG, EmulatorServer, serve_config
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


# -- former locations -------------------------------------------------------------------------------------------------


def move_to_another_bucket(applied: CommandLine) -> Path:
    """Let `orders` run, paste what the plan of another bucket prints, apply, and run again; its first file."""
    run_once_with_files(applied)
    file = run_once_with_files(applied)
    expect_backup(applied)
    assert applied("backup", "manifest", "exports.orders", "-o", "before.json").code == 0
    applied.edit("bucket: acme-lake", "bucket: acme-vault")
    (step,) = applied("plan", "--target", "orders", "--format", "json").document["result"]["next_steps"]
    (block,) = yaml.safe_load(step["yaml"])["exports"]["orders"]["former_locations"]
    assert list(block) == ["until", "bucket"]
    stated = json.dumps([block])
    applied.edit("orders: {datasets: [Orders]}", f"orders: {{datasets: [Orders], former_locations: {stated}}}")
    assert applied("apply", "--auto-approve").code == 0
    assert run_once_with_files(applied).is_relative_to(file.parents[3].with_name("acme-vault"))
    return file


def test_a_chain_spans_two_buckets_and_its_files_have_the_uris_of_both(applied: CommandLine) -> None:
    file = move_to_another_bucket(applied)
    argv = ("--target", "orders")

    whole = applied("backup", "check", *argv)
    listed = applied("backup", "manifest", "exports.orders", "-o", "files.json")
    uris = re.findall(r"s3://acme-[a-z]+/aep", (applied.folder / "files.json").read_text())

    assert (whole.code, "Backup: 1 whole." in whole.out) == (0, True)
    assert "acme-vault; runs due before 2027-01-17 08:00 UTC: the emulator's folder acme-lake aep/" in whole.out
    assert (listed.code, {"s3://acme-lake/aep", "s3://acme-vault/aep"} <= set(uris)) == (0, True)
    assert applied("verify", *argv, "--since", "2 days", "--deep").code == 0

    restored = applied("restore", "check", "exports.orders", "--format", "json")
    (check,) = restored.document["result"]["checks"]
    assert (restored.code, check["rows"]) == (0, 1150)
    before, after = (json.loads((applied.folder / name).read_text()) for name in ("before.json", "files.json"))
    hashes = [[run["hash"] for run in one["chains"][0]["runs"]] for one in (before, after)]
    assert (len(hashes[1]), hashes[0]) == (3, hashes[1][:2])
    for name in ("before.json", "files.json"):
        assert applied("backup", "check", *argv, "--against", name).code == 0
    sql = applied("restore", "sql", "exports.orders", "--engine", "duckdb")
    assert (sql.code, "its files are in several buckets, and the SQL reads one" in sql.err) == (1, True)

    file.unlink()
    (gap,) = applied("backup", "status", *argv, "--format", "json").document["result"]["exports"][0]["chains"][0][
        "gaps"
    ]

    assert gap["state"] == "GAP"
    assert all(path.startswith("s3://acme-lake/aep/") for path in gap["objects"])
    for name in ("before.json", "files.json"):
        against = applied("backup", "check", *argv, "--against", name)
        assert (against.code, file.name in against.out, "the file is gone" in against.out) == (9, True, True)


def test_a_former_bucket_that_is_gone_is_an_error_and_nothing_is_proven(applied: CommandLine) -> None:
    file = move_to_another_bucket(applied)
    shutil.rmtree(file.parents[3])

    ended = applied("backup", "check", "--target", "orders", "--format", "json")

    (export,) = ended.document["result"]["exports"]
    assert (ended.code, export["chains"][0]["state"]) == (1, "UNPROVEN")
    assert [(e["rule"], e["message"]) for e in ended.document["errors"]] == [
        ("storage-missing", "the emulator's folder acme-lake is not a folder")
    ]


# -- all environments, and CI systems ---------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path) -> Iterator[EmulatorServer]:
    """dev, prod and stage behind one server, nothing applied; prod asks for a backup."""
    text = CONFIG.replace(
        'every: 3 hours, at: "00:00"}}}', 'every: 3 hours, at: "00:00"}, expect: {backup: {max_age: 26h}}}}'
    )
    with serve_config(tmp_path, text) as made:
        yield made


def test_all_environments_are_what_each_alone_is_and_one_that_fails_its_policy_decides(three: EmulatorServer) -> None:
    names = ("dev", "prod", "stage")
    alone = [three.run("backup", "status", "--env", name).out for name in names]
    status = three.run("backup", "status", "--all-environments")
    check = three.run("backup", "check", "--all-environments")
    document = three.run("backup", "check", "--all-environments", "--format", "json").document
    comment = three.run("backup", "check", "--all-environments", "--format", "markdown").out

    assert (status.code, status.err) == (0, "")
    assert status.out.startswith("".join(f"{text}\n" for text in alone) + "ENVIRONMENT  BACKUP\n")
    assert check.code == 9
    assert check.out.endswith(
        "dev          1 none. No policy.\nprod         2 none. The policy is not fulfilled.\n"
        "stage        2 none. No policy.\n"
    )
    assert document["kind"] == "backup-environments"
    assert [one["result"]["failing"] for one in document["result"]["environments"]] == [False, True, False]
    assert remove_marker(comment).startswith("## exportctl backup: 3 environments\n\nWritten ")
    assert ".\n\n| environment | backup |\n" in comment


def test_an_environment_that_cannot_be_read_is_an_error_in_the_test_results_of_all(three: EmulatorServer) -> None:
    ended = three.run("backup", "check", "--all-environments", "--format", "junit", PROD_SECRET="")
    suites = {suite.attrib["name"]: suite.attrib for suite in ElementTree.fromstring(ended.out)}

    assert (ended.code, "environment prod:" in ended.err) == (1, True)
    assert (suites["prod"]["errors"], suites["dev: exports.orders"]["skipped"]) == ("1", "1")


def test_a_policy_in_no_environment_is_an_error_before_anything_is_read(three: EmulatorServer) -> None:
    ended = three.run("backup", "check", "--all-environments", "--target", "returns", "--format", "junit")

    assert (ended.code, "[no-backup-policy]" in ended.err, three.barrier.clients) == (1, True, {})
    assert ElementTree.fromstring(ended.out).attrib["errors"] == "1"


def test_under_github_actions_the_line_of_the_policy_is_annotated(run: CommandLine, tmp_path: Path) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    expect_backup(run)

    ended = run(
        *("backup", "check", "--format", "json"),
        env={"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)},
    )

    assert (ended.code, ended.document["result"]["failing"]) == (9, True)
    assert ended.document["result"]["exports"][0]["policy"]["at"] == {"file": "exports.yaml", "line": 5, "column": 12}
    assert ended.err.count("::error file=exports.yaml,line=5,col=12,title=backup-policy::exports.") == 2
    assert {"failing<<", "whole<<", "unproven<<"} <= {
        line.partition("exportctl_")[0] for line in output.read_text().splitlines()
    }
    assert remove_marker(summary.read_text()).startswith("### exportctl backup: sandbox `demo`")
    assert "The policy is not fulfilled." in summary.read_text()
