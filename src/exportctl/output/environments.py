"""The result of one environment among several, as every output of all environments takes it. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from exportctl.errors import Finding
from exportctl.frozen import dataclass

T = TypeVar("T")
UNREAD = "not read: see the error"


@dataclass(frozen=True)
class EnvironmentResult(Generic[T]):
    """The result of one environment; `result` is None where it could not be read, and `errors` says why."""

    environment: str
    result: T | None
    errors: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows under a title, with a text for each column."""

    title: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def merge_findings(findings: Iterable[tuple[str, Finding]]) -> Sequence[Finding]:
    """Return each finding of several environments once, with the names of the environments that have it."""
    where: dict[Finding, list[str]] = {}
    for environment, finding in findings:
        known = where.setdefault(finding, [])
        known += [] if environment in known else [environment]
    return [replace(f, message=f"{', '.join(names)}: {f.message}") for f, names in where.items()]
