"""A real Chromium, driven by playwright, and the checks of axe-core. `make test-ecosystem` installs both."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
AXE = ROOT / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
VARIABLE = "EXPORTCTL_TEST_CHROMIUM"
ARGUMENTS = (  # it asks nobody for anything by itself
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
AUDIT = "axe.run(document, {resultTypes: ['violations']})"


def find_chromium() -> str | None:
    """The program, None if there is none."""
    given = os.environ.get(VARIABLE)
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def open_browser() -> Iterator[Any]:
    """A browser of playwright. What is not installed skips the tests, with the command that installs it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-ecosystem")
    program = find_chromium()
    if program is None:
        pytest.skip("needs Chromium: .ci/install-browser")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class OpenPage:
    """A page of the browser, and everything that it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        found = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert isinstance(found, int)
        return found

    def violations(self) -> list[str]:
        """What axe-core finds, with the first place of each."""
        if not AXE.is_file():
            pytest.skip("needs axe-core: .ci/install-browser")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger: the policy of the page forbids scripts
        found = self.page.evaluate(AUDIT)["violations"]
        return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]


@contextmanager
def open_page(browser: Any, address: str, *, width: int = 1280, dark: bool = False, **more: Any) -> Iterator[OpenPage]:
    """A page at an address, in a window of some width."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
    try:
        opened = OpenPage(context.new_page())
        opened.page.on("console", lambda message: opened.said.append(f"{message.type}: {message.text}"))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(address)
        yield opened
    finally:
        context.close()
