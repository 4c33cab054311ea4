"""
Resolve datasets: aliases, groups, and the parts of an export that is split by dataset. Pure.

A text in a list is an alias or a group if the config declares that name, else a dataset's exact name. `{name: …}` and
`{id: …}` always mean the dataset itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exportctl.config.scalars import NAME, slug
from exportctl.config.schema_check import closest_match
from exportctl.config.section import FindingCollector, Section
from exportctl.config.yaml_nodes import ListNode, MapEntry, MapNode, Node, ScalarNode
from exportctl.errors import Level, SourcePosition
from exportctl.model.project import Dataset

ADDRESS_LENGTH = 64  # KEY/PART


@dataclass(frozen=True)
class Aliases:
    """The declarations under `datasets`."""

    entries: Mapping[str, MapEntry]
    report: FindingCollector

    def expand_datasets(self, nodes: tuple[Node, ...]) -> tuple[Dataset, ...]:
        """Return the datasets of a list, in order, each once."""
        found: dict[tuple[str | None, str | None], Dataset] = {}
        for node in nodes:
            for one in self._node_datasets(node, ()):
                known = found.get((one.id, None if one.id else one.name))
                if known is None or (known.alias is None and one.alias is not None):
                    found[(one.id, None if one.id else one.name)] = one
        return tuple(found.values())

    def _node_datasets(self, node: Node, above: tuple[str, ...]) -> tuple[Dataset, ...]:
        if isinstance(node, MapNode):
            return (_dataset_from_map(node, None, node.at),)
        if not isinstance(node, ScalarNode) or node.value is None:
            return ()
        name = str(node.value)
        if name not in self.entries:
            self._warn_near_alias(name, node)
            return (Dataset(None, name, None, node.at),)
        if name in above:
            return ()  # a circle, which `check_circles` reports once
        return self._declared_datasets(name, node.at, above)

    def _declared_datasets(self, name: str, at: SourcePosition, above: tuple[str, ...]) -> tuple[Dataset, ...]:
        target = self.entries[name].node
        if isinstance(target, ListNode):
            return tuple(one for item in target.items for one in self._node_datasets(item, (*above, name)))
        if isinstance(target, MapNode):
            return (_dataset_from_map(target, name, at),)
        if isinstance(target, ScalarNode) and target.value is not None:
            return (Dataset(None, str(target.value), name, at),)
        return ()

    def _warn_near_alias(self, name: str, node: ScalarNode) -> None:
        guess = closest_match(name, self.entries) if re.fullmatch(NAME, name) else None
        if guess:
            message = f'"{name}" is not an alias, so exportctl reads it as the exact name of a dataset'
            hint = f'did you mean "{guess}", declared at {self.entries[guess].key_at}? If not, write {{name: {name}}}'
            self.report.add("near-alias", message, node.at, hint, Level.WARNING)

    def check_circles(self) -> None:
        reported: set[frozenset[str]] = set()
        for name in self.entries:
            circle = self._circle(name, ())
            if circle and frozenset(circle) not in reported:
                reported.add(frozenset(circle))
                message = f"dataset groups contain each other: {' -> '.join((*circle, circle[0]))}"
                at = self.entries[circle[0]].key_at
                self.report.add("group-cycle", message, at, "remove one group from the other")

    def _circle(self, name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        if name in above:
            return above[above.index(name) :]
        target = self.entries[name].node
        for item in target.items if isinstance(target, ListNode) else ():
            if isinstance(item, ScalarNode) and item.value in self.entries:
                found = self._circle(str(item.value), (*above, name))
                if found:
                    return found
        return ()


def aliases(root: Section) -> Aliases:
    return Aliases(root.node.entries_of("datasets"), root.report)


def _dataset_from_map(node: MapNode, alias: str | None, at: SourcePosition) -> Dataset:
    def text(key: str) -> str | None:
        found = node.get(key)
        return str(found.value) if isinstance(found, ScalarNode) and found.value else None

    return Dataset(text("id"), text("name"), alias, at)


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
