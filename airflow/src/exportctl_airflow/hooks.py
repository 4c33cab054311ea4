"""
The hook of the connection type `exportctl`: it reads the secrets when a task runs, and starts exportctl with them.

    connection, Variables ──(any secrets backend of Airflow)──▶ masked ──▶ environment of the process

The secrets are nowhere else: not in words of the command, not in attributes of a task or a trigger, not in an XCom.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from airflow.sdk import BaseHook, Variable
from airflow.sdk.log import mask_secret
from asgiref.sync import sync_to_async

from exportctl_airflow.airflow_exceptions import AirflowException, AirflowFailException
from exportctl_airflow.environment import (
    CLIENT_ID,
    CLIENT_SECRET,
    check_name,
    connection_variables,
    process_environment,
)
from exportctl_airflow.outcome import Outcome, document_fault
from exportctl_airflow.process import CommandProcess, run_reading

if TYPE_CHECKING:
    from airflow.sdk import Connection

DEFAULT_CONNECTION = "exportctl_default"
_PASSING = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY)  # the last one: while it is replaced


class ExportctlHook(BaseHook):
    """
    Runs exportctl with the secrets of a connection and of Variables.

    `variables` maps names of the environment to keys of Airflow Variables. `pass_env` names variables of the worker to
    pass on, such as `AWS_PROFILE` for `verify`.
    """

    conn_name_attr = "conn_id"
    default_conn_name = DEFAULT_CONNECTION
    conn_type = "exportctl"
    hook_name = "exportctl"

    def __init__(
        self,
        conn_id: str = DEFAULT_CONNECTION,
        *,
        executable: str = "exportctl",
        variables: Mapping[str, str] | None = None,
        pass_env: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.conn_id = conn_id
        self.executable = executable
        self.variables = dict(variables or {})
        self.pass_env = tuple(pass_env)
        self._process: CommandProcess | None = None
        self._is_stopped = False

    def run(self, words: Sequence[str], report: str | None, on_line: Callable[[str], None]) -> Outcome:
        """
        Run a command and return how it ended. Its JSON document is kept in the file `report`, if there is one.

        Raises:
            AirflowFailException: exportctl is not there, or the connection holds what is no variable.
            AirflowException: it cannot be started now, or the task was killed before.
            OSError: `report` cannot be written.
        """
        environment = self._environment(self._read_secrets())
        with _open_document(report) as document:
            self._process = CommandProcess(self._words(words), environment)
            if self._is_stopped:
                raise AirflowException("the task was killed before exportctl started; nothing was done")
            try:
                code = self._process.run(document, on_line)
            except OSError as error:
                raise start_failure(self.executable, error) from None
            document.seek(0)
            return self._outcome(words, code, document.read())

    async def arun(self, words: Sequence[str]) -> tuple[Outcome, str]:
        """
        Run a command that only reads, without blocking the event loop; return how it ended, and its stderr.

        Raises:
            AirflowFailException: as `run`.
            TimeoutError: it took too long, and was ended.
        """
        environment = self._environment(await sync_to_async(self._read_secrets)())
        try:
            code, stdout, stderr = await run_reading(self._words(words), environment)
        except TimeoutError:  # which is an OSError
            raise
        except OSError as error:
            raise start_failure(self.executable, error) from None
        return self._outcome(words, code, stdout), stderr

    def test_connection(self) -> tuple[bool, str]:
        """Check what the connection holds, for the button of Airflow. Sends no request."""
        try:
            found = self._connection_secrets(self.get_connection(self.conn_id))
        except AirflowFailException as error:
            return False, str(error)
        if missing := [name for name in (CLIENT_ID, CLIENT_SECRET) if name not in found]:
            return False, f"{' and '.join(missing)} not set: fill in client ID and client secret"
        return True, f"sets {', '.join(sorted(found))}. No request was sent: `exportctl doctor` tries them"

    def stop(self) -> None:
        """Ask the running process to stop, and start none any more. Returns at once."""
        self._is_stopped = True
        if self._process is not None:
            self._process.stop()

    def _words(self, words: Sequence[str]) -> list[str]:
        """Return the words of the process. The options come first: after `--` each word is an operand."""
        command = _command(words)
        return [self.executable, *command, "--format", "json", *words[len(command) :]]

    def _environment(self, secrets: Mapping[str, str]) -> dict[str, str]:
        return process_environment(os.environ, self.pass_env, secrets)

    def _read_secrets(self) -> dict[str, str]:
        found = self._connection_secrets(self.get_connection(self.conn_id))
        for name, key in self.variables.items():
            found[name] = str(Variable.get(key))
        for value in found.values():
            for part in {value, *value.splitlines()}:  # a key of several lines is logged line by line
                mask_secret(part)  # given a name, too, Airflow would mask only what has a name like `password`
        return found

    def _connection_secrets(self, connection: Connection) -> dict[str, str]:
        try:
            for name in self.variables:
                check_name(name)
            return connection_variables(connection.login, connection.password, connection.extra)
        except ValueError as error:
            raise AirflowFailException(f"connection {self.conn_id} or variables: {error}") from None

    def _outcome(self, words: Sequence[str], code: int, stdout: bytes) -> Outcome:
        outcome = Outcome(" ".join(_command(words)), code, _read_document(stdout))
        if fault := document_fault(outcome):
            raise AirflowFailException(f"{self.executable} {outcome.command}: exit code {code}, but {fault}")
        return outcome


def start_failure(executable: str, error: OSError) -> AirflowException:
    """Return what a program that could not be started means: a machine without memory for it may have some later."""
    text = f"cannot start {executable}: {error.strerror}"
    if error.errno in _PASSING:
        return AirflowException(text)
    return AirflowFailException(f"{text}. Install exportctl on the worker, or give its path as `executable`")


def _open_document(report: str | None) -> IO[bytes]:
    """Open the file for stdout: `report`, or one without a name, of which nothing is left if the worker is lost."""
    if report is None:
        return tempfile.TemporaryFile()
    Path(report).parent.mkdir(parents=True, exist_ok=True)
    return open(report, "w+b", opener=_open_private)


def _open_private(path: str, flags: int) -> int:
    """Open a file that only its owner reads, as exportctl does with what it saves."""
    return os.open(path, flags, 0o600)


def _command(words: Sequence[str]) -> list[str]:
    """Return the words before the first option."""
    return list(takewhile(lambda word: not word.startswith("-"), words))


def _read_document(text: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
