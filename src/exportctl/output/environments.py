"""
One environment among several, as every view of all environments takes it. Values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from exportctl.errors import Finding

T = TypeVar("T")
UNREAD = "not read: see the error"


@dataclass(frozen=True)
class EnvironmentResult(Generic[T]):
    """What was made of an environment; `found` is None where it could not be read, for `errors`."""

    environment: str
    result: T | None
    errors: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows under a title, a text per column."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def merge_findings(findings: Iterable[tuple[str, Finding]]) -> Sequence[Finding]:
    """Findings of several environments, each said once and with the names of those it was found in."""
    where: dict[Finding, list[str]] = {}
    for environment, finding in findings:
        known = where.setdefault(finding, [])
        known += [] if environment in known else [environment]
    return [replace(f, message=f"{', '.join(names)}: {f.message}") for f, names in where.items()]
