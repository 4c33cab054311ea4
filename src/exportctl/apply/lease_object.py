"""
Read, create and compare-and-swap the objects that hold leases. It never decides who may write.

A swap is one PATCH with the etag that was read together with the record. If it succeeds, the record was still the one
that was read. A swap with a lost answer is read again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from exportctl.apply.retry import Retry, T
from exportctl.client.client import Client
from exportctl.client.inventory import CREATION_ORDER, is_being_deleted, live_object
from exportctl.errors import Conflict, NotFound, ServiceError
from exportctl.frozen import dataclass
from exportctl.resources import lease
from exportctl.resources.kinds import BASE_CONNECTION
from exportctl.resources.lease import LeaseRecord


@dataclass(frozen=True)
class LeaseObject:
    """One object as it was read; `record` is None if its description was edited or is not kept."""

    id: str
    etag: str
    created_at_ms: int
    record: LeaseRecord | None
    raw: Any = field(repr=False, compare=False)

    @property
    def path(self) -> str:
        return object_path(self.id)

    @property
    def is_settled(self) -> bool:
        return self.record is not None and self.record.is_settled


@dataclass(frozen=True)
class LeaseStore:
    """The lease objects of one project, in one sandbox."""

    client: Client
    retry: Retry
    project: str

    def list_objects(self) -> tuple[LeaseObject, ...]:
        """List the lease objects, the eldest first; lists may show a new one late."""
        listed = self.client.list(BASE_CONNECTION.path, params=[lease.FILTER, CREATION_ORDER])
        found = [
            _lease_object(raw) for raw in listed if lease.is_lease(raw, self.project) and not is_being_deleted(raw)
        ]
        return tuple(sorted(found, key=lambda one: (one.created_at_ms, one.id)))

    def read(self, identity: str) -> LeaseObject:
        """Read one object by id, or raise NotFound."""
        return _lease_object(self.client.get(object_path(identity)))

    def create(self, record: LeaseRecord) -> str | None:
        """POST a lease object and return its id; None if the answer was lost or the name is taken: a list will tell."""
        try:
            return self.client.create(BASE_CONNECTION.path, lease.lease_body(self.project, record)).id
        except ServiceError as error:
            if error.wrote or lease.lease_name(self.project) in error.message:
                return None
            raise

    def delete(self, identity: str) -> None:
        """DELETE an object; one that is gone counts as deleted."""
        try:
            self._repeat(lambda: self.client.delete(object_path(identity)))
        except NotFound:
            return

    def swap(self, found: LeaseObject, record: LeaseRecord) -> LeaseObject | None:
        """Write a record if no other client wrote since `found` was read; None if one did, or may have."""
        try:
            etag = self.send_patch(found, record)
        except Conflict:
            return None
        except ServiceError as error:
            if not error.wrote:
                raise
            etag = None
        if etag is None:
            live = self.read(found.id)
            return live if live.record == record else None
        return LeaseObject(found.id, etag, found.created_at_ms, record, found.raw)

    def send_patch(self, found: LeaseObject, record: LeaseRecord) -> str | None:
        """PATCH the record with the etag of `found`, and return the new etag if the answer has one."""
        operations = lease.lease_operations(self.project, record, found.raw)
        return self._repeat(lambda: self.client.patch(found.path, operations, found.etag))

    def _repeat(self, call: Callable[[], T]) -> T:
        """Repeat a request while the object is in transition after another write."""
        return self.retry.call_until_settled(call)


def object_path(identity: str) -> str:
    return f"{BASE_CONNECTION.path}/{identity}"


def _lease_object(raw: dict[str, Any]) -> LeaseObject:
    live = live_object(BASE_CONNECTION, raw)
    return LeaseObject(live.id, live.etag, live.created_at_ms, lease.parse_lease(raw), raw)
