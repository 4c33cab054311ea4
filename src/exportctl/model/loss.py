"""What a plan takes away with a flow that it deletes: values for people and documents, nothing that apply reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class Loss:
    """
    What a deleted or replaced flow exports until then, or a deleted account. The delivered files stay.

    What the service does not show is empty or None. `last_run` is when the newest run began that the flow shows, in
    seconds since 1970 UTC, and `last_run_state` is what became of it: done, partial, failed or running.
    """

    type: str | None = None  # a destination type's name; None: exportctl does not know it
    datasets: tuple[tuple[str, str], ...] = ()  # id and name
    place: str = ""  # the location for people: `s3://acme/aep`
    location: Mapping[str, Any] = field(default_factory=dict)
    format: Mapping[str, Any] = field(default_factory=dict)
    folder: str | None = None  # the template
    schedule: str | None = None  # in words
    reason: str | None = None  # of the `removed` entry
    last_run: int | None = None
    last_run_state: str | None = None
