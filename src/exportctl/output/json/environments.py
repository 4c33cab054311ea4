"""Several environments in one JSON document: two that are compared, or what a command found in every one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from exportctl.config.environment_diff import (
    DifferenceCause,
    DifferenceOrigin,
    EnvironmentDiff,
    FieldDifference,
    OneSidedDeclaration,
)
from exportctl.errors import Finding, Level
from exportctl.model.json_form import (
    JsonObject,
    Member,
    choice,
    encoded_part,
    flag,
    listing,
    nullable,
    number,
    part,
    text,
)
from exportctl.model.plan import Plan
from exportctl.output.environments import EnvironmentResult
from exportctl.output.json.backup import BACKUP_RESULT
from exportctl.output.json.envelope import MOMENT, PLAN, PLATFORM, Document, EnvironmentBody
from exportctl.output.json.monitoring import DRIFT_RESULT, STATUS_RESULT, drift_result
from exportctl.planfile.serialize import ERROR, POSITION, field_value

if TYPE_CHECKING:
    from exportctl.monitor.backup.report import BackupReport
    from exportctl.monitor.drift import DriftReport
    from exportctl.monitor.status import StatusReport

T = TypeVar("T")


class _Row(NamedTuple):
    environment: str
    body: EnvironmentBody | None
    found: Sequence[Finding]

    @property
    def errors(self) -> list[Finding]:
        """The findings of level error."""
        return [f for f in self.found if f.level is Level.ERROR]


def _document(command: str, what: str, result: JsonObject[Any]) -> Document[Sequence[_Row]]:
    row = JsonObject[_Row](
        "one environment",
        environment=text("its name"),
        platform=nullable(part(PLATFORM, lambda row: row.body.header if row.body else None)),
        as_of=nullable(number(MOMENT, lambda row: row.body.as_of if row.body else None)),
        result=nullable(encoded_part(result, lambda row: row.body.result if row.body else None)),
        errors=listing("what blocks an apply of its plan, or why the environment could not be read", ERROR),
    )
    rows: Member[Sequence[_Row]] = listing("by name", row, lambda rows: rows)
    return Document(f"{command}-environments", JsonObject(f"{what} of every environment", environments=rows))


ENVIRONMENTS = {
    "plan": _document("plan", "the plan", PLAN),
    "drift": _document("drift", "drift", DRIFT_RESULT),
    "status": _document("status", "the status", STATUS_RESULT),
    "backup": _document("backup", "the backups", BACKUP_RESULT),
}


def plan_body(shown: Plan) -> EnvironmentBody:
    """Return what the document of one plan holds."""
    return EnvironmentBody(shown.header, shown.as_of, PLAN.encode(shown), shown.errors())


def drift_body(report: DriftReport, fail_on: Collection[str]) -> EnvironmentBody:
    """Return what the document of one drift report holds."""
    return EnvironmentBody(report.header, report.as_of, drift_result(report, fail_on), report.errors)


def status_body(report: StatusReport) -> EnvironmentBody:
    """Return what the document of one status report holds."""
    return EnvironmentBody(report.header, report.as_of, STATUS_RESULT.encode(report), report.errors)


def backup_body(report: BackupReport) -> EnvironmentBody:
    """Return what the document of one backup report holds."""
    return EnvironmentBody(report.header, report.as_of, BACKUP_RESULT.encode(report), report.errors())


def render_environments(
    command: str, results: Sequence[EnvironmentResult[T]], to_body: Callable[[T], EnvironmentBody]
) -> str:
    """Return the document of all environments: a result for each, or why it could not be read."""
    bodies = [None if one.result is None else to_body(one.result) for one in results]
    rows = [
        _Row(one.environment, body, body.errors if body else one.errors)
        for one, body in zip(results, bodies, strict=True)
    ]
    errors = tuple(dict.fromkeys(f for row in rows for f in row.errors))
    return ENVIRONMENTS[command].render(rows, errors=errors)


_CAUSES: Member[Any] = listing(
    "the lines that cause it; empty: none was found",
    JsonObject[DifferenceCause](
        "one line of the config",
        origin=choice("an overlay sets it, an `environments` list leaves it out, or a reference", DifferenceOrigin),
        at=part(POSITION),
        environment=nullable(text("the overlay's environment, or the one that the list leaves out; null: a reference")),
        source_text=nullable(text("a reference as in the file; masked where it may be secret", lambda c: c.written)),
    ),
)
DIFF_ENVIRONMENTS = Document(
    "diff-environments",
    JsonObject[EnvironmentDiff](
        "the differences between two environments of one config",
        left=text("the first environment"),
        right=text("the second environment"),
        one_sided=listing(
            "by address",
            JsonObject[OneSidedDeclaration](
                "what only one environment has",
                address=text("exports.NAME or destinations.NAME"),
                environment=text("the environment that has it"),
                causes=_CAUSES,
            ),
        ),
        differences=listing(
            "by address, then by path",
            JsonObject[FieldDifference](
                "one field",
                address=text("exports.NAME, destinations.NAME, or a section such as platform"),
                path=text("path of the field, for example schedule.every"),
                left=field_value(),
                right=field_value(),
                unintended=flag("no overlay sets it, or a reference plays a part", lambda d: d.is_unintended),
                causes=_CAUSES,
            ),
        ),
        same_count=number("exports and destinations that are equal in both"),
        unintended=number("differences that no overlay sets", lambda shown: shown.unintended_count),
    ),
)


def render_comparison(shown: EnvironmentDiff) -> str:
    """Return the document of two environments, with the same facts as the text output."""
    return DIFF_ENVIRONMENTS.render(shown)
