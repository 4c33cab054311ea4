"""
Many trials in one session of pytest: it collects the tests once, and each mutant gets a fork of it.

A mutant in code that runs at import is left to `trial.try_mutant`, which imports everything anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.covering_tests import BUILD, QUIET, CoveringTests
from tests.mutation.live_code import Functions, RunsAtImport, change_code, index_functions
from tests.mutation.mutants import Mutant
from tests.mutation.trial import Trial, run_apart

AT_IMPORT = Trial("broken", "it changes what runs at import")


@dataclass(eq=False)  # pytest keeps its plugins in sets
class MutantSession:
    """Tries mutants instead of running the tests that pytest collected; a plugin of pytest."""

    mutants: Sequence[Mutant]
    covering: CoveringTests
    seconds: float
    note: Callable[[Mutant, Trial], None]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items, functions = {item.nodeid: item for item in session.items}, index_functions()
        for mutant in self.mutants:
            tests = self.covering.for_trial(mutant, self.seconds)
            chosen = [items[test] for test in tests if test in items]
            if chosen:
                trial = run_apart(partial(run_items, mutant, functions, chosen), 10 + 5 * self.seconds)
                if trial != AT_IMPORT:
                    self.note(mutant, trial)
        return True


def run_items(mutant: Mutant, functions: Functions, items: Iterable[pytest.Item]) -> Trial:
    """Run tests on a mutant until one fails."""
    try:
        change_code(mutant, functions)
    except RunsAtImport:
        return AT_IMPORT
    for item in items:
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=None)):
            return Trial("killed", item.nodeid)
    return Trial("survived")


def try_in_session(
    mutants: Sequence[Mutant], covering: CoveringTests, seconds: float, note: Callable[[Mutant, Trial], None]
) -> None:
    """Try the mutants whose lines have tests of their own; `note` gets each trial."""
    own = [mutant for mutant in mutants if covering.has_own_tests(mutant)]
    files = sorted({test.partition("::")[0] for one in own for test in covering.for_trial(one, seconds)})
    options = ["--capture=sys", *QUIET]
    if files:
        plugin = MutantSession(own, covering, seconds, note)
        pytest.main([*options, f"--basetemp={BUILD / f'tmp-{os.getpid()}'}", *files], plugins=[plugin])
