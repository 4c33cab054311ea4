"""What tables, pull requests, JSON and pictures say of runs, statuses and forecasts."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from exportctl.monitor.forecast import FlowForecast, Forecast
from exportctl.monitor.status import HealthResult, StatusReport
from exportctl.output import forecast_svg, format_values
from exportctl.output.color import paint
from exportctl.output.environments import EnvironmentResult
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.json import schemas
from exportctl.output.markdown import monitoring as markdown_monitoring
from exportctl.output.text import forecast as text_forecast
from exportctl.output.text import runs as text_runs
from exportctl.output.text import status as text_status
from tests.output import markdown_reader
from tests.output.golden_monitoring import FOLDER, texts
from tests.output.sample_monitoring import (
    empty_reports,
    evil_reports,
    forecast_report,
    health,
    runs_report,
    status_report,
)
from tests.output.sample_plans import AS_OF, DAY, HEADER, address

HOUR = 3600
TEXTS = texts()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_the_views_say_what_the_golden_files_say(name: str) -> None:
    assert TEXTS[name] == (FOLDER / name).read_text(encoding="utf-8"), (
        "rewritten by golden_monitoring.py; read the diff"
    )


def test_every_golden_file_is_one_of_them() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(TEXTS)


def evil_views() -> dict[str, str]:
    """What each view makes of hostile texts."""
    runs, status, forecast = evil_reports()
    return {
        "runs": text_runs.render_runs(runs),
        "runs.md": markdown_monitoring.render_runs(runs),
        "runs.json": json_monitoring.render_runs(runs),
        "status": text_status.render_status(status),
        "status.md": markdown_monitoring.render_status(status),
        "status.json": json_monitoring.render_status(status),
        "forecast": text_forecast.render_forecast(forecast),
        "forecast.json": json_monitoring.render_forecast(forecast),
        "forecast.svg": forecast_svg.render_forecast(forecast),
    }


EVIL = evil_views()


@pytest.mark.parametrize("name", sorted(EVIL))
def test_no_control_or_formatting_character_gets_through(name: str) -> None:
    bad = {c for c in EVIL[name] if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n"}

    assert bad == set()
    EVIL[name].encode()


@pytest.mark.parametrize("name", [name for name in sorted(EVIL) if name.endswith(".md")])
def test_nothing_by_others_is_markdown_or_html(name: str) -> None:
    assert markdown_reader.is_harmless(EVIL[name])
    assert "<img" in markdown_reader.shown_text(EVIL[name])


def test_nothing_by_others_is_svg() -> None:
    root = ElementTree.fromstring(EVIL["forecast.svg"])
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {"svg", "title", "desc", "rect", "text", "path", "g"}
    assert "<img src=x>" in "".join(root.itertext())


@pytest.mark.parametrize("name", [name for name in sorted({**TEXTS, **EVIL}) if name.endswith(".json")])
def test_documents_fit_their_schemas_and_nothing_more_does(name: str) -> None:
    document = json.loads({**TEXTS, **EVIL}[name])
    validator = Draft202012Validator(schemas.schema(document["kind"]))
    validator.validate(document)
    assert not validator.is_valid({**document, "result": {**document["result"], "extra": 1}})


@pytest.mark.parametrize("view", [text_runs.render_runs, text_status.render_status, text_forecast.render_forecast])
def test_colour_changes_nothing_but_colour(view: Any) -> None:
    report: Any = {
        text_runs.render_runs: runs_report,
        text_status.render_status: status_report,
        text_forecast.render_forecast: forecast_report,
    }
    plain, coloured = view(report[view]()), view(report[view](), color=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b[" in coloured


def test_the_word_is_coloured_and_not_the_address_that_holds_it() -> None:
    report = replace(
        status_report(), exports=(health(HealthResult.OK, address=replace(health(HealthResult.OK).address, name="OK")),)
    )
    assert "exports.OK  \x1b[32mOK\x1b[0m" in text_status.render_status(report, color=True)


# -- runs and status --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"), (90061, "25 h 01 min"), (-5, "0 s")],
)
def test_how_long_a_run_took(seconds: int, words: str) -> None:
    assert text_runs.run_duration(seconds) == words


@pytest.mark.parametrize(("left", "days"), [(DAY, "1"), (DAY - 1, "0"), (0, "0"), (-DAY, "0"), (None, "")])
def test_days_left_are_whole_days(left: int | None, days: str) -> None:
    ends = None if left is None else AS_OF + left
    assert text_status.days_left(health(HealthResult.OK, ends=ends), AS_OF) == days


def test_flows_of_others_are_counted_in_one_line_unless_asked_for() -> None:
    report = status_report()
    unasked = text_status.render_status(replace(report, ending=None))
    assert "4 flows in the sandbox not managed by this config; `--expiring 30d` lists" in unasked
    assert "Loyalty feed" not in unasked
    assert "1 of them ends within 30 days:" in text_status.render_status(
        replace(report, ending=report.ending[:1] if report.ending else ())
    )
    assert "0 of them end within 30 days.\n" in text_status.render_status(replace(report, ending=()))
    assert "2 of them end within 30 days, 5 ended before:\n" in text_status.render_status(replace(report, expired=5))


def test_what_ends_in_all_environments_stands_in_one_list_the_soonest_first() -> None:
    dev = replace(status_report(), exports=status_report().exports[4:6])
    prod = replace(dev, as_of=AS_OF + DAY, ending=())
    sides: tuple[EnvironmentResult[StatusReport], ...] = (
        EnvironmentResult("dev", dev),
        EnvironmentResult("far", None),
        EnvironmentResult("prod", prod),
    )
    found = text_status.end_table(sides)
    assert found is not None
    assert found.title == "Ends within 30 days, or has expired:"
    assert [row[1:] for row in found.rows] == [
        ("dev", "exports.expired"),
        ("prod", "exports.expired"),
        ("dev", '"Loyalty feed" (flow 9f)'),
        ("dev", '"A \\"quoted\\" name" (flow 8e), owned by project theirs'),
        ("dev", "exports.ending"),
        ("prod", "exports.ending"),
    ]
    assert [row[0] for row in found.rows][:4] == [
        "2026-11-21 02:00 UTC, 1 day ago",
        "2026-11-21 02:00 UTC, 2 days ago",
        "2026-11-25 02:00 UTC, in 3 days",
        "2026-12-01 02:00 UTC, in 9 days (assumed)",
    ]


def test_no_list_of_ends_where_none_was_asked_for_or_read() -> None:
    assert text_status.end_table((EnvironmentResult("dev", replace(status_report(), ending=None)),)) is None
    assert text_status.end_table((EnvironmentResult[StatusReport]("dev", None),)) is None
    nothing = text_status.end_table((EnvironmentResult("dev", replace(status_report(), exports=(), ending=())),))
    assert nothing is not None
    assert (nothing.title, list(nothing.rows)) == ("Nothing ends within 30 days.", [])
    assert "not of this config" not in text_status.render_status(empty_reports()[1])


@pytest.mark.parametrize("name", ["status", "runs"])
def test_markdown_is_cut_at_a_row_and_says_so(name: str) -> None:
    whole = TEXTS[f"{name}.md"]
    limit = len(whole) // 2
    status, runs = status_report(), runs_report()
    made = (
        markdown_monitoring.render_status(status, limit=limit)
        if name == "status"
        else markdown_monitoring.render_runs(runs, limit=limit)
    )
    *rows, cut = [line for line in made.splitlines() if line]
    assert limit // 2 < len(made) <= limit
    assert cut.startswith("_This is cut;")
    assert all(row in whole.splitlines() for row in rows)


def test_markdown_shows_what_needs_a_person_first() -> None:
    rows = [health(word) for word in reversed(HealthResult)]
    shown = markdown_monitoring.render_status(StatusReport(HEADER, AS_OF, DAY, tuple(rows), 0, None))
    places = [shown.index(f"`{word.value}`") for word in HealthResult]
    assert places == sorted(places)


# -- the picture ------------------------------------------------------------------------------------------------------


def lane_row(lane: FlowForecast, days: int = 2, width: int = 120) -> str:
    """The row of one lane, without its label."""
    report = Forecast(HEADER, AS_OF, AS_OF + days * DAY, False, (lane,), ())
    return text_forecast.picture(report, width, paint(False))[-2].removeprefix("exports.orders").strip()


def lane(*runs: int, ends: int | None = None) -> FlowForecast:
    orders = forecast_report().flows[2]
    return replace(orders, runs=tuple(AS_OF + run for run in runs), ends=None if ends is None else AS_OF + ends)


def test_a_run_stands_in_its_hour_and_midnight_between_days() -> None:
    assert lane_row(lane(0, 21 * HOUR, 22 * HOUR)) == "●" + "·" * 20 + "●|●" + "·" * 23 + "|··"


def test_runs_that_share_a_column_are_one_mark() -> None:
    assert lane_row(lane(HOUR, HOUR + 600)).startswith("·■·")


def test_an_end_hides_a_run_in_its_column() -> None:
    assert lane_row(lane(HOUR, ends=HOUR + 1800)).startswith("·E·")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("days", [1, 7, 31, 366])
@pytest.mark.parametrize("name", ["orders", "orders-to-the-partner-of-the-shop"])
def test_the_picture_fits_and_no_run_is_lost(name: str, days: int, width: int) -> None:
    runs = range(HOUR, days * DAY, 3 * HOUR)
    named = replace(lane(*runs), address=address(name))
    report = Forecast(HEADER, AS_OF, AS_OF + days * DAY, False, (named,), ())
    *shown, row, _ = text_forecast.picture(report, width, paint(False))
    words = [line for line in (*shown, row) if line != f"exports.{name}"]
    assert max(map(len, words)) <= width
    assert "●" in row or "■" in row
    assert row.count("·") == 0 or "●" in row


def test_dates_stand_above_the_midnights_they_name() -> None:
    report = Forecast(HEADER, AS_OF, AS_OF + 3 * DAY, False, (lane(),), ())
    dates, row, _ = text_forecast.picture(report, 200, paint(False))
    found = {match.start(): match[0] for match in re.finditer(r"\d\d-\d\d", dates)}
    assert found == {m.end(): day for m, day in zip(re.finditer(r"\|", row), ("11-23", "11-24", "11-25"), strict=True)}


# -- the drawing ------------------------------------------------------------------------------------------------------


def test_the_drawing_is_one_file_that_says_what_it_shows() -> None:
    shown = TEXTS["forecast.svg"]
    root = ElementTree.fromstring(shown)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    assert not re.search(r"<script|<style|<image|href|url\(|\bon\w+=", shown)
    desc = root.findtext(f"{SVG}desc") or ""
    assert (
        "exports.orders: every 1 day at 02:00 UTC; runs 6 from 2026-11-23 02:00 UTC to 2026-11-28 02:00 UTC; the first"
        in desc
    )
    assert "exports.off: every 1 day at 02:00 UTC; runs 0; paused by hand." in desc
    assert "must accept 12" in desc


def test_every_run_is_a_dot_at_its_moment() -> None:
    report = forecast_report()
    groups = ElementTree.fromstring(TEXTS["forecast.svg"]).findall(f"{SVG}g")
    for one, group in zip(report.flows, groups, strict=True):
        dots = "".join(p.get("d", "") for p in group.findall(f"{SVG}path") if p.get("stroke-linecap") == "round")
        places = [float(x) for x in re.findall(r"M([\d.]+) ", dots)]
        assert len(places) == len(one.runs)
        drawn_apart = [b - a for a, b in pairwise(places)]
        apart = [960 * (b - a) / (report.until - report.as_of) for a, b in pairwise(one.runs)]
        assert drawn_apart == pytest.approx(apart, abs=0.2)


def test_an_end_is_a_bar_and_a_lane_without_runs_says_why() -> None:
    groups = ElementTree.fromstring(TEXTS["forecast.svg"]).findall(f"{SVG}g")
    assert [sum(p.get("stroke-width") == "3" for p in g.findall(f"{SVG}path")) for g in groups] == [1, 0, 0, 0, 0]
    assert "paused by hand" in [t.text for t in groups[1].findall(f"{SVG}text")]


def test_a_ring_is_a_simultaneous_run_a_square_the_first_full_run_and_two_bars_a_pause() -> None:
    groups = ElementTree.fromstring(TEXTS["forecast.svg"]).findall(f"{SVG}g")
    rings = ["".join(p.get("d", "") for p in g.findall(f"{SVG}path")).count("a") // 2 for g in groups]
    assert rings == [1, 0, 6, 0, 0]
    assert [len(g.findall(f"{SVG}rect")) for g in groups] == [0, 0, 1, 0, 0]
    assert [sum(p.get("stroke-width") == "2.5" for p in g.findall(f"{SVG}path")) for g in groups] == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("days", [2, 7, 30, 45, 366])
def test_the_last_midnight_has_its_date_inside_the_drawing(days: int) -> None:
    report = forecast_report(days)
    root = ElementTree.fromstring(forecast_svg.render_forecast(report))
    *_, last = [t for t in root.findall(f"{SVG}text") if re.fullmatch(r"\d\d-\d\d", t.text or "")]
    midnight = (report.until - 1) // DAY * DAY
    assert last.text == format_values.moment(midnight)[5:10]
    assert float(last.get("x", 0)) + (0 if last.get("text-anchor") == "end" else 40) <= float(root.get("width", 0))


@pytest.mark.parametrize("days", [2, 30, 366])
def test_dates_of_the_drawing_do_not_overlap(days: int) -> None:
    root = ElementTree.fromstring(forecast_svg.render_forecast(forecast_report(days)))
    dates = [float(t.get("x", 0)) for t in root.findall(f"{SVG}text") if re.fullmatch(r"\d\d-\d\d", t.text or "")]
    assert all(b - a >= 40 for a, b in pairwise(dates))
    assert 1 <= len(dates) <= 20


def test_a_forecast_of_nothing_is_drawn_too() -> None:
    assert "0 runs of 0 flows" in "".join(
        ElementTree.fromstring(forecast_svg.render_forecast(empty_reports()[2])).itertext()
    )
