"""Which live flow counts as one that exports the same: its type, datasets and location decide, not its name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl.model.plan import LiveObject, Plan, Refusal, digest
from exportctl.model.project import Account, MoveEntry
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.serialize import encode_plan
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import LOCATION
from tests.plan.plan_builders import SFTP, account, build_plan, build_project, export, flow, item, sftp_lake
from tests.plan.value_builders import AT, lake

Flow = tuple[LiveObject, ...]
SFTP_PLACE = {"remotePath": "in"}
BLOB = {"container": "exports", "path": "aep"}


def unmarked(objects: Flow) -> Flow:
    return tuple(replace(o, marker=None) for o in objects)


def planned(*objects: LiveObject, **changes: Any) -> Plan:
    """The plan of one export, `orders`, of dataset d1 to the bucket `acme`, path `aep`."""
    return build_plan(build_project(export("orders", **changes)), account(), *objects)


def checks(made: Plan) -> list[str]:
    return [r.safety_check for r in item(made, "exports.orders").refusals]


def theirs(key: str = "theirs", **changes: Any) -> Flow:
    return flow(key, **{"owner": "theirs", "base": "their-base", **changes})


def place(path: str, bucket: str = "acme") -> dict[str, Any]:
    return {"place": {"bucketName": bucket, "path": path}}


OTHERS: dict[str, tuple[Flow, list[str]]] = {
    "another project's flow, whatever its name": (theirs(title="Anything"), ["exported-by-other-project"]),
    "another project's flow, another spelling": (theirs(**place("/AEP//")), ["exported-by-other-project"]),
    "another project's flow, another path": (theirs(**place("other"), title="orders"), []),
    "another project's flow, another bucket": (theirs(**place("aep", "other")), []),
    "another project's flow, more datasets": (theirs(datasets=("d1", "d2")), []),
    "an unmanaged flow, whatever its name": (unmarked(theirs(title="Anything")), ["look-alike"]),
    "an unmanaged flow with the title in another path": (
        unmarked(theirs(title="orders", **place("other"))),
        ["look-alike"],
    ),
    "an unmanaged flow in another path": (unmarked(theirs(**place("other"))), []),
    "an unmanaged flow with the title and other datasets": (unmarked(theirs(title="orders", datasets=("d2",))), []),
    "a flow of this project": (flow("second"), []),
}


@pytest.mark.parametrize(("live", "found"), OTHERS.values(), ids=OTHERS)
def test_what_a_flow_exports_decides_whether_it_blocks_a_creation(live: Flow, found: list[str]) -> None:
    assert [c for c in checks(planned(*live)) if c in ("exported-by-other-project", "look-alike")] == found


WAYS_TO_A_SECOND: dict[str, tuple[Flow, str]] = {
    "the location": (unmarked(theirs()), "another location"),
    "the title": (unmarked(theirs(title="orders", **place("other"))), "another `title`"),
    "both": (unmarked(theirs(title="orders")), "another location and another `title`"),
}


@pytest.mark.parametrize(("live", "change"), WAYS_TO_A_SECOND.values(), ids=WAYS_TO_A_SECOND)
def test_the_refusal_names_what_to_change_for_a_second_export(live: Flow, change: str) -> None:
    (refusal,) = item(planned(*live), "exports.orders").refusals

    assert refusal.allow.endswith(f" to adopt it, or {change} to create a second")


def test_a_hand_edit_hides_no_flow_of_another_project() -> None:
    """What the marker says was last applied counts as exported too."""
    source, target, live = theirs(datasets=("d2",), applied=("d1",), **place("other"))
    assert target.marker is not None
    wanted = {LOCATION: (digest({"bucket": "acme", "path": "aep"}),)}
    applied = replace(target, marker=replace(target.marker, applied=wanted))

    assert checks(planned(source, applied, live)) == ["exported-by-other-project"]
    assert checks(planned(source, target, live)) == []


@pytest.mark.parametrize(
    ("host", "username", "found"),
    [
        ("SFTP.acme.example", "acme", ["exported-by-other-project"]),
        ("sftp.partner.example", "acme", []),
        ("sftp.acme.example", "partner", []),
        ("sftp.acme.example", None, ["exported-by-other-project"]),
    ],
    ids=["the same server", "another server", "another user", "a hidden user"],
)
def test_on_a_server_the_account_belongs_to_the_location(host: str, username: str | None, found: list[str]) -> None:
    params = {"domain": host, "port": 22, **({"username": username} if username else {})}
    base = account("lake", "their-base", type=SFTP, method="password", params=params, owner="theirs")
    live = theirs(type=SFTP, place=SFTP_PLACE)
    given = build_project(export("orders"), destinations=(sftp_lake(),))
    values = {("destinations.lake", "username"): "acme"}

    assert checks(build_plan(given, base, *live, values=values)) == found


def test_a_container_in_another_existing_account_is_another_location_and_in_the_same_account_it_is_not() -> None:
    blob = TYPES["azure-blob"]
    mine = account("mine", "base", type=blob, method="connection-string", params={"hidden": "x"}, owner="theirs")
    other = account(
        "other", "their-base", type=blob, method="connection-string", params={"hidden": "x"}, owner="theirs"
    )
    used = {"type": "azure-blob", "location": BLOB, "account": Account(id="base")}
    given = build_project(export("orders"), destinations=(lake(**used),))

    assert checks(build_plan(given, mine, other, *theirs(type=blob, place=BLOB))) == []
    assert checks(build_plan(given, mine, other, *theirs(type=blob, place=BLOB, base="base"))) == [
        "exported-by-other-project"
    ]


def test_a_flow_with_a_hidden_target_counts_by_its_title() -> None:
    source, _, live = theirs(title="orders")
    _, _, other = theirs(title="other")

    assert checks(planned(source, live)) == ["exported-by-other-project"]
    assert checks(planned(source, other)) == []


# -- what the plan offers ---------------------------------------------------------------------------------------------


def renamed(*entries: MoveEntry, environment: str | None = None) -> Plan:
    """Two exports of a renamed project; the location of the second was changed in the same commit."""
    given = build_project(
        export("orders"), export("returns", ("d2",), subpath="new"), move_from=entries, environment=environment
    )
    return build_plan(given, account(), *theirs("orders"), *theirs("returns", datasets=("d2",)))


def test_a_renamed_project_gets_the_whole_block_to_paste() -> None:
    (step,) = renamed().next_steps

    assert step.text == (
        "to move these 2 flows from project theirs to acme, add this at the top of the config, then plan again"
    )
    assert step.yaml.splitlines() == [
        "move_from:",
        '  - {project: theirs, export: orders, flow: "f-orders", reason: moved to acme}',
        '  - {project: theirs, export: returns, flow: "f-returns", reason: moved to acme}',
    ]


def test_the_block_says_where_it_goes() -> None:
    one = MoveEntry("theirs", "orders", "f-orders", "orders", "renamed", AT)
    (more,), (overlay,) = renamed(one).next_steps, renamed(environment="prod").next_steps

    assert "to the list `move_from`" in more.text
    assert more.yaml == '  - {project: theirs, export: returns, flow: "f-returns", reason: moved to acme}'
    assert "under `environments: prod:`" in overlay.text
    assert overlay.yaml.startswith("    move_from:\n      - {")


def test_the_offer_names_the_other_key_and_every_flow_of_a_replacement() -> None:
    source, target, live = theirs("web")
    assert live.marker is not None
    older = replace(live, id="f-older", marker=replace(live.marker, being_replaced=True))

    (refusal,) = item(planned(source, target, live, older), "exports.orders").refusals

    assert [(m.export, m.flow, m.to) for m in refusal.moves] == [
        ("web", "f-older", "orders"),
        ("web", "f-web", "orders"),
    ]
    assert "flow: f-web, to: orders, reason: …}]`" in refusal.allow
    assert 'the flow f-web "web" of project theirs (exports.web) exports the same' in refusal.text or (
        'the flow f-older "web"' in refusal.text
    )


def test_a_flow_of_the_former_project_with_other_datasets_under_the_key_is_another_export() -> None:
    given = build_project(export("orders"), export("returns", ("d2",), subpath="new"))

    made = build_plan(given, account(), *theirs("orders"), *theirs("returns", datasets=("d3",)))

    assert item(made, "exports.returns").refusals == ()
    assert [m.to for r in checks_of(made) for m in r.moves] == ["orders"]


def checks_of(made: Plan) -> list[Refusal]:
    return [r for i in made.items for r in i.refusals]


def test_a_document_keeps_what_a_plan_offers() -> None:
    made = renamed()

    again = decode_plan(encode_plan(made))

    assert (again.next_steps, checks_of(again)) == (made.next_steps, checks_of(made))
