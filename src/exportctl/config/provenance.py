"""
The positions that set each value of an environment's tree, and which of them are in its overlay. Pure.

In: the parsed files, a declared environment, and the variables that plain references may use. Out: an
`EnvironmentTree`, which `environment_diff` compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.config.environment_diff import CHOSEN_KEYS, EnvironmentTree, KeyPath, TreeLeaf
from exportctl.config.interpolation import fill_references
from exportctl.config.load import HIDDEN_VALUE, ParsedConfig
from exportctl.config.merge import merge_environment
from exportctl.config.section import FindingCollector
from exportctl.config.sensitivity import secrecy
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode
from exportctl.errors import SourcePosition
from exportctl.model.secret import Secrecy


def environment_tree(parsed: ParsedConfig, environment: str, variables: Mapping[str, str]) -> EnvironmentTree:
    """Return the tree of an environment that resolves without an error."""
    merged, _ = merge_environment(parsed.tree, environment)
    section = parsed.tree.entries["environments"].node
    assert merged is not None
    assert isinstance(section, MapNode)
    overlay = section.entries[environment].node
    after, _ = fill_references(merged, environment, variables, FindingCollector())
    written = {path: node for path, node in _walk_nodes(merged, ()) if isinstance(node, ScalarNode)}
    leaves = {
        path: TreeLeaf(_mask_value(written[path], path), node.value, node.at)
        for path, node in _walk_nodes(after, ())
        if isinstance(node, ScalarNode)
    }
    groups = {path: node.at for path, node in _walk_nodes(after, ()) if not isinstance(node, ScalarNode)}
    path_by_position = {
        node.at: path
        for path, node in _walk_nodes(merged, ())
        if isinstance(node, ScalarNode) or path[-1:][0] in CHOSEN_KEYS
    }
    removed = {p: n.at for p, n in _walk_nodes(overlay, ()) if isinstance(n, ScalarNode) and n.value is None}
    return EnvironmentTree(leaves, groups, path_by_position, frozenset(_positions(overlay)), removed)


def _mask_value(node: ScalarNode, path: KeyPath) -> str:
    return str(node.value) if secrecy(path) is Secrecy.PLAIN else HIDDEN_VALUE


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
