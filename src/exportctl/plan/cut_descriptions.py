"""
Refuse to write a description again that the service cut off: it would cut it off at the same length. Pure.

No document says how long a description may be (flow-service.md 13, U7). The person's text stands first, so a cut takes
the ownership marker. The object stays as it is until the text is shorter.

A cut exactly between two lines looks like the edit of a person who removed the lines below. What the last write sent
tells them apart, as far as the service records it:

    object           the service cut it off                              a person removed lines
    flow             `lastOperation`: `ops` have more of this text, or   `ops` have the text as it is shown
                     the flow was created by exportctl and never patched
    account          the client that created it wrote last               another client wrote last
"""

from __future__ import annotations

from collections.abc import Iterable

from exportctl.model.plan import Action, Inventory, LiveObject, PlanItem, Refusal, Step, Verb
from exportctl.plan.last_editor import BACKGROUND, UI, sent_descriptions
from exportctl.resources import marker, wire
from exportctl.resources.kinds import KINDS


def refuse_cut_descriptions(items: Iterable[PlanItem], live: Inventory, repository: str | None) -> list[PlanItem]:
    """Return the items; those with a step that would be cut off again have a refusal."""
    objects = {o.id: o for kind in KINDS for o in live.objects_of_kind(kind)}
    return [i.add(refusals=_cut_refusals(i, objects, repository)) for i in items]


def _cut_refusals(item: PlanItem, objects: dict[str, LiveObject], repository: str | None) -> Iterable[Refusal]:
    for step in item.steps:
        found = objects.get(step.id or "")
        if found is not None and step.action is Action.UPDATE and step.marker is not None:
            yield from _step_refusal(step, found, repository, has_made_it=item.verb is not Verb.ADOPT)


def _step_refusal(step: Step, live: LiveObject, repository: str | None, *, has_made_it: bool) -> Iterable[Refusal]:
    assert step.marker is not None
    kind, text = KINDS[step.kind], live.text if step.text is None else step.text
    written = marker.format_description(text, repository, step.marker, kind)
    if not marker.is_cut(live, text, written, repository, sent_more=_has_sent_more(live, has_made_it)):
        return
    kept = len(live.raw["description"])
    room = kept - (len(written) - len(text))
    says = f"the service keeps {kept} characters of the description of the {kind.label} {live.id}"
    allow = f"write a `description` of at most {room} characters in {step.address}, and apply"
    if room < 1:
        allow = "use a shorter `repository`, project name or key, or none: there is no room for the marker"
    lost = f"exportctl would write {len(written)}, and the ownership marker at the end would be cut off again"
    yield Refusal("description-cut", f"{says}; {lost}", allow)


def _has_sent_more(live: LiveObject, has_made_it: bool) -> bool:
    """Check whether the last write of an object sent more of its description than the service shows."""
    shown, last = str(live.raw.get("description") or ""), wire.members(live.raw.get("lastOperation"))
    if any(text.startswith(shown) and len(text) > len(shown) for text in sent_descriptions(last)):
        return True
    if last:
        return has_made_it and last.get("operation") == "create"
    writer = live.raw.get("updatedClient")
    return has_made_it and bool(writer) and writer not in (UI, BACKGROUND) and writer == live.raw.get("createdClient")
