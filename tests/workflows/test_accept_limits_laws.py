"""
Laws of what a patch leaves alone, over configs in which exports share schedules, formats and destinations: what another
environment declares, and what an export declares that no flow is made of yet.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from exportctl.config import files, load
from exportctl.emulator import SeedDataset, Switches
from exportctl.model.plan import EXPORTS
from exportctl.model.plan_options import PlanOptions
from tests.workflows.accept_runs import diff_lines, drift_entries, left_reasons, run_accept, write_yaml
from tests.workflows.strategies import SCHEDULES, accepting_switches, configs
from tests.workflows.test_accept_laws import EDITS, MANY, SOME, edit_by_hand
from tests.workflows.test_laws import LISTED, made_world
from tests.workflows.world import DATASETS, World
from tests.yaml_edit.styled_yaml import texts

NAMED = {f"s{number}": one for number, one in enumerate(SCHEDULES)}
OVERLAYS = (
    {"title": "In one environment"},
    {"schedule": "s0"},
    {"datasets": list(DATASETS[:2])},
    {"description": "here", "folder": "here/%DATASET_ID%/%EXPORT_TIME%"},
)


@st.composite
def shared_configs(draw: st.DrawFn) -> dict[str, Any]:
    """
    At least two exports; the last one by name is never applied. Some have another environment beside `demo`; without
    one an edit of what exports share is not kept from them by that environment.
    """
    content = draw(configs().filter(lambda made: len(made["exports"]) > 1))
    places = draw(st.lists(st.sampled_from(sorted(content["destinations"])), min_size=2, max_size=2))
    for export in content["exports"].values():
        export["description"] = export["description"] or "text"
        export["destination"] = draw(st.sampled_from(places))
        if draw(st.booleans()):
            export["schedule"] = next(name for name, one in NAMED.items() if one == export["schedule"])
        if export["format"] == "parquet" and draw(st.booleans()):
            export["format"] = "small"
    named = {**content, "schedules": NAMED, "formats": {"small": {"type": "parquet"}}}
    if draw(st.booleans()):
        return named
    overlaid = draw(st.lists(st.sampled_from(sorted(content["exports"])), unique=True, max_size=2))
    platform = {name: value for name, value in content["platform"].items() if name != "sandbox"}
    environments = {
        "demo": {
            "platform": {"sandbox": "demo"},
            "exports": {name: draw(st.sampled_from(OVERLAYS)) for name in overlaid},
        },
        "prod": {"platform": {"sandbox": "prod"}},
    }
    return {**named, "platform": platform, "environments": environments}


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], str, list[tuple[int, str]]]:
    content = draw(shared_configs())
    edits = draw(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(sorted(EDITS))), min_size=1, max_size=5))
    return content, draw(texts(content, references=True)), edits


@SOME
@given(cases(), accepting_switches())
def test_a_patch_changes_what_no_other_declares(
    case: tuple[dict[str, Any], str, list[tuple[int, str]]], switches: Switches
) -> None:
    assert_bounded(*case, switches)


@pytest.mark.slow
@MANY
@given(cases(), accepting_switches())
def test_a_patch_changes_what_no_other_declares_in_the_long_sweep(
    case: tuple[dict[str, Any], str, list[tuple[int, str]]], switches: Switches
) -> None:
    assert_bounded(*case, switches)


def assert_bounded(content: dict[str, Any], text: str, edits: list[tuple[int, str]], switches: Switches) -> None:
    note(text)
    here, other = ("demo", "prod") if "environments" in content else (None, None)
    with tempfile.TemporaryDirectory() as folder:
        made = made_world(switches, folder)
        made.emulator.seed(["prod"], {"prod": [SeedDataset(name) for name in DATASETS]})
        write_yaml(made, text)
        *applied, unmade = sorted(content["exports"])
        _, final_check = made.apply(
            PlanOptions(targets=tuple(f"{EXPORTS}.{name}" for name in applied)), environment=here
        )
        assert final_check.passed
        made.emulator.advance(LISTED)
        note(str(edit_by_hand(made, edits)))
        there, before = declared_values(made, other), declared_values(made, here)

        patched = run_accept(made, environment=here)

        note("\n".join(diff_lines(patched)))
        note(str(left_reasons(patched)))
        if other:
            assert declared_values(made, other) == there
        assert declared_by(declared_values(made, here), unmade) == declared_by(before, unmade)
        left = {f"{c.cause} {one.address} {c.path}" for one in patched.unaccepted for c in one.changes}
        assert set(drift_entries(made, environment=here)) == left
        split = {f"{EXPORTS}.{key}" for key, one in content["exports"].items() if "split_by" in one}
        assert {str(one.address).partition("/")[0] for one in patched.unaccepted} <= split
        assert run_accept(made, environment=here).edited_files == ()


def declared_values(made: World, environment: str | None) -> dict[str, Any]:
    """All that a project says, by the name of what says it; without the places, in words of this test's own."""
    parsed = load.parse_config(files.read_config_files(made.folder))
    project, findings = load.load_project(parsed, environment, made.env)
    assert project is not None, findings
    found: dict[str, Any] = strip_locations(asdict(project))
    return found


def strip_locations(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: strip_locations(one) for key, one in value.items() if key != "positions"}
        return None if kept.keys() == {"file", "line", "column"} else kept
    return [strip_locations(one) for one in value] if isinstance(value, list | tuple) else value


def declared_by(found: dict[str, Any], key: str) -> list[object]:
    """What an export says, and the destination that it is on."""
    mine = [one for name, one in found["exports"].items() if name.partition("/")[0] == key]
    return [(one, found["destinations"][one["destination"]]) for one in mine]
