"""What the runs so far sent of the datasets that a plan sends in full: values for people, nothing that apply reads."""

from __future__ import annotations

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class SentRuns:
    """
    What the runs of one flow sent, as far as the service still shows them.

    It is no size of a full export: later runs send only what was added, and a run may have sent a dataset again.
    """

    flow: str
    name: str
    runs: int
    since: int  # when the oldest of them began, in seconds since 1970 UTC
    rows: int | None  # None: no run says it
    size: int | None  # bytes
    is_whole: bool  # False: only the newest runs of several flows were asked for
    datasets: tuple[str, ...]  # names of those that count here
    others: int = 0  # further datasets of the flow in these numbers


@dataclass(frozen=True)
class UnknownVolume:
    """A dataset of which nothing says how much a full export sends."""

    dataset: str
    reason: str


@dataclass(frozen=True)
class Volume:
    """What is known of the volume of a full export of one address."""

    sent: tuple[SentRuns, ...] = ()
    unknown: tuple[UnknownVolume, ...] = ()
