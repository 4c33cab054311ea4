"""What a caller allows or asks of one plan, as data: part of the plan's input, and saved with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from exportctl.model import Address


@dataclass(frozen=True)
class Flags:
    """
    Globs match whole addresses (`exports.web-*`). `renewals` limits which due rolling ends are written: None means
    all; `renew_only` plans nothing but those. `rotate` is the account whose secrets are sent again although no field
    differs.
    """

    targets: tuple[str, ...] = ()
    allow_deletes: int = 0
    allow_replace: tuple[str, ...] = ()
    allow_recreate: tuple[str, ...] = ()
    put_back: tuple[str, ...] = ()
    renewals: frozenset[str] | None = None
    renew_only: bool = False
    rotate: Address | None = None

    def targeted(self, address: Address) -> bool:
        """A target names an address, a KEY of several parts, or a glob of either."""
        return not self.targets or matches(self.targets, address)

    def replaces(self, address: Address) -> bool:
        return matches(self.allow_replace, address)

    def recreates(self, address: Address) -> bool:
        return matches(self.allow_recreate, address)

    def puts_back(self, address: Address) -> bool:
        return matches(self.put_back, address)

    def renews(self, address: Address) -> bool:
        return self.renewals is None or str(address) in self.renewals

    def saved(self) -> dict[str, Any]:
        """The flags a plan was made with; renewals are known from the plan itself, and no plan in a file rotates."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("renewals", "renew_only", "rotate")}
        shown = {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
        return shown | ({"rotate": str(self.rotate)} if self.rotate else {})

    @staticmethod
    def loaded(saved: dict[str, Any]) -> Flags:
        """The inverse of `saved`; unknown names raise TypeError, which the plan file's reader reports."""
        given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in saved.items()}
        return Flags(**given)


def matches(globs: tuple[str, ...], address: Address) -> bool:
    """KEY alone stands for exports.KEY and all its parts."""
    whole = str(address)
    parent = whole.partition("/")[0]
    names = (whole, parent, address.name, address.name.partition("/")[0])
    return any(fnmatchcase(name, glob) for glob in globs for name in names)
