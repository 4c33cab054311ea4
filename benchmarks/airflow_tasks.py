"""
`drift` over many sandboxes as mapped tasks of Airflow, against `fleet drift` in one process: time, CPU and memory.

`python -m benchmarks.airflow_tasks [--sandboxes 100] [--exports 90] [--parallelism 16]` needs the environment of
`make test-airflow`. Airflow runs whole on this machine: scheduler, triggerer, DAG processor, API server and workers.
The sandboxes are those of `benchmarks.fleet`. It prints, and writes no file beside temporary ones.

The CPU is that of all processes of Airflow, of their children, and of those that ended, from the start of the DAG run
to its end. Memory is the proportional set size of all of them, twice a second: idle before the run, and the most in it.
The emulator is in neither.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.delayed_service import delayed_service
from benchmarks.fleet import measure_drift, write_projects
from benchmarks.tables import machine_class, table
from exportctl.client.rate_budget import PER_SECOND
from exportctl.emulator.auth import CLIENT_ID, CLIENT_SECRET
from tests.airflow_provider.airflow_server import AirflowServer, is_served, run_server

TICKS = os.sysconf("SC_CLK_TCK")
HEAD = ("what", "took s", "CPU s", "CPU s for each sandbox", "memory, MiB")
DAG = """\
from datetime import timedelta

from airflow.sdk import DAG
from exportctl_airflow.operators import ExportctlDriftOperator

with DAG("measured", schedule=None, max_active_tasks=PARALLELISM):
    ExportctlDriftOperator.partial(
        task_id="drift", executable=EXECUTABLE, variables={"ROLE": "lake_role_arn"}, retries=0
    ).expand(project=PROJECTS)
"""


@dataclass
class ProcessTree:
    """All processes below one, also those in sessions of their own."""

    root: int
    peak: int = 0  # KiB

    def pids(self) -> Iterator[int]:
        parents: dict[int, list[int]] = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and (stat := _stat(int(folder.name))):
                parents.setdefault(int(stat[1]), []).append(int(folder.name))
        waiting = [self.root]
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += parents.get(pid, [])

    def cpu(self) -> float:
        """Return the CPU seconds of all of them, with those of children that ended."""
        return sum(sum(map(int, stat[11:15])) for pid in self.pids() if (stat := _stat(pid))) / TICKS

    def memory(self) -> int:
        """Return the proportional set size of all of them, in KiB."""
        return sum(map(_pss, self.pids()))

    def watch(self, ended: threading.Event) -> None:
        while not ended.wait(0.5):
            self.peak = max(self.peak, self.memory())


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; nothing if the process is not there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow_tasks", description=__doc__)
    parser.add_argument("--sandboxes", type=int, default=100)
    parser.add_argument("--exports", type=int, default=90)
    parser.add_argument("--parallelism", type=int, default=16)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of each answer")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="airflow-") as name, delayed_service(asked.exports) as service:
        folder = Path(name)
        projects = folder / "projects"
        projects.mkdir()
        write_projects(projects, service, asked.sandboxes, asked.exports)
        service.measure(asked.latency)
        write_dag(folder, asked.sandboxes, asked.parallelism)
        account = {"conn_type": "exportctl", "login": CLIENT_ID, "password": CLIENT_SECRET}
        variables = {"lake_role_arn": "arn:aws:iam::123456789012:role/bench"}
        with run_server(folder / "home", {"exportctl_default": account}, variables, asked.parallelism) as server:
            lines = list(measure_tasks(server, asked.sandboxes, asked.parallelism))
        _, _, _, _, _, took, _, cpu, peak = measure_drift(service, projects, PER_SECOND, asked.latency)
        lines.append(("`exportctl fleet drift`", took, cpu, f"{float(str(cpu)) / asked.sandboxes:.2f}", peak))
    load = ", ".join(f"{value:.0f}" for value in os.getloadavg())
    print(f"{machine_class()}; load at the end {load}\n\n{table(HEAD, lines)}")


def write_dag(folder: Path, sandboxes: int, parallelism: int) -> None:
    program = folder / "exportctl"
    python = f"{shlex.quote(sys.executable)} -m exportctl"
    source = shlex.quote(os.pathsep.join(sys.path))
    program.write_text(f'#!/bin/sh\nPYTHONPATH={source} exec {python} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    names = [str(folder / "projects" / f"box-{number:03}") for number in range(sandboxes)]
    text = DAG.replace("PARALLELISM", str(parallelism)).replace("EXECUTABLE", repr(str(program)))
    (folder / "home" / "dags").mkdir(parents=True)
    (folder / "home" / "dags" / "measured.py").write_text(text.replace("PROJECTS", repr(names)), encoding="utf-8")


def measure_tasks(server: AirflowServer, sandboxes: int, parallelism: int) -> Iterator[tuple[object, ...]]:
    """Yield one line for Airflow with nothing to do, and one for the DAG run."""
    tree, ended = ProcessTree(server.session), threading.Event()
    server.wait_until("the API server", lambda: is_served(server.environment["AIRFLOW__API__PORT"]))
    server.wait_until("the DAG", lambda: bool(server.rows("select 1 from serialized_dag where dag_id = 'measured'")))
    time.sleep(10)  # what starts with Airflow is started
    idle, before, begun = tree.memory(), tree.cpu(), time.monotonic()
    time.sleep(20)
    spent = (tree.cpu() - before) / (time.monotonic() - begun)
    yield "Airflow with nothing to do, for each minute", "60", f"{60 * spent:.1f}", "", idle // 1024
    watcher = threading.Thread(target=tree.watch, args=(ended,))
    watcher.start()
    before = tree.cpu()
    server.trigger("measured")
    server.wait_until("the end", lambda: server.run_state("measured") in ("success", "failed"))
    cpu = tree.cpu() - before
    ended.set()
    watcher.join()
    assert server.run_state("measured") == "success", server.states("measured")
    times = "select start_date, end_date from dag_run where dag_id = 'measured'"
    took = _seconds(*server.rows(times)[0])
    tasks = "select start_date, end_date from task_instance where dag_id = 'measured'"
    middle = statistics.median(_seconds(*row) for row in server.rows(tasks))
    name = f"{sandboxes} mapped tasks, {parallelism} at once (a task takes {middle:.1f} s, the median)"
    yield name, f"{took:.1f}", f"{cpu:.1f}", f"{cpu / sandboxes:.2f}", tree.peak // 1024


def _seconds(begun: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()


if __name__ == "__main__":
    main()
