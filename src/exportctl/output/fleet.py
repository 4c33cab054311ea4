"""A command over many sandboxes, as every output takes it: a small row for each, and where its whole result is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from itertools import islice

from exportctl.errors import Finding
from exportctl.frozen import dataclass
from exportctl.model.plan import PlanHeader
from exportctl.model.schedule import format_count
from exportctl.output.ci_run import CiRun
from exportctl.output.format_values import clean_text

MAX_LINES = 20  # of what needs attention in one sandbox; its JSON has all
MAX_FINDINGS = 20  # of one sandbox
MAX_NAMES = 5  # of sandboxes, in a sentence


@dataclass(frozen=True)
class FleetRow:
    """
    One project in one environment.

    `folder` and `files` say where its config is, `summary` is one sentence, and `attention` has at most MAX_LINES lines
    of `found`. `errors` say why it was not read, or what the plan cannot do. `is_read`: there is a result.
    """

    folder: str
    files: tuple[str, ...]
    environment: str | None
    exit_code: int
    is_read: bool
    summary: str
    project: str | None = None
    header: PlanHeader | None = None
    as_of: int | None = None
    attention: tuple[str, ...] = ()
    found: int = 0
    errors: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """Return the folder, the files where they are named, and the environment."""
        return " ".join([self.folder, *self.files, *([self.environment] if self.environment else [])])

    @property
    def is_quiet(self) -> bool:
        return not self.exit_code and not self.attention and not self.errors


@dataclass(frozen=True)
class FleetReport:
    """
    The rows of one command, by name. `ended` is in seconds since 1970 UTC, by our own clock.

    `shard` is as `2/4`, and `members` then is a digest of the names of all sandboxes of all shards.
    """

    command: str
    rows: Sequence[FleetRow]
    exit_code: int
    ended: int
    is_complete: bool = True
    shard: str | None = None
    members: str | None = None
    run: CiRun = field(default_factory=CiRun)
    errors: tuple[Finding, ...] = ()

    @property
    def organizations(self) -> int:
        return len({row.header.organization for row in self.rows if row.header})


def limit_lines(lines: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """Return the first MAX_LINES lines, and the number of all."""
    every = iter(lines)
    kept = tuple(islice(every, MAX_LINES))
    return kept, len(kept) + sum(1 for _ in every)


def rebase_findings(findings: Iterable[Finding], folder: str) -> tuple[Finding, ...]:
    """Return at most MAX_FINDINGS findings, each with a file that is named from the working folder."""
    inside = "" if folder == "." else f"{folder}/"
    return tuple(
        replace(f, at=replace(f.at, file=f"{inside}{f.at.file}")) if f.at else f for f in islice(findings, MAX_FINDINGS)
    )


def shared_projects(rows: Iterable[FleetRow]) -> tuple[Finding, ...]:
    """Return an error for each row whose project another one has in the same sandbox. Embedded emulators share none."""
    seen: dict[tuple[str, str, str, str], FleetRow] = {}
    found = []
    for row in rows:
        if row.header is None or row.header.platform == "embedded":
            continue
        key = (row.header.url, row.header.organization, row.header.sandbox, row.header.project)
        first = seen.setdefault(key, row)
        if first is not row:
            text = f"{row.name} is project {row.header.project} in sandbox {row.header.sandbox}, and so is {first.name}"
            hint = "each would delete the exports of the other: give one of them another `project`, or list one only"
            found.append(Finding("project-twice", text, hint=hint))
    return tuple(found)


def summary(report: FleetReport) -> str:
    """Return `Fleet drift: 100 sandboxes, 2 need attention (a prod, b prod), 1 not read (c).`."""
    count = f"{len(report.rows)} sandbox{'' if len(report.rows) == 1 else 'es'}"
    loud = [row.name for row in report.rows if row.is_read and row.exit_code]
    unread = [row.name for row in report.rows if not row.is_read]
    parts = [count]
    parts += [f"{len(loud)} need{'s' if len(loud) == 1 else ''} attention ({_names(loud)})"] if loud else []
    parts += [f"{len(unread)} not read ({_names(unread)})"] if unread else []
    parts += [format_count(len(report.errors), "error")] if report.errors else []
    if len(parts) == 1:
        parts.append("nothing needs attention" if not report.exit_code else f"exit {report.exit_code}")
    return f"Fleet {report.command}: {', '.join(parts)}."


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(map(clean_text, names[:MAX_NAMES])) + more


def more_lines(row: FleetRow) -> str | None:
    """Return what says that a row does not show all of its lines."""
    hidden = row.found - len(row.attention)
    return f"and {hidden} more; --format json has all" if hidden > 0 else None
