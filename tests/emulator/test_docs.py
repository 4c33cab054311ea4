"""The tables that describe the emulator agree with its code, and the package stands alone."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import exportctl.emulator
from exportctl.emulator.assumptions import RULES
from exportctl.emulator.docs import emulator_markdown, tables_markdown
from exportctl.emulator.faults import EFFECTS
from exportctl.emulator.promises import PROMISES
from exportctl.emulator.questions.question import Probe
from exportctl.emulator.specs import MACRO_PATH, SAFE_PATTERNS
from exportctl.emulator.switches import QUESTIONS
from exportctl.emulator.wire import TITLES
from exportctl.probe import questions as probe_questions
from exportctl.profile.answers import Need

ROOT = Path(exportctl.emulator.__file__).parent
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(ROOT.rglob("*.py"))}


def test_a_comment_marks_where_each_rule_is_enforced_and_names_only_rules() -> None:
    named = {name for text in TEXTS.values() for name in re.findall(r"rule: ([a-z0-9-]+)$", text, re.MULTILINE)}

    assert named == set(RULES)


def test_rules_say_how_sure_we_are() -> None:
    for rule in RULES.values():
        assert rule.status in ("verified", "spec", "assumed")
        assert rule.text.endswith(".")
        assert rule.source
        for switch in re.findall(r"switch (\w+)", rule.source):
            assert switch in QUESTIONS


def test_every_code_in_the_source_has_a_title() -> None:
    used = {int(code) for text in TEXTS.values() for code in re.findall(r"\bflow_error\(\s*(\d{4})", text)}

    assert used
    assert used <= set(TITLES)


def test_the_description_holds_every_rule_switch_and_effect() -> None:
    text = tables_markdown()

    for name in (*RULES, *QUESTIONS):
        assert f"`{name}`" in text
    for effect in EFFECTS:
        assert f"| {effect} |" in text


def test_every_source_has_a_link_or_an_explanation() -> None:
    page = emulator_markdown()
    sources = [*(rule.source for rule in RULES.values()), *(question.source for question in QUESTIONS.values())]

    for tag in {tag for source in sources for tag in re.findall(r"\[([A-Za-z0-9-]+)\]", source)}:
        assert f"\n[{tag}]: https://" in page or f"`[{tag}]`" in page


def test_the_promises_are_those_of_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

    titles = re.findall(r"(?m)^\| \d+ \| \*?\*?(.+)", readme)
    assert len(titles) == len(PROMISES)
    for title, promise in zip(titles, PROMISES, strict=True):
        assert title.replace("**", "").startswith(promise)


@pytest.mark.parametrize("file", TEXTS)
def test_the_emulator_stands_alone(file: str) -> None:
    ours = ("exportctl.emulator", "exportctl.frozen", "exportctl.patterns")  # two know nothing of the service
    allowed = {"jsonschema", "waitress", "obstore", "asyncssh", "arro3", "typing_extensions"}
    for node in ast.walk(ast.parse(TEXTS[file])):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            assert not name.startswith("exportctl") or name.startswith(ours)
            assert name.split(".")[0] in allowed | {"exportctl"} | sys.stdlib_module_names


@pytest.mark.parametrize("file", TEXTS)
def test_files_stay_small_and_open_with_what_they_do(file: str) -> None:
    assert len(TEXTS[file].splitlines()) <= 400
    assert ast.get_docstring(ast.parse(TEXTS[file]))


@pytest.mark.parametrize(
    "path",
    ["", "a/b", "!-_.*'()", "%SEGMENT_NAME%", "a/%SEGMENT_ID%/%SEGMENT_NAME%", "a b", "%X%", "a%", "%SEGMENT_ID%x"],
)
def test_the_safe_path_pattern_accepts_what_the_published_one_does(path: str) -> None:
    published, safe = re.search(MACRO_PATH, path), re.search(SAFE_PATTERNS[MACRO_PATH], path)

    assert (published is None) is (safe is None)


@pytest.mark.parametrize(("need", "probe"), [(Need.FREE, Probe.FREE), (Need.EXPORT, Probe.EXPORT)])
def test_the_probe_asks_every_question_that_a_user_can_answer(need: Need, probe: Probe) -> None:
    """Add a row to a group of src/exportctl/probe, or class the switch Probe.NEVER and say in its text why."""
    asked = {name for name, question in probe_questions.QUESTIONS.items() if question.need is need}

    assert asked == {name for name, question in QUESTIONS.items() if question.probe is probe}
    assert str(need) == str(probe)
