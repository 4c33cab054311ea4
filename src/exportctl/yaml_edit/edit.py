"""
Edits of a YAML text: set one value, or add, replace or remove items of a list. No other character changes. Pure.

    what the text has                 what the edit writes
    a scalar                          the new value, in the same quotes; dates and times stay without quotes
    a map or list between brackets    the new value in position of it
    a list with one item a line       the new items in position of it; a value that is not a list goes after the key
    a map with one key a line         the new value after the key; a new key goes below the last key, in its column
    braces                            a new key goes after the last key
    no such key, or `null`            the key, with all maps that are missing above it

Between brackets and braces, a value can be alone on its lines. A new value after the last one then gets its own line,
with a comma after it if the last value has one. A removed value takes its lines with it, and the comments on them.
Everything else stays on its line. No comma remains without a value, so that JSON stays JSON.

Values are texts, booleans, numbers, lists and maps, as `yaml_edit.emit` writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from json import dumps

from exportctl.frozen import dataclass
from exportctl.model.references import escape_references
from exportctl.yaml_edit import emit
from exportctl.yaml_edit.emit import Block, CommentedItem
from exportctl.yaml_edit.positions import EntrySpan, ListSpan, MapSpan, ScalarSpan, Span, parse_spans
from exportctl.yaml_edit.text import (
    find_character,
    indentation,
    insert_lines_after,
    line_end,
    line_start,
    newline,
    remove_lines,
    splice_text,
    text_before,
)

KeyPath = tuple[str, ...]
Part = tuple[int, int]  # from the first character of a value (or of its key) to the last one
_STEP = "  "
_UNQUOTED = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")  # a date or a time, which many people write without quotes
_REST = re.compile(r"[ \t]*,?[ \t]*(#.*)?")  # what may follow a value on its line between brackets
_TAIL = re.compile(r"([ \t]*(#[^\n]*)?\r?(\n|\Z))*")  # comments and empty lines at the end of a file


class EditError(Exception):
    """The text does not have what the edit needs at its path."""


@dataclass(frozen=True)
class SetValue:
    """Set the value at `path`."""

    path: KeyPath
    value: object

    def edit_text(self, text: str) -> str:
        return set_value(text, self.path, self.value)


@dataclass(frozen=True)
class ChangeList:
    """Change the list at `path`: remove and replace items by number, then append items."""

    path: KeyPath
    removed: frozenset[int] = frozenset()
    replaced: Mapping[int, Sequence[object]] | None = None
    added: Sequence[object] = ()

    def edit_text(self, text: str) -> str:
        for number, values in sorted((self.replaced or {}).items(), reverse=True):
            text = _replace_item(text, self.path, number, values)
        shift = {n: len(values) - 1 for n, values in (self.replaced or {}).items()}
        for number in sorted(self.removed, reverse=True):
            text = _remove_item(text, self.path, number + sum(by for n, by in shift.items() if n < number))
        for value in self.added:
            text = _append_item(text, self.path, value)
        return text


Edit = SetValue | ChangeList


def span_at(root: MapSpan | None, path: KeyPath) -> Span | None:
    """Return the span at a path of keys, None if the text has none."""
    found: Span | None = root
    for key in path:
        if not isinstance(found, MapSpan) or key not in found.entries:
            return None
        found = found.entries[key].value
    return found


def set_value(text: str, path: KeyPath, value: object) -> str:
    """
    Set `value` at `path`.

    Raises:
        EditError: a key above `path` has a value that is not a map.
    """
    root = parse_spans(text)
    if root is None:
        raise EditError("the file is empty")
    above, in_flow = root, root.is_flow_style
    for depth, key in enumerate(path):
        entry = above.entries.get(key)
        if entry is None:
            return _add_key(text, above, key, _nest_value(path[depth + 1 :], value), top=depth == 0)
        if depth == len(path) - 1:
            return _replace_value(text, entry, value, in_flow)
        if not isinstance(entry.value, MapSpan):
            return _open_map(text, entry, path[depth + 1 :], value, in_flow)
        above, in_flow = entry.value, in_flow or entry.value.is_flow_style
    raise EditError("the path is empty")


def _nest_value(path: KeyPath, value: object) -> object:
    """Put the value into the maps that are missing, one key a line unless the text around is in flow style."""
    return Block({path[0]: _nest_value(path[1:], value)}) if path else value


def _open_map(text: str, entry: EntrySpan, rest: KeyPath, value: object, in_flow: bool) -> str:
    """Turn a key without a value into a map."""
    span, inner = entry.value, _nest_value(rest, value)
    if not isinstance(span, ScalarSpan) or span.style or text[span.start : span.end] not in ("", "null"):
        raise EditError("the value there is not a map")
    if in_flow or span.end > span.start:
        return _write_text(text, entry, _format_inline(inner, flow=True, json=_is_quoted(text, entry)), in_flow)
    assert isinstance(inner, Block)
    if find_character(text, entry.key_end, ":") is None:
        raise EditError("the key there has no colon")
    return _insert_below(text, span.end, emit.lines(inner.entries, indentation(text, entry.key_start) + _STEP))


def _replace_value(text: str, entry: EntrySpan, value: object, in_flow: bool) -> str:
    span = entry.value
    if isinstance(span, ScalarSpan) or span.is_flow_style:
        return _write_text(text, entry, _format_value(text, entry, value, in_flow), in_flow)
    colon = find_character(text, entry.key_end, ":")
    assert colon is not None  # the key has a value
    if text_before(text, span.start).strip():  # `: - x`, after a key that begins with a question mark
        return splice_text(text, colon + 1, span.end, f" {_format_inline(value, flow=False, json=False)}")
    if isinstance(span, ListSpan) and isinstance(value, list) and value:
        items = [f"{text_before(text, span.start)}- {emit.item_text(one)}" for one in value]
        end = line_end(text, span.end)
        return splice_text(text, line_start(text, span.start), end, newline(text, span.start).join(items))
    shorter = remove_lines(text, span.start, span.end)
    return splice_text(shorter, colon + 1, colon + 1, f" {_format_inline(value, flow=False, json=False)}")


def _write_text(text: str, entry: EntrySpan, shown: str, in_flow: bool) -> str:
    """Write text in position of a value, or where the value would be."""
    span = entry.value
    if span.end > span.start:
        return splice_text(text, span.start, span.end, shown)
    colon = find_character(text, entry.key_end, ":")
    if colon is not None and colon < span.start:
        return splice_text(text, colon + 1, colon + 1, f" {shown}")
    if not in_flow:
        raise EditError("the key there has no colon")
    return splice_text(text, entry.key_end, entry.key_end, f": {shown}")


def _format_value(text: str, entry: EntrySpan, value: object, in_flow: bool) -> str:
    """Write a value; a text gets the quotes that the text before the edit has."""
    style = entry.value.style if isinstance(entry.value, ScalarSpan) else ""
    if isinstance(value, str) and style == "'" and value.isprintable():
        return "'" + escape_references(value).replace("'", "''") + "'"
    if isinstance(value, str) and style in ("'", '"'):
        return emit.quoted_text(value)
    replaced_text = text[entry.value.start : entry.value.end]
    if isinstance(value, str) and _UNQUOTED.fullmatch(value) and _UNQUOTED.fullmatch(replaced_text):
        return value
    return _format_inline(value, flow=in_flow, json=_is_quoted(text, entry))


def _format_inline(value: object, *, flow: bool, json: bool) -> str:
    """Write a value on one line; as JSON where the keys around it have quotes, so that a JSON file stays JSON."""
    return dumps(_json_value(value), ensure_ascii=False) if json else emit.inline_text(value, flow=flow)


def _json_value(value: object) -> object:
    """Return the value without blocks and comments, with its texts escaped."""
    if isinstance(value, CommentedItem):
        return _json_value(value.value)
    if isinstance(value, Block | Mapping):
        entries = value.entries if isinstance(value, Block) else value
        return {key: _json_value(one) for key, one in entries.items()}
    if isinstance(value, list | tuple):
        return [_json_value(one) for one in value]
    return escape_references(value) if isinstance(value, str) else value


def _is_quoted(text: str, entry: EntrySpan) -> bool:
    return text[entry.key_start] == '"'


def _add_key(text: str, above: MapSpan, key: str, value: object, *, top: bool) -> str:
    if above.is_flow_style:
        first = next(iter(above.entries.values()), None)
        json = first is not None and _is_quoted(text, first)
        shown = f"{dumps(key) if json else key}: {_format_inline(value, flow=True, json=json)}"
        parts = [(one.key_start, max(one.key_end, one.value.end)) for one in above.entries.values()]
        return _append_value(text, above.start, parts, shown)
    lines, position = list(emit.lines({key: value}, indentation(text, above.start))), above.end
    if top and _TAIL.fullmatch(text[line_end(text, position) :]):  # comments at the end belong to the lines above
        position = max(position, len(text.rstrip()))
    return _insert_below(text, position, ["", *lines] if top else lines)


def _insert_below(text: str, position: int, lines: Iterable[str]) -> str:
    """Insert lines below the line of `position`; a block scalar at the end of the text is closed first to keep it."""
    last: Span | None = parse_spans(text)
    while isinstance(last, MapSpan) and last.entries:
        last = list(last.entries.values())[-1].value
    if isinstance(last, ScalarSpan) and last.ends_text and line_end(text, position) == len(text):
        header = text[last.start : line_end(text, last.start)]
        indicator = header.partition("#")[0].rstrip()
        text = splice_text(text, last.start, last.start + len(indicator), f"{indicator.removesuffix('+')}-")
        position = len(text)
    return insert_lines_after(text, position, lines)


# -- lists ------------------------------------------------------------------------------------------------------------


def _find_list(text: str, path: KeyPath) -> ListSpan:
    found = span_at(parse_spans(text), path)
    if not isinstance(found, ListSpan):
        raise EditError("the value there is not a list")
    return found


def _parts(span: ListSpan) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in span.items]


def _remove_item(text: str, path: KeyPath, number: int) -> str:
    span = _find_list(text, path)
    if len(span.items) == 1:
        raise EditError("the edit would empty the list")
    if span.is_flow_style:
        return _remove_value(text, _parts(span), number)
    return remove_lines(text, _dash_position(text, span, number), span.items[number].end)


def _replace_item(text: str, path: KeyPath, number: int, values: Sequence[object]) -> str:
    span = _find_list(text, path)
    item = span.items[number]
    if span.is_flow_style:
        shown = [_format_inline(value, flow=True, json=_is_json_list(text, span)) for value in values]
        return splice_text(text, item.start, item.end, ", ".join(shown))
    first, *more = [_format_inline(value, flow=False, json=False) for value in values]
    before = text_before(text, _dash_position(text, span, number))
    lines = [first, *(f"{before}- {one}" for one in more)]
    return splice_text(text, item.start, item.end, newline(text, item.start).join(lines))  # comments after it stay


def _append_item(text: str, path: KeyPath, value: object) -> str:
    span = _find_list(text, path)
    if span.is_flow_style:
        shown = _format_inline(value, flow=True, json=_is_json_list(text, span))
        return _append_value(text, span.start, _parts(span), shown)
    return _insert_below(text, span.items[-1].end, [f"{indentation(text, span.start)}- {emit.item_text(value)}"])


def _dash_position(text: str, span: ListSpan, number: int) -> int:
    """Find the dash of an item, which may be on a line above the item: all dashes of a list are in one column."""
    wanted, position = indentation(text, span.start), span.items[number].start
    here = line_start(text, position) + len(wanted)
    if here < position and text[here] == "-":
        return here
    return text.rindex(f"\n{wanted}-", 0, position) + 1 + len(wanted)


def _is_json_list(text: str, span: ListSpan) -> bool:
    return text[:1] == "{" and any(isinstance(item, ScalarSpan) and item.style == '"' for item in span.items)


# -- between brackets and braces --------------------------------------------------------------------------------------


def _append_value(text: str, opening: int, parts: Sequence[Part], shown: str) -> str:
    """Append a value after the last one; `opening` is the position of the opening bracket."""
    if not parts:
        shown += " " if text[opening + 1 : opening + 2] == "#" else ""
        return splice_text(text, opening + 1, opening + 1, shown)
    start, end = parts[-1]
    if not _is_alone(text, start, end):
        return splice_text(text, end, end, f", {shown}")
    line = text_before(text, start) + shown
    if find_character(text, end, ",") is not None:
        return insert_lines_after(text, end, [f"{line},"])
    return insert_lines_after(splice_text(text, end, end, ","), end, [line])


def _remove_value(text: str, parts: Sequence[Part], number: int) -> str:
    """Remove one of several values."""
    start, end = parts[number]
    comma = find_character(text, end, ",")
    if _is_alone(text, start, end):
        shorter = remove_lines(text, start, end)
        return shorter if comma is not None else _remove_comma(shorter, parts[number - 1][1])
    if number + 1 < len(parts):
        return splice_text(text, start, parts[number + 1][0], "")
    end_before = parts[number - 1][1]
    if "#" in text[end_before:start]:
        return _remove_comma(splice_text(text, start, end, ""), end_before)
    return splice_text(text, end_before, end, "")


def _is_alone(text: str, start: int, end: int) -> bool:
    """Return whether its lines hold nothing else but its comma and a comment."""
    last, comma = line_end(text, end), find_character(text, end, ",")
    own = comma is None or comma < last
    return own and not text_before(text, start).strip() and bool(_REST.fullmatch(text[end:last]))


def _remove_comma(text: str, position: int) -> str:
    comma = find_character(text, position, ",")
    return text if comma is None else splice_text(text, comma, comma + 1, "")
