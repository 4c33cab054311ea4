"""
One run, carried out: rows into files, files into storage, and the manifest beside them. Touches no store.

In: a `Job`, which holds all a run needs. Out: a `RunResult`. It is all or nothing: when the storage refuses in the
middle, what was written already is taken away again, as far as the storage lets us. Names come from the run's id, so
that a run that is carried out twice writes the same files.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from exportctl.emulator.data import encoding, rows
from exportctl.emulator.data.encoding import Encoding
from exportctl.emulator.folder_names import render_folder
from exportctl.emulator.run_rows import UNCOMPRESSED_MAXIMUM, Increment
from exportctl.emulator.storage import open as routing
from exportctl.emulator.storage.sink import Sink, StorageRefused
from exportctl.emulator.switches import Switches
from exportctl.emulator.validation import TEMPLATE_KEYS
from exportctl.emulator.wire import Json
from exportctl.frozen import dataclass

FORMAT_PARAMS = (("datasetFileType", "PARQUET"), ("compression", "NONE"))  # with defaults of older targets (assumed)
DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ONE_FILE_ROWS = 50_000  # up to so many rows of a dataset and run are exactly one file (release notes of June 2026)
MINIMUM_FILES = 2  # above that, several files [UI]
DEFAULT_TEMPLATE = "%DATASET_ID%/%EXPORT_TIME%"
ROWS_PER_FILE = 500_000  # assumed: number and size follow the lake's partitions and are not published


@dataclass(frozen=True)
class Job:
    """
    A run to execute.

    `due_at` is in seconds since 1970. `flow`, `target` and `connection` are documents as stored, with secrets.
    `macro_values` fill the macros of the folder. `root` is the local folder for storage without an endpoint.
    """

    run: str
    due_at: float
    flow: Json
    target: Json
    connection: Json
    increments: tuple[Increment, ...]
    macro_values: Mapping[str, str]
    switches: Switches
    settings: Json
    root: Path | None
    rows_per_file: int = ROWS_PER_FILE


@dataclass(frozen=True)
class ExportedFile:
    """One file in storage; `folder` is relative to the bucket, `size` in bytes."""

    dataset: str
    folder: str
    name: str
    size: int

    @property
    def key(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(frozen=True)
class RunResult:
    """What became of a job; `refusal` None: it succeeded."""

    files: tuple[ExportedFile, ...] = ()
    manifests: tuple[str, ...] = ()
    refusal: StorageRefused | None = None


@dataclass
class _Delivery:
    """What is in storage so far."""

    sink: Sink
    moment: float  # of the run, in seconds since 1970
    keys: list[str] = field(default_factory=list)

    def put(self, key: str, source: Path) -> None:
        # rule: written-times
        written = self.moment + len(self.keys)
        os.utime(source, (written, written))
        self.keys.append(key)  # before: what is cut in the middle is taken away too
        self.sink.put(key, source)
        source.unlink()

    def undo(self) -> None:
        for key in reversed(self.keys):
            with suppress(StorageRefused):
                self.sink.remove(key)


def export(job: Job) -> RunResult:
    """Carry a job out."""
    # rule: all-or-nothing
    delivery: _Delivery | None = None
    try:
        _check_size(job)
        plan = [_PlannedFiles(job, one) for one in job.increments]
        manifest = job.switches.empty_manifest and job.target["params"].get("includeFileManifest")
        if not (any(planned.files for planned in plan) or manifest or job.switches.empty_run == "folder"):
            return RunResult()
        delivery = _Delivery(_open_sink(job), job.due_at)
        with TemporaryDirectory(prefix="exportctl-run-") as folder:
            return _deliver_files(job, plan, delivery, Path(folder))
    except StorageRefused as refused:
        reason = refused
    except OSError as error:
        code = "full" if error.errno in DISK_FULL_ERRORS else "failed"
        reason = StorageRefused(code, f"the file could not be made: {(error.strerror or str(error)).lower()}")
    finally:
        if delivery is not None:
            delivery.sink.close()
    return RunResult(refusal=reason)


def _open_sink(job: Job) -> Sink:
    try:
        return routing.open_sink(job.connection, job.target, job.settings, job.root)
    except KeyError as missing:  # connections that were loaded as they are may lack anything
        raise StorageRefused("failed", f"the base or target connection lacks {missing}") from missing


class _PlannedFiles:
    """The files of one dataset in this run: its folder, and per file a name and rows."""

    def __init__(self, job: Job, increment: Increment):
        values = {**job.macro_values, "DATASET_ID": increment.dataset, "DATASET_NAME": increment.name}
        folder = render_folder(folder_template(job.flow), values, job.due_at, job.switches)
        self.increment = increment
        self.folder = "/".join(part for part in (routing.target_folder(job.target), folder) if part)
        # rule: one-small-file
        minimum = 1 if increment.count <= min(ONE_FILE_ROWS, job.rows_per_file) else MINIMUM_FILES
        count = max(minimum, -(-increment.count // job.rows_per_file))
        self.parts = rows.split_batches(increment.batches, count)
        # rule: empty-run
        if not self.parts and job.switches.empty_run == "file":
            self.parts = [[]]
        self.files = [_part_name(job, increment.dataset, i) for i in range(len(self.parts))]


def _check_size(job: Job) -> None:
    # rule: uncompressed-parquet-limit
    plain = _file_encoding(job) == Encoding("PARQUET", "NONE")
    for one in job.increments:
        if plain and one.full and one.kind != rows.EVENT and one.count > UNCOMPRESSED_MAXIMUM:
            text = f"dataset {one.dataset} has {one.count} records, uncompressed Parquet takes {UNCOMPRESSED_MAXIMUM}"
            raise StorageRefused("too-large", text)


def _file_encoding(job: Job) -> Encoding:
    params = job.target["params"]
    named = (str(params.get(key) or default).upper() for key, default in FORMAT_PARAMS)
    try:
        return Encoding(*named)
    except ValueError as error:
        raise StorageRefused("failed", str(error)) from error


def _deliver_files(job: Job, plan: Sequence[_PlannedFiles], delivery: _Delivery, folder: Path) -> RunResult:
    try:
        manifests: list[str] = []
        made: Iterable[tuple[ExportedFile, Path]] = _make_files(job, plan, folder)
        written: list[ExportedFile] = []
        if not job.switches.manifest_last:
            made = list(made)
            manifests = _put_manifests(job, plan, [one for one, _ in made], delivery, folder)
        for one, source in made:
            delivery.put(one.key, source)
            written.append(one)
        # rule: manifest-last
        if job.switches.manifest_last:
            manifests = _put_manifests(job, plan, written, delivery, folder)
        for planned in plan:
            if not planned.files and planned.folder and job.switches.empty_run == "folder":
                delivery.sink.make_folder(planned.folder)
        return RunResult(tuple(written), tuple(manifests))
    except BaseException:
        delivery.undo()
        raise


def _make_files(job: Job, plan: Sequence[_PlannedFiles], folder: Path) -> Iterator[tuple[ExportedFile, Path]]:
    """Return the files one after the other, as local ones: each is made when it is asked for."""
    form = _file_encoding(job)
    for planned in plan:
        one = planned.increment
        for name, batches in zip(planned.files, planned.parts, strict=True):
            whole, source = f"{name}.{form.extension}", folder / f"{one.dataset}-{name}"
            # rule: schema-changes
            encoding.write_file(one.dataset, one.kind, batches, form, source, one.schema)
            yield ExportedFile(one.dataset, planned.folder, whole, source.stat().st_size), source


def _put_manifests(
    job: Job, plan: Sequence[_PlannedFiles], written: Sequence[ExportedFile], delivery: _Delivery, folder: Path
) -> list[str]:
    """Write the manifest files of a run: one in each folder, listing its files, or one of all in the target's path."""
    # rule: manifest-location
    if not job.target["params"].get("includeFileManifest"):
        return []
    in_path = job.switches.manifest_location == "path"
    places = [routing.target_folder(job.target)] if in_path else [planned.folder for planned in plan]
    keys = []
    for place in dict.fromkeys(places):
        listed = [one for one in written if in_path or one.folder == place]
        if not listed and not job.switches.empty_manifest:
            continue
        key = "/".join(part for part in (place, f"manifest-{job.flow['id']}-{job.run}.json") if part)
        source = folder / "manifest"
        source.write_text(json.dumps(_manifest(job, listed)), encoding="utf-8")
        delivery.put(key, source)
        keys.append(key)
    return keys


def _manifest(job: Job, listed: Sequence[ExportedFile]) -> Json:
    # rule: manifest-content
    scheduled = datetime.fromtimestamp(int(job.due_at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    results = [{"sinkPath": f"/{one.folder}", "name": one.name, "size": one.size} for one in listed]
    return {"flowRunId": job.run, "scheduledTime": scheduled, "exportResults": results}


def _part_name(job: Job, dataset: str, index: int) -> str:
    """Return a generated name without its extension, as the samples have it."""
    # rule: part-names
    drawn = blake2b(f"{job.run}:{dataset}".encode(), digest_size=32).digest()
    task, stage = int.from_bytes(drawn[16:24]), int.from_bytes(drawn[24:27])
    return f"part-{index:05d}-tid-{task}-{UUID(bytes=drawn[:16], version=4)}-{stage + index}-1-c000"


def folder_template(flow: Json) -> str:
    """Return the folder template of a flow, the default one if it has none."""
    # rule: default-folder
    schedule = flow.get("scheduleParams") or {}
    return next((str(schedule[key]) for key in TEMPLATE_KEYS if schedule.get(key)), DEFAULT_TEMPLATE)
