"""Files that are written whole: what stood there before is kept until all is written, and what is no file stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from exportctl.cli.files import append_text, write_atomically, write_new_file
from exportctl.errors import Error


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, "all of it\n")
        assert os.read(reader, 100) == b"all of it\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_one_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "elsewhere" / "file"
    file.parent.mkdir()
    link.symlink_to(file)
    for text in ("first\n", "second\n"):
        write_atomically(link, text)
        assert (link.is_symlink(), file.read_text(encoding="utf-8")) == (True, text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_for_others_is_for_its_owner_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("before", encoding="utf-8")
    file.chmod(0o644)
    write_atomically(file, "after")
    assert (file.read_text(encoding="utf-8"), stat.S_IMODE(file.stat().st_mode)) == ("after", 0o600)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(Error, match="is a directory"):
        write_atomically(folder, "text")
    with pytest.raises(OverflowError):
        write_atomically(tmp_path / "file", "text", mode=2**40)  # fails once the text stands in the file beside it
    assert list(tmp_path.rglob("*")) == [folder]


def test_half_a_character_is_spelled_out_in_a_file(tmp_path: Path) -> None:
    for write in (write_atomically, write_new_file, append_text):
        file = tmp_path / write.__name__
        write(file, "cut \ud83d, whole \U0001f600")
        assert file.read_text(encoding="utf-8") == "cut \\ud83d, whole \U0001f600"
