"""Several environments in one machine document: two compared, or what a command found in every one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from exportctl.config.environment_diff import DifferenceCause, EnvironmentDiff
from exportctl.errors import Finding, Level
from exportctl.model.plan import Plan, PlanHeader
from exportctl.planfile import serialize as plan_document
from exportctl.views import json, json_health
from exportctl.views.json import Json
from exportctl.views.sides import EnvironmentResult

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
    return EnvironmentBody(shown.header, shown.as_of, json.plan_result(shown), shown.errors())


def drift_body(report: DriftReport, fail_on: Collection[str]) -> EnvironmentBody:
    return EnvironmentBody(report.header, report.as_of, json.drift_result(report, fail_on), report.errors)


def status_body(report: StatusReport) -> EnvironmentBody:
    return EnvironmentBody(report.header, report.as_of, json_health.status_result(report), report.errors)


def render_environments(
    command: str, sides: Sequence[EnvironmentResult[T]], told: Callable[[T], EnvironmentBody]
) -> str:
    """All environments in one document: a result each, or why one could not be read."""
    rows = [(side, None if side.result is None else told(side.result)) for side in sides]
    errors = dict.fromkeys(f for side, shown in rows for f in _errors(side, shown))
    result = {"environments": [_environment(side, shown) for side, shown in rows]}
    return json.envelope(f"{command}-environments", result, header=None, as_of=None, errors=tuple(errors))


def _environment(side: EnvironmentResult[T], shown: EnvironmentBody | None) -> Json:
    seen: Json = {"platform": None, "as_of": None, "result": None}
    if shown is not None:
        seen = {"platform": json.platform(shown.header), "as_of": shown.as_of, "result": shown.result}
    return {"environment": side.environment, **seen, "errors": [json.error(f) for f in _errors(side, shown)]}


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
    return json.envelope("diff-environments", result, header=None, as_of=None)


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
