"""
The three rules of the layout, and the shape of modules and functions, checked on every module of src.

The rules are in `tests/architecture_checks.py`, what may break them in `tests/architecture_exceptions.py`. The faults
in `tests/architecture_faults.py` are planted one by one into the same tree, and each must be caught.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

import pytest

from tests.architecture_checks import CHECKS, Finding
from tests.architecture_exceptions import EXCEPTIONS
from tests.architecture_faults import FAULTS, HARMLESS, IN_PLANNER, Fault
from tests.layout import PACKAGES, Tree, read_tree, render_layout


@cache
def all_findings(rule: str) -> list[Finding]:
    return list(CHECKS[rule](read_tree()))


@cache
def empty_tree() -> Tree:
    return {name: ast.Module([], []) for name in read_tree()}


def is_allowed(finding: Finding, entry: tuple[str, str]) -> bool:
    pattern, subject = entry
    return finding.subject == subject and fnmatchcase(finding.module, pattern)


def findings_with(rule: str, modules: Mapping[str, str]) -> list[Finding]:
    """What a rule finds in planted modules. The other modules are known by name and empty, which is quick."""
    planted: Tree = {**empty_tree(), **{name: ast.parse(source) for name, source in modules.items()}}
    return [finding for finding in CHECKS[rule](planted) if finding.module in modules]


@pytest.mark.parametrize("rule", CHECKS)
def test_the_rule_holds(rule: str) -> None:
    allowed = EXCEPTIONS.get(rule, {})

    assert [str(f) for f in all_findings(rule) if not any(is_allowed(f, entry) for entry in allowed)] == []


@pytest.mark.parametrize("rule", CHECKS)
def test_every_exception_is_needed(rule: str) -> None:
    allowed = EXCEPTIONS.get(rule, {})

    assert [entry for entry in allowed if not any(is_allowed(f, entry) for f in all_findings(rule))] == []


def test_every_exception_has_a_reason_and_a_rule() -> None:
    assert set(EXCEPTIONS) <= set(CHECKS)
    assert all(reason for allowed in EXCEPTIONS.values() for reason in allowed.values())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault) -> None:
    assert findings_with(fault.rule, fault.modules) != []


@pytest.mark.parametrize("rule", CHECKS)
def test_a_rule_accepts_a_harmless_module(rule: str) -> None:
    assert findings_with(rule, {IN_PLANNER: HARMLESS}) == []


def test_every_rule_has_a_planted_fault() -> None:
    assert {fault.rule for fault in FAULTS} == set(CHECKS)


def test_the_layout_prints_on_one_screen_with_no_arrow_up() -> None:
    printed = render_layout(read_tree())

    assert len(printed.splitlines()) <= len(PACKAGES) + 1
    assert max(len(line) for line in printed.splitlines()) <= 200
    assert "^" not in printed


def test_the_layout_marks_an_arrow_that_points_up() -> None:
    planted = {**empty_tree(), "model.planted": ast.parse("from exportctl.plan import planner")}

    assert "^plan" in render_layout(planted)
