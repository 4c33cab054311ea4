"""
What an import came to: the YAML, the flows in it, the flows left out and why. Values for the views.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from exportctl.model import Address, Header


class Reason(StrEnum):
    """
    Why a flow is not in the YAML. The first three need no import, all others are what an import should have had.
    """

    DECLARED = "declared"  # this project's already
    OTHER_PROJECT = "other-project"
    AUDIENCE = "audience"  # a flow for audiences, no dataset export
    FOREIGN_CARD = "foreign-card"  # a destination type that exportctl does not know
    MARKED = "marked-target"  # the flow is nobody's, its target carries somebody's marker
    SEVERAL = "several-connections"
    HIDDEN = "hidden"  # a connection or account this credential cannot see
    SHARED = "shared-connections"
    ENCRYPTED = "encrypted"
    NOT_EXPRESSIBLE = "not-expressible"  # a value that the config has no words for
    RULE = "rule"  # a rule that nothing can allow for one export


NO_IMPORT = frozenset({Reason.DECLARED, Reason.OTHER_PROJECT, Reason.AUDIENCE})


@dataclass(frozen=True)
class LeftOut:
    """A flow that is not in the YAML; `text` says why, in words that follow its name."""

    id: str
    name: str
    reason: Reason
    text: str


@dataclass(frozen=True)
class Adopted:
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
    def everything(self) -> bool:
        return not self.ids and not self.names


@dataclass(frozen=True)
class Imported:
    """`text` is the YAML, empty when no flow could be taken; `exports` by address, `left` by name."""

    header: Header
    as_of: int
    text: str
    exports: tuple[Adopted, ...]
    left: tuple[LeftOut, ...]
    selection: Selection

    def counts(self) -> Mapping[Reason, int]:
        """Flows left out, by reason; only reasons that occur, in the order of `Reason`."""
        found = Counter(one.reason for one in self.left)
        return {reason: found[reason] for reason in Reason if found[reason]}

    @property
    def incomplete(self) -> bool:
        """Something that should be in the YAML is not; of flows asked for by id or name, anything at all."""
        return any(not self.selection.everything or one.reason not in NO_IMPORT for one in self.left)
