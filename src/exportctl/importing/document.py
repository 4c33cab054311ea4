"""
Flows -> the text of a config file that fits into the config there is: nothing in it is there already. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exportctl.config.scalars import NAME, slug
from exportctl.config.schema_check import closest_match
from exportctl.importing import shared_settings
from exportctl.importing.convert import ImportableFlow
from exportctl.importing.destinations import FlowDestination, assign_destinations
from exportctl.importing.existing_config import ExistingConfig, free_key
from exportctl.model.plan import DESTINATIONS, EXPORTS, ListedDataset
from exportctl.model.schedule import ONCE, default_end, format_moment
from exportctl.plan.ownership import Ownership
from exportctl.resources.kinds import FLOW
from exportctl.yaml_edit import emit
from exportctl.yaml_edit.emit import Block, CommentedItem, is_writable

REASON = "as found in the sandbox"
_FOLDER = FLOW.field_rule("folder").default


@dataclass(frozen=True)
class ConfigDocument:
    """`keys` by flow id, of its export; `users` the flow ids on each new destination."""

    text: str
    keys: Mapping[str, str]
    users: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class DocumentContext:
    """
    What every document of one import is written for. `names` of exportable datasets by id, `ids` by name; `head` are
    the comments at its top.
    """

    existing: ExistingConfig
    ownership: Ownership
    dataset_names: Mapping[str, str]
    dataset_ids: Mapping[str, frozenset[str]]
    head_comments: Sequence[str]


def document_context(
    around: ExistingConfig, ownership: Ownership, listing: Iterable[ListedDataset], head: Sequence[str]
) -> DocumentContext:
    ids: dict[str, set[str]] = defaultdict(set)
    names = {one.id: one.name for one in listing}
    for identity, name in names.items():
        ids[name].add(identity)
    return DocumentContext(around, ownership, names, {name: frozenset(held) for name, held in ids.items()}, head)


def build_document(
    flows: Sequence[ImportableFlow], scene: DocumentContext, allowed: Mapping[str, Iterable[str]]
) -> ConfigDocument:
    """`allowed` maps flow ids to the rules that they break."""
    around = scene.existing
    places = assign_destinations(flows, around, scene.ownership)
    timings, forms = (
        shared_settings.schedule_settings(flows, around),
        shared_settings.format_settings(flows, around, places),
    )
    keys = _keys(flows, around)
    exports = {}
    for flow in sorted(flows, key=lambda f: keys[f.id]):
        key, timing = keys[flow.id], timings.by_flow.get(flow.id)
        said = {
            **_content(flow, key, scene),
            **_location_keys(places.by_flow[flow.id], around),
            "schedule": timing,
            "end": shared_settings.end_value(flow, timing, around),
            "format": forms.by_flow.get(flow.id),
            "folder": flow.folder if flow.folder != _FOLDER else None,
            "enabled": None if flow.enabled else False,
            **flow.plain,
            "environments": [around.environment] if around.environment else None,
            "adopt": flow.id,
            "allow": [{"rule": rule, "reason": REASON} for rule in allowed.get(flow.id, ())] or None,
        }
        exports[key] = Block({name: value for name, value in said.items() if value is not None}, tuple(_comments(flow)))
    sections: dict[str, Mapping[str, object]] = {
        "formats": forms.added,
        "schedules": timings.added,
        DESTINATIONS: {key: Block(places.added[key]) for key in sorted(places.added)},
        EXPORTS: exports,
    }
    users = {key: tuple(f for f, spot in places.by_flow.items() if spot.destination == key) for key in places.added}
    return ConfigDocument(emit.document_text(scene.head_comments, sections) if flows else "", keys, users)


def _content(flow: ImportableFlow, key: str, scene: DocumentContext) -> dict[str, object]:
    return {
        "title": flow.title if flow.title != key else None,
        "description": flow.description or None,
        "datasets": _datasets(flow, scene),
    }


def _location_keys(spot: FlowDestination, around: ExistingConfig) -> dict[str, object]:
    default = around.defaults.destination
    return {
        "destination": spot.destination if default is None or default.value != spot.destination else None,
        "subpath": spot.subpath or None,
    }


def _keys(flows: Sequence[ImportableFlow], around: ExistingConfig) -> dict[str, str]:
    """The slugs of the names; of equal ones the eldest flow has it without a number."""
    keys: dict[str, str] = {}
    for flow in sorted(flows, key=lambda f: (slug(f.title), f.created, f.id)):
        keys[flow.id] = free_key([flow.title if slug(flow.title) else f"flow {flow.id}"], _used_keys(keys, around))
    return keys


def _used_keys(keys: Mapping[str, str], around: ExistingConfig) -> frozenset[str]:
    return around.taken_names[EXPORTS] | frozenset(keys.values())


def _comments(flow: ImportableFlow) -> Iterator[str]:
    if flow.end is None and flow.schedule.unit != ONCE:
        end = format_moment(default_end(flow.created))
        yield f"The service shows no end: it ends six months after its creation, {end} (assumed)."
    if flow.kept:
        yield f"Kept as it is, not described here: {', '.join(flow.kept)}"


def _datasets(flow: ImportableFlow, scene: DocumentContext) -> list[object]:
    by_name = sorted(flow.datasets, key=lambda pair: (pair[1] or scene.dataset_names.get(pair[0], ""), pair[0]))
    return [dataset_entry(one, stored, flow.datasets, scene) for one, stored in by_name]


def dataset_entry(one: str, stored: str, flow: Iterable[tuple[str, str]], scene: DocumentContext) -> object:
    """
    A dataset by name where that can mean nothing else, now and in the flow; else by id, with the name behind it.

    `stored` is the name in the flow, `flow` all its pairs of id and name.
    """
    name = scene.dataset_names.get(one, "")
    named = scene.dataset_ids.get(name, frozenset()) | {i for i, n in flow if n == name}
    if not name or named != {one} or stored not in ("", name) or not is_writable(name):
        known = stored or name
        return CommentedItem({"id": one}, known) if known else {"id": one}
    aliases = scene.existing.taken_names["datasets"]
    near = name in aliases or (re.fullmatch(NAME, name) and closest_match(name, aliases))
    return {"name": name} if near else name
