"""
Execute one step against a service that may lose answers, change etags and finish later.

    create   never repeat a POST with a lost answer: look for its marker for SETTLE_SECONDS; lists can miss an item, so
             list the kind once more before the first POST of a run, to avoid a duplicate
    update   412: read by id; while the values of the plan are unchanged, send again with the new etag (MAX_TRIES
             times), otherwise the plan is stale
             a read may show the version before a write of this run: read on until its etag is another one
    act      lost answer, or "already in this state": read the state
    delete   read and compare first, again before each repetition; do not send while a flow uses the connection; wait
             until a GET for the flow answers 404
    all      wait while the object is "in transition" or "still in use", at most SETTLE_SECONDS; a request by id may
             answer 404 for some time after the POST: wait as long, before an object so young counts as gone

The writer never decides what to write: the step says it, with the values that the plan was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field, replace
from typing import Any

from exportctl.apply.demanded_data import create_object
from exportctl.apply.existing_objects import find_created, find_existing_flow
from exportctl.apply.failures import DESCRIPTIONS_NEEDED, DescriptionsLost, StillInUse, release_refused
from exportctl.apply.retry import Retry, T
from exportctl.apply.second_listing import SecondListing
from exportctl.apply.staleness import OwnText, changed_texts, changed_values, check_unchanged
from exportctl.client.client import Client
from exportctl.client.inventory import is_being_deleted, list_objects, live_object
from exportctl.errors import Conflict, NotFound, ServiceError, StalePlan
from exportctl.frozen import dataclass
from exportctl.model.plan import Action, Fields, LiveObject, Marker, Step
from exportctl.resources import flow_states, marker, wire
from exportctl.resources.kinds import AT, BASE_CONNECTION, EVERY, FLOW, KINDS, START, TITLE, Kind
from exportctl.resources.patch_effect import is_patch_applied

MAX_TRIES = 5
IN_USE = frozenset({"1418", "1447"})  # a flow uses the account, or the source or target connection [FE]
METHOD_NOT_ALLOWED = 405  # of a PATCH: flow-service.md has none of a source connection
ALREADY_IN_STATE = "1422"  # the current state does not accept this action [FE]


@dataclass
class Writer:
    """
    The executor of single steps; safe to use from several threads for different objects.

    `fill` fills every reference in the fields of a step.
    """

    client: Client
    retry: Retry
    known_objects: Mapping[str, LiveObject]  # id -> the object that the plan was made from
    repository: str | None
    fill: Callable[[Step], tuple[Fields, Marker | None]]
    own_writes: dict[str, set[str]] = field(default_factory=dict)  # id -> the fields that this run changed
    created: set[str] = field(default_factory=set)  # ids of what this run created
    deleted: set[str] = field(default_factory=set)  # ids of what this run deleted
    former_etags: dict[str, set[str]] = field(default_factory=dict)  # id -> its etags before the writes of this run
    sent_descriptions: dict[str, str] = field(default_factory=dict)  # id -> the description that this run wrote last
    own_texts: dict[str, OwnText] = field(default_factory=dict)  # id -> a person's text
    own_titles: dict[str, OwnText] = field(default_factory=dict)
    demanded: set[str] = field(default_factory=set)  # kinds of which the service wants `data`

    def __post_init__(self) -> None:
        self.second_listing = SecondListing(self.client)

    def create(self, step: Step, ids: Mapping[str, Any], check: Callable[[str], None] = lambda identity: None) -> str:
        """
        POST the object of a step and return its id. `ids` are the references of the step, filled in.

        `check` gets the id right after the POST.
        """
        kind = KINDS[step.kind]
        fields, owner = self.fill(step)
        assert owner is not None
        self._check_address_free(owner)
        description = marker.format_description(step.text or "", self.repository, owner, kind)
        existing = find_existing_flow(self.client, self.known_objects, ids) if kind is FLOW else None
        if existing is not None:
            return existing
        body = wire.create_body(
            step.kind, step.type, fields, ids, title=step.title, description=description, now=self.retry.clock.now()
        )
        try:
            made = self.retry.call_until_settled(lambda: create_object(self.client, kind, body, self.demanded))
        except ServiceError as error:
            if not error.wrote:
                raise
            made = find_created(self.client, self.retry, self.known_objects, kind, description, error)
        self.created.add(made)
        self.sent_descriptions[made] = description
        check(made)
        return self._keep_oldest_account(owner, made) if kind is BASE_CONNECTION else made

    def _check_address_free(self, owner: Marker) -> None:
        """
        Check that the address has only objects of the plan: another run may have created one, or a list missed one.

        Raises:
            StalePlan: there is another object; a create would make a duplicate.
            NewerMarker: a later exportctl works on this project now.
        """
        kind = FLOW if owner.kind == FLOW.letter else BASE_CONNECTION
        listed = self.second_listing.objects_of_kind(kind)
        marker.refuse_newer_markers(listed, owner.project)
        found = [o.id for o in listed if o.id not in self.known_objects and _has_marker_of(o, owner)]
        if found:
            text = f"the {kind.label} {found[0]} of {owner.address} exists, but is not in the plan"
            hint = "make a new plan: another run created it, or a list missed it; nothing was created"
            raise StalePlan(text, rule="stale", hint=hint)

    def _keep_oldest_account(self, owner: Marker, made: str) -> str:
        """Keep the oldest of the accounts that several runs created at the same time; delete this run's own account."""
        rivals = [
            o
            for o in list_objects(self.client, BASE_CONNECTION)
            if (o.id == made or o.id not in self.known_objects) and o.marker and o.marker.generation == owner.generation
        ]
        ours = [o for o in rivals if _has_marker_of(o, owner)]
        oldest = min(ours, key=lambda o: (o.created_at_ms, o.id), default=None)
        if oldest is None or oldest.id == made or made not in {o.id for o in rivals}:
            return made
        self._send_delete(BASE_CONNECTION, made)
        return oldest.id

    def check_descriptions_kept(self, step: Step, identity: str) -> None:
        """
        Check that a new connection has its marker.

        Raises:
            DescriptionsLost: the marker is missing; the new connection was deleted.
        """
        kind = KINDS[step.kind]
        live = self.get(kind, identity)
        if live.marker is None or live.marker.damaged:
            self._send_delete(kind, identity)
            kept = len(str(live.raw.get("description") or ""))
            size = f"kept only {kept} characters" if kept else "did not keep"
            raise DescriptionsLost(
                f"the service {size}{' of' if kept else ''} the description of the new {kind.label}",
                rule="descriptions-dropped",
                hint=DESCRIPTIONS_NEEDED,
            )

    # -- update -------------------------------------------------------------------------------------------------------

    def update(self, step: Step, ids: Mapping[str, Any]) -> None:
        """PATCH the object of a step with the etag that was read last."""
        assert step.id is not None
        kind = KINDS[step.kind]
        fields, owner = self.fill(step)
        live = self._current_object(kind, step)
        is_uncertain = False  # an answer was lost: the object may have changed by this very write
        for attempt in range(MAX_TRIES + 1):
            description = self._description(step, kind, owner, live)
            if description is not None:
                self.sent_descriptions[step.id] = description
            ops = wire.patch_operations(
                step.kind, step.type, fields, ids, live.raw, description=description, now=self.retry.clock.now()
            )
            try:
                answered = self._call(
                    step.id,
                    lambda ops=ops, live=live: self.client.patch(_path(kind, step.id), ops, live.etag),  # type: ignore[misc]
                )
                self._note_former_etag(step.id, live.etag, answered)
                break
            except ServiceError as error:
                if error.status == METHOD_NOT_ALLOWED and step.remove_marker:
                    raise release_refused(kind, error) from None
                if not (isinstance(error, Conflict) or error.wrote) or attempt == MAX_TRIES:
                    raise
                is_uncertain |= error.wrote
                live = self.get(kind, step.id, {live.etag} if isinstance(error, Conflict) else ())
                if is_uncertain and is_patch_applied(ops, live.raw):
                    break  # only the answer was lost
                self._check_unchanged(step, live)
        if TITLE in fields:
            self.own_titles[step.id] = OwnText(live.name, str(fields[TITLE]))
        names = {"description", *step.refs, *step.fields}
        if names & {START, EVERY}:  # both decide what is read again of the other and of the time of day
            names |= {AT, START, EVERY}
        self.own_writes.setdefault(step.id, set()).update(names)

    def _description(self, step: Step, kind: Kind, owner: Marker | None, live: LiveObject) -> str | None:
        """Return the description to write, None to keep it: a step without a marker must not remove one."""
        own = self.own_texts.get(live.id)  # a read may show the text before this write for some time
        text = step.text if step.text is not None else own.after if own and live.text == own.before else live.text
        self.own_texts[live.id] = OwnText(live.text, text)
        if step.remove_marker:
            return text
        if owner is None:
            return None
        return marker.format_description(text, self.repository, marker.keep_unread(owner, live.marker), kind)

    def _current_object(self, kind: Kind, step: Step) -> LiveObject:
        """Return the object as the planner read it; read it again if this run changed it."""
        assert step.id is not None
        if step.id not in self.own_writes and step.id in self.known_objects:
            return self.known_objects[step.id]
        live = self._get_settled(kind, step.id)
        self._check_unchanged(step, live)
        return live

    def _check_unchanged(self, step: Step, live: LiveObject) -> None:
        """
        Check that the values of the plan are unchanged, except those that this run wrote.

        Raises:
            NewerMarker: a later exportctl wrote the object after the plan was made.
            StalePlan: a value that the plan was made from changed.
        """
        marker.refuse_newer_markers((live,))
        check_unchanged(changed_values(step, live, self.own_writes.get(live.id, ())))

    # -- act and delete -----------------------------------------------------------------------------------------------

    def act(self, step: Step, identity: str) -> None:
        """
        POST …/action; an object that already has the wanted state counts as done.

        If the first answer says so, a person acted before: the marker of the step takes back what it had claimed.

        Raises:
            StalePlan: a flow to replace was paused by hand after the plan was made.
        """
        kind, operation = KINDS[step.kind], step.operation or ""
        wanted = {"enable": True, "disable": False}[operation]
        is_uncertain = False  # an answer was lost: this run may have acted
        for attempt in range(MAX_TRIES + 1):
            try:
                answered = self._call(identity, lambda: self.client.act(_path(kind, identity), operation))
                if identity in self.known_objects:
                    self._note_former_etag(identity, self.known_objects[identity].etag, answered)
                break
            except ServiceError as error:
                if not (error.wrote or error.number == ALREADY_IN_STATE) or attempt == MAX_TRIES:
                    raise
                is_uncertain |= error.wrote
                if flow_states.is_enabled(self._get_settled(kind, identity).raw) is wanted:
                    if step.marker and not is_uncertain:
                        self._take_back_intent(step)
                    break
                if error.number == ALREADY_IN_STATE:
                    raise
        self.own_writes.setdefault(identity, set()).add("enabled")
        if step.marker and step.marker.being_replaced:
            self._check_unchanged(step, self._get_settled(kind, identity))

    def _take_back_intent(self, step: Step) -> None:
        """Write the marker of an action that a person or another tool did first."""
        self.update(replace(step, action=Action.UPDATE, operation=None, seen={}), {})
        text = f"the flow {step.id} was disabled by a person or another tool while apply replaced it"
        if step.marker and step.marker.being_replaced:
            raise StalePlan(text, rule="stale", hint="make a new plan: it says how to go on")

    def delete(self, step: Step) -> None:
        """Read, compare and DELETE; wait until a flow is gone. An object that is already gone counts as done."""
        assert step.id is not None
        kind = KINDS[step.kind]
        try:
            is_sent = self._may_delete(kind, step)
        except NotFound:
            return
        if is_sent:
            self._send_delete(kind, step.id, lambda: self._may_delete(kind, step), final=kind is FLOW)
        if kind is FLOW:
            self._wait_until_gone(kind, step.id)
        self.deleted.add(step.id)

    def _may_delete(self, kind: Kind, step: Step) -> bool:
        """Read and compare an object and its users right before its DELETE; False: it is being deleted already."""
        assert step.id is not None
        live = self.get(kind, step.id)
        if is_being_deleted(live.raw):
            return False
        live = self._get_settled(kind, step.id) if flow_states.is_in_transition(live.raw) else live
        self._check_unchanged(step, live)
        check_unchanged(changed_texts(live, self.own_titles.get(live.id), self.own_texts.get(live.id)))
        self._check_unused(kind, step)
        return True

    def _check_unused(self, kind: Kind, step: Step) -> None:
        """Check that no flow uses the object; we only infer that the service refuses such a DELETE (FLOW 1447)."""
        for name in (n for n, (to, _) in FLOW.refs.items() if to == kind.name):
            for raw in self.client.list(FLOW.path, params=[("property", f"{name}[]=={step.id}")]):
                if not self._is_user(live_object(FLOW, raw), name, step.id):
                    continue
                text = f"the {FLOW.label} {raw.get('id')} uses the {kind.label} {step.id}"
                if step.detects_hidden_flow:
                    raise StalePlan(f"{text}, but is not in the plan", rule="stale", hint="make a new plan")
                raise StillInUse(text, rule="in-use")

    def _is_user(self, listed: LiveObject, name: str, identity: str | None) -> bool:
        """
        Say whether a listed flow uses a connection.

        A list may show a deleted flow, or one as it was before this run pointed it at another connection; a request by
        id may not know a new flow yet.
        """
        if listed.id in self.deleted:
            return False
        for _ in self.retry.delays():
            try:
                flow = self.get(FLOW, listed.id)
            except NotFound:
                return self.retry.is_young(listed.created_at)
            if is_being_deleted(flow.raw) or identity not in wire.ids(flow.raw, name):
                return False
            if name not in self.own_writes.get(listed.id, ()):
                break
        return True

    def _send_delete(
        self, kind: Kind, identity: str, may_repeat: Callable[[], bool] = lambda: True, *, final: bool = False
    ) -> None:
        """
        DELETE; a connection in use can wait for the next apply, but a flow (`final`) is deleted now or fails.

        Before each DELETE but the first, `may_repeat` looks again: what was read before a refusal can be a minute old.
        """
        is_first = True

        def send() -> None:
            nonlocal is_first
            is_sent, is_first = is_first or may_repeat(), False
            if is_sent:
                self.client.delete(_path(kind, identity))

        for attempt in range(MAX_TRIES + 1):
            try:
                self._call(identity, send)
                return
            except NotFound:
                return
            except ServiceError as error:
                if error.number in IN_USE and not final:
                    raise StillInUse(error.message, status=error.status, code=error.code, rule="in-use") from None
                if not error.wrote or attempt == MAX_TRIES:
                    raise

    def _wait_until_gone(self, kind: Kind, identity: str) -> None:
        for _ in self.retry.delays():
            try:
                self.client.get(_path(kind, identity))
            except NotFound:
                return
        text = f"the {kind.label} {identity} still exists after its deletion"
        raise ServiceError(text, rule="delete-slow", hint="run apply again later: it deletes what still exists")

    # -- waiting ------------------------------------------------------------------------------------------------------

    def get(self, kind: Kind, identity: str, outdated: Collection[str] = ()) -> LiveObject:
        """
        Read one object by id.

        Waits for an object so young that the service may not know its id yet, and while a read shows the version before
        a write: the etags of such versions are `outdated` and those that this run replaced.
        """
        for _ in self.retry.delays():
            live = live_object(kind, self._call(identity, lambda: self.client.get(_path(kind, identity))))
            if live.etag not in outdated and not self.is_former_version(live):
                break
        return live

    def is_former_version(self, live: LiveObject) -> bool:
        """Say whether this is an object as it was before a write of this run."""
        return live.etag in self.former_etags.get(live.id, ())

    def _note_former_etag(self, identity: str, before: str, answered: str | None) -> None:
        if answered != before:
            self.former_etags.setdefault(identity, set()).add(before)

    def _get_settled(self, kind: Kind, identity: str) -> LiveObject:
        """Read one object by id until no write is in progress: a state in transition is not the planned one."""
        for _ in self.retry.delays():
            live = self.get(kind, identity)
            if not flow_states.is_in_transition(live.raw):
                break
        return live

    def _call(self, identity: str, call: Callable[[], T]) -> T:
        """Send a request about one object."""
        known = self.known_objects.get(identity)
        young = identity in self.created or (known is not None and self.retry.is_young(known.created_at))
        return self.retry.call_until_settled(call, is_young=young)


def _path(kind: Kind, identity: str | None) -> str:
    return f"{kind.path}/{identity}"


def _has_marker_of(live: LiveObject, owner: Marker) -> bool:
    found = live.marker
    return found is not None and (found.project, found.address) == (owner.project, owner.address)
