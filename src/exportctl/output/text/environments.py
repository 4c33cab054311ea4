"""Two environments side by side as text: what only one has, fields with both values, and the lines that cause them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from exportctl.config.environment_diff import (
    DifferenceCause,
    DifferenceOrigin,
    EnvironmentDiff,
    FieldDifference,
    OneSidedDeclaration,
)
from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan

_DURATIONS = ("end_warning",)  # in seconds; no field of an export, so `values` does not know it


def render_comparison(shown: EnvironmentDiff, *, color: bool = False) -> str:
    """Return every difference with its causes; `?` marks those that no overlay sets."""
    ink = paint(color)
    lines = [f"{ink('bold', 'Environments')} {shown.left} and {shown.right}", ""]
    for one in shown.one_sided:
        lines += _only_in_one(one, ink)
    lines += [""] if shown.one_sided else []
    for address, found in groupby(shown.differences, key=lambda d: d.address):
        lines.append(ink("bold", clean_text(address)))
        for difference in found:
            lines += _difference(difference, shown, ink)
        lines.append("")
    return "\n".join([*lines, *_summary(shown, ink)]) + "\n"


def _only_in_one(one: OneSidedDeclaration, ink: Paint) -> list[str]:
    sign = " " if one.causes else ink("warning", "?")
    return [f"{sign} {ink('bold', clean_text(one.address))}: only in {one.environment}", *_causes(one.causes, ink)]


def _difference(one: FieldDifference, shown: EnvironmentDiff, ink: Paint) -> list[str]:
    sign = ink("warning", "?") if one.is_unintended else " "
    sides = [f"{name} {_value(one, side)}" for name, side in ((shown.left, one.left), (shown.right, one.right))]
    return [f"  {sign} {clean_text(one.path)}: {', '.join(sides)}", *_causes(one.causes, ink)]


def _value(one: FieldDifference, side: Any) -> str:
    return format_values.duration(side) if one.path in _DURATIONS else format_values.value(one.path, side)


def _causes(causes: Sequence[DifferenceCause], ink: Paint) -> list[str]:
    said = [_cause(cause) for cause in causes] or ["no line of the config causes it"]
    return [f"{plan.INDENT}  {ink('dim', line)}" for line in said]


def _cause(cause: DifferenceCause) -> str:
    place = clean_text(str(cause.at))
    if cause.origin is DifferenceOrigin.OVERLAY:
        return f"{place}: the overlay of {cause.environment}"
    if cause.origin is DifferenceOrigin.LIST:
        return f"{place}: its `environments` list leaves {cause.environment} out"
    return f"{place}: no overlay sets it; both use {clean_text(str(cause.written))}"


def _summary(shown: EnvironmentDiff, ink: Paint) -> list[str]:
    things = f"Exports and destinations: {len(shown.one_sided)} in one environment only, {shown.same_count} equal"
    lines = [ink("bold", f"{things}. Different fields: {len(shown.differences)}.")]
    if shown.unintended_count:
        lines.append(
            ink("warning", f"{format_count(shown.unintended_count, 'difference')} that no overlay sets: marked `?`.")
        )
    return lines
