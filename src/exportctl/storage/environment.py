"""
The environment of one destination: its own variables come before the plain ones. Pure.

    EXPORTCTL_READER_LAKE_AWS_ACCESS_KEY_ID     of the destination `lake` alone
    AWS_ACCESS_KEY_ID                           of every destination that has no credential of its own

Credentials come in groups. A destination that has one variable of a group has the whole group: half a key of its own
must not be completed with half of another key. An empty variable counts as not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PREFIX = "EXPORTCTL_READER_"


@dataclass(frozen=True)
class VariableGroup:
    """The variables that are set, by plain name. `prefix` stands before each: empty for plain ones."""

    values: Mapping[str, str]
    prefix: str

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def missing_names(self, *names: str) -> list[str]:
        """Return those of `names` that are not set, with the prefix."""
        return [self.prefix + name for name in names if name not in self.values]


@dataclass(frozen=True)
class ReaderVariables:
    environment: Mapping[str, str]
    destination: str

    @property
    def prefix(self) -> str:
        return f"{PREFIX}{self.destination.upper().replace('-', '_')}_"

    def own_value(self, name: str) -> str | None:
        """Return the value for this destination alone."""
        return self.environment.get(self.prefix + name) or None

    def plain_value(self, name: str) -> str | None:
        return self.environment.get(name) or None

    def setting(self, *names: str) -> tuple[str, str] | None:
        """Return (variable, value) of the first that is set: own variables in this order, then the plain ones."""
        for name in (*(self.prefix + n for n in names), *names):
            if value := self.environment.get(name):
                return name, value
        return None

    def group(self, names: Iterable[str]) -> VariableGroup:
        known = tuple(names)
        own = {name: value for name in known if (value := self.own_value(name))}
        if own:
            return VariableGroup(own, self.prefix)
        return VariableGroup({name: value for name in known if (value := self.plain_value(name))}, "")
