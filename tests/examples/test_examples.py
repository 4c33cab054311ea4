"""Every example is valid without an unexpected warning, and plans, applies and plans empty against the emulator."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from exportctl.emulator import Emulator
from exportctl.errors import Level
from exportctl.model.plan import Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.resources.destinations.table import TYPES
from exportctl.workflows import apply as apply_workflow
from exportctl.workflows import connect, load_config
from exportctl.workflows import plan as plan_workflow
from tests.examples.example_projects import ALL, EXAMPLES, NOW, PLANNED_EXAMPLES, Example, build_emulator, setup

EXPECTED = {"destinations/data-landing-zone.yaml": ["landing-zone-retention"]}
WHO = [f"{example}{f' in {environment}' if environment else ''}" for example, environment in PLANNED_EXAMPLES]


@pytest.mark.parametrize("example", ALL, ids=str)
def test_an_example_is_valid_and_says_nothing_unexpected(example: Example) -> None:
    found = load_config.validate_config(setup(example, EXAMPLES / example.folder, None), NOW).findings

    assert [f.rule for f in found if f.level is not Level.ERROR] == EXPECTED.get(str(example), [])
    assert [str(f) for f in found if f.level is Level.ERROR] == []


@pytest.mark.parametrize(("example", "environment"), PLANNED_EXAMPLES, ids=WHO)
def test_an_example_is_applied_and_then_plans_nothing(
    example: Example, environment: str | None, tmp_path: Path
) -> None:
    folder = example.copy_to(tmp_path)
    wanted = setup(example, folder, environment)
    project, _ = load_config.read_project(wanted, NOW)
    emulator, env = build_emulator(project)
    if project.platform.url == "embedded":
        emulator.close()
        path = load_config.state_file(project, folder)
        emulator = Emulator(path, clock=NOW, organization=project.platform.organization)
        connect.seed_emulator(emulator, [project])
        one = wanted
    else:
        clock = connect.emulator_clock(emulator)
        one = replace(wanted, env=env, transport=httpx.WSGITransport(app=emulator), clock=clock)

    first, statuses = apply_first_plan(one)
    with plan_workflow.open_plan(one, PlanOptions(), wall=lambda: NOW) as again:
        second = again.plan
    emulator.close()

    assert first == {Verb.CREATE}
    assert statuses == {"done"}
    assert second.is_empty


def apply_first_plan(one: load_config.Setup) -> tuple[set[Verb], set[str]]:
    """What the first plan does, and what became of its steps."""
    with plan_workflow.open_plan(one, PlanOptions(), wall=lambda: NOW) as made:
        assert [str(f) for f in made.plan.errors()] == []
        applying = apply_workflow.start_apply(made, one, PlanOptions(), parallelism=2, stop=threading.Event())
        outcomes = list(applying.execute_steps())
        return {i.verb for i in made.plan.items}, {o.status.value for o in outcomes}


def test_every_type_and_every_way_to_authenticate_has_an_example() -> None:
    shown = set()
    for example in ALL:
        project, _ = load_config.read_project(setup(example, EXAMPLES / example.folder, example.environments()[0]), NOW)
        shown |= {(d.type, d.account.method) for d in project.destinations.values() if d.account.is_ours}

    ways = {(t.name, m.name) for t in TYPES.values() for m in t.methods} | {("data-landing-zone", None)}
    assert ways - shown == set()


def test_the_index_names_every_example() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+)\)", text))

    wanted = {f"{e.folder}/{e.files[0]}" if e.files else f"{e.folder}/" for e in ALL} | {"ci/"}
    assert {name for name in wanted if name not in linked} == set()
    assert {name for name in linked if not (EXAMPLES / name).exists()} == set()
