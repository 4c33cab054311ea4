"""
A plan for pull requests: the summary, consequences and ends first, then a collapsed part per resource.

GitHub Markdown of at most LIMIT characters, cut at a resource.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from exportctl.model.next_steps import NextStep
from exportctl.model.plan import Plan, PlanItem
from exportctl.output import format_values, phrases
from exportctl.output.markdown.parts import LIMIT, SHARE, finding, head, join_within_limit, section, table
from exportctl.output.markdown_escape import block, code, html_code, html_prose, prose


def render_plan(shown: Plan, *, limit: int = LIMIT) -> str:
    """Return the whole plan, as far as it fits."""
    spoken = [item for item in shown.items if phrases.is_listed(item)]
    share = limit // SHARE
    verdict, approval = phrases.verdict(shown), phrases.approval(shown)
    parts = [
        *head("plan", shown.header, shown.as_of),
        *([f"{verdict}\n"] if verdict else []),
        f"**{phrases.summary(shown, shown.counts())}** {phrases.writes(shown)}\n",
        *([f"{approval}\n"] if approval else []),
        *section("Blocked by safety checks", _refusals(spoken), share),
        *(line for step in shown.next_steps for line in _next_step(step)),
        *section("Consequences", _consequences(spoken), share),
        *section("Ends", _ends(spoken, shown.as_of), share),
        *section("Left paused", _paused_lines(spoken), share),
        *section("Errors, warnings and notes", [finding(f) for f in phrases.plan_findings(shown)], share),
        *section("References apply will read", [code(name) for name in phrases.secrets(shown)], share),
        *section("Not set here, so not compared", [code(name) for name in shown.unset], share),
    ]
    return join_within_limit(parts, [partial(details, item, shown.as_of) for item in spoken], limit)


def _refusals(items: Iterable[PlanItem]) -> list[str]:
    return [
        f"{code(item.address)}: {prose(r.safety_check)}: {prose(r.text)}; to allow exactly this: {code(r.allow)}"
        for item in items
        for r in item.refusals
    ]


def _next_step(step: NextStep) -> list[str]:
    return [f"**Next step:** {prose(step.text)}\n", block(step.yaml), ""]


def _consequences(items: Iterable[PlanItem]) -> list[str]:
    """Return costs first, then warnings, then the rest; in plan order within each."""
    rank = {"cost": 0, "warning": 1}
    found = [(rank.get(c.level, 2), item, c) for item in items for c in item.consequences]
    return [
        f"{code(item.address)}: {f'**{c.level}**: ' if level < 2 else ''}{prose(c.text)}"
        for level, item, c in sorted(found, key=lambda entry: entry[0])
    ]


def _ends(items: Iterable[PlanItem], as_of: int) -> list[str]:
    return [
        f"{code(item.address)} {format_values.end_text(item.ends, as_of)}" for item in items if item.ends is not None
    ]


def _paused_lines(items: Iterable[PlanItem]) -> list[str]:
    return [
        f"{code(item.address)}: to resume exactly this: {code(phrases.resume_option(item))}"
        for item in items
        if item.is_paused
    ]


def details(item: PlanItem, as_of: int) -> str:
    """Return one address, collapsed: a table of fields, then runs and end as seen at `as_of`."""
    words = phrases.verb(item.verb, item.address) + (", blocked" if item.refusals else "")
    lines = [f"<details><summary>{html_code(format_values.symbol(item))} {html_code(item.address)} {html_prose(words)}</summary>\n"]
    if item.id:
        lines.append(f"{format_values.object_label(item.address)} {code(item.id)}\n")
    if item.at:
        lines.append(f"declared at {code(item.at)}\n")
    lines += table(item.fields)
    lines += [f"{line.strip()}\n" for line in _runs(item, as_of)]
    return "\n".join([*lines, "</details>", ""])


def _runs(item: PlanItem, as_of: int) -> list[str]:
    lines = [f"schedule: {prose(item.schedule)}"] if item.schedule else []
    if item.next_before and item.next_before != item.next_after:
        lines.append(f"next runs before: {format_values.moments(item.next_before)}")
    lines += [f"next runs: {format_values.moments(item.next_after)}"] if item.next_after or item.next_before else []
    return lines if item.ends is None else [*lines, format_values.end_text(item.ends, as_of, ":")]
