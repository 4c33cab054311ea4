"""What starts at once, and what `init`, `schema`, `explain`, `completion`, `doctor` do."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from exportctl import __version__
from exportctl.cli.app import cli_markdown
from exportctl.config.fleet_file import fleet_schema_files
from exportctl.config.schema.root import schema_files
from exportctl.output.json import schemas
from tests.cli.command_line import ROOT, CommandLine, Terminal

PROBE = """
import io, sys
from exportctl.cli.main import main
code = main(sys.argv[2:], out=io.StringIO())
own = [name for name in sys.modules if name.startswith("exportctl")]
print(code, len(own), *(name for name in sys.argv[1].split(",") if name in sys.modules))
"""
# What takes long to import, and belongs to some commands only.
HEAVY = (
    *("yaml", "jsonschema_rs", "jsonschema", "httpx", "deepdiff", "pydantic", "rich.console", "cryptography"),
    *("duckdb", "sqlglot", "pyspark", "arro3.core", "obstore", "asyncssh", "sqlite3"),
    *("exportctl.cli.glossary", "exportctl.emulator.app", "exportctl.model.plan", "exportctl.plan.planner"),
    *("exportctl.output.github_actions", "exportctl.output.json.documents", "exportctl.workflows.load_config"),
)
PLAN = (
    "yaml jsonschema_rs httpx sqlite3 exportctl.emulator.app exportctl.model.plan exportctl.plan.planner "
    "exportctl.workflows.load_config"
)
BROUGHT_BY_HTTPX = "rich.console"  # where Click is installed, which exportctl does not need


def _run_python(*argv: str, folder: Path) -> str:
    asked = [sys.executable, *argv]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.parametrize(
    ("argv", "modules", "loaded"),  # how many modules of ours it loads, and which of the heavy ones
    [
        ("--help", 32, ""),
        ("validate", 115, "yaml jsonschema_rs sqlite3 exportctl.workflows.load_config"),
        ("plan", 272, PLAN),
        ("explain paused", 153, "yaml exportctl.cli.glossary exportctl.model.plan"),
    ],
)
def test_a_command_loads_no_module_that_it_does_not_need(
    run: CommandLine, argv: str, modules: int, loaded: str
) -> None:
    code, number, *found = _run_python("-c", PROBE, ",".join(HEAVY), *argv.split(), folder=run.folder).split()
    needed = [name for name in found if name != BROUGHT_BY_HTTPX or "httpx" not in found]
    assert (code, needed) == ("0", loaded.split())
    assert int(number) <= modules, "one more module costs each run: import it where it is needed, or raise the number"


def test_the_version_is_said_before_anything_is_imported(tmp_path: Path) -> None:
    script = "import sys; sys.argv = ['exportctl', '--version']; from exportctl.cli import run; run(); "
    shown = _run_python("-c", script + "print([m for m in ('typer', 'yaml') if m in sys.modules])", folder=tmp_path)
    assert shown == f"exportctl {__version__}\n[]\n"


def test_the_version_with_other_options(run: CommandLine) -> None:
    assert run("--version").out == f"exportctl {__version__}\n"


def test_help_of_the_whole_and_of_each_command(run: CommandLine) -> None:
    assert run().out == run("--help").out
    assert "Examples:\n    exportctl plan" in run("plan", "--help").out


def test_the_page_of_all_commands_is_written_from_them() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == cli_markdown()


def test_init_writes_a_config_whose_next_commands_work_as_printed(tmp_path: Path) -> None:
    run = CommandLine(tmp_path / "new")
    first = run("init")
    assert first.code == 0
    assert (run.folder / ".gitignore").read_text().splitlines()[-1] == ".exportctl/"
    assert "Valid." in run("validate").out

    lines = re.findall(r"(?m)^  (exportctl .*?)(?:   +#.*)?$", first.out)
    assert len(lines) == 3
    commands = [shlex.split(command)[1:] for line in lines for command in line.split("&&")]
    ended = [run(*command, stdin=Terminal("yes\n"), watched=True) for command in commands]

    assert [(command[0], one.code) for command, one in zip(commands, ended, strict=True)] == [
        ("plan", 0),
        ("apply", 0),
        ("emulator", 0),
        ("drift", 3),
    ]
    assert "somewhere/else" in ended[-1].out


def test_init_never_overwrites(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write("mine")
    assert run("init").code == 1
    assert (tmp_path / "exports.yaml").read_text() == "mine"
    (tmp_path / "exports.yaml").unlink()
    run.write("*.tmp", ".gitignore")
    assert run("init").code == 0
    assert (tmp_path / ".gitignore").read_text().startswith("*.tmp\n")


def test_schemas(run: CommandLine) -> None:
    assert json.loads(run("schema").out)["$schema"]
    assert json.loads(run("schema", "plan").out)["title"] == "exportctl plan"
    assert run("schema", "--write", "schemas").code == 0
    written = {p.name for p in (run.folder / "schemas").iterdir()}
    assert written == {*schema_files(), *fleet_schema_files(), *schemas.files()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_scripts(run: CommandLine, shell: str) -> None:
    assert "_EXPORTCTL_COMPLETE" in run("completion", shell).out


def test_doctor_without_a_config_says_what_to_set(tmp_path: Path) -> None:
    missing = CommandLine(tmp_path)("doctor", AEP_ORG_ID="ABC@AdobeOrg")
    assert missing.code == 1
    assert "AEP_CLIENT_SECRET" in missing.out


def test_doctor_on_the_emulator_names_references_and_the_policy_to_paste(run: CommandLine) -> None:
    ended = run("doctor")
    assert ended.code == 0
    assert "nothing reaches Adobe" in ended.out
    assert "LAKE_ROLE_ARN is not set" in ended.out
    assert '"arn:aws:s3:::acme-lake/aep/*"' in ended.out
    role = "arn:aws:iam::123456789012:role/acme"
    assert role not in run("doctor", LAKE_ROLE_ARN=role).out


def test_doctor_says_what_is_wrong(run: CommandLine) -> None:
    run.edit("sandbox: demo", "sandbox: demmo")
    ended = run("doctor")
    assert ended.code == 1
    assert "there is no sandbox demmo" in ended.out
    run.edit("bucket: acme-lake", "bukket: acme-lake")
    assert "exportctl validate" in run("doctor").out


def test_doctor_lists_orphans_which_apply_deletes(applied: CommandLine) -> None:
    assert applied("emulator", "ui", "delete", "returns").code == 0
    applied.edit("  returns: {datasets: [Returns]}\n", "")
    assert applied("emulator", "clock", "advance", "5 minutes").code == 0
    ended = applied("doctor")
    assert (ended.code, ended.out.count("warning  orphans: exports.returns: ")) == (0, 2)
    assert ended.out.count("`exportctl apply` deletes it") == 2
    machine = applied("doctor", "--format", "json").document["result"]
    assert [c["status"] for c in machine["checks"] if c["name"] == "orphans"] == ["warning", "warning"]
    assert applied("apply", "--auto-approve").code == 0
    assert "ok       orphans: none of acme" in applied("doctor").out


def test_datasets_with_the_exports_that_use_them(run: CommandLine) -> None:
    assert run("emulator", "seed", "--dataset", "Refunds").code == 0
    lines = run("datasets").out.splitlines()
    assert next(line for line in lines if line.startswith("Orders")).endswith("exports.orders")
    assert "1 not exported by this config" in lines[-1]


def test_explained_values_name_the_line_that_set_them(run: CommandLine) -> None:
    ended = run("plan", "--explain-values")
    assert ended.code == 0
    assert 'destinations.lake.bucket: "acme-lake"  exports.yaml:10:' in ended.out
    assert run.writes() == 0


def test_environments_side_by_side(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(
        """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg}
defaults:
  destination: zone
  schedule: {every: 1 day, at: "02:00"}
  format: parquet
  end: {rolling: 180 days, renew_before: 30 days}
destinations:
  zone: {type: data-landing-zone, path: exports}
exports:
  orders: {datasets: [Orders]}
environments:
  dev: {platform: {url: embedded, sandbox: dev}}
  prod: {platform: {sandbox: prod}}
"""
    )
    assert run("plan").code == 1
    assert run("plan", EXPORTCTL_ENV="dev").code == 0
    assert run("-e", "dev", "apply", "--auto-approve").code == 0
    assert run("-e", "dev", "emulator", "ui", "rename", "orders", "Mine").code == 0
    ended = run("drift", "--all-environments")
    assert ended.code == 1
    assert "environment prod:" in ended.err
    assert "1 drift" in ended.out
    assert "not read" in ended.out

    document = run("drift", "--all-environments", "--format", "json").document
    assert document["kind"] == "drift-environments"
    dev, prod = document["result"]["environments"]
    assert (dev["environment"], dev["result"]["counts"]["drift"], dev["errors"]) == ("dev", 1, [])
    assert (prod["environment"], prod["result"]) == ("prod", None)
    assert [e["rule"] for e in prod["errors"]] == [e["rule"] for e in document["errors"]] == ["credentials"]


def test_markdown_for_pull_requests(run: CommandLine) -> None:
    assert run("plan", "--format", "markdown").out.startswith("<!-- exportctl plan project=")
    assert run("drift", "--format", "markdown").out.startswith("<!-- exportctl drift project=")


def test_doctor_with_nothing_to_go_by_does_not_say_that_all_is_well(tmp_path: Path) -> None:
    ended = CommandLine(tmp_path)("doctor")
    assert ended.code == 1
    assert "Checked:" not in ended.out
    for name in ("AEP_ORG_ID", "AEP_SANDBOX", "AEP_CLIENT_ID", "AEP_CLIENT_SECRET", "exportctl init"):
        assert name in ended.out
    machine = CommandLine(tmp_path)("doctor", "--format", "json")
    assert machine.code == 1
    assert machine.document["kind"] == "doctor"


@pytest.mark.parametrize("argv", ["plan", "validate", "doctor", "drift", "datasets", "plan --explain-values"])
def test_an_unknown_environment_is_answered_with_those_there_are(run: CommandLine, argv: str) -> None:
    run.edit("sandbox: demo, ", "")
    with (run.folder / "exports.yaml").open("a") as stream:
        stream.write("environments: {dev: {platform: {sandbox: demo}}, prod: {platform: {sandbox: live}}}\n")
    ended = run("--env", "staging", *argv.split())
    assert ended.code == 1
    assert 'no environment "staging"' in ended.out + ended.err
    assert "dev, prod" in ended.out + ended.err


def test_a_target_of_one_environment_is_enough_for_all(run: CommandLine) -> None:
    run.edit("sandbox: demo, ", "")
    with (run.folder / "exports.yaml").open("a") as stream:
        stream.write("environments: {dev: {platform: {sandbox: demo}}, prod: {platform: {sandbox: live}}}\n")
    assert run("--env", "prod", "emulator", "seed", "--from-config").code == 0
    assert run("drift", "--all-environments", "--target", "orders").code == 0
    assert run("drift", "--all-environments", "--target", "ordrs").code == 64


def test_a_folder_in_place_of_the_config(tmp_path: Path) -> None:
    (tmp_path / "exports.yaml").mkdir()
    ended = CommandLine(tmp_path)("plan")
    assert ended.code == 1
    assert "exports.yaml:1:1: exports.yaml is a folder" in ended.err
    assert "[folder-given]" in ended.err
