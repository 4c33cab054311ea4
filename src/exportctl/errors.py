"""
The errors of exportctl and the positions that they name. Every other module may import this one.

    Error                      the message is for the reader; `hint` says how to fix it
    ├── ConfigError            the YAML is wrong; contains every Finding, in file order
    ├── UsageError             the command line is wrong (exit 64)
    ├── PlanFileError          a saved plan cannot be read, or was edited
    │   └── StalePlan          the reviewed plan is not what would be applied (exit 6)
    ├── RefusedError           a safety check blocks the change (exit 5)
    ├── LeaseHeld              another run has the lease of the project (exit 7)
    │   └── LeaseLost          this run had it, and must not write any more
    ├── NewerMarker            a later exportctl wrote objects of this project; contains a Finding for each object
    └── ServiceError           the service refused, failed or did not answer
        ├── NotReached         no answer: refused, timed out, broken off; the write may have happened
        ├── Unauthorized       401, or there is no token
        ├── Forbidden          403
        ├── NotFound           404
        └── Conflict           412 (and 409): another client wrote in between

Each class exists for a caller that must act differently. No message contains a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from exportctl.frozen import dataclass


@dataclass(frozen=True, order=True)
class SourcePosition:
    """A position in a config file; line and column count from 1. Shown as `file:line:column`."""

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
    """One remark about a config or a plan: a stable rule id, the message, the position, and how to fix it (`hint`)."""

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
    """The root of all errors that exportctl can explain."""

    def __init__(self, message: str, *, rule: str = "error", hint: str | None = None, at: SourcePosition | None = None):
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.hint = hint
        self.at = at

    def findings(self) -> tuple[Finding, ...]:
        """Return the error as findings, for the machine formats."""
        return (Finding(self.rule, self.message, self.at, self.hint),)


class ConfigError(Error):
    """The config has at least one error; `all` contains every finding."""

    def __init__(self, findings: Sequence[Finding]):
        self.all = tuple(findings)
        errors = [f for f in self.all if f.level is Level.ERROR]
        super().__init__("\n".join(str(f) for f in errors), rule="config")

    def findings(self) -> tuple[Finding, ...]:
        return self.all


class UsageError(Error):
    """The command line is wrong."""


class PlanFileError(Error):
    """A saved plan is unreadable, has another format version, is too old, or was edited."""


class StalePlan(PlanFileError):
    """The sandbox or the config changed after the plan was saved; nothing was written."""


class RefusedError(Error):
    """A safety check blocks the change; the message names the edit or the flag that allows exactly this change."""


class LeaseHeld(Error):
    """Another run has the lease of this project; the message names it."""


class LeaseLost(LeaseHeld):
    """This run had the lease and cannot be sure of it any more: it must not write."""


class NewerMarker(Error):
    """A later exportctl wrote objects of this project: upgrade this one before it plans or writes again."""

    def __init__(self, findings: Sequence[Finding]):
        self.all = tuple(findings)
        super().__init__("\n".join(str(f) for f in self.all), rule="newer-marker")

    def findings(self) -> tuple[Finding, ...]:
        return self.all


class ServiceError(Error):
    """
    The service refused, failed or did not answer.

    `status` is the HTTP status (None without an answer). `code` is the service's own code (`FLOW-1404-412`, `401013`).
    Adobe's support asks for `request_id`. `wrote` says that the request may have changed something.
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
        """The four digits of a FLOW code: table and answers differ in the rest (flow-service.md 11.3)."""
        parts = (self.code or "").split("-")
        return parts[1] if len(parts) > 1 and parts[0] == "FLOW" else None


class NotReached(ServiceError):
    """The service did not answer."""


class Unauthorized(ServiceError):
    """The token is not valid, or there is none."""


class Forbidden(ServiceError):
    """A permission is missing."""


class NotFound(ServiceError):
    """The object does not exist, or an access label hides it."""


class Conflict(ServiceError):
    """The object changed after exportctl read it."""
