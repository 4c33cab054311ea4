"""Which files are a project, and what is said when they are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.config import files as config_files
from exportctl.config import load as config
from exportctl.config.yaml_nodes import MAX_BYTES
from exportctl.errors import ConfigError, SourcePosition
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
    write_files(tmp_path, b_yaml=SMALL, x__a_yaml="extends: [../b.yaml]")
    assert list(config_files.read_config_files(tmp_path / "x", ["a.yaml"])) == ["a.yaml", "../b.yaml"]


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
