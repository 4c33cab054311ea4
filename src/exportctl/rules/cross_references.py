"""Rules on how the parts of a config fit together: removed, accepted, adopted, renamed, unused, ambiguous."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from exportctl.errors import Level, SourcePosition
from exportctl.model.address import DESTINATIONS, EXPORTS
from exportctl.model.project import AcceptEntry, Destination, Export, Project, RemovedEntry
from exportctl.model.similar_names import did_you_mean_address
from exportctl.patterns import compile_on_use
from exportctl.resources import kinds
from exportctl.resources.destinations.table import TYPES
from exportctl.rules.rule import Hit, Rule, closest_match, key_position, make_hit

_ID = compile_on_use(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FIELD_ALIASES = {"every": kinds.EVERY, "at": kinds.AT, "subpath": kinds.LOCATION, "state": kinds.ENABLED}


def managed_fields(root: str) -> frozenset[str]:
    """Return the managed fields of `exports` or `destinations`, as a plan names them."""
    return frozenset(name for kind in kinds.KINDS.values() if kind.root == root for name in kind.managed_fields)


def acceptable_fields(root: str) -> frozenset[str]:
    """Return every field that an `accept` entry may name: managed fields, their groups and their parts."""
    names = managed_fields(root)
    groups = {kinds.SCHEDULE} if names >= kinds.SCHEDULE_FIELDS else set()
    keys: dict[str, set[str]] = {
        kinds.LOCATION: {field.name for kind in TYPES.values() for field in kind.location},
        kinds.FORMAT: set(kinds.FORMAT_KEYS),
        kinds.AUTH: {name for kind in TYPES.values() for name in kind.auth_fields},
    }
    return names | groups | {kinds.leaf_path(name, key) for name in names & keys.keys() for key in keys[name]}


def _is_protected(project: Project, removed: RemovedEntry) -> bool:
    export = project.exports.get(removed.name) if removed.root == EXPORTS else None
    return removed.do == "delete" and export is not None and export.protect


def _check_removed_declared(project: Project, as_of: int) -> Iterable[Hit]:
    for removed in project.removed:
        declared = project.exports if removed.root == EXPORTS else project.destinations
        if removed.name in declared and not _is_protected(project, removed):
            yield Hit("is under `removed`, but still declared", removed.at, (removed.address,))


def _check_removed_protected(project: Project, as_of: int) -> Iterable[Hit]:
    for removed in project.removed:
        if _is_protected(project, removed):
            text = "is under `removed` with do: delete, but still declared with protect: true"
            yield Hit(text, removed.at, (removed.address,))


def _check_accept_expired(project: Project, as_of: int) -> Iterable[Hit]:
    for entry in project.accept:
        if not entry.is_in_force(as_of):
            text = f"the accepted difference in {entry.field} has expired"
            yield Hit(text, entry.at, (entry.address,), subject=entry.field)


def _addresses(project: Project) -> set[str]:
    """Return every address; a split export counts under its KEY too."""
    exports = {f"{EXPORTS}.{name}" for e in project.exports.values() for name in (e.key, e.declared_key)}
    return exports | {f"{DESTINATIONS}.{key}" for key in project.destinations}


def _check_accept_address(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
    """Report an entry if none of the environments that have it declares its address."""
    found: dict[tuple[SourcePosition, str], tuple[AcceptEntry, list[Project]]] = {}
    for project in projects:
        for entry in project.accept:
            found.setdefault((entry.at, entry.address), (entry, []))[1].append(project)
    for entry, holders in found.values():
        known = set().union(*(_addresses(p) for p in holders))
        if entry.address not in known:
            guess = closest_match(entry.address, known)
            hint = did_you_mean_address(entry.address, guess) if guess else None
            text = f"accept names {entry.address!r}, which no file declares"
            yield Hit(text, entry.at, (), hint, environments=tuple(p.environment for p in holders))


def _check_accept_field(project: Project, as_of: int) -> Iterable[Hit]:
    for entry in project.accept:
        root = entry.address.partition(".")[0]
        known = managed_fields(root)
        if not known or entry.field in acceptable_fields(root):
            continue
        guess = _FIELD_ALIASES.get(entry.field) or closest_match(entry.field, acceptable_fields(root))
        hint = f"did you mean {guess}?" if guess else f"the fields are {', '.join(sorted(known))}"
        yield Hit(f"accept names the unknown field {entry.field!r}", entry.at, (entry.address,), hint)


def _check_flow_id_form(project: Project, as_of: int) -> Iterable[Hit]:
    for export in project.exports.values():
        for key, value in (("adopt", export.adopt), ("allow_replace", export.allow_replace), ("keep", export.keep)):
            if value is not None and not _ID.fullmatch(value):
                text = f"{key} {value!r} is not a flow id"
                yield make_hit(export, text, key, subject=value)


def _check_adopt_twice(project: Project, as_of: int) -> Iterable[Hit]:
    first: dict[str, Export] = {}
    for export in project.exports.values():
        flow = (export.adopt or "").lower()
        other = first.setdefault(flow, export)
        if flow and other is not export:
            text = f"adopts flow {flow}, but {other.address} adopts it too"
            yield make_hit(export, text, "adopt", subject=export.key)


def _check_title_twice(project: Project, as_of: int) -> Iterable[Hit]:
    first: dict[str, Export] = {}
    for export in project.exports.values():
        other = first.setdefault(export.title.strip().casefold(), export)
        if other is not export:
            text = f"has the same title as {other.address}: {export.title!r}"
            yield make_hit(export, text, "title", subject=export.key)


def _renames(project: Project) -> Iterator[tuple[Export | Destination, str, Mapping[str, Export | Destination]]]:
    """Yield each renamed export or destination, its former key, and all declarations of its section."""
    sections: tuple[Mapping[str, Export | Destination], ...] = (project.exports, project.destinations)
    for declared in sections:
        for one in declared.values():
            if one.renamed_from:
                yield one, one.renamed_from, declared


def _check_renamed_from_declared(project: Project, as_of: int) -> Iterable[Hit]:
    for one, former_key, declared in _renames(project):
        other = declared.get(former_key)
        if other is not None:
            text = f"is renamed from {former_key}, which is still declared at {other.at}"
            yield make_hit(one, text, "renamed_from", hint=_rename_hint(one, former_key, other))


def _rename_hint(one: Export | Destination, former_key: str, other: Export | Destination) -> str | None:
    key, _, part = former_key.partition("/")
    if other is one:
        return f"to let one part continue the whole, write `renamed_from: {{{part}: {key}}}`" if part else None
    if other.renamed_from:
        return f"rename in two steps: first apply a config that does not declare {former_key}, then rename to it"
    return None


def _check_renamed_from_twice(project: Project, as_of: int) -> Iterable[Hit]:
    """Report two exports or destinations that are renamed from one: only one can continue the live object."""
    first: dict[tuple[type, str], Export | Destination] = {}
    for one, former_key, _ in _renames(project):
        heir = first.setdefault((type(one), former_key), one)
        if heir is not one:
            at = key_position(heir, "renamed_from")
            text = f"is renamed from {former_key}, but so is {heir.address} at {at}"
            yield make_hit(one, text, "renamed_from", subject=one.address)


def _check_unused_destinations(projects: Sequence[Project], as_of: int) -> Iterable[Hit]:
    if any(project.unset for project in projects):
        return  # an unset variable may name the destination
    used = {e.destination for p in projects for e in p.exports.values()}
    used |= {d.account.of for p in projects for d in p.destinations.values() if d.account.of}
    for project in projects:
        for destination in project.destinations.values():
            if destination.key not in used:
                text, address = "no export of any environment uses it", destination.address
                yield Hit(text, destination.at, (address,), environments=(project.environment,))


_UNTIL = "until: 2099-01-01, reason: agreed, owner: data-team}]"

RULES = (
    Rule(
        "removed-still-declared",
        Level.ERROR,
        "Both removed and declared",
        "An entry under `removed` is consent to delete or release; a declaration asks for the object (ours).",
        "Remove the declaration or the entry.",
        "removed: [{export: orders, do: delete, reason: moved}]",
        "removed: [{export: orders-before, do: delete, reason: moved}]",
        check_project=_check_removed_declared,
        fixed=True,
    ),
    Rule(
        "removed-protected",
        Level.ERROR,
        "Both removed and protected",
        "protect: true blocks a deletion. The flag is stored on the live object, so protect: false must be applied"
        " before the export is removed (ours).",
        "First apply protect: false. Then remove the export and name it under `removed`.",
        "exports: {orders: {protect: true}}\nremoved: [{export: orders, do: delete, reason: moved}]",
        "exports: {orders: {protect: true}}\nremoved: [{export: orders-before, do: delete, reason: moved}]",
        check_project=_check_removed_protected,
        fixed=True,
    ),
    Rule(
        "accept-expired",
        Level.WARNING,
        "An accepted difference past its date",
        "After `until`, exportctl reports and reverts the difference again (ours).",
        "Remove the entry, or agree on a later date, or write `until: never`.",
        "accept: [{address: exports.orders, field: folder, until: 2020-01-01, reason: agreed, owner: data-team}]",
        "accept: [{address: exports.orders, field: folder, " + _UNTIL,
        check_project=_check_accept_expired,
    ),
    Rule(
        "accept-unknown-address",
        Level.ERROR,
        "An accepted difference of an undeclared address",
        "The entry would have no effect, and exportctl would revert the difference (ours).",
        "Write the exports.KEY, exports.KEY/PART or destinations.KEY of a declaration.",
        "accept: [{address: exports.ordes, field: folder, " + _UNTIL,
        "accept: [{address: exports.orders, field: folder, " + _UNTIL,
        check_projects=_check_accept_address,
    ),
    Rule(
        "accept-unknown-field",
        Level.ERROR,
        "An accepted difference in an unknown field",
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
        "The service's ids are UUIDs [D]; a title or a number is not the id of a flow.",
        "Copy the id from `plan`, `import` or the URL of the flow's page in the AEP UI.",
        "exports: {orders: {adopt: orders-flow}}",
        "exports: {orders: {adopt: 11111111-2222-4333-8444-555555555555}}",
        check_project=_check_flow_id_form,
    ),
    Rule(
        "adopt-twice",
        Level.ERROR,
        "Two exports adopt one flow",
        "A flow has one owner and one address (ours).",
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
        "People in the AEP UI cannot distinguish their flows. Before it creates a flow, exportctl also looks for an"
        " unmanaged flow with the same name, type and datasets (ours).",
        "Change one of the titles.",
        "exports: {orders: {title: Orders}, copy: {title: Orders}}",
        "exports: {orders: {title: Orders}, copy: {title: Copy of Orders}}",
        check_project=_check_title_twice,
    ),
    Rule(
        "renamed-from-declared",
        Level.ERROR,
        "Renamed from a key that is still declared",
        "One live object cannot be both. This also applies to two exports that swap their keys or rename in a chain: an"
        " apply that is interrupted in between would leave two flows at one address (ours).",
        "Remove `renamed_from` or the earlier declaration; rename one after the other.",
        "exports: {copy: {renamed_from: orders}}",
        "exports: {copy: {renamed_from: orders-before}}",
        check_project=_check_renamed_from_declared,
        fixed=True,
    ),
    Rule(
        "renamed-from-twice",
        Level.ERROR,
        "Two declarations renamed from one",
        "One live flow or account can continue under one key only; otherwise both would write it (ours).",
        "Keep `renamed_from` on the one that continues; the other one is new.",
        "exports: {orders: {renamed_from: sales}, copy: {renamed_from: sales}}",
        "exports: {orders: {renamed_from: sales}}",
        check_project=_check_renamed_from_twice,
        fixed=True,
    ),
    Rule(
        "unused-destination",
        Level.NOTE,
        "An unused destination",
        "exportctl creates its account when an export first needs it; until then it is not in the sandbox (ours).",
        "Use it, or remove it.",
        "destinations: {spare: {type: amazon-s3, bucket: acme-spare, auth: {role_arn: '${env:SPARE_ROLE}'}}}",
        "exports: {orders: {destination: lake}}",
        check_projects=_check_unused_destinations,
    ),
)
