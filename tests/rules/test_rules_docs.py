"""docs/rules.md is written from the table; the modules of the rules stay pure, and fast on any text."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from exportctl.model.hold import NEAR_RUN
from exportctl.model.plan import PROTECT_RULES, Cause
from exportctl.rules.engine import BY_ID, RULES
from exportctl.rules.rule import CheckStage
from exportctl.rules.rules_docs import rules_markdown
from exportctl.rules.secrets import secret_shape
from exportctl.workflows.tracked_files import RULE as TRACKED
from tests.rules.rules_builder import all_findings, project

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src" / "exportctl").glob("rules/*.py"))
IMPURE = {"os", "pathlib", "httpx", "typer", "time", "random", "logging", "rich", "yaml", "datetime"}
# Modules that the reader of the YAML imports for words of the service, the schema or secrets; they make no findings.
WORDS_ONLY = re.compile(r"errors|model\.secret|resources\..*|config\.schema\..*")
# Texts in the reader's modules that only look like a rule id.
OTHER_WORDS = {"utf-8", "one-time", "token-url", NEAR_RUN, *Cause, *PROTECT_RULES}
RULE_ID = re.compile(r"[a-z]+(-[a-z0-9]+)+")


def modules(*names: str) -> set[str]:
    """The modules of the package that these import, themselves included."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in found or not file_of(name).exists():
            continue
        found.add(name)
        for node in ast.walk(parse_module(name)):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("exportctl."):
                below = str(node.module).removeprefix("exportctl").removeprefix(".")
                todo += [below, *(f"{below}.{a.name}".removeprefix(".") for a in node.names)]
    return found


def file_of(module: str) -> Path:
    return ROOT.joinpath("src", "exportctl", *module.split(".")).with_suffix(".py")


def parse_module(module: str) -> ast.Module:
    return ast.parse(file_of(module).read_text(encoding="utf-8"))


def ids_in(module: str) -> set[str]:
    """Every text with hyphens that could be a rule id, and the first argument of every Finding."""
    nodes = list(ast.walk(parse_module(module)))
    words = {id(n) for d in nodes if isinstance(d, ast.Dict) for n in ast.walk(d)}  # tables of names and hints
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in words}
    calls = [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "Finding"]
    firsts = {c.args[0].value for c in calls if c.args and isinstance(c.args[0], ast.Constant)}
    return {t for t in texts if RULE_ID.fullmatch(t)} | {str(f) for f in firsts}


def reader_ids() -> set[str]:
    names = {n for n in modules("config.load", "config.files") if not WORDS_ONLY.fullmatch(n)}
    return set().union({TRACKED}, *(ids_in(name) for name in names)) - OTHER_WORDS  # a workflow asks Git about files


def test_every_rule_of_the_reader_is_in_the_table() -> None:
    assert sorted(reader_ids() - set(BY_ID)) == []


def test_the_table_lists_no_rule_that_the_reader_has_not() -> None:
    assert sorted({rule.id for rule in RULES if rule.stage is CheckStage.READER} - reader_ids()) == []


def test_docs_are_the_table() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")

    assert rules_markdown() == page, "write docs/rules.md again from exportctl.rules.rules_docs.rules_markdown()"


def test_every_rule_is_on_the_page() -> None:
    page = rules_markdown()

    assert [rule.id for rule in RULES if f"`{rule.id}`" not in page] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_rules_are_pure(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert set() == {name.partition(".")[0] for name in names} & IMPURE


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "eyJ-" * 20_000, "://" * 30_000, "?sig=" * 20_000, "https://" * 10_000]
)
def test_the_search_for_secrets_ends_on_long_text(text: str) -> None:
    """A pattern that backtracks would not end on these in the life of the suite."""
    assert secret_shape(text) is None
    all_findings(project(repository=text))
