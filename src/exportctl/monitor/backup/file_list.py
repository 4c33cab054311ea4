"""
The list of the files of a backup: exactly those of the complete runs, each run bound to the run before it. Pure.

    seed of a chain    sha256 of who owns it: platform, organization, sandbox, flow, dataset id
    hash of a run      sha256 of its due moment, run id, rows, files, and of the hash before it
    content digest     sha256 of the whole list: also of what is no run, such as the state and what is not complete

Each is of canonical JSON. Names, addresses and the location are not in the seed, because they may change while the
chain goes on. So a longer chain has the runs of the older list, with their hashes, as its beginning. Nothing in a list
depends on when or in which order it was made.

A hash proves that a list is as it was written, not who wrote it: who can edit a list can also compute its hashes again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from exportctl.errors import Error
from exportctl.frozen import dataclass
from exportctl.model.plan import Address, PlanHeader, canonical_json
from exportctl.model.schedule import format_moment
from exportctl.model.storage_address import StorageAddress
from exportctl.monitor.backup.report import Chain, ChainRun, ChainState
from exportctl.monitor.delivery.report import DeliveredFile


@dataclass(frozen=True)
class ListedFile:
    """One data file. `path` is relative to the root of the storage. `etag` None: the storage gives none."""

    uri: str
    path: str
    size: int  # bytes
    etag: str | None
    rows: int | None  # None: they were not counted


@dataclass(frozen=True)
class ListedRun:
    """One complete run with its files by path; `due` in seconds since 1970 UTC."""

    due: int
    run: str | None
    rows: int | None  # as the run says, or as counted
    files: tuple[ListedFile, ...]
    previous: str
    hash: str


@dataclass(frozen=True)
class IncompleteRun:
    """
    A run of the chain that is not complete: its files are not listed.

    `carrier` is when a later run was due that has its rows; such a run breaks nothing.
    """

    due: int
    run: str | None
    state: ChainState
    carrier: int | None


@dataclass(frozen=True)
class UnknownTime:
    """A time of which it is not known which runs were due, in seconds."""

    first: int
    last: int


@dataclass(frozen=True)
class ListedChain:
    """The chain of one dataset. It is the whole backup only if `state` is WHOLE."""

    dataset_id: str
    dataset: str
    flow: str
    format: str
    compression: str
    location: str
    state: ChainState
    incomplete: tuple[IncompleteRun, ...]
    unknown: tuple[UnknownTime, ...]
    runs: tuple[ListedRun, ...]

    @property
    def files(self) -> Iterator[ListedFile]:
        return (one for run in self.runs for one in run.files)


@dataclass(frozen=True)
class ChainOwner:
    """What a chain is of, whatever it is called: the seed of its hashes."""

    platform: str
    organization: str
    sandbox: str
    flow: str
    dataset_id: str

    @property
    def seed(self) -> str:
        return digest_of(vars(self))


@dataclass(frozen=True)
class FileList:
    """The chains of one export, by dataset name and id. `export` is its address: `exports.orders`."""

    platform: str
    organization: str
    sandbox: str
    export: str
    chains: tuple[ListedChain, ...]

    @property
    def is_whole(self) -> bool:
        return all(chain.state is ChainState.WHOLE for chain in self.chains)

    def seed(self, chain: ListedChain) -> str:
        """Return what stands before the first run of a chain: the hash of its owner."""
        return ChainOwner(self.platform, self.organization, self.sandbox, chain.flow, chain.dataset_id).seed

    def last_hash(self, chain: ListedChain) -> str:
        """Return the hash of the newest run, which binds all runs before it."""
        return chain.runs[-1].hash if chain.runs else self.seed(chain)


@dataclass(frozen=True)
class ChainToList:
    """A chain, the flow that it is of, and where this flow writes what."""

    chain: Chain
    flow: str
    format: str
    compression: str
    storage: StorageAddress
    folder: str  # of the target connection, without slashes at its ends


def build_file_list(header: PlanHeader, address: Address, chains: Sequence[ChainToList]) -> FileList:
    """
    Return the list of all complete runs.

    Raises:
        Error: two datasets have one file, so nothing says which rows are of which.
    """
    _check_owners(address, chains)
    ordered = sorted(chains, key=lambda one: (one.chain.dataset, one.chain.dataset_id))
    listed = tuple(_listed_chain(one, header) for one in ordered)
    return FileList(header.platform, header.organization, header.sandbox, str(address), listed)


def _check_owners(address: Address, chains: Sequence[ChainToList]) -> None:
    owners: dict[str, str] = {}
    for one in chains:
        for run in one.chain.runs:
            for stored in run.files:
                other = owners.setdefault(stored.path, one.chain.dataset)
                if other != one.chain.dataset:
                    raise Error(
                        f"{address}: {stored.path} may hold rows of {other} and of {one.chain.dataset}",
                        rule="file-list-shared",
                        hint="nothing says which dataset a file is of: write %DATASET_ID% into `folder`",
                    )


def _listed_chain(one: ChainToList, header: PlanHeader) -> ListedChain:
    chain = one.chain
    owner = ChainOwner(header.platform, header.organization, header.sandbox, one.flow, chain.dataset_id)
    return ListedChain(
        dataset_id=chain.dataset_id,
        dataset=chain.dataset,
        flow=one.flow,
        format=one.format,
        compression=one.compression,
        location=one.storage.uri(one.folder).rstrip("/"),
        state=chain.state,
        incomplete=tuple(
            IncompleteRun(run.due, run.run, run.state, run.carrier)
            for run in chain.runs
            if run.state is not ChainState.WHOLE
        ),
        unknown=tuple(UnknownTime(gap.first, gap.last) for gap in chain.gaps if not gap.runs),
        runs=tuple(_listed_runs(one, owner.seed)),
    )


def _listed_runs(one: ChainToList, previous: str) -> Iterator[ListedRun]:
    for run in one.chain.runs:
        if run.state is ChainState.WHOLE:
            made = _listed_run(run, one.storage, previous)
            yield made
            previous = made.hash


def _listed_run(run: ChainRun, storage: StorageAddress, previous: str) -> ListedRun:
    files = sorted((_listed_file(stored, storage) for stored in run.files), key=lambda one: one.path)
    made = ListedRun(run.due, run.run, run.rows, tuple(files), previous, hash="")
    return replace(made, hash=run_hash(made))


def _listed_file(stored: DeliveredFile, storage: StorageAddress) -> ListedFile:
    former = storage.former_of(stored.path)
    path = former.path_of(stored.path) if former else None  # as in the lists that were made while it wrote there
    return ListedFile(storage.uri(stored.path), path or stored.path, stored.size, stored.etag, stored.rows)


# -- hashes -----------------------------------------------------------------------------------------------------------


def first_edited_run(listed: FileList) -> str | None:
    """Return the first run that is not as it was written, in words; None if every hash is right."""
    for chain in listed.chains:
        previous = listed.seed(chain)
        for run in chain.runs:
            if (run.previous, run.hash) != (previous, run_hash(run)):
                return f"the run of {chain.dataset} that was due {format_moment(run.due)}"
            previous = run.hash
    return None


def digest_of(content: object) -> str:
    """Return the sha256 of a value over its canonical JSON, as 64 hex digits."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def run_hash(run: ListedRun) -> str:
    """Return the hash of a run by all the rest of it."""
    rest = {name: value for name, value in vars(run).items() if name != "hash"}
    return digest_of({**rest, "files": [vars(one) for one in run.files]})
