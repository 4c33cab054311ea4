"""
`minimum_version`: the oldest exportctl that may read a config. Pure.

In: the trees of all files as they were written, before any check, since a newer config may hold keys that an older
version takes for mistakes. Out: a Finding where a file, or an environment in it, asks for more than this version. Every
run reads all files and checks all environments, so each of them counts and the highest wins.
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


def unmet(trees: Iterable[MapNode], running: str = __version__) -> Finding | None:
    """The highest version that is asked for, if `running` is older."""
    asked = [(_parsed(str(node.value)), node) for node in _written(trees) if _is_version(node)]
    version, node = max(asked, key=lambda pair: pair[0], default=((), None))
    if node is None or version <= _parsed(running):
        return None
    text = f"this config needs exportctl {node.value} or later; this is {running}"
    return Finding(
        "minimum-version", text, node.at, "upgrade exportctl: an older one may misread what this config says"
    )


def malformed(trees: Iterable[MapNode]) -> list[Finding]:
    """Texts that are no version. What is no text is a finding of the schema."""
    hint = f'for example `{KEY}: "0.2"`; it is read before any reference is filled in'
    wrong = [node for node in _written(trees) if isinstance(node.value, str) and not _is_version(node)]
    return [Finding("bad-value", f'"{node.value}" is no version of exportctl', node.at, hint) for node in wrong]


def _written(trees: Iterable[MapNode]) -> Iterator[ScalarNode]:
    """The values in each file: its own, then those of its environments."""
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


def _parsed(text: str) -> _Version:
    """Its numbers, three of them: 0.2 is 0.2.0. What follows them, as in 0.3.0.dev1, does not count."""
    numbers = re.match(r"\d+(\.\d+)*", text, re.ASCII)
    parts = [int(part) for part in numbers.group().split(".")] if numbers else []
    return tuple([*parts, 0, 0, 0][:3])
