"""What a refusal prints is what lifts it: every flag and every edit of every safety check is followed to its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from exportctl.emulator import SeedDataset, Switches
from exportctl.model.hold import FREEZE, NEAR_RUN
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan_options import PlanOptions
from exportctl.rules.safety_check_texts import SAFETY_CHECKS
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    dataset,
    objects,
    orders,
    orders_and_other,
    other_only,
    source,
    target,
)
from tests.workflows.test_scenarios_changes import set_account_key
from tests.workflows.test_scenarios_owners import (
    adopting_config,
    create_flow_by_hand,
    duplicate_orders,
    load_objects,
    share_connections,
)
from tests.workflows.world import DESTINATIONS, SANDBOX, START, World, world

Content = dict[str, Any]
Follow = Callable[[World, Content], PlanOptions]
ORDERS = "exports.orders"
NO_FLAGS = PlanOptions()


@dataclass(frozen=True)
class Situation:
    """
    How a refusal comes about: `plant` writes the config, and returns it.

    `edits` are what the hint says in prose: words of it, and how a person does that.
    """

    plant: Callable[[World], Content]
    edits: Mapping[str, Follow]
    address: str = ORDERS


# -- what a hint prints -----------------------------------------------------------------------------------------------

FLAGS: Mapping[str, Callable[[str], PlanOptions]] = {
    "resume": lambda value: PlanOptions(resume=(value,)),
    "allow-replace": lambda value: PlanOptions(allow_replace=(value,)),
    "allow-recreate": lambda value: PlanOptions(allow_recreate=(value,)),
    "allow-deletes": lambda value: PlanOptions(allow_deletes=int(value)),
}
_FLAG = re.compile(rf"--({'|'.join(FLAGS)}) ([\w./-]+)")
_KEY = re.compile(r"`(adopt|keep|allow_replace|enabled): ([^`]+)`")
_REMOVED = re.compile(r"`(removed: \[[^`]*\])`")
_MOVE = re.compile(r"`(move_from: \[[^`]*\])`")
_RELEASE = re.compile(r"write `do: release`")
_DATASETS = re.compile(r"(\[\{id: \w+\}\])")


def write(made: World, content: Content) -> PlanOptions:
    made.write(content)
    return NO_FLAGS


def use_flag(flag: str, value: str) -> Follow:
    return lambda made, content: FLAGS[flag](value)


def set_key(key: str, value: object) -> Follow:
    """An edit of the export."""

    def follow(made: World, content: Content) -> PlanOptions:
        changed = deepcopy(content)
        changed["exports"]["orders"][key] = value
        return write(made, changed)

    return follow


def add_removed(entries: list[dict[str, str]]) -> Follow:
    """An entry under `removed`; what it names is no longer declared."""

    def follow(made: World, content: Content) -> PlanOptions:
        changed = {**deepcopy(content), "removed": entries}
        for one in entries:
            changed["exports"].pop(one["export"], None)
        return write(made, changed)

    return follow


def add_section(section: Content) -> Follow:
    return lambda made, content: write(made, {**content, **section})


def printed_ways(hint: str, address: str) -> dict[str, Follow]:
    """The flags and the edits that a hint has in full: by what is printed, how to follow it."""
    name = address.partition(".")[2]
    ways: dict[str, Follow] = {}
    for flag, value in _FLAG.findall(hint):
        ways[f"--{flag} {value}"] = use_flag(flag, value)
    for key, value in _KEY.findall(hint):
        ways[f"{key}: {value}"] = set_key(key, yaml.safe_load(value))
    for snippet in _REMOVED.findall(hint) if "in that project" not in hint else ():
        ways[snippet] = add_removed(yaml.safe_load(snippet)["removed"])
    for snippet in _MOVE.findall(hint):
        ways[snippet] = add_section(yaml.safe_load(snippet))
    for value in _DATASETS.findall(hint):
        ways[f"datasets: {value}"] = set_key("datasets", yaml.safe_load(value))
    if _RELEASE.search(hint):
        ways["do: release"] = add_removed([{"export": name, "do": "release", "reason": "hint"}])
    return ways


# -- how each refusal comes about -------------------------------------------------------------------------------------


def applied(made: World, content: Content) -> Content:
    apply_config(made, content)
    return content


def written(made: World, content: Content) -> Content:
    made.write(content)
    return content


def plant_deletion(made: World) -> Content:
    apply_config(made, orders_and_other())
    return written(made, other_only())


def plant_delete_all(made: World) -> Content:
    apply_config(made, orders())
    return written(made, {**orders(), "exports": {"new": {"datasets": ["Returns"], "subpath": "new"}}})


def plant_protect(made: World) -> Content:
    apply_config(made, orders(datasets=["Orders", "Returns"], protect=True))
    return written(made, orders(datasets=["Orders"], protect=True))


def plant_replacement(made: World) -> Content:
    apply_config(made, orders())
    return written(made, orders(destination="landing"))


def plant_paused(made: World) -> Content:
    apply_config(made, orders())
    made.emulator.ui.disable("orders")
    return written(made, orders(destination="landing", allow_replace=made.flow("orders")["id"]))


def plant_datasets_conflict(made: World) -> Content:
    apply_config(made, orders(datasets=["Orders", "Returns"]))
    made.emulator.ui.datasets("orders", ["Orders"])
    return written(made, orders(datasets=["Orders", "Returns", "Loyalty Profiles"]))


def plant_late_start(made: World) -> Content:
    end = int(made.emulator.now) // DAY * DAY + 3 * DAY
    fixed = {"end": _moment(end)}
    apply_config(made, orders(**fixed))
    made.emulator.set_time(end + DAY)
    return written(made, orders(**fixed, schedule={"every": "6 hours", "at": "01:00"}))


def _moment(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plant_recreation(made: World) -> Content:
    apply_config(made, orders())
    made.emulator.ui.delete("orders")
    made.emulator.advance(DAY + 1)
    return orders()


def plant_duplicates(made: World) -> Content:
    apply_config(made, orders_and_other())
    duplicate_orders(made)
    return written(made, orders_and_other())


def plant_look_alike(made: World) -> Content:
    content = adopting_config(create_flow_by_hand(made)["id"])
    del content["exports"]["orders"]["adopt"]
    return written(made, content)


def plant_adoption_differs(made: World) -> Content:
    return written(made, adopting_config(create_flow_by_hand(made)["id"], subpath="new"))


def plant_renamed_project(made: World) -> Content:
    apply_config(made, {**orders(), "project": "theirs"})
    return written(made, orders())


def move_from(made: World, project: str) -> Content:
    entry = {"project": project, "export": "orders", "flow": made.flow("orders")["id"], "reason": "handed over"}
    return {"move_from": [entry]}


def plant_moved(made: World) -> Content:
    apply_config(made, orders())
    apply_config(made, {**orders(), "project": "theirs", **move_from(made, "acme")})
    return written(made, orders())


def plant_move_to_other_account(made: World) -> Content:
    apply_config(made, {**orders_and_other(), "project": "theirs"})
    return written(made, {**orders(), **move_from(made, "theirs")})


def plant_other_project(made: World) -> Content:
    apply_config(made, {**orders_and_other(), "project": "theirs"})
    mine = orders(adopt=made.flow("orders")["id"])
    there = {key: value for key, value in DESTINATIONS["s3-role"].items() if key != "auth"}
    account = {"existing": "s3-role (theirs)"}
    mine["destinations"] = {**DESTINATIONS, "s3-role": {**there, "account": account}}
    return written(made, mine)


def plant_marker_lost(made: World) -> Content:
    apply_config(made, orders_and_other())
    made.emulator.ui.describe("orders", "")
    return written(made, other_only(policy={"max_deletes": 1}))


def plant_shared_children(made: World) -> Content:
    apply_config(made, orders())
    share_connections(made, "targetConnectionIds")
    return written(made, orders(subpath="new"))


def plant_not_expressible(made: World) -> Content:
    apply_config(made, orders_and_other())
    load_objects(made, "sourceConnections", {**source(made), "params": {"datasets": []}})
    return written(made, orders_and_other(title="New"))


def plant_dataset_renamed(made: World) -> Content:
    apply_config(made, orders())
    before = dataset(made, "Orders")
    made.emulator.seed([SANDBOX], {SANDBOX: [SeedDataset("Orders of old", before), SeedDataset("Orders")]})
    return orders()


def plant_auth_keys_lost(made: World) -> Content:
    apply_config(made, orders())
    set_account_key(made, s3Region="eu-west-1")
    content = orders()
    auth = {**DESTINATIONS["s3-role"]["auth"], "secret_version": "2"}
    content["destinations"] = {**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], "auth": auth}}
    return written(made, content)


def plant_accepted_undone(made: World) -> Content:
    apply_config(made, orders(destination="sftp-password"))
    (base,) = objects(made, "connections")
    auth = {**base["auth"], "params": {**base["auth"]["params"], "domain": "sftp.spare.example"}}
    made.emulator.ui.load({"connections": [{**base, "auth": auth}]}, sandbox=SANDBOX)
    declared = DESTINATIONS["sftp-password"]
    content = orders(destination="sftp-password")
    again = {**declared, "auth": {**declared["auth"], "secret_version": 2}}
    content["destinations"] = {**DESTINATIONS, "sftp-password": again}
    entry = {"address": "destinations.sftp-password", "field": "host", "reason": "x", "owner": "x"}
    content["accept"] = [{**entry, "until": "2030-01-01"}]
    return written(made, content)


# -- what a hint says in prose ----------------------------------------------------------------------------------------


def unprotect(made: World, content: Content) -> PlanOptions:
    apply_config(made, orders(datasets=["Orders", "Returns"], protect=False))
    return write(made, orders(datasets=["Orders"], protect=False))


def release_elsewhere(made: World, content: Content) -> PlanOptions:
    entry = {"export": "orders", "do": "release", "reason": "handed over"}
    apply_config(made, {**other_only(), "project": "theirs", "removed": [entry]})
    return write(made, content)


def undeclare_orders(made: World, content: Content) -> PlanOptions:
    return write(made, {**content, "exports": {"other": {"datasets": ["Returns"], "subpath": "other"}}})


def declare_under_new_key(made: World, content: Content) -> PlanOptions:
    return write(made, {**content, "exports": {"orders-2": {"datasets": ["Orders"], "subpath": "second"}}})


def use_account_of_the_flow(made: World, content: Content) -> PlanOptions:
    there = {key: value for key, value in DESTINATIONS["s3-role"].items() if key != "auth"}
    account = {"id": target(made)["baseConnectionId"]}
    return write(made, {**content, "destinations": {**DESTINATIONS, "s3-role": {**there, "account": account}}})


def second_flow(made: World, content: Content) -> PlanOptions:
    other = {**content["exports"]["orders"], "subpath": "second", "title": "A second one"}
    return write(made, {**content, "exports": {"orders": other}})


def declare_again(made: World, content: Content) -> PlanOptions:
    apply_config(made, orders_and_other())
    return write(made, content)


def delete_by_hand(made: World, content: Content) -> PlanOptions:
    made.emulator.ui.delete("orders")
    made.emulator.advance(100)
    return NO_FLAGS


def own_target(made: World, content: Content) -> PlanOptions:
    shared = target(made)
    copied = {**shared, "id": f"{shared['id'][:-4]}beef", "description": ""}
    load_objects(made, "targetConnections", copied)
    load_objects(made, "flows", {**made.flow("Mine"), "targetConnectionIds": [copied["id"]]})
    return NO_FLAGS


def dataset_again(made: World, content: Content) -> PlanOptions:
    entry = {"dataSetId": dataset(made, "Orders"), "name": "Orders"}
    load_objects(made, "sourceConnections", {**source(made), "params": {"datasets": [entry]}})
    return NO_FLAGS


COMMIT_TIME = "EXPORTCTL_COMMIT_TIME"


def plant_older_config(made: World) -> Content:
    """The config of the day before is planned after that of today was applied."""
    made.env = {**made.env, COMMIT_TIME: str(START - DAY)}
    apply_config(made, orders(title="All orders"))
    made.env = {**made.env, COMMIT_TIME: str(START - 2 * DAY)}
    return written(made, orders())


def apply_newer_commit(made: World, content: Content) -> PlanOptions:
    made.env = {**made.env, COMMIT_TIME: str(START - DAY)}
    return write(made, orders(title="All orders"))


def plant_cut_description(made: World) -> Content:
    """The service cut the marker off behind a long text."""
    made.emulator.switches = Switches(description_length=256)
    content = {**orders(description="Who may read this, and whom to ask. " * 7)}
    made.write(content)
    made.apply()
    made.emulator.advance(61)
    return content


def destination_edit(name: str, **changes: Any) -> Follow:
    def follow(made: World, content: Content) -> PlanOptions:
        changed = deepcopy(content)
        changed["destinations"][name] |= changes
        return write(made, changed)

    return follow


def drop_key(made: World, content: Content) -> PlanOptions:
    changed = deepcopy(content)
    changed["destinations"]["s3-role"]["auth"]["drop"] = ["s3Region"]
    return write(made, changed)


def without(key: str) -> Follow:
    return lambda made, content: write(made, {k: v for k, v in content.items() if k != key})


SITUATIONS: Mapping[str, Situation] = {
    "older-config": Situation(
        plant_older_config,
        {
            "apply the newer commit": apply_newer_commit,
            "use --allow-older to go back to this one": lambda made, content: PlanOptions(allow_older=True),
        },
    ),
    "deletion": Situation(plant_deletion, {}),
    "delete-all": Situation(plant_delete_all, {}),
    "protect": Situation(plant_protect, {"`protect: false`": unprotect}),
    "replacement": Situation(plant_replacement, {}),
    "paused": Situation(plant_paused, {}),
    "datasets-conflict": Situation(
        plant_datasets_conflict, {"write the datasets of the flow into the YAML": set_key("datasets", ["Orders"])}
    ),
    "starts-after-end": Situation(
        plant_late_start,
        {
            "write a later `end`": set_key("end", "2029-01-01"),
            "keep its schedule": set_key("schedule", {"every": "1 day", "at": "02:00"}),
        },
    ),
    "re-creation": Situation(plant_recreation, {}),
    "duplicates": Situation(plant_duplicates, {}),
    "look-alike": Situation(plant_look_alike, {"another location and another `title`": second_flow}),
    "exported-by-other-project": Situation(
        plant_renamed_project, {"change the datasets or the location": set_key("subpath", "second")}
    ),
    "moved": Situation(plant_moved, {"remove exports.orders": undeclare_orders, "another key": declare_under_new_key}),
    "move-differs": Situation(plant_move_to_other_account, {"`account: {id:": use_account_of_the_flow}),
    "adoption-differs": Situation(
        plant_adoption_differs, {"write the values of the flow into the YAML": set_key("subpath", "")}
    ),
    "other-project": Situation(plant_other_project, {"release it in that project first": release_elsewhere}),
    "marker-lost": Situation(
        plant_marker_lost,
        {
            "declare the export and apply once": declare_again,
            "`do: release`": add_removed([{"export": "orders", "do": "release", "reason": "hint"}]),
            "delete the flow in the UI": delete_by_hand,
        },
    ),
    "description-cut": Situation(
        plant_cut_description, {"write a `description` of at most": set_key("description", "Whom to ask")}
    ),
    "shared-children": Situation(
        plant_shared_children,
        {
            "write the values of the shared target into the YAML": lambda made, content: write(made, orders()),
            "give one flow its own target": own_target,
        },
    ),
    "not-expressible": Situation(plant_not_expressible, {"fix it in the UI": dataset_again}),
    "dataset-renamed": Situation(plant_dataset_renamed, {}),
    "auth-keys-lost": Situation(plant_auth_keys_lost, {"`drop: [s3Region]`": drop_key}, "destinations.s3-role"),
    "accepted-undone": Situation(
        plant_accepted_undone,
        {
            "write the live value": destination_edit("sftp-password", host="sftp.spare.example"),
            "remove the `accept` entry": without("accept"),
        },
        "destinations.sftp-password",
    ),
}
UNCHANGED = {  # nothing is left to write
    "apply the newer commit",
    "keep its schedule",
    "write the values of the shared target into the YAML",
}


def refused(made: World, name: str, flags: PlanOptions = NO_FLAGS) -> list[str]:
    """The hints of this safety check at the address of its situation."""
    items = [i for i in made.plan(flags).items if str(i.address) == SITUATIONS[name].address]
    return [r.allow for i in items for r in i.refusals if r.safety_check == name]


def test_every_safety_check_has_a_situation() -> None:
    by_moment = {FREEZE, NEAR_RUN}  # tests/cli/test_holds_cli.py follows what they print
    assert set(SITUATIONS) == {check.name for check in SAFETY_CHECKS} - by_moment


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_way_out_that_a_refusal_prints_works(tmp_path: Path, name: str) -> None:
    (tmp_path / "planted").mkdir()
    planted = world(tmp_path / "planted")
    content = SITUATIONS[name].plant(planted)
    ways = _ways(planted, name)
    assert ways

    for number, (words, follow) in enumerate(ways):
        made = planted.copy(tmp_path / str(number))
        flags = follow(made, deepcopy(content))
        assert refused(made, name, flags) == [], words
        before = made.emulator.snapshot(SANDBOX)
        is_pinned = words == f"datasets: [{{id: {_live_dataset(made)}}}]"
        outcomes, final_check = made.apply(flags)
        failed = [o.message for o in outcomes if o.status not in (OutcomeStatus.DONE, OutcomeStatus.DEFERRED)]
        assert (failed, final_check.passed) == ([], True), words
        assert (made.emulator.snapshot(SANDBOX) == before) is (is_pinned or words in UNCHANGED), words


def _ways(made: World, name: str) -> list[tuple[str, Follow]]:
    """Everything that the refusal of this world prints."""
    (hint, *_) = refused(made, name)
    edits = SITUATIONS[name].edits
    assert [words for words in edits if words not in hint] == []
    return [*printed_ways(hint, SITUATIONS[name].address).items(), *edits.items()]


def _live_dataset(made: World) -> str:
    """The id that the first source connection has: to pin it changes nothing."""
    sources = objects(made, "sourceConnections")
    return sources[0]["params"]["datasets"][0]["dataSetId"] if sources else ""
