"""Who owns what: live objects sorted by marker, by the ids on flows, and by who else uses them."""

from __future__ import annotations

from typing import Any

import pytest

from exportctl.model.plan import Address, LiveObject, Marker
from exportctl.plan.lost_owners import lost_owner_refusal
from exportctl.plan.ownership import LiveFlow, build_ownership, came_from
from exportctl.resources.marker import trace
from tests.plan.plan_builders import export
from tests.plan.value_builders import make_object, sandbox

ORDERS = Address("exports", "orders")
LAKE = Address("destinations", "lake")
OURS = Marker("acme", "e", "orders")
THEIRS = Marker("theirs", "e", "orders")


def flow(
    identity: str = "f", marker: Marker | None = OURS, source: Any = "s", target: Any = "t", **raw: Any
) -> LiveObject:
    ids = {"sourceConnectionIds": [source] if isinstance(source, str) else source,
           "targetConnectionIds": [target] if isinstance(target, str) else target}  # fmt: skip
    return make_object("flow", identity, marker, **ids, **raw)


def source(identity: str = "s", marker: Marker | None = OURS, **raw: Any) -> LiveObject:
    return make_object("source_connection", identity, marker, **raw)


def target(identity: str = "t", marker: Marker | None = OURS, base: str = "b", **raw: Any) -> LiveObject:
    return make_object("target_connection", identity, marker, baseConnectionId=base, **raw)


def base(identity: str = "b", marker: Marker | None = None, **raw: Any) -> LiveObject:
    return make_object("base_connection", identity, marker, **raw)


def only_owned(*objects: LiveObject, of: str = "f") -> LiveFlow:
    found = build_ownership(sandbox(*objects), "acme").flow_by_id(of)
    assert found is not None
    return found


def test_a_marked_flow_holds_its_connections_and_its_account() -> None:
    seen = build_ownership(sandbox(flow(), source(), target(), base()), "acme")
    (live_flow,) = seen.own_flows[ORDERS]
    assert (live_flow.source and live_flow.source.id, live_flow.target and live_flow.target.id, live_flow.base_id) == (
        "s",
        "t",
        "b",
    )
    assert (live_flow.marker, live_flow.marker_lost, live_flow.shared_ids, live_flow.other_flow_names) == (
        OURS,
        False,
        frozenset(),
        (),
    )
    assert live_flow.can_change(live_flow.target)
    assert live_flow.can_change(live_flow.source)
    assert not live_flow.can_change(None)
    assert seen.orphans == {}
    assert seen.base_users == {"b": ("t",)}


def test_an_unmanaged_flow_and_one_of_another_project_are_not_ours() -> None:
    seen = build_ownership(sandbox(flow("f", None), flow("g", THEIRS, "s2", "t2")), "acme")
    assert seen.own_flows == {}
    assert [h.flow.id for h in seen.flows] == ["f", "g"]
    assert seen.flow_by_id("unmanaged") is None


def test_flows_of_one_address_are_kept_together_in_the_order_of_their_ids() -> None:
    seen = build_ownership(sandbox(flow("g"), flow("f", source="s2", target="t2")), "acme")
    assert [h.flow.id for h in seen.own_flows[ORDERS]] == ["f", "g"]


def test_what_two_flows_use_belongs_to_neither_and_names_the_other() -> None:
    live_flow = only_owned(flow(), flow("g", None, "s2", name="Theirs"), source(), target())
    assert live_flow.shared_ids == {"t"}
    assert live_flow.other_flow_names == ("Theirs",)
    assert not live_flow.can_change(live_flow.target)
    assert live_flow.can_change(live_flow.source)


def test_a_flow_without_a_name_is_named_by_its_id() -> None:
    assert only_owned(flow(), flow("g", None, "s2", name=None), target()).other_flow_names == ("g",)


LOST: dict[str, tuple[Marker | None, Marker | None, Marker | None, bool]] = {
    # flow, source, target -> lost
    "its own marker counts": (OURS, OURS, OURS, False),
    "both connections say whose it is": (None, OURS, OURS, True),
    "the target alone proves little": (None, None, OURS, False),
    "the source alone proves little": (None, OURS, None, False),
    "connections of two addresses prove nothing": (None, Marker("acme", "e", "other"), OURS, False),
    "connections of another project are theirs": (None, THEIRS, THEIRS, False),
    "another project's marker counts too": (THEIRS, OURS, OURS, False),
}


def test_whose_a_flow_is_that_lost_its_marker() -> None:
    for words, (mine, content, place, lost) in LOST.items():
        live_flow = only_owned(flow("f", mine), source("s", content), target("t", place))
        assert live_flow.marker_lost == lost, words
        assert live_flow.marker == (mine or (OURS if lost else None)), words


MOVED: dict[str, tuple[Marker, str | None]] = {
    "another project took it over": (
        Marker("theirs", "e", "web", moved_from=trace("acme", "orders")),
        "exports.orders",
    ),
    "it came to them from elsewhere": (Marker("theirs", "e", "web", moved_from=trace("third", "orders")), None),
    "another flow uses our source": (Marker("theirs", "e", "web"), None),
    "it is ours": (OURS, None),
}


@pytest.mark.parametrize(("marker", "address"), MOVED.values(), ids=MOVED)
def test_the_trace_in_the_marker_says_that_a_flow_came_from_us(marker: Marker, address: str | None) -> None:
    assert came_from(only_owned(flow("f", marker), source(), target()), "acme") == address


def test_shared_connections_say_nothing_of_a_flow_without_a_marker() -> None:
    assert not only_owned(flow("f", None), flow("g", None), source(), target()).marker_lost
    assert not only_owned(flow("f", None), flow("g", None, "s2"), source(), target()).marker_lost


def test_the_protection_of_a_lost_or_damaged_marker_is_what_the_yaml_declares() -> None:
    damaged = flow("f", description="[exportctl/1 e acme orders]")
    for live_flow in (only_owned(flow("f", None), source(), target()), only_owned(damaged, source(), target())):
        guarded, free = live_flow.protecting_marker(True), live_flow.protecting_marker(False)
        assert guarded is not None
        assert guarded.protected
        assert free is not None
        assert not free.protected
    assert only_owned(flow(), source(), target()).protecting_marker(True) == OURS
    assert only_owned(flow("f", None, "x", "y")).protecting_marker(True) is None


def test_connections_that_are_several_none_or_hidden_are_not_kept() -> None:
    several = only_owned(flow(source=["s", "s2"], target=[]), source(), source("s2"))
    assert (several.source, several.target) == (None, None)
    hidden = only_owned(flow(), source())
    assert (hidden.target, hidden.base_id) == (None, None)


def test_the_account_of_a_hidden_target_is_the_one_the_flow_inherits() -> None:
    inherited = {"targetConnections": [{"baseConnection": {"id": "b"}}]}
    assert only_owned(flow(inheritedAttributes=inherited)).base_id == "b"
    two = {"targetConnections": [{"baseConnection": {"id": "b"}}, {"baseConnection": {"id": "c"}}]}
    lists: tuple[Any, ...] = ([{}], ["x"], None)
    for odd in (two, *({"targetConnections": targets} for targets in lists), None, "x"):
        assert only_owned(flow(inheritedAttributes=odd)).base_id is None


def test_children_of_ours_that_no_flow_uses_are_orphans_oldest_first() -> None:
    seen = build_ownership(
        sandbox(
            flow(),
            source(),
            source("s3", createdAt=2_000),
            source("s2", createdAt=1_000),
            target("t2", createdAt=3_000),
            source("x", THEIRS),
            target("y", None),
        ),
        "acme",
    )
    assert [o.id for o in seen.orphans[ORDERS]] == ["s2", "s3", "t2"]
    assert list(seen.orphans) == [ORDERS]


def test_accounts_are_known_by_their_markers_and_by_who_is_on_them() -> None:
    ours = base("b", Marker("acme", "d", "lake"))
    seen = build_ownership(
        sandbox(flow(), source(), target(), ours, base("c"), base("d", Marker("acme", "e", "orders"))), "acme"
    )
    assert {a: [o.id for o in found] for a, found in seen.own_accounts.items()} == {LAKE: ["b"]}
    assert set(seen.base_connections) == {"b", "c", "d"}
    assert [h.flow.id for h in seen.flows_on("b")] == ["f"]
    assert seen.flows_on("c") == ()


@pytest.mark.parametrize(("moved_from", "refused"), [(None, True), (trace("acme", "orders"), False)])
def test_our_marker_on_the_target_of_anothers_flow_is_refused_unless_the_flow_moved(
    moved_from: str | None, refused: bool
) -> None:
    theirs = Marker("theirs", "e", "web", moved_from=moved_from)
    seen = build_ownership(sandbox(flow("f", theirs), source(), target("t", OURS)), "acme")
    assert (lost_owner_refusal(export("orders"), seen) is not None) == refused
