"""
Build the steps of a plan, one builder per write, with their keys, needs and seen values. Pure.

A key is `<address>/<kind>/<what>`, so that a Ref or `needs` can name a step before its object exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from exportctl.model.plan import Action, Address, Fields, LiveObject, Marker, Ref, Step
from exportctl.resources.kinds import Kind
from exportctl.resources.wire import object_digests


def step_key(address: Address, kind: Kind, what: str) -> str:
    return f"{address}/{kind.name}/{what}"


def create_step(
    kind: Kind,
    address: Address,
    *,
    type_name: str,
    title: str,
    text: str,
    fields: Fields,
    marker: Marker,
    refs: Mapping[str, Ref | str] | None = None,
    needs: Sequence[str] = (),
    secrets: Sequence[str] = (),
) -> Step:
    """Build a POST. It needs the steps behind its Refs, and `needs`."""
    refs = refs or {}
    waits = {r.step for r in refs.values() if isinstance(r, Ref)} | set(needs)
    return Step(
        key=step_key(address, kind, f"create-{marker.generation}" if marker.generation > 1 else "create"),
        action=Action.CREATE,
        kind=kind.name,
        address=address,
        fields=fields,
        refs=refs,
        marker=marker,
        needs=tuple(sorted(waits)),
        secrets=tuple(secrets),
        type=type_name,
        title=title,
        text=text,
    )


def update_step(
    kind: Kind,
    address: Address,
    live: LiveObject,
    *,
    type_name: str,
    fields: Fields,
    marker: Marker | None,
    text: str | None = None,
    refs: Mapping[str, Ref | str] | None = None,
    needs: Sequence[str] = (),
    secrets: Sequence[str] = (),
    what: str = "update",
    unmark: bool = False,
) -> Step:
    """Build a PATCH. `text` is the person's own description to write, None to keep the live one."""
    refs = refs or {}
    waits = {r.step for r in refs.values() if isinstance(r, Ref)} | set(needs)
    return Step(
        key=f"{step_key(address, kind, what)}",
        action=Action.UPDATE,
        kind=kind.name,
        address=address,
        id=live.id,
        fields=fields,
        refs=refs,
        marker=marker,
        remove_marker=unmark,
        needs=tuple(sorted(waits)),
        seen=object_digests(live),
        secrets=tuple(secrets),
        type=type_name,
        text=live.text if text is None else text,
    )


def action_step(kind: Kind, address: Address, live: LiveObject, operation: str, needs: Sequence[str] = ()) -> Step:
    """Build a POST of an action: `enable` or `disable`."""
    return Step(
        key=step_key(address, kind, operation),
        action=Action.ACT,
        kind=kind.name,
        address=address,
        id=live.id,
        operation=operation,
        needs=tuple(sorted(needs)),
        seen=object_digests(live),
    )


def new_object_action_step(kind: Kind, address: Address, created: Step, operation: str) -> Step:
    """Build an action on an object that another step creates."""
    return Step(
        key=step_key(address, kind, f"{operation}-created"),
        action=Action.ACT,
        kind=kind.name,
        address=address,
        refs={"id": Ref(created.key)},
        operation=operation,
        needs=(created.key,),
    )


def delete_step(
    kind: Kind, address: Address, live: LiveObject, needs: Sequence[str] = (), *, probe: bool = False
) -> Step:
    """Build a DELETE; apply reads and compares the object first. A `probe` fails if a flow uses the object."""
    return Step(
        key=step_key(address, kind, f"delete-{live.id}"),
        action=Action.DELETE,
        kind=kind.name,
        address=address,
        id=live.id,
        needs=tuple(sorted(needs)),
        seen=object_digests(live),
        detects_hidden_flow=probe,
    )


def reference(value: Any) -> Ref | str:
    """Return the reference to an id, or to the object that a step creates."""
    return Ref(value.key) if isinstance(value, Step) else str(value)
