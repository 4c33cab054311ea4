"""
What an import came to, as text beside the YAML: how many flows are in it, and why each of the others is not.

Flows that need no import (declared, of another project, audiences) are only counted, unless they were asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from exportctl.views import text, values, wording
from exportctl.views.paint import Paint, paint

if TYPE_CHECKING:
    from exportctl.importing.report import Imported, LeftOut

_COUNTED: Mapping[str, str] = {
    "declared": "of this config already",
    "other-project": "of other projects",
    "audience": "for audiences",
}
KEPT = "Kept as it is, as no config describes it:"
_SHOWN = 3  # addresses; --format json has all
NEXT = "Next: read it, then `exportctl plan`; `exportctl apply` adopts the flows, and writes nothing but markers."


def imported(shown: Imported, *, file: str | None, color: bool = False) -> str:
    """`file` is where the YAML was written; None: it stands on stdout."""
    ink = paint(color)
    told = [one for one in shown.left if not (shown.selection.everything and one.reason in _COUNTED)]
    lines = [*text.header(shown.header, "Import", shown.as_of, ink), ""]
    if told:
        lines += [ink("warning", f"Left out ({len(told)})"), *(_line(one, ink) for one in told), ""]
    kept = list(_kept(shown))
    lines += [ink("bold", KEPT), *kept, ""] if kept else []
    lines.append(ink("bold", _summary(shown, len(told))))
    counted = {reason: count for reason, count in shown.counts().items() if reason in _COUNTED}
    if counted and shown.selection.everything:
        parts = [f"{count} {_COUNTED[reason]}" for reason, count in counted.items()]
        lines.append(f"Not for import: {', '.join(parts)}.")
    if shown.exports:
        lines += [f"Wrote {values.clean(file)}." if file else "Save the YAML as a file below exports/.", NEXT]
    return "\n".join(lines) + "\n"


def _kept(shown: Imported) -> Iterator[str]:
    """`labels: exports.orders, exports.web and 3 more`, a line for each name."""
    having: dict[str, list[str]] = {}
    for one in shown.exports:
        for name in one.kept:
            having.setdefault(name, []).append(values.address(one.address))
    for name, addresses in sorted(having.items()):
        more = f" and {len(addresses) - _SHOWN} more" if len(addresses) > _SHOWN else ""
        yield f"{text.INDENT}{values.clean(name)}: {', '.join(addresses[:_SHOWN])}{more}"


def _line(one: LeftOut, ink: Paint) -> str:
    name = f'"{values.clean(one.name)}"' if one.name else "(no name)"
    return f"{text.INDENT}{name} {ink('dim', values.clean(one.id))} {values.clean(one.text)}"


def _summary(shown: Imported, left: int) -> str:
    if not shown.exports:
        return "Nothing to import."
    return f"Import: {wording.number(len(shown.exports), 'flow')} to adopt, {left} left out."
