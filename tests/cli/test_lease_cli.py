"""What people and pipelines see of a lease: exit codes, messages, and an approval that another run made worthless."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from exportctl.cli import exit_codes
from exportctl.cli.main import main
from exportctl.emulator import Emulator
from exportctl.errors import LeaseHeld, LeaseLost
from tests.cli.command_line import CommandLine, Terminal
from tests.cli.workflow_steps import in_actions

OTHER = "[exportctl-lease/1 acme {} 0000aaaa] Jenkins nightly 7"


@pytest.fixture
def leased(applied: CommandLine) -> CommandLine:
    """An applied project that asks for a lease, with the lease made by a first apply, and one change to apply."""
    applied.edit("defaults:", "policy: {lease: true}\ndefaults:")
    applied.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], title: T1}")
    assert applied("apply", "--auto-approve").code == 0
    applied.edit("title: T1", "title: T2")
    return applied


def write_lease(emulator: Emulator, record: str) -> None:
    """Another run writes the lease, straight in the emulator."""
    found = next(c for c in emulator.snapshot("demo")["connections"] if "exportctl-lease/" in c["description"])
    headers = {
        "Authorization": f"Bearer {emulator.issue_token()}",
        "x-api-key": "emulator-client",
        "x-gw-ims-org-id": emulator.organization,
        "x-sandbox-name": "demo",
    }
    change = [{"op": "replace", "path": "/description", "value": OTHER.format(record)}]
    path = f"/data/foundation/flowservice/connections/{found['id']}"
    with httpx.Client(transport=httpx.WSGITransport(app=emulator), base_url="http://127.0.0.1:1") as client:
        etag = client.get(path, headers=headers).json()["items"][0]["etag"]
        answer = client.patch(path, headers={**headers, "If-Match": etag}, json=change)
    assert answer.is_success, answer.text


def let_another_run_work(run: CommandLine) -> None:
    """Another run has the lease and has just renewed it; reads show the renewal only after half a minute."""
    assert run("emulator", "switches", "set", "stale_reads=60").code == 0
    with closing(run.emulator()) as emulator:
        emulator.advance(61)
        write_lease(emulator, "taken 101")
        emulator.advance(61)
        write_lease(emulator, "taken 102")
        emulator.advance(30)


@pytest.mark.parametrize("command", [("apply", "--auto-approve"), ("renew",)], ids=["apply", "renew"])
def test_a_lease_of_a_run_at_work_is_exit_7_and_names_that_run(leased: CommandLine, command: tuple[str, ...]) -> None:
    with closing(leased.emulator()) as emulator:
        emulator.advance(160 * 86400)  # the ends are due
    let_another_run_work(leased)

    ended = leased(*command)

    assert ended.code == 7, ended.err
    assert "Jenkins nightly 7 holds the lease of project acme and is at work; nothing was written" in ended.err
    assert "run the same command again when that run has ended" in ended.err
    with closing(leased.emulator()) as emulator:
        assert {flow["name"] for flow in emulator.snapshot("demo")["flows"]} == {"T1", "returns"}


def test_exit_7_is_one_json_document(leased: CommandLine) -> None:
    let_another_run_work(leased)

    ended = leased("apply", "--auto-approve", "--format", "json")

    assert ended.code == 7
    assert [error["rule"] for error in ended.document["errors"]] == ["lease-held"]


def test_exit_7_is_an_outcome_for_a_pipeline(leased: CommandLine) -> None:
    let_another_run_work(leased)

    code, log, outputs, summary = in_actions(leased, "apply", "--auto-approve")

    assert code == 7
    assert [outputs[name] for name in ("result", "done", "failed", "left")] == ["lease-held", "0", "0", "1"]
    assert "### exportctl apply: lease-held" in summary
    assert log.count("::error title=lease-held::") == 1


def test_a_lease_of_a_dead_run_is_taken_and_the_wait_is_announced(leased: CommandLine) -> None:
    with closing(leased.emulator()) as emulator:
        write_lease(emulator, "taken 101")

    ended = leased("apply", "--auto-approve")

    assert ended.code == 0, ended.err
    assert "Jenkins nightly 7 holds the lease of project acme. Waiting up to 90 s" in ended.err
    assert "The lease was not renewed for 90 s: this run takes it." in ended.err
    with closing(leased.emulator()) as emulator:
        assert "T2" in {flow["name"] for flow in emulator.snapshot("demo")["flows"]}


class Watched(io.StringIO):
    """A stream that sends this process a signal as soon as a text is written."""

    def __init__(self, text: str):
        super().__init__()
        self.text = text

    def write(self, text: str, /) -> int:
        if self.text in text:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().write(text)


def test_a_freeze_that_begins_during_the_wait_blocks(leased: CommandLine) -> None:
    """The wait for the lease takes 90 seconds, and the freeze begins in one minute."""
    begins = datetime.fromtimestamp(leased("plan", "--format", "json").document["as_of"] + 60, UTC)
    freeze = f"{{name: fair, from: {begins:%Y-%m-%dT%H:%M:%SZ}, until: 2027-01-15T10:00:00Z, reason: agreed}}"
    leased.edit("policy: {lease: true}", f"policy: {{lease: true, freeze: [{freeze}]}}")
    with closing(leased.emulator()) as emulator:
        write_lease(emulator, "taken 101")

    ended = leased("apply", "--auto-approve")

    assert ended.code == 5
    assert "freeze fair lasts until 2027-01-15 10:00 UTC: agreed; nothing was written" in ended.err
    assert "apply later, or use --allow-freeze fair" in ended.err
    assert leased("apply", "--auto-approve", "--allow-freeze", "fair").code == 0


def test_a_signal_ends_the_wait_for_the_lease(leased: CommandLine) -> None:
    with closing(leased.emulator()) as emulator:
        write_lease(emulator, "taken 101")
    before, err = leased.writes(), Watched("Waiting up to 90 s")

    code = main(["-C", str(leased.folder), "apply", "--auto-approve"], {}, out=io.StringIO(), err=err)

    assert code == 8
    assert "interrupted while waiting for the lease; nothing was written" in err.getvalue()
    assert leased.writes() == before


class Reviewer(Terminal):
    """A person who says yes after something happened."""

    def __init__(self, meanwhile: Callable[[], Any]):
        super().__init__("yes\n")
        self.meanwhile = meanwhile

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        self.meanwhile()
        return super().readline()


def test_an_approval_is_void_if_the_plan_under_the_lease_is_another_one(leased: CommandLine) -> None:
    def write() -> None:
        with closing(leased.emulator()) as emulator:
            emulator.ui.path("returns", "elsewhere")

    ended = leased("apply", stdin=Reviewer(write), watched=True)

    assert ended.code == 6
    assert "the sandbox changed while this run waited for the lease; nothing was written" in ended.err
    with closing(leased.emulator()) as emulator:
        assert "T1" in {flow["name"] for flow in emulator.snapshot("demo")["flows"]}


def test_an_approval_that_still_holds_is_applied(leased: CommandLine) -> None:
    assert leased("apply", stdin=Reviewer(lambda: None), watched=True).code == 0
    leased.edit("title: T2", "title: T3")
    assert leased("plan", "--out", "plan.json").code == 0
    assert leased("apply", "plan.json").code == 0


def test_commands_that_only_read_do_not_take_the_lease(leased: CommandLine) -> None:
    before = leased.writes()

    ended = {command: leased(command).code for command in ("plan", "drift", "status", "forecast", "doctor")}

    assert ended == {"plan": 0, "drift": 0, "status": 0, "forecast": 0, "doctor": 0}
    assert leased.writes() == before


def test_an_apply_without_changes_does_not_take_the_lease(leased: CommandLine) -> None:
    assert leased("apply", "--auto-approve").code == 0
    before = leased.writes()

    assert leased("apply", "--auto-approve").code == 0
    assert leased("renew").code == 0

    assert leased.writes() == before


def test_doctor_says_who_has_the_lease(leased: CommandLine) -> None:
    assert "no run has the lease of acme" in leased("doctor").out
    with closing(leased.emulator()) as emulator:
        write_lease(emulator, "taken 101")

    shown = leased("doctor").out

    assert "Jenkins nightly 7 has the lease of acme" in shown
    assert "orphans" in shown


def test_import_does_not_offer_the_connection_of_the_lease(leased: CommandLine) -> None:
    assert leased("apply", "--auto-approve").code == 0

    ended = leased("import", "--all", "--format", "json")

    assert "exportctl lease" not in ended.out + ended.err


def test_explain_knows_the_lease(run: CommandLine) -> None:
    shown = run("explain", "lease").out

    assert "90 seconds" in shown
    assert json.dumps(run("explain", "7").out).count("lease") >= 1


@pytest.mark.parametrize("error", [LeaseHeld("held"), LeaseLost("lost")])
def test_both_errors_of_a_lease_are_exit_7(error: LeaseHeld) -> None:
    assert exit_codes.error_exit_code(error) == 7
