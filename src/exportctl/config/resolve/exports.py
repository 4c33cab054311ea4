"""
Resolve exports: look up names, fill in defaults, and make one flow of each, or one per dataset. Pure.

A value comes from the first of: the export, its destination (format) or its schedule (end), the defaults, the built-in
values. Every field keeps the position that decides it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from exportctl.config.resolve.datasets import Aliases, parts
from exportctl.config.resolve.former_locations import former_locations
from exportctl.config.resolve.former_schedules import former_schedules
from exportctl.config.resolve.schedules import (
    NamedValues,
    PositionedValue,
    ScheduleWithEnd,
    end,
    refuse_rolling_end_of_once,
)
from exportctl.config.scalars import NAME, parse_duration, parse_moment
from exportctl.config.schema_check import closest_match
from exportctl.config.section import Section
from exportctl.config.yaml_nodes import ScalarNode, plain_value
from exportctl.errors import SourcePosition
from exportctl.frozen import dataclass
from exportctl.model.project import AllowEntry, BackupPolicy, Dataset, End, Expect, Export, Format
from exportctl.model.schedule import ONCE
from exportctl.model.similar_names import did_you_mean

DEFAULT_FOLDER = "%DATASET_ID%/%EXPORT_TIME%"
_PART_KEYS = ("adopt", "allow_replace", "keep")
_PLAIN_FIELDS = ("title", "description", "datasets", "folder", "enabled", "subpath", "protect")


@dataclass(frozen=True)
class ResolutionContext:
    """The names that exports refer to; `destinations` has all declared names, also those with mistakes."""

    destinations: Mapping[str, SourcePosition]
    destination_formats: Mapping[str, PositionedValue[Format]]
    schedules: NamedValues[ScheduleWithEnd]
    formats: NamedValues[Format]
    aliases: Aliases
    defaults: Defaults
    environments: Sequence[str]
    plain_names: Sequence[str]


@dataclass(frozen=True)
class Defaults:
    """The section `defaults`, resolved once so that each mistake in it is reported once."""

    destination: PositionedValue[str] | None
    schedule: PositionedValue[ScheduleWithEnd] | None
    format: PositionedValue[Format] | None
    end: PositionedValue[End] | None
    backup: BackupPolicy | None
    written_keys: frozenset[str]  # all keys of the section, also those with mistakes


def defaults(
    section: Section | None,
    destinations: Mapping[str, SourcePosition],
    schedules: NamedValues[ScheduleWithEnd],
    formats: NamedValues[Format],
) -> Defaults:
    if section is None:
        return Defaults(None, None, None, None, None, frozenset())
    return Defaults(
        destination=_destination(section, destinations),
        schedule=schedules.resolve_key(section, "schedule"),
        format=formats.resolve_key(section, "format"),
        end=end(section),
        backup=_backup_policy(section.section("expect")),
        written_keys=frozenset(section.names()),
    )


def is_included(section: Section, environment: str | None, environments: Sequence[str]) -> bool:
    """Return whether this environment has the export; report names that do not exist."""
    if "environments" not in section:
        return True
    for item in section.items("environments"):
        if isinstance(item, ScalarNode) and item.value not in environments:
            guess = closest_match(str(item.value), environments)
            known = "remove it, or declare the environments under `environments`"
            known = f"the environments are {', '.join(environments)}" if environments else known
            hint = did_you_mean(str(item.value), guess) if guess else known
            message = f'{section.owner} is for environment "{item.value}", which no file declares'
            section.fail("unknown-reference", message, item.at, hint)
    return environment in section.texts("environments")


def exports(key: str, section: Section, context: ResolutionContext) -> tuple[Export, ...]:
    """Resolve the flows of one export; none (with findings) if a required value is missing."""
    _require_keys(section, context)
    destination = context.defaults.destination
    if "destination" in section:
        destination = _destination(section, context.destinations)
    schedule = context.defaults.schedule
    if "schedule" in section:
        schedule = context.schedules.resolve_key(section, "schedule")
    chosen_format = _format(section, destination, context)
    datasets = context.aliases.expand_datasets(section.items("datasets"))
    own_end = end(section)
    if schedule:
        own_end = refuse_rolling_end_of_once(section, schedule.value.schedule, own_end)
    is_once = schedule is not None and schedule.value.schedule.unit == ONCE
    own = _own_fields(key, section, None if is_once else context.defaults.backup, context.plain_names)
    if destination is None or schedule is None or not datasets:
        _part_ids(section, None)
        _former_keys(section, None)
        return ()
    chosen_end = own_end or schedule.value.end
    if not is_once:  # a one-time export ends after its run
        chosen_end = chosen_end or context.defaults.end
    named = [key for key in ("renamed_from", *context.plain_names) if key in section]
    where = section.positions(_PLAIN_FIELDS) | section.positions(named)
    where |= {"destination": destination.at, "schedule": schedule.at, "format": chosen_format.at}
    where["end"] = chosen_end.at if chosen_end else section.at
    variables = {key: section.variables(key) for key in (*_PLAIN_FIELDS, *named)}
    variables["datasets"] += tuple(name for one in datasets for name in one.variables)
    variables |= {"destination": destination.variables, "schedule": schedule.variables}
    variables |= {"format": chosen_format.variables, "end": chosen_end.variables if chosen_end else ()}
    if chosen_end is schedule.value.end:
        variables["end"] += schedule.variables
    whole = Export(
        key=key,
        declared_key=key,
        destination=destination.value,
        datasets=datasets,
        schedule=schedule.value.schedule,
        end=chosen_end.value if chosen_end else End(),
        format=chosen_format.value,
        at=section.at,
        positions=where,
        variables=variables,
        **own,
    )
    return _flows(section, whole)


def _own_fields(key: str, section: Section, backup: BackupPolicy | None, plain_names: Sequence[str]) -> dict[str, Any]:
    """Return the fields of an `Export` that depend only on its own keys; `backup` is the policy of the defaults."""
    return {
        "title": section.text("title", key),
        "description": section.text("description"),
        "folder": section.text("folder", DEFAULT_FOLDER),
        "subpath": section.text("subpath"),
        "enabled": section.flag("enabled"),
        "protect": bool(section.flag("protect")),
        "readers": section.texts("readers"),
        "expect": _expect(section.section("expect"), backup),
        "former_locations": former_locations(section),
        "former_schedules": former_schedules(section),
        "allow": tuple(AllowEntry(i.text("rule"), i.text("reason"), i.at) for i in section.map_items("allow")),
        "plain": {name: plain_value(node) for name in plain_names if (node := section.get(name)) is not None},
    }


def _expect(section: Section | None, backup: BackupPolicy | None) -> Expect | None:
    if section is None:
        return Expect(backup=backup) if backup else None
    within, own = section.parse_value("within", parse_duration), _backup_policy(section)
    return Expect(within, bool(section.flag("non_empty")), own or backup)


def _backup_policy(expect: Section | None) -> BackupPolicy | None:
    section = expect.section("backup") if expect else None
    if section is None:
        return None
    covered_from = section.parse_value("covered_from", partial(parse_moment, inclusive=True))
    max_age, drilled = (section.parse_value(name, parse_duration) for name in ("max_age", "drilled_within"))
    return BackupPolicy(max_age, covered_from, section.at, drilled)


def _require_keys(section: Section, context: ResolutionContext) -> None:
    section.required_text("datasets", "write a list of names: `datasets: [App Events]`")
    if "destination" not in context.defaults.written_keys:
        section.required_text("destination", "write `destination: KEY`, here or under `defaults`")
    if "schedule" not in context.defaults.written_keys:
        section.required_text("schedule", 'write `schedule: {every: 1 day, at: "02:00"}`, here or under `defaults`')


def _destination(section: Section, destinations: Mapping[str, SourcePosition]) -> PositionedValue[str] | None:
    name = section.optional_text("destination")
    if name is None or section.is_unset("destination"):
        return None
    if name not in destinations:
        section.fail_unknown_name("destination", name, section.position("destination"), destinations)
        return None
    return PositionedValue(name, section.position("destination"), section.variables("destination"))


def _format(
    section: Section, destination: PositionedValue[str] | None, context: ResolutionContext
) -> PositionedValue[Format]:
    own = context.formats.resolve_key(section, "format")
    of_destination = context.destination_formats.get(destination.value) if destination else None
    return own or of_destination or context.defaults.format or PositionedValue(Format("parquet", "gzip"), section.at)


def _former_keys(section: Section, by_part: Mapping[str, Dataset] | None) -> dict[str, str]:
    """Map each PART to its former KEY or KEY/PART; one KEY covers all parts. A whole export has the one part ""."""
    inner = section.section("renamed_from")
    if inner is not None:
        given = _values_by_part(section, "renamed_from", by_part, "key").items()
        return {
            part: name for part, name in given if _check_former_key(section, name, inner.position(part), parted=True)
        }
    name = section.optional_text("renamed_from")
    split = "split_by" in section
    if name is None or not _check_former_key(section, name, section.position("renamed_from"), parted=not split):
        return {}
    return {part: f"{name}/{part}" for part in by_part or ()} if split else {"": name}


def _check_former_key(section: Section, name: str, at: SourcePosition, *, parted: bool) -> bool:
    """Return whether the name has the form KEY, or (with `parted`) KEY/PART; report it otherwise."""
    if re.fullmatch(rf"{NAME}(/{NAME})?" if parted else NAME, name):
        return True
    message = f'"renamed_from" of {section.owner} is not the key of an export: {name}'
    hint = "write its former key, for example `web-to-lake`"
    if not parted and re.fullmatch(rf"{NAME}/{NAME}", name):
        hint = f"write the KEY of the whole, or name the part that continues it: `{{PART: {name}}}`"
    section.fail("bad-name", message, at, hint)
    return False


def _flows(section: Section, whole: Export) -> tuple[Export, ...]:
    by_part = None
    flows = {"": whole}
    if section.optional_text("split_by") is not None:
        by_part = parts(section, whole.key, whole.datasets)
        flows = {part: _part(whole, part, dataset) for part, dataset in by_part.items()}
    ids, before = _part_ids(section, by_part), _former_keys(section, by_part)
    made = []
    for part, flow in flows.items():
        own: dict[str, Any] = {name: found[part] for name, found in ids.items() if part in found}
        own |= {"renamed_from": before[part]} if part in before else {}
        made.append(replace(flow, **own) if own else flow)
    return tuple(made)


def _part(whole: Export, part: str, dataset: Dataset) -> Export:
    title = f"{whole.title} \N{EN DASH} {dataset.name or dataset.alias or dataset.id}"
    return replace(whole, key=f"{whole.key}/{part}", title=title, datasets=(dataset,))


def _part_ids(section: Section, by_part: Mapping[str, Dataset] | None) -> dict[str, dict[str, str]]:
    """Map adopt, allow_replace and keep to PART -> flow id; an export that is not split has the one part ""."""
    return {name: _values_by_part(section, name, by_part, "flow id") for name in _PART_KEYS if name in section}


def _values_by_part(section: Section, name: str, by_part: Mapping[str, Dataset] | None, what: str) -> dict[str, str]:
    node = section.get(name)
    inner = section.section(name)
    split = "split_by" in section
    if isinstance(node, ScalarNode):
        if split:
            message = f'"{name}" of {section.owner} needs one {what} for each part, because the export is split'
            example = next(iter(by_part or ()), "PART")
            section.fail("wrong-type", message, node.at, f"write {name}: {{{example}: {node.value}}}")
        return {"": str(node.value)}
    if inner is None:
        return {}
    if not split:
        message = f'"{name}" of {section.owner} must be one {what}: only a split export has parts'
        hint = f"write {name}: {what.upper().replace(' ', '-')}, or add `split_by: dataset`"
        section.fail("wrong-type", message, section.position(name), hint)
    for part in inner.names():
        if by_part is not None and part not in by_part:
            guess = closest_match(part, by_part)
            hint = did_you_mean(part, guess) if guess else f"the parts are {', '.join(by_part)}"
            message = f'"{name}" names part "{part}", which {section.owner} does not have'
            section.fail("unknown-reference", message, inner.key_position(part), hint)
    return {part: inner.text(part) for part in inner.names()}
