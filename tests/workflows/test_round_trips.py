"""
Handing over and taking back, under random settings of every open question: nothing on any object changes but the
marker, and an import whose adoptions were cut off anywhere ends the same.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.importing.result import ImportResult
from exportctl.model.plan import EXPORTS, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.resources.kinds import KINDS
from tests.workflows.import_runs import VOLATILE_KEYS, content, empty_config, run_import, write_import
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.test_import_laws import flows, seed_flows
from tests.workflows.test_interruptions import ARRIVES, kill_apply_after
from tests.workflows.test_laws import LAW, LISTED, apply_cleanly, made_world
from tests.workflows.world import DATASETS, SANDBOX, World, world

HEAVY = settings(LAW, phases=[Phase.generate])
SOME = settings(HEAVY, max_examples=6)
MANY = settings(HEAVY, max_examples=300)
RUN = "lastRunDetails"  # of a flow: the service writes it while the clock goes on
Config = dict[str, Any]


def marked_names(made: World) -> list[str]:
    """Flows and targets with a marker on them; a source keeps its own, since not every service lets it be patched."""
    seen = made.emulator.snapshot(SANDBOX)
    docs = (*seen["flows"], *seen["targetConnections"])
    return [doc["name"] for doc in docs if "[exportctl/" in doc.get("description", "")]


def shown_objects(made: World) -> dict[str, str]:
    """Every object as the service shows it, id -> JSON, without its marker and what each write, or a run, moves."""
    with made.open_plan() as planned:
        live = [one for kind in KINDS for one in planned.live.objects_of_kind(kind)]
    parts = {one.id: {**one.raw, "description": one.text} for one in live}
    return {
        key: json.dumps({n: v for n, v in raw.items() if n not in (*VOLATILE_KEYS, RUN)}, sort_keys=True)
        for key, raw in parts.items()
    }


def assert_same(made: World, as_made: dict[str, str]) -> None:
    """Byte for byte what it was."""
    now = shown_objects(made)
    assert [(as_made.get(key), one) for key, one in now.items() if as_made.get(key) != one] == []
    assert now.keys() == as_made.keys()


def release_exports(made: World, before: Config, names: list[str]) -> Config:
    """Apply a config that hands these exports over; it is returned."""
    entries = [{"export": name, "do": "release", "reason": "law"} for name in names]
    after = {**before, "exports": {}, "removed": [*before.get("removed", ()), *entries]}
    apply_cleanly(made, after)
    made.emulator.advance(700)  # all of it is listed, and what was still in use is free by now
    assert marked_names(made) == []
    return after


def import_again(made: World) -> ImportResult:
    """Import everything, adopt it, and expect nothing else to be planned, done or left."""
    found = run_import(made)
    note(found.text)
    assert found.left_out == ()
    write_import(made, found)
    plan = made.plan()
    assert {i.verb for i in plan.items if i.address.root == EXPORTS} == {Verb.ADOPT}
    assert plan.errors() == ()
    assert {name for step in plan.steps() for name in step.fields} == set()
    made.forget_requests()
    outcomes, final_check = made.apply()
    note(str([(o.step.key, o.status, o.message) for o in outcomes]))
    assert final_check.passed
    assert set(made.writes()) <= {"PATCH /flows", "PATCH /targetConnections"}
    made.emulator.advance(LISTED)
    after = made.plan()
    assert (after.is_empty, after.steps()) == (True, ())
    return found


def assert_round_trip(before: Config, drawn: Switches) -> None:
    for export in before["exports"].values():
        export.pop("protect", None)
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(drawn, folder)
        apply_cleanly(made, before)
        made.emulator.advance(LISTED)
        as_made = shown_objects(made)
        handed = release_exports(made, before, list(before["exports"]))
        assert_same(made, as_made)

        made.write(handed)
        found = import_again(made)
        assert_same(made, as_made)

        (Path(folder) / "exports" / "imported.yaml").unlink()
        read = content(found)
        again = {**handed, "destinations": {**handed["destinations"], **read.get("destinations", {})}}
        release_exports(made, again, [export.address.name.partition("/")[0] for export in found.exports])
        assert_same(made, as_made)


@SOME
@given(configs(), accepting_switches())
def test_released_imported_applied_and_released_again_nothing_has_changed(before: Config, drawn: Switches) -> None:
    assert_round_trip(before, drawn)


@pytest.mark.slow
@MANY
@given(configs(), accepting_switches())
def test_released_and_taken_back_in_the_long_sweep(before: Config, drawn: Switches) -> None:
    assert_round_trip(before, drawn)


def assert_round_trip_survives_kill(wanted: list[Config], drawn: Switches, calls: int, arrives: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(drawn, folder)
        made.write(empty_config())
        seed_flows(made, wanted)
        as_made = shown_objects(made)
        found = run_import(made)
        write_import(made, found)

        kill_apply_after(made, calls, arrives, PlanOptions())

        made.emulator.advance(LISTED)
        plan = made.plan()
        assert {i.verb for i in plan.items} <= {Verb.ADOPT, Verb.MARK, Verb.UNCHANGED}
        _, final_check = made.apply()
        assert final_check.passed
        made.emulator.advance(LISTED)
        assert made.plan().steps() == ()
        assert_same(made, as_made)
        assert {i.id for i in made.plan().items} == {export.id for export in found.exports}
        assert run_import(made).exports == ()  # each is this config's by now, and none is offered twice


@SOME
@given(st.lists(flows(), min_size=1, max_size=4), accepting_switches(), st.integers(4, 24), st.booleans())
def test_an_import_cut_off_while_it_is_adopted_ends_the_same(
    wanted: list[Config], drawn: Switches, calls: int, arrives: bool
) -> None:
    assert_round_trip_survives_kill(wanted, drawn, calls, arrives)


@pytest.mark.slow
@MANY
@given(st.lists(flows(), min_size=1, max_size=6), accepting_switches(), st.integers(0, 40), st.booleans())
def test_an_import_cut_off_anywhere_in_the_long_sweep(
    wanted: list[Config], drawn: Switches, calls: int, arrives: bool
) -> None:
    assert_round_trip_survives_kill(wanted, drawn, calls, arrives)


@ARRIVES
def test_an_adoption_cut_off_at_each_request_ends_the_same(tmp_path: Path, arrives: bool) -> None:
    died, calls = True, 0
    while died:
        folder = tmp_path / str(calls)
        folder.mkdir()
        made = world(folder, page_size=100)
        made.write(empty_config())
        for name in DATASETS[:2]:
            made.emulator.ui.create_flow(name, [name], sandbox=SANDBOX)
        as_made = shown_objects(made)
        write_import(made, run_import(made))
        died = kill_apply_after(made, calls, arrives, PlanOptions())
        made.emulator.advance(LISTED)
        assert made.apply()[1].passed
        assert made.plan().steps() == ()
        assert_same(made, as_made)
        calls += 1
    assert calls > 10


def test_a_release_cut_off_at_each_request_ends_the_same(tmp_path: Path) -> None:
    died, calls = True, 0
    before = empty_config(
        destinations={"lake": {"type": "data-landing-zone", "path": "x"}},
        defaults={"end": "2029-01-01", "destination": "lake", "schedule": {"every": "1 day", "at": "02:00"}},
        exports={"orders": {"datasets": ["Orders"]}},
    )
    while died:
        folder = tmp_path / str(calls)
        folder.mkdir()
        made = world(folder, page_size=100)
        made.write(before)
        assert made.apply()[1].passed
        as_made = shown_objects(made)
        entry = {"export": "orders", "do": "release", "reason": "law"}
        made.write({**before, "exports": {}, "removed": [entry]})
        died = kill_apply_after(made, calls, calls % 2 == 0, PlanOptions())
        made.emulator.advance(LISTED)
        assert made.apply()[1].passed
        assert marked_names(made) == []
        assert_same(made, as_made)
        calls += 1
    assert calls > 8
