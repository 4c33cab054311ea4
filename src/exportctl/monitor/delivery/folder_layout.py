"""
From a folder template to the folders of one dataset, and from a folder back to the moment of its run. Pure.

    %DATASET_ID% %DATASET_NAME% %DESTINATION_INSTANCE_ID% %DESTINATION_INSTANCE_NAME% %SANDBOX_NAME%   their values
    %DESTINATION% %DESTINATION_NAME%   the name of the target connection, of the account or of the flow; else any levels
    %EXPORT_TIME%                      exportTime= with 12 or 14 digits: the scheduled run, UTC
    %DATETIME(pattern)%                a moment of the run in that pattern
    %ORGANIZATION_NAME% and unknown macros   any text of one folder

How the service writes a name with slashes, blanks or other special characters is not documented. So a layout has
several *readings*, the most literal first: the values are filled in, written as one kind of writer does it, and then
split into levels. Source: flow-service.md 10.2; the forms are assumed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Protocol
from urllib.parse import quote

from exportctl.frozen import dataclass
from exportctl.monitor.delivery.folder_time import date_expression, read_moments

MACRO = re.compile(r"%([A-Z_]+)(?:\(([^)%]*)\))?%")
DESTINATION_MACROS = ("DESTINATION", "DESTINATION_NAME")
TIME_MACROS = ("EXPORT_TIME", "DATETIME")
EXPORT_TIME = "yyyyMMddHHmm"
_PLAIN = re.compile(r"[A-Za-z0-9._-]*")  # every writer that we know of keeps these characters
_ONE_LEVEL, _ANY_LEVELS = "[^/]+", "[^/]+(?:/+[^/]+)*"


class FolderWriter(Protocol):
    """What the folders of a flow depend on. A `DeliveryExpectation` is one."""

    @property
    def flow(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def sandbox(self) -> str: ...
    @property
    def destination_names(self) -> tuple[str, ...]: ...  # what %DESTINATION% may stand for, the likeliest first
    @property
    def datasets(self) -> Mapping[str, str]: ...  # ids -> names
    @property
    def prefix(self) -> str: ...  # the path of the target without slashes at its ends
    @property
    def folder(self) -> str: ...  # the template


@dataclass(frozen=True)
class PathMatch:
    """
    The folder of one path, and the file's name.

    `moments` holds the moments that the folder's name can mean, for each reading of its year (see folder_time). It is
    empty without a time macro. `rank` is the number of the reading that matched: 0 is the most literal one.
    """

    folder: str
    moments: tuple[tuple[int, ...], ...]
    name: str
    rank: int = 0


@dataclass(frozen=True)
class FolderLayout:
    """The folders of one dataset of one flow."""

    readings: tuple[re.Pattern[str], ...]
    prefix: str  # the folder that contains all of them
    resolution: int | None  # the finest step of the time macro, in seconds; None without a time macro
    time: re.Pattern[str] | None  # finds a moment in a folder that no reading matches
    dataset: str | None  # the id that each folder holds; None if the template does not ask for it

    def match_path(self, path: str) -> PathMatch | None:
        """Return the folder of a path; None for a folder that is of others, or that exportctl cannot read."""
        text = unicodedata.normalize("NFC", path)
        for rank, reading in enumerate(self.readings):
            if hit := reading.fullmatch(text):
                folder, _, name = path.rpartition("/")
                return PathMatch(folder, read_moments(hit.groupdict()), name, rank)
        return None

    def find_moments(self, folder: str) -> tuple[int, ...]:
        """Return the moments that a folder names somewhere, even if no reading matches it."""
        hit = self.time.search(folder) if self.time else None
        return tuple(m for moments in read_moments(hit.groupdict()) for m in moments) if hit else ()

    def can_tell_runs_apart(self, step: int) -> bool:
        """Say whether the folder's name tells runs apart that are `step` seconds apart (0: there is only one)."""
        return self.resolution is not None and (step == 0 or self.resolution <= step)


def folder_layout(writer: FolderWriter, dataset: str) -> FolderLayout:
    """Return the layout of one dataset, by its id."""
    values = (
        ("DATASET_ID", dataset),
        ("DATASET_NAME", writer.datasets[dataset]),
        ("DESTINATION_INSTANCE_ID", writer.flow),
        ("DESTINATION_INSTANCE_NAME", writer.title),
        ("SANDBOX_NAME", writer.sandbox),
    )
    return _build_layout(writer.prefix, writer.folder, values, tuple(dict.fromkeys(writer.destination_names)))


@lru_cache(maxsize=4096)
def _build_layout(
    prefix: str, folder: str, values: tuple[tuple[str, str], ...], destinations: tuple[str, ...]
) -> FolderLayout:
    named, template = dict(values), f"{prefix}/{folder}"
    hits = list(MACRO.finditer(template))
    chosen = destinations if any(hit[1] in DESTINATION_MACROS for hit in hits) else ("",)
    filled = [_fill_in(template, named | dict.fromkeys(DESTINATION_MACROS, name)) for name in chosen]
    exact = [
        reading
        for is_resolved, parts in product((False, True), filled)
        for reading in _exact_readings(parts, is_resolved)
    ]
    loose = [reading for parts in (*filled, _fill_in(template, named)) for reading in _loose_readings(parts)]
    dates = [_unknown_macro(hit[1], hit[2], set())[0] for hit in hits if hit[1] in TIME_MACROS]
    sizes = _fill_in(template, named).sizes
    return FolderLayout(
        tuple(re.compile(one) for one in dict.fromkeys((*exact, *loose))),
        _common_folder(prefix, folder, named),
        min(sizes, default=None),
        re.compile(f"(?<![0-9A-Za-z]){dates[0]}(?![0-9A-Za-z])") if len(dates) == 1 and sizes else None,
        named["DATASET_ID"] if any(hit[1] == "DATASET_ID" for hit in hits) else None,
    )


def _export_time(seen: set[str]) -> tuple[str, list[int]]:
    """Return the expression of %EXPORT_TIME%: Adobe's pages show 12 digits, listings in its notebooks show 14."""
    text, sizes = date_expression(EXPORT_TIME, seen)
    seconds = date_expression("ss", seen)[0]
    return f"exportTime={text}(?:{seconds})?", sizes


# -- readings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """One character of a template or of a name in it, or the expression of a macro without a known value."""

    text: str
    is_expression: bool = False
    is_name: bool = False


_SLASH_IN_LEVEL = _Part("(?:(?i:%2F)|[_:-])", is_expression=True)


@dataclass(frozen=True)
class _FilledTemplate:
    parts: tuple[_Part, ...]
    sizes: tuple[int, ...]  # the resolutions of its time macros, in seconds


def _fill_in(template: str, values: Mapping[str, str]) -> _FilledTemplate:
    """Fill in the macros of a template."""
    parts: list[_Part] = []
    sizes: list[int] = []
    seen: set[str] = set()
    at = 0
    for hit in MACRO.finditer(template):
        parts += map(_Part, template[at : hit.start()])
        at = hit.end()
        if hit[1] in values:
            parts += (_Part(c, is_name=True) for c in unicodedata.normalize("NFC", values[hit[1]]))
            continue
        text, own = _unknown_macro(hit[1], hit[2], seen)
        parts.append(_Part(text, is_expression=True))
        sizes += own
    parts += map(_Part, template[at:])
    return _FilledTemplate(tuple(parts), tuple(sizes))


def _unknown_macro(name: str, pattern: str | None, seen: set[str]) -> tuple[str, list[int]]:
    """Return the expression of a macro without a known value, and its resolution if it is a time."""
    if name == "EXPORT_TIME":
        return _export_time(seen)
    if name == "DATETIME" and pattern is not None:
        return date_expression(pattern, seen)
    return (_ANY_LEVELS if name in DESTINATION_MACROS else _ONE_LEVEL), []


def _exact_readings(filled: _FilledTemplate, is_resolved: bool) -> Iterator[str]:
    """Yield the reading of a writer that keeps every character: slashes in names make levels."""
    yield _join_levels(_split_levels(filled.parts, is_resolved), is_exact=True)


def _loose_readings(filled: _FilledTemplate) -> Iterator[str]:
    """Yield the readings of writers that replace or encode special characters; the last also does so with slashes."""
    for is_resolved in (False, True):
        yield _join_levels(_split_levels(filled.parts, is_resolved), is_exact=False)
    flat = (_SLASH_IN_LEVEL if part.is_name and part.text == "/" else part for part in filled.parts)
    yield _join_levels(_split_levels(flat, is_resolved=False), is_exact=False)


def _split_levels(parts: Iterable[_Part], is_resolved: bool) -> list[list[_Part]]:
    """Return the levels without empty ones, `.` and `..`; `is_resolved`: `..` removes the level before it."""
    levels: list[list[_Part]] = [[]]
    for part in parts:
        if part.text == "/" and not part.is_expression:
            levels.append([])
        else:
            levels[-1].append(part)
    kept: list[list[_Part]] = []
    for level in levels:
        text = "" if any(part.is_expression for part in level) else "".join(part.text for part in level)
        if text == ".." and is_resolved:
            del kept[-1:]
        elif level and text not in (".", ".."):
            kept.append(level)
    return kept


def _join_levels(levels: Sequence[Sequence[_Part]], *, is_exact: bool) -> str:
    """Return the expression of a file in the folder with these levels."""
    texts = ["".join(_part_expression(part, is_exact=is_exact) for part in level) for level in levels]
    return "/+".join([*texts, "[^/]+"])


def _part_expression(part: _Part, *, is_exact: bool) -> str:
    if part.is_expression:
        return part.text
    return re.escape(part.text) if is_exact or _PLAIN.fullmatch(part.text) else _special_character(part.text)


def _special_character(char: str) -> str:
    """Return an expression of the forms of a character: itself, percent-encoded, replaced, or in its two parts."""
    forms = [re.escape(char), f"(?i:{quote(char, safe='', errors='surrogatepass')})", "[_+-]"]
    split = unicodedata.normalize("NFD", char)
    if len(split) > 1:
        forms.append("".join(re.escape(c) if _PLAIN.fullmatch(c) else _special_character(c) for c in split))
    return f"(?:{'|'.join(forms)})"


def _common_folder(prefix: str, folder: str, values: Mapping[str, str]) -> str:
    """Return the folder that every reading begins with: up to the first level with a macro or a special character."""
    levels = prefix.split("/")
    for level in folder.split("/"):
        filled = MACRO.sub(lambda hit: values.get(hit[1], "%"), level)
        if not _PLAIN.fullmatch(filled) or filled.startswith(".."):
            break
        levels.append(filled)
    return "/".join(level for level in levels if level not in ("", "."))
