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

from exportctl import wire
from exportctl.emulator import Switches
from exportctl.emulator.ui import EditRefused
from exportctl.kinds import ANCHOR, PLACE
from exportctl.model import EXPORTS, Verb
from tests.loop.generated import configs, kind_switches
from tests.loop.patches import drifts, lines, on_target, patch, why, write
from tests.loop.test_laws import LAW, LISTED, made_world
from tests.loop.world import DATASETS, SANDBOX, START, World
from tests.patching.styled_yaml import texts

SOME = settings(LAW, max_examples=12)
MANY = settings(LAW, max_examples=600)
DAY, HOUR = 86400, 3600
PER_EDIT = 12  # lines: a new destination has seven, an allowed rule two, a list of datasets four

Edit = Callable[[World, str], object]


def _schedule(**changes: Any) -> Edit:
    return lambda made, title: made.emulator.ui.schedule(title, changes)


def _later(made: World, title: str) -> object:
    start = made.flow(title)["scheduleParams"]["startTime"]
    return made.emulator.ui.schedule(title, {"startTime": int(start) + 90 * 60})


def _described(made: World, title: str) -> object:
    """Somebody edits the text and leaves the line of the marker."""
    line = made.flow(title)["description"].splitlines()[-1]
    return made.emulator.ui.describe(title, f"by hand: [1], {{2}}\n# 3\n{line}")


def _edits() -> dict[str, Edit]:
    return {
        "disable": lambda made, title: made.emulator.ui.disable(title),
        "end": _schedule(endTime=START // DAY * DAY + 20 * DAY),
        "end soon": _schedule(endTime=START + 5 * HOUR),
        "folder": _schedule(foldernameTemplate="%DATASET_ID%/n w/%EXPORT_TIME%", folderNameTemplate=None),
        "later": _later,
        "describe": _described,
        "datasets": lambda made, title: made.emulator.ui.datasets(title, DATASETS[1:3]),
        "one dataset": lambda made, title: made.emulator.ui.datasets(title, DATASETS[4:]),
        "path": lambda made, title: made.emulator.ui.path(title, f"elsewhere/{crc32(title.encode()) % 1000}"),
        "json": lambda made, title: on_target(made, title, datasetFileType="JSON", compression="GZIP"),
        "plain": lambda made, title: on_target(made, title, datasetFileType="PARQUET", compression="NONE"),
        "six hours": _schedule(timeUnit="hour", interval=6, exportMode="FIRST_FULL_THEN_INCREMENTAL"),
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
@given(cases(), kind_switches())
def test_a_patch_makes_the_drift_empty_and_changes_what_it_must(
    case: tuple[dict[str, Any], str, list[tuple[int, str]]], switches: Switches
) -> None:
    accepted(*case, switches)


@pytest.mark.slow
@MANY
@given(cases(), kind_switches())
def test_a_patch_makes_the_drift_empty_in_the_long_sweep(
    case: tuple[dict[str, Any], str, list[tuple[int, str]]], switches: Switches
) -> None:
    accepted(*case, switches)


def accepted(content: dict[str, Any], text: str, edits: list[tuple[int, str]], switches: Switches) -> None:
    note(text)
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        write(made, text)
        _, proof = made.apply()
        assert proof.proved
        made.emulator.advance(LISTED)
        ended = edited(made, edits)
        note(str(ended))
        before = drifts(made)

        patched = patch(made)

        note("\n".join(lines(patched)))
        note(str(why(patched)))
        split = {f"{EXPORTS}.{key}" for key, one in content["exports"].items() if "split_by" in one}
        assert {str(one.address).partition("/")[0] for one in patched.left} <= split
        left = {f"{c.cause} {one.address} {c.path}" for one in patched.left for c in one.changes}
        assert set(drifts(made)) == left
        assert len(patched.left) + len(patched.accepted) <= len(before)
        assert len(lines(patched)) <= PER_EDIT * len(patched.accepted)
        assert patch(made).edited == ()
        assert {i.verb for i in made.plan().items if str(i.address) not in {str(o.address) for o in patched.left}} <= {
            Verb.NONE,
            Verb.MARK,
            Verb.RENEW,
            Verb.CLEAN,  # an edit of datasets in the UI leaves our former source connection behind
        }
        if not patched.left:
            untouched_by_apply(made)


def edited(made: World, edits: list[tuple[int, str]]) -> list[str]:
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


def untouched_by_apply(made: World) -> None:
    """Applying the patched config writes markers, and nothing that a flow does."""
    before = essence(made)
    _, proof = made.apply()
    assert proof.proved
    assert essence(made) == before
    assert Path(made.folder / "exports.yaml").is_file()


def essence(made: World) -> str:
    """What each object does, read as the product reads it: a switch may show it otherwise than it is stored."""
    with made.planned() as planned:
        found = {
            one.id: (wire.read(kind.name, one.raw), [wire.ids(one.raw, name) for name in kind.refs])
            for kind in (ANCHOR, PLACE)
            for one in planned.live.of(kind.name)
        }
    return json.dumps(found, sort_keys=True)
