"""
One write each: how a step is carried out against a service that may lose answers, move etags and finish later.

    create   a POST whose answer was lost is never repeated: the marker is looked for until SETTLE seconds have passed;
             lists can miss an item, so what would get a twin is listed once more before the first POST of a run
    update   412: read by id; while what we read still holds, sent again with the new etag (TRIES times), else stale
    act      lost or "already so": the state decides
    delete   read and compared first, and not sent while a flow uses the connection; a flow's deletion is waited for
             until a GET says 404
    all      "in transition" and "still in use" are waited for, SETTLE seconds at most

Nothing here decides what to do: it is told by the step, and by what the step says was read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from exportctl.client.client import Client
from exportctl.client.inventory import DELETING_STATES, list_objects, live_object
from exportctl.clock import Clock
from exportctl.errors import Conflict, NotFound, ServiceError, StalePlan
from exportctl.model.plan import Fields, LiveObject, Marker, Step
from exportctl.plan.ownership import refuse_newer_markers
from exportctl.resources import marker, wire
from exportctl.resources.kinds import AT, BASE_CONNECTION, EVERY, FLOW, KINDS, START, TARGET_IDS, Kind

SETTLE_SECONDS = 60.0  # seconds; also how long a created object may take to be listed (promise 3)
MAX_TRIES = 5
TRANSIENT = frozenset({"1416", "1420", "1421", "1447", "1457", "1458"})  # in transition, in use [FE]
IN_USE = frozenset({"1418", "1447"})  # a flow uses the base, or the source or target [FE]
ALREADY_IN_STATE = "1422"  # the current state does not accept this action [FE]
T = TypeVar("T")


class DescriptionsLost(ServiceError):
    """The service does not keep descriptions, so ownership cannot be written on what we create."""


class StillInUse(ServiceError):
    """A connection to be deleted is still used; it is left for the next apply."""


@dataclass
class Writer:
    """
    Carries out single steps. `known` are the objects the plan was made from, by id; `fill` turns a step's fields into
    what is sent, with every reference read. Safe to use from several threads for different objects.
    """

    client: Client
    clock: Clock
    known_objects: Mapping[str, LiveObject]
    repository: str | None
    fill: Callable[[Step], tuple[Fields, Marker | None]]
    settle: float = SETTLE_SECONDS
    own_writes: dict[str, set[str]] = field(default_factory=dict)  # id -> what this run itself has changed
    _second_listing: dict[str, tuple[LiveObject, ...]] = field(default_factory=dict)  # kind -> its second listing
    _listing_lock: threading.Lock = field(default_factory=threading.Lock)

    # -- create -------------------------------------------------------------------------------------------------------

    def create(self, step: Step, ids: Mapping[str, Any]) -> str:
        """POST; the id. `ids` are the step's references, filled in."""
        kind = KINDS[step.kind]
        fields, owner = self.fill(step)
        assert owner is not None
        self._check_address_free(owner)
        description = marker.format_description(step.text or "", self.repository, owner, kind)
        existing = self._find_existing_flow(kind, ids)
        if existing is not None:
            return existing
        body = wire.create_body(
            step.kind, step.type, fields, ids, title=step.title, description=description, now=self.clock.now()
        )
        try:
            made = self._retry_transient(lambda: self.client.create(kind.path, body).id)
        except ServiceError as error:
            if not error.wrote:
                raise
            made = self._find_created(kind, step, description, error)
        return self._keep_oldest_account(owner, made) if kind is BASE_CONNECTION else made

    def _check_address_free(self, owner: Marker) -> None:
        """
        Nothing at this address but what the plan knew of: another run may have made it since, or a list missed it.

        Raises:
            StalePlan: there is; a create would make a twin.
            NewerMarker: a later version of exportctl works on this project now.
        """
        kind = FLOW if owner.kind == FLOW.letter else BASE_CONNECTION
        with self._listing_lock:
            if kind.name not in self._second_listing:
                self._second_listing[kind.name] = list_objects(self.client, kind)
        refuse_newer_markers(self._second_listing[kind.name], owner.project)
        found = [
            o.id for o in self._second_listing[kind.name] if o.id not in self.known_objects and _has_marker_of(o, owner)
        ]
        if found:
            raise StalePlan(
                f"the {kind.label} {found[0]} of {owner.address} is there, which the plan did not know of",
                rule="stale",
                hint="somebody made it in between, or a list missed it; nothing was created; make a new plan",
            )

    def _keep_oldest_account(self, owner: Marker, made: str) -> str:
        """Of accounts that several runs made at the same moment the oldest stays, and each run deletes its own."""
        rivals = [
            o
            for o in list_objects(self.client, BASE_CONNECTION)
            if (o.id == made or o.id not in self.known_objects) and o.marker and o.marker.generation == owner.generation
        ]
        oldest = min(
            (o for o in rivals if _has_marker_of(o, owner)), key=lambda o: (o.created_at_ms, o.id), default=None
        )
        if oldest is None or oldest.id == made or made not in {o.id for o in rivals}:
            return made
        self._send_delete(_path(BASE_CONNECTION, made))
        return oldest.id

    def _find_existing_flow(self, kind: Kind, ids: Mapping[str, Any]) -> str | None:
        """A target taken up from an interrupted run may have its flow already, listed late: look by its id."""
        for target in ids.get(TARGET_IDS, ()) if kind is FLOW else ():
            if target in self.known_objects:
                found = self.client.list(kind.path, params=[("property", f"{TARGET_IDS}[]=={target}")])
                if found:
                    return str(found[0]["id"])
        return None

    def _find_created(self, kind: Kind, step: Step, description: str, error: ServiceError) -> str:
        for _ in self._retry_delays():
            for raw in self.client.list(kind.path, params=kind.filters):
                if raw.get("id") not in self.known_objects and raw.get("description") == description:
                    return str(raw["id"])
        raise ServiceError(
            f"the answer to the creation was lost, and no {kind.label} of ours showed up within {self.settle:.0f} s",
            status=error.status,
            request_id=error.request_id,
            wrote=True,
            rule="create-uncertain",
            hint="run apply again: it takes up what was created, or creates it",
        ) from None

    def check_descriptions_kept(self, step: Step, identity: str) -> None:
        """
        After the first POST of a connection: is our marker on it?

        Raises:
            DescriptionsLost: it is not; the object just made has been deleted again.
        """
        kind = KINDS[step.kind]
        live = self.get(kind, identity)
        if live.marker is None:
            self.client.delete(f"{kind.path}/{identity}")
            raise DescriptionsLost(
                f"the service dropped the description of the {kind.label} just created",
                rule="descriptions-dropped",
                hint="without descriptions ownership cannot be written down, so nothing more is created here",
            )

    # -- update -------------------------------------------------------------------------------------------------------

    def update(self, step: Step, ids: Mapping[str, Any]) -> None:
        """PATCH with the etag of the reading just made."""
        assert step.id is not None
        kind = KINDS[step.kind]
        fields, owner = self.fill(step)
        live = self._current_object(kind, step)
        for attempt in range(MAX_TRIES + 1):
            description = self._description(step, kind, owner, live)
            ops = wire.patch_operations(
                step.kind, step.type, fields, ids, live.raw, description=description, now=self.clock.now()
            )
            try:
                self._retry_transient(
                    lambda ops=ops, live=live: self.client.patch(_path(kind, step.id), ops, live.etag)  # type: ignore[misc]
                )
                break
            except ServiceError as error:
                if not (isinstance(error, Conflict) or error.wrote) or attempt == MAX_TRIES:
                    raise
                live = self.get(kind, step.id)
                if error.wrote and wire.is_patch_applied(ops, live.raw):
                    break  # it arrived, only the answer did not
                self._check_unchanged(step, live)
        self.own_writes.setdefault(step.id, set()).update(
            {"description", "title", *step.refs, *_read_field_names(step)}
        )

    def _description(self, step: Step, kind: Kind, owner: Marker | None, live: LiveObject) -> str | None:
        """The description to write, None to leave it alone: a step without a marker never takes one off by accident."""
        text = live.text if step.text is None else step.text
        if step.remove_marker:
            return text
        if owner is None:
            return None
        return marker.format_description(text, self.repository, marker.kept(owner, live.marker), kind)

    def _current_object(self, kind: Kind, step: Step) -> LiveObject:
        """The reading the plan was made from, or a fresh one once this run has touched the object."""
        assert step.id is not None
        if step.id not in self.own_writes and step.id in self.known_objects:
            return self.known_objects[step.id]
        live = self.get(kind, step.id)
        self._check_unchanged(step, live)
        return live

    def _check_unchanged(self, step: Step, live: LiveObject) -> None:
        """
        Raises:
            NewerMarker: a later version of exportctl has written the object since the plan was made.
            StalePlan: a value that the plan was made from has changed.
        """
        refuse_newer_markers((live,))
        now = wire.object_digests(live)
        ours = self.own_writes.get(live.id, set())
        moved = sorted(n for n, d in step.seen.items() if now.get(n) != d and n not in ours)
        if moved:
            raise StalePlan(
                f"{', '.join(moved)} changed since the plan was made",
                rule="stale",
                hint="somebody wrote in between; make a new plan",
            )

    # -- act and delete -----------------------------------------------------------------------------------------------

    def act(self, step: Step, identity: str) -> None:
        """POST …/action; a state that is already so counts as done."""
        assert step.operation is not None
        kind, operation = KINDS[step.kind], step.operation
        wanted = {"enable": "enabled", "disable": "disabled"}[operation]
        for attempt in range(MAX_TRIES + 1):
            try:
                self._retry_transient(lambda: self.client.act(_path(kind, identity), operation))
                break
            except ServiceError as error:
                if not (error.wrote or error.number == ALREADY_IN_STATE) or attempt == MAX_TRIES:
                    raise
                if self.get(kind, identity).raw.get("state") == wanted:
                    break
                if error.number == ALREADY_IN_STATE:
                    raise
        self.own_writes.setdefault(identity, set()).add("enabled")

    def delete(self, step: Step) -> None:
        """Read, compare, DELETE; a flow is waited for. What is gone already counts as done."""
        assert step.id is not None
        kind, path = KINDS[step.kind], _path(KINDS[step.kind], step.id)
        try:
            live = self.get(kind, step.id)
        except NotFound:
            return
        if live.raw.get("state") not in DELETING_STATES:
            self._check_unchanged(step, live)
            self._check_unused(kind, step)
            self._send_delete(path, final=kind is FLOW)
        if kind is FLOW:
            self._wait_until_gone(kind, step.id)

    def _check_unused(self, kind: Kind, step: Step) -> None:
        """That the service refuses to delete what a flow uses is inferred (FLOW 1447): look first."""
        for name in (n for n, (to, _) in FLOW.refs.items() if to == kind.name):
            for raw in self.client.list(FLOW.path, params=[("property", f"{name}[]=={step.id}")]):
                if not self._is_flow_present(str(raw.get("id"))):
                    continue
                text = f"the {kind.label} {step.id} is used by the {FLOW.label} {raw.get('id')}"
                if step.detects_hidden_flow:
                    raise StalePlan(f"{text}, which the plan did not know of", rule="stale", hint="make a new plan")
                raise StillInUse(text, rule="in-use")

    def _is_flow_present(self, flow: str) -> bool:
        try:
            return self.get(FLOW, flow).raw.get("state") not in DELETING_STATES
        except NotFound:
            return False

    def _send_delete(self, path: str, *, final: bool = False) -> None:
        """DELETE; a connection still in use can wait for the next apply, a flow (`final`) is deleted or has failed."""
        for attempt in range(MAX_TRIES + 1):
            try:
                self._retry_transient(lambda: self.client.delete(path))
                return
            except NotFound:
                return
            except ServiceError as error:
                if error.number in IN_USE and not final:
                    raise StillInUse(error.message, status=error.status, code=error.code, rule="in-use") from None
                if not error.wrote or attempt == MAX_TRIES:
                    raise

    def _wait_until_gone(self, kind: Kind, identity: str) -> None:
        for _ in self._retry_delays():
            try:
                self.get(kind, identity)
            except NotFound:
                return
        raise ServiceError(f"the {kind.label} {identity} was deleted but still exists", rule="delete-slow")

    # -- waiting ------------------------------------------------------------------------------------------------------

    def get(self, kind: Kind, identity: str) -> LiveObject:
        return live_object(kind, self.client.get(_path(kind, identity)))

    def _retry_transient(self, call: Callable[[], T]) -> T:
        """Repeat while the service says that the object is in transition or still in use."""
        last: ServiceError | None = None
        for _ in self._retry_delays():
            try:
                return call()
            except ServiceError as error:
                if error.number not in TRANSIENT or error.wrote:
                    raise
                last = error
        assert last is not None
        raise last

    def _retry_delays(self) -> Iterator[float]:
        """Now, then again after 1, 2, 4 … seconds, at most 15 apart, until `settle` seconds have passed."""
        start, pause = self.clock.monotonic(), 1.0
        yield 0.0
        while self.clock.monotonic() - start < self.settle:
            self.clock.sleep(min(pause, self.settle))
            yield pause
            pause = min(pause * 2, 15.0)


def _path(kind: Kind, identity: str | None) -> str:
    return f"{kind.path}/{identity}"


def _has_marker_of(live: LiveObject, owner: Marker) -> bool:
    found = live.marker
    return found is not None and (found.project, found.address) == (owner.project, owner.address)


def _read_field_names(step: Step) -> set[str]:
    """The names under which a written field is read back."""
    names = set(step.fields)
    return names | {AT, START, EVERY} if names & {START, EVERY} else names


def replace_digests(owner: Marker, digests: Mapping[str, tuple[str, ...]]) -> Marker:
    """The marker with other digests for some fields."""
    return replace(owner, applied={**owner.applied, **digests})
