"""The operators run a real exportctl against its emulator, and map each end to what Airflow does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk._shared.secrets_masker import redact

from exportctl_airflow.airflow_exceptions import AirflowException, AirflowFailException, AirflowSkipException
from exportctl_airflow.hooks import ExportctlHook
from exportctl_airflow.operators import (
    ExportctlApplyOperator,
    ExportctlDriftOperator,
    ExportctlFleetOperator,
    ExportctlOperator,
    ExportctlPlanOperator,
    ExportctlRenewOperator,
    ExportctlVerifyOperator,
    shards,
)
from tests.conftest import EMPTY_DOCUMENT, LAKE_KEY, SECRET, Emulated, python_script

CONTEXT: Any = {}


def options(made: Emulated, **more: Any) -> dict[str, Any]:
    return {
        "task_id": "task",
        "project": made.project,
        "executable": made.executable,
        "variables": {"LAKE_KEY": "lake_key"},
        **more,
    }


@pytest.mark.usefixtures("secrets")
def test_a_plan_is_approved_by_its_digest_and_applied(emulated: Emulated, tmp_path: Path) -> None:
    report = tmp_path / "reports" / "plan.json"
    planned = ExportctlPlanOperator(**options(emulated, report=str(report))).execute(CONTEXT)
    applied = ExportctlApplyOperator(**options(emulated, only_if=planned["digest"])).execute(CONTEXT)
    again = ExportctlPlanOperator(**options(emulated)).execute(CONTEXT)
    renewed = ExportctlRenewOperator(**options(emulated, dry_run=True)).execute(CONTEXT)

    assert (planned["exit_code"], planned["has_changes"], planned["sandbox"]) == (2, True, "dev")
    assert json.loads(report.read_text(encoding="utf-8"))["result"]["digest"] == planned["digest"]
    assert report.stat().st_mode & 0o077 == 0
    assert (applied["exit_code"], applied["outcome"], applied["counts"]["done"]) == (0, "done", 4)
    assert (again["exit_code"], again["has_changes"]) == (0, False)
    assert renewed["exit_code"] == 0
    everything = json.dumps([planned, applied, again, renewed]) + report.read_text(encoding="utf-8")
    assert [secret for secret in (SECRET, LAKE_KEY) if secret in everything] == []


@pytest.mark.usefixtures("secrets")
def test_a_saved_plan_is_applied_and_a_stale_one_fails_for_good(emulated: Emulated, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    ExportctlPlanOperator(**options(emulated, plan_file=saved)).execute(CONTEXT)
    ExportctlApplyOperator(**options(emulated, plan_file=saved)).execute(CONTEXT)

    with pytest.raises(AirflowFailException, match="exit code 6, the plan is stale"):
        ExportctlApplyOperator(**options(emulated, only_if="0" * 64)).execute(CONTEXT)


@pytest.mark.usefixtures("secrets")
def test_drift_fails_the_task_for_good_skips_it_or_becomes_its_value(emulated: Emulated) -> None:
    ExportctlApplyOperator(**options(emulated, auto_approve=True)).execute(CONTEXT)
    emulated.emulator("ui", "disable", "orders")

    with pytest.raises(AirflowFailException, match="exit code 3, drift was found"):
        ExportctlDriftOperator(**options(emulated)).execute(CONTEXT)
    found = ExportctlDriftOperator(**options(emulated, on_findings="return")).execute(CONTEXT)

    assert (found["outcome"], found["exit_code"], found["counts"]["paused"]) == ("found", 3, 1)
    with pytest.raises(AirflowSkipException, match="exit code 3, drift was found"):
        ExportctlDriftOperator(**options(emulated, on_findings="skip")).execute(CONTEXT)


@pytest.mark.usefixtures("secrets")
def test_verify_says_what_is_not_complete(emulated: Emulated) -> None:
    with pytest.raises(AirflowFailException, match="exit code 9, not every run is complete"):
        ExportctlVerifyOperator(**options(emulated)).execute(CONTEXT)


@pytest.mark.usefixtures("secrets")
def test_a_rejected_credential_fails_for_good(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", '{"conn_type": "exportctl", "login": "emulator-client", "password": "no"}')

    with pytest.raises(AirflowFailException, match=r"answered 401.*\[unauthorized\]"):
        ExportctlPlanOperator(**options(emulated, conn_id="other")).execute(CONTEXT)


@pytest.mark.usefixtures("secrets")
def test_a_service_that_does_not_answer_lets_airflow_retry(emulated: Emulated) -> None:
    config = Path(emulated.project, "exports.yaml")
    config.write_text(config.read_text(encoding="utf-8").replace(emulated.url, "http://127.0.0.1:9"), encoding="utf-8")

    with pytest.raises(AirflowException, match=r"\[not-reached\]") as raised:
        ExportctlPlanOperator(**options(emulated)).execute(CONTEXT)

    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.usefixtures("secrets")
def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="cannot start no-such-program: No such file"):
        ExportctlPlanOperator(task_id="t", project=str(tmp_path), executable="no-such-program").execute(CONTEXT)


def test_a_variable_that_decides_which_code_runs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"conn_type": "exportctl", "extra": {"LD_PRELOAD": "/tmp/x.so"}}'
    monkeypatch.setenv("AIRFLOW_CONN_EXPORTCTL_DEFAULT", text)

    with pytest.raises(AirflowFailException, match="LD_PRELOAD decides which code runs"):
        ExportctlPlanOperator(task_id="t", project=str(tmp_path)).execute(CONTEXT)


@pytest.mark.usefixtures("secrets")
def test_variables_are_checked_before_a_secret_is_read(tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="PATH decides which code runs"):
        ExportctlPlanOperator(task_id="t", project=str(tmp_path), variables={"PATH": "no_such_key"}).execute(CONTEXT)


@pytest.mark.usefixtures("secrets")
def test_the_process_gets_no_other_variable_of_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import json, os\nprint(json.dumps({'format_version': 2, 'result': {'counts': dict(os.environ)}}))\n"
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "key")
    monkeypatch.setenv("AWS_PROFILE", "reader")
    monkeypatch.setenv("OTHER", "x")
    task = ExportctlOperator(
        task_id="t",
        project=".",
        executable=python_script(tmp_path / "exportctl", script),
        variables={"LAKE_KEY": "lake_key"},
        pass_env=["AWS_PROFILE"],
    )

    given = task.execute(CONTEXT)["counts"]

    assert given.pop("AWS_PROFILE") == "reader"
    assert given.pop("LAKE_KEY") == LAKE_KEY
    assert {name for name in given if name.startswith(("AIRFLOW", "OTHER", "PYTHON", "LD_"))} == set()


@pytest.mark.parametrize("side", ["worker", "triggerer"])
def test_every_secret_is_masked_in_what_airflow_logs(
    side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{side}-line-1\n{side}-line-2\n"
    account = {"conn_type": "exportctl", "password": f"{side}-password", "extra": {"SFTP_KEY": key}}
    monkeypatch.setenv("AIRFLOW_CONN_MASKED", json.dumps(account))
    monkeypatch.setenv("AIRFLOW_VAR_LAKE_KEY", f"{side}-variable")
    program = python_script(tmp_path / "exportctl", EMPTY_DOCUMENT)
    hook = ExportctlHook("masked", executable=program, variables={"LAKE_KEY": "lake_key"})

    if side == "worker":
        hook.run(["plan"], None, print)
    else:
        asyncio.run(hook.arun(["plan"]))

    assert redact(f"{side}-password, {side}-line-2 and {side}-variable") == "***, *** and ***"


@pytest.mark.usefixtures("secrets")
def test_a_task_that_is_killed_lets_the_process_end_cleanly(tmp_path: Path) -> None:
    started, released = tmp_path / "started", tmp_path / "released"
    script = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(0.5)\n"
        f"    pathlib.Path({str(released)!r}).touch()\n"
        "    sys.exit(8)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"pathlib.Path({str(started)!r}).touch()\n"
        "time.sleep(60)\n"
    )
    task = ExportctlApplyOperator(
        task_id="t", project=".", auto_approve=True, executable=python_script(tmp_path / "exportctl", script)
    )
    former = signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # as Airflow's task runner does
    killer = threading.Thread(target=kill_when, args=(started,))

    try:
        killer.start()
        with pytest.raises(AirflowException, match="exit code 8, interrupted"):
            task.execute(CONTEXT)
    finally:
        signal.signal(signal.SIGTERM, former)

    assert released.exists()


def kill_when(started: Path) -> None:
    """Send this process a SIGTERM when a file is there; after a minute in any case."""
    deadline = time.monotonic() + 60
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("approvals", [{}, {"only_if": "x", "auto_approve": True}, {"plan_file": "p", "only_if": "x"}])
def test_an_apply_needs_exactly_one_approval(approvals: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="exactly one of"):
        ExportctlApplyOperator(task_id="t", project=".", **approvals)


@pytest.mark.usefixtures("secrets")
def test_an_empty_approval_approves_nothing() -> None:
    with pytest.raises(AirflowFailException, match="is empty"):
        ExportctlApplyOperator(task_id="t", project=".", only_if="").execute(CONTEXT)


@pytest.mark.usefixtures("secrets")
def test_a_shard_of_many_sandboxes_is_one_task(emulated: Emulated) -> None:
    config = Path(emulated.project, "exports.yaml").read_text(encoding="utf-8")
    for name in ("sales", "web"):
        Path(emulated.project, name).mkdir()
        Path(emulated.project, name, "exports.yaml").write_text(config.replace("acme", name), encoding="utf-8")
    Path(emulated.project, "exports.yaml").unlink()

    def run(shard: str) -> dict[str, Any]:
        return ExportctlFleetOperator(**options(emulated, fleet="status", shard=shard)).execute(CONTEXT)

    found = [run(shard) for shard in shards(2)]

    assert [(one["command"], one["sandboxes"], one["noted"]) for one in found] == [("fleet status", 1, [])] * 2
    planned = ExportctlFleetOperator(**options(emulated, fleet="plan", shard="1/2")).execute(CONTEXT)
    (place,) = planned["noted"]
    assert (place["project"], place["environment"]) == (str(Path(emulated.project, "sales")), None)
    assert ExportctlPlanOperator(**options(emulated) | place).execute(CONTEXT)["has_changes"]
    Path(emulated.project, "web", "exports.yaml").write_text("version: 2\n", encoding="utf-8")
    with pytest.raises(AirflowFailException, match="fleet status: exit code 1, error: "):
        ExportctlFleetOperator(**options(emulated, fleet="status")).execute(CONTEXT)
