"""Likely renames: what looks like what, in which order, and what is written to keep the flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.errors import Finding, SourcePosition
from exportctl.model.plan import LiveObject, Plan, digest
from exportctl.model.plan_options import PlanOptions
from exportctl.model.project import Account, AuthValue, Destination, Project, RemovedEntry
from exportctl.model.secret import Secrecy
from exportctl.plan.desired import build_desired_state
from exportctl.resources.destinations.table import TYPES
from tests.plan.plan_builders import (
    LOCATION,
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
from tests.plan.value_builders import AT, lake, orders

HERE = SourcePosition("exports.yaml", 9, 3)
ELSEWHERE = {**LOCATION, "path": "other"}


def likely_rename(plan: Plan, address: str = "exports.new") -> Finding | None:
    return next((f for f in item(plan, address).findings if f.rule == "likely-rename"), None)


def rename_finding(plan: Plan, address: str = "exports.new") -> Finding:
    found = likely_rename(plan, address)
    assert found is not None
    return found


# -- an export --------------------------------------------------------------------------------------------------------

SAME_LOCATION, SAME_TITLE, SAME_SCHEDULE = "the same location", "the same title", "the same schedule and folder"

# the live flow and the declared export -> what both have in common beside type and datasets; nothing: not alike
LIKE: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "all but the key and the title": ({}, {}, (SAME_LOCATION, SAME_SCHEDULE)),
    "all but the key": ({"title": "new"}, {}, (SAME_LOCATION, SAME_TITLE, SAME_SCHEDULE)),
    "the place alone": ({"hours": 6}, {}, (SAME_LOCATION,)),
    "the title alone": ({"hours": 6, "place": ELSEWHERE, "title": "new"}, {}, (SAME_TITLE,)),
    "interval and folder alone": ({"place": ELSEWHERE}, {}, (SAME_SCHEDULE,)),
    "the interval alone": ({"place": ELSEWHERE, "folder": "%EXPORT_TIME%"}, {}, ()),
    "the folder alone": ({"place": ELSEWHERE, "hours": 6}, {}, ()),
    "several datasets in another order": (
        {"datasets": ("d1", "d2")},
        {"datasets": ("d2", "d1")},
        (SAME_LOCATION, SAME_SCHEDULE),
    ),
    "other datasets": ({"datasets": ("d2",)}, {}, ()),
    "a dataset more": ({"datasets": ("d1", "d2")}, {}, ()),
    "another type": ({"type": SFTP, "place": {"remotePath": "/in"}, "title": "new"}, {}, ()),
    "another account": ({"base": "elsewhere"}, {}, ()),
    "another project": ({"owner": "theirs"}, {}, ()),
    "a dataset that cannot be exported": ({"datasets": ("zz",)}, {"datasets": ("zz",)}, ()),
}


@pytest.mark.parametrize("row", LIKE)
def test_what_an_export_to_be_created_looks_like(row: str) -> None:
    live, changes, common = LIKE[row]
    found = likely_rename(build_plan(build_project(export(**changes)), account(), *flow(**live)))
    assert (found is not None) == bool(common)
    if found:
        *more, last = ["the same datasets", *common]
        words = f"{', '.join(more)} and {last}"
        assert found.message == f"exports.new looks like exports.old, which the config no longer declares: {words}"


def test_where_it_stands_and_what_to_write_are_said() -> None:
    found = rename_finding(build_plan(build_project(export(at=HERE)), account(), *flow()))
    assert (found.at, found.level) == (HERE, "warning")
    assert found.hint == "if you renamed it, write `renamed_from: old`: its flow stays and nothing is sent again"


def test_another_interval_is_no_promise_that_nothing_is_sent_again() -> None:
    found = rename_finding(build_plan(build_project(export()), account(), *flow(hours=6)))
    assert str(found.hint).endswith("its flow stays and only the new schedule may cause a full re-export")


def test_all_that_fit_are_named_the_best_one_first() -> None:
    flows = (
        *flow("interval", place=ELSEWHERE),
        *flow("title", place=ELSEWHERE, title="new", hours=6),
        *flow("place", hours=6),
        *flow("all", title="new"),
        *flow("none", place=ELSEWHERE, hours=6),
    )
    found = rename_finding(build_plan(build_project(export()), account(), *flows))
    assert found.message == (
        "exports.new looks like addresses that the config no longer declares:"
        " exports.all (the same datasets, the same location, the same title and the same schedule and folder),"
        " then exports.place (the same datasets and the same location),"
        " then exports.title (the same datasets and the same title),"
        " then exports.interval (the same datasets and the same schedule and folder)"
    )
    assert "`renamed_from: all`" in str(found.hint)


@pytest.mark.parametrize(("count", "others"), [(5, ")"), (6, "), and others")])
def test_of_many_that_fit_five_are_named(count: int, others: str) -> None:
    flows = [one for number in range(count) for one in flow(f"old-{number}", place=ELSEWHERE)]
    found = rename_finding(build_plan(build_project(export()), account(), *flows))
    assert found.message.count("exports.old-") == 5
    assert found.message.endswith(f"exports.old-4 (the same datasets and the same schedule and folder{others}")


def test_a_rename_that_names_nothing_is_looked_at_too() -> None:
    found = rename_finding(
        build_plan(build_project(export(renamed_from="odl", positions={"renamed_from": HERE})), account(), *flow())
    )
    assert found.at == HERE
    assert str(found.hint).startswith("exports.odl has no flow; if you renamed it, write `renamed_from: old`")


def test_a_creation_that_is_refused_or_only_completed_is_looked_at_too() -> None:
    orphan = replace(flow("new", created=1)[0], id="left")
    young = replace(orphan, raw={**orphan.raw, "createdAt": 1_799_990_000_000})
    for left, gates in ((orphan, ["re-creation"]), (young, [])):
        plan = build_plan(build_project(export()), account(), *flow(), left)
        assert [r.safety_check for r in item(plan, "exports.new").refusals] == gates
        assert likely_rename(plan)


def test_it_changes_no_step() -> None:
    """Only the title that the former flow gives up makes one wait."""
    alike, unlike = (build_plan(build_project(export()), account(), *flow(title=t, hours=6)) for t in ("new", "old"))
    steps = [[replace(s, needs=()) for s in item(plan, "exports.new").steps] for plan in (alike, unlike)]
    assert steps[0] == steps[1]


def removed_entries(do: str) -> tuple[RemovedEntry, ...]:
    return (RemovedEntry("exports", "old", do, "decided", AT),)


QUIET: dict[str, tuple[Project, tuple[LiveObject, ...], PlanOptions]] = {
    "it is declared": (build_project(export(), export("old")), flow(), PlanOptions()),
    "another export goes on from it": (
        build_project(export(), export("other", renamed_from="old")),
        flow(),
        PlanOptions(),
    ),
    "its deletion was decided": (build_project(export(), removed=removed_entries("delete")), flow(), PlanOptions()),
    "its release was decided": (build_project(export(), removed=removed_entries("release")), flow(), PlanOptions()),
    "the export is there": (build_project(export()), (*flow(), *flow("new")), PlanOptions()),
    "only ends are renewed": (build_project(export()), flow(), PlanOptions(renew_only=True)),
    "several flows carry its address": (
        build_project(export()),
        (*flow(), replace(flow()[2], id="second", raw={**flow()[2].raw, "id": "second"})),
        PlanOptions(),
    ),
    "its source cannot be seen": (build_project(export()), flow()[1:], PlanOptions()),
}


@pytest.mark.parametrize("row", QUIET)
def test_nothing_is_said_where(row: str) -> None:
    given, objects, flags = QUIET[row]
    assert likely_rename(build_plan(given, account(), *objects, options=flags)) is None


def test_a_target_deletes_nothing_and_looks_all_the_same() -> None:
    plan = build_plan(
        build_project(export(), export("other")), account(), *flow(), options=PlanOptions(targets=("exports.new",))
    )
    assert [str(i.address) for i in plan.items] == ["destinations.lake", "exports.new"]
    assert likely_rename(plan)


# -- parts of a split export ------------------------------------------------------------------------------------------


def parts(key: str, *named: str) -> list[Any]:
    """One part per dataset, `d1` and so on, declared under one KEY."""
    return [export(f"{key}/{name}", (f"d{n}",)) for n, name in enumerate(named, 1)]


def live_parts(key: str, *named: str) -> tuple[LiveObject, ...]:
    return tuple(o for n, name in enumerate(named, 1) for o in flow(f"{key}/{name}", (f"d{n}",)))


def test_the_new_key_of_a_split_export_is_said_once_for_all_of_its_parts() -> None:
    declared = (*parts("new", "a", "b", "c"), export("whole"))
    plan = build_plan(build_project(*declared), account(), *live_parts("old", "a", "b", "c"), *flow("whole"))
    found = rename_finding(plan, "exports.new/a")
    assert found.message == (
        "exports.new/a looks like exports.old/a, which the config no longer declares: the same datasets, the same"
        " location and the same schedule and folder; also 2 more parts of exports.new"
    )
    assert found.hint == (
        "if you renamed it, write `renamed_from: old` under exports.new (for all its parts): their flows stay"
        " and nothing is sent again"
    )
    assert [likely_rename(plan, f"exports.new/{part}") for part in ("b", "c")] == [None, None]


# declared parts, live ones -> what is written
WRITTEN: dict[str, tuple[list[Any], tuple[LiveObject, ...], str]] = {
    "a part with another name": (
        parts("key", "a", "new"),
        live_parts("key", "a", "b"),
        "`renamed_from: {new: key/b}` under exports.key",
    ),
    "a part of a whole": (parts("key", "a"), flow("whole"), "`renamed_from: {a: whole}` under exports.key"),
    "parts of two keys": (
        parts("key", "a", "b"),
        (*flow("x/a"), *flow("y/b", ("d2",))),
        "`renamed_from: {a: x/a, b: y/b}` under exports.key",
    ),
    "one key where another part of it is still declared": (
        [*parts("key", "a", "b"), export("old/b", ("d2",))],
        live_parts("old", "a"),
        "`renamed_from: {a: old/a}` under exports.key",
    ),
    "a whole of a part": ([export("key")], flow("old/a"), "`renamed_from: old/a`"),
}


@pytest.mark.parametrize("row", WRITTEN)
def test_what_is_written_for_a_part(row: str) -> None:
    exports, objects, words = WRITTEN[row]
    plan = build_plan(build_project(*exports), account(), *objects)
    (hint,) = [f.hint for i in plan.items for f in i.findings if f.rule == "likely-rename"]
    assert str(hint).startswith(f"if you renamed it, write {words}: ")


# -- an account -------------------------------------------------------------------------------------------------------


def new_destination(**changes: Any) -> Destination:
    return lake(**{"key": "new", **changes})


def project_on(*destinations: Destination, **changes: Any) -> Project:
    return build_project(
        orders(destination=destinations[0].key, datasets=export().datasets), destinations=destinations, **changes
    )


def sftp_account(**params: str) -> LiveObject:
    given = {"domain": "sftp.acme.example", "username": "acme", "password": "*****", **params}
    return account(type=SFTP, method="password", params=given)


SFTP_VALUES = {("destinations.new", "username"): "acme"}
MASKED = {"s3Role": "*****"}
BLOB, ZONE = TYPES["azure-blob"], TYPES["data-landing-zone"]
SECRET = Account("connection-string", {"connection_string": AuthValue("${env:B}", Secrecy.SECRET, AT)})
BLOB_LOCATION = {"container": "exports", "path": "aep"}
BLOBS = new_destination(type="azure-blob", location=BLOB_LOCATION, account=SECRET)
AUTH = build_desired_state(project_on(new_destination()), VALUES, {}).accounts
APPLIED = {"auth": (digest(next(iter(AUTH.values())).auth),)}


def blob_flow(**changes: Any) -> tuple[LiveObject, ...]:
    return flow("orders", **{"type": BLOB, "place": BLOB_LOCATION, **changes})


# declared, live objects, values that are set -> what both have in common, or None
ALIKE: dict[str, tuple[Project, tuple[LiveObject, ...], Any, str | None]] = {
    "the same role": (project_on(new_destination()), (account(),), VALUES, "the same type and the same role_arn"),
    "another role": (project_on(new_destination()), (account(params={"s3Role": ROLE + "2"}),), VALUES, None),
    "a role that is not set here": (project_on(new_destination()), (account(),), {}, None),
    "a role that is not set here, and a place that stays": (
        project_on(new_destination()),
        (account(), *flow("orders")),
        {},
        "the same type and the same location of an export on it",
    ),
    "another role, and a place that stays": (
        project_on(new_destination()),
        (account(params={"s3Role": ROLE + "2"}), *flow("orders")),
        VALUES,
        None,
    ),
    "a hidden role, as it was last applied": (
        project_on(new_destination()),
        (account(params=MASKED, applied=APPLIED),),
        VALUES,
        "the same type and the same role_arn",
    ),
    "a hidden role, last applied another one": (
        project_on(new_destination()),
        (account(params=MASKED, applied={"auth": ("0000",)}), *flow("orders")),
        VALUES,
        None,
    ),
    "a hidden role, last applied unknown": (
        project_on(new_destination()),
        (account(params=MASKED),),
        VALUES,
        None,
    ),
    "another way to authenticate": (
        project_on(new_destination()),
        (account(method="key", params={"s3AccessKey": "AKIA", "s3SecretKey": "*"}),),
        VALUES,
        None,
    ),
    "another type": (project_on(new_destination()), (sftp_account(),), VALUES, None),
    "another project": (project_on(new_destination()), (account(owner="theirs"),), VALUES, None),
    "host and username": (
        project_on(sftp_lake("new")),
        (sftp_account(),),
        SFTP_VALUES,
        "the same type, the same host and the same username",
    ),
    "the host, where the username is not set here": (
        project_on(sftp_lake("new")),
        (sftp_account(),),
        {},
        "the same type and the same host",
    ),
    "another host": (project_on(sftp_lake("new")), (sftp_account(domain="other.example"),), SFTP_VALUES, None),
    "a port on one side": (project_on(sftp_lake("new")), (sftp_account(port="22"),), SFTP_VALUES, None),
    "secrets alone": (
        project_on(BLOBS),
        (account(type=BLOB, method="connection-string", params={"x": "*"}),),
        {},
        None,
    ),
    "secrets alone, and a place that stays": (
        project_on(BLOBS),
        (account(type=BLOB, method="connection-string", params={"x": "*"}), *blob_flow()),
        {},
        "the same type and the same location of an export on it",
    ),
    "secrets alone, and another place": (
        project_on(BLOBS),
        (account(type=BLOB, method="connection-string", params={"x": "*"}), *blob_flow(place={"container": "other"})),
        {},
        None,
    ),
    "Adobe's own storage": (
        project_on(new_destination(type="data-landing-zone", location={"path": "exports"}, account=Account())),
        (account(type=ZONE),),
        {},
        "the same type",
    ),
    "it is declared": (project_on(new_destination(), lake()), (account(),), VALUES, None),
    "it is declared, with another's account": (
        project_on(new_destination(), lake(account=Account(existing="Theirs"))),
        (account(),),
        VALUES,
        None,
    ),
    "another destination goes on from it": (
        project_on(new_destination(), lake(key="other", renamed_from="lake")),
        (account(),),
        VALUES,
        None,
    ),
    "its deletion was decided": (
        project_on(new_destination(), removed=(RemovedEntry("destinations", "lake", "delete", "decided", AT),)),
        (account(),),
        VALUES,
        None,
    ),
    "the destination has an account": (
        project_on(new_destination()),
        (account(), account("new", "base-2")),
        VALUES,
        None,
    ),
}


@pytest.mark.parametrize("row", ALIKE)
def test_what_an_account_to_be_created_looks_like(row: str) -> None:
    given, objects, values, common = ALIKE[row]
    found = likely_rename(build_plan(given, *objects, values=values), "destinations.new")
    text = f"destinations.new looks like destinations.lake, which the config no longer declares: {common}"
    assert (found.message if found else None) == (text if common else None)


def test_what_follows_for_an_account_without_the_rename_is_said() -> None:
    found = rename_finding(build_plan(project_on(new_destination(at=HERE)), account()), "destinations.new")
    assert (found.at, found.level) == (HERE, "warning")
    assert found.hint == (
        "if you renamed it, write `renamed_from: lake`; otherwise apply replaces each export on it, with a full"
        " re-export"
    )


def test_of_an_account_with_secrets_it_is_said_that_they_were_not_compared() -> None:
    found = rename_finding(
        build_plan(project_on(sftp_lake("new")), sftp_account(), values=SFTP_VALUES), "destinations.new"
    )
    assert str(found.hint).endswith("; if the secrets changed too, write a new `secret_version`")
    assert SFTP_AUTH["password"].text not in f"{found}"


def test_an_export_and_its_account_renamed_at_once_are_both_to_be_written() -> None:
    given = build_project(export(destination="new"), destinations=(new_destination(),))
    found = rename_finding(build_plan(given, account(), *flow()))
    assert str(found.hint).startswith(
        "if you renamed it, write `renamed_from: old`, and `renamed_from: lake` under destinations.new: its flow stays"
    )
