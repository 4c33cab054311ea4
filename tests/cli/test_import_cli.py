"""`import` on the command line: where the YAML goes, what it ends in, and wrong arguments."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import CommandLine
from tests.cli.workflow_steps import in_actions

INTO = "exports/imported.yaml"


def create_flow_by_hand(run: CommandLine, name: str, **more: Any) -> str:
    """A flow made in the user interface; its id."""
    with closing(run.emulator()) as emulator:
        given: Mapping[str, Any] = {"datasets": ["Returns"], "sandbox": "demo", **more}
        return str(emulator.ui.create_flow(name, **given)["id"])


def share_target(run: CommandLine) -> None:
    """Two flows on one target connection, which no config can say."""
    flow = create_flow_by_hand(run, "first")
    with closing(run.emulator()) as emulator:
        doc = next(f for f in emulator.snapshot("demo")["flows"] if f["id"] == flow)
        second = {**doc, "id": f"{flow[:-6]}abcdef", "name": "second"}
        emulator.ui.load({"flows": [second]}, sandbox="demo")


def test_the_yaml_is_the_result_and_the_report_goes_beside_it(run: CommandLine) -> None:
    flow = create_flow_by_hand(run, "Made in the UI")
    create_flow_by_hand(run, "Audience", audience=True)

    ended = run("import", "--all")

    assert ended.code == 0
    assert ended.out.startswith("# Written by `exportctl import` from sandbox demo, ")
    assert "  made-in-the-ui:\n    title: Made in the UI\n    datasets: [Returns]\n" in ended.out
    assert f"    adopt: {flow}\n" in ended.out
    assert "EMULATOR: nothing reaches Adobe" in ended.err
    assert "Import: 1 flow to adopt, 0 left out.\nNot imported: 1 for audiences.\n" in ended.err
    assert not (run.folder / "exports").exists()


def test_a_file_is_written_planned_and_adopted_and_the_plan_is_empty_then(applied: CommandLine) -> None:
    flow = create_flow_by_hand(applied, "Made in the UI")
    written = applied.writes()

    ended = applied("import", "--flow", flow, "--into", INTO)

    assert ended.code == 0
    assert f"Wrote {INTO}.\nNext: read the YAML" in ended.out
    assert ended.err == ""
    assert applied.writes() == written
    assert flow in (applied.folder / INTO).read_text(encoding="utf-8")
    assert "1 to adopt" in applied("plan").out
    assert applied("apply", "--auto-approve").code == 0
    assert applied.writes() == written + 2
    assert applied("plan", "--detailed-exitcode").code == 0


def test_one_json_document_holds_the_yaml_and_all_that_is_left_out(run: CommandLine) -> None:
    flow = create_flow_by_hand(run, "Made in the UI")
    share_target(run)

    ended = run("import", "--all", "--format", "json")

    result = ended.document["result"]
    assert ended.code == 0
    assert result["exports"] == [
        {"address": "exports.made-in-the-ui", "id": flow, "name": "Made in the UI", "kept": []}
    ]
    assert [(one["name"], one["reason"]) for one in result["left_out"]] == [
        ("first", "shared-connections"),
        ("second", "shared-connections"),
    ]
    assert result["counts"]["shared-connections"] == 2
    assert result["incomplete"]
    assert result["file"] is None
    assert flow in result["yaml"]
    assert run("import", "--all", "--into", INTO, "--format", "json").document["result"]["file"] == INTO


def test_strict_ends_in_4_where_a_flow_was_left_out_that_should_not_be(run: CommandLine) -> None:
    create_flow_by_hand(run, "Made in the UI")
    create_flow_by_hand(run, "Audience", audience=True)
    assert run("import", "--all", "--strict").code == 0

    share_target(run)

    ended = run("import", "--all", "--strict")
    assert ended.code == 4
    assert "Left out (2)" in ended.err
    assert 'shares its connections with other flows: "second"' in ended.err
    assert "made-in-the-ui" in ended.out
    assert run("import", "--all").code == 0
    assert run("import", "--name", "Audience", "--strict").code == 4


@pytest.mark.parametrize("into", [(), ("--into", INTO)], ids=["stdout", "file"])
def test_where_there_is_nothing_to_import_nothing_is_written(applied: CommandLine, into: tuple[str, ...]) -> None:
    ended = applied("import", "--all", *into)

    assert ended.code == 0
    assert "Nothing to import.\nNot imported: 2 already in this config.\n" in ended.out + ended.err
    assert "exports:" not in ended.out
    assert not (applied.folder / "exports").exists()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "choose flows: --all, or some"),
        (("--all", "--flow", "x"), "choose flows: --all, or some"),
        (("--all", "--name", "x"), "choose flows: --all, or some"),
        (("--all", "--format", "junit"), "--format junit"),
        (("--all", "--into", "imported.yaml"), "exports/imported.yaml"),
        (("--all", "--into", "exports/imported.yml"), "exports/imported.yaml"),
        (("--all", "--into", "exports/../imported.yaml"), "exports/imported.yaml"),
        (("--all", "--into", "exports/.imported.yaml"), "exports.yaml and exports/*.yaml"),
        (("--name", "Made*"), "no flow has a matching name"),
        (("--flow", "Made in the UI"), '"Made in the UI"?'),
        (("everything",), "unexpected extra argument"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_64_wrong_usage(run: CommandLine, argv: tuple[str, ...], said: str) -> None:
    create_flow_by_hand(run, "Made in the UI" if "--flow" in argv else "Another")

    ended = run("import", *argv)

    assert ended.code == 64
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert said in ended.err


def test_an_unknown_id_is_answered_with_the_nearest(run: CommandLine) -> None:
    flow = create_flow_by_hand(run, "Made in the UI")

    ended = run("import", "--flow", f"{flow[:-2]}zz")

    assert ended.code == 64
    assert f'did you mean {flow} "Made in the UI"?' in ended.err


def test_with_f_the_new_file_may_lie_anywhere(run: CommandLine) -> None:
    create_flow_by_hand(run, "Made in the UI")

    assert run("-f", "exports.yaml", "import", "--all", "--into", "team/imported.yaml").code == 0
    assert "1 to adopt" in run("-f", "exports.yaml", "-f", "team/imported.yaml", "plan").out


def test_a_file_that_is_there_is_left_as_it_is(run: CommandLine) -> None:
    create_flow_by_hand(run, "Made in the UI")
    (run.folder / "exports").mkdir()
    run.write("exports: {}\n", INTO)

    ended = run("import", "--all", "--into", INTO)

    assert ended.code == 1
    assert "already exists; nothing was written  [file-exists]" in ended.err
    assert (run.folder / INTO).read_text(encoding="utf-8") == "exports: {}\n"


def test_a_folder_that_cannot_be_made_is_said(run: CommandLine) -> None:
    create_flow_by_hand(run, "Made in the UI")
    (run.folder / "exports").mkdir()
    run.write("no folder", "exports/team")

    ended = run("import", "--all", "--into", "exports/team/imported.yaml")

    assert ended.code == 1
    assert "cannot be created: file exists  [file]" in ended.err
    assert ended.out == ""


def test_a_config_that_is_not_valid_is_said_before_anything_is_read(run: CommandLine) -> None:
    run.edit("datasets: [Returns]", "dataset: [Returns]")

    ended = run("import", "--all")

    assert ended.code == 1
    assert ended.out == ""
    assert "[unknown-key]" in ended.err


def test_without_a_config_the_way_to_one_is_said(tmp_path: Path) -> None:
    ended = CommandLine(tmp_path)("import", "--all")

    assert ended.code == 1
    assert "exportctl init" in ended.err


def test_a_secret_value_in_a_flow_is_not_given_out(run: CommandLine) -> None:
    role = "arn:aws:iam::123456789012:role/canary"
    create_flow_by_hand(run, f"writes as {role}")

    ended = run("import", "--all", "--into", INTO, LAKE_ROLE_ARN=role)

    assert ended.code == 1
    assert "[secret-in-import]" in ended.err
    assert role not in ended.out + ended.err
    assert not (run.folder / INTO).exists()


def test_no_message_names_a_key_that_is_made_of_a_secret(run: CommandLine) -> None:
    """The key of an export is made of the name of its flow. This flow has another reason not to be imported too."""
    role = "arn:aws:iam::123456789012:role/canary"
    run.edit("version: 1", "version: 1\nrepository: https://github.com/acme/exports")
    cut_line = "\nManaged in Git: https://github.com/acme/expo"
    create_flow_by_hand(run, f"by hand {role.encode().hex()}")
    with closing(run.emulator()) as emulator:
        emulator.ui.describe(f"by hand {role.encode().hex()}", "Orders. " * 10 + cut_line)

    ended = run("import", "--all", LAKE_ROLE_ARN=role)

    assert "[secret-in-import]" in ended.err
    assert role.encode().hex()[:24] not in ended.out + ended.err


def test_a_pipeline_sees_what_an_import_adopts_and_leaves_out(run: CommandLine, tmp_path: Path) -> None:
    create_flow_by_hand(run, "Made in the UI")
    share_target(run)

    shown = run("import", "--all", "--format", "markdown")
    code, log, outputs, summary = in_actions(run, "import", "--all", "--into", INTO)

    assert (shown.code, code) == (0, 0), log
    assert shown.out.startswith("<!-- exportctl import project=acme")
    assert "**Left out**" in shown.out
    assert "```yaml\n# Written by `exportctl import`" in shown.out
    assert (outputs["adopted"], outputs["incomplete"], outputs["file"]) == ("1", "true", INTO)
    assert "::warning title=import-shared-connections::left out: first" in log
    assert "### exportctl import" in summary
    assert f"Wrote `{INTO}`" in summary


def test_a_failed_import_has_a_document_too(run: CommandLine) -> None:
    (run.folder / "exports").mkdir()
    run.write("", INTO)

    ended = run("import", "--all", "--into", INTO, "--format", "markdown")

    assert ended.code == 1
    assert ended.out.startswith("<!-- exportctl import")
    assert "already exists" in ended.out
