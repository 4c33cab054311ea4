"""
What docs/changing.md shows: edits of the root config, one before each of its commands, and what the commands print.

Run as a program, it writes the blocks of the page anew; look at the difference afterwards.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from exportctl.emulator import Emulator
from tests.docs.monitoring_page import START, exportctl
from tests.docs.readme_tour import ROOT, fits

PAGE = ROOT / "docs" / "changing.md"
BLOCK = re.compile(r"```console\n\$ exportctl (.*?)\n(.*?)```", re.DOTALL)
WEB = "  web-to-lake:\n    datasets: [web, App Events] # one flow for both\n    schedule: frequent\n"
SPLIT = WEB + "    split_by: dataset\n"


def written(folder: Path, before: str = "", after: str = "") -> None:
    """The root config, one text of it replaced."""
    text = (ROOT / "exports.yaml").read_text(encoding="utf-8")
    assert before in text
    (folder / "exports.yaml").write_text(text.replace(before, after, 1), encoding="utf-8")


def prepare(folder: Path) -> None:
    written(folder)
    path = folder / ".exportctl" / "0123456789ABCDEF01234567.sqlite"
    Emulator(path, clock=START, organization="0123456789ABCDEF01234567@AdobeOrg").close()
    exportctl(folder, "emulator", "seed", "--from-config")
    exportctl(folder, "apply", "--auto-approve")


def leave_something(folder: Path) -> None:
    """Somebody deletes a flow in the user interface; an hour later its export is taken out."""
    exportctl(folder, "emulator", "ui", "delete", "web-to-lake")
    exportctl(folder, "emulator", "clock", "advance", "1 hour")
    written(folder, WEB, "")


def written_no_more(folder: Path) -> None:
    """Nothing is edited: the command before it wrote nothing either."""


# what is done before each command of the page, in its order
SCENES: tuple[Callable[[Path], None], ...] = (
    lambda folder: written(folder, "  web-to-lake:", "  web-traffic:"),
    lambda folder: written(folder, WEB, SPLIT),
    lambda folder: written(folder, WEB, SPLIT + "    renamed_from: {web: web-to-lake}\n"),
    leave_something,
    written_no_more,
)


def commands(text: str) -> list[tuple[str, str]]:
    """Pairs of a command without its first word, and its output."""
    return BLOCK.findall(text)


def played(text: str) -> Iterator[tuple[str, str, str]]:
    """Each command, what the page shows, and what it prints."""
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        for scene, (command, shown) in zip(SCENES, commands(text), strict=True):
            scene(Path(name))
            yield command, shown, exportctl(Path(name), *command.split())


def same(shown: str, printed: str) -> bool:
    """Lines of the page may leave out what stands between them."""
    return fits(tuple(shown.rstrip("\n").split("\n")), tuple(printed.rstrip("\n").split("\n")))


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    for command, shown, printed in played(page):
        if not same(shown, printed):
            page = page.replace(f"$ exportctl {command}\n{shown}```", f"$ exportctl {command}\n{printed}```", 1)
    PAGE.write_text(page, encoding="utf-8")
