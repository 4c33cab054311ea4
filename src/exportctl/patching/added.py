"""What an edit brings into a file: lines, and the values in them as they are meant. For finding what must not. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.config.nodes import Map, Node, Scalar, Seq, tree
from exportctl.config.values import BadValue, references
from exportctl.patching.report import Edited


def added(edited: Edited) -> tuple[str, ...]:
    """
    Lines and texts that were not there. A text may be spelled otherwise in its line, with escapes or over several
    lines; a line may hold a comment.
    """
    lines = set(edited.after.split("\n")) - set(edited.before.split("\n"))
    return tuple(sorted(lines | (_texts(edited.after) - _texts(edited.before))))


def _texts(file: str) -> frozenset[str]:
    root, _ = tree("", file.encode("utf-8"))
    return frozenset(_held(root)) if root else frozenset()


def _held(node: Node) -> Iterator[str]:
    if isinstance(node, Map):
        for key, entry in node.entries.items():
            yield from (key, *_held(entry.node))
    elif isinstance(node, Seq):
        yield from (text for item in node.items for text in _held(item))
    elif isinstance(node, Scalar) and isinstance(node.value, str):
        yield _meant(node.value)


def _meant(text: str) -> str:
    """Without the second dollar of what is no reference."""
    try:
        return "".join(part if isinstance(part, str) else part.text for part in references(text))
    except BadValue:
        return text
