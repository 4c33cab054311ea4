"""What only a process shows: signals in the middle of an apply, a reader that goes away, a terminal, odd encodings."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, CommandLine

# A job that a script starts in the background ignores SIGINT, and so would what it starts: here it is as at a terminal.
EXPORTCTL = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from exportctl.cli import run; run()",
]
PATIENCE = 60  # seconds without a word
SLOW = '{"effect": "slow", "delay": 0.6, "method": "POST", "path": "flowservice", "count": 0}'


def _environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **more}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_apply_in_good_order_and_a_second_one_completes_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    run = CommandLine(tmp_path)
    run.write(SMALL)
    assert run("emulator", "faults", "add", SLOW).code == 0
    with subprocess.Popen(
        [*EXPORTCTL, "apply", "--auto-approve"],
        cwd=tmp_path,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None and process.stdout is not None
        assert "done" in process.stderr.readline()
        process.send_signal(number)
        report = process.stdout.read()
        errors = process.stderr.read()
        assert process.wait(timeout=60) == 8, errors
    assert "Interrupted" in report
    assert "not attempted" in report, report

    assert run("emulator", "faults", "clear").code == 0
    assert run("apply", "--auto-approve").code == 0
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_reader_that_goes_away_is_no_error(run: CommandLine) -> None:
    whole = f"{sys.executable} -c 'from exportctl.cli import run; run()' plan | head -n 1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", whole],
        cwd=run.folder,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0
    assert "error" not in ended.stderr.lower()


def test_output_is_utf_8_whatever_the_locale_says(run: CommandLine) -> None:
    run.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], title: Bestellungen für Köln ✓}")
    env = _environment(LC_ALL="C", PYTHONIOENCODING="ascii")
    ended = subprocess.run([*EXPORTCTL, "plan"], cwd=run.folder, env=env, capture_output=True, timeout=60, check=True)
    assert "für Köln ✓" in ended.stdout.decode("utf-8")


def _read_until(terminal: int, words: bytes | None) -> bytes:
    """What is written to a terminal up to and with `words`, which must come; with None, all of it until its end."""
    seen = b""
    while words is None or words not in seen:
        assert select.select([terminal], [], [], PATIENCE)[0], f"{words!r} did not come after {seen!r}"
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            part = b""
        if not part:
            assert words is None, f"{words!r} did not come after {seen!r}"
            break
        seen += part
    return seen


def _start_apply(folder: Path, theirs: int) -> subprocess.Popen[bytes]:
    environment = _environment(TERM="xterm")
    asked = [*EXPORTCTL, "apply"]
    return subprocess.Popen(asked, cwd=folder, env=environment, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs)


def test_a_terminal_is_asked_and_sees_a_bar(run: CommandLine) -> None:
    ours, theirs = pty.openpty()
    with _start_apply(run.folder, theirs) as process:
        os.close(theirs)
        assert b"Apply this to sandbox demo?" in _read_until(ours, b"`yes` to apply: ")
        os.write(ours, b"yes\n")
        assert process.stdout is not None
        report = process.stdout.read().decode()
        assert b"applying" in _read_until(ours, None)
        assert process.wait(timeout=60) == 0
    os.close(ours)
    assert "Final check: no changes." in report


def test_an_interrupt_at_the_question_ends_it(run: CommandLine) -> None:
    ours, theirs = pty.openpty()
    with _start_apply(run.folder, theirs) as process:
        os.close(theirs)
        _read_until(ours, b"`yes` to apply: ")
        process.send_signal(signal.SIGINT)
        _read_until(ours, b"interrupted; nothing was being written")
        assert process.wait(timeout=60) == 8
    os.close(ours)
    assert run.writes() == 0


def test_closed_streams_are_no_error(run: CommandLine) -> None:
    whole = f"{sys.executable} -c 'from exportctl.cli import run; run()' apply <&- >&-"
    ended = subprocess.run(
        ["bash", "-c", whole], cwd=run.folder, env=_environment(), stderr=subprocess.PIPE, timeout=60, check=False
    )
    assert ended.returncode == 64


def test_serve_says_what_clients_need_and_ends_by_ctrl_c(run: CommandLine) -> None:
    asked = [*EXPORTCTL, "emulator", "serve", "--port", "0"]
    with subprocess.Popen(asked, cwd=run.folder, env=_environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().partition(" on ")[2].partition(". ")[0]
        assert "AEP_CLIENT_ID" in process.stdout.readline() + process.stdout.readline()
        assert run("emulator", "clock", "get", "--url", url).code == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_termination_while_reading_is_as_an_interrupt(run: CommandLine, form: str) -> None:
    asked_for, sent = threading.Event(), threading.Event()

    class Waiting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path == "/ims/token/v3":
                asked_for.set()
            sent.wait(PATIENCE)
            time.sleep(0.2)  # so that the signal is there first
            self.send_error(400)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Waiting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run.edit("url: embedded", f"url: http://127.0.0.1:{server.server_port}")
        env = _environment(AEP_CLIENT_ID="someone", AEP_CLIENT_SECRET="emulator-client-secret")
        asked = [*EXPORTCTL, "apply", "--auto-approve", "--format", form]
        with subprocess.Popen(
            asked, cwd=run.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert asked_for.wait(PATIENCE)
            process.send_signal(signal.SIGTERM)
            sent.set()
            out, err = process.communicate(timeout=PATIENCE)
        server.shutdown()
    assert process.returncode == 8, err
    if form == "json":
        assert [e["rule"] for e in json.loads(out)["errors"]] == ["interrupted"]
    else:
        assert "interrupted; nothing was being written" in err


def test_the_handler_of_terminations_is_restored(run: CommandLine) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert run("validate").code == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_it_runs_as_a_module(run: CommandLine) -> None:
    asked = [sys.executable, "-m", "exportctl", "validate"]
    ended = subprocess.run(
        asked, cwd=run.folder, env=_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "Valid."), ended.stderr
