"""`minimum_version`: an older exportctl says that it is too old, and nothing else."""

from __future__ import annotations

import pytest

from exportctl import __version__
from exportctl.config import load as config
from exportctl.config.yaml_nodes import MapNode, parse_tree
from exportctl.errors import Finding
from tests.config.example_config import EXAMPLE, SMALL, finding_locations, project, read_project


def asking(version: str, text: str = SMALL) -> str:
    """A config that asks for a version, in its second line."""
    return text.replace("version: 1\n", f"version: 1\nminimum_version: {version}\n")


def parsed(text: str) -> MapNode:
    root, findings = parse_tree("exports.yaml", text.encode())
    assert (root is not None, findings) == (True, ())
    assert root is not None
    return root


def find_unmet_version(text: str, running: str) -> Finding | None:
    return config.find_unmet_version([parsed(text)], running)


MET = [
    ("0.2", "0.2.0"),
    ("0.2.0", "0.2.0"),
    ("0.1.9", "0.2.0"),
    ("0.9", "0.10.0"),
    ("0.2", "0.2.1.dev3"),
    ("1.2.3", "2.0"),
]
NOT_MET = [
    ("0.3", "0.2.0"),
    ("0.2.1", "0.2.0"),
    ("0.10", "0.9.9"),
    ("1.0", "0.99.99"),
    ("0.2.10", "0.2.9"),
    ("2.0.1", "2.0"),
]


@pytest.mark.parametrize(("asked", "running"), MET)
def test_a_version_that_is_as_new_reads_it(asked: str, running: str) -> None:
    assert find_unmet_version(asking(f'"{asked}"'), running) is None


@pytest.mark.parametrize(("asked", "running"), NOT_MET)
def test_an_older_version_says_which_one_it_needs_and_where(asked: str, running: str) -> None:
    found = find_unmet_version(asking(f'"{asked}"'), running)
    assert found is not None
    assert (found.rule, str(found.at)) == ("minimum-version", "exports.yaml:2:18")
    assert found.message == f"this config needs exportctl {asked} or later; this is {running}"
    assert found.hint is not None
    assert "upgrade" in found.hint


def test_this_version_reads_what_asks_for_it() -> None:
    assert project(asking(f'"{__version__}"')).name == "acme"


@pytest.mark.parametrize("version", ["0.2", "0.10", "'0.2'", "0.2.0"])
def test_quotes_may_be_left_out(version: str) -> None:
    assert config.find_malformed_versions([parsed(asking(version))]) == []
    assert find_unmet_version(asking(version), "0.1.9") is not None
    assert find_unmet_version(asking(version), "1.0") is None


def test_nothing_else_is_said_of_a_config_that_is_too_new() -> None:
    newer = asking("'99.0'", SMALL.replace("version: 1", "version: 1\nleases: {on: true}").replace("web:", "Web shop:"))
    made, findings = read_project(newer)
    assert made is None
    assert finding_locations(findings) == [("minimum-version", "exports.yaml:2:18")]


def test_nothing_is_said_of_an_environment_either() -> None:
    for env in (None, "dev", "nowhere"):
        made, findings = read_project(asking("'99.0'", EXAMPLE), env=env)
        assert (made, [f.rule for f in findings]) == (None, ["minimum-version"])
    every, findings = config.load_projects(
        config.parse_config({"exports.yaml": asking("'99.0'", EXAMPLE).encode()}), {}
    )
    assert (every, [f.rule for f in findings]) == ({}, ["minimum-version"])


@pytest.mark.parametrize(
    ("first", "second"),
    [("0.1", "99.1"), ("99.1", "0.1"), ("99.0", "99.1"), ("99.1", "99.0")],
)
def test_of_several_files_the_highest_counts_and_none_is_declared_twice(first: str, second: str) -> None:
    _, findings = read_project(asking(first), f"minimum_version: '{second}'\n")
    assert [f.message for f in findings] == [f"this config needs exportctl 99.1 or later; this is {__version__}"]
    assert read_project(asking("0.1"), "minimum_version: '0.2'\n")[1] == ()


def test_a_file_that_extends_another_and_an_environment_count_too() -> None:
    _, extending = read_project(SMALL, "extends: [exports.yaml]\nminimum_version: '99.0'\n")
    assert finding_locations(extending) == [("minimum-version", "b.yaml:2:18")]
    _, below = read_project(asking("'99.0'"), "extends: [exports.yaml]\nminimum_version: '0.1'\n")
    assert finding_locations(below) == [("minimum-version", "exports.yaml:2:18")]
    overlay = EXAMPLE.replace("  prod: {", "  prod: {minimum_version: '99.0', ")
    assert [f.rule for f in read_project(overlay, env="dev")[1]] == ["minimum-version"]
    overlay = EXAMPLE.replace("  prod: {", "  prod: {minimum_version: '0.1', ")
    assert project(overlay, env="prod").name == "acme-exports"


@pytest.mark.parametrize(
    "version", ["soon", "'2'", "0.2-rc1", "'0.2.0.1'", "'>=0.2'", '"0.٢"', '"${env:EXPORTCTL_VAR_V}"', "''"]
)
def test_what_is_no_version_is_a_mistake(version: str) -> None:
    _, findings = read_project(asking(version), variables={"EXPORTCTL_VAR_V": "0.2"})
    assert finding_locations(findings) == [("bad-value", "exports.yaml:2:18")]


@pytest.mark.parametrize("version", ["1", "true", "[0.2]", "{at: 0.2}"])
def test_what_is_no_text_is_a_mistake(version: str) -> None:
    assert finding_locations(read_project(asking(version))[1]) == [("wrong-type", "exports.yaml:2:18")]


def test_nothing_at_all_asks_for_nothing() -> None:
    assert read_project(asking("null"))[1] == ()
