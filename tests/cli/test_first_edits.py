"""The first edits of a newcomer: another dataset, a misspelt one, an installation without the extra for files."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

ENVIRONMENTS = "environments:\n  local: {platform: {sandbox: dev}}\n  test: {platform: {sandbox: test}}\n"
SEED = re.compile(r"exportctl (emulator seed[^;\n]*)")


def started(folder: Path, environments: bool = False) -> CommandLine:
    """A folder after `init` and the first plan, whose emulator knows the first dataset."""
    run = CommandLine(folder / "new", env={"EXPORTCTL_ENV": "local"} if environments else {})
    assert run("init", env={"EXPORTCTL_ENV": ""}).code == 0
    if environments:
        edit(run, "  sandbox: dev\n", "")
        config(run).write_text(config(run).read_text(encoding="utf-8") + ENVIRONMENTS, encoding="utf-8")
    assert run("plan").code == 0
    return run


def config(run: CommandLine) -> Path:
    return run.folder / "exports.yaml"


def edit(run: CommandLine, before: str, after: str) -> None:
    text = config(run).read_text(encoding="utf-8")
    assert before in text
    config(run).write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("dataset", "environments"),
    [("Customers", False), ("Customers", True), ("{id: 64d5c5e0a1b2c3d4e5f60718}", False)],
    ids=["a name", "a name, of one environment", "an id"],
)
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_the_one_command_that_is_printed_adds_the_second_dataset(
    tmp_path: Path, command: str, dataset: str, environments: bool
) -> None:
    run = started(tmp_path, environments)
    edit(run, "datasets: [Orders]", f"datasets: [Orders, {dataset}]")

    shown = run(command).out
    (printed,) = set(SEED.findall(shown))
    added = run(*shlex.split(printed), env={"EXPORTCTL_ENV": ""})

    assert "exports.yaml:" in shown
    assert (added.code, added.err) == (0, "")
    assert SEED.findall(run("validate").out + run("plan").out) == []
    assert run("apply", "--auto-approve").code == 0


def test_a_near_name_is_named_before_the_command(tmp_path: Path) -> None:
    run = started(tmp_path)
    edit(run, "datasets: [Orders]", "datasets: [Odrers]")

    for command, code in (("validate", 0), ("plan", 1)):
        ended = run(command)
        assert (ended.code, ended.out.count('did you mean "Orders"? to add it')) == (code, 1)


def test_a_new_emulator_says_what_it_was_seeded_with_and_how_to_start_again(tmp_path: Path) -> None:
    run = CommandLine(tmp_path / "new")
    run("init")
    edit(run, "datasets: [Orders]", "datasets: [Odrers]")

    assert run("validate").out.startswith("Valid.")
    first = run("plan")
    assert 'It has the datasets that the config names: "Odrers".' in first.err
    assert run("plan").err == ""

    edit(run, "datasets: [Odrers]", "datasets: [Orders]")
    (printed,) = re.findall(r"exportctl (emulator reset)", first.err)
    assert run(*shlex.split(printed)).code == 0
    assert run("datasets").out.splitlines()[1].startswith("Orders ")
    assert run("apply", "--auto-approve").code == 0


def test_validate_reads_no_emulator_of_another_version(tmp_path: Path) -> None:
    run = started(tmp_path)
    (state,) = run.folder.glob(".exportctl/*.sqlite")
    for one in run.folder.glob(".exportctl/*.sqlite*"):
        one.unlink()
    state.write_bytes(b"this is no database" * 100)
    edit(run, "datasets: [Orders]", "datasets: [Customers]")

    assert run("validate").out.startswith("Valid.")


def test_a_run_without_the_extra_says_what_to_install_and_nothing_about_the_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(tmp_path)
    assert run("apply", "--auto-approve").code == 0
    monkeypatch.setitem(sys.modules, "arro3.io", None)  # as if it were not installed
    run("emulator", "clock", "advance", "2 days")  # at any hour, one run was due

    shown = run("runs", "orders-to-lake").out + run("verify", "--since", "3 days").out

    assert shown.count("pip install 'exportctl[emulator]'") >= 2
    for word in ("role", "bucket and its policy", "Adobe's addresses", "ACTIVATION_BATCH", "Parquet, the limit"):
        assert word not in shown
