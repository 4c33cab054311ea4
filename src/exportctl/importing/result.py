"""
The result of an import: the YAML, the flows in it, the flows that are left out and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from exportctl.frozen import dataclass
from exportctl.model.plan import Address, Plan, PlanHeader


class LeftOutReason(StrEnum):
    """Why a flow is not in the YAML; the first three need no import, the others are gaps of the import."""

    DECLARED = "declared"  # the project already has it
    OTHER_PROJECT = "other-project"
    AUDIENCE = "audience"  # a flow for audiences, no dataset export
    UNKNOWN_TYPE = "unknown-type"  # a destination type that exportctl does not know
    MARKED_TARGET = "marker-on-target"  # the flow is unmanaged, but its target connection has an ownership marker
    SEVERAL_CONNECTIONS = "several-connections"
    HIDDEN = "hidden"  # a connection or account that this credential cannot see
    SHARED_CONNECTIONS = "shared-connections"
    ENCRYPTED = "encrypted"
    NOT_EXPRESSIBLE = "not-expressible"  # a value that the config cannot express
    RULE = "rule"  # a rule that no `allow` can permit


NEEDS_NO_IMPORT = frozenset({LeftOutReason.DECLARED, LeftOutReason.OTHER_PROJECT, LeftOutReason.AUDIENCE})


@dataclass(frozen=True)
class LeftOutFlow:
    """A flow that is not in the YAML; `text` says why and follows the flow's name."""

    id: str
    name: str
    reason: LeftOutReason
    text: str


@dataclass(frozen=True)
class AdoptedFlow:
    """A flow in the YAML, and its address there; `kept` names its keys that no config describes."""

    address: Address
    id: str
    name: str
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """The requested flows: all, or those with one of these ids or with a name that matches one of these globs."""

    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_unfiltered(self) -> bool:
        return not self.ids and not self.names


@dataclass(frozen=True)
class ImportResult:
    """
    `text` is the YAML, empty without a flow; `exports` are sorted by address, `left_out` by name.

    `plan` is that of the config with the YAML.
    """

    header: PlanHeader
    as_of: int
    text: str
    exports: tuple[AdoptedFlow, ...]
    left_out: tuple[LeftOutFlow, ...]
    selection: Selection
    plan: Plan

    def counts(self) -> Mapping[LeftOutReason, int]:
        """Count the flows that are left out by reason, in the order of `LeftOutReason`, without zeros."""
        found = Counter(one.reason for one in self.left_out)
        return {reason: found[reason] for reason in LeftOutReason if found[reason]}

    def missing_flows(self) -> tuple[LeftOutFlow, ...]:
        """Return the flows that the YAML lacks; if ids or names were requested, every left-out flow counts."""
        is_all = self.selection.is_unfiltered
        return tuple(one for one in self.left_out if not (is_all and one.reason in NEEDS_NO_IMPORT))

    @property
    def is_incomplete(self) -> bool:
        """Return whether a flow is missing in the YAML."""
        return bool(self.missing_flows())
