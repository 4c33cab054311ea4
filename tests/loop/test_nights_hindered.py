"""A hundred nights in which apply is refused for every export: stops are in every report, and ends go on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from exportctl.drift_report import Group
from exportctl.emulator import Switches
from exportctl.health.status import Word
from tests.loop.nights import MIDNIGHT, Stop, cut, fed_on, feeds, held_value, night, off
from tests.loop.scenes import DAY, objects
from tests.loop.world import DESTINATIONS, config, world

NIGHTS = 100
NOWHERE = {"type": "amazon-s3", "bucket": "acme-lake", "account": {"existing": "Nobody's"}}
HINDERED: dict[str, dict[str, Any]] = {
    "off": {"destination": "gcs"},  # another account: a replacement that nobody allowed
    "off-declared": {"datasets": ["Odrers"]},
    "cut": {"destination": "nowhere"},
    "ended": {"datasets": ["Returns"]},  # takes one from a protected export
    "monthly": {"datasets": ["Odrers"]},
    "fortnightly": {"destination": "gcs"},
    "long": {},  # its target is hidden
    "lasting": {},
}


def test_stops_and_ends_are_looked_after_whatever_else_waits(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(labelled="hidden"), page_size=100)
    made.write(config(exports=feeds()))
    assert made.apply()[1].proved
    exports = {name: {**export, **HINDERED[name]} for name, export in feeds().items()}
    made.write(config(exports=exports, destinations={**DESTINATIONS, "nowhere": NOWHERE}))
    (hidden,) = made.flow("long")["targetConnectionIds"]
    made.emulator.ui.label("targetConnections", hidden, ["core/C1"])

    stops: list[Stop] = []
    renewed: Counter[str] = Counter()
    for count in range(NIGHTS):
        if count == 3:
            stops += [off(made, "off"), off(made, "off-declared"), off(made, "long")]
        if count == 34:
            stops.append(cut(made, "cut", MIDNIGHT + 48 * DAY))
        if count == 60:
            stops.append(cut(made, "ended", int(made.emulator.now)))
        seen = night(made)
        renewed.update(seen.due)
        assert list(seen.writes) == ["PATCH /flows"] * len(seen.due)
        assert [held_value(made, s.flow, s.field) for s in stops] == [s.left for s in stops]
        addresses = {s.address for s in stops}
        assert {str(e.address) for e in seen.drift.of(Group.STOPPED)} == addresses
        assert {str(e.address) for e in seen.status.exports if e.word is Word.STOPPED} == addresses
        for command, words in seen.texts.items():
            assert {a for a in addresses if a not in words} == set(), command
        fed_on(made, stops)
    assert renewed == {"off": 3, "off-declared": 6, "cut": 1, "monthly": 3, "fortnightly": 6}
    assert len(objects(made, "flows")) == len(exports)
