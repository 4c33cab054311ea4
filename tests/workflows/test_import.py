"""
Import and adoption: what was made elsewhere is described exactly, taken over by its markers alone, and nothing but that
happens to it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exportctl.client.inventory import read_inventory
from exportctl.emulator import Switches
from exportctl.errors import Error, Level
from exportctl.importing.document import ConfigDocument
from exportctl.importing.importer import ConfigContext, check_only_adopts
from exportctl.importing.result import LeftOutReason, Selection
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Verb
from exportctl.workflows.import_and_accept import import_from_sandbox
from tests.importing.ui_sandbox import Sandbox, fill_sandbox
from tests.workflows.import_runs import (
    EVERYTHING,
    FILE,
    content,
    empty_config,
    export,
    run_import,
    stored_objects,
    write_import,
)
from tests.workflows.orders_sandbox import DAY, item, objects, safety_checks
from tests.workflows.world import ORGANIZATION, SANDBOX, START, URL, World, world


def build_full_sandbox(folder: Path) -> tuple[World, Sandbox]:
    """The sandbox of some ninety flows, and a config that declares nothing."""
    made = world(folder, Switches(template_key="as-sent"), page_size=100)
    made.write(empty_config())
    return made, fill_sandbox(made.emulator, SANDBOX)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Sandbox]:
    return build_full_sandbox(tmp_path_factory.mktemp("seen"))


@pytest.fixture
def old(seen: tuple[World, Sandbox], tmp_path: Path) -> tuple[World, Sandbox]:
    """That sandbox, to be looked at only, with a config of one's own."""
    here = replace(seen[0], folder=tmp_path)
    here.write(empty_config())
    return here, seen[1]


@pytest.fixture
def changing(seen: tuple[World, Sandbox], tmp_path: Path) -> tuple[World, Sandbox]:
    """That sandbox, to be changed."""
    return seen[0].copy(tmp_path), seen[1]


# -- everything in an old sandbox -------------------------------------------------------------------------------------


def test_every_flow_is_imported_or_left_out_for_the_expected_reason(old: tuple[World, Sandbox]) -> None:
    made = run_import(old[0])

    assert {one.id for one in made.exports} == old[1].imported
    assert {one.id: one.reason for one in made.left_out} == old[1].left_out
    assert len(made.exports) == 69


def test_the_plan_of_an_import_is_adoptions_only(old: tuple[World, Sandbox]) -> None:
    write_import(old[0], run_import(old[0]))

    plan = old[0].plan()

    assert {i.verb for i in plan.items} == {Verb.ADOPT}
    assert {i.id for i in plan.items} == old[1].imported
    assert not plan.is_refused
    assert plan.errors() == ()
    assert [i.fields for i in plan.items if i.fields] == []
    assert {name for step in plan.steps() for name in step.fields} == set()


def test_adopting_writes_descriptions_and_leaves_all_else_byte_for_byte(changing: tuple[World, Sandbox]) -> None:
    here, sandbox = changing
    write_import(here, run_import(here))
    before = stored_objects(here)
    here.forget_requests()

    outcomes, final_check = here.apply()

    assert {o.status for o in outcomes} == {OutcomeStatus.DONE}
    assert final_check.passed
    assert here.writes() == ["PATCH /flows"] * len(sandbox.imported) + ["PATCH /targetConnections"] * len(
        sandbox.imported
    )
    assert stored_objects(here) == before
    assert here.plan().is_empty
    assert [i.address for i in here.plan().items if i.verb is not Verb.UNCHANGED] == []


def test_what_was_adopted_is_not_imported_again(changing: tuple[World, Sandbox]) -> None:
    here, sandbox = changing
    write_import(here, run_import(here))
    assert {one.id for one in run_import(here).left_out if one.reason is LeftOutReason.DECLARED} == sandbox.imported

    here.apply()
    again = run_import(here)

    assert again.text == ""
    assert again.exports == ()
    assert again.counts()[LeftOutReason.DECLARED] == len(sandbox.imported)


def test_an_import_writes_nothing(old: tuple[World, Sandbox]) -> None:
    old[0].forget_requests()

    run_import(old[0])

    assert old[0].writes() == []
    assert sorted(path.name for path in old[0].folder.iterdir()) == ["exports.yaml"]


def test_equal_sandboxes_give_equal_text(old: tuple[World, Sandbox]) -> None:
    assert run_import(old[0]).text == run_import(old[0]).text


def test_adopted_flows_are_no_neighbours_that_are_not_ours(old: tuple[World, Sandbox]) -> None:
    write_import(old[0], run_import(old[0]))

    warned = [f.message for i in old[0].plan().items for f in i.findings if f.rule == "location-shared-with-others"]

    assert [text for text in warned if any(flow in text for flow in old[1].imported)] == []


def test_a_whole_sandbox_fits_into_a_config_that_gives_every_export_an_end(old: tuple[World, Sandbox]) -> None:
    here, sandbox = old
    daily = {"every": "1 day", "end": {"rolling": "90 days"}}
    here.write(empty_config(defaults={"end": {"rolling": "180 days"}, "schedule": "daily"}, schedules={"daily": daily}))

    made = run_import(here)
    write_import(here, made)

    taken = [flow for flow in objects(here, "flows") if flow["id"] in sandbox.imported]
    endless = [f for f in taken if f["scheduleParams"]["interval"] and "endTime" not in f["scheduleParams"]]
    assert {one.id for one in made.exports} == sandbox.imported
    assert len(endless) == 5
    assert {i.verb for i in here.plan().items} == {Verb.ADOPT}
    assert made.text.count("end: none") == len(endless)
    assert not here.plan().is_refused


# -- how little is said -----------------------------------------------------------------------------------------------


def test_an_export_says_nothing_that_the_defaults_say(empty: World) -> None:
    flow = empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX)
    empty.write(
        empty_config(
            defaults={
                "destination": "lake",
                "schedule": {"every": "1 day"},
                "format": "parquet",
                "end": "2027-04-15",
            },
            destinations={"lake": lake()},
        )
    )

    assert content(run_import(empty)) == {"exports": {"orders": {"datasets": ["Orders"], "adopt": flow["id"]}}}


def lake(**changes: Any) -> dict[str, Any]:
    """The destination of the flow `orders` that the user interface makes."""
    place = {"type": "amazon-s3", "bucket": "acme-exports", "path": "exports"}
    return {**place, "account": {"existing": "orders account"}, **changes}


def test_what_differs_from_the_defaults_is_said(empty: World) -> None:
    empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX)
    empty.write(
        empty_config(
            defaults={"destination": "lake", "schedule": {"every": "6 hours"}, "format": "json", "end": "2027-04-14"},
            destinations={"lake": lake(), "near": lake(path="exports/deeper")},
        )
    )

    said = export(run_import(empty), "orders")

    assert said.pop("adopt")
    assert said == {"datasets": ["Orders"], "schedule": {"every": "1 day"}, "end": "2027-04-15", "format": "parquet"}


def test_names_of_the_config_are_used_and_what_two_need_gets_one(empty: World) -> None:
    hours = {"timeUnit": "hour", "interval": 3, "startTime": START // DAY * DAY, "endTime": START + DAY}
    ui = empty.emulator.ui
    for number in range(2):
        params = {"path": f"p/{number}", "compression": "NONE"}
        ui.create_flow(f"three-{number}", ["Orders"], sandbox=SANDBOX, schedule=hours, params=params)
    ui.create_flow("daily", ["Orders"], sandbox=SANDBOX, params={"path": "x", "datasetFileType": "JSON"})
    empty.write(
        empty_config(
            schedules={"nightly": {"every": "1 day", "at": "00:00"}, "every-3-hours": {"every": "12 hours"}},
            formats={"lines": {"type": "json"}, "parquet-none": {"type": "json", "compression": "gzip"}},
        )
    )

    made = content(run_import(empty))

    assert made["schedules"] == {"every-3-hours-2": {"every": "3 hours"}}
    assert made["formats"] == {"parquet-none-2": {"type": "parquet", "compression": "none"}}
    assert [made["exports"][f"three-{n}"]["schedule"] for n in range(2)] == ["every-3-hours-2"] * 2
    assert [made["exports"][f"three-{n}"]["format"] for n in range(2)] == ["parquet-none-2"] * 2
    assert made["exports"]["daily"]["schedule"] == "nightly"
    assert made["exports"]["daily"]["format"] == "json"


def test_an_account_that_exportctl_made_is_shared_by_its_destination(applied: World) -> None:
    base = objects(applied, "connections")[0]["id"]
    applied.emulator.ui.create_flow("near", ["Returns"], sandbox=SANDBOX, base=base, params={"bucketName": "elsewhere"})
    applied.emulator.ui.create_flow("below", ["Returns"], sandbox=SANDBOX, base=base, params={"path": "role/below"})
    here = json.loads((applied.folder / "exports.yaml").read_text())
    target = objects(applied, "targetConnections")[0]["params"]
    applied.write({**here, "destinations": {**here["destinations"]}})

    made = content(run_import(applied))

    assert {key: one["account"] for key, one in made["destinations"].items()} == {
        key: {"of": "s3-role"} for key in made["destinations"]
    }
    assert target["path"] == "role"
    assert "near" in made["exports"]
    assert len(made["destinations"]) == 2  # acme-exports and elsewhere: neither is the bucket of s3-role


def test_flows_below_a_declared_destination_use_it(empty: World) -> None:
    flow = empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX)
    empty.emulator.ui.create_flow("raw", ["Orders"], sandbox=SANDBOX, base=flow["base"], params={"path": "exports/a/b"})
    empty.write(empty_config(destinations={"root": lake(path=""), "lake": lake(), "zone": lake(bucket="other-bucket")}))

    made = content(run_import(empty))

    assert "destinations" not in made
    assert (made["exports"]["raw"]["destination"], made["exports"]["raw"]["subpath"]) == ("lake", "a/b")


def test_an_import_into_an_environment_is_for_that_environment(empty: World) -> None:
    empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX)
    platform = {"organization": ORGANIZATION, "url": URL}
    environments = {"dev": {"platform": {"sandbox": SANDBOX}}, "prod": {"platform": {"sandbox": "prod"}}}
    empty.write({**empty_config(environments=environments), "platform": platform})

    made = import_from_sandbox(empty.setup(environment="dev"), EVERYTHING, wall=lambda: START)
    write_import(empty, made)

    assert export(made, "orders")["environments"] == ["dev"]
    assert [i.verb for i in empty.plan(environment="dev").items] == [Verb.ADOPT]


def test_names_that_mean_something_already_are_avoided(applied: World) -> None:
    ui = applied.emulator.ui
    for name in ("Orders", "gone", "before", "over", "left"):
        ui.create_flow(name, ["Returns"], sandbox=SANDBOX, params={"path": name})
    here = json.loads((applied.folder / "exports.yaml").read_text())
    here["exports"] |= {"after": {"datasets": ["Returns"], "renamed_from": "before", "subpath": "after"}}
    here["removed"] = [{"export": "gone", "do": "release", "reason": "moved"}]
    applied.write(here)

    keys = set(content(run_import(applied))["exports"])

    assert keys == {"orders-2", "gone-2", "before-2", "over", "left"}


def test_a_dataset_called_like_an_alias_is_named_as_a_dataset(empty: World) -> None:
    empty.emulator.seed([], {SANDBOX: [dataset("orders"), dataset("order")]})
    for name in ("orders", "order", "Orders"):
        empty.emulator.ui.create_flow(f"of {name}", [name], sandbox=SANDBOX, params={"path": f"x/{name}"})
    empty.write(empty_config(datasets={"orders": "Returns"}, exports={}))

    made = run_import(empty)

    assert export(made, "of-orders")["datasets"] in ([{"name": "orders"}], ["Orders"])
    assert sorted(json.dumps(one["datasets"]) for one in content(made)["exports"].values()) == [
        '["Orders"]',
        '[{"name": "order"}]',
        '[{"name": "orders"}]',
    ]


def dataset(name: str) -> Any:
    from exportctl.emulator import SeedDataset

    return SeedDataset(name)


# -- which flows ------------------------------------------------------------------------------------------------------


def test_flows_are_chosen_by_id_and_by_name(old: tuple[World, Sandbox]) -> None:
    here, _ = old
    by_name = run_import(here, Selection(names=("Weekly*",)))
    by_id = run_import(here, Selection(ids=tuple(one.id for one in by_name.exports)))

    assert [one.name for one in by_name.exports] == ["Weekly numbers"] * 3
    assert by_id.exports == by_name.exports
    assert by_id.left_out == ()


def test_only_what_an_import_should_have_makes_it_incomplete(empty: World) -> None:
    audience = empty.emulator.ui.create_flow("a", sandbox=SANDBOX, audience=True)["id"]

    assert not run_import(empty).is_incomplete
    assert run_import(empty, Selection(ids=(audience,))).is_incomplete

    base = empty.emulator.ui.create_flow("b", ["Orders"], sandbox=SANDBOX)
    second = Sandbox(empty.emulator, SANDBOX)
    second.copy_flow(base, "c", lambda d: d["flows"].update(targetConnectionIds=[base["target"]]), "shared-connections")

    assert run_import(empty).is_incomplete


# -- what keeps it honest ---------------------------------------------------------------------------------------------


def ground(world: World) -> ConfigContext:
    with world.open_plan() as made:
        return ConfigContext(
            files={"exports.yaml": (world.folder / "exports.yaml").read_bytes()},
            new_file=FILE,
            environment=None,
            variables=world.env,
            values={},
            unset=(),
            live=read_inventory(made.platform.client),
            header=made.plan.header,
            as_of=made.plan.as_of,
        )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("every: 1 day", "every: 6 hours", "differs from the flow"),
        ("path: exports", "path: elsewhere", "path"),
        ("datasets: [Orders]", "datasets: [Nothing]", "no exportable dataset"),
        ("datasets: [Orders]", "datasets: []", "datasets"),
        ("  adopt:", "  title: x\n    keep:", "no adoption of"),
        ("exports:", "exports:\n  more:\n    datasets: [Returns]", "needs"),
    ],
    ids=["a schedule", "a place", "an unknown dataset", "no dataset", "no adoption", "one export more"],
)
def test_yaml_that_would_do_more_than_adopt_is_not_given_out(empty: World, before: str, after: str, said: str) -> None:
    flow = empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX)["id"]
    made = run_import(empty)
    assert before in made.text
    spoilt = ConfigDocument(made.text.replace(before, after), {flow: "orders"}, {})
    here = ground(empty)

    with pytest.raises(Error, match="would do more than adopt") as raised:
        check_only_adopts(spoilt, here, here.load()[0])

    assert said in raised.value.message


def test_changes_that_wait_already_are_no_fault_of_an_import(small: World) -> None:
    small.emulator.ui.create_flow("made elsewhere", ["Returns"], sandbox=SANDBOX)

    write_import(small, run_import(small))

    assert {str(i.address): i.verb for i in small.plan().items if i.verb is not Verb.UNCHANGED} == {
        "destinations.s3-role": Verb.CREATE,
        "exports.made-elsewhere": Verb.ADOPT,
        "exports.orders": Verb.CREATE,
    }


def test_a_flow_whose_target_is_another_projects_is_not_adopted(empty: World) -> None:
    flow = empty.emulator.ui.create_flow("orders", ["Orders"], sandbox=SANDBOX)
    made = run_import(empty)
    write_import(empty, made)
    theirs = next(t for t in objects(empty, "targetConnections") if t["id"] == flow["target"])
    claim = "[exportctl/1 e elsewhere orders 1o 0000 0000]"
    empty.emulator.ui.load({"targetConnections": [{**theirs, "description": claim}]}, sandbox=SANDBOX)

    plan = empty.plan()

    assert safety_checks(plan) == ["other-project"]
    assert item(plan).steps == ()
    assert "project elsewhere" in item(plan).refusals[0].text


def test_the_config_of_an_import_has_no_errors(old: tuple[World, Sandbox]) -> None:
    from exportctl.workflows.load_config import validate_config

    write_import(old[0], run_import(old[0]))

    found = validate_config(old[0].setup(), START).findings

    assert [str(f) for f in found if f.level is Level.ERROR] == []
    assert [str(f) for f in found if f.rule == "unused-allow"] == []
    assert {f.rule for f in found if f.level is Level.WARNING} == set()
