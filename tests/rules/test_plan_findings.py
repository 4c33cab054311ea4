"""The planner's findings and gates are in their tables, and its findings obey `rules` and `allow` as all others do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from exportctl.cli.explain_topics import explain_topic
from exportctl.config import load as config
from exportctl.errors import Finding, Level
from exportctl.model.plan import UNKNOWN_RULES, Inventory, ListedDataset, Plan, PlanHeader
from exportctl.model.plan_options import PlanOptions
from exportctl.monitor.drift import _RULES as DRIFT_RULES
from exportctl.plan import planner
from exportctl.plan.desired import build_desired_state
from exportctl.rules.engine import BY_ID, RULES
from exportctl.rules.external_findings import PLAN_RULES_BY_ID as PLANNED
from exportctl.rules.rule import CheckStage, Rule, apply_settings
from exportctl.rules.rules_docs import rules_markdown
from exportctl.rules.safety_check_texts import BY_NAME, SAFETY_CHECKS, SafetyCheck
from tests.rules.rules_builder import all_findings, allow, export, location_at, project, setting

SOURCE = Path(__file__).parents[2] / "src" / "exportctl"
MODULES = [*sorted((SOURCE / "plan").glob("*.py")), SOURCE / "resources" / "marker.py"]


# What is made, and the call that makes it -> the argument that holds the id.
ID_ARGUMENT = {("Finding", "Finding"): 0, ("Finding", "finding"): 1, ("Refusal", "Refusal"): 0, ("Refusal", "Hold"): 0}


def id_arguments(made: str) -> Iterator[tuple[str, ast.expr]]:
    """Where the planning modules make a `Finding` (also by `desired.finding`) or a `Refusal`, and its id."""
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        helpers = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "finding"]
        passed_on = {node for helper in helpers for node in ast.walk(helper)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node not in passed_on:
                place = ID_ARGUMENT.get((made, node.func.id))
                if place is not None:
                    yield f"{path.name}:{node.lineno}", node.args[place] if len(node.args) > place else node.func


def names(made: str) -> set[str]:
    return {str(a.value) for _, a in id_arguments(made) if isinstance(a, ast.Constant)}


@pytest.mark.parametrize("made", ["Finding", "Refusal"])
def test_ids_are_written_out_where_they_are_used(made: str) -> None:
    assert [where for where, a in id_arguments(made) if not isinstance(a, ast.Constant)] == []


def test_every_finding_of_the_planner_is_in_the_table_and_no_other() -> None:
    assert sorted(names("Finding")) == sorted(PLANNED)


def test_every_gate_is_in_the_table_and_no_other() -> None:
    assert sorted(names("Refusal")) == sorted(gate.name for gate in SAFETY_CHECKS)


def test_all_rules_know_those_of_the_planner() -> None:
    assert {r.id for r in RULES if r.stage is CheckStage.PLAN} == set(PLANNED)


def test_what_keeps_a_plan_from_being_applied_and_what_fails_drift_the_final_check_or_renew_is_fixed() -> None:
    errors = {r.id for r in PLANNED.values() if r.level is Level.ERROR}
    must = errors | set(DRIFT_RULES) | set(UNKNOWN_RULES) | {"not-renewed"}

    assert must == {r.id for r in PLANNED.values() if r.fixed}


def test_the_page_has_a_section_for_each_table() -> None:
    checked, _, rest = rules_markdown().partition("## Found when planning\n")
    planned, _, rest = rest.partition("## Safety checks\n")
    gates, _, read = rest.partition("## Checked while the YAML is read\n")

    assert [i for i in PLANNED if f"| `{i}` | " not in planned] == []
    assert [g for g in BY_NAME if f"| `{g}` | " not in gates] == []
    assert [i for i in PLANNED if f"`{i}`]" in checked or f"| `{i}` | " in read] == []


def test_what_is_rule_and_gate_is_explained_as_both() -> None:
    _, words = explain_topic("duplicates")

    assert "rule duplicates: " in words
    assert "level: warning, fixed" in words
    assert "safety check duplicates: " in words
    assert f"To allow exactly this: {BY_NAME['duplicates'].allow}" in words


# -- the config may name them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [r for r in PLANNED.values() if not r.fixed], ids=lambda rule: rule.id)
def test_a_rule_of_the_planner_may_be_allowed_and_set(rule: Rule) -> None:
    name = rule.id

    assert all_findings(project(export(allow=(allow(name),)), rules={name: setting("off")})) == ()


@pytest.mark.parametrize("rule", [r for r in PLANNED.values() if r.fixed], ids=lambda rule: rule.id)
def test_a_fixed_rule_of_the_planner_may_be_neither_allowed_nor_lowered(rule: Rule) -> None:
    name = rule.id
    given = project(export(allow=(allow(name),)), rules={name: setting("off")})

    assert [f.rule for f in all_findings(given)] == ["fixed-rule", "fixed-rule"]
    assert all_findings(project(rules={name: setting("error")})) == ()


@pytest.mark.parametrize("gate", [g for g in SAFETY_CHECKS if g.name not in BY_ID], ids=lambda gate: gate.name)
def test_a_gate_is_opened_by_its_own_key_only(gate: SafetyCheck) -> None:
    given = project(export(allow=(allow(gate.name),)), rules={gate.name: setting("error")})

    findings = all_findings(given)

    assert [f.rule for f in findings] == ["fixed-rule", "fixed-rule"]
    assert all(gate.allow in (f.hint or "") for f in findings)


# -- levels at plan time ----------------------------------------------------------------------------------------------

FREE, FIXED, MISSING = "location-shared-with-others", "duplicates", "dataset-unknown"
HERE = "exports.orders"


def finding(rule: str) -> Finding:
    return Finding(rule, "something", location_at(1), "a hint", PLANNED[rule].level)


# rule, level set, `only`, address of the finding -> the level that is left
TABLE: dict[str, tuple[str, str | None, tuple[str, ...], str | None, str | None]] = {
    "no level": (FREE, None, (), HERE, "warning"),
    "off": (FREE, "off", (), HERE, None),
    "as it is": (FREE, "warning", (), HERE, "warning"),
    "raised": (FREE, "error", (), HERE, "error"),
    "off, only here": (FREE, "off", (HERE,), HERE, None),
    "off, only there": (FREE, "off", ("exports.web-*",), HERE, "warning"),
    "off, only by a glob": (FREE, "off", ("exports.*",), HERE, None),
    "off for an account": ("encryption-fixed", "off", ("destinations.lake",), "destinations.lake", None),
    "off for the whole": ("destination-limit", "off", (), None, None),
    "the whole has no address": ("destination-limit", "off", ("*",), None, "warning"),
    "fixed, off": (FIXED, "off", (), HERE, "warning"),
    "fixed, raised": (FIXED, "error", (), HERE, "error"),
    "fixed error, off": (MISSING, "off", (), HERE, "error"),
    "fixed error, lowered": (MISSING, "warning", (), HERE, "error"),
}


@pytest.mark.parametrize("row", TABLE)
def test_settings_of_a_finding(row: str) -> None:
    rule, level, only, address, left = TABLE[row]
    given = project(rules={rule: setting(level, *only)})

    assert ([left] if left else []) == [f.level for f in apply_settings([finding(rule)], given, PLANNED, address)]


@pytest.mark.parametrize(
    ("rule", "allowed", "address", "count"),
    [
        pytest.param(FREE, FREE, HERE, 0, id="on this export"),
        pytest.param(FREE, FREE, "exports.copy", 1, id="on another export"),
        pytest.param(FREE, FREE, None, 1, id="of the whole"),
        pytest.param(FREE, "orphans", HERE, 1, id="for another rule"),
        pytest.param(FIXED, FIXED, HERE, 1, id="of a fixed rule"),
    ],
)
def test_an_allowed_finding(rule: str, allowed: str, address: str | None, count: int) -> None:
    given = project(export(allow=(allow(allowed),)))

    assert count == len(apply_settings([finding(rule)], given, PLANNED, address))


def test_allow_goes_before_a_raised_level() -> None:
    given = project(export(allow=(allow(FREE),)), rules={FREE: setting("error")})

    assert apply_settings([finding(FREE)], given, PLANNED, HERE) == ()


def test_nothing_but_the_level_changes() -> None:
    (left,) = apply_settings([finding(FREE)], project(rules={FREE: setting("error")}), PLANNED, HERE)

    assert (left.rule, left.message, left.at, left.hint) == (FREE, "something", location_at(1), "a hint")


# -- in a plan --------------------------------------------------------------------------------------------------------

CONFIG = """
version: 1
project: acme-exports
platform: {organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: dev}
destinations: {drop: {type: data-landing-zone, path: exports}}
formats: {asked: {type: json, compression: gzip, manifest: true}}
exports:
  orders:
    datasets: [Orders]
    destination: drop
    schedule: {every: 1 day, at: "02:00", end: 2030-01-01}
    format: asked
"""
NO_MANIFEST = "manifest-not-offered"


def plan(more: str, *listed: str, renew_only: bool = False) -> Plan:
    """Of an empty sandbox in which datasets of these names can be exported."""
    made, found = config.load_project(config.parse_config({"exports.yaml": (CONFIG + more).encode()}), None, {})
    assert made is not None, found
    live = Inventory({}, tuple(ListedDataset(name.lower(), name) for name in listed), {})
    header = PlanHeader("org", "dev", None, made.name, "embedded")
    return planner.build_plan(
        build_desired_state(made, {}, {}), live, header, PlanOptions(renew_only=renew_only), 1_800_000_000
    )


def rule_texts(made: Plan) -> list[tuple[str, str]]:
    return [(f.rule, f.level.value) for item in made.items for f in item.findings]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param("", [(NO_MANIFEST, "warning")], id="without settings"),
        pytest.param(f"rules: {{{NO_MANIFEST}: {{level: error}}}}", [(NO_MANIFEST, "error")], id="raised"),
        pytest.param(f"rules: {{{NO_MANIFEST}: {{level: off, reason: known}}}}", [], id="off"),
        pytest.param(f"    allow: [{{rule: {NO_MANIFEST}, reason: known}}]", [], id="allowed"),
    ],
)
def test_a_plan_obeys_the_settings(more: str, expected: list[tuple[str, str]]) -> None:
    made = plan(more, "Orders")

    assert rule_texts(made) == expected
    assert bool(made.errors()) == ("error" in dict(expected).values())


def test_a_plan_keeps_what_is_fixed() -> None:
    made = plan("rules: {dataset-unknown: {level: off, reason: known}}", "Returns")

    assert rule_texts(made) == [("dataset-unknown", "error")]
    assert made.errors()
