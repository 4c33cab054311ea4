"""When imported flows run and end: to the second, and without an end where they have none, whatever a config gives."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.model.plan import Verb
from tests.workflows.import_runs import content, empty_config, export, run_import, write_import
from tests.workflows.orders_sandbox import DAY, apply_config, findings, objects
from tests.workflows.world import SANDBOX, START, World

ENDLESS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # the config has -> what the export says
    "nothing that gives an end": ({}, {"schedule": {"every": "1 day"}}),
    "defaults that give one": (
        {"defaults": {"end": {"rolling": "180 days"}}},
        {"schedule": {"every": "1 day"}, "end": "none"},
    ),
    "defaults that give none": ({"defaults": {"end": "none"}}, {"schedule": {"every": "1 day"}}),
    "a schedule that brings one": (
        {"schedules": {"nightly": {"every": "1 day", "end": "2028-01-01"}}},
        {"schedule": "nightly", "end": "none"},
    ),
    "a schedule that brings one, and one that does not": (
        {"schedules": {"a": {"every": "1 day", "end": "2028-01-01"}, "b": {"every": "1 day"}}},
        {"schedule": "b"},
    ),
    "a default schedule that brings one": (
        {"defaults": {"schedule": {"every": "1 day", "end": {"rolling": "90 days"}}}},
        {"end": "none"},
    ),
    "a schedule that takes back the defaults": (
        {
            "schedules": {"nightly": {"every": "1 day", "end": "none"}},
            "defaults": {"end": "2028-01-01", "schedule": "nightly"},
        },
        {},
    ),
}


@pytest.mark.parametrize("row", ENDLESS)
def test_a_flow_without_an_end_says_so_where_the_config_would_give_it_one(empty: World, row: str) -> None:
    given, expected = ENDLESS[row]
    schedule = {"timeUnit": "day", "interval": 1, "startTime": START // DAY * DAY}
    empty.emulator.ui.create_flow("endless", ["Orders"], sandbox=SANDBOX, schedule=schedule)
    empty.write(empty_config(**given))

    made = run_import(empty)
    write_import(empty, made)

    said = export(made, "endless")
    assert {key: said[key] for key in ("schedule", "end") if key in said} == expected
    assert said["allow"] == [{"rule": "missing-end", "reason": "as found in the sandbox"}]
    assert [i.verb for i in empty.plan().items] == [Verb.ADOPT]
    assert findings(empty.plan(), "exports.endless") == []
    assert (
        "# The service shows no end: it ends six months after its creation, 2027-07-15 08:00 UTC (assumed)."
        in made.text
    )


def test_a_one_time_flow_takes_back_the_end_of_a_schedule_but_none_of_the_defaults(empty: World) -> None:
    later = START // DAY * DAY + 40 * DAY
    schedule = {"timeUnit": "day", "interval": 0, "startTime": later, "exportMode": "DAILY_FULL_EXPORT"}
    empty.emulator.ui.create_flow("once", ["Orders"], sandbox=SANDBOX, schedule=schedule)
    empty.write(empty_config(defaults={"end": "2028-01-01"}))
    assert "end" not in export(run_import(empty), "once")

    empty.write(empty_config(schedules={"full": {"every": "once", "start": "2027-02-24", "end": "2028-01-01"}}))
    said = export(run_import(empty), "once")

    assert (said["schedule"], said["end"], "allow" in said) == ("full", "none", False)


def test_starts_at_odd_seconds_are_said_to_the_second(empty: World) -> None:
    ui = empty.emulator.ui
    for number, start in enumerate((START - DAY + 17, START + 17, START + 9 * DAY + 17)):
        schedule = {"timeUnit": "day", "interval": 1, "startTime": start, "endTime": START + 99 * DAY + 17}
        ui.create_flow(f"odd {number}", ["Orders"], sandbox=SANDBOX, schedule=schedule, params={"path": f"x/{number}"})

    made = run_import(empty)
    write_import(empty, made)

    assert content(made)["schedules"] == {"daily-080017": {"every": "1 day", "at": "08:00:17"}}
    assert 'daily-080017: {every: 1 day, at: "08:00:17"}' in made.text
    assert [export(made, f"odd-{n}")["schedule"] for n in range(3)] == [
        "daily-080017",
        "daily-080017",
        {"every": "1 day", "at": "08:00:17", "start": "2027-01-24T08:00:17Z"},
    ]
    assert [export(made, f"odd-{n}")["end"] for n in range(3)] == ["2027-04-24T08:00:17Z"] * 3
    assert {i.schedule for i in empty.plan().items} == {"every 1 day at 08:00:17 UTC"}
    apply_config(empty)
    assert [f["scheduleParams"]["startTime"] % DAY for f in objects(empty, "flows")] == [START % DAY + 17] * 3
