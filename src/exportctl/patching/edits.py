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

from exportctl.config.values import escaped
from exportctl.importing import yaml_text
from exportctl.importing.yaml_text import Block, Noted
from exportctl.patching.brackets import with_value, without_value
from exportctl.patching.characters import (
    before,
    colon_after,
    column,
    line_end,
    line_start,
    lines_after,
    newline,
    spliced,
    without_lines,
)
from exportctl.patching.spans import Entry, Map, Scalar, Seq, Span, spans

Path = tuple[str, ...]
_STEP = "  "
_BARE = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")  # a day or a time, which many write without quotes
_TAIL = re.compile(r"([ \t]*(#[^\n]*)?\r?(\n|\Z))*")  # comments and empty lines at the end of a file


class Unfit(Exception):
    """The text has something else in that place than the edit is for."""


@dataclass(frozen=True)
class Put:
    """Set the value at `path`."""

    path: Path
    value: object

    def made(self, text: str) -> str:
        return put(text, self.path, self.value)


@dataclass(frozen=True)
class Listed:
    """
    Change the list at `path`: items by number that go, those that others take the place of, and items to add behind.
    """

    path: Path
    gone: frozenset[int] = frozenset()
    instead: Mapping[int, Sequence[object]] | None = None
    more: Sequence[object] = ()

    def made(self, text: str) -> str:
        for number, values in sorted((self.instead or {}).items(), reverse=True):
            text = _instead(text, self.path, number, values)
        shift = {n: len(values) - 1 for n, values in (self.instead or {}).items()}
        for number in sorted(self.gone, reverse=True):
            text = _without(text, self.path, number + sum(by for n, by in shift.items() if n < number))
        for value in self.more:
            text = _with(text, self.path, value)
        return text


Edit = Put | Listed


def writable(value: object) -> bool:
    """Can a file hold all its texts?"""
    if isinstance(value, Block):
        return writable(value.entries)
    if isinstance(value, Mapping):
        return all(writable(one) for one in value.values())
    if isinstance(value, list | tuple):
        return all(writable(one) for one in value)
    return yaml_text.writable(value) if isinstance(value, str) else True


def at(root: Map | None, path: Path) -> Span | None:
    """What stands at a path of keys, None if nothing does."""
    found: Span | None = root
    for key in path:
        if not isinstance(found, Map) or key not in found.entries:
            return None
        found = found.entries[key].value
    return found


def put(text: str, path: Path, value: object) -> str:
    """
    The text with `value` at `path`.

    Raises:
        Unfit: something that is no map stands above it.
    """
    root = spans(text)
    if root is None:
        raise Unfit("the file declares nothing")
    above, within = root, root.flow
    for depth, key in enumerate(path):
        entry = above.entries.get(key)
        if entry is None:
            return _with_key(text, above, key, _nested(path[depth + 1 :], value), top=depth == 0)
        if depth == len(path) - 1:
            return _replaced(text, entry, value, within)
        if not isinstance(entry.value, Map):
            return _opened(text, entry, path[depth + 1 :], value, within)
        above, within = entry.value, within or entry.value.flow
    raise Unfit("nothing is named")


def _nested(path: Path, value: object) -> object:
    """The value below the maps that are missing, which get a line for each key where their surroundings do."""
    return Block({path[0]: _nested(path[1:], value)}) if path else value


def _opened(text: str, entry: Entry, rest: Path, value: object, within: bool) -> str:
    """A key with nothing in it becomes a map."""
    held, inner = entry.value, _nested(rest, value)
    if not isinstance(held, Scalar) or held.style or text[held.start : held.end] not in ("", "null"):
        raise Unfit("something else than a map stands there")
    if within or held.end > held.start:
        return _spoken(text, entry, _inline(inner, flow=True, json=_quoted(text, entry)), within)
    assert isinstance(inner, Block)
    if colon_after(text, entry.key_end) is None:
        raise Unfit("a key without a colon stands there")
    return _below(text, held.end, yaml_text.lines(inner.entries, column(text, entry.key_start) + _STEP))


def _replaced(text: str, entry: Entry, value: object, within: bool) -> str:
    held = entry.value
    if isinstance(held, Scalar) or held.flow:
        return _spoken(text, entry, _shown(text, entry, value, within), within)
    colon = colon_after(text, entry.key_end)
    assert colon is not None  # something stands behind it
    if before(text, held.start).strip():  # `: - x`, behind a key that begins with a question mark
        return spliced(text, colon + 1, held.end, f" {_inline(value, flow=False, json=False)}")
    if isinstance(held, Seq) and isinstance(value, list) and value:
        items = [f"{before(text, held.start)}- {yaml_text.entry(one)}" for one in value]
        end = line_end(text, held.end)
        return spliced(text, line_start(text, held.start), end, newline(text, held.start).join(items))
    shorter = without_lines(text, held.start, held.end)
    return spliced(shorter, colon + 1, colon + 1, f" {_inline(value, flow=False, json=False)}")


def _spoken(text: str, entry: Entry, shown: str, within: bool) -> str:
    """Words in the place of a value, or where it would stand."""
    held = entry.value
    if held.end > held.start:
        return spliced(text, held.start, held.end, shown)
    colon = colon_after(text, entry.key_end)
    if colon is not None and colon < held.start:
        return spliced(text, colon + 1, colon + 1, f" {shown}")
    if not within:
        raise Unfit("a key without a colon stands there")
    return spliced(text, entry.key_end, entry.key_end, f": {shown}")


def _shown(text: str, entry: Entry, value: object, within: bool) -> str:
    """A text in the quotes that the former one had, if it had any."""
    style = entry.value.style if isinstance(entry.value, Scalar) else ""
    if isinstance(value, str) and style == "'" and value.isprintable():
        return "'" + escaped(value).replace("'", "''") + "'"
    if isinstance(value, str) and style in ("'", '"'):
        return yaml_text.quoted(value)
    former = text[entry.value.start : entry.value.end]
    if isinstance(value, str) and _BARE.fullmatch(value) and _BARE.fullmatch(former):
        return value
    return _inline(value, flow=within, json=_quoted(text, entry))


def _inline(value: object, *, flow: bool, json: bool) -> str:
    """On one line; as JSON where the keys around it have quotes, so that a file of JSON stays one."""
    value = _plain(value)
    return dumps(_escaped(value), ensure_ascii=False) if json else yaml_text.inline(value, flow=flow)


def _plain(value: object) -> object:
    """Without lines and comments of its own."""
    if isinstance(value, Block):
        return {key: _plain(one) for key, one in value.entries.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, Noted) else value


def _escaped(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _escaped(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(one) for one in value]
    return escaped(value) if isinstance(value, str) else value


def _quoted(text: str, entry: Entry) -> bool:
    return text[entry.key_start] == '"'


def _with_key(text: str, above: Map, key: str, value: object, *, top: bool) -> str:
    if above.flow:
        first = next(iter(above.entries.values()), None)
        json = first is not None and _quoted(text, first)
        shown = f"{dumps(key) if json else key}: {_inline(value, flow=True, json=json)}"
        parts = [(one.key_start, max(one.key_end, one.value.end)) for one in above.entries.values()]
        return with_value(text, above.start, parts, shown)
    lines = list(yaml_text.lines({key: value}, column(text, above.start)))
    return _below(text, _foot(text, above.end) if top else above.end, ["", *lines] if top else lines)


def _foot(text: str, place: int) -> int:
    """The end of the last comment of a file, which belongs to what stands above it."""
    below = line_end(text, place)
    return max(place, len(text.rstrip())) if _TAIL.fullmatch(text[below:]) else place


def _below(text: str, place: int, lines: Iterable[str]) -> str:
    """New lines below the line of `place`; a text that ends there in the open is closed, or it would change."""
    last: Span | None = spans(text)
    while isinstance(last, Map) and last.entries:
        last = list(last.entries.values())[-1].value
    if isinstance(last, Scalar) and last.open and line_end(text, place) == len(text):
        header = text[last.start : line_end(text, last.start)]
        words = header.partition("#")[0].rstrip()
        text = spliced(text, last.start, last.start + len(words), f"{words.removesuffix('+')}-")
        place = len(text)
    return lines_after(text, place, lines)


# -- lists ------------------------------------------------------------------------------------------------------------


def _list(text: str, path: Path) -> Seq:
    found = at(spans(text), path)
    if not isinstance(found, Seq):
        raise Unfit("no list stands there")
    return found


def _parts(held: Seq) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in held.items]


def _without(text: str, path: Path, number: int) -> str:
    held = _list(text, path)
    if len(held.items) == 1:
        raise Unfit("a list is not emptied")
    if held.flow:
        return without_value(text, _parts(held), number)
    return without_lines(text, _dash(text, held, number), held.items[number].end)


def _instead(text: str, path: Path, number: int, values: Sequence[object]) -> str:
    held = _list(text, path)
    item = held.items[number]
    if held.flow:
        shown = [_inline(value, flow=True, json=_listed_as_json(text, held)) for value in values]
        return spliced(text, item.start, item.end, ", ".join(shown))
    first, *more = [_inline(value, flow=False, json=False) for value in values]
    item_lines = [first, *(f"{before(text, _dash(text, held, number))}- {one}" for one in more)]
    return spliced(text, item.start, item.end, newline(text, item.start).join(item_lines))  # comments behind it stay


def _with(text: str, path: Path, value: object) -> str:
    held = _list(text, path)
    if held.flow:
        return with_value(text, held.start, _parts(held), _inline(value, flow=True, json=_listed_as_json(text, held)))
    return _below(text, held.items[-1].end, [f"{column(text, held.start)}- {yaml_text.entry(value)}"])


def _dash(text: str, held: Seq, number: int) -> int:
    """The dash of an item, which may stand on a line above it: all of a list stand in one column."""
    wanted, place = column(text, held.start), held.items[number].start
    here = line_start(text, place) + len(wanted)
    if here < place and text[here] == "-":
        return here
    return text.rindex(f"\n{wanted}-", 0, place) + 1 + len(wanted)


def _listed_as_json(text: str, held: Seq) -> bool:
    return held.flow and any(isinstance(i, Scalar) and i.style == '"' for i in held.items) and text[:1] == "{"
