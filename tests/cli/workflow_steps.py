"""Runs a command as a step of GitHub Actions."""

from __future__ import annotations

import io
import os
import re
import signal

from exportctl.cli.main import main
from tests.cli.command_line import CommandLine


class SignalledAt(io.StringIO):
    """A stream that sends this process a signal as soon as a text is written."""

    def __init__(self, text: str):
        super().__init__()
        self.text = text

    def write(self, text: str, /) -> int:
        if self.text in text:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().write(text)


def in_actions(run: CommandLine, *command: str, interrupt_at: str = "\0") -> tuple[int, str, dict[str, str], str]:
    """Run a command as a step of GitHub Actions; return exit code, log, outputs and summary."""
    files = {name: run.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
    env = {"GITHUB_ACTIONS": "true", **{name: str(file) for name, file in files.items()}}
    log = SignalledAt(interrupt_at)
    code = main(["-C", str(run.folder), *command], {**run.env, **env}, out=log, err=log)
    text = files["GITHUB_OUTPUT"].read_text(encoding="utf-8")
    outputs = {found[1]: found[3] for found in re.finditer(r"(?ms)^(\w+)<<(\w+)\n(.*?)\n\2$", text)}
    return code, log.getvalue(), outputs, files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
