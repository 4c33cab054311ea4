"""`drift --patch` and `import --update`: a patch that `git apply` takes, files edited in place, and what is refused."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from command_line import CommandLine, northwind

TOLD = "exports.orders-to-partner  place.path"


@pytest.fixture
def moved(tmp_path: Path) -> CommandLine:
    """The config at the root of the repository, applied, and two edits by hand."""
    run = northwind(tmp_path)
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "ui", "path", "orders-to-partner", "/somewhere/else").code == 0
    assert run("emulator", "ui", "disable", "profiles-to-science").code == 0
    return run


def config(run: CommandLine) -> str:
    return (run.folder / "exports.yaml").read_text(encoding="utf-8")


def test_a_patch_is_printed_nothing_is_written_and_git_takes_it(moved: CommandLine) -> None:
    before, writes = config(moved), moved.writes()

    ended = moved("drift", "--patch")

    assert ended.code == 0
    assert ended.out.startswith("--- a/exports.yaml\n+++ b/exports.yaml\n@@ ")
    assert TOLD in ended.err
    assert "Patch: 2 differences accepted in 1 file, 0 not accepted." in ended.err
    assert (config(moved), moved.writes()) == (before, writes)
    applied(moved, ended.out)
    assert moved("drift").code == 0
    assert moved("plan", "--detailed-exitcode").code == 0


def applied(run: CommandLine, patch: str) -> None:
    git = ["git", "-c", "core.autocrlf=false", "apply", "-"]
    subprocess.run(["git", "init", "-q"], cwd=run.folder, check=True)
    subprocess.run(git, cwd=run.folder, input=patch.encode(), check=True)


def test_the_page_shows_this_patch(moved: CommandLine) -> None:
    page = (Path(__file__).parents[2] / "docs" / "accepting.md").read_text(encoding="utf-8")

    assert moved("drift", "--patch").out in page


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
    assert (result["written"], result["failing"], result["left"]) == (False, False, [])


def test_markdown_has_the_report_and_the_patch(moved: CommandLine) -> None:
    shown = moved("drift", "--patch", "--format", "markdown").out

    assert moved("drift", "--patch").out in shown
    assert TOLD in shown


def test_an_export_is_updated_and_no_other(moved: CommandLine) -> None:
    moved.edit("    subpath: loyalty\n", "    subpath: loyalty # theirs\n    title: A title that waits\n")

    ended = moved("import", "--update", "profiles-to-science")

    assert ended.code == 0
    assert "    subpath: loyalty # theirs\n    title: profiles-to-science\n    enabled: false\n" in config(moved)
    assert moved("drift", "--patch").out.count("@@ -") == 1


def test_an_update_can_be_looked_at_first(moved: CommandLine) -> None:
    before = config(moved)

    ended = moved("import", "--update", "exports.profiles-to-science", "--dry-run")

    assert ended.code == 0
    assert "+    enabled: false\n" in ended.out
    assert config(moved) == before


def test_with_strict_an_update_that_leaves_something_ends_in_4(moved: CommandLine) -> None:
    assert moved("emulator", "ui", "end", "sales-to-lake/orders", "2027-02-01").code == 0

    assert moved("import", "--update", "sales-to-lake/orders", "--strict").code == 4
    assert moved("import", "--update", "sales-to-lake/orders").code == 0


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
    assert "path: /somewhere/else, format: json" in config(run)


def test_lines_beside_a_change_that_are_not_shown_make_the_patch_narrow(moved: CommandLine) -> None:
    moved.edit("    path: /incoming\n    format: json\n    auth:", "    format: json\n    path: /incoming\n    auth:")

    ended = moved("drift", "--patch")

    assert "username" not in ended.out
    assert "git apply --unidiff-zero" in ended.err


def test_a_secret_in_the_sandbox_is_not_given_out(moved: CommandLine) -> None:
    secret = "arn:aws:iam::123456789012:role/not-for-everybody"
    assert moved("emulator", "ui", "rename", "web-to-lake", f"feed {secret}").code == 0

    ended = moved("drift", "--patch", LAKE_ROLE_ARN=secret)

    assert ended.code == 1
    assert "a secret value is in the edit of exports.yaml" in ended.err
    assert secret not in ended.out + ended.err
    before = config(moved)
    assert moved("drift", "--patch", "--write", LAKE_ROLE_ARN=secret).code == 1
    assert config(moved) == before


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("drift", "--write"), "nothing is edited without --patch"),
        (("drift", "--patch", "--all-environments"), "one patch is for one sandbox"),
        (("drift", "--patch", "--target", "exports.order-to-partner"), "did you mean exports.orders-to-partner?"),
        (("import", "--update", "order-to-partner"), "did you mean exports.orders-to-partner?"),
        (("import", "--update", "destinations.lake"), "name an export"),
        (("import", "--update", "web-to-lake", "--all"), "it edits what the config has"),
        (("import", "--all", "--dry-run"), "it is for --update"),
        (("import", "--update", "web-to-lake", "--format", "markdown"), "--format markdown is not known here"),
    ],
)
def test_64_wrong_usage(moved: CommandLine, argv: tuple[str, ...], said: str) -> None:
    before = config(moved)
    ended = moved(*argv)

    assert ended.code == 64
    assert said in ended.err
    assert config(moved) == before


def test_a_file_that_changed_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    from exportctl.cli.saving import replace_text
    from exportctl.errors import Error

    file = tmp_path / "exports.yaml"
    file.write_text("by now: another\n")

    with pytest.raises(Error, match="has changed while it was worked on"):
        replace_text(file, "version: 1\n", "version: 2\n")
    assert file.read_text() == "by now: another\n"
