"""
YAML text -> where each value stands in it, from the first character to the last. Pure.

In: a text that the config's reader takes without an error. Out: a tree of spans, by which `edits` cuts and pastes. The
tree says where, `config.nodes` says what: it holds no values.

    key: value   # why          a scalar ends with its last character, not with its line
    key: |+                     one that keeps its empty lines ends with the last of them
    key:                        a map or list below its key begins with its first entry and ends with its last one
      a: 1                      what is between brackets ends with the bracket
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Scalar:
    """
    `text[start:end]`; `style` is the quote, `|` or `>`, "" for plain text. Nothing at all where start is end. `open`:
    the text ends with it, and a line end behind it would belong to it.
    """

    start: int
    end: int
    style: str
    open: bool = False


@dataclass(frozen=True)
class Entry:
    """A key and what it holds; `key_start` and `key_end` are those of the key."""

    key_start: int
    key_end: int
    value: Span


@dataclass(frozen=True)
class Map:
    """`flow`: between braces."""

    start: int
    end: int
    flow: bool
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class Seq:
    """`flow`: between brackets."""

    start: int
    end: int
    flow: bool
    items: Sequence[Span]


Span = Scalar | Map | Seq


@lru_cache(maxsize=16)  # one edit asks several times for the same text
def spans(text: str) -> Map | None:
    """The tree of a file, None if it declares nothing. Anchors, tags and aliases are not in such a text."""
    shift = 1 if text.startswith("\ufeff") else 0  # a byte order mark is no part of what YAML counts
    events = (e for e in yaml.parse(text[shift:], Loader=_LOADER) if not isinstance(e, _AROUND))
    first = next(events, None)
    root = _Reader(text, shift).span(first, events) if first is not None else None
    return root if isinstance(root, Map) else None


BLOCKS = ("|", ">")
_EMPTY_LINES = re.compile(r"(\r?\n[ \t]*)+\Z")
_AROUND = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)


@dataclass(frozen=True)
class _Reader:
    text: str
    shift: int

    def span(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Span:
        if isinstance(event, yaml.MappingStartEvent):
            return self._map(event, events)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._seq(event, events)
        assert isinstance(event, yaml.ScalarEvent)
        return self._scalar(event)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        start, end = self._places(event)
        if event.style not in BLOCKS:
            return Scalar(start, end, event.style or "")
        written = self.text[start:end]  # the mark stands where the next thing begins
        chomping = written.partition("\n")[0].partition("#")[0]
        kept = written.removesuffix("\n").removesuffix("\r") if "+" in chomping else _EMPTY_LINES.sub("", written)
        whole = not self.text[end:] and not written.endswith("\n")
        return Scalar(start, start + len(kept), event.style or "", open=whole and "-" not in chomping)

    def _map(self, event: yaml.MappingStartEvent, events: Iterator[yaml.Event]) -> Map:
        entries: dict[str, Entry] = {}
        last = self._places(event)[1]
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key_start, key_end = self._places(inner)
            key = inner.value if isinstance(inner, yaml.ScalarEvent) else ""
            entry = Entry(key_start, key_end, self.span(next(events), events))
            entries[key] = entry
            last = max(last, entry.value.end)
        start = self._places(event)[0]
        return Map(start, self._end(event, inner, last), bool(event.flow_style), entries)

    def _seq(self, event: yaml.SequenceStartEvent, events: Iterator[yaml.Event]) -> Seq:
        items: list[Span] = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(self.span(inner, events))
        last = items[-1].end if items else self._places(event)[1]
        return Seq(self._places(event)[0], self._end(event, inner, last), bool(event.flow_style), tuple(items))

    def _end(self, event: yaml.CollectionStartEvent, closing: yaml.Event, last: int) -> int:
        """A bracket where there is one; else the end mark is far below, behind comments and empty lines."""
        return self._places(closing)[1] if event.flow_style else last

    def _places(self, event: yaml.Event) -> tuple[int, int]:
        assert event.start_mark is not None
        assert event.end_mark is not None
        return event.start_mark.index + self.shift, event.end_mark.index + self.shift
