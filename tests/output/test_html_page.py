"""The page as text: its structure, its size, and that nothing in it asks a server for anything."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from exportctl.errors import Finding
from exportctl.model.plan import Cause, FieldChange
from exportctl.monitor.delivery.report import DeliveryResult
from exportctl.monitor.drift import DriftEntry, DriftGroup
from exportctl.monitor.forecast import Forecast
from exportctl.monitor.timeline import DAYS, DayOfExport, build_timeline
from exportctl.output.html.deliveries import MAX_ROWS
from exportctl.output.html.page import POLICY, render_environments, render_report
from exportctl.output.html.script import SCRIPT
from exportctl.output.html.stylesheet import STYLE
from exportctl.output.text.drift import TITLES
from tests.output.sample_pages import (
    ATTACK,
    NOW,
    SINCE,
    evil_report,
    export_address,
    full_report,
    planned_report,
    sample_report,
    two_environments,
)
from tests.output.sample_plans import DAY, EVIL

PAGES = {
    "none": render_report(sample_report(0)),
    "ten": render_report(planned_report()),
    "everything": render_report(full_report()),
    "hundred": render_report(sample_report(100)),
    "environments": render_environments(two_environments()),
    "attack": render_report(evil_report(ATTACK)),
    "evil": render_report(evil_report(EVIL)),
}
EMPTY = {"meta", "link", "br", "col"}


class Outline(HTMLParser):
    """What a reader that shares no code with us sees."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(name)) is not None]


OUTLINES = {name: Outline(page) for name, page in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
def test_every_element_is_closed(name: str) -> None:
    assert OUTLINES[name].open == []


@pytest.mark.parametrize("name", PAGES)
def test_the_page_asks_no_server_for_anything(name: str) -> None:
    outline = OUTLINES[name]
    tags = [tag for tag, _ in outline.tags]

    assert not {"img", "iframe", "object", "embed", "base", "form", "video", "audio", "source", "svg"} & set(tags)
    assert [attributes for tag, attributes in outline.tags if tag == "link"] == [{"rel": "icon", "href": "data:,"}]
    assert (tags.count("script"), tags.count("style")) == (1, 1)
    assert "url(" not in STYLE.text
    assert "@import" not in STYLE.text
    assert not re.search(r"fetch|XMLHttp|import\(|WebSocket|sendBeacon|innerHTML|eval|src\b", SCRIPT.text)


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_only_the_own_style_sheet_and_script(name: str) -> None:
    (policy,) = [a["content"] for _, a in OUTLINES[name].tags if a.get("http-equiv") == "Content-Security-Policy"]

    assert policy == POLICY
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert f"<style>{STYLE.text}</style>" in PAGES[name]
    assert f"<script>{SCRIPT.text}</script>" in PAGES[name]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_https_or_to_a_part_that_exists(name: str) -> None:
    outline = OUTLINES[name]
    ids = outline.values("id")
    links = [attributes["href"] or "" for tag, attributes in outline.tags if tag == "a"]

    assert len(ids) == len(set(ids))
    assert [one for one in links if not one.startswith("https://") and one[1:] not in ids] == []
    assert set(outline.values("aria-labelledby")) <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_headings_go_down_one_level_at_a_time(name: str) -> None:
    levels = [int(tag[1]) for tag, _ in OUTLINES[name].tags if re.fullmatch(r"h[1-6]", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("name", PAGES)
def test_every_table_has_a_caption_and_every_head_a_scope(name: str) -> None:
    tags = OUTLINES[name].tags

    assert sum(tag == "table" for tag, _ in tags) == sum(tag == "caption" for tag, _ in tags)
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")


@pytest.mark.parametrize("name", ["attack", "evil"])
def test_texts_of_others_make_no_element_and_no_attribute(name: str) -> None:
    known = {a for _, attributes in OUTLINES["ten"].tags for a in attributes} | {"open"}

    assert {a for _, attributes in OUTLINES[name].tags for a in attributes} <= known
    assert "onerror" not in {a for _, attributes in OUTLINES[name].tags for a in attributes}
    assert PAGES[name].count("<script") == 1
    assert PAGES[name].count("</script") == 1


def test_no_control_or_formatting_character_gets_into_the_page() -> None:
    found = {c for c in PAGES["evil"] if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}

    assert found == {"\n"}
    PAGES["evil"].encode()


def test_a_repository_of_an_attacker_makes_no_link() -> None:
    assert "https://" not in "".join(OUTLINES["attack"].values("href"))


def test_a_page_of_a_hundred_exports_is_small() -> None:
    assert len(PAGES["hundred"].encode()) < 300_000


def test_a_page_grows_in_step_with_its_exports() -> None:
    whole = len(render_report(sample_report(300)).encode())

    assert whole < 3.1 * len(PAGES["hundred"].encode())


def test_every_export_is_in_the_table_the_timeline_and_the_map() -> None:
    for number in (0, 42, 99):
        assert PAGES["hundred"].count(f">{export_address(number)}<") >= 3


def test_a_day_says_in_words_what_its_color_and_letter_say() -> None:
    assert '<td class="bad" title="2026-11-16: 1 failed"><strong>F</strong></td>' in PAGES["ten"]
    assert 'title="2026-11-22: 3 complete; 4 runs to come"' in PAGES["ten"]


def test_without_exports_the_page_says_so() -> None:
    assert "The config declares no exports." in PAGES["none"]
    assert "Checked:" not in PAGES["none"] and "worst result" not in PAGES["none"]
    assert "Nothing needs attention." in PAGES["none"]


def test_an_environment_that_was_not_read_does_not_hide_the_other() -> None:
    assert "This environment could not be read." in PAGES["environments"]
    assert "AEP_CLIENT_ID is not set" in PAGES["environments"]
    assert export_address(9).name in PAGES["environments"]


# -- the timeline -----------------------------------------------------------------------------------------------------


def days_of(number: int) -> dict[int, DayOfExport]:
    timeline = sample_report(10).timeline
    row = next(row for row in timeline.rows if row.address == export_address(number))
    return {n - timeline.today: day for n, day in enumerate(row.days) if day != DayOfExport()}


def test_a_timeline_has_a_week_before_today_and_a_week_after_it() -> None:
    timeline = sample_report(1).timeline

    assert len(timeline.days) == 2 * DAYS + 1
    assert timeline.days[timeline.today] <= NOW < timeline.days[timeline.today] + DAY
    assert [*days_of(0)] == [*range(-7, 8)]


def test_today_holds_what_was_due_and_what_is_to_come() -> None:
    today = days_of(1)[0]

    assert (today.results, today.runs) == (((DeliveryResult.COMPLETE, 3),), 4)


def test_a_day_shows_what_fails_first() -> None:
    failed = [day.results for day in days_of(2).values() if day.has_failed]

    assert failed
    assert {results[0][0] for results in failed} == {DeliveryResult.FAILED}


def test_an_empty_delivery_that_the_config_forbids_comes_before_a_complete_one() -> None:
    report = sample_report(10)
    assert report.delivered is not None
    one = report.delivered.exports[1]
    verdicts = tuple(replace(v, result=DeliveryResult.EMPTY, fails=True) if n % 8 == 0 else v
                     for n, v in enumerate(one.verdicts))  # fmt: skip
    changed = replace(report.delivered, exports=(replace(one, verdicts=verdicts),))

    (row,) = (row for row in build_timeline(changed, report.expected).rows if row.address == one.address)

    assert row.days[0].results == ((DeliveryResult.EMPTY, 1), (DeliveryResult.COMPLETE, 7))
    assert row.days[0].has_failed


def test_a_timeline_marks_ends_first_full_runs_and_pauses() -> None:
    assert days_of(5)[3].ends is not None
    assert all(not day.runs for offset, day in days_of(5).items() if offset > 3)
    assert days_of(6)[0].has_first_full_run
    row = next(row for row in sample_report(10).timeline.rows if row.address == export_address(4))
    assert row.note == "paused by hand"


def test_without_verify_there_is_no_past() -> None:
    report = sample_report(2)
    timeline = build_timeline(None, report.expected)

    assert not timeline.is_verified
    assert all(day.results == () for row in timeline.rows for day in row.days)


def test_an_empty_forecast_makes_an_empty_timeline() -> None:
    expected = Forecast(sample_report(0).header, NOW, NOW + DAY, False, (), ())

    assert build_timeline(None, expected).rows == ()


# -- commits and environments -----------------------------------------------------------------------------------------


def test_a_page_of_an_edited_config_says_that_lines_can_differ() -> None:
    report = sample_report(1)
    assert report.commit is not None
    shown = render_report(replace(report, commit=replace(report.commit, is_edited=True)))

    assert "changes that are not in commit 0123456789ab" in shown
    assert "changes that are not in commit" not in render_report(report)


def test_a_page_of_environments_begins_with_what_each_needs() -> None:
    head = PAGES["environments"].partition('<section id="e0"')[0]

    assert '<a href="#e0">dev</a>' in head
    assert '<a href="#e0-exports">1 export failed</a>' in head
    assert "not read: see the error" in head


def test_a_repository_without_links_leaves_the_position_as_text() -> None:
    report = sample_report(1)
    header = replace(report.header, repository=None)
    shown = render_report(replace(report, status=replace(report.status, header=header)))

    assert "https://" not in "".join(Outline(shown).values("href"))
    assert 'title="exports/all.yaml:10:3"' in shown


# -- what there can be ------------------------------------------------------------------------------------------------


def test_every_health_and_every_group_of_drift_is_shown() -> None:
    report, shown = full_report(), OUTLINES["everything"].text

    assert all(f"{one.result.value}" in shown for one in report.status.exports)
    groups = {entry.group for entry in report.drift.entries} - {DriftGroup.EXPIRED, DriftGroup.ENDING}
    assert len(groups) > 5
    assert all(TITLES[group] in shown for group in groups)
    assert "changed by jane@acme.example at 2026-11-22 09:10 UTC with the UI (exc_app)" in shown
    assert "EMULATOR: nothing reaches Adobe" in shown
    assert "This plan is of project acme-exports" in shown


def test_runs_that_start_together_are_named() -> None:
    assert "Simultaneous runs: 2 groups" in OUTLINES["everything"].text
    assert "must accept 12" in OUTLINES["everything"].text


def test_the_reasons_of_a_bad_week_are_cut_and_the_page_says_so() -> None:
    report = sample_report(1)
    assert report.delivered is not None
    one = report.delivered.exports[0]
    failed = tuple(
        replace(one.verdicts[0], due=SINCE + n, run=str(n), result=DeliveryResult.FAILED, fails=True)
        for n in range(MAX_ROWS + 1)
    )
    delivered = replace(report.delivered, exports=(replace(one, verdicts=failed),))

    shown = render_report(replace(report, delivered=delivered))

    assert f"{MAX_ROWS} of {MAX_ROWS + 1} rows. `exportctl verify` shows all." in shown


def test_a_drift_of_the_whole_sandbox_and_a_value_of_a_mixed_group_are_shown() -> None:
    changed = FieldChange("path", "location", "a", "b", Cause.UNKNOWN_ORIGIN)
    broken = Finding("flow-state", "the state of the flow is unknown")
    group = DriftGroup.UNKNOWN_ORIGIN
    entries = (DriftEntry(group, export_address(0), field=changed), DriftEntry(group, finding=broken))
    report = sample_report(1)

    shown = Outline(render_report(replace(report, drift=replace(report.drift, entries=entries)))).text

    assert 'path: live "a", config "b"; unknown origin' in shown
    assert "the sandbox" in shown
    assert broken.message in shown


def test_a_message_of_several_lines_keeps_its_lines() -> None:
    report = sample_report(1)
    notes = (Finding("config", "first\nsecond"),)

    shown = render_report(replace(report, drift=replace(report.drift, notes=notes)))

    assert "first<br>second" in shown
