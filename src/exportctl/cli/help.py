"""Help that fits the terminal: the commands in sections, and the stream on which Typer prints help."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from exportctl.cli.command_tree import TableGroup
from exportctl.cli.screen import Screen

MAX_WIDTH = 110  # of help, however wide the terminal is

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Every day": ("validate", "plan", "show", "apply", "drift", "import", "explain"),
    "Watch": ("status", "runs", "forecast", "verify", "renew", "report"),
    "Back up": ("backup", "restore"),
    "Set up": ("init", "doctor", "datasets", "probe", "rotate", "completion"),
    "In a pipeline": ("nightly", "fleet", "publish"),
    "Develop": ("emulator", "snapshot", "diff-environments", "schema"),
}
_OTHERS = "Other commands"


class SectionedGroup(TableGroup):
    """A group that lists its commands in the sections of SECTIONS."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for title, names in command_sections(self.commands):
            self.write_section(formatter, title, names)


def command_sections(commands: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each section with its commands; last those that no section names."""
    for title, names in SECTIONS.items():
        yield title, [name for name in names if name in commands]
    named = {name for names in SECTIONS.values() for name in names}
    others = [name for name in commands if name not in named]
    if others:
        yield _OTHERS, others


class HelpStream:
    """A stdout for Typer, which prints help itself: what it prints goes to the screen, so that examples wrap too."""

    def __init__(self, screen: Screen):
        self._screen = screen

    def write(self, text: str) -> int:
        self._screen.show(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: the screen has flushed."""

    def isatty(self) -> bool:
        return self._screen.out.isatty()
