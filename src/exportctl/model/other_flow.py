"""A live flow that the config does not manage. A frozen value."""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class OtherFlow:
    """A live flow of another project (`owner`) or without a known owner (None): shown, never changed."""

    id: str
    name: str
    type: str | None
    owner: str | None
    enabled: bool | None  # None: the state says neither
    ends: int | None
    assumed_end: bool
    state: str = ""  # as the service shows it
    moved_from: str | None = None  # the address that the flow had in this project
