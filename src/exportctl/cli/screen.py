"""
The streams of a run: results go to stdout, all else to stderr. Knows colour, width and terminals.

It writes documents as they are. Secrets are masked where texts from outside get in (client/guard.py).

A stream that takes no more text never ends the run: an apply under way continues. The report then goes to the other
stream. Only a read-only command whose reader went away (`exportctl plan | head`) says no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TextIO

from exportctl.cli.progress import Progress
from exportctl.cli.streams import OutputStream
from exportctl.output.wrapping import NO_LIMIT, wrap_text

_USUAL_WIDTH = 80  # of a terminal that does not say its own
_NARROWEST = 20
_BLOCK = 65536  # characters of a document that are written at once


class Screen:
    """
    The streams of a run.

    `must_report`: the run has changed something, so its report is needed even if the reader of stdout went away.
    `report_lost`: a part of the report could be written to no stream. `reported_elsewhere`: a file has the report.
    `has_document`: the one document of the machine output is written.
    """

    def __init__(self, stdin: TextIO, out: TextIO | None, err: TextIO | None, env: Mapping[str, str]):
        self.stdin = stdin
        self.out = OutputStream(out, "stdout")
        self.err = OutputStream(err, "stderr")
        self.must_report = False
        self.report_lost = False
        self.reported_elsewhere = False
        self.has_document = False
        self._warned: set[str] = set()
        self._env = env
        self.is_quiet = False
        self.progress = Progress(self.err, self._drawing_width)

    @property
    def is_github_actions(self) -> bool:
        return self._env.get("GITHUB_ACTIONS") == "true"

    @property
    def is_ci(self) -> bool:
        return self._env.get("CI", "").lower() not in ("", "0", "false") or self.is_github_actions

    @property
    def is_interactive(self) -> bool:
        """Say whether a person can answer questions and see a progress bar."""
        return not self.is_ci and self.stdin.isatty() and self.err.isatty()

    def _drawing_width(self) -> int | None:
        """Return the width for a line that moves, None where none can be drawn."""
        return self._width(self.err) if self.is_interactive and self._env.get("TERM") != "dumb" else None

    @property
    def color(self) -> bool:
        return self._has_color(self.out)

    @property
    def err_color(self) -> bool:
        return self._has_color(self.err)

    def _has_color(self, stream: OutputStream) -> bool:
        """Follow https://no-color.org and https://force-color.org: a variable counts if it is not empty."""
        if self._env.get("NO_COLOR"):
            return False
        return bool(self._env.get("FORCE_COLOR")) or (stream.isatty() and self._env.get("TERM") != "dumb")

    @property
    def width(self) -> int:
        """
        The columns of the terminal at stdout; without one, there is no limit.

        What a pipe or a file gets never depends on a window. COLUMNS counts only for a terminal, like in a shell.
        """
        return self._width(self.out)

    def _width(self, stream: OutputStream) -> int:
        if not stream.isatty():
            return NO_LIMIT
        given = self._env.get("COLUMNS", "")
        columns = int(given) if given.isascii() and given.isdigit() else stream.columns()
        return max(columns or _USUAL_WIDTH, _NARROWEST)

    def warn_of_lost_streams(self, *, text: bool) -> None:
        """Say which stream took no text: on stderr, or on stdout if that is the lost one and stdout has `text`."""
        for lost, other in ((self.out, self.err), (self.err, self.out)):
            quiet = lost.lost is None or (lost.reader_left and not self.must_report) or lost.name in self._warned
            if quiet or (other is self.out and not text):
                continue
            self._warned.add(lost.name)
            other.write(f"warning: {lost.name} could not be written: {lost.lost}\n")

    def write_document(self, text: str) -> None:
        """Write the machine output: exactly one document per run."""
        self.has_document = True
        self._report(text)

    def write_document_pieces(self, pieces: Iterable[str]) -> None:
        """Write the machine output piece by piece: a document that is not in memory as a whole."""
        self.has_document = True
        block, length = list[str](), 0
        for piece in pieces:
            block.append(piece)
            length += len(piece)
            if length > _BLOCK:
                self._report("".join(block))
                block, length = [], 0
        self._report("".join(block))

    def show(self, text: str) -> None:
        """Write a result for people to stdout, in lines that fit the terminal."""
        self._report(self._log_text(wrap_text(text, self.width)))

    def show_document(self, text: str) -> None:
        """Write a result that another program may read, such as YAML or Markdown: its lines stay as they are."""
        self.has_document = True
        self._report(self._log_text(text))

    def say(self, text: str) -> None:
        """Write progress, a note or a warning to stderr, unless the run is quiet."""
        if not self.is_quiet:
            self.tell(text)

    def tell(self, text: str) -> None:
        """Write what also a quiet run must say to stderr."""
        words = wrap_text(text, self._width(self.err))
        with self.progress.erase_line():
            self.err.write(self._log_text(words if words.endswith("\n") else f"{words}\n"))

    def say_once(self, text: str) -> None:
        """Say a warning that the run may meet again and again."""
        if text not in self._warned:
            self._warned.add(text)
            self.say(text)

    def say_error(self, text: str) -> None:
        """Write an error that ends the run to stderr, else to stdout."""
        with self.progress.erase_line():
            if not self.err.write(self._log_text(wrap_text(text, self._width(self.err)))):
                self.out.write(self._log_text(wrap_text(text, self.width)))

    def write_workflow_command(self, text: str) -> None:
        """Write workflow commands of GitHub Actions to stderr, so that stdout stays one document."""
        with self.progress.erase_line():
            self.err.write(text)

    def ask(self, question: str) -> str:
        with self.progress.erase_line():
            self.err.write(question)
        return self.stdin.readline().strip()

    def _log_text(self, text: str) -> str:
        """Return text in which the log of GitHub Actions finds no command."""
        if not self.is_github_actions:
            return text
        from exportctl.output import github_actions  # loads every report

        return github_actions.neutralize_commands(text)

    def _report(self, text: str) -> None:
        """Write a part of the report to stdout; to stderr if stdout takes no more text."""
        with self.progress.erase_line():
            if self.out.write(text) or (self.out.reader_left and not self.must_report):
                return
        self.warn_of_lost_streams(text=True)
        self.report_lost |= not self.err.write(text)
