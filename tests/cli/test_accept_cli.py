"""`drift --patch` and `import --update`: a patch that `git apply` takes, files edited in place, and what is refused."""

from __future__ import annotations

import stat
import subprocess
from contextlib import closing
from pathlib import Path
from shutil import which

import pytest

from exportctl.cli.files import FileReplacement, replace_files
from exportctl.errors import Error
from tests.cli.command_line import SMALL, CommandLine, copied_command_line, northwind

TOOLS = (
    pytest.param(["git", "apply", "-"], id="git"),
    pytest.param(["patch", "-p1", "-s"], id="patch", marks=pytest.mark.skipif(not which("patch"), reason="no patch")),
)
FIELD_LINE = "exports.orders-to-partner  path"


@pytest.fixture(scope="module")
def moved_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = northwind(tmp_path_factory.mktemp("moved"))
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "ui", "path", "orders-to-partner", "/somewhere/else").code == 0
    assert run("emulator", "ui", "disable", "profiles-to-science").code == 0
    return run.folder


@pytest.fixture
def moved(moved_folder: Path, tmp_path: Path) -> CommandLine:
    """The config at the root of the repository, applied, and two edits by hand."""
    return copied_command_line(moved_folder, tmp_path)


def read_config(run: CommandLine) -> str:
    return (run.folder / "exports.yaml").read_text(encoding="utf-8")


def test_a_patch_is_printed_nothing_is_written_and_git_takes_it(moved: CommandLine) -> None:
    before, writes = read_config(moved), moved.writes()

    ended = moved("drift", "--patch")

    assert ended.code == 0
    assert ended.out.startswith("--- a/exports.yaml\n+++ b/exports.yaml\n@@ ")
    assert FIELD_LINE in ended.err
    assert "Patch: 2 differences accepted in 1 file, 0 not accepted." in ended.err
    assert (read_config(moved), moved.writes()) == (before, writes)
    apply_with_git(moved, ended.out)
    assert moved("drift").code == 0
    assert moved("plan", "--detailed-exitcode").code == 0


def apply_with_git(run: CommandLine, patch: str) -> None:
    git = ["git", "-c", "core.autocrlf=false", "apply", "-"]
    subprocess.run(["git", "init", "-q"], cwd=run.folder, check=True)
    subprocess.run(git, cwd=run.folder, input=patch.encode(), check=True)


def test_files_are_edited_in_place_with_the_mode_they_have(moved: CommandLine) -> None:
    file = moved.folder / "exports.yaml"
    file.rename(moved.folder / "real.yaml")
    file.symlink_to("real.yaml")
    file.chmod(0o640)

    ended = moved("drift", "--patch", "--write")

    assert ended.code == 0
    assert "Edited exports.yaml." in ended.out
    assert file.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in moved.folder.glob("*.yaml*")) == ["exports.yaml", "real.yaml"]
    assert moved("drift").code == 0


def test_what_is_left_ends_as_drift_does(moved: CommandLine) -> None:
    assert moved("emulator", "ui", "end", "sales-to-lake/orders", "2027-02-01").code == 0

    ended = moved("drift", "--patch")

    assert ended.code == 3
    assert "Not accepted (1)" in ended.err
    assert "exports.sales-to-lake/order-lines (end) would change too" in ended.err
    assert moved("drift", "--patch", "--fail-on", "drift").code == 0


def test_without_differences_the_patch_is_empty(tmp_path: Path) -> None:
    run = northwind(tmp_path)
    assert run("apply", "--auto-approve").code == 0

    ended = run("drift", "--patch")

    assert (ended.code, ended.out) == (0, "")
    assert "Patch: nothing to accept." in ended.err


def test_one_document_holds_the_patch_and_what_it_accepts(moved: CommandLine) -> None:
    result = moved("drift", "--patch", "--format", "json").document["result"]

    assert [one["address"] for one in result["accepted"]] == [
        "exports.orders-to-partner",
        "exports.profiles-to-science",
    ]
    assert [one["file"] for one in result["files"]] == ["exports.yaml"]
    assert result["files"][0]["diff"] == moved("drift", "--patch").out
    assert (result["written"], result["failing"], result["unaccepted"]) == (False, False, [])


def test_markdown_has_the_report_and_the_patch(moved: CommandLine) -> None:
    shown = moved("drift", "--patch", "--format", "markdown").out

    assert moved("drift", "--patch").out in shown
    assert FIELD_LINE in shown


def test_an_export_is_updated_and_no_other(moved: CommandLine) -> None:
    moved.edit("    subpath: loyalty\n", "    subpath: loyalty # theirs\n    title: A title that waits\n")

    ended = moved("import", "--update", "profiles-to-science")

    assert ended.code == 0
    assert "    subpath: loyalty # theirs\n    title: profiles-to-science\n    enabled: false\n" in read_config(moved)
    assert moved("drift", "--patch").out.count("@@ -") == 1


def test_an_update_can_be_looked_at_first(moved: CommandLine) -> None:
    before = read_config(moved)

    ended = moved("import", "--update", "exports.profiles-to-science", "--dry-run")

    assert ended.code == 0
    assert "+    enabled: false\n" in ended.out
    assert read_config(moved) == before


def test_with_strict_an_update_that_leaves_something_ends_in_4(moved: CommandLine) -> None:
    assert moved("emulator", "ui", "end", "sales-to-lake/orders", "2027-02-01").code == 0

    assert moved("import", "--update", "sales-to-lake/orders", "--strict").code == 4
    assert moved("import", "--update", "sales-to-lake/orders").code == 0


def test_an_update_of_an_export_without_a_flow_says_so(run: CommandLine) -> None:
    run.write(SMALL)
    ended = run("import", "--update", "orders")
    assert (ended.code, run("import", "--update", "orders", "--strict").code) == (0, 4)
    assert "exports.orders has no flow in this sandbox" in ended.err


def test_with_strict_an_update_that_apply_would_refuse_ends_in_4(moved: CommandLine) -> None:
    with closing(moved.emulator()) as emulator:
        params = {"bucketName": "northwind-aep-exports", "path": "aep"}
        ids = emulator.ui.create_flow("by-hand", ["Returns"], sandbox="demo", params=params)
    folder = '"by-hand/%DATASET_ID%/%EXPORT_TIME%"'
    moved.write(f"{read_config(moved)}  by-hand: {{datasets: [Returns], adopt: {ids['id']}, folder: {folder}}}\n")

    ended = moved("import", "--update", "by-hand", "--strict")

    assert ended.code == 4
    assert "blocked by safety check adoption-differs" in ended.out
    assert "another account" in ended.out


def test_a_line_with_a_value_that_is_not_shown_is_edited_but_not_printed(tmp_path: Path) -> None:
    run = northwind(tmp_path)
    block = "  partner:\n    type: sftp\n    host: sftp.fulfilment.example\n    path: /incoming\n    format: json\n"
    run.edit(
        block + '    auth: {username: northwind, private_key: "${env:PARTNER_SSH_KEY}"}\n',
        "  partner: {type: sftp, host: sftp.fulfilment.example, path: /incoming, format: json,"
        ' auth: {username: northwind-at-theirs, private_key: "${env:PARTNER_SSH_KEY}"}}\n',
    )
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "ui", "path", "orders-to-partner", "/somewhere/else").code == 0

    for format in ("text", "json", "markdown"):
        ended = run("drift", "--patch", "--format", format)
        assert "northwind-at-theirs" not in ended.out + ended.err
    assert run("drift", "--patch").code == 1
    assert "exportctl drift --patch --write" in run("drift", "--patch").err
    ended = run("drift", "--patch", "--write")
    assert ended.code == 0
    assert "northwind-at-theirs" not in ended.out + ended.err
    assert "path: /somewhere/else, format: json" in read_config(run)


def test_lines_beside_a_change_that_are_not_shown_make_the_patch_narrow(moved: CommandLine) -> None:
    moved.edit("    path: /incoming\n    format: json\n    auth:", "    format: json\n    path: /incoming\n    auth:")

    ended = moved("drift", "--patch")

    assert "username" not in ended.out
    assert "git apply --unidiff-zero" in ended.err


@pytest.mark.parametrize("write", [(), ("--write",)], ids=["shown", "written"])
def test_a_secret_in_a_line_that_is_not_shown_comes_into_no_file(write: tuple[str, ...], tmp_path: Path) -> None:
    run = northwind(tmp_path)
    run.edit('    auth: {username: northwind, private_key: "${env:PARTNER_SSH_KEY}"}\n', "")
    run.edit(
        "    host: sftp.fulfilment.example\n    path: /incoming\n",
        '    host: sftp.fulfilment.example\n    auth: {username: northwind, private_key: "${env:PARTNER_SSH_KEY}"}\n'
        "    path: /incoming\n",
    )
    text = read_config(run)
    start, end = text.index("  partner:\n"), text.index("  shared:\n")
    inside = ", ".join(line.strip() for line in text[start:end].splitlines()[1:])
    run.write(f"{text[:start]}  partner: {{{inside}}}\n{text[end:]}")
    assert run("apply", "--auto-approve").code == 0
    secret = "arn:aws:iam::123456789012:role/it-is-a-secret"
    assert run("emulator", "ui", "path", "orders-to-partner", f"/in/{secret}").code == 0
    before = read_config(run)

    ended = run("drift", "--patch", *write, LAKE_ROLE_ARN=secret)

    assert ended.code == 1
    assert "the edit of exports.yaml holds a secret value" in ended.err
    assert read_config(run) == before


def test_a_secret_in_the_sandbox_is_not_given_out(moved: CommandLine) -> None:
    secret = "arn:aws:iam::123456789012:role/not-for-everybody"
    assert moved("emulator", "ui", "rename", "web-to-lake", f"orders {secret}").code == 0

    ended = moved("drift", "--patch", LAKE_ROLE_ARN=secret)

    assert ended.code == 1
    assert "the edit of exports.yaml holds a secret value" in ended.err
    assert secret not in ended.out + ended.err
    before = read_config(moved)
    assert moved("drift", "--patch", "--write", LAKE_ROLE_ARN=secret).code == 1
    assert read_config(moved) == before


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("drift", "--write"), "--write: add --patch"),
        (("drift", "--patch", "--all-environments"), "a patch is for one sandbox"),
        (("drift", "--patch", "--target", "exports.order-to-partner"), "did you mean exports.orders-to-partner?"),
        (("import", "--update", "order-to-partner"), "did you mean exports.orders-to-partner?"),
        (("import", "--update", "order-to-partner"), "--update exports.order-to-partner: no resource matches"),
        (("import", "--update", "destinations.lake"), "name an export"),
        (("import", "--update", "web-to-lake", "--all"), "it edits exports of the config"),
        (("import", "--all", "--dry-run"), "use it with --update"),
        (
            ("import", "--update", "web-to-lake", "--format", "markdown"),
            "--format markdown: this command has text, json",
        ),
    ],
)
def test_64_wrong_usage(moved: CommandLine, argv: tuple[str, ...], said: str) -> None:
    before = read_config(moved)
    ended = moved(*argv)

    assert ended.code == 64
    assert said in ended.err
    assert read_config(moved) == before


def test_a_target_that_drift_fails_for_too_is_accepted_with_it(tmp_path: Path) -> None:
    run = northwind(tmp_path)
    assert run("apply", "--auto-approve").code == 0
    with closing(run.emulator()) as emulator:
        base = next(b for b in emulator.snapshot("demo")["connections"] if "partner" in b["name"])
        auth = {**base["auth"], "params": {**base["auth"]["params"], "domain": "sftp2.fulfilment.example"}}
        emulator.ui.load({"connections": [{**base, "auth": auth}]}, sandbox="demo")

    assert run("drift", "--target", "exports.orders-to-partner").code == 3
    assert run("drift", "--patch", "--write", "--target", "exports.orders-to-partner").code == 0
    assert "host: sftp2.fulfilment.example" in read_config(run)
    assert run("drift", "--target", "exports.orders-to-partner").code == 0


def test_what_is_no_value_is_said_where_it_ends_in_3(moved: CommandLine) -> None:
    assert moved("emulator", "ui", "delete", "web-to-lake").code == 0
    assert moved("emulator", "ui", "describe", "orders-to-partner", "wiped").code == 0
    assert moved("emulator", "clock", "advance", "25 hours").code == 0

    ended = moved("drift", "--patch")

    assert ended.code == 3
    assert "Drift still fails for (2)" in ended.err
    assert "[flow-gone]" in ended.err
    assert "[marker-lost]" in ended.err
    assert "Exit 3: 2 findings in gone, marker-lost." in ended.err
    result = moved("drift", "--patch", "--format", "json").document["result"]
    assert [one["group"] for one in result["failures"]] == ["gone", "marker-lost"]


def test_an_export_that_cannot_be_planned_is_said_where_it_ends_in_1(moved: CommandLine) -> None:
    moved.edit("datasets: [Loyalty Profiles]", "datasets: [Loyal Profiles]")

    ended = moved("drift", "--patch")

    assert ended.code == 1
    assert "dataset-unknown" in ended.err


def test_the_next_step_is_true_where_edits_wait(moved: CommandLine) -> None:
    moved.edit("    schedule: frequent\n", "    schedule: frequent\n    title: It waits\n")

    assert "it shows what apply would still do" in moved("drift", "--patch", "--write").out


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_files(moved: CommandLine) -> CommandLine:
    """Two exports in two files, both moved by hand."""
    head, mark, tail = read_config(moved).partition("  profiles-to-science:\n")
    moved.write(head)
    (moved.folder / "exports").mkdir()
    moved.write(f"exports:\n{mark}{tail}", "exports/science.yaml")
    return moved


def config_texts(run: CommandLine) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(run.folder.rglob("*.yaml"))]


def test_where_one_file_is_read_only_none_is_written(two_files: CommandLine) -> None:
    before = config_texts(two_files)
    (two_files.folder / "exports" / "science.yaml").chmod(0o444)

    ended = two_files("drift", "--patch", "--write")

    assert ended.code == 1
    assert "exports/science.yaml is read-only; nothing was written" in ended.err
    assert config_texts(two_files) == before
    assert [path.name for path in two_files.folder.rglob(".*.yaml*")] == []


def test_a_file_in_the_way_of_another_leaves_none_half_written(tmp_path: Path) -> None:
    one, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    one.write_text("a\n")
    other.mkdir()

    with pytest.raises(Error, match=r"b\.yaml cannot be written: is a directory; nothing was written"):
        replace_files([FileReplacement(one, "a\n", "c\n"), FileReplacement(other, "b\n", "d\n")])
    assert one.read_text() == "a\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "b.yaml"]


def test_where_one_file_has_changed_meanwhile_none_is_written(tmp_path: Path) -> None:
    one, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    one.write_text("a\n")
    other.write_text("by now: another\n")

    with pytest.raises(Error, match="has changed since it was read; nothing was written"):
        replace_files([FileReplacement(one, "a\n", "c\n"), FileReplacement(other, "b\n", "d\n")])
    assert (one.read_text(), other.read_text()) == ("a\n", "by now: another\n")


@pytest.mark.parametrize("file", ["of all.yaml", 'q"uote.yaml', "ta\tb.yaml"])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_patch_of_a_file_with_an_odd_name_is_taken(tool: list[str], file: str, tmp_path: Path) -> None:
    run = northwind(tmp_path)
    (tmp_path / "exports.yaml").rename(tmp_path / file)
    assert run("-f", file, "apply", "--auto-approve").code == 0
    assert run("-f", file, "emulator", "ui", "disable", "profiles-to-science").code == 0

    subprocess.run(tool, cwd=tmp_path, input=run("-f", file, "drift", "--patch").out.encode(), check=True)

    assert run("-f", file, "drift").code == 0


@pytest.mark.parametrize("tool", TOOLS)
def test_a_patch_of_a_file_outside_is_taken_in_the_folder_it_names(tool: list[str], tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    run = northwind(tmp_path / "work")
    (tmp_path / "work" / "exports.yaml").rename(tmp_path / "all.yaml")
    assert run("-f", "../all.yaml", "apply", "--auto-approve").code == 0
    assert run("-f", "../all.yaml", "emulator", "ui", "disable", "profiles-to-science").code == 0

    ended = run("-f", "../all.yaml", "drift", "--patch")
    subprocess.run(tool, cwd=tmp_path, input=ended.out.encode(), check=True)

    assert "`patch -p1` in .., relative to the folder of the config" in ended.err
    assert run("-f", "../all.yaml", "drift").code == 0


def test_a_patch_is_taken_in_a_folder_inside_a_repository(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    run = northwind(tmp_path / "work")
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "ui", "disable", "profiles-to-science").code == 0
    patch = run("drift", "--patch").out.encode()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    subprocess.run(["git", "apply", "--directory=work", "-"], cwd=tmp_path, input=patch, check=True)
    assert run("drift").code == 0
    subprocess.run(["git", "apply", "-R", "-"], cwd=tmp_path / "work", input=patch, check=True)
    assert run("drift").code == 3


def test_a_patch_without_lines_beside_a_change_is_taken(moved: CommandLine) -> None:
    moved.edit("    path: /incoming\n    format: json\n    auth:", "    format: json\n    path: /incoming\n    auth:")
    patch = moved("drift", "--patch").out.encode()

    subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=moved.folder, input=patch, check=True)

    assert moved("drift").code == 0
