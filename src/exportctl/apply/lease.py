"""
Keep a lease, and let no write start without it.

    age of the last renewal       at a request
    up to RENEW_AFTER             it is sent
    more                          the lease is renewed first; a read is then sent in any case, a write only if the
                                  renewal succeeded
    WRITE_LIMIT                   no write may start: only a new renewal changes that
    TAKE_AFTER                    another run that saw no renewal for so long takes the lease

All ages are seconds on the clock of this run, from the moment before the renewal was sent. The check stands directly in
front of the network, so it also sees that the process or the machine was stopped. From 40 to 90 seconds there is room
for a request on its way (30 s) and for clocks of different speed.

There is no thread that renews: a run that is stuck or stopped must not look alive, and one that works sends requests.
"""

from __future__ import annotations

import threading
from dataclasses import field, replace

from exportctl.apply.lease_object import LeaseObject, LeaseStore, object_path
from exportctl.client.transport import Purpose, Request
from exportctl.clock import Clock
from exportctl.errors import Conflict, LeaseLost, NotFound, ServiceError
from exportctl.frozen import dataclass
from exportctl.resources.lease import LeaseRecord, LeaseState

RENEW_AFTER, WRITE_LIMIT, TAKE_AFTER = 15.0, 40.0, 90.0  # seconds
QUICK_TRIES = 3  # a background client moves the etag after each write: read it and try again at once
PAUSE = 2.0  # seconds before further tries


@dataclass
class Lease:
    """
    The lease that this run has; safe to use from several threads.

    `current` is the object as this run wrote it last, `renewed_at` the moment before that. `lost` is set once and for
    all. `lists_are_current` says that lists show everything that was written under the lease.
    """

    store: LeaseStore
    clock: Clock
    current: LeaseObject
    renewed_at: float
    lists_are_current: bool = True
    lost: LeaseLost | None = None
    former_etags: set[str] = field(default_factory=set)
    _unanswered_at: float | None = None  # when the first renewal with a lost answer was sent
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def record(self) -> LeaseRecord:
        assert self.current.record is not None
        return self.current.record

    def check_request(self, request: Request) -> None:
        """
        Check right before a request is sent that this run has the lease.

        Raises:
            LeaseLost: the request is a write, and this run cannot be sure of the lease any more.
        """
        if request.purpose is Purpose.TOKEN or request.url.endswith(object_path(self.current.id)):
            return
        with self._lock:
            self._renew_if_due()
            if request.purpose is not Purpose.WRITE:
                return
            self.require()
            self.lists_are_current = False

    def require(self) -> None:
        """Renew the lease if that is due, or raise LeaseLost."""
        with self._lock:
            self._renew_if_due()
            if self.lost is not None:
                raise self.lost

    def release(self) -> None:
        """Give the lease back, so that the next run need not wait. Raises a ServiceError if that failed."""
        state = LeaseState.FREE if self.lists_are_current else LeaseState.SETTLING
        with self._lock:
            found = self.current
            wanted = replace(self.record, counter=self.record.counter + 1, state=state)
            for _ in range(QUICK_TRIES + 1):
                if self.lost is not None or self.store.swap(found, wanted) is not None:
                    return
                found = self.store.read(found.id)
                if self._is_former(found):
                    self.clock.sleep(PAUSE)
                elif not self._is_ours(found):  # a lost answer released it, or another run has it by now
                    return
        raise ServiceError("the service shows the object as it was before")

    def _renew_if_due(self) -> None:
        """Renew a lease that is not young; once more if the answer came so late that no write may start."""
        if self.lost is None and self._age() > RENEW_AFTER:
            self._renew()
        while self.lost is None and self._age() > WRITE_LIMIT:
            self._renew()

    def _age(self) -> float:
        return self.clock.monotonic() - self.renewed_at

    def _renew(self) -> None:
        """Add one to the counter, or set `lost`."""
        started = self.clock.monotonic()
        wanted = replace(self.record, counter=self.record.counter + 1)
        found, why, tries = self.current, "the service did not take a renewal", 0
        self._unanswered_at = None
        while not tries or self.clock.monotonic() - started < TAKE_AFTER:
            tries += 1
            sent = self.clock.monotonic()
            try:
                live = self._send_renewal(found, wanted, sent)
            except NotFound:
                return self._lose("its object was deleted")
            except ServiceError as error:
                why = error.message
                self.clock.sleep(PAUSE)
                continue
            if live.record == wanted:
                return self._note_renewal(live, found, sent if self._unanswered_at is None else self._unanswered_at)
            if not self._is_former(live):
                if not self._is_ours(live):
                    return self._lose(_owner_phrase(live))
                found = live
            if tries > QUICK_TRIES:
                self.clock.sleep(PAUSE)
        return self._lose(why)

    def _send_renewal(self, found: LeaseObject, wanted: LeaseRecord, sent: float) -> LeaseObject:
        """PATCH once, and return the object as it is then."""
        try:
            etag = self.store.send_patch(found, wanted)
        except Conflict:
            return self.store.read(found.id)
        except ServiceError as error:
            if not error.wrote:
                raise
            # It may arrive any time from now on, so the lease is as old as the first request without an answer.
            self._unanswered_at = sent if self._unanswered_at is None else self._unanswered_at
            return self.store.read(found.id)
        return self.store.read(found.id) if etag is None else replace(found, etag=etag, record=wanted)

    def _is_ours(self, live: LeaseObject) -> bool:
        found = live.record
        return found is not None and found.run == self.record.run and found.state is LeaseState.TAKEN

    def _is_former(self, live: LeaseObject) -> bool:
        """Say whether a read shows the object before the last write of this run: it says nothing then."""
        return live.etag in self.former_etags or (live.record is not None and live.record.counter < self.record.counter)

    def _note_renewal(self, live: LeaseObject, found: LeaseObject, sent: float) -> None:
        self.former_etags |= {self.current.etag, found.etag} - {live.etag}
        self.current, self.renewed_at = live, sent

    def _lose(self, why: str) -> None:
        text = f"this run lost the lease of project {self.store.project}: {why}; it writes nothing more"
        hint = "run apply again: it plans again, and completes what is half done"
        self.lost = LeaseLost(text, rule="lease-lost", hint=hint)


def _owner_phrase(live: LeaseObject) -> str:
    if live.record is None:
        return "its description was edited"
    if live.record.state is not LeaseState.TAKEN:
        return f"{live.record.holder} took it and released it"
    return f"{live.record.holder} took it, because it saw no renewal for {TAKE_AFTER:.0f} s"
