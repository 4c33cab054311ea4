"""
A plan as text for people: header, one block per address, warnings, references that apply reads, footer.

    ~ exports.web-to-lake  (flow 1a2b…)  exports.yaml:14:3
        path: "/a" -> "/b"   drift: changed by jane@acme.example at 2026-11-22 09:10 UTC with the UI (exc_app)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from exportctl.model.next_steps import NextStep
from exportctl.model.plan import Cause, Consequence, FieldChange, Plan, PlanHeader, PlanItem, Refusal, Verb
from exportctl.model.schedule import format_age, format_count
from exportctl.output import format_values, phrases
from exportctl.output.color import Paint, paint
from exportctl.output.format_values import clean_text
from exportctl.output.holds import hold_lines
from exportctl.output.loss import loss_words
from exportctl.output.text.findings import INDENT as INDENT
from exportctl.output.text.findings import findings as findings
from exportctl.output.volume import volume_lines
from exportctl.output.wrapping import PAGE, count_cells, page_width
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.file import SavedPlan, age_seconds, saved_digest
from exportctl.planfile.signature import SignatureState

_MANY = 3  # a consequence of so many addresses is said once, with their names
_GRAVE = ("cost", "warning")  # levels of consequences
_STYLES = {"+": "create", "~": "update", "-": "delete", "-/+": "delete", "!": "refused", ">": "other", " ": "dim"}
_CAUSES = {
    Cause.DRIFT: "warning",
    Cause.CONFLICT: "error",
    Cause.UNKNOWN_ORIGIN: "warning",
    Cause.NOT_COMPARABLE: "warning",
    Cause.EXPIRED: "warning",
    Cause.PAUSED: "error",
}


def render_plan(shown: Plan, *, color: bool = False, width: int = 120) -> str:
    """Return the whole plan. Unchanged addresses are counted, not listed."""
    ink = paint(color)
    return "\n".join(
        [
            *header(shown.header, "Plan", shown.as_of, ink),
            "",
            *_body(shown, shown.counts(), ink, width),
            *filter(None, [phrases.approval(shown)]),
            "",
        ]
    )


def render_saved_plan(
    saved: SavedPlan, signature: SignatureState, *, now: int, color: bool = False, width: int = 120
) -> str:
    """Return a saved plan as it was reviewed, with its age and digest."""
    ink = paint(color)
    shown = decode_plan(saved.content)
    made = f"made {format_age(age_seconds(saved, now))} ago" if now >= saved.as_of else "made with a later clock"
    lines = header(saved.header, "Saved plan", saved.as_of, ink)
    lines += [f"{made} by exportctl {clean_text(saved.version)}, approves {saved_digest(saved)}"]
    lines += [phrases.SIGNATURES[signature], ""]
    return "\n".join([*lines, *_body(shown, saved.content["counts"], ink, width), ""])


def _body(shown: Plan, counts: Mapping[str, int], ink: Paint, width: int) -> list[str]:
    lines: list[str] = []
    listed = [item for item in shown.items if phrases.is_listed(item)]
    common = _common_consequences(listed)
    for item in listed:
        lines += [*block(item, shown.as_of, ink, width, said_once=common), ""]
    lines += _section("Consequences of several changes:", _common_lines(common, ink))
    lines += _section("Errors, warnings and notes:", findings(phrases.plan_findings(shown), ink))
    lines += _section("Apply will read these references:", [INDENT + clean_text(s) for s in phrases.secrets(shown)])
    lines += _section("Not set here, so not compared:", [INDENT + clean_text(name) for name in shown.unset])
    lines += [line for step in shown.next_steps for line in next_step(step, ink)]
    return lines + footer(shown, counts, ink)


def _common_consequences(items: Iterable[PlanItem]) -> dict[Consequence, list[str]]:
    """Return the consequences that many items have, the gravest first, with the addresses."""
    found: dict[Consequence, list[str]] = {}
    for item in items:
        for c in dict.fromkeys(item.consequences):
            found.setdefault(c, []).append(format_values.address(item.address))
    common = {c: addresses for c, addresses in found.items() if len(addresses) >= _MANY}
    order = {level: place for place, level in enumerate(_GRAVE)}
    return dict(sorted(common.items(), key=lambda entry: order.get(entry[0].level, len(order))))


def _common_lines(common: Mapping[Consequence, Sequence[str]], ink: Paint) -> list[str]:
    lines: list[str] = []
    for c, addresses in common.items():
        lines += [_consequence_line(c, ink), f"{INDENT * 2}{len(addresses)}: {', '.join(addresses)}"]
    return lines


def _consequence_line(c: Consequence, ink: Paint) -> str:
    level = ink("warning", c.level) if c.level in _GRAVE else "note"
    return f"{INDENT}{level}: {clean_text(c.text)}"


def next_step(step: NextStep, ink: Paint) -> list[str]:
    """Return what to do about the whole plan; the YAML has its own indentation, so that it can be pasted."""
    return [ink("bold", f"Next step: {clean_text(step.text)}:"), *map(clean_text, step.yaml.split("\n")), ""]


def header(shown: PlanHeader, title: str, as_of: int, ink: Paint) -> list[str]:
    """Return the sandbox and the moment, with a warning where nothing reaches Adobe or a snapshot was read."""
    lines = [f"{ink('bold', title)} for {phrases.sandbox_label(shown)}, as of {format_values.moment(as_of)}"]
    if phrases.is_emulated(shown):
        lines.append(ink("warning", phrases.EMULATOR))
    snapshot = phrases.snapshot_note(shown, as_of)
    lines += [ink("warning", snapshot)] if snapshot else []
    return [*lines, *filter(None, [phrases.profile_note(shown)])]


def footer(shown: Plan, counts: Mapping[str, int], ink: Paint, *, explains_block: bool = True) -> list[str]:
    """Return the verdict and the numbers of a plan, and where it says what blocks it."""
    verdict = phrases.verdict(shown)
    lines = [verdict] if verdict else []
    lines += [*(ink("bold", line) for line in phrases.summary_lines(shown, counts)), phrases.writes(shown)]
    lines += phrases.left_out_lines(shown)
    lines += [ink("refused", line) for line in hold_lines(shown)]
    if shown.is_refused and explains_block:
        lines.append(
            ink(
                "refused",
                "The lines that begin with `!` say what blocks the plan, and what allows exactly this change.",
            )
        )
    return lines


def block(item: PlanItem, as_of: int, ink: Paint, width: int, *, said_once: Collection[Consequence] = ()) -> list[str]:
    """
    Return one address: what happens, why, what follows, when it runs and ends, and what allows it.

    `said_once` are consequences that the plan says once for many addresses.
    """
    lines = [headline(item, ink)]
    for change in item.fields:
        lines += field(change, ink, width)
    lines += [f"{INDENT}{label}: {words}" for label, words in loss_words(item)]
    lines += [_consequence_line(c, ink) for c in item.consequences if c not in said_once]
    lines += [f"{INDENT}volume: {line}" for line in volume_lines(item)]
    lines += runs(item, as_of)
    if item.is_paused:
        lines.append(f"{INDENT}left paused; to resume exactly this: {phrases.resume_option(item)}")
    for refusal in item.refusals:
        lines += refusal_lines(refusal, ink)
    return lines


def sign_style(sign: str) -> str:
    """Return the style of the sign of an item."""
    return _STYLES[sign]


def headline(item: PlanItem, ink: Paint) -> str:
    """Return sign, address, verb, id and line of an item."""
    sign = format_values.symbol(item)
    parts = [ink(sign_style(sign), f"{sign} {format_values.address(item.address)}")]
    if item.verb not in phrases.SELF_EVIDENT or (item.refusals and item.verb is not Verb.UNCHANGED):
        parts.append(phrases.verb(item.verb, item.address))
    if item.id:
        parts.append(f"({format_values.object_label(item.address)} {clean_text(item.id)})")
    if item.at:
        parts.append(ink("dim", clean_text(str(item.at))))
    return "  ".join(parts)


def field(change: FieldChange, ink: Paint, width: int, moves: bool = True) -> list[str]:
    """Return one field with both values and the cause. `moves` False: show both sides, not what apply would do."""
    head = (
        f"{INDENT}{clean_text(change.path)}: "
        f"{phrases.both_values(change) if moves else phrases.compared_values(change)}"
    )
    if change.cause is Cause.CREATE:
        return [head]
    words = phrases.cause(change) + (f"  {clean_text(str(change.at))}" if change.at else "")
    style = _CAUSES.get(change.cause, "dim")
    if count_cells(head) + 3 + count_cells(words) <= min(width, PAGE):
        return [f"{head}   {ink(style, words)}"]
    return [head, f"{INDENT * 2}{ink(style, words)}"]


def runs(item: PlanItem, as_of: int) -> list[str]:
    """Return when it runs before and after the plan, and when it ends."""
    lines: list[str] = []
    if item.schedule:
        lines.append(f"{INDENT}schedule: {clean_text(item.schedule)}")
    if item.next_before and item.next_before != item.next_after:
        lines.append(f"{INDENT}next runs before: {format_values.moments(item.next_before)}")
        lines.append(f"{INDENT}next runs after:  {format_values.moments(item.next_after)}")
    elif item.next_after:
        lines.append(f"{INDENT}next runs: {format_values.moments(item.next_after)}")
    if item.ends is not None:
        lines.append(f"{INDENT}{format_values.end_text(item.ends, as_of, ':')}")
    return lines


def refusal_lines(refusal: Refusal, ink: Paint) -> list[str]:
    """Return the safety check that blocks, and what allows exactly this."""
    return [
        f"{INDENT}{ink('refused', '!')} blocked by safety check {clean_text(refusal.safety_check)}: "
        f"{clean_text(refusal.text)}",
        f"{INDENT * 2}to allow exactly this: {clean_text(refusal.allow)}",
    ]


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *lines, ""] if lines else []


def render_renewals(shown: Plan, *, color: bool = False, width: int = 120) -> str:
    """Return what `renew` does: the ends that it moves, those that it cannot renew, and the flows that stay paused."""
    ink = paint(color)
    lines = [*header(shown.header, "Renewals", shown.as_of, ink), ""]
    due = [item for item in shown.items if item.has_renewal]
    for item in due:
        lines.append(headline(item, ink))
        for change in item.fields:
            if change.cause is Cause.RENEWAL:
                lines += field(change, ink, width)
    lines += [""] if due else []
    lines += _section("Expired, and not renewed:", findings(phrases.expired_findings(shown), ink))
    lines += _section("Not renewed:", findings(phrases.not_renewed_findings(shown), ink))
    lines.append(f"{format_count(len(due), 'rolling end')} due." if due else "No rolling end is due.")
    return "\n".join([*lines, *paused_lines(shown, ink, width)]) + "\n"


def paused_lines(shown: Plan, ink: Paint, width: int) -> list[str]:
    """Return the flows that were paused by hand. Nothing else in a nightly run reports them."""
    found = [(item, c) for item in shown.items for c in item.fields if c.cause is Cause.PAUSED]
    lines = [ink("error", f"Paused, left paused until --resume ({len(found)}):")] if found else []
    for item, change in found:
        head = f"{INDENT}{format_values.address(item.address)}  "
        first, *more = field(change, ink, page_width(width) - count_cells(head), moves=False)
        lines += [head + first.lstrip(), *more]
    return lines
