"""Starts the programs that the real tests run against, waits until they are ready, and stops them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
READY_SECONDS = 60.0  # generous: both cores may be busy
STOP_SECONDS = 4.0
GRPC_OFFSET = 10_000  # SeaweedFS opens this port above each of its own too


def find_program(name: str) -> str:
    """
    Where a program is. One that is missing is a failure, never a skipped test.

    Wheels put theirs beside this Python, npm below build/azurite, Debian puts servers where users do not look.
    """
    places = [Path(sys.executable).parent, ROOT / "build/azurite/node_modules/.bin", *map(Path, os.get_exec_path())]
    path = os.pathsep.join(map(str, [*places, "/usr/sbin", "/usr/local/sbin"]))
    found = shutil.which(name, path=path)
    if found is None:
        pytest.fail(f"{name} is not installed; `make test-real` installs it, or says what to do", pytrace=False)
    return found


def free_ports(count: int) -> list[int]:
    """Ports without a listener, all different; the ones GRPC_OFFSET above them are free too."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            low = stack.enter_context(socket.socket())
            low.bind((HOST, 0))
            port = int(low.getsockname()[1])
            high = stack.enter_context(socket.socket())
            if port + GRPC_OFFSET > 65535 or high.connect_ex((HOST, port + GRPC_OFFSET)) == 0:
                continue
            found.append(port)
    return found


def wait_until(ready: Callable[[], bool], what: str, tail: Callable[[], str] = str) -> None:
    """Ask until `ready`, or fail after READY_SECONDS with the end of what the program wrote."""
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} was not ready after {READY_SECONDS:.0f} s\n{tail()}", pytrace=False)
        time.sleep(0.05)


def is_listening(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex((HOST, port)) == 0


@contextmanager
def run_program(
    command: Sequence[str], log: Path, ready: Callable[[], bool], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """
    A program that is up as long as the block runs; `ready` says when it is.

    Its own process group ends with it. Tests may kill it themselves.
    """

    def tail() -> str:
        return log.read_text(errors="replace")[-3000:]

    def up() -> bool:
        if process.poll() is not None:
            pytest.fail(f"{command[0]} ended with {process.returncode}\n{tail()}", pytrace=False)
        return ready()

    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stdout=written, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, start_new_session=True
        )
        try:
            wait_until(up, command[0], tail)
            yield process
        finally:
            stop_process(process)


def stop_process(process: subprocess.Popen[bytes], first: signal.Signals = signal.SIGTERM) -> None:
    """End a program and its children: asked first, then not."""
    for sent, seconds in ((first, STOP_SECONDS), (signal.SIGKILL, None)):
        if process.poll() is None:
            os.killpg(process.pid, sent)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
