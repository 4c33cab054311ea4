"""
The commands that README.md and pages of docs/ show, as data, and a way to run them.

The commands of one page run one after another in one folder, with an emulator whose clock stands still. Run as a
program (`make docs` does), this writes the outputs of one such run into the pages, so that all times agree.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exportctl.cli.main import main
from exportctl.emulator import Emulator

ROOT = Path(__file__).parents[2]
LEFT_OUT = "…"
NOON = 1_796_126_400  # 2026-12-01 12:00 UTC
ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
CHANGING_PARTS = (  # what differs from run to run
    (r"--only-if [0-9a-f]{64}", "--only-if DIGEST"),
    (UUID, "ID"),
    (r"\b[0-9a-f]{24}\b", "DATASET"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC", "MOMENT"),
    (r" *\b\d+\.\d KiB", " SIZE"),  # of files that the installed libraries compress
)


@dataclass(frozen=True)
class ShownCommand:
    command: str
    output: tuple[str, ...]  # lines; LEFT_OUT stands for any number of them


@dataclass(frozen=True)
class Page:
    """A page, the heading above its commands (None: the whole page), and whether its folder has the root config."""

    path: Path
    heading: str | None
    starts_with_config: bool

    def section(self, text: str) -> str:
        """Return the part of the page that holds the commands."""
        return text if self.heading is None else text.partition(f"\n{self.heading}\n")[2].partition("\n## ")[0]

    def prepare_folder(self, folder: Path) -> None:
        """Put what the commands start from into an empty folder."""
        store = folder / ".exportctl" / f"{ORGANIZATION.partition('@')[0]}.sqlite"
        Emulator(store, clock=NOON, organization=ORGANIZATION).close()
        if self.starts_with_config:
            shutil.copy(ROOT / "exports.yaml", folder)
            run_command(ShownCommand("exportctl emulator seed --from-config", ()), folder)


PAGES = {
    "README.md": Page(ROOT / "README.md", "## A tour", starts_with_config=True),
    "docs/getting-started.md": Page(
        ROOT / "docs" / "getting-started.md", "## 3. The first plan", starts_with_config=False
    ),
    "docs/tutorial.md": Page(ROOT / "docs" / "tutorial.md", None, starts_with_config=False),
    "docs/how-to/back-up-cja-data.md": Page(
        ROOT / "docs" / "how-to" / "back-up-cja-data.md", "## Set it up", starts_with_config=False
    ),
}


def shown_commands(section: str) -> Iterator[ShownCommand]:
    """Yield what the console blocks of a section show."""
    for block in re.findall(r"```console\n(.*?)```", section, flags=re.DOTALL):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, output = part.partition("\n")
            yield ShownCommand(command, tuple(output.rstrip("\n").splitlines()))


def run_command(shown: ShownCommand, folder: Path) -> tuple[str, ...]:
    """Return the lines that a command prints to stdout; `cat FILE` first writes the file that the page shows."""
    words = shlex.split(shown.command)
    if words[0] == "exportctl":
        out = io.StringIO()
        main(["-C", str(folder), *words[1:]], {}, stdin=io.StringIO(), out=out, err=io.StringIO())
        return tuple(out.getvalue().rstrip("\n").splitlines())
    if words[0] == "cat":
        (folder / words[1]).write_text("\n".join(shown.output) + "\n", encoding="utf-8")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    return tuple(done.stdout.rstrip("\n").splitlines())


def mask_changing_parts(lines: tuple[str, ...]) -> str:
    text = "\n".join(lines)
    for pattern, word in CHANGING_PARTS:
        text = re.sub(pattern, word, text)
    return text


def is_expected_output(shown: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Say whether the output is what is shown, apart from ids, moments and what is left out."""
    parts = [re.escape(line) for line in mask_changing_parts(shown).split("\n")]
    pattern = "\n".join(parts).replace(f"{LEFT_OUT}\n", "(?:.*\n)*?")
    return re.fullmatch(pattern, mask_changing_parts(printed)) is not None


def run_page(page: Page, folder: Path, section: str) -> Iterator[tuple[ShownCommand, tuple[str, ...]]]:
    """Yield each command of a page with the lines that it prints in this folder."""
    page.prepare_folder(folder)
    for shown in shown_commands(section):
        yield shown, run_command(shown, folder)
        if shown.command in (
            "cat exports.yaml",
            "exportctl init",
        ):  # what the emulator does itself where no store exists yet
            run_command(ShownCommand("exportctl emulator seed --from-config", ()), folder)


def _console_lines(command: str, output: tuple[str, ...]) -> str:
    return "".join(f"{line}\n" for line in (f"$ {command}", *output))


def rewrite_page(page: Page, text: str) -> str:
    """Return the page with the outputs of one run; what begins with LEFT_OUT keeps its number of lines."""
    section = page.section(text)
    parts, rest = [], section
    with tempfile.TemporaryDirectory() as name:
        for shown, printed in run_page(page, Path(name), section):
            first = shown.output[:1] == (LEFT_OUT,)
            lines = (LEFT_OUT, *printed[1 - len(shown.output) :]) if first else printed
            before, after = (
                "".join(f"{line}\n" for line in (f"$ {shown.command}", *out)) for out in (shown.output, lines)
            )
            head, _, rest = rest.partition(before)
            parts += [head, after]
    return text.replace(section, "".join(parts) + rest)


if __name__ == "__main__":
    for one in PAGES.values():
        one.path.write_text(rewrite_page(one, one.path.read_text(encoding="utf-8")), encoding="utf-8")
