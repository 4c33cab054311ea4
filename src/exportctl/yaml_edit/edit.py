"""
One value of a YAML text set, or one item of a list put in or taken out; every other character stays as it is. Pure.

    what is there                     what becomes of it
    a scalar                          the new value in its place; text in the same quotes, days and times in none if so
    a map or list between brackets    the new value in its place
    items below each other            the new items in their place; a value that is no list goes behind the key
    keys below each other             the new value behind the key; a new key goes below the last one, in its column
    braces                            a new key goes behind the last one
    nothing at that key, or `null`    the key, with all maps that are missing above it

Values are texts, booleans, numbers, lists and maps, as `yaml_text` writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json import dumps

from exportctl.config.scalars import escape_references
from exportctl.yaml_edit import emit
from exportctl.yaml_edit.emit import Block, CommentedItem
from exportctl.yaml_edit.flow_style import append_value, remove_value
from exportctl.yaml_edit.positions import EntrySpan, ListSpan, MapSpan, ScalarSpan, Span, parse_spans
from exportctl.yaml_edit.text import (
    find_colon,
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
_STEP = "  "
_UNQUOTED = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")  # a day or a time, which many write without quotes
_TAIL = re.compile(r"([ \t]*(#[^\n]*)?\r?(\n|\Z))*")  # comments and empty lines at the end of a file


class EditError(Exception):
    """The text has something else in that place than the edit is for."""


@dataclass(frozen=True)
class SetValue:
    """Set the value at `path`."""

    path: KeyPath
    value: object

    def edit_text(self, text: str) -> str:
        return set_value(text, self.path, self.value)


@dataclass(frozen=True)
class ChangeList:
    """
    Change the list at `path`: items by number that go, those that others take the place of, and items to add behind.
    """

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


def is_writable(value: object) -> bool:
    """Can a file hold all its texts?"""
    if isinstance(value, Block):
        return is_writable(value.entries)
    if isinstance(value, Mapping):
        return all(is_writable(one) for one in value.values())
    if isinstance(value, list | tuple):
        return all(is_writable(one) for one in value)
    return emit.is_writable(value) if isinstance(value, str) else True


def span_at(root: MapSpan | None, path: KeyPath) -> Span | None:
    """What stands at a path of keys, None if nothing does."""
    found: Span | None = root
    for key in path:
        if not isinstance(found, MapSpan) or key not in found.entries:
            return None
        found = found.entries[key].value
    return found


def set_value(text: str, path: KeyPath, value: object) -> str:
    """
    The text with `value` at `path`.

    Raises:
        Unfit: something that is no map stands above it.
    """
    root = parse_spans(text)
    if root is None:
        raise EditError("the file declares nothing")
    above, within = root, root.is_flow_style
    for depth, key in enumerate(path):
        entry = above.entries.get(key)
        if entry is None:
            return _add_key(text, above, key, _nest_value(path[depth + 1 :], value), top=depth == 0)
        if depth == len(path) - 1:
            return _replace_value(text, entry, value, within)
        if not isinstance(entry.value, MapSpan):
            return _open_map(text, entry, path[depth + 1 :], value, within)
        above, within = entry.value, within or entry.value.is_flow_style
    raise EditError("nothing is named")


def _nest_value(path: KeyPath, value: object) -> object:
    """The value below the maps that are missing, which get a line for each key where their surroundings do."""
    return Block({path[0]: _nest_value(path[1:], value)}) if path else value


def _open_map(text: str, entry: EntrySpan, rest: KeyPath, value: object, within: bool) -> str:
    """A key with nothing in it becomes a map."""
    held, inner = entry.value, _nest_value(rest, value)
    if not isinstance(held, ScalarSpan) or held.style or text[held.start : held.end] not in ("", "null"):
        raise EditError("something else than a map stands there")
    if within or held.end > held.start:
        return _write_text(text, entry, _format_inline(inner, flow=True, json=_is_quoted(text, entry)), within)
    assert isinstance(inner, Block)
    if find_colon(text, entry.key_end) is None:
        raise EditError("a key without a colon stands there")
    return _insert_below(text, held.end, emit.lines(inner.entries, indentation(text, entry.key_start) + _STEP))


def _replace_value(text: str, entry: EntrySpan, value: object, within: bool) -> str:
    held = entry.value
    if isinstance(held, ScalarSpan) or held.is_flow_style:
        return _write_text(text, entry, _format_value(text, entry, value, within), within)
    colon = find_colon(text, entry.key_end)
    assert colon is not None  # something stands behind it
    if text_before(text, held.start).strip():  # `: - x`, behind a key that begins with a question mark
        return splice_text(text, colon + 1, held.end, f" {_format_inline(value, flow=False, json=False)}")
    if isinstance(held, ListSpan) and isinstance(value, list) and value:
        items = [f"{text_before(text, held.start)}- {emit.item_text(one)}" for one in value]
        end = line_end(text, held.end)
        return splice_text(text, line_start(text, held.start), end, newline(text, held.start).join(items))
    shorter = remove_lines(text, held.start, held.end)
    return splice_text(shorter, colon + 1, colon + 1, f" {_format_inline(value, flow=False, json=False)}")


def _write_text(text: str, entry: EntrySpan, shown: str, within: bool) -> str:
    """Words in the place of a value, or where it would stand."""
    held = entry.value
    if held.end > held.start:
        return splice_text(text, held.start, held.end, shown)
    colon = find_colon(text, entry.key_end)
    if colon is not None and colon < held.start:
        return splice_text(text, colon + 1, colon + 1, f" {shown}")
    if not within:
        raise EditError("a key without a colon stands there")
    return splice_text(text, entry.key_end, entry.key_end, f": {shown}")


def _format_value(text: str, entry: EntrySpan, value: object, within: bool) -> str:
    """A text in the quotes that the former one had, if it had any."""
    style = entry.value.style if isinstance(entry.value, ScalarSpan) else ""
    if isinstance(value, str) and style == "'" and value.isprintable():
        return "'" + escape_references(value).replace("'", "''") + "'"
    if isinstance(value, str) and style in ("'", '"'):
        return emit.quoted_text(value)
    former = text[entry.value.start : entry.value.end]
    if isinstance(value, str) and _UNQUOTED.fullmatch(value) and _UNQUOTED.fullmatch(former):
        return value
    return _format_inline(value, flow=within, json=_is_quoted(text, entry))


def _format_inline(value: object, *, flow: bool, json: bool) -> str:
    """On one line; as JSON where the keys around it have quotes, so that a file of JSON stays one."""
    value = _strip_layout(value)
    return dumps(_escape_value(value), ensure_ascii=False) if json else emit.inline_text(value, flow=flow)


def _strip_layout(value: object) -> object:
    """Without lines and comments of its own."""
    if isinstance(value, Block):
        return {key: _strip_layout(one) for key, one in value.entries.items()}
    if isinstance(value, list | tuple):
        return [_strip_layout(one) for one in value]
    return value.value if isinstance(value, CommentedItem) else value


def _escape_value(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _escape_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_escape_value(one) for one in value]
    return escape_references(value) if isinstance(value, str) else value


def _is_quoted(text: str, entry: EntrySpan) -> bool:
    return text[entry.key_start] == '"'


def _add_key(text: str, above: MapSpan, key: str, value: object, *, top: bool) -> str:
    if above.is_flow_style:
        first = next(iter(above.entries.values()), None)
        json = first is not None and _is_quoted(text, first)
        shown = f"{dumps(key) if json else key}: {_format_inline(value, flow=True, json=json)}"
        parts = [(one.key_start, max(one.key_end, one.value.end)) for one in above.entries.values()]
        return append_value(text, above.start, parts, shown)
    lines = list(emit.lines({key: value}, indentation(text, above.start)))
    return _insert_below(
        text, _trailing_comment_end(text, above.end) if top else above.end, ["", *lines] if top else lines
    )


def _trailing_comment_end(text: str, place: int) -> int:
    """The end of the last comment of a file, which belongs to what stands above it."""
    below = line_end(text, place)
    return max(place, len(text.rstrip())) if _TAIL.fullmatch(text[below:]) else place


def _insert_below(text: str, place: int, lines: Iterable[str]) -> str:
    """New lines below the line of `place`; a text that ends there in the open is closed, or it would change."""
    last: Span | None = parse_spans(text)
    while isinstance(last, MapSpan) and last.entries:
        last = list(last.entries.values())[-1].value
    if isinstance(last, ScalarSpan) and last.ends_text and line_end(text, place) == len(text):
        header = text[last.start : line_end(text, last.start)]
        words = header.partition("#")[0].rstrip()
        text = splice_text(text, last.start, last.start + len(words), f"{words.removesuffix('+')}-")
        place = len(text)
    return insert_lines_after(text, place, lines)


# -- lists ------------------------------------------------------------------------------------------------------------


def _find_list(text: str, path: KeyPath) -> ListSpan:
    found = span_at(parse_spans(text), path)
    if not isinstance(found, ListSpan):
        raise EditError("no list stands there")
    return found


def _parts(held: ListSpan) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in held.items]


def _remove_item(text: str, path: KeyPath, number: int) -> str:
    held = _find_list(text, path)
    if len(held.items) == 1:
        raise EditError("a list is not emptied")
    if held.is_flow_style:
        return remove_value(text, _parts(held), number)
    return remove_lines(text, _dash_position(text, held, number), held.items[number].end)


def _replace_item(text: str, path: KeyPath, number: int, values: Sequence[object]) -> str:
    held = _find_list(text, path)
    item = held.items[number]
    if held.is_flow_style:
        shown = [_format_inline(value, flow=True, json=_is_json_list(text, held)) for value in values]
        return splice_text(text, item.start, item.end, ", ".join(shown))
    first, *more = [_format_inline(value, flow=False, json=False) for value in values]
    item_lines = [first, *(f"{text_before(text, _dash_position(text, held, number))}- {one}" for one in more)]
    return splice_text(
        text, item.start, item.end, newline(text, item.start).join(item_lines)
    )  # comments behind it stay


def _append_item(text: str, path: KeyPath, value: object) -> str:
    held = _find_list(text, path)
    if held.is_flow_style:
        return append_value(
            text, held.start, _parts(held), _format_inline(value, flow=True, json=_is_json_list(text, held))
        )
    return _insert_below(text, held.items[-1].end, [f"{indentation(text, held.start)}- {emit.item_text(value)}"])


def _dash_position(text: str, held: ListSpan, number: int) -> int:
    """The dash of an item, which may stand on a line above it: all of a list stand in one column."""
    wanted, place = indentation(text, held.start), held.items[number].start
    here = line_start(text, place) + len(wanted)
    if here < place and text[here] == "-":
        return here
    return text.rindex(f"\n{wanted}-", 0, place) + 1 + len(wanted)


def _is_json_list(text: str, held: ListSpan) -> bool:
    return (
        held.is_flow_style and any(isinstance(i, ScalarSpan) and i.style == '"' for i in held.items) and text[:1] == "{"
    )
