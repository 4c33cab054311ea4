"""
What GitHub Actions reads: workflow commands for annotations, and text for the file GITHUB_OUTPUT names.

Goes in: findings, names and values. Comes out: text; the caller writes it. `inert` keeps text by others from being
read as a command. Source for the forms: the Actions toolkit (`core.ts`, `command.ts`, `file-command.ts`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from exportctl.errors import Finding, Level
from exportctl.model.plan import Plan
from exportctl.monitor.drift import DriftReport
from exportctl.output import format_values as values
from exportctl.output import phrases
from exportctl.output.text import drift
from exportctl.planfile.file import approval_digest

_OF_ONE = frozenset({"digest", "summary"})
_COMMANDS: Mapping[Level, str] = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render_annotations(findings: Sequence[Finding]) -> str:
    """`::error file=exports.yaml,line=14,col=3,title=rule::message`, one line each; empty without findings."""
    return "".join(f"{annotation(f)}\n" for f in findings)


def annotation(shown: Finding) -> str:
    place = {"file": shown.at.file, "line": shown.at.line, "col": shown.at.column} if shown.at else {}
    properties = ",".join(
        f"{name}={_property(values.clean_text(str(part)))}" for name, part in {**place, "title": shown.rule}.items()
    )
    words = shown.message + (f"\n{shown.hint}" if shown.hint else "")
    return f"::{_COMMANDS[shown.level]} {properties}::{_data(values.clean_lines(words))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def outputs(named: Mapping[str, str]) -> str:
    """Text to append to GITHUB_OUTPUT, in the form that holds several lines."""
    return "".join(_output(name, text) for name, text in named.items())


def _output(name: str, text: str) -> str:
    """The delimiter is worked out from the value, and differs from each of its lines."""
    delimiter = "exportctl_" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{name}<<{delimiter}\n{text}\n{delimiter}\n"


def plan_outputs(shown: Plan) -> dict[str, str]:
    """What later steps of a workflow ask for."""
    return {
        "changes": _flag(not shown.is_empty),
        "refused": _flag(shown.is_refused),
        "errors": str(len(shown.errors())),
        "digest": approval_digest(shown),
        "summary": phrases.summary(shown.counts()),
        **{name: str(number) for name, number in shown.counts().items()},
        "writes": str(len(shown.steps())),
    }


def drift_outputs(report: DriftReport, *, failing: bool) -> dict[str, str]:
    return {
        "failing": _flag(failing),
        "summary": drift.summary(report),
        **{name: str(number) for name, number in report.counts().items()},
    }


def merge_outputs(outputs: Mapping[str, Mapping[str, str]], unread: int) -> dict[str, str]:
    """
    The outputs of several environments as one set: a flag is true if one is, numbers are added up, `summary` has a line
    for each. A digest is of one plan, and left out. `unread` is how many environments there were no outputs of.
    """
    names = dict.fromkeys(name for found in outputs.values() for name in found if name not in _OF_ONE)
    joined = {name: _merge_values([found[name] for found in outputs.values()]) for name in names}
    lines = [f"{environment}: {found['summary']}" for environment, found in outputs.items()]
    return {**joined, "summary": "\n".join(lines), "unread": str(unread)}


def _merge_values(values: Sequence[str]) -> str:
    if all(value in ("true", "false") for value in values):
        return _flag("true" in values)
    return str(sum(int(value) for value in values))


def _flag(on: bool) -> str:
    return "true" if on else "false"


def neutralize_commands(text: str) -> str:
    """The same for a log: a line that would be read as a workflow command (`::name::`, `##[name]`) no longer is."""
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", text).replace("##[", "## [")
