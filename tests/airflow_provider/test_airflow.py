"""The example DAG in a real Airflow over four emulated sandboxes: one rejects us, and the run of one fails."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from exportctl.emulator import Emulator
from tests.airflow_provider.airflow_server import ROOT, AirflowServer, run_server, session_processes
from tests.cli.emulator_server import ORDERS, emulator, serve_app

pytestmark = pytest.mark.ecosystem
SANDBOXES = ("dev", "stage", "prod", "eu")
DEV, STAGE, PROD, EU = range(4)
LAKE_KEY = "canary/lake+canary/lake+canary/lake+cana"
CONFIG = (
    ORDERS.replace('{every: 1 day, at: "02:00"}', '{every: 3 hours, at: "00:00"}').replace(
        "LAKE_KEY", "LAKE_SECRET_KEY"
    )
    + "environments:\n"
)
ALL = ("plan", "apply", "arrived", "verify")
SLOW_PROGRAM = """\
#!PYTHON
import pathlib, signal, sys, time
def end(*_):
    time.sleep(12)  # longer than Airflow waits before it kills
    pathlib.Path(FOLDER, "released").touch()
    sys.exit(8)
signal.signal(signal.SIGTERM, end)
pathlib.Path(FOLDER, "started").touch()
time.sleep(600)
"""
KILLED_DAG = """\
from datetime import timedelta

from airflow.sdk import DAG
from exportctl_airflow.operators import ExportctlApplyOperator

with DAG("killed", schedule=None, dagrun_timeout=timedelta(seconds=20)):
    ExportctlApplyOperator(
        task_id="apply", project=".", conn_id="exportctl_dev", executable=EXECUTABLE, auto_approve=True
    )
"""


def secret_of(name: str) -> str:
    """The secret in the connection of a sandbox; that of `stage` is not the one that the emulator knows."""
    return f"{name}-client-secret" + "-canary-wrong" * (name == "stage")


CANARIES = (LAKE_KEY, *map(secret_of, SANDBOXES))


def write_project(folder: Path, url: str) -> None:
    folder.mkdir()
    environments = "".join(f"  {name}: {{platform: {{sandbox: {name}}}}}\n" for name in SANDBOXES)
    (folder / "exports.yaml").write_text(CONFIG.replace("URL", url) + environments, encoding="utf-8")


def write_dags(folder: Path, project: Path) -> None:
    """The example as it is, but for the values that a reader sets, too: nothing runs on a schedule."""
    folder.mkdir(parents=True)
    text = (ROOT / "examples" / "airflow" / "exports_dag.py").read_text(encoding="utf-8")
    program = folder.parent / "exportctl"
    python = f"{shlex.quote(sys.executable)} -m exportctl"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT / "src"))} exec {python} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    for before, after in (
        ('"/srv/aep-exports"', repr(str(project))),
        ('"/opt/exportctl/bin/exportctl"', repr(str(program))),
        ("timedelta(minutes=5)", "timedelta(seconds=2)"),
        ('schedule="@daily"', "schedule=None"),
        ('schedule="@hourly"', "schedule=None"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    (folder / "exports_dag.py").write_text(text, encoding="utf-8")


def write_slow_apply(folder: Path) -> None:
    """A DAG run that Airflow ends, and a program that stands for an apply that still has to finish its writes."""
    program = folder / "slow"
    text = SLOW_PROGRAM.replace("PYTHON", sys.executable).replace("FOLDER", repr(str(folder)))
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    text = KILLED_DAG.replace("EXECUTABLE", repr(str(program)))
    (folder / "dags" / "killed.py").write_text(text, encoding="utf-8")


def connections() -> dict[str, dict[str, str]]:
    return {
        f"exportctl_{name}": {"conn_type": "exportctl", "login": f"{name}-client", "password": secret_of(name)}
        for name in SANDBOXES
    }


@dataclass(frozen=True)
class EndedRun:
    """What was seen of a run that ended: the states while it waited, and what is left."""

    server: AirflowServer
    waiting: dict[str, list[str]]
    ended: dict[str, list[str]]


def by_task(server: AirflowServer, dag: str) -> dict[str, list[str]]:
    """The states of each task, one for each sandbox; `none` while a task has no state."""
    states = server.states(dag)
    return {name: [states.get((f"sandbox.{name}", n), "none") for n in range(len(SANDBOXES))] for name in ALL}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndedRun]:
    folder = tmp_path_factory.mktemp("airflow")
    made = emulator(SANDBOXES)
    made.ingest("dev", "Orders", 30)
    with closing(made), serve_app(made) as url:
        write_project(folder / "project", url)
        write_dags(folder / "home" / "dags", folder / "project")
        write_slow_apply(folder / "home")
        with run_server(folder / "home", connections(), {"lake_secret_key": LAKE_KEY}) as server:
            server.trigger("exports")
            server.wait_until(
                "three sensors that wait", lambda: by_task(server, "exports")["arrived"].count("deferred") == 3
            )
            server.wait_until(
                "the end of stage", lambda: by_task(server, "exports")["verify"][STAGE] == "upstream_failed"
            )
            waiting = by_task(server, "exports")
            forget_dataset(made, "eu")
            made.advance(3 * 3600)
            server.wait_until("the end of the run", lambda: server.run_state("exports") in ("success", "failed"))
            yield EndedRun(server, waiting, by_task(server, "exports"))
    assert session_processes(server.session) == []


def forget_dataset(made: Emulator, sandbox: str) -> None:
    """Take the dataset of a sandbox away: the next run of its export fails."""
    (dataset,) = (one for one in made.datasets(sandbox) if one["name"] == "Orders")
    with made.store.transaction():
        made.store.remove("datasets", dataset["id"])


def test_the_sensors_wait_in_the_triggerer(ended: EndedRun) -> None:
    assert ended.waiting["arrived"] == ["deferred", "upstream_failed", "deferred", "deferred"]
    assert ended.waiting["verify"] == ["none", "upstream_failed", "none", "none"]


def test_two_sandboxes_fail_and_stop_no_other(ended: EndedRun) -> None:
    good, rejected = ["success"] * 4, ["failed", *["upstream_failed"] * 3]

    assert [[ended.ended[task][n] for task in ALL] for n in range(4)] == [
        good,
        rejected,
        good,
        ["success", "success", "failed", "upstream_failed"],
    ]


def test_each_failure_says_why_and_is_not_tried_again(ended: EndedRun) -> None:
    rejected, failed = (
        ended.server.log("exports", "sandbox.plan", STAGE),
        ended.server.log("exports", "sandbox.arrived", EU),
    )
    tries = ended.server.rows("select max(try_number) from task_instance where dag_id = 'exports'")

    assert "answered 401: the client id, the client secret or the scopes are wrong" in rejected
    assert "exports.orders Orders: FAILED: " in failed
    assert tries == [(1,)]


def test_a_complete_run_says_what_to_load(ended: EndedRun) -> None:
    query = "select value from xcom where task_id = 'sandbox.arrived' and key = 'return_value' and map_index = ?"
    ((value,),) = ended.server.rows(query, str(DEV))

    assert '"ready"' in value
    assert '"COMPLETE"' in value


def test_no_secret_is_in_what_airflow_wrote(ended: EndedRun) -> None:
    files = list(ended.server.written_files())
    names = {f.name for f in files}
    found = [(f.name, canary) for f in files for canary in CANARIES if canary.encode() in f.read_bytes()]

    assert {"airflow.db", "standalone.log"} <= names
    assert len([f for f in files if "task_id=sandbox.apply" in str(f)]) == 3
    assert found == []


def test_drift_of_all_sandboxes_is_one_mapped_task(ended: EndedRun) -> None:
    ended.server.trigger("exports_drift")
    ended.server.wait_until("the end", lambda: ended.server.run_state("exports_drift") in ("success", "failed"))

    states = ended.server.states("exports_drift")
    assert [states["drift", n] for n in (DEV, STAGE, PROD)] == ["success", "failed", "success"]


def test_an_apply_of_a_task_that_airflow_kills_still_finishes(ended: EndedRun) -> None:
    server = ended.server
    server.trigger("killed")
    server.wait_until("the start of the program", (server.home / "started").exists)
    server.wait_until("the end of the run", lambda: server.run_state("killed") == "failed")

    server.wait_until("the end of the program", (server.home / "released").exists)
    server.wait_until(
        "a task that was killed hard", lambda: b"SIGKILL" in (server.home / "standalone.log").read_bytes()
    )
