"""
One trial of a mutant: a forked process imports the changed file in place of the real one, and runs tests.

No file changes, so a run that is killed leaves nothing behind. The parent has imported what the tests need, except
exportctl: a fork takes milliseconds, and to import these libraries takes seconds.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import entry_points
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Literal

import pytest

from tests.law_profile import import_whole_package
from tests.mutation.covering_tests import BUILD, QUIET, SOURCE
from tests.mutation.mutants import Mutant, compile_mutant

LIBRARIES = (
    "hypothesis.stateful",
    "httpx",
    "yaml",
    "jsonschema",
    "deepdiff",
    "typer",
    "rich.table",
    "waitress",
    "vcr",
    "sqlite3",
)
MEMORY = 6 * 2**30  # bytes: a loop that fills the memory ends in an error
UNKNOWN_TEST = "pytest knows no test of this name"
Outcome = Literal["killed", "survived", "timeout", "no test", "broken"]


@dataclass(frozen=True)
class Trial:
    """How the tests ended on a mutant, and the test that noticed it."""

    outcome: Outcome
    test: str = ""


class MutantLoader(SourceFileLoader):
    """Loads the changed code of one file."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self.mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile_mutant(self.get_data(self.path).decode(), self.path, self.mutant.number)


@dataclass(frozen=True)
class MutantFinder(MetaPathFinder):
    """Finds the changed file before Python finds the real one."""

    mutant: Mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = str(SOURCE / self.mutant.file)
        if fullname != module_name(self.mutant.file):
            return None
        return spec_from_file_location(fullname, file, loader=MutantLoader(fullname, file, self.mutant))


@dataclass(eq=False)  # pytest keeps its plugins in sets
class FirstFailure:
    """The first test that fails; a plugin of pytest."""

    test: str = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.test:
            self.test = report.nodeid


def module_name(file: str) -> str:
    return "exportctl." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def import_libraries() -> None:
    """Import what the tests need, and all plugins of pytest."""
    for name in (*LIBRARIES, *(plugin.module for plugin in entry_points(group="pytest11"))):
        importlib.import_module(name)


def try_mutant(mutant: Mutant | None, tests: Sequence[str], seconds: float) -> Trial:
    """Run tests on a mutant, or on the code as it is, until one fails; `seconds` is what they usually take."""
    trial = run_apart(lambda: _run_tests(mutant, tests), 10 + 5 * seconds)
    if trial.test != UNKNOWN_TEST:
        return trial
    files = sorted({test.partition("::")[0] for test in tests})  # the mutant names the cases of a test otherwise
    return run_apart(lambda: _run_tests(mutant, files), 30 + 5 * seconds)


def _run_tests(mutant: Mutant | None, tests: Sequence[str]) -> Trial:
    if mutant:
        sys.meta_path.insert(0, MutantFinder(mutant))
    failure = FirstFailure()
    options = ["-x", *QUIET]
    end = pytest.main([*options, f"--basetemp={BUILD / f'tmp-{os.getppid()}'}", *tests], plugins=[failure])
    if end == pytest.ExitCode.OK:
        return Trial("survived")
    if end in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):  # interrupted: a file cannot be imported
        return Trial("killed", failure.test or "import")
    if not _can_import():
        return Trial("killed", "import")
    return Trial("broken", UNKNOWN_TEST if end == pytest.ExitCode.USAGE_ERROR else f"pytest ended with {int(end)}")


def _can_import() -> bool:
    """Say whether exportctl can be imported: if a conftest.py cannot, pytest answers as for a wrong name of a test."""
    try:
        import_whole_package("exportctl")
    except Exception:
        return False
    return True


def run_apart(work: Callable[[], Trial], cpu_seconds: float, *, silent: bool = True) -> Trial:
    """Do work in a process of its own, within bounds of time and memory."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.setsid()
        trial = Trial("broken", "an exception outside the tests")
        try:
            if silent:
                _set_bounds(cpu_seconds)
            trial = work()
        finally:
            os.write(writing, json.dumps([trial.outcome, trial.test]).encode())
            os._exit(0)
    os.close(writing)
    try:
        answer = _read_answer(reading, 60 + 4 * cpu_seconds)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)  # with the processes that the tests left
        os.waitpid(process, 0)
    return Trial(*json.loads(answer)) if answer else Trial("timeout")


def _set_bounds(cpu_seconds: float) -> None:
    """
    Bound this process, and take its output away.

    Processor time counts, because a busy machine must not make a timeout of a slow test.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds) + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)


def _read_answer(pipe: int, seconds: float) -> bytes:
    """What the process wrote; nothing if it ended before, or does not end."""
    ready, _, _ = select.select([pipe], [], [], seconds)
    return os.read(pipe, 65536) if ready else b""
