"""Find the circles in what waits for what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

K = TypeVar("K")


def circle_numbers(waits: Mapping[K, Iterable[K]]) -> dict[K, int]:
    """
    Return a number for everything that waits or is waited for: two have one number if each waits for the other.

    Tarjan's algorithm, without recursion: it looks at each wait once, so a long chain costs what its waits cost.
    """
    numbers: dict[K, int] = {}
    found: dict[K, int] = {}  # the order in which they were met
    lowest: dict[K, int] = {}  # the first one met that each of them leads back to
    open_ones: list[K] = []  # met, without a number yet
    for start in waits:
        if start in found:
            continue
        found[start] = lowest[start] = len(found)
        open_ones.append(start)
        path = [(start, iter(waits.get(start, ())))]
        while path:
            one, left = path[-1]
            for needed in left:
                if needed not in found:
                    found[needed] = lowest[needed] = len(found)
                    open_ones.append(needed)
                    path.append((needed, iter(waits.get(needed, ()))))
                    break
                if needed not in numbers:
                    lowest[one] = min(lowest[one], found[needed])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[one])
                if lowest[one] == found[one]:
                    while True:
                        member = open_ones.pop()
                        numbers[member] = found[one]
                        if member == one:
                            break
    return numbers
