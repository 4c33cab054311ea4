"""A drill compares what it wrote with what it checked, and its folder is gone whatever happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from exportctl.engines.drill_folder import open_drill_folder
from exportctl.errors import Error
from exportctl.restore.drill import written_failures
from tests.output.sample_drills import READ


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"rows": 99, "schemas": 1, "added": ()}, []),  # of the files, not of the table
        ({"restored": 4}, ["the written table has 4 rows, and the restored one 5"]),
        ({"restored": None}, ["the written table has None rows, and the restored one 5"]),
        ({"columns": 8}, ["the written table has 8 columns, and the restored one 9"]),
        ({"keys": 4}, ["the written table has 4 different keys, and the restored one 5"]),
        ({"last_time": "2026-11-28"}, ["the written table has 2026-11-28 as its largest timestamp, and the restored"]),
        ({"first_time": None}, ["the written table has None as its smallest timestamp"]),
        ({"failures": ("it is cut short", "more"), "restored": None}, ["the written table cannot be read back: it is"]),
    ],
)
def test_what_was_written_must_be_what_was_checked(changed: dict[str, object], said: list[str]) -> None:
    failures = list(written_failures(READ, replace(READ, **changed)))  # type: ignore[arg-type]

    assert all(failure.startswith(words) for failure, words in zip(failures, said, strict=True))


@pytest.mark.parametrize("ended", [None, KeyboardInterrupt(), Error("no"), OSError("full"), SystemExit(1)])
def test_the_folder_is_private_and_gone_at_the_end(tmp_path: Path, ended: BaseException | None) -> None:
    try:
        with open_drill_folder(str(tmp_path), ()) as folder:
            (folder / "table").mkdir()
            (folder / "table" / "rows.parquet").write_bytes(b"rows")
            mode = folder.stat().st_mode & 0o777
            if ended is not None:
                raise ended
    except BaseException as error:
        assert error is ended

    assert (mode, list(tmp_path.iterdir())) == (0o700, [])


def test_an_interrupt_while_it_is_removed_leaves_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, asked = TemporaryDirectory.cleanup, []

    def interrupt(self: TemporaryDirectory[str]) -> None:
        asked.append(self.name)
        if len(asked) == 1:
            raise KeyboardInterrupt
        remove(self)

    monkeypatch.setattr(TemporaryDirectory, "cleanup", interrupt)
    with pytest.raises(KeyboardInterrupt), open_drill_folder(str(tmp_path), ()) as folder:
        (folder / "rows.parquet").write_bytes(b"rows")

    assert list(tmp_path.iterdir()) == []


def test_no_folder_inside_a_storage(tmp_path: Path) -> None:
    with pytest.raises(Error, match="which exports write to"), open_drill_folder(str(tmp_path), (tmp_path.parent,)):
        pass

    assert list(tmp_path.iterdir()) == []
