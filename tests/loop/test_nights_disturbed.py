"""
Stops made by hand survive nights with whatever else happens to an export: edits of the YAML, of its description, a
lost marker, a rename, rotated accounts, an apply that dies. Under random settings of every open question.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from exportctl import workflows
from exportctl.emulator import Switches
from exportctl.flags import Flags
from exportctl.model import Address
from tests.loop.generated import kind_switches
from tests.loop.nights import FIXED, MONTHLY, Stop, by_id, cut, fed_on, held, night, off
from tests.loop.test_interrupted import killed_after
from tests.loop.test_laws import LAW, LISTED, applied
from tests.loop.world import DESTINATIONS, World, config, world

HEAVY = settings(LAW, phases=[Phase.generate])  # a night is dear: a failure is told, not made smaller
SOME = settings(HEAVY, max_examples=4)
MANY = settings(HEAVY, max_examples=150)
SCHEDULES = [{"every": "1 day", "at": "02:00"}, {"every": "3 hours", "at": "01:00"}, {"every": "1 day", "at": "05:30"}]
NAMES = ("one", "two", "three")
WEEKLY = {"rolling": "6 days", "renew_before": "2 days"}


@dataclass
class Feeds:
    """The config as it is by now, the stops by the title of the flow, and dice for what is drawn on the way."""

    made: World
    exports: dict[str, dict[str, Any]]
    destinations: dict[str, Any]
    draw: Callable[..., Any]
    stops: list[Stop] = field(default_factory=list)
    other_ends: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)

    def write(self) -> None:
        self.made.write(config(exports=self.exports, destinations=self.destinations))

    def key(self) -> str:
        """One of the exports; those with a stop come first, they are what this is about."""
        stopped = [s.name for s in self.stops]
        return str(self.draw(st.sampled_from([*stopped, *self.exports])))

    def flow(self, key: str) -> str:
        return str(self.made.flow(self.exports[key]["title"])["id"])


def _moved(feeds: Feeds) -> None:
    key = feeds.key()
    feeds.exports[key]["subpath"] = f"{key.partition('-')[0]}/{feeds.draw(st.integers(0, 2))}"
    feeds.write()


def _ended_otherwise(feeds: Feeds) -> None:
    key = feeds.key()
    if key in feeds.lost:
        return
    feeds.exports[key]["end"] = feeds.draw(st.sampled_from([WEEKLY, MONTHLY, FIXED, "2029-06-01"]))
    feeds.other_ends.add(key)
    feeds.write()


def _edit(feeds: Feeds, name: str, values: list[Any]) -> None:
    feeds.exports[feeds.key()][name] = feeds.draw(st.sampled_from(values))
    feeds.write()


def _described(feeds: Feeds, text: Callable[[str], str]) -> None:
    key = feeds.key()
    if "renamed_from" in feeds.exports[key]:
        return  # its source bears the former name: without a marker nothing tells whose it is, and apply is refused
    feeds.lost.add(key)
    if key in feeds.other_ends:
        return  # whether the end is ours is judged by how long it rolls by now: another length looks like a stop
    flow = feeds.flow(key)
    feeds.made.emulator.ui.describe(flow, text(str(by_id(feeds.made, flow).get("description", ""))))


def _renamed(feeds: Feeds) -> None:
    key = feeds.key()
    after = f"{key.partition('-')[0]}-{feeds.draw(st.integers(2, 9))}"
    if after in feeds.exports or "renamed_from" in feeds.exports[key]:
        return
    feeds.exports[after] = {**feeds.exports.pop(key), "renamed_from": key}
    for known in (feeds.other_ends, feeds.lost):
        known |= {after} if key in known else set()
    feeds.stops = [replace(s, name=after) if s.name == key else s for s in feeds.stops]
    feeds.write()


def _versioned(feeds: Feeds) -> None:
    auth = {**feeds.destinations["s3-key"]["auth"], "secret_version": str(feeds.draw(st.integers(1, 9)))}
    feeds.destinations = {**feeds.destinations, "s3-key": {**feeds.destinations["s3-key"], "auth": auth}}
    feeds.write()


def _rotated(feeds: Feeds) -> None:
    address = Address("destinations", "s3-key")
    flags = Flags((str(address),), rotate=address)
    with feeds.made.planned(flags) as planned:
        under_way = workflows.begun(
            planned, feeds.made.setup(), Flags(flags.targets), parallelism=4, stop=threading.Event()
        )
        list(under_way.outcomes())


def _drop_enabled(feeds: Feeds) -> None:
    feeds.exports[feeds.key()].pop("enabled", None)
    feeds.write()


def _died(feeds: Feeds) -> None:
    killed_after(feeds.made, feeds.draw(st.integers(0, 20)), feeds.draw(st.booleans()), Flags())


def _stopped(feeds: Feeds) -> None:
    key = feeds.key()
    flow = by_id(feeds.made, feeds.flow(key))
    name, title = key, feeds.exports[key]["title"]
    how = feeds.draw(st.sampled_from(["enabled", "end"]))
    if any(s.name == key and s.field == how for s in feeds.stops):
        return
    if how == "enabled":
        feeds.stops.append(replace(off(feeds.made, title), name=name))
    else:
        schedule = flow["scheduleParams"]
        first = max(int(feeds.made.emulator.now), schedule["startTime"] + 1)  # the service has no end before the start
        if first < schedule["endTime"]:
            later = feeds.draw(st.just(0) | st.integers(0, 10**9))  # a range that does not hang on the clock
            moment = first + later % (schedule["endTime"] - first)
            feeds.stops.append(replace(cut(feeds.made, title, moment), name=name))


DISTURBANCES: dict[str, Callable[[Feeds], None]] = {
    "another folder": lambda f: _edit(f, "folder", ["%DATASET_ID%/%EXPORT_TIME%", "x/%DATASET_ID%/%EXPORT_TIME%"]),
    "another place": _moved,
    "another description": lambda f: _edit(f, "description", ["", "For the data team", "line one\nline two"]),
    "other datasets": lambda f: _edit(f, "datasets", [["Orders"], ["Returns", "Orders"], ["App Events"]]),
    "another format": lambda f: _edit(f, "format", ["parquet", "json"]),
    "another schedule": lambda f: _edit(f, "schedule", SCHEDULES),
    "enabled declared": lambda f: _edit(f, "enabled", [True]),
    "enabled no longer declared": _drop_enabled,
    "another end": _ended_otherwise,
    "text added to the description by hand": lambda f: _described(f, lambda before: f"Ask Kim\n{before}"),
    "the marker wiped": lambda f: _described(f, lambda before: ""),
    "the marker overtyped with a reason": lambda f: _described(f, lambda before: "STOPPED, incident 42. Ask Kim!"),
    "the marker damaged": lambda f: _described(f, lambda before: before.replace(" 1", " 2")),
    "renamed": _renamed,
    "a new secret_version": _versioned,
    "the account rotated": _rotated,
    "an apply that dies": _died,
    "a stop": _stopped,
}


def survived(drawn: Switches, draw: Callable[..., Any], nights: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), drawn, page_size=100)
        ends = [draw(st.sampled_from([WEEKLY, WEEKLY, FIXED])) for _ in NAMES]
        exports = {
            key: {"title": key, "datasets": ["Orders"], "subpath": key, "end": end, "destination": "s3-key"}
            for key, end in zip(NAMES, ends, strict=True)
        }
        feeds = Feeds(made, exports, dict(DESTINATIONS), draw)
        applied(made, config(exports=exports))
        made.emulator.advance(LISTED)
        for _ in range(nights):
            for name in draw(st.lists(st.sampled_from(["a stop", *DISTURBANCES]), max_size=3)):
                note(f"{name}: {feeds.exports} {feeds.stops}")
                made.emulator.advance(LISTED)  # nothing is in transition any more
                DISTURBANCES[name](feeds)
            seen = night(made, pause=LISTED)
            note(seen.texts["apply"])
            held(made, seen, feeds.stops)
            fed_on(made, feeds.stops)


@SOME
@given(kind_switches(), st.data())
def test_stops_survive_whatever_else_happens(drawn: Switches, data: st.DataObject) -> None:
    survived(drawn, data.draw, nights=8)


@pytest.mark.slow
@MANY
@given(kind_switches(), st.data())
def test_stops_survive_whatever_else_happens_in_the_long_sweep(drawn: Switches, data: st.DataObject) -> None:
    survived(drawn, data.draw, nights=20)
