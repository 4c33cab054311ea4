"""
Patches: what a person changed by hand is accepted by the smallest edit of the YAML, proven before it is given out, and
nothing else in the files changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from exportctl.accept.changes import DIFFERING_CAUSES
from exportctl.emulator import SeedDataset
from exportctl.model.plan import CHANGE_VERBS, Cause, Plan, Verb
from tests.workflows.accept_runs import (
    CONFIG,
    diff_lines,
    drift_entries,
    edit_target,
    left_reasons,
    run_accept,
    write_yaml,
)
from tests.workflows.orders_sandbox import DAY, HOUR, apply_config
from tests.workflows.world import DATASETS, SANDBOX, START, World, applied_world, config, world


@pytest.fixture
def live(tmp_path: Path) -> World:
    """The config of `patches`, applied."""
    made = applied_world(tmp_path, yaml.safe_load(CONFIG), page_size=100)
    made.forget_requests()
    write_yaml(made)
    return made


Edit = Callable[[World], object]
ACCEPTED: dict[str, tuple[Edit, list[str]]] = {
    "a title that the config does not say": (
        lambda w: w.emulator.ui.rename("orders", "Orders: all"),
        ['+ title: "Orders: all"'],
    ),
    "a title in quotes": (
        lambda w: w.emulator.ui.rename("Returns, all", "It's more"),
        [
            "- returns: {datasets: [Returns], subpath: returns, schedule: often, title: 'Returns, all'}",
            "+ returns: {datasets: [Returns], subpath: returns, schedule: often, title: 'It''s more'}",
        ],
    ),
    "a pause": (
        lambda w: w.emulator.ui.disable("to-partner"),
        ["- enabled: true", "+ enabled: false"],
    ),
    "a pause of what does not say that it is on": (
        lambda w: w.emulator.ui.disable("orders"),
        ["+ enabled: false"],
    ),
    "an earlier end": (
        lambda w: w.emulator.ui.end("orders", START // DAY * DAY + 40 * DAY),
        ['+ end: "2027-02-23"'],
    ),
    "an end within a day": (
        lambda w: w.emulator.ui.end("orders", START // DAY * DAY + 40 * DAY + HOUR),
        ['+ end: "2027-02-24T01:00:00Z"'],
    ),
    "another interval of a schedule in place": (
        lambda w: w.emulator.ui.schedule("to-partner", {"interval": 6}),
        [
            '- schedule: {every: 12 hours, at: "06:00"}',
            '+ schedule: {every: 6 hours, at: "06:00"}',
        ],
    ),
    "another time of day where a name says it": (
        lambda w: w.emulator.ui.schedule(
            "orders", {"startTime": w.flow("orders")["scheduleParams"]["startTime"] + HOUR}
        ),
        ['+ schedule: {every: 1 day, at: "03:00"}'],
    ),
    "the interval of a schedule that one export alone uses": (
        lambda w: w.emulator.ui.schedule("Returns, all", {"interval": 9}),
        ["- every: 3 hours      # in UTC", "+ every: 9 hours      # in UTC"],
    ),
    "an interval that has a name": (
        lambda w: w.emulator.ui.schedule(
            "sales", {"timeUnit": "hour", "interval": 3, "startTime": START // DAY * DAY + DAY}
        ),
        [
            "- sales: {datasets: [sales], subpath: sales}",
            "+ sales: {datasets: [sales], subpath: sales, schedule: often}",
        ],
    ),
    "a time of day to the second": (
        lambda w: w.emulator.ui.schedule(
            "to-partner", {"startTime": w.flow("to-partner")["scheduleParams"]["startTime"] + 17}
        ),
        ['- schedule: {every: 12 hours, at: "06:00"}', '+ schedule: {every: 12 hours, at: "06:00:17"}'],
    ),
    "an end that a person took off": (
        lambda w: w.emulator.ui.schedule("orders", {"endTime": None}),
        ["+ end: none", "+ allow:", "+ - {rule: missing-end, reason: as found in the sandbox}"],
    ),
    "another folder": (
        lambda w: w.emulator.ui.schedule("orders", {"foldernameTemplate": "%DATASET_ID%/x/%EXPORT_TIME%"}),
        ['+ folder: "%DATASET_ID%/x/%EXPORT_TIME%"'],
    ),
    "a dataset that went": (
        lambda w: w.emulator.ui.datasets("orders", ["Orders"]),
        ["- - App Events"],
    ),
    "a dataset that came": (
        lambda w: w.emulator.ui.datasets("orders", ["Orders", "App Events", "Loyalty Profiles"]),
        ["+ - Loyalty Profiles"],
    ),
    "a dataset of a group that went": (
        lambda w: w.emulator.ui.datasets("sales", ["Orders"]),
        ["- sales: {datasets: [sales], subpath: sales}", "+ sales: {datasets: [Orders], subpath: sales}"],
    ),
    "all datasets": (
        lambda w: w.emulator.ui.datasets("Returns, all", ["Loyalty Profiles"]),
        [
            "- returns: {datasets: [Returns], subpath: returns, schedule: often, title: 'Returns, all'}",
            "+ returns: {datasets: [Loyalty Profiles], subpath: returns, schedule: often, title: 'Returns, all'}",
        ],
    ),
    "a folder below the destination's": (
        lambda w: w.emulator.ui.path("orders", "aep/elsewhere"),
        ["- subpath: orders", "+ subpath: elsewhere"],
    ),
    "a folder beside the destination's, which others use too": (
        lambda w: w.emulator.ui.path("orders", "other/orders"),
        [
            "+ lake-orders:",
            "+ type: amazon-s3",
            "+ bucket: acme-lake",
            "+ path: other",
            "+ account: {of: lake}",
            "+ destination: lake-orders",
        ],
    ),
    "the folder of a destination that one export alone uses": (
        lambda w: w.emulator.ui.path("to-partner", "/out"),
        ["- path: /in           # theirs", "+ path: /out           # theirs"],
    ),
    "another bucket": (
        lambda w: edit_target(w, "sales", bucketName="acme-second"),
        [
            "+ lake-sales:",
            "+ type: amazon-s3",
            "+ bucket: acme-second",
            "+ path: aep",
            "+ account: {of: lake}",
            "- sales: {datasets: [sales], subpath: sales}",
            "+ sales: {datasets: [sales], subpath: sales, destination: lake-sales}",
        ],
    ),
    "a format that has a name": (
        lambda w: edit_target(w, "orders", datasetFileType="JSON"),
        ["+ format: json"],
    ),
    "a format without a name": (
        lambda w: edit_target(w, "orders", compression="NONE"),
        ["+ format: {type: parquet, compression: none}"],
    ),
    "a format that one export alone uses": (
        lambda w: edit_target(w, "to-partner", datasetFileType="PARQUET"),
        ["- lines: {type: json}   # one object a line", "+ lines: {type: parquet}   # one object a line"],
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_the_smallest_edit_accepts_and_what_was_accepted_is_not_written_back(case: str, live: World) -> None:
    edit, expected = ACCEPTED[case]
    edit(live)
    assert drift_entries(live)

    made = run_accept(live)

    assert left_reasons(made) == {}
    assert sorted(diff_lines(made)) == sorted(expected)
    assert drift_entries(live) == []
    # An edit of datasets in the UI leaves our former source connection, which apply deletes.
    assert [i.verb for i in live.plan().items if i.verb in CHANGE_VERBS] == []

    before = {f["id"]: (f["scheduleParams"], f["state"], f["name"]) for f in live.emulator.snapshot(SANDBOX)["flows"]}

    apply_config(live)

    after = {f["id"]: (f["scheduleParams"], f["state"], f["name"]) for f in live.emulator.snapshot(SANDBOX)["flows"]}
    assert after == before
    assert drift_entries(live) == []


def test_without_drift_there_is_no_patch(live: World) -> None:
    made = run_accept(live)

    assert (made.edited_files, made.accepted, made.unaccepted) == ((), (), ())


def test_a_text_with_marks_of_windows_keeps_them(live: World) -> None:
    write_yaml(live, "\ufeff" + CONFIG.replace("\n", "\r\n"))
    live.emulator.ui.rename("orders", "Orders of all")

    made = run_accept(live)

    assert made.edited_files[0].after == made.edited_files[0].before.replace(
        "    subpath: orders\r\n", "    subpath: orders\r\n    title: Orders of all\r\n"
    )


def test_everything_at_once_is_accepted_in_one_patch(live: World) -> None:
    ui = live.emulator.ui
    ui.rename("orders", "o")
    ui.disable("o")
    ui.end("sales", START + 3 * DAY)
    ui.path("to-partner", "/out")
    ui.datasets("Returns, all", ["Returns", "Loyalty Profiles"])
    edit_target(live, "Returns, all", compression="NONE")

    made = run_accept(live)

    assert left_reasons(made) == {}
    assert len(made.accepted) == 6
    assert drift_entries(live) == []
    comments = [line.partition("#")[2] for line in CONFIG.splitlines() if "#" in line]
    assert [c for c in comments if c not in made.edited_files[0].after] == []


def test_an_edit_of_the_yaml_that_waits_is_left_alone(live: World) -> None:
    write_yaml(live, CONFIG.replace("enabled: true", "enabled: true\n    title: New name"))
    live.emulator.ui.path("to-partner", "/out")

    made = run_accept(live)

    assert diff_lines(made) == ["- path: /in           # theirs", "+ path: /out           # theirs"]
    assert [(c.path, c.cause) for i in live.plan().items for c in i.fields if c.cause is not Cause.ALREADY_MATCHES] == [
        ("title", Cause.PENDING)
    ]


def test_an_update_decides_for_what_is_live(live: World) -> None:
    text = CONFIG.replace("enabled: true", "enabled: true\n    title: New name").replace(
        "every: 12 hours", "every: 3 hours"
    )
    write_yaml(live, text.replace("path: aep", "path: elsewhere"))

    made = run_accept(live, DIFFERING_CAUSES, ("exports.to-partner",))

    assert sorted(diff_lines(made)) == sorted(
        [
            "- title: New name",
            "+ title: to-partner",
            '- schedule: {every: 3 hours, at: "06:00"}',
            '+ schedule: {every: 12 hours, at: "06:00"}',
        ]
    )
    assert {str(i.address) for i in live.plan().items if i.verb is Verb.UPDATE} == {
        "exports.orders",
        "exports.returns",
        "exports.sales",
    }


def test_a_conflict_is_decided_for_what_is_live(live: World) -> None:
    write_yaml(live, CONFIG.replace("path: /in ", "path: /new "))
    live.emulator.ui.path("to-partner", "/out")

    made = run_accept(live)

    assert [c.cause for one in made.accepted for c in one.changes] == [Cause.CONFLICT]
    assert diff_lines(made) == ["- path: /new           # theirs", "+ path: /out           # theirs"]


def test_only_targets_are_patched(live: World) -> None:
    live.emulator.ui.disable("orders")
    live.emulator.ui.disable("sales")

    run_accept(live, targets=("exports.sales",))

    assert drift_entries(live) == ["paused exports.orders enabled"]


def test_all_exports_of_a_schedule_that_moved_alike_are_accepted_by_one_edit(live: World) -> None:
    for title in ("orders", "sales"):
        later = live.flow(title)["scheduleParams"]["startTime"] + 2 * HOUR
        live.emulator.ui.schedule(title, {"startTime": later})

    made = run_accept(live)

    assert diff_lines(made) == ["- nightly: {every: 1 day, at: '02:00'}", "+ nightly: {every: 1 day, at: '04:00'}"]
    assert [one.files for one in made.accepted] == [("exports.yaml",), ()]


def test_an_adoption_that_differs_is_made_possible(live: World) -> None:
    ids = live.emulator.ui.create_flow("by hand", ["Returns"], sandbox=SANDBOX, params={"path": "team"})
    account = "by hand account"
    text = CONFIG.replace(
        "datasets:\n  sales:",
        "  team: {type: amazon-s3, bucket: x-y-z, account: {existing: ACCOUNT}}\n\ndatasets:\n  sales:",
    )
    text = text.replace("ACCOUNT", account)
    write_yaml(live, f"{text}  by-hand: {{datasets: [Orders], destination: team, adopt: {ids['id']}}}\n")
    assert [r.safety_check for i in live.plan().items for r in i.refusals] == ["adoption-differs"]

    made = run_accept(live, DIFFERING_CAUSES, ("exports.by-hand",))

    assert left_reasons(made) == {}
    assert not live.plan().is_refused
    assert [str(i.address) for i in live.plan().items if i.verb is Verb.ADOPT] == ["exports.by-hand"]
    apply_config(live)


def test_another_moment_of_a_single_run_that_has_yet_to_come_is_accepted(live: World) -> None:
    once = 'once: {datasets: [Returns], subpath: once, schedule: {every: once, at: "05:00"}, end: 2028-01-01}'
    write_yaml(live, f"{CONFIG}  {once}\n")
    apply_config(live)
    live.emulator.ui.schedule("once", {"startTime": live.flow("once")["scheduleParams"]["startTime"] + HOUR})

    assert diff_lines(run_accept(live)) == [f"- {once}", f"+ {once}".replace("05:00", "06:00")]
    assert drift_entries(live) == []


# -- what no edit accepts ---------------------------------------------------------------------------------------------


LEFT_CASES: dict[str, tuple[Edit, str, str]] = {
    "an interval of no whole number": (
        lambda w: _load_schedule(w, interval=1.5),
        "exports.orders schedule.every",
        'is "1.5 day", which exportctl cannot read; an `accept` entry for `schedule` allows it',
    ),
    "no type of file": (
        lambda w: _load_target_params(w, datasetFileType=""),
        "exports.orders format.type",
        "has no file type, and compression gzip, which no export can have",
    ),
    "who signs in": (
        lambda w: _edit_account(w, "username", "another-user"),
        "destinations.partner auth.username",
        "is sensitive: write what the account holds into the config or the variable yourself",
    ),
}


def _load_schedule(made: World, **changes: object) -> None:
    flow = made.flow("orders")
    made.emulator.ui.load(
        {"flows": [{**flow, "scheduleParams": {**flow["scheduleParams"], **changes}}]}, sandbox=SANDBOX
    )


def _load_target_params(made: World, **changes: object) -> None:
    target = _target(made)
    made.emulator.ui.load(
        {"targetConnections": [{**target, "params": {**target["params"], **changes}}]}, sandbox=SANDBOX
    )


def _target(made: World) -> dict[str, Any]:
    wanted = made.flow("orders")["targetConnectionIds"][0]
    found: dict[str, Any] = next(t for t in made.emulator.snapshot(SANDBOX)["targetConnections"] if t["id"] == wanted)
    return found


def _edit_account(made: World, key: str, value: str) -> None:
    base = next(b for b in made.emulator.snapshot(SANDBOX)["connections"] if "partner" in b["name"])
    auth = {**base["auth"], "params": {**base["auth"]["params"], key: value}}
    made.emulator.ui.load({"connections": [{**base, "auth": auth}]}, sandbox=SANDBOX)


@pytest.mark.parametrize("case", LEFT_CASES)
def test_what_no_edit_accepts_is_left_with_the_reason(case: str, live: World) -> None:
    edit, where, reason = LEFT_CASES[case]
    edit(live)

    made = run_accept(live)

    assert left_reasons(made) == {where: reason}
    assert made.edited_files == ()
    assert drift_entries(live)


@pytest.mark.parametrize(
    ("interval", "unit", "every"), [(1, "hour", "1 hour"), (5, "hour", "5 hours"), ("72", "HOUR", "3 days")]
)
def test_every_whole_number_of_hours_is_accepted(live: World, interval: object, unit: str, every: str) -> None:
    _load_schedule(live, interval=interval, timeUnit=unit)

    made = run_accept(live)

    assert left_reasons(made) == {}
    assert f"every: {every}" in made.edited_files[0].after
    assert drift_entries(live) == []


def test_values_that_nobody_knows_yet_are_accepted(live: World) -> None:
    _load_target_params(live, datasetFileType="AVRO", compression="zstd")

    made = run_accept(live)

    assert left_reasons(made) == {}
    assert "type: avro, compression: zstd" in made.edited_files[0].after
    assert drift_entries(live) == []


def test_another_host_is_accepted_where_it_is_written(live: World) -> None:
    _edit_account(live, "domain", "sftp3.partner.example")

    assert diff_lines(run_accept(live)) == ["- host: sftp.partner.example", "+ host: sftp3.partner.example"]
    assert drift_entries(live) == []


def test_parts_of_a_split_export_that_moved_alone_are_left(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    write_yaml(made, CONFIG.replace("sales: {datasets: [sales],", "sales: {datasets: [sales], split_by: dataset,"))
    apply_config(made)
    made.emulator.ui.end("sales \N{EN DASH} Orders", START + 9 * DAY)
    made.emulator.ui.datasets("sales \N{EN DASH} Order Lines", ["Returns"])

    assert left_reasons(run_accept(made)) == {
        "exports.sales/order-lines datasets": "has one for each part: the export is split by dataset",
        "exports.sales/orders end": "exports.sales/order-lines (end) would change too",
    }


def test_parts_that_moved_alike_are_accepted(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    write_yaml(made, CONFIG.replace("sales: {datasets: [sales],", "sales: {datasets: [sales], split_by: dataset,"))
    apply_config(made)
    for dataset in ("Orders", "Order Lines"):
        made.emulator.ui.disable(f"sales \N{EN DASH} {dataset}")
        made.emulator.ui.rename(f"sales \N{EN DASH} {dataset}", f"Sales! \N{EN DASH} {dataset}")

    patched = run_accept(made)

    assert left_reasons(patched) == {}
    assert drift_entries(made) == []
    assert len(diff_lines(patched)) == 2


def test_a_rule_that_is_broken_live_is_allowed_with_the_reason(live: World) -> None:
    edit_target(live, "orders", datasetFileType="JSON", compression="NONE")

    made = run_accept(live)

    assert [one.allowed_rules for one in made.accepted] == [("json-uncompressed",)]
    assert "rule: json-uncompressed, reason: as found in the sandbox" in made.edited_files[0].after
    assert drift_entries(live) == []


# -- environments and files -------------------------------------------------------------------------------------------


ENVIRONMENTS = CONFIG.replace(", sandbox: demo", "") + (
    """
  only-demo: {datasets: [Returns], subpath: only, environments: [demo]}

environments:
  # What differs.
  demo:
    platform: {sandbox: demo}
    exports:
      orders: {title: Orders here}
  prod: {platform: {sandbox: prod}}
"""
)


@pytest.fixture
def environments(tmp_path: Path) -> World:
    made = world(tmp_path, page_size=100)
    made.emulator.seed(["prod"], {"prod": [SeedDataset(name) for name in DATASETS]})
    write_yaml(made, ENVIRONMENTS)
    _, final_check = made.apply(environment="demo")
    assert final_check.passed
    return made


IN_ONE: dict[str, tuple[Edit, list[str]]] = {
    "what the overlay sets": (
        lambda w: w.emulator.ui.rename("Orders here", "Orders there"),
        ["- orders: {title: Orders here}", "+ orders: {title: Orders there}"],
    ),
    "what the overlay does not set, of an export it names": (
        lambda w: w.emulator.ui.disable("Orders here"),
        ["- orders: {title: Orders here}", "+ orders: {title: Orders here, enabled: false}"],
    ),
    "an export that the overlay does not name": (
        lambda w: w.emulator.ui.disable("to-partner"),
        ["+ to-partner:", "+ enabled: false"],
    ),
    "an export of this environment alone": (
        lambda w: w.emulator.ui.disable("only-demo"),
        [
            "- only-demo: {datasets: [Returns], subpath: only, environments: [demo]}",
            "+ only-demo: {datasets: [Returns], subpath: only, environments: [demo], enabled: false}",
        ],
    ),
    "datasets, as a list of their own": (
        lambda w: w.emulator.ui.datasets("Orders here", ["Orders"]),
        ["- orders: {title: Orders here}", "+ orders: {title: Orders here, datasets: [Orders]}"],
    ),
    "a schedule that all environments share": (
        lambda w: w.emulator.ui.schedule("Returns, all", {"interval": 9}),
        ["+ returns:", "+ schedule: {every: 9 hours}"],
    ),
    "another bucket": (
        lambda w: edit_target(w, "Orders here", bucketName="acme-second"),
        [
            "+ destinations:",
            "+ lake-orders:",
            "+ type: amazon-s3",
            "+ bucket: acme-second",
            "+ path: aep",
            "+ account: {of: lake}",
            "- orders: {title: Orders here}",
            "+ orders: {title: Orders here, destination: lake-orders}",
        ],
    ),
}


@pytest.mark.parametrize("case", IN_ONE)
def test_what_moved_in_one_environment_is_accepted_for_that_one(case: str, environments: World) -> None:
    edit, expected = IN_ONE[case]
    edit(environments)
    other = environments.plan(environment="prod")

    made = run_accept(environments, environment="demo")

    assert left_reasons(made) == {}
    assert sorted(diff_lines(made)) == sorted(expected)
    assert drift_entries(environments, environment="demo") == []
    assert plan_contents(environments.plan(environment="prod")) == plan_contents(other)


def plan_contents(plan: Plan) -> list[object]:
    """What is planned, without the lines of the YAML that moved."""
    return [(i.address, i.verb, [(c.path, c.after) for c in i.fields], i.steps) for i in plan.items]


def test_what_moved_alike_everywhere_is_accepted_for_all(environments: World) -> None:
    _, final_check = environments.apply(environment="prod")
    assert final_check.passed
    environments.emulator.ui.disable("only-demo")

    assert len(diff_lines(run_accept(environments, environment="demo"))) == 2


def test_a_file_that_others_extend_too_is_not_edited(tmp_path: Path) -> None:
    made = world(tmp_path / "acme", page_size=100)
    (tmp_path / "acme").mkdir()
    (tmp_path / ".git").mkdir()  # the checkout holds both
    write_yaml(made, CONFIG.replace("version: 1\n", ""), "../base.yaml")
    write_yaml(made, "version: 1\nextends: [../base.yaml] # all customers\nexports:\n  returns: {title: Ours}\n")
    apply_config(made)
    made.emulator.ui.rename("Ours", "Theirs")
    made.emulator.ui.disable("orders")
    made.emulator.ui.datasets("sales", ["Orders"])

    patched = run_accept(made)

    assert left_reasons(patched) == {}
    assert [one.file for one in patched.edited_files] == ["exports.yaml"]
    assert patched.edited_files[0].after == (
        "version: 1\nextends: [../base.yaml] # all customers\nexports:\n  returns: {title: Theirs}\n"
        "  orders:\n    enabled: false\n  sales:\n    datasets: [Orders]\n"
    )
    assert drift_entries(made) == []


def test_each_file_is_edited_where_the_export_is(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    head, tail = CONFIG.split("  # To others.\n")
    write_yaml(made, head)
    write_yaml(made, f"# mine\nexports:\n{tail}", "exports/partner.yaml")
    apply_config(made)
    made.emulator.ui.disable("to-partner")
    made.emulator.ui.disable("orders")

    patched = run_accept(made)

    assert {one.file: one.after for one in patched.edited_files} == {
        "exports.yaml": head.replace("    subpath: orders\n", "    subpath: orders\n    enabled: false\n"),
        "exports/partner.yaml": f"# mine\nexports:\n{tail}".replace("enabled: true", "enabled: false"),
    }


def test_a_config_in_json_stays_one(tmp_path: Path) -> None:
    made = world(tmp_path, page_size=100)
    apply_config(made, config(exports={"orders": {"datasets": ["Orders", "Returns"], "title": "O"}}))
    made.emulator.ui.rename("O", "${P}")
    made.emulator.ui.datasets("${P}", ["Orders", "App Events"])
    made.emulator.ui.end("${P}", START + DAY)

    (edited,) = run_accept(made).edited_files

    assert json.loads(edited.after)["exports"]["orders"] == {
        "datasets": ["Orders", "App Events"],
        "title": "$${P}",
        "end": "2027-01-16T08:00:00Z",
    }
