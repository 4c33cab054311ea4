"""A hundred nights of `renew`, `apply`, `drift`: a stop made by hand stands and is told, every other feed goes on."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from exportctl import drift_report
from exportctl.drift_report import Group
from exportctl.emulator import Switches
from exportctl.errors import RefusedError
from exportctl.flags import Flags
from tests.loop.generated import REFUSING
from tests.loop.nights import MIDNIGHT, Stop, cut, fed, fed_on, feeds, held, held_value, night, off, only_renewals
from tests.loop.scenes import DAY, applied, gates, item
from tests.loop.world import START, World, config, world

NIGHTS = 100


def made_world(folder: Path, switches: Switches | None = None, content: dict[str, Any] | None = None) -> World:
    made = world(folder, switches, page_size=100)
    made.write(content or fed())
    assert made.apply()[1].proved
    made.emulator.advance(700)  # all of it is listed, and what was still in use is free by now
    return made


# -- stops ------------------------------------------------------------------------------------------------------------


def test_stops_made_in_the_ui_survive_a_hundred_nights_and_are_in_every_report(tmp_path: Path) -> None:
    made = made_world(tmp_path)
    stops: list[Stop] = []
    renewed: Counter[str] = Counter()
    for count in range(NIGHTS):
        if count == 3:
            stops += [off(made, "off"), off(made, "off-declared")]
        if count == 34:  # renewed once by now: the first end was earlier than this one
            stops.append(cut(made, "cut", MIDNIGHT + 48 * DAY))
        if count == 60:
            stops.append(cut(made, "ended", int(made.emulator.now)))
        seen = night(made)
        renewed.update(seen.due)
        held(made, seen, stops)
        only_renewals(seen)
        fed_on(made, stops)
    # Of a flow that is off the end goes on, so that it can be switched on again; of one cut short it does not.
    assert renewed == {"off": 3, "off-declared": 6, "cut": 1, "monthly": 3, "fortnightly": 6}
    put_back(made, stops)


def put_back(made: World, stops: list[Stop]) -> None:
    """One after the other, and none but the one that is asked for."""
    left = list(stops)
    for stop in stops:
        flags = Flags(put_back=(stop.address,))
        assert [str(i.address) for i in made.plan(flags).items if i.steps] == [stop.address]
        applied(made, flags=flags)
        left.remove(stop)
        assert held_value(made, stop.flow, stop.field) != stop.left
        seen = night(made)
        held(made, seen, left)
        fed_on(made, left)


def test_a_renamed_export_that_then_lost_its_marker_is_left_as_it_is_and_drift_fails(tmp_path: Path) -> None:
    """Its source bears the former name, so nothing tells for sure whose the flow is: neither put back nor renewed."""
    made = made_world(tmp_path)
    exports = feeds()
    exports["feed"] = {**exports.pop("off"), "renamed_from": "off"}
    applied(made, config(exports=exports))
    stop = off(made, "feed")
    made.emulator.ui.describe("feed", "STOPPED, incident 42")
    with pytest.raises(RefusedError, match="carries no marker"):
        made.apply()
    assert gates(made.plan(), "exports.feed") == ["look-alike"]
    assert item(made.plan(Flags(renew_only=True)), "exports.feed").steps == ()
    report = drift_report.drift(made.plan(), end_warning=0)
    assert [str(e.address) for e in report.of(Group.MARKER_LOST)] == ["exports.feed"]
    assert drift_report.failing(report)
    assert held_value(made, stop.flow, stop.field) == stop.left


# -- nothing happens --------------------------------------------------------------------------------------------------

MOVING = Switches(
    background_actor="writes",
    background_actor_children=True,
    default_end_time="shown",
    interval_type="string",
    template_key="folderNameTemplate",
    normalise="case",
    read_secrets="omit",
    patch_objects="merge",
)
QUIET = ("off", "fortnightly", "lasting")


def test_in_a_hundred_quiet_nights_nothing_is_written_but_what_is_due(tmp_path: Path) -> None:
    made = made_world(tmp_path, MOVING, fed(*QUIET))
    assert quiet(made, NIGHTS) == {"off": 3, "fortnightly": 6}


def quiet(made: World, nights: int) -> Counter[str]:
    """Nights in which nothing happens but runs; what was renewed, by export."""
    renewed: Counter[str] = Counter()
    for _ in range(nights):
        seen = night(made)
        renewed.update(seen.due)
        assert not drift_report.failing(seen.drift)
        only_renewals(seen)
        fed_on(made, ())
    return renewed


def test_a_year_of_the_usual_end_is_two_writes(tmp_path: Path) -> None:
    """180 days, renewed 30 before: every night on which it could be due, and one a fortnight between."""
    made = made_world(tmp_path, content=fed("long"))
    renewed = []
    day = 0
    while day < 365:
        step = 1 if any(-14 < day - due < 3 for due in (150, 300)) else 14
        day += step
        seen = night(made, step)
        renewed += [(int(made.emulator.now) - START) // DAY] * len(seen.due)
        only_renewals(seen)
        fed_on(made, ())
    assert renewed == [150, 300]


def test_a_week_without_the_pipeline_neither_ends_a_feed_nor_makes_a_stop_of_a_late_renewal(tmp_path: Path) -> None:
    made = made_world(tmp_path)
    night(made, 13)
    seen = night(made, 5)
    assert seen.due == ("fortnightly", "off-declared")
    held(made, seen, ())
    fed_on(made, ())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_a_hundred_quiet_nights_under_any_setting(tmp_path: Path, seed: int) -> None:
    drawn = Switches.random(random.Random(seed)).to_json() | REFUSING
    made = made_world(tmp_path, Switches.from_json(drawn), fed(*QUIET))
    assert quiet(made, NIGHTS) == {"off": 3, "fortnightly": 6}
