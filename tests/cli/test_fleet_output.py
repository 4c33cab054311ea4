"""The texts of a fleet that wait in a file: all of them are there again, also where the disk is full."""

from __future__ import annotations

import errno
import io
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exportctl.cli.fleet_output import StoredTexts


class FullDisk(io.BytesIO):
    """Takes so many bytes, the last of them in part of a write, as a file without a buffer does."""

    def __init__(self, room: int):
        super().__init__()
        self.room = room

    def write(self, data: Any) -> int:
        left = self.room - self.tell()
        if left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data[:left])


@given(st.lists(st.text(st.characters(codec="ascii"))), st.integers(0, 40))
def test_every_text_is_read_as_it_was_added_however_full_the_disk_is(texts: list[str], room: int) -> None:
    with closing(StoredTexts(FullDisk(room))) as stored:
        numbers = [stored.add(text) for text in texts]
        assert [stored.read(number) for number in numbers] == texts


def test_without_any_folder_for_a_file_the_texts_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/no-such-folder")
    with closing(StoredTexts()) as stored:
        assert stored.read(stored.add("text")) == "text"
