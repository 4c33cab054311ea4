"""What a caller allows or asks of one plan, as data: part of the plan's input, and saved with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from exportctl.model.plan import Address


@dataclass(frozen=True)
class PlanOptions:
    """
    Globs match whole addresses (`exports.web-*`). `renewals` limits which due rolling ends are written: None means
    all; `renew_only` plans nothing but those. `rotate` is the account whose secrets are sent again although no field
    differs.
    """

    targets: tuple[str, ...] = ()
    allow_deletes: int = 0
    allow_replace: tuple[str, ...] = ()
    allow_recreate: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    renewals: frozenset[str] | None = None
    renew_only: bool = False
    rotate: Address | None = None

    def is_targeted(self, address: Address) -> bool:
        """A target names an address, a KEY of several parts, or a glob of either."""
        return not self.targets or is_glob_match(self.targets, address)

    def can_replace(self, address: Address) -> bool:
        return is_glob_match(self.allow_replace, address)

    def can_recreate(self, address: Address) -> bool:
        return is_glob_match(self.allow_recreate, address)

    def can_resume(self, address: Address) -> bool:
        return is_glob_match(self.resume, address)

    def can_renew(self, address: Address) -> bool:
        return self.renewals is None or str(address) in self.renewals

    def to_json_values(self) -> dict[str, Any]:
        """The flags a plan was made with; renewals are known from the plan itself, and no plan in a file rotates."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("renewals", "renew_only", "rotate")}
        shown = {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
        return shown | ({"rotate": str(self.rotate)} if self.rotate else {})

    @staticmethod
    def from_json_values(saved: dict[str, Any]) -> PlanOptions:
        """The inverse of `saved`; unknown names raise TypeError, which the plan file's reader reports."""
        given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in saved.items()}
        return PlanOptions(**given)


def is_glob_match(globs: tuple[str, ...], address: Address) -> bool:
    """KEY alone stands for exports.KEY and all its parts."""
    whole = str(address)
    parent = whole.partition("/")[0]
    names = (whole, parent, address.name, address.name.partition("/")[0])
    return any(fnmatchcase(name, glob) for glob in globs for name in names)
