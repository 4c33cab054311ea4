"""
Laws of patches over generated configs in any style of YAML, edits by hand of any field, and random settings of every
open question: the patch makes the drift empty, changes only the lines it must, and applying it changes nothing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from exportctl.emulator import Switches
from exportctl.emulator.ui_edits import EditRefused
from exportctl.model.plan import EXPORTS, Verb
from exportctl.resources import wire
from exportctl.resources.kinds import FLOW, TARGET_CONNECTION
from tests.workflows.accept_runs import diff_lines, drift_entries, edit_target, left_reasons, run_accept, write_yaml
from tests.workflows.strategies import accepting_switches, configs
from tests.workflows.test_laws import LAW, LISTED, made_world
from tests.workflows.world import DATASETS, SANDBOX, START, World
from tests.yaml_edit.styled_yaml import texts

SOME = settings(LAW, max_examples=5)
MANY = settings(LAW, max_examples=600)
DAY, HOUR = 86400, 3600
PER_EDIT = 12  # lines: a new destination has seven, an allowed rule two, a list of datasets four

Edit = Callable[[World, str], object]


def _edit_schedule(**changes: Any) -> Edit:
    return lambda made, title: made.emulator.ui.schedule(title, changes)


def _move_start(made: World, title: str) -> object:
    start = made.flow(title)["scheduleParams"]["startTime"]
    return made.emulator.ui.schedule(title, {"startTime": int(start) + 90 * 60})


def _edit_description(made: World, title: str) -> object:
    """A person edits the text and leaves the line of the marker."""
    line = made.flow(title)["description"].splitlines()[-1]
    return made.emulator.ui.describe(title, f"by hand: [1], {{2}}\n# 3\n{line}")


def _edits() -> dict[str, Edit]:
    return {
        "disable": lambda made, title: made.emulator.ui.disable(title),
        "end": _edit_schedule(endTime=START // DAY * DAY + 20 * DAY),
        "end soon": _edit_schedule(endTime=START + 5 * HOUR),
        "folder": _edit_schedule(foldernameTemplate="%DATASET_ID%/n w/%EXPORT_TIME%", folderNameTemplate=None),
        "later": _move_start,
        "describe": _edit_description,
        "datasets": lambda made, title: made.emulator.ui.datasets(title, DATASETS[1:3]),
        "one dataset": lambda made, title: made.emulator.ui.datasets(title, DATASETS[4:]),
        "path": lambda made, title: made.emulator.ui.path(title, f"elsewhere/{crc32(title.encode()) % 1000}"),
        "json": lambda made, title: edit_target(made, title, datasetFileType="JSON", compression="GZIP"),
        "plain": lambda made, title: edit_target(made, title, datasetFileType="PARQUET", compression="NONE"),
        "six hours": _edit_schedule(timeUnit="hour", interval=6, exportMode="FIRST_FULL_THEN_INCREMENTAL"),
        "rename": lambda made, title: made.emulator.ui.rename(title, f"{title}: 'new' \N{ROCKET}"),
    }


EDITS = _edits()


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], str, list[tuple[int, str]]]:
    content = draw(configs())
    for export in content["exports"].values():
        export["description"] = export["description"] or "text"
    edits = draw(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(sorted(EDITS))), min_size=1, max_size=6))
    return content, draw(texts(content, references=True)), edits


@SOME
@given(cases(), accepting_switches())
def test_a_patch_makes_the_drift_empty_and_changes_what_it_must(
    case: tuple[dict[str, Any], str, list[tuple[int, str]]], switches: Switches
) -> None:
    assert_accepted(*case, switches)


@pytest.mark.slow
@MANY
@given(cases(), accepting_switches())
def test_a_patch_makes_the_drift_empty_in_the_long_sweep(
    case: tuple[dict[str, Any], str, list[tuple[int, str]]], switches: Switches
) -> None:
    assert_accepted(*case, switches)


def assert_accepted(content: dict[str, Any], text: str, edits: list[tuple[int, str]], switches: Switches) -> None:
    note(text)
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        write_yaml(made, text)
        _, final_check = made.apply()
        assert final_check.passed
        made.emulator.advance(LISTED)
        ended = edit_by_hand(made, edits)
        note(str(ended))
        before = drift_entries(made)

        patched = run_accept(made)

        note("\n".join(diff_lines(patched)))
        note(str(left_reasons(patched)))
        split = {f"{EXPORTS}.{key}" for key, one in content["exports"].items() if "split_by" in one}
        assert {str(one.address).partition("/")[0] for one in patched.unaccepted} <= split
        left = {f"{c.cause} {one.address} {c.path}" for one in patched.unaccepted for c in one.changes}
        assert set(drift_entries(made)) == left
        assert len(patched.unaccepted) + len(patched.accepted) <= len(before)
        assert len(diff_lines(patched)) <= PER_EDIT * len(patched.accepted)
        assert run_accept(made).edited_files == ()
        assert {
            i.verb for i in made.plan().items if str(i.address) not in {str(o.address) for o in patched.unaccepted}
        } <= {
            Verb.UNCHANGED,
            Verb.MARK,
            Verb.RENEW,
            Verb.CLEAN,  # an edit of datasets in the UI leaves our former source connection behind
        }
        if not patched.unaccepted:
            assert_untouched_by_apply(made)


def edit_by_hand(made: World, edits: list[tuple[int, str]]) -> list[str]:
    """Edits by hand, one after the other, and what was done."""
    done = []
    for number, name in edits:
        flows = sorted(made.emulator.snapshot(SANDBOX)["flows"], key=lambda flow: str(flow["name"]))
        flow = flows[number % len(flows)]
        once = int(flow["scheduleParams"]["interval"]) == 0
        if once and name in ("later", "six hours", "end soon"):
            continue  # what these mean for a single run has tests of its own
        if name == "disable" and flow["state"] == "disabled":
            continue
        try:
            EDITS[name](made, str(flow["name"]))
        except EditRefused:
            continue  # the service has reasons of its own, such as an end before the start
        made.emulator.advance(LISTED)
        done.append(f"{flow['name']}: {name}")
    return done


def assert_untouched_by_apply(made: World) -> None:
    """Applying the patched config writes markers, and nothing that a flow does."""
    before = flow_contents(made)
    _, final_check = made.apply()
    assert final_check.passed
    assert flow_contents(made) == before
    assert Path(made.folder / "exports.yaml").is_file()


def flow_contents(made: World) -> str:
    """What each object does, read as the product reads it: a switch may show it otherwise than it is stored."""
    with made.open_plan() as planned:
        found = {
            one.id: (wire.read_fields(kind.name, one.raw), [wire.ids(one.raw, name) for name in kind.refs])
            for kind in (FLOW, TARGET_CONNECTION)
            for one in planned.live.objects_of_kind(kind.name)
        }
    return json.dumps(found, sort_keys=True)
