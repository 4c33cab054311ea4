"""
Refuse to apply a config that is older than the one last applied, by the commit times in the markers. Pure.

    commit time of the config             the plan
    unknown, or none in any marker        as usual; markers keep the time that they have
    the newest of the markers, or later   as usual
    earlier                               every pending change says so, every write needs --allow-older

The newest commit time in any marker of the project counts: also what the older config does not declare is then safe.
A marker gets the commit time with a write that it needs anyway. Only if nothing but deletions would be written, the
marker of one flow that stays gets it for its own sake: else an older commit would create again what was deleted.

A commit time after the moment of the plan comes from a wrong clock. It counts as that moment, in the config and in the
markers, so it blocks no commit that is made later. Renewals go on: they do not apply the config.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from exportctl.model.plan import Cause, Inventory, LiveObject, Marker, PlanItem, Refusal, Step, Verb
from exportctl.model.plan_options import PlanOptions
from exportctl.model.schedule import format_moment
from exportctl.plan.steps import update_step
from exportctl.resources.kinds import FLOW, KINDS


def add_commit_times(
    items: Sequence[PlanItem], live: Inventory, project: str, options: PlanOptions, as_of: int
) -> list[PlanItem]:
    """Write the commit time of the config into the markers of all steps; refuse the writes of an older config."""
    objects = {o.id: o for kind in KINDS for o in live.objects_of_kind(kind)}
    config = None if options.committed_at is None else min(options.committed_at, as_of)
    dated = [_date_item(item, objects, config) for item in items]
    marked = [o.marker.committed_at for o in objects.values() if o.marker and o.marker.project == project]
    newest = max((min(moment, as_of) for moment in marked if moment is not None), default=None)
    if config is None or newest is None or config >= newest:
        return _keep_time_of_deletions(dated, objects, project, config)
    note = (
        f"this config is of {format_moment(config)}, older than the one last applied, which is of "
        f"{format_moment(newest)} (commit times)"
    )
    return [_mark_older(item, note, allowed=options.allow_older) for item in dated]


def _keep_time_of_deletions(
    items: list[PlanItem], objects: dict[str, LiveObject], project: str, config: int | None
) -> list[PlanItem]:
    """Add a step that writes the commit time after the deletions, if no other step writes it."""
    steps = [step for item in items for step in item.steps]
    deletions = [step.key for item in items if item.verb is Verb.DELETE for step in item.steps]
    if config is None or not deletions or any(step.marker for step in steps):
        return items
    flows = {m.address: (o, m) for o in objects.values() if (m := _carrying_marker(o, project, config))}
    carrier = next((i for i in sorted(items, key=lambda i: i.address) if i.address in flows and not i.steps), None)
    if carrier is None:
        return items
    flow, marker = flows[carrier.address]
    step = update_step(
        carrier.address,
        flow,
        type_name="",
        fields={},
        marker=replace(marker, committed_at=config),
        needs=sorted(deletions),
        what="commit-time",
    )
    return [replace(item, steps=(step,)) if item is carrier else item for item in items]


def _carrying_marker(live: LiveObject, project: str, config: int) -> Marker | None:
    """Return the marker of a flow of the project that has no open intent, which a write could hide."""
    marker = live.marker
    if live.kind != FLOW.name or marker is None or marker.damaged or marker.project != project:
        return None
    is_open = marker.disables or marker.enables or marker.being_replaced
    return None if is_open or marker.committed_at == config else marker


def _date_item(item: PlanItem, objects: dict[str, LiveObject], config: int | None) -> PlanItem:
    """Put the commit time into the markers of an item; a renewal and an unknown time keep the one that is there."""
    moment = None if item.verb is Verb.RENEW else config
    return replace(item, steps=tuple(_date_step(step, objects, moment) for step in item.steps)) if item.steps else item


def _date_step(step: Step, objects: dict[str, LiveObject], moment: int | None) -> Step:
    if step.marker is None:
        return step
    known = objects.get(step.id or "")
    owned = known.marker if known else None
    is_same = owned is not None and owned.project == step.marker.project  # another project has commits of its own
    before = owned.committed_at if owned and is_same else None
    written = before if moment is None else moment
    is_there = written == step.marker.committed_at
    return step if is_there else replace(step, marker=replace(step.marker, committed_at=written))


def _mark_older(item: PlanItem, note: str, *, allowed: bool) -> PlanItem:
    if not item.steps or item.verb is Verb.RENEW:
        return item
    fields = (replace(c, cause=Cause.OLDER_CONFIG, note=note) if c.cause is Cause.PENDING else c for c in item.fields)
    allow = "apply the newer commit, or use --allow-older to go back to this one"
    refusals = () if allowed else (Refusal("older-config", f"{item.address}: {note}", allow),)
    return replace(item, fields=tuple(fields), refusals=(*item.refusals, *refusals))
