"""
YAML text -> the span of each value in it, from the first character to the last. Pure.

In: a text that `config` reads without an error. Out: a tree of spans for `yaml_edit.edit`. The tree holds positions;
`config.yaml_nodes` holds the values.

    key: value   # why          a scalar ends with its last character, not with its line
    key: |+                     a scalar that keeps its empty lines ends with the last empty line
    key:                        a map or list below its key begins with its first entry and ends with its last entry
      a: 1                      a map or list between brackets ends with the bracket
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import yaml

from exportctl.frozen import dataclass

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class ScalarSpan:
    """
    The scalar `text[start:end]`, which is missing where start equals end.

    `style` is the quote, `|` or `>`, and "" for plain text. `ends_text`: the text ends with this scalar, and a line
    ending added after it would become part of it.
    """

    start: int
    end: int
    style: str
    ends_text: bool = False


@dataclass(frozen=True)
class EntrySpan:
    """A key (from `key_start` to `key_end`) and its value."""

    key_start: int
    key_end: int
    value: Span


@dataclass(frozen=True)
class MapSpan:
    """A map: between braces if it is in flow style, else one key a line."""

    start: int
    end: int
    is_flow_style: bool
    entries: Mapping[str, EntrySpan]


@dataclass(frozen=True)
class ListSpan:
    """A list: between brackets if it is in flow style, else one item a line."""

    start: int
    end: int
    is_flow_style: bool
    items: Sequence[Span]


Span = ScalarSpan | MapSpan | ListSpan


@lru_cache(maxsize=16)  # one edit parses the same text several times
def parse_spans(text: str) -> MapSpan | None:
    """Parse a file without anchors, tags and aliases into a tree; None if the file declares nothing."""
    shift = 1 if text.startswith("\ufeff") else 0  # YAML does not count a byte order mark
    events = (e for e in yaml.parse(text[shift:], Loader=_LOADER) if not isinstance(e, _DOCUMENT_EVENTS))
    first = next(events, None)
    root = _Reader(text, shift).read_span(first, events) if first is not None else None
    return root if isinstance(root, MapSpan) else None


BLOCK_STYLES = ("|", ">")
_EMPTY_LINES = re.compile(r"(\r?\n[ \t]*)+\Z")
_DOCUMENT_EVENTS = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)


@dataclass(frozen=True)
class _Reader:
    text: str
    shift: int

    def read_span(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Span:
        if isinstance(event, yaml.MappingStartEvent):
            return self._read_map(event, events)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._read_list(event, events)
        assert isinstance(event, yaml.ScalarEvent)
        return self._read_scalar(event)

    def _read_scalar(self, event: yaml.ScalarEvent) -> ScalarSpan:
        start, end = self._offsets(event)
        if event.style not in BLOCK_STYLES:
            return ScalarSpan(start, end, event.style or "")
        written = self.text[start:end]  # the end mark is at the beginning of the next element
        chomping = written.partition("\n")[0].partition("#")[0]
        kept = written.removesuffix("\n").removesuffix("\r") if "+" in chomping else _EMPTY_LINES.sub("", written)
        whole = not self.text[end:] and not written.endswith("\n")
        return ScalarSpan(start, start + len(kept), event.style or "", ends_text=whole and "-" not in chomping)

    def _read_map(self, event: yaml.MappingStartEvent, events: Iterator[yaml.Event]) -> MapSpan:
        entries: dict[str, EntrySpan] = {}
        last = self._offsets(event)[1]
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            key_start, key_end = self._offsets(inner)
            key = inner.value if isinstance(inner, yaml.ScalarEvent) else ""
            entry = EntrySpan(key_start, key_end, self.read_span(next(events), events))
            entries[key] = entry
            last = max(last, entry.value.end)
        start = self._offsets(event)[0]
        return MapSpan(start, self._end(event, inner, last), bool(event.flow_style), entries)

    def _read_list(self, event: yaml.SequenceStartEvent, events: Iterator[yaml.Event]) -> ListSpan:
        items: list[Span] = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(self.read_span(inner, events))
        last = items[-1].end if items else self._offsets(event)[1]
        return ListSpan(self._offsets(event)[0], self._end(event, inner, last), bool(event.flow_style), tuple(items))

    def _end(self, event: yaml.CollectionStartEvent, closing: yaml.Event, last: int) -> int:
        """Return the end of the bracket, or of the last entry: there the end mark is below comments and blank lines."""
        return self._offsets(closing)[1] if event.flow_style else last

    def _offsets(self, event: yaml.Event) -> tuple[int, int]:
        assert event.start_mark is not None
        assert event.end_mark is not None
        return event.start_mark.index + self.shift, event.end_mark.index + self.shift
