"""
Plain words for causes, verbs and levels, shared by the text and Markdown views so that they never tell two stories.
"""

from __future__ import annotations

from collections.abc import Mapping

from exportctl.errors import Finding, Level
from exportctl.model import DESTINATIONS, WRITES, Address, Cause, FieldChange, Header, Item, Plan, Verb
from exportctl.saved.planfile import digest
from exportctl.schedules import age
from exportctl.views import values

EMULATOR = "EMULATOR: nothing reaches Adobe"
NO_CHANGES = "No changes. The sandbox holds what the config asks for."
UNPLANNED = "Not everything could be planned: mend the errors above first."
NOTHING_TO_APPLY = "No changes. See above for what is held, renewed, cleaned up, refused or reported."

VERBS: Mapping[Verb, str] = {
    Verb.CREATE: "create",
    Verb.COMPLETE: "complete the creation an interrupted run began",
    Verb.UPDATE: "update",
    Verb.REPLACE: "replace: a new flow, which sends everything again",
    Verb.DELETE: "delete",
    Verb.ADOPT: "adopt: only markers are written",
    Verb.RELEASE: "release: our markers go, the export keeps running",
    Verb.CLEAN: "clean up what was left behind",
    Verb.MARK: "marker only",
    Verb.RENEW: "renew: only the end moves",
    Verb.HELD: "held",
    Verb.NONE: "unchanged",
}
_OF_ACCOUNTS: Mapping[Verb, str] = {
    Verb.REPLACE: "replace: a new account, and the former one goes once no flow is on it",
    Verb.RELEASE: "release: our marker goes, the account stays as it is",
}
SELF_EVIDENT = frozenset({Verb.CREATE, Verb.UPDATE, Verb.DELETE, Verb.NONE})
_STOPS = {"enabled": "switched off", "end": "end moved earlier"}
_OVER = "its rolling end is over"  # where the config silences the finding
_WAITS = "waits: it could begin only after the end that was moved by hand"
_MOVES = WRITES | {Cause.RENEWAL}


def verb(shown: Verb, address: Address) -> str:
    """What a plan does to an address, in words; an account is neither a flow nor does it run."""
    return (_OF_ACCOUNTS.get(shown) if address.root == DESTINATIONS else None) or VERBS[shown]


def cause(change: FieldChange) -> str:
    """Why the two sides differ, in words; empty for a creation, where there is nothing to explain."""
    who = values.actor(change.actor)
    stop = f"stopped: {values.actor(change.actor, _STOPS.get(change.field, 'stopped'))}"
    return {
        Cause.CREATE: "",
        Cause.PENDING: "pending: the YAML changed since the last apply",
        Cause.DRIFT: f"drift: {who}",
        Cause.CONFLICT: f"conflict: the YAML changed and so did the sandbox, {who}; the YAML wins",
        Cause.DIFFERS: "differs: what was last applied is not known; the YAML wins"
        + (f" ({who})" if change.actor else ""),
        Cause.CONVERGED: "converged: both sides are equal by now, only the marker is written",
        Cause.NORMALISED: "normalised: the service keeps another spelling of what was sent, nothing is written",
        Cause.STOPPED: f"{_WAITS if change.field in ('cadence', 'phase') else stop}; held, not put back",
        Cause.RENEWAL: "renewal: the rolling end is due",
        Cause.LAPSED: "lapsed: the rolling end is over; apply moves it on, renew does not",
        Cause.ACCEPTED: "accepted: an accept entry of the config covers it, left as it is",
    }[change.cause]


def sides(change: FieldChange) -> str:
    """Both values: `live -> config` where apply writes, else side by side, so that nobody expects a write."""
    if change.cause is Cause.CREATE:
        return values.value(change.path, change.after)
    if change.cause in _MOVES:
        return values.arrow(change.path, change.before, change.after)
    return compared(change)


def compared(change: FieldChange) -> str:
    """`live "/a", config "/b"`; one value where both are equal."""
    before, after = values.value(change.path, change.before), values.value(change.path, change.after)
    return before if change.before == change.after else f"live {before}, config {after}"


def put_back(item: Item) -> str:
    return f"--put-back {values.address(item.address)}"


def number(count: int, noun: str) -> str:
    """`1 write`, `7 writes`."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def addresses(count: int) -> str:
    return f"{count} address" + ("" if count == 1 else "es")


def summary(n: Mapping[str, int]) -> str:
    """`Plan: 2 to create, …, 14 unchanged.` from a plan's counts."""
    return (
        f"Plan: {n['create']} to create, {n['update']} to update, {n['replace']} to replace, {n['delete']} to delete, "
        f"{n['adopt']} to adopt, {n['held']} held, {n['renew']} to renew, {n['unchanged']} unchanged."
    )


def in_a_line(plan: Plan) -> str:
    """A plan among others: its counts, and whether a gate refuses it."""
    return summary(plan.counts()).removeprefix("Plan: ") + (" Refused." if plan.refused else "")


def writes(plan: Plan) -> str:
    return f"Apply will make {number(len(plan.steps()), 'write')}."


def approval(plan: Plan) -> str | None:
    """How to apply this plan and no other, without its file. Not from a snapshot, and `apply` makes no rotation."""
    if plan.empty or plan.refused or plan.errors() or plan.header.snapshot is not None or "rotate" in plan.flags:
        return None
    options = " and the same options" if any(plan.flags.values()) else ""
    environment = f"--env {values.clean(plan.header.environment)} " if plan.header.environment else ""
    return f"To apply exactly this: exportctl apply {environment}--only-if {digest(plan)}{options}"


def verdict(plan: Plan) -> str | None:
    """The sentence for a plan with errors or without changes; None for any other."""
    if plan.errors():
        return UNPLANNED
    if not plan.empty:
        return None
    return NOTHING_TO_APPLY if any(spoken(item) for item in plan.items) else NO_CHANGES


def spoken(item: Item) -> bool:
    """Does a plan list this item, or only count it?"""
    return item.verb is not Verb.NONE or bool(item.refusals or item.fields)


def lapsed(plan: Plan) -> tuple[Finding, ...]:
    """What a renewal says of the rolling ends that are over: the planner's finding, with the way to go on."""
    over = [item for item in plan.items if item.lapsed]
    return tuple(
        next(
            (f for f in item.findings if f.rule == "expired"),
            Finding("expired", f"{item.address}: {_OVER}", level=Level.WARNING),
        )
        for item in over
    )


def passed_over(plan: Plan) -> tuple[Finding, ...]:
    """What a renewal says of the rolling ends that it does not look after."""
    return tuple(f for item in plan.items for f in passed_over_of(item))


def passed_over_of(item: Item) -> tuple[Finding, ...]:
    return tuple(f for f in item.findings if f.rule == "not-renewed")


def secrets(plan: Plan) -> tuple[str, ...]:
    """Names of the references whose values apply will read; never the values."""
    return tuple(sorted({name for step in plan.steps() for name in step.secrets}))


def place(header: Header) -> str:
    """`organization …, sandbox prod, environment prod`."""
    parts = [f"organization {values.clean(header.organization)}", f"sandbox {values.clean(header.sandbox)}"]
    if header.environment:
        parts.append(f"environment {values.clean(header.environment)}")
    return ", ".join(parts)


def emulated(header: Header) -> bool:
    return header.platform != "service"


def snapshot(header: Header, as_of: int) -> str | None:
    """Said of a plan that was made from a snapshot, with its age; None for any other."""
    if header.snapshot is None:
        return None
    old = f"{age(as_of - header.snapshot)} old" if as_of >= header.snapshot else "by a later clock"
    return f"SNAPSHOT of {values.moment(header.snapshot)}, {old}: what moved since is not seen, and nothing is approved"
