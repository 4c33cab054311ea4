"""One account: created, compared, sent again, replaced, or recognised without its marker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import SourcePosition
from exportctl.model.digests import long_digest
from exportctl.model.plan import Action, Address, Cause, LiveObject, PlanItem, Verb, digest
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import AcceptEntry, Account, AuthValue, Destination
from exportctl.model.secret import Secrecy
from tests.plan.plan_builders import (
    ROLE,
    SFTP,
    SFTP_AUTH,
    VALUES,
    account,
    build_plan,
    build_project,
    export,
    flow,
    item,
    sftp_lake,
)
from tests.plan.value_builders import AT, NOW, lake

APPLY = "run `exportctl apply`: it writes the marker again"
SFTP_PARAMS = {"domain": "sftp.acme.example", "username": "acme"}
OTHER_ROLE = "arn:aws:iam::123456789012:role/another"
KEY = Account(
    "key",
    {
        "access_key_id": AuthValue("${env:ID}", Secrecy.SENSITIVE, AT),
        "secret_access_key": AuthValue("${env:SECRET}", Secrecy.SECRET, AT),
    },
)
APPLIED = {"auth": (digest({"role_arn": ROLE}),), "auth.secret_version": (digest(""),)}
SFTP_VALUES = {("destinations.lake", "username"): "acme"}


def planned(destination: Destination, *live: LiveObject, values: Any = None, **changes: Any) -> PlanItem:
    """What the plan does with the account `lake`, which the export `orders` needs."""
    options = changes.pop("options", PlanOptions())
    given = build_project(export("orders"), destinations=[destination], **changes)
    return item(build_plan(given, *live, values=values, options=options), "destinations.lake")


def sftp_account(**params: str) -> LiveObject:
    return account(type=SFTP, method="password", params={**SFTP_PARAMS, **params})


def account_of_sftp(**marked: Any) -> LiveObject:
    return account(identity="base-2", type=SFTP, method="password", params=SFTP_PARAMS, **marked)


def texts(shown: PlanItem) -> dict[str, str]:
    return {c.rule: c.text for c in shown.consequences}


# -- compare ----------------------------------------------------------------------------------------------------------


def test_an_account_that_changes_names_every_flow_on_it() -> None:
    live = account(params={"s3Role": OTHER_ROLE}, applied=APPLIED)

    shown = planned(lake(), live, *flow("a"), *flow("b", owner="theirs"))

    assert (shown.verb, [(c.path, c.cause) for c in shown.fields]) == (Verb.UPDATE, [("auth.role_arn", Cause.DRIFT)])
    assert texts(shown) == {"account-users": 'changes every flow on this account: "a", "b"'}


def test_a_change_of_an_account_without_flows_reaches_none() -> None:
    shown = planned(lake(), account(params={"s3Role": OTHER_ROLE}, applied=APPLIED))

    assert texts(shown) == {"account-users": "changes every flow on this account: no flow yet"}


def test_flows_on_another_account_of_the_destination_are_named_as_not_reached() -> None:
    bases = (account(params={"s3Role": OTHER_ROLE}), account(identity="second"))

    shown = planned(lake(), *bases, *flow("a"), *flow("b", base="second"))

    assert texts(shown)["account-flows-unreached"] == (
        'does not change "b": base connection second, another account, keeps its values'
    )


def test_an_account_as_it_was_applied_stays_as_it_is() -> None:
    assert planned(lake(), account(applied=APPLIED)).verb is Verb.UNCHANGED


def test_four_equal_digits_prove_nothing_beside_other_long_ones() -> None:
    applied = {**APPLIED, "auth.secret_version": (digest("1"),)}
    long = {"auth": digest({"role_arn": ROLE}) + "0" * 12, "auth.secret_version": long_digest("1")}
    hidden: dict[str, Any] = {"params": {"s3Role": "****"}, "applied": applied}
    versioned = lake(account=replace(lake().account, secret_version="123837"), renamed_from="old")  # the digest of "1"
    accepted = tuple(AcceptEntry("destinations.lake", name, "a test", "jane", NOW + 1, AT) for name in long)

    by_four = planned(versioned, account(**hidden))
    by_all = planned(versioned, account(**hidden, long_digests=long))
    marked = planned(versioned, account("old", **hidden, long_digests=long), accept=accepted)

    assert (by_four.verb, by_four.fields) == (Verb.UNCHANGED, ())
    assert {c.path: c.cause for c in by_all.fields} == dict.fromkeys(
        ["auth.role_arn", "auth.secret_version"], Cause.PENDING
    )
    assert [(s.marker and s.marker.long_digests, s.fields) for s in marked.steps] == [({}, {})]  # they were not sent


def test_live_auth_keys_that_the_yaml_lacks_block_a_write_and_drop_allows_it() -> None:
    live = sftp_account(username="another", sshKey="odd")

    refused = planned(sftp_lake(), live, values=SFTP_VALUES)
    dropped = planned(sftp_lake(account=Account("password", SFTP_AUTH, drop=("sshKey",))), live, values=SFTP_VALUES)

    assert [(r.safety_check, r.allow) for r in refused.refusals] == [
        ("auth-keys-lost", "add them to `auth` of destinations.lake, or write `drop: [sshKey]` there")
    ]
    assert dropped.refusals == ()
    assert texts(dropped)["auth-keys-dropped"] == "removes sshKey from the account, as `drop` says"


def test_a_write_that_would_overwrite_an_accepted_difference_is_refused() -> None:
    accepted = AcceptEntry("destinations.lake", "auth.role_arn", "a test", "jane", NOW + 1, AT)
    versioned = lake(account=replace(lake().account, secret_version="2"))
    applied = {**APPLIED, "auth.secret_version": (digest("1"),)}

    shown = planned(versioned, account(params={"s3Role": OTHER_ROLE}, applied=applied), accept=(accepted,))

    assert {c.path: c.cause for c in shown.fields} == {
        "auth.role_arn": Cause.ACCEPTED,
        "auth.secret_version": Cause.PENDING,
    }
    assert [r.safety_check for r in shown.refusals] == ["accepted-undone"]
    assert "secrets-resent" not in texts(shown), "a role has no secret"


@pytest.mark.parametrize(("applied", "resent"), [("1", True), ("2", False)])
def test_only_another_secret_version_is_a_rotation(applied: str, resent: bool) -> None:
    versioned = sftp_lake(account=Account("password", SFTP_AUTH, secret_version="2"))
    known = {"auth.secret_version": (digest(applied),)}

    live = account(type=SFTP, method="password", params={**SFTP_PARAMS, "username": "another"}, applied=known)
    shown = planned(versioned, live, values=SFTP_VALUES)

    assert shown.verb is Verb.UPDATE
    assert ("secrets-resent" in texts(shown)) is resent


def test_a_rotation_sends_the_secrets_though_nothing_differs_and_counts_it_in_the_marker() -> None:
    options = PlanOptions(rotate=item_address(sftp_lake()))

    shown = planned(sftp_lake(), sftp_account(), values=SFTP_VALUES, options=options)

    (step,) = shown.steps
    assert (shown.verb, step.secrets) == (Verb.UPDATE, ("${env:P}",))
    assert step.marker is not None
    assert step.marker.applied["auth.secret_version"] == (digest(""), "0001")
    assert step.marker.long_digests == {"auth.secret_version": long_digest("")}  # the service returns all of `auth`
    assert "secrets-resent" in texts(shown)


def item_address(destination: Destination) -> Address:
    return planned(destination).address


@pytest.mark.parametrize(
    ("declared", "at"),
    [
        (None, AT),
        (AuthValue("another", Secrecy.PLAIN, SourcePosition("key.yaml", 9, 1)), SourcePosition("key.yaml", 9, 1)),
    ],
    ids=["no key in the YAML", "another key in the YAML"],
)
def test_another_encryption_key_is_reported_and_not_sent(declared: AuthValue | None, at: SourcePosition) -> None:
    live = account()
    live = replace(live, raw={**live.raw, "encryptionSpecs": {"params": {"publicKey": "KEY"}}})

    shown = planned(lake(encryption=declared), live)

    (found,) = shown.findings
    assert (found.rule, found.at) == ("encryption-fixed", at)
    assert [step.fields for step in shown.steps] == [{}]


def test_the_same_encryption_key_is_no_finding_and_a_new_account_sends_it() -> None:
    encrypted = lake(encryption=AuthValue("KEY", Secrecy.PLAIN, AT))
    live = account()
    live = replace(live, raw={**live.raw, "encryptionSpecs": {"params": {"publicKey": "KEY"}}})

    assert planned(encrypted, live).findings == ()
    assert planned(encrypted).steps[0].fields["encryption"] == "KEY"


# -- replace ----------------------------------------------------------------------------------------------------------


def test_another_way_to_authenticate_needs_a_new_account() -> None:
    shown = planned(lake(account=KEY), account(), *flow("orders"), values={("destinations.lake", "access_key_id"): "I"})

    assert shown.verb is Verb.REPLACE
    assert [(c.path, c.before, c.after) for c in shown.fields][:1] == [("auth", "role", "key")]
    assert shown.steps[0].title == "lake (acme) 2"


def test_another_type_needs_a_new_account() -> None:
    shown = planned(sftp_lake(), account(), *flow("orders"), values=SFTP_VALUES)

    assert shown.verb is Verb.REPLACE
    assert [(c.path, c.before, c.after) for c in shown.fields][:1] == [("type", "amazon-s3", "sftp")]
    assert texts(shown)["account-users"] == 'changes every flow on this account: "orders"'


def test_an_account_that_another_one_replaced_is_deleted_without_consent() -> None:
    marked = planned(sftp_lake(), account_of_sftp(generation=2), values=SFTP_VALUES).steps[0].marker
    assert marked is not None
    current = account_of_sftp(generation=2, applied=marked.applied)

    shown = planned(sftp_lake(), account(), current, values=SFTP_VALUES)

    assert (shown.verb, shown.refusals, shown.fields) == (Verb.CLEAN, (), ())
    assert [(s.action, s.id) for s in shown.steps] == [(Action.DELETE, "base")]


def test_an_account_of_a_type_that_is_unknown_is_replaced_too() -> None:
    unknown = account()
    unknown = replace(unknown, raw={**unknown.raw, "connectionSpec": {"id": "unknown"}})

    shown = planned(lake(), unknown)

    assert [(c.path, c.before, c.after) for c in shown.fields][:1] == [("type", None, "amazon-s3")]


# -- markers ----------------------------------------------------------------------------------------------------------


def damaged(base: LiveObject) -> LiveObject:
    assert base.marker is not None
    return replace(base, marker=replace(base.marker, damaged=True, applied={}))


def test_an_edited_marker_of_an_account_without_a_secret_needs_only_an_apply() -> None:
    (found,) = planned(lake(), damaged(account())).findings

    assert (found.rule, found.hint) == ("marker-damaged", APPLY)


def test_an_edited_marker_of_an_account_with_a_secret_may_need_a_rotation_too() -> None:
    (found,) = planned(sftp_lake(), damaged(sftp_account()), values=SFTP_VALUES).findings

    assert found.rule == "marker-damaged"
    assert found.hint == f"{APPLY}; if you changed a secret, run `exportctl rotate lake` too"


def unmarked(base: LiveObject, name: str, maker: str = "exportctl") -> LiveObject:
    return replace(base, marker=None, name=name, raw={**base.raw, "name": name, "createdClient": maker})


def flow_made_by(maker: str, owner: str = "acme") -> tuple[LiveObject, ...]:
    return tuple(replace(o, raw={**o.raw, "createdClient": maker}) for o in flow("orders", owner=owner))


@pytest.mark.parametrize("name", ["lake (acme)", "lake (acme) 2"])
def test_an_account_without_its_marker_is_known_by_name_creator_and_flows(name: str) -> None:
    shown = planned(lake(), unmarked(account(), name), *flow_made_by("exportctl"))

    assert (shown.id, shown.verb) == ("base", Verb.MARK)
    assert [f.rule for f in shown.findings] == ["marker-lost"]


@pytest.mark.parametrize(
    ("live", "flows"),
    [
        (unmarked(account(), "another"), flow_made_by("exportctl")),
        (unmarked(account(), "lake (acme)", "exc_app"), flow_made_by("exc_app")),
        (unmarked(account(), "lake (acme)"), flow_made_by("another")),
        (unmarked(account(), "lake (acme)"), flow_made_by("exportctl", owner="theirs")),
        (unmarked(account(), "lake (acme)"), ()),
    ],
    ids=["another name", "made in the UI", "made by another client", "a flow of others", "no flow"],
)
def test_an_account_without_a_marker_is_not_ours_by(live: LiveObject, flows: tuple[LiveObject, ...]) -> None:
    assert planned(lake(), live, *flows).verb is Verb.CREATE


def test_of_two_accounts_that_could_be_ours_neither_is() -> None:
    second = unmarked(account(identity="second"), "lake (acme)")
    flows = (
        *flow_made_by("exportctl"),
        *(replace(o, raw={**o.raw, "createdClient": "exportctl"}) for o in flow("b", base="second")),
    )

    assert planned(lake(), unmarked(account(), "lake (acme)"), second, *flows).verb is Verb.CREATE


def test_an_account_is_found_at_its_address_before_a_rename() -> None:
    shown = planned(lake(renamed_from="old"), account("old"), values=VALUES)

    assert (shown.id, shown.verb) == ("base", Verb.MARK)
