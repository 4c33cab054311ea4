"""The demo, and the loop of the README: declare, plan, apply, edit by hand, see it, repair it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

from tests.cli.command_line import ROOT, northwind
from tests.preloaded import preloaded_exportctl

STEPS = 12


def copy_demo(folder: Path, exportctl: str) -> dict[str, str]:
    """What the demo needs in a folder of its own, and its environment; `exportctl` is the program that it calls."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "exportctl").write_text(f"#!/bin/sh\n{exportctl}\n")
    (folder / "exportctl").chmod(0o755)
    (folder / "build" / "demo").mkdir(parents=True)
    (folder / "build" / "demo" / "plan.json").write_text("left over from an earlier run")
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    return {**paths, "EXPORTCTL": str(folder / "exportctl"), "TERM": "xterm", "HOME": str(folder)}


def read_terminal(terminal: int) -> Iterator[bytes]:
    """What is written to a terminal, until nothing has it open any more."""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # the way in which Linux says so
            return
        if not part:
            return
        yield part


def run_on_terminal(folder: Path, env: dict[str, str], width: int) -> tuple[int, str]:
    """Run the demo on a terminal of this width; the exit code, and the text without colours."""
    terminal, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    command = ("sh", "examples/demo.sh")
    with subprocess.Popen(command, cwd=folder, env=env, stdin=side, stdout=side, stderr=side) as process:
        os.close(side)
        parts = list(read_terminal(terminal))
    os.close(terminal)
    text = b"".join(parts).decode().replace("\r\n", "\n")
    shown = re.sub(r"[^\n]*\r\x1b\[K", "", text)  # what was erased before anything else took its line
    return process.returncode, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", shown)


def test_the_demo_comes_out_as_it_says_and_fits_80_columns(tmp_path: Path) -> None:
    code, text = run_on_terminal(tmp_path, copy_demo(tmp_path, f'exec {preloaded_exportctl()} "$@"'), 80)

    assert code == 0, text[-3000:]
    assert [int(number) for number in re.findall(r"(?m)^── (\d+) of 12 ── ", text)] == [*range(1, STEPS + 1)]
    rows = [int(count) for count in re.findall(r"(?m)^    2026-12-01 \S+ UTC  0 s   done +(\d+) ", text)]
    assert rows == [45, 80, 120, 1000]
    for shown in ("changed by jane@AdobeID at 2026-12-01", "(exit code 3)", "(exit code 6)", "(exit code 9)", "WHOLE"):
        assert shown in text
    assert text.index("── What you saw ──") < text.index("── Where to go next ──")
    assert "(exit code 1)" not in text
    unbroken = ("━", "part-00000", str(tmp_path))  # a bar that is drawn again and again, and names without a space
    assert [line for line in text.split("\n") if len(line) > 80 and not any(one in line for one in unbroken)] == []
    assert "<html" in (tmp_path / "build" / "demo" / "report.html").read_text(encoding="utf-8")


def test_the_demo_stops_at_the_step_that_does_not_come_out_as_stated(tmp_path: Path) -> None:
    env = copy_demo(tmp_path, "exit 0")  # it says that all is done, and does nothing

    done = subprocess.run(
        ("sh", "examples/demo.sh"), cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "demo: step 5 did not come out as stated: no with 120 rows" in done.stderr
    assert "What you saw" not in done.stdout


def test_the_config_of_this_repository_goes_once_round(tmp_path: Path) -> None:
    run = northwind(tmp_path)

    assert run("validate").code == 0
    first = run("plan", "--detailed-exitcode")
    assert first.code == 2
    assert "EMULATOR: nothing reaches Adobe" in first.out
    assert "Unset variables use placeholder values" in first.out
    assert "9 to create" in first.out
    assert "placeholder" not in run("plan", LAKE_ROLE_ARN="arn:aws:iam::123456789012:role/lake").out

    made = run("apply", "--auto-approve")
    assert made.code == 0
    assert "Final check: no changes." in made.out
    assert run("plan", "--detailed-exitcode").code == 0
    assert run("drift").code == 0

    edited = run("emulator", "ui", "path", "exports.web-to-lake", "by/hand", "--as", "jane@acme.example")
    assert edited.code == 0
    drift = run("drift")
    assert drift.code == 3
    for words in ("exports.web-to-lake", "path: ", '"by/hand"', '"aep"', "jane@", "2027-01-15", "exc_app"):
        assert words in drift.out

    assert run("apply", "--auto-approve").code == 0
    assert run("drift").code == 0


def test_a_flow_paused_by_hand_stays_paused_until_it_is_resumed(tmp_path: Path) -> None:
    run = northwind(tmp_path)
    assert run("apply", "--auto-approve").code == 0
    assert run("emulator", "ui", "disable", "web-to-lake").code == 0

    drift = run("drift")
    assert drift.code == 3
    assert "Paused: left paused" in drift.out

    before = run.writes()
    ended = run("apply", "--auto-approve")
    assert ended.code == 0
    assert "Nothing to do." in ended.out
    assert run.writes() == before

    plan = run("plan", "--detailed-exitcode")
    assert plan.code == 0
    assert "1 left paused" in plan.out

    assert run("apply", "--auto-approve", "--resume", "exports.web-to-lake").code == 0
    assert run("drift").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
