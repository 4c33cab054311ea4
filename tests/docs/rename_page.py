"""
What docs/how-to/rename-split-and-clean-up.md shows: an edit of the root config before each command, and its output.

Run as a program, it writes the blocks of the page again; look at the difference afterwards.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from exportctl.emulator import Emulator
from tests.docs.monitoring_page import START, run_exportctl
from tests.docs.shown_commands import ROOT, is_expected_output

PAGE = ROOT / "docs" / "how-to" / "rename-split-and-clean-up.md"
BLOCK = re.compile(r"```console\n\$ exportctl (.*?)\n(.*?)```", re.DOTALL)
WEB = "  web-to-lake:\n    datasets: [web, App Events] # one flow for both\n    schedule: frequent\n"
SPLIT = WEB + "    split_by: dataset\n"


def write_config(folder: Path, before: str = "", after: str = "") -> None:
    """The root config, one text of it replaced."""
    text = (ROOT / "exports.yaml").read_text(encoding="utf-8")
    assert before in text
    (folder / "exports.yaml").write_text(text.replace(before, after, 1), encoding="utf-8")


def prepare_folder(folder: Path) -> None:
    write_config(folder)
    path = folder / ".exportctl" / "0123456789ABCDEF01234567.sqlite"
    Emulator(path, clock=START, organization="0123456789ABCDEF01234567@AdobeOrg").close()
    run_exportctl(folder, "emulator", "seed", "--from-config")
    run_exportctl(folder, "apply", "--auto-approve")


def leave_orphans(folder: Path) -> None:
    """A person deletes a flow in the user interface; an hour later its export is taken out."""
    run_exportctl(folder, "emulator", "ui", "delete", "web-to-lake")
    run_exportctl(folder, "emulator", "clock", "advance", "1 hour")
    write_config(folder, WEB, "")


def leave_unchanged(folder: Path) -> None:
    """Nothing is edited: the command before it wrote nothing either."""


# what is done before each command of the page, in its order
PREPARATIONS: tuple[Callable[[Path], None], ...] = (
    lambda folder: write_config(folder, "  web-to-lake:", "  web-traffic:"),
    lambda folder: write_config(folder, WEB, SPLIT),
    lambda folder: write_config(folder, WEB, SPLIT + "    renamed_from: {web: web-to-lake}\n"),
    leave_orphans,
    leave_unchanged,
)


def commands(text: str) -> list[tuple[str, str]]:
    """Pairs of a command without its first word, and its output."""
    return BLOCK.findall(text)


def run_commands(
    text: str, preparations: Sequence[Callable[[Path], None]] = PREPARATIONS
) -> Iterator[tuple[str, str, str]]:
    """Each command, what the page shows, and what it prints."""
    with tempfile.TemporaryDirectory() as name:
        prepare_folder(Path(name))
        for scene, (command, shown) in zip(preparations, commands(text), strict=True):
            scene(Path(name))
            yield command, shown, run_exportctl(Path(name), *command.split())


def is_same_output(shown: str, printed: str) -> bool:
    """Lines of the page may leave out what stands between them."""
    return is_expected_output(tuple(shown.rstrip("\n").split("\n")), tuple(printed.rstrip("\n").split("\n")))


def rewrite_page(path: Path, preparations: Sequence[Callable[[Path], None]]) -> None:
    """Write what the commands of a page print where it shows something else."""
    page = path.read_text(encoding="utf-8")
    for command, shown, printed in run_commands(page, preparations):
        if not is_same_output(shown, printed):
            page = page.replace(f"$ exportctl {command}\n{shown}```", f"$ exportctl {command}\n{printed}```", 1)
    path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    rewrite_page(PAGE, PREPARATIONS)
