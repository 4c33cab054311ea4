"""The report in Chromium: readable for everyone, at any width, and without a request to anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from exportctl.output.html.page import render_environments, render_report
from tests.browser.chromium import open_browser, open_page
from tests.output.sample_pages import ATTACK, evil_report, planned_report, sample_report, two_environments

pytestmark = [pytest.mark.ecosystem, pytest.mark.filterwarnings("ignore::ResourceWarning")]  # sockets of playwright
PAGES: dict[str, Callable[[], str]] = {
    "0 exports": lambda: render_report(sample_report(0)),
    "10 exports and a plan": lambda: render_report(planned_report()),
    "100 exports": lambda: render_report(sample_report(100)),
    "2 environments": lambda: render_environments(two_environments()),
    "an attack": lambda: render_report(evil_report(ATTACK)),
}
BIG = "1,000 exports"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as made:
        yield made


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made: dict[str, Callable[[], str]] = {**PAGES, BIG: lambda: render_report(sample_report(1000))}
    for number, make in enumerate(made.values()):
        (folder / f"{number}.html").write_text(make(), encoding="utf-8")
    return {name: folder / f"{number}.html" for number, name in enumerate(made)}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_shut_out_and_nothing_goes_wrong(
    browser: Any, pages: dict[str, Path], name: str, width: int, dark: bool
) -> None:
    with open_page(browser, pages[name].as_uri(), width=width, dark=dark) as opened:
        assert opened.overflow() <= 0
        assert opened.violations() == []
        assert opened.said == []
        assert opened.asked == [pages[name].as_uri()]


def test_a_long_text_without_a_space_makes_no_page_wider_than_a_phone(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "long.html").write_text(render_report(evil_report("sandbox_" * 40)), encoding="utf-8")

    with open_page(browser, (tmp_path / "long.html").as_uri(), width=360) as opened:
        assert opened.overflow() <= 0


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)])
def test_a_thousand_exports_are_as_readable(browser: Any, pages: dict[str, Path], width: int, dark: bool) -> None:
    with open_page(browser, pages[BIG].as_uri(), width=width, dark=dark) as opened:
        opened.page.fill("#find", "sales-feed-0995")
        assert opened.page.locator("[data-list=exports] > tbody > tr:visible").count() == 1
        assert opened.page.locator("[role=status]").inner_text() == "1 of 1000 exports"
        assert opened.overflow() <= 0
        assert opened.violations() == []
        assert opened.said == []
        assert opened.asked == [pages[BIG].as_uri()]


def test_the_audit_finds_what_shuts_people_out(browser: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<html><title>a</title><body><p style='color:#ccc;background:#fff'>pale</p>", encoding="utf-8")

    with open_page(browser, bad.as_uri()) as opened:
        assert {"color-contrast", "html-has-lang"} <= {one.partition(":")[0] for one in opened.violations()}


def test_an_attack_runs_nothing(browser: Any, pages: dict[str, Path]) -> None:
    with open_page(browser, pages["an attack"].as_uri()) as opened:
        opened.page.on("dialog", lambda dialog: opened.said.append(dialog.message))
        opened.page.fill("#find", "img src")
        opened.page.wait_for_timeout(200)
        assert opened.page.locator("img").count() == 0
        assert opened.said == []


def test_the_policy_stops_a_script_that_got_in(browser: Any, pages: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    text = pages["0 exports"].read_text(encoding="utf-8")
    broken.write_text(text.replace("</main>", "<script>document.title='in'</script></main>"), encoding="utf-8")

    with open_page(browser, broken.as_uri()) as opened:
        assert opened.page.title().startswith("Dataset exports")
        assert any("Content Security Policy" in one for one in opened.said)


def test_without_script_everything_is_there_and_nothing_is_offered_that_needs_one(
    browser: Any, pages: dict[str, Path]
) -> None:
    with open_page(browser, pages["100 exports"].as_uri(), java_script_enabled=False) as opened:
        assert opened.page.locator("[data-list=exports] > tbody > tr:visible").count() == 100
        assert opened.page.locator("button:visible, input:visible").count() == 0


def test_a_browser_asks_the_server_of_the_page_for_the_page_only(browser: Any, pages: dict[str, Path]) -> None:
    asked: list[str] = []
    body = pages["10 exports and a plan"].read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with open_page(browser, f"http://127.0.0.1:{server.server_port}/report.html") as opened:
            opened.page.wait_for_timeout(300)
            assert opened.said == []
        assert asked == ["/report.html"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# -- keyboard ---------------------------------------------------------------------------------------------------------


def test_the_first_key_leads_to_the_content(browser: Any, pages: dict[str, Path]) -> None:
    with open_page(browser, pages["10 exports and a plan"].as_uri()) as opened:
        opened.page.keyboard.press("Tab")
        link = opened.page.locator(":focus")
        assert link.inner_text() == "Skip to the content"
        box = link.bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate("document.activeElement.id") == "content"


def test_every_stop_of_the_tab_key_is_seen(browser: Any, pages: dict[str, Path]) -> None:
    with open_page(browser, pages["10 exports and a plan"].as_uri(), width=360) as opened:
        for _ in range(25):
            opened.page.keyboard.press("Tab")
            style = opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none"


def test_a_table_that_is_too_wide_scrolls_by_keyboard_and_one_that_fits_is_no_stop(
    browser: Any, pages: dict[str, Path]
) -> None:
    with open_page(browser, pages["10 exports and a plan"].as_uri(), width=360) as opened:
        region = opened.page.locator(".scroll:has(.days)")
        region.focus()
        opened.page.keyboard.press("ArrowRight")
        opened.page.wait_for_function("document.querySelector('.scroll:has(.days)').scrollLeft > 0")
    with open_page(browser, pages["10 exports and a plan"].as_uri(), width=1280) as opened:
        assert opened.page.locator(".scroll:has(.days)").get_attribute("tabindex") is None


def test_a_head_sorts_by_its_values_and_says_so(browser: Any, pages: dict[str, Path]) -> None:
    with open_page(browser, pages["10 exports and a plan"].as_uri()) as opened:
        button = opened.page.locator("[data-list=exports] thead button", has_text="Days left")
        button.focus()
        opened.page.keyboard.press("Enter")
        days = opened.page.locator("[data-list=exports] tbody td:last-child").all_inner_texts()
        assert days == sorted(days, key=int)
        assert opened.page.locator("[aria-sort=ascending]").inner_text() == "Days left"
        assert opened.violations() == []


def test_the_filter_leaves_what_needs_attention(browser: Any, pages: dict[str, Path]) -> None:
    with open_page(browser, pages["100 exports"].as_uri()) as opened:
        opened.page.check("#only")
        shown = opened.page.locator("[data-list=exports] .badge:visible").all_inner_texts()
        assert set(shown) == {"FAILED", "PAUSED", "ENDING"}
        assert opened.page.locator("[role=status]").inner_text() == "30 of 100 exports"


# -- paper ------------------------------------------------------------------------------------------------------------


def test_on_paper_everything_is_open_black_on_white_and_fits(browser: Any, pages: dict[str, Path]) -> None:
    with open_page(browser, pages["10 exports and a plan"].as_uri(), width=1040, dark=True) as opened:
        opened.page.emulate_media(media="print")
        assert opened.page.locator("nav").is_hidden()
        assert opened.overflow() <= 0
        cell = "getComputedStyle(document.querySelector('.days td.bad'))"
        assert opened.page.evaluate(f"[{cell}.color, {cell}.backgroundColor, {cell}.outlineStyle]") == [
            "rgb(0, 0, 0)",
            "rgb(255, 255, 255)",
            "solid",
        ]
        assert opened.page.pdf()[:5] == b"%PDF-"
        opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert opened.page.locator("details:not([open])").count() == 0
