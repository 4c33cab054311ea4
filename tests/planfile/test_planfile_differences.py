"""What breaks an approval, and what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exportctl import __version__
from exportctl.model.plan import (
    PROTECT_RULES,
    Action,
    Address,
    Cause,
    Consequence,
    FieldChange,
    Marker,
    Plan,
    PlanItem,
    Refusal,
    Step,
    Verb,
)
from exportctl.planfile import file as planfile
from exportctl.planfile import serialize as plan_document
from exportctl.planfile.staleness import StaleValue
from exportctl.resources.kinds import EVERY
from tests.planfile.approval_plans import AS_OF, HEADER, MARKER, WEB, patch_step, plan, updated_item

APPROVED = plan(updated_item())


def differences(before: Plan, after: Plan) -> tuple[StaleValue, ...]:
    return planfile.stale_values(planfile.load_plan(planfile.dump_plan(before)), after)


def is_same(before: Plan, after: Plan) -> bool:
    assert (differences(before, after) == ()) == (planfile.approval_digest(before) == planfile.approval_digest(after))
    return differences(before, after) == ()


SCHEDULE_CHANGE = updated_item().fields[0]
BREAKS = {
    "another live value": (
        updated_item(fields=(replace(SCHEDULE_CHANGE, before="6 hours"),)),
        "fields.schedule.every.before",
    ),
    "another wanted value": (
        updated_item(fields=(replace(SCHEDULE_CHANGE, after="6 hours"),)),
        "fields.schedule.every.after",
    ),
    "another cause": (
        updated_item(fields=(replace(SCHEDULE_CHANGE, cause=Cause.CONFLICT),)),
        "fields.schedule.every.cause",
    ),
    "one field less": (updated_item(fields=()), "fields.schedule.every"),
    "another flow": (replace(updated_item(), id="f-2"), "id"),
    "another verb": (replace(updated_item(), verb=Verb.REPLACE), "verb"),
    "another value sent": (
        updated_item(patch_step(fields={"schedule.every": "6 hours"})),
        "steps.exports.web/flow/update.fields.schedule.every",
    ),
    "another object written": (updated_item(replace(patch_step(), id="f-2")), "steps.exports.web/flow/update.id"),
    "another thing read": (
        updated_item(patch_step(seen={"schedule.every": "0000"})),
        "steps.exports.web/flow/update.seen.schedule.every",
    ),
    "another reference": (updated_item(patch_step(refs={"a": "b"})), "steps.exports.web/flow/update.refs.a"),
    "another digest in the marker": (
        updated_item(patch_step(marker=replace(MARKER, applied={"schedule.every": ("0000",)}))),
        "steps.exports.web/flow/update.marker.applied.schedule.every",
    ),
    "another flag in the marker": (
        updated_item(patch_step(marker=replace(MARKER, protected=True))),
        "steps.exports.web/flow/update.marker.protected",
    ),
    "another description": (updated_item(patch_step(text="new")), "steps.exports.web/flow/update.text"),
    "a refusal": (updated_item(refusals=(Refusal("protect", "no", "allow"),)), "refusals.protect"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_an_approval_breaks_where_something_moved(name: str) -> None:
    item, path = BREAKS[name]

    (found,) = differences(APPROVED, plan(item))[:1]

    assert (found.address, found.path) == ("exports.web", path)
    assert not is_same(APPROVED, plan(item))


def test_another_commit_with_the_same_values_is_the_same_approval() -> None:
    assert is_same(APPROVED, plan(updated_item(patch_step(marker=replace(MARKER, committed_at=1)))))


def test_a_difference_holds_both_sides() -> None:
    (found,) = differences(APPROVED, plan(updated_item(fields=(replace(SCHEDULE_CHANGE, after="6 hours"),))))

    assert found == StaleValue("exports.web", "fields.schedule.every.after", "3 hours", "6 hours")


def test_a_difference_reads_as_one_harmless_line() -> None:
    assert str(StaleValue("exports.wéb", "id", "a\nb", None)) == 'exports.w\\xe9b id: saved "a\\nb", now null'
    assert str(StaleValue("", "refs", {"b": 1, "a": 2}, {})) == 'refs: saved {"a": 2, "b": 1}, now {}'


def test_true_is_not_one() -> None:
    before, after = (plan(updated_item(fields=(replace(SCHEDULE_CHANGE, after=v),))) for v in (True, 1))

    assert not is_same(before, after)


@pytest.mark.parametrize("place", range(3))
def test_refusals_of_one_safety_check_do_not_hide_each_other(place: int) -> None:
    refusals = [Refusal("protect", text, "allow") for text in ("one", "two", "three")]
    before = plan(updated_item(refusals=tuple(refusals)))
    refusals[place] = Refusal("protect", "other", "allow")

    assert not is_same(before, plan(updated_item(refusals=tuple(refusals))))


NEW = PlanItem(Address("exports", "new"), Verb.CREATE)


def test_a_change_that_was_not_approved_is_a_difference() -> None:
    assert differences(APPROVED, plan(NEW, updated_item())) == (
        StaleValue("exports.new", "verb", "nothing to approve", "create"),
    )


def test_an_approved_change_that_is_no_more_is_a_difference() -> None:
    assert differences(APPROVED, plan()) == (StaleValue("exports.web", "verb", "update", "nothing to approve"),)


@pytest.mark.parametrize(
    "field", ["organization", "sandbox", "environment", "project", "platform", "url", "repository"]
)
def test_an_approval_for_one_place_is_none_for_another(field: str) -> None:
    other: dict[str, Any] = {field: "other"}
    found, *_ = differences(APPROVED, replace(APPROVED, header=replace(HEADER, **other)))

    assert (found.address, found.path, found.now) == ("", f"header.{field}", "other")


def test_an_approval_made_with_another_version_is_none_for_this_one() -> None:
    (found,) = planfile.stale_values(replace(planfile.saved_plan(APPROVED), version="0.0.1"), APPROVED)

    assert (found.path, found.saved, found.now) == ("versions.exportctl", "0.0.1", __version__)


def test_differences_of_the_whole_plan_are_in_the_order_of_their_names() -> None:
    options = dict.fromkeys(("resume", "allow_replace", "targets", "rotate", "allow_deletes", "renewals"), 1)

    found = [one.path for one in differences(APPROVED, replace(APPROVED, options=options))]

    assert found == sorted(f"options.{name}" for name in options)


SIDE_WORK = [Verb.RENEW, Verb.MARK, Verb.PAUSED, Verb.UNCHANGED]


@pytest.mark.parametrize("verb", SIDE_WORK)
def test_side_work_breaks_no_approval(verb: Verb) -> None:
    assert is_same(APPROVED, plan(updated_item(), PlanItem(NEW.address, verb, steps=(patch_step(),))))


ORPHAN = Step("exports.new/target_connection/delete-t-1", Action.DELETE, "target_connection", NEW.address, "t-1")


@pytest.mark.parametrize("verb", [Verb.CLEAN, Verb.MARK, Verb.RENEW])
def test_a_deletion_of_orphans_is_part_of_the_approval_whatever_is_beside_it(verb: Verb) -> None:
    cleaned = PlanItem(NEW.address, Verb.CLEAN, steps=(ORPHAN,))
    marker = patch_step(fields={})
    beside = replace(cleaned, verb=verb, steps=(marker, replace(ORPHAN, needs=(marker.key,))))
    assert is_same(plan(cleaned), plan(beside))
    assert not is_same(plan(cleaned), plan(replace(beside, steps=(marker, replace(ORPHAN, id="t-2")))))
    assert not is_same(plan(), plan(beside))
    assert planfile.reduce_to_approval(planfile.saved_plan(plan(cleaned)), plan(beside)).steps() == beside.steps


def test_a_saved_plan_deletes_no_orphan_that_it_does_not_have() -> None:
    reduced = planfile.reduce_to_approval(
        planfile.saved_plan(APPROVED), plan(updated_item(), PlanItem(NEW.address, Verb.CLEAN, steps=(ORPHAN,)))
    )
    assert (reduced.steps(), reduced.unapproved) == (APPROVED.steps(), ("exports.new",))
    assert is_same(APPROVED, reduced)


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.RENEW, Verb.MARK])
@pytest.mark.parametrize("rule", PROTECT_RULES)
def test_another_protect_is_part_of_the_approval_whatever_writes_it(rule: str, verb: Verb) -> None:
    marked = replace(updated_item(), address=NEW.address, verb=verb)
    decided = replace(marked, consequences=(Consequence(rule, "removes it"),))
    (found, *_) = differences(plan(marked), plan(decided))
    assert (found.address, found.path) == ("exports.new", "protect" if verb is Verb.UPDATE else "verb")
    assert not is_same(plan(marked), plan(decided))
    assert not is_same(plan(decided), plan(marked))
    assert planfile.reduce_to_approval(planfile.saved_plan(plan()), plan(decided)).steps() == decided.steps


def test_a_renewal_beside_another_protect_breaks_no_approval_of_it() -> None:
    note = (Consequence("protect-removed", "removes it"),)
    marked = PlanItem(WEB, Verb.MARK, "f-1", steps=(patch_step(fields={}),), consequences=note)
    due = replace(marked, verb=Verb.RENEW, fields=(RENEWED_END,))
    assert is_same(plan(marked), plan(due))
    assert planfile.reduce_to_approval(planfile.saved_plan(plan(due)), plan(marked)).steps() == marked.steps


RENEWED_END = FieldChange("end", "end", AS_OF, AS_OF + 1000, Cause.RENEWAL)
RENEWED = updated_item(
    patch_step(
        fields={"schedule.every": "3 hours", "end": AS_OF + 1000},
        marker=replace(MARKER, applied={**MARKER.applied, "end": (str(AS_OF + 1000),)}),
        seen={"schedule.every": "77d0", "end": "cccc", "description": "dddd"},
    ),
    fields=(SCHEDULE_CHANGE, RENEWED_END),
)


def test_a_renewal_that_comes_due_breaks_no_approval() -> None:
    assert is_same(APPROVED, plan(RENEWED))
    assert is_same(plan(RENEWED), APPROVED)


def test_a_write_of_nothing_but_renewal_and_marker_breaks_no_approval() -> None:
    target = Step("exports.web/target/update", Action.UPDATE, "target_connection", WEB, "t-1", fields={"location": 1})
    alone = patch_step(fields={"end": AS_OF + 1000})
    without, due = (updated_item(fields=(SCHEDULE_CHANGE, *more)) for more in ((), (RENEWED_END,)))

    assert is_same(
        plan(replace(without, steps=(target,))),
        plan(replace(due, steps=(alone, replace(target, needs=(alone.key,))))),
    )


def test_values_behind_the_references_of_a_step_that_writes_only_a_marker_are_not_sent() -> None:
    alone = [replace(patch_step(fields={}), known={"ROLE": value}) for value in ("one", "two")]

    assert is_same(*(plan(updated_item(step)) for step in alone))


def test_a_deletion_within_an_update_is_part_of_the_approval() -> None:
    source = Step("exports.web/source_connection/delete-s-1", Action.DELETE, "source_connection", WEB, "s-1")
    target = Step("exports.web/target_connection/disable", Action.ACT, "target_connection", WEB, "t-1", operation="x")
    alone, both = updated_item(), updated_item()
    for step in (source, target):
        more = replace(both, steps=(*alone.steps, step))
        assert [d.path for d in differences(plan(alone), plan(more))] == [f"steps.{step.key}"]
        assert [d.path for d in differences(plan(more), plan(alone))] == [f"steps.{step.key}"]


def test_an_end_that_the_yaml_moves_is_part_of_the_approval() -> None:
    moved = FieldChange("end", "end", AS_OF, AS_OF + 1000, Cause.PENDING)
    before = updated_item(patch_step(fields={"end": AS_OF + 1000}), fields=(moved,))
    after = updated_item(patch_step(fields={"end": AS_OF + 2000}), fields=(replace(moved, after=AS_OF + 2000),))

    assert [d.path for d in differences(plan(before), plan(after))] == [
        "fields.end.after",
        "steps.exports.web/flow/update.fields.end",
    ]


def test_a_first_end_is_part_of_the_approval() -> None:
    def creation(end: int) -> Plan:
        made = Step("k", Action.CREATE, "flow", WEB, fields={"end": end, "schedule.start": {"at": 0}})
        return plan(PlanItem(WEB, Verb.CREATE, steps=(made,)))

    assert not is_same(creation(1), creation(2))


@pytest.mark.parametrize(("cause", "same"), [(Cause.PAUSED, True), (Cause.PENDING, False)])
def test_the_value_that_a_pause_holds_back_is_no_part_of_the_approval(cause: Cause, same: bool) -> None:
    sides = [plan(updated_item(fields=(replace(SCHEDULE_CHANGE, cause=cause, after=n),))) for n in ("1 h", "2 h")]

    assert is_same(*sides) is same


def test_a_start_worked_out_from_the_moment_is_left_out_and_its_rule_is_not() -> None:
    starts = [FieldChange("schedule.start", "schedule.start", 0, n, Cause.PENDING) for n in (1, 2)]
    sent = [patch_step(fields={EVERY: "1 day", "schedule.start": n}) for n in (1, 2)]
    derived = [plan(updated_item(s, fields=(c,))) for s, c in zip(sent, starts, strict=True)]
    ruled = [plan(updated_item(patch_step(fields={EVERY: "1 day", "schedule.start": {"at": n}}))) for n in (1, 2)]

    assert is_same(*derived)
    assert not is_same(*ruled)


@pytest.mark.parametrize("verb", [Verb.REPLACE, Verb.UPDATE])
def test_the_consent_to_a_replacement_is_part_of_the_approval(verb: Verb) -> None:
    going = patch_step(fields={}, marker=Marker("acme", "e", "web", being_replaced=True))
    item = PlanItem(WEB, verb, "f-1", steps=(going,))

    assert not is_same(plan(item), plan(replace(item, steps=())))


def test_approved_drops_side_work_that_the_file_lacks() -> None:
    renewal = PlanItem(NEW.address, Verb.RENEW, fields=(RENEWED_END,), steps=(replace(patch_step(), key="renew"),))
    waits = updated_item(patch_step(needs=("renew", "other")))

    got = planfile.reduce_to_approval(planfile.saved_plan(APPROVED), plan(renewal, waits))

    assert [(i.verb, len(i.steps)) for i in got.items] == [(Verb.UNCHANGED, 0), (Verb.UPDATE, 1)]
    assert got.steps()[0].needs == ("other",)


def test_approved_keeps_side_work_that_the_file_holds() -> None:
    both = plan(PlanItem(NEW.address, Verb.RENEW, fields=(RENEWED_END,), steps=(patch_step(),)), updated_item())

    assert planfile.reduce_to_approval(planfile.saved_plan(both), both) is both


def test_the_file_says_which_ends_were_to_be_renewed() -> None:
    both = plan(
        RENEWED,
        PlanItem(NEW.address, Verb.RENEW, fields=(RENEWED_END,)),
        PlanItem(Address("exports", "z"), Verb.PAUSED),
    )

    assert planfile.saved_renewals(planfile.saved_plan(both)) == {"exports.web", "exports.new"}


def test_unchanged_addresses_are_counted_and_not_written_down() -> None:
    saved = planfile.saved_plan(plan(PlanItem(NEW.address, Verb.UNCHANGED), updated_item()))

    assert list(saved.entries) == ["exports.web"]
    assert saved.content["counts"]["unchanged"] == 1


@pytest.mark.parametrize("part", ["fields", "steps", "refusals"])
def test_an_unchanged_address_with_something_to_tell_is_written_down(part: str) -> None:
    told = updated_item(refusals=(Refusal("protect", "no", "allow"),))
    shown = PlanItem(NEW.address, Verb.UNCHANGED, **{part: getattr(told, part)})

    assert list(planfile.saved_plan(plan(shown)).entries) == ["exports.new"]


def test_an_unforeseen_value_is_not_guessed_about() -> None:
    with pytest.raises(TypeError, match="a plan cannot contain the type object"):
        plan_document.value(object())


def test_sets_are_written_in_order() -> None:
    assert plan_document.value(frozenset({"b", "a"})) == ["a", "b"]
