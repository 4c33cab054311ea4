"""A nightly run for people: one line per part and environment, then what needs attention."""

from __future__ import annotations

from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.night import Night, NightRow, attention_lines, part_sentences, row_findings
from exportctl.output.text import plan

_INDENT = "  "


def render_night(night: Night, *, color: bool = False) -> str:
    """Return the whole run. Environments that need attention are shown with what was found."""
    ink = paint(color)
    lines = []
    for row in night.rows:
        lines += [*_row_lines(row, night, ink), ""]
    lines.append(ink("error" if night.needs_attention else "good", summary(night)))
    return "\n".join(lines) + "\n"


def summary(night: Night) -> str:
    """Return `Nightly: 3 environments, 1 needs attention (prod).`."""
    if night.errors:
        more = f", and {format_count(len(night.errors) - 1, 'more error')}" if len(night.errors) > 1 else ""
        return f"Nightly: failed before any environment was read: {clean_text(night.errors[0].message)}{more}."
    loud = [row.name for row in night.rows if row.exit_code]
    count = f"{len(night.rows)} environment{'' if len(night.rows) == 1 else 's'}"
    if not loud:
        return f"Nightly: {count}, nothing needs attention."
    verb = "needs" if len(loud) == 1 else "need"
    return f"Nightly: {count}, {len(loud)} {verb} attention ({', '.join(map(clean_text, loud))})."


def _row_lines(row: NightRow, night: Night, ink: Paint) -> list[str]:
    about = f"{clean_text(row.name)}" + (f" (sandbox {clean_text(row.sandbox)})" if row.environment else "")
    head = ink("bold", f"{about}: exit {row.exit_code}")
    errors = plan.findings(row_findings(row), ink)
    if row.report is None:
        return [head, f"{_INDENT}not read", *errors]
    lines = [head, f"{_INDENT}as of {format_values.moment(row.report.as_of)}"]
    for part, sentence in part_sentences(row.report).items():
        code = row.codes.get(part, 0)
        text = f"{_INDENT}{part.value:<8}{clean_text(sentence)}"
        lines.append(ink("error", f"{text} Exit {code}.") if code else text)
    found = attention_lines(row.report, night.fail_on)
    return [*lines, *(f"{_INDENT}{clean_text(line)}" for line in found), *errors]
