"""
Say what a plan takes away with a flow: datasets, location, schedule, last run, and the reason in the config. Pure.

All of it is in the lists that a plan was made from: a flow shows its newest run itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.model.loss import Loss
from exportctl.model.plan import LiveObject
from exportctl.model.project import RemovedEntry
from exportctl.model.schedule import grid_offset, schedule_phrase
from exportctl.plan.dataset_lookup import ListedDatasets
from exportctl.plan.ownership import LiveFlow
from exportctl.resources import wire
from exportctl.resources.kinds import EVERY, FOLDER, FORMAT, LOCATION, START
from exportctl.resources.last_run import last_run
from exportctl.resources.place import place_phrase
from exportctl.resources.unknown_schedule import unknown_schedule


def flow_loss(live_flow: LiveFlow, listing: ListedDatasets, entry: RemovedEntry | None = None) -> Loss:
    """Return what the deletion or the replacement of a flow takes away."""
    newest = last_run(live_flow.flow.raw)
    location: Mapping[str, Any] = live_flow.target_fields.get(LOCATION) or {}
    return Loss(
        type=live_flow.type.name if live_flow.type else None,
        datasets=_named_datasets(live_flow, listing),
        place=place_phrase(live_flow.type, location),
        location=location,
        format=live_flow.target_fields.get(FORMAT) or {},
        folder=live_flow.fields[FOLDER],
        schedule=_schedule_words(live_flow),
        reason=entry.reason if entry else None,
        last_run=newest.started if newest else None,
        last_run_state=newest.status.value if newest else None,
    )


def account_loss(base: LiveObject, entry: RemovedEntry | None) -> Loss:
    """Return what the deletion of an account takes away."""
    kind = wire.destination_type(base.raw)
    return Loss(type=kind.name if kind else None, reason=entry.reason if entry else None)


def _named_datasets(live_flow: LiveFlow, listing: ListedDatasets) -> tuple[tuple[str, str], ...]:
    """Return the datasets by the names of today, else by those that the source stores."""
    names = {i: listing.known_names.get(i, stored) for i, stored in live_flow.dataset_names.items()}
    return tuple(sorted(names.items(), key=lambda pair: (pair[1], pair[0])))


def _schedule_words(live_flow: LiveFlow) -> str | None:
    every, start = live_flow.fields[EVERY], live_flow.fields[START]
    if every is None or start is None:
        return unknown_schedule(live_flow.flow.raw)
    return schedule_phrase(every, grid_offset(start, every))
