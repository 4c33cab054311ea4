"""Which dataset goes where: one route for each dataset of each export. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.frozen import dataclass
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address, Inventory
from exportctl.monitor.flow_view import account_label
from exportctl.plan.desired import DesiredState
from exportctl.plan.ownership import LiveFlow, Ownership
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import LOCATION


@dataclass(frozen=True)
class DatasetRoute:
    """
    One dataset on its way.

    If the export has a flow, this is what the flow does now; else it is what the config declares.
    """

    dataset: str  # its name, or the id where no name is known
    dataset_id: str | None
    export: Address
    destination: str  # the address of an account of ours, or the title and id of another one
    type: str  # the label of the destination type
    location: str  # bucket or container and path
    is_applied: bool


def dataset_routes(wanted: DesiredState, ownership: Ownership, live: Inventory) -> tuple[DatasetRoute, ...]:
    """Return the routes of every declared export, by the name of the dataset."""
    names = {one.id: one.name for one in live.datasets or ()}
    found: list[DatasetRoute] = []
    for address in wanted.exports:
        flow = _newest_flow(ownership, address)
        if flow is not None and flow.type is not None:
            found += _live_routes(address, flow, ownership, names)
        else:
            found += _declared_routes(address, wanted)
    return tuple(sorted(found, key=lambda one: (one.dataset.lower(), one.dataset_id or "", one.export)))


def _newest_flow(ownership: Ownership, address: Address) -> LiveFlow | None:
    flows = ownership.own_flows.get(address, ())
    return max(flows, key=lambda one: (one.generation, one.flow.created_at), default=None)


def _live_routes(
    address: Address, flow: LiveFlow, ownership: Ownership, names: dict[str, str]
) -> Iterator[DatasetRoute]:
    kind = flow.type
    assert kind is not None
    location = flow.target_fields.get(LOCATION) or {}
    for one, stored in flow.dataset_names.items():
        yield DatasetRoute(
            dataset=names.get(one) or stored or one,
            dataset_id=one,
            export=address,
            destination=account_label(flow.base_id, ownership) or "",
            type=kind.label,
            location=_location_text([location.get(key.name) for key in kind.location]),
            is_applied=True,
        )


def _declared_routes(address: Address, wanted: DesiredState) -> Iterator[DatasetRoute]:
    export = wanted.exports[address]
    location = export.target_fields.get(LOCATION) or {}
    for one in export.declared.datasets:
        yield DatasetRoute(
            dataset=one.name or one.alias or one.id or "",
            dataset_id=one.id,
            export=Address(EXPORTS, export.declared.key),
            destination=f"{DESTINATIONS}.{export.declared.destination}",
            type=TYPES[export.type.name].label,
            location=_location_text([location.get(key.name) for key in export.type.location]),
            is_applied=False,
        )


def _location_text(parts: list[object]) -> str:
    """Return `acme-lake/aep/web`: the parts in the order of the type, the folder last."""
    return "/".join(str(part).strip("/") for part in parts if part not in (None, ""))
