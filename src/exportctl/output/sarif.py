"""
Findings as SARIF 2.1.0, for code scanning: one run, a rule per id, a result per finding.

    level         error, warning or note, as of the finding
    location      the file below the root of the repository (`uriBaseId` %SRCROOT%), line and column
    fingerprint   of rule, file and what the finding is about, without lines and live values: it stays the same when
                  lines move, so that a code host does not close an alert and open it again
    notification  an error that is about no file, such as a network that fails: then the run is not successful

Sources: the SARIF standard (OASIS, 2.1.0), and GitHub's page on its support of SARIF: the required members, and at most
25,000 results. GitHub reads only the fingerprint `primaryLocationLineHash`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from exportctl import __version__
from exportctl.errors import Finding, Level, SourcePosition
from exportctl.frozen import dataclass
from exportctl.output.format_values import clean_lines, clean_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000
ROOT = "%SRCROOT%"
_MAX_TEXT = 1024  # characters that GitHub shows of a description
_LEVELS: Mapping[Level, str] = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}
_POSITION = re.compile(r":\d+(?::\d+)?")
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")  # the begin of a link inside a message
_PLACEHOLDER = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True)
class SarifRule:
    """What a rule checks: `help` says why and how to fix it, `uri` is a page about it."""

    id: str
    title: str
    help: str
    level: Level = Level.ERROR
    uri: str | None = None


@dataclass(frozen=True)
class SarifResult:
    """A finding, and what it is about: the same text as long as it is the same alert."""

    finding: Finding
    identity: str


@dataclass(frozen=True)
class SarifRun:
    """
    What a run found.

    `locate` returns the path of a config file below the root of the repository, or None if it lies elsewhere.
    `main_file` is the location of a finding that names no line.
    """

    command: str
    rules: Sequence[SarifRule]
    results: Sequence[SarifResult]
    failures: Sequence[Finding] = ()  # errors that are about no file
    main_file: str = "exports.yaml"
    locate: Callable[[str], str | None] = lambda file: file
    left_out: int = 0  # results that are not in `results`: a code host takes no more


def finding_results(findings: Sequence[Finding]) -> tuple[SarifResult, ...]:
    """Return findings as results that are known by their message, without the positions in it."""
    return tuple(SarifResult(finding, _POSITION.sub("", finding.message)) for finding in findings)


def render_run(run: SarifRun) -> str:
    """Return the document. Of too many results, the most serious ones stay."""
    serious_first = sorted(run.results, key=lambda result: list(Level).index(result.finding.level))
    kept = serious_first[:MAX_RESULTS]
    rules = _rules(run, kept)
    indexes = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "exportctl", "semanticVersion": __version__, "rules": rules}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": f"exportctl {run.command}/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {"description": {"text": "the root of the repository"}}},
                "invocations": [_invocation(run, run.left_out + len(run.results) - len(kept))],
                "results": _results(run, kept, indexes),
            }
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _rules(run: SarifRun, results: Sequence[SarifResult]) -> list[dict[str, Any]]:
    """Return the rules of the command, and one for each other id that a result has."""
    known = {rule.id: rule for rule in run.rules}
    for result in results:
        rule = result.finding.rule
        known.setdefault(rule, SarifRule(rule, rule.replace("-", " "), f"`exportctl explain {rule}`"))
    return [_rule(known[name]) for name in sorted(known)]


def _rule(rule: SarifRule) -> dict[str, Any]:
    title, words = clean_text(rule.title), clean_lines(rule.help)
    return {
        "id": rule.id,
        "shortDescription": {"text": _message(title)[:_MAX_TEXT]},
        "fullDescription": {"text": _message(title)[:_MAX_TEXT]},
        "help": {"text": _message(words)},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        **({"helpUri": rule.uri} if rule.uri else {}),
    }


def _invocation(run: SarifRun, left_out: int) -> dict[str, Any]:
    notes = [_notification(failure) for failure in run.failures]
    if left_out:
        text = f"{left_out} less serious results are left out: a code host takes {MAX_RESULTS}"
        notes.append({"level": "warning", "message": {"text": text}})
    shown = {"toolExecutionNotifications": notes} if notes else {}
    return {"executionSuccessful": not run.failures, **shown}


def _notification(failure: Finding) -> dict[str, Any]:
    return {"level": _LEVELS[failure.level], "message": {"text": _text(failure)}, "descriptor": {"id": failure.rule}}


def _results(run: SarifRun, results: Sequence[SarifResult], indexes: Mapping[str, int]) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}
    shown = []
    for result in results:
        found = result.finding
        at = found.at or SourcePosition(run.main_file)
        location = _artifact(at.file, run.locate)
        digest = _fingerprint(found.rule, location["uri"], result.identity)
        seen[digest] = seen.get(digest, 0) + 1
        shown.append(
            {
                "ruleId": found.rule,
                "ruleIndex": indexes[found.rule],
                "level": _LEVELS[found.level],
                "message": {"text": _text(found)},
                "locations": [{"physicalLocation": {"artifactLocation": location, "region": _region(at)}}],
                "partialFingerprints": {"primaryLocationLineHash": f"{digest}:{seen[digest]}"},
            }
        )
    return shown


def _artifact(file: str, locate: Callable[[str], str | None]) -> dict[str, str]:
    """Return the location of a file; one outside the repository keeps the name that it has."""
    path = locate(file)
    if path is None:
        return {"uri": quote(file.encode("utf-8", "surrogatepass"))}
    return {"uri": quote(path.encode("utf-8", "surrogatepass")), "uriBaseId": ROOT}


def _region(at: SourcePosition) -> dict[str, int]:
    """Return the character at which the finding is; GitHub wants the end too."""
    return {
        "startLine": at.line,
        "startColumn": at.column,
        "endLine": at.line,
        "endColumn": at.column + 1,
    }


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _text(finding: Finding) -> str:
    words = clean_lines(finding.message).rstrip(".")
    hint = f". {clean_lines(finding.hint)}" if finding.hint else ""
    return _message(f"{words}{hint}" or finding.rule)


def _message(text: str) -> str:
    """Return a text of a message in which nothing is read as a link or as a placeholder (SARIF 3.11.5 and 3.11.6)."""
    return _PLACEHOLDER.sub(r"{{\1}}", _LINK.sub(r"\\[", text.replace("\\", "\\\\") if _LINK.search(text) else text))
