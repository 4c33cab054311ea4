"""
What a pipeline does at night, and what it then says: `renew`, `apply`, `drift`, `status`, one after another.

A config, people's pauses of its exports, and a Night that holds all that was written and every text that was shown.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Action, Plan, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.verdict import DECIDED, RemainderKind
from exportctl.monitor import drift as drift_report
from exportctl.monitor.drift import DriftGroup, DriftReport
from exportctl.monitor.status import HealthResult, StatusReport, status
from exportctl.output.text import apply
from exportctl.output.text import drift as text_drift
from exportctl.output.text import plan as text_plan
from exportctl.output.text import status as text_status
from exportctl.plan.ownership import build_ownership
from exportctl.workflows import apply as apply_workflow
from tests.workflows.orders_sandbox import DAY
from tests.workflows.world import DESTINATIONS, START, World, config

EVERY = pytest.mark.parametrize(
    "days", [pytest.param(4, id="every fourth night"), pytest.param(1, id="every night", marks=pytest.mark.slow)]
)
RENEW = PlanOptions(renew_only=True)
NOW = PlanOptions()
MIDNIGHT = START - START % DAY
MONTHLY = {"rolling": "40 days", "renew_before": "10 days"}  # renewed three times in a hundred days
FORTNIGHTLY = {"rolling": "20 days", "renew_before": "5 days"}
FIXED = "2029-01-01T00:00:00Z"


def nightly_exports() -> dict[str, Any]:
    """Exports as people have them; all but the last two share an account."""
    return {
        "off": {"datasets": ["Orders"], "subpath": "a", "end": MONTHLY},
        "off-declared": {"datasets": ["Orders"], "subpath": "b", "enabled": True, "protect": True, "end": FORTNIGHTLY},
        "cut": {"datasets": ["Returns"], "subpath": "c", "end": MONTHLY},
        "ended": {"datasets": ["Order Lines"], "subpath": "d", "end": FIXED, "protect": True},
        "monthly": {"datasets": ["Orders", "Returns"], "subpath": "e", "end": MONTHLY},
        "fortnightly": {"datasets": ["App Events"], "subpath": "f", "end": FORTNIGHTLY, "enabled": True},
        "lasting": {"datasets": ["App Events"], "destination": "gcs", "end": FIXED},
        "long": {"datasets": ["Returns"], "destination": "sftp-key"},
    }


def nightly_config(*names: str) -> dict[str, Any]:
    """A config of these exports, or of all, and of no destination they do not use."""
    exports = {name: export for name, export in nightly_exports().items() if not names or name in names}
    return config(exports=exports, destinations={d: DESTINATIONS[d] for d in ("s3-role", "gcs", "sftp-key")})


@dataclass(frozen=True)
class Pause:
    """What a person did to an export, and the flow as it then stood: `field` is the one that stays as it is."""

    name: str
    field: str
    flow: str
    paused_value: Any

    @property
    def address(self) -> str:
        return f"exports.{self.name}"


def flow_by_id(made: World, flow: str) -> dict[str, Any]:
    return next(f for f in made.emulator.snapshot("demo")["flows"] if f["id"] == flow)


def live_value(made: World, flow: str, field: str) -> Any:
    shown = flow_by_id(made, flow)
    if field == "enabled":
        return shown["state"]
    if field == "datasets":
        return live_datasets(made, shown)
    return shown["scheduleParams"][{"end": "endTime", "schedule.start": "startTime"}[field]]


def live_datasets(made: World, flow: Mapping[str, Any]) -> list[str]:
    (source,) = (
        s for s in made.emulator.snapshot("demo")["sourceConnections"] if s["id"] in flow["sourceConnectionIds"]
    )
    return sorted(entry["dataSetId"] for entry in source["params"]["datasets"])


def pause_flow(made: World, name: str) -> Pause:
    """Switched off."""
    flow = made.flow(name)["id"]
    made.emulator.ui.disable(flow)
    return Pause(name, "enabled", flow, "disabled")


def shorten_end(made: World, name: str, moment: int) -> Pause:
    """Its end moved to `moment`."""
    flow = made.flow(name)["id"]
    assert moment < flow_by_id(made, flow)["scheduleParams"]["endTime"]
    made.emulator.ui.end(flow, moment)
    return Pause(name, "end", flow, moment)


def move_start(made: World, name: str, moment: int) -> Pause:
    """Its start moved into the future, to `moment`, by whole days."""
    flow = made.flow(name)["id"]
    start = flow_by_id(made, flow)["scheduleParams"]["startTime"]
    moment -= (moment - start) % DAY
    assert moment > made.emulator.now + 2 * DAY
    made.emulator.ui.start(flow, moment)
    return Pause(name, "schedule.start", flow, moment)


def take_out_dataset(made: World, name: str) -> Pause:
    """All its datasets but one taken out."""
    flow = made.flow(name)
    kept, *others = live_datasets(made, flow)
    assert others
    made.emulator.ui.datasets(flow["id"], [kept])
    return Pause(name, "datasets", flow["id"], [kept])


@dataclass(frozen=True)
class Night:
    """`due` names the exports whose end was renewed; `texts` by the command that showed them."""

    writes: tuple[str, ...]
    due: tuple[str, ...]
    plan: Plan
    drift: DriftReport
    status: StatusReport
    texts: Mapping[str, str]


def run_night(made: World, days: int = 1, pause: int = 0) -> Night:
    """The clock goes on, runs happen, and the pipeline goes round once, with a pause before it looks at what it did."""
    made.emulator.advance(days * DAY)
    made.forget_requests()
    due, said = [], {}
    for command, flags in (("renew", RENEW), ("apply", NOW)):
        shown, words = run_command(made, flags)
        due += [i.address.name for i in shown.items if i.has_renewal]
        said[command] = (
            text_plan.render_renewals(shown) + words if command == "renew" else text_plan.render_plan(shown) + words
        )
    made.emulator.advance(pause)
    with made.open_plan() as planned:
        report = drift_report.build_drift_report(planned.plan, end_warning=planned.project.policy.end_warning)
        health = status(planned.plan, build_ownership(planned.live, planned.project.name), planned.project)
        said |= {"drift": text_drift.render_drift(report), "status": text_status.render_status(health)}
        return Night(tuple(made.writes()), tuple(due), planned.plan, report, health, said)


def run_command(made: World, flags: PlanOptions) -> tuple[Plan, str]:
    """As the command does: nothing is written where it refuses, nor read back where there is nothing to write."""
    with made.open_plan(flags) as planned:
        if planned.plan.errors() or planned.plan.is_refused or not planned.plan.steps():
            return planned.plan, ""
        applying = apply_workflow.start_apply(planned, made.setup(), flags, parallelism=4, stop=threading.Event())
        outcomes = tuple(applying.execute_steps())
        assert [o for o in outcomes if o.status not in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED)] == []
        final_check = applying.run_final_check()
        # A person who took datasets out left the former source without a flow: the final check names such orphans.
        left = {one.kind for one in final_check.verdict.remaining} - DECIDED
        assert left <= {RemainderKind.ORPHAN}, final_check.verdict
        return planned.plan, apply.render_apply_report(
            outcomes, remaining=final_check.plan, verdict=final_check.verdict
        )


def assert_paused(made: World, seen: Night, pauses: Iterable[Pause]) -> None:
    """Every pause stands as it was made, and every report says so."""
    expected = {(s.address, s.field) for s in pauses}
    for pause in pauses:
        assert live_value(made, pause.flow, pause.field) == pause.paused_value, pause
    reported = {(str(e.address), e.field.path) for e in seen.drift.entries_of(DriftGroup.PAUSED) if e.field}
    assert {
        (address, field) for address, field in reported if field not in ("schedule.every", "schedule.at")
    } == expected
    assert drift_report.has_failures(seen.drift) is bool(expected)
    assert {str(one.address) for one in seen.status.exports if one.result is HealthResult.PAUSED} == {
        a for a, _ in expected
    }
    assert_named(seen, pauses)
    assert seen.plan.counts()["paused"] == len({a for a, _ in expected})


def assert_named(seen: Night, pauses: Iterable[Pause]) -> None:
    """Every command names each paused export; `renew` reads flows, and a list of datasets is no part of a flow."""
    for command, words in seen.texts.items():
        named = {p.address for p in pauses if command != "renew" or p.field != "datasets"}
        assert {a for a in named if a not in words} == set(), command


def assert_others_run(made: World, pauses: Iterable[Pause]) -> None:
    """Every other flow is on, and its end lies ahead."""
    paused = {s.flow for s in pauses}
    for flow in made.emulator.snapshot("demo")["flows"]:
        if flow["id"] not in paused:
            assert flow["state"] == "enabled", flow["name"]
            assert flow["scheduleParams"]["endTime"] > made.emulator.now + DAY, flow["name"]


def assert_only_renewals(seen: Night) -> None:
    """One PATCH of a flow for each end that was due; besides, a source that an edit in the UI has left is deleted."""
    assert [w for w in seen.writes if w != "DELETE /sourceConnections"] == ["PATCH /flows"] * len(seen.due)
    assert [(str(i.address), i.verb) for i in seen.plan.items if i.verb not in (Verb.UNCHANGED, Verb.PAUSED)] == []
    assert [s.action for s in seen.plan.steps() if s.action is not Action.DELETE] == []
