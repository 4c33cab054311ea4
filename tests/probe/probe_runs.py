"""A probe of the small world of the laws: an emulator in memory with a clock that moves only when somebody waits."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import httpx

from exportctl.emulator import Switches
from exportctl.emulator.questions.question import Probe
from exportctl.emulator.storage.addresses import LANDING_ZONE
from exportctl.emulator.switches import QUESTIONS
from exportctl.probe.late_rows import QUESTIONS as LATE_QUESTIONS
from exportctl.probe.run_probe import ProbeResult
from exportctl.profile.file import ServiceProfile
from exportctl.workflows.probe import ProbeRequest, open_probe
from tests.workflows.world import ENV, SANDBOX, SECRETS, World, config, world

FREE = tuple(name for name, question in QUESTIONS.items() if question.probe is Probe.FREE)
NEW_ROWS = tuple(question.name for question in LATE_QUESTIONS)
EXPORT = tuple(name for name, question in QUESTIONS.items() if question.probe is Probe.EXPORT and name not in NEW_ROWS)


def probe_world(folder: Path, **settings: Any) -> World:
    """Return a world with files, and the variable that says where those of the landing zone are."""
    storage = folder / "files"
    reader = {"EXPORTCTL_READER_PROBE_FOLDER": str(storage / "data-landing-zone" / LANDING_ZONE)}
    made = world(folder, Switches(**settings), storage=storage, env={**ENV, **SECRETS, **reader})
    made.write(config())
    return made


def run_probe(
    made: World,
    transport: httpx.BaseTransport | None = None,
    exported: tuple[str, ...] = (),
    growing: str | None = None,
) -> tuple[ProbeResult, ServiceProfile]:
    more = {} if transport is None else {"transport": transport}
    asked = ProbeRequest("Orders", exported=exported, growing=growing)
    with open_probe(made.setup(now=None, **more), asked, int(made.emulator.now)) as probe:
        result = probe.run(Event(), lambda line: None)
        return result, probe.profile(result)


def objects_in_sandbox(made: World) -> list[str]:
    return [f"{name}/{doc['name']}" for name, docs in made.emulator.snapshot(SANDBOX).items() for doc in docs]
