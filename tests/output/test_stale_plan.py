"""The words for what differs from an approval: every address has a line, and a line holds both values."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given

from exportctl.errors import SourcePosition
from exportctl.model.plan import Actor, Cause, FieldChange, Plan, PlanItem, Refusal, SensitiveValue, Step, Verb
from exportctl.output.stale_plan import MAX_LINES, StaleResource, stale_findings, stale_resources, text_lines
from exportctl.output.stale_steps import verb_words
from exportctl.output.text import tables
from exportctl.planfile import file as planfile
from tests.planfile.approval_plans import MARKER, WEB, patch_step, plan, plans, updated_item

APPROVED = updated_item()
EVERY = APPROVED.fields[0]
JANE = Actor("jane", "exc_app", 1795338600)
DRIFT = FieldChange("path", "location", "/z", "/in", Cause.DRIFT, JANE, SourcePosition("a.yaml", 5, 3))
CREATED = PlanItem(WEB, Verb.CREATE, fields=(FieldChange("path", "location", None, "/in", Cause.CREATE),))
NEW = Step(
    "exports.web/target_connection/update", APPROVED.steps[0].action, "target_connection", WEB, "t-1", {"path": "/b"}
)


def lines(before: PlanItem | None, after: PlanItem | None) -> list[str]:
    saved, now = (plan(*([item] if item else [])) for item in (before, after))
    return text_lines(resources(saved, now))


def resources(before: Plan, now: Plan) -> tuple[StaleResource, ...]:
    saved = planfile.saved_plan(before)
    return stale_resources(saved, now, planfile.stale_values(saved, now))


def sensitive(value: str, **rest: object) -> PlanItem:
    changed = FieldChange("auth.role_arn", "auth", SensitiveValue("old"), SensitiveValue(value), Cause.PENDING)
    return updated_item(fields=(changed,))


# what moved -> the plan now, and what is said of it
WORDS = {
    "the live value": (
        updated_item(fields=(replace(EVERY, before="6 hours", cause=Cause.CONFLICT, actor=JANE),)),
        [
            '`schedule.every`: approved "1 day" -> "3 hours", now "6 hours" -> "3 hours" '
            "(changed by jane at 2026-11-22 09:10 UTC with the UI (exc_app))"
        ],
    ),
    "the config": (
        updated_item(fields=(replace(EVERY, after="6 hours"),)),
        ['`schedule.every`: approved "1 day" -> "3 hours", now "1 day" -> "6 hours" (the config: a.yaml:1:1)'],
    ),
    "only the reason": (
        updated_item(fields=(replace(EVERY, cause=Cause.DRIFT, actor=JANE),)),
        [
            "`schedule.every`: the same values for another reason: approved as pending, now drift "
            "(changed by jane at 2026-11-22 09:10 UTC with the UI (exc_app))"
        ],
    ),
    "one field more": (
        updated_item(fields=(EVERY, DRIFT)),
        [
            '`path`: approved no change, now "/z" -> "/in" '
            "(changed by jane at 2026-11-22 09:10 UTC with the UI (exc_app))"
        ],
    ),
    "one field less": (updated_item(fields=()), ['`schedule.every`: approved "1 day" -> "3 hours", now no change']),
    "another flow": (
        replace(APPROVED, id="f-2"),
        [": another object than the approved one: approved f-1, now f-2"],
    ),
    "nothing to do any more": (None, [": approved: update it; now nothing to change"]),
    "a replacement": (replace(APPROVED, verb=Verb.REPLACE), [": approved: update it; now apply would replace it"]),
    "a creation": (replace(CREATED, steps=()), [": approved: update it; now its flow is gone"]),
    "another value sent": (
        updated_item(patch_step(fields={"schedule.every": "6 hours"})),
        [': `schedule.every` that apply sends: approved "3 hours", now "6 hours"'],
    ),
    "a value read": (
        updated_item(patch_step(seen={"folder": "0000"})),
        [
            ": `folder` was changed in the sandbox since the approval",
            ": `schedule.every` was changed in the sandbox since the approval",
        ],
    ),
    "another account": (
        updated_item(patch_step(seen={**APPROVED.steps[0].seen, "baseConnectionId": "1"})),
        [": points at another base connection than in the approval"],
    ),
    "a digest in the marker": (
        updated_item(patch_step(marker=replace(MARKER, applied={"schedule.every": ("0000",)}))),
        [": `schedule.every` has another approved value; the marker holds only its digest"],
    ),
    "a flag in the marker": (
        updated_item(patch_step(marker=replace(MARKER, last_seen_enabled=True))),
        [": the ownership marker that apply writes is another one (last_seen_enabled)"],
    ),
    "the description": (
        updated_item(patch_step(text="new")),
        [': `description`: approved (none), now "new"'],
    ),
    "a refusal": (
        updated_item(refusals=(Refusal("protect", "it is protected", "allow"),)),
        [": the safety check protect blocks it now: it is protected"],
    ),
    "a step": (
        replace(APPROVED, steps=(*APPROVED.steps, NEW)),
        [": apply would now also update the target connection"],
    ),
    "a request": (
        updated_item(patch_step(operation="enable")),
        [': `operation` of the request to update the flow: approved (none), now "enable"'],
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_difference_is_said_with_both_values(name: str) -> None:
    now, words = WORDS[name]

    assert lines(APPROVED, now) == [f"exports.web{'' if text.startswith(':') else ' '}{text}" for text in words]


def test_a_created_resource_has_one_line_and_one_for_each_value_that_differs() -> None:
    now = updated_item(fields=(DRIFT,))

    assert lines(CREATED, now) == [
        "exports.web: created since the approval",
        'exports.web `path`: approved "/in", now "/z" (changed by jane at 2026-11-22 09:10 UTC with the UI (exc_app))',
    ]
    assert lines(CREATED, replace(APPROVED, verb=Verb.UNCHANGED, fields=(), steps=())) == [
        "exports.web: created since the approval"
    ]


def test_a_flow_that_was_deleted_after_its_creation_is_said_by_what_is_left_of_it() -> None:
    left = "its connections are there and its flow is not: a run was interrupted, or the flow was deleted"

    assert lines(CREATED, replace(CREATED, verb=Verb.COMPLETE)) == [f"exports.web: approved: create it; now {left}"]
    assert lines(replace(CREATED, verb=Verb.COMPLETE), CREATED) == [
        "exports.web: approved: complete its creation; now apply would create it"
    ]


@pytest.mark.parametrize("verb", Verb)
def test_a_verb_is_said_in_words_of_a_sentence(verb: Verb) -> None:
    assert verb_words(verb).partition(" ")[2]


def test_an_address_that_nobody_approved_is_named_with_its_values() -> None:
    assert lines(None, CREATED) == ["exports.web: not in the approval; now apply would create it"]
    refused = replace(CREATED, refusals=(Refusal("protect", "it is protected", "allow"),))
    assert lines(None, refused) == ["exports.web: not in the approval; now the safety check protect blocks it"]
    assert lines(None, updated_item(fields=(DRIFT,))) == [
        'exports.web `path`: approved no change, now "/z" -> "/in" '
        "(changed by jane at 2026-11-22 09:10 UTC with the UI (exc_app))"
    ]


def test_a_hidden_value_is_said_to_differ_and_not_shown() -> None:
    assert lines(sensitive("a"), sensitive("b")) == [
        "exports.web: `auth.role_arn`: another value than the approved one; it is not shown"
    ]


def test_many_values_of_one_resource_are_counted_in_texts_and_complete_for_programs() -> None:
    many = tuple(replace(EVERY, path=f"p{n}", field=f"p{n}") for n in range(9))
    found = resources(plan(updated_item(fields=())), plan(updated_item(fields=many)))

    assert len(text_lines(found)) == MAX_LINES + 1
    assert text_lines(found)[-1] == "exports.web: and 4 more values"
    assert len(stale_findings(found, "hint")) == 9


@given(plans, plans)
def test_every_address_that_differs_has_a_line_that_holds_no_control_character(before: Plan, now: Plan) -> None:
    moved = planfile.stale_values(planfile.saved_plan(before), now)
    found = resources(before, now)

    assert {one.address for one in moved} == {one.address for one in found if one.lines}
    shown = tables.render_stale_plan(found, ["exportctl plan"])
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"]
    assert max(map(len, shown.splitlines())) < 400
