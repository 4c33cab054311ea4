"""Several environments in one machine document: two compared, or what a command found in every one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from exportctl.config.environment_diff import DifferenceCause, DifferenceOrigin, EnvironmentDiff
from exportctl.errors import Finding, Level
from exportctl.model.plan import Plan, PlanHeader
from exportctl.output.environments import EnvironmentResult
from exportctl.output.json import documents, monitoring
from exportctl.output.json.documents import Json
from exportctl.output.json.schema_parts import (
    ANY,
    choice,
    flag,
    listing,
    make_nullable,
    number,
    ref,
    strict_object,
    text,
)
from exportctl.planfile import serialize as plan_document

if TYPE_CHECKING:
    from exportctl.monitor.drift import DriftReport
    from exportctl.monitor.status import StatusReport

T = TypeVar("T")


@dataclass(frozen=True)
class EnvironmentBody:
    """What the envelope of one environment alone would hold."""

    header: PlanHeader
    as_of: int
    result: Json
    errors: Sequence[Finding] = ()


def plan_body(shown: Plan) -> EnvironmentBody:
    return EnvironmentBody(shown.header, shown.as_of, documents.plan_result(shown), shown.errors())


def drift_body(report: DriftReport, fail_on: Collection[str]) -> EnvironmentBody:
    return EnvironmentBody(report.header, report.as_of, documents.drift_result(report, fail_on), report.errors)


def status_body(report: StatusReport) -> EnvironmentBody:
    return EnvironmentBody(report.header, report.as_of, monitoring.status_result(report), report.errors)


def render_environments(
    command: str, sides: Sequence[EnvironmentResult[T]], told: Callable[[T], EnvironmentBody]
) -> str:
    """All environments in one document: a result each, or why one could not be read."""
    rows = [(side, None if side.result is None else told(side.result)) for side in sides]
    errors = dict.fromkeys(f for side, shown in rows for f in _errors(side, shown))
    result = {"environments": [_environment(side, shown) for side, shown in rows]}
    return documents.envelope(f"{command}-environments", result, header=None, as_of=None, errors=tuple(errors))


def _environment(side: EnvironmentResult[T], shown: EnvironmentBody | None) -> Json:
    seen: Json = {"platform": None, "as_of": None, "result": None}
    if shown is not None:
        seen = {"platform": documents.platform(shown.header), "as_of": shown.as_of, "result": shown.result}
    return {"environment": side.environment, **seen, "errors": [documents.error(f) for f in _errors(side, shown)]}


def _errors(side: EnvironmentResult[T], shown: EnvironmentBody | None) -> list[Finding]:
    return [f for f in (shown.errors if shown else side.errors) if f.level is Level.ERROR]


def render_comparison(shown: EnvironmentDiff) -> str:
    """The same facts as the text."""
    result = {
        "left": shown.left,
        "right": shown.right,
        "only": [
            {"address": o.address, "environment": o.environment, "causes": _causes(o.causes)} for o in shown.one_sided
        ],
        "differences": [
            {
                "address": d.address,
                "path": d.path,
                "left": plan_document.value(d.left),
                "right": plan_document.value(d.right),
                "unsaid": d.is_unintended,
                "causes": _causes(d.causes),
            }
            for d in shown.differences
        ],
        "same": shown.same_count,
        "unsaid": shown.unintended_count,
    }
    return documents.envelope("diff-environments", result, header=None, as_of=None)


def _causes(causes: Sequence[DifferenceCause]) -> list[dict[str, Any]]:
    return [
        {
            "origin": c.origin.value,
            "at": plan_document.source_position(c.at),
            "environment": c.environment,
            "written": c.written,
        }
        for c in causes
    ]


_CAUSES = listing(
    "the lines behind it; empty: none was found",
    strict_object(
        "one line of the config",
        origin=choice(
            "set by an overlay, left out by an `environments` list, or a reference of the base", DifferenceOrigin
        ),
        at=ref("location"),
        environment=make_nullable(text("whose overlay it is, or which one the list leaves out; null for a reference")),
        written=make_nullable(text("a reference as it stands in the file, masked where it is not for everybody")),
    ),
)


def environments_schema(what: str, platform: Json, result: Json) -> Json:
    """What a command found in every environment; `platform` is the envelope's, `result` that of one environment."""
    return strict_object(
        f"{what} of every environment",
        environments=listing(
            "in the order of their names",
            strict_object(
                "one environment",
                environment=text("its name"),
                platform=make_nullable(platform),
                as_of=make_nullable(number("seconds since 1970 UTC")),
                result=make_nullable(result),
                errors=listing("what keeps its plan from being applied, or why it could not be read", ref("error")),
            ),
        ),
    )


DIFF_ENVIRONMENTS = strict_object(
    "two environments of one config side by side",
    left=text("the environment named first"),
    right=text("the other"),
    only=listing(
        "by address",
        strict_object(
            "what one environment alone has",
            address=text("exports.NAME or destinations.NAME"),
            environment=text("which has it"),
            causes=_CAUSES,
        ),
    ),
    differences=listing(
        "by address, then by path",
        strict_object(
            "one field",
            address=text("exports.NAME, destinations.NAME, or a section as platform"),
            path=text("the field in it, as schedule.every"),
            left=ANY,
            right=ANY,
            unsaid=flag("no overlay names it, or not it alone"),
            causes=_CAUSES,
        ),
    ),
    same=number("exports and destinations that both have and that do not differ"),
    unsaid=number("differences that no overlay names"),
)
