"""
What the exit code and the JSON document of a command mean to Airflow. Pure.

    exit code, rules of the errors  ->  Verdict: done, found something, try again, or fail for good
    document                        ->  the small summary that becomes the XCom, and lines for the log

Exit codes: docs/cli.md of exportctl.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TRANSIENT = frozenset(
    {"not-reached", "service", "storage-read", "storage-unreachable"}
)  # rules of errors that another attempt may not meet
LINES = 200  # of a log
REASON = 2000  # characters, in an XCom and in Airflow's database
FORMAT_VERSION = 2  # `format_version` of the documents that this package reads
OLDEST = "0.2.0"  # the first exportctl that writes them
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # they act on a terminal, or begin a line of a log


class Verdict(StrEnum):
    """What a task does with the end of a command."""

    DONE = "done"
    FOUND = "found"  # the command did its work and found what a person should see
    RETRY = "retry"
    FAIL = "fail"  # another attempt would end in the same way


_VERDICTS: Mapping[int, tuple[Verdict, str]] = {
    0: (Verdict.DONE, "done"),
    2: (Verdict.DONE, "there are changes"),
    3: (Verdict.FOUND, "drift was found"),
    4: (Verdict.RETRY, "incomplete: something remains"),
    5: (Verdict.FAIL, "blocked by a safety check; nothing was written"),
    6: (Verdict.FAIL, "the plan is stale; nothing was written"),
    7: (Verdict.RETRY, "another run holds the lease of this project"),
    8: (Verdict.RETRY, "interrupted"),
    9: (Verdict.FOUND, "not every run is complete"),
    10: (Verdict.FAIL, "it did its work, but its report could not be written"),
    64: (Verdict.FAIL, "wrong usage"),
}


def judge_exit(code: int, rules: Collection[str]) -> tuple[Verdict, str]:
    """Return what an exit code means, and the words for it; `rules` are those of the document's errors."""
    if code == 1:
        return (Verdict.RETRY if TRANSIENT.intersection(rules) else Verdict.FAIL), "error"
    if code < 0 or code in (130, 143):
        return Verdict.RETRY, "ended by a signal"
    return _VERDICTS.get(code, (Verdict.FAIL, "an exit code that exportctl does not have: is it exportctl that runs?"))


@dataclass(frozen=True)
class Outcome:
    """How a command ended. `document` is empty if it printed none."""

    command: str
    code: int
    document: Mapping[str, Any]

    @property
    def errors(self) -> tuple[Mapping[str, Any], ...]:
        """The errors of the document, and those of the sandboxes of a fleet."""
        rows = self.result.get("sandboxes", ())
        return (*(self.document.get("errors") or ()), *(error for row in rows for error in row["errors"]))

    @property
    def result(self) -> Mapping[str, Any]:
        """The result of the document; empty without one."""
        return self.document.get("result") or {}

    @property
    def verdict(self) -> Verdict:
        """What the task does."""
        return self._judged()[0]

    @property
    def reason(self) -> str:
        """One line that says how the command ended, with its first error."""
        text = f"exportctl {self.command}: exit code {self.code}, {self._judged()[1]}"
        if not self.errors:
            return text
        more = len(self.errors) - 1
        return shorten(f"{text}: {error_line(self.errors[0])}") + (f" (and {more} more)" if more else "")

    def summary(self) -> dict[str, Any]:
        """Return what becomes the XCom: words, counts and digests. Nothing of it is secret."""
        platform = self.document.get("platform") or {}
        return {
            "command": self.command,
            "exit_code": self.code,
            "outcome": str(self.verdict),
            "reason": self.reason,
            "environment": platform.get("environment"),
            "sandbox": platform.get("sandbox"),
            "counts": dict(self.result.get("counts") or {}),
        }

    def lines(self) -> Iterator[str]:
        """Yield lines for the log: every error, then what the command found, at most LINES of it."""
        yield from map(error_line, self.errors)
        found = list(map(clean_text, _found_lines(self.result)))
        yield from found[:LINES]
        if len(found) > LINES:
            yield f"… and {len(found) - LINES} more, see the report"

    def _judged(self) -> tuple[Verdict, str]:
        return judge_exit(self.code, {str(error["rule"]) for error in self.errors})


def document_fault(outcome: Outcome) -> str | None:
    """Return why an end that looks like work done cannot be believed: its document is not one that we read."""
    if outcome.verdict not in (Verdict.DONE, Verdict.FOUND):
        return None  # the exit code says enough; wrong usage, for example, may come without a document
    if "format_version" not in outcome.document:
        return "it printed no document: is it exportctl that runs?"
    version = outcome.document["format_version"]
    if version == FORMAT_VERSION:
        return None
    is_newer = isinstance(version, int) and version > FORMAT_VERSION
    wanted = "upgrade exportctl-airflow" if is_newer else f"upgrade exportctl to {OLDEST} or later"
    return f"its document has format_version {version}, and exportctl-airflow reads {FORMAT_VERSION}: {wanted}"


def shorten(text: str) -> str:
    """Return a text that is short enough for Airflow's database."""
    return text if len(text) <= REASON else f"{text[: REASON - 1]}…"


def clean_text(text: str) -> str:
    r"""Return names and messages of the service in one line: control characters become `\x1b`, `\n`."""
    return "".join(ascii(char)[1:-1] if unicodedata.category(char) in _UNSAFE else char for char in text)


def error_line(error: Mapping[str, Any]) -> str:
    """Return one error of a document as a line: where, what, [rule] and how to fix it."""
    where = f"{error['file']}:{error['line']}:{error['column']}: " if error.get("file") else ""
    hint = f"; {error['hint']}" if error.get("hint") else ""
    return clean_text(f"{where}{error['message']} [{error['rule']}]{hint}")


def sandbox_name(row: Mapping[str, Any]) -> str:
    """Return how a report of `fleet` names a sandbox: the folder, and the environment if there is one."""
    return " ".join(filter(None, (row["folder"], row["environment"])))


def _found_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each item of a plan, entry of a drift, verdict of a verify and sandbox of a fleet."""
    for row in result.get("sandboxes", ()):
        yield f"{sandbox_name(row)}: exit code {row['exit_code']}: {row['summary']}"
        yield from (f"  {line}" for line in row["attention"])
    for item in (*result.get("items", ()), *result.get("entries", ())):
        words = [str(item[key]) for key in ("group", "verb", "field") if item.get(key)]
        yield f"{item.get('address')}: {' '.join(words)}"
    for export in result.get("exports", ()):
        for verdict in export.get("verdicts", ()):
            yield f"{export['address']} {verdict['dataset']}: {verdict['result']}: {verdict['reason']}"
