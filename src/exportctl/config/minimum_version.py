"""
`minimum_version`: the oldest exportctl that may read a config. Pure.

In: the trees of all files before any check, because a newer config may have keys that this version does not know.
Out: a Finding if a file, or an environment in it, needs a later version. Every run reads all files and checks all
environments, so the highest version counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from exportctl import __version__
from exportctl.config.scalars import VERSION
from exportctl.config.yaml_nodes import MapNode, Node, ScalarNode
from exportctl.errors import Finding

KEY = "minimum_version"

_Version = tuple[int, ...]


def find_unmet_version(trees: Iterable[MapNode], running: str = __version__) -> Finding | None:
    """Return a finding for the highest version that the config needs, if `running` is older."""
    asked = [(_parse_version(str(node.value)), node) for node in _version_nodes(trees) if _is_version(node)]
    version, node = max(asked, key=lambda pair: pair[0], default=((), None))
    if node is None or version <= _parse_version(running):
        return None
    text = f"this config needs exportctl {node.value} or later; this is {running}"
    return Finding("minimum-version", text, node.at, "upgrade exportctl: this version may misread the config")


def find_malformed_versions(trees: Iterable[MapNode]) -> list[Finding]:
    """Report texts that are not a version. The schema reports values that are not text."""
    hint = f'write for example `{KEY}: "0.2"`; it cannot contain a reference'
    wrong = [node for node in _version_nodes(trees) if isinstance(node.value, str) and not _is_version(node)]
    return [Finding("bad-value", f'"{node.value}" is not a version of exportctl', node.at, hint) for node in wrong]


def _version_nodes(trees: Iterable[MapNode]) -> Iterator[ScalarNode]:
    """Yield the values of the key in each file: its own, then those of its environments."""
    for root in trees:
        declared = _value(root, "environments")
        overlays = [entry.node for entry in declared.entries.values()] if isinstance(declared, MapNode) else []
        nodes = [_value(layer, KEY) for layer in (root, *overlays) if isinstance(layer, MapNode)]
        yield from (node for node in nodes if isinstance(node, ScalarNode))


def _value(of: MapNode, key: str) -> Node | None:
    entry = of.entries.get(key)
    return entry.node if entry else None


def _is_version(node: ScalarNode) -> bool:
    return isinstance(node.value, str) and re.fullmatch(VERSION, node.value, re.ASCII) is not None


def _parse_version(text: str) -> _Version:
    """Return three numbers: 0.2 is (0, 2, 0). The text after the numbers, as in 0.3.0.dev1, does not count."""
    numbers = re.match(r"\d+(\.\d+)*", text, re.ASCII)
    parts = [int(part) for part in numbers.group().split(".")] if numbers else []
    return tuple([*parts, 0, 0, 0][:3])
