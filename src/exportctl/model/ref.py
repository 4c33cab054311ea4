"""The placeholder for the id of an object that a step of the plan creates."""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class Ref:
    """A placeholder for an id: apply fills it in after the step `step` created the object."""

    step: str
