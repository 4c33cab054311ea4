"""
What can go wrong, and where: a leaf that every other module may import.

    Error                      the text is for the reader; `hint` says how to mend it
    ├── ConfigError            the YAML is wrong; carries every Finding, in file order
    ├── UsageError             the command line is wrong (exit 64)
    ├── PlanError              no plan can be made of this config and this sandbox
    ├── PlanFileError          a saved plan cannot be read or was edited
    │   └── StalePlan          what was reviewed is not what would be applied (exit 6)
    ├── RefusedError           a gate refused (exit 5)
    ├── NewerMarker            the sandbox holds what a later exportctl wrote; carries a Finding for each object
    └── ServiceError           the service, or the way to it
        ├── NotReached         no answer: refused, timed out, cut; the write may have happened
        ├── Unauthorized       401, or no token to be had
        ├── Forbidden          403
        ├── NotFound           404
        └── Conflict           412 (and 409): somebody wrote in between

A class exists for a caller who must act differently. No message ever holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, order=True)
class SourcePosition:
    """A place in a config file; line and column count from 1. Shown as `file:line:column`."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing to say about a config or a plan: a stable rule id, the place, the words, the way to mend it."""

    rule: str
    message: str
    at: SourcePosition | None = None
    hint: str | None = None
    level: Level = Level.ERROR

    def __str__(self) -> str:
        head = f"{self.at}: " if self.at else ""
        tail = f"\n  {self.hint}" if self.hint else ""
        return f"{head}{self.message}  [{self.rule}]{tail}"


class Error(Exception):
    """The root: whatever exportctl can explain."""

    def __init__(self, message: str, *, rule: str = "error", hint: str | None = None, at: SourcePosition | None = None):
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.hint = hint
        self.at = at

    def findings(self) -> tuple[Finding, ...]:
        """The same as data, for the machine formats."""
        return (Finding(self.rule, self.message, self.at, self.hint),)


class ConfigError(Error):
    """The config holds at least one error; all of them are in `all`."""

    def __init__(self, findings: Sequence[Finding]):
        self.all = tuple(findings)
        errors = [f for f in self.all if f.level is Level.ERROR]
        super().__init__("\n".join(str(f) for f in errors), rule="config")

    def findings(self) -> tuple[Finding, ...]:
        return self.all


class UsageError(Error):
    """The command line asks for something that does not exist."""


class PlanError(Error):
    """No plan can be made."""


class PlanFileError(Error):
    """A saved plan is unreadable, of another version, too old, or was edited."""


class StalePlan(PlanFileError):
    """The sandbox or the config moved since the plan was saved; nothing was written."""


class RefusedError(Error):
    """A gate refused; the message names the one edit or flag that allows exactly this."""


class NewerMarker(Error):
    """A later exportctl wrote objects of this project: nothing is planned or written until this one is upgraded."""

    def __init__(self, findings: Sequence[Finding]):
        self.all = tuple(findings)
        super().__init__("\n".join(str(f) for f in self.all), rule="newer-marker")

    def findings(self) -> tuple[Finding, ...]:
        return self.all


class ServiceError(Error):
    """
    The service refused or failed.

    `status` is the HTTP status (None without an answer), `code` the service's own (`FLOW-1404-412`, `401013`),
    `request_id` what Adobe's support asks for, `wrote` whether the request may have changed something.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        wrote: bool = False,
        hint: str | None = None,
        rule: str = "service",
    ):
        super().__init__(message, rule=rule, hint=hint)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.wrote = wrote

    @property
    def number(self) -> str | None:
        """The four digits of a FLOW code: the table and the wire differ in the rest (flow-service.md 11.3)."""
        parts = (self.code or "").split("-")
        return parts[1] if len(parts) > 1 and parts[0] == "FLOW" else None


class NotReached(ServiceError):
    """No usable answer came back."""


class Unauthorized(ServiceError):
    """The token is bad, or there is none."""


class Forbidden(ServiceError):
    """A permission is missing."""


class NotFound(ServiceError):
    """The object does not exist, or an access label hides it."""


class Conflict(ServiceError):
    """The object changed since it was read."""
