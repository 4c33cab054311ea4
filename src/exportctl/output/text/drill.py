"""
A drill as text: each dataset that was chosen, what came back, and what could not be chosen.

    exports.orders  RESTORED  Orders at 2026-11-29 02:00 UTC, upsert by _id, in 1.2 s
      from 12 runs, 12 files, 4.1 MiB: 1200 rows
      written as 1.1 MiB, read back, deleted
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exportctl.model.schedule import format_age, format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan, restore

if TYPE_CHECKING:
    from exportctl.monitor.backup.drills import PastDrill
    from exportctl.restore.drill import DrilledDataset, DrillReport, NotDrilled

_STYLES = {"RESTORED": "good", "FAILED": "error", "ERROR": "error", "INTERRUPTED": "warning"}


def render_drill_report(report: DrillReport, *, color: bool = False, width: int = 120) -> str:
    """Return the whole report."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Drill", report.as_of, ink), "", choice_text(report), ""]
    for one in report.drilled:
        lines += [*_dataset_lines(one, ink, width), ""]
    for other in report.not_drilled:
        lines += format_values.wrapped_lines(f"not drilled: {not_drilled_text(other)}", width, "", plan.INDENT)
    lines += [""] if report.not_drilled else []
    return "\n".join([*lines, ink("bold", summary(report))]) + "\n"


def choice_text(report: DrillReport) -> str:
    """Return which datasets were chosen, and how to choose them again."""
    chosen = f"{len(report.drilled)} of {format_count(report.drillable, 'dataset')}"
    return f"{chosen}, chosen with --seed {clean_text(report.seed)} --count {report.count}"


def summary(report: DrillReport) -> str:
    """Return `Drill: 1 restored.`; results that no dataset has are left out."""
    counted = [f"{count} {result.lower()}" for result, count in report.counts().items() if count]
    return f"Drill: {', '.join(counted) or 'there is no backup to restore'}."


def subject(one: DrilledDataset) -> str:
    """Return the dataset, and the moment and rule of its table where it came to it."""
    return restore.source_text(one.check.source) if one.check else clean_text(one.dataset)


def fact_texts(one: DrilledDataset) -> Iterator[str]:
    """Yield what was restored, what came of it, and which chain it is."""
    if one.check:
        yield from restore.fact_texts(one.check)
    if one.written:
        yield f"written as {format_values.size(one.written)}, read back, deleted"
    yield f"the backup is {one.state}{_cover_text(one)}"
    if one.last_hash:
        yield f"hash of its newest run: {one.last_hash}"


def _cover_text(one: DrilledDataset) -> str:
    if one.covered_from is None or one.covered_to is None:
        return ""
    return f", covered {format_values.moment(one.covered_from)} to {format_values.moment(one.covered_to)}"


def not_drilled_text(one: NotDrilled) -> str:
    """Return a dataset that could not be chosen, and why."""
    return clean_text(f"{one.address}: {one.dataset}: no backup: {one.reason}")


def past_text(drill: PastDrill | None, as_of: int) -> str:
    """Return when a drill was, with its result and its table; `never` without one."""
    if drill is None:
        return "never"
    when = f"{format_values.moment(drill.as_of)}, {format_age(max(0, as_of - drill.as_of))} ago: {drill.result}"
    rows = "" if drill.restored is None else f", {format_count(drill.restored, 'row')}"
    table = "" if drill.moment is None else f" at {format_values.moment(drill.moment)}"
    return clean_text(f"{when}{rows}{table} (run {drill.run})")


def _dataset_lines(one: DrilledDataset, ink: Paint, width: int) -> Iterator[str]:
    address, result = ink("bold", format_values.address(one.address)), ink(_STYLES[one.result], one.result.value)
    took = f", in {one.seconds:.1f} s" if one.seconds else ""
    yield f"{address}  {result}  {subject(one)}{took}"
    for fact in fact_texts(one):
        yield from format_values.wrapped_lines(fact, width, plan.INDENT, "  ")
    for reason in one.reasons:
        words = format_values.wrapped_lines(f"why: {clean_text(reason)}", width, plan.INDENT, "  ")
        yield from (ink(_STYLES[one.result], line) for line in words)
    if one.error and one.error.hint:
        yield from format_values.wrapped_lines(f"hint: {clean_text(one.error.hint)}", width, plan.INDENT, "  ")
