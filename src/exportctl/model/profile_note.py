"""What outputs say of the service profile that a plan expects."""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class ProfileNote:
    """The service profile that a plan expects: its file, how many questions it answers, how many weaken a promise."""

    file: str
    probed_on: str
    answered: int
    weaker: int
