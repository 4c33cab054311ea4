"""
Read a sandbox with parallel list requests only. The number of requests does not grow with the number of exports.

A command reads only the lists that it needs: a ReadSet names them.

The lists are in creation order: the default order of the service moves items between pages while they change
(flow-service.md 3.2).

Runs are one list for several flows, newest first, back to a given moment: `GET /runs?property=flowId==id1,id2` (any-of,
flow-service.md 3.3 and 8.4), at most 100 per page. The reader checks the filter of the service again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from exportctl.client.client import MAX_READERS, Client
from exportctl.client.pages import is_object_id
from exportctl.client.reading_pool import ReadingPool
from exportctl.clock import Clock
from exportctl.errors import NotFound, ServiceError
from exportctl.frozen import dataclass
from exportctl.model.plan import Inventory, ListedDataset, LiveObject
from exportctl.resources import flow_states, marker, run
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DATA_LAKE_SPEC
from exportctl.resources.kinds import BASE_CONNECTION, FLOW, KINDS, SOURCE_CONNECTION, TARGET_CONNECTION, Kind
from exportctl.resources.run import Run

CREATION_ORDER, NEWEST_FIRST = ("orderby", "createdAt"), ("orderby", "-createdAt")
FLOWS_PER_LIST = 20  # twenty ids keep the URL below 1 KiB
DELETING_STATES = ("delete-finalizing", "deleting")  # the service is deleting the object (error text 1456; assumed)
TRANSITION_DELAYS = (1.0, 2.0, 4.0, 8.0)  # seconds before each further list, while a flow is in transition


@dataclass(frozen=True)
class ReadSet:
    """The lists of a sandbox that a command reads: of which kinds of objects, and whether of datasets and specs."""

    kinds: frozenset[str]
    datasets: bool = False
    specs: bool = False

    def __or__(self, other: ReadSet) -> ReadSet:
        return ReadSet(self.kinds | other.kinds, self.datasets or other.datasets, self.specs or other.specs)


OBJECTS = ReadSet(frozenset(KINDS))
FLOWS = ReadSet(frozenset({FLOW.name}))
DATASETS = ReadSet(frozenset(), datasets=True)
SPECS = ReadSet(frozenset(), specs=True)
EVERYTHING = OBJECTS | DATASETS | SPECS
NOTHING_KNOWN = Inventory({}, None, {})
_LONGEST_FIRST = (SOURCE_CONNECTION, TARGET_CONNECTION, FLOW, BASE_CONNECTION)


def read_inventory(client: Client, lists: ReadSet = EVERYTHING, known: Inventory = NOTHING_KNOWN) -> Inventory:
    """
    Read lists of one sandbox as they are now, all at the same time; the other lists are those of `known`.

    The pages of a list follow each other, so the lists with the most pages start first. A list that cannot be read
    raises a ServiceError.
    """
    wanted = [kind for kind in _LONGEST_FIRST if kind.name in lists.kinds]
    with ReadingPool(len(wanted) + lists.datasets + lists.specs) as pool:
        reading = {kind.name: pool.submit(list_objects, client, kind) for kind in wanted}
        datasets = pool.submit(list_datasets, client) if lists.datasets else None
        specs = pool.submit(read_connection_specs, client) if lists.specs else None
        return Inventory(
            {**known.objects, **{name: reading[name].result() for name in KINDS if name in reading}},
            datasets.result() if datasets else known.datasets,
            specs.result() if specs else known.specs,
        )


def list_objects(client: Client, kind: Kind) -> tuple[LiveObject, ...]:
    """List all objects of a kind, except connections that the service is deleting: a flow counts until it is gone."""
    items = client.list(kind.path, params=[*kind.filters, CREATION_ORDER])
    return tuple(live_object(kind, item) for item in items if kind is FLOW or not is_being_deleted(item))


def is_being_deleted(raw: Mapping[str, Any]) -> bool:
    return flow_states.state_word(raw).lower() in DELETING_STATES


def list_flows_until_settled(client: Client, live: Inventory, clock: Clock, project: str) -> Inventory:
    """
    Return `live` with the flows listed again while one of this project is in transition, for a bounded time.

    A flow that is still in transition then is shown as it is.
    """
    for delay in TRANSITION_DELAYS:
        ours = (o for o in live.objects_of_kind(FLOW.name) if o.marker and o.marker.project == project)
        if not any(flow_states.is_in_transition(flow.raw) for flow in ours):
            break
        clock.sleep(delay)
        live = replace(live, objects={**live.objects, FLOW.name: list_objects(client, FLOW)})
    return live


def live_object(kind: Kind, raw: Mapping[str, Any]) -> LiveObject:
    """Parse one object of a list or a GET. Without id and etag no write is safe: this raises a ServiceError."""
    identity, etag = raw.get("id"), raw.get("etag") or raw.get("version")
    if not isinstance(identity, str) or not is_object_id(identity) or not isinstance(etag, str):
        raise ServiceError(
            f"the service listed a {kind.label} without id or etag",
            hint="run `exportctl doctor`: a proxy may stand in between, or the service has changed",
        )
    description = raw.get("description")
    text, found = marker.parse_marker(description if isinstance(description, str) else None, kind)
    return LiveObject(kind.name, identity, etag, str(raw.get("name") or ""), text, found, raw)


def list_datasets(client: Client, spec: str = DATA_LAKE_SPEC) -> tuple[ListedDataset, ...]:
    """List the datasets that can be exported, under a connection spec (flow-service.md 6)."""
    params = [("outputType", "activationDatasets"), ("outputField", "datasets"), ("properties", "name,state")]
    items = client.list_offset(f"/connectionSpecs/{spec}/configs", params=params)
    found = {str(i["id"]): ListedDataset(str(i["id"]), str(i.get("name") or "")) for i in items if i.get("id")}
    return tuple(sorted(found.values(), key=lambda d: (d.name, d.id)))


def read_connection_specs(client: Client) -> Mapping[str, Mapping[str, Any]]:
    """Read the connection specs of the destination types, by id."""
    wanted = ",".join(t.connection_spec for t in TYPES.values())
    items = client.list("/connectionSpecs", params=[("property", f"id=={wanted}")], limit=None)
    found: dict[str, Mapping[str, Any]] = {str(i.get("id")): i for i in items}
    missing = [t.label for t in TYPES.values() if t.connection_spec not in found]
    if len(missing) == len(TYPES):
        raise ServiceError(
            "the service offers none of the six destination types", hint="check platform.organization and platform.url"
        )
    return found


def read_lagging_objects(
    client: Client,
    live: Inventory,
    created: Mapping[str, str],
    deleted: Iterable[str],
    read_object: Callable[[Kind, str], LiveObject],
    is_former_version: Callable[[LiveObject], bool],
) -> Inventory:
    """
    Return `live` with this run's own writes, which lists show late.

    Objects that this run created (id -> kind) and that are not listed yet are read by id, and so are objects that are
    listed as before a write of this run. `read_object` waits for what the service does not show yet. Objects that this
    run deleted are left out as soon as no list shows them, or a GET answers 404.
    """
    deleted_ids = set(deleted)
    objects = {}
    for name, kind in KINDS.items():
        kept = [o for o in live.objects_of_kind(name) if o.id not in deleted_ids or _is_present(client, kind, o.id)]
        kept = [(_read_present(read_object, kind, o.id) or o) if is_former_version(o) else o for o in kept]
        listed = {o.id for o in kept}
        late = [i for i, k in created.items() if k == name and i not in listed and i not in deleted_ids]
        objects[name] = (*kept, *(o for o in (_read_present(read_object, kind, i) for i in late) if o is not None))
    return Inventory(objects, live.datasets, live.specs)


def _read_present(read: Callable[[Kind, str], LiveObject], kind: Kind, identity: str) -> LiveObject | None:
    try:
        return read(kind, identity)
    except NotFound:
        return None


def _is_present(client: Client, kind: Kind, identity: str) -> bool:
    try:
        return not is_being_deleted(client.get(f"{kind.path}/{identity}"))
    except NotFound:
        return False


# -- runs -------------------------------------------------------------------------------------------------------------


def read_runs(client: Client, flows: Sequence[str], since: int) -> tuple[Run, ...]:
    """Read all runs of these flows that were created at `since` (seconds) or later, newest first."""
    groups = [flows[i : i + FLOWS_PER_LIST] for i in range(0, len(flows), FLOWS_PER_LIST)]
    with ReadingPool(MAX_READERS) as pool:
        lists = pool.map(lambda ids: [*_iterate_newest_runs(client, ids, since)], groups)
        return tuple(sorted(chain.from_iterable(lists), key=lambda one: (-one.started, one.id)))


def read_latest_runs(client: Client, flow: str, count: int) -> tuple[Run, ...]:
    """Read the newest `count` runs of one flow."""
    return tuple(islice(_iterate_newest_runs(client, [flow], 0), count))


def read_newest_runs(client: Client, flows: Sequence[str]) -> tuple[tuple[Run, ...], bool]:
    """Read the newest runs of several flows with one request; True: the service shows no older ones."""
    wanted, params = set(flows), [("property", f"flowId=={','.join(flows)}"), NEWEST_FIRST]
    page, has_more = client.first_page("/runs", params=params)
    found = (one for one in map(run.parse_run, page) if one is not None and one.flow in wanted)
    return tuple(found), not has_more


def read_oldest_run(client: Client, flow: str) -> Run | None:
    """Read the oldest run of one flow that the service still shows."""
    for page in client.pages("/runs", params=[("property", f"flowId=={flow}"), CREATION_ORDER]):
        for found in map(run.parse_run, page):
            if found is not None and found.flow == flow:
                return found
    return None


def _iterate_newest_runs(client: Client, flows: Sequence[str], since: int) -> Iterator[Run]:
    wanted = set(flows)
    params = [("property", f"flowId=={','.join(flows)}"), NEWEST_FIRST]
    for page in client.pages("/runs", params=params):
        for raw in page:
            found = run.parse_run(raw)
            if found is not None and found.flow in wanted and found.started >= since:
                yield found
        # An item without createdAt does not count as old.
        if any(0 < (run.seconds_from_ms(raw.get("createdAt")) or 0) < since for raw in page):
            return
