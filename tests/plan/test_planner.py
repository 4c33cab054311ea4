"""The account that an export uses: by id, by title, or none that the sandbox has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.plan import LiveObject, PlanItem
from exportctl.model.project import Account
from tests.plan.plan_builders import SFTP, account, build_plan, build_project, export, flow, item
from tests.plan.value_builders import NOW, lake


def planned(use: Account, *live: LiveObject) -> PlanItem:
    """What the plan does with an export on an account that exportctl did not create."""
    return item(build_plan(build_project(export("orders"), destinations=[lake(account=use)]), *live), "exports.orders")


def titled(title: str, identity: str = "b-1", **changes: Any) -> LiveObject:
    """An account by others."""
    made = account(identity=identity, **changes)
    return replace(made, marker=None, name=title)


@pytest.mark.parametrize("use", [Account(id="b-1"), Account(existing="By hand")], ids=["by id", "by title"])
def test_an_account_of_others_is_used_as_it_is(use: Account) -> None:
    shown = planned(use, titled("By hand"), titled("By hand", "b-2", type=SFTP, method="password"))

    assert {step.refs["baseConnectionId"] for step in shown.steps if "baseConnectionId" in step.refs} == {"b-1"}
    assert [f for f in shown.findings if f.rule == "account-not-found"] == []


OWN_ACCOUNT = "write `auth` instead of `account`, so that exportctl creates one"
MISSING: dict[str, tuple[Account, tuple[LiveObject, ...], str, str]] = {
    "no account of this id": (
        Account(id="gone"),
        (titled("By hand"),),
        "no base connection in this sandbox has the id gone",
        f'write `account: {{id: b-1}}` ("By hand"); or {OWN_ACCOUNT}',
    ),
    "no account of this title": (
        Account(existing="By hand"),
        (titled("Lake"), titled("By hand", "b-2", type=SFTP, method="password")),
        'no Amazon S3 account in this sandbox has the title "By hand"',
        f'write `account: {{existing: "Lake"}}`; or {OWN_ACCOUNT}',
    ),
    "no account at all": (
        Account(existing="By hand"),
        (),
        'no Amazon S3 account in this sandbox has the title "By hand"',
        OWN_ACCOUNT,
    ),
    "two accounts of one title": (
        Account(existing="By hand"),
        (titled("By hand"), titled("By hand", "b-2")),
        '2 accounts have the title "By hand": b-1, b-2',
        f'write `account: {{id: b-1}}` ("By hand") or `account: {{id: b-2}}` ("By hand"); or {OWN_ACCOUNT}',
    ),
}


@pytest.mark.parametrize("row", MISSING)
def test_an_export_waits_for_an_account_that_the_sandbox_does_not_have(row: str) -> None:
    use, live, text, hint = MISSING[row]

    shown = planned(use, *live)

    assert [(f.message, f.hint) for f in shown.findings if f.rule == "account-not-found"] == [
        (f"exports.orders: {text}", hint)
    ]
    assert shown.steps == ()


def test_an_unknown_type_of_destination_has_no_end_that_could_be_assumed() -> None:
    *_, live = flow("other", owner="theirs")
    schedule = {**live.raw["scheduleParams"], "endTime": None}
    known = replace(live, raw={**live.raw, "scheduleParams": schedule})
    unknown = replace(known, raw={**known.raw, "flowSpec": {"id": "unknown"}})

    ends = [build_plan(build_project(), one).other_flows for one in (known, unknown)]

    assert [(found.assumed_end, found.ends is None) for (found,) in ends] == [(True, False), (False, True)]


FULL = [o for n in range(100) for o in flow(f"other-{n}", (f"x{n}",), owner="theirs")]
ONE_LESS = FULL[3:]  # a flow has two connections


@pytest.mark.parametrize(
    ("live", "is_beyond"),
    [
        pytest.param([account(), *ONE_LESS], False, id="the last flow that has room"),
        pytest.param(ONE_LESS, False, id="a new account is no destination"),
        pytest.param([account(), *ONE_LESS, *flow("a")], False, id="a flow that exists counts once"),
        pytest.param([account(), *FULL], True, id="one flow too many"),
        pytest.param(
            [account(), *FULL, *flow("a", created=NOW - 60)[:2]], True, id="one flow too many, half built before"
        ),
    ],
)
def test_the_plan_warns_if_the_sandbox_would_have_more_than_a_hundred_destinations(
    live: list[LiveObject], is_beyond: bool
) -> None:
    plan = build_plan(build_project(export("a")), *live)

    assert [f.rule for f in plan.findings if f.rule == "destination-limit"] == ["destination-limit"] * is_beyond


def test_the_items_of_a_plan_are_sorted_whatever_the_config_declares_first() -> None:
    """Accounts first, then exports by address: also those that the config no longer declares."""
    live = (account(), *flow("b"), *flow("d"))
    plans = [
        build_plan(build_project(*given), *live) for given in ((export("c"), export("a")), (export("a"), export("c")))
    ]
    shown = [str(i.address) for i in plans[0].items]
    assert shown == ["destinations.lake", "exports.a", "exports.b", "exports.c", "exports.d"]
    assert plans[0] == plans[1]
