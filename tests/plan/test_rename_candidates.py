"""The indexes of likely renames find what a comparison of every new address with every undeclared one finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.model.plan import Action, Address, Inventory, LiveObject, PlanItem, Step, Verb, digest
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Account, Destination, RemovedEntry, Schedule
from exportctl.plan.dataset_lookup import ListedDatasets
from exportctl.plan.desired import DesiredState, build_desired_state
from exportctl.plan.field_diff import AcceptEntries
from exportctl.plan.flow_state import PlanInputs
from exportctl.plan.ownership import Ownership, build_ownership
from exportctl.plan.rename_candidates import (
    MOST_NAMED,
    RenameCandidate,
    account_candidate,
    account_candidates,
    export_candidate,
    export_candidates,
    renamable_addresses,
)
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import BASE_CONNECTION, KINDS, TARGET_CONNECTION
from tests.law_profile import examples
from tests.plan.plan_builders import ROLE, S3, SFTP, account, build_project, export, flow, sftp_lake
from tests.plan.value_builders import AT, NOW, lake

ZONE = TYPES["data-landing-zone"]
METHODS = {S3.name: "role", SFTP.name: "password", ZONE.name: ""}
NUMBERS = range(4)
NEW = [Address("exports", f"new-{n}") for n in range(4)]
ROLES, NAMES = (ROLE, f"{ROLE}-2"), ("acme", "other")
PLACES: Mapping[str, Sequence[dict[str, str]]] = {
    S3.name: ({"bucketName": "acme", "path": "aep"}, {"bucketName": "acme", "path": "other"}),
    SFTP.name: ({"remotePath": "/in"}, {"remotePath": "/other"}),
    ZONE.name: ({"path": "aep"},),
}
Values = dict[tuple[str, str], str]


def destinations() -> list[Destination]:
    """Two destinations of each type, at one location."""
    zone: dict[str, Any] = {"type": ZONE.name, "location": {"path": "aep"}, "account": Account()}
    made = [*(lake(key=f"{S3.name}-{n}") for n in range(2)), *(sftp_lake(f"{SFTP.name}-{n}") for n in range(2))]
    return [*made, *(lake(key=f"{ZONE.name}-{n}", **zone) for n in range(2))]


@st.composite
def configs(draw: st.DrawFn) -> DesiredState:
    """New exports, each on one of the new accounts; variables of the accounts may be unset."""
    exports = [
        export(
            address.name,
            [draw(st.sampled_from(["d1", "d2"]))],
            destination=draw(st.sampled_from([one.key for one in destinations()])),
            title=draw(st.sampled_from(NAMES)),
            folder=draw(st.sampled_from(["%DATASET_ID%/%EXPORT_TIME%", "x/%EXPORT_TIME%"])),
            schedule=Schedule("day", 1, 7200),
        )
        for address in NEW
    ]
    values: Values = {}
    for number in range(2):
        for name, choices in ((f"{S3.name}-{number}", ROLES), (f"{SFTP.name}-{number}", NAMES)):
            field = "role_arn" if choices is ROLES else "username"
            values |= {(f"destinations.{name}", field): draw(st.sampled_from(choices))} if draw(st.booleans()) else {}
    removed = tuple(RemovedEntry("exports", f"e-{n}", "delete", "decided", AT) for n in draw(st.sets(st.just(1))))
    return build_desired_state(build_project(*exports, destinations=destinations(), removed=removed), values, {})


@st.composite
def sandboxes(draw: st.DrawFn, desired: DesiredState) -> Ownership:
    """Undeclared accounts of ours, of which a digest may be known, and undeclared flows on them."""
    objects: list[LiveObject] = []
    for number in NUMBERS:
        kind = draw(st.sampled_from([S3, S3, SFTP, ZONE]))
        shown = {"s3Role": draw(st.sampled_from([*ROLES, "*****", "*****"]))}
        if kind is SFTP:
            shown = {"domain": "sftp.acme.example", "username": draw(st.sampled_from([*NAMES, "*****"]))}
        known = [digest(one.auth) for one in desired.accounts.values() if one.type is kind]
        applied = draw(st.sampled_from([{}, {}, {"auth": ("0000",)}, *({"auth": (one,)} for one in known)]))
        key = f"{draw(st.sampled_from(['old', 'former']))}-{number // 2}"
        marked = account(key, f"base-{number}", type=kind, method=METHODS[kind.name], params=shown, applied=applied)
        objects.append(marked)
        for part in range(draw(st.integers(0, 3))):
            objects += flow(
                f"e-{draw(st.integers(0, 9))}" if draw(st.booleans()) else f"e-{number}{part}",
                [draw(st.sampled_from(["d1", "d2"]))],
                base=f"base-{number}",
                type=kind,
                place=draw(st.sampled_from(PLACES[kind.name])),
                title=draw(st.sampled_from(NAMES)),
                hours=draw(st.sampled_from([24, 6])),
            )
    unique = {(one.kind, one.id): one for one in objects}.values()
    targets = sorted(one.id for one in unique if one.kind == TARGET_CONNECTION.name)
    hidden = draw(st.sets(st.sampled_from(targets), max_size=2)) if targets else set()
    kept = [one for one in unique if one.id not in hidden]
    return build_ownership(Inventory({k: tuple(o for o in kept if o.kind == k) for k in KINDS}, (), {}), "acme")


def compare_all_accounts(desired: DesiredState, of: Ownership) -> dict[Address, list[RenameCandidate]]:
    before = renamable_addresses("destinations", desired, of)
    found = {}
    for address, made in desired.accounts.items():
        users = [one for one in desired.exports.values() if one.account.own == address]
        found[address] = [one for old in before if (one := account_candidate(made, old, users, of))]
    return {address: candidates for address, candidates in found.items() if candidates}


@settings(max_examples=examples(80))
@given(st.data())
def test_what_looks_the_same_is_found_without_comparing_everything(data: st.DataObject) -> None:
    desired = data.draw(configs())
    of = data.draw(sandboxes(desired))
    items = [PlanItem(address, Verb.CREATE) for address in (*desired.exports, *desired.accounts)]

    accounts = account_candidates(items, desired, of)

    assert accounts == compare_all_accounts(desired, of)
    steps = [Step(str(a), Action.CREATE, BASE_CONNECTION.name, a) for a in desired.accounts]
    bases = {a: data.draw(st.sampled_from([None, *(f"base-{n}" for n in NUMBERS), *steps])) for a in desired.exports}
    listing = ListedDatasets((), is_read=False)
    inputs = PlanInputs(of, listing, PlanOptions(), NOW, AcceptEntries(()), "", desired.accounts)
    old = [of.own_flows[address] for address in renamable_addresses("exports", desired, of)]
    flows = [group[0] for group in old if len(group) == 1 and group[0].source]
    expected = {}
    for address, made in desired.exports.items():
        same = [h for h in flows if h.dataset_ids == [d.id for d in made.declared.datasets]]
        pairs = [one for h in same if (one := export_candidate(made, h, bases[address], accounts, of))]
        if pairs:
            expected[address] = sorted(pairs, key=lambda one: (-one.weight, one.before))[: MOST_NAMED + 1]
    assert export_candidates(items, desired, bases, accounts, inputs) == expected


def test_two_accounts_with_nothing_in_common_that_is_known_are_no_rename() -> None:
    made = [export("new-0", destination=f"{S3.name}-0"), export("new-1", destination=f"{S3.name}-1")]
    desired = build_desired_state(build_project(*made, destinations=destinations()), {}, {})
    hidden = account("old", "base-0", params={"s3Role": "*****"})
    of = own([hidden, account("other", "base-1", type=SFTP, method="password", params={"username": "acme"})])
    items = [PlanItem(address, Verb.CREATE) for address in desired.accounts]
    users = [one for one in desired.exports.values() if one.account.own]
    wanted = desired.accounts[Address("destinations", f"{S3.name}-0")]

    found = [account_candidate(wanted, Address("destinations", name), users, of) for name in ("old", "other")]

    assert found == [None, None]
    assert account_candidates(items, desired, of) == {}


def test_a_flow_of_another_account_or_with_nothing_else_in_common_is_no_rename() -> None:
    made = export("new-0", destination=f"{S3.name}-0", schedule=Schedule("day", 1, 7200))
    desired = build_desired_state(build_project(made, destinations=destinations()), {}, {})
    elsewhere = {"bucketName": "acme", "path": "elsewhere"}
    of = own([account("old", "base-0"), *flow("e-0", base="base-0", place=elsewhere, title="other", hours=6)])
    (live_flow,) = of.own_flows[Address("exports", "e-0")]
    (wanted,) = desired.exports.values()

    assert [export_candidate(wanted, live_flow, base, {}, of) for base in ("base-0", "base-1")] == [None, None]


def own(objects: Sequence[LiveObject]) -> Ownership:
    return build_ownership(Inventory({k: tuple(o for o in objects if o.kind == k) for k in KINDS}, (), {}), "acme")
