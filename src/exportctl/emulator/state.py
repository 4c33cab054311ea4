"""
The state of the emulator: one organization with its sandboxes, its clock, its faults and its stored objects.

`app` puts it behind HTTP. Tests and the admin API call it directly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from exportctl.emulator import auth, dataset_rows, delayed_effects, read_view
from exportctl.emulator import datasets as configs
from exportctl.emulator.clock import EmulatorClock, parse_clock
from exportctl.emulator.data.rows import Batch
from exportctl.emulator.dataset_rows import Arrival
from exportctl.emulator.datasets import SeedDataset
from exportctl.emulator.faults import Fault
from exportctl.emulator.read_view import Caller, RequestContext
from exportctl.emulator.run_scheduler import RunScheduler
from exportctl.emulator.store import Record, Store
from exportctl.emulator.switches import Switches
from exportctl.emulator.ui_edits import Ui
from exportctl.emulator.wire import Json

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
SYSTEM = Caller("system@AdobeID", "system")
LAST_MOMENT = 221845392000  # in seconds; ends and run times lie after it, and a calendar must show them too


class EmulatedOrganization:
    """
    One organization with its sandboxes.

    `path` None keeps everything in memory. A setting that is not given comes from the file, else from the defaults:
    clock `real`, pages of 100, seed 0. `clock` may be a moment (seconds since 1970 UTC): time then stands still until
    `advance` or `set_time`. Exports without an endpoint are written below `storage`, by default a folder beside the
    file. In memory, exports run but their files are not kept.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        switches: Switches | None = None,
        clock: str | float | None = None,
        page_size: int | None = None,
        seed: int | None = None,
        organization: str | None = None,
        storage: str | Path | None = None,
    ) -> None:
        self.store = Store(path)
        self._parsed_switches: tuple[Json | None, Switches] = (None, Switches())  # the stored form and its value
        self.ui = Ui(self.store, self.context)
        self.root = Path(storage) if storage is not None else _default_storage_folder(path)
        self._scheduler = RunScheduler(self.store, lambda: self.now, self.context, self.root)
        with self.store.transaction():
            given = {
                "switches": switches and switches.to_json(),
                "clock": None if clock is None else asdict(parse_clock(clock)),
                "page_size": page_size,
                "seed": seed,
                "organization": organization,
            }
            for key, value in given.items():
                if value is not None:
                    self.store.set_setting(key, value)
            if not self.store.list_records("credentials"):
                auth.register_client(self.store, auth.CLIENT_ID, auth.CLIENT_SECRET)
            if not self.store.list_records("sandboxes"):
                self._add_sandbox("prod")

    def copy(self) -> Self:
        """Return an emulator in memory in the same state: from there, tests can try several things."""
        made = type(self)(storage=self.root)
        made.store.copy_from(self.store)
        return made

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    @property
    def switches(self) -> Switches:
        """The settings of the open questions; may be set at any time."""
        stored = self.store.get_setting("switches", None)
        parsed = self._parsed_switches
        if parsed[0] != stored:
            parsed = self._parsed_switches = (stored, Switches.from_json(stored))
        return parsed[1]

    @switches.setter
    def switches(self, value: Switches) -> None:
        with self.store.transaction():
            self.store.set_setting("switches", value.to_json())

    @property
    def clock(self) -> EmulatorClock:
        """What the emulator's clock is, as a value; `now` reads it."""
        stored: dict[str, Any] = self.store.get_setting("clock", {})
        return EmulatorClock(**stored)

    @property
    def now(self) -> float:
        """The emulator's time, in seconds since 1970 UTC."""
        return self.clock.now()

    def advance(self, seconds: float) -> float:
        """Move the time forward, execute the runs that are due, and return the new time."""
        if seconds < 0:
            raise ValueError("time does not go back")
        return self._set_clock(lambda clock: clock.advance_by(seconds))

    def set_time(self, moment: float) -> float:
        """Set the time to a moment, in seconds since 1970 UTC, and return it."""
        return self._set_clock(lambda clock: clock.set_to(moment))

    def _set_clock(self, moved: Callable[[EmulatorClock], EmulatorClock]) -> float:
        with self.store.transaction():
            clock = moved(self.clock)
            if clock.now() > LAST_MOMENT:
                raise ValueError("the clock of the emulator ends with the year 8999")
            self.store.set_setting("clock", asdict(clock))
            self._apply_due_effects()
        self._scheduler.execute_due_runs(wait=True)
        return clock.now()

    def _apply_due_effects(self) -> None:
        delayed_effects.apply_due_effects(self.store, self.switches, self.now)

    @property
    def organization(self) -> str:
        """The organization that everything belongs to."""
        return str(self.store.get_setting("organization", ORGANIZATION))

    def seed(
        self, sandboxes: Iterable[str] = (), datasets: Mapping[str, Iterable[SeedDataset]] | None = None
    ) -> dict[str, dict[str, str]]:
        """Add sandboxes and datasets, and return for each sandbox the ids of its datasets by name."""
        with self.store.transaction():
            for name in (*sandboxes, *(datasets or {})):
                if self.store.get("sandboxes", name) is None:
                    self._add_sandbox(name)
            return {
                name: {dataset.name: configs.seed_dataset(self.context(name), dataset) for dataset in wanted}
                for name, wanted in (datasets or {}).items()
            }

    def sandboxes(self) -> list[str]:
        """Return the names of the sandboxes."""
        return [record.id for record in self.store.list_records("sandboxes")]

    def datasets(self, sandbox: str) -> list[Json]:
        """Return the datasets of a sandbox as the listing shows them, those that cannot be exported included."""
        return [_copy_of(record.doc) for record in self.store.list_records("datasets", sandbox)]

    def ingest(
        self,
        sandbox: str,
        dataset: str,
        rows: int,
        spread: int = 86400,
        *,
        update: int = 0,
        remove: int = 0,
        change: str | None = None,
    ) -> Json:
        """
        Add rows to a dataset, named by id or name, and return `dataset`, `first`, `rows`, `at` and `spread` of them.

        Rows that it has get `update` new versions, and `remove` of them go away. `change` is one of
        data/schema_changes.py: from now on the rows have it.

        Raises:
            ValueError: there is no such dataset in the sandbox, or more than one, or it cannot take this.
        """
        with self.store.transaction():
            arrived = Arrival(rows, update, remove, spread, change)
            return configs.ingest(self.context(sandbox), dataset, arrived)

    def batches(self, sandbox: str, dataset: str) -> list[Batch]:
        """Return all rows of a dataset, named by id or name, in the order in which they were added."""
        return dataset_rows.batches(self.store, configs.find_dataset(self.context(sandbox), dataset))

    def table(self, sandbox: str, dataset: str, moment: float | None = None) -> Iterator[str]:
        """Return the rows that a dataset had at a moment, by default now, each as one line of JSON."""
        found = configs.find_dataset(self.context(sandbox), dataset)
        return dataset_rows.table(self.store, found, self.now if moment is None else moment)

    def sent_rows(self, sandbox: str, dataset: str, moments: Sequence[float]) -> Iterator[str]:
        """
        Return the last version of each row that increments at these moments sent, each as one line of JSON.

        Rows that went away are in it, because increments do not tell of that.
        """
        return dataset_rows.sent_rows(self.store, configs.find_dataset(self.context(sandbox), dataset), moments)

    def folder_of(self, target: str, params: Mapping[str, str] | None = None) -> Path | None:
        """
        Return the local folder that stands for the bucket of a target connection; None: it is written elsewhere.

        `params` are members of its location that are other ones, such as a former bucket.
        """
        found = self.store.get("targetConnections", target)
        base = found and self.store.get("connections", str(found.doc.get("baseConnectionId")))
        if found is None or base is None:
            return None
        target_doc = {**found.doc, "params": {**found.doc["params"], **(params or {})}}
        from exportctl.emulator.storage import open as routing  # plans and lists ask for no folder

        return routing.local_root(base.doc, target_doc, self.store.get_setting("storage", {}), self.root)

    def _add_sandbox(self, name: str) -> None:
        kind = "production" if name == "prod" else "development"
        doc = {"id": self.store.new_id(), "title": name.capitalize(), "type": kind}
        self.store.put(Record("sandboxes", name, name, doc))

    def register_client(
        self,
        client_id: str,
        client_secret: str,
        permissions: Iterable[str] = auth.PERMISSIONS,
        *,
        sandboxes: Iterable[str] | None = None,
    ) -> None:
        """Add a credential with these permissions in these sandboxes; None stands for all of them."""
        with self.store.transaction():
            allowed = None if sandboxes is None else tuple(sandboxes)
            auth.register_client(self.store, client_id, client_secret, tuple(permissions), allowed)

    def credentials(self) -> list[Json]:
        """Return the credentials without their secrets: `client_id`, `permissions` and `sandboxes` (None: all)."""
        return [auth.describe_client(record) for record in self.store.list_records("credentials")]

    def remove_client(self, client_id: str) -> None:
        """
        Remove a credential and its tokens.

        Raises:
            ValueError: there is no such credential, or it is the one that the embedded emulator uses.
        """
        with self.store.transaction():
            auth.remove_client(self.store, client_id)

    def issue_token(self, client_id: str = auth.CLIENT_ID, seconds: float = auth.TOKEN_SECONDS) -> str:
        """Return a token for a client, without asking the token endpoint."""
        with self.store.transaction():
            return auth.issue_token(self.store, client_id, self.now, seconds)

    def set_token_lifetime(self, seconds: int) -> None:
        """Set the lifetime of the tokens that the token endpoint gives from now on."""
        with self.store.transaction():
            self.store.set_setting("token_seconds", seconds)

    def add_fault(self, fault: Fault) -> None:
        """Add a fault that applies from now on."""
        with self.store.transaction():
            self.store.add_fault(self.store.draw_bytes().hex(), fault.to_json())

    def faults(self) -> list[Fault]:
        """Return the faults that were added, spent ones included."""
        return [Fault.from_json(doc) for _, _, doc in self.store.faults()]

    def clear_faults(self) -> None:
        """Remove all faults."""
        with self.store.transaction():
            self.store.clear_faults()

    def requests(self) -> list[Json]:
        """
        Return the requests so far, oldest first, without headers and bodies.

        Members: `at` (seconds), `id`, `method`, `path`, `query`, `status` (0: the answer was lost), `write`.
        """
        return self.store.logged_requests()

    def writes(self) -> list[Json]:
        """Return the requests that asked the Flow Service for a change, refused ones included."""
        return [entry for entry in self.requests() if entry["write"]]

    def forget_requests(self) -> None:
        """Empty the request log."""
        with self.store.transaction():
            self.store.forget_log()

    def snapshot(self, sandbox: str | None = None) -> dict[str, list[Json]]:
        """Return for each collection the objects that are not deleted, as stored, with secrets. For tests."""
        return {
            collection: [
                _copy_of(r.doc) for r in self.store.list_records(collection, sandbox) if "deleted_at" not in r.hidden
            ]
            for collection in read_view.COLLECTIONS
        }

    def reset(self) -> None:
        """Remove objects, datasets, sandboxes, faults and requests; settings and credentials stay."""
        with self.store.transaction():
            kept = [record for kind in ("credentials", "tokens") for record in self.store.list_records(kind)]
            self.store.clear_objects()
            for record in kept:
                self.store.put(record)
            self._add_sandbox("prod")

    def context(self, sandbox: str = "", caller: Caller = SYSTEM) -> RequestContext:
        """Return the context of a request in a sandbox."""
        found = self.store.get("sandboxes", sandbox)
        return RequestContext(
            store=self.store,
            switches=self.switches,
            now=self.now,
            organization=self.organization,
            page_size=int(self.store.get_setting("page_size", 100)),
            caller=caller,
            sandbox=sandbox,
            sandbox_id=found.doc["id"] if found else "",
        )


def _default_storage_folder(path: str | Path | None) -> Path | None:
    if path is None:
        return None
    file = Path(path)
    return file.with_suffix("") if file.suffix else file.with_name(f"{file.name}-storage")


def _copy_of(doc: Json) -> Json:
    copy: Json = json.loads(json.dumps(doc))
    return copy
