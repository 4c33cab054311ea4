"""An interrupt ends with at most three lines and exit code 8, whatever the program does at that moment."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from exportctl.cli import exit_codes, interrupts
from exportctl.cli.main import main
from tests.cli.command_line import CommandLine, fixed_clock_command_line
from tests.cli.workflow_steps import SignalledAt

PATIENCE = 60  # seconds
# A job that a script starts in the background ignores SIGINT, and so would what it starts: here it is as at a terminal.
AT_A_TERMINAL = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
WHOLE = f"{AT_A_TERMINAL}from exportctl.cli import run; run()"
# It says when `run` begins to import the program.
STARTING = f"""{AT_A_TERMINAL}
import sys
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "exportctl.cli.main":
            print("starting", flush=True)
sys.meta_path.insert(0, Finder)
from exportctl.cli import run
run()
"""


@contextmanager
def _started(program: str, run: CommandLine, *argv: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    asked = [sys.executable, "-c", program, *argv]
    with subprocess.Popen(
        asked, cwd=run.folder, env=kept | variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process


def test_the_exit_code_is_the_documented_one() -> None:
    assert interrupts.EXIT_CODE == exit_codes.INTERRUPTED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_while_the_program_is_loaded_is_one_line(run: CommandLine, number: signal.Signals) -> None:
    with _started(STARTING, run, "plan") as process:
        assert process.stdout is not None and process.stdout.readline() == "starting\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)

    assert (process.returncode, errors) == (8, interrupts.TEXT)


# Python 3.11 makes a RuntimeError of an interrupt that comes while it names the fields of a class.
NAMING = f"""{AT_A_TERMINAL}
import sys
class Name:
    def __set_name__(self, owner, name):
        raise KeyboardInterrupt
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "exportctl.cli.main":
            type("Class", (), {{"field": Name()}})
sys.meta_path.insert(0, Finder)
from exportctl.cli import run
run()
"""
ENDING = f"""{AT_A_TERMINAL}
import atexit, os
atexit.register(lambda: [os.kill(os.getpid(), number) for number in (signal.SIGINT, signal.SIGTERM)])
from exportctl.cli import run
run()
"""


def test_an_interrupt_while_a_class_is_made_is_one_line(run: CommandLine) -> None:
    with _started(NAMING, run, "validate") as process:
        _, errors = process.communicate(timeout=PATIENCE)

    assert (process.returncode, errors) == (8, interrupts.TEXT)


def test_an_interrupt_while_the_process_ends_leaves_the_exit_code_of_the_command(run: CommandLine) -> None:
    with _started(ENDING, run, "explain", "absent-term") as process:
        _, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode == 64
    assert "absent-term" in errors
    assert "KeyboardInterrupt" not in errors


def test_an_interrupt_outside_of_a_command_is_said(run: CommandLine) -> None:
    class Interrupting(io.StringIO):
        def write(self, text: str) -> int:
            raise KeyboardInterrupt

    err = io.StringIO()

    assert main(["--help"], {}, out=Interrupting(), err=err) == 8
    assert err.getvalue() == interrupts.TEXT


@pytest.mark.parametrize(
    ("silent", "number"),
    [
        ("/ims", signal.SIGINT),
        ("/data", signal.SIGTERM),
        pytest.param("/ims", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("/data", signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_does_not_wait_for_a_server_that_says_nothing(
    run: CommandLine, silent: str, number: signal.Signals
) -> None:
    reached, ended = threading.Event(), threading.Event()

    class Silent(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            if self.path.startswith(silent):
                reached.set()
                ended.wait(PATIENCE)
            body = b'{"access_token": "x", "expires_in": 3600}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run.edit("url: embedded", f"url: http://127.0.0.1:{server.server_port}")
        credentials = {"AEP_CLIENT_ID": "someone", "AEP_CLIENT_SECRET": "emulator-client-secret"}
        with _started(WHOLE, run, "plan", **credentials) as process:
            assert reached.wait(PATIENCE)
            process.send_signal(number)
            _, errors = process.communicate(timeout=PATIENCE)
        ended.set()
        server.shutdown()

    assert (process.returncode, errors) == (8, interrupts.TEXT)


def test_an_interrupt_of_a_command_to_the_emulator_does_not_say_that_nothing_was_written(run: CommandLine) -> None:
    class Interrupting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Interrupt who asks, as Ctrl-C does, after the clock was moved and before the answer."""
            os.kill(os.getpid(), signal.SIGINT)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ThreadingHTTPServer(("127.0.0.1", 0), Interrupting) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ended = run("emulator", "clock", "advance", "1 day", "--url", f"http://127.0.0.1:{server.server_port}")
            server.shutdown()
    finally:
        signal.signal(signal.SIGINT, former)

    assert (ended.code, len(ended.err.splitlines())) == (exit_codes.INTERRUPTED, 2)
    assert "interrupted; the emulator may have done a part of it, or all" in ended.err


def test_an_interrupted_apply_says_in_three_lines_what_is_done_and_what_comes_next(tmp_path: Path) -> None:
    written = fixed_clock_command_line(tmp_path)
    out, err = io.StringIO(), SignalledAt("[1/")

    code = main(["-C", str(tmp_path), "apply", "--auto-approve"], written.env, out=out, err=err)

    after = out.getvalue().partition("To apply exactly this: ")[2].splitlines()[1:]
    assert code == 8
    assert len(after) == 3
    assert after[0].startswith("Interrupted: ")
    assert re.fullmatch(r"Apply: \d+ done, .*not attempted\. Nothing was rolled back\. No final check\.", after[1])
    assert after[2] == f"Next: exportctl -C {tmp_path} apply --auto-approve"
    assert "not attempted" not in err.getvalue()
    assert written(*after[2].partition("exportctl ")[2].split()).code == 0
