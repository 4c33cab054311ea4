"""Exports in a local folder: whole files only, nothing outside the root, and clear words when it fails."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from exportctl.emulator.storage.local import LocalSink, NullSink, refusal_of_error
from exportctl.emulator.storage.sink import StorageRefused

BAD_KEYS = ["", "/a", "a//b", "a/", "../a", "a/../../b", "a/./b", "a\0b", "a\nb"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"rows")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_file_stands_under_its_key_and_nothing_else_does(root: Path, source: Path) -> None:
    LocalSink(root).put("aep/ds=1/part-0.json", source)

    assert files(root) == ["aep/ds=1/part-0.json"]
    assert (root / "aep/ds=1/part-0.json").read_bytes() == b"rows"


def test_a_repeated_put_replaces_the_file(root: Path, source: Path) -> None:
    sink = LocalSink(root)
    sink.put("a/x", source)
    source.write_bytes(b"more rows")
    sink.put("a/x", source)

    assert (root / "a/x").read_bytes() == b"more rows"
    assert files(root) == ["a/x"]


def test_what_a_killed_attempt_left_is_replaced_by_the_next(root: Path, source: Path) -> None:
    root.mkdir()
    (root / ".x.part").write_bytes(b"half")
    LocalSink(root).put("x", source)

    assert files(root) == ["x"]


def test_a_full_disk_leaves_no_file_and_says_so(root: Path, source: Path) -> None:
    root.mkdir()
    (root / ".x.part").symlink_to("/dev/full")
    with pytest.raises(StorageRefused) as refused:
        LocalSink(root).put("x", source)

    assert refused.value.code == "full"
    assert files(root) == []


def test_a_file_in_the_way_of_a_folder_is_refused_without_naming_the_machines_folders(root: Path, source: Path) -> None:
    sink = LocalSink(root)
    sink.put("a", source)
    with pytest.raises(StorageRefused, match="'a/b'") as refused:
        sink.put("a/b", source)

    assert refused.value.code == "failed"
    assert str(root) not in refused.value.reason


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "denied"),
        (errno.EPERM, "denied"),
        (errno.EIO, "failed"),
        (errno.ENAMETOOLONG, "failed"),
    ],
)
def test_errors_of_the_file_system_have_their_words(number: int, code: str) -> None:
    assert refusal_of_error(OSError(number, "text"), "a/b").code == code


@pytest.mark.parametrize("key", BAD_KEYS)
def test_no_key_leads_out_of_the_root(root: Path, source: Path, key: str) -> None:
    for sink in (LocalSink(root), NullSink()):
        with pytest.raises(StorageRefused):
            sink.put(key, source)
        with pytest.raises(StorageRefused):
            sink.remove(key)

    assert not root.exists()


def test_folders_are_made_and_files_removed(root: Path, source: Path) -> None:
    sink = LocalSink(root)
    sink.make_folder("aep/empty/")
    sink.make_folder("aep/empty")
    sink.put("aep/x", source)
    sink.remove("aep/x")
    sink.remove("aep/x")
    sink.close()

    assert (root / "aep/empty").is_dir()
    assert files(root) == []


def test_nowhere_takes_everything(source: Path) -> None:
    sink = NullSink()
    sink.put("a/b", source)
    sink.make_folder("a")
    sink.remove("a/b")
    sink.close()

    assert source.exists()
