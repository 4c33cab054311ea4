"""The section of drift: what differs in the sandbox, who changed it, and when."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.monitor.drift import DEFAULT_FAILING, DriftEntry, DriftGroup, DriftReport
from exportctl.output import format_values, phrases
from exportctl.output.html.element import Element, element
from exportctl.output.html.parts import (
    Content,
    PageColumn,
    SectionContext,
    capital_first,
    cell,
    data_table,
    export_name,
    finding_list,
    note,
    position,
    row_head,
    section,
)
from exportctl.output.text import drift
from exportctl.resources.kinds import FLOW

_FIELDS = (PageColumn("Where"), PageColumn("Field"), PageColumn("Live"), PageColumn("Config"), PageColumn("Why"))
_OTHERS = (PageColumn("Where"), PageColumn("What"))
_ELSEWHERE = (DriftGroup.EXPIRED, DriftGroup.ENDING)  # in the section of ends


def drift_section(context: SectionContext, report: DriftReport) -> Element:
    """Return a table per group; flows that no config declares are folded."""
    groups = [group for group in DriftGroup if report.entries_of(group) and group not in _ELSEWHERE]
    parts = [_group(context, report, group) for group in groups]
    return section(
        context, "drift", "Drift", note(capital_first(drift.summary(report).removeprefix("Drift: "))), *parts
    )


def notes_section(context: SectionContext, report: DriftReport) -> Element | None:
    """Return the errors, warnings and notes of the plan; None if there are none."""
    found = finding_list(context, report.notes)
    return section(context, "notes", "Errors, warnings and notes", found) if found else None


def _group(context: SectionContext, report: DriftReport, group: DriftGroup) -> Element:
    entries = report.entries_of(group)
    caption = f"{drift.TITLES[group]} ({len(entries)})"
    if all(entry.field for entry in entries):
        table = data_table(caption, _FIELDS, [_field_row(context, entry) for entry in entries])
    else:
        table = data_table(caption, _OTHERS, [_other_row(context, entry, report.as_of) for entry in entries])
    if group in DEFAULT_FAILING or group is DriftGroup.PENDING:
        return table
    return element("details", element("summary", caption), table)


def _field_row(context: SectionContext, entry: DriftEntry) -> Element:
    change = entry.field
    assert change is not None
    before, after = (format_values.value(change.path, side) for side in (change.before, change.after))
    return element(
        "tr",
        row_head(*_subject(context, entry)),
        cell(element("code", change.path)),
        cell(element("code", before)),
        cell(element("code", after)),
        cell(phrases.cause(change), element("div", position(context, change.at), class_="note") if change.at else None),
    )


def _other_row(context: SectionContext, entry: DriftEntry, as_of: int) -> Element:
    if entry.flow:
        return element("tr", row_head(FLOW.label), cell(drift.flow(entry, as_of)))
    words: Content = drift.change_text(entry, as_of)
    if entry.finding:
        words = finding_list(context, (entry.finding,))
    elif entry.field:
        words = f"{entry.field.path}: {phrases.compared_values(entry.field)}; {phrases.cause(entry.field)}"
    return element("tr", row_head(*_subject(context, entry)), cell(words))


def _subject(context: SectionContext, entry: DriftEntry) -> Iterator[Content]:
    if entry.address is None:
        yield "the sandbox"
        return
    yield export_name(context, entry.address)
    if entry.id:
        yield element("div", f"{format_values.object_label(entry.address)} {entry.id}", class_="note")
