"""A command over many sandboxes as one comment or issue: the marker, a table, then what needs attention."""

from __future__ import annotations

from exportctl.output import format_values
from exportctl.output.fleet import FleetReport, FleetRow, more_lines, summary
from exportctl.output.markdown import parts
from exportctl.output.markdown.marker import CommentMarker, render_marker
from exportctl.output.markdown_escape import code, prose

_TABLE = 3  # the table takes no more than a third of the room


def render_fleet(report: FleetReport, *, limit: int = parts.LIMIT) -> str:
    """Return GitHub Markdown of at most `limit` characters. Sandboxes that need attention come first."""
    rows = sorted(report.rows, key=lambda row: (not row.exit_code, row.is_quiet))
    origin = ", ".join([f"Ended {format_values.moment(report.ended)}", *parts.run_words(report.run)])
    lines = [
        render_marker(CommentMarker(f"fleet-{report.command}")),
        f"## exportctl fleet {report.command}\n",
        f"**{prose(summary(report))}** {origin}.\n",
    ]
    head, line, *cells = parts.table_lines(("project", "sandbox", report.command), [_cells(row) for row in rows])
    kept = parts.fit_lines(cells, limit // _TABLE)
    lines += [head, line, *kept, *_cut(len(kept), len(cells)), ""] if cells else []
    found = [f"- {parts.finding(error)}" for error in report.errors]
    found += [f"- {text}" for row in rows for text in _row_texts(row)]
    text = "\n".join(lines)
    if not found:
        return text
    title = "\n**Needs attention**\n\n"
    shown = parts.fit_lines(found, limit - len(text) - len(title) - 200)
    return text + title + "\n".join([*shown, *_cut(len(shown), len(found)), ""])


def _cells(row: FleetRow) -> tuple[str, str, str]:
    words = prose(row.summary)
    sandbox = code(row.header.sandbox) if row.header else ""
    return code(row.name), sandbox, f"**{words}**" if row.exit_code else words


def _row_texts(row: FleetRow) -> list[str]:
    lines = [*row.attention, *filter(None, [more_lines(row)])]
    return [f"{code(row.name)} {text}" for text in (*map(prose, lines), *map(parts.finding, row.errors))]


def _cut(shown: int, count: int) -> list[str]:
    return [] if shown == count else [f"\n_{shown} of {count} shown; the JSON has them all._"]
