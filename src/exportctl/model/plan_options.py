"""The options of one plan, as data: part of the planner's input, and saved with the plan."""

from __future__ import annotations

from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

from exportctl.frozen import dataclass
from exportctl.model.address import Address
from exportctl.model.timestamps import MAX_TIMESTAMP


@dataclass(frozen=True)
class PlanOptions:
    """
    What the caller allows or limits in one plan.

    Globs match whole addresses (`exports.web-*`). `renewals` limits which due renewals are written; None means all.
    `renew_only` plans only renewals. `rotate` is the account to which exportctl sends the secrets again although no
    field differs. `committed_at` is the commit time of the config in seconds since 1970 UTC, None if it is unknown.
    """

    targets: tuple[str, ...] = ()
    allow_deletes: int = 0
    allow_replace: tuple[str, ...] = ()
    allow_recreate: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    renewals: frozenset[str] | None = None
    renew_only: bool = False
    rotate: Address | None = None
    committed_at: int | None = None
    allow_older: bool = False
    excludes: tuple[str, ...] = ()

    def is_targeted(self, address: Address) -> bool:
        """Check the address against `--target` and `--exclude`: an address, a KEY of several parts, or a glob."""
        return self.is_selected(address) and not self.is_excluded(address)

    def is_selected(self, address: Address) -> bool:
        return not self.targets or is_glob_match(self.targets, address)

    def is_excluded(self, address: Address) -> bool:
        return is_glob_match(self.excludes, address)

    def can_replace(self, address: Address) -> bool:
        return is_glob_match(self.allow_replace, address)

    def can_recreate(self, address: Address) -> bool:
        return is_glob_match(self.allow_recreate, address)

    def can_resume(self, address: Address) -> bool:
        return is_glob_match(self.resume, address)

    def can_renew(self, address: Address) -> bool:
        return self.renewals is None or str(address) in self.renewals

    def to_json_values(self) -> dict[str, Any]:
        """Return the options as JSON values. Renewals are in the plan itself; no saved plan renews only or rotates."""
        unset = {name for name in ("excludes", "committed_at", "allow_older") if not getattr(self, name)}
        left_out = {"renewals", "renew_only", "rotate", *unset}
        kept = {name: value for name, value in asdict(self).items() if name not in left_out}
        shown = {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
        shown |= {"rotate": str(self.rotate)} if self.rotate else {}
        return shown | ({"renew_only": True} if self.renew_only else {})

    @staticmethod
    def from_json_values(saved: dict[str, Any]) -> PlanOptions:
        """
        Build options from `to_json_values`, which may come from outside.

        Raises:
            TypeError: a name is unknown, or a value has another type.
        """
        known = PlanOptions(excludes=("",), committed_at=1, allow_older=True).to_json_values()
        for name, value in saved.items():
            of_texts = not isinstance(value, list) or all(isinstance(one, str) for one in value)
            if name not in known or type(value) is not type(known[name]) or not of_texts:
                raise TypeError(f"the option {name} is unknown or has another type")
        if not 0 <= saved.get("committed_at", 0) <= MAX_TIMESTAMP:
            raise TypeError("the option committed_at is no moment")
        given: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in saved.items()}
        return PlanOptions(**given)


def is_glob_match(globs: tuple[str, ...], address: Address) -> bool:
    """Match an address against globs; KEY alone means exports.KEY and all its parts."""
    whole = str(address)
    parent = whole.partition("/")[0]
    names = (whole, parent, address.name, address.name.partition("/")[0])
    return any(fnmatchcase(name, glob) for glob in globs for name in names)
