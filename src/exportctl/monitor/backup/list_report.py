"""What `backup check --against` finds: a list of files against what storage and chain hold now. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from exportctl.frozen import dataclass
from exportctl.model.plan import Address
from exportctl.model.storage_address import StorageAddress
from exportctl.storage.reader import StoredFile


class ListFaultKind(StrEnum):
    DELETED = "DELETED"
    SIZE = "SIZE"
    WRITTEN_AGAIN = "WRITTEN-AGAIN"
    ROWS = "ROWS"
    DAMAGED = "DAMAGED"
    CHANGED = "CHANGED"
    NOT_IN_CHAIN = "NOT-IN-CHAIN"
    NOT_READ = "NOT-READ"


LIST_FAULTS: Mapping[ListFaultKind, str] = {
    ListFaultKind.DELETED: "A listed file is gone.",
    ListFaultKind.SIZE: "A listed file has another size.",
    ListFaultKind.WRITTEN_AGAIN: "A listed file has another ETag: it was changed, or equal bytes were written again.",
    ListFaultKind.ROWS: "The rows in a file are not as many as the list says (`--deep`).",
    ListFaultKind.DAMAGED: "A listed file cannot be read as what it is (`--deep`).",
    ListFaultKind.CHANGED: "The chain calls a listed run CHANGED, such as for a file that another program wrote.",
    ListFaultKind.NOT_IN_CHAIN: "A listed run is no longer in the chain: such as when a new flow began it again.",
    ListFaultKind.NOT_READ: "A listed file was not compared, because its storage was not read.",
}


@dataclass(frozen=True)
class ListFault:
    """
    One thing that is not as the list says. Without `due` it is about all runs, without `path` about a whole run.

    The rows of the run came between `after`, when the run before it was due, and `due`, in seconds. `after` None: they
    are all that the dataset held.
    """

    kind: ListFaultKind
    reason: str
    due: int | None = None
    after: int | None = None
    run: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class ListComparison:
    """
    One chain of a list. The counts are of listed files that are as listed.

    by_etag   their ETag is the listed one, so they were not written again
    by_size   only their size could be compared: the storage gave no ETag, then or now
    by_rows   their rows were counted too, and are as many as the list says
    """

    file: str  # the list, as the command names it
    export: Address
    dataset: str
    dataset_id: str
    flow: str
    runs: int
    files: int
    by_etag: int
    by_size: int
    by_rows: int
    faults: tuple[ListFault, ...]


@dataclass(frozen=True)
class StoredNow:
    """
    What a storage holds of listed files now, by path.

    `address` is where the export writes now. `unread` says why the storage was not read.
    """

    address: StorageAddress | None
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    rows: Mapping[str, int | str] = field(default_factory=dict)  # or what is wrong with a file; empty unless counted
    unread: str | None = None
