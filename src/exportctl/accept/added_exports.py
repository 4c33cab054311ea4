"""What an edit brings into a file: lines, and the values in them as they are meant. For finding what must not. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.accept.result import EditedFile
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode, parse_tree
from exportctl.model.references import BadValue, parse_references


def added_texts(edited: EditedFile) -> tuple[str, ...]:
    """
    Lines and texts that were not there. A text may be spelled otherwise in its line, with escapes or over several
    lines; a line may hold a comment.
    """
    lines = set(edited.after.split("\n")) - set(edited.before.split("\n"))
    return tuple(sorted(lines | (_file_texts(edited.after) - _file_texts(edited.before))))


def _file_texts(file: str) -> frozenset[str]:
    root, _ = parse_tree("", file.encode("utf-8"))
    return frozenset(_node_texts(root)) if root else frozenset()


def _node_texts(node: Node) -> Iterator[str]:
    if isinstance(node, MapNode):
        for key, entry in node.entries.items():
            yield from (key, *_node_texts(entry.node))
    elif isinstance(node, ListNode):
        yield from (text for item in node.items for text in _node_texts(item))
    elif isinstance(node, ScalarNode) and isinstance(node.value, str):
        yield _unescape_text(node.value)


def _unescape_text(text: str) -> str:
    """Without the second dollar of what is no reference."""
    try:
        return "".join(part if isinstance(part, str) else part.text for part in parse_references(text))
    except BadValue:
        return text
