"""What a finding of the planner prints ends it: every way out of every finding is followed to its end."""

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
from exportctl.errors import ConfigError, Finding, NewerMarker
from exportctl.model.plan_options import PlanOptions
from exportctl.rules.external_findings import PLAN_RULES
from tests.hint_words import SAYS, Outside, unexplained
from tests.workflows.orders_sandbox import (
    DAY,
    apply_config,
    dataset,
    objects,
    orders,
    orders_and_other,
    other_only,
    source,
)
from tests.workflows.test_followed_hints import (
    FLAGS,
    NO_FLAGS,
    plant_duplicates,
    plant_moved,
    set_key,
    write,
)
from tests.workflows.test_scenarios_changes import create_flow_by_hand, existing_account_config, seed_datasets
from tests.workflows.test_scenarios_owners import (
    config_with_account,
    config_without_account,
    duplicate_orders,
    load_objects,
)
from tests.workflows.test_spec_offers import KEY, zone_world
from tests.workflows.test_unknown_ends import show_end
from tests.workflows.test_unknown_schedules import load as show_schedule
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config, world

Content = dict[str, Any]
Follow = Callable[[World, Content, str], PlanOptions]
Ways = Mapping[str, Follow | Outside | tuple[str, ...]]
RENEW = PlanOptions(renew_only=True)
DATED = {"end": "2028-06-01T00:00:00Z", "schedule": {"every": "1 day", "at": "00:00"}}
REMOVAL = "removed: [{export: orders, do: delete, reason: …}]"
SHORT = {"rolling": "20 days", "renew_before": "5 days"}


@dataclass(frozen=True)
class Situation:
    """How a finding comes about, at `address`; `ways` are the words of its hint, and how to follow them."""

    plant: Callable[[World], Content]
    ways: Ways
    address: str = "exports.orders"
    made: Callable[[Path], World] = world
    plan: PlanOptions = NO_FLAGS


# -- how to follow ----------------------------------------------------------------------------------------------------


def key(name: str, value: object) -> Follow:
    """An edit of the export."""
    return lambda made, content, hint: set_key(name, value)(made, content)


def printed_flag(made: World, content: Content, hint: str) -> PlanOptions:
    """The flag of the hint with its printed address."""
    flag, address = re.findall(r"--(resume|allow-recreate) ([\w./-]+)", hint)[0]
    return FLAGS[flag](address)


def printed_edit(made: World, content: Content, hint: str) -> PlanOptions:
    """The first `key: value` in backticks, written into the export, as its quoting is."""
    (snippet,) = re.findall(r"`((?:adopt|keep|renamed_from): [^`]+)`", hint)[:1]
    ((name, value),) = yaml.safe_load(snippet).items()
    return set_key(name, value)(made, content)


def printed_account(number: int) -> Follow:
    def follow(made: World, content: Content, hint: str) -> PlanOptions:
        snippet = re.findall(r"`(account: \{[^`]+\})`", hint)[number]
        return write(made, existing_account_config(yaml.safe_load(snippet)["account"]))

    return follow


def printed_removal(made: World, content: Content, hint: str) -> PlanOptions:
    """The printed entry of `removed`; what it names is no longer declared."""
    (snippet,) = re.findall(r"`(removed: [^`]*)`", hint)
    entries = yaml.safe_load(snippet)["removed"]
    changed = {**deepcopy(content), "removed": entries}
    for one in entries:
        changed["exports"].pop(one.get("export"), None)
    return write(made, changed)


def apply_it(made: World, content: Content, hint: str) -> PlanOptions:
    return NO_FLAGS


def renew(made: World, content: Content, hint: str) -> PlanOptions:
    return RENEW


def rewrite(changed: Content) -> Follow:
    return lambda made, content, hint: write(made, changed)


def accept(field: str) -> Follow:
    entry = {"address": "exports.orders", "field": field, "reason": "agreed", "owner": "team", "until": "2029-01-01"}
    return lambda made, content, hint: write(made, {**content, "accept": [entry]})


def by_hand(edit: Callable[[World], object]) -> Follow:
    def follow(made: World, content: Content, hint: str) -> PlanOptions:
        edit(made)
        return NO_FLAGS

    return follow


# -- how each finding comes about -------------------------------------------------------------------------------------


def written(content: Content) -> Callable[[World], Content]:
    def plant(made: World) -> Content:
        made.write(content)
        return content

    return plant


def after(content: Content, edit: Callable[[World], object]) -> Callable[[World], Content]:
    """The config is applied, then somebody edits the sandbox."""

    def plant(made: World) -> Content:
        apply_config(made, content)
        edit(made)
        return content

    return plant


def plant_two_names(made: World) -> Content:
    seed_datasets(made, SeedDataset("Twice"), SeedDataset("Twice"))
    return written(orders(datasets=["Twice"]))(made)


def plant_account(*titles: str, account: Content) -> Callable[[World], Content]:
    def plant(made: World) -> Content:
        for title in titles:
            create_flow_by_hand(made, title)
        return written(existing_account_config(account))(made)

    return plant


def delete_orders(made: World, seconds: int = 100) -> None:
    made.emulator.ui.delete("orders")
    made.emulator.advance(seconds)


def break_source(made: World) -> None:
    load_objects(made, "sourceConnections", {**source(made), "params": {"datasets": []}})


def fix_source(made: World) -> None:
    entry = {"dataSetId": dataset(made, "Orders"), "name": "Orders"}
    load_objects(made, "sourceConnections", {**source(made), "params": {"datasets": [entry]}})


def damage_marker(made: World) -> None:
    text = made.flow("orders")["description"]
    made.emulator.ui.describe("orders", f"{text[:-1]}x]")


def hide_dataset(made: World) -> None:
    seed_datasets(made, SeedDataset("Orders", dataset(made, "Orders"), eligible=False))


def rename_dataset(made: World) -> None:
    seed_datasets(made, SeedDataset("All orders", dataset(made, "Orders")))


def plant_orphans(made: World) -> Content:
    apply_config(made, orders_and_other())
    delete_orders(made, 2 * DAY)
    return written(other_only())(made)


def plant_rename(made: World) -> Content:
    apply_config(made, orders_and_other())
    daily = {"datasets": ["Orders"]}
    return written(config(exports={"daily": daily, "other": other_only()["exports"]["other"]}))(made)


def rename_daily(made: World, content: Content, hint: str) -> PlanOptions:
    (former,) = re.findall(r"renamed_from: ([\w-]+)", hint)
    daily = {"datasets": ["Orders"], "renamed_from": former}
    return write(made, config(exports={**content["exports"], "daily": daily}))


def plant_account_in_use(made: World) -> Content:
    apply_config(made, config_with_account())
    base = next(c["id"] for c in objects(made, "connections") if c["connectionSpec"]["id"].startswith("4fce"))
    made.emulator.ui.create_flow("Theirs", ["Orders"], sandbox=SANDBOX, base=base)
    entries = [{"export": "orders", "do": "delete", "reason": "x"}]
    content = config_without_account(removed=entries)
    made.write(content)
    made.apply()
    return content


def delete_users(made: World, content: Content, hint: str) -> PlanOptions:
    """Another flow used the account: what it leaves behind goes too."""
    made.emulator.ui.delete("Theirs")
    made.emulator.advance(100)
    for collection in ("sourceConnections", "targetConnections"):
        for doc in objects(made, collection):
            if not doc.get("description"):
                made.emulator.store.remove(collection, doc["id"])
    entries = [*content["removed"], {"destination": "s3-role", "do": "delete", "reason": "x"}]
    return write(made, {**content, "removed": entries})


def release_account(made: World, content: Content, hint: str) -> PlanOptions:
    (snippet,) = re.findall(r"`(removed: [^`]*)`", hint)
    return write(made, {**content, "removed": [*content["removed"], *yaml.safe_load(snippet)["removed"]]})


def plant_other_key(made: World) -> Content:
    content = yaml.safe_load((made.folder / "exports.yaml").read_text())
    made.apply()
    content["destinations"]["zone"]["encryption"]["public_key"] = KEY[::-1]
    return written(content)(made)


def declare_other_zone(made: World, content: Content, hint: str) -> PlanOptions:
    changed = deepcopy(content)
    changed["destinations"]["zone-2"] = changed["destinations"].pop("zone")
    changed["exports"]["web"] |= {"destination": "zone-2", "allow_replace": made.flow("web")["id"]}
    changed["removed"] = [{"destination": "zone", "do": "delete", "reason": "the key is retired"}]
    return write(made, changed)


def zone(**switches: Any) -> Callable[[Path], World]:
    return lambda folder: zone_world(folder, **switches)


def without_encryption(made: World, content: Content, hint: str) -> PlanOptions:
    changed = deepcopy(content)
    del changed["destinations"]["zone"]["encryption"]
    return write(made, changed)


def read_config(made: World) -> Content:
    content: Content = yaml.safe_load((made.folder / "exports.yaml").read_text())
    return content


def plant_expired(**export: Any) -> Callable[[World], Content]:
    return after(orders_and_other(**export), lambda made: made.emulator.advance(21 * DAY))


def retire(made: World, content: Content, hint: str) -> PlanOptions:
    entry = {"export": "orders", "do": "delete", "reason": "hint"}
    return write(made, {**other_only(), "removed": [entry]})


def plant_many(made: World) -> Content:
    made.emulator.store.set_setting("page_size", 100)
    named = {"flowSpec": {"id": "x"}, "inheritedAttributes": {"properties": {"isDestinationFlow": True}}}
    load_objects(made, "flows", *({"id": f"m-{n}", "name": f"M {n}", **named} for n in range(99)))
    return written(orders(datasets=["Orders", "Returns"], split_by="dataset"))(made)


def plant_not_renewed(made: World) -> Content:
    content = orders_and_other(end=SHORT)
    apply_config(made, content)
    duplicate_orders(made)
    made.emulator.advance(16 * DAY)
    return content


def plant_manifest(made: World) -> Content:
    return written(orders(format={"type": "parquet", "compression": "gzip", "manifest": True}))(made)


def plan_keep(made: World, content: Content, hint: str) -> PlanOptions:
    """The printed command is `exportctl plan`; what it prints is followed."""
    (found,) = [f for i in made.plan().items for f in i.findings if f.rule == "duplicates"]
    return printed_edit(made, content, found.hint or "")


def endless(**more: Any) -> Content:
    return orders(end="none", allow=[{"rule": "missing-end", "reason": "a test"}], **more)


def plant_undeclared_end(made: World) -> Content:
    apply_config(made, orders(end="2028-06-01"))
    return written(endless())(made)


def plant_shared_location(made: World) -> Content:
    apply_config(made, {**orders(), "project": "theirs"})
    return written(orders())(made)


def move_entry(made: World, project: str) -> Content:
    return {"project": project, "export": "orders", "flow": made.flow("orders")["id"], "reason": "handed over"}


def plant_wrong_move(made: World) -> Content:
    apply_config(made, orders())
    return written({**orders(), "project": "theirs", "move_from": [move_entry(made, "acne")]})(made)


def correct_move(made: World, content: Content, hint: str) -> PlanOptions:
    return write(made, {**content, "move_from": [move_entry(made, "acme")]})


def move_back(made: World, content: Content, hint: str) -> PlanOptions:
    return write(made, {**content, "move_from": [move_entry(made, "theirs")]})


def plant_refused_value(made: World) -> Content:
    """The rule of the form is off, to meet the check of the service's own spec."""
    bucket = {"s3-role": {**DESTINATIONS["s3-role"], "bucket": "Acme_Lake"}}
    off = {"bucket-name": {"level": "off", "reason": "a test"}}
    return written({**orders(), "destinations": {**DESTINATIONS, **bucket}, "rules": off})(made)


LIST: Ways = {
    "run `exportctl datasets` to list what can be exported": key("datasets", ["Orders"]),
    "an access label can hide a dataset from this credential": SAYS,
}
MARKER = {"run `exportctl apply`: it writes the marker again": apply_it}
OWN = {"or write `auth` instead of `account`, so that exportctl creates one": rewrite(orders())}
SITUATIONS: Mapping[str, Situation] = {
    "dataset-unknown": Situation(
        written(orders(datasets=["Odrers"])), {**LIST, 'did you mean "Orders"?': key("datasets", ["Orders"])}
    ),
    "dataset-ambiguous": Situation(
        plant_two_names, {"write the id instead of the name: {id: ID}": key("datasets", ["Orders"])}
    ),
    "dataset-not-eligible": Situation(written(orders(datasets=[{"id": "0" * 24}])), LIST),
    "account-not-found": Situation(
        plant_account("Theirs", account={"existing": "Others"}),
        {'write `account: {existing: "Theirs account"}`': printed_account(0), **OWN},
    ),
    "account-not-found, two": Situation(
        plant_account("Theirs", "Theirs", account={"existing": "Theirs account"}),
        {
            'write `account: {id: ID}` ("Theirs account")': printed_account(0),
            'or `account: {id: ID}` ("Theirs account")': printed_account(1),
            **OWN,
        },
    ),
    "account-not-found, none": Situation(
        plant_account(account={"id": "00000000-0000-4000-8000-000000000000"}),
        {"write `auth` instead of `account`, so that exportctl creates one": rewrite(orders())},
    ),
    "adopt-unknown": Situation(
        written(orders(adopt="00000000-0000-4000-8000-000000000000")),
        {"run `exportctl drift` to list the flows": rewrite(orders())},
    ),
    "start-in-past": Situation(
        written(orders(schedule={"every": "once", "start": "2026-01-01"}, end="none")),
        {"write a later `start`": key("schedule", {"every": "once", "start": "2027-06-01"})},
    ),
    "end-before-first-run": Situation(
        written(orders(end="2026-06-01")),
        {
            "write a later `end`": key("end", "2028-06-01"),
            "or remove the export": rewrite(other_only()),
        },
    ),
    "not-offered": Situation(
        read_config,
        {
            "remove `encryption` from destinations.zone": without_encryption,
            "or ask Adobe to enable it": Outside("only Adobe can change what the sandbox offers"),
            "nothing is written until then": SAYS,
        },
        "destinations.zone",
        zone(landing_zone_encryption="absent"),
    ),
    "flow-gone": Situation(
        after(orders_and_other(), lambda made: delete_orders(made, 2 * DAY)),
        {f"if the flow was deleted on purpose, replace the export by `{REMOVAL}`": printed_removal},
    ),
    "half-built": Situation(
        after(orders_and_other(), delete_orders),
        {
            "run `exportctl apply` to create the flow": apply_it,
            "if you deleted it on purpose, remove the export": rewrite(other_only()),
        },
    ),
    "duplicates": Situation(
        plant_duplicates,
        {
            "write `keep: ID`": printed_edit,
            "or `keep: ID` in exports.orders": printed_edit,
            "apply keeps that flow and deletes the others": SAYS,
        },
    ),
    "marker-lost": Situation(after(orders_and_other(), lambda made: made.emulator.ui.describe("orders", "")), MARKER),
    "marker-damaged": Situation(after(orders_and_other(), damage_marker), MARKER),
    "not-comparable": Situation(
        after(orders_and_other(), break_source),
        {
            "fix it in the UI": by_hand(fix_source),
            "or write `removed: [{export: orders, do: release, reason: …}]` to release it": printed_removal,
        },
    ),
    "flow-state": Situation(
        after(orders(), lambda made: made.emulator.ui.state("orders", "failed")),
        {
            "look at the flow in the UI": by_hand(lambda made: made.emulator.ui.state("orders", "enabled")),
            "only `enabled` and `disabled` say whether it runs": SAYS,
        },
    ),
    "flow-state, unfinished": Situation(
        after(orders(), lambda made: made.emulator.ui.state("orders", "updating")),
        {
            "the service has not finished a write": SAYS,
            "run this again later": by_hand(lambda made: made.emulator.ui.state("orders", "enabled")),
            "and ask Adobe if the state stays": Outside("only Adobe can end the write"),
        },
    ),
    "unknown-schedule": Situation(
        after(orders(**DATED), lambda made: show_schedule(made, timeUnit="week", interval=1)),
        {
            "to send the schedule of the YAML, apply with `--resume exports.orders`": printed_flag,
            "or edit `schedule.every`": key("schedule", {"every": "6 hours", "at": "00:00"}),
            "to keep the live one, `accept` the field `schedule`": accept("schedule"),
        },
    ),
    "unknown-end": Situation(
        after(orders(**DATED), lambda made: show_end(made, "soon")),
        {
            "to send the end of the YAML, apply with `--resume exports.orders`": printed_flag,
            "or edit `end` to a moment": key("end", "2028-07-01"),
            "to keep the live one, `accept` the field `end`": accept("end"),
        },
    ),
    "not-renewed": Situation(plant_not_renewed, {"run `exportctl plan` for the details": plan_keep}, plan=RENEW),
    "orphans": Situation(
        plant_orphans,
        {
            "if its flow was deleted, write `removed: [{export: orders, do: delete, reason: …}]`; then "
            "`exportctl apply` deletes it": printed_removal
        },
    ),
    "likely-rename": Situation(
        plant_rename,
        {
            "if you renamed it, write `renamed_from: orders`": rename_daily,
            "its flow stays and nothing is sent again": SAYS,
        },
        "exports.daily",
    ),
    "account-in-use": Situation(
        plant_account_in_use,
        {
            "delete what uses it": delete_users,
            "or move it to another account": SAYS,
            "or release the account: `removed: [{destination: s3-role, do: release, reason: …}]`": release_account,
        },
        "destinations.s3-role",
    ),
    "encryption-fixed": Situation(
        plant_other_key,
        {"declare another destination with the new key and move the exports there": declare_other_zone},
        "destinations.zone",
        zone(landing_zone_encryption="listed"),
    ),
    "dataset-gone": Situation(
        after(orders(datasets=["Orders", "Returns"]), hide_dataset),
        {
            "remove it from the export if it was deleted": key("datasets", ["Returns"]),
            "the flow keeps it until then. An access label can hide a dataset from this credential": SAYS,
        },
    ),
    "dataset-name": Situation(
        after(orders(), rename_dataset),
        {
            "write the new name": key("datasets", ["All orders"]),
            "or the id": lambda made, content, hint: set_key(
                "datasets", [{"id": source(made)["params"]["datasets"][0]["dataSetId"]}]
            )(made, content),
            "the flow stays the same": SAYS,
        },
    ),
    "expired": Situation(
        plant_expired(end="2027-01-20"),
        {
            "to revive it, write a later `end` and run `exportctl apply`": key("end", "2028-06-01"),
            "`exportctl plan` says what the flow may send then": SAYS,
            "to retire it, remove the export and name it under `removed`": retire,
        },
    ),
    "expired, rolling": Situation(
        plant_expired(end=SHORT),
        {
            "to revive it, run `exportctl apply`": apply_it,
            "`exportctl plan` says what the flow may send then": SAYS,
            "to retire it, remove the export and name it under `removed`": retire,
        },
    ),
    "ending": Situation(
        after(orders(end="2027-02-01"), lambda made: None),
        {"write a later `end` and apply it before then": key("end", "2028-06-01")},
    ),
    "undeclared-end": Situation(
        plant_undeclared_end,
        {"declare this `end`": key("end", "2028-06-01"), "or a later one": key("end", "2028-07-01")},
    ),
    "manifest-not-offered": Situation(
        plant_manifest,
        {
            "remove `manifest`": key("format", "parquet"),
            "or write `manifest: force` to send it anyway": Outside(
                "the service of this world refuses it: `test_scenarios_changes` follows these words"
            ),
        },
        made=lambda folder: world(folder, Switches(manifest="rejected")),
    ),
    "location-shared-with-others": Situation(
        plant_shared_location,
        {"give one of the two another path": key("subpath", "ours")},
    ),
    "protected-export-moves": Situation(
        after(orders(protect=True), lambda made: made.write(orders(protect=True, subpath="elsewhere"))),
        {
            "apply it when its readers are ready": apply_it,
            "or keep the location and the format": rewrite(orders(protect=True)),
        },
    ),
    "destination-limit": Situation(
        plant_many, {"put datasets with the same schedule into one export": key("split_by", None)}, address=""
    ),
    "move-unknown": Situation(
        plant_wrong_move,
        {"correct `project`, `export` or `flow` of the entry": correct_move},
    ),
    "moved": Situation(
        plant_moved,
        {
            "remove it from this config": rewrite(other_only()),
            "or move it back with `move_from`": move_back,
        },
    ),
    "spec-refuses": Situation(
        plant_refused_value,
        {
            "change the value": rewrite(orders()),
            "the service would refuse it, by its own spec of this destination type": SAYS,
        },
    ),
}


# -- the laws of the table --------------------------------------------------------------------------------------------


def of_rule(made: World, name: str) -> list[Finding]:
    """The findings of the rule of this situation, at its address."""
    situation, rule = SITUATIONS[name], name.partition(",")[0]
    plan = made.plan(situation.plan)
    found = plan.findings if not situation.address else ()
    items = [i for i in plan.items if str(i.address) == situation.address]
    return [f for f in (*found, *(f for i in items for f in i.findings)) if f.rule == rule]


def test_every_finding_of_the_planner_has_a_situation() -> None:
    """Two have tests of their own below: a command stops at them before there is a plan."""
    assert {name.partition(",")[0] for name in SITUATIONS} == {rule.id for rule in PLAN_RULES} - {
        "newer-marker",
        "reference-unset",
    }


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_way_out_that_a_finding_prints_works(tmp_path: Path, name: str) -> None:
    situation = SITUATIONS[name]
    (tmp_path / "planted").mkdir()
    planted = situation.made(tmp_path / "planted")
    content = situation.plant(planted)
    found = of_rule(planted, name)
    assert found, name
    hint = found[0].hint or ""
    assert unexplained(re.sub(r"[0-9a-f-]{36}|(?<=id: )[0-9a-f]{24}", "ID", hint), situation.ways) == ""
    for number, (words, follow) in enumerate(situation.ways.items()):
        if isinstance(follow, Outside) or not callable(follow):
            continue
        made = planted.copy(tmp_path / str(number))
        flags = follow(made, deepcopy(content), hint)
        _, final_check = made.apply(flags)
        if flags is RENEW:
            _, final_check = made.apply()
        assert (final_check.passed, of_rule(made, name)) == (True, []), words


def test_a_newer_marker_names_the_one_way_out(tmp_path: Path) -> None:
    made = world(tmp_path)
    apply_config(made, orders())
    flow = made.flow("orders")
    newer = flow["description"].replace("[exportctl/2", "[exportctl/9")
    load_objects(made, "flows", {**flow, "description": newer})

    with pytest.raises(NewerMarker) as caught:
        made.plan()

    assert str(caught.value.all[0].hint).startswith("upgrade exportctl: ")
    load_objects(made, "flows", flow)  # what a later version reads, this one cannot show
    assert made.plan().is_empty


@pytest.mark.parametrize("stage", ["plan", "apply"])
def test_a_variable_that_is_not_set_is_set_where_the_hint_says(tmp_path: Path, stage: str) -> None:
    made = world(tmp_path)
    path = "${env:EXPORTCTL_VAR_PATH}"
    made.write(config(destinations={**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], "path": path}}))
    missing, hint = {
        "plan": (
            "EXPORTCTL_VAR_PATH",
            'set it where exportctl runs, or write a default: "${env:EXPORTCTL_VAR_PATH:-…}"',
        ),
        "apply": ("S3_ROLE", "set the variable where apply runs; nothing was written"),
    }[stage]
    whole = {**made.env, "EXPORTCTL_VAR_PATH": "exports"}
    made.env = {name: value for name, value in whole.items() if name != missing}

    with pytest.raises(ConfigError) as caught:
        made.apply()

    assert [(missing in f.message, f.hint) for f in caught.value.all] == [(True, hint)]
    made.env = whole
    assert made.apply()[1].passed
