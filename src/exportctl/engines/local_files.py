"""
The files of a backup on this machine: read in place where they are local, else streamed into a temporary folder.

They come through the readers of `storage/`, with the caller's own identity. The folder is removed at the end, also
after an error or an interrupt.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from exportctl.errors import Error
from exportctl.restore.source import RestoreFile
from exportctl.storage.local import LocalReader
from exportctl.storage.parquet_footer import MAGIC
from exportctl.storage.reader import StorageReader, StoredFile
from exportctl.storage.row_count import BadFile, read_footer

_AT_ONCE = 4  # files that are streamed side by side
_SPARE = 256 * 1024 * 1024  # bytes that stay free beside the files, for sorting

Say = Callable[[str], None]


@contextmanager
def open_work_folder(parent: str | None) -> Iterator[Path]:
    """Make a folder for what a restore needs meanwhile, and remove it."""
    try:
        made = TemporaryDirectory(prefix="exportctl-restore-", dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        message = f"no temporary folder can be made in {parent}: {error.strerror}"
        raise Error(message, rule="restore-folder", hint="choose another folder with --work") from error
    with made as folder:
        yield Path(folder)


class LocalFiles:
    """The local path of each file."""

    def __init__(self, paths: dict[str, str]):
        self._paths = paths

    def __call__(self, file: RestoreFile) -> str:
        return self._paths[file.path]


def fetch_files(reader: StorageReader, files: Sequence[RestoreFile], work: Path, say: Say) -> LocalFiles:
    """
    Return where the files are, after streaming those that are not local.

    Raises:
        StorageError: a file cannot be read.
        BadFile: a file has another size than its listing said.
        Error: the disk is too small.
    """
    if isinstance(reader, LocalReader):
        return LocalFiles({file.path: str(_check_local(reader, file)) for file in files})
    check_space(work, sum(file.size for file in files))
    paths = {file.path: work / f"{number:06d}{_name_ending(file)}" for number, file in enumerate(files)}
    say(f"reading {len(files)} files from {reader.label}")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda file: _fetch(reader, file, paths[file.path]), files):
            pass
    return LocalFiles({path: str(local) for path, local in paths.items()})


def fetch_ends(reader: StorageReader, files: Sequence[RestoreFile], work: Path) -> Iterator[tuple[RestoreFile, str]]:
    """
    Yield each file with a local path, valid until the next one: enough of it to know its columns.

    Of a Parquet file only the footer is fetched, of a JSON file everything. The errors are those of `fetch_files`.
    """
    for number, file in enumerate(files):
        if isinstance(reader, LocalReader):
            yield file, str(_check_local(reader, file))
            continue
        path = work / f"{number:06d}{_name_ending(file)}"
        if file.format.type == "parquet":
            path.write_bytes(MAGIC + read_footer(reader, StoredFile(file.path, file.size)))
        else:
            check_space(work, file.size)
            _fetch(reader, file, path)
        yield file, str(path)
        path.unlink()


def check_space(folder: Path, size: int) -> None:
    """Raise an Error if the disk of a folder has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        message = f"{folder} has {free} bytes free, and {size + _SPARE} are needed"
        raise Error(message, rule="restore-disk", hint="choose a folder on a larger disk with --work")


def _name_ending(file: RestoreFile) -> str:
    if file.format.type == "parquet":
        return ".parquet"
    return ".json.gz" if file.format.compression == "gzip" else ".json"


def _check_local(reader: LocalReader, file: RestoreFile) -> Path:
    path = reader.local_path(file.path)
    _check_size(file, path.stat().st_size)
    return path


def _fetch(reader: StorageReader, file: RestoreFile, to: Path) -> None:
    size = 0
    with to.open("wb") as stream:
        for piece in reader.chunks(file.path):
            stream.write(piece)
            size += len(piece)
    _check_size(file, size)


def _check_size(file: RestoreFile, size: int) -> None:
    if size != file.size:
        raise BadFile(file.path, f"it has {size} bytes, and had {file.size} when it was listed")
