"""Titles that no live object has: fold names, and number a title until it is free. Pure."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping

from exportctl.frozen import dataclass


@dataclass(frozen=True)
class TakenNames:
    """The folded names of the live objects of a kind, except the objects with the ids `without`, and others `also`."""

    ids: Mapping[str, Collection[str]]  # by folded name
    without: Collection[str] = ()
    also: Container[str] = ()

    def __contains__(self, name: object) -> bool:
        return name in self.also or any(one not in self.without for one in self.ids.get(str(name), ()))


def folded_name(name: str) -> str:
    """Fold case and blanks: Adobe does not document whether, and in which form, names must be unique (U7)."""
    return name.strip().casefold()


def free_title(wanted: str, taken: Container[str], first: int = 1) -> str:
    """Return `wanted`, or `wanted 2` and so on, which none of the folded names in `taken` equals; 1 is not shown."""
    number = first
    while folded_name(title := f"{wanted} {number}" if number > 1 else wanted) in taken:
        number += 1
    return title
