"""
Steps of a story on the command line: config files to write and commands to run, in a process of their own.

A script of this folder adds a row to a table of exportctl and calls `answer_steps`; a test calls `run_steps` with it.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exportctl.emulator import Emulator

ROOT = Path(__file__).parents[2]
TICKET = "s3cret-ticket"
EDIT_BY_HAND = "edit-by-hand"  # flow, member of scheduleParams, value: no command has a word for what is made up
Steps = Mapping[str, tuple[str | None, list[str]]]  # name -> the config from now on, if it changes, and a command


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def run_steps(script: str, steps: Steps, folder: Path) -> dict[str, Answer]:
    """Run a script of this folder and return what each step answered. The clock stands still: waiting takes no time."""
    from tests.cli.command_line import ORGANIZATION, START, STATE  # not in the process that adds a row

    Emulator(folder / STATE, clock=START, organization=ORGANIZATION).close()
    command = [sys.executable, "-m", f"tests.resources.{script}", str(folder)]
    given = json.dumps(list(steps.values()))
    done = subprocess.run(command, input=given, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return {name: Answer(**found) for name, found in zip(steps, json.loads(done.stdout), strict=True)}


def answer_steps() -> None:
    """Run the steps on stdin in the folder of the first argument, and write what each answered to stdout."""
    from exportctl.cli.main import main  # after the script has added its row

    folder = Path(sys.argv[1])
    answers: list[dict[str, Any]] = []
    for config, command in json.load(sys.stdin):
        if config is not None:
            (folder / "exports.yaml").write_text(config)
        out, err = io.StringIO(), io.StringIO()
        if command[0] == EDIT_BY_HAND:
            code = _edit_schedule(folder, *command[1:])
        else:
            code = main([*command, "-C", str(folder)], {"TICKET": TICKET}, out=out, err=err)
        answers.append({"code": code, "out": out.getvalue(), "err": err.getvalue()})
    json.dump(answers, sys.stdout)


def _edit_schedule(folder: Path, flow: str, member: str, value: str) -> int:
    """Edit one member of a flow's scheduleParams in the embedded emulator, as a person does in the UI."""
    (state,) = folder.glob("**/*.sqlite")
    emulator = Emulator(state)
    emulator.ui.schedule(flow, {member: value}, as_person="jane")
    emulator.close()
    return 0
