"""A local folder as a bucket: everything below a prefix, nothing outside, and memory that does not grow."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from exportctl.storage.local import LocalReader
from exportctl.storage.reader import StorageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, content in {
        "exports/a/one.json": b"{}\n",
        "exports/a/b/two.json": b"12345",
        "exports/empty": b"",
        "exportsx/other": b"",
        "top": b"",
    }.items():
        whole = tmp_path / "bucket" / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(content)
    (tmp_path / "bucket" / "exports" / "nothing in it").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "bucket"


def reader(root: Path) -> LocalReader:
    return LocalReader(root, "the bucket")


def listed_paths(root: Path, prefix: str) -> list[str]:
    return sorted(stored.path for stored in reader(root).list(prefix))


@pytest.mark.parametrize("prefix", ["exports", "exports/", "/exports"])
def test_everything_below_a_folder_is_listed_and_nothing_beside_it(root: Path, prefix: str) -> None:
    assert listed_paths(root, prefix) == ["exports/a/b/two.json", "exports/a/one.json", "exports/empty"]


def test_the_folders_below_a_folder_are_listed_and_files_have_their_time(root: Path) -> None:
    assert sorted(reader(root).folders("exports")) == ["exports/a", "exports/a/b", "exports/nothing in it"]
    assert list(reader(root).folders("nowhere")) == []
    [found] = reader(root).list("exports/a/b")
    assert found.written == (root / "exports/a/b/two.json").stat().st_mtime


def test_no_prefix_means_all(root: Path) -> None:
    assert len(listed_paths(root, "")) == 5


@pytest.mark.parametrize("prefix", ["nowhere", "exports/a/one.json", "exports/nothing in it"])
def test_a_prefix_without_files_yields_nothing(root: Path, prefix: str) -> None:
    assert listed_paths(root, prefix) == []


def test_the_size_is_in_bytes(root: Path) -> None:
    [found] = reader(root).list("exports/a/b")

    assert found.size == 5


def test_a_file_is_read_whole_in_part_and_from_its_end(root: Path) -> None:
    path = "exports/a/b/two.json"

    assert reader(root).read(path, 3) == b"123"
    assert reader(root).read(path, 100) == b"12345"
    assert reader(root).tail(path, 5, 2) == b"45"
    assert b"".join(reader(root).chunks(path)) == b"12345"


def test_links_are_not_listed(root: Path) -> None:
    (root / "exports" / "link").symlink_to(root.parent / "secret")
    (root / "exports" / "up").symlink_to(root.parent, target_is_directory=True)

    assert listed_paths(root, "exports") == ["exports/a/b/two.json", "exports/a/one.json", "exports/empty"]


@pytest.mark.parametrize("path", ["../secret", "exports/../../secret", "/etc/hostname", "link", "up/secret"])
def test_nothing_outside_is_read(root: Path, path: str) -> None:
    (root / "link").symlink_to(root.parent / "secret")
    (root / "up").symlink_to(root.parent, target_is_directory=True)

    with pytest.raises(StorageError, match="leads out of the bucket") as caught:
        reader(root).read(path, 10)
    assert caught.value.rule == "storage-read"


@pytest.mark.parametrize("prefix", ["..", "exports/../..", "up"])
def test_nothing_outside_is_listed(root: Path, prefix: str) -> None:
    (root / "up").symlink_to(root.parent, target_is_directory=True)

    with pytest.raises(StorageError, match="leads out of the bucket"):
        listed_paths(root, prefix)


def test_a_root_that_is_a_link_is_followed(root: Path) -> None:
    (root.parent / "mount").symlink_to(root, target_is_directory=True)

    assert listed_paths(root.parent / "mount", "exportsx") == ["exportsx/other"]


def test_a_root_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the bucket is not a folder") as caught:
        reader(tmp_path / "nowhere")
    assert caught.value.rule == "storage-missing"


def test_a_file_that_is_not_there_is_one_object_that_cannot_be_read(root: Path) -> None:
    with pytest.raises(StorageError, match="No such file") as caught:
        reader(root).read("exports/gone", 10)
    assert caught.value.rule == "storage-read"


def test_a_file_that_goes_away_while_its_folder_is_read_is_left_out(root: Path) -> None:
    for number in range(3):
        (root / "exports" / "a" / f"part {number}").write_bytes(b"")
    listing = reader(root).list("exports/a")
    next(listing)
    for path in (root / "exports" / "a").iterdir():
        if path.is_file():
            path.unlink()

    assert [stored.path for stored in listing] == ["exports/a/b/two.json"]


def test_a_name_that_is_not_utf8_is_listed_in_a_form_that_can_be_printed(root: Path) -> None:
    Path(os.fsdecode(bytes(root / "exportsx") + b"/\xff")).write_bytes(b"")

    assert "exportsx/\ufffd" in listed_paths(root, "exportsx")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_files(root: Path) -> None:
    many = root / "many"
    for folder in range(20):
        (many / str(folder)).mkdir(parents=True)
        for number in range(1000):
            (many / str(folder) / f"part-{number:05d}-tid-1234567890123456789-00000000.gz.parquet").touch()
    count = 0
    tracemalloc.start()
    try:
        for _ in reader(root).list("many"):
            count += 1
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert count == 20_000
    assert most < 500_000
