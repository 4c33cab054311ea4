"""Findings as text: errors, and what `validate` found. Every command that fails loads this module, and no plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exportctl.errors import Finding, Level
from exportctl.model.schedule import format_count
from exportctl.output.color import Paint, paint
from exportctl.output.safe_text import clean_lines, clean_text

INDENT = "    "


def findings(shown: tuple[Finding, ...], ink: Paint, indent: str = INDENT) -> list[str]:
    """Return level, line, message and rule of each finding, with the fix below."""
    lines: list[str] = []
    for found in shown:
        style = {Level.ERROR: "error", Level.WARNING: "warning"}.get(found.level, "dim")
        where = f"{clean_text(str(found.at))}: " if found.at else ""
        lines += _indented_lines(
            f"{ink(style, found.level.value)}: {where}", found.message, f"  [{found.rule}]", indent
        )
        if found.hint:
            lines += _indented_lines("", found.hint, "", indent + "  ")
    return lines


def _indented_lines(before: str, text: str, after: str, indent: str) -> Iterator[str]:
    first, *more = clean_lines(text).split("\n")
    yield f"{indent}{before}{first}{after if not more else ''}"
    for place, line in enumerate(more, 1):
        yield f"{indent}  {line}{after if place == len(more) else ''}"


def render_errors(found: Sequence[Finding], *, color: bool = False) -> str:
    """Return the findings of an error, in their own order, with the fix."""
    return "\n".join(findings(tuple(found), paint(color), "")) + "\n"


def render_validation(
    found: Sequence[Finding], *, exports: int, destinations: int, environments: int, color: bool = False
) -> str:
    """Return all findings in file order, then the verdict."""
    ink = paint(color)
    lines = findings(tuple(found), ink, "")
    lines += [""] if lines else []
    lines.append(_verdict(found, ink))
    if not _count(found, Level.ERROR):
        holds = [format_count(exports, "export"), format_count(destinations, "destination")]
        within = f" in {format_count(environments, 'environment')}" if environments else ""
        lines.append(f"The config declares {' and '.join(holds)}{within}.")
    return "\n".join(lines) + "\n"


def _verdict(findings: Sequence[Finding], ink: Paint) -> str:
    counted = [format_count(_count(findings, level), level.value) for level in Level if _count(findings, level)]
    if _count(findings, Level.ERROR):
        return ink("error", f"Not valid: {', '.join(counted)}.")
    return ink("good", "Valid" + (f": {', '.join(counted)}." if counted else "."))


def _count(findings: Sequence[Finding], level: Level) -> int:
    return sum(f.level is level for f in findings)
