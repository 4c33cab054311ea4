"""
Compare two environments of one config: what differs, and which lines of the YAML cause it. Pure.

In: two resolved projects with their `environment_tree`. Out: what only one has, and fields that differ, with causes:

    overlay     a line of one environment's overlay sets, adds or removes the value: intended
    list        an `environments` list excludes the export: intended
    reference   one line of the base has two values: `bucket: acme-${environment}`

A difference is unintended if one of its causes is a reference, or if it has no cause: no overlay names it, so a person
should look at it. The values of `${env:…}` references in an account are not compared: apply reads those.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cached_property
from itertools import islice, takewhile
from typing import Any

from exportctl.config.interpolation import fill_references
from exportctl.config.load import HIDDEN_VALUE, ParsedConfig
from exportctl.config.merge import merge_environment
from exportctl.config.schema.destinations import secrecy
from exportctl.config.section import FindingCollector
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from exportctl.errors import SourcePosition
from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.freeze_windows import freeze_words
from exportctl.model.plan import DESTINATIONS, EXPORTS, SensitiveValue
from exportctl.model.project import AuthValue, Destination, Export, Project
from exportctl.model.references import BadValue, parse_references
from exportctl.model.secret import Secrecy
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import AUTH, FORMAT_KEYS, SECRET_VERSION, leaf_path, plain_fields

KeyPath = tuple[str, ...]
CHOSEN_KEYS = ("schedule", "end", "format", "destination")  # keys of an export whose value may be elsewhere
# A key that may have a name as its value -> the section that declares the name.
_NAMED_SECTIONS = {"schedule": "schedules", "format": "formats"}
_FORMER = ("former_locations", "former_schedules")
_FLOW_ONLY = ("key", "declared_key", "at", "positions", *CHOSEN_KEYS, "datasets", "expect", "allow", "plain", *_FORMER)


class DifferenceOrigin(StrEnum):
    OVERLAY = "overlay"
    LIST = "list"
    REFERENCE = "reference"


@dataclass(frozen=True)
class TreeLeaf:
    """One value of the tree: `written` is the text in the file (masked if not plain), `value` is the filled value."""

    written: str
    value: object
    at: SourcePosition


@dataclass(frozen=True)
class EnvironmentTree:
    """One environment's tree, with its overlay merged."""

    leaves: Mapping[KeyPath, TreeLeaf]  # the values
    groups: Mapping[KeyPath, SourcePosition]  # the maps and lists
    path_by_position: Mapping[SourcePosition, KeyPath]  # of the value that starts at a position
    overlay_positions: frozenset[SourcePosition]  # all positions in this environment's overlay
    removed: Mapping[KeyPath, SourcePosition]  # the `null` of the overlay that removes the path

    @cached_property
    def _sorted_paths(self) -> list[KeyPath]:
        return sorted(self.leaves)

    def paths_below(self, path: KeyPath) -> Iterator[KeyPath]:
        """Yield the path of the leaf at `path`, or the paths of all leaves below it."""
        rest = islice(self._sorted_paths, bisect_left(self._sorted_paths, path), None)
        return takewhile(lambda leaf: leaf[: len(path)] == path, rest)


@dataclass(frozen=True)
class ResolvedEnvironment:
    name: str
    project: Project
    tree: EnvironmentTree


@dataclass(frozen=True)
class DifferenceCause:
    """Why a value differs: `environment` has the overlay or the list; `written` is the text of a reference."""

    origin: DifferenceOrigin
    at: SourcePosition
    environment: str | None = None
    written: str | None = None


@dataclass(frozen=True)
class OneSidedDeclaration:
    """An export or destination that only one environment has."""

    address: str
    environment: str
    causes: tuple[DifferenceCause, ...]


@dataclass(frozen=True)
class FieldDifference:
    """One field; a value is None if that environment does not set it. `address` may be a section, such as `policy`."""

    address: str
    path: str
    left: Any
    right: Any
    causes: tuple[DifferenceCause, ...]

    @property
    def is_unintended(self) -> bool:
        return not self.causes or any(c.origin is DifferenceOrigin.REFERENCE for c in self.causes)


@dataclass(frozen=True)
class EnvironmentDiff:
    """Both lists by address; `same_count` counts the exports and destinations that are equal in both environments."""

    left: str
    right: str
    one_sided: tuple[OneSidedDeclaration, ...]
    differences: tuple[FieldDifference, ...]
    same_count: int

    @property
    def unintended_count(self) -> int:
        return sum(d.is_unintended for d in self.differences) + sum(not o.causes for o in self.one_sided)


def compare_environments(left: ResolvedEnvironment, right: ResolvedEnvironment) -> EnvironmentDiff:
    """Compare two environments of one config."""
    ours, theirs = _fields_by_address(left.project), _fields_by_address(right.project)
    only = [_one_sided_declaration(left, right, root, key) for root, key in sorted(ours.keys() - theirs.keys())]
    only += [_one_sided_declaration(right, left, root, key) for root, key in sorted(theirs.keys() - ours.keys())]
    differences = list(_differences(left, right, "", _sections(left.project), _sections(right.project)))
    same_count = 0
    for root, key in sorted(ours.keys() & theirs.keys()):
        found = list(_differences(left, right, f"{root}.{key}", ours[root, key], theirs[root, key]))
        same_count += not found
        differences += found
    only.sort(key=lambda one: one.address)
    return EnvironmentDiff(left.name, right.name, tuple(only), tuple(differences), same_count)


# -- what is compared -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Field:
    """A value to compare, and the paths of the tree that decide it."""

    value: Any
    sources: tuple[KeyPath, ...]
    chosen: tuple[SourcePosition, ...] = ()


def _fields_by_address(project: Project) -> dict[tuple[str, str], dict[str, _Field]]:
    found = {(EXPORTS, e.key): dict(_export(e)) for e in project.exports.values()}
    return found | {(DESTINATIONS, d.key): dict(_destination(d)) for d in project.destinations.values()}


def _sections(project: Project) -> dict[str, _Field]:
    """Return the fields that belong to no address, under dotted names."""
    platform, policy = project.platform, project.policy
    named: dict[str, tuple[Any, KeyPath]] = {
        "project": (project.name, ("project",)),
        "repository": (project.repository, ("repository",)),
        "platform.credentials": (sorted(platform.credentials.items()) or None, ("platform", "credentials")),
        "removed": ([(r.root, r.name, r.do) for r in project.removed], ("removed",)),
        "move_from": ([(m.project, m.export, m.flow, m.to) for m in project.move_from], ("move_from",)),
        "accept": ([(a.address, a.field, a.until or "never") for a in project.accept], ("accept",)),
    }
    named |= {f"platform.{n}": (getattr(platform, n), ("platform", n)) for n in ("organization", "sandbox", "url")}
    named |= {f"policy.{f.name}": (getattr(policy, f.name), ("policy", f.name)) for f in fields(policy)}
    named["policy.freeze"] = ([freeze_words(one) for one in policy.freeze], ("policy", "freeze"))
    for name, rule in project.rules.items():
        named[f"rules.{name}"] = ((rule.level, rule.only), ("rules", name))
    return {name: _Field(_shown_value(value), (path,)) for name, (value, path) in named.items()}


def _export(one: Export) -> Iterator[tuple[str, _Field]]:
    at = {name: (one.positions[name],) for name in CHOSEN_KEYS if name in one.positions}
    own: KeyPath = (EXPORTS, one.declared_key)
    for field in fields(one):
        if field.name not in _FLOW_ONLY:
            yield field.name, _Field(getattr(one, field.name), ((*own, field.name),))
    yield "destination", _Field(one.destination, ((*own, "destination"),), at["destination"])
    for rule in plain_fields():
        yield rule.name, _Field(one.plain.get(rule.name), ((*own, rule.name),))
    datasets = sorted(d.name or str(d.id) for d in one.datasets)
    yield "datasets", _Field(datasets, ((*own, "datasets"), (*own, "split_by")))
    for name in ("key", "combine"):
        stated = sorted(f"{d.name or d.id}: {value}" for d in one.datasets if (value := getattr(d, name)))
        yield f"datasets.{name}", _Field(stated or None, ((*own, "datasets"), (*own, "split_by")))
    every = schedule.canonical_every(one.schedule)
    for name, value in (("every", every), ("at", one.schedule.at), ("start", one.schedule.start)):
        yield f"schedule.{name}", _Field(value, ((*own, "schedule"),), at["schedule"])
    ends = {"end": one.end.moment, "end.rolling": one.end.rolling, "end.renew_before": one.end.renew_before}
    for path, end in ends.items():
        yield path, _Field(end, ((*own, "end"),), (*at["end"], *at["schedule"]))
    for name in FORMAT_KEYS:
        chosen = (*at["format"], *at["destination"])
        yield f"format.{name}", _Field(getattr(one.format, name), ((*own, "format"),), chosen)
    yield "expect.within", _Field(one.expect.within if one.expect else None, ((*own, "expect"),))
    yield "expect.non_empty", _Field(bool(one.expect and one.expect.non_empty), ((*own, "expect"),))
    backup = one.expect.backup if one.expect else None
    for name in ("max_age", "covered_from", "drilled_within"):
        yield f"expect.backup.{name}", _Field(getattr(backup, name, None), ((*own, "expect"), ("defaults", "expect")))
    locations, schedules = _FORMER
    places = [[f.until, f.path, f.folder, *f.storage.values()] for f in one.former_locations]
    yield locations, _Field(places, ((*own, locations),))
    former = [[f.until, schedule.canonical_every(f.schedule), f.schedule.at] for f in one.former_schedules]
    yield schedules, _Field(former, ((*own, schedules),))
    yield "allow", _Field(sorted(a.rule for a in one.allow), ((*own, "allow"),))


def _destination(one: Destination) -> Iterator[tuple[str, _Field]]:
    own: KeyPath = (DESTINATIONS, one.key)
    for name in ("type", "title", "description", "reader", "renamed_from"):
        yield name, _Field(getattr(one, name), ((*own, name),))
    for name, value in one.location.items():
        yield name, _Field(value, ((*own, name),))
    account = one.account
    for name in ("existing", "id", "of"):
        yield f"account.{name}", _Field(getattr(account, name), ((*own, "account"),))
    for name, found in account.auth.items():
        sources = tuple((*own, key) for key in TYPES[one.type].yaml_keys(name))
        yield leaf_path(AUTH, name), _Field(_shown_value(found), sources)
    yield SECRET_VERSION, _Field(account.secret_version, ((*own, "auth"),))
    yield "auth.drop", _Field(list(account.drop), ((*own, "auth"),))
    yield "encryption.public_key", _Field(_shown_value(one.encryption), ((*own, "encryption"),))


def _shown_value(value: Any) -> Any:
    """Show a value of an account as its references; mask a literal that is not plain."""
    if isinstance(value, AuthValue):
        is_shown = value.secrecy is Secrecy.PLAIN or _has_only_references(value.text)
        return value.text if is_shown else SensitiveValue(value.text)
    if isinstance(value, list | tuple):
        return [_shown_value(part) for part in value]
    return value


def _has_only_references(text: str) -> bool:
    try:
        return not any(isinstance(part, str) or part.default is not None for part in parse_references(text))
    except BadValue:
        return False


# -- why it differs ---------------------------------------------------------------------------------------------------


def _differences(
    left: ResolvedEnvironment,
    right: ResolvedEnvironment,
    address: str,
    ours: Mapping[str, _Field],
    theirs: Mapping[str, _Field],
) -> Iterator[FieldDifference]:
    for path in sorted({*ours, *theirs}):
        a, b = ours.get(path), theirs.get(path)
        values = (a.value if a else None, b.value if b else None)
        if values[0] == values[1]:
            continue
        paths = {*(_sources(left.tree, a) if a else ()), *(_sources(right.tree, b) if b else ())}
        head, _, rest = path.partition(".")
        field = (address, path) if address else (head, rest or head)
        yield FieldDifference(*field, *values, _causes(left, right, paths, path.rpartition(".")[2]))


def _sources(tree: EnvironmentTree, field: _Field) -> Iterator[KeyPath]:
    """Yield the paths that decide a field, also through names."""
    yield from field.sources
    chosen = [tree.path_by_position[at] for at in field.chosen if at in tree.path_by_position]
    for path in (*field.sources, *chosen):
        yield path
        yield from _declarations(tree, path, frozenset())


def _declarations(tree: EnvironmentTree, path: KeyPath, seen: frozenset[KeyPath]) -> Iterator[KeyPath]:
    """Yield the declarations of the names at or below `path`: a schedule, a format, an alias or group of datasets."""
    for leaf in tree.paths_below(path):
        group = "datasets" if "datasets" in (leaf[0], *leaf[2:3]) else _NAMED_SECTIONS.get(leaf[-1])
        named = (group, str(tree.leaves[leaf].value)) if group else ()
        if named and named not in seen:
            yield named
            yield from _declarations(tree, named, seen | {named})


def _causes(
    left: ResolvedEnvironment, right: ResolvedEnvironment, paths: Iterable[KeyPath], name: str = ""
) -> tuple[DifferenceCause, ...]:
    """Return one cause for each line; if a value with the key `name` differs, only its causes count."""
    leaves = {leaf for path in paths for side in (left, right) for leaf in side.tree.paths_below(path)}
    found = {leaf: causes for leaf in leaves if (causes := _leaf_causes(left, right, leaf))}
    named = {leaf: causes for leaf, causes in found.items() if leaf[-1] == name}
    every = {cause for causes in (named or found).values() for cause in causes}
    backwards = sorted(every, key=lambda c: c.at, reverse=True)
    by_line = {(c.origin, c.environment, c.at.file, c.at.line): c for c in backwards}
    return tuple(sorted(by_line.values(), key=lambda c: (c.origin.value, c.at, c.environment or "")))


def _leaf_causes(left: ResolvedEnvironment, right: ResolvedEnvironment, path: KeyPath) -> tuple[DifferenceCause, ...]:
    """Return why one value of the tree differs; nothing if it is equal."""
    a, b = left.tree.leaves.get(path), right.tree.leaves.get(path)
    if a and b and a.value == b.value:
        return ()
    causes = (*_overlay_causes(left, a, path), *_overlay_causes(right, b, path))
    if not causes and a and b:
        return (DifferenceCause(DifferenceOrigin.REFERENCE, a.at, written=a.written),)
    return causes


def _overlay_causes(side: ResolvedEnvironment, leaf: TreeLeaf | None, path: KeyPath) -> Iterator[DifferenceCause]:
    """Yield the line of one side's overlay that sets a value, removes it, or replaces the map around it."""
    tree = side.tree
    above = [path[:length] for length in range(len(path), 0, -1)]
    found = [leaf.at] if leaf else [where[p] for where in (tree.removed, tree.groups) for p in above if p in where]
    for at in found[:1]:
        if at in tree.overlay_positions:
            yield DifferenceCause(DifferenceOrigin.OVERLAY, at, side.name)


def _one_sided_declaration(
    has: ResolvedEnvironment, lacks: ResolvedEnvironment, root: str, key: str
) -> OneSidedDeclaration:
    """Return why `lacks` does not have this export or destination."""
    name = key.partition("/")[0]
    path: KeyPath = (root, name)
    causes = list(_overlay_causes(lacks, None, path))
    at = (has.project.exports if root == EXPORTS else has.project.destinations)[key].at
    if at in has.tree.overlay_positions:
        causes.append(DifferenceCause(DifferenceOrigin.OVERLAY, at, has.name))
    listed = next(lacks.tree.paths_below((*path, "environments")), None)
    if not causes and listed:
        causes.append(DifferenceCause(DifferenceOrigin.LIST, lacks.tree.leaves[listed].at, lacks.name))
    if not causes:  # one part of a split export: its datasets differ
        sources = _sources(has.tree, _Field(None, ((*path, "datasets"), (*path, "split_by"))))
        causes += _causes(has, lacks, {*sources, *_sources(lacks.tree, _Field(None, ((*path, "datasets"),)))})
    return OneSidedDeclaration(f"{root}.{key}", has.name, tuple(causes))


# -- the trees --------------------------------------------------------------------------------------------------------


def environment_tree(parsed: ParsedConfig, environment: str, variables: Mapping[str, str]) -> EnvironmentTree:
    """Return the tree of an environment that resolves without an error; `variables` are those of plain references."""
    merged, _ = merge_environment(parsed.tree, environment)
    assert merged is not None
    overlay = parsed.tree.entries_of("environments")[environment].node
    after, _ = fill_references(merged, environment, variables, FindingCollector())
    written = {path: node for path, node in _walk_nodes(merged, ()) if isinstance(node, ScalarNode)}
    leaves = {}
    for path, node in _walk_nodes(after, ()):
        if isinstance(node, ScalarNode):
            shown = str(written[path].value) if secrecy(path) is Secrecy.PLAIN else HIDDEN_VALUE
            leaves[path] = TreeLeaf(shown, node.value, node.at)
    groups = {path: node.at for path, node in _walk_nodes(after, ()) if not isinstance(node, ScalarNode)}
    path_by_position = {
        node.at: path
        for path, node in _walk_nodes(merged, ())
        if isinstance(node, ScalarNode) or path[-1] in CHOSEN_KEYS
    }
    removed = {p: n.at for p, n in _walk_nodes(overlay, ()) if isinstance(n, ScalarNode) and n.value is None}
    return EnvironmentTree(leaves, groups, path_by_position, frozenset(_positions(overlay)), removed)


def _walk_nodes(node: Node, path: KeyPath) -> Iterator[tuple[KeyPath, Node]]:
    """Yield every node with its path, a map before its entries; the step to an item of a list is its number."""
    if path:
        yield path, node
    if isinstance(node, MapNode):
        for key, entry in node.entries.items():
            yield from _walk_nodes(entry.node, (*path, key))
    elif isinstance(node, ListNode):
        for number, item in enumerate(node.items):
            yield from _walk_nodes(item, (*path, str(number)))


def _positions(node: Node) -> Iterator[SourcePosition]:
    """Yield the positions of all keys and values of an overlay."""
    yield node.at
    if isinstance(node, MapNode):
        for entry in node.entries.values():
            yield entry.key_at
            yield from _positions(entry.node)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _positions(item)
