"""Two environments side by side, as text: what only one has, what differs with both values, and the lines behind it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from exportctl.environments import Cause, Comparison, Difference, Only, Origin
from exportctl.views import text, values, wording
from exportctl.views.paint import Paint, paint

_DURATIONS = ("end_warning",)  # in seconds; no field of an export, so `values` does not know it


def compared(shown: Comparison, *, color: bool = False) -> str:
    """Every difference with its causes; those that no overlay names are marked with `?`."""
    ink = paint(color)
    lines = [f"{ink('bold', 'Environments')} {shown.left} and {shown.right}", ""]
    for one in shown.only:
        lines += _only(one, ink)
    lines += [""] if shown.only else []
    for address, found in groupby(shown.differences, key=lambda d: d.address):
        lines.append(ink("bold", values.clean(address)))
        for difference in found:
            lines += _difference(difference, shown, ink)
        lines.append("")
    return "\n".join([*lines, *_summary(shown, ink)]) + "\n"


def _only(one: Only, ink: Paint) -> list[str]:
    sign = " " if one.causes else ink("warning", "?")
    return [f"{sign} {ink('bold', values.clean(one.address))}: only in {one.environment}", *_causes(one.causes, ink)]


def _difference(one: Difference, shown: Comparison, ink: Paint) -> list[str]:
    sign = ink("warning", "?") if one.unsaid else " "
    sides = [f"{name} {_value(one, side)}" for name, side in ((shown.left, one.left), (shown.right, one.right))]
    return [f"  {sign} {values.clean(one.path)}: {', '.join(sides)}", *_causes(one.causes, ink)]


def _value(one: Difference, side: Any) -> str:
    return values.duration(side) if one.path in _DURATIONS else values.value(one.path, side)


def _causes(causes: Sequence[Cause], ink: Paint) -> list[str]:
    said = [_cause(cause) for cause in causes] or ["no line was found that says so"]
    return [f"{text.INDENT}  {ink('dim', line)}" for line in said]


def _cause(cause: Cause) -> str:
    place = values.clean(str(cause.at))
    if cause.origin is Origin.OVERLAY:
        return f"{place}: the overlay of {cause.environment}"
    if cause.origin is Origin.LIST:
        return f"{place}: its `environments` leave {cause.environment} out"
    return f"{place}: no overlay says so, it is written {values.clean(str(cause.written))} for both"


def _summary(shown: Comparison, ink: Paint) -> list[str]:
    things = f"Exports and destinations: {len(shown.only)} in one alone, {shown.same} the same"
    lines = [ink("bold", f"{things}. Fields that differ: {len(shown.differences)}.")]
    if shown.unsaid:
        lines.append(ink("warning", f"{wording.number(shown.unsaid, 'difference')} that no overlay names: marked `?`."))
    return lines
