"""
Decide what may be changed, replaced or deleted: pure functions of policy, ownership and the flag on the object.

`protect` blocks every change that stops the data of an export. The flag on the live object counts, so `protect: false`
must be applied first:

    flag   what the plan does                                      allowed
    no     anything                                                yes
    yes    delete, replace                                         no
    yes    disable                                                 no
    yes    remove a dataset                                        no
    yes    move the end to an earlier moment, or run only once     no
    yes    any of these, only to restore the last applied value    yes: people approved that value
    yes    disable, to finish what an interrupted apply began      yes: it was allowed when it began
    yes    anything else (location, format, title, later end)      yes

Every deleted address counts as one deletion; its connections do not count.

    named in `removed`   more than max_deletes and --allow-deletes   all our flows at once   allowed
    yes                  -                                           no                      yes
    yes                  -                                           yes, each named         yes
    no                   no                                          no                      yes
    no                   yes                                         -                       no
    some not named       -                                           yes                     no
"""

from __future__ import annotations

from collections.abc import Sequence

from exportctl.model.plan import (
    EXPORTS,
    PROTECT_RULES,
    WRITE_CAUSES,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Marker,
    PlanItem,
    Refusal,
    Verb,
)
from exportctl.model.schedule import ONCE, format_moment
from exportctl.resources.kinds import DATASETS, ENABLED, END, EVERY

_DECIDED = WRITE_CAUSES - {Cause.DRIFT}


def protect_refusals(marker: Marker | None, verb: Verb, changes: Sequence[FieldChange]) -> tuple[Refusal, ...]:
    """Refuse changes that `protect` blocks on one live object."""
    if marker is None or not marker.protected:
        return ()
    stops = [f"{verb}s it"] if verb in (Verb.DELETE, Verb.REPLACE) else []
    stops += [why for change in changes if change.cause in _DECIDED and (why := _protect_reason(change))]
    allow = f"write `protect: false` into {marker.address} and apply that first, then apply this change"
    return tuple(Refusal("protect", f"{marker.address} is protected, but this change {why}", allow) for why in stops)


def protect_consequences(marker: Marker | None, declared: bool) -> tuple[Consequence, ...]:
    """Say that the marker of a live flow gets another `protect`. People decide it, so the approval covers it."""
    if marker is None or marker.protected == declared:
        return ()
    removes, sets = PROTECT_RULES
    if declared:
        return (Consequence(sets, "sets `protect`: from then on it blocks changes that stop the data"),)
    text = "removes `protect`: from then on nothing blocks changes that stop the data"
    return (Consequence(removes, text, "warning"),)


def _protect_reason(change: FieldChange) -> str | None:
    if change.field == ENABLED and change.after is False:
        return "disables it"
    if change.field == DATASETS and set(change.before or ()) - set(change.after or ()):
        return "removes datasets from it"
    if change.field == EVERY and change.after == ONCE:
        return "ends it after one run"
    is_later = isinstance(change.before, int) and isinstance(change.after, int) and change.after >= change.before
    if change.field == END and change.after is not None and not is_later:
        return f"ends it earlier, at {format_moment(change.after)}"
    return None


def add_deletion_refusals(
    items: Sequence[PlanItem], consented: frozenset[Address], live_exports: frozenset[Address], allowed: int
) -> tuple[PlanItem, ...]:
    """Refuse deletions beyond the limit; `allowed` is the larger one of policy and flag."""
    deleted = [i for i in items if i.verb is Verb.DELETE]
    unnamed = {i.address for i in deleted if i.address not in consented}
    flows = {i.address for i in deleted if i.address.root == EXPORTS}
    everything = bool(flows) and flows >= live_exports and any(a not in consented for a in flows)
    count = sum(i.address in unnamed for i in deleted)
    is_over_limit = count > allowed
    return tuple(
        _add_deletion_refusal(i, is_over_limit, everything, count)
        if i.verb is Verb.DELETE and i.address in unnamed
        else i
        for i in items
    )


def _add_deletion_refusal(item: PlanItem, is_over_limit: bool, everything: bool, count: int) -> PlanItem:
    root = item.address.root.removesuffix("s")
    entry = f"removed: [{{{root}: {item.address.name}, do: delete, reason: …}}]"
    if everything and item.address.root == EXPORTS:
        text = "this plan would delete every flow of the project"
        allow = f"name each export: `{entry}`"
        return item.add(refusals=[Refusal("delete-all", text, allow)])
    if is_over_limit:
        text = f"the config no longer declares {item.address}, and its deletion is not allowed yet"
        allow = f"write `{entry}`, or use --allow-deletes {count}, or write `do: release` to keep it running"
        return item.add(refusals=[Refusal("deletion", text, allow)])
    return item
