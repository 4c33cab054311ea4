"""Drift for pull requests: what was changed by hand and how it was before, ends, then a collapsed part per address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from exportctl.monitor import drift
from exportctl.monitor.drift import DriftEntry, DriftGroup, DriftReport
from exportctl.output import format_values, phrases
from exportctl.output.ci_run import CiRun
from exportctl.output.drift_findings import entry_text
from exportctl.output.markdown.parts import LIMIT, SHARE, finding, head, join_within_limit, section, table
from exportctl.output.markdown_escape import code, html_code, prose
from exportctl.output.text import drift as text_drift


def render_drift(
    report: DriftReport,
    *,
    fail_on: Collection[str] = drift.DEFAULT_FAILING,
    limit: int = LIMIT,
    run: CiRun | None = None,
) -> str:
    """Return the whole report, as far as it fits: each change and end, then one collapsed part per address."""
    share = limit // SHARE
    ends = (*report.entries_of(DriftGroup.EXPIRED), *report.entries_of(DriftGroup.ENDING))
    flows = (*report.entries_of(DriftGroup.UNMANAGED), *report.entries_of(DriftGroup.OTHER_PROJECT))
    failing = ", ".join(dict.fromkeys(e.group.value for e in drift.failures(report, fail_on)))
    parts = [
        *head("drift", report.header, report.as_of, run),
        f"**{text_drift.summary(report)}** {f'Fails because of: {failing}.' if failing else 'Does not fail.'}\n",
        *section("Found in the sandbox", [_change_line(e, report.as_of) for e in _changes(report)], share),
        *section("Ends", [_end_line(e, report.as_of) for e in ends], share),
        *section(
            "Flows that this config does not manage",
            [f"{e.group}: {code(text_drift.flow(e, report.as_of))}" for e in flows],
            share,
        ),
        *section("Errors, warnings and notes", [finding(f) for f in report.notes], share),
    ]
    shown_above = {DriftGroup.EXPIRED, DriftGroup.ENDING, DriftGroup.UNMANAGED, DriftGroup.OTHER_PROJECT}
    subjects: dict[str, list[DriftEntry]] = {}
    for entry in report.entries:
        if entry.group not in shown_above:
            subjects.setdefault(_subject(entry), []).append(entry)
    makers = [partial(_drift_details, name, entries, report.as_of) for name, entries in subjects.items()]
    return join_within_limit(parts, makers, limit)


def _changes(report: DriftReport) -> list[DriftEntry]:
    """Return what a reader must not miss: neither what the config has decided nor what has a list of its own."""
    return [e for group in drift.DriftGroup if group.value in drift.DEFAULT_FAILING for e in report.entries_of(group)]


def _change_line(entry: DriftEntry, as_of: int) -> str:
    if entry.field is None:
        return f"**{entry.group.value}** {prose(entry_text(entry, as_of))}"
    live, wanted = (code(format_values.value(entry.field.path, v)) for v in (entry.field.before, entry.field.after))
    why = prose(phrases.cause(entry.field))
    return f"{code(_subject(entry))} {code(entry.field.path)}: live {live}, config {wanted}; {why}"


def _subject(entry: DriftEntry) -> str:
    return str(entry.address) if entry.address else "the sandbox"


def _end_line(entry: DriftEntry, as_of: int) -> str:
    if entry.finding:
        return finding(entry.finding)
    return f"{code(_subject(entry))} {prose(text_drift.change_text(entry, as_of))}"


def _drift_details(subject: str, entries: Sequence[DriftEntry], as_of: int) -> str:
    groups = ", ".join(dict.fromkeys(e.group.value for e in entries))
    lines = [f"<details><summary>{html_code(subject)} {groups}</summary>\n"]
    lines += table([e.field for e in entries if e.field])
    others = [e for e in entries if not e.field]
    lines += [f"- {finding(e.finding) if e.finding else prose(text_drift.change_text(e, as_of))}" for e in others]
    return "\n".join([*lines, "", "</details>", ""])
