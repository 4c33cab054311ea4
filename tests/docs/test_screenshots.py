"""The pictures of the report are there, small, and as large as the program that takes them says."""

from __future__ import annotations

import struct

import pytest

from tests.docs.screenshots import FOLDER, MAX_BYTES, PICTURES, Picture


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_small_and_of_the_size_that_is_stated(picture: Picture) -> None:
    data = (FOLDER / picture.name).read_bytes()

    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (picture.width, picture.height)
    assert len(data) < MAX_BYTES


def test_no_other_picture_lies_there() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {picture.name for picture in PICTURES}
