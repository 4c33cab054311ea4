"""
A plan with one line for each resource: its sign, its address and the values that change.

    ~   exports.web-to-lake  path: "/a" -> "/b", schedule.every: "1 day" -> "3 hours"  [drift, cost]
    -/+ exports.orders       destination type amazon-s3 -> sftp, path: "aep" -> "/incoming"  [cost, warning]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exportctl.errors import Level
from exportctl.model.plan import Cause, Plan, PlanItem, Verb
from exportctl.output import format_values, phrases
from exportctl.output.changed_values import (
    ValueChange,
    created_values,
    dataset_names,
    replaced_values,
    replacement_reason,
    value_change,
    written_changes,
)
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.loss import loss_words
from exportctl.output.text import plan as text_plan
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.file import SavedPlan

_COLUMN = 40  # characters of an address before which the values begin
_MARKED = ("cost", "warning")  # levels of consequences
_USUAL = (Cause.CREATE, Cause.PENDING)  # the YAML changed: the others say what a hand or the service did
_LOST = ("datasets", "location")


def render_plan(shown: Plan, *, color: bool = False) -> str:
    """Return the short form of a plan."""
    ink = paint(color)
    head = text_plan.header(shown.header, "Plan", shown.as_of, ink)
    return "\n".join([*head, "", *_body(shown, shown.counts(), ink), *filter(None, [phrases.approval(shown)]), ""])


def render_saved_plan(saved: SavedPlan, *, color: bool = False) -> str:
    """Return the short form of a saved plan."""
    ink = paint(color)
    head = text_plan.header(saved.header, "Saved plan", saved.as_of, ink)
    return "\n".join([*head, "", *_body(decode_plan(saved.content), saved.content["counts"], ink), ""])


def _body(shown: Plan, counts: Mapping[str, int], ink: Paint) -> list[str]:
    items = [item for item in shown.items if phrases.is_listed(item)]
    column = min(_COLUMN, max((len(format_values.address(item.address)) for item in items), default=0))
    lines = [_line(item, column, ink) for item in items]
    found = phrases.plan_findings(shown)
    errors = tuple(f for f in found if f.level is Level.ERROR)
    if errors:
        lines += ["", "Errors:", *text_plan.findings(errors, ink)]
    has_more = len(found) > len(errors) or any(c.level in _MARKED for item in items for c in item.consequences)
    lines += [""] if lines else []
    lines += text_plan.footer(shown, counts, ink, explains_block=False)
    has_more |= shown.is_refused
    return [*lines, *(["Leave out --short to read about costs, warnings and blocks."] if has_more else [])]


def _line(item: PlanItem, column: int, ink: Paint) -> str:
    address, sign = format_values.address(item.address), format_values.symbol(item)
    causes = dict.fromkeys(c.cause.value for c in written_changes(item) if c.cause not in _USUAL)
    marks = [*causes, *(level for level in _MARKED if any(c.level == level for c in item.consequences))]
    words = ", ".join(_words(item)) + "".join(f"; blocked by {clean_text(r.safety_check)}" for r in item.refusals)
    end = "  " + ink("warning", f"[{', '.join(marks)}]") if marks else ""
    head = ink(text_plan.sign_style(sign), f"{sign:<3} {address:<{column}}")
    return f"{head}  {words}{end}".rstrip()


def _words(item: PlanItem) -> Iterator[str]:
    """Yield what happens to one resource."""
    if item.verb is Verb.DELETE:
        yield "delete"
        yield from (f"{label}: {words}" for label, words in loss_words(item) if label in _LOST)
    elif item.verb is Verb.REPLACE:
        why = replacement_reason(item)
        yield "replace" if why is None else clean_text(why)
        yield from map(_value_words, replaced_values(item))
    elif item.verb in (Verb.CREATE, Verb.COMPLETE):
        yield phrases.verb(item.verb, item.address)
        yield from map(_value_words, created_values(item))
    elif not written_changes(item):
        yield phrases.verb(item.verb, item.address)
        yield from (f"{clean_text(c.path)} {phrases.compared_values(c)}" for c in item.fields)
    for change in written_changes(item):
        datasets = dataset_names(change)
        if datasets is None:
            yield _value_words(value_change(change))
        else:
            yield from (f"adds {name}" for name in datasets[0])
            yield from (f"removes {name}" for name in datasets[1])


def _value_words(change: ValueChange) -> str:
    if change.before is None:
        return f"{clean_text(change.path)} {change.after}"
    return f"{clean_text(change.path)}: {change.before} -> {change.after or format_values.NOTHING}"
