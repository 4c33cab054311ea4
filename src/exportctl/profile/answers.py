"""
What a probe can ask, and what it was answered. Pure.

A question is either a switch of the emulator, which has the same name there, or a fact without a switch. The names of
the switches are text here: the probe treats an emulator as a service like any other and does not import it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


def unanswered(question: str, reason: str) -> ProbeAnswer:
    """Return the answer to a question that has none."""
    return ProbeAnswer(question, None, reason)
