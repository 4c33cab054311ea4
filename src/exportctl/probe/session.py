"""
The objects of one probe: create, read, change and delete them, and measure how long the service takes.

The service may answer late: an object may be unknown, in transition or in use for a time. Every method waits for that,
at most `limit` seconds, and then raises what the service said last. Times are those of `clock`, so that an emulator
whose clock stands still moves it instead of waiting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TypeVar

from exportctl.client.client import Client
from exportctl.client.transport import Answer
from exportctl.clock import Clock
from exportctl.errors import Conflict, Error, NotFound, ServiceError
from exportctl.frozen import dataclass
from exportctl.probe.bodies import Json, ProbeNames, with_data

T = TypeVar("T")

IN_TRANSITION = frozenset({"1416", "1420", "1421", "1457", "1458"})  # the object is busy [FE]
IN_USE = frozenset({"1418", "1447"})  # another object needs it [FE]
LIMIT = 660.0  # seconds: the longest that any question waits for the service
SHOWN_SECONDS = 120.0  # how long to wait until a GET shows what was written
SHORT_STEP, LONG_STEP, SHORT_WAIT = 1.0, 5.0, 10.0  # seconds between two looks, and when the long step begins


@dataclass
class ProbeObject:
    """An object of this run. `written` is the moment of the answer to its last write, `is_seen`: a GET has shown it."""

    collection: str
    id: str
    name: str
    etag: str
    written: float
    is_seen: bool = False

    @property
    def path(self) -> str:
        return f"{self.collection}/{self.id}"


@dataclass
class ProbeSession:
    """What one run works with. `is_stopped` says that the user wants it to end: no request follows."""

    client: Client
    clock: Clock
    names: ProbeNames
    is_stopped: Callable[[], bool] = lambda: False
    patient_clock: Clock | None = None  # that of the deletion, if `clock` does not wait after an interrupt
    limit: float = LIMIT
    created: list[ProbeObject] = field(default_factory=list)
    has_lost_answer: bool = False
    demanded_data: set[str] = field(default_factory=set)  # the collections that demand `data` of a new object
    demands_sub_op: bool = False

    def create(self, collection: str, body: Json) -> ProbeObject:
        """POST an object. If the answer is lost, the object may exist although its id is not known."""
        self.check_stop()
        sent = with_data(body) if collection in self.demanded_data else body
        try:
            found = self.client.create(collection, sent)
        except ServiceError as error:
            self.has_lost_answer |= error.wrote
            raise
        made = ProbeObject(collection, found.id, str(body["name"]), found.etag or "", self.clock.monotonic())
        self.created.append(made)
        return made

    def read(self, one: ProbeObject) -> Json:
        """GET an object; wait while the service does not know it yet."""

        def look() -> Json | None:
            self.check_stop()
            try:
                return self.client.get(one.path)
            except NotFound as error:
                failures.append(error)
                return None

        failures: list[ServiceError] = []
        doc = self.wait_for(look)
        if doc is None:
            raise failures[-1]
        one.is_seen = True
        one.etag = str(doc.get("etag") or doc.get("version") or "")
        return doc

    def read_until(self, one: ProbeObject, is_shown: Callable[[Json], bool]) -> Json:
        """GET an object until it shows what was written; after SHOWN_SECONDS, return what it shows."""
        last: Json = {}

        def look() -> bool:
            last.clear()
            last.update(self.read(one))
            return is_shown(last)

        self.measure_wait(look, limit=SHOWN_SECONDS)
        return last

    def patch(self, one: ProbeObject, *operations: Json) -> Answer:
        """PATCH an object; wait while it is in transition, and read it again when its etag has moved."""
        return self._write(one, "PATCH", one.path, body=list(operations))

    def act(self, one: ProbeObject, op: str) -> Answer:
        """POST an action, such as `disable`."""
        more = [("subOp", "APPLY")] if self.demands_sub_op else []
        return self._write(one, "POST", f"{one.path}/action", params=[("op", op), *more])

    def delete(self, one: ProbeObject) -> Answer:
        """DELETE an object; wait while it is in transition or in use."""
        return self._write(one, "DELETE", one.path, awaited=IN_TRANSITION | IN_USE)

    def send_delete(self, one: ProbeObject) -> Answer:
        """DELETE an object once."""
        self.check_stop()
        answer = self.client.exchange("DELETE", one.path)
        one.is_seen = True
        return answer

    def _write(
        self,
        one: ProbeObject,
        method: str,
        path: str,
        *,
        body: list[Json] | None = None,
        params: Sequence[tuple[str, str]] = (),
        awaited: frozenset[str] = IN_TRANSITION,
    ) -> Answer:
        def send() -> Answer | None:
            self.check_stop()
            etag = str(self.read(one)["etag"]) if method == "PATCH" or not one.is_seen else None
            try:
                return self.client.exchange(
                    method, path, body=body, params=params, etag=etag if method == "PATCH" else None
                )
            except ServiceError as error:
                if not (isinstance(error, Conflict) or error.number in awaited):
                    raise
                failures.append(error)
                return None

        failures: list[ServiceError] = []
        answer = self.wait_for(send)
        if answer is None:
            raise failures[-1]
        one.written = self.clock.monotonic()
        return answer

    # -- time ---------------------------------------------------------------------------------------------------------

    def wait_for(self, look: Callable[[], T | None], limit: float | None = None) -> T | None:
        """Call `look` until it returns something that counts as true, and return that; None after the limit."""
        longest = self.limit if limit is None else limit
        started = self.clock.monotonic()
        while not (found := look()):
            waited = self.clock.monotonic() - started
            if waited >= longest:
                return None
            self.pause(SHORT_STEP if waited < SHORT_WAIT else LONG_STEP)
        return found

    def measure_wait(
        self, look: Callable[[], bool], since: float | None = None, limit: float | None = None
    ) -> int | None:
        """Return the whole seconds from `since` (now) until `look` is true; None: not before the limit."""
        started = self.clock.monotonic() if since is None else since
        if self.wait_for(look, limit) is None:
            return None
        return round(self.clock.monotonic() - started)

    def pause(self, seconds: float) -> None:
        self.check_stop()
        self.clock.sleep(seconds)

    def end_questions(self) -> None:
        """From now on, ignore that the user wants the probe to end: the deletion follows."""
        self.is_stopped = lambda: False
        self.clock = self.patient_clock or self.clock

    def check_stop(self) -> None:
        """Raise an Error if the user wants the probe to end."""
        if self.is_stopped():
            raise Error("interrupted", rule="interrupted")


def json_body(answer: Answer) -> Json:
    """Return the JSON object of an answer; empty if it has none."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
