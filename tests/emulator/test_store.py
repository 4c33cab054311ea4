"""A store: its last settings count, also after an undone transaction and from another process; copies of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exportctl.emulator import Emulator, SeedDataset, Switches
from exportctl.emulator.store import Record, Store


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


def test_a_copy_goes_on_from_the_same_state_on_its_own() -> None:
    first = Emulator(switches=Switches(name_unique=True), clock=1_800_000_000, page_size=2)
    first.seed(["dev"], {"dev": [SeedDataset("Orders")]})
    assert first.sandboxes() == ["prod", "dev"]

    copy = first.copy()

    assert (copy.switches, copy.now, copy.sandboxes()) == (first.switches, first.now, first.sandboxes())
    assert copy.datasets("dev") == first.datasets("dev")
    assert copy.seed(["test"], {"test": [SeedDataset("Returns")]}) == first.seed(
        ["test"], {"test": [SeedDataset("Returns")]}
    ), "both draw the same ids"
    copy.switches = Switches()
    copy.advance(60)
    assert first.switches.name_unique
    assert first.now == 1_800_000_000


def test_what_was_made_of_objects_is_kept_until_something_is_written(tmp_path: Path) -> None:
    store, other = Store(tmp_path / "emulator.db"), Store(tmp_path / "emulator.db")
    made: list[int] = []

    def count_after(write: Callable[[], object]) -> int:
        write()
        store.remember("key", lambda: made.append(1))
        return len(made)

    def put(store: Store, id: str) -> None:
        with store.transaction():
            store.put(Record("flows", id, "dev", {}))

    def fail() -> None:
        with pytest.raises(KeyError), store.transaction():
            store.put(Record("flows", "lost", "dev", {}))
            raise KeyError

    assert count_after(lambda: None) == 1
    assert count_after(lambda: store.list_records("flows")) == 1
    assert count_after(lambda: put(store, "a")) == 2
    assert count_after(lambda: put(other, "b")) == 3
    assert count_after(lambda: store.set_setting("clock", {})) == 4
    assert count_after(lambda: store.remove("flows", "a")) == 5
    assert count_after(fail) == 6
    assert count_after(store.clear_objects) == 7
    assert count_after(lambda: None) == 7
