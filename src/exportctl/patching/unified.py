"""
Edited files -> one unified diff, as `git apply` and `patch -p1` read it. Pure.

Lines around a change are shown for the eye and for finding the place again. A line on which a literal stands that no
view shows (a user name under `auth`) is kept out: fewer lines are shown then, down to none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from exportctl.config.overlays import beside
from exportctl.config.secrecy import secrecy
from exportctl.config.values import BadValue, references
from exportctl.destination_types import Secrecy
from exportctl.patching.report import Edited
from exportctl.patching.spans import Map, Scalar, Seq, Span, spans

AROUND = 3
_MARKS = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\x7f": "\\177"}
_Group = Sequence[tuple[str, int, int, int, int]]


@dataclass(frozen=True)
class Diff:
    """
    `text` None: a changed line itself holds what is not shown. `around` is how many unchanged lines stand beside a
    change; with none, `git apply` wants `--unidiff-zero`.
    """

    file: str
    text: str | None
    around: int


@dataclass(frozen=True)
class Patch:
    """
    One diff a file. `folder` is where it is applied, seen from the working folder: `.`, or above it where a file lies
    outside; no tool takes a path that leads out of the folder it works in.
    """

    diffs: tuple[Diff, ...]
    folder: str


def patch(edited: Sequence[Edited], working: Sequence[str]) -> Patch:
    """`working` are the names of the working folder and all above it, from the root."""
    up = max((one.file.split("/").count("..") for one in edited), default=0)
    inner = "".join(f"{name}/" for name in working[len(working) - up :])
    diffs = tuple(diff(one, beside(inner, one.file)) for one in edited)
    return Patch(diffs, "/".join([".."] * up) or ".")


def diff(edited: Edited, name: str | None = None) -> Diff:
    """`name`: what the file is called in the patch, if that is another name."""
    before, after = _lines(edited.before), _lines(edited.after)
    hidden = _sensitive(edited.before), _sensitive(edited.after)
    called, compared = name or edited.file, SequenceMatcher(None, before, after, autojunk=False)
    for around in range(AROUND, -1, -1):
        groups = list(compared.get_grouped_opcodes(around))
        if not any(_shows(group, *hidden) for group in groups):
            head = f"--- {_named(f'a/{called}')}\n+++ {_named(f'b/{called}')}\n"
            return Diff(edited.file, head + "".join(_hunk(group, before, after) for group in groups), around)
    return Diff(edited.file, None, 0)


def _named(path: str) -> str:
    """As Git names a file: a tab ends a name with blanks, and one with marks in it is in quotes."""
    if any(char in _MARKS or ord(char) < ord(" ") for char in path):
        return '"' + "".join(_MARKS.get(c, f"\\{ord(c):03o}" if ord(c) < ord(" ") else c) for c in path) + '"'
    return f"{path}\t" if " " in path else path


def _lines(text: str) -> list[str]:
    """With their ends; only a line feed ends a line here, as for git."""
    found = text.split("\n")
    return [f"{line}\n" for line in found[:-1]] + ([found[-1]] if found[-1] else [])


def _shows(group: _Group, before: frozenset[int], after: frozenset[int]) -> bool:
    return any(before & set(range(i, j)) or after & set(range(k, m)) for _, i, j, k, m in group)


def _hunk(group: _Group, before: Sequence[str], after: Sequence[str]) -> str:
    first, last = group[0], group[-1]
    head = f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    return head + "".join(_shown(sign, line) for part in group for sign, line in _part(part, before, after))


def _range(start: int, end: int) -> str:
    """An empty range is named by the line before it."""
    return f"{start if start == end else start + 1},{end - start}"


def _part(
    part: tuple[str, int, int, int, int], before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[str, str]]:
    tag, i, j, k, m = part
    if tag == "equal":
        yield from ((" ", line) for line in before[i:j])
        return
    yield from (("-", line) for line in before[i:j])
    yield from (("+", line) for line in after[k:m])


def _shown(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _sensitive(text: str) -> frozenset[int]:
    """The lines, from 0, on which a literal stands that is not for everybody."""
    root = spans(text)
    places = [(i, j) for i, j in _masked(root, ()) if _literal(text[i:j])] if root else []
    return frozenset(n for i, j in places for n in range(text.count("\n", 0, i), text.count("\n", 0, j) + 1))


def _literal(written: str) -> bool:
    """Does it hold more than names of variables? A default is a literal too."""
    try:
        parts = references(written.strip("\"'"))
    except BadValue:
        return True
    return any(isinstance(part, str) or part.default is not None for part in parts)


def _masked(span: Span, path: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    if isinstance(span, Map):
        for key, entry in span.entries.items():
            yield from _masked(entry.value, (*path, key))
    elif isinstance(span, Seq):
        for item in span.items:
            yield from _masked(item, path)
    elif isinstance(span, Scalar) and secrecy(path) is not Secrecy.PLAIN:
        yield span.start, span.end
