"""The report of a probe as text: per question the answer, and what it means for the promises."""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.model.schedule import format_count
from exportctl.output.color import paint
from exportctl.output.format_values import clean_text
from exportctl.profile.answers import ProbeReport, ProbeRow

_INDENT = "    "


def render_report(report: ProbeReport, *, color: bool = False) -> str:
    """Return all questions with their answers, and what remains in the sandbox."""
    ink = paint(color)
    lines = [line for row in report.rows for line in _row_lines(row)]
    answered = sum(row.setting is not None for row in report.rows)
    lines.append(f"{answered} of {format_count(len(report.rows), 'question')} answered.")
    if report.file is not None:
        lines.append(f"Saved to {clean_text(report.file)}. It holds no ids and no names, so you can publish it.")
        lines.append(f"To play this service: exportctl emulator serve --profile {clean_text(report.file)}")
    if report.interrupted:
        lines.append(ink("error", "Interrupted: the other questions were not asked."))
    if report.remaining:
        lines.append(ink("error", describe_remaining(report.remaining)))
    else:
        lines.append(ink("good", "All objects of the probe are deleted."))
    return "\n".join(lines) + "\n"


def _row_lines(row: ProbeRow) -> list[str]:
    value = f"no answer: {row.reason}" if row.setting is None else setting_text(row.setting)
    return [
        f"{row.name}: {clean_text(value)}",
        f"{_INDENT}{clean_text(row.text)}",
        f"{_INDENT}{clean_text(row.meaning)}",
    ]


def setting_text(setting: object) -> str:
    """Return a setting as the emulator's switches show it."""
    return str(setting).lower() if isinstance(setting, bool) else str(setting)


def describe_remaining(remaining: Mapping[str, int]) -> str:
    """Return what is left in the sandbox, and what to do."""
    counts = ", ".join(f"{count} in {name}" for name, count in remaining.items())
    return f"Objects of probes remain: {counts}. Run the same command again: it deletes them too."
