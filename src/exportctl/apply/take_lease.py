"""
Take the lease of a project: find its object or create it, and swap its record to this run.

    the object says     this run
    free                takes it
    settling            takes it, and waits until lists show what was written before
    taken               watches: another counter means that the run is alive (LeaseHeld); the same one for TAKE_AFTER
                        seconds means that it is not: takes it, and waits until lists show what it may have written
    new                 proves that swaps work here, and takes it
    nothing readable    the description was edited: watches as for taken, and then as new

Two first runs may each create an object, because lists show a new one late. So no run uses an object that is new: it
first waits until lists must show every elder one, and takes the eldest. A run that then writes into the object says
thereby to all later ones that this is the one. A younger object is deleted.

No moment of a wall clock is compared. Ages are seconds on the clock of this run; the order of two objects is the
service's own, with CLOCK_SKEW between its machines.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import field, replace

from exportctl.apply.failures import DESCRIPTIONS_NEEDED
from exportctl.apply.lease import TAKE_AFTER, WRITE_LIMIT, Lease
from exportctl.apply.lease_object import LeaseObject, LeaseStore
from exportctl.clock import Clock
from exportctl.errors import Conflict, Error, LeaseHeld, NotFound, ServiceError
from exportctl.frozen import dataclass
from exportctl.resources.lease import LeaseRecord, LeaseState, lease_name

CLOCK_SKEW = 10.0  # seconds between two machines of the service, which stamp createdAt (assumed)
ANSWER_SECONDS = 30.0  # a request that a stopped run had sent may arrive so much later
POLL, SLICE = 5.0, 1.0  # seconds between two looks, and between two looks at the interrupt
LONGEST = 600.0  # seconds in all, for a service on which every swap fails
MAX_OBJECTS = 3  # objects that are deleted while this run waits
_OFF = "set `policy: {lease: false}` and let the pipeline run one apply at a time; exportctl makes no duplicate then"


@dataclass
class LeaseTaker:
    """One attempt. `record` is what the object will say; `interrupted` ends it between two looks."""

    store: LeaseStore
    clock: Clock
    record: LeaseRecord
    settle: float  # seconds until lists show a created object
    say: Callable[[str], None]
    interrupted: Callable[[], bool]
    gone: set[str] = field(default_factory=set)  # ids that a list shows and a request by id does not know
    others: tuple[LeaseObject, ...] = ()  # younger objects that killed first runs left
    quiet_from: float | None = None  # since when the run before wrote nothing, if it may have written just before
    proved: str | None = None  # id of the object on which swaps work
    failed_etag: str | None = None  # of the last swap that met another write

    def take(self) -> Lease:
        """
        Take the lease, and return when lists show what was written before.

        Raises:
            LeaseHeld: another run has it, and is alive.
            Error: the service cannot hold a lease, or this run was interrupted.
        """
        for _ in range(MAX_OBJECTS):
            identity = self._find_object()
            try:
                lease = self._take_object(identity)
            except NotFound:  # a list shows a deleted object for some time, or a person deleted it just now
                self.gone.add(identity)
                continue
            with suppress(ServiceError):  # they do no harm
                self._delete_others(identity)
            return self._wait_for_lists(lease)
        raise Error("the lease object is deleted again and again", rule="lease", hint=_OFF)

    # -- the object ---------------------------------------------------------------------------------------------------

    def _find_object(self) -> str:
        """Return the id of the one lease object of the project; create it, or wait for it."""
        listed = self._list_objects()
        settled = [one for one in listed if one.is_settled]
        if settled:
            return settled[0].id
        own = None if listed else self._create_object()
        wait = self.settle + CLOCK_SKEW
        self.say(
            f"The lease of project {self.store.project} is new in this sandbox. Waiting {wait:.0f} s, once, until "
            "lists show every object that another run may have created for it."
        )
        chosen = self._wait_for_eldest(self.clock.monotonic() + wait)
        if own is not None and (own != chosen.id or chosen.record is None):
            self.store.delete(own)
        if own == chosen.id and chosen.record is None:
            raise self._unreliability_error("it does not keep the description of a connection", DESCRIPTIONS_NEEDED)
        return chosen.id

    def _create_object(self) -> str | None:
        try:
            return self.store.create(replace(self.record, state=LeaseState.NEW, counter=0))
        except ServiceError as error:
            error.hint = f"this request creates the lease of the project; {error.hint or _OFF}"
            raise

    def _wait_for_eldest(self, until: float) -> LeaseObject:
        """Return the eldest object after lists must show it, or at once one that another run has settled."""
        while True:
            is_over = self.clock.monotonic() >= until
            listed = self._list_objects()
            settled = [one for one in listed if one.is_settled]
            if settled or (is_over and listed):
                return (settled or [*listed])[0]
            if is_over:
                name = lease_name(self.store.project)
                text = f"the lease object was created, but no list shows the connection {name!r}"
                raise Error(text, rule="lease", hint="run the same command again later")
            self._pause(POLL)

    def _list_objects(self) -> tuple[LeaseObject, ...]:
        listed = tuple(one for one in self.store.list_objects() if one.id not in self.gone)
        self.others = tuple(one for one in listed if one.record is not None and not one.record.is_settled)
        return listed

    def _delete_others(self, identity: str) -> None:
        """Delete what killed first runs left; a run that still waits with such an object finds the settled one."""
        for one in self.others:
            if one.id != identity:
                self.store.delete(one.id)

    # -- the record ---------------------------------------------------------------------------------------------------

    def _take_object(self, identity: str) -> Lease:
        """Swap the record to this run, as soon as that is allowed."""
        seen: tuple[LeaseRecord | None, float] | None = None  # what another run wrote, and when it was first seen
        for _ in range(int(LONGEST / POLL)):
            found, now = self.store.read(identity), self.clock.monotonic()
            record = found.record
            if record is not None and record.state is LeaseState.UNKNOWN:
                text = f"a newer exportctl wrote the lease of project {self.store.project}"
                raise Error(text, rule="newer-marker", hint="upgrade exportctl; nothing was written")
            if record is not None and (record.state, record.run) == (LeaseState.TAKEN, self.record.run):
                # The answer to the swap was lost, and so is the moment of it: the lease is renewed before it is used.
                return Lease(self.store, self.clock, found, now - TAKE_AFTER)
            if record is not None and record.state is not LeaseState.TAKEN:
                seen = None
            elif seen is None or seen[0] != record:
                self._check_other_run(record, is_first=seen is None)
                seen = record, now
            if seen is not None and now - seen[1] < TAKE_AFTER:
                self._pause(POLL)
                continue
            if seen is not None:
                self.quiet_from = seen[1] + WRITE_LIMIT + ANSWER_SECONDS
            elif record is not None and record.state is LeaseState.SETTLING:
                self.quiet_from = now
            lease = self._swap(found) if found.is_settled else self._prove_and_swap(found)
            if lease is not None:
                if seen is not None:
                    self.say(f"The lease was not renewed for {TAKE_AFTER:.0f} s: this run takes it.")
                return lease
            if found.etag == self.failed_etag or not found.is_settled:
                self._pause(POLL)  # the read may show a former version, or another run is at it too
            self.failed_etag = found.etag
        raise Error("the lease cannot be taken: every attempt met another write", rule="lease", hint=_OFF)

    def _check_other_run(self, record: LeaseRecord | None, *, is_first: bool) -> None:
        """Say whom this run watches, or raise LeaseHeld: it wrote again, so it is alive."""
        project = self.store.project
        if record is None:
            self.say(f"The description of the lease of project {project} was edited. Waiting {TAKE_AFTER:.0f} s.")
        elif is_first:
            self.say(
                f"{record.holder} holds the lease of project {project}. Waiting up to {TAKE_AFTER:.0f} s to see "
                "whether that run still works."
            )
        else:
            text = f"{record.holder} holds the lease of project {project} and is at work; nothing was written"
            raise LeaseHeld(text, rule="lease-held", hint="run the same command again when that run has ended")

    def _prove_and_swap(self, found: LeaseObject) -> Lease | None:
        """Take an object that is new; prove first, once, that swaps work."""
        is_own = found.record is not None and found.record.run == self.record.run and self.proved == found.id
        proved = found if is_own else self._prove_swaps(found)
        return self._swap(proved) if proved else None

    def _swap(self, found: LeaseObject) -> Lease | None:
        before = found.record.counter if found.record else 0
        started = self.clock.monotonic()
        swapped = self.store.swap(found, replace(self.record, state=LeaseState.TAKEN, counter=before + 1))
        return Lease(self.store, self.clock, swapped, started) if swapped else None

    def _prove_swaps(self, found: LeaseObject) -> LeaseObject | None:
        """
        Prove once, on an object that no run uses yet, that the service refuses a swap with an outdated etag.

        Return the object as it is then; None if another run wrote into it meanwhile.
        """
        before = found.record.counter if found.record else 0
        mine = replace(self.record, state=LeaseState.NEW, counter=before + 1)
        swapped = self.store.swap(found, mine)
        if swapped is None:
            return None
        try:
            self.store.send_patch(found, replace(mine, counter=before + 2))
        except Conflict:
            live = self.store.read(found.id)
        else:
            raise self._unreliability_error("it accepts a PATCH with an outdated If-Match")
        self.proved = found.id
        if live.record == mine:
            return live
        if live.etag == found.etag:  # a read of the former version, with its etag: swaps are safe with such reads
            return swapped
        if live.record != found.record:
            return None  # another run wrote
        raise self._unreliability_error("a description shows late what was written, and its etag at once")

    def _unreliability_error(self, why: str, hint: str = _OFF) -> Error:
        text = f"this sandbox cannot hold a lease: {why}; nothing but the lease object was written"
        return Error(text, rule="lease-unreliable", hint=hint)

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _wait_for_lists(self, lease: Lease) -> Lease:
        """Wait, with the lease, until lists show what the run before this one wrote."""
        if self.quiet_from is None:
            return lease
        lease.lists_are_current = False
        until = self.quiet_from + self.settle
        left = until - self.clock.monotonic()
        if left > 0:
            self.say(f"Waiting {left:.0f} s until lists show what the run before this one wrote.")
        try:
            while self.clock.monotonic() < until:
                self._pause(min(SLICE, until - self.clock.monotonic()))
                lease.require()
        except BaseException:
            with suppress(ServiceError):  # then the next run waits
                lease.release()
            raise
        lease.lists_are_current = True
        return lease

    def _pause(self, seconds: float) -> None:
        """Sleep in slices, and end at an interrupt."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            if self.interrupted():
                text = "interrupted while waiting for the lease; nothing was written"
                raise Error(text, rule="interrupted")
            self.clock.sleep(min(SLICE, seconds))
