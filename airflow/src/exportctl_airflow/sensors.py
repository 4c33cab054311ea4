"""
The sensor: it frees the tasks after it when the newest run of an export is complete.

Deferred, it needs no worker slot: the triggerer looks. With `deferrable=False` it looks in the worker, in the mode
`poke` or `reschedule` of every sensor.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from exportctl_airflow.airflow_exceptions import AirflowFailException, AirflowSensorTimeout, AirflowSkipException
from exportctl_airflow.delivery import ACCEPTED, Look, State, judge_look
from exportctl_airflow.hooks import DEFAULT_CONNECTION, ExportctlHook
from exportctl_airflow.operators import checked_text, common_options, new_hook, verify_options
from exportctl_airflow.triggers import ExportctlRunTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

MARGIN = timedelta(minutes=10)  # after the deadline of the trigger, for its last look


class ExportctlRunSensor(BaseSensorOperator):
    """
    Waits until the newest run of `export` has an accepted result for each dataset.

    `since` leaves out older runs: a moment, a date or a duration, as `verify --since`. The XCom has `runs`, with the
    folder of each dataset. A failed run fails the task without a retry; `wait_after_failure=True` waits for the next.
    """

    template_fields: Sequence[str] = (*("project", "environment", "files", "export", "since", "conn_id", "variables"),)
    ui_color = "#e6f1f2"

    def __init__(
        self,
        *,
        project: str,
        export: str,
        environment: str | None = None,
        files: Sequence[str] = (),
        since: str | None = None,
        deep: bool = False,
        runs_only: bool = False,
        require_storage: bool = False,
        accepted: Sequence[str] = ACCEPTED,
        wait_after_failure: bool = False,
        deferrable: bool = True,
        conn_id: str = DEFAULT_CONNECTION,
        variables: Mapping[str, str] | None = None,
        pass_env: Sequence[str] = (),
        executable: str = "exportctl",
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("poke_interval", 300)
        super().__init__(**kwargs)
        self.project = project
        self.export = export
        self.environment = environment
        self.files = files
        self.since = since
        self.deep = deep
        self.runs_only = runs_only
        self.require_storage = require_storage
        self.accepted = accepted
        self.wait_after_failure = wait_after_failure
        self.deferrable = deferrable
        self.conn_id = conn_id
        self.variables = variables
        self.pass_env = pass_env
        self.executable = executable
        self._hook: ExportctlHook | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The export, as the option --target."""
        return (checked_text(self, "export"),)

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        look = self._look()
        if look.state is State.FAILED:
            raise AirflowFailException(look.reason)
        return PokeReturnValue(look.state is State.READY, look.event())

    def execute(self, context: Context) -> Any:
        """Look once, and defer if there is something to wait for."""
        if not self.deferrable:
            return super().execute(context)
        try:
            first = self.poke(context)
        except AirflowFailException as error:
            if self.soft_fail or self.never_fail:  # as the base class does it for a sensor that does not defer
                raise AirflowSkipException(str(error)) from None
            raise
        if first.is_done:
            return first.xcom_value
        trigger = ExportctlRunTrigger(
            words=self._words(),
            conn_id=self.conn_id,
            deadline=time.time() + self.timeout,
            poll=self.poke_interval,
            variables=self.variables,
            pass_env=self.pass_env,
            executable=self.executable,
            accepted=self.accepted,
            wait_after_failure=self.wait_after_failure,
        )
        return self.defer(
            trigger=trigger, method_name="execute_complete", timeout=timedelta(seconds=self.timeout) + MARGIN
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Succeed, or fail with the reason of the last look."""
        if event["state"] == State.FAILED:
            raise AirflowFailException(event["reason"])
        if event["state"] == State.WAITING:
            raise AirflowSensorTimeout(f"not complete after {self.timeout:.0f} seconds: {event['reason']}")
        self.log.info("%s", event["reason"])
        return event

    def on_kill(self) -> None:
        """Ask exportctl to stop."""
        self._hook = self._hook or new_hook(self)  # a hook that was stopped before it looks starts nothing
        self._hook.stop()

    def _words(self) -> list[str]:
        return ["verify", *common_options(self), *verify_options(self)]

    def _look(self) -> Look:
        words = self._words()
        self._hook = self._hook or new_hook(self)
        outcome = self._hook.run(words, None, partial(self.log.info, "%s"))
        look = judge_look(outcome, self.accepted, wait_after_failure=self.wait_after_failure)
        self.log.info("%s: %s", look.state, look.reason)
        return look
