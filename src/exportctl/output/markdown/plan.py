"""
Plan and drift for pull requests: the summary, consequences and ends first, then a collapsed part per resource.

GitHub Markdown of at most LIMIT characters, cut at a resource.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from exportctl.errors import Finding
from exportctl.model.next_steps import NextStep
from exportctl.model.plan import Cause, FieldChange, Plan, PlanHeader, PlanItem
from exportctl.monitor import drift
from exportctl.monitor.drift import DriftEntry, DriftGroup, DriftReport
from exportctl.output import format_values, phrases
from exportctl.output.markdown_escape import block, code, prose
from exportctl.output.text import drift as text_drift

LIMIT = 65_536  # characters GitHub takes in a comment or a step summary's section
_SHARE = 8  # no section before the details takes more than an eighth of the room
_RESERVE = 200  # for the line that says how much is shown


def render_plan(shown: Plan, *, limit: int = LIMIT) -> str:
    """Return the whole plan, as far as it fits."""
    spoken = [item for item in shown.items if phrases.is_listed(item)]
    share = limit // _SHARE
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
    return _join_within_limit(parts, [partial(details, item, shown.as_of) for item in spoken], limit)


def render_drift(report: DriftReport, *, fail_on: Collection[str] = drift.DEFAULT_FAILING, limit: int = LIMIT) -> str:
    """Return the whole report, as far as it fits: ends first, then one collapsed part per address."""
    share = limit // _SHARE
    ends = (*report.entries_of(DriftGroup.EXPIRED), *report.entries_of(DriftGroup.ENDING))
    flows = (*report.entries_of(DriftGroup.UNMANAGED), *report.entries_of(DriftGroup.OTHER_PROJECT))
    failing = ", ".join(dict.fromkeys(e.group.value for e in drift.failures(report, fail_on)))
    parts = [
        *head("drift", report.header, report.as_of),
        f"**{text_drift.summary(report)}** {f'Fails because of: {failing}.' if failing else 'Does not fail.'}\n",
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
    return _join_within_limit(parts, makers, limit)


def head(title: str, header: PlanHeader, as_of: int) -> list[str]:
    """Return the title, with a warning where nothing reaches Adobe or a snapshot was read."""
    where = [f"sandbox {code(header.sandbox)}"]
    where += [f"environment {code(header.environment)}"] if header.environment else []
    lines = [f"### exportctl {title}: {', '.join(where)}\n"]
    if phrases.is_emulated(header):
        lines.append(f"> **{phrases.EMULATOR}**\n")
    snapshot = phrases.snapshot_note(header, as_of)
    if snapshot:
        lines.append(f"> **{snapshot}**\n")
    lines.append(f"Organization {code(header.organization)}, as of {format_values.moment(as_of)}.\n")
    profile = phrases.profile_note(header)
    return [*lines, *([f"{prose(profile)}\n"] if profile else [])]


def _join_within_limit(parts: Sequence[str], makers: Sequence[Callable[[], str]], limit: int) -> str:
    """Join the parts, as many collapsed ones as fit, and the number of those."""
    start = "\n".join(parts)
    room = limit - len(start) - _RESERVE
    kept: list[str] = []
    for make in makers:
        part = "\n" + make()
        if len(part) > room:
            break
        room -= len(part)
        kept.append(part)
    cut = f"\n_{len(kept)} of {len(makers)} resources shown; the text output has them all._\n"
    return start + "".join(kept) + (cut if len(kept) < len(makers) else "")


def section(title: str, lines: Sequence[str], share: int) -> list[str]:
    """Return a list under a title, cut at an entry."""
    if not lines:
        return []
    kept = fit_lines(lines, share)
    kept += [f"_{len(kept)} of {len(lines)} shown_"] if len(kept) < len(lines) else []
    return [f"**{title}**\n", *(f"- {line}" for line in kept), ""]


def fit_lines(lines: Sequence[str], room: int) -> list[str]:
    """Return as many whole lines as fit, each with room for its end and a sign before it."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 3
        if room < 0:
            break
        kept.append(line)
    return kept


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


def finding(shown: Finding) -> str:
    """Return one finding as a line."""
    where = f"{code(shown.at)}: " if shown.at else ""
    hint = f" ({prose(shown.hint)})" if shown.hint else ""
    return f"{shown.level.value}: {where}{prose(shown.message)}{hint} {code(shown.rule)}"


def details(item: PlanItem, as_of: int) -> str:
    """Return one address, collapsed: a table of fields, then runs and end as seen at `as_of`."""
    words = phrases.verb(item.verb, item.address) + (", blocked" if item.refusals else "")
    lines = [f"<details><summary>{code(format_values.symbol(item))} {code(item.address)} {prose(words)}</summary>\n"]
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


def table(fields: Sequence[FieldChange]) -> list[str]:
    """Return both values of each field and why they differ."""
    if not fields:
        return []
    return [*table_lines(("field", "live", "config", "why"), map(_field_cells, fields)), ""]


def _field_cells(change: FieldChange) -> tuple[str, ...]:
    before = "" if change.cause is Cause.CREATE else code(format_values.value(change.path, change.before))
    why = prose(phrases.cause(change) or change.cause.value)
    where = f" {code(change.at)}" if change.at else ""
    return code(change.path), before, code(format_values.value(change.path, change.after)), why + where


def table_lines(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a table of cells that are Markdown already, with its titles in lower case."""
    head = [title.lower() for title in titles]
    return [_row(head), "|" + "---|" * len(head), *map(_row, rows)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _subject(entry: DriftEntry) -> str:
    return str(entry.address) if entry.address else "the sandbox"


def _end_line(entry: DriftEntry, as_of: int) -> str:
    if entry.finding:
        return finding(entry.finding)
    return f"{code(_subject(entry))} {prose(text_drift.change_text(entry, as_of))}"


def _drift_details(subject: str, entries: Sequence[DriftEntry], as_of: int) -> str:
    groups = ", ".join(dict.fromkeys(e.group.value for e in entries))
    lines = [f"<details><summary>{code(subject)} {groups}</summary>\n"]
    lines += table([e.field for e in entries if e.field])
    others = [e for e in entries if not e.field]
    lines += [f"- {finding(e.finding) if e.finding else prose(text_drift.change_text(e, as_of))}" for e in others]
    return "\n".join([*lines, "", "</details>", ""])
