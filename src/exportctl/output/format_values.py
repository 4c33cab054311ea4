"""
How single values look in every output: moments, durations, locations, datasets, masks, foreign text.

Foreign text (flow names, datasets, people, paths) appears with its control and formatting characters spelled out, so
no name can move the cursor or reorder a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exportctl.model import schedule
from exportctl.model.plan import Actor, Address, PlanItem, SensitiveValue, UnknownValue, Verb
from exportctl.model.ref import Ref
from exportctl.model.schedule import format_age, format_count
from exportctl.output.safe_text import clean_lines as clean_lines
from exportctl.output.safe_text import clean_text as clean_text
from exportctl.output.safe_text import escape_surrogates as escape_surrogates
from exportctl.output.wrapping import PAGE, wrap_words
from exportctl.resources.kinds import BASE_CONNECTION, FLOW

NOTHING = "(none)"
DAY, HOUR, MINUTE = 86400, 3600, 60
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_LATEST = 253402300799  # the last second of the year 9999: the largest moment with a date
_MOMENTS = frozenset({"end", "start", "not_before"})
_TIMES_OF_DAY = frozenset({"at"})
_DURATIONS = frozenset({"rolling", "renew_before", "within"})
_MASKS = frozenset({str(SensitiveValue("")), *map(str, UnknownValue)})  # a saved plan holds them as text
_CLIENTS = {"exc_app": "the UI (exc_app)", "acp_foundation_connectors": "the background client"}


def moment(seconds: int) -> str:
    """Return `2026-11-22 02:00 UTC`; seconds appear only where they are not zero."""
    if not 0 <= seconds <= _LATEST:
        return f"{seconds} seconds since 1970"
    return schedule.format_moment(seconds)


def duration(seconds: int) -> str:
    """Return a time in the largest unit without a remainder: `180 days`, `3 hours`, `90 minutes`, `45 seconds`."""
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if seconds and seconds % size == 0:
            return format_count(seconds // size, unit)
    return format_count(seconds, "second")


def size(count: int) -> str:
    """Return bytes in the largest unit with at least one of it: `812 B`, `4.1 MiB`."""
    unit, shown = 0, float(count)
    while shown >= 1024 and unit < len(_UNITS) - 1:
        unit, shown = unit + 1, shown / 1024
    return f"{shown:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def end_text(end: int, as_of: int, colon: str = "") -> str:
    """Return `ends 2026-12-01 00:00 UTC, in 8 days` or `ended …, 3 days ago`; `colon` follows the first word."""
    if end <= as_of:
        return f"ended{colon} {moment(end)}, {format_age(as_of - end)} ago"
    return f"ends{colon} {moment(end)}, in {format_age(end - as_of)}"


def value(path: str, shown: Any) -> str:
    """Return one side of a field. `path` names the field, so that moments, times and switches read as such."""
    name = path.rpartition(".")[2]
    if shown is None:
        return NOTHING
    if isinstance(shown, bool):
        return ("on" if shown else "off") if name == "enabled" else str(shown).lower()
    if isinstance(shown, int):
        return _number(name, shown)
    if isinstance(shown, SensitiveValue | UnknownValue):
        return str(shown)
    if isinstance(shown, str):
        return shown if shown in _MASKS else quote_text(shown)
    if isinstance(shown, Ref):
        return "(known after apply)"
    if isinstance(shown, Mapping):
        return "{" + ", ".join(f"{clean_text(str(k))}: {value(str(k), v)}" for k, v in sorted(shown.items())) + "}"
    if isinstance(shown, Sequence | frozenset | set):
        members = sorted(shown, key=str) if isinstance(shown, frozenset | set) else shown
        return "[" + ", ".join(_member(name, m) for m in members) + "]"
    return quote_text(str(shown))


def quote_text(text: str) -> str:
    """Quote foreign text safely."""
    return '"' + clean_text(text).replace('"', '\\"') + '"'


def _number(name: str, number: int) -> str:
    if name in _MOMENTS:
        return moment(number)
    if name in _TIMES_OF_DAY and 0 <= number < DAY:
        return f"{schedule.time_of_day(number)} UTC"
    if name in _DURATIONS:
        return duration(number)
    return str(number)


def _member(name: str, shown: Any) -> str:
    pair = isinstance(shown, Sequence) and not isinstance(shown, str) and len(shown) == 2
    if name == "datasets" and pair and all(isinstance(part, str) for part in shown):
        return f"{quote_text(shown[1])} ({clean_text(shown[0])})"
    return value(name, shown)


def arrow(path: str, before: Any, after: Any) -> str:
    """Return `"/a" -> "/b"`."""
    return f"{value(path, before)} -> {value(path, after)}"


def moments(points: Sequence[int]) -> str:
    """List moments, or say that there are none."""
    return ", ".join(moment(p) for p in points) if points else NOTHING


def client(name: str) -> str:
    """Return the program that wrote, by its IMS client id (flow-service.md 2: exc_app is the UI)."""
    return _CLIENTS.get(name, f"client {clean_text(name)}")


def actor(who: Actor | None, did: str = "changed") -> str:
    """Return `changed by jane@acme.example at 2026-11-22 09:10 UTC with the UI (exc_app)`, as far as it is recorded."""
    if who is None:
        return f"{did} by an unknown user"
    words = [f"{did} by {clean_text(who.by) if who.by else 'an unknown user'}"]
    if who.at is not None:
        words.append(f"at {moment(who.at)}")
    if who.client:
        words.append(f"with {client(who.client)}")
    return " ".join(words) + (f" ({clean_text(who.note.removeprefix('not recorded: '))})" if who.note else "")


def object_label(address: Address) -> str:
    """Return the service's word for the object that an address's id identifies."""
    return FLOW.label if address.root == FLOW.root else BASE_CONNECTION.label


def address(item_address: Address) -> str:
    """Return an address as text."""
    return clean_text(str(item_address))


SYMBOLS: Mapping[Verb, str] = {
    Verb.CREATE: "+",
    Verb.COMPLETE: "+",
    Verb.UPDATE: "~",
    Verb.REPLACE: "-/+",
    Verb.DELETE: "-",
    Verb.ADOPT: ">",
    Verb.MOVE: ">",
    Verb.RELEASE: ">",
    Verb.CLEAN: "-",
    Verb.MARK: ">",
    Verb.RENEW: ">",
    Verb.PAUSED: "!",
    Verb.BLOCKED: "!",
    Verb.UNCHANGED: " ",
}


def symbol(item: PlanItem) -> str:
    """Return `!` where a safety check blocks the item, else the sign of its verb."""
    return "!" if item.refusals else SYMBOLS[item.verb]


def wrapped_lines(words: str, width: int, indent: str, hanging: str = "") -> list[str]:
    """Return foreign text in lines; a word that is too long for a line, such as a path, stays whole."""
    return wrap_words(clean_text(words).strip(), min(width, PAGE), indent, indent + hanging)
