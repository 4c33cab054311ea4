"""
Build the steps of a plan, one builder per write, with their keys, needs and seen values. Pure.

A key is `<address>/<kind>/<what>`, so that a Ref or `needs` can name a step before its object exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from exportctl.model.plan import Action, Address, Fields, LiveObject, Marker, Step
from exportctl.model.ref import Ref
from exportctl.resources.kinds import Kind
from exportctl.resources.wire import object_digests

Refs = Mapping[str, Ref | str]


def create_step(
    kind: Kind,
    address: Address,
    *,
    type_name: str,
    title: str,
    text: str,
    fields: Fields,
    marker: Marker,
    refs: Refs | None = None,
    secrets: tuple[str, ...] = (),
) -> Step:
    """Build a POST. It needs the steps behind its Refs."""
    return Step(
        key=_key(address, kind.name, f"create-{marker.generation}" if marker.generation > 1 else "create"),
        action=Action.CREATE,
        kind=kind.name,
        address=address,
        fields=fields,
        refs=refs or {},
        marker=marker,
        needs=_needs(refs or {}),
        secrets=secrets,
        type=type_name,
        title=title,
        text=text,
    )


def update_step(
    address: Address,
    live: LiveObject,
    *,
    type_name: str,
    fields: Fields,
    marker: Marker | None,
    text: str | None = None,
    refs: Refs | None = None,
    needs: Sequence[str] = (),
    secrets: tuple[str, ...] = (),
    what: str = "update",
) -> Step:
    """Build a PATCH. `text` is the person's own description to write, None to keep the live one."""
    return replace(
        _live_step(Action.UPDATE, address, live, what, _needs(refs or {}, needs)),
        fields=fields,
        refs=refs or {},
        marker=marker,
        secrets=secrets,
        type=type_name,
        text=live.text if text is None else text,
    )


def release_step(address: Address, live: LiveObject) -> Step:
    """Build a PATCH that removes the marker and nothing else."""
    return replace(_live_step(Action.UPDATE, address, live, "release"), remove_marker=True, text=live.text)


def action_step(
    address: Address, live: LiveObject, operation: str, needs: Sequence[str] = (), marker: Marker | None = None
) -> Step:
    """
    Build a POST of an action: `enable` or `disable`.

    apply writes `marker` only if the flow is already disabled: a person did it, so it takes back the intent.
    """
    return replace(_live_step(Action.ACT, address, live, operation, needs), operation=operation, marker=marker)


def new_object_action_step(kind: Kind, address: Address, created: Step, operation: str) -> Step:
    """Build an action on an object that another step creates."""
    return Step(
        key=_key(address, kind.name, f"{operation}-created"),
        action=Action.ACT,
        kind=kind.name,
        address=address,
        refs={"id": Ref(created.key)},
        operation=operation,
        needs=(created.key,),
    )


def delete_step(address: Address, live: LiveObject, needs: Sequence[str] = (), *, probe: bool = False) -> Step:
    """Build a DELETE; apply reads and compares the object first. A `probe` fails if a flow uses the object."""
    deletion = _live_step(Action.DELETE, address, live, f"delete-{live.id}", needs)
    return replace(deletion, detects_hidden_flow=probe)


def reference(value: Step | str) -> Ref | str:
    """Return the reference to an id, or to the object that a step creates."""
    return Ref(value.key) if isinstance(value, Step) else value


def add_needs(step: Step, others: Iterable[str]) -> Step:
    """Return the step, which now waits for others too."""
    return replace(step, needs=tuple(sorted({*step.needs, *others})))


def _live_step(action: Action, address: Address, live: LiveObject, what: str, needs: Sequence[str] = ()) -> Step:
    """Build a step on an object that exists, with the values that were read."""
    key, seen = _key(address, live.kind, what), object_digests(live)
    return Step(key, action, live.kind, address, live.id, needs=tuple(sorted(needs)), seen=seen)


def _key(address: Address, kind: str, what: str) -> str:
    return f"{address}/{kind}/{what}"


def _needs(refs: Refs, others: Sequence[str] = ()) -> tuple[str, ...]:
    return tuple(sorted({*(r.step for r in refs.values() if isinstance(r, Ref)), *others}))
