"""
An `exportctl` for the shell texts of tests: a process that has loaded the whole package forks for each call.

Most of the time of a short command is spent on imports. Where a test runs a shell text, the shell, its variables and
the exit codes are what it tests: each call still has its own process, arguments, environment, folder and streams. What
a call does not have is a terminal that sends it signals, and a start of its own: `tests/cli/test_cli_start.py` and
`tests/cli/test_cli_processes.py` start real processes for that.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

ROOT = Path(__file__).parents[1]
NO_CODE = 254  # of a call whose process ended without saying its exit code
STREAMS = 3
# Without `site` and with C modules only it starts in about ten milliseconds.
CLIENT = """\
import _socket, os, struct, sys
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect({address!r})
env = [name + b"=" + value for name, value in os.environb.items()]
parts = [os.getcwdb(), b"%d" % (len(sys.argv) - 1), *map(os.fsencode, sys.argv[1:]), *env]
call = b"\\0".join(parts)
streams = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("3i", 0, 1, 2))]
server.sendmsg([struct.pack("I", len(call))], streams)
while call:
    call = call[server.send(call):]
code = server.recv(1)
sys.exit(code[0] if code else {no_code})
"""


@cache
def preloaded_exportctl() -> Path:
    """Return an executable file named `exportctl`, alone in its folder; it works until this process ends."""
    folder = tempfile.TemporaryDirectory(prefix="exportctl-")
    address = str(Path(folder.name) / "socket")
    program = Path(folder.name) / "bin" / "exportctl"
    program.parent.mkdir()
    client = Path(folder.name) / "client.py"
    client.write_text(CLIENT.format(address=address, no_code=NO_CODE), encoding="utf-8")
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -ISs "{client}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = (sys.executable, "-m", "tests.preloaded", address)
    server = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin and server.stdout
    assert server.stdout.readline() == b"ready\n"

    def end() -> None:
        server.communicate()  # it ends when its input does
        folder.cleanup()

    atexit.register(end)
    return program


def serve(address: str) -> None:
    """Fork for each call until stdin ends."""
    for module in walk_packages(import_module("exportctl").__path__, "exportctl."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
    _prepare()
    gc.freeze()  # a collection in a fork would copy what it shares
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        os.write(1, b"ready\n")
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            call, _ = listener.accept()
            with call:
                if os.fork() == 0:
                    listener.close()
                    _answer(call)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _prepare() -> None:
    """Plan once, so that what the first command of a process prepares for the next ones is shared too."""
    from exportctl.cli.main import main

    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "exports.yaml", folder)
        assert main(["-C", folder, "plan"], {}, stdin=io.StringIO(), out=io.StringIO(), err=io.StringIO()) == 0


def _answer(call: socket.socket) -> None:
    """Run one call in this process, and end it."""
    code = NO_CODE
    try:
        head, streams, _, _ = socket.recv_fds(call, 4, STREAMS)
        folder, count, *words = _read(call, int.from_bytes(head, sys.byteorder)).split(b"\0")
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environb.clear()
        os.environb.update((name, value) for name, _, value in (word.partition(b"=") for word in words[int(count) :]))
        sys.argv = ["exportctl", *map(os.fsdecode, words[: int(count)])]
        sys.stdin, sys.stdout, sys.stderr = (_text_stream(number) for number in range(STREAMS))
        code = _run()
    finally:
        call.send(bytes([code]))
        os._exit(code)


def _read(call: socket.socket, size: int) -> bytes:
    text = b""
    while len(text) < size:
        text += call.recv(size - len(text))
    return text


def _text_stream(number: int) -> io.TextIOWrapper:
    """As Python opens it in a locale with UTF-8."""
    binary = open(number, "wb" if number else "rb", closefd=False)  # noqa: SIM115 (until the process ends)
    errors = "backslashreplace" if number == 2 else "strict"
    return io.TextIOWrapper(binary, "utf-8", errors, line_buffering=number == 2 or binary.isatty())


def _run() -> int:
    """Do what a Python does at its end too; return the exit code."""
    from exportctl.cli import run

    code: object = 0
    try:
        run()
    except SystemExit as ended:
        code = ended.code
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    serve(sys.argv[1])
