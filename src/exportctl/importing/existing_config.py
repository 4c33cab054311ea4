"""
The existing config that new entries must fit: used names, defaults, and declarations that entries can name. Pure.

In: the parsed config, one environment's project, and the sandbox. Out: an `ExistingConfig`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from exportctl.config.interpolation import fill_references
from exportctl.config.load import ParsedConfig
from exportctl.config.merge import merge_environment
from exportctl.config.resolve.exports import Defaults, defaults
from exportctl.config.resolve.schedules import ScheduleWithEnd, formats, schedules
from exportctl.config.scalars import slug
from exportctl.config.section import FindingCollector, Section
from exportctl.config.yaml_nodes import MapEntry, MapNode, Node
from exportctl.frozen import dataclass
from exportctl.model import schedule
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address
from exportctl.model.project import Destination, Format, Schedule
from exportctl.plan.accounts import plan_account
from exportctl.plan.desired import DesiredState
from exportctl.plan.grouping import group_by_key
from exportctl.plan.ownership import Ownership
from exportctl.resources import wire
from exportctl.resources.destinations.table import TYPES

MAX_KEY_LENGTH = 48  # characters of a key
SECTIONS = ("formats", "schedules", DESTINATIONS, "datasets", EXPORTS)


@dataclass(frozen=True)
class ExistingDestination:
    """A declared destination, the id of its base connection in this sandbox, and the format it gives its exports."""

    declared: Destination
    base: str
    format: Format | None


@dataclass(frozen=True)
class ExistingConfig:
    """
    The existing declarations.

    `taken_names` has the names of each section in every environment, and those of addresses in the sandbox.
    `schedules` and `formats` are declared or built in. `environment` is None if the config has none. `tree` is that of
    the environment, with its references filled in.
    """

    environment: str | None
    tree: MapNode
    taken_names: Mapping[str, frozenset[str]]
    defaults: Defaults
    schedules: Mapping[str, ScheduleWithEnd]
    formats: Mapping[str, Format]
    destinations: Mapping[str, ExistingDestination]

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """The first destination, by key, that owns an account, by the id of its base connection."""
        owned = sorted(self.destinations.items(), reverse=True)
        return {placed.base: key for key, placed in owned if placed.declared.account.is_ours}

    @cached_property
    def schedule_names(self) -> Mapping[object, tuple[str, ...]]:
        """The names of the schedules with the same runs, by `run_grid`."""
        return group_by_key(self.schedules, lambda name: run_grid(self.schedules[name].schedule))


def run_grid(of: Schedule) -> tuple[str, int | None, int]:
    """Return what is equal for schedules with the same runs: interval, start, and place in the interval."""
    every = schedule.canonical_every(of)
    return every, of.start, schedule.grid_offset(of.at, every)


def existing_config(
    parsed: ParsedConfig,
    environment: str | None,
    variables: Mapping[str, str],
    desired: DesiredState,
    ownership: Ownership,
    as_of: int,
) -> ExistingConfig:
    """Read the existing config, which must have no errors: this function reports none."""
    tree, _ = merge_environment(parsed.tree, environment) if environment else (parsed.tree, ())
    assert tree is not None
    ignored = FindingCollector()
    filled, _ = fill_references(tree, environment, variables, ignored)
    root = Section(filled, "the config", tree.at, ignored)
    named_schedules, named_formats = schedules(root), formats(root)
    positions = {key: one.at for key, one in desired.project.destinations.items()}
    return ExistingConfig(
        environment=environment,
        tree=filled,
        taken_names=_taken_names(parsed.tree, desired, ownership),
        defaults=defaults(root.section("defaults"), positions, named_schedules, named_formats),
        schedules={name: chosen.value for name, chosen in named_schedules.values.items()},
        formats={name: chosen.value for name, chosen in named_formats.values.items()},
        destinations=_destinations(root, desired, ownership, as_of),
    )


def _destinations(
    root: Section, desired: DesiredState, ownership: Ownership, as_of: int
) -> dict[str, ExistingDestination]:
    """Return the declared destinations that have an account in the sandbox."""
    named_formats = formats(root)
    found = {}
    for key, child in root.children(DESTINATIONS).items():
        one = desired.project.destinations[key]
        base = _base_id(one, desired, ownership, as_of)
        if base is not None:
            chosen = named_formats.resolve_key(child, "format")
            found[key] = ExistingDestination(one, base, chosen.value if chosen else None)
    return found


def _base_id(one: Destination, desired: DesiredState, ownership: Ownership, as_of: int) -> str | None:
    """Return the id of the base connection if exactly one exists."""
    account = one.account
    if account.of:
        return _base_id(desired.project.destinations[account.of], desired, ownership, as_of)
    if account.is_ours:
        own = plan_account(desired.accounts[Address(DESTINATIONS, one.key)], ownership, as_of).base
        return own if isinstance(own, str) else None
    kind = TYPES[one.type]
    if account.id is not None:
        base = ownership.base_connections.get(account.id)
        return account.id if base and wire.destination_type(base.raw) is kind else None
    titled = ownership.accounts_of_type(kind)
    if account.existing is not None:
        titled = ownership.accounts_titled(kind, account.existing)
    return titled[0].id if len(titled) == 1 else None


def _taken_names(tree: MapNode, desired: DesiredState, ownership: Ownership) -> dict[str, frozenset[str]]:
    """Return the used names; those under `removed`, `move_from` and `renamed_from`, and in markers, count too."""
    project = desired.project
    layers = [tree, *(entry.node for entry in _entries(tree, "environments").values())]
    taken = {section: {name for layer in layers for name in _entries(layer, section)} for section in SECTIONS}
    for removed in project.removed:
        taken[removed.root].add(removed.name)
    taken[EXPORTS] |= {moved.to.partition("/")[0] for moved in project.move_from}
    for address in (*ownership.own_flows, *ownership.orphans, *ownership.own_accounts):
        taken[address.root].add(address.name.partition("/")[0])
    before = [e.renamed_from for e in project.exports.values()]
    taken[EXPORTS] |= {name.partition("/")[0] for name in before if name}
    taken[DESTINATIONS] |= {d.renamed_from for d in project.destinations.values() if d.renamed_from}
    return {section: frozenset(names) for section, names in taken.items()}


def _entries(layer: Node, section: str) -> Mapping[str, MapEntry]:
    entry = layer.entries.get(section) if isinstance(layer, MapNode) else None
    return entry.node.entries if entry and isinstance(entry.node, MapNode) else {}


class FreeKeys:
    """Keys that are not taken; a key that it gives is taken from then on."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._used = set(taken)
        self._numbers: dict[str, int] = {}  # by text: all smaller ones are taken

    def take_key(self, wanted: Iterable[str]) -> str:
        """Return a free key: the first of `wanted` with a free slug, else the first one with a number."""
        keys = [key for text in wanted if (key := _key(slug(text), ""))]
        key = next((key for key in keys if key not in self._used), None) or self._numbered_key(keys[0])
        self._used.add(key)
        return key

    def _numbered_key(self, text: str) -> str:
        number = self._numbers.get(text, 2)
        while (key := _key(text, f"-{number}")) in self._used:
            number += 1
        self._numbers[text] = number
        return key


def _key(text: str, tail: str) -> str:
    return re.sub(r"-+$", "", text[: MAX_KEY_LENGTH - len(tail)]) + tail
