"""Tables: every cause and verb is shown in every view, and the words agree."""

from __future__ import annotations

import json as stdlib_json
from dataclasses import replace

import pytest

from exportctl.model.plan import DESTINATIONS, Address, Cause, FieldChange, Plan, PlanItem, Verb
from exportctl.output import phrases
from exportctl.output.json import documents
from exportctl.output.markdown import plan as markdown_plan
from exportctl.output.text import plan as text_plan
from tests.output import markdown_reader
from tests.output.sample_plans import AS_OF, HEADER, address, change, every_cause

CAUSE_TEXTS = {
    Cause.PENDING: "pending change: the YAML changed",
    Cause.DRIFT: "drift: changed by jane",
    Cause.CONFLICT: "conflict: the YAML changed, and the sandbox was changed by",
    Cause.UNKNOWN_ORIGIN: "unknown origin: the value last applied is unknown",
    Cause.ALREADY_MATCHES: "already matches: both sides are equal",
    Cause.NORMALISED: "normalised: the service stores the value in another spelling",
    Cause.PAUSED: "left paused",
    Cause.NOT_COMPARABLE: "not comparable: exportctl cannot read the live value",
    Cause.RENEWAL: "renewal: the rolling end is due",
    Cause.ACCEPTED: "accepted: an accept entry",
}


def _plan_of(cause: Cause) -> Plan:
    plan = every_cause()
    return Plan(HEADER, AS_OF, tuple(i for i in plan.items if str(i.address) == f"exports.of-{cause}"))


@pytest.mark.parametrize("cause", Cause)
def test_text_tells_the_cause_and_the_config_side(cause: Cause) -> None:
    shown = text_plan.render_plan(_plan_of(cause))

    assert CAUSE_TEXTS.get(cause, "") in shown
    assert '"config side"' in shown


@pytest.mark.parametrize("cause", Cause)
def test_markdown_tells_the_cause_and_the_config_side(cause: Cause) -> None:
    shown = markdown_reader.shown_text(markdown_plan.render_plan(_plan_of(cause)))

    assert CAUSE_TEXTS.get(cause, "create") in shown
    assert '"config side"' in shown


@pytest.mark.parametrize("cause", Cause)
def test_json_names_the_cause_and_both_sides(cause: Cause) -> None:
    (item,) = stdlib_json.loads(documents.render_plan(_plan_of(cause)))["result"]["items"]

    (field,) = item["fields"]

    assert ("live side", "config side", cause.value) == (field["before"], field["after"], field["cause"])


@pytest.mark.parametrize("verb", [v for v in Verb if v is not Verb.UNCHANGED])
def test_every_verb_is_listed_and_named_in_markdown(verb: Verb) -> None:
    plan = Plan(HEADER, AS_OF, (PlanItem(address("x"), verb),))

    assert "exports.x" in text_plan.render_plan(plan)
    assert phrases.VERBS[verb] in markdown_reader.shown_text(markdown_plan.render_plan(plan))


SYMBOLS = {
    Verb.CREATE: "+ ",
    Verb.COMPLETE: "+ ",
    Verb.UPDATE: "~ ",
    Verb.REPLACE: "-/+ ",
    Verb.DELETE: "- ",
    Verb.ADOPT: "> ",
    Verb.RELEASE: "> ",
    Verb.CLEAN: "- ",
    Verb.MARK: "> ",
    Verb.RENEW: "> ",
    Verb.PAUSED: "! ",
}


@pytest.mark.parametrize("verb", SYMBOLS)
def test_the_sign_before_an_address(verb: Verb) -> None:
    assert f"\n{SYMBOLS[verb]}exports.x" in text_plan.render_plan(Plan(HEADER, AS_OF, (PlanItem(address("x"), verb),)))


def test_an_unchanged_address_is_counted_and_not_listed() -> None:
    shown = text_plan.render_plan(Plan(HEADER, AS_OF, (PlanItem(address("quiet"), Verb.UNCHANGED),)))

    assert "quiet" not in shown
    assert "1 unchanged." in shown


@pytest.mark.parametrize("cause", [Cause.PAUSED, Cause.NORMALISED, Cause.NOT_COMPARABLE, Cause.ACCEPTED])
def test_what_is_not_written_is_not_shown_as_a_move(cause: Cause) -> None:
    shown = text_plan.render_plan(_plan_of(cause))

    assert "->" not in shown
    assert 'title: live "live side", config "config side"' in shown


def test_a_cause_that_moves_nothing_shows_one_value_where_both_are_equal() -> None:
    equal = change(Cause.ALREADY_MATCHES, "title", "same", "same")

    assert phrases.both_values(equal) == '"same"'


def test_a_plan_of_a_paused_flow_has_nothing_to_apply_but_is_not_silent() -> None:
    item = PlanItem(address("x"), Verb.PAUSED, fields=(change(Cause.PAUSED, "enabled", False, True),))

    shown = text_plan.render_plan(Plan(HEADER, AS_OF, (item,)))

    assert "No changes. Not as the config asks: 1 paused export.\n" in shown
    assert "--resume exports.x" in shown


@pytest.mark.parametrize("verb", [Verb.REPLACE, Verb.RELEASE])
def test_what_happens_to_an_account_is_not_said_in_words_of_a_flow(verb: Verb) -> None:
    shown = text_plan.render_plan(Plan(HEADER, AS_OF, (PlanItem(Address(DESTINATIONS, "lake"), verb, "b"),)))

    assert "flow, which sends everything again" not in shown
    assert "keeps running" not in shown
    assert "account" in shown


@pytest.mark.parametrize("cause", [Cause.PENDING, Cause.CONFLICT])
def test_a_value_that_a_variable_may_have_changed_is_not_called_a_change_of_the_yaml(cause: Cause) -> None:
    changed = FieldChange("path", "location", "a", "b", cause)
    sent = phrases.cause(replace(changed, note="the value to send changed (the YAML, or the variable ${env:P})"))
    assert ("the YAML changed" in sent, "the variable ${env:P}" in sent) == (False, True)
    assert "the YAML changed" in phrases.cause(changed)
