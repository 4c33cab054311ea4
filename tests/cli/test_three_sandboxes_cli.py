"""One config for dev, stage and prod: each gets its own datasets, buckets and schedules, and nothing crosses over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exportctl.emulator import Emulator, SeedDataset
from tests.cli.command_line import ORGANIZATION, SMALL, START, STATE, CommandLine
from tests.cli.emulator_server import SANDBOXES, VARIABLES, EmulatorServer, serve_config, serve_emulator

DAY = 86400
SCHEDULES = {"dev": ("day", 1), "prod": ("hour", 3), "stage": ("day", 1)}


@pytest.fixture
def three(tmp_path: Path) -> Iterator[EmulatorServer]:
    with serve_config(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def applied_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with serve_config(tmp_path_factory.mktemp("applied")) as made:
        apply_all(made)
        yield made.emulator


@pytest.fixture
def applied_three(applied_emulator: Emulator, tmp_path: Path) -> Iterator[EmulatorServer]:
    """The config applied to all."""
    with serve_emulator(applied_emulator.copy(), tmp_path) as made:
        yield made


def state(made: EmulatorServer, sandbox: str) -> dict[str, Any]:
    return made.emulator.snapshot(sandbox)


def apply_all(made: EmulatorServer, *names: str) -> None:
    for name in names or SANDBOXES:
        ended = made.run("apply", "--env", name, "--auto-approve")
        assert ended.code == 0, ended.err


# -- one config, three sandboxes --------------------------------------------------------------------------------------


def test_each_sandbox_gets_its_own_datasets_bucket_and_schedule_and_every_plan_is_empty(
    applied_three: EmulatorServer,
) -> None:
    for name in SANDBOXES:
        seen = state(applied_three, name)
        ids = {d["name"]: d["id"] for d in applied_three.emulator.datasets(name)}
        (orders,) = (f for f in seen["flows"] if f["name"] == "orders")
        (source,) = (s for s in seen["sourceConnections"] if s["id"] == orders["sourceConnectionIds"][0])
        assert [d["dataSetId"] for d in source["params"]["datasets"]] == [ids["Orders"]]
        assert {t["params"]["bucketName"] for t in seen["targetConnections"]} == {f"acme-{name}"}
        schedule = orders["scheduleParams"]
        assert (schedule["timeUnit"], schedule["interval"]) == SCHEDULES[name]
        assert sorted(f["name"] for f in seen["flows"]) == (["orders"] if name == "dev" else ["orders", "returns"])
    assert len({d["id"] for name in SANDBOXES for d in applied_three.emulator.datasets(name)}) == 2 * len(SANDBOXES)
    assert applied_three.run("plan", "--all-environments", "--detailed-exitcode").code == 0
    assert applied_three.run("drift", "--all-environments").code == 0


@pytest.mark.parametrize("name", SANDBOXES)
def test_what_is_applied_to_one_touches_no_other(three: EmulatorServer, name: str) -> None:
    apply_all(three, *(other for other in SANDBOXES if other != name))
    before = {other: state(three, other) for other in SANDBOXES if other != name}
    apply_all(three, name)
    three.run.edit("orders: {datasets: [Orders]}", "orders: {datasets: [Orders], title: All orders}")
    apply_all(three, name)
    assert {other: state(three, other) for other in before} == before


def test_the_keys_of_prod_are_in_prod_only(applied_three: EmulatorServer) -> None:
    connections = {name: str(state(applied_three, name)["connections"]) for name in SANDBOXES}
    assert [name for name in SANDBOXES if VARIABLES["PROD_LAKE_KEY"] in connections[name]] == ["prod"]
    assert [name for name in SANDBOXES if VARIABLES["LAKE_KEY"] in connections[name]] == ["dev", "stage"]


def test_a_renewal_or_a_pause_in_one_is_none_in_another(three: EmulatorServer) -> None:
    three.run.edit("{rolling: 180 days, renew_before: 30 days}", "{rolling: 35 days, renew_before: 31 days}")
    apply_all(three)
    three.emulator.ui.disable("orders", sandbox="stage")
    three.emulator.advance(6 * DAY)
    assert three.run("renew", "--env", "prod").code == 0
    renewed = {
        name: {f["name"]: f["scheduleParams"]["endTime"] > START + 38 * DAY for f in state(three, name)["flows"]}
        for name in SANDBOXES
    }
    assert renewed == {
        "dev": {"orders": False},
        "prod": {"orders": True, "returns": True},
        "stage": {"orders": False, "returns": False},
    }
    document = three.run("drift", "--all-environments", "--format", "json").document["result"]["environments"]
    assert [one["result"]["counts"]["paused"] for one in document] == [0, 0, 1]


def test_a_dataset_missing_in_one_and_double_in_another_stops_those_and_the_others_are_applied(
    three: EmulatorServer,
) -> None:
    """`Refunds` is in dev once, in prod twice and not in stage."""
    three.run.edit("exports: {returns: null}", "exports: {}")
    three.run.edit("returns: {datasets: [Returns]}", "returns: {datasets: [Refunds]}")
    three.emulator.seed(
        ["dev", "prod"], {"dev": [SeedDataset("Refunds")], "prod": [SeedDataset("Refunds"), SeedDataset("Refunds")]}
    )
    document = three.run("plan", "--all-environments", "--format", "json").document
    errors = {one["environment"]: one["errors"] for one in document["result"]["environments"]}
    assert errors["dev"] == []
    (double,), (missing,) = errors["prod"], errors["stage"]
    assert (double["rule"], missing["rule"]) == ("dataset-ambiguous", "dataset-unknown")
    assert [(e["file"], e["line"], e["column"]) for e in (double, missing)] == [("exports.yaml", 17, 24)] * 2
    candidates = [d["id"] for d in three.emulator.datasets("prod") if d["name"] == "Refunds"]
    assert all(candidate in double["message"] for candidate in candidates)
    assert 'did you mean "Returns"?' in missing["hint"]

    before = {name: state(three, name) for name in ("prod", "stage")}
    assert [three.run("apply", "--env", name, "--auto-approve").code for name in ("dev", "prod", "stage")] == [0, 1, 1]
    assert {name: state(three, name) for name in before} == before
    assert three.run("plan", "--env", "dev", "--detailed-exitcode").code == 0

    one = sorted(candidates)[0]
    three.run.edit(
        "exports: {orders: {schedule: {every: 3 hours, at",
        f"exports: {{returns: {{datasets: [{{id: {one}}}]}}, orders: {{schedule: {{every: 3 hours, at",
    )
    three.emulator.seed(["stage"], {"stage": [SeedDataset("Refunds")]})
    apply_all(three)
    assert three.run("plan", "--all-environments", "--detailed-exitcode").code == 0


# -- the lines behind the values --------------------------------------------------------------------------------------

BASE_LINES = {
    "project": 2,
    "defaults.schedule.every": 6,
    "destinations.lake.bucket": 12,
    "exports.orders.datasets[0]": 16,
}
OVERLAID = {
    "dev": {"platform.sandbox": 20, "platform.credentials.client_id": 20},
    "prod": {
        "platform.sandbox": 23,
        "platform.credentials.client_secret": 23,
        "destinations.lake.auth.access_key_id": 24,
        "destinations.lake.auth.secret_access_key": 24,
        "exports.orders.schedule.every": 25,
        "exports.orders.schedule.at": 25,
    },
    "stage": {"platform.sandbox": 27, "destinations.lake.auth.secret_access_key": 14},
}


@pytest.mark.parametrize("name", SANDBOXES)
def test_every_value_is_shown_with_the_line_that_set_it(three: EmulatorServer, name: str) -> None:
    entries = three.run("plan", "--explain-values", "--env", name, "--format", "json").document["result"]["entries"]
    lines = {entry["path"]: (entry["at"]["file"], entry["at"]["line"]) for entry in entries}
    expected = {**BASE_LINES, **OVERLAID[name]}
    assert {path: lines.get(path) for path in expected} == {p: ("exports.yaml", n) for p, n in expected.items()}
    overlay = {"dev": range(19, 22), "prod": range(22, 26), "stage": range(26, 28)}[name]
    others = [line for _, line in lines.values() if line > 18 and line not in overlay]
    assert others == []
    assert ("exports.returns.datasets[0]" in lines) is (name != "dev")
    assert three.barrier.clients == {}


def test_a_value_of_a_file_that_is_extended_is_shown_with_that_file(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    run.write(SMALL.replace(", sandbox: demo, url: embedded", ""), "shared.yaml")
    run.write(
        "extends: [shared.yaml]\nenvironments: {dev: {platform: {sandbox: dev}, destinations: {lake: {path: dev}}}}\n"
    )
    shown = run("plan", "--explain-values", "--env", "dev").out
    assert 'destinations.lake.path: "dev"  exports.yaml:2:' in shown
    assert 'destinations.lake.bucket: "acme-lake"  shared.yaml:10:' in shown


# -- a saved plan is for one place ------------------------------------------------------------------------------------

TWO_NAMES = (
    SMALL.replace(", sandbox: demo", "")
    + """\
environments:
  demo: {platform: {sandbox: demo}}
  trial: {platform: {sandbox: demo}}
"""
)
OTHER = "FEDCBA9876543210FEDCBA98@AdobeOrg"


def save_plan(folder: Path, text: str, *argv: str) -> CommandLine:
    run = CommandLine(folder)
    run.write(text)
    Emulator(folder / STATE, clock=START, organization=ORGANIZATION).close()
    assert run(*argv, "emulator", "seed", "--from-config").code == 0
    assert run(*argv, "plan", "--out", "plan.json").code == 0
    return run


def assert_refused(run: CommandLine, *argv: str) -> str:
    """Exit 6 in both forms, nothing written; gives the words."""
    machine = run(*argv, "apply", "plan.json", "--format", "json")
    assert machine.code == 6
    assert {e["rule"] for e in machine.document["errors"]} == {"stale-plan"}
    ended = run(*argv, "apply", "plan.json")
    assert (ended.code, ended.out) == (6, "")
    return ended.err


def test_a_plan_saved_for_one_environment_is_refused_in_another_sandbox(three: EmulatorServer) -> None:
    assert three.run("plan", "--env", "dev", "--out", "plan.json").code == 0
    for name in ("stage", "prod"):
        words = assert_refused(three.run, "--env", name)
        assert f"saved for sandbox dev of {ORGANIZATION}, this is {name} of {ORGANIZATION}" in words
    assert three.emulator.writes() == []
    assert three.run("apply", "plan.json").code == 0  # without --env it is applied where it was made for
    assert [len(state(three, name)["flows"]) for name in SANDBOXES] == [1, 0, 0]


def test_a_plan_is_refused_for_a_sandbox_of_the_same_name_in_another_organization(tmp_path: Path) -> None:
    run = save_plan(tmp_path, SMALL)
    run.edit(ORGANIZATION, OTHER)
    words = assert_refused(run)
    assert f"saved for sandbox demo of {ORGANIZATION}, this is demo of {OTHER}; nothing was written" in words


def test_a_plan_is_refused_for_another_environment_on_the_same_sandbox(tmp_path: Path) -> None:
    run = save_plan(tmp_path, TWO_NAMES, "--env", "demo")
    assert "`environment`: approved" in assert_refused(run, "--env", "trial")
    assert run.writes() == 0
    assert run("--env", "demo", "apply", "plan.json").code == 0


def test_a_plan_made_on_the_emulator_is_refused_by_a_server_with_the_same_names(tmp_path: Path) -> None:
    save_plan(tmp_path, SMALL)
    with serve_config(tmp_path, SMALL.replace("embedded", '"URL"'), ["demo"]) as made:
        client = {"AEP_CLIENT_ID": "demo-client", "AEP_CLIENT_SECRET": "demo-client-secret"}
        made.run.env.update(client)
        assert "`platform`: approved" in assert_refused(made.run)
        assert made.emulator.writes() == []


def test_a_digest_is_of_one_environment_too(three: EmulatorServer) -> None:
    digest = three.run("plan", "--env", "stage", "--format", "json").document["result"]["digest"]
    assert three.run("apply", "--env", "prod", "--only-if", digest).code == 6
    assert three.run("apply", "--env", "stage", "--only-if", digest).code == 0
