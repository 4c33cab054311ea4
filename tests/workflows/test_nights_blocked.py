"""A hundred nights in which apply is refused for every export: pauses are in every report, and ends go on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from exportctl.emulator import Switches
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.status import HealthResult
from tests.workflows.nightly_pipeline import (
    EVERY,
    MIDNIGHT,
    Pause,
    assert_named,
    assert_others_run,
    live_value,
    move_start,
    nightly_exports,
    pause_flow,
    run_night,
    shorten_end,
    take_out_dataset,
)
from tests.workflows.orders_sandbox import DAY, objects
from tests.workflows.world import DESTINATIONS, config, world

NIGHTS = 100
NOWHERE = {"type": "amazon-s3", "bucket": "acme-lake", "account": {"existing": "Missing"}}
HINDERED: dict[str, dict[str, Any]] = {
    "off": {"destination": "gcs"},  # another account: a replacement without consent
    "off-declared": {"datasets": ["Odrers"]},
    "cut": {"destination": "nowhere"},
    "ended": {"datasets": ["Returns"]},  # takes one from a protected export
    "monthly": {"destination": "gcs"},
    "fortnightly": {"datasets": ["Odrers"]},
    "long": {},  # its target is hidden
    "lasting": {"destination": "nowhere"},
}


@EVERY
def test_pauses_and_ends_are_looked_after_whatever_else_waits(tmp_path: Path, days: int) -> None:
    made = world(tmp_path, Switches(labelled="hidden"), page_size=100)
    made.write(config(exports=nightly_exports()))
    assert made.apply()[1].passed
    exports = {name: {**export, **HINDERED[name]} for name, export in nightly_exports().items()}
    made.write(config(exports=exports, destinations={**DESTINATIONS, "nowhere": NOWHERE}))
    (hidden,) = made.flow("long")["targetConnectionIds"]
    made.emulator.ui.label("targetConnections", hidden, ["core/C1"])

    pauses: list[Pause] = []
    renewed: Counter[str] = Counter()
    for day in range(0, NIGHTS, days):
        until = range(day, day + days)
        if 3 in until:
            pauses += [pause_flow(made, "off"), pause_flow(made, "off-declared"), pause_flow(made, "long")]
        if 20 in until:
            pauses += [move_start(made, "lasting", MIDNIGHT + 300 * DAY), take_out_dataset(made, "monthly")]
        if 34 in until:
            pauses.append(shorten_end(made, "cut", MIDNIGHT + 48 * DAY))
        if 60 in until:
            pauses.append(shorten_end(made, "ended", int(made.emulator.now)))
        seen = run_night(made, days)
        renewed.update(seen.due)
        assert list(seen.writes) == ["PATCH /flows"] * len(seen.due)
        assert [live_value(made, s.flow, s.field) for s in pauses] == [s.paused_value for s in pauses]
        addresses = {s.address for s in pauses}
        assert {str(e.address) for e in seen.drift.entries_of(DriftGroup.PAUSED)} == addresses
        assert {str(e.address) for e in seen.status.exports if e.result is HealthResult.PAUSED} == addresses
        assert_named(seen, pauses)
        assert_others_run(made, pauses)
    assert renewed == {"off": 3, "off-declared": 6, "cut": 1, "monthly": 3, "fortnightly": 6}
    assert len(objects(made, "flows")) == len(exports)
