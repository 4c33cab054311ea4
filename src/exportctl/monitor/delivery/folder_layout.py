"""
From a folder template to the folders of one dataset, and from a folder back to the moment of its run. Pure.

    %DATASET_ID% %DATASET_NAME% %DESTINATION_INSTANCE_ID% %DESTINATION_INSTANCE_NAME% %SANDBOX_NAME%   their values
    %EXPORT_TIME%                  exportTime=YYYYMMDDHHMM of the scheduled run, UTC
    %DATETIME(pattern)%            a moment of the run in that pattern
    %DESTINATION% %DESTINATION_NAME% %ORGANIZATION_NAME% and unknown macros   any text of one folder

Source: flow-service.md 10.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from exportctl.model.schedule import DAY, HOUR
from exportctl.monitor.delivery.expectation import DeliveryExpectation

MACRO = re.compile(r"%([A-Z_]+)(?:\(([^)%]*)\))?%")
EXPORT_TIME = "yyyyMMddHHmm"
LONGEST_NUMBER = 2  # letters: more of them spell a month as a name
UNITS: tuple[tuple[str, str, int], ...] = (  # a pattern's letter, the group it fills, what it resolves (seconds)
    ("y", "year", 366 * DAY),
    ("M", "month", 31 * DAY),
    ("d", "day", DAY),
    ("H", "hour", HOUR),
    ("m", "minute", 60),
    ("s", "second", 1),
    ("S", "fraction", 1),
)
BY_LETTER = {**{letter: (group, size) for letter, group, size in UNITS}, "Y": ("year", 366 * DAY)}


@dataclass(frozen=True)
class PathMatch:
    """The folder of one path, the moment in the folder's name (None without one), and the file's name."""

    folder: str
    moment: int | None
    name: str


@dataclass(frozen=True)
class FolderLayout:
    """The folders of one dataset of one flow."""

    pattern: re.Pattern[str]
    prefix: str  # the folder that contains all of them
    resolution: int | None  # the finest step of the time macro, in seconds; None without a time macro

    def match_path(self, path: str) -> PathMatch | None:
        """Return the folder of a path; None for files of others."""
        hit = self.pattern.fullmatch(path)
        if hit is None:
            return None
        folder, _, name = path.rpartition("/")
        return PathMatch(folder, _moment(hit.groupdict()), name)

    def can_tell_runs_apart(self, step: int) -> bool:
        """Say whether the folder's name tells runs apart that are `step` seconds apart (0: there is only one)."""
        return self.resolution is not None and (step == 0 or self.resolution <= step)


def folder_layout(watched: DeliveryExpectation, dataset: str) -> FolderLayout:
    """Return the layout of one dataset, by its id."""
    values = {
        "DATASET_ID": dataset,
        "DATASET_NAME": watched.datasets[dataset],
        "DESTINATION_INSTANCE_ID": watched.flow,
        "DESTINATION_INSTANCE_NAME": watched.title,
        "SANDBOX_NAME": watched.sandbox,
    }
    folder = "/".join(part for part in f"{watched.prefix}/{watched.folder}".split("/") if part)
    text, fixed, sizes = _translate_template(folder, values)
    pattern = re.compile(f"{text}{'/' if folder else ''}[^/]+")
    return FolderLayout(pattern, fixed.rpartition("/")[0], min(sizes, default=None))


def _translate_template(template: str, values: Mapping[str, str]) -> tuple[str, str, list[int]]:
    """Return the template as a regular expression, its literal start, and the resolution of its time macros."""
    text, fixed, open_end, at = "", "", False, 0
    sizes: list[int] = []
    seen: set[str] = set()
    for hit in MACRO.finditer(template):
        literal = template[at : hit.start()]
        piece, known, resolves = _macro(hit[1], hit[2], values, seen)
        text += re.escape(literal) + piece
        fixed += "" if open_end else literal + (known or "")
        open_end |= known is None
        sizes += resolves
        at = hit.end()
    rest = template[at:]
    whole = fixed + ("" if open_end else rest)
    return text + re.escape(rest), whole if open_end else f"{whole}/" if whole else "", sizes


def _macro(
    name: str, pattern: str | None, values: Mapping[str, str], seen: set[str]
) -> tuple[str, str | None, list[int]]:
    """Return a macro as an expression, its value if it is known, and its resolution."""
    if name in values:
        return re.escape(values[name]), values[name], []
    if name == "EXPORT_TIME":
        text, sizes = _translate_date_pattern(EXPORT_TIME, seen)
        return f"exportTime={text}", None, sizes
    if name == "DATETIME" and pattern is not None:
        text, sizes = _translate_date_pattern(pattern, seen)
        return text, None, sizes
    return "[^/]+", None, []


def _translate_date_pattern(pattern: str, seen: set[str]) -> tuple[str, list[int]]:
    """Return a date pattern as an expression, and its finest unit if all larger ones are there: not "dd" alone."""
    text = ""
    for hit in re.finditer(r"([A-Za-z])\1*|'([^']*)'|[^A-Za-z']+", pattern):
        if hit[1] not in BY_LETTER or (hit[1] == "M" and len(hit[0]) > LONGEST_NUMBER):
            text += "[^/]+" if hit[1] else re.escape(hit[0] if hit[2] is None else hit[2] or "'")
            continue
        group, _ = BY_LETTER[hit[1]]
        name = "" if group in seen else f"?P<{group}>"
        seen.add(group)
        width = "+" if len(hit[0]) == 1 else f"{{{len(hit[0])}}}"
        text += f"({name}\\d{width})"
    size = None
    for _, group, resolves in UNITS:
        if group not in seen:
            break
        size = resolves
    return text, [size] if size is not None and size <= DAY else []


def _moment(groups: Mapping[str, str | None]) -> int | None:
    numbers = {name: int(value) for name, value in groups.items() if value is not None}
    if "day" not in numbers:
        return None
    year = numbers.get("year", 0)
    year += 2000 if year < 100 else 0
    hour, minute, second = (numbers.get(unit, 0) for unit in ("hour", "minute", "second"))
    try:
        made = datetime(year, numbers["month"], numbers["day"], hour, minute, second, tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    return int(made.timestamp())
