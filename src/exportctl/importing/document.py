"""
Flows -> the text of a new config file that fits the existing config and repeats nothing of it. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from exportctl.config.scalars import NAME, slug
from exportctl.config.schema_check import closest_match
from exportctl.frozen import dataclass
from exportctl.importing import shared_settings
from exportctl.importing.convert import ImportableFlow
from exportctl.importing.destinations import assign_destinations
from exportctl.importing.existing_config import ExistingConfig, FreeKeys
from exportctl.model.plan import DESTINATIONS, EXPORTS, ListedDataset
from exportctl.model.schedule import ONCE, default_end, format_moment
from exportctl.plan.grouping import group_by_key
from exportctl.plan.ownership import Ownership
from exportctl.resources.kinds import FLOW
from exportctl.yaml_edit import emit
from exportctl.yaml_edit.emit import Block, CommentedItem, is_writable

REASON = "as found in the sandbox"
_FOLDER = FLOW.field_rule("folder").default


@dataclass(frozen=True)
class ConfigDocument:
    """The text, the export key of each flow id, and the flow ids on each new destination."""

    text: str
    keys: Mapping[str, str]
    users: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class DocumentContext:
    """What all documents of one import share: the existing config, names of exportable datasets, head comments."""

    existing: ExistingConfig
    ownership: Ownership
    dataset_names: Mapping[str, str]
    dataset_ids: Mapping[str, frozenset[str]]
    head_comments: Sequence[str]


def document_context(
    existing: ExistingConfig, ownership: Ownership, listing: Iterable[ListedDataset], head: Sequence[str]
) -> DocumentContext:
    ids: dict[str, set[str]] = defaultdict(set)
    names = {one.id: one.name for one in listing}
    for identity, name in names.items():
        ids[name].add(identity)
    return DocumentContext(existing, ownership, names, {name: frozenset(values) for name, values in ids.items()}, head)


def build_document(
    flows: Sequence[ImportableFlow], context: DocumentContext, allowed: Mapping[str, Iterable[str]]
) -> ConfigDocument:
    """Build the document; `allowed` maps flow ids to the rules that they break."""
    existing = context.existing
    destinations = assign_destinations(flows, existing, context.ownership)
    schedules = shared_settings.schedule_settings(flows, existing)
    formats = shared_settings.format_settings(flows, existing, destinations)
    keys = _keys(flows, existing)
    default = existing.defaults.destination.value if existing.defaults.destination else None
    exports = {}
    for flow in sorted(flows, key=lambda f: keys[f.id]):
        key, schedule, spot = keys[flow.id], schedules.by_flow.get(flow.id), destinations.by_flow[flow.id]
        said = {
            "title": flow.title if flow.title != key else None,
            "description": flow.description or None,
            "datasets": _datasets(flow, context),
            "destination": spot.destination if spot.destination != default else None,
            "subpath": spot.subpath or None,
            "schedule": schedule,
            "end": shared_settings.end_value(flow, schedule, existing),
            "format": formats.by_flow.get(flow.id),
            "folder": flow.folder if flow.folder != _FOLDER else None,
            "enabled": None if flow.enabled else False,
            **flow.plain,
            "environments": [existing.environment] if existing.environment else None,
            "adopt": flow.id,
            "allow": [{"rule": rule, "reason": REASON} for rule in allowed.get(flow.id, ())] or None,
        }
        exports[key] = Block({name: value for name, value in said.items() if value is not None}, tuple(_comments(flow)))
    sections: dict[str, Mapping[str, object]] = {
        "formats": formats.added,
        "schedules": schedules.added,
        DESTINATIONS: {key: Block(destinations.added[key]) for key in sorted(destinations.added)},
        EXPORTS: exports,
    }
    placed = group_by_key(destinations.by_flow, lambda flow: destinations.by_flow[flow].destination)
    users = {key: placed.get(key, ()) for key in destinations.added}
    return ConfigDocument(emit.document_text(context.head_comments, sections) if flows else "", keys, users)


def _keys(flows: Sequence[ImportableFlow], existing: ExistingConfig) -> dict[str, str]:
    """Make keys of the flows' names; of equal names, the oldest flow gets the key without a number."""
    keys: dict[str, str] = {}
    free = FreeKeys(existing.taken_names[EXPORTS])
    for flow in sorted(flows, key=lambda f: (slug(f.title), f.created, f.id)):
        name = flow.title if slug(flow.title) else f"flow {flow.id}"
        keys[flow.id] = free.take_key([name])
    return keys


def _comments(flow: ImportableFlow) -> Iterator[str]:
    if flow.end is None and flow.schedule.unit != ONCE:
        end = format_moment(default_end(flow.created))
        yield f"The service shows no end: it ends six months after its creation, {end} (assumed)."
    if flow.kept:
        yield f"Kept as it is, not described here: {', '.join(flow.kept)}"


def _datasets(flow: ImportableFlow, context: DocumentContext) -> list[object]:
    by_name = sorted(flow.datasets, key=lambda pair: (pair[1] or context.dataset_names.get(pair[0], ""), pair[0]))
    return [dataset_entry(one, stored, flow.datasets, context) for one, stored in by_name]


def dataset_entry(one: str, stored: str, flow: Iterable[tuple[str, str]], context: DocumentContext) -> object:
    """
    Write a dataset by name if the name is unique, now and in the flow; else by id, with the name as a comment.

    `stored` is the name in the flow, `flow` has all its pairs of id and name.
    """
    name = context.dataset_names.get(one, "")
    named = context.dataset_ids.get(name, frozenset()) | {i for i, n in flow if n == name}
    if not name or named != {one} or stored not in ("", name) or not is_writable(name):
        known = stored or name
        return CommentedItem({"id": one}, known) if known else {"id": one}
    aliases = context.existing.taken_names["datasets"]
    near = name in aliases or (re.fullmatch(NAME, name) and closest_match(name, aliases))
    return {"name": name} if near else name
