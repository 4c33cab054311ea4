"""What a switch asks, which settings it takes, and whether a user can find the answer in their own sandbox."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TypeVar

from exportctl.frozen import dataclass

_Setting = TypeVar("_Setting")


class Probe(StrEnum):
    """How the answer can be found in a user's sandbox."""

    FREE = "probed without an export"
    EXPORT = "probed with an export"
    NEVER = "assumed"


@dataclass(frozen=True)
class OpenQuestion:
    """What a switch asks; `values` are the settings, the default first, for a range (`span`) the ones worth drawing."""

    text: str
    values: tuple[object, ...]
    source: str
    probe: Probe
    span: tuple[int, int] | None = None

    def allows(self, value: object) -> bool:
        if self.span is not None:
            return type(value) in (int, float) and self.span[0] <= value <= self.span[1]  # type: ignore[operator]
        return any(type(value) is type(known) and value == known for known in self.values)


def ask(
    text: str, values: tuple[_Setting, ...], source: str, probe: Probe, span: tuple[int, int] | None = None
) -> _Setting:
    """Return the field of a switch: its default is the first of the values."""
    return field(default=values[0], metadata={"question": OpenQuestion(text, values, source, probe, span)})
