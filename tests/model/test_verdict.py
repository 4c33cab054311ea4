"""What a plan leaves to be said, where two kinds could be meant."""

from __future__ import annotations

import pytest

from exportctl.model.plan import Cause, Consequence, FieldChange, PlanItem, Verb
from exportctl.model.verdict import ORPHAN_DELETED, RemainderKind, judge
from tests.planfile.approval_plans import WEB, patch_step, plan

PAST = FieldChange("end", "end", 1, 2, Cause.EXPIRED)


def kinds(item: PlanItem) -> list[RemainderKind]:
    return [one.kind for one in judge(plan(item)).remaining]


@pytest.mark.parametrize(
    ("verb", "expected"),
    [(Verb.UPDATE, [RemainderKind.CHANGE]), (Verb.UNCHANGED, [RemainderKind.EXPIRED])],
    ids=["an update revives the flow", "renew leaves the end"],
)
def test_an_end_in_the_past_is_a_change_where_the_plan_writes_it(verb: Verb, expected: list[RemainderKind]) -> None:
    assert kinds(PlanItem(WEB, verb, fields=(PAST,))) == expected


@pytest.mark.parametrize(("verb", "is_said"), [(Verb.UPDATE, True), (Verb.COMPLETE, False)])
def test_orphans_that_a_plan_deletes_are_said_unless_it_completes_a_creation(verb: Verb, is_said: bool) -> None:
    item = PlanItem(WEB, verb, steps=(patch_step(),), consequences=(Consequence(ORPHAN_DELETED, "deletes t-1"),))

    assert (RemainderKind.ORPHAN in kinds(item)) is is_said
