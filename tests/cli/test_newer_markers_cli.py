"""Markers that a later exportctl wrote: every command says so, ends in 1 and writes nothing over them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import SMALL, CommandLine, CommandResult, copied_command_line, fixed_clock_command_line

SANDBOX = "demo"
FLOWS, TARGETS, SOURCES, BASES = "flows", "targetConnections", "sourceConnections", "connections"
EVERYTHING = (FLOWS, TARGETS, SOURCES, BASES)
SAID = "was written by a newer exportctl: upgrade"


def described(run: CommandLine, change: Callable[[str], str], *collections: str, key: str = "orders") -> list[str]:
    """Change the descriptions that hold the marker of `key`; the ids of what was changed."""
    with closing(run.emulator()) as emulator:
        found = {
            name: [{**doc, "description": change(doc["description"])} for doc in emulator.snapshot(SANDBOX)[name]
                   if f" {key} " in doc.get("description", "")]
            for name in collections
        }  # fmt: skip
        emulator.ui.load(found, sandbox=SANDBOX)
    return [str(doc["id"]) for docs in found.values() for doc in docs]


def newer(text: str, version: str = "9") -> str:
    return re.sub(r"\[exportctl/\d+ ", f"[exportctl/{version} ", text)


def live(run: CommandLine) -> Any:
    with closing(run.emulator()) as emulator:
        return emulator.snapshot(SANDBOX)


@pytest.fixture(scope="module")
def prepared_folder(applied_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copied_command_line(applied_folder, tmp_path_factory.mktemp("prepared"))
    with closing(made.emulator()) as emulator:
        emulator.ui.create_flow("By hand", ["Returns"], sandbox=SANDBOX, destination="Data Landing Zone")
    made.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], title: Orders daily}")
    assert made("plan", "--out", "before.json").code == 0
    return made.folder


@pytest.fixture
def prepared(prepared_folder: Path, tmp_path: Path) -> CommandLine:
    """Applied, a plan of the time before in a file, a title to be changed, a flow made by hand."""
    return copied_command_line(prepared_folder, tmp_path)


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--target", "exports.returns"),
    ("plan", "--out", "new.json"),
    ("plan", "--rehearse"),
    ("plan", "--refresh-from", "after.json"),
    ("plan", "--refresh-from", "after.json", "--rehearse"),
    ("apply", "--auto-approve"),
    ("apply", "--auto-approve", "--target", "exports.returns"),
    ("apply", "--auto-approve", "--allow-recreate", "exports.orders", "--allow-deletes", "9"),
    ("apply", "--auto-approve", "--format", "json"),
    ("apply", "before.json"),
    ("drift",),
    ("drift", "--format", "json"),
    ("drift", "--format", "markdown"),
    ("drift", "--fail-on", "unmanaged"),
    ("drift", "--patch"),
    ("renew",),
    ("renew", "--dry-run"),
    ("renew", "--format", "json"),
    ("import", "--all"),
    ("import", "--all", "--format", "json"),
    ("import", "--update", "exports.yaml"),
    ("import", "--name", "By hand"),
    ("status",),
    ("status", "--format", "json"),
    ("status", "--format", "markdown"),
    ("forecast",),
    ("forecast", "--format", "json"),
    ("forecast", "--svg", "-"),
    ("report", "-o", "-"),
    ("verify", "--runs-only"),
    ("verify", "--runs-only", "--format", "junit"),
    ("doctor",),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_so_ends_in_1_and_writes_nothing(prepared: CommandLine, command: tuple[str, ...]) -> None:
    changed = described(prepared, newer, *EVERYTHING)
    assert prepared("snapshot", "--out", "after.json").code == 0
    before, writes, files = live(prepared), prepared.writes(), {p.name for p in prepared.folder.iterdir()}
    ended = prepared(*command)
    said = ended.out + ended.err
    assert ended.code == 1, said
    assert all(f"exports.orders: the {label} " in said for label in ("flow", "target connection", "source connection"))
    assert all(identity in said for identity in changed)
    assert (said.count(SAID) >= len(changed), "its marker is exportctl/9" in said) == (True, True)
    assert (live(prepared), prepared.writes()) == (before, writes)
    assert {p.name for p in prepared.folder.iterdir()} == files


@pytest.mark.parametrize("command", [c for c in COMMANDS if ("--format", "json") in pairwise(c)], ids=" ".join)
def test_the_machine_form_is_one_document_with_a_finding_for_each_object(
    prepared: CommandLine, command: tuple[str, ...]
) -> None:
    changed = described(prepared, newer, *EVERYTHING)
    ended = prepared(*command)
    errors = ended.document["errors"]
    assert [e["rule"] for e in errors] == ["newer-marker"] * len(changed) == ["newer-marker"] * 3
    assert all(any(identity in e["message"] for e in errors) for identity in changed)


@pytest.mark.parametrize("command", [("runs", "orders"), ("runs", "returns", "--format", "json")], ids=" ".join)
def test_runs_says_so_of_the_flow_because_it_reads_nothing_else(
    prepared: CommandLine, command: tuple[str, ...]
) -> None:
    flow, *others = described(prepared, newer, *EVERYTHING)
    ended = prepared(*command)
    said = ended.out + ended.err
    assert (ended.code, "exports.orders: the flow " in said, SAID in said, flow in said) == (1, True, True, True)
    assert not any(identity in said for identity in others)


def test_github_hears_of_each_object(prepared: CommandLine) -> None:
    changed = described(prepared, newer, FLOWS, TARGETS)
    ended = prepared("plan", GITHUB_ACTIONS="true")
    assert ended.err.count("::error title=newer-marker::") == len(changed) == 2


def is_refused(ended: CommandResult, address: str = "exports.orders") -> bool:
    return ended.code == 1 and SAID in ended.err and f"{address}: the " in ended.err


@pytest.mark.parametrize("collection", [FLOWS, TARGETS, SOURCES])
def test_a_later_marker_on_one_object_alone_is_enough(prepared: CommandLine, collection: str) -> None:
    described(prepared, newer, collection)
    before = live(prepared)
    for command in (("plan",), ("apply", "--auto-approve"), ("drift",), ("renew",), ("import", "--all")):
        assert is_refused(prepared(*command)), command
    assert live(prepared) == before


def test_a_later_marker_on_an_account_is_enough(prepared: CommandLine) -> None:
    described(prepared, newer, BASES, key="lake")
    before = live(prepared)
    for command in (("plan",), ("apply", "--auto-approve"), ("drift",), ("renew",)):
        assert is_refused(prepared(*command), "destinations.lake"), command
    assert live(prepared) == before


def test_no_secret_is_sent_over_a_later_marker(tmp_path: Path) -> None:
    keys = 'auth: {access_key_id: AKIAIOSFODNN7EXAMPLE, secret_access_key: "${env:LAKE_SECRET}"}'
    run = fixed_clock_command_line(
        tmp_path, SMALL.replace('auth: {role_arn: "${env:LAKE_ROLE_ARN}"}', keys), {"LAKE_SECRET": "s" * 40}
    )
    assert run("apply", "--auto-approve").code == 0
    described(run, newer, BASES, key="lake")
    before = live(run)
    assert is_refused(run("rotate", "lake", "--auto-approve"), "destinations.lake")
    assert live(run) == before


@pytest.mark.parametrize("removed", ["", "removed: [{export: orders, do: delete, reason: gone}]\n"])
def test_it_is_enough_where_the_yaml_no_longer_declares_the_address(prepared: CommandLine, removed: str) -> None:
    described(prepared, newer, *EVERYTHING)
    prepared.edit("  orders: {datasets: [Orders], title: Orders daily}\n", "")
    prepared.edit("exports:\n", f"{removed}exports:\n")
    before = live(prepared)
    for command in (("plan",), ("apply", "--auto-approve", "--allow-deletes", "1"), ("drift",), ("renew",)):
        assert is_refused(prepared(*command)), command
    assert live(prepared) == before


VARIANTS: dict[str, Callable[[str], str]] = {
    "version 3": lambda text: newer(text, "3"),
    "version 12": lambda text: newer(text, "12"),
    "an absurd version": lambda text: newer(text, "9" * 40),
    "zeros before the version": lambda text: newer(text, "0003"),
    "no check digest": lambda text: newer(text)[:-6] + "]",
    "nothing but the owner": lambda text: "[exportctl/3 e acme orders]",
    "other flags and words": lambda text: "[exportctl/3 e acme orders 17xyz k=v until=2028-01-01T00:00Z]",
    "an unknown kind": lambda text: "[exportctl/3 q acme orders 1]",
    "upper case": lambda text: newer(text).upper(),
    "several spaces": lambda text: newer(text).replace(" ", "   "),
    "no bracket at its end": lambda text: newer(text)[:-1],
    "half a character in it": lambda text: f"{newer(text)[:-1]}\ud83d]",
    "a person's words around it": lambda text: f"do not touch \ud83d\n{newer(text)}\nthank you \x00",
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_whatever_else_a_later_version_writes_its_owner_is_read(prepared: CommandLine, variant: str) -> None:
    described(prepared, VARIANTS[variant], FLOWS, TARGETS)
    before = live(prepared)
    for command in (("plan",), ("apply", "--auto-approve"), ("drift",)):
        ended = prepared(*command)
        assert (ended.code, SAID in ended.err) == (1, True), command
    assert live(prepared) == before


def test_with_all_environments_the_others_are_reported(prepared: CommandLine) -> None:
    prepared.edit(", sandbox: demo,", ",")
    prepared.edit(
        "exports:\n",
        "environments: {dev: {platform: {sandbox: demo}}, prod: {platform: {sandbox: prod}}}\nexports:\n",
    )
    assert prepared("emulator", "seed", "--from-config", "--env", "dev").code == 0
    described(prepared, newer, FLOWS)
    for command in ("plan", "drift", "status"):
        ended = prepared(command, "--all-environments")
        assert (ended.code, SAID in ended.err) == (1, True)
        assert "prod" in ended.out


def test_a_later_marker_of_another_project_is_that_projects(prepared: CommandLine) -> None:
    with closing(prepared.emulator()) as emulator:
        (flow,) = (f for f in emulator.snapshot(SANDBOX)["flows"] if f["name"] == "By hand")
        emulator.ui.describe("By hand", "[exportctl/9 e theirs by-hand 1o q77]")
    plan = prepared("plan", "--format", "json").document["result"]
    assert [(u["id"], u["owner"]) for u in plan["other_flows"]] == [(flow["id"], "theirs")]
    left = prepared("import", "--all", "--format", "json").document["result"]
    assert [(one["id"], one["reason"]) for one in left["left_out"] if one["id"] == flow["id"]] == [
        (flow["id"], "other-project")
    ]
    taken = f"taken: {{datasets: [Returns], destination: zone, adopt: {flow['id']}}}"
    prepared.edit("exports:\n", f"exports:\n  {taken}\n")
    prepared.edit("destinations:\n", "destinations:\n  zone: {type: data-landing-zone, path: exports}\n")
    before = flow_of(prepared, flow["id"])
    ended = prepared("apply", "--auto-approve")
    assert (ended.code, "other-project" in ended.out) == (5, True)
    assert flow_of(prepared, flow["id"])["description"] == before["description"]


def flow_of(run: CommandLine, identity: str) -> Any:
    return next(f for f in live(run)[FLOWS] if f["id"] == identity)


def test_without_later_markers_the_same_commands_end_well(prepared: CommandLine) -> None:
    assert prepared("apply", "before.json").code == 0
    for command in (("plan", "--detailed-exitcode"), ("drift",), ("renew",), ("status",), ("doctor",)):
        ended = prepared(*command)
        assert (ended.code, SAID in ended.out + ended.err) == (0, False)
