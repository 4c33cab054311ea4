"""Two applies of one project exclude each other, also the first two; a run without the lease writes nothing."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from exportctl.apply.lease import WRITE_LIMIT
from exportctl.clock import Clock
from exportctl.emulator import Fault, Switches
from exportctl.errors import Error, Forbidden
from exportctl.model.apply_report import ApplyReport, ResultWord
from exportctl.model.plan_options import PlanOptions
from exportctl.workflows.lease import describe_holder, take_lease
from exportctl.workflows.plan import plan_from_snapshot, take_snapshot
from exportctl.workflows.rehearse import rehearse
from tests.planfile.approval_plans import plan
from tests.workflows.lease_runs import (
    ORDERS,
    RETURNS,
    Ending,
    Kill,
    LostAnswer,
    Race,
    Stop,
    apply_alone,
    duplicate_count,
    lease_config,
    play_race,
)
from tests.workflows.test_laws import LISTED
from tests.workflows.world import SANDBOX, START, World, world

NAME = "exportctl lease (acme)"
ONE = lease_config({"orders": ORDERS}, lease=True)
TWO = lease_config({"orders": {**ORDERS, "title": "T"}}, lease=True)


def lease_objects(made: World) -> list[dict[str, Any]]:
    return [c for c in made.emulator.snapshot(SANDBOX)["connections"] if c["name"] == NAME]


def state_of(made: World) -> str:
    (found,) = lease_objects(made)
    words = re.search(r"\[exportctl-lease/1 acme (\w+) ", found["description"])
    return words[1] if words else "none"


def leased_world(folder: Path, switches: Switches | None = None) -> World:
    """A sandbox in which one apply made the lease and an export, some time ago."""
    made = world(folder, switches, page_size=100)
    assert apply_alone(made, ONE).rule == "done"
    made.emulator.advance(LISTED)
    made.forget_requests()
    return made


def race_of(made: World, *contents: Mapping[str, Any], seed: int = 1) -> Race:
    """A race of one run for each config, without faults."""
    race = Race(made, random.Random(seed))
    for number, content in enumerate(contents):
        folder = made.folder / f"{number}"
        folder.mkdir(exist_ok=True)
        own = World(folder, made.emulator)
        own.write(content)
        race.add_run(f"run-{number}", own)
    return race


def own_writes(made: World) -> list[str]:
    """The writes that are not about the lease."""
    lease = {one["id"] for one in lease_objects(made)}
    sent = [w for w in made.emulator.writes() if w["path"].rpartition("/")[2] not in lease]
    return [f"{w['method']} {w['path'].partition('/flowservice')[2]}" for w in sent]


# -- races ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [0, 5, 30, 60])
def test_two_first_applies_under_list_lag_make_everything_once(tmp_path: Path, lag: int) -> None:
    made = world(tmp_path, Switches(list_lag=lag), page_size=100)

    endings = race_of(made, ONE, ONE).play()

    assert {e.rule for e in endings} <= {"done", "lease-held"}
    assert duplicate_count(made) == 0
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1
    assert len(lease_objects(made)) == 1


def test_without_a_lease_two_first_applies_under_list_lag_make_duplicates_and_their_final_checks_find_them(
    tmp_path: Path,
) -> None:
    made = world(tmp_path, Switches(list_lag=30), page_size=100)
    content = lease_config({"orders": ORDERS}, lease=False)

    endings = race_of(made, content, content).play()
    made.emulator.advance(LISTED)

    assert "incomplete" in {e.rule for e in endings}  # an account is left, and the apply says so
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 1
    assert duplicate_count(made) > 0
    made.write(content)
    assert made.apply()[1].verdict.is_as_declared
    assert duplicate_count(made) == 0


@pytest.mark.parametrize("seed", [pytest.param(n, marks=() if n < 3 else pytest.mark.slow) for n in range(300)])
def test_no_race_with_the_lease_makes_a_duplicate(tmp_path: Path, seed: int) -> None:
    found = play_race(tmp_path, seed, lease=True, list_lag=(0, 5, 30)[seed % 3])

    assert (found.duplicates, found.is_repaired, found.leases) == (0, True, 1), found
    assert found.longest_age <= WRITE_LIMIT


@pytest.mark.parametrize("seed", [pytest.param(n, marks=() if n < 1 else pytest.mark.slow) for n in range(100)])
def test_what_a_race_without_the_lease_makes_twice_is_told_by_the_next_plan(tmp_path: Path, seed: int) -> None:
    assert play_race(tmp_path, seed, lease=False, list_lag=(0, 5, 30)[seed % 3]).is_told


@pytest.mark.parametrize("seed", [pytest.param(n, marks=() if n < 1 else pytest.mark.slow) for n in range(50)])
def test_a_lease_that_breaks_after_its_proof_is_no_worse_than_none(tmp_path: Path, seed: int) -> None:
    assert play_race(tmp_path, seed, lease=True, list_lag=(0, 5, 30)[seed % 3], breaks_lease=True).is_told


# -- who has it -------------------------------------------------------------------------------------------------------


def test_a_run_that_meets_one_at_work_ends_and_names_it(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    race = race_of(made, TWO, ONE)
    race.runs[0].faults += [
        Stop(5, 20.0, leased=True),
        Stop(13, 20.0, leased=True),
    ]  # it works for long, and renews the lease in between
    race.runs[1].start_after = 10.0

    at_work, refused = race.play()

    assert (at_work.rule, refused.rule) == ("done", "lease-held")
    assert "run-0 on " in str(refused.error)
    assert refused.outcomes == ()
    assert refused.error is not None
    assert refused.error.hint == "run the same command again when that run has ended"
    assert apply_alone(made, ONE).rule == "done"


@pytest.mark.parametrize("arrives", [True, False])
def test_a_killed_run_leaves_the_lease_and_the_next_one_takes_it_after_90_seconds(
    tmp_path: Path, arrives: bool
) -> None:
    made = leased_world(tmp_path)
    made.write(TWO)
    race = Race(made, random.Random(1))
    race.add_run("killed", made, Kill(7, arrives, leased=True))
    assert race.play()[0].was_killed
    assert state_of(made) == "taken"
    before = made.emulator.now

    ending = apply_alone(made, TWO)

    assert ending.rule == "done"
    assert "killed on " in ending.said[0]
    assert 90 <= made.emulator.now - LISTED - before <= 240
    assert made.flow("T")
    assert state_of(made) == "free"


@pytest.mark.parametrize("arrives", [True, False])
def test_a_run_that_takes_the_lease_of_a_dead_one_waits_for_the_lists_whatever_answer_is_lost(
    tmp_path: Path, arrives: bool
) -> None:
    made = leased_world(tmp_path, Switches(list_lag=60))
    more = lease_config({"orders": ORDERS, "returns": RETURNS}, lease=True)
    made.write(more)
    dying = Race(made, random.Random(1))
    dying.add_run("killed", made, Kill(14, arrives=True, leased=True))
    assert dying.play()[0].was_killed
    race = race_of(made, more)
    race.runs[0].faults.append(LostAnswer(1, arrives))

    (ending,) = race.play()
    made.emulator.advance(LISTED)

    assert ending.rule == "done"
    assert "until lists show what the run before this one wrote" in " ".join(ending.said)
    assert duplicate_count(made) == 0
    assert len(made.emulator.snapshot(SANDBOX)["flows"]) == 2


def test_a_run_that_was_stopped_for_long_writes_nothing_after_another_took_the_lease(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    race = race_of(made, TWO, lease_config({"orders": {**ORDERS, "title": "U"}}, lease=True))
    race.runs[0].faults.append(Stop(5, 400.0, leased=True))

    stopped, other = race.play()

    assert (stopped.rule, other.rule) == ("lease-lost", "done")
    assert stopped.error is None
    assert "run-1 on" in str([o.message for o in stopped.outcomes])
    assert ApplyReport(plan(), tuple(stopped.outcomes)).result is ResultWord.LEASE_HELD
    assert made.flow("U")


def test_a_run_that_was_stopped_goes_on_if_no_other_run_came(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    race = race_of(made, TWO)
    race.runs[0].faults.append(Stop(5, 400.0, leased=True))

    assert race.play()[0].rule == "done"
    assert race.runs[0].longest_age <= WRITE_LIMIT


def test_a_run_after_one_that_ended_well_does_not_wait(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    before = made.emulator.now

    ending = apply_alone(made, TWO)

    assert (ending.rule, ending.said) == ("done", [])
    assert made.emulator.now - LISTED - before < 15


def test_an_interrupted_run_gives_the_lease_back_and_the_next_one_waits_for_the_lists(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    race = race_of(made, lease_config({"orders": ORDERS, "returns": RETURNS}, lease=True))
    race.runs[0].faults.append(Stop(10, 1.0, leased=True))  # it has created the first connection
    race.runs[0].at_stop = race.runs[0].stop.set
    race.play()
    assert state_of(made) == "settling"
    before = made.emulator.now

    ending = apply_alone(made, TWO)

    assert (ending.rule, len(ending.said)) == ("done", 1)
    assert "until lists show what the run before this one wrote" in ending.said[0]
    assert 60 <= made.emulator.now - LISTED - before < 90


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("arrives", [True, False])
def test_lost_answers_about_the_lease_cost_time_at_most(tmp_path: Path, nth: int, arrives: bool) -> None:
    """The first is the swap that takes it, the second a renewal, the third the release."""
    made = leased_world(tmp_path)
    race = race_of(made, TWO)
    race.runs[0].faults += [LostAnswer(nth, arrives), Stop(5, 30.0, leased=True)]

    assert race.play()[0].rule == "done"

    assert race.runs[0].longest_age <= WRITE_LIMIT
    assert apply_alone(made, ONE).rule == "done"


@pytest.mark.parametrize("nth", [1, 2, 4])
@pytest.mark.parametrize("arrives", [True, False])
def test_lost_answers_at_the_creation_of_the_lease_make_no_second_one(tmp_path: Path, nth: int, arrives: bool) -> None:
    made = world(tmp_path, Switches(list_lag=30), page_size=100)
    race = race_of(made, ONE, ONE)
    race.runs[0].faults.append(LostAnswer(nth, arrives))

    endings = race.play()

    assert {e.rule for e in endings} <= {"done", "lease-held", "lease"}
    assert duplicate_count(made) == 0
    assert apply_alone(made, TWO).rule == "done"
    assert len(lease_objects(made)) == 1


def test_an_interrupt_ends_the_wait_and_writes_nothing(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    set_record(made, "taken 5 0000aaaa")
    made.write(TWO)
    stop = threading.Event()
    stop.set()

    with (
        pytest.raises(Error) as caught,
        made.open_plan() as planned,
        take_lease(planned, made.setup(), PlanOptions(), stop=stop),
    ):
        raise AssertionError("the lease is taken")

    assert caught.value.rule == "interrupted"
    assert own_writes(made) == []


# -- the object -------------------------------------------------------------------------------------------------------


def send(made: World, method: str, path: str, body: Any = None, etag: str | None = None) -> dict[str, Any]:
    """A request of another client, straight to the emulator."""
    headers = {
        "Authorization": f"Bearer {made.emulator.issue_token()}",
        "x-api-key": "emulator-client",
        "x-gw-ims-org-id": made.emulator.organization,
        "x-sandbox-name": SANDBOX,
        **({"If-Match": etag} if etag else {}),
    }
    with httpx.Client(transport=httpx.WSGITransport(app=made.emulator), base_url="http://127.0.0.1:1") as client:
        answer = client.request(method, f"/data/foundation/flowservice{path}", headers=headers, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


def set_description(made: World, text: str) -> None:
    (found,) = lease_objects(made)
    change = [{"op": "replace", "path": "/description", "value": text}]
    path = f"/connections/{found['id']}"
    send(made, "PATCH", path, change, send(made, "GET", path)["items"][0]["etag"])
    made.forget_requests()


def set_record(made: World, record: str, version: int = 1) -> None:
    set_description(made, f"[exportctl-lease/{version} acme {record}] Jenkins nightly 7")


def delete_lease(made: World) -> None:
    (found,) = lease_objects(made)
    send(made, "DELETE", f"/connections/{found['id']}")


def edit_lease(made: World) -> None:
    set_description(made, "What is this?")


@pytest.mark.parametrize("change", [delete_lease, edit_lease])
def test_a_lease_that_a_person_deleted_or_edited_is_made_anew(tmp_path: Path, change: Callable[[World], None]) -> None:
    made = leased_world(tmp_path)
    change(made)

    assert apply_alone(made, TWO).rule == "done"
    assert state_of(made) == "free"


@pytest.mark.parametrize("change", [delete_lease, edit_lease])
def test_a_run_that_finds_its_lease_deleted_or_edited_writes_nothing_more(
    tmp_path: Path, change: Callable[[World], None]
) -> None:
    made = leased_world(tmp_path)
    race = race_of(made, TWO)
    race.runs[0].faults.append(Stop(5, 30.0, leased=True))
    race.runs[0].at_stop = lambda: change(made)

    assert race.play()[0].rule == "lease-lost"
    assert race.runs[0].ending.check is not None  # it still says what remains
    assert not race.runs[0].ending.check.passed


def test_an_object_that_a_killed_first_run_left_is_used_or_deleted(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    spec = {"id": "10440537-2a7b-4583-ac39-ed38d4b848e8", "version": "1.0"}
    for run in ("0000aaaa", "0000bbbb"):
        text = f"[exportctl-lease/1 acme new 0 {run}] Jenkins nightly 7"
        send(made, "POST", "/connections", {"name": NAME, "description": text, "connectionSpec": spec})
        made.emulator.advance(1)
    eldest = lease_objects(made)[0]["id"]

    assert apply_alone(made, ONE).rule == "done"

    assert [one["id"] for one in lease_objects(made)] == [eldest]


def test_a_credential_that_may_not_create_the_lease_is_told_so(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    body = {"error_code": "403000", "message": "Forbidden"}
    fault = {"method": "POST", "path": "/flowservice/connections", "effect": "status", "status": 403, "body": body}
    made.emulator.add_fault(Fault.from_json(fault))

    ending = apply_alone(made, ONE)

    assert isinstance(ending.error, Forbidden)
    assert "this request creates the lease of the project" in str(ending.error.hint)


def test_a_list_that_still_shows_a_deleted_lease_is_not_believed(tmp_path: Path) -> None:
    made = leased_world(tmp_path, Switches(list_lag=60))
    delete_lease(made)

    ending = apply_alone(made, TWO)

    assert ending.rule == "done"
    assert state_of(made) == "free"


def test_a_lease_that_no_list_shows_in_time_is_not_used(tmp_path: Path) -> None:
    made = world(tmp_path, Switches(list_lag=60), page_size=100, settle=5.0)

    ending = apply_alone(made, ONE)

    assert ending.rule == "lease"
    assert "no list shows the connection 'exportctl lease (acme)'" in str(ending.error)
    assert made.emulator.snapshot(SANDBOX)["flows"] == []


def test_a_lease_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    set_record(made, "free 9 0000aaaa", version=2)

    assert apply_alone(made, TWO).rule == "newer-marker"
    assert made.emulator.writes() == []


# -- the service ------------------------------------------------------------------------------------------------------


class IgnoringTransport(httpx.BaseTransport):
    """A service that does not compare If-Match: every PATCH gets the etag of now."""

    def __init__(self, made: World):
        self.made, self.inner = made, httpx.WSGITransport(app=made.emulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            shown = self.inner.handle_request(httpx.Request("GET", request.url, headers=request.headers))
            request.headers["If-Match"] = json.loads(shown.read())["items"][0]["etag"]
        return self.inner.handle_request(request)


OFF = "set `policy: {lease: false}`"


def ignoring_run(made: World, content: Mapping[str, Any]) -> Ending:
    made.write(content)
    race = Race(made, random.Random(1))
    race.add_run("alone", made)
    race.runs[0].inner = IgnoringTransport(made)
    return race.play()[0]


@pytest.mark.parametrize(
    ("switches", "play", "hint", "then"),
    [
        (Switches(), ignoring_run, OFF, "done"),
        (Switches(child_descriptions="drop"), apply_alone, "ask Adobe why", "descriptions-dropped"),
        (Switches(late_effect=20), apply_alone, OFF, "done"),
    ],
    ids=["it ignores If-Match", "it drops descriptions", "it shows a new etag before the new description"],
)
def test_a_service_that_cannot_hold_a_lease_is_found_out_before_anything_is_written(
    tmp_path: Path, switches: Switches, play: Callable[[World, Mapping[str, Any]], Ending], hint: str, then: str
) -> None:
    made = world(tmp_path, switches, page_size=100)

    ending = play(made, ONE)

    assert ending.rule == "lease-unreliable"
    assert ending.error is not None
    assert str(ending.error.hint).startswith(hint)
    assert made.emulator.snapshot(SANDBOX)["flows"] == []
    assert play(made, lease_config({"orders": ORDERS}, lease=False)).rule == then


SETTINGS: list[dict[str, Any]] = [
    {"read_lag": 30},
    {"read_lag": 60, "list_lag": 60},
    {"stale_reads": 60},
    {"transition": 10},
    {"name_unique": True, "list_lag": 30},
    {"background_after_write": False},
    {"description_text": "one-line", "names": "trimmed", "not_found_status": 400},
    {"child_patch_answer": "items", "delete_status": 204, "empty_list": "bare"},
]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_lease_works_under_every_setting_of_the_service_that_it_touches(
    tmp_path: Path, setting: dict[str, Any]
) -> None:
    made = world(tmp_path, Switches(**setting), page_size=100)

    first = race_of(made, ONE, ONE).play()
    made.emulator.advance(LISTED)

    assert {e.rule for e in first} <= {"done", "lease-held", "stale"}, [str(e.error) for e in first]
    assert duplicate_count(made) == 0
    assert apply_alone(made, TWO).rule == "done"
    assert made.flow("T")
    assert len(lease_objects(made)) == 1


# -- what it is not ---------------------------------------------------------------------------------------------------


def test_no_plan_takes_the_lease_or_shows_its_object(tmp_path: Path) -> None:
    made = leased_world(tmp_path)

    plan = made.plan()

    assert plan.steps() == ()
    assert [str(item.address) for item in plan.items] == ["destinations.s3-role", "exports.orders"]
    assert made.emulator.writes() == []


@pytest.mark.parametrize(
    ("lease", "writes"),
    [(True, ["PATCH /connections"] * 3 + ["PATCH /flows"]), (False, ["PATCH /flows"])],
    ids=["taken, given back, and once more because the etag had moved", "nothing without it"],
)
def test_the_lease_costs_two_or_three_writes(tmp_path: Path, lease: bool, writes: list[str]) -> None:
    made = leased_world(tmp_path)

    apply_alone(made, lease_config({"orders": {**ORDERS, "title": "U"}}, lease))

    assert made.writes() == writes


def test_the_clock_of_a_lease_also_runs_while_the_machine_sleeps() -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system has one monotonic clock")
    before = time.clock_gettime(time.CLOCK_BOOTTIME)

    shown = Clock(lambda: 0).monotonic()

    assert before <= shown <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_a_rehearsal_with_the_lease_in_its_snapshot_takes_none(tmp_path: Path) -> None:
    made = leased_world(tmp_path)
    taken = take_snapshot(made.setup(), wall=lambda: START)
    made.write(TWO)
    draft = plan_from_snapshot(made.setup(), PlanOptions(), taken, wall=lambda: START)

    found = rehearse(draft, taken, made.setup(), PlanOptions())

    assert found.verdict.is_complete
    assert dict(found.writes) == {"PATCH flows": 1}


@pytest.mark.parametrize(
    ("env", "holder"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_REPOSITORY": "acme/exports",
                "GITHUB_JOB": "apply",
                "GITHUB_RUN_ID": "7",
            },
            "GitHub Actions acme/exports apply 7",
        ),
        ({"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/exports", "CI_JOB_ID": "8"}, "GitLab CI acme/exports 8"),
        ({"JENKINS_URL": "x", "JOB_NAME": "exports [täglich]\n", "BUILD_NUMBER": "9"}, "Jenkins exports ?t?glich?? 9"),
        ({"CIRCLECI": "true", "CIRCLE_JOB": "hunter2hunter2"}, "CircleCI (secret)"),
    ],
    ids=["GitHub", "GitLab", "Jenkins with an odd name", "a secret in a name"],
)
def test_the_holder_is_the_ci_job_in_printable_characters(env: dict[str, str], holder: str) -> None:
    assert describe_holder(env, lambda text: text.replace("hunter2hunter2", "(secret)")) == holder


def test_without_a_ci_system_the_holder_is_the_user_and_the_machine() -> None:
    assert describe_holder({"USER": "ana"}, str).startswith("ana on ")
