"""Files come into a temporary folder, or stay where they are; it is gone afterwards, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exportctl.engines.local_files import check_space, fetch_ends, fetch_files, open_work_folder
from exportctl.errors import Error
from exportctl.restore.source import FileFormat, RestoreFile
from exportctl.storage.local import LocalReader
from exportctl.storage.parquet_footer import MAGIC
from exportctl.storage.reader import StorageError
from exportctl.storage.row_count import BadFile
from tests.restore.sample_sources import LINES, PARQUET
from tests.storage.memory_reader import CutReader, MemoryReader, parquet

FILES = {"a/part-0.gz.parquet": b"x" * 200_000, "b/part-0.gz.parquet": b"y" * 10}


def files_of(contents: dict[str, bytes], format: FileFormat = PARQUET) -> list[RestoreFile]:
    return [RestoreFile(path, len(content), 1, format) for path, content in contents.items()]


def test_each_file_comes_whole_and_the_folder_is_gone_afterwards(tmp_path: Path) -> None:
    said: list[str] = []
    with open_work_folder(str(tmp_path)) as work:
        name = fetch_files(MemoryReader(FILES), files_of(FILES), work, said.append)
        assert [Path(name(file)).read_bytes() for file in files_of(FILES)] == list(FILES.values())
    assert list(tmp_path.iterdir()) == []
    assert said == ["reading 2 files from held"]


def test_a_local_file_is_read_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "part-0").write_bytes(b"x")
    file = RestoreFile("part-0", 1, 1, PARQUET)
    with open_work_folder(None) as work:
        assert fetch_files(LocalReader(tmp_path, "here"), [file], work, print)(file) == str(tmp_path / "part-0")


def test_a_file_that_changed_since_it_was_listed_is_named(tmp_path: Path) -> None:
    (tmp_path / "part-0").write_bytes(b"longer")
    for reader in (LocalReader(tmp_path, "here"), MemoryReader({"part-0": b"longer"})):
        with open_work_folder(None) as work, pytest.raises(BadFile, match="6 bytes, and had 1 when it was listed"):
            fetch_files(reader, [RestoreFile("part-0", 1, 1, PARQUET)], work, lambda text: None)


class Interrupted(MemoryReader):
    def chunks(self, path: str) -> Iterator[bytes]:
        yield b"x"
        raise KeyboardInterrupt


@pytest.mark.parametrize(("reader", "error"), [(CutReader, StorageError), (Interrupted, KeyboardInterrupt)])
def test_nothing_is_left_when_reading_ends_early(
    tmp_path: Path, reader: type[MemoryReader], error: type[BaseException]
) -> None:
    with pytest.raises(error), open_work_folder(str(tmp_path)) as work:
        fetch_files(reader(FILES), files_of(FILES), work, lambda text: None)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_too_small_is_said_before_anything_is_read(tmp_path: Path) -> None:
    reader = MemoryReader(FILES)
    with pytest.raises(Error) as raised:
        fetch_files(reader, [RestoreFile("a", 10**18, 1, PARQUET)], tmp_path, print)
    assert (raised.value.rule, reader.asked) == ("restore-disk", [])
    check_space(tmp_path, 1)
    with pytest.raises(Error, match="no temporary folder"), open_work_folder(str(tmp_path / "no")):
        pass


def test_the_end_of_a_parquet_file_is_enough_to_know_its_columns(tmp_path: Path) -> None:
    whole = parquet()
    reader = MemoryReader({"a": whole, "b": b"{}\n" * 1000})
    asked = [RestoreFile("a", len(whole), 1, PARQUET), RestoreFile("b", 3000, 1, LINES)]
    found = [(file.path, Path(path).read_bytes()) for file, path in fetch_ends(reader, asked, tmp_path)]

    assert found[0][1].startswith(MAGIC) and whole.endswith(found[0][1][4:])
    assert found[1] == ("b", b"{}\n" * 1000)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadFile, match="not a Parquet file"):
        list(fetch_ends(MemoryReader({"a": b"x" * 90}), [RestoreFile("a", 90, 1, PARQUET)], tmp_path))
