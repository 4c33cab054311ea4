"""Every index of a plan gives what a search of everything gives, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exportctl.model.plan import Address, Inventory, ListedDataset, LiveObject, Marker, digest
from exportctl.model.project import AcceptEntry, AllowEntry, MoveEntry, Project, RemovedEntry
from exportctl.plan.circles import circle_numbers
from exportctl.plan.dataset_lookup import ListedDatasets
from exportctl.plan.delete import removed_entry
from exportctl.plan.desired import DesiredExport, build_desired_state
from exportctl.plan.field_diff import AcceptEntries
from exportctl.plan.look_alikes import LookAlikes, look_alike_refusal
from exportctl.plan.ownership import LiveFlow, Ownership, build_ownership
from exportctl.plan.titles import folded_name
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import BASE_CONNECTION, DATASETS, FLOW, KINDS, LOCATION
from exportctl.resources.marker import trace
from exportctl.rules.external_findings import PLAN_RULES_BY_ID
from exportctl.rules.rule import allow_entries
from tests.plan.plan_builders import SFTP, VALUES, account, build_project, export, flow
from tests.plan.value_builders import AT, make_object

PROJECTS = ("acme", "theirs", "others")
KEYS = ("orders", "returns", "orders/eu")
DATASET_LISTS = (["d1"], ["d2"], ["d1", "d2"])
TITLES = ("Orders", " orders", "Returns", "Orders 2")
BASES = ("base", "base-2", "base-3")
YAML_PLACE = {"bucket": "acme", "path": "aep"}
PLACES = ({"bucketName": "acme", "path": "aep"}, {"bucketName": "acme", "path": "other"})


@st.composite
def flows(draw: st.DrawFn, number: int) -> tuple[LiveObject, ...]:
    """A flow with its connections, in which anything may be missing or belong to somebody else."""
    source, target, made = flow(
        str(number),
        draw(st.sampled_from(DATASET_LISTS)),
        base=draw(st.sampled_from(BASES)),
        place=draw(st.sampled_from(PLACES)),
        title=draw(st.sampled_from(TITLES)),
    )
    kept = [
        _with_marker(one, draw(st.none() | markers()))
        for one in (source, target)
        if draw(st.integers(0, 4))  # mostly
    ]
    return (*kept, _with_marker(made, draw(st.none() | markers())))


@st.composite
def markers(draw: st.DrawFn) -> Marker:
    applied = {DATASETS: (digest(sorted(draw(st.sampled_from(DATASET_LISTS)))),)}
    if draw(st.booleans()):
        applied[LOCATION] = (digest(draw(st.sampled_from((YAML_PLACE, {})))),)
    moved_from = draw(st.none() | st.builds(trace, st.sampled_from(PROJECTS), st.sampled_from(KEYS)))
    return Marker(
        draw(st.sampled_from(PROJECTS)), "e", draw(st.sampled_from(KEYS)), applied=applied, moved_from=moved_from
    )


def _with_marker(live: LiveObject, marker: Marker | None) -> LiveObject:
    raw = {k: v for k, v in live.raw.items() if k not in ("id", "etag", "description")}
    return make_object(live.kind, live.id, marker and replace(marker, kind=KINDS[live.kind].letter), **raw)


@st.composite
def sandboxes(draw: st.DrawFn) -> Ownership:
    objects: list[LiveObject] = []
    for number in range(draw(st.integers(0, 5))):
        objects += draw(flows(number))
    for base in BASES:
        kind = draw(st.sampled_from((TYPES["amazon-s3"], SFTP)))
        made = account("lake", base, type=kind, method=kind.methods[0].name)
        named = {**made.raw, "name": draw(st.sampled_from(TITLES))}
        objects.append(_with_marker(replace(made, raw=named), draw(st.none() | st.just(Marker("acme", "d", "lake")))))
    given = {kind: tuple(o for o in objects if o.kind == kind) for kind in KINDS}
    return build_ownership(Inventory(given, (), {}), "acme")


def ids(found: Iterable[LiveFlow]) -> list[str]:
    return [one.flow.id for one in found]


@given(of=sandboxes())
def test_questions_about_flows(of: Ownership) -> None:
    own = [h for h in of.flows if h.is_owned_by("acme")]
    others = [h for h in of.flows if not h.is_owned_by("acme")]
    for one in (*(h.flow.id for h in of.flows), "f-none"):
        assert of.flow_by_id(one) == next((h for h in of.flows if h.flow.id == one), None)
    for base in BASES:
        assert ids(of.flows_on(base)) == ids(h for h in of.flows if h.base_id == base)
    for title in TITLES:
        assert ids(of.flows_named(title)) == ids(h for h in of.flows if folded_name(h.flow.name) == folded_name(title))
    for dataset in ("d1", "d2", "d3"):
        assert ids(of.flows_with_dataset(dataset)) == ids(h for h in of.flows if dataset in h.dataset_ids)
    for address in (Address("exports", key) for key in KEYS):
        at = [h for h in of.flows if h.marker and h.marker.address == address]
        for project in PROJECTS:
            same = [h for h in at if h.marker and h.marker.project == project]
            assert ids(of.flows_of(project, address)) == ids(same)
        claimed = [h for h in of.flows if (c := h.claim) and c.project == "acme" and c.address == address]
        assert ids(of.flows_claimed_for(address)) == ids(claimed)
        came = [h for h in others if h.marker and h.marker.moved_from == trace("acme", address.name)]
        assert of.flow_moved_from(address) == next(iter(came), None)
    for place in (YAML_PLACE, {"bucket": "acme"}):
        same_place = ids(h for h in others if h.target and h.target_fields[LOCATION] == place)
        found = ids(of.flows_of_others(place))
        assert [one for one in found if one in same_place] == same_place
        assert not {*found} & {*ids(own)}


class AllFlows(LookAlikes):
    """A search that compares an export with every flow of others."""

    def similar_flows(self, export: DesiredExport, ids: Sequence[str]) -> Iterator[LiveFlow]:
        return iter(self.ownership.unowned_flows)


@given(of=sandboxes(), base=st.sampled_from(BASES))
def test_a_flow_that_exports_the_same(of: Ownership, base: str) -> None:
    titled = {f"e-{n}": {"datasets": d, "title": t} for n, (d, t) in enumerate(product(DATASET_LISTS, TITLES))}
    desired = build_desired_state(build_project(*(export(key, **made) for key, made in titled.items())), VALUES, {})
    for one in desired.exports.values():
        asked = one, None, base, [d.id or "" for d in one.declared.datasets]
        assert look_alike_refusal(*asked, LookAlikes(of)) == look_alike_refusal(*asked, AllFlows(of))


@given(of=sandboxes(), without=st.sets(st.sampled_from(["f-0", "f-1", "base"])))
def test_questions_about_accounts_and_names(of: Ownership, without: set[str]) -> None:
    bases = of.base_connections.values()
    for kind in TYPES.values():
        alike = sorted((b for b in bases if wire.destination_type(b.raw) is kind), key=lambda b: b.id)
        assert list(of.accounts_of_type(kind)) == alike
        for title in TITLES:
            assert list(of.accounts_titled(kind, title)) == [b for b in alike if b.name == title]
    unmarked = [b for b in bases if b.marker is None and b.name in ("Orders", "Orders 2")]
    assert sorted(of.unmarked_accounts(["Orders"]), key=lambda b: b.id) == sorted(unmarked, key=lambda b: b.id)
    for kind_name in (FLOW.name, BASE_CONNECTION.name):
        taken = of.names_taken(kind_name, without, also={"new"})
        names = {name for identity, name in of.names[kind_name].items() if identity not in without} | {"new"}
        assert {n for n in ("orders", "returns", "orders 2", "new", "none") if n in taken} == names & {*_FOLDED, "new"}


_FOLDED = ("orders", "returns", "orders 2")
entries = st.lists(
    st.builds(
        AcceptEntry,
        st.sampled_from(["exports.a", "exports.b"]),
        st.sampled_from(["end", "folder"]),
        st.text("xyz", max_size=3),
        st.just("jane"),
        st.none(),
        st.just(AT),
    )
)


@given(accept=entries, names=st.lists(st.sampled_from(["exports.a", "exports.b", "exports.c"]), max_size=3))
def test_accept_entries(accept: list[AcceptEntry], names: list[str]) -> None:
    assert list(AcceptEntries(tuple(accept)).of(names)) == [a for a in accept if a.address in names]


@given(st.lists(st.builds(ListedDataset, st.sampled_from("123"), st.sampled_from(["", "A", "B"]))))
def test_listed_datasets(listed: list[ListedDataset]) -> None:
    listing = ListedDatasets(tuple(listed))
    assert listing.names == {d.id: d.name for d in listed}
    assert listing.known_names == {d.id: d.name for d in listed if d.name}
    for name in ("", "A", "B", "C"):
        assert list(listing.ids.get(name, ())) == sorted(d.id for d in listed if d.name == name)


keys = st.sampled_from(["a", "a/x", "b"])


def _removed(pair: tuple[str, str]) -> RemovedEntry:
    return RemovedEntry(pair[0], pair[1], "delete", "decided", AT)


def _moved(pair: tuple[str, str]) -> MoveEntry:
    return MoveEntry("theirs", pair[0], "f", pair[1], "renamed", AT)


@given(
    declared=st.sets(keys),
    removed=st.lists(st.tuples(st.sampled_from(["exports", "destinations"]), keys).map(_removed)),
    moved=st.lists(st.tuples(keys, keys).map(_moved)),
    allowed=st.sets(keys),
    addresses=st.sets(keys.map(lambda key: f"exports.{key}")),
)
def test_questions_about_a_project(
    declared: set[str], removed: list[RemovedEntry], moved: list[MoveEntry], allowed: set[str], addresses: set[str]
) -> None:
    allow: Any = AllowEntry("undeclared-end", "agreed", AT)
    exports = [export(key, allow=(allow,) if key in allowed else ()) for key in sorted(declared)]
    project = build_project(*exports, removed=tuple(removed), move_from=tuple(moved))
    for root in ("exports", "destinations"):
        for key in ("a", "a/x", "b", "c"):
            address = Address(root, key)
            assert removed_entry(project, address) == _searched_removed_entry(project, address)
            assert list(project.moves_to(key)) == [m for m in moved if m.to == key]
    rule = PLAN_RULES_BY_ID["undeclared-end"]
    concerned = [e for e in project.exports.values() if e.allow and e.address in addresses]
    assert allow_entries(rule, project, addresses) == tuple(a for e in concerned for a in e.allow)


def _searched_removed_entry(project: Project, address: Address) -> RemovedEntry | None:
    key = address.name.partition("/")[0]
    declared = any(e.declared_key == key for e in project.exports.values())
    names = (address.name,) if declared else (address.name, key)
    return next((r for r in project.removed if r.root == address.root and r.name in names), None)


@given(st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7)), max_size=8))
def test_two_are_in_one_circle_if_each_leads_to_the_other(waits: dict[int, set[int]]) -> None:
    def leads(one: int, other: int) -> bool:
        seen, ahead = {one}, [one]
        while ahead:
            new = waits.get(ahead.pop(), set()) - seen
            seen |= new
            ahead += new
        return other in seen

    numbers = circle_numbers(waits)
    assert numbers.keys() == {*waits, *(one for all_ in waits.values() for one in all_)}
    for one in numbers:
        for other in numbers:
            assert (numbers[one] == numbers[other]) is (leads(one, other) and leads(other, one))
