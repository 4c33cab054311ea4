"""
Resolve datasets: aliases, groups, and the parts of an export that is split by dataset. Pure.

A text in a list is an alias or a group if the config declares that name, else a dataset's exact name. `{name: …}` and
`{id: …}` always mean the dataset itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from exportctl.config.resolve.row_facts import RowFacts
from exportctl.config.scalars import NAME, slug
from exportctl.config.schema_check import closest_match
from exportctl.config.section import FindingCollector, Section
from exportctl.config.yaml_nodes import ListNode, MapEntry, MapNode, Node, ScalarNode, node_variables
from exportctl.errors import Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.project import Dataset

ADDRESS_LENGTH = 64  # KEY/PART
MAX_DATASETS = 10_000  # of one export: far beyond any sandbox
MAX_VISITS = 1_000_000  # list items of all exports of one environment: more would take many seconds
MAX_SHOWN = 10  # groups of a circle in a message


@dataclass
class _Budget:
    """How many list items may still be visited, over all exports."""

    left: int


@dataclass(frozen=True)
class Aliases:
    """The declarations under `datasets`."""

    entries: Mapping[str, MapEntry]
    report: FindingCollector
    rows: RowFacts
    budget: _Budget = field(default_factory=lambda: _Budget(MAX_VISITS), compare=False)

    def expand_datasets(self, nodes: tuple[Node, ...]) -> tuple[Dataset, ...]:
        """Return the datasets of a list, in order, each once; of two entries of one, the one with an alias stays."""
        found: dict[tuple[str | None, str | None], Dataset] = {}
        for one in self._walk(nodes):
            key = (one.id, None if one.id else one.name)
            known = found.get(key)
            if known is None or (known.alias is None and one.alias is not None):
                found[key] = one
            if len(found) > MAX_DATASETS:
                self._fail_too_large(nodes[0].at, f"this list has more than {MAX_DATASETS:,} datasets")
                return ()
        return tuple(map(self.rows.add_to, found.values()))

    def _walk(self, nodes: tuple[Node, ...]) -> Iterator[Dataset]:
        """
        Yield the datasets of a list, depth first.

        It enters each group once: a second time, or in a circle, the group adds nothing. Groups may be nested to any
        depth, so this is a loop.
        """
        entered: set[str] = set()
        stack = [iter(nodes)]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            self.budget.left -= 1
            if self.budget.left < 0:
                if self.budget.left == -1:  # reported once
                    self._fail_too_large(node.at, f"all exports together name more than {MAX_VISITS:,} datasets")
                return
            group = self._group_name(node)
            if group is None:
                yield from self._item_datasets(node)
            elif group not in entered:
                entered.add(group)
                stack.append(iter(self._group_items(group)))

    def _fail_too_large(self, at: SourcePosition, message: str) -> None:
        hint = "name fewer datasets: look for a group of groups that is much larger than intended"
        self.report.add("group-too-large", message, at, hint)

    def _group_name(self, node: Node) -> str | None:
        """Return the name if an item of a list is a group."""
        name = str(node.value) if isinstance(node, ScalarNode) and node.value is not None else ""
        return name if name in self.entries and isinstance(self.entries[name].node, ListNode) else None

    def _group_items(self, name: str) -> tuple[Node, ...]:
        target = self.entries[name].node
        return tuple(target.items) if isinstance(target, ListNode) else ()

    def _item_datasets(self, node: Node) -> tuple[Dataset, ...]:
        """Return the dataset of an item that is no group."""
        if isinstance(node, MapNode):
            return (_dataset_from_map(node, None, node.at),)
        if not isinstance(node, ScalarNode) or node.value is None:
            return ()
        name = str(node.value)
        if name not in self.entries:
            self._warn_near_alias(name, node)
            return (Dataset(None, name, None, node.at, node.variables),)
        target = self.entries[name].node
        if isinstance(target, MapNode):
            return (_dataset_from_map(target, name, node.at),)
        if isinstance(target, ScalarNode) and target.value is not None:
            return (Dataset(None, str(target.value), name, node.at, target.variables),)
        return ()

    def _warn_near_alias(self, name: str, node: ScalarNode) -> None:
        guess = closest_match(name, self.entries) if re.fullmatch(NAME, name) else None
        if guess:
            message = f'"{name}" is not an alias, so exportctl reads it as the exact name of a dataset'
            hint = f'did you mean "{guess}", declared at {self.entries[guess].key_at}? If not, write {{name: {name}}}'
            self.report.add("near-alias", message, node.at, hint, Level.WARNING)

    def check_circles(self) -> None:
        """Report circles of groups. It visits every group once, in a loop."""
        done: set[str] = set()
        for start in self.entries:
            path: dict[str, Iterator[str]] = {} if start in done else {start: self._inner_groups(start)}
            while path:
                name = next(reversed(path))
                inner = next(path[name], None)
                if inner is None:
                    done.add(name)
                    del path[name]
                elif inner in path:
                    self._report_circle(list(path)[list(path).index(inner) :])
                elif inner not in done:
                    path[inner] = self._inner_groups(inner)

    def _inner_groups(self, name: str) -> Iterator[str]:
        return (group for group in dict.fromkeys(map(self._group_name, self._group_items(name))) if group is not None)

    def _report_circle(self, circle: list[str]) -> None:
        shown = [*circle, circle[0]] if len(circle) <= MAX_SHOWN else [*circle[:MAX_SHOWN], "…", circle[0]]
        message = f"dataset groups contain each other: {' -> '.join(shown)}"
        at = self.entries[circle[0]].key_at
        self.report.add("group-cycle", message, at, "remove one group from the other")


def aliases(root: Section) -> Aliases:
    """Return the declarations of a config, with what it says of rows in them and in its exports."""
    declared, rows = root.node.entries_of("datasets"), RowFacts(root.report)
    for entry in declared.values():
        rows.read_node(entry.node)
    for export in root.children("exports").values():
        rows.read_node(ListNode(export.items("datasets"), export.at))
    return Aliases(declared, root.report, rows)


def _dataset_from_map(node: MapNode, alias: str | None, at: SourcePosition) -> Dataset:
    def text(key: str) -> str | None:
        found = node.get(key)
        return str(found.value) if isinstance(found, ScalarNode) and found.value else None

    return Dataset(text("id"), text("name"), alias, at, node_variables(node))


def parts(section: Section, key: str, datasets: tuple[Dataset, ...]) -> dict[str, Dataset]:
    """
    Map each PART to its dataset; PART is the alias, else the slug of the name, else the id.

    Two equal parts, a part without a usable character, and an address of more than 64 characters are errors, which ask
    for an alias.
    """
    found: dict[str, Dataset] = {}
    for one in datasets:
        part = one.alias or slug(one.name or "") or (one.id or "").lower()
        shown = one.name or one.id
        if not part:
            _ask_for_alias(section, "split-part-empty", f'"{shown}" has no character for an address', one)
        elif part in found:
            other = found[part].name or found[part].id
            message = f'"{other}" and "{shown}" would both be exports.{key}/{part}'
            _ask_for_alias(section, "split-part-clash", message, one)
        else:
            found[part] = replace(one)
            if len(f"{key}/{part}") > ADDRESS_LENGTH:
                message = f"the address {key}/{part} has more than {ADDRESS_LENGTH} characters"
                _ask_for_alias(section, "address-too-long", message, one)
    return found


def _ask_for_alias(section: Section, rule: str, message: str, one: Dataset) -> None:
    written = f'{{name: "{one.name}"}}' if one.name else f'{{id: "{one.id}"}}'
    hint = f"declare a short alias under `datasets`, `ALIAS: {written}`, and use it in {section.owner}"
    section.fail(rule, f"{section.owner} is split by dataset: {message}", one.at, hint)
