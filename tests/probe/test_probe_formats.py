"""The questions of the probe on formats, ends and accounts: what it sends, and what it concludes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.emulator import Fault
from exportctl.emulator.switches import QUESTIONS
from tests.probe.probe_runs import objects_in_sandbox, probe_world, run_probe
from tests.workflows.world import World

REFUSING = {"manifest": "rejected", "json_uncompressed": "rejected", "lower_case_enums": "rejected"}


@pytest.mark.parametrize(
    ("setting", "found"),
    [("write", REFUSING), ("flow", REFUSING), ("run", {"lower_case_enums": "rejected"})],
    ids=["write", "flow", "run"],
)
def test_a_format_is_judged_where_the_service_checks_it(tmp_path: Path, setting: str, found: dict[str, str]) -> None:
    made = probe_world(tmp_path, invalid_params=setting, **REFUSING)
    result, profile = run_probe(made)

    assert profile.switches["invalid_params"] == setting
    assert {name: profile.switches[name] for name in REFUSING if name in profile.switches} == found
    assert profile.unanswered.keys() == REFUSING.keys() - found.keys()
    assert (result.remaining, objects_in_sandbox(made)) == ({}, [])


@pytest.mark.parametrize("name", ["sftp_port", "zero_interval", "longest_end", "empty_list", "not_found_status"])
def test_a_limit_or_form_of_the_service_is_found(tmp_path: Path, name: str) -> None:
    """Alone, so that no other setting can lead to the answer."""
    for setting in QUESTIONS[name].values:
        made = probe_world(tmp_path, **{name: setting})
        _, profile = run_probe(made)

        assert profile.switches[name] == setting
        assert objects_in_sandbox(made) == []


class RefusingTransport(httpx.WSGITransport):
    """Refuses requests with such a body, as a service does that no setting plays."""

    def __init__(self, made: World, is_refused: Callable[[str, Any], bool]) -> None:
        super().__init__(app=made.emulator)
        self._is_refused = is_refused

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.headers.get("Content-Type") == "application/json" else None
        if body is not None and self._is_refused(request.url.path, body):
            return httpx.Response(400, json={"errorCode": "FLOW-1400-400", "errorMessage": "Refused"})
        return super().handle_request(request)


def test_an_end_that_is_limited_otherwise_has_no_answer(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    latest = made.emulator.now + 100 * 86400

    def is_late(path: str, body: Any) -> bool:
        return isinstance(body, list) and "endTime" in str(body) and body[0]["value"]["endTime"] > latest

    _, profile = run_probe(made, RefusingTransport(made, is_late))

    assert "longest_end" not in profile.switches
    assert "no setting plays" in profile.unanswered["longest_end"]


def test_a_service_that_reaches_for_the_server_does_not_show_what_becomes_of_the_port(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    result, profile = run_probe(made, RefusingTransport(made, lambda path, body: ".invalid" in str(body)))

    assert "sftp_port" not in profile.switches
    assert "a host that does not exist" in profile.unanswered["sftp_port"]
    assert profile.switches["read_secrets"] == "mask"
    assert result.remaining == {}


def test_a_service_that_refuses_to_enable_a_flow_answers_all_else(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    made.emulator.add_fault(Fault("status", method="POST", path="/action", query="op=enable", count=0, status=400))
    _, profile = run_probe(made)

    assert "enabled: refused with 400" in str(profile.facts["states"])
    assert profile.unanswered == {}


def test_questions_without_their_objects_have_a_reason_and_the_others_are_asked(tmp_path: Path) -> None:
    made = probe_world(tmp_path)
    _, profile = run_probe(made, RefusingTransport(made, lambda path, body: path.endswith("/targetConnections")))

    assert profile.unanswered["patch_objects"] == "it needs an object that could not be created: target"
    assert profile.unanswered["zero_interval"] == "it needs an object that could not be created: target"
    assert profile.switches["not_found_status"] == 404


def test_the_states_name_each_action(tmp_path: Path) -> None:
    _, profile = run_probe(probe_world(tmp_path))

    assert profile.facts["states"] == (
        "created: enabled, disabled: disabled, enabled: enabled, patched: disabled, deleted: delete-finalizing, "
        "gone: 404"
    )
