"""
A restore check as text: what each dataset is restored from, what came back, and why it fails.

    exports.orders  Orders at 2026-11-29 02:00 UTC, upsert by _id, with duckdb
      from 12 runs, 12 files, 4.1 MiB: 1200 rows
      table: 1100 rows, 14 columns, 2 schemas; 1100 keys
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from exportctl.errors import Error
from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_lines, clean_text
from exportctl.output.text import plan

if TYPE_CHECKING:
    from exportctl.restore.report import RestoreCheck, RestoreReport
    from exportctl.restore.source import RestoreSource


def render_restore_report(report: RestoreReport, *, color: bool = False, width: int = 120) -> str:
    """Return the whole report."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Restore", report.as_of, ink), ""]
    for check in report.checks:
        lines += [*_check_lines(check, report.engine, ink, width), ""]
    failing = sum(bool(check.failures) for check in report.checks)
    lines += [f"written to {clean_text(report.folder)}", ""] if report.folder else []
    ended = f"{failing} of {len(report.checks)} fail." if failing else f"{format_count(len(report.checks), 'table')}."
    return "\n".join([*lines, ink("bold", f"Restore: {ended}")]) + "\n"


def render_script(comments: Iterable[str], statements: Iterable[str]) -> str:
    """
    Return a script of SQL. Every line of a comment begins with `--`, whatever a name holds.

    Raises:
        Error: a name in a statement has characters that a terminal obeys.
    """
    lines = [f"-- {clean_text(comment)}" for comment in comments]
    for statement in statements:
        if clean_lines(statement) != statement:
            message = "the name of a file, a column or a dataset has control characters, which no script can show"
            raise Error(message, rule="restore-name", hint="restore with `exportctl restore write --to FOLDER`")
        lines.append(f"{statement};")
    return "\n".join(lines) + "\n"


def source_text(source: RestoreSource) -> str:
    """Return `Orders at 2026-11-29 02:00 UTC, upsert by _id`."""
    rule = f"{source.combine} by {source.key}" if source.key else str(source.combine)
    return clean_text(f"{source.dataset} at {format_values.moment(source.as_of)}, {rule}")


def fact_texts(check: RestoreCheck) -> Iterator[str]:
    """Yield what was read and what came back."""
    source = check.source
    runs, files = format_count(len(source.runs), "run"), format_count(len(source.files), "file")
    rows = "" if check.rows is None else f": {format_count(check.rows, 'row')}"
    if check.rows is not None and source.compared_runs < len(source.runs):
        rows += f" (of {format_count(source.compared_runs, 'run')} the service says how many it wrote)"
    yield f"from {runs}, {files}, {format_values.size(source.size)}{rows}"
    yield f"rule: {clean_text(source.combine_source)}"
    if source.key:
        yield f"key of a row: {clean_text(source.key_source)}"
    for warning in source.warnings:
        yield f"warning: {clean_text(warning)}"
    if check.restored is not None:
        columns, schemas = format_count(check.columns or 0, "column"), format_count(check.schemas or 0, "schema")
        keys = "" if check.keys is None else f"; {format_count(check.keys, 'different key')}"
        yield f"table: {format_count(check.restored, 'row')}, {columns}, {schemas}{keys}"
    if check.first_time:
        yield f"timestamps: {clean_text(check.first_time)} to {clean_text(check.last_time or '')}"
    for added in check.added:
        yield f"added: {clean_text(added)}"


def _check_lines(check: RestoreCheck, engine: str, ink: Paint, width: int) -> Iterator[str]:
    address = ink("bold", format_values.address(check.source.address))
    yield f"{address}  {source_text(check.source)}, with {engine}"
    for fact in fact_texts(check):
        yield from format_values.wrapped_lines(fact, width, plan.INDENT, "  ")
    for failure in check.failures:
        words = f"fails: {clean_text(failure)}"
        yield from (ink("error", line) for line in format_values.wrapped_lines(words, width, plan.INDENT, "  "))
