"""
Refuse to write a description again that the service cut off: it would cut it off at the same length. Pure.

No document says how long a description may be (flow-service.md 13, U7). The person's text stands first, so a cut takes
the ownership marker. The object stays as it is until the text is shorter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from exportctl.model.plan import Action, Inventory, LiveObject, PlanItem, Refusal, Step
from exportctl.resources import marker
from exportctl.resources.kinds import KINDS


def refuse_cut_descriptions(items: Iterable[PlanItem], live: Inventory, repository: str | None) -> list[PlanItem]:
    """Return the items; those with a step that would be cut off again have a refusal."""
    objects = {o.id: o for kind in KINDS for o in live.objects_of_kind(kind)}
    return [replace(i, refusals=(*i.refusals, *_cut_refusals(i, objects, repository))) for i in items]


def _cut_refusals(item: PlanItem, objects: dict[str, LiveObject], repository: str | None) -> Iterable[Refusal]:
    for step in item.steps:
        found = objects.get(step.id or "")
        if found is not None and step.action is Action.UPDATE and step.marker is not None:
            yield from _step_refusal(step, found, repository)


def _step_refusal(step: Step, live: LiveObject, repository: str | None) -> Iterable[Refusal]:
    assert step.marker is not None
    kind, text = KINDS[step.kind], live.text if step.text is None else step.text
    written = marker.format_description(text, repository, step.marker, kind)
    if not marker.is_cut(live, text, written, repository):
        return
    kept = len(live.raw["description"])
    room = kept - (len(written) - len(text))
    says = f"the service keeps {kept} characters of the description of the {kind.label} {live.id}"
    allow = f"write a `description` of at most {room} characters in {step.address}, and apply"
    if room < 1:
        allow = "use a shorter `repository`, project name or key, or none: there is no room for the marker"
    lost = f"exportctl would write {len(written)}, and the ownership marker at the end would be cut off again"
    yield Refusal("description-cut", f"{says}; {lost}", allow)
