"""The words for causes, verbs and levels. Text and Markdown share them, so both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exportctl.errors import Finding, Level
from exportctl.model.plan import (
    DESTINATIONS,
    WRITE_CAUSES,
    Address,
    Cause,
    FieldChange,
    Plan,
    PlanHeader,
    PlanItem,
    UnknownValue,
    Verb,
)
from exportctl.model.references import PLAN_KEY
from exportctl.model.schedule import format_age, format_count
from exportctl.model.verdict import DECIDED, Compared, PlanVerdict, RemainderKind, judge
from exportctl.output import format_values
from exportctl.output.format_values import clean_text
from exportctl.planfile.file import approval_digest
from exportctl.planfile.signature import SignatureState
from exportctl.resources.kinds import AT, DATASETS, ENABLED, END, EVERY, START

EMULATOR = "EMULATOR: nothing reaches Adobe"
NO_CHANGES = "No changes. Everything is as the config asks."
BLOCKED_PLAN = "blocked by a safety check, so apply writes nothing."
ONLY_ORPHANS = "No changes but the deletion of orphans"
NOT_PLANNED = "Not everything could be planned: fix the errors first."
MAX_EXCLUDED = 10  # addresses that the footer names
NO_FINAL_CHECK = "No final check: make a new plan to see the state of the sandbox."
_COMPARED: Mapping[
    Compared, tuple[str, str]
] = {  # what a plan without changes, and a final check, say of what they compared
    Compared.ALL: ("No changes", "no changes."),
    Compared.TARGETS: (
        "No changes in what --target selects; nothing else was compared",
        "no changes in what --target selects; nothing else was compared.",
    ),
    Compared.REST: (
        "No changes in what --exclude leaves; the rest was not compared",
        "no changes in what --exclude leaves; the rest was not compared.",
    ),
    Compared.ACCOUNT: (
        "No changes of the account; nothing else was compared",
        "no changes of the account; nothing else was compared.",
    ),
    Compared.ENDS: (
        "Only ends were compared",
        "every due end was moved and read back; nothing else was compared.",
    ),
}
_REMAINDERS: Mapping[RemainderKind, tuple[str, str]] = {  # one, several
    RemainderKind.STEP: ("step that is not done", "steps that are not done"),
    RemainderKind.ERROR: ("error", "errors"),
    RemainderKind.REFUSAL: ("blocked address", "blocked addresses"),
    RemainderKind.DUPLICATE: ("export with duplicates", "exports with duplicates"),
    RemainderKind.UNREAD: ("flow that cannot be compared", "flows that cannot be compared"),
    RemainderKind.UNKNOWN: ("unknown state, schedule or end", "unknown states, schedules or ends"),
    RemainderKind.CHANGE: ("change", "changes"),
    RemainderKind.DIFFERENCE: ("difference", "differences"),
    RemainderKind.EXPIRED: ("expired end", "expired ends"),
    RemainderKind.ORPHAN: ("address with orphans", "addresses with orphans"),
    RemainderKind.RENEWAL: ("renewal", "renewals"),
    RemainderKind.MARKER: ("ownership marker to write", "ownership markers to write"),
    RemainderKind.PAUSED: ("paused export", "paused exports"),
    RemainderKind.ACCEPTED: ("accepted difference", "accepted differences"),
    RemainderKind.NOT_SENT: ("value or object that exportctl leaves", "values or objects that exportctl leaves"),
    RemainderKind.UNSET: ("variable that is not set", "variables that are not set"),
    RemainderKind.UNAPPROVED: ("address that is not in the saved plan", "addresses that are not in the saved plan"),
}

SIGNATURES: Mapping[SignatureState, str] = {
    SignatureState.VALID: f"Signed: the job that made this plan has {PLAN_KEY}.",
    SignatureState.UNCHECKED: f"The signature is not checked: {PLAN_KEY} is not set here.",
    SignatureState.UNSIGNED: "Not signed: the file proves that it was not changed by mistake, not who made it.",
}
VERBS: Mapping[Verb, str] = {
    Verb.CREATE: "create",
    Verb.COMPLETE: "complete the creation that an interrupted run began",
    Verb.UPDATE: "update",
    Verb.REPLACE: "replace: a new flow, with a full re-export",
    Verb.DELETE: "delete",
    Verb.ADOPT: "adopt: writes ownership markers only",
    Verb.MOVE: "move from another project: writes ownership markers only",
    Verb.RELEASE: "release: removes the ownership markers, the export keeps running",
    Verb.CLEAN: "delete orphans",
    Verb.MARK: "marker only",
    Verb.RENEW: "renew: only the end moves",
    Verb.PAUSED: "left paused",
    Verb.BLOCKED: "blocked: nothing changes here",
    Verb.UNCHANGED: "unchanged",
}
_ACCOUNT_VERBS: Mapping[Verb, str] = {
    Verb.REPLACE: "replace: a new account; the old one is deleted when no flow uses it",
    Verb.RELEASE: "release: removes the ownership marker, the account stays",
}
SELF_EVIDENT = frozenset({Verb.CREATE, Verb.UPDATE, Verb.DELETE, Verb.UNCHANGED})
_PAUSES = {
    ENABLED: "disabled",
    END: "end moved earlier",
    START: "start moved into the future",
    DATASETS: "datasets taken out",
}
_END_PASSED = "its rolling end is in the past"  # where the config silences the finding
_WAITS = "waits for the start or end that was moved by hand"
_MOVES = WRITE_CAUSES | {Cause.RENEWAL}


def verb(shown: Verb, address: Address) -> str:
    """Return what a plan does to an address. An account is not a flow and does not run."""
    return (_ACCOUNT_VERBS.get(shown) if address.root == DESTINATIONS else None) or VERBS[shown]


def cause(change: FieldChange) -> str:
    """Return why the two sides differ; empty for a creation, which needs no explanation."""
    who = format_values.actor(change.actor)
    changed = change.note or "the YAML changed"
    pause = f"paused: {format_values.actor(change.actor, _PAUSES.get(change.field, 'paused'))}"
    return {
        Cause.CREATE: "",
        Cause.PENDING: f"pending change: {changed} since the last apply",
        Cause.OLDER_CONFIG: f"older config: {change.note or 'this config is older than the one last applied'}",
        Cause.DRIFT: f"drift: {who}",
        Cause.CONFLICT: f"conflict: {changed}, and the sandbox was {who}; the YAML wins",
        Cause.UNKNOWN_ORIGIN: "unknown origin: the value last applied is unknown; the YAML wins"
        + (f" ({who})" if change.actor else ""),
        Cause.ALREADY_MATCHES: "already matches: both sides are equal, only the marker is written",
        Cause.NORMALISED: "normalised: the service stores the value in another spelling; exportctl writes nothing",
        Cause.PAUSED: f"{_WAITS if _is_waiting(change) else pause}; left paused",
        Cause.RENEWAL: "renewal: the rolling end is due",
        Cause.EXPIRED: "expired: the rolling end is in the past; apply moves it, renew does not",
        Cause.NOT_COMPARABLE: "not comparable: exportctl cannot read the live value and leaves it as it is"
        + (f" ({who})" if change.actor else ""),
        Cause.ACCEPTED: f"accepted{_accepted_words(change)}; exportctl leaves it as it is",
    }[change.cause]


def _accepted_words(change: FieldChange) -> str:
    return f" {clean_text(change.note)}" if change.note else ": an accept entry of the config allows it"


def _is_waiting(change: FieldChange) -> bool:
    """Tell whether a change is no pause itself, but cannot be written while one lasts."""
    ends = change.before, change.after
    is_earlier = change.field == END and all(isinstance(end, int) for end in ends) and change.after <= change.before
    return change.field in (EVERY, AT) or is_earlier


def both_values(change: FieldChange) -> str:
    """Return `live -> config` where apply writes, else both side by side, so that nothing looks like a write."""
    if change.cause is Cause.CREATE and change.before in (None, change.after):
        return format_values.value(change.path, change.after)
    if change.cause in _MOVES:
        return format_values.arrow(change.path, change.before, change.after)
    return compared_values(change)


def compared_values(change: FieldChange) -> str:
    """Return `live "/a", config "/b"`, or one value where both are equal."""
    before, after = format_values.value(change.path, change.before), format_values.value(change.path, change.after)
    return before if change.before == change.after else f"live {before}, config {after}"


def resume_option(item: PlanItem) -> str:
    """Return the option that resumes exactly this item."""
    return f"--resume {format_values.address(item.address)}"


def summary(plan: Plan, counts: Mapping[str, int]) -> str:
    """Return `Plan: 2 to create, …, 14 unchanged.`, or that a safety check blocks all of it."""
    return " ".join(summary_lines(plan, counts))


def summary_lines(plan: Plan, counts: Mapping[str, int]) -> list[str]:
    """Return the summary in lines of a usual length."""
    numbers = _numbers(counts)
    return [f"Plan: {BLOCKED_PLAN}", f"Without the block: {numbers}"] if plan.is_refused else [f"Plan: {numbers}"]


def _numbers(n: Mapping[str, int]) -> str:
    """Return the counts of a plan; it names blocked ones where there are any."""
    move = f"{n['move']} to move, " if n.get("move") else ""
    blocked = f"{n['blocked']} blocked, " if n["blocked"] else ""
    return (
        f"{n['create']} to create, {n['update']} to update, {n['replace']} to replace, {n['delete']} to delete, "
        f"{n['adopt']} to adopt, {move}{n['paused']} left paused, {n['renew']} to renew, "
        f"{blocked}{n['unchanged']} unchanged."
    )


def plan_line(plan: Plan) -> str:
    """Return one plan among others: its counts, and whether a safety check blocks it."""
    line = summary(plan, plan.counts()).removeprefix("Plan: ")
    return line[0].upper() + line[1:]


def writes(plan: Plan) -> str:
    """Return how many write requests an apply sends: none while a safety check or an error stops it."""
    count = format_count(len(plan.steps()), "write")
    if plan.is_refused:
        return f"Without the block, apply would make {count}."
    return "Apply makes no write before the errors are fixed." if plan.errors() else f"Apply will make {count}."


def left_out_lines(plan: Plan) -> list[str]:
    """Return how many addresses --target and --exclude left out, and which ones --exclude did."""
    lines = []
    if plan.targeted_out:
        lines.append(f"Left out by --target: {_addresses(plan.targeted_out)}.")
    if plan.excluded:
        named = ", ".join(map(clean_text, plan.excluded[:MAX_EXCLUDED]))
        more = " …" if len(plan.excluded) > MAX_EXCLUDED else ""
        lines.append(f"Left out by --exclude, with what needs it: {_addresses(len(plan.excluded))}: {named}{more}.")
    return lines


def _addresses(number: int) -> str:
    return f"{number} address{'es' if number > 1 else ''}"


def approval(plan: Plan) -> str | None:
    """Return how to apply exactly this plan without a file; None where that is not possible."""
    command = approval_command(plan)
    return f"To apply exactly this: {command}{same_options(plan)}" if command else None


def approval_command(plan: Plan) -> str | None:
    """Return the command that applies exactly this plan without a file; None where that is not possible."""
    if (
        plan.is_empty
        or plan.is_refused
        or plan.errors()
        or plan.header.snapshot_at is not None
        or "rotate" in plan.options
    ):
        return None
    environment = f"--env {clean_text(plan.header.environment)} " if plan.header.environment else ""
    return f"exportctl apply {environment}--only-if {approval_digest(plan)}"


def same_options(plan: Plan) -> str:
    """Return what the command of an approval needs beside itself; empty for a plan without options."""
    return " and the same options" if any(v for name, v in plan.options.items() if name != "committed_at") else ""


def verdict(plan: Plan) -> str | None:
    """Return the sentence for a plan with errors, or that changes nothing but orphans; None for any other plan."""
    found = judge(plan)
    if found.of_kind(RemainderKind.ERROR):
        return NOT_PLANNED
    if found.of_kind(RemainderKind.CHANGE):
        return None
    if found.is_as_declared:
        return NO_CHANGES
    left = remaining_words(found)
    changes = ONLY_ORPHANS if found.deletes_orphans else _COMPARED[found.scope][0]
    return f"{changes}." + (f" Not as the config asks: {left}." if left else "")


def with_edits(edits: str, plan: Plan) -> str:
    """Return what a plan of an edited config says, of which `edits` is a name for people."""
    found = judge(plan)
    if found.is_as_declared:
        return f"With {edits}, everything is as the config asks."
    left = remaining_words(found)
    scope = "" if found.scope is Compared.ALL else "; nothing else was compared"
    return f"With {edits}, the plan has: {left or 'no changes in what you named'}{scope}."


def nothing_to_apply(found: PlanVerdict) -> str:
    """Return the sentence of an apply or a renewal whose plan has no steps."""
    if found.is_reachable:
        return "Nothing to do."
    return f"Nothing that {'renew' if found.scope is Compared.ENDS else 'apply'} can do, but {_open_words(found)}."


def final_check(found: PlanVerdict | None) -> str:
    """Return what the final check of a run found; None: there was none."""
    if found is None:
        return NO_FINAL_CHECK
    left_by_renew = _ends_left_by_renew(found)
    if found.is_complete or left_by_renew:
        left = remaining_words(replace(found, remaining=tuple(r for r in found.remaining if r.kind in DECIDED)))
        also = [f"Left as it is: {left}."] if left else []
        return " ".join([f"Final check: {_COMPARED[found.scope][1]}", *left_by_renew, *also])
    return f"Final check: {_open_words(found)}."


def _open_words(found: PlanVerdict) -> str:
    """Return `1 change, 2 orphans remain`, without what was decided, and without the failed steps behind a change."""
    every = tuple(one for one in found.remaining if one.kind not in DECIDED)
    is_open = tuple(one for one in every if one.kind is not RemainderKind.STEP) or every
    verb = "remains" if len(is_open) == 1 else "remain"
    return f"{remaining_words(replace(found, remaining=is_open))} {verb}"


def _ends_left_by_renew(found: PlanVerdict) -> list[str]:
    """Return a sentence for each kind of rolling end that `renew` leaves, if nothing else remains."""
    kinds = {RemainderKind.EXPIRED: "Expired, and left to an apply", RemainderKind.UNREAD: "Not renewed"}
    if found.scope is not Compared.ENDS or not {*found.counts()} <= {*kinds, *DECIDED}:
        return []
    named = {words: [clean_text(one.subject) for one in found.of_kind(kind)] for kind, words in kinds.items()}
    return [f"{words}: {', '.join(subjects)}." for words, subjects in named.items() if subjects]


def remaining_words(found: PlanVerdict) -> str:
    """Return `1 change, 2 orphans`. What was not compared has no number."""
    counted = found.counts().items()
    return ", ".join(f"{number} {_REMAINDERS[k][number > 1]}" for k, number in counted if k in _REMAINDERS)


def is_listed(item: PlanItem) -> bool:
    """Tell whether a plan lists this item; it only counts the others."""
    return item.verb is not Verb.UNCHANGED or bool(item.refusals or item.fields)


def plan_findings(plan: Plan) -> tuple[Finding, ...]:
    """Return each finding of a plan and of its items once, those about the plan first."""
    return tuple(dict.fromkeys((*plan.findings, *(f for item in plan.items for f in item.findings))))


def expired_findings(plan: Plan) -> tuple[Finding, ...]:
    """Return the finding of each rolling end in the past, with the next step."""
    over = [item for item in plan.items if item.is_expired]
    return tuple(
        next(
            (f for f in item.findings if f.rule == "expired"),
            Finding("expired", f"{item.address}: {_END_PASSED}", level=Level.WARNING),
        )
        for item in over
    )


def not_renewed_findings(plan: Plan) -> tuple[Finding, ...]:
    """Return the findings of rolling ends that `renew` cannot renew."""
    return tuple(f for item in plan.items for f in item_not_renewed_findings(item))


def item_not_renewed_findings(item: PlanItem) -> tuple[Finding, ...]:
    """Return those of one item."""
    return tuple(f for f in item.findings if f.rule == "not-renewed")


def unbound_references(plan: Plan) -> tuple[str, ...]:
    """Return the references of an apply that no approval covers: secrets, and variables that the plan did not have."""
    unset = {
        f"{name} of {step.address}"
        for step in plan.steps()
        for name, value in step.known.items()
        if value is UnknownValue.UNSET
    }
    return tuple(sorted({*secrets(plan), *unset}))


def secrets(plan: Plan) -> tuple[str, ...]:
    """Return the names of the references that apply will read; never their values."""
    return tuple(sorted({name for step in plan.steps() for name in step.secrets}))


def sandbox_label(header: PlanHeader) -> str:
    """Return `organization …, sandbox prod, environment prod`."""
    parts = [f"organization {clean_text(header.organization)}", f"sandbox {clean_text(header.sandbox)}"]
    if header.environment:
        parts.append(f"environment {clean_text(header.environment)}")
    return ", ".join(parts)


def is_emulated(header: PlanHeader) -> bool:
    """Tell whether nothing of the run reaches Adobe."""
    return header.platform != "service"


def profile_note(header: PlanHeader) -> str | None:
    """Return the line that names the service profile of a plan; None without one."""
    used = header.profile
    if used is None:
        return None
    weaker = f"; {used.weaker} make a promise weaker: `exportctl doctor` lists them" if used.weaker else ""
    return (
        f"Service profile: {clean_text(used.file)} (probed on {clean_text(used.probed_on)},"
        f" {format_count(used.answered, 'answer')}{weaker})"
    )


def snapshot_note(header: PlanHeader, as_of: int) -> str | None:
    """Return the note for a plan from a snapshot, with its age; None for any other plan."""
    if header.snapshot_at is None:
        return None
    old = f"{format_age(as_of - header.snapshot_at)} old" if as_of >= header.snapshot_at else "made with a later clock"
    return (
        f"SNAPSHOT of {format_values.moment(header.snapshot_at)}, {old}: later changes are not "
        "seen, and it approves nothing"
    )
