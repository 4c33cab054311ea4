"""Rules on declarations without effect. They check the tree, because a `Project` has only what has an effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exportctl.config.merge import layers
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from exportctl.errors import Level, SourcePosition
from exportctl.rules.rule import Hit, Rule, TreeCheck, is_unresolved

_BUILT_IN_FORMATS = ("parquet", "json")  # a declaration of these names replaces the built-in format


def _declared_names(tree: MapNode, section: str) -> dict[str, SourcePosition]:
    found: dict[str, SourcePosition] = {}
    for layer in layers(tree):
        for name, entry in layer.entries_of(section).items():
            found.setdefault(name, entry.key_at)
    return found


def _used_names(node: Node, key: str) -> Iterator[str]:
    """Yield every text under `key` at any level; for a map under it (dataset groups), the texts of its entries."""
    if isinstance(node, MapNode):
        for name, entry in node.entries.items():
            if name != key:
                yield from _used_names(entry.node, key)
            elif isinstance(entry.node, MapNode):
                yield from (text for e in entry.node.entries.values() for text in _texts(e.node))
            else:
                yield from _texts(entry.node)


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _texts(item)
    elif isinstance(node, ScalarNode):
        yield str(node.value)


def _unused_check(section: str, key: str, what: str) -> TreeCheck:
    """Make the check of one section; it reports nothing if a use has an unset reference, which may be any name."""

    def check(tree: MapNode) -> Iterable[Hit]:
        used = set(_used_names(tree, key))
        if any(is_unresolved(text) for text in used):
            return
        for name, at in _declared_names(tree, section).items():
            if name not in used and not (key == "format" and name in _BUILT_IN_FORMATS):
                yield Hit(f"{what} {name!r} is not used", at)

    return check


def _unused_rule(what: str, key: str, bad: str, good: str) -> Rule:
    return Rule(
        f"unused-{what}",
        Level.NOTE,
        f"An unused {what}",
        "It has no effect. Often its name has a typo where it should be used (ours).",
        "Use it, or remove it.",
        bad,
        good,
        check_tree=_unused_check(f"{what}s", key, what),
    )


RULES = (
    _unused_rule(
        "schedule",
        "schedule",
        "schedules: {frequent: {every: 3 hours}}",
        "schedules: {frequent: {every: 3 hours}}\nexports: {orders: {schedule: frequent}}",
    ),
    _unused_rule(
        "format",
        "format",
        "formats: {with-manifest: {type: parquet, manifest: true}}",
        "formats: {with-manifest: {type: parquet, manifest: true}}\ndestinations: {lake: {format: with-manifest}}",
    ),
    _unused_rule(
        "dataset",
        "datasets",
        "datasets: {web: {name: Web Events}}",
        "datasets: {web: {name: Web Events}, all: [web]}\nexports: {orders: {datasets: [all]}}",
    ),
)
