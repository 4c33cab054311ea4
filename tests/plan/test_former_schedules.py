"""The block that a plan prints when it changes the schedule of exports of which a backup is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from exportctl.errors import SourcePosition
from exportctl.model.next_steps import NextStep
from exportctl.model.project import BackupPolicy, Expect, FormerSchedule, Schedule
from tests.plan.plan_builders import account, build_plan, build_project, export, flow
from tests.plan.value_builders import NOW

BACKUP = Expect(backup=BackupPolicy(max_age=3600))
HOURLY = Schedule("hour", 1, 0)


def steps(*, hours: int = 24, environment: str | None = None, **changes: Any) -> tuple[NextStep, ...]:
    made = export("old", **{"expect": BACKUP, **changes})
    source, target, live = flow(hours=hours)
    lasting = {**live.raw["scheduleParams"], "endTime": NOW + 30 * 86400}  # else no run is left
    live = replace(live, raw={**live.raw, "scheduleParams": lasting})
    return build_plan(build_project(made, environment=environment), account(), source, target, live).next_steps


def test_the_former_schedule_stands_in_a_block_to_paste() -> None:
    (step,) = steps(schedule=HOURLY)

    assert step.text == "so that `backup` knows which earlier runs of the export were due, add this to the config"
    (entry,) = yaml.safe_load(step.yaml)["exports"]["old"]["former_schedules"]
    assert (list(entry), entry["every"], len(entry["at"])) == (["until", "every", "at"], "1 day", 5)


def test_in_an_environment_the_block_stands_in_its_overlay() -> None:
    (step,) = steps(schedule=HOURLY, environment="prod")

    assert list(yaml.safe_load(step.yaml)["environments"]["prod"]["exports"]) == ["old"]


def former(schedule: Schedule) -> tuple[FormerSchedule, ...]:
    return (FormerSchedule(1, schedule, SourcePosition("a.yaml")),)


def live_schedule() -> Schedule:
    (entry,) = yaml.safe_load(steps(schedule=HOURLY)[0].yaml)["exports"]["old"]["former_schedules"]
    hours, minutes = map(int, entry["at"].split(":"))
    return Schedule("day", 1, hours * 3600 + minutes * 60)


@pytest.mark.parametrize(
    "changes",
    [{"schedule": HOURLY, "expect": None}, {"schedule": HOURLY, "expect": Expect(within=60)}, {}],
    ids=["no expect", "no backup", "nothing changes"],
)
def test_there_is_no_block(changes: dict[str, Any]) -> None:
    assert steps(**{"schedule": live_schedule(), **changes}) == ()


def test_a_schedule_that_is_stated_already_is_not_printed_again() -> None:
    assert steps(schedule=HOURLY, former_schedules=former(live_schedule())) == ()
    assert len(steps(schedule=HOURLY, former_schedules=former(HOURLY))) == 1
