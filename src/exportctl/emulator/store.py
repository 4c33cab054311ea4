"""
The emulator's memory: every object, setting and log line in one SQLite database, in a file or in memory.

Documents go in and out as plain JSON. The store knows no rule of the service: it keeps, finds and forgets. One
connection behind one lock serves all threads; a file may be shared by several processes, each step one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from exportctl.emulator.reference_index import ReferenceIndex
from exportctl.emulator.wire import Json
from exportctl.frozen import dataclass

EXPRESSIONS = {
    "created": "json_extract(doc, '$.createdAt')",
    "updated": "json_extract(doc, '$.updatedAt')",
    "flow": "json_extract(doc, '$.flowId')",
    # When the last delayed effect ends that changes what lists show of an object, in seconds.
    "moment": "max("
    + ", ".join(
        f"coalesce(json_extract(hidden, '$.{key}'), 0)"
        for key in ("listed_at", "unlisted_at", "deleted_at", "busy_until", "stale_until", "effect_at", "completes_at")
    )
    + ", coalesce(json_extract(doc, '$.lastRunDetails.completedAtUTC') / 1000.0, 0))",
    # The same, of the effects that show another `updatedAt` than the stored one.
    "shown_moment": "max(coalesce(json_extract(hidden, '$.stale_until'), 0),"
    " coalesce(json_extract(hidden, '$.completes_at'), 0))",
}
TABLES = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
  collection TEXT NOT NULL, id TEXT NOT NULL, sandbox TEXT NOT NULL, seq INTEGER NOT NULL, ord INTEGER NOT NULL,
  wake REAL, doc TEXT NOT NULL, hidden TEXT NOT NULL, PRIMARY KEY (collection, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due ON objects (wake) WHERE wake IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_change ON objects (collection, sandbox, {updated}, ord);
CREATE INDEX IF NOT EXISTS by_creation ON objects (collection, sandbox, {created}, seq);
CREATE INDEX IF NOT EXISTS of_flow_by_change ON objects (collection, sandbox, {flow}, {updated}, ord)
  WHERE {flow} IS NOT NULL;
CREATE INDEX IF NOT EXISTS of_flow_by_creation ON objects (collection, sandbox, {flow}, {created}, seq)
  WHERE {flow} IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_moment ON objects (collection, sandbox, {moment});
CREATE INDEX IF NOT EXISTS by_shown_moment ON objects (collection, sandbox, {shown_moment});
CREATE TABLE IF NOT EXISTS requests (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, seen INTEGER NOT NULL, doc TEXT NOT NULL);
"""
VERSION = 2  # of the tables above and of what the documents mean
LOG_LENGTH = 100_000  # entries of the request log that are kept
MOST_REMEMBERED = 8

T = TypeVar("T")


class ListOrder(Enum):
    """The orders in which objects can be read one by one."""

    CHANGE = "change"  # the one that was written last comes first
    CREATION = "creation"  # the oldest comes first


@dataclass
class Record:
    """
    An object and what only the emulator knows of it.

    `seq` counts creations, `order` counts writes; `wake` is when the background has something to do with it (seconds).
    `hidden` never leaves the emulator: see `read_view.py` for its keys.
    """

    collection: str
    id: str
    sandbox: str
    doc: Json
    hidden: Json = field(default_factory=dict)
    wake: float | None = None
    seq: int = 0
    order: int = 0


class Store:
    """
    Transactions over one database.

    `path` is the file, None in memory. It is made readable by its owner only, as it holds credentials; its folder
    ignores itself for Git.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.lock = threading.RLock()
        self.path = None if path is None else Path(path).resolve()
        if path is not None:
            _prepare_file(Path(path))
        self._db = sqlite3.connect(
            ":memory:" if path is None else str(path), check_same_thread=False, isolation_level=None, timeout=30
        )
        if path is not None:
            if self._db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
        self._check_version()
        self._db.executescript(TABLES.format_map(EXPRESSIONS))
        self._depth = 0
        self._counters: dict[str, int] = {}
        self._seed = 0
        self._decoded: dict[tuple[str, str], Record] = {}
        self._settings: dict[str, Any] = {}  # of a store in memory: no other process can change them
        self._revision = 0  # of what this process wrote, without counters
        self._indexes: dict[tuple[str, str], ReferenceIndex] = {}  # by collection and member, made when first needed
        self._indexed: object = None  # the number of the last write of another process that the indexes know
        self._remembered: tuple[object, dict[Hashable, Any]] = (None, {})  # the revision, and what was made of it

    def __del__(self) -> None:
        # One in memory is often just dropped; newer Pythons warn of a connection that was not closed.
        with suppress(AttributeError):
            self._db.close()

    def _check_version(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            self._db.close()
            raise ValueError(f"the store was written by another version ({version}); this one reads version {VERSION}")
        if version == 0:
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    def copy_from(self, other: Store) -> None:
        """Take over all that another store holds; what this one held is gone. No transaction may be open."""
        with other.lock, self.lock:
            other._db.backup(self._db)
            self._decoded.clear()
            self._settings.clear()
            self._indexes.clear()
            self._revision += 1

    def close(self) -> None:
        """Let go of the database."""
        with self.lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; joins the transaction of the same thread that is already open."""
        with self.lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth, before = 1, self._revision
            try:
                stored = self.get_setting("counters", {})
                self._counters, self._seed = dict(stored), self.get_setting("seed", 0)
                yield
                if self._counters != stored:
                    self.set_setting("counters", self._counters)
            except BaseException:
                if self._revision != before:
                    self._decoded.clear()  # the numbers of undone writes are given again
                    self._indexes.clear()
                    self._revision += 1
                self._settings.clear()
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0

    def next_number(self, name: str) -> int:
        """Return the next number of a sequence, from 1."""
        self._counters[name] = self._counters.get(name, 0) + 1
        return self._counters[name]

    def draw_bytes(self) -> bytes:
        """
        Sixteen bytes that cannot be guessed from the ones before, of a seeded sequence: a test run can be repeated.

        A draw is a hash of (seed, counter): the counter is all that must be stored to go on after a restart.
        """
        from hashlib import blake2b  # it loads OpenSSL, and a reader draws nothing

        return blake2b(f"{self._seed}:{self.next_number('draws')}".encode(), digest_size=16).digest()

    def new_id(self) -> str:
        """Return an opaque id of an object, a request, a sandbox."""
        return str(UUID(bytes=self.draw_bytes(), version=4))

    def new_etag(self) -> str:
        """Return a version, in the shape of the samples: the quotes are part of the value."""
        text = self.draw_bytes().hex()
        return f'"{text[:8]}-0000-0200-0000-{text[8:20]}"'

    def get_setting(self, key: str, default: Any) -> Any:
        """Return a setting; do not change it."""
        with self.lock:
            if key in self._settings:
                return self._settings[key]
            row = self._db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
            if row is None:
                return default
            value = json.loads(row[0])
            if self.path is None:
                self._settings[key] = value
            return value

    def set_setting(self, key: str, value: object) -> None:
        with self.lock:
            self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))
            self._revision += key != "counters"
            self._settings.pop(key, None)

    def get(self, collection: str, id: str) -> Record | None:
        """One object, deleted ones that still linger included."""
        sql = f"SELECT {_COLUMNS} FROM objects WHERE collection = ? AND id = ?"
        with self.lock:
            row = self._db.execute(sql, (collection, id)).fetchone()
        return None if row is None else _record(row)

    def list_records(self, collection: str, sandbox: str | None = None) -> list[Record]:
        """Return the objects of a collection in the order of creation; do not change them, use `get` for that."""
        with self.lock:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM objects WHERE collection = :collection"
                " AND (:sandbox IS NULL OR sandbox = :sandbox) ORDER BY seq",
                {"collection": collection, "sandbox": sandbox},
            ).fetchall()
            return [self._shared_record(row) for row in rows]

    def walk_records(
        self, collection: str, sandbox: str, order: ListOrder, after: tuple[int, int] | None, flow: str | None
    ) -> Iterator[Record]:
        """
        Yield the objects in an order, from the one after `after` on (moment, `order` or `seq`); do not change them.

        Each is read when it is asked for: a page costs what it shows. `flow` asks for the runs of one flow.
        """
        column, tie, sense, sign = (
            ("updated", "ord", "DESC", "<") if order is ListOrder.CHANGE else ("created", "seq", "ASC", ">")
        )
        by = EXPRESSIONS[column]
        where = "collection = :collection AND sandbox = :sandbox"
        where += f" AND {EXPRESSIONS['flow']} = :flow" if flow else ""
        # Two plain ranges of the index: a condition with OR would read the document of each row once more.
        ranges = (f" AND {by} = :moment AND {tie} {sign} :tie", f" AND {by} {sign} :moment") if after else ("",)
        moment, number = after or (0, 0)
        values = {"collection": collection, "sandbox": sandbox, "flow": flow, "moment": moment, "tie": number}
        with self.lock:
            for one in ranges:
                sql = f"SELECT {_COLUMNS} FROM objects WHERE {where}{one} ORDER BY {by} {sense}, {tie} {sense}"
                yield from map(self._shared_record, self._db.execute(sql, values))

    def is_settled(self, collection: str, sandbox: str, now: float, *, of: str = "moment") -> bool:
        """Say whether no object shows something else only because time passes; `of` is a moment of EXPRESSIONS."""
        sql = f"SELECT 1 FROM objects WHERE collection = ? AND sandbox = ? AND {EXPRESSIONS[of]} > ? LIMIT 1"
        with self.lock:
            return self._db.execute(sql, (collection, sandbox, now)).fetchone() is None

    def list_from(self, collection: str, id: str) -> list[Record]:
        """Return the objects of a collection from an id on, in the order of ids; do not change them."""
        sql = f"SELECT {_COLUMNS} FROM objects WHERE collection = ? AND id >= ? ORDER BY id"
        with self.lock:
            return [self._shared_record(row) for row in self._db.execute(sql, (collection, id)).fetchall()]

    def list_references(self, collection: str, member: str, named: str) -> list[Record]:
        """Return the objects of a collection that name an id or a text in a member; do not change them."""
        with self.lock:
            # Another number after a write of another process.
            (other,) = self._db.execute("PRAGMA data_version").fetchone()
            if other != self._indexed:
                self._indexes.clear()
                self._indexed = other
            if (collection, member) not in self._indexes:
                documents = ((record.id, record.doc) for record in self.list_records(collection))
                self._indexes[collection, member] = ReferenceIndex(member, documents)
            ids = self._indexes[collection, member].ids(named)
            return [record for id in ids if (record := self.get(collection, id)) is not None]

    def _shared_record(self, row: tuple[Any, ...]) -> Record:
        """Return the record of a row, decoded once per write of it."""
        known = self._decoded.get((row[0], row[1]))
        if known is None or known.order != row[4]:
            known = self._decoded[row[0], row[1]] = _record(row)
        return known

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` makes of the objects; what it made for the same key, if nothing was written since."""
        with self.lock:
            # The second number is another one after a write of another process.
            revision = self._revision, self._db.execute("PRAGMA data_version").fetchone()
            if self._remembered[0] != revision or len(self._remembered[1]) >= MOST_REMEMBERED:
                self._remembered = revision, {}
            made: dict[Hashable, T] = self._remembered[1]
            if key not in made:
                made[key] = make()
            return made[key]

    def is_due(self, now: float) -> bool:
        """Say whether a delayed effect or a run is due."""
        with self.lock:
            row = self._db.execute("SELECT 1 FROM objects WHERE wake IS NOT NULL AND wake <= ? LIMIT 1", (now,))
            return row.fetchone() is not None

    def due_records(self, now: float) -> Iterator[Record]:
        """Return the objects with which the background has something to do as of now, in the order of `wake`."""
        sql = f"SELECT {_COLUMNS} FROM objects WHERE wake IS NOT NULL AND wake <= ? ORDER BY wake, seq"
        rows = self._db.execute(sql, (now,)).fetchall()
        return map(_record, rows)  # decoded as they are asked for: the scheduler wants the first ones only

    def put(self, record: Record) -> None:
        """Keep an object as it is now."""
        self._revision += 1
        record.seq = record.seq or self.next_number("objects")
        record.order = self.next_number("writes")
        plain = (record.collection, record.id, record.sandbox, record.seq, record.order, record.wake)
        row = (*plain, json.dumps(record.doc), json.dumps(record.hidden))
        self._db.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        for (collection, _), index in self._indexes.items():
            if collection == record.collection:
                index.put(record.id, record.doc)

    def remove(self, collection: str, id: str) -> None:
        """Forget an object."""
        self._revision += 1
        self._decoded.pop((collection, id), None)
        for (of, _), index in self._indexes.items():
            if of == collection:
                index.remove(id)
        self._db.execute("DELETE FROM objects WHERE collection = ? AND id = ?", (collection, id))

    def log_request(self, entry: Json) -> None:
        """Add a line to the request log."""
        seq = self._db.execute("INSERT INTO requests (entry) VALUES (?)", (json.dumps(entry),)).lastrowid or 0
        if seq % 1000 == 0:
            self._db.execute("DELETE FROM requests WHERE seq <= ?", (seq - LOG_LENGTH,))

    def logged_requests(self) -> list[Json]:
        """Return the request log, oldest first."""
        with self.lock:
            rows = self._db.execute("SELECT entry FROM requests ORDER BY seq").fetchall()
        return [json.loads(row[0]) for row in rows]

    def forget_log(self) -> None:
        """Empty the request log."""
        self._db.execute("DELETE FROM requests")

    def add_fault(self, id: str, doc: Json) -> None:
        """Keep a fault that has matched nothing yet."""
        self._db.execute("INSERT INTO faults VALUES (?, ?, 0, ?)", (id, self.next_number("faults"), json.dumps(doc)))

    def faults(self) -> list[tuple[str, int, Json]]:
        """Id, number of matches so far and content of each fault, oldest first."""
        with self.lock:
            rows = self._db.execute("SELECT id, seen, doc FROM faults ORDER BY seq").fetchall()
        return [(row[0], row[1], json.loads(row[2])) for row in rows]

    def set_fault_count(self, id: str, seen: int) -> None:
        self._db.execute("UPDATE faults SET seen = ? WHERE id = ?", (seen, id))

    def clear_faults(self) -> None:
        self._db.execute("DELETE FROM faults")

    def clear_objects(self) -> None:
        """Forget all objects, faults and log lines; settings and the seeded sequence stay."""
        self._revision += 1
        self._decoded.clear()
        self._indexes.clear()
        for table in ("objects", "requests", "faults"):
            self._db.execute(f"DELETE FROM {table}")


_decode = json.JSONDecoder().raw_decode
_COLUMNS = "collection, id, sandbox, seq, ord, wake, doc, hidden"


def _record(row: tuple[Any, ...]) -> Record:
    collection, id, sandbox, seq, order, wake, doc, hidden = row
    (shown, kept), _ = _decode(f"[{doc},{hidden}]")  # one call: a page decodes a hundred rows
    return Record(collection, id, sandbox, shown, kept, wake, seq, order)


def _prepare_file(path: Path) -> None:
    # Only a folder that is ours, or hidden, may ignore itself: the file can lie in a working tree of a user.
    folder, ours = path.parent, not path.parent.exists() or path.parent.name.startswith(".")
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    if ours and not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n")
    path.touch(mode=0o600, exist_ok=True)
    path.chmod(0o600)
