"""
An emulator built from a probed profile stands for the service: the whole product does the same on both.

Pairs of settings are drawn at random from the switches that a probe can ask about. `make test-slow` plays them and
prints the seed.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Switches
from exportctl.model.outcome import Outcome
from exportctl.model.plan import Plan
from exportctl.model.plan_options import PlanOptions
from exportctl.probe.bodies import COLLECTIONS
from exportctl.workflows.probe import ProbeRequest, open_probe
from exportctl.workflows.service_profile import profile_switches
from exportctl.workflows.verify import VerifyRequest, open_verifier
from tests.law_profile import examples, law_seed
from tests.layout import ROOT
from tests.probe.probe_runs import EXPORT, FREE, probe_world, run_probe
from tests.workflows.strategies import ACCEPTING_SETTINGS
from tests.workflows.test_laws import LISTED
from tests.workflows.test_switch_pairs import pairs
from tests.workflows.test_switches import SMALL, reader_env
from tests.workflows.world import SANDBOX, START, World, config, world

PLAYED = 6  # per part; EXPORTCTL_TEST_FACTOR asks for as many times more
EXPORTED = ("Orders", "Returns")


def probed_pairs() -> list[dict[str, Any]]:
    """The pairs of which a probe finds both settings, and under which nothing has to be refused."""
    asked = {*FREE, *EXPORT} - {*ACCEPTING_SETTINGS}
    return [dict(pair) for pair in pairs() if asked.issuperset(name for name, _ in pair)]


def probed_switches(folder: Path, settings: dict[str, Any]) -> Switches:
    """Probe an emulator with these settings, and return the switches of an emulator built from the profile."""
    made = probe_world(folder, **settings)
    for dataset in EXPORTED:
        made.emulator.ingest(SANDBOX, dataset, 50)
    _, profile = run_probe(made, exported=EXPORTED)
    return profile_switches(profile)


def describe_plan(plan: Plan) -> list[object]:
    """What a plan says, without ids."""
    return [
        (str(item.address), item.verb, item.is_paused, [(one.path, one.cause) for one in item.fields])
        for item in plan.items
    ]


def describe_outcomes(outcomes: tuple[Outcome, ...]) -> list[str]:
    """What became of each step, without ids. Steps of equal rank may end in any order."""
    return sorted(f"{one.step.action} {one.step.address} {one.status} {one.rule}" for one in outcomes)


def play(folder: Path, switches: Switches) -> list[object]:
    """Create, change, drift, pause, resume and verify two exports; return what exportctl said at each step."""
    folder.mkdir()
    made = world(folder, switches, page_size=100, rows=20, storage=folder / "storage")
    changed = {**SMALL["orders"], "datasets": ["Orders", "Returns"], "title": "T", "subpath": "C/"}
    said: list[object] = []

    def plan_and_apply(options: PlanOptions = PlanOptions()) -> None:  # noqa: B008
        said.append(describe_plan(made.plan(options)))
        outcomes, final_check = made.apply(options)
        said.extend((describe_outcomes(outcomes), final_check.passed))
        made.emulator.advance(LISTED)

    made.write(config(exports=SMALL))
    plan_and_apply()
    made.write(config(exports={**SMALL, "orders": changed}))
    plan_and_apply()
    made.emulator.ui.path("T", "hand/made")
    made.emulator.advance(LISTED)
    plan_and_apply()
    made.emulator.ui.disable("T")
    made.emulator.advance(LISTED)
    plan_and_apply()
    plan_and_apply(PlanOptions(resume=("exports.orders",)))
    made.emulator.advance(3 * 86400)
    said.append(results_of_verify(made))
    plan_and_apply()
    made.emulator.ui.path("T", "by/hand/")
    made.emulator.advance(LISTED)
    return [*said, describe_plan(made.plan()), shown_objects(made)]


def shown_objects(made: World) -> list[str]:
    """What lists and runs show in the end, without ids and moments."""
    with open_probe(made.setup(now=None), ProbeRequest("Orders"), int(made.emulator.now)) as probe:
        client = probe.platform.client
        docs = [doc for path in COLLECTIONS for doc in client.list(path)]
        runs = client.list("/runs")
    shown = [{key: doc.get(key) for key in ("name", "state", "params", "scheduleParams", "auth")} for doc in docs]
    metrics = [{key: sorted(value) for key, value in run["metrics"].items()} for run in runs]
    words = [run["metrics"]["statusSummary"]["status"] for run in runs]
    return sorted(map(str, [*shown, *metrics, *words]))


def results_of_verify(made: World) -> list[object]:
    """What verify says by the runs, and by the files."""
    with open_verifier(made.setup(env=reader_env(made)), PlanOptions(), wall=lambda: START) as verify:
        reports = [
            verify(VerifyRequest(since=START, runs_only=runs_only, deep=not runs_only)) for runs_only in (True, False)
        ]
    return [(one.result, one.evidence) for report in reports for export in report.exports for one in export.verdicts]


def assert_the_profile_stands_for_the_service(folder: Path, settings: dict[str, Any]) -> None:
    switches = probed_switches(folder, settings)

    assert play(folder / "profile", switches) == play(folder / "service", Switches(**settings))


@pytest.mark.parametrize(
    "settings",
    [{"normalise": "trailing-slash", "list_lag": 5}, {"names": "trimmed", "run_entities": "hidden"}],
    ids=["a spelling and a delay", "a spelling and runs"],
)
def test_the_profile_stands_for_the_service(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert_the_profile_stands_for_the_service(tmp_path, settings)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_the_profile_stands_for_the_service_under_pairs_of_settings(tmp_path: Path, part: int) -> None:
    """The seed of the laws draws the pairs: `EXPORTCTL_TEST_SEED` draws them again."""
    seed = law_seed(os.environ, ROOT)
    drawn = random.Random(f"{seed}/{part}").sample(probed_pairs(), examples(PLAYED))
    for number, settings in enumerate(drawn):
        sys.stdout.write(f"seed {seed}, part {part}, pair {number}: {settings}\n")  # pytest shows it on failure
        folder = tmp_path / str(number)
        folder.mkdir()
        assert_the_profile_stands_for_the_service(folder, settings)


def test_what_is_compared_shows_a_difference_of_services(tmp_path: Path) -> None:
    usual = play(tmp_path / "usual", Switches())

    assert play(tmp_path / "again", Switches()) == usual
    assert play(tmp_path / "slashes", Switches(normalise="trailing-slash")) != usual
    assert play(tmp_path / "stopped", Switches(run_end_member="stoppedAtUTC")) != usual
    assert play(tmp_path / "refused", Switches(past_start="rejected-always")) != usual
    assert len(probed_pairs()) > 1000
