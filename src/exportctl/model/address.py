"""The name of a resource, as plans and options write it. A value of its own: loading a config needs no plan."""

from __future__ import annotations

from exportctl.frozen import dataclass

EXPORTS = "exports"
DESTINATIONS = "destinations"


@dataclass(frozen=True, order=True)
class Address:
    """The name of an export or a destination: `exports.orders-daily`. It may stand for several live objects."""

    root: str
    name: str

    def __str__(self) -> str:
        return f"{self.root}.{self.name}"
