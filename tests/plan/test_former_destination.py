"""A replacement says which destination its former flow exports to, unless several may be meant."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from exportctl.model.plan import Verb
from exportctl.model.project import Account, Destination
from tests.plan.plan_builders import account, build_plan, build_project, export, flow, item, sftp_lake
from tests.plan.value_builders import lake

PARTNER = sftp_lake("partner")
OF_LAKE = lake(key="archive", account=Account(of="lake"))
BY_ID = lake(key="archive", account=Account(id="base"))
BY_TITLE = lake(key="archive", account=Account(existing="TITLE"))

CASES: dict[
    str, tuple[Sequence[Destination], str, str | None]
] = {  # destinations, owner of the account, the former one
    "our own account": ((lake(), PARTNER), "acme", "lake"),
    "of a destination that the config no longer declares": ((PARTNER,), "acme", "lake"),
    "two destinations share the account": ((lake(), OF_LAKE, PARTNER), "acme", None),
    "an account of others by its id": ((BY_ID, PARTNER), "other", "archive"),
    "an account of others by its title": ((BY_TITLE, PARTNER), "other", "archive"),
    "an account that no destination names": ((PARTNER,), "other", None),
}


@pytest.mark.parametrize("case", CASES)
def test_a_replacement_names_the_former_destination(case: str) -> None:
    destinations, owner, former = CASES[case]
    live = account(owner=owner)
    named = [
        d if d.account.existing is None else lake(key=d.key, account=Account(existing=live.name)) for d in destinations
    ]

    made = build_plan(build_project(export("old", destination="partner"), destinations=named), live, *flow())

    shown = item(made, "exports.old")
    (change,) = [c for c in shown.fields if c.path == "destination"]
    assert (shown.verb, change.before, change.after) == (Verb.REPLACE, former, "partner")
