"""What several JSON documents hold: a plan, the result of a step, a rehearsal, an entry of the drift report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exportctl.model.json_form import (
    Definition,
    JsonObject,
    Member,
    choice,
    counts,
    flag,
    listing,
    mapping,
    nullable,
    number,
    part,
    text,
)
from exportctl.model.outcome import Outcome, OutcomeStatus
from exportctl.model.plan import Action, Plan
from exportctl.output.text import apply
from exportctl.planfile.file import approval_digest
from exportctl.planfile.serialize import CONTENT, ERROR, address

if TYPE_CHECKING:
    from exportctl.workflows.rehearse import Rehearsal

PROJECT: Member[Any] = text("the config's project", lambda shown: shown.header.project)

PLAN = Definition[Plan](
    "plan",
    "a plan",
    project=PROJECT,
    digest=text("16 hex digits of what is approved; `apply --only-if` takes them", approval_digest),
    **CONTENT,
)
OUTCOME = Definition[Outcome](
    "outcome",
    "the result of one step",
    step=text("the step's key", lambda o: o.step.key),
    address=address(lambda o: o.step.address),
    action=choice("what the request does", Action, lambda o: o.step.action),
    operation=nullable(text("operation of an `act`", lambda o: o.step.operation)),
    kind=text("the service's kind of object", lambda o: o.step.kind),
    id=nullable(text("id of the object", lambda o: o.id or o.step.id)),
    status=choice("how the step ended", OutcomeStatus),
    rule=nullable(text("stable id of what went wrong")),
    message=nullable(text("for people")),
    hint=nullable(text("what to do")),
)
REHEARSAL: JsonObject[Rehearsal] = JsonObject(
    "the result of this plan in the emulator; nothing reached the platform",
    passed=flag("all steps are done, and a second plan has no changes"),
    reads=number("read requests after the plan was made"),
    writes=mapping("by method and collection: write requests, those that were refused too", number("how many")),
    counts=counts("steps by how they ended", OutcomeStatus, lambda r: apply.tally(r.outcomes)),
    outcomes=listing("every step of the plan", OUTCOME),
    refused=listing("what the emulator refused, with the line of the config; also in errors", ERROR),
    remaining_plan=nullable(part(PLAN, lambda r: None if r.passed else r.remaining_plan)),
)
