"""
Choose datasets at random, so that the same ones can be chosen again. Pure.

Each dataset draws a number of its own: sha256 of the seed, of the export, and of the dataset's name. The smallest
numbers are chosen. So a dataset that comes or goes changes the place of no other one, and each has the same chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from exportctl.model.plan import Address
from exportctl.monitor.backup.file_list import digest_of

T = TypeVar("T")


def drawn_order(subjects: Iterable[T], seed: str, name: Callable[[T], tuple[Address, str, str]]) -> tuple[T, ...]:
    """Return the subjects in the order of what they draw; `name` is the address, the dataset and its id."""

    def draw(subject: T) -> tuple[str, str]:
        address, dataset, dataset_id = name(subject)
        return digest_of([seed, str(address), dataset]), dataset_id

    return tuple(sorted(subjects, key=draw))
