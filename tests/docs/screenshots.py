"""
The pictures of docs/how-to/show-the-state.md: a week of a shop in the emulator, its report, and Chromium.

Run as a program, it takes them again: `python -m tests.docs.screenshots`. It needs what `make test-ecosystem` installs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.chromium import open_browser, open_page
from tests.docs.console_blocks import ROOT
from tests.docs.scene_steps import (
    MORE_EXPORTS,
    NORTHWIND,
    NOVEMBER,
    ROWS,
    SEED,
    all_of,
    ingest,
    run,
    start_emulator,
    write,
)

FOLDER = ROOT / "docs" / "images"
MAX_BYTES = 160_000  # of one picture: a clone has them all
WEEKEND = (5, 6)  # days without returns
HAND_EDITS = all_of(
    run("emulator", "ui", "disable", "profiles-to-science", "--as", "jane"),
    run("emulator", "ui", "path", "sales-to-lake/orders", "/somewhere/else", "--as", "jane"),
    run("emulator", "ui", "end", "sales-to-lake/returns", "2026-12-05T12:00:00Z", "--as", "jane"),
)


@dataclass(frozen=True)
class Picture:
    """What one picture shows: a window, from the section `top` on, `height` pixels of it."""

    name: str
    width: int
    height: int
    top: str
    dark: bool = False


PICTURES = (
    Picture("report.png", 1200, 760, "body"),
    Picture("report-deliveries.png", 1200, 610, "#deliveries", dark=True),
    Picture("report-phone.png", 360, 720, "body"),
)


def prepare_week(folder: Path) -> None:
    """A week of a shop: rows come in, runs go out, an SFTP server is gone for a while, and jane edits by hand."""
    all_of(
        write(NORTHWIND + MORE_EXPORTS),
        start_emulator(NOVEMBER),
        SEED,
        run("apply", "--auto-approve", "--target", "exports.[!n]*"),
    )(folder)
    for day in range(9):
        if day == 5:
            run("emulator", "storage", "set", "sftp", "sftp://127.0.0.1:9")(folder)
        if day == 7:
            run("emulator", "storage", "local", "sftp")(folder)
            HAND_EDITS(folder)
        ingest({name: rows for name, rows in ROWS.items() if day not in WEEKEND or name != "Returns"})(folder)
        run("emulator", "clock", "advance", "1 day")(folder)
    run("report", "-o", "report.html")(folder)


def take_pictures(browser: Any, page: Path) -> Iterator[tuple[Picture, bytes]]:
    for picture in PICTURES:
        with open_page(browser, page.as_uri(), width=picture.width, dark=picture.dark) as opened:
            top = opened.page.locator(picture.top).bounding_box()["y"]
            clip = {"x": 0, "y": max(0, top - 8), "width": picture.width, "height": picture.height}
            yield picture, opened.page.screenshot(full_page=True, clip=clip)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, open_browser() as browser:
        prepare_week(Path(name))
        for picture, data in take_pictures(browser, Path(name) / "report.html"):
            (FOLDER / picture.name).write_bytes(data)
