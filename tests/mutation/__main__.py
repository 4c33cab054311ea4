"""
Mutation testing: `python -m tests.mutation [--package plan] [--sample 100 --seed 1]`.

It writes `build/mutants/results.jsonl`, a line for each mutant while it runs, and at the end `report.json` and
`survivors.txt`. A run that is stopped goes on where it was. A mutant that was killed is tried again only if its file
changed; a survivor is tried again each time, because there may be new tests.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest

from tests.law_profile import head_commit
from tests.mutation.covering_tests import (
    PACKAGES,
    ROOT,
    SOURCE,
    CoveringTests,
    is_measured,
    measure,
    read_covering_tests,
)
from tests.mutation.mutants import Mutant, find_mutants
from tests.mutation.report import Result, append_result, file_digest, read_results, write_report
from tests.mutation.session import try_in_session
from tests.mutation.trial import Trial, import_libraries, run_apart, try_mutant


def mutants_of(package: str) -> list[Mutant]:
    files = sorted((SOURCE / package).rglob("*.py"))
    return [
        mutant
        for file in files
        if not file.name.endswith("_docs.py")  # it writes a page, and a test compares the page
        for mutant in find_mutants(file.relative_to(SOURCE).as_posix(), file.read_text(encoding="utf-8"))
    ]


def drawn_mutants(packages: Sequence[str], sample: int | None, seed: int) -> list[Mutant]:
    """The mutants of the packages, or a sample of each, mixed: a run that is stopped has tried some of each."""
    drawn = [sorted(mutants_of(package), key=lambda one: _place_in_draw(one, seed))[:sample] for package in packages]
    return [mutant for turn in zip_longest(*drawn) for mutant in turn if mutant]


def _place_in_draw(mutant: Mutant, seed: int) -> bytes:
    """The place of a mutant in the draw: a change elsewhere does not move it."""
    return hashlib.sha256(f"{seed}/{mutant.name}".encode()).digest()


def run(mutants: Sequence[Mutant], covering: CoveringTests, seconds: float) -> None:
    """
    Try each mutant that is not known to be killed.

    What survives in a session is tried once more with everything imported anew: it may have changed a table.
    """
    commit, known, start = head_commit(ROOT) or "", read_results(), time.monotonic()
    digests = {file: file_digest(file) for file in {mutant.file for mutant in mutants}}

    def note(mutant: Mutant, trial: Trial) -> None:
        append_result(Result(mutant.name, mutant.file, digests[mutant.file], trial.outcome, trial.test, commit))
        print(f"{time.monotonic() - start:6.0f} s  {trial.outcome:8}  {mutant.name}", flush=True)

    def is_open(mutant: Mutant) -> bool:
        before = known.get(mutant.name)
        return not before or before.digest != digests[mutant.file] or before.outcome not in ("killed", "timeout")

    left = [mutant for mutant in mutants if is_open(mutant)]
    run_apart(lambda: _in_session(left, covering, seconds, note), 1e6, silent=False)
    known = read_results()
    for mutant in filter(is_open, left):
        tests = covering.for_trial(mutant, seconds)
        note(mutant, try_mutant(mutant, tests, seconds) if tests else Trial("no test"))


def _in_session(
    mutants: Sequence[Mutant], covering: CoveringTests, seconds: float, note: Callable[[Mutant, Trial], None]
) -> Trial:
    try_in_session(mutants, covering, seconds, note)
    return Trial("survived")


def failed_controls(mutants: Sequence[Mutant], covering: CoveringTests) -> list[str]:
    """The tests that killed mutants, and fail on the code as it is too: what they killed counts as broken."""
    known = read_results()
    tests = sorted({known[one.name].test for one in mutants if known[one.name].outcome == "killed"} - {"import"})
    failed = []
    while tests and (trial := try_mutant(None, tests, sum(covering.seconds.get(t, 1.0) for t in tests))).test:
        failed.append(trial.test)
        tests = [test for test in tests if test != trial.test]
    return failed


def _measure() -> Trial:
    measure()
    return Trial("survived")


def main() -> int:
    """Run what the arguments ask for; the exit code is 1 if a trial proves nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--package", action="append", choices=PACKAGES, help="only this package; may be repeated")
    parser.add_argument("--sample", type=int, help="only so many mutants of each package")
    parser.add_argument("--seed", type=int, default=1, help="which mutants the sample has")
    parser.add_argument("--only", default="", help="only mutants with this text in their name, as FILE:LINE:")
    parser.add_argument("--seconds", type=float, default=20.0, help="of tests for each mutant")
    parser.add_argument("--keep-measurement", action="store_true", help="although tests changed since")
    given = parser.parse_args()
    packages = given.package or PACKAGES
    import_libraries()
    if not is_measured(given.keep_measurement):
        print("measuring which test runs which line; this takes as long as the tests", flush=True)
        if run_apart(_measure, 3600.0, silent=False).outcome != "survived":
            print("the measurement failed")
            return 1
    covering = read_covering_tests()
    mutants = [one for one in drawn_mutants(packages, given.sample, given.seed) if given.only in one.name]
    try:
        run(mutants, covering, given.seconds)
    except KeyboardInterrupt:
        print("stopped; the report is of what was tried")
        mutants = [one for one in mutants if one.name in read_results()]
    return write_report(mutants, failed_controls(mutants, covering))


if __name__ == "__main__":
    sys.exit(main())
