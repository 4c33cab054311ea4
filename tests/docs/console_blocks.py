"""
The console blocks of a page: what they show, a way to run them, a comparison, and the page with new outputs.

The commands of one page run one after another in one folder, in this process, with an emulator whose clock stands
still. So every output is the same in each run, but for the sizes and hashes of files that libraries compress.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from exportctl.cli.main import main

ROOT = Path(__file__).parents[2]
LEFT_OUT = "…"
BLOCK = re.compile(r"(?ms)^```console\n(.*?)^```")
COMMAND = re.compile(r"(?m)^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)")
SIMILAR = 0.5
ELEVEN = "2026-12-01T11:00:00Z"  # when a commit is made that a page shows
ONE_BY_ONE = ("apply", "renew")  # side by side, two changes would get their ids in any order
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
DIFFERING = (  # what depends on the versions of libraries, or on the machine
    (r" *\b\d+\.\d [KM]iB", " SIZE"),
    (r"\b(?:size|says|has) \d+\b|\b\d+ bytes", "SIZE"),
    (r"\b[0-9a-f]{64}\b(?=\.? *$|; |\n)", "HASH"),
    (r"request id [0-9a-f-]{36}", "request id ID"),  # lists are read side by side
    (r"\(run [0-9a-f]{16}\)", "(run ID)"),  # drawn at random
    (r"\bin \d+\.\d s\b", "in SECONDS"),
)
Preparation = Callable[[Path], None]
T = TypeVar("T")


@dataclass(frozen=True)
class ShownCommand:
    """A command, the lines that the page shows below it, and where in the page these lines are."""

    command: str
    output: tuple[str, ...]
    span: tuple[int, int]
    in_block_with_output: bool

    @property
    def is_compared(self) -> bool:
        """Whether the page shows what it prints; a block of commands only shows no output of any."""
        return self.in_block_with_output

    @property
    def words(self) -> list[str]:
        """The words without a comment."""
        return shlex.split(self.command.replace("\\\n", " "), comments=True)


@dataclass(frozen=True)
class Scene:
    """
    What the commands of a page start from.

    `before` names commands by how they begin, in the order of the page, and what happens before each of them.
    `answers` are what a person types at the prompt of a command that begins so, `options` what the page leaves out.
    """

    prepare: Preparation
    before: tuple[tuple[str, Preparation], ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Person(io.StringIO):
    """A person at a terminal, who types one answer; the terminal shows what is typed."""

    def __init__(self, answer: str, screen: io.StringIO) -> None:
        super().__init__(f"{answer}\n")
        self.screen = screen

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # typeshed: of a base class, bytes
        line = super().readline(size)
        self.screen.write(line)
        return line


class Prompt(io.StringIO):
    """The stream of a terminal on which a command asks; it goes to the screen that shows the output too."""

    def __init__(self, screen: io.StringIO) -> None:
        super().__init__()
        self.screen = screen

    def isatty(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        return self.screen.write(text)


def shown_commands(page: str) -> Iterator[ShownCommand]:
    """Yield what the console blocks of a page show."""
    for block in BLOCK.finditer(page):
        parts = list(COMMAND.finditer(block.group(1)))
        for part in parts:
            start, end = (block.start(1) + place for place in part.span(2))
            lines = tuple(part.group(2).splitlines())
            yield ShownCommand(part.group(1), lines, (start, end), any(one.group(2) for one in parts))


def run_exportctl(folder: Path, *argv: str, env: Mapping[str, str] | None = None, answer: str = "") -> tuple[int, str]:
    """Return the exit code of a command and what a person sees of it."""
    screen = io.StringIO()
    stdin, err = (Person(answer, screen), Prompt(screen)) if answer else (io.StringIO(), screen)
    one_by_one = ("--parallelism", "1") if argv[0] in ONE_BY_ONE else ()
    with chdir(folder):
        code = main([*argv, *one_by_one], dict(env or {}), stdin=stdin, out=screen, err=err)
    return code, ESCAPES.sub("", screen.getvalue())


def run_command(shown: ShownCommand, folder: Path, env: dict[str, str], scene: Scene) -> tuple[int, str]:
    """Run a command; `cat FILE` first writes the file that the page shows, `export` sets a variable."""
    program, *argv = shown.words
    if program == "export":
        name, _, value = argv[0].partition("=")
        env[name] = value.replace(LEFT_OUT, "what the page leaves out")
        return 0, ""
    if program == "exportctl":
        options = _value_for(shown, scene.options, ())
        return run_exportctl(folder, *argv, *options, env=env, answer=_value_for(shown, scene.answers, ""))
    if program == "cat":
        (folder / argv[0]).write_text("\n".join(shown.output) + "\n", encoding="utf-8")
    return 0, run_program(folder, program, *argv)


def run_program(folder: Path, *words: str, moment: str = ELEVEN) -> str:
    """Return what another program prints; Git commits at the moment, and reads no settings of this machine."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_COMMITTER_DATE": moment}
    person = {f"GIT_{who}_{what}": "jane@acme.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | own | person
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout


def _value_for(shown: ShownCommand, values: Mapping[str, T], default: T) -> T:
    return next((value for beginning, value in values.items() if shown.command.startswith(beginning)), default)


def run_page(
    page: str, scene: Scene, folder: Path, not_run: Mapping[str, str]
) -> Iterator[tuple[ShownCommand, tuple[str, ...]]]:
    """Yield each command of a page with the lines that it prints in this folder, but for those that cannot run."""
    scene.prepare(folder)
    env: dict[str, str] = {}
    steps = list(scene.before)
    for shown in shown_commands(page):
        if any(shown.command.startswith(beginning) for beginning in not_run):
            continue
        if steps and shown.command.startswith(steps[0][0]):
            steps.pop(0)[1](folder)
        code, printed = run_command(shown, folder, env, scene)
        assert shown.is_compared or code == 0, f"{shown.command}: {printed}"
        yield shown, tuple(printed.rstrip("\n").splitlines())
    assert steps == [], f"the page has no command left that begins with: {steps[0][0]}"


def mask_differing_parts(lines: tuple[str, ...]) -> str:
    """Return lines as one text without what differs between machines."""
    text = "\n".join(lines)
    for pattern, word in DIFFERING:
        text = re.sub(pattern, word, text)
    return text


def is_expected_output(shown: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Say whether the output is what is shown; a line LEFT_OUT stands for any number of lines."""
    if shown == (LEFT_OUT,):
        return True
    parts = [re.escape(line) for line in mask_differing_parts(shown).split("\n")]
    pattern = "\n".join(parts).replace(f"{LEFT_OUT}\n", "(?:.*\n)*?")
    pattern = re.sub(rf"\n\s*{LEFT_OUT}(?=\n|$)", "(?:\n.*)*?", pattern)
    return re.fullmatch(pattern, mask_differing_parts(printed)) is not None


def new_output(shown: tuple[str, ...], printed: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the page should show: of an output that it shortens, the lines that are like those it showed."""
    if is_expected_output(shown, printed):
        return shown
    kept = [line for line in shown if line.strip() != LEFT_OUT]
    if len(kept) == len(shown):
        return printed
    places = [-1, *similar_lines(kept, printed), len(printed)]
    lines: list[str] = []
    for before, place in pairwise(places):
        lines += ([LEFT_OUT] if place > before + 1 else []) + list(printed[place : place + 1])
    return tuple(lines)


def similar_lines(wanted: Sequence[str], lines: Sequence[str]) -> list[int]:
    """Return where lines like the wanted ones stand, in the same order; the best choice of all."""
    best: list[tuple[float, list[int]]] = [(0.0, [])] * (len(lines) + 1)
    for one in wanted:
        ratios = [SequenceMatcher(None, one, line).ratio() for line in lines]
        row = [best[0]]
        for place, ratio in enumerate(ratios):
            taken = (best[place][0] + ratio, [*best[place][1], place]) if ratio > SIMILAR else best[place]
            row.append(max(row[-1], best[place + 1], taken, key=lambda choice: choice[0]))
        best = row
    return best[-1][1]


def rewrite_page(page: str, scene: Scene, folder: Path, not_run: Mapping[str, str]) -> str:
    """Return the page with the outputs of one run."""
    for shown, printed in reversed(list(run_page(page, scene, folder, not_run))):
        if not shown.is_compared:
            continue
        lines = "".join(f"{line}\n" for line in new_output(shown.output, printed))
        page = f"{page[: shown.span[0]]}{lines}{page[shown.span[1] :]}"
    return page
