"""
The tour of the README as data, and a way to run it: commands, and what they are said to print.

Run as a program (`make docs` does), it writes what no longer fits anew; look at the difference afterwards.
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

ROOT = Path(__file__).parents[2]
LEFT_OUT = "…"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
CHANGING_PARTS = (  # what differs from run to run
    (r"--only-if [0-9a-f]{16}", "--only-if DIGEST"),
    (UUID, "ID"),
    (r"\b[0-9a-f]{24}\b", "DATASET"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC", "MOMENT"),
)


@dataclass(frozen=True)
class ShownCommand:
    command: str
    output: tuple[str, ...]  # lines; LEFT_OUT stands for any number of them


def tour(text: str) -> Iterator[ShownCommand]:
    """What the console blocks between `## A tour` and the next heading of that level show."""
    section = text.partition("\n## A tour\n")[2].partition("\n## ")[0]
    for block in re.findall(r"```console\n(.*?)```", section, flags=re.DOTALL):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, output = part.partition("\n")
            yield ShownCommand(command, tuple(output.rstrip("\n").splitlines()))


def run_command(shown: ShownCommand, folder: Path) -> tuple[str, ...]:
    """The lines a command prints to stdout; `cat FILE` writes the file that the README shows."""
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
    """Whether the output is what is shown, apart from what moves and what is left out."""
    parts = [re.escape(line) for line in mask_changing_parts(shown).split("\n")]
    pattern = "\n".join(parts).replace(f"{LEFT_OUT}\n", "(?:.*\n)*?")
    return re.fullmatch(pattern, mask_changing_parts(printed)) is not None


def rewrite_tour(text: str) -> str:
    """The README with the output of today where it differs; what begins with LEFT_OUT keeps its number of lines."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(ROOT / "exports.yaml", name)
        for shown in tour(text):
            printed = run_command(shown, Path(name))
            if not is_expected_output(shown.output, printed):
                first = shown.output[:1] == (LEFT_OUT,)
                lines = (LEFT_OUT, *printed[1 - len(shown.output) :]) if first else printed
                before, after = ("\n".join((f"$ {shown.command}", *part)) for part in (shown.output, lines))
                text = text.replace(before, after, 1)
    return text


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(rewrite_tour(readme.read_text(encoding="utf-8")), encoding="utf-8")
