"""
The folder of one dataset's files: a template with its macros filled in, as one of several writers would do it. Pure.

In: the template, the values of its macros, the scheduled time of the run, and the switches that say how the service
writes times and names. Out: a folder without outer slashes. Source: flow-service.md 10.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from exportctl.emulator.switches import Switches
from exportctl.patterns import compile_on_use

MACRO = compile_on_use(r"%([A-Z_]+)(?:\(([^)%]*)\))?%")
LETTERS = {"y": "%Y", "Y": "%Y", "M": "%m", "d": "%d", "H": "%H", "m": "%M", "s": "%S"}
EXPORT_TIME = {12: "yyyyMMddHHmm", 14: "yyyyMMddHHmmss"}
UNSAFE = compile_on_use(r"[^A-Za-z0-9._-]")

NAME_WRITERS: Mapping[str, Callable[[str], str]] = {
    "levels": lambda name: name,
    "resolved": lambda name: name,
    "underscore": lambda name: UNSAFE.sub("_", name),
    "encoded": lambda name: quote(name, safe="", errors="replace"),
}


def render_folder(template: str, values: Mapping[str, str], moment: float, switches: Switches) -> str:
    """Fill in the macros of a template. `moment` is the run time in seconds."""
    # rule: folder-macros
    write_name = NAME_WRITERS[switches.folder_names]

    def fill(hit: re.Match[str]) -> str:
        if hit[1] == "EXPORT_TIME":
            return f"exportTime={_format_time(EXPORT_TIME[switches.export_time_digits], moment, switches)}"
        if hit[1] == "DATETIME" and hit[2] is not None:
            return _format_time(hit[2], moment, switches)
        return write_name(values[hit[1]]) if hit[1] in values else hit[0]

    levels: list[str] = []
    for level in MACRO.sub(fill, template).split("/"):
        if level == ".." and switches.folder_names == "resolved":
            del levels[-1:]
        elif level not in ("", ".", ".."):
            levels.append(level)
    return "/".join(levels).encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair has no UTF-8 form


def _format_time(pattern: str, moment: float, switches: Switches) -> str:
    """Return a moment in a pattern of Java's letters; a run of the same letter is one number, padded to its length."""
    at = datetime.fromtimestamp(moment, UTC)

    def number(hit: re.Match[str]) -> str:
        letter, width = hit[1], len(hit[0])
        if letter is None:  # text in quotes; two quotes are one
            return hit[2] or "'"
        if letter == "M" and width > 2:
            return at.strftime("%b" if width == 3 else "%B")
        if letter == "S":
            return "0" * width
        if letter not in LETTERS:
            return hit[0]
        value = week_year(at.date(), switches.week_year) if letter == "Y" else int(at.strftime(LETTERS[letter]))
        return str(value)[-2:] if letter in "yY" and width == 2 else str(value).zfill(width)

    return re.sub(r"([A-Za-z])\1*|'([^']*)'", number, pattern)


def week_year(day: date, setting: str) -> int:
    """
    Return what `YYYY` writes: the calendar year, or the year of the week.

    In the United States a week belongs to the year of its Saturday, by ISO 8601 to the year of its Thursday.
    """
    if setting == "calendar":
        return day.year
    if setting == "iso":
        return day.isocalendar().year
    return (day + timedelta(days=(5 - day.weekday()) % 7)).year
