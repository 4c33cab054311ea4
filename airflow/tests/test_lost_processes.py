"""A worker that is killed, a task that is killed before it starts, and looks that hang or are cancelled."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exportctl_airflow.airflow_exceptions import AirflowException, AirflowFailException, AirflowSkipException
from exportctl_airflow.hooks import start_failure
from exportctl_airflow.operators import ExportctlApplyOperator, ExportctlPlanOperator
from exportctl_airflow.process import CommandProcess, run_reading
from exportctl_airflow.sensors import ExportctlRunSensor
from exportctl_airflow.triggers import LOOKS_AT_ONCE, ExportctlRunTrigger
from tests.conftest import EMPTY_DOCUMENT, Emulated, python_script
from tests.test_operators import CONTEXT, options
from tests.test_provider import first_event

PATIENCE = 120.0  # seconds until a state that does not come is a failure
WORKER = """\
import sys
from exportctl_airflow.operators import ExportctlApplyOperator
project, executable = sys.argv[1:]
ExportctlApplyOperator(
    task_id="t", project=project, executable=executable, auto_approve=True, variables={"LAKE_KEY": "lake_key"}
).execute({})
"""


def wait_until(what: str, is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_there():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)


def processes_with(text: str) -> list[int]:
    """The processes with a word of the command in them, other than this one."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if folder.name.isdigit() and int(folder.name) != os.getpid() and text.encode() in words:
            found.append(int(folder.name))
    return found


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("when", ["before `execute`", "while secrets are read"])
def test_a_task_that_is_killed_before_exportctl_starts_starts_nothing(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    program = python_script(tmp_path / "exportctl", f"open({str(started)!r}, 'w')\n{EMPTY_DOCUMENT}")
    task = ExportctlApplyOperator(task_id="t", project=".", auto_approve=True, executable=program)

    class KillingEnvironment(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            task.on_kill()
            return super().__getitem__(name)

    if when == "before `execute`":
        task.on_kill()
    else:
        monkeypatch.setattr(os, "environ", KillingEnvironment(os.environ))

    with pytest.raises(AirflowException, match="killed before exportctl started"):
        task.execute(CONTEXT)
    assert not started.exists()


def test_a_task_whose_time_is_over_lets_the_process_end_cleanly(tmp_path: Path) -> None:
    released = tmp_path / "released"
    script = (
        "import pathlib, signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path({str(released)!r}).touch(), sys.exit(8)))\n"
        "print('started', file=sys.stderr, flush=True)\n"
        "time.sleep(600)\n"
    )
    process = CommandProcess([python_script(tmp_path / "exportctl", script)], {})

    def time_is_over(line: str) -> None:
        raise TimeoutError(line)  # Airflow raises its own from a signal handler, wherever the task is

    with tempfile.TemporaryFile() as stdout, pytest.raises(TimeoutError, match="started"):
        process.run(stdout, time_is_over)

    assert released.exists()


@pytest.mark.usefixtures("secrets")
def test_an_apply_outlives_its_worker_and_leaves_no_file(emulated: Emulated, tmp_path: Path) -> None:
    slow = {"effect": "slow", "method": "POST", "path": "/flowservice/", "count": 0, "delay": 2.0}
    emulated.emulator("faults", "add", json.dumps(slow))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    words = (sys.executable, "-c", WORKER, emulated.project, emulated.executable)
    env = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True) as worker:
        assert worker.stdout is not None
        assert any("[1/4] done" in line for line in worker.stdout)
        os.killpg(worker.pid, signal.SIGKILL)
        assert "[4/4] done" not in worker.stdout.read()
    wait_until("the end of the apply", lambda: processes_with(emulated.project) == [])
    emulated.emulator("faults", "clear")

    assert not ExportctlPlanOperator(**options(emulated)).execute(CONTEXT)["has_changes"]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "is_final"), [(errno.ENOENT, True), (errno.EACCES, True), (errno.ENOMEM, False), (errno.ETXTBSY, False)]
)
def test_a_program_that_cannot_be_started_now_may_be_started_later(number: int, is_final: bool) -> None:
    found = start_failure("exportctl", OSError(number, os.strerror(number)))

    assert isinstance(found, AirflowFailException) is is_final
    assert str(found).startswith(f"cannot start exportctl: {os.strerror(number)}")


def test_a_look_that_hangs_is_ended_and_gives_its_place_to_others(tmp_path: Path) -> None:
    program = python_script(
        tmp_path / "hangs", "import signal, time\nsignal.pthread_sigmask(0, {15})\ntime.sleep(600)\n"
    )

    with pytest.raises(TimeoutError, match="ended after"):
        asyncio.run(run_reading([program], {}, limit=0.5))

    wait_until("the end of the program", lambda: processes_with(program) == [])


def trigger(program: str, **more: Any) -> ExportctlRunTrigger:
    given = {"words": ["verify"], "conn_id": "exportctl_default", "deadline": time.time() + 600, "poll": 0.01}
    return ExportctlRunTrigger(**{**given, "executable": program, **more})


@pytest.mark.usefixtures("secrets")
def test_a_trigger_that_moves_to_another_triggerer_leaves_no_process_and_keeps_its_deadline(tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = python_script(tmp_path / "exportctl", f"import time\nopen({str(started)!r}, 'w')\ntime.sleep(600)\n")
    first = trigger(program)

    async def shut_down() -> None:
        running = asyncio.create_task(first_event(first))
        while not started.exists():
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(shut_down())
    _, kwargs = first.serialize()

    wait_until("the end of the look", lambda: processes_with(program) == [])
    assert ExportctlRunTrigger(**json.loads(json.dumps(kwargs))).deadline == first.deadline


@pytest.mark.usefixtures("secrets")
def test_a_triggerer_looks_at_a_few_exports_at_a_time(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, time\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "mine = folder / f'running-{os.getpid()}'\n"
        "mine.touch()\n"
        "time.sleep(0.3)\n"
        "(folder / f'seen-{len(list(folder.glob(\"running-*\")))}').touch()\n"
        f"mine.unlink()\n{EMPTY_DOCUMENT}"
    )
    program = python_script(tmp_path / "exportctl", script)

    async def run_all() -> None:
        await asyncio.gather(*(first_event(trigger(program)) for _ in range(3 * LOOKS_AT_ONCE)))

    asyncio.run(run_all())

    assert max(int(seen.name.partition("-")[2]) for seen in tmp_path.glob("seen-*")) <= LOOKS_AT_ONCE


def test_a_secrets_backend_that_is_away_for_a_while_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = python_script(tmp_path / "exportctl", EMPTY_DOCUMENT)
    waiting = asyncio.run(first_event(trigger(program, conn_id="away", deadline=0)))
    monkeypatch.setenv("AIRFLOW_CONN_AWAY", '{"conn_type": "exportctl", "extra": {"PATH": "/tmp"}}')
    failed = asyncio.run(first_event(trigger(program, conn_id="away")))

    assert (waiting["state"], waiting["reason"].partition(":")[0]) == ("waiting", "cannot look")
    assert (failed["state"], "PATH decides" in failed["reason"]) == ("failed", True)


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("parameter", ["soft_fail", "never_fail"])
def test_a_sensor_that_may_fail_softly_is_skipped(deferrable: bool, parameter: str, tmp_path: Path) -> None:
    given: Any = {parameter: True}
    task = ExportctlRunSensor(
        task_id="t", project=str(tmp_path), export="", deferrable=deferrable, poke_interval=0, **given
    )

    with pytest.raises(AirflowSkipException):
        task.execute(CONTEXT)
