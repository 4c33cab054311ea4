"""
Which line of an environment's tree sets what, and which lines are its overlay's: what `environments` compares. Pure.

In: the parsed files, a declared environment, the variables that plain references may name. Out: a `Layer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.config.interpolation import filled
from exportctl.config.loading import HIDDEN, Parsed
from exportctl.config.nodes import Map, Node, Scalar, Seq
from exportctl.config.overlays import with_environment
from exportctl.config.secrecy import secrecy
from exportctl.config.sections import Report
from exportctl.destination_types import Secrecy
from exportctl.environments import CHOSEN, Layer, Leaf, Path
from exportctl.errors import Location


def layer(parsed: Parsed, environment: str, variables: Mapping[str, str]) -> Layer:
    """The tree of an environment that could be resolved without an error."""
    whole, _ = with_environment(parsed.tree, environment)
    section = parsed.tree.entries["environments"].node
    assert whole is not None
    assert isinstance(section, Map)
    overlay = section.entries[environment].node
    after, _ = filled(whole, environment, variables, Report())
    written = {path: node for path, node in _values(whole, ()) if isinstance(node, Scalar)}
    leaves = {
        path: Leaf(_masked(written[path], path), node.value, node.at)
        for path, node in _values(after, ())
        if isinstance(node, Scalar)
    }
    groups = {path: node.at for path, node in _values(after, ()) if not isinstance(node, Scalar)}
    places = {node.at: path for path, node in _values(whole, ()) if isinstance(node, Scalar) or path[-1:][0] in CHOSEN}
    removed = {p: n.at for p, n in _values(overlay, ()) if isinstance(n, Scalar) and n.value is None}
    return Layer(leaves, groups, places, frozenset(_places(overlay)), removed)


def _masked(node: Scalar, path: Path) -> str:
    return str(node.value) if secrecy(path) is Secrecy.PLAIN else HIDDEN


def _values(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    """Every node with its path, a map before what is in it; items of a list are numbered."""
    if path:
        yield path, node
    if isinstance(node, Map):
        for key, entry in node.entries.items():
            yield from _values(entry.node, (*path, key))
    elif isinstance(node, Seq):
        for number, item in enumerate(node.items):
            yield from _values(item, (*path, str(number)))


def _places(node: Node) -> Iterator[Location]:
    """Where values and keys of an overlay stand."""
    yield node.at
    if isinstance(node, Map):
        for entry in node.entries.values():
            yield entry.key_at
            yield from _places(entry.node)
    elif isinstance(node, Seq):
        for item in node.items:
            yield from _places(item)
