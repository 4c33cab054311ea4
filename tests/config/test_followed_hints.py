"""What the reader of the config prints ends the mistake: every hint is followed, and then the config is valid."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest

from exportctl.cli.main import main
from exportctl.config import files as config_files
from exportctl.config import load as config
from exportctl.config.resolve.datasets import MAX_DATASETS
from exportctl.config.yaml_nodes import MAX_BYTES, parse_tree
from exportctl.errors import ConfigError, Finding, Level
from exportctl.rules.external_findings import READER_RULES
from tests.config.example_config import EXAMPLE, SMALL, read_project, with_destination, with_export
from tests.config.followed_hints import EXAMPLE_HINTS, Ways
from tests.config.followed_reader_hints import MISTAKES, YAML_HINTS
from tests.config.followed_section_hints import DESTINATION_HINTS, EXPORT_HINTS, TOP_HINTS
from tests.config.test_files import write_files
from tests.config.test_mistakes import DESTINATIONS, EXPORTS, IN_THE_EXAMPLE, TOPS
from tests.config.test_yaml_nodes import NOT_OURS, UNREADABLE
from tests.hint_words import Outside, filled, unexplained


def edited(text: str, words: str, way: tuple[str, ...]) -> str:
    """The text after the replacements that these words of a hint ask for."""
    for old, new in zip(way[::2], way[1::2], strict=True):
        assert filled(words, old) in text, old
        text = text.replace(filled(words, old), filled(words, new), 1)
    return text


def follow(bad: str, ways: Ways, env: str | None) -> None:
    """Follow each way of the one hint of a text."""
    _, (finding,) = read_project(bad, env=env)
    assert unexplained(finding.hint or "", ways) == ""
    for words, way in ways.items():
        if isinstance(way, Outside) or not way:
            continue
        text = edited(bad, words, way)
        made, findings = read_project(text, env=env or ("prod" if "environments: {" in text else None))
        assert [str(f) for f in findings if f.level is Level.ERROR] == [], words
        assert made is not None, words


@pytest.mark.parametrize("case", IN_THE_EXAMPLE)
def test_every_hint_of_a_mistake_ends_it(case: str) -> None:
    found, instead, *_ = IN_THE_EXAMPLE[case]
    env = "prod" if "removal" not in case else "dev"

    follow(EXAMPLE.replace(found, instead, 1), EXAMPLE_HINTS[case], env)


SECTIONS = {
    **{case: (with_destination(body), DESTINATION_HINTS.get(case)) for case, (body, _) in DESTINATIONS.items()},
    **{case: (with_export(more), EXPORT_HINTS.get(case)) for case, (more, _) in EXPORTS.items()},
    **{case: (f"{SMALL}{more}\n", TOP_HINTS.get(case)) for case, (more, _) in TOPS.items()},
}


@pytest.mark.parametrize("case", SECTIONS)
def test_every_hint_of_a_wrong_section_ends_it(case: str) -> None:
    bad, ways = SECTIONS[case]
    assert ways is not None

    follow(bad, ways, None)


YAML_TEXTS = {case: text for table in (UNREADABLE, NOT_OURS) for case, (text, *_) in table.items()}


@pytest.mark.parametrize("case", YAML_TEXTS)
def test_every_hint_about_the_yaml_itself_ends_the_mistake(case: str) -> None:
    bad = YAML_TEXTS[case]
    _, (finding,) = parse_tree("a.yaml", bad.encode())

    assert unexplained(finding.hint or "", YAML_HINTS[case]) == ""
    for words, way in YAML_HINTS[case].items():
        if isinstance(way, Outside):
            continue
        root, findings = parse_tree("a.yaml", edited(bad, words, way).encode())
        assert (root is not None, findings) == (True, ()), words


@pytest.mark.parametrize("case", MISTAKES)
def test_every_other_hint_of_the_reader_ends_the_mistake(case: str) -> None:
    mistake = MISTAKES[case]
    _, found = read_project(mistake.text, env=mistake.env, variables=mistake.variables)
    (finding,) = found
    assert finding.rule == mistake.rule
    assert unexplained(finding.hint or "", mistake.ways) == ""
    for words, way in mistake.ways.items():
        if isinstance(way, Outside) or not (way or words in mistake.then):
            continue
        text = edited(mistake.text, words, way)
        env, variables = mistake.then.get(words, (mistake.env, mistake.variables))
        made, findings = read_project(text, env=env, variables=variables)
        assert (made is not None, [str(f) for f in findings if f.level is not Level.NOTE]) == (True, []), words
        assert mistake.rule not in {f.rule for f in findings}


# -- files ------------------------------------------------------------------------------------------------------------


def file_finding(folder: Path, *paths: str) -> Finding:
    """The one finding about the files of a folder."""
    with pytest.raises(ConfigError) as caught:
        config_files.read_config_files(folder, paths)
    (found,) = caught.value.all
    return found


def is_readable(folder: Path, *paths: str) -> bool:
    files = config_files.read_config_files(folder, paths)
    made, findings = config.load_project(config.parse_config(files), None, {})
    return made is not None and findings == ()


def test_a_folder_without_a_config_gets_one_by_the_printed_command(tmp_path: Path) -> None:
    hint = str(file_finding(tmp_path).hint)
    (command, ways) = re.findall(r"`exportctl (\w+)`(.*)", hint)[0]

    assert main(["-C", str(tmp_path), command], {}, stdin=StringIO(), out=StringIO(), err=StringIO()) == 0
    assert config_files.read_config_files(tmp_path)
    assert ways == ", or name its place with -C DIR or -f FILE"
    assert main(["-C", str(tmp_path), "validate"], {}, stdin=StringIO(), out=StringIO(), err=StringIO()) == 0
    argv = ["-f", str(tmp_path / "exports.yaml"), "validate"]
    assert main(argv, {}, stdin=StringIO(), out=StringIO(), err=StringIO()) == 0


@pytest.mark.parametrize("name", ["exports.yml", "exports/b.yml"])
def test_a_file_with_another_ending_is_renamed_as_printed(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, **{"exports__a.yaml": SMALL} if "/" not in name else {"exports.yaml": SMALL})
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(SMALL if "/" not in name else "formats: {}\n")

    printed = re.search(r"rename (?:exports\.yml to|it:) (\S+)", str(file_finding(tmp_path).hint))

    assert printed
    (tmp_path / "exports" / "a.yaml").unlink(missing_ok=True)
    path.rename(tmp_path / printed[1])
    assert is_readable(tmp_path)


def test_a_file_that_is_not_read_is_renamed_or_moved_as_printed(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL)
    hidden = tmp_path / "exports" / ".b.yaml"
    hidden.parent.mkdir()
    hidden.write_text("formats: {}\n")
    (finding,) = config_files.ignored_file_findings(tmp_path)
    assert finding.hint == "rename it to NAME.yaml to use it, or move it out of exports/"
    hidden.rename(tmp_path / "exports" / "b.yaml")
    assert (config_files.ignored_file_findings(tmp_path), is_readable(tmp_path)) == ((), True)
    (tmp_path / "exports" / "b.yaml").rename(tmp_path / ".b.yaml")
    assert (config_files.ignored_file_findings(tmp_path), is_readable(tmp_path)) == ((), True)


def test_what_takes_the_place_of_the_folder_is_removed_or_merged_as_printed(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL, exports="")
    assert file_finding(tmp_path).hint == "remove it"
    (tmp_path / "exports").unlink()
    assert is_readable(tmp_path)
    other = tmp_path / "Exports.yml"
    other.write_text("formats: {}\n")
    hint = str(file_finding(tmp_path).hint)
    assert hint == "move what it declares into exports.yaml or a file exports/NAME.yaml, and remove it"
    other.unlink()
    assert is_readable(tmp_path)


def test_a_file_outside_the_checkout_is_moved_or_the_folder_is_chosen_as_printed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_files(tmp_path, home__exports_yaml=f"extends: [../base.yaml]\n{SMALL}", base_yaml="formats: {}\n")
    hint = str(file_finding(home).hint)
    assert hint.startswith(f"move the file below {home}:")
    assert hint.endswith("so -C a folder that holds all files, with -f, helps too")
    assert is_readable(tmp_path, "home/exports.yaml")
    (tmp_path / "base.yaml").rename(home / "base.yaml")
    write_files(home, exports_yaml=f"extends: [base.yaml]\n{SMALL}")
    assert is_readable(home)


def test_a_folder_is_given_by_its_files_as_printed(tmp_path: Path) -> None:
    write_files(tmp_path, conf__exports_yaml=SMALL)
    assert str(file_finding(tmp_path, "conf").hint) == "name its files: -f conf/exports.yaml"
    assert is_readable(tmp_path, "conf/exports.yaml")
    (tmp_path / "empty").mkdir()
    assert str(file_finding(tmp_path, "empty").hint) == "exportctl -C empty reads the config of that folder"
    write_files(tmp_path / "empty", exports_yaml=SMALL)
    assert is_readable(tmp_path / "empty")


def test_a_path_to_no_file_is_corrected(tmp_path: Path) -> None:
    write_files(tmp_path, exports_yaml=SMALL)
    assert file_finding(tmp_path, "export.yaml").hint == "check the path and its permissions"
    assert is_readable(tmp_path, "exports.yaml")


def test_a_file_that_is_too_large_or_no_utf8_is_split_or_saved_again(tmp_path: Path) -> None:
    path = tmp_path / "exports.yaml"
    hints = {
        SMALL.encode() + b"#" * MAX_BYTES: "split it into several files under exports/",
        SMALL.replace("acme", "acmé").encode("latin-1"): "save the file as UTF-8 text",
        SMALL.encode("utf-16"): "this looks like UTF-16; save the file as UTF-8 text",
    }
    for data, hint in hints.items():
        path.write_bytes(data)
        (finding,) = config.parse_config(config_files.read_config_files(tmp_path)).findings
        assert finding.hint == hint
        before, _, after = SMALL.partition("schedules:")
        write_files(tmp_path, exports_yaml=before, exports__b_yaml=f"schedules:{after}")
        assert is_readable(tmp_path)
        (tmp_path / "exports" / "b.yaml").unlink()


def test_files_that_extend_or_repeat_each_other_are_put_right_as_printed(tmp_path: Path) -> None:
    texts = [SMALL, "extends: [c.yaml]\n", "extends: [b.yaml]\n"]
    assert [f.hint for f in read_project(*texts)[1]] == ["remove one of these `extends`"]
    assert read_project(SMALL, texts[1], "formats: {}\n")[0]

    twice = [SMALL, "schedules:\n  nightly: {every: 3 hours}\n"]
    (finding,) = read_project(*twice)[1]
    assert finding.hint == "keep one; if this file should change the other one, write `extends: [that file]`"
    assert read_project(SMALL, "schedules:\n  other: {every: 3 hours}\n")[0]
    assert read_project(SMALL, f"extends: [exports.yaml]\n{twice[1]}")[0]


@pytest.mark.slow
def test_a_group_that_is_too_large_is_made_smaller() -> None:
    for count, expected in ((MAX_DATASETS + 1, ["name fewer datasets"]), (3, [])):
        names = ", ".join(f"d{number}" for number in range(count))
        _, findings = read_project(SMALL.replace("[App Events]", "[all]") + f"datasets: {{all: [{names}]}}\n")
        assert [str(f.hint).partition(":")[0] for f in findings] == expected


def test_a_file_that_is_extended_can_be_created() -> None:
    over = f"extends: [base.yaml]\n{SMALL}"
    assert "or create the file" in str(read_project(over)[1][0].hint)
    assert read_project(over, base="formats: {}\n")[0]


def test_every_rule_of_the_reader_has_a_followed_hint() -> None:
    """The rules of files have tests of their own above."""
    tables = [rule for _, _, rule, *_ in IN_THE_EXAMPLE.values()]
    tables += [rule for table in (DESTINATIONS, EXPORTS, TOPS) for _, rows in table.values() for rule, _ in rows]
    tables += [rule for table in (UNREADABLE, NOT_OURS) for _, rule, *_ in table.values()]
    tables += [mistake.rule for mistake in MISTAKES.values()]
    files = {"no-config", "file-name", "file-unreadable", "folder-given", "file-too-large", "file-not-utf8"}
    files |= {"file-ignored", "file-outside", "group-too-large", "secret-file-tracked"}

    assert {*tables, *files, "extends-cycle", "declared-twice"} == {rule.id for rule in READER_RULES}
