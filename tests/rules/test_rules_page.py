"""docs/rules.md is written from the table, and the modules of the rules stay pure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from exportctl.rules import RULES
from exportctl.rules_page import rules_markdown

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src" / "exportctl").glob("rules*.py"))
IMPURE = {"os", "pathlib", "httpx", "typer", "time", "random", "logging", "rich", "yaml", "datetime"}


def test_docs_are_the_table() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")

    assert rules_markdown() == page, "write docs/rules.md again from exportctl.rules_page.rules_markdown()"


def test_every_rule_is_on_the_page() -> None:
    page = rules_markdown()

    assert [rule.id for rule in RULES if f"`{rule.id}`" not in page] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_rules_are_pure(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert set() == {name.partition(".")[0] for name in names} & IMPURE
