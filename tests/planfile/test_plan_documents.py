"""A plan as a document and back, and what happened to its flows in between."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from exportctl.errors import Finding, Level, SourcePosition
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import Action, Actor, Address, Cause, FieldChange, Marker, Plan, Refusal, Step
from exportctl.planfile.binding import bound_items
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.file import expired_since_plan
from exportctl.planfile.serialize import encode_plan
from tests.planfile.approval_plans import AS_OF, WEB, plan, updated_item

LAKE = Address("destinations", "lake")
AT = SourcePosition("a.yaml", 3, 3)


def everything() -> Plan:
    """A plan with every part that a document can hold, present and absent."""
    changes = (
        FieldChange("title", "title", "A", "B", Cause.DRIFT, Actor("jane", "exc_app", AS_OF), AT),
        FieldChange("path", "location", None, "/b", Cause.PENDING),
    )
    steps = (
        Step("exports.web/flow/update", Action.UPDATE, "flow", WEB, "f-1", marker=Marker("acme", "e", "web")),
        Step(
            "destinations.lake/update",
            Action.UPDATE,
            "base_connection",
            LAKE,
            "b-1",
            marker=Marker("acme", "d", "lake"),
        ),
        Step("exports.web/flow/disable", Action.ACT, "flow", WEB, "f-1", operation="disable"),
    )
    findings = (Finding("expired", "it ended", AT, "revive it", Level.WARNING), Finding("orphans", "they are left"))
    item = updated_item(fields=changes, findings=findings, refusals=(Refusal("protect", "no", "yes"),))
    return plan(
        replace(item, steps=steps),
        replace(item, address=LAKE, id=None, at=None, ends=None),
        findings=findings,
        other_flows=(OtherFlow("f-2", "Theirs", None, "theirs", False, None, False),),
        unset=("ROLE",),
        options={"targets": []},
        targeted_out=2,
    )


def test_a_plan_is_the_same_after_its_document_was_read() -> None:
    shown = everything()

    assert decode_plan(json.loads(json.dumps(encode_plan(shown)))) == replace(shown, items=tuple(bound_items(shown)))


@pytest.mark.parametrize(
    ("before", "after", "cause", "reported"),
    [
        (AS_OF + 50, AS_OF + 900, Cause.PENDING, ("exports.web",)),
        (AS_OF + 50, AS_OF + 900, Cause.RENEWAL, ("exports.web",)),
        (AS_OF + 100, AS_OF + 900, Cause.PENDING, ("exports.web",)),
        (AS_OF, AS_OF + 900, Cause.PENDING, ()),
        (AS_OF + 101, AS_OF + 900, Cause.PENDING, ()),
        (AS_OF + 50, AS_OF + 100, Cause.PENDING, ()),
        (None, AS_OF + 900, Cause.PENDING, ()),
        (AS_OF + 50, AS_OF + 900, Cause.PAUSED, ()),
    ],
    ids=[
        "it ended since",
        "it ended since and is renewed",
        "it ends now",
        "it had ended when the plan was made",
        "it runs still",
        "its new end is past too",
        "it showed no end",
        "nothing revives it",
    ],
)
def test_a_flow_that_ended_after_the_approval_and_would_be_revived_is_reported(
    before: int | None, after: int, cause: Cause, reported: tuple[str, ...]
) -> None:
    moved = updated_item(fields=(FieldChange("end", "end", before, after, cause),))

    assert expired_since_plan(plan(moved), AS_OF + 100) == reported
