"""
The destination of each imported flow: an existing one, or a new one per account, type and location. Pure.

Flows that write below one folder share a destination; the rest of each path is the `subpath` of the export.

    paths on one account      new destination, path   subpaths
    aep/orders, aep/web/raw   aep                     orders, web/raw
    aep, aep/orders           aep                     (none), orders
    aep/orders, other         aep/orders and other    (none)
    aep/orders/, aep//web     each as it is           (none): a split path would not join to the same text
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from exportctl.frozen import dataclass
from exportctl.importing.convert import ImportableFlow
from exportctl.importing.existing_config import ExistingConfig, ExistingDestination, FreeKeys
from exportctl.model.plan import DESTINATIONS, LiveObject
from exportctl.model.project import Format
from exportctl.plan.grouping import group_by_key
from exportctl.plan.ownership import Ownership
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.destinations.type import DestinationType
from exportctl.yaml_edit.emit import is_writable

_CLEAN_PATH = re.compile(r"/?[^/]+(/[^/]+)*")  # a path that can be split at a slash and joined again
_FIRST_LEVEL = re.compile(r"/?[^/]+")


@dataclass(frozen=True)
class FlowDestination:
    """The location of one flow: a destination's key, the subpath, and the destination's format."""

    destination: str
    subpath: str = ""
    format: Format | None = None


@dataclass(frozen=True)
class DestinationLayout:
    """The destination of each flow by id, and the new destinations by key, as YAML values."""

    by_flow: Mapping[str, FlowDestination]
    added: Mapping[str, Mapping[str, object]]


def assign_destinations(
    flows: Sequence[ImportableFlow], existing: ExistingConfig, ownership: Ownership
) -> DestinationLayout:
    by_flow: dict[str, FlowDestination] = {}
    groups: dict[tuple[object, ...], list[ImportableFlow]] = defaultdict(list)
    by_folder = group_by_key(existing.destinations, lambda key: _existing_folder(existing.destinations[key]))
    for flow in flows:
        destination = _declared_destination(flow, existing, by_folder)
        if destination:
            by_flow[flow.id] = destination
        else:
            groups[_group_key(flow)].append(flow)
    added: dict[str, Mapping[str, object]] = {}
    free = FreeKeys(existing.taken_names[DESTINATIONS])
    for group in groups.values():
        path = shared_folder([flow.path for flow in group])
        key = free.take_key(_key_candidates(group[0], path))
        added[key] = _destination(group[0], path, existing, ownership)
        by_flow |= {flow.id: FlowDestination(key, subpath_below(flow.path, path) or "") for flow in group}
    return DestinationLayout(by_flow, added)


def _declared_destination(
    flow: ImportableFlow, existing: ExistingConfig, by_folder: Mapping[object, Sequence[str]]
) -> FlowDestination | None:
    """Return the declared destination with the shortest subpath; of equal ones the default destination."""
    default = existing.defaults.destination.value if existing.defaults.destination else None
    fitting = [
        (len(subpath), key != default, key, subpath)
        for folder in _folders_above(flow.path)
        for key in by_folder.get(_folder(flow.type, flow.base.id, flow.location, folder), ())
        if (subpath := _matching_subpath(flow, existing.destinations[key])) is not None
    ]
    _, _, key, subpath = min(fitting, default=(0, False, "", ""))
    return FlowDestination(key, subpath, existing.destinations[key].format) if fitting else None


def _existing_folder(placed: ExistingDestination) -> object:
    kind, location = TYPES[placed.declared.type], placed.declared.location
    return _folder(kind, placed.base, location, location.get(kind.folder_key) or "")


def _folder(kind: DestinationType, base: str, location: Mapping[str, object], folder: str) -> object:
    """Return what is equal for two locations that differ in nothing but what is below a folder."""
    return kind.name, base, frozenset({**location, kind.folder_key: folder}.items())


def _folders_above(path: str) -> set[str]:
    """Return the path, every folder above it, and the root."""
    return {"", path, *(path[: slash.start()] for slash in re.finditer("/", path))}


def _matching_subpath(flow: ImportableFlow, placed: ExistingDestination) -> str | None:
    one, path = placed.declared, flow.type.folder_key
    same = {**one.location, path: ""} == {**flow.location, path: ""}
    if one.type != flow.type.name or placed.base != flow.base.id or not same:
        return None
    return subpath_below(flow.path, one.location.get(path, ""))


def subpath_below(path: str, folder: str) -> str | None:
    """Return the `subpath` from the folder to `path`; "" if they are equal, None if there is none."""
    if path == folder:
        return ""
    if not _CLEAN_PATH.fullmatch(path) or (folder and not path.startswith(f"{folder}/")):
        return None
    rest = path[len(folder) + 1 :] if folder else path
    return None if rest.startswith("/") else rest


def _group_key(flow: ImportableFlow) -> tuple[object, ...]:
    others = tuple(sorted((name, text) for name, text in flow.location.items() if name != flow.type.folder_key))
    clean, first = bool(_CLEAN_PATH.fullmatch(flow.path)), _FIRST_LEVEL.match(flow.path)
    return flow.base.id, flow.type.name, others, clean, first[0] if first and clean else flow.path


def shared_folder(paths: Iterable[str]) -> str:
    """Return the longest path that all paths begin with, level by level."""
    levels = [path.split("/") for path in paths]
    shared = []
    for names in zip(*levels, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return "/".join(shared)


def _key_candidates(flow: ImportableFlow, path: str) -> tuple[str, ...]:
    """Return texts for the destination's key, the shortest first."""
    name = flow.base.name
    others = [text for key, text in flow.location.items() if key != flow.type.folder_key]
    return name, f"{name} {path}", " ".join([name, *others, path]), flow.type.name


def _destination(flow: ImportableFlow, path: str, existing: ExistingConfig, ownership: Ownership) -> dict[str, object]:
    shown: dict[str, object] = {"type": flow.type.name}
    for field in flow.type.location:
        text = path if field.name == flow.type.folder_key else flow.location.get(field.name, "")
        if text or field.required:
            shown[field.name] = text
    return {**shown, "account": account_reference(flow.base, flow.type, existing, ownership)}


def account_reference(
    base: LiveObject, kind: DestinationType, existing: ExistingConfig, ownership: Ownership
) -> dict[str, str]:
    """Refer to an account by the destination that owns it, by a title that is unique in its type, or by its id."""
    if base.id in existing.owners:
        return {"of": existing.owners[base.id]}
    name = base.name
    is_unique = len(ownership.accounts_titled(kind, name)) == 1
    return {"existing": name} if name and is_writable(name) and is_unique else {"id": base.id}
