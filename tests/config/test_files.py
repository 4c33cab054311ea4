"""Which files are a project, and what is said when they are not there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exportctl.config import files as config_files
from exportctl.config import load as config
from exportctl.config.yaml_nodes import MAX_BYTES
from exportctl.errors import ConfigError, Level, SourcePosition
from tests.config.example_config import SMALL


def write_files(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def rules(folder: Path, *paths: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config_files.read_config_files(folder, paths)
    assert all(f.hint for f in caught.value.all)
    return [f.rule for f in caught.value.all]


def test_the_default_is_one_file_and_a_folder_beside_it(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, exports__b_yaml="", exports__a__c_yaml="", other_yaml="")
    write_files(tmp_path, **{"exports__.hidden_yaml": "", "exports__notes.txt": ""})
    assert list(config_files.read_config_files(tmp_path)) == ["exports.yaml", "exports/a/c.yaml", "exports/b.yaml"]


def test_files_that_are_given_replace_the_default(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, conf__b_yaml="", a_yaml="")
    assert list(config_files.read_config_files(tmp_path, ["conf/b.yaml", str(tmp_path / "a.yaml")])) == [
        "conf/b.yaml",
        "a.yaml",
    ]


def test_a_file_outside_is_named_from_here(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write_files(tmp_path, b_yaml=SMALL, x__a_yaml="extends: [../b.yaml]")
    assert list(config_files.read_config_files(tmp_path / "x", ["a.yaml"])) == ["a.yaml", "../b.yaml"]


def test_a_file_outside_the_checkout_is_never_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_files(
        tmp_path, outside_yaml=SMALL, home__exports_yaml=SMALL, home__a_yaml="extends: [b.yaml, ../outside.yaml]"
    )
    (home / "exports").mkdir()
    (home / "exports" / "x.yaml").symlink_to("../../outside.yaml")
    assert rules(home) == ["file-outside"]
    with pytest.raises(ConfigError, match="outside the checkout") as caught:
        config_files.read_config_files(home, ["a.yaml"])
    assert caught.value.all[0].at == SourcePosition("a.yaml", 1, 19)
    (tmp_path / ".git").write_text("gitdir: elsewhere")  # the root of a working tree
    assert list(config_files.read_config_files(home)) == ["exports.yaml", "exports/x.yaml"]
    assert list(config_files.read_config_files(home, ["a.yaml"])) == ["a.yaml", "../outside.yaml"]


def test_a_link_of_f_stays_in_the_checkout_of_its_folder(tmp_path: Path) -> None:
    write_files(tmp_path, outside_yaml=SMALL, home__conf__real_yaml=SMALL, elsewhere__b_yaml="extends: [c/d.yaml]")
    write_files(tmp_path, elsewhere__c__d_yaml=SMALL)
    home = tmp_path / "home"
    (home / "conf" / "out.yaml").symlink_to(tmp_path / "outside.yaml")
    (home / "in.yaml").symlink_to("conf/real.yaml")
    assert rules(home, "conf/out.yaml") == ["file-outside"]
    assert list(config_files.read_config_files(home, ["in.yaml"])) == ["in.yaml"]
    assert list(config_files.read_config_files(home, ["../elsewhere/b.yaml"])) == [
        "../elsewhere/b.yaml",
        "../elsewhere/c/d.yaml",
    ]


def test_a_linked_folder_is_read(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, shared__deep__x_yaml="")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "team").symlink_to("../shared")
    assert list(config_files.read_config_files(tmp_path)) == ["exports.yaml", "exports/team/deep/x.yaml"]


def test_exports_itself_may_be_a_link(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, shared__x_yaml="")
    (tmp_path / "exports").symlink_to("shared")
    assert list(config_files.read_config_files(tmp_path)) == ["exports.yaml", "exports/x.yaml"]


# what lies under exports/ as x.yaml or as a folder x -> words of the error
UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to nothing": (lambda at: (at / "x.yaml").symlink_to("gone"), "x.yaml cannot be read: it is a link to gone"),
    "a link to no folder": (lambda at: (at / "x").symlink_to("gone"), "x cannot be read: it is a link to gone"),
    "a link to itself": (lambda at: (at / "x.yaml").symlink_to("x.yaml"), "x.yaml cannot be read: too many levels"),
    "a link to a folder around it": (
        lambda at: (at / "x").symlink_to(".."),
        "exports/x/exports leads back to a folder",
    ),
    "a pipe": (lambda at: os.mkfifo(at / "x.yaml"), "x.yaml cannot be read: it is a pipe"),
    "a pipe with another name": (lambda at: os.mkfifo(at / "x"), "x cannot be read: it is a pipe"),
    "a link to a device": (lambda at: (at / "x.yaml").symlink_to(os.devnull), "x.yaml cannot be read: it is a device"),
    "a folder with the name of a file": (lambda at: (at / "x.yaml").mkdir(), ""),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_read_is_an_error_and_never_nothing(tmp_path: Path, name: str) -> None:
    make, words = UNUSABLE[name]
    write_files(tmp_path, exports_yaml=SMALL)
    (tmp_path / "exports").mkdir()
    make(tmp_path / "exports")
    if not words:  # its files are read
        assert list(config_files.read_config_files(tmp_path)) == ["exports.yaml"]
        return
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        config_files.read_config_files(tmp_path)
    assert {f.rule for f in caught.value.all} == {"file-unreadable"}


@pytest.mark.parametrize("name", ["exports.yaml", "-f"])
def test_a_pipe_as_the_config_ends_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "exports.yaml")
    assert rules(tmp_path, *(["exports.yaml"] if name == "-f" else [])) == ["file-unreadable"]


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, exports_yaml=SMALL, exports__closed__x_yaml="")
    (tmp_path / "exports" / "closed").chmod(0)
    if os.access(tmp_path / "exports" / "closed", os.R_OK):  # the superuser may read it all the same
        inner = Path.iterdir
        refuse = PermissionError(13, "Permission denied")

        def iterdir(path: Path) -> Iterator[Path]:
            if path.name == "closed":
                raise refuse
            return inner(path)

        monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(ConfigError, match="exports/closed cannot be read: permission denied"):
        config_files.read_config_files(tmp_path)
    (tmp_path / "exports" / "closed").chmod(0o700)


@pytest.mark.parametrize("name", ["exports.yml", "Exports.yaml", "Exports/a.yaml", "exports/a.YAML", "exports/b.Yml"])
def test_another_spelling_is_an_error(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, exports_yaml=SMALL, exports__ok_yaml="")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("exports: {}")
    assert rules(tmp_path) == ["file-name"]


def test_a_file_named_as_the_folder_is_an_error(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL)
    (tmp_path / "exports").write_text("")
    assert rules(tmp_path) == ["file-unreadable"]


def test_files_that_look_like_config_and_are_not_read_are_named(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, exports__ok_yaml="", exports__notes_txt="")
    for name in (".a.yaml", ".hidden/deep/b.yml", "c.yaml.bak", "d.json", ".#ok.yaml", "README.md", ".keep"):
        path = tmp_path / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("jane@host.1") if name == ".#ok.yaml" else path.write_text("")
    found = config_files.ignored_file_findings(tmp_path)
    assert [f.message.split(" is not read")[0] for f in found] == [
        f"exports/{name}" for name in (".a.yaml", ".hidden/deep/b.yml", "c.yaml.bak", "d.json")
    ]
    assert {(f.rule, f.level) for f in found} == {("file-ignored", Level.WARNING)}
    assert list(config_files.read_config_files(tmp_path)) == ["exports.yaml", "exports/ok.yaml"]


def test_the_hidden_copies_behind_links_that_are_read_are_not_named(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, **{"exports__..data__a_yaml": ""})  # as a mounted ConfigMap lies there
    (tmp_path / "exports" / "a.yaml").symlink_to("..data/a.yaml")
    assert config_files.ignored_file_findings(tmp_path) == ()
    assert list(config_files.read_config_files(tmp_path)) == ["exports.yaml", "exports/a.yaml"]


def test_what_is_extended_is_read_too_and_circles_end(tmp_path: Path) -> None:
    write_files(
        tmp_path, a_yaml="extends: [x/b.yaml, gone.yaml]", x__b_yaml="extends: [../c.yaml]", c_yaml="extends: [a.yaml]"
    )
    files = config_files.read_config_files(tmp_path, ["a.yaml"])
    assert list(files) == ["a.yaml", "x/b.yaml", "c.yaml"]
    assert {"extends-missing", "extends-cycle"} == {f.rule for f in config.parse_config(files).findings}


def test_an_overlay_beside_the_default_is_read_once(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, exports__over_yaml="extends: [../exports.yaml]\nproject: other\n")
    made, _ = config.load_project(config.parse_config(config_files.read_config_files(tmp_path)), None, {})
    assert made is not None
    assert made.name == "other"


def test_a_folder_without_a_config_is_explained(tmp_path: Path) -> None:
    assert rules(tmp_path) == ["no-config"]
    write_files(tmp_path, exports_yml=SMALL)
    with pytest.raises(ConfigError) as caught:
        config_files.read_config_files(tmp_path)
    assert caught.value.all[0].hint == "rename exports.yml to exports.yaml"


def test_a_file_that_would_be_overlooked_is_an_error(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, exports__b_yml="")
    assert rules(tmp_path) == ["file-name"]


def test_a_folder_given_as_a_file_says_how(tmp_path: Path) -> None:
    write_files(tmp_path, conf__a_yaml="", exports_yaml="")
    (tmp_path / "empty").mkdir()
    assert rules(tmp_path, "conf/", "empty", "gone.yaml") == ["folder-given", "folder-given", "file-unreadable"]
    with pytest.raises(ConfigError, match="is a folder") as caught:
        config_files.read_config_files(tmp_path, ["conf"])
    assert "-f conf/a.yaml" in str(caught.value.all[0].hint)


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "exports.yaml").open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    files = config_files.read_config_files(tmp_path)
    assert len(files["exports.yaml"]) == MAX_BYTES + 1
    assert [f.rule for f in config.parse_config(files).findings] == ["file-too-large"]


def test_a_folder_called_as_the_config_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "exports.yaml").mkdir()
    (tmp_path / "exports.yaml" / "a.yaml").write_text(SMALL)
    with pytest.raises(ConfigError) as caught:
        config_files.read_config_files(tmp_path)
    found = caught.value.all[0]
    assert (found.rule, found.message) == ("folder-given", "exports.yaml is a folder; the config must be a file")
    assert found.at == SourcePosition("exports.yaml")
    assert found.hint == "name its files: -f exports.yaml/a.yaml"
