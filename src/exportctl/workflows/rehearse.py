"""
Rehearse a plan: the real apply, in an emulator that holds what a snapshot holds.

    PlanResult, Snapshot ──▶ emulator in memory ──▶ apply, final check ──▶ Rehearsal

The emulator has the snapshot's objects with their ids and etags, its datasets, and the time of the plan. It ends with
the rehearsal. Only plain references are read: a value that is secret, or hidden in the snapshot, gets a placeholder of
the right form. Every read hides auth values as the snapshot does, so that both plans compare the same things.

The emulator refuses what its rules say (docs/emulator.md). Many rules are assumed, so a rehearsal that passes does not
prove that the service accepts the plan.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import httpx

from exportctl.apply import inputs
from exportctl.client.concurrency import ConcurrencyLimit
from exportctl.emulator import Emulator, SeedDataset, Switches
from exportctl.errors import Finding, SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.outcome import Outcome, OutcomeStatus, final_outcomes
from exportctl.model.plan import Action, Plan, PlanItem, Step
from exportctl.model.plan_options import PlanOptions
from exportctl.model.secret import Secrecy
from exportctl.model.verdict import PlanVerdict
from exportctl.plan.desired import target_properties
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES
from exportctl.resources.kinds import AUTH, BASE_CONNECTION, KINDS, LOCATION, leaf_path
from exportctl.snapshot.file import Snapshot
from exportctl.snapshot.redact import redact_object
from exportctl.workflows.apply import ApplyRun, known_sensitive_values, plan_writer
from exportctl.workflows.connect import ConnectedPlatform, emulator_client, emulator_clock
from exportctl.workflows.load_config import Setup
from exportctl.workflows.plan import PlanResult


@dataclass(frozen=True)
class Rehearsal:
    """How each step ended. `reads` and `writes` count requests after the plan, refused ones included."""

    outcomes: tuple[Outcome, ...]
    remaining_plan: Plan  # of the final check
    verdict: PlanVerdict
    reads: int
    writes: Mapping[str, int]  # by method and collection
    refused: tuple[Finding, ...]  # what went wrong, with the position in the config


def rehearse(
    draft: PlanResult,
    snapshot: Snapshot,
    setup: Setup,
    flags: PlanOptions,
    switches: Mapping[str, object] | None = None,
) -> Rehearsal:
    """
    Apply `draft`, which was made from `snapshot` and is not refused, in an emulator.

    `switches` set open questions of the emulator. Without them, the manifest is offered as the specs of the snapshot
    say.

    Raises:
        ValueError: no switch has this name, or this value.
    """
    known = known_sensitive_values(draft.desired)
    fill = inputs.read_values_for_rehearsal(draft.project, setup.env, setup.folder, known)
    with closing(_load_emulator(draft, snapshot, switches or {})) as emulator:
        clock = emulator_clock(emulator)
        with emulator_client(
            draft.project.platform, _SecretHidingTransport(emulator), clock, guard=setup.guard
        ) as client:
            platform = ConnectedPlatform(client, clock)
            writer = plan_writer(draft, platform, fill)
            limit = ConcurrencyLimit(1)  # one step after the other, so that equal rehearsals give equal results
            under_way = ApplyRun(draft, platform, writer, limit, flags, threading.Event(), guard=setup.guard)
            outcomes = tuple(under_way.execute_steps())
            proof = under_way.run_final_check()
        every = final_outcomes(outcomes, proof.outcomes)
        return Rehearsal(
            outcomes=every,
            remaining_plan=proof.plan,
            verdict=proof.verdict,
            reads=client.request_counts.reads,
            writes=_write_counts(emulator),
            refused=tuple(_refused_step_finding(o, draft.plan) for o in every if o.status is OutcomeStatus.FAILED),
        )


# -- the emulator -----------------------------------------------------------------------------------------------------


def _load_emulator(draft: PlanResult, snapshot: Snapshot, switches: Mapping[str, object]) -> Emulator:
    """Make an emulator in memory that holds the snapshot. Its clock is stopped at the time of the plan."""
    settings = draft.project.platform
    offered = any(wire.MANIFEST in target_properties(spec) for spec in snapshot.specs.values())
    asked = {"manifest": "accepted" if offered else "rejected", **switches}
    emulator = Emulator(
        switches=Switches.from_json(asked),
        clock=draft.plan.as_of,
        seed=draft.plan.as_of,  # not the same sequence of ids as that of an emulator that the snapshot can come from
        organization=settings.organization,
    )
    listed = [SeedDataset(d.name, id=d.id) for d in snapshot.datasets]
    emulator.seed([settings.sandbox], {settings.sandbox: listed})
    objects = {KINDS[kind].path.lstrip("/"): list(found) for kind, found in snapshot.objects.items()}
    accounts = BASE_CONNECTION.path.lstrip("/")
    objects[accounts] = [_add_placeholder_auth(raw) for raw in objects[accounts]]
    emulator.ui.load(objects, sandbox=settings.sandbox)
    return emulator


def _add_placeholder_auth(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Add placeholder values to a base connection where the snapshot has none. Unknown keys are left out."""
    method = wire.auth_method(raw)
    if method is None:
        return dict(raw)
    params = wire.members(raw["auth"].get("params"))
    plain = {f.wire: params[f.wire] for f in method.fields if f.secrecy is Secrecy.PLAIN and f.wire in params}
    made_up = {f.wire: f.sample for f in method.fields if f.secrecy is not Secrecy.PLAIN}
    return {**raw, "auth": {**raw["auth"], "params": plain | made_up}}


class _SecretHidingTransport(httpx.BaseTransport):
    """A transport to the emulator whose answers hide auth values as a snapshot does."""

    def __init__(self, emulator: Emulator):
        self._inside = httpx.WSGITransport(app=emulator)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inside.handle_request(request)
        if request.method != "GET":
            return answer
        body = json.dumps(redact_object(json.loads(answer.read()))).encode("ascii")  # names can hold a lone surrogate
        headers = [(name, value) for name, value in answer.headers.items() if name != "content-length"]
        return httpx.Response(answer.status_code, headers=headers, content=body)


# -- the result -------------------------------------------------------------------------------------------------------


def _write_counts(emulator: Emulator) -> dict[str, int]:
    """Count write requests by `METHOD collection`."""
    paths = [(entry["method"], entry["path"].partition("/flowservice/")[2]) for entry in emulator.writes()]
    return dict(sorted(Counter(f"{method} {path.partition('/')[0]}" for method, path in paths).items()))


def _refused_step_finding(outcome: Outcome, plan: Plan) -> Finding:
    step, message = outcome.step, outcome.message or ""
    item = next(i for i in plan.items if i.address == step.address)
    label = KINDS[step.kind].label
    said = f"{step.address}: cannot {step.operation or step.action.value} the {label} in the emulator: {message}"
    return Finding("rehearsal", said, _source_location(item, step, message), outcome.hint)


def _source_location(item: PlanItem, step: Step, message: str) -> SourcePosition | None:
    """Return the line of the field whose wire name the message quotes, else of the first change, else of the item."""
    positions = {change.path: change.at for change in item.fields if change.at}
    quoted = [
        positions[path] for path, name in _wire_names(step).items() if f"'{name}'" in message and path in positions
    ]
    changed = [change.at for change in item.fields if change.field in step.fields and step.action is Action.UPDATE]
    return next((at for at in (*quoted, *changed) if at), item.at)


def _wire_names(step: Step) -> dict[str, str]:
    """Map the path of each change to the name that the service has for it."""
    kind = TYPES.get(step.type)
    if kind is None:
        return {}
    fields = [f for method in kind.methods for f in method.fields]
    return {leaf_path(LOCATION, f.name): f.wire for f in kind.location} | {
        leaf_path(AUTH, f.name): f.wire for f in fields
    }
