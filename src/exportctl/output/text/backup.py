"""
A backup report as text: one row per dataset under its export, and below it what breaks its chain.

    exports.web-to-lake  (flow 1a2b…)  s3://acme-lake/aep
        Orders  WHOLE  2026-11-24 02:00 UTC  2026-11-29 02:00 UTC  6 h ago  6  1200  6  4.1 MiB
          complete since 2026-11-24 01:10 UTC: this flow was made
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exportctl.model.schedule import format_age, format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import NOTHING, clean_text
from exportctl.output.text import drill, file_lists, plan, verify
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.output.wrapping import NO_LIMIT

if TYPE_CHECKING:
    from exportctl.monitor.backup.report import BackupReport, Chain, ExportChains, Gap, LateRows

COLUMNS = (
    TableColumn("DATASET", wraps=1, narrowest=16, breaks=True),
    TableColumn("STATE"),
    TableColumn("COVERED FROM", wraps=3, dropped=5),
    TableColumn("COVERED TO", wraps=2),
    TableColumn("AGE", dropped=6),
    TableColumn("RUNS", dropped=4),
    TableColumn("ROWS", dropped=3),
    TableColumn("FILES", dropped=1),
    TableColumn("SIZE", dropped=2),
)
TITLES = tuple(column.title for column in COLUMNS)
_STYLES = {"WHOLE": "good", "GAP": "error", "CHANGED": "error", "UNPROVEN": "warning", "NONE": "warning"}
_DEEPER = plan.INDENT * 2
_OBJECTS = 20  # paths shown for one gap; JSON has all


def render_backup_report(report: BackupReport, *, color: bool = False, width: int = NO_LIMIT) -> str:
    """Return the whole report."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Backup", report.as_of, ink), ""]
    chains = [chain for export in report.exports for chain in export.chains]
    rows, styles = [cells(chain, report.as_of) for chain in chains], [_STYLES[chain.state] for chain in chains]
    laid = lay_out_table(COLUMNS, rows, width, ink, indent=plan.INDENT, colored="STATE", styles=styles)
    shown = iter(laid.rows)
    lines += [*laid.head, *laid.notes, ""] if chains else ["Nothing to check.", ""]
    for export in report.exports:
        lines.append(_headline(export, ink))
        for chain in export.chains:
            lines += [*next(shown), *_chain_lines(chain, report.as_of, ink, width)]
        lines += [*plan.findings(export.errors, ink), ""]
    for one in report.comparisons:
        lines += [*file_lists.comparison_lines(one, ink, width), ""]
    return "\n".join([*lines, ink("bold", summary(report))]) + "\n"


def summary(report: BackupReport) -> str:
    """Return `Backup: 2 whole, 1 gap.`, and what lists say; states that no chain has are left out."""
    counted = [f"{count} {state.lower()}" for state, count in report.counts().items() if count]
    parts = [f"Backup: {', '.join(counted) or 'no exports'}.", file_lists.list_verdict(report.comparisons)]
    return " ".join(part for part in parts if part)


def _headline(export: ExportChains, ink: Paint) -> str:
    parts = [ink("bold", format_values.address(export.address))]
    parts += [f"({format_values.object_label(export.address)} {clean_text(export.flow)})"] if export.flow else []
    parts += [ink("warning", clean_text(export.state))] if export.state != "enabled" else []
    where = "storage could not be read" if export.errors else clean_text(export.storage)
    parts.append(ink("warning", where) if where.startswith(verify.RUNS_ONLY) else where)
    return "  ".join(parts)


def policy_verdict(report: BackupReport) -> str:
    """Return whether the policies are fulfilled; empty without any."""
    if not report.has_policy:
        return ""
    return "The policy is not fulfilled." if report.fails_policy else "The policy is fulfilled."


def cells(chain: Chain, as_of: int) -> tuple[str, ...]:
    """Return one text per title; what is not known or was not counted is empty."""
    return (
        clean_text(chain.dataset),
        chain.state.value,
        NOTHING if chain.covered_from is None else format_values.moment(chain.covered_from),
        NOTHING if chain.covered_to is None else format_values.moment(chain.covered_to),
        NOTHING if chain.covered_to is None else format_age(as_of - chain.covered_to),
        str(chain.complete_runs),
        "" if chain.rows is None else str(chain.rows),
        "" if chain.files is None else str(chain.files),
        "" if chain.size is None else format_values.size(chain.size),
    )


def _chain_lines(chain: Chain, as_of: int, ink: Paint, width: int) -> Iterator[str]:
    for start in chain.starts:
        yield from _wrap_lines(f"since {format_values.moment(start.moment)}: {start.reason}", width)
    for sentence in combination_texts(chain):
        yield from _wrap_lines(sentence, width)
    for sentence in drill_texts(chain, as_of):
        yield from _wrap_lines(sentence, width)
    for warning in warning_texts(chain):
        yield from (ink("warning", line) for line in _wrap_lines(warning, width))
    if not chain.gaps:
        yield from _wrap_lines(chain.reason, width)
    for late in chain.late_rows:
        yield from _wrap_lines(late_text(late), width)
    for gap in chain.gaps:
        yield from _gap_lines(gap, ink, width)
    for failure in chain.failures:
        yield from (ink("error", line) for line in _wrap_lines(f"policy: {failure}", width))


def combination_texts(chain: Chain) -> Iterator[str]:
    """Yield how the runs come together as one table, by whom, and from when on a dataset of events has its rows."""
    found = chain.combination
    if found is not None:
        key = f"; key {found.key} ({found.key_source})" if found.key else f"; {found.key_source}"
        yield f"combine {found.combine}: {found.source}{key if found.key_source else ''}"
    if chain.rows_from is not None:
        first = format_values.moment(chain.rows_from)
        yield f"events from {first}: the first full export of an ExperienceEvent dataset leaves out older ones"


def drill_texts(chain: Chain, as_of: int) -> Iterator[str]:
    """Yield the last drill, and the last one that restored it if that is another; nothing without an audit file."""
    if chain.drills is None:
        return
    last, restored, former = chain.drills.last, chain.drills.restored, chain.drills.former
    yield f"last drill: {drill.past_text(last, as_of)}"
    if last is not None and last is not restored:
        yield f"last restored: {drill.past_text(restored, as_of)}"
    if last is None and former is not None:
        yield f"last drill of a former flow: {drill.past_text(former, as_of)}"


def warning_texts(chain: Chain) -> Iterator[str]:
    """Yield what contradicts how a dataset combines."""
    for warning in chain.combination.warnings if chain.combination else ():
        yield f"warning: {warning}"


def gap_texts(chain: Chain) -> Iterator[str]:
    """Yield what breaks a chain, what is lost, what closes it, and all its objects: for documents that cut nothing."""
    for gap in chain.gaps:
        yield from (gap_text(gap), f"lost: {gap.lost}", f"action: {gap.action}", *gap.objects)


def gap_text(gap: Gap) -> str:
    """Return the state of a gap, its runs or its window, and the reason."""
    return f"{gap.state}: {_window_text(gap)}: {gap.reason}"


def late_text(late: LateRows) -> str:
    """Return the runs whose rows a later run has, and who says so."""
    return (
        f"closed: {_window_text(late)}: {late.reason}; by {late.source}, the run due "
        f"{format_values.moment(late.carrier)} has the rows"
    )


def _window_text(found: Gap | LateRows) -> str:
    first, last = format_values.moment(found.first), format_values.moment(found.last)
    if not found.runs:
        return f"{first} to {last}"
    return f"the run due {first}" if found.runs == 1 else f"{format_count(found.runs, 'run')} due {first} to {last}"


def _gap_lines(gap: Gap, ink: Paint, width: int) -> Iterator[str]:
    own, *more = _wrap_lines(gap_text(gap), width)
    yield own.replace(gap.state.value, ink(_STYLES[gap.state], gap.state.value), 1)
    yield from more
    yield from _wrap_lines(f"lost: {gap.lost}", width)
    yield from _wrap_lines(f"action: {gap.action}", width)
    for path in gap.objects[:_OBJECTS]:
        yield f"{_DEEPER}  {clean_text(path)}"
    if len(gap.objects) > _OBJECTS:
        yield f"{_DEEPER}  and {len(gap.objects) - _OBJECTS} more; --format json has all"


def _wrap_lines(words: str, width: int) -> list[str]:
    return format_values.wrapped_lines(words, width, _DEEPER, "  ")
