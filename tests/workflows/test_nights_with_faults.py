"""
Pauses made by hand survive nights with whatever else happens to an export: edits of the YAML, of its description, a
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
    live_datasets,
    move_start,
    pause_flow,
    run_night,
    shorten_end,
    take_out_dataset,
)
from tests.workflows.orders_sandbox import DAY
from tests.workflows.strategies import accepting_switches
from tests.workflows.test_interruptions import kill_apply_after
from tests.workflows.test_laws import LAW, LISTED, apply_cleanly
from tests.workflows.world import DESTINATIONS, World, config, world

HEAVY = settings(LAW, phases=[Phase.generate])  # a night is dear: a failure is reported, not made smaller
SOME = settings(HEAVY, max_examples=4)
MANY = settings(HEAVY, max_examples=150)
SCHEDULES = [{"every": "1 day", "at": "02:00"}, {"every": "3 hours", "at": "01:00"}, {"every": "1 day", "at": "05:30"}]
NAMES = ("one", "two", "three")
WEEKLY = {"rolling": "6 days", "renew_before": "2 days"}


@dataclass
class NightlyExports:
    """The config as it is by now, the pauses by the title of the flow, and dice for what is drawn on the way."""

    made: World
    exports: dict[str, dict[str, Any]]
    destinations: dict[str, Any]
    draw: Callable[..., Any]
    pauses: list[Pause] = field(default_factory=list)
    other_ends: set[str] = field(default_factory=set)
    lost_markers: set[str] = field(default_factory=set)
    new_datasets: set[str] = field(default_factory=set)  # keys of lists that no apply has written yet

    def write(self) -> None:
        self.made.write(config(exports=self.exports, destinations=self.destinations))

    def key(self) -> str:
        """One of the exports; those that are paused come first, they are what this is about."""
        paused = [s.name for s in self.pauses]
        return str(self.draw(st.sampled_from([*paused, *self.exports])))

    def flow(self, key: str) -> str:
        return str(self.made.flow(self.exports[key]["title"])["id"])


def _move_subpath(nightly: NightlyExports) -> None:
    key = nightly.key()
    nightly.exports[key]["subpath"] = f"{key.partition('-')[0]}/{nightly.draw(st.integers(0, 2))}"
    nightly.write()


def _change_end(nightly: NightlyExports) -> None:
    key = nightly.key()
    if key in nightly.lost_markers:
        return
    nightly.exports[key]["end"] = nightly.draw(st.sampled_from([WEEKLY, MONTHLY, FIXED, "2029-06-01"]))
    nightly.other_ends.add(key)
    nightly.write()


def _edit_export(nightly: NightlyExports, name: str, values: list[Any]) -> None:
    nightly.exports[nightly.key()][name] = nightly.draw(st.sampled_from(values))
    nightly.write()


def _edit_description(nightly: NightlyExports, text: Callable[[str], str]) -> None:
    key = nightly.key()
    if "renamed_from" in nightly.exports[key] or any(p.name == key and p.field == "datasets" for p in nightly.pauses):
        return  # its source has another marker or none: without its own nothing says whose it is, and apply is refused
    nightly.lost_markers.add(key)
    if key in nightly.other_ends:
        return  # whether the end is ours is judged by how long it rolls by now: another length looks like a pause
    flow = nightly.flow(key)
    nightly.made.emulator.ui.describe(flow, text(str(flow_by_id(nightly.made, flow).get("description", ""))))


def _rename_export(nightly: NightlyExports) -> None:
    key = nightly.key()
    after = f"{key.partition('-')[0]}-{nightly.draw(st.integers(2, 9))}"
    if after in nightly.exports or "renamed_from" in nightly.exports[key]:
        return
    nightly.exports[after] = {**nightly.exports.pop(key), "renamed_from": key}
    for known in (nightly.other_ends, nightly.lost_markers, nightly.new_datasets):
        known |= {after} if key in known else set()
    nightly.pauses = [replace(s, name=after) if s.name == key else s for s in nightly.pauses]
    nightly.write()


def _change_secret_version(nightly: NightlyExports) -> None:
    auth = {**nightly.destinations["s3-key"]["auth"], "secret_version": str(nightly.draw(st.integers(1, 9)))}
    nightly.destinations = {**nightly.destinations, "s3-key": {**nightly.destinations["s3-key"], "auth": auth}}
    nightly.write()


def _rotate_key(nightly: NightlyExports) -> None:
    address = Address("destinations", "s3-key")
    flags = PlanOptions((str(address),), rotate=address)
    with nightly.made.open_plan(flags) as planned:
        under_way = apply_workflow.start_apply(
            planned, nightly.made.setup(), PlanOptions(flags.targets), parallelism=4, stop=threading.Event()
        )
        list(under_way.execute_steps())


def _drop_enabled(nightly: NightlyExports) -> None:
    nightly.exports[nightly.key()].pop("enabled", None)
    nightly.write()


def _kill_apply(nightly: NightlyExports) -> None:
    kill_apply_after(nightly.made, nightly.draw(st.integers(0, 20)), nightly.draw(st.booleans()), PlanOptions())


def _change_datasets(nightly: NightlyExports) -> None:
    key = nightly.key()
    if any(p.name == key and p.field == "datasets" for p in nightly.pauses):
        return  # both lists would have changed: apply refuses that until a person decides
    nightly.exports[key]["datasets"] = nightly.draw(
        st.sampled_from([["Orders"], ["Returns", "Orders"], ["App Events", "Orders", "Returns"]])
    )
    nightly.new_datasets.add(key)
    nightly.write()


def _pause_flow(nightly: NightlyExports) -> None:
    key = nightly.key()
    how = nightly.draw(st.sampled_from(sorted(WAYS)))
    if any(s.name == key and s.field == how for s in nightly.pauses):
        return
    made = WAYS[how](nightly, key, nightly.exports[key]["title"])
    nightly.pauses += [replace(made, name=key)] if made else []


def _end_earlier(nightly: NightlyExports, key: str, title: str) -> Pause | None:
    schedule = flow_by_id(nightly.made, nightly.flow(key))["scheduleParams"]
    # the service has no end before the start
    first = max(int(nightly.made.emulator.now), schedule["startTime"] + 1)
    if first >= schedule["endTime"]:
        return None
    later = nightly.draw(st.just(0) | st.integers(0, 10**9))  # a range that does not hang on the clock
    return shorten_end(nightly.made, title, first + later % (schedule["endTime"] - first))


def _start_later(nightly: NightlyExports, key: str, title: str) -> Pause | None:
    """Move the start beyond all nights: a start that has come is no pause any more."""
    schedule = flow_by_id(nightly.made, nightly.flow(key))["scheduleParams"]
    moment = int(nightly.made.emulator.now) + nightly.draw(st.integers(60, 200)) * DAY
    return move_start(nightly.made, title, moment) if moment < schedule["endTime"] else None


def _fewer_datasets(nightly: NightlyExports, key: str, title: str) -> Pause | None:
    flow = flow_by_id(nightly.made, nightly.flow(key))
    can_take_out = len(live_datasets(nightly.made, flow)) > 1 and key not in nightly.new_datasets
    return take_out_dataset(nightly.made, title) if can_take_out and key not in nightly.lost_markers else None


WAYS: dict[str, Callable[[NightlyExports, str, str], Pause | None]] = {
    "enabled": lambda nightly, _, title: pause_flow(nightly.made, title),
    "end": _end_earlier,
    "schedule.start": _start_later,
    "datasets": _fewer_datasets,
}
DISTURBANCES: dict[str, Callable[[NightlyExports], None]] = {
    "another folder": lambda f: _edit_export(
        f, "folder", ["%DATASET_ID%/%EXPORT_TIME%", "x/%DATASET_ID%/%EXPORT_TIME%"]
    ),
    "another place": _move_subpath,
    "another description": lambda f: _edit_export(f, "description", ["", "For the data team", "line one\nline two"]),
    "other datasets": _change_datasets,
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
    "a pause": _pause_flow,
}


def assert_pauses_survive(drawn: Switches, draw: Callable[..., Any], nights: int) -> None:
    # A flow that the service disables at an end that a hand moved counts as paused twice; here each pause counts once.
    drawn = replace(drawn, ended_flows="enabled")
    with tempfile.TemporaryDirectory() as folder:
        made = world(Path(folder), drawn, page_size=100)
        ends = [draw(st.sampled_from([WEEKLY, WEEKLY, FIXED])) for _ in NAMES]
        exports = {
            key: {"title": key, "datasets": ["Orders", "Returns"], "subpath": key, "end": end, "destination": "s3-key"}
            for key, end in zip(NAMES, ends, strict=True)
        }
        nightly = NightlyExports(made, exports, dict(DESTINATIONS), draw)
        apply_cleanly(made, config(exports=exports))
        made.emulator.advance(LISTED)
        for _ in range(nights):
            for name in draw(st.lists(st.sampled_from(["a pause", *DISTURBANCES]), max_size=3)):
                note(f"{name}: {nightly.exports} {nightly.pauses}")
                made.emulator.advance(LISTED)  # nothing is in transition any more
                DISTURBANCES[name](nightly)
            seen = run_night(made, pause=LISTED)
            nightly.new_datasets.clear()
            note(seen.texts["apply"])
            assert_paused(made, seen, nightly.pauses)
            assert_others_run(made, nightly.pauses)


@SOME
@given(accepting_switches(), st.data())
def test_pauses_survive_whatever_else_happens(drawn: Switches, data: st.DataObject) -> None:
    assert_pauses_survive(drawn, data.draw, nights=8)


@pytest.mark.slow
@MANY
@given(accepting_switches(), st.data())
def test_pauses_survive_whatever_else_happens_in_the_long_sweep(drawn: Switches, data: st.DataObject) -> None:
    assert_pauses_survive(drawn, data.draw, nights=20)
