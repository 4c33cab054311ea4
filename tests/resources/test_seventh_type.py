"""A seventh destination type is one file, and its row in the emulator: every command works with it."""

from __future__ import annotations

import json

import pytest

from exportctl.model.secret import Secret
from exportctl.resources.destinations.type import Part
from exportctl.storage.access import storage_access
from exportctl.storage.access_types import AccessInputs, Sftp
from tests.resources.command_steps import TICKET, Answer, Steps, run_steps
from tests.resources.seventh_type import FILE_SHARE

CONFIG = """
version: 1
project: acme
platform: {url: embedded, organization: 0123456789ABCDEF01234567@AdobeOrg, sandbox: demo}
schedules: {daily: {every: 1 day, at: "02:00"}}
defaults: {schedule: daily, end: {rolling: 180 days}}
destinations:
  nas:
    type: file-share
    share: exports
    directory: aep
    server: files.example
    auth: {login: acme, ticket: "${env:TICKET}"}
exports:
  orders: {datasets: [Orders], destination: nas, subpath: orders}
"""
WRONG = CONFIG.replace("share: exports", "share: Exports").replace("type: file-share", "type: smb")
RELEASED = (
    CONFIG[: CONFIG.index("exports:\n  orders")] + "removed: [{export: orders, do: release, reason: handed over}]\n"
)
BARE = RELEASED[: RELEASED.index("destinations:")]
STEPS: Steps = {
    "wrong": (WRONG.replace("type: smb", "type: file-share"), ["validate"]),
    "alias": (WRONG, ["validate"]),
    "seed": (CONFIG, ["emulator", "seed", "--from-config"]),
    "validate": (None, ["validate"]),
    "plan": (None, ["plan", "--format", "json"]),
    "apply": (None, ["apply", "--auto-approve"]),
    "plan again": (None, ["plan", "--detailed-exitcode"]),
    "doctor": (None, ["doctor"]),
    "run": (None, ["emulator", "clock", "advance", "25 hours"]),
    "verify": (None, ["verify", "--deep", "--since", "2 days"]),
    "edit": (None, ["emulator", "ui", "path", "orders", "elsewhere", "--as", "jane"]),
    "drift": (None, ["drift"]),
    "repair": (None, ["apply", "--auto-approve"]),
    "drift again": (None, ["drift"]),
    "status": (None, ["status"]),
    "forecast": (None, ["forecast"]),
    "release": (RELEASED, ["apply", "--auto-approve"]),
    "import": (None, ["import", "--all"]),
    "import elsewhere": (BARE, ["import", "--all"]),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What every step answered, each in the sandbox that the steps before left."""
    return run_steps("run_with_seventh_type", STEPS, tmp_path_factory.mktemp("seventh"))


def test_its_own_pattern_is_checked(answers: dict[str, Answer]) -> None:
    assert answers["wrong"].code == 1
    assert "share 'Exports' is not allowed: 3-12 lower-case letters" in answers["wrong"].text


def test_another_name_for_it_is_known(answers: dict[str, Answer]) -> None:
    assert answers["alias"].code == 1
    assert 'did you mean "file-share"?' in answers["alias"].text


def test_a_config_with_it_is_valid_and_its_retention_is_said(answers: dict[str, Answer]) -> None:
    assert answers["validate"].code == 0
    assert "is a file share: Adobe deletes every file after 30 days" in answers["validate"].text


def test_it_is_planned_with_its_own_keys(answers: dict[str, Answer]) -> None:
    plan = json.loads(answers["plan"].out)["result"]
    shown = {field["path"]: field["after"] for item in plan["items"] for field in item["fields"]}
    expected = {"share": "exports", "directory": "aep/orders", "server": "files.example"}
    assert {path: shown.get(path) for path in expected} == expected
    assert shown["auth.login"] == "(sensitive)"
    assert plan["counts"]["create"] == 2


def test_it_is_applied_and_the_next_plan_is_empty(answers: dict[str, Answer]) -> None:
    assert answers["apply"].code == 0
    assert "Apply: 4 done." in answers["apply"].out
    assert answers["plan again"].code == 0  # --detailed-exitcode: 2 where something is to change
    assert "No changes." in answers["plan again"].out


def test_its_secret_is_shown_nowhere(answers: dict[str, Answer]) -> None:
    assert not [name for name, answer in answers.items() if TICKET in answer.text]


def test_doctor_says_what_its_storage_needs(answers: dict[str, Answer]) -> None:
    assert answers["doctor"].code == 0
    assert "destinations.nas (File Share) needs: write access to the share exports by ticket" in answers["doctor"].out


def test_its_files_are_verified(answers: dict[str, Answer]) -> None:
    assert answers["verify"].code == 0
    assert "COMPLETE" in answers["verify"].out


def test_a_hand_edit_of_its_location_is_drift_until_it_is_applied_over(answers: dict[str, Answer]) -> None:
    assert answers["drift"].code == 3
    assert 'directory: live "elsewhere", config "aep/orders"' in answers["drift"].out
    assert answers["repair"].code == 0
    assert answers["drift again"].code == 0


@pytest.mark.parametrize("name", ["status", "forecast"])
def test_it_is_shown_in(name: str, answers: dict[str, Answer]) -> None:
    assert answers[name].code == 0
    assert "exports.orders" in answers[name].out


def test_a_released_flow_of_it_is_imported_with_its_own_keys(answers: dict[str, Answer]) -> None:
    assert answers["release"].code == 0
    assert answers["import"].code == 0
    imported = answers["import"].out
    assert "destination: nas" in imported
    assert "subpath: orders" in imported


def test_a_flow_of_it_is_imported_where_no_destination_fits(answers: dict[str, Answer]) -> None:
    imported = answers["import elsewhere"].out
    assert answers["import elsewhere"].code == 0
    for line in ("type: file-share", "share: exports", "directory: aep/orders"):
        assert line in imported


def test_its_storage_is_read_by_the_protocol_that_it_names() -> None:
    inputs = AccessInputs(
        "nas",
        FILE_SHARE,
        {"share": "exports", "directory": "/aep"},
        {"server": "files.example"},
        auth={"login": "acme", "ticket": Secret(TICKET)},
    )
    access = storage_access(inputs)
    expected = Sftp("files.example", 22, "acme", "~/.ssh/known_hosts", "/", password=Secret(TICKET))
    assert access.method == expected
    assert FILE_SHARE.part_name(Part.CONTAINER) == "share"
