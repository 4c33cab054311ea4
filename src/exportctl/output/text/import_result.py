"""
The result of an import as text beside the YAML: how many flows are in it, and why each other flow is not.

Flows that need no import (declared, of another project, for audiences) are only counted, unless a user named them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from exportctl.output import format_values, phrases
from exportctl.output.color import Paint, paint
from exportctl.output.text import plan

if TYPE_CHECKING:
    from exportctl.importing.result import ImportResult, LeftOutFlow

_COUNTED: Mapping[str, str] = {
    "declared": "already in this config",
    "other-project": "owned by other projects",
    "audience": "for audiences",
}
KEPT = "Kept as they are, because no config can describe them:"
_SHOWN = 3  # addresses; --format json has all
NEXT = "Next: read the YAML, then run `exportctl plan`. `exportctl apply` adopts the flows and writes only markers."


def render_import(shown: ImportResult, *, file: str | None, color: bool = False) -> str:
    """Return the report. `file` is the file with the YAML; None: the YAML is on stdout."""
    ink = paint(color)
    listed = [one for one in shown.left_out if not (shown.selection.is_unfiltered and one.reason in _COUNTED)]
    lines = [*plan.header(shown.header, "Import", shown.as_of, ink), ""]
    if listed:
        lines += [ink("warning", f"Left out ({len(listed)})"), *(_line(one, ink) for one in listed), ""]
    kept = list(_kept_lines(shown))
    lines += [ink("bold", KEPT), *kept, ""] if kept else []
    lines.append(ink("bold", _summary(shown, len(listed))))
    counted = {reason: count for reason, count in shown.counts().items() if reason in _COUNTED}
    if counted and shown.selection.is_unfiltered:
        parts = [f"{count} {_COUNTED[reason]}" for reason, count in counted.items()]
        lines.append(f"Not imported: {', '.join(parts)}.")
    if shown.exports:
        lines += [
            f"Wrote {format_values.clean_text(file)}." if file else "Save the YAML as a file below exports/.",
            NEXT,
        ]
    return "\n".join(lines) + "\n"


def _kept_lines(shown: ImportResult) -> Iterator[str]:
    """Yield `labels: exports.orders, exports.web and 3 more`, a line for each setting."""
    having: dict[str, list[str]] = {}
    for one in shown.exports:
        for name in one.kept:
            having.setdefault(name, []).append(format_values.address(one.address))
    for name, addresses in sorted(having.items()):
        more = f" and {len(addresses) - _SHOWN} more" if len(addresses) > _SHOWN else ""
        yield f"{plan.INDENT}{format_values.clean_text(name)}: {', '.join(addresses[:_SHOWN])}{more}"


def _line(one: LeftOutFlow, ink: Paint) -> str:
    name = f'"{format_values.clean_text(one.name)}"' if one.name else "(no name)"
    return f"{plan.INDENT}{name} {ink('dim', format_values.clean_text(one.id))} {format_values.clean_text(one.text)}"


def _summary(shown: ImportResult, left: int) -> str:
    if not shown.exports:
        return "Nothing to import."
    return f"Import: {phrases.number(len(shown.exports), 'flow')} to adopt, {left} left out."
