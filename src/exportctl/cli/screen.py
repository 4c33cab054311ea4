"""
The streams of a run: results go to stdout, all else to stderr, both masked. Knows colour, width and terminals.

A closed pipe (`exportctl plan | head`) ends the output, never the run: an apply under way continues.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from typing import TextIO

from exportctl.model.secret import build_mask
from exportctl.output import format_values as values
from exportctl.output import github_actions
from exportctl.output.markdown_escape import spellings


class Screen:
    """The streams of a run, and the values that none of them may show."""

    def __init__(self, stdin: TextIO, out: TextIO, err: TextIO, env: Mapping[str, str]):
        self.stdin = stdin
        self.out = out
        self.err = err
        self._env = env
        self._hidden: set[str] = {env[n] for n in ("AEP_CLIENT_SECRET", "AEP_ACCESS_TOKEN") if len(env.get(n, "")) >= 8}
        self._mask = build_mask(self._hidden, spellings)
        for stream in (out, err):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")

    def hide(self, values: Iterable[str]) -> None:
        """Mask these values in everything that is written from now on."""
        self._hidden.update(values)
        self._mask = build_mask(self._hidden, spellings)

    def mask_text(self, text: str) -> str:
        return self._mask(text)

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

    @property
    def color(self) -> bool:
        return self._has_color(self.out)

    @property
    def err_color(self) -> bool:
        return self._has_color(self.err)

    def _has_color(self, stream: TextIO) -> bool:
        """Follow https://no-color.org and https://force-color.org: a variable counts if it is not empty."""
        if self._env.get("NO_COLOR"):
            return False
        return bool(self._env.get("FORCE_COLOR")) or (stream.isatty() and self._env.get("TERM") != "dumb")

    @property
    def width(self) -> int:
        return shutil.get_terminal_size((120, 24)).columns if self.out.isatty() else 120

    def write_document(self, text: str) -> None:
        """Write the machine output: exactly one document per run."""
        self._write("out", self._mask(text))

    def show(self, text: str) -> None:
        """Write a result for people to stdout."""
        self._write("out", self._masked_text(text))

    def say(self, text: str) -> None:
        """Write progress, a warning or an error to stderr."""
        self._write("err", self._masked_text(text if text.endswith("\n") else f"{text}\n"))

    def write_workflow_command(self, text: str) -> None:
        """Write workflow commands of GitHub Actions to stderr, so that stdout stays one document."""
        self._write("err", self._mask(text))

    def ask(self, question: str) -> str:
        self._write("err", question)
        return self.stdin.readline().strip()

    def _masked_text(self, text: str) -> str:
        masked = self._mask(text)
        return github_actions.neutralize_commands(masked) if self.is_github_actions else masked

    def _write(self, name: str, text: str) -> None:
        stream: TextIO = getattr(self, name)
        try:
            stream.write(values.escape_surrogates(text))
            stream.flush()
        except BrokenPipeError:
            # Python must not try to write the rest of the buffer again when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
