"""A new folder appears whole or not at all, and never inside a storage."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.engines.new_folder import check_new_folder, open_new_folder
from exportctl.errors import Error


def test_it_appears_at_the_end(tmp_path: Path) -> None:
    with open_new_folder(tmp_path / "new") as folder:
        (folder / "table").mkdir()
        (folder / "table" / "a").write_text("x")
        assert not (tmp_path / "new").exists()
        assert folder.name.startswith(".new.partial-")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new" / "table" / "a").read_text() == "x"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_nothing_is_left(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), open_new_folder(tmp_path / "new") as folder:
        (folder / "a").write_text("x")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_refuses_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Error, match="cannot be written"), open_new_folder(tmp_path / "no" / "new"):
        pass


@pytest.mark.parametrize(
    ("name", "said"),
    [("there", "exists already"), ("link", "exists already"), ("no/new", "does not exist"), ("lake/new", "is inside")],
)
def test_a_folder_that_cannot_be_the_new_one(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "lake").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    (tmp_path / "way").symlink_to(tmp_path / "lake")
    with pytest.raises(Error, match=said):
        check_new_folder(tmp_path / name, [tmp_path / "lake"])
    with pytest.raises(Error, match="is inside"):
        check_new_folder(tmp_path / "way" / "new", [tmp_path / "lake"])
    check_new_folder(tmp_path / "new", [tmp_path / "lake"])
