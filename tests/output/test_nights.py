"""A night in each output: nothing is hidden, what needs attention comes first, and the metrics are real ones."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from exportctl.errors import Finding
from exportctl.monitor.night import NightPart
from exportctl.output import junit_night
from exportctl.output.markdown import night as markdown
from exportctl.output.markdown.marker import CommentMarker, parse_marker
from exportctl.output.text import night as text
from tests.output.sample_nights import evil_night, full_night, quiet_row
from tests.output.sample_plans import EVIL


def test_text_names_every_part_of_every_environment_and_its_exit_code() -> None:
    shown = text.render_night(full_night())

    assert shown.count("\n  renew ") == shown.count("\n  drift ") == shown.count("\n  verify ") == 2
    assert "prod (sandbox prod): exit 4" in shown
    assert "stage (sandbox stage): exit 1\n  not read\n" in shown
    assert shown.endswith("Nightly: 3 environments, 2 need attention (prod, stage).\n")


def test_a_quiet_night_is_said_in_one_sentence() -> None:
    night = replace(full_night(), rows=(quiet_row(),), exit_code=0)

    assert text.summary(night) == "Nightly: 1 environment, nothing needs attention."


def test_markdown_shows_what_needs_attention_before_the_first_fold() -> None:
    shown = markdown.render_night(full_night())
    above = shown.partition("<details>")[0]

    assert "update flow id-2: the service answered 500" in above
    assert "drift: " in above
    assert "MISMATCH" in above
    assert shown.index("there are no credentials") < shown.index("<details><summary>renew: <code>dev</code>")


def test_markdown_begins_with_the_one_marker_of_the_run() -> None:
    of_all = markdown.render_night(full_night())
    of_one = markdown.render_night(replace(full_night(), rows=(quiet_row(),), is_of_all=False))

    assert parse_marker(of_all) == CommentMarker("nightly", "acme", "*")
    assert parse_marker(of_one) == CommentMarker("nightly", "acme", "dev")
    assert of_all.count("<!--") == 1


@pytest.mark.parametrize("limit", [1_500, 4_000, 20_000])
def test_markdown_keeps_to_its_limit_and_closes_its_folds(limit: int) -> None:
    shown = markdown.render_night(full_night(), limit=limit)

    assert len(shown) <= limit
    assert shown.count("<details>") == shown.count("</details>")


def test_junit_counts_the_same_failures_and_errors() -> None:
    root = ElementTree.fromstring(junit_night.render_night(full_night()))
    suites = {suite.get("name"): suite for suite in root}

    assert suites["prod: renew"].get("failures") != "0"
    assert suites["prod: drift"].get("failures") != "0"
    assert suites["dev: drift"].get("failures") == "0"
    assert suites["stage"].get("errors") == "1"
    assert len({case.get("name") for case in suites["prod: drift"]}) == len(list(suites["prod: drift"]))


def test_a_part_that_failed_is_an_error_of_the_reports_and_not_a_success() -> None:
    shown = junit_night.render_night(evil_night())

    assert re.search(r"<error [^>]*type=\"rule\"", shown)
    assert f"{NightPart.VERIFY.value:<8}failed: " in text.render_night(evil_night())


def test_a_run_without_rows_has_the_marker_of_its_environment_and_its_errors_cleaned() -> None:
    finding = Finding("unknown-key", f"{EVIL} is no key", hint=EVIL)
    night = replace(full_night(), rows=(), is_of_all=False, environment="dev", errors=(finding, finding))
    shown = markdown.render_night(night)

    assert parse_marker(shown) == CommentMarker("nightly", "acme", "dev")
    assert shown.count("<!--") == 1
    assert ", and 1 more error." in text.summary(night)
    assert "\x1b" not in shown + text.render_night(night)
