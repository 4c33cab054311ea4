"""Files are written in one step: a reader sees the old text or the new one, and what is not a file is kept."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from exportctl.cli.files import OWNER_ONLY, write_file, write_new_file
from exportctl.cli.secondary_files import SecondaryFiles
from exportctl.errors import Error
from tests.cli.command_line import ends_after


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, "all of it\n")
        assert os.read(reader, 100) == b"all of it\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_that_no_process_reads_is_an_error_and_no_wait(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ends_after(5), pytest.raises(Error, match="cannot be written: no process reads this pipe"):
        write_file(pipe, "text\n")


def test_a_link_stays_one_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "elsewhere" / "file"
    file.parent.mkdir()
    link.symlink_to(file)
    for text in ("first\n", "second\n"):
        write_file(link, text, mode=OWNER_ONLY)
        assert (link.is_symlink(), file.read_text(encoding="utf-8")) == (True, text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_for_others_is_for_its_owner_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("before", encoding="utf-8")
    file.chmod(0o644)
    write_file(file, "after", mode=OWNER_ONLY)
    assert (file.read_text(encoding="utf-8"), stat.S_IMODE(file.stat().st_mode)) == ("after", 0o600)


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755], ids=oct)
def test_without_a_mode_a_file_keeps_its_own(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "file"
    file.write_text("before", encoding="utf-8")
    file.chmod(mode)
    write_file(file, "after")
    assert (file.read_text(encoding="utf-8"), stat.S_IMODE(file.stat().st_mode)) == ("after", mode)


def test_without_a_mode_a_new_file_is_like_any_other_of_the_user(tmp_path: Path) -> None:
    for write in (write_file, write_new_file):
        write(tmp_path / write.__name__, "text")
    (tmp_path / "other").touch()
    assert len({stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}) == 1


def test_an_open_reader_keeps_the_old_text(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("before", encoding="utf-8")
    with file.open(encoding="utf-8") as reader:
        write_file(file, "after")
        assert reader.read() == "before"


def test_a_file_that_exists_is_not_written_as_a_new_one(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("before", encoding="utf-8")
    link.symlink_to(tmp_path / "nowhere")
    for taken in (file, link):
        with pytest.raises(Error, match="cannot be written: file exists"):
            write_new_file(taken, "after")
    assert (file.read_text(encoding="utf-8"), sorted(tmp_path.iterdir())) == ("before", [file, link])


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(Error, match="is a directory"):
        write_file(folder, "text")
    with pytest.raises(OverflowError):
        write_file(tmp_path / "file", "text", mode=2**40)  # fails when the new file has its text
    assert list(tmp_path.rglob("*")) == [folder]


def test_half_a_character_is_spelled_out_in_a_file(tmp_path: Path) -> None:
    for write in (write_file, write_new_file, SecondaryFiles().append):
        file = tmp_path / write.__name__
        write(file, "cut \ud83d, whole \U0001f600")
        assert file.read_text(encoding="utf-8") == "cut \\ud83d, whole \U0001f600"
