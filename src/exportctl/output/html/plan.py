"""The section of a saved plan: its age, whether it still holds, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator

from exportctl.model.plan import FieldChange, PlanItem
from exportctl.model.schedule import format_age, format_count
from exportctl.monitor.given_plan import GivenPlan
from exportctl.output import format_values, phrases
from exportctl.output.html.element import Element, element
from exportctl.output.html.parts import (
    Content,
    PageColumn,
    SectionContext,
    badge,
    cell,
    data_table,
    export_name,
    finding_list,
    note,
    position,
    row_head,
    section,
)
from exportctl.output.stale_plan import stale_resources, text_lines
from exportctl.planfile.file import age_seconds, saved_digest

_COLUMNS = (PageColumn("Resource"), PageColumn("What the plan does"), PageColumn("Values"))
_SIGN_KINDS = {"+": "good", "~": "warn", "-/+": "bad", "-": "bad", "!": "bad"}
MAX_LINES = 50  # of what differs; `exportctl apply FILE` shows all


def plan_section(context: SectionContext, given: GivenPlan, as_of: int) -> Element:
    """Return the saved plan as it was reviewed, and what `apply` would say of it now."""
    plan = given.shown
    listed = [item for item in plan.items if phrases.is_listed(item)]
    caption = f"{format_count(len(listed), 'resource')} of the plan"
    summary = phrases.summary(plan, given.saved.content["counts"])
    return section(
        context,
        "plan",
        "Saved plan",
        note(*_origin(given, as_of)),
        _state(given),
        element("p", element("strong", summary), " ", phrases.writes(plan)),
        data_table(caption, _COLUMNS, [_row(context, item, plan.as_of) for item in listed]) if listed else None,
        finding_list(context, phrases.plan_findings(plan)),
    )


def _origin(given: GivenPlan, as_of: int) -> Iterator[str]:
    saved = given.saved
    age = age_seconds(saved, as_of)
    made = f"{format_age(age)} old" if age >= 0 else "made with a later clock"
    yield f"Made {format_values.moment(saved.as_of)} by exportctl {saved.version}, {made}. "
    yield f"{phrases.SIGNATURES[given.signature]} It approves {saved_digest(saved)}."


def is_refused(given: GivenPlan) -> bool:
    """Tell whether `apply FILE` would refuse the plan now."""
    return given.is_foreign or bool(given.moved or given.ended)


def _state(given: GivenPlan) -> Element:
    """Return whether the plan still holds."""
    if given.now is None:
        label = phrases.sandbox_label(given.saved.header)
        words = f"This plan is of project {given.saved.header.project}, {label}: it was not compared."
        return _box("bad", "Plan of another sandbox", element("li", words))
    lines = text_lines(stale_resources(given.saved, given.now, given.moved))
    more = len(lines) - MAX_LINES
    shown = [element("li", line) for line in lines[:MAX_LINES]]
    shown += [element("li", f"and {more} more; `exportctl apply FILE` shows all")] if more > 0 else []
    shown += [element("li", f"{one} has ended since; the plan would make it run again") for one in given.ended]
    if shown:
        return _box("bad", "The plan no longer holds: apply refuses it", *shown)
    return _box("good", "No approved value has changed since the plan was made")


def _box(kind: str, title: str, *lines: Element) -> Element:
    listed = element("ul", *lines, class_="lines") if lines else None
    return element("div", element("p", title), listed, class_=f"verdict {kind}")


def _row(context: SectionContext, item: PlanItem, as_of: int) -> Element:
    sign = format_values.symbol(item)
    words = phrases.verb(item.verb, item.address)
    return element(
        "tr",
        row_head(export_name(context, item.address)),
        cell(badge(sign.strip() or "=", _SIGN_KINDS.get(sign, "quiet")), " ", words, *_consequences(item)),
        cell(*(_change(context, change) for change in item.fields), *_end(item, as_of)),
    )


def _consequences(item: PlanItem) -> Iterator[Element]:
    for refusal in item.refusals:
        yield element("div", f"blocked by safety check {refusal.safety_check}: {refusal.text}", class_="note")
    for one in item.consequences:
        prefix = "" if one.level == "info" else f"{one.level}: "
        yield element("div", f"{prefix}{one.text}", class_="note")


def _change(context: SectionContext, change: FieldChange) -> Element:
    why = phrases.cause(change)
    at: Content = position(context, change.at)
    return element(
        "div",
        element("code", change.path),
        ": ",
        element("code", phrases.both_values(change).replace(" -> ", " → ")),
        element("div", why, " " if at else None, at, class_="note") if why else None,
        class_="change",
    )


def _end(item: PlanItem, as_of: int) -> Iterator[Element]:
    if item.ends is not None:
        yield element("div", format_values.end_text(item.ends, as_of), class_="note")
