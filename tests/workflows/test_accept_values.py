"""What is written for a live value: as it is, once, with what stood beside it, or not at all and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from exportctl.accept.changes import DIFFERING_CAUSES
from exportctl.emulator import SeedDataset, Switches
from exportctl.model.plan import Verb
from tests.workflows.accept_runs import (
    CONFIG,
    diff_lines,
    drift_entries,
    edit_target,
    left_reasons,
    run_accept,
    write_yaml,
)
from tests.workflows.orders_sandbox import HOUR, apply_config, source
from tests.workflows.world import SANDBOX, World, world

TIME = "%DATASET_ID%/%EXPORT_TIME%"
SALES = "sales: {datasets: [sales], subpath: sales}"


def applied_world(
    folder: Path, text: str = CONFIG, more: tuple[str, ...] = (), switches: Switches | None = None
) -> World:
    made = world(folder, switches, page_size=100)
    if more:
        made.emulator.seed([SANDBOX], {SANDBOX: [SeedDataset(name) for name in more]})
    write_yaml(made, text)
    apply_config(made)
    return made


def move_start(made: World, title: str, hours: int = 1) -> None:
    start = made.flow(title)["scheduleParams"]["startTime"]
    made.emulator.ui.schedule(title, {"startTime": start + hours * HOUR})


@pytest.mark.parametrize(
    ("datasets", "after"),
    [
        (["Orders"], ["Orders"]),
        (["Order Lines"], ["Order Lines"]),
        (["Orders", "Order Lines", "Returns"], ["sales", "Orders", "Returns"]),
    ],
    ids=["of the group, and by name", "of the group alone", "one more"],
)
def test_a_dataset_in_two_items_of_a_list_stays_in_one(datasets: list[str], after: list[str], tmp_path: Path) -> None:
    made = applied_world(tmp_path, CONFIG.replace(SALES, SALES.replace("[sales]", "[sales, Orders]")))
    made.emulator.ui.datasets("sales", datasets)

    patched = run_accept(made)

    assert diff_lines(patched)[-1] == f"+ {SALES.replace('[sales]', '[' + ', '.join(after) + ']')}"
    assert drift_entries(made) == []


def test_a_text_that_no_file_can_hold_is_left(tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    made.emulator.ui.rename("orders", "half \ud800")

    assert left_reasons(run_accept(made)) == {
        "exports.orders title": "contains half a character, which no file can contain"
    }


def test_the_parts_of_an_export_are_renamed_whatever_their_datasets_are_called(tmp_path: Path) -> None:
    text = CONFIG.replace("sales: [Orders, Order Lines]", "sales: [Orders, A \N{EN DASH} B]")
    made = applied_world(
        tmp_path, text.replace("{datasets: [sales],", "{datasets: [sales], split_by: dataset,"), ("A \N{EN DASH} B",)
    )
    for dataset in ("Orders", "A \N{EN DASH} B"):
        made.emulator.ui.rename(f"sales \N{EN DASH} {dataset}", f"All of them \N{EN DASH} {dataset}")

    patched = run_accept(made)

    assert left_reasons(patched) == {}
    assert diff_lines(patched)[-1] == (
        "+ sales: {datasets: [sales], split_by: dataset, subpath: sales, title: All of them}"
    )


def test_a_start_that_was_written_stays(tmp_path: Path) -> None:
    text = CONFIG.replace("{every: 1 day, at: '02:00'}", "{every: 1 day, at: '02:00', start: 2027-03-01}")
    made = applied_world(tmp_path, text)
    move_start(made, "orders")

    assert diff_lines(run_accept(made)) == ['+ schedule: {every: 1 day, at: "03:00", start: "2027-03-01"}']


def test_no_named_schedule_takes_a_start_away(tmp_path: Path) -> None:
    text = CONFIG.replace("{every: 1 day, at: '02:00'}", "{every: 1 day, at: '02:00', start: 2027-03-01}")
    made = applied_world(tmp_path, text.replace("  often:", "  at-three: {every: 1 day, at: '03:00'}\n  often:"))
    move_start(made, "orders")

    assert diff_lines(run_accept(made)) == ['+ schedule: {every: 1 day, at: "03:00", start: "2027-03-01"}']


# -- accounts ---------------------------------------------------------------------------------------------------------


def edit_account(made: World, **params: object) -> None:
    base = next(b for b in made.emulator.snapshot(SANDBOX)["connections"] if "partner" in b["name"])
    auth = {**base["auth"], "params": {**base["auth"]["params"], **params}}
    made.emulator.ui.load({"connections": [{**base, "auth": auth}]}, sandbox=SANDBOX)


@pytest.mark.parametrize(("before", "after"), [("", ["+ port: 2022"]), ("22", ["- port: 22", "+ port: 2022"])])
def test_a_port_is_a_number(before: str, after: list[str], tmp_path: Path) -> None:
    host = "    host: sftp.partner.example\n"
    made = applied_world(tmp_path, CONFIG.replace(host, f"{host}    port: {before}\n" if before else host))
    edit_account(made, port=2022)

    assert diff_lines(run_accept(made)) == after
    assert drift_entries(made) == []


def test_what_keeps_an_account_from_being_accepted_is_named(tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    edit_account(made, domain="sftp9.partner.example", username="another-user")

    (reason,) = left_reasons(run_accept(made)).values()

    assert reason.startswith("auth.username is sensitive: ")


@pytest.mark.parametrize("targets", [("exports.to-partner",), ("exports.orders",)], ids=["on it", "not on it"])
def test_a_target_takes_its_account_along_as_drift_does(targets: tuple[str, ...], tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    edit_account(made, domain="sftp9.partner.example")

    assert bool(diff_lines(run_accept(made, targets=targets))) == (targets == ("exports.to-partner",))


def test_an_update_of_an_export_leaves_its_account_alone(tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    edit_account(made, domain="sftp9.partner.example")

    assert run_accept(made, DIFFERING_CAUSES, ("exports.to-partner",), accounts=False).edited_files == ()


# -- destinations -----------------------------------------------------------------------------------------------------


def test_a_new_destination_is_read_as_the_former_one(tmp_path: Path) -> None:
    made = applied_world(tmp_path, CONFIG.replace("path: aep, auth:", "path: aep, reader: none, auth:"))
    made.emulator.ui.path("orders", "other/orders")

    assert "+ reader: none" in diff_lines(run_accept(made))


def _add_second_account(text: str) -> str:
    return text.replace("subpath: orders\n", "subpath: orders\n    destination: second\n").replace(
        "  partner:\n",
        '  second: {type: amazon-s3, bucket: acme-two, path: x, auth: {role_arn: "${env:S3_ROLE}"}}\n  partner:\n',
        1,
    )


@pytest.mark.parametrize("change", [_add_second_account], ids=["another account"])
def test_what_needs_another_flow_is_said_to(change: Callable[[str], str], tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    write_yaml(made, change(CONFIG))

    reasons = left_reasons(run_accept(made, DIFFERING_CAUSES, ("exports.orders",), accounts=False))

    assert reasons["exports.orders replacement"] == "no edit of a value does: the YAML needs another flow"


def test_a_pause_is_accepted_while_a_replacement_waits(tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    write_yaml(made, _add_second_account(CONFIG))
    made.emulator.ui.disable("orders")

    patched = run_accept(made)

    assert diff_lines(patched) == ["+ enabled: false"]
    assert drift_entries(made) == []
    assert [r.safety_check for i in made.plan().items for r in i.refusals] == ["replacement"]


def create_flow_by_hand(made: World, adopted: str, **params: str) -> str:
    """A flow made in the UI on an account of its own; the config adopts it as `adopted` says. Returns its id."""
    ids = made.emulator.ui.create_flow("by hand", ["Returns"], sandbox=SANDBOX, params=params)
    write_yaml(made, f"{CONFIG}  by-hand: {{datasets: [Returns], title: by hand, adopt: {ids['id']}, {adopted}}}\n")
    return str(ids["id"])


def test_a_flow_on_another_account_is_adopted_with_that_account(tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    create_flow_by_hand(made, "subpath: team", path="other/team")

    patched = run_accept(made, DIFFERING_CAUSES, ("exports.by-hand",), accounts=False)

    assert "+ account: {existing: by hand account}" in diff_lines(patched)
    assert [(str(i.address), i.verb) for i in made.plan().items if i.verb is Verb.ADOPT] == [
        ("exports.by-hand", Verb.ADOPT)
    ]
    assert not made.plan().is_refused


# -- what is not what is read of it -----------------------------------------------------------------------------------


def edit_flow(made: World, schedule: dict[str, object] | None = None, **changes: object) -> None:
    flow = made.flow("orders")
    timing = {**flow["scheduleParams"], **(schedule or {})}
    made.emulator.ui.load({"flows": [{**flow, "scheduleParams": timing, **changes}]}, sandbox=SANDBOX)


def edit_source(made: World, *entries: object) -> None:
    shown = source(made)
    params = {**shown["params"], "datasets": [shown["params"]["datasets"][0], *entries]}
    made.emulator.ui.load({"sourceConnections": [{**shown, "params": params}]}, sandbox=SANDBOX)


UNREAD: dict[str, tuple[Callable[[World], None], str, str]] = {
    "an end in milliseconds": (
        lambda w: edit_flow(w, {"endTime": 1_900_000_000_000}),
        "end",
        'is "1900000000000", which exportctl cannot read; an `accept` entry for `end` allows it',
    ),
    "an end that is no number": (
        lambda w: edit_flow(w, {"endTime": 1.5e9}),
        "end",
        'is "1500000000.0", which exportctl cannot read; an `accept` entry for `end` allows it',
    ),
    "a path that is no text": (lambda w: edit_target(w, "orders", path=7), "path", "has a path that is not text"),
    "no type of file": (
        lambda w: edit_target(w, "orders", datasetFileType=None),
        "format.type",
        "has no file type, and compression gzip, which no export can have",
    ),
    "no compression": (
        lambda w: edit_target(w, "orders", compression=None),
        "format.compression",
        "is parquet without a compression, which no export can have",
    ),
    "everything again and again": (
        lambda w: edit_flow(w, {"exportMode": "DAILY_FULL_EXPORT", "timeUnit": "hour", "interval": 6}),
        "schedule.every",
        "has exportMode DAILY_FULL_EXPORT, which does not fit the schedule",
    ),
    "once, of what is new": (
        lambda w: edit_flow(w, {"interval": 0}),
        "schedule.every",
        "has exportMode FIRST_FULL_THEN_INCREMENTAL, which does not fit the schedule",
    ),
    "a dataset without its id": (
        lambda w: edit_source(w, {"name": "Orders"}),
        "datasets",
        "names a dataset twice, or one without its id",
    ),
    "two folders": (
        lambda w: edit_flow(w, {"foldernameTemplate": f"a/{TIME}", "folderNameTemplate": f"b/{TIME}"}),
        "folder",
        "is on the flow twice, and which one counts is not published",
    ),
}


@pytest.mark.parametrize("case", UNREAD)
def test_what_is_not_what_is_read_of_it_is_left(case: str, tmp_path: Path) -> None:
    edit, path, reason = UNREAD[case]
    made = applied_world(tmp_path, switches=Switches(template_key="as-sent"))
    edit(made)

    patched = run_accept(made)

    assert left_reasons(patched) == {f"exports.orders {path}": reason}
    assert patched.edited_files == ()


def test_a_state_in_between_is_no_difference_to_accept_and_the_plan_names_it(tmp_path: Path) -> None:
    made = applied_world(tmp_path)
    edit_flow(made, state="disabling")

    patched = run_accept(made)

    assert (left_reasons(patched), patched.edited_files) == ({}, ())
    found = [f.message for item in made.plan().items for f in item.findings if f.rule == "flow-state"]
    assert len(found) == 1
    assert '"disabling"' in found[0]


def test_a_description_that_ends_like_a_line_of_ours_is_accepted_and_read_back(tmp_path: Path) -> None:
    made = applied_world(tmp_path, CONFIG.replace("repository: https://github.com/acme/exports\n", ""))
    edit_flow(made, description=f"{made.flow('orders')['description']}\nManaged in Git: by hand")

    patched = run_accept(made)

    assert left_reasons(patched) == {}
    assert "Managed in Git: by hand" in patched.edited_files[0].after
