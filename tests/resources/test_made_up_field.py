"""A managed field is one row: a made-up one is planned, sent, compared, marked, accepted and imported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.resources.command_steps import EDIT_BY_HAND, Answer, Steps, run_steps

CONFIG = """version: 1
project: acme
platform: {url: embedded, organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo}
schedules: {daily: {every: 1 day, at: "02:00"}}
defaults: {schedule: daily, end: {rolling: 180 days}}
destinations:
  lake: {type: data-landing-zone, path: aep}
exports:
  orders:
    datasets: [Orders]
    destination: lake
    pace: slow
    stamped: true
"""
FASTER = CONFIG.replace("pace: slow", "pace: quick")
WITHOUT = CONFIG.replace("    pace: slow\n    stamped: true\n", "")
RELEASED = CONFIG.partition("exports:\n")[0] + "removed: [{export: orders, do: release, reason: moved}]\n"
STEPS: Steps = {
    "wrong": (CONFIG.replace("pace: slow", "pace: [1]"), ["validate"]),
    "seed": (CONFIG, ["emulator", "seed", "--from-config"]),
    "plan": (None, ["plan", "--format", "json"]),
    "apply": (None, ["apply", "--auto-approve"]),
    "plan again": (None, ["plan", "--detailed-exitcode"]),
    "pending": (FASTER, ["plan", "--format", "json"]),
    "pending text": (None, ["plan"]),
    "not written": (CONFIG, ["plan", "--detailed-exitcode"]),
    "undeclared": (WITHOUT, ["plan", "--format", "json"]),
    "faster": (FASTER, ["apply", "--auto-approve"]),
    "faster again": (None, ["plan", "--detailed-exitcode"]),
    "edit": (None, [EDIT_BY_HAND, "orders", "frequency", "crawling"]),
    "drift": (None, ["drift", "--format", "json"]),
    "conflict": (CONFIG, ["plan", "--format", "json"]),
    "accept": (FASTER, ["import", "--update", "orders", "--dry-run"]),
    "repair": (None, ["apply", "--auto-approve"]),
    "repair again": (None, ["plan", "--detailed-exitcode"]),
    "unset": (WITHOUT, ["apply", "--auto-approve"]),
    "unset again": (None, ["plan", "--detailed-exitcode"]),
    "set": (CONFIG, ["apply", "--auto-approve"]),
    "release": (RELEASED, ["apply", "--auto-approve"]),
    "import": (None, ["import", "--all"]),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What every step answered, each in the sandbox that the steps before left."""
    return run_steps("run_with_made_up_fields", STEPS, tmp_path_factory.mktemp("made-up"))


def changes(answer: Answer) -> dict[str, tuple[Any, Any, str]]:
    """The field changes of a plan or a drift: path -> before, after, cause."""
    result = json.loads(answer.out)["result"]
    shown = [field for item in result.get("items", ()) for field in item["fields"]]
    shown += [entry["field"] for entry in result.get("entries", ()) if entry["field"]]
    return {field["path"]: (field["before"], field["after"], field["cause"]) for field in shown}


def test_its_schema_is_checked(answers: dict[str, Answer]) -> None:
    assert answers["wrong"].code == 1
    assert '"pace" of export "orders" must be text, not a list' in answers["wrong"].text


def test_it_is_planned(answers: dict[str, Answer]) -> None:
    planned = changes(answers["plan"])
    assert planned["pace"] == (None, "slow", "create")
    assert planned["stamped"] == (None, True, "create")


def test_it_is_sent_and_the_next_plan_is_empty(answers: dict[str, Answer]) -> None:
    assert answers["apply"].code == 0
    assert "No changes." in answers["plan again"].out


def test_an_edit_of_the_yaml_is_a_pending_change_with_its_consequence(answers: dict[str, Answer]) -> None:
    assert changes(answers["pending"]) == {"pace": ("slow", "quick", "pending")}
    assert "warning: later runs have another pace" in answers["pending text"].out


def test_without_it_the_yaml_asks_for_its_default(answers: dict[str, Answer]) -> None:
    assert changes(answers["undeclared"]) == {"pace": ("slow", None, "pending"), "stamped": (True, False, "pending")}


@pytest.mark.parametrize("step", ["faster", "repair", "unset"])
def test_a_change_of_it_is_written(step: str, answers: dict[str, Answer]) -> None:
    assert answers[step].code == 0
    assert "No changes." in answers[f"{step} again"].out


def test_a_hand_edit_of_it_is_drift_because_the_marker_knows_what_was_applied(answers: dict[str, Answer]) -> None:
    assert answers["drift"].code == 3
    assert changes(answers["drift"]) == {"pace": ("crawling", "quick", "drift")}


def test_a_hand_edit_and_another_edit_of_the_yaml_are_a_conflict(answers: dict[str, Answer]) -> None:
    assert changes(answers["conflict"]) == {"pace": ("crawling", "slow", "conflict")}


def test_the_live_value_can_be_accepted_into_the_yaml(answers: dict[str, Answer]) -> None:
    assert answers["accept"].code == 0
    assert "-    pace: quick\n+    pace: crawling\n" in answers["accept"].out


def test_a_released_flow_is_imported_with_it(answers: dict[str, Answer]) -> None:
    assert answers["release"].code == 0
    assert answers["import"].code == 0
    assert "pace: slow\n" in answers["import"].out
    assert "stamped: true\n" in answers["import"].out
