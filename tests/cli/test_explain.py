"""`explain`: every word that exportctl shows has an explanation, and docs/glossary.md has the same ones."""

from __future__ import annotations

import re

import pytest

from exportctl.cli import exit_codes
from exportctl.cli.explain_topics import explain_topic
from exportctl.cli.glossary import SECTIONS, glossary_markdown
from exportctl.errors import Level, UsageError
from exportctl.model.check import CheckStatus
from exportctl.model.outcome import OutcomeStatus
from exportctl.model.plan import Action, Cause, Verb
from exportctl.monitor.delivery.report import DeliveryResult, Evidence
from exportctl.monitor.drift import DriftGroup
from exportctl.monitor.status import FlowState, HealthResult
from exportctl.rules.engine import BY_ID
from exportctl.rules.safety_check_texts import SAFETY_CHECKS
from tests.cli.command_line import ROOT, CommandLine

ENUMS = (Cause, Verb, Action, OutcomeStatus, DriftGroup, DeliveryResult, Evidence, HealthResult, FlowState, Level)


@pytest.mark.parametrize(
    "term",
    [
        *(str(member) for enum in (*ENUMS, CheckStatus) for member in enum),
        *(f"exit {code}" for code in exit_codes.TEXTS),
        *(check.name for check in SAFETY_CHECKS),
        *BY_ID,
        *(word for section in SECTIONS for term in section.terms for word in (term.name, *term.also)),
    ],
)
def test_every_term_is_explained(term: str) -> None:
    title, text = explain_topic(term)

    assert title and text


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        ("Pending Change", "cause pending"),
        ("pending-changes", "cause pending"),
        ("ACCOUNTS", "term account"),
        ("safety_check", "term safety check"),
        ("[expired]", "rule expired"),
        ("files missing", "result FILES-MISSING"),
        ("5", "exit code 5"),
        ("exit code 5", "exit code 5"),
        ("exports.orders.schedule.every", "field exports.orders.schedule.every"),
        ("schedule.every", "field exports.schedule.every"),
        ("auth.role_arn", "field destinations.auth.role_arn"),
        ("exports", "field exports"),
        ("defaults.end", "field defaults.end"),
    ],
)
def test_a_term_is_found_however_it_is_written(topic: str, title: str) -> None:
    found, text = explain_topic(topic)

    assert title in (found, *re.findall(r"(?m)^([a-z ]+[\w.-]+): ", text))


def test_a_word_with_several_meanings_shows_all_of_them() -> None:
    title, text = explain_topic("failed")

    assert {title, *re.findall(r"(?m)^([a-z ]+ \w+): ", text)} == {
        "outcome failed",
        "result FAILED",
        "health FAILED",
        "doctor result failed",
    }


def test_an_unknown_term_names_similar_ones(run: CommandLine) -> None:
    shown = run("explain", "adpot")

    assert shown.code == 64
    assert "did you mean adopt" in shown.err


def test_a_word_that_is_like_nothing_gets_no_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        explain_topic("qqqqqq")

    assert "did you mean" not in str(caught.value.hint)


def test_the_json_form_holds_the_same_text(run: CommandLine) -> None:
    document = run("explain", "final", "check", "--format", "json").document

    assert (document["result"]["topic"], document["result"]["text"]) == explain_topic("final check")


def test_the_glossary_page_holds_every_term_and_rule() -> None:
    page = glossary_markdown()

    assert page == (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for section in SECTIONS:
        for term in section.terms:
            assert f"| **{term.name}**" in page
            assert term.text.replace("\n", "<br>") in page
    assert [rule for rule in BY_ID if f"| `{rule}` |" not in page] == []
