"""A drift report as text: one group after another, one line per field with both values, who, when and with what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from exportctl.model.schedule import format_count
from exportctl.model.verdict import RemainderKind
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftEntry, DriftGroup, DriftReport
from exportctl.output import format_values, phrases
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.text import plan
from exportctl.output.wrapping import page_width

TITLES: Mapping[DriftGroup, str] = {
    DriftGroup.DRIFT: "Drift: changed in the sandbox",
    DriftGroup.CONFLICT: "Conflicts: changed in the sandbox and in the YAML",
    DriftGroup.UNKNOWN_ORIGIN: "Unknown origin: the value last applied, or the live value, is unknown",
    DriftGroup.PAUSED: "Paused: left paused until --resume",
    DriftGroup.GONE: "Gone: the flow was deleted, or this credential cannot see it",
    DriftGroup.HALF_BUILT: "Half-built: a creation or a replacement was interrupted",
    DriftGroup.DUPLICATES: "Duplicates: several flows for one export",
    DriftGroup.MARKER_LOST: "Marker lost: the description of a flow or an account has no marker any more",
    DriftGroup.ORPHANS: "Orphans: connections of this project that no flow uses",
    DriftGroup.EXPIRED: "Expired",
    DriftGroup.ENDING: "Ending soon",
    DriftGroup.PENDING: "Pending changes: in the YAML, not applied",
    DriftGroup.ACCEPTED: "Accepted by the config",
    DriftGroup.UNMANAGED: "Unmanaged: flows that no config declares",
    DriftGroup.OTHER_PROJECT: "Owned by another project",
}

# What says nothing about the sandbox. All else that is in no group, such as an error, was not compared.
_HARMLESS = frozenset({RemainderKind.RENEWAL, RemainderKind.MARKER, RemainderKind.NOT_SENT})
_STATES_WITHOUT_WORD: Mapping[bool | None, str] = {True: "enabled", False: "disabled", None: "no state"}


def render_drift(
    report: DriftReport, *, fail_on: Collection[str] = drift.DEFAULT_FAILING, color: bool = False, width: int = 120
) -> str:
    """Return the whole report. `fail_on` names the groups that make the exit code 3."""
    ink = paint(color)
    lines = [*plan.header(report.header, "Drift", report.as_of, ink), ""]
    for group in DriftGroup:
        entries = report.entries_of(group)
        if entries:
            is_failing = group in fail_on or (group is DriftGroup.EXPIRED and DriftGroup.ENDING in fail_on)
            style = "error" if is_failing else "bold"
            lines.append(ink(style, f"{TITLES[group]} ({len(entries)})"))
            lines += [line for entry in entries for line in entry_lines(entry, report.as_of, ink, width)]
            lines.append("")
    if report.notes:
        lines += ["Errors, warnings and notes:", *plan.findings(report.notes, ink), ""]
    lines += [ink("bold", summary(report)), _meaning(report, fail_on, ink)]
    return "\n".join(lines) + "\n"


def summary(report: DriftReport) -> str:
    """Return `Drift: 1 drift, 2 pending.`; groups without entries are left out."""
    counted = [f"{count} {group}" for group, count in report.counts().items() if count]
    if counted:
        return f"Drift: {', '.join(counted)}."
    is_known = {*report.verdict.counts()} <= _HARMLESS
    return f"Drift: none{'. The sandbox holds what was last applied' if is_known else ' in what could be compared'}."


def _meaning(report: DriftReport, fail_on: Collection[str], ink: Paint) -> str:
    failures = drift.failures(report, fail_on)
    if failures:
        return ink("error", failure_sentence(failures))
    return ink("good", f"Exit 0: no findings in {', '.join(g for g in DriftGroup if g in fail_on)}.")


def failure_sentence(failures: Sequence[DriftEntry]) -> str:
    """Return what makes the exit code 3."""
    groups = ", ".join(dict.fromkeys(entry.group.value for entry in failures))
    return f"Exit 3: {format_count(len(failures), 'finding')} in {groups}."


def entry_lines(entry: DriftEntry, as_of: int, ink: Paint, width: int) -> list[str]:
    """Return the lines of one entry."""
    if entry.flow:
        return [plan.INDENT + flow(entry, as_of)]
    head = subject(entry)
    if entry.field:
        first, *more = plan.field(entry.field, ink, page_width(width) - len(head) - 2, moves=False)
        return [f"{plan.INDENT}{head}  {first.lstrip()}", *more]
    if entry.finding:
        first, *more = plan.findings((entry.finding,), ink)
        named = entry.address is None or entry.finding.message.startswith(str(entry.address))
        return [first if named else f"{plan.INDENT}{head}  {first.lstrip()}", *more]
    return [f"{plan.INDENT}{head}  {change_text(entry, as_of)}"]


def subject(entry: DriftEntry) -> str:
    """Return address and id; empty for an entry about the plan as a whole."""
    if entry.address is None:
        return ""
    label = f"  ({format_values.object_label(entry.address)} {clean_text(entry.id)})" if entry.id else ""
    return format_values.address(entry.address) + label


def change_text(entry: DriftEntry, as_of: int) -> str:
    """Return the text of an entry without field and finding: an end, or a change of a whole address."""
    if entry.ends is not None:
        due = "; the rolling end is due, run `exportctl renew`" if entry.renewal_due else ""
        return format_values.end_text(entry.ends, as_of) + due
    return phrases.verb(entry.verb, entry.address) if entry.verb and entry.address else ""


def flow(entry: DriftEntry, as_of: int) -> str:
    """Return one line about a flow that this config does not manage."""
    shown = entry.flow
    assert shown is not None
    parts = [
        f"{format_values.quote_text(shown.name)} (flow {clean_text(shown.id)})",
        clean_text(shown.type or "other type"),
    ]
    parts.append(clean_text(shown.state) or _STATES_WITHOUT_WORD[shown.enabled])
    if shown.owner:
        parts.append(f"owned by project {clean_text(shown.owner)}")
    if shown.moved_from:
        parts.append(f"moved from {clean_text(shown.moved_from)}")
    if shown.ends is not None:
        parts.append(format_values.end_text(shown.ends, as_of) + (" (assumed)" if shown.assumed_end else ""))
    return ", ".join(parts)
