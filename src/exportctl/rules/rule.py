"""
The shape of an offline rule, of what a check finds, and the few words all checks share.

A rule is a row: what it looks for, why (with the source of the fact), how to mend it, a bad and a good example. The
topic modules (`rules_places`, `rules_folders` …) hold the rows; `rules` runs them. Nothing here knows a single rule.

Sources are the tags of the facts this project was built on: [XD-new] Adobe's dataset export tutorial, [D] the published
destinations API, [UI] the user guide, [GR] the guardrails page, [S3P] and [DLZ] the destinations' own pages, [AS] the
batch activation tutorial, [EX] the notice on end dates; `assumed` is our own careful reading, `ours`
follows from how exportctl works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from exportctl.config.yaml_nodes import MapNode
from exportctl.errors import Level, SourcePosition
from exportctl.model.project import Destination, Export, Project


class CheckStage(StrEnum):
    """Who checks a rule: `rules.check`, the reader of the YAML, or the planner, which has the live state."""

    RULES = "rules"
    READER = "reader"
    PLAN = "plan"


@dataclass(frozen=True)
class Hit:
    """
    What a check found, before `rules`, `allow` and the environments are applied.

    `text` names neither the address nor the environment: hits of one rule, place and `subject` become one finding that
    lists them. `also` are addresses that are not listed but whose `allow` counts too. A check of several environments
    says in `environments` which ones a hit concerns (none: all), and in `named` that they must be listed.
    """

    text: str
    at: SourcePosition
    addresses: tuple[str, ...] = ()
    hint: str | None = None
    subject: str = ""
    environments: tuple[str | None, ...] = ()
    show_environments: bool = False
    related_addresses: tuple[str, ...] = ()


ProjectCheck = Callable[[Project, int], Iterable[Hit]]
ProjectsCheck = Callable[[Sequence[Project], int], Iterable[Hit]]
TreeCheck = Callable[[MapNode], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """
    One row. `each` checks one environment, `across` all of them; the second argument is `as_of` in epoch seconds.
    `written` checks the tree of the YAML, for what a Project does not hold.

    `fixed`: may be raised, never lowered or allowed, as exportctl could not keep its promises without it.
    `bad` and `good` are fragments of YAML to be laid over any working config; a test runs them.
    """

    id: str
    level: Level
    title: str
    why: str
    how_to_fix: str
    bad_example: str = ""
    good_example: str = ""
    check_project: ProjectCheck | None = None
    check_projects: ProjectsCheck | None = None
    check_tree: TreeCheck | None = None
    fixed: bool = False
    stage: CheckStage = CheckStage.RULES


def export_address(export: Export) -> str:
    return f"exports.{export.key}"


def destination_address(destination: Destination) -> str:
    return f"destinations.{destination.key}"


def key_position(thing: Export | Destination, *keys: str) -> SourcePosition:
    """Where the first of these keys was set, or a key above or below it; else where the object begins."""
    for key in keys:
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            if at := thing.positions.get(".".join(parts[:length])):
                return at
        below = sorted(at for name, at in thing.positions.items() if name.startswith(f"{key}."))
        if below:
            return below[0]
    return thing.at


def is_unresolved(text: str) -> bool:
    """Whether a reference in it is not filled in, so that its form says nothing."""
    return "${" in text


def closest_match(name: str, names: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    found = get_close_matches(name, sorted(set(names)), n=1, cutoff=0.6)
    return found[0] if found else None


def duration_text(seconds: int) -> str:
    """A duration in the largest unit that is exact: `2 days`, `1 hour`, `90 seconds`."""
    units = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
