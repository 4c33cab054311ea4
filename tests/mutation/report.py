"""The results of trials: one line of JSON for each, and what they come to."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass

from tests.mutation.covering_tests import BUILD, PACKAGES, ROOT, SOURCE
from tests.mutation.mutants import Mutant

RESULTS = BUILD / "results.jsonl"
REPORT = BUILD / "report.json"
SURVIVORS = BUILD / "survivors.txt"


@dataclass(frozen=True)
class Result:
    """How one mutant ended."""

    name: str
    file: str
    digest: str  # of the file
    outcome: str
    test: str  # that noticed it
    commit: str


def file_digest(file: str) -> str:
    return hashlib.sha256((SOURCE / file).read_bytes()).hexdigest()[:16]


def append_result(result: Result) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def read_results() -> Mapping[str, Result]:
    """Name of the mutant -> how it ended last."""
    if not RESULTS.exists():
        return {}
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    return {result.name: result for result in (Result(**json.loads(line)) for line in lines)}


def package_of(file: str) -> str:
    return next(package for package in PACKAGES if file.startswith(f"{package}/"))


def figures(results: Iterable[Result], failed_controls: Collection[str]) -> Mapping[str, Counter[str]]:
    """Package -> outcome -> how many mutants."""
    counts: dict[str, Counter[str]] = {}
    for result in results:
        outcome = "broken" if result.test in failed_controls else result.outcome
        counts.setdefault(package_of(result.file), Counter())[outcome] += 1
    return counts


def write_report(mutants: Iterable[Mutant], failed_controls: Collection[str]) -> int:
    """Write and print the figures; return 1 if a trial proves nothing, else 0: the survivors are the result."""
    known = read_results()
    results = [known[mutant.name] for mutant in mutants]
    counts = figures(results, failed_controls)
    left = sorted(f"{one.outcome}: {one.name}" for one in results if one.outcome not in ("killed", "timeout"))
    report = {
        "commits": sorted({one.commit for one in results}),
        "packages": counts,
        "failed_controls": sorted(failed_controls),
        "survivors": left,
    }
    REPORT.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    SURVIVORS.write_text("".join(f"{line}\n" for line in left), encoding="utf-8")
    for folder in BUILD.glob("tmp-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for package, count in counts.items():
        print(f"{package:17} {count.total():5} mutants: {dict(sorted(count.items()))}")
    print(f"{REPORT.relative_to(ROOT)} and {SURVIVORS.relative_to(ROOT)}")
    return 1 if any(count["broken"] for count in counts.values()) else 0
