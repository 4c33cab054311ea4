"""
What a config declares, without the places it is written at; and what of it an edit may change. Pure.

A plan does not show everything: the time of day of an export that is yet to be made, or any value of one whose dataset
nobody knows. So what the config says is compared by itself, before any plan.

    whose                     what                    may change
    the export of the wish    what the wish is for    yes; `allow` too
    the account of the wish   the account             yes
    another export            what the wish is for    where it differed from its flow in just that, too
    a destination             its place               for a wish of place, if all exports on it are such ones
    a new destination                                 for a wish of place
    anything else             anything                no
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from exportctl.accept.request import ChangeGroup
from exportctl.errors import SourcePosition
from exportctl.model.plan import DESTINATIONS, EXPORTS, Address
from exportctl.model.project import Project

_WHERE = "positions"
_NAMED_SECTIONS = (EXPORTS, DESTINATIONS)
_GROUP_OF_ATTRIBUTE: Mapping[str, str] = {
    **{name: name for name in ("title", "description", "folder", "enabled", "end", "schedule", "format", "datasets")},
    "destination": "place",
    "subpath": "place",
}
_ALLOW, _LOCATION, _ACCOUNT = "allow", "location", "account"
_LOCATION_GROUP = "place"


@dataclass(frozen=True)
class DeclaredValues:
    """By address and attribute; `rest` is all that no address has."""

    exports: Mapping[Address, Mapping[str, object]]
    destinations: Mapping[Address, Mapping[str, object]]
    rest: Mapping[str, object]


def declared_values(project: Project) -> DeclaredValues:
    return DeclaredValues(
        exports={Address(EXPORTS, key): _attributes(one) for key, one in project.exports.items()},
        destinations={Address(DESTINATIONS, key): _attributes(one) for key, one in project.destinations.items()},
        rest=_attributes(project, leave=_NAMED_SECTIONS),
    )


def _attributes(one: Any, leave: Collection[str] = ()) -> dict[str, object]:
    return {f.name: _strip_positions(getattr(one, f.name)) for f in fields(one) if f.name not in (_WHERE, *leave)}


def _strip_positions(value: Any) -> object:
    """Without places, which every edit above them moves."""
    if isinstance(value, SourcePosition):
        return None
    if is_dataclass(value):
        return _attributes(value)
    if isinstance(value, Mapping):
        return {key: _strip_positions(one) for key, one in value.items()}
    return tuple(_strip_positions(one) for one in value) if isinstance(value, list | tuple) else value


def unintended_changes(
    before: DeclaredValues, after: DeclaredValues, wish: ChangeGroup, alike: Collection[Address]
) -> Iterator[str]:
    """What an edit for `wish` changes and may not, in words. `alike` are the addresses that differ in the same."""
    alike = {*alike, wish.address}
    if before.rest != after.rest:
        yield "what belongs to no export"
    for address, name in _changed_attributes(before.exports, after.exports):
        of_wish = _GROUP_OF_ATTRIBUTE.get(name) == wish.name and address in alike
        if not of_wish and not (name == _ALLOW and _key(address) == _key(wish.address)):
            yield f"{address} ({name})"
    for address, name in _changed_attributes(before.destinations, after.destinations):
        if name == _ACCOUNT and address == wish.address:
            continue
        users = [a for a, one in before.exports.items() if one["destination"] == address.name]
        if wish.name != _LOCATION_GROUP or name not in ("", _LOCATION) or not alike.issuperset(users):
            yield next((f"{user} (place)" for user in users if user not in alike), f"{address} ({name})")


def _key(address: Address) -> str:
    """An `allow` is said once for all parts of an export."""
    return str(address).partition("/")[0]


def _changed_attributes(
    before: Mapping[Address, Mapping[str, object]], after: Mapping[Address, Mapping[str, object]]
) -> Iterator[tuple[Address, str]]:
    """Address and attribute, which is empty for one that only one side has."""
    for address in dict.fromkeys((*before, *after)):
        one, other = before.get(address), after.get(address)
        if one is None or other is None:
            yield address, ""
        else:
            yield from ((address, name) for name in one if one[name] != other[name])
