"""
The trigger of the sensor: it looks at the runs of an export again and again, in the triggerer.

Its arguments are stored in Airflow's database, so they hold names only. The secrets are read for each look, by the
names of a connection and of Variables.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from airflow.triggers.base import BaseTrigger, TriggerEvent

from exportctl_airflow.airflow_exceptions import AirflowFailException
from exportctl_airflow.delivery import ACCEPTED, Look, State, judge_look
from exportctl_airflow.hooks import ExportctlHook

LOOKS_AT_ONCE = 4  # processes of one triggerer
_LIMITS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class ExportctlRunTrigger(BaseTrigger):
    """
    Fires when the newest run of an export is complete, has failed, or when `deadline` has passed.

    `deadline` is in seconds since 1970 UTC, so a triggerer that is started again keeps it. `poll` is in seconds.
    """

    def __init__(
        self,
        *,
        words: Sequence[str],
        conn_id: str,
        deadline: float,
        poll: float,
        variables: Mapping[str, str] | None = None,
        pass_env: Sequence[str] = (),
        executable: str = "exportctl",
        accepted: Sequence[str] = ACCEPTED,
        wait_after_failure: bool = False,
    ) -> None:
        super().__init__()
        self.words = list(words)
        self.conn_id = conn_id
        self.deadline = deadline
        self.poll = poll
        self.variables = dict(variables or {})
        self.pass_env = list(pass_env)
        self.executable = executable
        self.accepted = list(accepted)
        self.wait_after_failure = wait_after_failure

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments: names and numbers, no secret."""
        names = ("words", "conn_id", "deadline", "poll", "variables", "pass_env", "executable", "accepted")
        kwargs = {name: getattr(self, name) for name in (*names, "wait_after_failure")}
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look every `poll` seconds, and yield the look that ends the wait."""
        while True:
            look = await self._look()
            self.log.info("%s: %s", look.state, look.reason)
            left = self.deadline - time.time()
            if look.state is not State.WAITING or left <= 0:
                yield TriggerEvent(look.event())
                return
            await asyncio.sleep(min(self.poll, left))

    async def _look(self) -> Look:
        hook = ExportctlHook(self.conn_id, executable=self.executable, variables=self.variables, pass_env=self.pass_env)
        limit = _LIMITS.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(LOOKS_AT_ONCE))
        try:
            async with limit:
                outcome, stderr = await hook.arun(self.words)
        except AirflowFailException as error:
            return Look(State.FAILED, str(error))
        except Exception as error:  # a secrets backend may be away for a while, and each has exceptions of its own
            self.log.warning("cannot look", exc_info=True)
            return Look(State.WAITING, f"cannot look: {type(error).__name__}, see the log of the triggerer")
        for line in stderr.splitlines():
            self.log.info("%s", line)
        return judge_look(outcome, self.accepted, wait_after_failure=self.wait_after_failure)
