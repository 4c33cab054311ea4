"""
Questions about the files of an export: they are read from the storage of the landing zone.

The log of deliveries lists the folder of the probe before and after each moment of the schedule, so it knows which
files and folders the runs of that moment added. Nothing is opened: names and times answer all questions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field

from exportctl.frozen import dataclass
from exportctl.profile.answers import Need, ProbeAnswer, ProbeQuestion, no_answer
from exportctl.resources.run import Run
from exportctl.storage.reader import StorageError, StoredFile

DIGITS = (12, 14)  # of an export time
NO_CREDENTIALS = "the platform gives no credentials to read the landing zone"
NO_FILE = "no run wrote a file with rows"
NO_EMPTY_RUN = "each run exported rows"
NO_MANIFEST = "the service does not offer manifests, or the first run wrote none"

QUESTIONS = tuple(
    ProbeQuestion(name, how, Need.EXPORT)
    for name, how in (
        ("manifest_last", "Compares when the storage received the manifest and the files of the first run."),
        ("manifest_location", "Looks for the manifest of the first run in its folder and in the target's path."),
        ("export_time_digits", "Counts the digits in the name of the folder of the first run."),
        ("destination_macro", "Reads which name begins the folder of the first run."),
        ("empty_run", "Looks for new files and folders after a run that exported no rows."),
        ("empty_manifest", "Looks for a new manifest after such a run."),
    )
)


@dataclass(frozen=True)
class StorageListing:
    """The files and the folders below one folder. Of an object store, only the folders that are objects."""

    files: tuple[StoredFile, ...] = ()
    folders: tuple[str, ...] = ()


ListStorage = Callable[[str, str], StorageListing]  # the id of a target connection, and its path


def no_storage(target: str, folder: str) -> StorageListing:
    """
    Stand for storage that was not given.

    Raises:
        StorageError: always.
    """
    raise StorageError("no storage to list", rule="storage-credentials")


@dataclass(frozen=True)
class Delivery:
    """The runs of one moment, and what they added to storage."""

    runs: tuple[Run, ...]
    parts: tuple[StoredFile, ...]
    manifests: tuple[StoredFile, ...]
    folders: tuple[str, ...]  # without those that only hold what was added

    @property
    def has_no_rows(self) -> bool:
        """Say whether all runs succeeded, and say that they exported no rows."""
        return bool(self.runs) and all(run.has_succeeded and run.rows == 0 for run in self.runs)


@dataclass
class DeliveryLog:
    """What runs added to the folder of one target connection. `reason` says why storage could not be read."""

    list_storage: ListStorage
    target: str
    folder: str
    reason: str = ""
    deliveries: list[Delivery] = field(default_factory=list)
    _known: StorageListing = StorageListing()

    def begin(self) -> None:
        """Note what is there before the runs of a moment."""
        self._known = self._list() or self._known

    def record(self, runs: tuple[Run, ...]) -> None:
        """Note what the finished runs of this moment added."""
        before, after = self._known, self._list()
        if after is None:
            return
        known = {one.path for one in before.files}
        files = tuple(one for one in after.files if one.path not in known)
        manifests = tuple(one for one in files if _name_of(one.path).startswith("manifest-"))
        new_folders = {*after.folders} - {*before.folders}
        empty = tuple(one for one in sorted(new_folders) if not any(f.path.startswith(f"{one}/") for f in files))
        parts = tuple(one for one in files if one not in manifests)
        self.deliveries.append(Delivery(runs, parts, manifests, empty))

    def first_with_rows(self) -> Delivery | None:
        return next((one for one in self.deliveries if one.parts and not one.has_no_rows), None)

    def first_without_rows(self) -> Delivery | None:
        return next((one for one in self.deliveries if one.has_no_rows), None)

    def needs_empty_run(self) -> bool:
        """Say whether one more run, without a change before it, could answer more."""
        return not self.reason and self.first_without_rows() is None

    def _list(self) -> StorageListing | None:
        if self.reason:
            return None
        try:
            return self.list_storage(self.target, self.folder)
        except StorageError as error:  # its text can hold the name of an account
            no_credentials = error.rule == "storage-credentials"
            self.reason = NO_CREDENTIALS if no_credentials else f"the landing zone could not be read ({error.rule})"
            return None


def answer_files(log: DeliveryLog, names: Mapping[str, str]) -> Iterator[ProbeAnswer]:
    """Answer QUESTIONS. `names` are those that %DESTINATION% may stand for, by the setting that says so."""
    if log.reason:
        yield from (no_answer(question.name, log.reason) for question in QUESTIONS)
        return
    full = log.first_with_rows()
    if full is None:
        questions = ("manifest_last", "manifest_location", "export_time_digits", "destination_macro")
        yield from (no_answer(question, NO_FILE) for question in questions)
    else:
        yield from _answer_manifest(full, log.folder)
        yield from _answer_folder(full, log.folder, names)
    yield from _answer_empty(log.first_without_rows(), has_manifest=bool(full and full.manifests))


def _answer_manifest(full: Delivery, folder: str) -> Iterator[ProbeAnswer]:
    if not full.manifests:
        yield from (no_answer(question, NO_MANIFEST) for question in ("manifest_last", "manifest_location"))
        return
    places = {_folder_of(one.path) for one in full.manifests}
    if places == {folder}:
        yield ProbeAnswer("manifest_location", "path")
    elif places <= {_folder_of(one.path) for one in full.parts}:
        yield ProbeAnswer("manifest_location", "folder")
    else:
        yield no_answer("manifest_location", "the manifest is in another folder")
    yield _answer_order(full)


def _answer_order(full: Delivery) -> ProbeAnswer:
    """Compare times. Small files can have been written within the same second, and an object store shows no less."""
    manifests, parts = _times(full.manifests), _times(full.parts)
    if manifests and parts and min(manifests) > max(parts):
        return ProbeAnswer("manifest_last", True)
    if manifests and parts and max(manifests) < min(parts):
        return ProbeAnswer("manifest_last", False)
    return no_answer("manifest_last", "the storage shows the same time for the manifest and the files")


def _answer_folder(full: Delivery, folder: str, names: Mapping[str, str]) -> Iterator[ProbeAnswer]:
    levels = full.parts[0].path.removeprefix(folder).strip("/").split("/")
    digits = len(re.sub(r"[^0-9]", "", levels[-2])) if len(levels) > 1 else 0
    other_form = "the folder of the run has another form"
    yield ProbeAnswer("export_time_digits", digits) if digits in DIGITS else no_answer("export_time_digits", other_form)
    named = [setting for setting, name in names.items() if name.lower() == levels[0].lower()]
    yield ProbeAnswer("destination_macro", named[0]) if named else no_answer("destination_macro", other_form)


def _answer_empty(empty: Delivery | None, *, has_manifest: bool) -> Iterator[ProbeAnswer]:
    if empty is None:
        yield from (no_answer(question, NO_EMPTY_RUN) for question in ("empty_run", "empty_manifest"))
        return
    if empty.parts:
        yield ProbeAnswer("empty_run", "file")
        yield no_answer("empty_manifest", "a run without rows writes files")
        return
    if any("exportTime" in one.path for one in empty.manifests):
        yield no_answer("empty_run", "the folder of a run without rows has its manifest")
    else:
        yield ProbeAnswer("empty_run", "folder" if empty.folders else "nothing")
    yield (
        ProbeAnswer("empty_manifest", bool(empty.manifests))
        if has_manifest
        else no_answer("empty_manifest", NO_MANIFEST)
    )


def _times(files: tuple[StoredFile, ...]) -> list[float]:
    return [one.written for one in files if one.written is not None]


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]
