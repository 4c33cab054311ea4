"""
A real Airflow for the tests: scheduler, triggerer, DAG processor and API server on free ports, in a session of its own.

Its state is read from its database, which is a SQLite file. At the end every process of its session is ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
VENV = Path(os.environ.get("EXPORTCTL_AIRFLOW") or ROOT / ".venv-airflow")
PATIENCE = 600.0  # seconds until a state that does not come is a failure
State = Mapping[tuple[str, int], str]  # task and map index -> state


def free_ports(count: int) -> list[int]:
    """Return ports that are free now, each another one."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def airflow_environment(home: Path, parallelism: int) -> dict[str, str]:
    """Return the environment of all processes of one Airflow."""
    api, worker_logs, trigger_logs = free_ports(3)
    settings = {
        "CORE__DAGS_FOLDER": home / "dags",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": parallelism,
        "CORE__MAX_ACTIVE_TASKS_PER_DAG": parallelism,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api}/execution/",
        "API__BASE_URL": f"http://127.0.0.1:{api}",
        "API__HOST": "127.0.0.1",
        "API__PORT": api,
        "API__WORKERS": 1,
        "WORKERS__EXECUTION_API_TIMEOUT": 120,  # its first answer is slow on a busy machine
        "DAG_PROCESSOR__REFRESH_INTERVAL": 5,
        "TRIGGERER__JOB_HEARTBEAT_SEC": 2,
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": 8,  # then another one takes the triggers of one that was killed
        "LOGGING__WORKER_LOG_SERVER_PORT": worker_logs,
        "LOGGING__TRIGGER_LOG_SERVER_PORT": trigger_logs,
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
    }
    return {
        "AIRFLOW_HOME": str(home),
        "HOME": str(home),
        "PATH": f"{VENV / 'bin'}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        **{f"AIRFLOW__{name}": str(value) for name, value in settings.items()},
    }


@dataclass(frozen=True)
class AirflowServer:
    """A running Airflow."""

    home: Path
    environment: Mapping[str, str]
    session: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)  # later, each in a session of its own

    @property
    def database(self) -> Path:
        return self.home / "airflow.db"

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=60)) as connection:
            return connection.execute(query, values).fetchall()

    def trigger(self, dag: str) -> None:
        """Start a run of a DAG with the id `test`, as soon as Airflow has read the DAG and its API serves tasks."""
        self.wait_until("the API server", lambda: is_served(self.environment["AIRFLOW__API__PORT"]))
        self.wait_until(f"the DAG {dag}", lambda: bool(self.rows("select 1 from serialized_dag where dag_id = ?", dag)))
        run_airflow(self.environment, "dags", "trigger", dag, "--run-id", "test")

    def states(self, dag: str) -> State:
        query = "select task_id, map_index, state from task_instance where dag_id = ? and run_id = 'test'"
        return {(task, index): state or "none" for task, index, state in self.rows(query, dag)}

    def run_state(self, dag: str) -> str:
        ((state,),) = self.rows("select state from dag_run where dag_id = ? and run_id = 'test'", dag)
        return str(state)

    def wait_until(self, what: str, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_there():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come; {self.home}: {self.tail()}")
            time.sleep(0.5)

    def replace_triggerer(self) -> None:
        """Kill the triggerer and what it started, as a lost machine would, and start another one."""
        lost = [pid for pid in session_processes(self.session) if "triggerer" in command_of(pid)]
        assert lost
        for pid in lost:
            _send(pid, signal.SIGKILL)
        words = (VENV / "bin" / "airflow", "triggerer")
        with (self.home / "triggerer.log").open("wb") as log:
            self.started.append(
                subprocess.Popen(words, env=self.environment, stdout=log, stderr=log, start_new_session=True)
            )

    def tail(self) -> str:
        return (self.home / "standalone.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def log(self, dag: str, task: str, index: int = -1) -> str:
        """Return the log of all attempts of a task."""
        files = (self.home / "logs" / f"dag_id={dag}").rglob("*.log")
        parts = {f"task_id={task}", *([f"map_index={index}"] if index >= 0 else [])}
        return "".join(f.read_text(encoding="utf-8") for f in sorted(files) if parts <= {*f.parts})

    def written_files(self) -> Iterator[Path]:
        """Yield every file that Airflow wrote: its database, logs of tasks and of its parts, its settings."""
        yield from (f for f in self.home.rglob("*") if f.is_file() and "dags" not in f.relative_to(self.home).parts)


def is_served(port: str) -> bool:
    """Say whether something takes connections at a port of this machine."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", int(port))) == 0


def run_airflow(environment: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        (VENV / "bin" / "airflow", *words), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@contextmanager
def run_server(
    home: Path, connections: Mapping[str, Mapping[str, str]], variables: Mapping[str, str], parallelism: int = 4
) -> Iterator[AirflowServer]:
    """Run an Airflow with the DAGs in `home/dags`; the secrets are in its database, before anything starts."""
    assert (VENV / "bin" / "airflow").exists(), f"no Airflow in {VENV}: run `make test-ecosystem`"
    environment = airflow_environment(home, parallelism)
    run_airflow(environment, "db", "migrate")
    for kind, given in (("connections", connections), ("variables", variables)):
        file = home / "dags" / f"{kind}.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        run_airflow(environment, kind, "import", str(file))
        file.unlink()
    with (home / "standalone.log").open("wb") as log:
        words = (VENV / "bin" / "airflow", "standalone")
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)
    server = AirflowServer(home, environment, process.pid)
    try:
        yield server
    finally:
        for one in (process, *server.started):
            end_session(one.pid)
            one.wait()


def end_session(session: int) -> None:
    """End every process of a session: those that ignore SIGTERM for some seconds with SIGKILL."""
    for sent, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 30.0)):
        deadline = time.monotonic() + seconds
        for pid in session_processes(session):
            _send(pid, sent)
        while session_processes(session) and time.monotonic() < deadline:
            time.sleep(0.2)


def session_processes(session: int) -> list[int]:
    """Return the processes of a session, without those that ended and were not waited for."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, _, _, own = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(own) == session and state != "Z":
            found.append(int(folder.name))
    return found


def command_of(pid: int) -> str:
    """Return the words of a process, nothing for one that ended."""
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _send(pid: int, sent: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, sent)
