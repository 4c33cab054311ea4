"""Laws of import over generated flows and configs, under random settings of every open question."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.importing.result import LeftOutReason
from exportctl.model.plan import Verb
from exportctl.model.schedule import first_end, time_of_day
from exportctl.plan.desired import DesiredExport
from tests.importing.ui_sandbox import DAY, DESCRIPTIONS, HOUR, ODD_NAMES
from tests.workflows.import_runs import empty_config, run_import, write_import
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.test_laws import LAW, LISTED, apply_cleanly, made_world
from tests.workflows.world import DATASETS, SANDBOX, START, World, world

SOME = settings(LAW, max_examples=4)
MANY = settings(LAW, max_examples=400)
CARDS = ("Amazon S3", "Azure Blob Storage", "Azure Data Lake Gen2", "Data Landing Zone", "Google Cloud Storage", "SFTP")
PATHS = ("a", "a/b", "a/b/c", "/a/b", "a/b/", "b//c", "d")
FOLDERS = ("%DATASET_ID%/%EXPORT_TIME%", "/", "%DATASET_ID%", "a b/%WHAT%/%DATETIME(YYYY)%/")
FORMATS: tuple[dict[str, Any], ...] = (
    {},
    {"datasetFileType": "JSON"},
    {"datasetFileType": "JSON", "compression": "NONE"},
    {"compression": "NONE"},
    {"includeFileManifest": True},
)
EVERY = ("1 day", "3 hours", "6 hours", "8 hours", "9 hours", "12 hours", "once")
SECONDS = st.just(0) | st.integers(0, 59)
ENDS = (None, "none", "2027-04-30", "2030-01-01T12:00:07Z", {"rolling": "180 days"}, {"rolling": "90 days"})
INTERVALS = (("day", 1), ("hour", 3), ("hour", "6"), ("hour", 8), ("hour", 9), ("hour", 12), ("day", 0))


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    unit, interval = draw(st.sampled_from(INTERVALS))
    start = START // DAY * DAY + draw(st.integers(-2 * 1440, 3 * 1440)) * 60 + draw(SECONDS)
    mode = "FIRST_FULL_THEN_INCREMENTAL" if interval else "DAILY_FULL_EXPORT"
    schedule = {"timeUnit": unit, "interval": interval, "startTime": start, "exportMode": mode}
    if interval and draw(st.booleans()):
        del schedule["exportMode"]
    if draw(st.booleans()):
        schedule["endTime"] = start + draw(st.sampled_from([1, DAY, 200 * DAY, 200 * DAY + 12 * HOUR + 7]))
    if draw(st.booleans()):
        template = draw(st.sampled_from(["foldernameTemplate", "folderNameTemplate"]))
        schedule[template] = draw(st.sampled_from(FOLDERS))
    return schedule


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    """What a person or a script asks for; `off` and `shared` say what happens around it."""
    card = draw(st.sampled_from(CARDS))
    path = {"remotePath" if card == "SFTP" else "path": draw(st.sampled_from(PATHS))}
    # What the rule `invisible-character` refuses is left out: tests/workflows/test_import_edges.py says so.
    seen = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufeff")
    texts = st.text(seen, min_size=1, max_size=30)
    return {
        "name": draw(st.sampled_from(ODD_NAMES) | texts.filter(str.strip)),
        "datasets": draw(st.lists(st.sampled_from(DATASETS), min_size=1, max_size=3, unique=True)),
        "destination": card,
        "params": {**path, **draw(st.sampled_from(FORMATS))},
        "schedule": draw(schedules()),
        "description": draw(st.none() | st.sampled_from(DESCRIPTIONS) | texts),
        "off": draw(st.booleans()),
        "shared": draw(st.booleans()),
    }


@st.composite
def existing_configs(draw: st.DrawFn) -> dict[str, Any]:
    """What a config may say before anything is imported into it: ends and schedules, near ones and far ones."""

    def ending() -> dict[str, Any]:
        end = draw(st.sampled_from(ENDS))
        return {} if end is None else {"end": end}

    def timing() -> dict[str, Any]:
        every, at = draw(st.sampled_from(EVERY)), draw(st.integers(0, 3)) * 21600 + draw(SECONDS)
        end = {} if every == "once" else ending()
        return {"every": every, "at": time_of_day(at), **end}

    named = {name: timing() for name in draw(st.sets(st.sampled_from(["a", "nightly", "z"])))}
    default = draw(st.none() | st.sampled_from(sorted(named)) | st.builds(timing)) if named else None
    defaults = {**ending(), **({} if default is None else {"schedule": default})}
    return {"schedules": named, "defaults": defaults}


def seed_flows(made: World, wanted: list[dict[str, Any]]) -> None:
    """Make these flows; those that share an account share that of the first of their card."""
    bases: dict[str, str] = {}
    off = []
    for flow in wanted:
        given = {key: value for key, value in flow.items() if key not in ("off", "shared")}
        base = bases.get(flow["destination"]) if flow["shared"] else None
        ids = made.emulator.ui.create_flow(**given, base=base, sandbox=SANDBOX)
        bases.setdefault(flow["destination"], ids["base"])
        off += [ids["id"]] if flow["off"] else []
    made.emulator.advance(LISTED)
    enabled = {flow["id"] for flow in made.emulator.snapshot(SANDBOX)["flows"] if flow["state"] == "enabled"}
    for flow_id in off:
        if flow_id in enabled:  # the service itself can have disabled a flow at its end
            made.emulator.ui.disable(flow_id)
    made.emulator.advance(LISTED)


@SOME
@given(st.lists(flows(), min_size=1, max_size=6), existing_configs(), accepting_switches())
def test_an_import_is_adopted_whole_and_then_the_plan_is_empty(
    wanted: list[dict[str, Any]], around: dict[str, Any], drawn: Switches
) -> None:
    assert_adopted_whole(wanted, around, drawn)


@pytest.mark.slow
@MANY
@given(st.lists(flows(), min_size=1, max_size=10), existing_configs(), accepting_switches())
def test_an_import_is_adopted_whole_in_the_long_sweep(
    wanted: list[dict[str, Any]], around: dict[str, Any], drawn: Switches
) -> None:
    assert_adopted_whole(wanted, around, drawn)


def assert_adopted_whole(wanted: list[dict[str, Any]], around: dict[str, Any], drawn: Switches) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(drawn, folder)
        made.write(empty_config(**around))
        seed_flows(made, wanted)
        found = run_import(made)
        note(found.text)
        assert found.left_out == ()
        assert len(found.exports) == len(wanted)
        write_import(made, found)

        plan = made.plan()
        assert {i.verb for i in plan.items} == {Verb.ADOPT}
        assert plan.errors() == ()
        assert {name for step in plan.steps() for name in step.fields} == set()

        outcomes, final_check = made.apply()
        note(str([(o.step.key, o.status, o.message) for o in outcomes]))
        assert final_check.passed
        made.emulator.advance(LISTED)
        assert made.plan().is_empty
        assert made.plan().steps() == ()


@SOME
@given(configs(), accepting_switches())
def test_what_was_applied_and_released_is_imported_as_it_was(content: dict[str, Any], drawn: Switches) -> None:
    assert_imported_unchanged(content, drawn)


@pytest.mark.slow
@MANY
@given(configs(), accepting_switches())
def test_what_was_applied_is_imported_as_it_was_in_the_long_sweep(content: dict[str, Any], drawn: Switches) -> None:
    assert_imported_unchanged(content, drawn)


def assert_imported_unchanged(content: dict[str, Any], drawn: Switches) -> None:
    for export in content["exports"].values():
        export.pop("protect", None)
    drawn = replace(drawn, description_text="kept")  # a text in another form is imported in that form
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(drawn, folder)
        apply_cleanly(made, content)
        made.emulator.advance(LISTED)
        before = flow_contents(made)
        names = [{"export": name, "do": "release", "reason": "law"} for name in content["exports"]]
        apply_cleanly(made, {**content, "exports": {}, "removed": names})
        made.emulator.advance(LISTED)
        made.write({**content, "exports": {}, "removed": names})

        found = run_import(made)
        note(f"{found.text}{content['exports']} {drawn}")
        assert found.left_out == ()
        write_import(made, found)

        plan = made.plan()
        assert {i.verb for i in plan.items if i.address.root == "exports"} == {Verb.ADOPT}
        assert {i.verb for i in plan.items if i.address.root != "exports"} <= {Verb.UNCHANGED}
        assert flow_contents(made) == before


def flow_contents(made: World) -> dict[str, str]:
    """What the config says of each flow, by its title, without its key; an end that it leaves open as it is live."""
    with made.open_plan() as planned:
        names = {d.id: d.name for d in planned.live.datasets or ()}
        ends = {item.address: item.ends for item in planned.plan.items}
        found = {
            e.declared.title: {"end": ends[e.address], **_declared_fields(e, names, planned.plan.as_of)}
            for e in planned.desired.exports.values()
        }
    return {title: json.dumps(one, sort_keys=True) for title, one in found.items()}


def _declared_fields(export: DesiredExport, names: Mapping[str, str], as_of: int) -> dict[str, Any]:
    declared = export.declared
    end = {"end": first_end(declared.end, as_of)} if declared.end.is_given else {}
    return {
        **export.flow_fields,
        **end,
        "enabled": declared.enabled is not False,
        "datasets": sorted(d.name or names[d.id or ""] for d in declared.datasets),
        "location": dict(export.target_fields["location"]),
        "format": dict(export.target_fields["format"]),
        "account": str(export.account),
        "destination": declared.destination,
    }


def test_every_reason_has_a_flow_in_the_old_sandbox() -> None:
    with tempfile.TemporaryDirectory() as folder:
        from tests.importing.ui_sandbox import fill_sandbox

        sandbox = fill_sandbox(world(Path(folder), page_size=100).emulator, SANDBOX)

    assert {*sandbox.left_out.values()} == {*LeftOutReason} - {LeftOutReason.DECLARED}
