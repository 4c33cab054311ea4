"""
Who may be changed, replaced or deleted: pure functions of policy, ownership and the flag on the object.

`protect` stops whatever stops a feed's data. The flag that counts is the one on the live object, so `protect: false`
must have been applied before:

    flag on the object   what the plan would do                     allowed
    no                   anything                                   yes
    yes                  delete, replace                            no
    yes                  disable                                    no
    yes                  a dataset lost                             no
    yes                  an earlier end, or a schedule of once       no
    yes                  any of these, only to put back what    yes: what was approved is what is protected
                         was last applied (drift)
    yes                  all else (location, format, title, later end) yes

Deletions: every address that goes is one; its children do not count.

    named in `removed`   beyond max_deletes and --allow-deletes     all our flows at once   allowed
    yes                  -                                          no                      yes
    yes                  -                                          yes, each named         yes
    no                   no                                         no                      yes
    no                   yes                                        -                       no
    some not named       -                                          yes                     no
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exportctl.errors import Finding
from exportctl.model.plan import EXPORTS, WRITE_CAUSES, Address, Cause, FieldChange, Marker, PlanItem, Refusal, Verb
from exportctl.model.schedule import ONCE, format_moment
from exportctl.plan.desired import DesiredExport
from exportctl.resources.kinds import DATASETS, ENABLED, END, EVERY

_DECIDED = WRITE_CAUSES - {Cause.DRIFT}


def protect_refusals(marker: Marker | None, verb: Verb, changes: Sequence[FieldChange]) -> tuple[Refusal, ...]:
    """Refusals of the `protect` gate for one live object."""
    if marker is None or not marker.protected:
        return ()
    stops = [f"{verb}s it"] if verb in (Verb.DELETE, Verb.REPLACE) else []
    stops += [why for change in changes if change.cause in _DECIDED and (why := _protect_reason(change))]
    allow = f"apply `protect: false` on {marker.address} first, then this"
    return tuple(Refusal("protect", f"{marker.address} is protected, and this {why}", allow) for why in stops)


def _protect_reason(change: FieldChange) -> str | None:
    if change.field == ENABLED and change.after is False:
        return "switches it off"
    if change.field == DATASETS and set(change.before or ()) - set(change.after or ()):
        return "takes datasets out of it"
    if change.field == EVERY and change.after == ONCE:
        return "ends it after one run"
    if change.field == END and change.after is not None and (change.before is None or change.after < change.before):
        return f"ends it earlier, at {format_moment(change.after)}"
    return None


def add_deletion_refusals(
    items: Sequence[PlanItem], consented: frozenset[Address], live_exports: frozenset[Address], allowed: int
) -> tuple[PlanItem, ...]:
    """Put the deletion gate's refusals on the items that need them. `allowed` is the larger of policy and flag."""
    deleted = [i for i in items if i.verb is Verb.DELETE]
    unnamed = [i for i in deleted if i.address not in consented]
    flows = {i.address for i in deleted if i.address.root == EXPORTS}
    everything = bool(flows) and flows >= live_exports and any(a not in consented for a in flows)
    is_over_limit = len(unnamed) > allowed
    return tuple(
        _add_deletion_refusal(i, is_over_limit, everything, len(unnamed)) if i in unnamed else i for i in items
    )


def _add_deletion_refusal(item: PlanItem, is_over_limit: bool, everything: bool, count: int) -> PlanItem:
    root = item.address.root.removesuffix("s")
    entry = f"removed: [{{{root}: {item.address.name}, do: delete, reason: …}}]"
    if everything and item.address.root == EXPORTS:
        text = "this would delete every flow of the project at once"
        return replace(item, refusals=(*item.refusals, Refusal("delete-all", text, f"name each one: `{entry}`")))
    if is_over_limit:
        text = f"{item.address} is no longer declared; deleting it is not allowed yet"
        allow = f"`{entry}`, or --allow-deletes {count}, or `do: release` to leave it running"
        return replace(item, refusals=(*item.refusals, Refusal("deletion", text, allow)))
    return item


def late_start_findings(export: DesiredExport, as_of: int) -> tuple[Finding, ...]:
    """A one-time export whose start lies in the past would never run, or run at once: an error while no flow exists."""
    start = export.declared.schedule.start
    if export.flow_fields[EVERY] != ONCE or start is None or start >= as_of:
        return ()
    text = f"{export.address} runs once and not before {format_moment(start)}, which is past"
    return (
        Finding(
            "start-in-past",
            text,
            export.declared.positions.get("schedule", export.declared.at),
            "give it a later `start`",
        ),
    )
