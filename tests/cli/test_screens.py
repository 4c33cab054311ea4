"""No command shows a line that is wider than the terminal, and each shows what its golden files say."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from exportctl.cli.app import build_command
from exportctl.cli.help import SECTIONS
from exportctl.output.wrapping import count_cells
from tests.cli.command_line import CommandLine, northwind
from tests.cli.screens import ELSEWHERE, FOLDER, SCREENS, SIZES, mask_changing_parts, take_screens
from tests.cli.test_help import COMMANDS, RUNNABLE

PATIENCE = 60  # seconds without a word
MODULE = [sys.executable, "-c", "from exportctl.cli import run; run()"]
DOCUMENTS = {f"{screen.name}.txt" for screen in SCREENS if screen.document}


def too_wide(text: str, width: int) -> list[str]:
    """Return the lines that are wider than a terminal, apart from single words, which the terminal itself wraps."""
    return [line for line in text.splitlines() if count_cells(line) > width and " " in line.strip()]


@pytest.mark.parametrize("width", SIZES)
def test_every_screen_is_its_golden_file_and_fits(width: int) -> None:
    shown = take_screens(width)

    golden = {path.name: path.read_text(encoding="utf-8") for path in (FOLDER / str(width)).iterdir()}
    assert shown == golden, "python -m tests.cli.screens writes them again"
    lines = {name: too_wide(text.partition("\n")[2], width) for name, text in shown.items() if name not in DOCUMENTS}
    assert {name: found for name, found in lines.items() if found} == {}


def test_every_command_has_a_screen() -> None:
    lines = [screen.line for screen in SCREENS if screen.name]
    without = {" ".join(path) for path in RUNNABLE if not any(_runs(line, path) for line in lines)}

    assert without == set(ELSEWHERE), "add a row to SCREENS in tests/cli/screens.py"


def _runs(line: str, path: tuple[str, ...]) -> bool:
    words = line.split()
    return tuple((words[2:] if words[0] == "-C" else words)[: len(path)]) == path


@pytest.mark.parametrize("width", SIZES)
def test_no_help_is_wider_than_the_terminal(run: CommandLine, width: int) -> None:
    shown = {path: run(*path, "--help", columns=width).out for path in COMMANDS}

    assert {path: too_wide(text, width) for path, text in shown.items() if too_wide(text, width)} == {}


def test_every_command_is_in_one_section_of_the_help() -> None:
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(build_command().commands)


def _run_on_terminal(
    argv: list[str],
    folder: Path,
    columns: int,
    until: bytes | None = None,
    then: Callable[[], None] | None = None,
    **variables: str,
) -> str:
    """What a program writes to a pseudo-terminal of this width; after `until` comes `then`, by default Ctrl-C."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZES[columns], columns, 0, 0))
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    env = {**kept, "TERM": "xterm", "NO_COLOR": "1", **variables}
    seen = b""
    with subprocess.Popen([*MODULE, *argv], cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        while select.select([ours], [], [], PATIENCE)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            seen += part
            if until is not None and until in seen:
                then() if then else process.send_signal(signal.SIGINT)
                until = None
        process.wait(timeout=PATIENCE)
    os.close(ours)
    return seen.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", ["help", "datasets"])
def test_a_real_terminal_shows_the_same(tmp_path: Path, name: str, width: int) -> None:
    northwind(tmp_path)
    line = next(screen.line for screen in SCREENS if screen.name == name)

    shown = _run_on_terminal(line.split(), tmp_path, width)

    assert f"$ exportctl {line}\n{mask_changing_parts(shown)}[exit 0]\n" == (
        FOLDER / str(width) / f"{name}.txt"
    ).read_text(encoding="utf-8")


def test_a_terminal_shows_what_is_read_and_what_the_service_asks_for(run: CommandLine) -> None:
    seen, asked = threading.Event(), []

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Say nothing until the terminal shows it, then ask to wait once, then refuse."""
            asked.append(self.path)
            seen.wait(PATIENCE)
            self.send_response(429 if len(asked) == 1 else 400)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run.edit("url: embedded", f"url: http://127.0.0.1:{server.server_port}")
        credentials = {"AEP_CLIENT_ID": "someone", "AEP_CLIENT_SECRET": "emulator-client-secret"}
        shown = _run_on_terminal(["plan"], run.folder, 80, until=b"asking for a token", then=seen.set, **credentials)
        server.shutdown()

    drawing, _, rest = shown.partition("asked to wait 1 s")
    assert "\r" in drawing and rest
    *_, errors = rest.split("\r\x1b[K")  # the line is erased before anything else is written
    assert errors.startswith("error: got no token")
    assert too_wide(errors, 80) == []


@pytest.mark.parametrize("width", SIZES)
def test_a_served_emulator_says_where_it_is_and_fits(run: CommandLine, width: int) -> None:
    shown = _run_on_terminal(["emulator", "serve", "--port", "0"], run.folder, width, until=b"AEP_CLIENT_SECRET")

    assert "http://127.0.0.1:" in shown
    assert too_wide(shown, width) == []
