"""
What a probe can ask, and what it was answered. Pure.

A question is either a switch of the emulator, which has the same name there, or a fact without a switch. The names of
the switches are text here: the probe treats an emulator as a service like any other and does not import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from exportctl.frozen import dataclass
from exportctl.model.plan import PlanHeader

Setting = str | int | bool


class Need(StrEnum):
    """What it takes to ask a question. The texts of the first two are those of the emulator's switches."""

    FREE = "probed without an export"
    EXPORT = "probed with an export"
    FACT = "fact"  # asked without an export; the emulator has no switch for it


@dataclass(frozen=True)
class ProbeQuestion:
    """`how` says what the probe does to find the answer. Only a fact has `asks`: the emulator words its switches."""

    name: str
    how: str
    need: Need = Need.FREE
    asks: str = ""


@dataclass(frozen=True)
class ProbeAnswer:
    """The answer to one question. `setting` None: there is none, and `reason` says why."""

    question: str
    setting: Setting | None
    reason: str = ""


def no_answer(question: str, reason: str) -> ProbeAnswer:
    """Return the answer to a question that has none."""
    return ProbeAnswer(question, None, reason)


@dataclass(frozen=True)
class ProbeRow:
    """One question for people: `text` asks, `how` is what the probe did, `meaning` is for the promises."""

    name: str
    need: Need
    text: str
    how: str
    setting: Setting | None
    reason: str
    meaning: str


@dataclass(frozen=True)
class ProbeReport:
    """What a probe found, for every output. `file` is the profile that was written, None: it was not."""

    header: PlanHeader
    as_of: int
    rows: tuple[ProbeRow, ...]
    remaining: Mapping[str, int]
    interrupted: bool
    file: str | None
