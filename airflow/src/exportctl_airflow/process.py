"""
The exportctl process: start it, pass its stderr on, and let it end cleanly.

It gets a session of its own. Airflow ends a task that was killed with SIGTERM, and 5 seconds later with SIGKILL, both
to the whole process group. An apply may need longer to finish the writes under way, so only we send it signals, and
only SIGTERM: it then starts nothing new, finishes, releases its lease and exits with 8.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

GRACE = 60.0  # seconds that a process gets to finish, after a task was killed or timed out
LOOK = 1800.0  # seconds that a command which only reads may take


@dataclass
class CommandProcess:
    """Runs one command, and can be asked from a signal handler to stop."""

    words: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    _process: subprocess.Popen[str] | None = None
    _is_stopped: bool = False

    def run(self, stdout: IO[bytes], on_line: Callable[[str], None]) -> int:
        """
        Run it, with its stdout in an open file, and return its exit code. `on_line` gets each line of its stderr.

        If an exception ends the wait, the process is asked to stop and gets GRACE seconds. If it is not done then, it
        goes on alone.

        Raises:
            OSError: the program cannot be started.
        """
        self._process = subprocess.Popen(
            [*self.words],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=self.environment,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        if self._is_stopped:
            self._process.terminate()
        assert self._process.stderr is not None
        try:
            for line in self._process.stderr:
                on_line(line.rstrip())
            return self._process.wait()
        finally:
            self.stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE)

    def stop(self) -> None:
        """Ask the process to stop, if it runs. Returns at once."""
        self._is_stopped = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()


async def run_reading(
    words: Sequence[str], environment: Mapping[str, str], limit: float = LOOK
) -> tuple[int, bytes, str]:
    """
    Run a command that only reads, without blocking the event loop; return exit code, stdout and stderr.

    Raises:
        OSError: the program cannot be started.
        TimeoutError: it took more than `limit` seconds, and was ended: others wait for its place.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limit):
            stdout, stderr = await process.communicate()
    except TimeoutError:
        raise TimeoutError(f"it was ended after {limit:.0f} seconds") from None
    finally:
        if process.returncode is None:
            process.kill()  # it writes nothing, so there is nothing to finish
            await process.wait()
    assert process.returncode is not None
    return process.returncode, stdout, stderr.decode("utf-8", "replace")
