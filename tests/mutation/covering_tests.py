"""
Which tests run which line: measured once by running them all, then read from `build/mutants/`.

A mutant is tried with tests that run its line: all of its own package first, and a few of each file in turn, so that a
small time suffices for tests of many kinds.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
from coverage.numbits import numbits_to_nums

from tests.mutation.mutants import Mutant

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "exportctl"
BUILD = ROOT / "build" / "mutants"
COVERAGE = BUILD / "coverage"
SECONDS = BUILD / "seconds.json"
PACKAGES = ("model", "resources", "plan", "planfile", "apply", "client", "monitor/delivery")
# What runs the packages in one process.
FOLDERS = (*PACKAGES[:4], "client", "rules", "cases", "output", "snapshot", "monitor", "workflows")
# Of the workflows, what takes longer than a mutant may cost, and what is about packages that are not mutated.
LEFT_OUT = (
    "switch",
    "degraded",
    "concurrent",
    "nights",
    "import",
    "accept",
    "snapshot",
    "followed",
    "canary",
    "storage",
)
UNMEASURED = "twenty_thousand_objects or the_worst_footer"
SLOWEST = 8.0  # seconds: a test that takes longer is not used
# The parent has imported plugins and libraries before pytest could rewrite their assertions.
QUIET = ("-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
OF_A_FILE = 0.1  # seconds to import and collect a file of tests
BATCH = 8  # tests of one file in turn


@dataclass(eq=False)  # pytest keeps its plugins in sets
class PassedTests:
    """The tests that passed, with the processor time that they took; a plugin of pytest."""

    seconds: dict[str, float]
    laws: set[str]

    @pytest.hookimpl(trylast=True)  # tests/conftest.py marks the laws
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [one for one in items if not is_left_out(one.path, is_law=bool(one.get_closest_marker("law")))]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        start = time.process_time()
        answer = yield
        if item.nodeid in self.seconds:
            self.seconds[item.nodeid] += time.process_time() - start
        return answer

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "law" in report.keywords:
            self.laws.add(report.nodeid)
        if report.failed:
            self.seconds[report.nodeid] = float("inf")
        else:
            self.seconds.setdefault(report.nodeid, 0.0)


@dataclass(frozen=True)
class CoveringTests:
    """File of src/exportctl -> line -> tests; test -> seconds; and which tests are laws: they draw many examples."""

    lines: Mapping[str, Mapping[int, Sequence[str]]]
    seconds: Mapping[str, float]
    laws: Collection[str] = frozenset()

    def in_turn(self, file: str, lines: Iterable[int]) -> list[str]:
        """
        The tests that run one of the lines, best first: a few of each file.

        A line that runs at import belongs to no test: the tests of its whole file stand for it, or of its package.
        """
        package, of_file = f"tests/{file.partition('/')[0]}/", self.lines.get(file, {})
        found = {test for line in lines for test in of_file.get(line, ())} or set(chain(*of_file.values()))
        found = found or {test for test in self.seconds if test.startswith(package)}
        by_file = defaultdict(list)
        for test in sorted(found, key=lambda test: (self.seconds.get(test, SLOWEST), test)):
            if self.seconds.get(test, SLOWEST) < SLOWEST:
                by_file[test.partition("::")[0]].append(test)
        groups = defaultdict(list)  # the tests of its package, the other quick ones, whole loops
        for name, tests in by_file.items():
            groups[not name.startswith(package), name.startswith("tests/workflows")].append(tests)
        return [test for _, files in sorted(groups.items()) for test in in_batches(files)]

    def has_own_tests(self, mutant: Mutant) -> bool:
        """Say whether a test runs a line of the mutant: what runs at import only has none."""
        of_file = self.lines.get(mutant.file, {})
        return any(of_file.get(line) for line in mutant.lines)

    def for_trial(self, mutant: Mutant, seconds: float) -> list[str]:
        """As many tests as the time allows, then laws for as long once more."""
        tests = self.in_turn(mutant.file, mutant.lines)
        single, laws = ([test for test in tests if (test in self.laws) is is_law] for is_law in (False, True))
        return [*self.within(single, seconds), *self.within(laws, seconds)]

    def within(self, tests: Iterable[str], seconds: float) -> Iterator[str]:
        """The first tests that together take no longer than that; at least one."""
        spent, files = 0.0, set[str]()
        for test in tests:
            file = test.partition("::")[0]
            spent += self.seconds[test] + (0.0 if file in files else OF_A_FILE)
            files.add(file)
            yield test
            if spent > seconds:
                return


def in_batches(files: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a few tests of each file in turn."""
    left = [list(tests) for tests in files]
    while any(left):
        for tests in left:
            yield from tests[:BATCH]
            del tests[:BATCH]


def is_left_out(file: Path, *, is_law: bool) -> bool:
    """Say whether a test of the workflows is left out: the laws among them play whole loops, too."""
    return file.parent.name == "workflows" and (is_law or any(word in file.name for word in LEFT_OUT))


def files_digest(files: Iterable[Path]) -> str:
    """The digest of the content of files."""
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in sorted(files))).hexdigest()


def measured_digests() -> Mapping[str, str]:
    """The digests of all that the measurement depends on."""
    mutated = [file for package in PACKAGES for file in (SOURCE / package).rglob("*.py")]
    tests = [file for folder in FOLDERS for file in (ROOT / "tests" / folder).rglob("*.py")]
    return {"source": files_digest(mutated), "tests": files_digest(tests)}


def is_measured(keep: bool) -> bool:
    """Say whether there is a measurement that fits; `keep` allows one from before the tests changed."""
    if not SECONDS.exists():
        return False
    then, now = json.loads(SECONDS.read_text(encoding="utf-8"))["digests"], measured_digests()
    return bool(then["source"] == now["source"] and (keep or then["tests"] == now["tests"]))


def measure() -> None:
    """Run all tests once, and write which line each of them runs."""
    COVERAGE.unlink(missing_ok=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    digests, passed = measured_digests(), PassedTests({}, set())
    config = Path(__file__).with_name("coverage_by_test.ini")
    arguments = ["--cov", f"--cov-config={config}", "--cov-context=test", "--cov-report=", *QUIET]
    arguments += ["-m", "not slow and not real and not ecosystem", "-k", f"not ({UNMEASURED})"]
    folders = [f"tests/{folder}" for folder in FOLDERS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COVERAGE_FILE", str(COVERAGE))
        pytest.main([*arguments, *folders], plugins=[passed])
    found = {"digests": digests, "seconds": passed.seconds, "laws": sorted(passed.laws)}
    SECONDS.write_text(json.dumps(found), encoding="utf-8")


def read_covering_tests() -> CoveringTests:
    """Read what `measure` wrote."""
    found = json.loads(SECONDS.read_text(encoding="utf-8"))
    lines: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    query = (
        "select file.path, context.context, line_bits.numbits from line_bits"
        " join file on file.id = file_id join context on context.id = context_id where context.context like '%|run'"
    )
    with sqlite3.connect(COVERAGE) as data:
        for path, context, bits in data.execute(query):
            for line in numbits_to_nums(bits):
                lines[Path(path).relative_to(SOURCE).as_posix()][line].append(context.removesuffix("|run"))
    return CoveringTests(lines, found["seconds"], frozenset(found["laws"]))
