"""Rules on how the parts of a config fit together: removed, accepted, adopted, renamed, unused, told apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exportctl.errors import Level, SourcePosition
from exportctl.model.plan import DESTINATIONS, EXPORTS
from exportctl.model.project import AcceptEntry, Destination, Export, Project
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import (
    AT,
    AUTH,
    ENABLED,
    EVERY,
    FORMAT,
    FORMAT_KEYS,
    KINDS,
    LOCATION,
    SCHEDULE,
    SCHEDULE_FIELDS,
    leaf_path,
)
from exportctl.rules.rule import Hit, Rule, closest_match, destination_address, export_address, key_position

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FIELD_ALIASES = {"every": EVERY, "at": AT, "subpath": "path", "state": ENABLED}


def managed_fields(root: str) -> frozenset[str]:
    """Return the managed fields of `exports` or `destinations`, as a plan names them."""
    return frozenset(name for kind in KINDS.values() if kind.root == root for name in kind.managed_fields)


def acceptable_fields(root: str) -> frozenset[str]:
    """Return every field that an `accept` entry may name: managed fields, their groups and their parts."""
    names = managed_fields(root)
    groups = {SCHEDULE} if names >= SCHEDULE_FIELDS else set()
    keys: dict[str, set[str]] = {
        LOCATION: {field.name for kind in TYPES.values() for field in kind.location},
        FORMAT: set(FORMAT_KEYS),
        AUTH: {field.name for kind in TYPES.values() for method in kind.methods for field in method.fields},
    }
    return names | groups | {leaf_path(name, key) for name in names & keys.keys() for key in keys[name]}


def _is_declared(project: Project, root: str, name: str) -> bool:
    return name in (project.exports if root == EXPORTS else project.destinations)


def _is_protected(project: Project, root: str, name: str) -> bool:
    return root == EXPORTS and name in project.exports and project.exports[name].protect


def _check_removed_declared(project: Project, as_of: int) -> Iterable[Hit]:
    for removed in project.removed:
        protected = removed.do == "delete" and _is_protected(project, removed.root, removed.name)
        if _is_declared(project, removed.root, removed.name) and not protected:
            address = f"{removed.root}.{removed.name}"
            yield Hit("is named under `removed`, but still declared", removed.at, (address,))


def _check_removed_protected(project: Project, as_of: int) -> Iterable[Hit]:
    for removed in project.removed:
        if removed.do == "delete" and _is_protected(project, removed.root, removed.name):
            address = f"{removed.root}.{removed.name}"
            yield Hit("is to be deleted, but still declared with protect: true", removed.at, (address,))


def _check_accept_expired(project: Project, as_of: int) -> Iterable[Hit]:
    for entry in project.accept:
        if entry.until <= as_of:
            yield Hit(
                f"accepting a difference in {entry.field} has expired", entry.at, (entry.address,), subject=entry.field
            )


def _addresses(project: Project) -> set[str]:
    """Every address; a split export counts under its KEY too."""
    exports = {f"{EXPORTS}.{name}" for e in project.exports.values() for name in (e.key, e.declared_key)}
    return exports | {f"{DESTINATIONS}.{key}" for key in project.destinations}


def _check_accept_address(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
    """An entry may hold for one environment only: it is wrong if its address is declared in none that has the entry."""
    for entry, holders in _entries(projects):
        known = set().union(*(_addresses(p) for p in holders))
        if entry.address not in known:
            guess = closest_match(entry.address, known)
            hint = f"did you mean {guess}?" if guess else None
            text = f"accept names {entry.address!r}, which nothing declares"
            yield Hit(text, entry.at, (), hint, environments=tuple(p.environment for p in holders))


def _entries(projects: Sequence[Project]) -> Iterator[tuple[AcceptEntry, list[Project]]]:
    found: dict[tuple[SourcePosition, str], tuple[AcceptEntry, list[Project]]] = {}
    for project in projects:
        for entry in project.accept:
            found.setdefault((entry.at, entry.address), (entry, []))[1].append(project)
    yield from found.values()


def _check_accept_field(project: Project, as_of: int) -> Iterable[Hit]:
    for entry in project.accept:
        root = entry.address.partition(".")[0]
        known = managed_fields(root)
        if not known or entry.field in acceptable_fields(root):
            continue
        guess = _FIELD_ALIASES.get(entry.field) or closest_match(entry.field, acceptable_fields(root))
        hint = f"did you mean {guess}?" if guess else f"fields are {', '.join(sorted(known))}"
        yield Hit(f"accept names the unknown field {entry.field!r}", entry.at, (entry.address,), hint)


def _flow_ids(export: Export) -> Iterator[tuple[str, str]]:
    for key, value in (("adopt", export.adopt), ("allow_replace", export.allow_replace), ("keep", export.keep)):
        if value is not None:
            yield key, value


def _check_flow_id_form(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        for key, value in _flow_ids(export):
            if not _ID.fullmatch(value):
                text = f"{key} {value!r} is not a flow id"
                yield Hit(text, key_position(export, key), (export_address(export),), subject=value)


def _check_adopt_twice(project: Project, as_of: int) -> Iterable[Hit]:
    by_id: dict[str, list[Export]] = defaultdict(list)
    for export in project.exports.values():
        if export.adopt:
            by_id[export.adopt.lower()].append(export)
    for flow, exports in by_id.items():
        for export in exports[1:]:
            text = f"adopts flow {flow}, which {export_address(exports[0])} adopts already"
            yield Hit(text, key_position(export, "adopt"), (export_address(export),), subject=export.key)


def _check_title_twice(project: Project, as_of: int) -> Iterable[Hit]:
    by_title: dict[str, list[Export]] = defaultdict(list)
    for export in project.exports.values():
        by_title[export.title.strip().casefold()].append(export)
    for exports in by_title.values():
        for export in exports[1:]:
            text = f"has the title of {export_address(exports[0])}: {export.title!r}"
            yield Hit(text, key_position(export, "title"), (export_address(export),), subject=export.key)


@dataclass(frozen=True)
class _Rename:
    """A thing that is renamed, its address, and everything declared beside it, by key."""

    declaration: Export | Destination
    former_key: str
    address: str
    declared: Mapping[str, Export | Destination]


def _renames(project: Project) -> Iterator[_Rename]:
    for export in project.exports.values():
        if export.renamed_from:
            yield _Rename(export, export.renamed_from, export_address(export), project.exports)
    for destination in project.destinations.values():
        if destination.renamed_from:
            address = destination_address(destination)
            yield _Rename(destination, destination.renamed_from, address, project.destinations)


def _check_renamed_from_declared(project: Project, as_of: int) -> Iterable[Hit]:
    for one in _renames(project):
        other = one.declared.get(one.former_key)
        if other is not None:
            text = f"is renamed from {one.former_key}, which is still declared at {other.at}"
            yield Hit(text, key_position(one.declaration, "renamed_from"), (one.address,), _rename_hint(one, other))


def _rename_hint(one: _Rename, other: Export | Destination) -> str | None:
    key, _, part = one.former_key.partition("/")
    if other is one.declaration:
        return f"to let one part go on from the whole, write `renamed_from: {{{part}: {key}}}`" if part else None
    if other.renamed_from:
        return f"one step at a time: first apply a config in which {one.former_key} is not declared, then rename to it"
    return None


def _check_renamed_from_twice(project: Project, as_of: int) -> Iterable[Hit]:
    """What a flow is written with stands on it, so it can go on in one place only."""
    first: dict[tuple[str, str], _Rename] = {}
    for one in _renames(project):
        root = one.address.partition(".")[0]
        heir = first.setdefault((root, one.former_key), one)
        if heir is not one:
            text = (
                f"is renamed from {one.former_key}, as {heir.address} at "
                f"{key_position(heir.declaration, 'renamed_from')} is"
            )
            yield Hit(text, key_position(one.declaration, "renamed_from"), (one.address,), subject=one.address)


def _check_unused_destinations(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
    if any(project.unset for project in projects):
        return  # an export may hang on what is not set
    used = {e.destination for p in projects for e in p.exports.values()}
    used |= {d.account.of for p in projects for d in p.destinations.values() if d.account.of}
    for project in projects:
        for destination in project.destinations.values():
            if destination.key not in used:
                text, address = "is used by no export in any environment", destination_address(destination)
                yield Hit(text, destination.at, (address,), environments=(project.environment,))


_UNTIL = "until: 2099-01-01, reason: agreed, owner: data-team}]"

RULES = (
    Rule(
        "removed-still-declared",
        Level.ERROR,
        "Removed and declared at once",
        "An entry under `removed` is consent to delete or release; what is declared is to exist (ours).",
        "Take out the declaration or the entry.",
        "removed: [{export: orders, do: delete, reason: moved}]",
        "removed: [{export: orders-before, do: delete, reason: moved}]",
        check_project=_check_removed_declared,
        fixed=True,
    ),
    Rule(
        "removed-protected",
        Level.ERROR,
        "Removed and protected at once",
        "protect: true refuses a deletion; the flag lives on the object, so protect: false must have been applied"
        " before the export is taken out (ours).",
        "First apply protect: false, then take the export out and name it under `removed`.",
        "exports: {orders: {protect: true}}\nremoved: [{export: orders, do: delete, reason: moved}]",
        "exports: {orders: {protect: true}}\nremoved: [{export: orders-before, do: delete, reason: moved}]",
        check_project=_check_removed_protected,
        fixed=True,
    ),
    Rule(
        "accept-expired",
        Level.WARNING,
        "An accepted difference past its date",
        "From `until` on the difference is reported and put back again (ours).",
        "Take the entry out, or agree on a later date.",
        "accept: [{address: exports.orders, field: folder, until: 2020-01-01, reason: agreed, owner: data-team}]",
        "accept: [{address: exports.orders, field: folder, " + _UNTIL,
        check_project=_check_accept_expired,
    ),
    Rule(
        "accept-unknown-address",
        Level.ERROR,
        "An accepted difference of something undeclared",
        "The entry would silence nothing, and the difference meant would be put back (ours).",
        "Write exports.KEY, exports.KEY/PART or destinations.KEY of something declared.",
        "accept: [{address: exports.ordes, field: folder, " + _UNTIL,
        "accept: [{address: exports.orders, field: folder, " + _UNTIL,
        check_projects=_check_accept_address,
    ),
    Rule(
        "accept-unknown-field",
        Level.ERROR,
        "An accepted difference in a field that plans do not have",
        f"Exports have {', '.join(sorted(managed_fields(EXPORTS)))};"
        f" destinations have {', '.join(sorted(managed_fields(DESTINATIONS)))} (ours).",
        "Write the field as the plan names it. `location` stands for bucket, container and path.",
        "accept: [{address: exports.orders, field: foldr, " + _UNTIL,
        "accept: [{address: exports.orders, field: path, " + _UNTIL,
        check_project=_check_accept_field,
    ),
    Rule(
        "flow-id-form",
        Level.ERROR,
        "adopt, allow_replace or keep without a flow id",
        "The service's ids are UUIDs [D]; a title or a number names no flow.",
        "Take the id from `plan`, `import` or the address of the flow's page.",
        "exports: {orders: {adopt: orders-flow}}",
        "exports: {orders: {adopt: 11111111-2222-4333-8444-555555555555}}",
        check_project=_check_flow_id_form,
    ),
    Rule(
        "adopt-twice",
        Level.ERROR,
        "Two exports adopt one flow",
        "A flow carries one owner and one address (ours).",
        "Keep `adopt` on one of them.",
        "exports: {orders: {adopt: 11111111-2222-4333-8444-555555555555},"
        " copy: {adopt: 11111111-2222-4333-8444-555555555555}}",
        "exports: {orders: {adopt: 11111111-2222-4333-8444-555555555555},"
        " copy: {adopt: 11111111-2222-4333-8444-666666666666}}",
        check_project=_check_adopt_twice,
        fixed=True,
    ),
    Rule(
        "title-twice",
        Level.WARNING,
        "Two exports with one title",
        "People in the user interface cannot tell their flows apart, and before a creation exportctl takes an unmarked"
        " flow of equal name, type and datasets for the one meant (ours).",
        "Give one of them another title.",
        "exports: {orders: {title: Orders}, copy: {title: Orders}}",
        "exports: {orders: {title: Orders}, copy: {title: Copy of Orders}}",
        check_project=_check_title_twice,
    ),
    Rule(
        "renamed-from-declared",
        Level.ERROR,
        "Renamed from something still declared",
        "One live object cannot be both. Two names that change places, or follow one another, are no exception: an"
        " apply that was cut off between them would leave two flows at one address (ours).",
        "Take out `renamed_from` or the earlier declaration; rename one after the other.",
        "exports: {copy: {renamed_from: orders}}",
        "exports: {copy: {renamed_from: orders-before}}",
        check_project=_check_renamed_from_declared,
        fixed=True,
    ),
    Rule(
        "renamed-from-twice",
        Level.ERROR,
        "Two things renamed from one",
        "One live flow or account can go on under one name only; both would write it (ours).",
        "Keep `renamed_from` on the one that goes on; the other one is new.",
        "exports: {orders: {renamed_from: sales}, copy: {renamed_from: sales}}",
        "exports: {orders: {renamed_from: sales}}",
        check_project=_check_renamed_from_twice,
        fixed=True,
    ),
    Rule(
        "unused-destination",
        Level.NOTE,
        "A destination nobody uses",
        "Its account is made when an export first needs it; until then nothing exists of it in the sandbox (ours).",
        "Use it, or take it out.",
        "destinations: {spare: {type: amazon-s3, bucket: acme-spare, auth: {role_arn: '${env:SPARE_ROLE}'}}}",
        "exports: {orders: {destination: lake}}",
        check_projects=_check_unused_destinations,
    ),
)
