"""Laws of saved plans: nothing is lost, nothing can be edited, nothing sensitive is in it."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exportctl.errors import PlanFileError
from exportctl.model.plan import Cause, FieldChange, Plan, SensitiveValue, canonical_json
from exportctl.planfile import file as planfile
from exportctl.planfile import serialize as plan_document
from exportctl.planfile.deserialize import decode_plan
from exportctl.planfile.staleness import approval_parts, approvals
from tests.law_profile import examples
from tests.planfile.approval_plans import plan, plans, updated_item

TEXT = planfile.dump_plan(plan(updated_item(), unset=("A",), options={"targets": ["exports.*"]}))
SIGNS = '0aZ{}[]",: \n\\\t\x00é'


@given(plans)
def test_load_gives_back_what_dump_wrote(shown: Plan) -> None:
    assert planfile.saved_plan(shown) == planfile.load_plan(planfile.dump_plan(shown))


@given(plans)
def test_a_document_decoded_and_encoded_again_is_the_same(shown: Plan) -> None:
    content = plan_document.encode_plan(shown)

    again = plan_document.encode_plan(decode_plan(content))

    assert {**content, "counts": None} == {**again, "counts": None}


@given(plans)
def test_a_plan_does_not_differ_from_itself(shown: Plan) -> None:
    saved = planfile.load_plan(planfile.dump_plan(shown))

    assert planfile.stale_values(saved, shown) == ()
    assert planfile.approval_digest(decode_plan(saved.content)) == planfile.approval_digest(shown)


@given(plans)
def test_the_digest_of_a_plan_is_that_of_its_document(shown: Plan) -> None:
    assert planfile.approval_digest(shown) == planfile.saved_digest(planfile.saved_plan(shown))


@given(plans, st.lists(st.sampled_from(["kept", "dropped"]), max_size=2))
def test_the_parts_of_an_approval_make_up_its_json(shown: Plan, needs: list[str]) -> None:
    items = plan_document.encode_plan(shown)["items"]
    for item in items:
        for step in item["steps"]:
            step["needs"] = [other["key"] if need == "kept" else need for need in needs for other in item["steps"]]

    assert "".join(approval_parts(items)) == canonical_json(approvals(items))


def test_no_difference_hides_another_one_of_the_same_name() -> None:
    changes = tuple(FieldChange(path, "path", None, path, Cause.PENDING) for path in ("folder#2", "folder", "folder"))
    items = plan_document.encode_plan(plan(replace(updated_item(), fields=changes)))["items"]

    assert list(approvals(items)["exports.web"]["fields"]) == ["folder#2", "folder", "folder#3"]


@given(plans, plans)
def test_the_digest_agrees_with_the_differences(one: Plan, other: Plan) -> None:
    same = planfile.stale_values(planfile.saved_plan(one), other) == ()

    assert same == (planfile.approval_digest(one) == planfile.approval_digest(other))


@given(plans)
def test_the_file_is_plain_ascii_with_sorted_keys(shown: Plan) -> None:
    text = planfile.dump_plan(shown)

    assert text.isascii()
    assert json.dumps(json.loads(text), sort_keys=True, indent=2) + "\n" == text


@settings(max_examples=examples(60, swept=150))
@given(st.integers(0, len(TEXT) - 1), st.sampled_from(SIGNS), st.sampled_from(["replace", "insert", "delete"]))
def test_a_one_character_edit_is_refused(place: int, sign: str, how: str) -> None:
    edited = TEXT[:place] + ("" if how == "delete" else sign) + TEXT[place + (how != "insert") :]

    assert edited == TEXT or _is_refused(edited)


def test_every_single_character_matters() -> None:
    every = range(0, len(TEXT), 7)

    assert all(_is_refused(TEXT[:n] + ("1" if TEXT[n] != "1" else "2") + TEXT[n + 1 :]) for n in every)


def _is_refused(text: str) -> bool:
    try:
        planfile.load_plan(text)
    except PlanFileError as error:
        return error.hint is not None
    return False


@given(plans, st.text("planted", min_size=7, max_size=12))
def test_no_sensitive_value_is_in_the_file(shown: Plan, tail: str) -> None:
    value = SensitiveValue(f"PLANTED-{tail}")
    items = tuple(
        replace(
            item,
            fields=tuple(replace(f, before=value, after={"a": [value]}) for f in item.fields),
            steps=tuple(replace(s, fields={"auth": {"x": value}}) for s in item.steps),
        )
        for item in shown.items
    )

    assert "PLANTED" not in planfile.dump_plan(replace(shown, items=items))


@given(plans)
def test_what_is_only_shown_is_no_difference(shown: Plan) -> None:
    def quiet(item_fields: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
        return tuple(replace(f, actor=None, at=None) for f in item_fields)

    items = tuple(
        replace(
            item,
            at=None,
            fields=quiet(item.fields),
            next_before=(),
            next_after=(1,),
            ends=1,
            findings=(),
            consequences=(),
            schedule="other",
            steps=tuple(replace(s, secrets=("other",)) for s in item.steps),
        )
        for item in shown.items
    )
    moved = replace(shown, items=items, as_of=shown.as_of + 1, findings=(), other_flows=(), unset=())

    assert planfile.approval_digest(shown) == planfile.approval_digest(moved)
    assert planfile.stale_values(planfile.saved_plan(shown), moved) == ()
