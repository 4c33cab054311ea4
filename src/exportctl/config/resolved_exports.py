"""
Exports: names looked up, defaults filled in, and one flow or one per dataset made of each.

What is not said comes from, in this order: the export, its destination (format) or its schedule (end), the defaults,
the built-in values. Every field remembers the place that decided it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exportctl.config.nodes import Map, Scalar
from exportctl.config.resolved_datasets import Aliases, parts
from exportctl.config.resolved_schedules import Chosen, Named, Timing, end, once_or
from exportctl.config.schema_findings import nearest
from exportctl.config.sections import Section
from exportctl.config.values import NAME, duration
from exportctl.declared import Allow, Dataset, End, Expect, Export, Format
from exportctl.errors import Location

DEFAULT_FOLDER = "%DATASET_ID%/%EXPORT_TIME%"
_BY_PART = ("adopt", "allow_replace", "keep")
_PLAIN_FIELDS = ("title", "description", "datasets", "folder", "enabled", "subpath", "protect")


@dataclass(frozen=True)
class Surroundings:
    """What exports refer to. `destinations` holds every declared name; `formats_of` the format a destination chose."""

    destinations: Mapping[str, Location]
    formats_of: Mapping[str, Chosen[Format]]
    schedules: Named[Timing]
    formats: Named[Format]
    aliases: Aliases
    defaults: Defaults
    environments: Sequence[str]


@dataclass(frozen=True)
class Defaults:
    """The section `defaults`, looked up once so that what is wrong in it is said once."""

    destination: Chosen[str] | None
    schedule: Chosen[Timing] | None
    format: Chosen[Format] | None
    end: Chosen[End] | None
    said: frozenset[str]  # keys that are there, right or wrong


def defaults(
    section: Section | None, destinations: Mapping[str, Location], timings: Named[Timing], formats: Named[Format]
) -> Defaults:
    if section is None:
        return Defaults(None, None, None, None, frozenset())
    return Defaults(
        destination=_destination(section, destinations),
        schedule=timings.chosen(section, "schedule"),
        format=formats.chosen(section, "format"),
        end=end(section),
        said=frozenset(section.names()),
    )


def included(section: Section, environment: str | None, environments: Sequence[str]) -> bool:
    """Whether an export is meant for this environment; names that do not exist are reported."""
    if "environments" not in section:
        return True
    for item in section.items("environments"):
        if isinstance(item, Scalar) and item.value not in environments:
            guess = nearest(str(item.value), environments)
            hint = f'did you mean "{guess}"?' if guess else f"there is {', '.join(environments) or 'none'}"
            message = f'{section.owner} is for environment "{item.value}", which is not declared'
            section.fail("unknown-reference", message, item.at, hint)
    return environment in section.texts("environments")


def exports(key: str, section: Section, around: Surroundings) -> tuple[Export, ...]:
    """The flows of one export; none if something essential is missing, which is then reported."""
    _require(section, around)
    destination = around.defaults.destination
    if "destination" in section:
        destination = _destination(section, around.destinations)
    timing = around.defaults.schedule
    if "schedule" in section:
        timing = around.schedules.chosen(section, "schedule")
    chosen_format = _format(section, destination, around)
    datasets = around.aliases.expanded(section.items("datasets"))
    own_end = _own_end(section, timing)
    own = _own_fields(key, section)
    if destination is None or timing is None or not datasets:
        _part_ids(section, None)
        _renamed_from(section, None)
        return ()
    chosen_end = _end(timing.value, own_end, around.defaults.end)
    where = section.places(_PLAIN_FIELDS) | section.places(k for k in ("renamed_from",) if k in section)
    where |= {"destination": destination.at, "schedule": timing.at, "format": chosen_format.at}
    where["end"] = chosen_end.at if chosen_end else section.at
    whole = Export(
        key=key,
        of=key,
        destination=destination.value,
        datasets=datasets,
        schedule=timing.value.schedule,
        end=chosen_end.value if chosen_end else End(),
        format=chosen_format.value,
        at=section.at,
        where=where,
        **own,
    )
    return _flows(section, whole)


def _own_fields(key: str, section: Section) -> dict[str, Any]:
    """The fields of an `Export` that depend on nothing but its own keys."""
    return {
        "title": section.text("title", key),
        "description": section.text("description"),
        "folder": section.text("folder", DEFAULT_FOLDER),
        "subpath": section.text("subpath"),
        "enabled": section.flag("enabled"),
        "protect": bool(section.flag("protect")),
        "expect": _expect(section.section("expect")),
        "allow": _allow(section),
    }


def _require(section: Section, around: Surroundings) -> None:
    section.required("datasets", "write a list of names: `datasets: [App Events]`")
    if "destination" not in around.defaults.said:
        section.required("destination", "write `destination: KEY`, here or under `defaults`")
    if "schedule" not in around.defaults.said:
        section.required("schedule", 'write `schedule: {every: 1 day, at: "02:00"}`, here or under `defaults`')


def _own_end(section: Section, timing: Chosen[Timing] | None) -> Chosen[End] | None:
    own = end(section)
    return once_or(timing.value.schedule, own, section.report, section.owner) if timing else own


def _destination(section: Section, destinations: Mapping[str, Location]) -> Chosen[str] | None:
    name = section.optional("destination")
    if name is None or section.pending("destination"):
        return None
    if name not in destinations:
        section.unknown("destination", name, section.place("destination"), destinations)
        return None
    return Chosen(name, section.place("destination"))


def _format(section: Section, destination: Chosen[str] | None, around: Surroundings) -> Chosen[Format]:
    own = around.formats.chosen(section, "format")
    of_destination = around.formats_of.get(destination.value) if destination else None
    return own or of_destination or around.defaults.format or Chosen(Format("parquet", "gzip"), section.at)


def _end(timing: Timing, own: Chosen[End] | None, default: Chosen[End] | None) -> Chosen[End] | None:
    """A one-time export takes no end from the defaults: it is over after its run."""
    if timing.schedule.unit == "once":
        return own or timing.end
    return own or timing.end or default


def _expect(section: Section | None) -> Expect | None:
    if section is None:
        return None
    return Expect(section.parsed("within", duration), bool(section.flag("non_empty")))


def _allow(section: Section) -> tuple[Allow, ...]:
    def text(entry: Map, key: str) -> str:
        node = entry.entries[key].node
        return str(node.value) if isinstance(node, Scalar) else ""

    return tuple(
        Allow(text(item, "rule"), text(item, "reason"), item.at)
        for item in section.items("allow")
        if isinstance(item, Map)
    )


def _renamed_from(section: Section, by_part: Mapping[str, Dataset] | None) -> dict[str, str]:
    """
    PART -> the KEY or KEY/PART it had; an export that is not split has the one part "". One KEY for a split export
    covers all parts that both have.
    """
    inner = section.section("renamed_from")
    if inner is not None:
        given = _by_part(section, "renamed_from", by_part, "key")
        return {part: name for part, name in given.items() if _was_key(section, name, inner.place(part), parted=True)}
    name = section.optional("renamed_from")
    split = "split_by" in section
    if name is None or not _was_key(section, name, section.place("renamed_from"), parted=not split):
        return {}
    return {part: f"{name}/{part}" for part in by_part or ()} if split else {"": name}


def _was_key(section: Section, name: str, at: Location, *, parted: bool) -> bool:
    """Is it the form of a key; `parted`: or of KEY/PART?"""
    if re.fullmatch(rf"{NAME}(/{NAME})?" if parted else NAME, name):
        return True
    message = f'"renamed_from" of {section.owner} is no key of an export: {name}'
    hint = "write the key it had, for example `web-to-lake`"
    if not parted and re.fullmatch(rf"{NAME}/{NAME}", name):
        hint = f"write the KEY of the whole, or name the part that goes on from it: `{{PART: {name}}}`"
    section.fail("bad-name", message, at, hint)
    return False


def _flows(section: Section, whole: Export) -> tuple[Export, ...]:
    if section.optional("split_by") is None:
        ids, before = _part_ids(section, None), _renamed_from(section, None)
        return (replace(whole, renamed_from=before.get(""), **_consents(ids, "")),)
    by_part = parts(section, whole.key, whole.datasets)
    ids, before = _part_ids(section, by_part), _renamed_from(section, by_part)
    return tuple(_part(whole, part, dataset, ids, before.get(part)) for part, dataset in by_part.items())


def _part(
    whole: Export, part: str, dataset: Dataset, ids: Mapping[str, Mapping[str, str]], before: str | None
) -> Export:
    shown = dataset.name or dataset.alias or dataset.id
    return replace(
        whole,
        key=f"{whole.key}/{part}",
        title=f"{whole.title} \N{EN DASH} {shown}",
        datasets=(dataset,),
        renamed_from=before,
        **_consents(ids, part),
    )


def _consents(ids: Mapping[str, Mapping[str, str]], part: str) -> dict[str, Any]:
    return {name: found.get(part) for name, found in ids.items()}


def _part_ids(section: Section, by_part: Mapping[str, Dataset] | None) -> dict[str, dict[str, str]]:
    """adopt, allow_replace and keep -> PART -> flow id; an export that is not split has the one part ""."""
    return {name: _by_part(section, name, by_part, "flow id") for name in _BY_PART if name in section}


def _by_part(section: Section, name: str, by_part: Mapping[str, Dataset] | None, what: str) -> dict[str, str]:
    node = section.get(name)
    inner = section.section(name)
    split = "split_by" in section
    if isinstance(node, Scalar):
        if split:
            message = f'"{name}" of {section.owner} needs one {what} for each part, because it is split'
            example = next(iter(by_part or ()), "PART")
            section.fail("wrong-type", message, node.at, f"write {name}: {{{example}: {node.value}}}")
        return {"": str(node.value)}
    if inner is None:
        return {}
    if not split:
        message = f'"{name}" of {section.owner} takes one {what}: only a split export has parts'
        hint = f"write {name}: {what.upper().replace(' ', '-')}, or add `split_by: dataset`"
        section.fail("wrong-type", message, section.place(name), hint)
    for part in inner.names():
        if by_part is not None and part not in by_part:
            guess = nearest(part, by_part)
            hint = f'did you mean "{guess}"?' if guess else f"there is {', '.join(by_part)}"
            message = f'"{name}" names part "{part}", which {section.owner} does not have'
            section.fail("unknown-reference", message, inner.key_place(part), hint)
    return {part: inner.text(part) for part in inner.names()}
