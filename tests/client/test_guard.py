"""Texts of the service are masked in what people see, and nothing else of a plan changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exportctl.client.guard import SecretGuard
from exportctl.errors import Finding, Level
from exportctl.model.other_flow import OtherFlow
from exportctl.model.plan import Actor, Cause, Consequence, FieldChange
from tests.output.sample_plans import full_plan, updated_item

SECRET = "siskin/secret+siskin/secret"
WORDS = ("1 to delete", "- exports.payroll", "(none)", "production")


def guarded(answer: object, *secrets: str) -> SecretGuard:
    guard = SecretGuard(secrets or (SECRET,))
    guard.note(answer)
    return guard


def test_a_plan_without_echoes_is_the_same_plan() -> None:
    plan = full_plan()
    guard = guarded({"items": [{"name": "orders", "state": "enabled"}]}, SECRET, *WORDS)
    assert guard.mask_echoes(plan) is plan


@pytest.mark.parametrize("place", [0, 1, 2, 1999, 2000])
def test_an_echo_is_found_in_each_text_of_a_long_answer(place: int) -> None:
    texts = ["x" * 250] * 2001  # a search is about a part of them
    texts[place] = f"{'x' * 200} {SECRET} {'x' * 40}"
    other = OtherFlow("id", f"b {SECRET}", None, None, True, None, False)
    assert guarded({"items": texts}).mask_echoes(other).name == "b (secret)"


def test_an_echo_is_masked_in_live_values_names_actors_and_messages() -> None:
    guard = guarded({"items": [{"name": f"key {SECRET}", "updatedBy": SECRET, "lines": ["a", [f"b {SECRET}"]]}]})
    field = FieldChange("title", "title", f"key {SECRET}", "orders", Cause.DRIFT, Actor(SECRET, None, None))
    item = replace(
        updated_item(),
        fields=(field,),
        consequences=(Consequence("rule", f'the flow "key {SECRET}" stops'),),
        findings=(Finding("rule", f"flow {SECRET}", hint=f"rename {SECRET}", level=Level.WARNING),),
    )
    other = OtherFlow("id", f"b {SECRET}", None, None, True, None, False)
    shown = guard.mask_echoes(replace(full_plan(), items=(item,), other_flows=(other,)))
    assert SECRET not in repr(shown)
    assert shown.items[0].fields[0] == replace(field, before="key (secret)", actor=Actor("(secret)", None, None))
    assert shown.items[0].consequences[0].text == 'the flow "key (secret)" stops'
    assert shown.other_flows[0].name == "b (secret)"


def test_values_of_the_config_verbs_addresses_and_requests_stay_exact() -> None:
    said = {"name": "exports.orders production update", "x": ["exports.orders", "production"]}
    guard = guarded(said, "exports.orders", "production", "update and more")
    field = FieldChange("title", "title", "production", "production", Cause.PENDING)
    item = replace(updated_item(), fields=(field,))
    shown = guard.mask_echoes(replace(full_plan(), items=(item,))).items[0]
    assert (shown.address, shown.verb, shown.steps) == (item.address, item.verb, item.steps)
    assert (shown.fields[0].before, shown.fields[0].after) == ("(secret)", "production")


def test_a_value_that_the_config_holds_as_text_is_masked_in_errors_and_stays_in_plans() -> None:
    guard = SecretGuard([SECRET])
    guard.hide_in_errors(["literal-password"])
    guard.note({"items": [{"name": "literal-password"}]})
    other = OtherFlow("id", "literal-password", None, None, True, None, False)

    shown = guard.mask_echoes(replace(full_plan(), other_flows=(other,)))

    assert guard.mask(f"{SECRET} and literal-password") == "(secret) and (secret)"
    assert shown.other_flows == (other,)


def test_keys_numbers_and_booleans_are_never_masked() -> None:
    guard = guarded({"12345678": 12345678, "enabled": True, "seen": "12345678 and truefalse"}, "12345678", "truefalse")
    value = {"12345678": 12345678, "truefalse": [True, None, 1.5, "truefalse"]}
    assert guard.mask_echoes(value) == {"12345678": 12345678, "truefalse": [True, None, 1.5, "(secret)"]}


@pytest.mark.parametrize("answer", [{"auth": {"params": {"user": SECRET}}}, {SECRET: 1}, {"id": SECRET}, None, 7])
def test_what_no_output_repeats_is_no_echo(answer: object) -> None:
    value = [f"a {SECRET}"]
    assert guarded(answer).mask_echoes(value) is value


def test_a_value_that_becomes_known_later_is_masked_from_then_on() -> None:
    guard = SecretGuard()
    guard.note({"name": SECRET})
    assert guard.mask(SECRET) == SECRET
    guard.hide([SECRET])
    guard.note({"name": SECRET.upper()})
    assert [guard.mask(text) for text in (SECRET, f"no {SECRET}")] == ["(secret)", "no (secret)"]
    assert guard.mask_echoes((SECRET.upper(), SECRET)) == ("(secret)", SECRET)


def test_a_guard_shows_no_value_by_itself() -> None:
    guard = guarded({"name": SECRET})
    assert repr(guard) == "SecretGuard(1 values)"


def test_a_file_is_searched_for_whole_values_only() -> None:
    guard = SecretGuard(["DefaultEndpointsProtocol=https;AccountName=linnets;AccountKey=bGlubmV0bGlubmV0"])
    assert not guard.holds_secret('{"storage_account": "DefaultEndpointsProtocol=https"}')
    assert guard.holds_secret('{"a": "DefaultEndpointsProtocol=https;AccountName=linnets;AccountKey=bGlubmV0bGlubmV0"}')
