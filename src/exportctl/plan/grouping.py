"""Group things by a key, so that a plan looks for each of them once and not among all of them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
K = TypeVar("K")


def group_by_keys(things: Iterable[T], keys: Callable[[T], Iterable[K]]) -> dict[K, tuple[T, ...]]:
    """Return the things by each of their keys, in their order."""
    found: dict[K, list[T]] = defaultdict(list)
    for thing in things:
        for key in keys(thing):
            found[key].append(thing)
    return {key: tuple(group) for key, group in found.items()}


def group_by_key(things: Iterable[T], key: Callable[[T], K]) -> dict[K, tuple[T, ...]]:
    """Return the things by their key, in their order."""
    return group_by_keys(things, lambda thing: (key(thing),))
