"""The measures that are promised: what each was before it was worked on, what to reach, and what this run found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.round_trips import ONE_TITLE, CommandCost
from benchmarks.start_up import StartUp

HEAD = ("measure", "before", "to reach", "found", "reached")


@dataclass(frozen=True)
class Goal:
    """It is reached if `found` is at most `most`. Too few digits would show a near miss as a hit."""

    measure: str
    before: str
    most: float
    found: float

    @property
    def row(self) -> tuple[str, ...]:
        reached = "yes" if self.found <= self.most else "no"
        return self.measure, self.before, f"≤ {self.most:g}", f"{self.found:.3f}", reached


def round_trip_goals(costs: Iterable[CommandCost]) -> list[Goal]:
    found = {(one.command, one.datasets): one.round_trips for one in costs}
    waited = "round trips: "
    return [
        Goal(f"{waited}plan, 90 exports, 90 datasets", "3.0", 2.1, found["plan", 90]),
        Goal(f"{waited}drift, 90 exports, 90 datasets", "3.0", 2.1, found["drift", 90]),
        Goal(f"{waited}plan, 90 exports, 1,000 datasets by name", "12.2", 4, found["plan", 1000]),
        Goal(f"{waited}renew, nothing due, 1,000 datasets", "12.5", 2.1, found["renew, nothing due", 1000]),
        Goal(f"{waited}status, 1,000 datasets", "12.2", 2.1, found["status", 1000]),
        Goal(f"{waited}runs of one export, 1,000 datasets", "13.4", 3.1, found["runs of one export", 1000]),
        Goal(f"{waited}apply of one field, 1,000 datasets", "24.6", 6, found[ONE_TITLE, 1000]),
        Goal(f"{waited}apply of 100 new, parallelism 16 (at the least 18.8)", "42", 26, _of(found, "apply, all new")),
        Goal(f"{waited}drift of 10 environments × 90 exports", "9.9", 3, _of(found, "drift of 10")),
    ]


def _of(found: Mapping[tuple[str, int], float], start: str) -> float:
    """Return the one whose command starts so."""
    (trips,) = (trips for (command, _), trips in found.items() if command.startswith(start))
    return trips


def start_up_goals(found: Mapping[str, StartUp]) -> list[Goal]:
    """CPU, and the same compared with the import of the packages that a command cannot do without."""
    goals = {"--help": ("18", 10), "validate": ("28", 18), "plan": ("40", 28)}
    bare = [
        Goal(f"CPU of `{name}`, an empty Python = 1", before, most, found[name].of_empty_python)
        for name, (before, most) in goals.items()
    ]
    return bare + [
        Goal(f"CPU of `{name}`, the import of its packages = 1", "", 1.25, one.of_packages)
        for name, one in found.items()
    ]


def growth_goals(exponents: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Goal]:
    """The largest exponent of any output, from the smallest size to the largest."""
    return [
        Goal(
            f"exponent of CPU: making and showing a plan, {name}",
            "1.6 to 1.9",
            1.1,
            max(one[-1] for one in found.values()),
        )
        for name, found in exponents.items()
    ]
