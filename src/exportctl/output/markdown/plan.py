"""
A plan for pull requests: what it costs and breaks, then what changes, then what does not change in folds.

Everything that changes is outside any fold, equal changes once: changes.py. GitHub Markdown of at most LIMIT
characters: the folded details are cut first, at a resource, and then the lists, at an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from exportctl.errors import Finding, Level
from exportctl.model.next_steps import NextStep
from exportctl.model.plan import WRITE_CAUSES, Address, Cause, Plan, PlanItem
from exportctl.model.schedule import format_count
from exportctl.output import format_values, phrases
from exportctl.output.ci_run import CiRun
from exportctl.output.holds import hold_lines
from exportctl.output.markdown.changes import change_entries
from exportctl.output.markdown.groups import FEW, Entry, fold, group_section, kind_entries
from exportctl.output.markdown.parts import (
    LIMIT,
    SHARE,
    Room,
    finding_words,
    fit_lines,
    head,
    join_within_limit,
    one_line_head,
    table,
    text_length,
)
from exportctl.output.markdown_escape import block, code, html_code, html_prose, prose
from exportctl.output.volume import sent_lines, unknown_lines
from exportctl.plan import readers
from exportctl.resources.kinds import END

_CHANGES = 3  # the changes may take a third of the room
_TITLES = 1000  # characters of the titles of sections without room, each with the number of its entries
_PROTECTED = "protected-export-moves"  # the rule that comes before the other warnings
_GRAVE = ("cost", "warning")  # levels of consequences that a reviewer must not miss, in this order


def render_plan(shown: Plan, *, limit: int = LIMIT, run: CiRun | None = None) -> str:
    """Return the whole plan, as far as it fits; one line if nothing changes."""
    if phrases.verdict(shown) == phrases.NO_CHANGES and not phrases.plan_findings(shown):
        return _no_changes(shown, run)
    spoken = [item for item in shown.items if phrases.is_listed(item)]
    share = limit // SHARE
    references = [code(name) for name in phrases.secrets(shown)]
    notes = [finding_words(f) for f in phrases.plan_findings(shown) if f.level is Level.NOTE]
    title = "Changes, if nothing blocked them" if shown.is_refused else "Changes"
    top, approval = [*_top(shown, run), *_holds(shown, share)], _approval(shown)
    room = Room(limit - min(_TITLES, share) - text_length([*top, *approval]))
    parts = [
        *top,
        *room.take(share, _section("Blocked by safety checks", _refusals(spoken))),
        *room.take(share, partial(_next_steps, shown.next_steps)),
        *room.take(share, _section("Errors", _finding_entries(shown, Level.ERROR))),
        *room.take(share, _section("Consequences", _consequences(spoken, _GRAVE))),
        *room.take(share, _section("Volume of what is sent in full", _volumes(spoken))),
        *room.take(share, _section("Warnings", _finding_entries(shown, Level.WARNING))),
        *room.take(limit // _CHANGES, _section(title, change_entries(spoken))),
        *room.take(share, _section("What else follows", _consequences(spoken, ("info",)))),
        *room.take(share, _section("Ends", _ends(spoken, shown.as_of))),
        *room.take(share, _section("Left paused", _paused_entries(spoken))),
        *room.take(share, _section("Not set here, so not compared", [Entry(code(name)) for name in shown.unset])),
        *approval,
        *room.take(share, partial(_fold_section, "note", "notes", notes)),
        *room.take(
            share,
            partial(_fold_section, "reference that apply will read", "references that apply will read", references),
        ),
    ]
    return join_within_limit(parts, [partial(details, item, shown.as_of) for item in spoken], limit)


def _section(title: str, entries: Sequence[Entry]) -> Callable[[int], list[str]]:
    return partial(group_section, title, entries)


def _no_changes(shown: Plan, run: CiRun | None) -> str:
    words = f"{phrases.NO_CHANGES} {shown.counts()['unchanged']} unchanged."
    return "\n".join([*one_line_head("plan", shown.header, shown.as_of, words, run), ""])


def _top(shown: Plan, run: CiRun | None) -> list[str]:
    verdict = phrases.verdict(shown)
    return [
        *head("plan", shown.header, shown.as_of, run),
        *([f"{prose(verdict)}\n"] if verdict else []),
        f"**{phrases.summary(shown, shown.counts())}** {phrases.writes(shown)}\n",
        *(f"{prose(line)}\n" for line in phrases.left_out_lines(shown)),
    ]


def _holds(shown: Plan, room: int) -> list[str]:
    lines = [f"**{prose(line)}**\n" for line in hold_lines(shown)]
    kept = fit_lines(lines, room)
    return [*kept, *([f"_{len(kept)} of {len(lines)} shown_\n"] if len(kept) < len(lines) else [])]


def _approval(shown: Plan) -> list[str]:
    command = phrases.approval_command(shown)
    return [f"To apply exactly this: {code(command)}{phrases.same_options(shown)}\n"] if command else []


def _fold_section(one: str, several: str, lines: Sequence[str], room: int) -> list[str]:
    """Return a list that is no change, collapsed under its number."""
    if not lines:
        return []
    listed = group_section("", [Entry(line) for line in lines], room)[1:-1]
    return [fold(f"{len(lines)} {several if len(lines) > 1 else one}", listed), ""]


def _refusals(items: Iterable[PlanItem]) -> list[Entry]:
    return [
        Entry(
            f"{code(item.address)}: {prose(r.safety_check)}: {prose(r.text)}; to allow exactly this: {prose(r.allow)}"
        )
        for item in items
        for r in item.refusals
    ]


def _next_steps(steps: Iterable[NextStep], room: int) -> list[str]:
    """Return what to do next, each with its whole YAML: a part of it would be another edit."""
    found: list[str] = []
    for step in steps:
        yaml = block(step.yaml, "yaml")
        if len(yaml) > room:
            yaml = f"_{format_count(step.yaml.count(chr(10)) + 1, 'line')} of YAML; the text output has them all._"
        room -= len(yaml)
        found += [f"**Next step:** {prose(step.text)}\n", yaml, ""]
    return found


def _group_by_text(pairs: Iterable[tuple[str, Address]]) -> dict[str, list[Address]]:
    """Return the addresses of each text, each once."""
    found: dict[str, dict[Address, None]] = {}
    for text, address in pairs:
        found.setdefault(text, {})[address] = None
    return {text: list(addresses) for text, addresses in found.items()}


def _consequences(items: Iterable[PlanItem], levels: Sequence[str]) -> list[Entry]:
    """Return the consequences of these levels, in this order, and of each kind every text once."""
    found = [
        (levels.index(c.level), c.rule, c, item.address)
        for item in items
        for c in item.consequences
        if c.level in levels
    ]
    order = sorted(found, key=lambda one: (one[0], one[1] != readers.RULE))
    kinds = dict.fromkeys((level, rule) for level, rule, _, _ in order)
    entries: list[Entry] = []
    for level, rule in kinds:
        texts = _group_by_text((prose(c.text), address) for rank, r, c, address in found if (rank, r) == (level, rule))
        word = levels[level]
        entries += kind_entries(f"**{word}**" if word in _GRAVE else code(rule), texts)
    return entries


def _finding_entries(shown: Plan, level: Level) -> list[Entry]:
    """Return the findings of a level: those of the plan, then those of its items, of each kind every text once."""
    own = dict.fromkeys(f for f in shown.findings if f.level is level)
    found = [(f, item.address) for item in shown.items for f in item.findings if f.level is level and f not in own]
    entries = [Entry(finding_words(f)) for f in own]
    for rule in dict.fromkeys(f.rule for f, _ in found):
        same = [(f, address) for f, address in found if f.rule == rule]
        made = _entries_of_rule(rule, same)
        entries = [*made, *entries] if rule == _PROTECTED else [*entries, *made]
    return entries


def _entries_of_rule(rule: str, same: Sequence[tuple[Finding, Address]]) -> list[Entry]:
    mark = "**protected** " if rule == _PROTECTED else ""
    if len({address for _, address in same}) == 1:
        return [Entry(mark + finding_words(f)) for f in dict.fromkeys(f for f, _ in same)]
    return kind_entries(mark + code(rule), _group_by_text((_finding_message(f, a), a) for f, a in same))


def _finding_message(shown: Finding, address: Address) -> str:
    """Return message and hint without the address, which the entry names."""
    words = shown.message.removeprefix(str(address)).lstrip(": ")
    return prose(words) + (f" ({prose(shown.hint)})" if shown.hint else "")


def _volumes(items: Iterable[PlanItem]) -> list[Entry]:
    """Return what the runs so far sent, as far as it is known."""
    shown = list(items)
    sent = [Entry(f"{code(item.address)}: {prose(line)}") for item in shown for line in sent_lines(item)]
    return [*sent, *(Entry(prose(line)) for line in unknown_lines(shown))]


def _ends(items: Iterable[PlanItem], as_of: int) -> list[Entry]:
    """Return the ends that the plan moves; a warning reports those that are near."""
    moved = WRITE_CAUSES - {Cause.CREATE} | {Cause.RENEWAL}
    texts = _group_by_text(
        (format_values.end_text(item.ends, as_of), item.address)
        for item in items
        if item.ends is not None and any(c.field == END and c.cause in moved for c in item.fields)
    )
    return kind_entries("", texts)


def _paused_entries(items: Iterable[PlanItem]) -> list[Entry]:
    """Return what is left paused, each kind once, and how to resume exactly one resource."""
    paused = [item for item in items if item.is_paused]
    found = [(c, item.address) for item in paused for c in item.fields if c.cause is Cause.PAUSED]
    entries: list[Entry] = []
    for path in dict.fromkeys(c.path for c, _ in found):
        entries += kind_entries(
            code(path), _group_by_text((prose(phrases.cause(c)), a) for c, a in found if c.path == path)
        )
    shown = paused if len(paused) <= FEW else paused[:1]
    return [*entries, *(Entry(f"to resume exactly this: {code(phrases.resume_option(item))}") for item in shown)]


def details(item: PlanItem, as_of: int) -> str:
    """Return one address, collapsed: a table of fields, then runs and end as seen at `as_of`."""
    words = phrases.verb(item.verb, item.address) + (", blocked" if item.refusals else "")
    title = f"{html_code(format_values.symbol(item))} {html_code(item.address)} {html_prose(words)}"
    lines = [f"<details><summary>{title}</summary>\n"]
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
