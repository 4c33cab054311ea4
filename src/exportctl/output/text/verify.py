"""
A verify report as text: one row per dataset and expected run, under its export; failures are explained below.

Neighbouring runs of a dataset that look the same share one row, with the number of runs and their first and last time.
Names wrap, paths are never cut: a reader pastes them into another tool.

    exports.web-to-lake  s3://acme-lake/aep
        2026-11-24 02:00 UTC  MISMATCH  web  1200  2  4.1 MiB  2 files, the run wrote 1
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING

from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan
from exportctl.output.text.columns import TableColumn, TableLines, lay_out_table
from exportctl.output.wrapping import NO_LIMIT, count_cells, page_width

if TYPE_CHECKING:
    from exportctl.monitor.delivery.report import ExportVerdicts, Verdict, VerifyReport

COLUMNS = (
    TableColumn("DUE", wraps=2),
    TableColumn("RESULT"),
    TableColumn("DATASET", wraps=1, narrowest=16, breaks=True),
    TableColumn("ROWS", dropped=3, right=True),
    TableColumn("FILES", dropped=1, right=True),
    TableColumn("SIZE", dropped=2, right=True),
)
TITLES = tuple(column.title for column in COLUMNS)
RUNS_ONLY = "runs only"  # how `ExportChecked.storage` begins where storage was left alone
UNKNOWN = "UNKNOWN"  # the one word that is neither good nor bad
OBJECTS = 20  # paths shown for one verdict; the machine formats hold all of them
_EXPORTS = 5  # addresses that the last line names
_DEEPER = plan.INDENT * 2
_GAP = "  "


def render_verify_report(report: VerifyReport, *, color: bool = False, width: int = NO_LIMIT) -> str:
    """Return the whole report."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Verify", report.as_of, ink), ""]
    groups = [group_rows(e.verdicts) for e in report.exports]
    laid = _lay_out_rows([one for own in groups for one in own], ink, width)
    rows = iter(laid.rows)
    lines += [*laid.head, *laid.notes, ""]
    for export, merged in zip(report.exports, groups, strict=True):
        own = islice(rows, len(merged))
        lines += [_headline(export, ink), *(line for row in own for line in row)]
        lines += [*plan.findings(export.errors, ink), ""]
    lines += [ink("bold", summary(report)), _meaning(report, ink), *coverage_lines(report, ink)]
    return "\n".join(lines) + "\n"


def summary(report: VerifyReport) -> str:
    """Return `Verify: 12 complete, 1 mismatch since 2026-11-24 02:00 UTC.`; results without verdicts are left out."""
    counted = [f"{count} {word.lower()}" for word, count in report.counts().items() if count]
    return f"Verify: {', '.join(counted) or 'no exports'} since {format_values.moment(report.since)}."


def _meaning(report: VerifyReport, ink: Paint) -> str:
    """Return the exit code, and why."""
    verdicts = [v for e in report.exports for v in e.verdicts]
    failing = sum(v.fails for v in verdicts)
    fail = f"{failing} of {len(verdicts)} {'fails' if failing == 1 else 'fail'}"
    unread = sum(bool(e.errors) for e in report.exports)
    if unread:
        also = f"; {fail} too" if failing else ""
        return ink("error", f"Exit 1: {format_count(unread, 'export')} could not be checked completely{also}.")
    return ink("error", f"Exit 9: {fail}.") if failing else ink("good", "Exit 0: nothing fails.")


def coverage_lines(report: VerifyReport, ink: Paint, deep: str = "--deep") -> list[str]:
    """Return what was checked: contents, files, or only what the service reports. `deep` names what reads contents."""
    runs_only = [e for e in report.exports if e.storage.startswith(RUNS_ONLY)]
    read = [e for e in report.exports if e.flow and not e.errors and not e.storage.startswith(RUNS_ONLY)]
    lines = []
    if read:
        contents = ", contents too (--deep)" if report.deep else f"; contents only with {deep}"
        lines.append(f"Checked: names and number of files, and sizes where there is a manifest{contents}.")
    if runs_only:
        whose = "" if len(runs_only) == len(report.exports) else f" of {_first_addresses(runs_only)}"
        lines.append(ink("warning", f"RUNS ONLY: storage{whose} was not read; only the service's report was checked."))
    return lines or ["Checked: nothing; see above."]


def _first_addresses(exports: Sequence[ExportVerdicts]) -> str:
    named = ", ".join(format_values.address(e.address) for e in exports[:_EXPORTS])
    return named if len(exports) <= _EXPORTS else f"{named} and {len(exports) - _EXPORTS} more"


def subject(verdict: Verdict) -> str:
    """Return `Orders, due 2026-11-24 02:00 UTC`; the dataset alone where no run was due."""
    return verdict.dataset if verdict.due is None else f"{verdict.dataset}, due {format_values.moment(verdict.due)}"


def sentence(verdict: Verdict) -> str:
    """Return `UNKNOWN Orders, due 2026-11-24 02:00 UTC: running since 2026-11-24 02:10 UTC`."""
    return clean_text(f"{verdict.result} {subject(verdict)}: {verdict.reason}")


# -- rows -------------------------------------------------------------------------------------------------------------


def group_rows(verdicts: Sequence[Verdict]) -> list[Sequence[Verdict]]:
    """Return the verdicts of one export in order; neighbours with equal rows, and nothing else to show, together."""
    return [tuple(same) for _, same in groupby(verdicts, key=_row_key)]


def _row_key(verdict: Verdict) -> tuple[object, ...]:
    """Return what a reader sees of a verdict but its time. For a failure this is also the run and the objects."""
    details = (verdict.objects, verdict.run, verdict.completed, verdict.hint) if verdict.fails else ()
    return (verdict.dataset_id, cells([verdict])[1:], verdict.reason, verdict.fails, details)


def cells(same: Sequence[Verdict]) -> tuple[str, ...]:
    """Return one text per title for verdicts that share a row; what was not counted is empty."""
    verdict = same[0]
    return (
        _due_text(verdict.due, same[-1].due),
        f"{len(same)} × {verdict.result}" if len(same) > 1 else verdict.result.value,
        clean_text(verdict.dataset),
        "" if verdict.rows is None else str(verdict.rows),
        "" if verdict.files is None else str(verdict.files),
        "" if verdict.size is None else format_values.size(verdict.size),
    )


def _due_text(first: int | None, last: int | None) -> str:
    """Return `2026-11-29 09:00 UTC`, or the first and the last moment: `2026-11-29 00:00 … 09:00 UTC`."""
    if first is None or last is None:
        return format_values.NOTHING
    start, end = format_values.moment(first), format_values.moment(last)
    day = start.partition(" ")[0] + " "
    return start if first == last else f"{start.removesuffix(' UTC')} … {end.removeprefix(day)}"


def _lay_out_rows(groups: Sequence[Sequence[Verdict]], ink: Paint, width: int) -> TableLines:
    """Return the titles, and the lines of each row with its details, all in the same columns."""
    if not groups:
        return TableLines(["Nothing to check."], (), ())
    rows, styles = [cells(same) for same in groups], [style(same[0]) for same in groups]
    laid = lay_out_table(COLUMNS, rows, width, ink, indent=plan.INDENT, colored="RESULT", styles=styles)
    used = max(count_cells(row[0]) for row in (laid.head, *laid.rows) if row)
    room = page_width(width) - used - len(_GAP)
    shown, has_reason = [], False
    for (verdict, *_), (first, *more) in zip(groups, laid.rows, strict=True):
        reason = clean_text(verdict.reason)
        said = bool(reason) and count_cells(reason) <= room
        has_reason |= said
        own = [_append_column(first, used, reason) if said else first, *more]
        shown.append([*own, *_detail_lines(verdict, said, ink, width)])
    head = [_append_column(line, used, ink("bold", "WHY")) if has_reason else line for line in laid.head]
    return TableLines(head, shown, laid.notes)


def _append_column(line: str, used: int, text: str) -> str:
    return line + " " * (used - count_cells(line)) + _GAP + text


def style(verdict: Verdict) -> str:
    """Return the color of a verdict."""
    if verdict.fails:
        return "error"
    return "warning" if verdict.result == UNKNOWN else "good"


def _headline(export: ExportVerdicts, ink: Paint) -> str:
    """Return `exports.orders  (flow 1a2b…)  s3://acme-lake/aep`, with the state where it is not `enabled`."""
    parts = [ink("bold", format_values.address(export.address))]
    parts += [f"({format_values.object_label(export.address)} {clean_text(export.flow)})"] if export.flow else []
    parts += [clean_text(export.state)] if export.state != "enabled" else []
    where = "storage could not be read" if export.errors else clean_text(export.storage)
    parts.append(ink("warning", where) if where.startswith(RUNS_ONLY) else where)
    return "  ".join(parts)


def _detail_lines(verdict: Verdict, said: bool, ink: Paint, width: int) -> list[str]:
    """Return what the row has no room for; for a failure also the objects and the run, and the hint if there is one."""
    lines = [] if said else format_values.wrapped_lines(verdict.reason, width, _DEEPER)
    if verdict.fails:
        lines += [f"{_DEEPER}  {path}" for path in objects(verdict)]
        lines += [_DEEPER + ink("dim", line) for line in origin(verdict)]
    if verdict.fails or verdict.result == UNKNOWN:
        lines += format_values.wrapped_lines(f"hint: {verdict.hint}", width, _DEEPER) if verdict.hint else []
    return lines


def objects(verdict: Verdict) -> list[str]:
    """Return the paths of a verdict, at most the first OBJECTS."""
    shown = [clean_text(path) for path in verdict.objects[:OBJECTS]]
    more = len(verdict.objects) - OBJECTS
    return [*shown, f"and {more} more; --format json names all"] if more > 0 else shown


def origin(verdict: Verdict) -> list[str]:
    """Return the run that was judged; no line where there was none."""
    if verdict.run is None:
        return []
    completed = "" if verdict.completed is None else f", completed {format_values.moment(verdict.completed)}"
    return [f"run {clean_text(verdict.run)}{completed}"]
