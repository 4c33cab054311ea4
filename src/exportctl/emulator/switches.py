"""
The open questions of the service, one switch each: the answers are not known, so clients must work with all of them.

`Switches` is a value; each field says what it asks, which settings it may take and who asks it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Self

from exportctl.emulator.questions.background import BackgroundQuestions
from exportctl.emulator.questions.limits import LimitsQuestions
from exportctl.emulator.questions.question import OpenQuestion
from exportctl.emulator.questions.reading import ReadingQuestions
from exportctl.emulator.questions.requests import RequestsQuestions
from exportctl.emulator.questions.runs import RunsQuestions
from exportctl.emulator.questions.writing import WritingQuestions
from exportctl.frozen import dataclass


@dataclass(frozen=True)
class Switches(
    LimitsQuestions, RunsQuestions, BackgroundQuestions, RequestsQuestions, WritingQuestions, ReadingQuestions
):
    """One setting per open question; the defaults are the careful assumption of flow-service.md 13."""

    def __post_init__(self) -> None:
        for name, question in QUESTIONS.items():
            value = getattr(self, name)
            if not question.allows(value):
                allowed = ", ".join(map(str, question.values))
                if question.span is not None:
                    allowed = f"{question.span[0]} to {question.span[1]} seconds"
                raise ValueError(f"switch {name} cannot be {value!r}: it takes {allowed}")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build switches from settings by name; a missing one has its default, an unknown name is an error."""
        unknown = sorted(set(value) - set(QUESTIONS))
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}")
        return cls(**value)

    def to_json(self) -> dict[str, Any]:
        """All settings by name."""
        return asdict(self)

    @classmethod
    def choices(cls) -> dict[str, tuple[object, ...]]:
        """Per switch the settings worth drawing, the default first."""
        return {name: question.values for name, question in QUESTIONS.items()}

    @classmethod
    def draw_random(cls, rng: random.Random) -> Self:
        """One setting of everything, drawn evenly."""
        return cls(**{name: rng.choice(values) for name, values in cls.choices().items()})  # type: ignore[arg-type]


QUESTIONS: dict[str, OpenQuestion] = {switch.name: switch.metadata["question"] for switch in fields(Switches)}
