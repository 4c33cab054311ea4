"""A secret in a file that Git tracks is an error; where Git cannot be asked, nothing fails."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from exportctl.errors import ConfigError, Finding, Level
from exportctl.workflows.load_config import Setup, read_project, validate_config
from exportctl.workflows.tracked_files import RULE

CONFIG = """\
version: 1
project: acme
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo, url: embedded}
defaults: {schedule: {every: 1 day, at: "02:00"}, end: {rolling: 180 days}}
destinations:
  zone: {type: data-landing-zone, path: exports}
  partner:
    type: sftp
    host: sftp.partner.example
    path: /in
    auth: {username: "${file:user}", password: "${file:secrets/word}"}
exports:
  orders: {datasets: [Orders], destination: zone}
"""


def git(folder: Path, *argv: str) -> None:
    subprocess.run(["git", "-c", "init.defaultBranch=main", *argv], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a config and the files that it names; no repository yet."""
    (tmp_path / "exports.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "word").write_text("word-of-the-partner\n", encoding="utf-8")
    (tmp_path / "user").write_text("acme\n", encoding="utf-8")
    return tmp_path


def found(folder: Path) -> list[Finding]:
    return [one for one in validate_config(Setup(folder), 0).findings if one.rule == RULE]


def test_a_tracked_file_is_an_error_with_its_position_and_a_way_out(checkout: Path) -> None:
    git(checkout, "init")
    git(checkout, "add", "secrets/word", "user")
    (one,) = found(checkout)
    assert one.level is Level.ERROR
    assert str(one.at) == "exports.yaml:11:48"
    assert "git rm --cached 'secrets/word'" in str(one.hint)
    assert "word-of-the-partner" not in str(one)
    with pytest.raises(ConfigError, match=RULE):
        read_project(Setup(checkout), 0)


def test_the_printed_git_command_and_a_line_in_gitignore_end_it(checkout: Path) -> None:
    git(checkout, "init")
    git(checkout, "add", "secrets/word", "user")
    (one,) = found(checkout)
    command = str(one.hint).partition("then: git ")[2].partition(", add it")[0]

    git(checkout, *shlex.split(command))
    (checkout / ".gitignore").write_text("secrets\n", encoding="utf-8")

    assert found(checkout) == []


@pytest.mark.parametrize("ignored", [True, False], ids=["ignored", "not ignored"])
def test_a_file_that_git_does_not_track_is_no_finding(checkout: Path, ignored: bool) -> None:
    git(checkout, "init")
    git(checkout, "add", "exports.yaml")
    (checkout / ".gitignore").write_text("secrets\n" if ignored else "", encoding="utf-8")
    assert found(checkout) == []


def test_outside_a_repository_nothing_is_said(checkout: Path) -> None:
    assert found(checkout) == []


def test_a_link_is_judged_by_the_file_that_it_leads_to(checkout: Path) -> None:
    git(checkout, "init")
    (checkout / "word").write_text("word-of-the-partner\n", encoding="utf-8")
    git(checkout, "add", "word")
    (checkout / "secrets" / "word").unlink()
    (checkout / "secrets" / "word").symlink_to("../word")
    assert [one.level for one in found(checkout)] == [Level.ERROR]


def test_a_name_is_no_pattern(checkout: Path) -> None:
    git(checkout, "init")
    git(checkout, "add", "secrets/word")
    (checkout / "exports.yaml").write_text(CONFIG.replace("secrets/word", "secrets/w*"), encoding="utf-8")
    assert found(checkout) == []


@pytest.mark.parametrize("break_git", ["no git", "no index"])
def test_a_git_that_cannot_be_asked_stops_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_git: str
) -> None:
    git(checkout, "init")
    git(checkout, "add", "secrets/word")
    if break_git == "no git":
        monkeypatch.setenv("PATH", str(tmp_path / "secrets"))
        assert found(checkout) == []
    else:
        (checkout / ".git" / "index").write_bytes(b"no index")
        (one,) = found(checkout)
        assert (one.level, one.message[:11]) == (Level.NOTE, "not checked")
    read_project(Setup(checkout), 0)


def test_a_repository_inside_the_checkout_cannot_run_a_program(checkout: Path) -> None:
    inside, mark = checkout / "secrets", checkout / "ran"
    git(inside, "init", "--bare", ".")
    git(inside, "config", "core.fsmonitor", f"touch '{mark}'; false")
    assert [one.level for one in found(checkout)] in ([], [Level.NOTE])
    assert not mark.exists()
