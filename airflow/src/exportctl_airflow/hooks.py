"""
The hook of the connection type `exportctl`: it reads the secrets when a task runs, and starts exportctl with them.

    connection, Variables ──(any secrets backend of Airflow)──▶ masked ──▶ environment of the process

The secrets are nowhere else: not in words of the command, not in attributes of a task or a trigger, not in an XCom.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, Variable
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.log import amask_secret, mask_secret
from asgiref.sync import sync_to_async

from exportctl_airflow.environment import check_name, connection_variables, process_environment
from exportctl_airflow.outcome import Outcome
from exportctl_airflow.process import CommandProcess, run_reading

if TYPE_CHECKING:
    from airflow.sdk import Connection

DEFAULT_CONNECTION = "exportctl_default"


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

    def run(self, words: Sequence[str], report: str | None, on_line: Callable[[str], None]) -> Outcome:
        """
        Run a command and return how it ended. Its JSON document is kept in the file `report`, if there is one.

        Raises:
            AirflowFailException: exportctl cannot be started, or the connection holds what is no variable.
            OSError: `report` cannot be written.
        """
        environment = self._environment(self._read_secrets())
        with tempfile.TemporaryDirectory(prefix="exportctl-") as folder:
            stdout = Path(report) if report else Path(folder) / "document.json"
            stdout.parent.mkdir(parents=True, exist_ok=True)
            self._process = CommandProcess(self._words(words), environment)
            with open(stdout, "wb", opener=_open_private) as file:
                try:
                    code = self._process.run(file, on_line)
                except OSError as error:
                    raise self._no_program(error) from None
            return Outcome(_command(words), code, _read_document(stdout.read_bytes()))

    async def arun(self, words: Sequence[str]) -> tuple[Outcome, str]:
        """
        Run a command that only reads, without blocking the event loop; return how it ended, and its stderr.

        Raises:
            AirflowFailException: as `run`.
        """
        environment = self._environment(await self._aread_secrets())
        try:
            code, stdout, stderr = await run_reading(self._words(words), environment)
        except OSError as error:
            raise self._no_program(error) from None
        return Outcome(_command(words), code, _read_document(stdout)), stderr

    def stop(self) -> None:
        """Ask the running process to stop. Returns at once."""
        if self._process is not None:
            self._process.stop()

    def _words(self, words: Sequence[str]) -> list[str]:
        return [self.executable, *words, "--format", "json"]

    def _environment(self, secrets: Mapping[str, str]) -> dict[str, str]:
        return process_environment(os.environ, self.pass_env, secrets)

    def _read_secrets(self) -> dict[str, str]:
        found = self._connection_secrets(self.get_connection(self.conn_id))
        for name, key in self.variables.items():
            found[name] = str(Variable.get(key))
        for value in found.values():
            mask_secret(value)  # given a name, too, Airflow would mask only what has a name like `password`
        return found

    async def _aread_secrets(self) -> dict[str, str]:
        connection = await self.aget_connection(self.conn_id)
        found = await sync_to_async(self._connection_secrets)(connection)
        for name, key in self.variables.items():
            found[name] = str(await sync_to_async(Variable.get)(key))
        for value in found.values():
            await amask_secret(value)
        return found

    def _connection_secrets(self, connection: Connection) -> dict[str, str]:
        try:
            for name in self.variables:
                check_name(name)
            return connection_variables(connection.login, connection.password, connection.extra_dejson)
        except ValueError as error:
            raise AirflowFailException(f"connection {self.conn_id} or variables: {error}") from None

    def _no_program(self, error: OSError) -> AirflowFailException:
        return AirflowFailException(
            f"cannot start {self.executable}: {error.strerror}. Install exportctl on the worker, or give its path as "
            "`executable`"
        )


def _open_private(path: str, flags: int) -> int:
    """Open a file that only its owner reads, as exportctl does with what it saves."""
    return os.open(path, flags, 0o600)


def _command(words: Sequence[str]) -> str:
    """Return the words before the first option."""
    return " ".join(takewhile(lambda word: not word.startswith("-"), words))


def _read_document(text: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
