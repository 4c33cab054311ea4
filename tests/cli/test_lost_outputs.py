"""What an apply does when the places that only report on it are full, closed or missing: its work, and the truth."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from exportctl.cli import secondary_files
from exportctl.cli.main import main
from tests.cli.command_line import SMALL, CommandLine, ends_after

# What starts the tests may ignore SIGHUP, as `nohup` does, and so would what they start.
DEFAULT = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"
EXPORTCTL = [sys.executable, "-c", f"{DEFAULT}; from exportctl.cli import run; run()"]
APPLY = ("apply", "--auto-approve")
GOOD = "Final check: no changes."


class FullDisk(io.StringIO):
    """A stream on a disk that has `room` for so many characters."""

    def __init__(self, room: int = 0, why: int = errno.ENOSPC):
        super().__init__()
        self.room, self.why = room, why

    def write(self, text: str) -> int:
        if self.tell() + len(text) > self.room:
            raise OSError(self.why, os.strerror(self.why))
        return super().write(text)


def _run(run: CommandLine, *argv: str, out: Any = None, err: Any = None, **env: str) -> tuple[int, str, str]:
    out, err = out or io.StringIO(), err or io.StringIO()
    code = main(["-C", str(run.folder), *argv], {**run.env, **env}, stdin=io.StringIO(), out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def _process(run: CommandLine, command: str) -> subprocess.CompletedProcess[str]:
    words = f"{sys.executable} -c 'from exportctl.cli import run; run()' {command}"
    return subprocess.run(
        ["bash", "-c", words],
        cwd=run.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _is_applied(run: CommandLine) -> bool:
    return run("plan", "--detailed-exitcode").code == 0


def test_a_full_stderr_does_not_end_an_apply(run: CommandLine) -> None:
    code, out, _ = _run(run, *APPLY, err=FullDisk())

    assert code == 0
    assert GOOD in out
    assert "warning: stderr could not be written: no space left on device" in out
    assert _is_applied(run)


def test_a_stderr_that_fills_up_half_way_does_not_end_an_apply(run: CommandLine) -> None:
    code, out, err = _run(run, *APPLY, err=FullDisk(room=150))

    assert (code, GOOD in out) == (0, True)
    assert "done" in err
    assert _is_applied(run)


@pytest.mark.parametrize("why", [errno.ENOSPC, errno.EIO, errno.EPIPE])
@pytest.mark.parametrize("form", [("--format", "json"), ()], ids=["json", "text"])
def test_the_report_of_an_apply_goes_to_stderr_when_stdout_takes_none(
    run: CommandLine, form: tuple[str, ...], why: int
) -> None:
    code, _, err = _run(run, *APPLY, *form, out=FullDisk(why=why))

    assert code == 0
    assert f"warning: stdout could not be written: {os.strerror(why).lower()}" in err
    if form:
        assert json.JSONDecoder().raw_decode(err[err.index("{") :])[0]["kind"] == "apply"
    else:
        assert GOOD in err
    assert _is_applied(run)


def test_work_without_any_report_is_exit_10(run: CommandLine) -> None:
    assert _run(run, *APPLY, out=FullDisk(), err=FullDisk())[0] == 10
    assert _is_applied(run)


def test_the_audit_file_is_a_report_too(run: CommandLine) -> None:
    code = _run(run, *APPLY, "--audit", "audit.jsonl", out=FullDisk(), err=FullDisk())[0]

    assert code == 0
    assert '"ended"' in (run.folder / "audit.jsonl").read_text(encoding="utf-8")


def test_a_failed_apply_without_any_report_keeps_its_own_code(run: CommandLine) -> None:
    fault = '{"effect": "status", "status": 400, "method": "POST", "path": "flows$", "count": 0}'
    assert run("emulator", "faults", "add", fault).code == 0

    assert _run(run, *APPLY, out=FullDisk(), err=FullDisk())[0] == 4


def test_an_error_is_told_on_stdout_when_stderr_takes_none(run: CommandLine) -> None:
    run.edit("datasets: [Orders]", "datasets: [Orders], schedule: never")

    code, out, _ = _run(run, *APPLY, err=FullDisk())

    assert (code, "exports.yaml:" in out) == (1, True)


def test_a_plan_that_nobody_can_read_is_not_a_success(run: CommandLine) -> None:
    assert _run(run, "plan", out=FullDisk(), err=FullDisk())[0] == 10
    code, _, err = _run(run, "plan", out=FullDisk())
    assert (code, "to create" in err) == (0, True)


SECONDARY: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "audit full": (("--audit", "/dev/full"), {}),
    "audit in no folder": (("--audit", "no-such-folder/audit.jsonl"), {}),
    "audit is a folder": (("--audit", "."), {}),
    "output full": ((), {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "/dev/full"}),
    "output in no folder": ((), {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": "/no/such/folder/out"}),
    "summary full": ((), {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/dev/full"}),
}


@pytest.mark.parametrize("name", SECONDARY)
def test_a_file_that_only_reports_is_a_warning_and_never_steers_the_apply(run: CommandLine, name: str) -> None:
    more, env = SECONDARY[name]

    ended = run(*APPLY, *more, env=env)

    assert ended.code == 0
    assert GOOD in ended.out
    assert len([line for line in ended.err.splitlines() if "the run continues" in line]) == 1
    assert _is_applied(run)


def _pipe(run: CommandLine) -> Path:
    pipe = run.folder / "pipe"
    os.mkfifo(pipe)
    return pipe


def _open_to_read(pipe: Path, flags: int = 0) -> int:
    """Open a pipe with room for 4 KiB, which is less than an audit has."""
    handle = os.open(pipe, os.O_RDONLY | flags)
    fcntl.fcntl(handle, fcntl.F_SETPIPE_SZ, 4096)
    return handle


def test_pipes_that_no_process_reads_never_steer_the_apply(run: CommandLine) -> None:
    pipe = str(_pipe(run))

    with ends_after(20):
        env = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": pipe, "GITHUB_STEP_SUMMARY": pipe}
        ended = run(*APPLY, "--audit", pipe, env=env)

    assert (ended.code, GOOD in ended.out) == (0, True)
    warnings = [line for line in ended.err.splitlines() if line.startswith("warning:")]
    assert warnings == [
        f"warning: {name}: {pipe} cannot be written: no process reads this pipe; the run continues"
        for name in ("the audit file", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
    ]
    assert _is_applied(run)


def test_a_reader_that_is_slow_gets_each_line_of_the_audit_before_the_end(run: CommandLine) -> None:
    pipe = _pipe(run)
    parts: list[bytes] = []

    def read_slowly() -> None:
        handle = _open_to_read(pipe)  # waits for the writer, as `cat` does
        while part := os.read(handle, 700):
            parts.append(part)
            time.sleep(0.01)
        os.close(handle)

    reader = threading.Thread(target=read_slowly, daemon=True)
    reader.start()
    with ends_after(20):
        code = run(*APPLY, "--audit", "pipe").code
        reader.join()

    events = [json.loads(line)["event"] for line in b"".join(parts).splitlines()]
    assert (code, events[0], events[-1]) == (0, "started", "ended")
    assert events.count("step-started") == events.count("step-ended") > 2


def test_a_reader_that_has_stopped_never_steers_the_apply(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secondary_files, "PATIENCE", 0.2)
    handle = _open_to_read(_pipe(run), os.O_NONBLOCK)

    with ends_after(20):
        ended = run(*APPLY, "--audit", "pipe")
    os.close(handle)

    assert (ended.code, GOOD in ended.out) == (0, True)
    assert ended.err.count("pipe cannot be written: its reader has taken nothing for 0.2 s; the run continues") == 1
    assert _is_applied(run)


def test_the_audit_has_a_line_for_each_thing_in_the_order_of_time(run: CommandLine) -> None:
    assert run(*APPLY, "--audit", "audit.jsonl").code == 0

    lines = [json.loads(line) for line in (run.folder / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    events = [line["event"] for line in lines]
    assert (events[0], events[-1]) == ("started", "ended")
    assert lines[0]["steps"] == events.count("step-started") == events.count("step-ended") == len(lines[-1]["objects"])
    assert len({line["run"] for line in lines}) == 1
    begun = [line["address"] for line in lines if line["event"] == "step-started"]
    assert sorted(begun) == sorted(o["address"] for o in lines[-1]["objects"])


def test_a_kill_leaves_the_audit_of_what_was_done(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(SMALL)
    slow = '{"effect": "slow", "delay": 30, "method": "POST", "path": "flows$", "count": 0}'
    assert run("emulator", "faults", "add", slow).code == 0
    command = [*EXPORTCTL, *APPLY, "--audit", "audit.jsonl", "--parallelism", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"target connection" not in process.stderr.readline():
            assert process.poll() is None
        process.kill()

    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    done = [(line["kind"], line["status"]) for line in lines if line["event"] == "step-ended"]
    assert ("target_connection", "done") in done
    assert all(line["id"] for line in lines if line["event"] == "step-ended")
    assert "ended" not in {line["event"] for line in lines}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("apply --auto-approve >&- 2>/dev/null", 0),
        ("apply --auto-approve 2>&-", 0),
        ("apply --auto-approve >&- 2>&-", 10),
        ("apply --auto-approve <&- >/dev/full 2>/dev/full", 10),
        ("--help >/dev/full", 0),
    ],
)
def test_a_process_with_closed_or_full_streams_ends_with_the_code_of_its_work(
    run: CommandLine, command: str, code: int
) -> None:
    ended = _process(run, command)

    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert _is_applied(run) or "apply" not in command


def test_a_closed_terminal_ends_an_apply_in_good_order(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(SMALL)
    slow = '{"effect": "slow", "delay": 0.6, "method": "POST", "path": "flowservice", "count": 0}'
    assert run("emulator", "faults", "add", slow).code == 0
    with subprocess.Popen(
        [*EXPORTCTL, *APPLY], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None and process.stdout is not None
        assert b"done" in process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        report = process.stdout.read().decode()
        process.stderr.read()
        assert process.wait(timeout=60) == 8
    assert "not attempted" in report


def test_a_disk_that_fills_up_leaves_the_former_file_whole(run: CommandLine) -> None:
    """A limit on the size of files stands for the full disk: the write ends with an error after so many bytes."""
    assert run("plan", "--out", "plan.json").code == 0
    assert run("snapshot", "--out", "snapshot.json").code == 0
    before = {name: (run.folder / name).read_bytes() for name in ("plan.json", "snapshot.json", "exports.yaml")}

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        ended = [_run(run, "--now", "2027-01-16", *words)[0] for words in (("plan", "--out", "plan.json"),)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)

    assert ended == [1]
    assert before == {name: (run.folder / name).read_bytes() for name in before}
    assert not [f.name for f in run.folder.iterdir() if f.name.startswith(".plan.json")]


def test_a_state_folder_that_cannot_be_made_is_an_error_that_says_where(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(SMALL)
    (tmp_path / ".exportctl").write_text("in the way", encoding="utf-8")

    ended = run("plan")

    assert ended.code == 1
    assert "the embedded emulator cannot keep its state in" in ended.err and "with -C" in ended.err
    assert run("validate").code == 0
