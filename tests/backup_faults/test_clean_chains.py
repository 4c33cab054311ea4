"""No false alarm: whatever the service does where its documents are silent, a clean chain is WHOLE."""

from __future__ import annotations

from pathlib import Path

import pytest

from exportctl.emulator import Switches
from exportctl.monitor.backup.report import ChainState
from tests.workflows.orders_sandbox import DAY
from tests.workflows.test_backup import backup
from tests.workflows.test_file_lists import compare, make_list
from tests.workflows.test_read_storage import FIRST, ROWS, delivery_sandbox
from tests.workflows.test_switches import CHANGED, REFUSING

REMAINS = ("description_length", 120)  # apply ends with a remainder, so there is no clean sandbox to begin with
DEFAULT = ("name_unique", Switches().name_unique)  # all switches at their defaults are one world
CLEAN = [DEFAULT, *(setting for setting in CHANGED if setting not in REFUSING and setting != REMAINS)]


@pytest.mark.slow
@pytest.mark.parametrize(("switch", "setting"), CLEAN)
def test_a_clean_chain_is_whole_under_every_setting(tmp_path: Path, switch: str, setting: object) -> None:
    with delivery_sandbox(tmp_path, Switches.from_json({switch: setting})) as scene:
        scene.pass_nights(4)

        chains = {(e.address.name, c.dataset): c for e in backup(scene).exports for c in e.chains}

    assert {key: (c.state, c.reason) for key, c in chains.items() if c.state is not ChainState.WHOLE} == {}
    assert all((c.covered_from, c.covered_to) == (FIRST, FIRST + 3 * DAY) for c in chains.values())
    assert chains["orders", "Orders"].rows in (4 * ROWS, None)


@pytest.mark.slow
@pytest.mark.parametrize(("switch", "setting"), CLEAN)
def test_a_list_begins_a_later_one_and_finds_no_difference_under_every_setting(
    tmp_path: Path, switch: str, setting: object
) -> None:
    with delivery_sandbox(tmp_path, Switches.from_json({switch: setting})) as scene:
        scene.pass_nights(3)
        older = [make_list(scene, name) for name in ("exports.orders", "exports.events")]
        scene.pass_nights(4)
        later = [make_list(scene, name) for name in ("exports.orders", "exports.events")]
        compared = compare(scene, *older, *later)

    pairs = [
        pair for lists in zip(older, later, strict=True) for pair in zip(*(one.chains for one in lists), strict=True)
    ]
    assert [after.runs[:3] == before.runs for before, after in pairs] == [True] * 3
    assert [(one.dataset, one.faults) for one in compared if one.faults] == []
