"""The smaller texts: errors, findings of `validate`, datasets, checks of `doctor`, stale plans, explained values."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.outcome import Check, CheckStatus
from exportctl.model.plan import ListedDataset
from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.stale_plan import StaleResource, text_lines
from exportctl.output.text import plan

_STATES: Mapping[CheckStatus, str] = {
    CheckStatus.OK: "good",
    CheckStatus.WARNING: "warning",
    CheckStatus.FAILED: "error",
    CheckStatus.SKIPPED: "dim",
}


def render_errors(found: Sequence[Finding], *, color: bool = False) -> str:
    """Return the findings of an error, in their own order, with the fix."""
    return "\n".join(plan.findings(tuple(found), paint(color), "")) + "\n"


def render_validation(
    findings: Sequence[Finding], *, exports: int, destinations: int, environments: int, color: bool = False
) -> str:
    """Return all findings in file order, then the verdict."""
    ink = paint(color)
    lines = plan.findings(tuple(findings), ink, "")
    lines += [""] if lines else []
    lines.append(_verdict(findings, ink))
    if not _count(findings, Level.ERROR):
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


def render_datasets(
    shown: Sequence[ListedDataset], used_by: Mapping[str, Sequence[str]], *, color: bool = False
) -> str:
    """Return a table of datasets, by name; `used_by` maps a dataset's id to the addresses that export it."""
    ink = paint(color)
    rows = [
        (clean_text(d.name), clean_text(d.id), ", ".join(clean_text(a) for a in used_by.get(d.id, ())))
        for d in sorted(shown, key=lambda d: (d.name, d.id))
    ]
    lines = table(("NAME", "ID", "EXPORTED BY"), rows, ink) if rows else []
    unused = sum(not used_by.get(d.id) for d in shown)
    lines.append(f"{format_count(len(rows), 'dataset')} can be exported, {unused} not exported by this config.")
    return "\n".join(lines) + "\n"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], ink: Paint) -> list[str]:
    """Return columns as wide as their widest cell, two spaces apart, without spaces at the end of a line."""
    widths = [max(_cells(row[n]) for row in (titles, *rows)) for n in range(len(titles))]
    lined = ["  ".join(c + " " * (w - _cells(c)) for c, w in zip(row, widths, strict=True)) for row in (titles, *rows)]
    head, *body = (line.rstrip() for line in lined)
    return [ink("bold", head), *body]


def _cells(shown: str) -> int:
    """Count the terminal cells that a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in shown)


def render_checks(checks: Sequence[Check], *, color: bool = False) -> str:
    """Return one line per check with its fix below, and the verdict at the end."""
    ink = paint(color)
    lines = []
    for check in checks:
        state = ink(_STATES[check.status], f"{check.status.value:<7}")
        lines.append(f"{state}  {clean_text(check.name)}: {clean_text(check.message)}")
        if check.fix:
            lines.append(f"         {clean_text(check.fix)}")
    lines.append(_health(checks, ink))
    return "\n".join(lines) + "\n"


def _health(checks: Sequence[Check], ink: Paint) -> str:
    """Return the verdict. A skipped check proves nothing; where all are skipped, nothing is known."""
    failed = sum(c.status is CheckStatus.FAILED for c in checks)
    if failed:
        return ink("error", f"{format_count(failed, 'check')} failed.")
    if all(c.status is CheckStatus.SKIPPED for c in checks):
        return ink("error", "Nothing could be checked.")
    skipped = {c.name for c in checks if c.status is CheckStatus.SKIPPED}
    done = {c.name for c in checks if c.status is not CheckStatus.SKIPPED}
    titles = {"Checked": done - skipped, "Partly checked": done & skipped, "Not checked": skipped - done}
    parts = [f"{title}: {_names(checks, names)}." for title, names in titles.items() if names]
    warnings = sum(c.status is CheckStatus.WARNING for c in checks)
    parts += [f"{format_count(warnings, 'warning')}."] if warnings else []
    return ink("warning" if warnings else "good", " ".join(parts))


def _names(checks: Sequence[Check], shown: Collection[str]) -> str:
    """Name these checks in the order in which they ran."""
    return ", ".join(dict.fromkeys(clean_text(c.name) for c in checks if c.name in shown))


def render_stale_plan(found: Sequence[StaleResource], commands: Sequence[str], *, color: bool = False) -> str:
    """Return what differs from the approval, a line each, and the commands that come next."""
    ink = paint(color)
    lines = [ink("error", "The saved plan is stale: nothing was written. Since it was made:")]
    lines += [f"{plan.INDENT}{line}" for line in text_lines(found)]
    lines += ["Next, make and review a new plan:", *(plan.INDENT + clean_text(command) for command in commands)]
    return "\n".join(lines) + "\n"


def render_explanation(
    topic: str, words: str, entries: Sequence[tuple[str, object, SourcePosition | None]] = ()
) -> str:
    """Return a rule, a term or a value in words; `entries` hold path, value and the line that sets it."""
    lines = [clean_text(topic), *(plan.INDENT + clean_text(line) for line in words.split("\n") if line)]
    for path, shown, at in entries:
        where = f"  {clean_text(str(at))}" if at else ""
        lines.append(f"{plan.INDENT}{clean_text(path)}: {format_values.value(path, shown)}{where}")
    return "\n".join(lines) + "\n"
