"""A command over many sandboxes for people: what needs attention in each, a table of all, and one sentence."""

from __future__ import annotations

import posixpath
import re

from exportctl.output.color import Paint, paint
from exportctl.output.fleet import FleetReport, FleetRow, more_lines, summary
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.output.wrapping import NO_LIMIT

_INDENT = "  "
COLUMNS = (
    TableColumn("PROJECT", wraps=2, breaks=True),
    TableColumn("SANDBOX", dropped=1),
    TableColumn("EXIT", right=True),
    TableColumn("SUMMARY", wraps=1),
)


_READ_ONLY = {"renew": "renew --dry-run"}  # what a reader follows to look must not write


def render_fleet(report: FleetReport, *, folder: str = ".", color: bool = False, width: int = NO_LIMIT) -> str:
    """
    Return the whole report. Only sandboxes in which something was found have lines of their own.

    `folder` is that of -C: the commands of the report are for the folder in which the run began.
    """
    ink = paint(color)
    lines: list[str] = []
    for row in report.rows:
        if not row.is_quiet:
            lines += [*_row_lines(row, same_command(row, report.command, folder), ink), ""]
    if report.errors:
        lines += [*plan.findings(report.errors, ink, ""), ""]
    cells = [
        (
            clean_text(row.name),
            clean_text(row.header.sandbox) if row.header else "",
            str(row.exit_code),
            clean_text(row.summary),
        )
        for row in report.rows
    ]
    if cells:
        lines += [*lay_out_table(COLUMNS, cells, width, ink).all_lines(), ""]
    lines.append(ink("error" if report.exit_code else "good", summary(report)))
    return "\n".join(lines) + "\n"


def _row_lines(row: FleetRow, alone: str, ink: Paint) -> list[str]:
    found = [*row.attention, *filter(None, [more_lines(row)])]
    head = f"{clean_text(row.name)}: {clean_text(row.summary)}"
    return [
        ink("bold", head),
        *(f"{_INDENT}{clean_text(line)}" for line in found),
        *plan.findings(row.errors, ink),
        *([f"{_INDENT}To see it alone: {alone}"] if row.is_read else []),
    ]


def same_command(row: FleetRow, command: str, folder: str = ".") -> str:
    """Return the command that shows one row alone and writes nothing, for a shell."""
    below = posixpath.normpath(posixpath.join(folder, row.folder))
    words = ["exportctl", *(["-C", below] if below != "." else [])]
    words += [word for file in row.files for word in ("-f", file)]
    words += [*_READ_ONLY.get(command, command).split(), *(["--env", row.environment] if row.environment else [])]
    return " ".join(map(_shell_word, words))


def _shell_word(text: str) -> str:
    """Return one word of a command line, in quotes if a shell would read more into it."""
    words = clean_text(text)
    if re.fullmatch(r"[\w@%+=:,./-]+", words, re.ASCII):
        return words
    return "'" + words.replace("'", "'\"'\"'") + "'"
