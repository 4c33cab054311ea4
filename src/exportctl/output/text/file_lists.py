"""
Comparisons with lists of files as text: one line per chain of a list, and below it what is not as listed.

    orders.json  exports.orders  Orders: 12 runs, 12 files
        DELETED: the run due 2026-11-26 02:00 UTC (run 1a2b…, rows since 2026-11-25 02:00 UTC): aep/…: the file is gone
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint
from exportctl.output.format_values import clean_text

if TYPE_CHECKING:
    from exportctl.monitor.backup.list_report import ListComparison, ListFault

_FAULTS = 20  # shown for one chain of a list; JSON has all


def comparison_lines(one: ListComparison, ink: Paint, width: int) -> Iterator[str]:
    """Yield the lines of one chain of a list."""
    yield f"{ink('bold', clean_text(one.file))}  {format_values.address(one.export)}  {list_label(one)}"
    for text in evidence_texts(one):
        yield from format_values.wrapped_lines(text, width, "    ", "  ")
    for fault in one.faults[:_FAULTS]:
        first, *more = format_values.wrapped_lines(fault_text(fault), width, "    ", "  ")
        yield from (first.replace(fault.kind.value, ink("error", fault.kind.value), 1), *more)
    if len(one.faults) > _FAULTS:
        yield f"    and {len(one.faults) - _FAULTS} more; --format json has all"


def list_label(one: ListComparison) -> str:
    """Return `Orders: 12 runs, 12 files`."""
    return f"{clean_text(one.dataset)}: {format_count(one.runs, 'run')}, {format_count(one.files, 'file')}"


def evidence_texts(one: ListComparison) -> Iterator[str]:
    """Yield what the files that are as listed were compared by."""
    if one.by_etag:
        yield f"{format_count(one.by_etag, 'file')} with the listed ETag: not written again"
    if one.by_size:
        files, more = format_count(one.by_size, "file"), "" if one.by_rows else "; --deep also counts rows"
        yield f"{files} with the listed size, but no ETag: an equal size proves nothing{more}"
    if one.by_rows:
        yield f"{format_count(one.by_rows, 'file')} with the listed rows, counted"


def fault_text(fault: ListFault) -> str:
    """Return the kind, the run with its window, the file and the reason."""
    if fault.due is None:
        return f"{fault.kind}: {fault.reason}"
    since = "all rows until then" if fault.after is None else f"rows since {format_values.moment(fault.after)}"
    run = f"run {fault.run}, " if fault.run else ""
    path = f"{fault.path}: " if fault.path else ""
    return f"{fault.kind}: the run due {format_values.moment(fault.due)} ({run}{since}): {path}{fault.reason}"


def list_verdict(comparisons: tuple[ListComparison, ...]) -> str:
    """Return whether storage is as the lists say; empty without lists."""
    if not comparisons:
        return ""
    count = sum(len(one.faults) for one in comparisons)
    return f"{format_count(count, 'difference')} from the lists." if count else "No difference from the lists."
