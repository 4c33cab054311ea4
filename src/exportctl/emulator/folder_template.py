"""
The folder of one run: the template of a flow with its macros filled in. Pure.

Source: flow-service.md 10.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from exportctl.emulator.validation import TEMPLATE_KEYS
from exportctl.emulator.wire import Json

DEFAULT_TEMPLATE = "%DATASET_ID%/%EXPORT_TIME%"
MACRO = re.compile(r"%([A-Z_]+)(?:\(([^)%]*)\))?%")
LETTERS = {"y": "%Y", "Y": "%Y", "M": "%m", "d": "%d", "H": "%H", "m": "%M", "s": "%S"}


def folder_template(flow: Json) -> str:
    """Return the folder template of a flow, the default one if it has none."""
    # rule: default-folder
    schedule = flow.get("scheduleParams") or {}
    return next((str(schedule[key]) for key in TEMPLATE_KEYS if schedule.get(key)), DEFAULT_TEMPLATE)


def render_folder(template: str, values: Mapping[str, str], moment: float) -> str:
    """Return the folder of one dataset's files, without outer slashes; `moment` is the run time in seconds."""
    # rule: folder-macros

    def fill(hit: re.Match[str]) -> str:
        if hit[1] == "EXPORT_TIME":
            return f"exportTime={_format_time('yyyyMMddHHmm', moment)}"
        if hit[1] == "DATETIME" and hit[2] is not None:
            return _format_time(hit[2], moment)
        return values.get(hit[1], hit[0])

    return "/".join(part for part in MACRO.sub(fill, template).split("/") if part not in ("", ".", ".."))


def _format_time(pattern: str, moment: float) -> str:
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
        text = str(int(at.strftime(LETTERS[letter])))
        return text[-2:] if letter in "yY" and width == 2 else text.zfill(width)

    return re.sub(r"([A-Za-z])\1*|'([^']*)'", number, pattern)
