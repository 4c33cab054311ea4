"""The smaller texts: datasets, checks of `doctor`, stale plans, explained values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from exportctl.errors import SourcePosition
from exportctl.model.outcome import Check, CheckStatus
from exportctl.model.plan import ListedDataset
from exportctl.model.schedule import format_count
from exportctl.output import format_values
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.stale_plan import StaleResource, text_lines
from exportctl.output.text import plan
from exportctl.output.text.columns import TableColumn, lay_out_table
from exportctl.output.wrapping import NO_LIMIT, wrap_words

DATASET_COLUMNS = (
    TableColumn("NAME", wraps=1, narrowest=16, breaks=True),
    TableColumn("ID"),
    TableColumn("EXPORTED BY", wraps=2, narrowest=20),
)
_BELOW_STATE = " " * 9
_STATES: Mapping[CheckStatus, str] = {
    CheckStatus.OK: "good",
    CheckStatus.WARNING: "warning",
    CheckStatus.FAILED: "error",
    CheckStatus.SKIPPED: "dim",
}


def render_datasets(
    shown: Sequence[ListedDataset],
    used_by: Mapping[str, Sequence[str]],
    *,
    color: bool = False,
    width: int = NO_LIMIT,
) -> str:
    """Return a table of datasets, by name; `used_by` maps a dataset's id to the addresses that export it."""
    ink = paint(color)
    rows = [
        (clean_text(d.name), clean_text(d.id), ", ".join(clean_text(a) for a in used_by.get(d.id, ())))
        for d in sorted(shown, key=lambda d: (d.name, d.id))
    ]
    lines = lay_out_table(DATASET_COLUMNS, rows, width, ink).all_lines() if rows else []
    unused = sum(not used_by.get(d.id) for d in shown)
    lines.append(f"{format_count(len(rows), 'dataset')} can be exported, {unused} not exported by this config.")
    return "\n".join(lines) + "\n"


def render_checks(checks: Sequence[Check], *, color: bool = False, width: int = NO_LIMIT) -> str:
    """Return one line per check with its fix below, and the verdict at the end."""
    ink = paint(color)
    lines = []
    for check in checks:
        state = ink(_STATES[check.status], f"{check.status.value:<7}")
        lines += wrap_words(f"{clean_text(check.name)}: {clean_text(check.message)}", width, f"{state}  ", _BELOW_STATE)
        lines += wrap_words(clean_text(check.fix), width, _BELOW_STATE, _BELOW_STATE) if check.fix else []
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
