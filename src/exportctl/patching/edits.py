"""
One value of a YAML text set, or one item of a list put in or taken out; every other character stays as it is. Pure.

    what is there                     what becomes of it
    a scalar                          the new value in its place, in the same quotes where it is text
    a map or list between brackets    the new value in its place
    keys below each other             a new key goes below the last one, in the same column
    braces                            a new key goes behind the last one
    nothing at that key               the key, with all maps that are missing above it

Values are texts, booleans, lists and maps, as `yaml_text` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json import dumps

from exportctl.config.values import escaped
from exportctl.importing import yaml_text
from exportctl.importing.yaml_text import Block, Noted
from exportctl.patching.spans import Entry, Map, Scalar, Seq, Span, spans

Path = tuple[str, ...]
_STEP = "  "


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
            return _opened(text, above, entry, path[depth + 1 :], value, within)
        above, within = entry.value, within or entry.value.flow
    raise Unfit("nothing is named")


def _nested(path: Path, value: object) -> object:
    """The value below the maps that are missing, which get a line for each key where their surroundings do."""
    return Block({path[0]: _nested(path[1:], value)}) if path else value


def _opened(text: str, above: Map, entry: Entry, rest: Path, value: object, within: bool) -> str:
    """A key with nothing in it becomes a map."""
    held = entry.value
    if not isinstance(held, Scalar) or held.start != held.end:
        raise Unfit("something else than a map stands there")
    inner = _nested(rest, value)
    if above.flow or within:
        return _spliced(text, held.start, held.end, f" {_inline(inner, flow=True, json=_quoted(text, entry))}")
    assert isinstance(inner, Block)
    return _lines_after(text, held.end, yaml_text.lines(inner.entries, _column(text, entry.key_start) + _STEP))


def _replaced(text: str, entry: Entry, value: object, within: bool) -> str:
    held = entry.value
    if isinstance(held, Scalar) or held.flow:
        shown = _shown(text, entry, value, within)
        return _spliced(text, held.start, held.end, shown if held.end > held.start else f" {shown}")
    colon = text.index(":", entry.key_end)
    return _spliced(text, colon + 1, held.end, f" {_inline(value, flow=within, json=False)}")


def _shown(text: str, entry: Entry, value: object, within: bool) -> str:
    """A text in the quotes that the former one had."""
    style = entry.value.style if isinstance(entry.value, Scalar) else ""
    if isinstance(value, str) and style == "'" and value.isprintable():
        return "'" + escaped(value).replace("'", "''") + "'"
    if isinstance(value, str) and style in ("'", '"'):
        return yaml_text.quoted(value)
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
    first = next(iter(above.entries.values()), None)
    if above.flow:
        json = first is not None and _quoted(text, first)
        shown = f"{dumps(key) if json else key}: {_inline(value, flow=True, json=json)}"
        return _behind(text, above, [entry.value for entry in above.entries.values()], shown)
    assert first is not None  # keys below each other begin with one
    lines = list(yaml_text.lines({key: value}, _column(text, first.key_start)))
    return _lines_after(text, above.end, ["", *lines] if top else lines)


# -- lists ------------------------------------------------------------------------------------------------------------


def _list(text: str, path: Path) -> Seq:
    found = at(spans(text), path)
    if not isinstance(found, Seq):
        raise Unfit("no list stands there")
    return found


def _without(text: str, path: Path, number: int) -> str:
    held = _list(text, path)
    item = held.items[number]
    if len(held.items) == 1:
        raise Unfit("a list is not emptied")
    if not held.flow:
        start = _line_start(text, item.start)
        return _spliced(text, start, _line_end(text, item.end), "", whole_line=True)
    if number + 1 < len(held.items):
        return _spliced(text, item.start, held.items[number + 1].start, "")
    return _spliced(text, held.items[number - 1].end, item.end, "")


def _instead(text: str, path: Path, number: int, values: Sequence[object]) -> str:
    held = _list(text, path)
    item = held.items[number]
    if held.flow:
        shown = [_inline(value, flow=True, json=_listed_as_json(text, held)) for value in values]
        return _spliced(text, item.start, item.end, ", ".join(shown))
    shown = [_inline(value, flow=False, json=False) for value in values]  # what stands behind it stays there
    dash = text[_line_start(text, item.start) : item.start]
    return _spliced(text, item.start, item.end, f"{_newline(text)}{dash}".join(shown))


def _with(text: str, path: Path, value: object) -> str:
    held = _list(text, path)
    if held.flow:
        return _behind(text, held, held.items, _inline(value, flow=True, json=_listed_as_json(text, held)))
    last = held.items[-1]
    return _lines_after(text, last.end, [f"{_column(text, held.start)}- {yaml_text.entry(value)}"])


def _listed_as_json(text: str, held: Seq) -> bool:
    return held.flow and any(isinstance(i, Scalar) and i.style == '"' for i in held.items) and text[:1] == "{"


def _behind(text: str, held: Map | Seq, values: Sequence[Span], shown: str) -> str:
    """One more behind the last one between brackets."""
    if not values:
        return _spliced(text, held.start + 1, held.start + 1, shown)
    return _spliced(text, values[-1].end, values[-1].end, f", {shown}")


# -- characters -------------------------------------------------------------------------------------------------------


def _spliced(text: str, start: int, end: int, new: str, *, whole_line: bool = False) -> str:
    if whole_line and text[end : end + 1]:
        end += 2 if text.startswith("\r\n", end) else 1
    return text[:start] + new + text[end:]


def _lines_after(text: str, place: int, lines: Iterable[str]) -> str:
    """New lines below the line of `place`."""
    end, newline = _line_end(text, place), _newline(text)
    return text[:end] + "".join(newline + line for line in lines) + text[end:]


def _newline(text: str) -> str:
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    end = len(text) if end < 0 else end
    return end - 1 if end > place and text[end - 1] == "\r" else end


def _column(text: str, place: int) -> str:
    """As many blanks as stand before it; a dash of a list around it counts as one."""
    before = text[_line_start(text, place) : place].removeprefix("\ufeff")
    return " " * len(before)
