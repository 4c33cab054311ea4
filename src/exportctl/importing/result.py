"""
What an import came to: the YAML, the flows in it, the flows left out and why. Values for the views.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from exportctl.model.plan import Address, PlanHeader


class LeftOutReason(StrEnum):
    """
    Why a flow is not in the YAML. The first three need no import, all others are what an import should have had.
    """

    DECLARED = "declared"  # this project's already
    OTHER_PROJECT = "other-project"
    AUDIENCE = "audience"  # a flow for audiences, no dataset export
    UNKNOWN_TYPE = "foreign-card"  # a destination type that exportctl does not know
    MARKED_TARGET = "marked-target"  # the flow is nobody's, its target carries somebody's marker
    SEVERAL_CONNECTIONS = "several-connections"
    HIDDEN = "hidden"  # a connection or account this credential cannot see
    SHARED_CONNECTIONS = "shared-connections"
    ENCRYPTED = "encrypted"
    NOT_EXPRESSIBLE = "not-expressible"  # a value that the config has no words for
    RULE = "rule"  # a rule that nothing can allow for one export


NEEDS_NO_IMPORT = frozenset({LeftOutReason.DECLARED, LeftOutReason.OTHER_PROJECT, LeftOutReason.AUDIENCE})


@dataclass(frozen=True)
class LeftOutFlow:
    """A flow that is not in the YAML; `text` says why, in words that follow its name."""

    id: str
    name: str
    reason: LeftOutReason
    text: str


@dataclass(frozen=True)
class AdoptedFlow:
    """
    A flow that is in the YAML, and the address it has there; `kept` names what it has that no config describes.
    """

    address: Address
    id: str
    name: str
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Flows asked for: all of them, or those of these ids, or those whose name matches one of these globs."""

    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def is_unfiltered(self) -> bool:
        return not self.ids and not self.names


@dataclass(frozen=True)
class ImportResult:
    """`text` is the YAML, empty when no flow could be taken; `exports` by address, `left` by name."""

    header: PlanHeader
    as_of: int
    text: str
    exports: tuple[AdoptedFlow, ...]
    left_out: tuple[LeftOutFlow, ...]
    selection: Selection

    def counts(self) -> Mapping[LeftOutReason, int]:
        """Flows left out, by reason; only reasons that occur, in the order of `Reason`."""
        found = Counter(one.reason for one in self.left_out)
        return {reason: found[reason] for reason in LeftOutReason if found[reason]}

    @property
    def is_incomplete(self) -> bool:
        """Something that should be in the YAML is not; of flows asked for by id or name, anything at all."""
        return any(not self.selection.is_unfiltered or one.reason not in NEEDS_NO_IMPORT for one in self.left_out)
