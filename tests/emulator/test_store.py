"""Settings of a store: the last one counts, also after an undone transaction and from another process."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.emulator import Emulator, Switches
from exportctl.emulator.store import Store


@pytest.mark.parametrize("file", [None, "emulator.db"])
def test_an_undone_transaction_leaves_the_former_setting(tmp_path: Path, file: str | None) -> None:
    store = Store(file and tmp_path / file)
    with store.transaction():
        store.set_setting("page_size", 2)
    assert store.get_setting("page_size", 100) == 2

    with pytest.raises(LookupError), store.transaction():
        store.set_setting("page_size", 3)
        assert store.get_setting("page_size", 100) == 3
        raise LookupError

    assert store.get_setting("page_size", 100) == 2


def test_the_last_switches_count() -> None:
    emulator = Emulator(switches=Switches(name_unique=True))
    assert emulator.switches.name_unique

    emulator.switches = Switches(name_unique=False)

    assert not emulator.switches.name_unique


def test_another_process_changes_the_switches_of_a_file(tmp_path: Path) -> None:
    here, there = Emulator(tmp_path / "emulator.db"), Emulator(tmp_path / "emulator.db")
    assert not here.switches.name_unique

    there.switches = Switches(name_unique=True)

    assert here.switches.name_unique
