"""
Edited files -> one unified diff that `git apply` and `patch -p1` can read, and the texts that the edits add. Pure.

A diff has unchanged lines around a change, for the reader and for the tools. It leaves out lines with a sensitive
literal (a user name under `auth`), and then has fewer unchanged lines, down to none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from exportctl.accept.changes import EditedFile
from exportctl.config.merge import resolve_relative_path
from exportctl.config.schema.destinations import secrecy
from exportctl.config.yaml_nodes import ListNode, MapNode, Node, ScalarNode, parse_tree
from exportctl.frozen import dataclass
from exportctl.model.references import BadValue, parse_references
from exportctl.model.secret import Secrecy
from exportctl.yaml_edit.positions import ListSpan, MapSpan, ScalarSpan, Span, parse_spans

CONTEXT_LINES = 3
_MARKS = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\x7f": "\\177"}
_Group = Sequence[tuple[str, int, int, int, int]]


@dataclass(frozen=True)
class FileDiff:
    """
    The diff of one file; `text` is None if a changed line has a sensitive literal.

    `context_lines` is the number of unchanged lines beside a change; with 0, `git apply` needs `--unidiff-zero`.
    """

    file: str
    text: str | None
    context_lines: int


@dataclass(frozen=True)
class Patch:
    """
    One diff per file, and the folder in which to apply them, relative to the working folder.

    The folder is above the working folder if a file is outside, because tools refuse paths out of their folder.
    """

    diffs: tuple[FileDiff, ...]
    folder: str


def build_patch(edited: Sequence[EditedFile], working: Sequence[str]) -> Patch:
    """Build the diffs of all edited files; `working` are the folder names from the root to the working folder."""
    up = max((one.file.split("/").count("..") for one in edited), default=0)
    inner = "".join(f"{name}/" for name in working[len(working) - up :])
    diffs = tuple(diff_file(one, resolve_relative_path(inner, one.file)) for one in edited)
    return Patch(diffs, "/".join([".."] * up) or ".")


def diff_file(edited: EditedFile, name: str | None = None) -> FileDiff:
    """Build the diff of one file; `name` is its name in the patch, if different."""
    before, after = _lines(edited.before), _lines(edited.after)
    hidden = _sensitive_lines(edited.before), _sensitive_lines(edited.after)
    called, compared = name or edited.file, SequenceMatcher(None, before, after, autojunk=False)
    for around in range(CONTEXT_LINES, -1, -1):
        groups = list(compared.get_grouped_opcodes(around))
        shown = [(range(i, j), range(k, m)) for group in groups for _, i, j, k, m in group]
        if not any(hidden[side].intersection(lines[side]) for lines in shown for side in (0, 1)):
            head = f"--- {_quote_file_name(f'a/{called}')}\n+++ {_quote_file_name(f'b/{called}')}\n"
            return FileDiff(edited.file, head + "".join(_hunk(group, before, after) for group in groups), around)
    return FileDiff(edited.file, None, 0)


def _quote_file_name(path: str) -> str:
    """Write a file name as Git does: with a tab after a name with blanks, in quotes if it has special characters."""
    if any(char in _MARKS or ord(char) < ord(" ") for char in path):
        return '"' + "".join(_MARKS.get(c, f"\\{ord(c):03o}" if ord(c) < ord(" ") else c) for c in path) + '"'
    return f"{path}\t" if " " in path else path


def _lines(text: str) -> list[str]:
    """Split into lines with their endings; only a line feed ends a line, as in Git."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _hunk(group: _Group, before: Sequence[str], after: Sequence[str]) -> str:
    first, last = group[0], group[-1]
    text = f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    for tag, i, j, k, m in group:
        sides = ((" ", before[i:j]),) if tag == "equal" else (("-", before[i:j]), ("+", after[k:m]))
        for sign, line in ((sign, line) for sign, lines in sides for line in lines):
            text += f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
    return text


def _range(start: int, end: int) -> str:
    """Write a range of lines; an empty range has the number of the line before it."""
    return f"{start if start == end else start + 1},{end - start}"


def _sensitive_lines(text: str) -> frozenset[int]:
    """Return the numbers of the lines with a sensitive literal, from 0."""
    root = parse_spans(text)
    places = [(i, j) for i, j in _masked_ranges(root, ()) if _has_literal(text[i:j])] if root else []
    return frozenset(n for i, j in places for n in range(text.count("\n", 0, i), text.count("\n", 0, j) + 1))


def _has_literal(written: str) -> bool:
    """Return whether the text has more than names of variables; a default is a literal too."""
    try:
        parts = parse_references(written.strip("\"'"))
    except BadValue:
        return True
    return any(isinstance(part, str) or part.default is not None for part in parts)


def _masked_ranges(span: Span, path: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    if isinstance(span, MapSpan):
        for key, entry in span.entries.items():
            yield from _masked_ranges(entry.value, (*path, key))
    elif isinstance(span, ListSpan):
        for item in span.items:
            yield from _masked_ranges(item, path)
    elif isinstance(span, ScalarSpan) and secrecy(path) is not Secrecy.PLAIN:
        yield span.start, span.end


# -- what an edit adds -------------------------------------------------------------------------------------------------


def added_texts(edited: EditedFile) -> tuple[str, ...]:
    """
    Return the lines and texts that the edit adds, so that the caller can check them for secrets.

    Both are needed: a text may have escapes or several lines in the file, and a line may have a comment.
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
    """Return the text with `$${` as `${`."""
    try:
        return "".join(part if isinstance(part, str) else part.text for part in parse_references(text))
    except BadValue:
        return text
