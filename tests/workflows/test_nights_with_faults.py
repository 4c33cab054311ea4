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

from exportctl.emulator import Switches
from exportctl.model.plan import Address
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows import apply as apply_workflow
from tests.workflows.nightly_pipeline import (
    FIXED,
    MONTHLY,
    Pause,
    assert_others_run,
    assert_paused,
    flow_by_id,
    pause_flow,
    run_night,
    shorten_end,
)
from tests.workflows.strategies import accepting_switches
from tests.workflows.test_interruptions import kill_apply_after
from tests.workflows.test_laws import LAW, LISTED, apply_cleanly
from tests.workflows.world import DESTINATIONS, World, config, world

HEAVY = settings(LAW, phases=[Phase.generate])  # a night is dear: a failure is told, not made smaller
SOME = settings(HEAVY, max_examples=4)
MANY = settings(HEAVY, max_examples=150)
SCHEDULES = [{"every": "1 day", "at": "02:00"}, {"every": "3 hours", "at": "01:00"}, {"every": "1 day", "at": "05:30"}]
NAMES = ("one", "two", "three")
WEEKLY = {"rolling": "6 days", "renew_before": "2 days"}


@dataclass
class NightlyExports:
    """The config as it is by now, the stops by the title of the flow, and dice for what is drawn on the way."""

    made: World
    exports: dict[str, dict[str, Any]]
    destinations: dict[str, Any]
    draw: Callable[..., Any]
    pauses: list[Pause] = field(default_factory=list)
    other_ends: set[str] = field(default_factory=set)
    lost_markers: set[str] = field(default_factory=set)

    def write(self) -> None:
        self.made.write(config(exports=self.exports, destinations=self.destinations))

    def key(self) -> str:
        """One of the exports; those with a stop come first, they are what this is about."""
        stopped = [s.name for s in self.pauses]
        return str(self.draw(st.sampled_from([*stopped, *self.exports])))

    def flow(self, key: str) -> str:
        return str(self.made.flow(self.exports[key]["title"])["id"])


def _move_subpath(feeds: NightlyExports) -> None:
    key = feeds.key()
    feeds.exports[key]["subpath"] = f"{key.partition('-')[0]}/{feeds.draw(st.integers(0, 2))}"
    feeds.write()


def _change_end(feeds: NightlyExports) -> None:
    key = feeds.key()
    if key in feeds.lost_markers:
        return
    feeds.exports[key]["end"] = feeds.draw(st.sampled_from([WEEKLY, MONTHLY, FIXED, "2029-06-01"]))
    feeds.other_ends.add(key)
    feeds.write()


def _edit_export(feeds: NightlyExports, name: str, values: list[Any]) -> None:
    feeds.exports[feeds.key()][name] = feeds.draw(st.sampled_from(values))
    feeds.write()


def _edit_description(feeds: NightlyExports, text: Callable[[str], str]) -> None:
    key = feeds.key()
    if "renamed_from" in feeds.exports[key]:
        return  # its source bears the former name: without a marker nothing tells whose it is, and apply is refused
    feeds.lost_markers.add(key)
    if key in feeds.other_ends:
        return  # whether the end is ours is judged by how long it rolls by now: another length looks like a stop
    flow = feeds.flow(key)
    feeds.made.emulator.ui.describe(flow, text(str(flow_by_id(feeds.made, flow).get("description", ""))))


def _rename_export(feeds: NightlyExports) -> None:
    key = feeds.key()
    after = f"{key.partition('-')[0]}-{feeds.draw(st.integers(2, 9))}"
    if after in feeds.exports or "renamed_from" in feeds.exports[key]:
        return
    feeds.exports[after] = {**feeds.exports.pop(key), "renamed_from": key}
    for known in (feeds.other_ends, feeds.lost_markers):
        known |= {after} if key in known else set()
    feeds.pauses = [replace(s, name=after) if s.name == key else s for s in feeds.pauses]
    feeds.write()


def _change_secret_version(feeds: NightlyExports) -> None:
    auth = {**feeds.destinations["s3-key"]["auth"], "secret_version": str(feeds.draw(st.integers(1, 9)))}
    feeds.destinations = {**feeds.destinations, "s3-key": {**feeds.destinations["s3-key"], "auth": auth}}
    feeds.write()


def _rotate_key(feeds: NightlyExports) -> None:
    address = Address("destinations", "s3-key")
    flags = PlanOptions((str(address),), rotate=address)
    with feeds.made.open_plan(flags) as planned:
        under_way = apply_workflow.start_apply(
            planned, feeds.made.setup(), PlanOptions(flags.targets), parallelism=4, stop=threading.Event()
        )
        list(under_way.execute_steps())


def _drop_enabled(feeds: NightlyExports) -> None:
    feeds.exports[feeds.key()].pop("enabled", None)
    feeds.write()


def _kill_apply(feeds: NightlyExports) -> None:
    kill_apply_after(feeds.made, feeds.draw(st.integers(0, 20)), feeds.draw(st.booleans()), PlanOptions())


def _pause_flow(feeds: NightlyExports) -> None:
    key = feeds.key()
    flow = flow_by_id(feeds.made, feeds.flow(key))
    name, title = key, feeds.exports[key]["title"]
    how = feeds.draw(st.sampled_from(["enabled", "end"]))
    if any(s.name == key and s.field == how for s in feeds.pauses):
        return
    if how == "enabled":
        feeds.pauses.append(replace(pause_flow(feeds.made, title), name=name))
    else:
        schedule = flow["scheduleParams"]
        first = max(int(feeds.made.emulator.now), schedule["startTime"] + 1)  # the service has no end before the start
        if first < schedule["endTime"]:
            later = feeds.draw(st.just(0) | st.integers(0, 10**9))  # a range that does not hang on the clock
            moment = first + later % (schedule["endTime"] - first)
            feeds.pauses.append(replace(shorten_end(feeds.made, title, moment), name=name))


DISTURBANCES: dict[str, Callable[[NightlyExports], None]] = {
    "another folder": lambda f: _edit_export(
        f, "folder", ["%DATASET_ID%/%EXPORT_TIME%", "x/%DATASET_ID%/%EXPORT_TIME%"]
    ),
    "another place": _move_subpath,
    "another description": lambda f: _edit_export(f, "description", ["", "For the data team", "line one\nline two"]),
    "other datasets": lambda f: _edit_export(f, "datasets", [["Orders"], ["Returns", "Orders"], ["App Events"]]),
    "another format": lambda f: _edit_export(f, "format", ["parquet", "json"]),
    "another schedule": lambda f: _edit_export(f, "schedule", SCHEDULES),
    "enabled declared": lambda f: _edit_export(f, "enabled", [True]),
    "enabled no longer declared": _drop_enabled,
    "another end": _change_end,
    "text added to the description by hand": lambda f: _edit_description(f, lambda before: f"Ask Kim\n{before}"),
    "the marker wiped": lambda f: _edit_description(f, lambda before: ""),
    "the marker overtyped with a reason": lambda f: _edit_description(
        f, lambda before: "STOPPED, incident 42. Ask Kim!"
    ),
    "the marker damaged": lambda f: _edit_description(f, lambda before: before.replace(" 1", " 2")),
    "renamed": _rename_export,
    "a new secret_version": _change_secret_version,
    "the account rotated": _rotate_key,
    "an apply that dies": _kill_apply,
    "a stop": _pause_flow,
}


def assert_pauses_survive(drawn: Switches, draw: Callable[..., Any], nights: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), drawn, page_size=100)
        ends = [draw(st.sampled_from([WEEKLY, WEEKLY, FIXED])) for _ in NAMES]
        exports = {
            key: {"title": key, "datasets": ["Orders"], "subpath": key, "end": end, "destination": "s3-key"}
            for key, end in zip(NAMES, ends, strict=True)
        }
        feeds = NightlyExports(made, exports, dict(DESTINATIONS), draw)
        apply_cleanly(made, config(exports=exports))
        made.emulator.advance(LISTED)
        for _ in range(nights):
            for name in draw(st.lists(st.sampled_from(["a stop", *DISTURBANCES]), max_size=3)):
                note(f"{name}: {feeds.exports} {feeds.pauses}")
                made.emulator.advance(LISTED)  # nothing is in transition any more
                DISTURBANCES[name](feeds)
            seen = run_night(made, pause=LISTED)
            note(seen.texts["apply"])
            assert_paused(made, seen, feeds.pauses)
            assert_others_run(made, feeds.pauses)


@SOME
@given(accepting_switches(), st.data())
def test_pauses_survive_whatever_else_happens(drawn: Switches, data: st.DataObject) -> None:
    assert_pauses_survive(drawn, data.draw, nights=8)


@pytest.mark.slow
@MANY
@given(accepting_switches(), st.data())
def test_pauses_survive_whatever_else_happens_in_the_long_sweep(drawn: Switches, data: st.DataObject) -> None:
    assert_pauses_survive(drawn, data.draw, nights=20)
