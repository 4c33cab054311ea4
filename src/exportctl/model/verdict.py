"""
The one verdict on a plan and a run: what keeps a sandbox from being as the config asks. Pure.

Every output and every exit code reads this value. No other code judges whether a plan holds something to do.

    kind        where it comes from                                                          apply exits with 4
    step        a step of the run is failed, blocked or not attempted                        yes
    error       a finding of level error                                                     yes
    refusal     a safety check blocks the change                                             yes
    duplicate   several flows at one address                                                 yes
    unread      a flow, or the end of one, that exportctl cannot compare                     yes
    unknown     a state, a schedule or an end that exportctl does not know                   yes
    change      create, update, replace, delete, adopt, release                              yes
    difference  something that differs, and that no change of this plan writes               yes
    expired     a rolling end in the past, which `renew` leaves to an apply                  yes
    orphan      an address with connections of this project that no flow uses                yes
    renewal     a rolling end that is due                                                    yes
    marker      an ownership marker to write                                                 yes
    paused      a flow that a person paused: it stays paused until --resume                  no
    accepted    a difference that an `accept` entry allows                                   no
    not-sent    a value of the config that exportctl cannot send, or an object that stays    no
    unset       a variable without a value: what it sets is not compared                     no
    unapproved  an address with a renewal or a marker that the saved plan does not hold      no
    left-out    what --target, --exclude, `rotate` or `renew` did not compare                           no

`exportctl` says "everything is as the config asks" only if there is none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from exportctl.errors import Finding, Level
from exportctl.frozen import dataclass
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import CHANGE_VERBS, WRITE_CAUSES, Cause, Plan, PlanItem, Verb


class RemainderKind(StrEnum):
    """What keeps a sandbox from being as the config asks, in the order of the output."""

    STEP = "step"
    ERROR = "error"
    REFUSAL = "refusal"
    DUPLICATE = "duplicate"
    UNREAD = "unread"
    UNKNOWN = "unknown"
    CHANGE = "change"
    DIFFERENCE = "difference"
    EXPIRED = "expired"
    ORPHAN = "orphan"
    RENEWAL = "renewal"
    MARKER = "marker"
    PAUSED = "paused"
    ACCEPTED = "accepted"
    NOT_SENT = "not-sent"
    UNSET = "unset"
    UNAPPROVED = "unapproved"
    LEFT_OUT = "left-out"


# A person, the config or the caller decided these: an apply is complete all the same.
DECIDED = frozenset(
    {
        RemainderKind.PAUSED,
        RemainderKind.ACCEPTED,
        RemainderKind.NOT_SENT,
        RemainderKind.UNSET,
        RemainderKind.UNAPPROVED,
        RemainderKind.LEFT_OUT,
    }
)
_BY_STEPS = frozenset({RemainderKind.CHANGE, RemainderKind.RENEWAL, RemainderKind.MARKER})


class Compared(StrEnum):
    """What a plan compared."""

    ALL = "all"
    TARGETS = "targets"
    REST = "rest"  # all but what --exclude leaves out
    ACCOUNT = "account"  # one account, by `rotate`
    ENDS = "ends"  # by `renew`


ORPHAN_DELETED = "orphan-deleted"  # the consequence of a step that deletes an orphan
ORPHANS_RULE = "orphans"  # the finding about orphans that no step deletes

# The kind of each finding of the planner that is no error; None: the finding keeps nothing from being as the config
# asks, or a step or a refusal of its item says it already.
FINDING_KINDS: Mapping[str, RemainderKind | None] = {
    "flow-gone": RemainderKind.DIFFERENCE,
    "half-built": RemainderKind.DIFFERENCE,
    "duplicates": RemainderKind.DUPLICATE,
    "marker-lost": None,
    "marker-damaged": None,
    "not-comparable": RemainderKind.UNREAD,
    "flow-state": RemainderKind.UNKNOWN,
    "unknown-schedule": RemainderKind.UNKNOWN,
    "unknown-end": RemainderKind.UNKNOWN,
    "not-renewed": RemainderKind.UNREAD,
    ORPHANS_RULE: RemainderKind.ORPHAN,
    "encryption-fixed": RemainderKind.NOT_SENT,
    "manifest-not-offered": RemainderKind.NOT_SENT,
    "undeclared-end": RemainderKind.NOT_SENT,
    "account-in-use": RemainderKind.NOT_SENT,
    "moved": RemainderKind.NOT_SENT,
    "dataset-gone": RemainderKind.NOT_SENT,
    "likely-rename": None,
    "dataset-name": None,
    "spec-refuses": None,  # as a warning: the service has the last word
    "expired": None,
    "ending": None,
    "location-shared-with-others": None,
    "protected-export-moves": None,
    "destination-limit": None,
}
_CAUSE_KINDS: Mapping[Cause, RemainderKind | None] = {
    **dict.fromkeys(WRITE_CAUSES, RemainderKind.DIFFERENCE),
    Cause.ALREADY_MATCHES: None,  # the step that writes the marker says it
    Cause.NORMALISED: None,  # both values are the same to the service
    Cause.NOT_COMPARABLE: RemainderKind.UNKNOWN,
    Cause.PAUSED: RemainderKind.PAUSED,
    Cause.RENEWAL: RemainderKind.RENEWAL,
    Cause.ACCEPTED: RemainderKind.ACCEPTED,
}
_VERB_KINDS: Mapping[Verb, RemainderKind | None] = {
    **dict.fromkeys(CHANGE_VERBS, RemainderKind.CHANGE),
    Verb.CLEAN: RemainderKind.ORPHAN,
    Verb.MARK: RemainderKind.MARKER,
    Verb.RENEW: RemainderKind.RENEWAL,
    Verb.PAUSED: RemainderKind.PAUSED,
    Verb.BLOCKED: RemainderKind.REFUSAL,
    Verb.UNCHANGED: None,
}
_WITHOUT_STEPS = frozenset({Verb.PAUSED, Verb.BLOCKED, Verb.UNCHANGED})  # a step there writes no more than a marker
NOT_DONE = frozenset({OutcomeStatus.FAILED, OutcomeStatus.BLOCKED, OutcomeStatus.NOT_ATTEMPTED})


@dataclass(frozen=True, order=True)
class Remainder:
    """One thing that remains: `subject` is an address, a variable or a step. A step does what is planned."""

    kind: RemainderKind
    subject: str
    text: str = ""
    is_planned: bool = False


@dataclass(frozen=True)
class PlanVerdict:
    """What remains, in the order of the kinds. Nothing: everything is as the config asks."""

    remaining: tuple[Remainder, ...]
    scope: Compared = Compared.ALL

    @property
    def is_as_declared(self) -> bool:
        """Everything was compared, and everything is as the config asks."""
        return not self.remaining

    @property
    def is_complete(self) -> bool:
        """Nothing remains but what a person, the config or the caller decided: the final check passes."""
        return all(one.kind in DECIDED for one in self.remaining)

    @property
    def is_reachable(self) -> bool:
        """The steps of the plan do all that remains, except what was decided."""
        return all(one.kind in DECIDED or one.is_planned for one in self.remaining)

    @property
    def is_final(self) -> bool:
        """A later reading changes nothing: nothing remains, or only ends that `renew` does not move."""
        can_still_end = any(one.is_planned or one.kind is RemainderKind.STEP for one in self.remaining)
        return self.is_complete or (self.scope is Compared.ENDS and not can_still_end)

    @property
    def has_changes(self) -> bool:
        """The plan has what a reviewer approves: a change, or the deletion of orphans; no renewal and no marker."""
        return RemainderKind.CHANGE in self.counts() or self.deletes_orphans

    @property
    def deletes_orphans(self) -> bool:
        return any(one.is_planned for one in self.of_kind(RemainderKind.ORPHAN))

    def counts(self) -> dict[RemainderKind, int]:
        """Return how many remain of each kind; kinds without any are absent."""
        kinds = [one.kind for one in self.remaining]
        return {kind: kinds.count(kind) for kind in RemainderKind if kind in kinds}

    def of_kind(self, kind: RemainderKind) -> tuple[Remainder, ...]:
        return tuple(one for one in self.remaining if one.kind is kind)


def judge(plan: Plan, outcomes: Iterable[Outcome] = ()) -> PlanVerdict:
    """Judge a plan; after a run, the plan of its final check and how its steps ended."""
    undone = (o for o in outcomes if o.status in NOT_DONE)
    found = [
        *(Remainder(RemainderKind.STEP, o.step.key, o.message or o.status.value) for o in undone),
        *_finding_remainders(plan.findings, ""),
        *(one for item in plan.items for one in _item_remainders(item)),
        *(Remainder(RemainderKind.UNSET, name) for name in plan.unset),
        *(Remainder(RemainderKind.UNAPPROVED, subject) for subject in plan.unapproved),
    ]
    scope = _scope(plan)
    found += [] if scope is Compared.ALL else [Remainder(RemainderKind.LEFT_OUT, "")]
    order = list(RemainderKind)
    return PlanVerdict(tuple(sorted(dict.fromkeys(found), key=lambda one: order.index(one.kind))), scope)


def has_only_markers(plan: Plan) -> bool:
    """Tell whether an apply writes ownership markers only, also to adopt or move flows, and nothing else remains."""
    marked = {str(item.address) for item in plan.items if item.verb in (Verb.ADOPT, Verb.MOVE)}
    return all(
        one.kind in DECIDED or one.kind is RemainderKind.MARKER
        if one.kind is not RemainderKind.CHANGE
        else one.subject in marked
        for one in judge(plan).remaining
    )


def is_open_finding(found: Finding) -> bool:
    """Tell whether a finding alone keeps an apply from being complete."""
    kind = FINDING_KINDS.get(found.rule)
    return kind is not None and kind not in DECIDED


def _scope(plan: Plan) -> Compared:
    if plan.options.get("renew_only"):
        return Compared.ENDS
    if plan.options.get("rotate"):
        return Compared.ACCOUNT
    if plan.options.get("targets"):
        return Compared.TARGETS
    return Compared.REST if plan.options.get("excludes") else Compared.ALL


def _item_remainders(item: PlanItem) -> Iterator[Remainder]:
    """Yield each kind of an address once, but every error."""
    subject, is_planned = str(item.address), bool(item.steps) and not item.refusals
    found = [_VERB_KINDS[item.verb], *(_cause_kind(item, change.cause) for change in item.fields)]
    found += [RemainderKind.REFUSAL] if item.refusals else []
    found += [RemainderKind.MARKER] if item.steps and item.verb in _WITHOUT_STEPS else []
    found += [FINDING_KINDS.get(f.rule) for f in item.findings if f.level is not Level.ERROR]
    said = {RemainderKind.ORPHAN} | ({RemainderKind.DIFFERENCE} if RemainderKind.CHANGE in found else set())
    kinds = [kind for kind in dict.fromkeys(found) if kind and kind not in said]
    yield from (Remainder(kind, subject, is_planned=is_planned and kind in _BY_STEPS) for kind in kinds)
    yield from _finding_remainders(item.findings, subject)
    deleted = "; ".join(c.text for c in item.consequences if c.rule == ORPHAN_DELETED)
    is_own = item.verb is Verb.COMPLETE  # a completed creation uses or clears what an interrupted run left
    if (deleted and not is_own) or item.verb is Verb.CLEAN:
        yield Remainder(RemainderKind.ORPHAN, subject, f"{subject}: the next apply {deleted}", bool(item.steps))


def _cause_kind(item: PlanItem, cause: Cause) -> RemainderKind | None:
    """Return the kind of a field; `renew` shows an end in the past and does not move it."""
    is_left = cause is Cause.EXPIRED and item.verb not in CHANGE_VERBS
    return RemainderKind.EXPIRED if is_left else _CAUSE_KINDS[cause]


def _finding_remainders(findings: Iterable[Finding], subject: str) -> Iterator[Remainder]:
    for found in findings:
        if found.level is Level.ERROR:
            yield Remainder(RemainderKind.ERROR, subject, found.message)
        elif found.rule == ORPHANS_RULE:
            yield Remainder(RemainderKind.ORPHAN, subject or found.message.partition(":")[0], found.message)
