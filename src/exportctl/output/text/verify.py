"""
A verify report as text: one row per dataset and expected run, under its export; failures are explained below.

Neighbouring runs of a dataset that look the same share one row, with the number of runs and their first and last time.
Names wrap, paths are never cut: a reader pastes them into another tool.

    exports.web-to-lake  s3://acme-lake/aep
        2026-11-24 02:00 UTC  MISMATCH  web  1200  2  4.1 MiB  2 files, the run wrote 1
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING

from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan, tables

if TYPE_CHECKING:
    from exportctl.monitor.delivery.report import ExportVerdicts, Verdict, VerifyReport

TITLES = ("DUE", "RESULT", "DATASET", "ROWS", "FILES", "SIZE")
RUNS_ONLY = "runs only"  # how `ExportChecked.storage` begins where storage was left alone
UNKNOWN = "UNKNOWN"  # the one word that is neither good nor bad
OBJECTS = 20  # paths shown for one verdict; the machine formats hold all of them
_EXPORTS = 5  # addresses that the last line names
_NAME = 2  # the column that may wrap
_NARROWEST = 16  # cells that column keeps, however narrow the screen is
_DEEPER = plan.INDENT * 2
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def render_verify_report(report: VerifyReport, *, color: bool = False, width: int = 120) -> str:
    """Return the whole report."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Verify", report.as_of, ink), ""]
    groups = [group_rows(e.verdicts) for e in report.exports]
    rows = iter(_rows([one for own in groups for one in own], ink, width))
    lines += [*next(rows), ""]
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


def coverage_lines(report: VerifyReport, ink: Paint) -> list[str]:
    """Return what was checked: contents, files, or only what the service reports."""
    runs_only = [e for e in report.exports if e.storage.startswith(RUNS_ONLY)]
    read = [e for e in report.exports if e.flow and not e.errors and e not in runs_only]
    lines = []
    if read:
        contents = ", contents too (--deep)" if report.deep else "; contents only with --deep"
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
        "" if verdict.size is None else size(verdict.size),
    )


def _due_text(first: int | None, last: int | None) -> str:
    """Return `2026-11-29 09:00 UTC`, or the first and the last moment: `2026-11-29 00:00 … 09:00 UTC`."""
    if first is None or last is None:
        return format_values.NOTHING
    start, end = format_values.moment(first), format_values.moment(last)
    day = start.partition(" ")[0] + " "
    return start if first == last else f"{start.removesuffix(' UTC')} … {end.removeprefix(day)}"


def size(count: int) -> str:
    """Return bytes in the largest unit with at least one of it: `812 B`, `4.1 MiB`."""
    unit, shown = 0, float(count)
    while shown >= 1024 and unit < len(_UNITS) - 1:
        unit, shown = unit + 1, shown / 1024
    return f"{shown:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def _rows(groups: Sequence[Sequence[Verdict]], ink: Paint, width: int) -> list[list[str]]:
    """Return the titles, then the lines of each row, all in the same columns."""
    if not groups:
        return [["Nothing to check."]]
    rows = [cells(same) for same in groups]
    widths = [max(len(row[n]) for row in (TITLES, *rows)) for n in range(len(TITLES))]
    rest = width - len(plan.INDENT) - 2 * len(TITLES)
    names = min(widths[_NAME], max(_NARROWEST, rest - sum(widths) + widths[_NAME]))
    why = rest - sum(widths) + widths[_NAME] - names
    parts = [_parts(same[0], row, names, why, widths) for same, row in zip(groups, rows, strict=True)]
    last = "WHY" if any(found[0][-1] for found in parts) else ""
    lines = iter(tables.table((*TITLES, last), [part for found in parts for part in found], ink))
    shown = [[plan.INDENT + next(lines)]]
    for (verdict, *_), found in zip(groups, parts, strict=True):
        own = list(islice(lines, len(found)))
        own[0] = own[0].replace(verdict.result.value, ink(style(verdict), verdict.result.value), 1)
        said = bool(found[0][-1])
        shown.append([*(plan.INDENT + line for line in own), *_detail_lines(verdict, said, ink, width)])
    return shown


def _parts(verdict: Verdict, row: Sequence[str], names: int, why: int, widths: Sequence[int]) -> list[tuple[str, ...]]:
    """Return a row of the table, and further rows where the name takes more than `names` cells."""
    due, word, dataset, *numbers = row
    reason = clean_text(verdict.reason)
    first, *more = textwrap.wrap(dataset, names, break_on_hyphens=False) or [""]
    aligned = [number.rjust(wide) for number, wide in zip(numbers, widths[_NAME + 1 :], strict=True)]
    blank = ("",) * len(aligned)
    said = reason if len(reason) <= why else ""
    return [(due, word, first, *aligned, said), *(("", "", part, *blank, "") for part in more)]


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
