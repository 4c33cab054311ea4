"""
Reads a sandbox with lists only, side by side: client + kinds -> Live. The number of calls does not grow with exports.

Lists are read in creation order, since the service's default order moves items between pages while they change
(flow-service.md 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from exportctl import marker
from exportctl.destination_types import DATA_LAKE_SPEC, TYPES
from exportctl.errors import NotFound, ServiceError
from exportctl.kinds import KINDS, Kind
from exportctl.model import ListedDataset, Live, LiveObject
from exportctl.service.client import Client

ORDER = ("orderby", "createdAt")
READERS = 4  # few at once: no rate limit is published, and many calls can surface as 500 [TR]
GOING = ("delete-finalizing",)  # a state of an object whose deletion is under way (error texts 1456)


def read(client: Client) -> Live:
    """
    One sandbox as it is now.

    Raises:
        ServiceError: a list could not be read; nothing is guessed from half a sandbox.
    """
    with ThreadPoolExecutor(READERS) as pool:
        lists = {kind.name: pool.submit(listed, client, kind) for kind in KINDS.values()}
        listing = pool.submit(datasets, client)
        specs = pool.submit(_specs, client)
        return Live({name: future.result() for name, future in lists.items()}, listing.result(), specs.result())


def objects(client: Client) -> Live:
    """
    The objects of one sandbox alone, without datasets and specs: for readers that plan nothing.

    Raises:
        ServiceError: a list could not be read.
    """
    with ThreadPoolExecutor(READERS) as pool:
        lists = {kind.name: pool.submit(listed, client, kind) for kind in KINDS.values()}
        return Live({name: future.result() for name, future in lists.items()}, None, {})


def listed(client: Client, kind: Kind) -> tuple[LiveObject, ...]:
    """
    All objects of a kind but those whose deletion is under way.

    Raises:
        ServiceError: the list could not be read to its end.
    """
    items = client.list(kind.path, params=[*kind.filters, ORDER])
    return tuple(live_object(kind, item) for item in items if item.get("state") not in GOING)


def live_object(kind: Kind, raw: Mapping[str, Any]) -> LiveObject:
    """
    One object of a list or a GET.

    Raises:
        ServiceError: it lacks an id or an etag, without which nothing can be done safely.
    """
    identity, etag = raw.get("id"), raw.get("etag") or raw.get("version")
    if not isinstance(identity, str) or not isinstance(etag, str):
        raise ServiceError(f"the service listed a {kind.label} without id or etag", hint="this is not the API we know")
    description = raw.get("description")
    text, found = marker.read(description if isinstance(description, str) else None, kind)
    return LiveObject(kind.name, identity, etag, str(raw.get("name") or ""), text, found, raw)


def datasets(client: Client) -> tuple[ListedDataset, ...]:
    """The datasets that can be exported, by the eligibility listing (flow-service.md 6)."""
    params = [("outputType", "activationDatasets"), ("outputField", "datasets"), ("properties", "name,state")]
    items = client.list_offset(f"/connectionSpecs/{DATA_LAKE_SPEC}/configs", params=params)
    found = {str(i["id"]): ListedDataset(str(i["id"]), str(i.get("name") or "")) for i in items if i.get("id")}
    return tuple(sorted(found.values(), key=lambda d: (d.name, d.id)))


def _specs(client: Client) -> Mapping[str, Mapping[str, Any]]:
    wanted = ",".join(t.connection_spec for t in TYPES.values())
    items = client.list("/connectionSpecs", params=[("property", f"id=={wanted}")], limit=None)
    found: dict[str, Mapping[str, Any]] = {str(i.get("id")): i for i in items}
    missing = [t.label for t in TYPES.values() if t.connection_spec not in found]
    if len(missing) == len(TYPES):
        raise ServiceError(
            "the service offers none of the six destination types", hint="check the organisation and URL"
        )
    return found


def settled(client: Client, live: Live, created: Mapping[str, str], deleted: Iterable[str]) -> Live:
    """
    `live` with what lists lag behind on: objects this run created (id -> kind) and that are not listed yet are read by
    id; objects it deleted are left out once a GET says so.
    """
    gone = {i for i in deleted if any(o.id == i for kind in KINDS for o in live.of(kind))}
    objects = {}
    for name, kind in KINDS.items():
        kept = [o for o in live.of(name) if o.id not in gone or _exists(client, kind, o.id)]
        listed = {o.id for o in kept}
        late = [i for i, k in created.items() if k == name and i not in listed and i not in gone]
        objects[name] = (*kept, *(o for o in (_by_id(client, kind, i) for i in late) if o is not None))
    return Live(objects, live.datasets, live.specs)


def _by_id(client: Client, kind: Kind, identity: str) -> LiveObject | None:
    try:
        return live_object(kind, client.get(f"{kind.path}/{identity}"))
    except NotFound:
        return None


def _exists(client: Client, kind: Kind, identity: str) -> bool:
    found = _by_id(client, kind, identity)
    return found is not None and found.raw.get("state") not in GOING
