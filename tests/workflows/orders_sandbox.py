"""Words for scenarios: one export, a person's edit, and what plan and apply make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Actor, Cause, FieldChange, Plan, PlanItem
from exportctl.model.plan_options import PlanOptions
from tests.workflows.world import DESTINATIONS, SANDBOX, World, config

DAY = 86400
HOUR = 3600
UI = "exc_app"
PERSON = "someone@AdobeID"


def orders(**changes: Any) -> dict[str, Any]:
    """The config of one export, `orders`."""
    return config(exports={"orders": {"datasets": ["Orders"], **changes}})


def orders_on_one_of_two(**changes: Any) -> dict[str, Any]:
    """The config of `orders` with the accounts of two types; it uses the first one or that of `changes`."""
    return {**orders(**changes), "destinations": {name: DESTINATIONS[name] for name in ("s3-role", "gcs")}}


def orders_and_other(**changes: Any) -> dict[str, Any]:
    """A second export beside `orders`, so that a deletion is never one of all."""
    return config(
        exports={"orders": {"datasets": ["Orders"], **changes}, "other": {"datasets": ["Returns"], "subpath": "other"}}
    )


def other_only(**changes: Any) -> dict[str, Any]:
    return config(exports={"other": {"datasets": ["Returns"], "subpath": "other"}}, **changes)


def moved_orders(**changes: Any) -> dict[str, Any]:
    """The config of `orders` with another account or place."""
    return config(destinations={**DESTINATIONS, "s3-role": {**DESTINATIONS["s3-role"], **changes}})


def item(plan: Plan, name: str = "exports.orders") -> PlanItem:
    (found,) = [i for i in plan.items if str(i.address) == name]
    return found


def field_causes(plan: Plan, name: str = "exports.orders") -> dict[str, Cause]:
    """Path -> cause of every field of one item."""
    return {c.path: c.cause for c in item(plan, name).fields}


def field_change(plan: Plan, path: str, name: str = "exports.orders") -> FieldChange:
    (found,) = [c for c in item(plan, name).fields if c.path == path]
    return found


def safety_checks(plan: Plan, name: str = "exports.orders") -> list[str]:
    return [r.safety_check for r in item(plan, name).refusals]


def findings(plan: Plan, name: str = "exports.orders") -> list[str]:
    return [f.rule for f in item(plan, name).findings]


def apply_config(world: World, content: Mapping[str, Any] | None = None, flags: PlanOptions = PlanOptions()) -> Plan:  # noqa: B008
    """Apply, expect every step done and an empty plan at the end; the request log then starts again."""
    if content is not None:
        world.write(content)
    outcomes, final_check = world.apply(flags)
    assert [(o.step.key, o.status, o.message) for o in outcomes if o.status is not OutcomeStatus.DONE] == []
    assert final_check.passed
    assert world.plan(flags).is_empty
    return final_check.plan


def writes_of(world: World, flags: PlanOptions = PlanOptions()) -> list[str]:  # noqa: B008
    """What one apply of the config as it is writes; afterwards nothing is left that an apply can do."""
    world.forget_requests()
    outcomes, final_check = world.apply(flags)
    assert [(o.step.key, o.status, o.message) for o in outcomes if o.status is not OutcomeStatus.DONE] == []
    assert [one for one in final_check.verdict.remaining if one.is_planned] == []
    return world.writes()


def objects(world: World, collection: str) -> list[dict[str, Any]]:
    return world.emulator.snapshot(SANDBOX)[collection]


def target(world: World, title: str = "orders") -> dict[str, Any]:
    (wanted,) = world.flow(title)["targetConnectionIds"]
    return next(t for t in objects(world, "targetConnections") if t["id"] == wanted)


def source(world: World, title: str = "orders") -> dict[str, Any]:
    (wanted,) = world.flow(title)["sourceConnectionIds"]
    return next(s for s in objects(world, "sourceConnections") if s["id"] == wanted)


def dataset(world: World, name: str) -> str:
    return next(str(d["id"]) for d in world.emulator.datasets(SANDBOX) if d["name"] == name)


def actor_at(at: int) -> Actor:
    return Actor(PERSON, UI, at)


def marker_line(description: str) -> str:
    return description.splitlines()[-1]
