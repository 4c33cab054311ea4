"""
The example DAG in a real Airflow over four emulated sandboxes that export to a real object store.

One sandbox rejects us, the run of one fails, and a file of one is gone until it is written again.
"""

from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.emulator import Emulator
from tests.airflow_provider.airflow_server import ROOT, AirflowServer, run_server, session_processes
from tests.cli.emulator_server import ORDERS, emulator, serve_app
from tests.real.readers import Rclone
from tests.real.servers import BUCKET, READER, WRITABLE_FOLDER, WRITER, seaweedfs

pytestmark = pytest.mark.ecosystem
SANDBOXES = ("dev", "stage", "prod", "eu")
DEV, STAGE, PROD, EU = range(4)
CONFIG = ORDERS + "environments:\n"
for before, after in (
    ('{every: 1 day, at: "02:00"}', '{every: 3 hours, at: "00:00"}'),
    ("format: parquet", "format: {type: parquet, manifest: true}"),
    ("bucket: acme-${environment}", f"bucket: {BUCKET}"),
    ("path: aep", f"path: {WRITABLE_FOLDER}/${{environment}}"),
    ("AKIAEXAMPLEEXAMPLEAA", WRITER.id),
    ("LAKE_KEY", "LAKE_SECRET_KEY"),
):
    CONFIG = CONFIG.replace(before, after)
PROD_FILES = f"weed-admin:{BUCKET}/{WRITABLE_FOLDER}/prod"
END_OF_DEV_AND_EU = ["success", "upstream_failed"]
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

DECISIONS_DAG = """\
from airflow.sdk import DAG, task
from exportctl_airflow.operators import (
    ExportctlApplyOperator, ExportctlDriftOperator, ExportctlPlanOperator, ExportctlVerifyOperator
)

COMMON = {"project": PROJECT, "executable": EXECUTABLE, "variables": {"LAKE_SECRET_KEY": "lake_secret_key"}}
DEV, EU = ({"environment": name, "conn_id": f"exportctl_{name}"} for name in ("dev", "eu"))

with DAG("decisions", schedule=None, default_args=COMMON):
    plan = ExportctlPlanOperator(task_id="plan", **DEV)

    @task.short_circuit
    def changed(has_changes):
        return has_changes

    @task
    def noted():
        return []

    @task
    def load():
        pass

    changed(plan.output["has_changes"]) >> ExportctlApplyOperator(
        task_id="apply", only_if=plan.output["digest"], **DEV
    )
    ExportctlDriftOperator.partial(task_id="nowhere").expand_kwargs(noted())
    ExportctlVerifyOperator(task_id="verify", on_findings="skip", **EU) >> load()
"""


def secret_of(name: str) -> str:
    """The secret in the connection of a sandbox; that of `stage` is not the one that the emulator knows."""
    return f"{name}-client-secret" + "-canary-wrong" * (name == "stage")


CANARIES = (WRITER.secret, READER.secret, *map(secret_of, SANDBOXES))


@dataclass(frozen=True)
class Gate:
    """Stands before the emulator. While the lock is held, nobody sees what the service and the storage do."""

    emulator: Emulator
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self.lock:
            return self.emulator(environ, start_response)


def write_project(folder: Path, url: str) -> None:
    folder.mkdir()
    environments = "".join(f"  {name}: {{platform: {{sandbox: {name}}}}}\n" for name in SANDBOXES)
    (folder / "exports.yaml").write_text(CONFIG.replace("URL", url) + environments, encoding="utf-8")


def write_dags(folder: Path, project: Path) -> None:
    """The example as it is, but for the values that a reader sets, too: nothing runs on a schedule."""
    folder.mkdir(parents=True)
    text = (ROOT / "examples" / "airflow" / "exports_dag.py").read_text(encoding="utf-8")
    program = folder.parent / "exportctl"
    decisions = DECISIONS_DAG.replace("PROJECT", repr(str(project))).replace("EXECUTABLE", repr(str(program)))
    (folder / "decisions.py").write_text(decisions, encoding="utf-8")
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


def connections(storage: str) -> dict[str, dict[str, str]]:
    """The connection of each sandbox; its extra has the key that reads the storage."""
    reader = {"AWS_ACCESS_KEY_ID": READER.id, "AWS_SECRET_ACCESS_KEY": READER.secret, "AWS_ENDPOINT_URL_S3": storage}
    common = {"conn_type": "exportctl", "extra": json.dumps(reader)}
    return {
        f"exportctl_{name}": {**common, "login": f"{name}-client", "password": secret_of(name)} for name in SANDBOXES
    }


@dataclass(frozen=True)
class EndedRun:
    """What was seen of a run: the states while it waited, while a file was missing, and at the end."""

    server: AirflowServer
    waiting: dict[str, list[str]]
    missing: dict[str, list[str]]
    ended: dict[str, list[str]]


def by_task(server: AirflowServer, dag: str) -> dict[str, list[str]]:
    """The states of each task, one for each sandbox; `none` while a task has no state."""
    states = server.states(dag)
    return {name: [states.get((f"sandbox.{name}", n), "none") for n in range(len(SANDBOXES))] for name in ALL}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndedRun]:
    folder = tmp_path_factory.mktemp("airflow")
    made = emulator(SANDBOXES)
    for name in ("dev", "prod"):
        made.ingest(name, "Orders", 30)
    gate = Gate(made)
    rclone = Rclone(folder / "rclone.conf")
    with closing(made), seaweedfs(folder / "seaweedfs", rclone) as storage, serve_app(gate) as url:
        place = {"endpoints": {"amazon-s3": {"url": storage.url}}}
        httpx.patch(f"{url}/_emulator/storage", json=place).raise_for_status()
        write_project(folder / "project", url)
        write_dags(folder / "home" / "dags", folder / "project")
        write_slow_apply(folder / "home")
        secrets = connections(storage.url), {"lake_secret_key": WRITER.secret}
        with run_server(folder / "home", *secrets) as server:
            yield observed_run(server, made, gate, rclone)
    assert [session_processes(one) for one in (server.session, *(one.pid for one in server.started))] == [[], []]


def observed_run(server: AirflowServer, made: Emulator, gate: Gate, rclone: Rclone) -> EndedRun:
    """Play the run: a triggerer is lost while three sensors wait, and a file of `prod` comes late."""

    def states(task: str) -> list[str]:
        return by_task(server, "exports")[task]

    server.trigger("exports")
    server.wait_until("three sensors that wait", lambda: states("arrived").count("deferred") == 3)
    server.wait_until("the end of stage", lambda: states("verify")[STAGE] == "upstream_failed")
    waiting = by_task(server, "exports")
    server.replace_triggerer()
    with gate.lock:
        forget_dataset(made, "eu")
        made.advance(3 * 3600)
        (file,) = (f.path for f in rclone.list_files(f"{PROD_FILES}") if f.path.endswith(".parquet"))
        content = rclone.read_file(f"{PROD_FILES}/{file}")
        rclone.delete_file(f"{PROD_FILES}/{file}")
    server.wait_until("the end of dev and eu", lambda: [states("verify")[n] for n in (DEV, EU)] == END_OF_DEV_AND_EU)
    server.wait_until("a look at prod", lambda: "FILES-MISSING" in server.log("exports", "sandbox.arrived", PROD))
    missing = by_task(server, "exports")
    rclone.write_file(f"{PROD_FILES}/{file}", content)
    server.wait_until("the end of the run", lambda: server.run_state("exports") in ("success", "failed"))
    return EndedRun(server, waiting, missing, by_task(server, "exports"))


def forget_dataset(made: Emulator, sandbox: str) -> None:
    """Take the dataset of a sandbox away: the next run of its export fails."""
    (dataset,) = (one for one in made.datasets(sandbox) if one["name"] == "Orders")
    with made.store.transaction():
        made.store.remove("datasets", dataset["id"])


def test_the_sensors_wait_in_the_triggerer(ended: EndedRun) -> None:
    assert ended.waiting["arrived"] == ["deferred", "upstream_failed", "deferred", "deferred"]
    assert ended.waiting["verify"] == ["none", "upstream_failed", "none", "none"]


def test_a_file_that_is_missing_frees_no_task(ended: EndedRun) -> None:
    assert (ended.missing["arrived"][PROD], ended.missing["verify"][PROD]) == ("deferred", "none")


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


@pytest.mark.parametrize("sandbox", [DEV, PROD])
def test_a_complete_run_says_what_to_load_and_that_its_files_were_seen(sandbox: int, ended: EndedRun) -> None:
    query = "select value from xcom where task_id = 'sandbox.arrived' and key = 'return_value' and map_index = ?"
    ((value,),) = ended.server.rows(query, str(sandbox))
    found = json.loads(value)
    (run,) = found["runs"]

    assert (found["state"], run["result"], run["evidence"], run["files"]) == ("ready", "COMPLETE", "manifest", 1)
    assert run["folder"].startswith(f"{WRITABLE_FOLDER}/{SANDBOXES[sandbox]}/")


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


def test_a_plan_without_changes_an_empty_list_and_a_finding_can_skip_what_comes_after(ended: EndedRun) -> None:
    ended.server.trigger("decisions")
    ended.server.wait_until("the end", lambda: ended.server.run_state("decisions") in ("success", "failed"))

    states = {task: state for (task, _), state in ended.server.states("decisions").items()}
    assert states == {
        **dict.fromkeys(("plan", "changed", "noted"), "success"),
        **dict.fromkeys(("apply", "nowhere", "verify", "load"), "skipped"),
    }


def test_an_apply_of_a_task_that_airflow_kills_still_finishes(ended: EndedRun) -> None:
    server = ended.server
    server.trigger("killed")
    server.wait_until("the start of the program", (server.home / "started").exists)
    server.wait_until("the end of the run", lambda: server.run_state("killed") == "failed")

    server.wait_until("the end of the program", (server.home / "released").exists)
    server.wait_until(
        "a task that was killed hard", lambda: b"SIGKILL" in (server.home / "standalone.log").read_bytes()
    )
