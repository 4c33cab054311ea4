"""
What goes wrong in the storage of a backup, and what a report must say of it: the state, the runs, the file.

A run is a number from the start of the chain; a negative one counts from its end. `alarms` are the gaps that must be
reported, as (state, first run, last run). No alarms: what was done is harmless, and the chain stays WHOLE.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.backup_faults.bucket import Location

GAP, CHANGED, UNPROVEN, WHOLE = "GAP", "CHANGED", "UNPROVEN", "WHOLE"
Alarm = tuple[str, int, int]


@dataclass(frozen=True)
class StorageFault:
    """`plant` returns the path that the report must name; None where it names none, or only a folder."""

    plant: Callable[[Location], str | None]
    alarms: tuple[Alarm, ...] = ()
    state: str = ""  # of the chain; empty: that of the only alarm, else WHOLE
    deep: bool = False  # found only by reading the files
    needs_manifest: bool = False

    @property
    def chain_state(self) -> str:
        return self.state or (self.alarms[0][0] if self.alarms else WHOLE)


def delete_part(run: int) -> Callable[[Location], str | None]:
    def plant(location: Location) -> str:
        path = location.part(run)
        location.delete(path)
        return path

    return plant


def delete_runs(*runs: int) -> Callable[[Location], str | None]:
    def plant(location: Location) -> None:
        location.delete_runs(*runs)

    return plant


def rewrite(run: int, change: Callable[[bytes], bytes]) -> Callable[[Location], str | None]:
    """Put other bytes into the file of a run."""

    def plant(location: Location) -> str:
        path = location.part(run)
        location.write(path, change(location.read(path)))
        return path

    return plant


def add_file(run: int, name: str, content: bytes) -> Callable[[Location], str | None]:
    """Put a file beside those of a run, as another program does."""

    def plant(location: Location) -> str:
        path = f"{location.folders[run]}/{name}"
        location.write(path, content)
        return path

    return plant


def copy_part(location: Location) -> str:
    path = location.part(2)
    copy = path.replace("part-00000", "part-00001")
    location.write(copy, location.read(path))
    return copy


def put_the_file_of_another_run(location: Location) -> str:
    path = location.part(2)
    location.write(path, location.read(location.part(0)))
    return path


def scramble(content: bytes) -> bytes:
    """Other bytes, as many: the storage shows the same size."""
    middle = len(content) // 2
    return content[:middle] + bytes(255 - byte for byte in content[middle:])


def change_manifest(change: Callable[[bytes], bytes]) -> Callable[[Location], str | None]:
    def plant(location: Location) -> str:
        path = location.manifest(3)
        location.write(path, change(location.read(path)))
        return path

    return plant


def delete_manifest(location: Location) -> str:
    path = location.manifest(3)
    location.delete(path)
    return path


def move_run(location: Location) -> None:
    """A person moves the folder of a run to where nothing looks for it."""
    move_files(location, "aside")


def hide_run(location: Location) -> None:
    """A person moves the folder of a run to another one below the path, without the time in its name."""
    move_files(location, f"{location.prefix}/{location.dataset}/old")


def move_files(location: Location, to: str) -> None:
    source = location.folders[3]
    for path in [path for path in location.paths if path.startswith(f"{source}/")]:
        location.write(f"{to}/{path.rpartition('/')[2]}", location.read(path))
        location.delete(path)


def leave_marks(location: Location) -> None:
    for name in ("_SUCCESS", ".loaded"):
        add_file(2, name, b"")(location)


def one_row_less(content: bytes) -> bytes:
    """The same file with one row less, as a repair by hand leaves it."""
    if content[:4] == b"PAR1":
        with TemporaryDirectory() as folder, duckdb.connect() as database:
            whole, less = f"{folder}/whole.parquet", f"{folder}/less.parquet"
            Path(whole).write_bytes(content)
            database.execute(f"COPY (SELECT * FROM read_parquet('{whole}') OFFSET 1) TO '{less}' (FORMAT parquet)")
            return Path(less).read_bytes()
    return gzip.compress(gzip.decompress(content).split(b"\n", 1)[1])


STORAGE_FAULTS: Mapping[str, StorageFault] = {
    "a file in the middle is deleted": StorageFault(delete_part(5), ((GAP, 5, 5),)),
    "the newest file is deleted": StorageFault(delete_part(-1), ((GAP, -1, -1),)),
    "the first full export is deleted": StorageFault(delete_runs(0), ((GAP, 0, 0),)),
    "three runs in a row are deleted": StorageFault(delete_runs(2, 3, 4), ((GAP, 2, 4),)),
    "two runs apart are deleted": StorageFault(delete_runs(2, 6), ((GAP, 2, 2), (GAP, 6, 6))),
    "a file is cut short": StorageFault(rewrite(4, lambda c: c[: len(c) // 2]), ((CHANGED, 4, 4),), deep=True),
    "a file is empty": StorageFault(rewrite(4, lambda c: b""), ((CHANGED, 4, 4),)),
    "a file has other bytes of the same number": StorageFault(rewrite(4, scramble), ((CHANGED, 4, 4),), deep=True),
    "a file has one row less": StorageFault(rewrite(4, one_row_less), ((CHANGED, 4, 4),), deep=True),
    "a file has text at its end": StorageFault(rewrite(4, lambda c: c + b"\nend"), ((CHANGED, 4, 4),), deep=True),
    "a file is that of another run": StorageFault(put_the_file_of_another_run, ((CHANGED, 2, 2),), deep=True),
    "a file was copied beside itself": StorageFault(copy_part, ((CHANGED, 2, 2),)),
    "a file that another program wrote": StorageFault(add_file(3, "export.csv", b"a,b\n"), ((CHANGED, 3, 3),)),
    "a part that another program wrote": StorageFault(
        add_file(3, "part-00009-x.parquet", b"no parquet at all"), ((CHANGED, 3, 3),)
    ),
    "a manifest is deleted": StorageFault(delete_manifest, ((UNPROVEN, 3, 3),), needs_manifest=True),
    "a manifest is cut short": StorageFault(
        change_manifest(lambda c: c[: len(c) // 2]), ((CHANGED, 3, 3),), needs_manifest=True
    ),
    "a manifest is of another run": StorageFault(
        change_manifest(lambda c: c.replace(b'"flowRunId": "', b'"flowRunId": "0')),
        ((CHANGED, 3, 3),),
        needs_manifest=True,
    ),
    "a run was moved away": StorageFault(move_run, ((GAP, 3, 3),)),
    "a run is in a folder without a time": StorageFault(hide_run, ((UNPROVEN, 3, 3),)),
    "a manifest and a file are deleted": StorageFault(
        lambda location: (delete_manifest(location), delete_part(5)(location))[1],
        ((UNPROVEN, 3, 3), (GAP, 5, 5)),
        state=GAP,
        needs_manifest=True,
    ),
    "a file is deleted, and another one changed": StorageFault(
        lambda location: (rewrite(7, lambda c: b"")(location), delete_part(5)(location))[1],
        ((GAP, 5, 5), (CHANGED, 7, 7)),
    ),
    # -- harmless: no alarm -------------------------------------------------------------------------------------------
    "nothing": StorageFault(lambda location: None),
    "a loader left its marks": StorageFault(leave_marks),
    "other data lies beside the datasets": StorageFault(
        lambda location: location.write(f"{location.prefix}/raw/customers.parquet", b"x")
    ),
    "an export on demand lies between two runs": StorageFault(
        lambda location: location.write(
            f"{location.folders[2][:-2]}07/{location.part(2).rpartition('/')[2]}", location.read(location.part(2))
        )
    ),
}
